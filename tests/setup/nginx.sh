# Debian's nginx: with deploy/nginx before the service in the tests, and with nchan a peer of the benchmarks. To be sourced
# after common.sh and packages.sh.
# shellcheck shell=bash

# Unpacked and not installed: an installation would start a server on port 80, now and at every boot.
install_nginx() {
  local nginx=${cache:?}/nginx staging=$cache/nginx-staging
  make_body_folder
  if [ -e "$nginx/complete" ]; then
    say "nginx is there"
    return
  fi
  command -v apt-get >/dev/null || fail "this is not Debian, whose nginx and nchan are used"
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
