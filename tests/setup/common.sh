# Shared by the setup scripts; to be sourced.
# shellcheck shell=bash

# Everything that is made rather than written lives in this git-ignored folder.
cache=${root:?}/.cache
mkdir -p "$cache"

say() { printf '    %s\n' "$*"; }

fail() {
  printf 'tests/run: %s\n' "$*" >&2
  exit 1
}

# A command that reaches out to a network never hangs the run.
within() {
  local limit=$1 status=0
  shift
  timeout --kill-after=10 "$limit" "$@" || status=$?
  [ "$status" -ne 124 ] || fail "gave up after $limit: $*"
  return "$status"
}
