# What comes from Debian: a C compiler, Node, Python; and for what quick tests leave out, a browser and its driver, Korean glyphs,
# curl, openssl. Only what is missing is installed. To be sourced after common.sh.
# shellcheck shell=bash

# All of them, or with `basic` only those that every test needs.
missing_packages() {
  command -v cc >/dev/null || echo build-essential
  command -v node >/dev/null || echo nodejs
  command -v setpriv >/dev/null || echo util-linux
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  [ "${1:-}" != basic ] || return 0
  command -v curl >/dev/null || echo curl
  command -v openssl >/dev/null || echo openssl
  command -v chromium >/dev/null || echo chromium
  command -v chromedriver >/dev/null || echo chromium-driver
  if ! command -v fc-list >/dev/null || [ -z "$(fc-list :lang=ko)" ]; then
    echo fontconfig
    echo fonts-nanum
  fi
}

# An empty prefix for root, else sudo, which must not ask.
root_prefix() {
  [ "$(id -u)" -eq 0 ] && return
  command -v sudo >/dev/null || fail "installing packages needs root or sudo; missing: $*"
  echo sudo --non-interactive
}

apt() {
  local -a prefix
  read -ra prefix < <(root_prefix "$@") || true
  within 15m "${prefix[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --assume-yes \
    -o Acquire::Retries=3 -o Acquire::http::Timeout=60 -o Acquire::https::Timeout=60 -o DPkg::Lock::Timeout=300 "$@"
}

# Takes what `missing_packages` does.
install_packages() {
  local packages
  mapfile -t packages < <(missing_packages "$@")
  if [ "${#packages[@]}" -eq 0 ]; then
    say "nothing missing"
    return
  fi
  command -v apt-get >/dev/null || fail "this is not Debian; install by hand: ${packages[*]}"
  say "installing ${packages[*]}"
  if ! { apt update && apt install --no-install-recommends "${packages[@]}"; } >"${cache:?}/apt.log" 2>&1; then
    tail -n 20 "$cache/apt.log" >&2
    fail "installing packages failed"
  fi
  mapfile -t packages < <(missing_packages "$@")
  [ "${#packages[@]}" -eq 0 ] || fail "still missing after the installation: ${packages[*]}"
}
