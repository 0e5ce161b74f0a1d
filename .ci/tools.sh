# shellcheck shell=bash
# Installs what a check needs where it is missing and may be installed; otherwise names the command that
# installs it, and ends the check. What is neither a package of the system nor a part of the Rust toolchain
# goes below the target folder.

tools=${target:?}/tools
PATH=$tools/bin:$tools/node_modules/.bin:$PATH

has() {
  command -v "$1" >/dev/null
}

missing() { # a tool, the command that installs it
  echo "$1 is missing; to install it: $2" | tee "$target/missing" >&2
  exit 1
}

from_debian() { # a program; its packages, unless there is one of its name
  local packages=("${@:2}")
  [ $# -gt 1 ] || packages=("$1")
  has "$1" || apt_install "${packages[@]}" || missing "$1" "sudo apt-get install ${packages[*]}"
}

library_from_debian() { # a shared library; its package
  compgen -G "/usr/lib/*/$1" >/dev/null || apt_install "$2" || missing "$1" "sudo apt-get install $2"
}

apt_install() { # packages
  local apt_get=(env DEBIAN_FRONTEND=noninteractive apt-get)
  [ "$(id -u)" = 0 ] || apt_get=(sudo -n "${apt_get[@]}")
  has apt-get && "${apt_get[@]}" --version >/dev/null || return 1
  "${apt_get[@]}" install -y --no-install-recommends "$@" ||
    { "${apt_get[@]}" update && "${apt_get[@]}" install -y --no-install-recommends "$@"; }
}

from_pypi() { # a program, in the version that .ci/tools/ names unless another one is installed
  case $(command -v "$1") in
    "" | "$tools"/*) virtualenv tools ".ci/tools/$1.txt" ;;
  esac
}

from_crates_io() { # a program, named like its package
  has "$1" || cargo install --locked --root "$tools" "$1" || missing "$1" "cargo install --locked $1"
}

component() { # of the Rust toolchain: rustfmt, clippy
  cargo "${1#rust}" --version >/dev/null 2>&1 || rustup component add "$1" ||
    missing "$1" "rustup component add $1"
}

toolchain() { # another Rust
  cargo "+$1" --version >/dev/null 2>&1 || rustup toolchain install --profile minimal "$1" ||
    missing "Rust $1" "rustup toolchain install $1"
}

c_compiler() {
  from_debian cc gcc libc6-dev
}

# Installs Python packages into an environment of this name below the target folder, whose `python3` and
# programs come first from then on.
virtualenv() { # a name, a requirements file
  local python=$target/$1/bin/python3 installed=$target/$1/${2##*/}
  python_environment "$1"
  if ! cmp -s "$2" "$installed"; then
    echo "pip install -r $2"
    "$python" -m pip install --quiet --disable-pip-version-check -r "$2" ||
      missing "what $2 names" "pip install -r $2"
    cp "$2" "$installed"
  fi
  PATH=$target/$1/bin:$PATH
}

python_environment() { # a name
  from_debian python3
  python3 -c 'import ensurepip, venv' || apt_install python3-venv ||
    missing "Python's venv" "sudo apt-get install python3-venv"
  "$target/$1/bin/python3" -m pip --version >/dev/null 2>&1 || python3 -m venv "$target/$1"
}

# Didit's OpenAPI document of its verification API, into the folder `openapi` below the target folder. It is
# Didit's, so it is not in this repository; the sources of a package on PyPI have a copy.
openapi_document() {
  local requirements=.ci/tools/didit-sdk.txt folder=$target/openapi archive
  ! cmp -s "$requirements" "$folder/didit-sdk.txt" || return 0
  python_environment tools
  rm -rf "$folder"
  echo "pip download -r $requirements"
  "$target/tools/bin/python3" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
    --require-hashes --dest "$folder" --requirement "$requirements" ||
    missing "Didit's OpenAPI document" "pip download --no-deps --no-binary :all: -r $requirements"
  archive=$(basename "$folder"/didit_sdk-*.tar.gz)
  tar -xzmf "$folder/$archive" -C "$folder" --strip-components 3 \
    "${archive%.tar.gz}/tests/contracts/openapi_v3.json"
  cp "$requirements" "$folder/"
}

# Installs what the package-lock.json of a folder names, unless it is installed.
node_modules() { # a folder
  node_js
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
    (cd "$1" && npm ci --no-audit --no-fund) ||
    missing "what $1/package-lock.json names" "(cd $1 && npm ci)"
}

# The peer provider needs `URL.parse`, which Node.js has since versions 20.19 and 22.1. Where the
# distribution's is older, npm has one too.
node_js() {
  from_debian node nodejs
  from_debian npm
  node -e 'process.exit(URL.parse ? 0 : 1)' ||
    npm install --no-audit --no-fund --no-save --prefix "$tools" node@22 ||
    missing "Node.js 22" "npm install --prefix $tools node@22"
  hash -r
  echo "Node.js $(node --version)"
}
