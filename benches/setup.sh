# What the benchmarks need besides the Rust toolchain: nginx with nchan, and a Python environment. Only what is missing
# is installed. To be sourced, with `root` set.
# shellcheck shell=bash

# shellcheck source=tests/setup/common.sh
source "${root:?}/tests/setup/common.sh"
# shellcheck source=tests/setup/cargo.sh
source "$root/tests/setup/cargo.sh"
# shellcheck source=tests/setup/packages.sh
source "$root/tests/setup/packages.sh"
# shellcheck source=tests/setup/nginx.sh
source "$root/tests/setup/nginx.sh"
# shellcheck source=tests/setup/peers.sh
source "$root/tests/setup/peers.sh"

fail() {
  printf 'benches/run: %s\n' "$*" >&2
  exit 1
}

# In place of the tests' list: nobody drives a browser here.
missing_packages() {
  command -v cc >/dev/null || echo build-essential
  command -v setpriv >/dev/null || echo util-linux
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

# The original's design runs in an environment of its own.
install_polling() {
  # What the function of the tests works on.
  # shellcheck disable=SC2034
  local requirements=$root/benches/peers/requirements.txt venv=$cache/bench-venv
  install_python_packages
}
