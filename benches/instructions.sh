#!/usr/bin/env bash
# Counts the user-mode instructions of one request with callgrind, one worker thread and a real HTTP/1.1
# connection, and prints a table: benches/instructions.sh. Exit status: 1 if a goal is missed.
#
# Each application of the package tower-didit-comparison answers a short and a long run of requests. The difference
# is what the requests took, without the start; the main thread, which serves none, does not count. Numbers of one
# build differ by a few instructions, those of two compilers by more.
set -euo pipefail
export CARGO_INCREMENTAL=0
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
# shellcheck source=.ci/tools.sh
. .ci/tools.sh

short=1000 long=5000
applications=(bare floor tower-didit tower-didit-memory tower-sessions private-cookie-jar axum-login)
requests=(public public-cookie public-chromium user session)

main() {
  local application request program
  c_compiler
  from_debian valgrind
  program=$(executable)
  echo '| instructions | no cookie | session cookie | navigation by Chromium | who is signed in | and the tokens |'
  echo '|---|---|---|---|---|---|'
  declare -A counted
  for application in "${applications[@]}"; do
    printf '| %s |' "$application"
    for request in "${requests[@]}"; do
      counted[$application $request]=$(count "$program" "$application" "$request")
      printf ' %s |' "$(cell "${counted[$application $request]}" "${counted[bare $request]}")"
    done
    echo
  done
  echo
  echo '| instructions | a seen access token |'
  echo '|---|---|'
  counted[bare bearer]=$(count "$program" bare bearer)
  counted[tower-didit bearer]=$(count "$program" tower-didit-bearer bearer)
  for application in bare tower-didit; do
    echo "| $application | $(cell "${counted[$application bearer]}" "${counted[bare bearer]}") |"
  done
  local missed=0
  goal public 118 bare
  goal public 105 floor
  goal public-cookie 118 bare
  goal public-cookie 105 floor
  goal public-chromium 105 floor
  goal user 137 bare
  goal bearer 125 bare
  return $missed
}

executable() { # the program that serves
  cargo bench --package tower-didit-comparison --bench instructions --no-run --message-format json |
    sed -n 's/.*"name":"instructions".*"executable":"\([^"]*\)".*/\1/p'
}

count() { # a program, an application, a request: the instructions of one
  local few many
  few=$(run "$@" "$short")
  many=$(run "$@" "$long")
  echo $(((many - few) / (long - short)))
}

run() { # a program, an application, a request, how many: the instructions of all
  local folder
  folder=$(mktemp -d)
  valgrind --tool=callgrind --separate-threads=yes --callgrind-out-file="$folder/out" "$@" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2 && return 1; }
  # One file for each thread. The first thread is the main one.
  rm "$folder/out-01"
  cat "$folder"/out-* | awk '/^totals:/ { sum += $2 } END { printf "%d\n", sum }'
  rm -r "$folder"
}

cell() { # instructions, those of bare axum
  awk -v count="$1" -v bare="$2" 'BEGIN { printf "%d (%.2f ×)", count, count / bare }'
}

goal() { # a request; how many hundredths tower-didit may take of what another application takes
  local own=${counted[tower-didit $1]} other=${counted[$3 $1]} verdict=reached
  if [ $((own * 100)) -gt $((other * $2)) ]; then
    verdict=MISSED missed=1
  fi
  awk -v request="$1" -v own="$own" -v most="$2" -v other="$other" -v name="$3" -v verdict="$verdict" \
    'BEGIN { printf "%-16s %.3f × %s, goal %.2f: %s\n", request, own / other, name, most / 100, verdict }'
}

main
