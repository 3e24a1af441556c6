# What the benchmarks need besides the Rust toolchain: nginx with nchan, and a Python environment. Only what is missing
# is installed. To be sourced, with `root` set.
# shellcheck shell=bash

# shellcheck source=tests/setup/common.sh
source "${root:?}/tests/setup/common.sh"
# shellcheck source=tests/setup/packages.sh
source "$root/tests/setup/packages.sh"
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

# Debian's nginx and nchan, unpacked and not installed: an installation would start a server on port 80, now and at
# every boot.
install_nginx() {
  local nginx=${cache:?}/nginx staging=$cache/nginx-staging
  make_body_folder
  if [ -e "$nginx/complete" ]; then
    say "nginx is there"
    return
  fi
  command -v apt-get >/dev/null || fail "this is not Debian, whose nginx and nchan are measured"
  rm -rf "$nginx" "$staging"
  mkdir -p "$staging"
  # The lists of packages may be too old, or not there yet.
  if ! { download_nginx "$staging" || { apt update && download_nginx "$staging"; }; } >"$cache/nginx.log" 2>&1; then
    tail -n 20 "$cache/nginx.log" >&2
    fail "downloading nginx and nchan failed"
  fi
  find "$staging" -name '*.deb' -exec dpkg-deb --extract {} "$nginx" \;
  rm -rf "$staging"
  "$nginx/usr/sbin/nginx" -v 2>&1 | sed 's/^/    /' || fail "this nginx does not run here: $nginx/usr/sbin/nginx"
  touch "$nginx/complete"
}

# nchan makes nginx insist on the folder for long bodies that it was compiled with, whatever its configuration says.
make_body_folder() {
  local folder=/var/lib/nginx/body
  [ ! -e "$folder" ] || return 0
  local -a prefix
  read -ra prefix < <(root_prefix "$folder") || true
  "${prefix[@]}" mkdir -p "$folder"
}

download_nginx() { (cd "$1" && within 5m apt-get --quiet download nginx libnginx-mod-nchan); }

# The original's design runs in an environment of its own.
install_polling() {
  # What the function of the tests works on.
  # shellcheck disable=SC2034
  local requirements=$root/benches/peers/requirements.txt venv=$cache/bench-venv
  install_python_packages
}
