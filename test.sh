#!/usr/bin/env bash
# All checks of this repository, on a machine with nothing but Rust: what else they need is installed
# first, where this script may, and named where it may not.
#
#   ./test.sh                  everything, as continuous integration runs it
#   ./test.sh format lints     some of the checks listed below
#   FUZZ_SECONDS=600 ./test.sh fuzz
#                              each fuzz target for ten minutes, instead of one
#
# The oldest supported compiler is not fetched: the lints hold the code to Cargo.toml's `rust-version`.
# The comparison with other crates is not among them: `cargo bench -p tower-didit-comparison`.
set -euo pipefail
cd "$(dirname "$0")"
exec </dev/null
export CARGO_INCREMENTAL=0 # what is built once gains nothing by it, and compilers have stumbled over it

checks=(format lints tests features docs examples dependencies package fuzz)
target=${CARGO_TARGET_DIR:-$PWD/target}

check_format() {
  cargo fmt --all --check
  cargo fmt --manifest-path fuzz/Cargo.toml --check
}

check_lints() {
  cargo clippy --all-targets --all-features -- -D warnings
}

check_tests() { # unit tests, stories, documentation's examples
  cargo test --all-features
}

check_features() { # the library as users build it: without the dev-dependencies, with each feature alone
  local features feature
  features=$(metadata 'Object.keys(own.features).filter((name) => name !== "default").join(" ")')
  echo "no features"
  cargo clippy --lib --no-default-features -- -D warnings
  for feature in $features; do
    echo "feature $feature"
    cargo clippy --lib --no-default-features --features "$feature" -- -D warnings
  done
}

check_docs() {
  RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features
}

check_examples() { # as the README starts them, without a flag
  cargo build --examples
}

check_dependencies() {
  local most=130 count
  count=$(cargo tree --edges normal,build --target x86_64-unknown-linux-gnu --prefix none |
    awk '$1 != "tower-didit" { print $1 }' | sort -u | wc -l)
  echo "$count crates by default, at most $most"
  [ "$count" -le "$most" ] || fail "too many dependencies"
}

check_package() { # what is published, used by a crate that knows nothing of this repository
  local version files file features consumer=$target/consumer
  version=$(metadata own.version)

  files=$(cargo package --allow-dirty --list)
  for file in Cargo.toml README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE src/lib.rs; do
    grep -qx "$file" <<<"$files" || fail "the package lacks $file"
  done
  ! grep -E '^(target|fuzz|\.ci)/|node_modules/' <<<"$files" || fail "the package holds what it should not"

  cargo package --allow-dirty --no-verify
  rm -rf "$consumer"
  mkdir -p "$consumer/src"
  tar -xzf "$target/package/tower-didit-$version.crate" -C "$consumer"
  cp Cargo.lock "$consumer/"
  cat >"$consumer/src/main.rs" <<'EOF'
fn main() {
    println!("{}", std::any::type_name::<tower_didit::DiditAuth>());
}
EOF
  for features in true false; do
    echo "default-features = $features"
    cat >"$consumer/Cargo.toml" <<EOF
[package]
name = "consumer"
edition = "2024"

[dependencies]
tower-didit = { path = "tower-didit-$version", default-features = $features }

[workspace]
EOF
    cargo check --manifest-path "$consumer/Cargo.toml" --target-dir "$target"
  done
}

check_fuzz() { # each target for a while; fuzz/corpus keeps what it learns
  local host pair name log failed=()
  # As cargo-fuzz builds them, but for what only a nightly compiler has. With `--target` the flags are
  # for what runs in the end, not for build scripts and macros.
  local flags=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1
  )
  host=$(rustc -vV | sed -n 's/^host: //p')
  cp Cargo.lock fuzz/ # the versions that everything else is tested with
  cargo clippy --manifest-path fuzz/Cargo.toml --target-dir "$target" -- -D warnings
  RUSTFLAGS="${flags[*]}" cargo build --manifest-path fuzz/Cargo.toml --release --target "$host" \
    --target-dir "$target/fuzz"

  for pair in "id_token metadata" "jwks callback"; do
    for name in $pair; do
      fuzz "$name" "$target/fuzz/$host/release" >"$target/fuzz/$name.log" 2>&1 &
    done
    wait
  done
  for name in id_token metadata jwks callback; do
    log=$target/fuzz/$name.log
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions"
    if ! grep -q '^Done ' "$log"; then
      grep -vE '^(#[0-9]|INFO|stat::)' "$log" >&2 || true
      failed+=("$name ($(sed -n 's/.*Test unit written to //p' "$log"))")
    fi
  done
  [ ${#failed[@]} = 0 ] || fail "the fuzzer found something: ${failed[*]}"
}

fuzz() { # a target, the folder of its program
  mkdir -p "fuzz/corpus/$1" "fuzz/artifacts/$1"
  "$2/$1" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
    -dict=fuzz/words.dict -artifact_prefix="fuzz/artifacts/$1/" -print_final_stats=1 \
    "fuzz/corpus/$1" "fuzz/seeds/$1"
}

# What the checks need besides Rust.
prepare() {
  has cc || install gcc libc6-dev
  has c++ || install g++
  cargo fmt --version >/dev/null 2>&1 || component rustfmt
  cargo clippy --version >/dev/null 2>&1 || component clippy
  has chromium || install chromium
  has chromedriver || install chromium-driver
  has redis-server || install redis-server
  has node || install nodejs
  has npm || install npm
  node_of_today
  (cd tests/peer && npm ci --no-audit --no-fund)
}

# The peer provider needs `URL.parse`, which Node.js has since versions 20.19 and 22.1. Where the
# distribution's is older, npm has one too.
node_of_today() {
  PATH="$target/node/node_modules/.bin:$PATH"
  if ! node -e 'process.exit(URL.parse ? 0 : 1)'; then
    npm install --no-audit --no-fund --no-save --prefix "$target/node" node@22
    hash -r
  fi
  echo "Node.js $(node --version)"
}

has() {
  command -v "$1" >/dev/null
}

install() {
  local root=() apt=(apt-get install -y --no-install-recommends "$@")
  [ "$(id -u)" = 0 ] || root=(sudo -n)
  { has apt-get && "${root[@]}" true 2>/dev/null; } ||
    fail "missing: $*. Install it (on Debian: sudo ${apt[*]}) and start again"
  export DEBIAN_FRONTEND=noninteractive
  [ -n "${updated:-}" ] || "${root[@]}" apt-get update
  updated=yes
  "${root[@]}" "${apt[@]}" || fail "could not install: $*. See above, and try: sudo ${apt[*]}"
}

component() {
  has rustup || fail "missing: $1. Install it with the Rust toolchain (rustup component add $1) and start again"
  rustup component add "$1"
}

# A JavaScript expression about this package, as `cargo metadata` describes it.
metadata() {
  cargo metadata --no-deps --format-version 1 | node -p "
    const { packages } = JSON.parse(require('fs').readFileSync(0));
    const own = packages.find(({ name }) => name === 'tower-didit');
    $1"
}

fail() {
  echo "test.sh: $*" >&2
  exit 1
}

run() { # a heading, a function
  local start=$SECONDS
  now=$1
  printf '\n==== %s\n' "$1"
  "$2"
  printf '==== %s: %d s\n' "$1" $((SECONDS - start))
}

[ $# -gt 0 ] || set -- "${checks[@]}"
for check in "$@"; do
  [[ " ${checks[*]} " == *" $check "* ]] || fail "there is no check '$check', only: ${checks[*]}"
done
trap '[ $? = 0 ] || printf "\n==== %s: FAILED\n" "$now" >&2' EXIT
run prepare prepare
for check in "$@"; do
  run "$check" "check_$check"
done
printf '\nAll passed: %s (%d s)\n' "$*" "$SECONDS"
