#!/usr/bin/env bash
# Builds the fuzz targets with the stable compiler, and runs each for some seconds, two at a time.
#
#   fuzz/run.sh 600
#
# fuzz/corpus/ keeps what a target learns, fuzz/artifacts/ what it finds.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?for how many seconds?}
target=${CARGO_TARGET_DIR:-../target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')

# As cargo-fuzz builds them, but for what only a nightly compiler has. With `--target` the flags are for
# what runs in the end, not for build scripts and macros.
flags=(
  -Cpasses=sancov-module
  -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares
  --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1
)

fuzz() { # a target
  mkdir -p "corpus/$1" "artifacts/$1"
  "$target/$host/release/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
    -dict=words.dict -artifact_prefix="$PWD/artifacts/$1/" -print_final_stats=1 \
    "corpus/$1" "seeds/$1"
}

cp ../Cargo.lock . # the versions that everything else is tested with
RUSTFLAGS="${flags[*]}" cargo build --release --target "$host" --target-dir "$target"
for pair in "id_token metadata" "jwks callback" "webhook decision" "user_info introspection" "bearer"; do
  echo "${pair/ / and }: $seconds s"
  for name in $pair; do
    fuzz "$name" >"$target/$name.log" 2>&1 &
  done
  wait
done

found=0
for name in id_token metadata jwks callback webhook decision user_info introspection bearer; do
  log=$target/$name.log
  echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions"
  if ! grep -q '^Done ' "$log"; then
    grep -vE '^(#[0-9]|INFO|stat::)' "$log" >&2 || true
    echo "$name failed: $(sed -n 's/.*Test unit written to //p' "$log")" >&2
    found=1
  fi
done
exit "$found"
