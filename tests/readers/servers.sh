#!/usr/bin/env bash
# Servers judge the files of a certificate, before and after a rotation: nginx, haproxy, `openssl s_server`. None of them
# is root: they read the files as members of the volume's group. servers.sh WORK AKV_SYNC
#
# Debian's nginx and haproxy are used as programs only: no service is started, and no configuration of the system read.
set -euo pipefail
work=$1 program=$2
tls=$work/servers/tls
control=$(cat "$work/control")
mapfile -t environment <"$work/environment"
here=$(mktemp -d "$work/run.XXXXXX")
# Nobody, in the group of the volume, with no other groups.
as_reader=(setpriv --reuid=65534 --regid=2000 --clear-groups)
chown 65534:2000 "$here"
pids=()

clean_up() {
  for pid in "${pids[@]}"; do
    kill -TERM "$pid" 2>/dev/null || true
  done
  wait
}
trap clean_up EXIT
trap 'exit 1' INT TERM

check() {
  local title=$1 said
  shift
  if said=$("$@" 2>&1); then printf 'ok %s\n' "$title"; else printf 'FAILED %s: %s\n' "$title" "$(tail -n 1 <<<"$said")"; fi
}

# within SECONDS COMMAND...: until it succeeds.
within() {
  local tries=$(($1 * 10))
  shift
  for _ in $(seq "$tries"); do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  "$@"
}

# --- The servers --------------------------------------------------------------------------------------------------------

# Free ports; should another program take one first, its server does not start and its checks fail.
read -r nginx nginx_variable nginx_bundle haproxy_first haproxy_last s_server_first s_server_last < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(7)]
print(*(socket.getsockname()[1] for socket in sockets))')

cat >"$here/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $here/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path $here/body;
  proxy_temp_path $here/proxy;
  fastcgi_temp_path $here/fastcgi;
  uwsgi_temp_path $here/uwsgi;
  scgi_temp_path $here/scgi;
  # A name with a variable: the worker reads the files at each handshake.
  map \$ssl_server_name \$folder { default $tls; }
  server {
    listen 127.0.0.1:$nginx ssl;
    ssl_certificate $tls/tls.crt;
    ssl_certificate_key $tls/tls.key;
  }
  server {
    listen 127.0.0.1:$nginx_variable ssl;
    ssl_certificate \$folder/tls.crt;
    ssl_certificate_key \$folder/tls.key;
  }
  server {
    listen 127.0.0.1:$nginx_bundle ssl;
    ssl_certificate $tls/first.pem;
    ssl_certificate_key $tls/last.pem;
  }
}
CONF

cat >"$here/haproxy.cfg" <<CONF
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend first
  bind 127.0.0.1:$haproxy_first ssl crt $tls/first.pem
  http-request return status 200
frontend last
  bind 127.0.0.1:$haproxy_last ssl crt $tls/last.pem
  http-request return status 200
CONF

"${as_reader[@]}" nginx -e stderr -c "$here/nginx.conf" 2>"$here/nginx.log" &
nginx_pid=$!
"${as_reader[@]}" haproxy -db -f "$here/haproxy.cfg" >"$here/haproxy.log" 2>&1 &
haproxy_pid=$!
pids+=("$nginx_pid" "$haproxy_pid")
for order in first last; do
  port=s_server_$order
  "${as_reader[@]}" openssl s_server -accept "127.0.0.1:${!port}" -cert "$tls/$order.pem" -cert_chain "$tls/chain.pem" -www \
    >"$here/s_server_$order.log" 2>&1 </dev/null &
  pids+=("$!")
done

# --- Who is served ------------------------------------------------------------------------------------------------------

fingerprint() { openssl x509 -noout -fingerprint -sha256 "$@"; }

# serves PORT FINGERPRINT: openssl verifies chain and name against the root alone, and gets leaf and intermediate.
serves() {
  timeout 10 openssl s_client -connect "127.0.0.1:$1" -servername web.contoso.com -verify_hostname web.contoso.com \
    -CAfile "$tls/ca.pem" -no-CApath -no-CAstore -verify_return_error -showcerts </dev/null >"$here/served" || return 1
  [ "$(grep -c 'BEGIN CERTIFICATE' "$here/served")" -eq 2 ] || { echo "not two certificates"; return 1; }
  [ "$(fingerprint <"$here/served")" = "$2" ] || { echo "another certificate is served"; return 1; }
}

python_verifies() {
  timeout 10 python3 - "$1" "$tls/ca.pem" <<'PYTHON'
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(sys.argv[2])
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as plain:
    context.wrap_socket(plain, server_hostname="web.contoso.com").close()
PYTHON
}

before=$(fingerprint -in "$tls/tls.crt")
# The logs say why a server did not start.
waits() { within 10 serves "$2" "$before" || { tail -n 1 "$here/$1.log"; return 1; }; }
check "nginx: full chain and key" waits nginx "$nginx"
check "nginx: Python verifies it" python_verifies "$nginx"
check "nginx: the worker reads the files at each handshake" waits nginx "$nginx_variable"
check "nginx: bundles of both orders" waits nginx "$nginx_bundle"
check "haproxy: bundle, key first" waits haproxy "$haproxy_first"
check "haproxy: bundle, key last" waits haproxy "$haproxy_last"
check "haproxy: Python verifies it" python_verifies "$haproxy_first"
check "openssl s_server: bundle, key first" waits s_server_first "$s_server_first"
check "openssl s_server: bundle, key last" waits s_server_last "$s_server_last"
nobody() { [ "$(awk '/^Uid:/ { print $3 } /^Gid:/ { print $3 }' "/proc/$1/status" | xargs)" = "65534 2000" ]; }
not_root() {
  local process
  for process in "$nginx_pid" "$haproxy_pid" $(cat "/proc/$nginx_pid/task/$nginx_pid/children"); do
    nobody "$process" || { echo "process $process is somebody else's"; return 1; }
  done
}
check "servers: none is root" not_root

# --- A rotation ---------------------------------------------------------------------------------------------------------

renew() {
  exec 3<>"/dev/tcp/${control%:*}/${control#*:}"
  printf 'POST /_fake/vaults/app/certificates/web HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' \
    "$control" >&3
  timeout 10 head -n 1 <&3 | grep -q ' 200 '
}

env -i "${environment[@]}" "$program" run --manifest "$work/servers.yaml" >"$here/run.log" 2>&1 &
run_pid=$!
pids+=("$run_pid")
is_ready() { grep -q Ready "$here/run.log"; }
rotates() {
  within 20 is_ready || { tail -n 1 "$here/run.log"; return 1; }
  renew || { echo "the fake did not renew"; return 1; }
  kill -HUP "$run_pid"
  within 20 published || { tail -n 1 "$here/run.log"; return 1; }
}
published() { [ "$(fingerprint -in "$tls/tls.crt")" != "$before" ]; }
check "akv-sync run: the renewed certificate is published" rotates
after=$(fingerprint -in "$tls/tls.crt")
check "nginx: the old certificate until it is told" serves "$nginx" "$before"
check "nginx: the new certificate without being told, where the worker reads" serves "$nginx_variable" "$after"
kill -HUP "$nginx_pid"
check "nginx: the new certificate after a reload" within 10 serves "$nginx" "$after"
check "nginx: the new bundles after a reload" within 10 serves "$nginx_bundle" "$after"
code=0
kill -TERM "$run_pid"
wait "$run_pid" || code=$?
check "akv-sync run: ends with 0 when told" [ "$code" -eq 0 ]
