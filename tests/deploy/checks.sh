# Checks of the files for deployment that no test starts. To be sourced after common.sh and peers.sh.
# shellcheck shell=bash

# The schema of the Compose specification comes with the validator.
valid_compose() {
  within 1m "${venv:?}/bin/check-jsonschema" --builtin-schema vendor.compose-spec docker-compose.yml
}

# The schemas of Kubernetes come with the validator.
valid_kubernetes() { within 1m "${venv:?}/bin/python" tests/deploy/valid_kubernetes.py deploy/kubernetes; }

valid_nats() { within 1m "${cache:?}/tools/bin/nats-server" -t --config config/nats.conf; }

# As its image has it, but for what Debian's nginx lacks: it cannot look addresses up again, and `instance` is nobody here.
valid_nginx() {
  local folder=$cache/nginx-check
  rm -rf "$folder"
  mkdir -p "$folder"
  cp -r deploy/nginx/snippets "$folder"
  sed -e '/^ *resolver /d' -e 's/instance:8000 max_fails=0 resolve;/127.0.0.1:8000 max_fails=0;/' \
    deploy/nginx/compose.conf >"$folder/compose.conf"
  cat >"$folder/nginx.conf" <<END
pid $folder/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  include compose.conf;
}
END
  within 1m "$cache/nginx/usr/sbin/nginx" -t -q -e stderr -p "$folder" -c "$folder/nginx.conf"
}
