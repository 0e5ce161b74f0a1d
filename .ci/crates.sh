# shellcheck shell=bash
# The crates that are published.

crates=(fake-didit tower-didit)

# Runs a command of cargo for the library and the programs of each crate, with each set of its features.
with_each_feature_set() { # the command and its last arguments
  local crate manifest features set number chosen
  for crate in "${crates[@]}"; do
    manifest=$crate/Cargo.toml
    [ -f "$manifest" ] || manifest=Cargo.toml
    features=$(sed -n '/^\[features\]/,/^\[[^f]/s/^\([a-z_-]*\) = .*/\1/p' "$manifest")
    read -ra features <<<"$(grep -vx default <<<"$features" | tr '\n' ' ')"
    for ((set = 0; set < 1 << ${#features[@]}; set++)); do
      chosen=()
      for number in "${!features[@]}"; do
        if ((set >> number & 1)); then
          chosen+=("${features[number]}")
        fi
      done
      echo "$crate: ${chosen[*]:-no features}"
      cargo "$1" --package "$crate" --lib --bins --no-default-features --features "${chosen[*]}" "${@:2}"
    done
  done
}

# Packs the crates as they are published, and unpacks them into a folder.
unpack_packages() { # the folder
  local crate version file files required
  cargo package --workspace --exclude tower-didit-comparison --allow-dirty --no-verify
  rm -rf "$1"
  mkdir -p "$1"
  for crate in "${crates[@]}"; do
    version=$(cargo pkgid --package "$crate")
    version=${version##*[#@]}
    # As new files: those in a package are as old as each other, and cargo would not see that they changed.
    tar -xzmf "${target:?}/package/$crate-$version.crate" -C "$1"
    mv "$1/$crate-$version" "$1/$crate"

    files=$(cd "$1/$crate" && find . -type f)
    required=(Cargo.toml README.md LICENSE-MIT LICENSE-APACHE src/lib.rs)
    [ "$crate" = fake-didit ] || required+=(CHANGELOG.md)
    for file in "${required[@]}"; do
      grep -qx "./$file" <<<"$files" || fail "the package $crate lacks $file"
    done
    ! grep -E '^\./(target|tests|fuzz|\.ci)/|/node_modules/' <<<"$files" ||
      fail "the package $crate holds what it should not"
  done
}
