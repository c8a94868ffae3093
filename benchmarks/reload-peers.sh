#!/usr/bin/env bash
# The same service reloaded by PM2, by prefork, by nginx and by HAProxy, under the same load: reload-peers.sh [RELOADS=20] [ROUNDS=3] [CLIENTS_OF_A_KIND=4]
# CONTENDERS="a|b" (of the names below) runs only those. PM2 is taken from npm into bin/pm2 when it is not there yet (PM2_VERSION=7.0.4).
. "$(dirname "$0")/lib.sh"
reloads=${1:-20} rounds=${2:-3} clients=${3:-4}
need dotnet node npm curl ps pgrep nginx haproxy
publish src/Prefork.Tool prefork
publish benchmarks/PlainKestrel kestrel
publish tests/MixedLoad load

pm2_version=${PM2_VERSION:-7.0.4}
pm2=$bin/pm2/node_modules/.bin/pm2
if [[ $(node -p "require('$bin/pm2/node_modules/pm2/package.json').version" 2>/dev/null) != "$pm2_version" ]]; then
  npm install --prefix "$bin/pm2" --no-audit --no-fund --no-save --silent "pm2@$pm2_version" >&2
fi

# All that PM2 and prefork keep is in $scratch, and goes with it. The names stay short: a Unix socket's path has 107 characters.
export PM2_HOME=$scratch/pm2 XDG_RUNTIME_DIR=$scratch/run XDG_STATE_HOME=$scratch/state
mkdir -m 700 "$XDG_RUNTIME_DIR"
prefork() { dotnet "$bin/publish/prefork/Prefork.Tool.dll" "$@"; }

all='PM2, Node plain|Prefork, Node plain|PM2, Node graceful|Prefork, Node graceful|PM2, Node careful|Prefork, Node careful|Prefork, ASP.NET Core|nginx|HAProxy'
IFS='|' read -ra contenders <<<"${CONTENDERS:-$all}"

# quietly COMMAND...: its output is shown only when it fails
quietly() {
  "$@" >"$scratch/said" 2>&1 || { echo "failed: $*" >&2; tail -n 20 "$scratch/said" >&2; exit 1; }
}

# start_contender NAME: two workers on $port; its supervisor is $pid
start_contender() {
  port=$(free_port)
  export PORT=$port LEAVE=${1##* }
  wait_quiet
  log=$scratch/said
  case $1 in
    PM2*)
      quietly "$pm2" start "$bench/node/http-server.js" -i 2 --name web
      pid=$(<"$PM2_HOME/pm2.pid")
      ;;
    'Prefork, Node'*)
      quietly prefork start "$bench/node/http-server.js" -w 2 --name web --stop-timeout "$stop_timeout" --watch-window 0
      pid=$(prefork_pid)
      ;;
    'Prefork, ASP.NET Core')
      quietly prefork start "$bin/publish/kestrel/PlainKestrel.dll" -w 2 --name web --watch-window 0
      pid=$(prefork_pid)
      ;;
    nginx)
      nginx_configuration >"$scratch/nginx.conf"
      start nginx -p "$scratch" -e stderr -c "$scratch/nginx.conf"
      ;;
    HAProxy)
      haproxy_configuration >"$scratch/haproxy.conf"
      start haproxy -W -f "$scratch/haproxy.conf"
      ;;
    *) echo "no such contender: $1" >&2; exit 2 ;;
  esac
  started+=("$pid")
  wait_answer
}

# How long a Node worker that stays has before SIGTERM, under prefork. PM2 gives 1.6 s.
stop_timeout=${STOP_TIMEOUT:-5s}

prefork_pid() { prefork describe web --json | node -p "JSON.parse(require('fs').readFileSync(0, 'utf8'))[0].processId"; }

nginx_configuration() {
  cat <<EOF
daemon off;
worker_processes 2;
pid $scratch/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path $scratch; proxy_temp_path $scratch; fastcgi_temp_path $scratch; uwsgi_temp_path $scratch; scgi_temp_path $scratch;
  keepalive_requests 1000000000;
  server { listen 127.0.0.1:$port; location / { default_type text/plain; return 200 "hello world\n"; } }
}
EOF
}

# idle-close-on-response: an idle connection is closed after one more response, which says so, and not at once.
haproxy_configuration() {
  cat <<EOF
global
  nbthread 2
defaults
  mode http
  timeout client 60s
  timeout http-keep-alive 60s
  option idle-close-on-response
frontend web
  bind 127.0.0.1:$port
  http-request return status 200 content-type text/plain string "hello world\n"
EOF
}

# reload NAME: by the command its users give; returns when that does
reload() {
  case $1 in
    PM2*) quietly "$pm2" reload web ;;
    Prefork*) quietly prefork reload web ;;
    nginx) quietly nginx -p "$scratch" -e stderr -c "$scratch/nginx.conf" -s reload ;;
    HAProxy) kill -USR2 "$pid" ;;
  esac
}

end_contender() {
  case $1 in
    PM2*) quietly "$pm2" kill ;;
    Prefork*) quietly prefork stop web ;;
    *) stop "$pid" ;;
  esac
  wait_gone 10 "$pid" || stop "$pid"
}

# memory WHEN: "pssWhen": MB, "rssWhen": MB of the supervisor alone
memory() {
  awk -v when="$1" '/^Pss:/ { pss = $2 } /^Rss:/ { rss = $2 } END { printf "\"pss%s\":%.1f,\"rss%s\":%.1f", when, pss / 1024, when, rss / 1024 }' "/proc/$pid/smaps_rollup"
}

ms_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.0f\n", (to - from) * 1000 }'; }
median() { sort -n | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

# reload_under_load NAME: prints the members of the round's line
reload_under_load() {
  local i began old process before
  rm -f "$scratch/end"
  mkfifo "$scratch/end"
  "$bin/publish/load/MixedLoad" "http://127.0.0.1:$port/" - "$clients" <"$scratch/end" >"$scratch/load" &
  load=$!
  started+=("$load")
  exec {end}>"$scratch/end"
  until grep -qs running "$scratch/load"; do
    alive "$load" || { echo "the load did not begin" >&2; exit 1; }
    sleep 0.1
  done
  sleep 1 # so that the first reload finds all connections in use
  before=$(memory Before)
  : >"$scratch/returned"
  : >"$scratch/gone"
  for ((i = 0; i < reloads; i++)); do
    mapfile -t old < <(pgrep -P "$pid")
    began=$EPOCHREALTIME
    reload "$1" {end}>&-
    ms_since "$began" >>"$scratch/returned"
    wait_gone 60 "${old[@]}" || { echo "$1: an old worker is still there after 60 s" >&2; exit 1; }
    ms_since "$began" >>"$scratch/gone"
    sleep 0.3
  done
  memory=$before,$(memory After)
  exec {end}>&-
  wait "$load" || true
  sleep 5
  memory+=,$(memory Rest)
}

# failures: of the load's line, by kind
failures() {
  grep '^{' "$scratch/load" | node -e "
    const kinds = JSON.parse(require('fs').readFileSync(0, 'utf8'));
    const line = { served: 0, failedClose: 0, failedKeepAlive: 0, refused: 0, reset: 0, closed: 0, timeouts: 0, other: 0, closedIdle: 0 };
    const whats = [[/idle connection/, 'closedIdle'], [/refused/i, 'refused'], [/reset|broken pipe/i, 'reset'], [/EndOfStream/, 'closed'], [/Timeout/, 'timeouts'], [/./, 'other']];
    for (const [kind, { served, failures }] of Object.entries(kinds)) {
      line.served += served;
      for (const [message, count] of Object.entries(failures)) {
        const what = whats.find(([pattern]) => pattern.test(message))[1];
        line[what] += count;
        if (what !== 'closedIdle') {
          line[kind === 'keep-alive' ? 'failedKeepAlive' : 'failedClose'] += count;
        }
        if (what === 'other') {
          console.error(kind + ': ' + message + ': ' + count);
        }
      }
    }
    console.log(JSON.stringify(line).slice(1, -1));"
}

open_results reload-peers
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    reload_under_load "$contender"
    alive "$pid" || fail_with_log "$contender: its supervisor died"
    record "$round" "$contender" "{$(failures),\"returnMs\":$(median <"$scratch/returned"),\"goneMs\":$(median <"$scratch/gone"),$memory}"
    end_contender "$contender"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows contender --column served:served:sum --column "failedClose:failed, connection per request:sum" --column "failedKeepAlive:failed, keep-alive:sum" \
  --column refused:refused:sum --column reset:reset:sum --column 'closed:closed under a request:sum' --column timeouts:timeouts:sum --column other:other:sum \
  --column 'closedIdle:closed while idle, no failure:sum' --column 'returnMs:command returns, ms' --column 'goneMs:old workers gone, ms'
report --rows contender --column 'pssBefore:supervisor PSS MB, before' --column 'pssAfter:after' --column 'pssRest:5 s later' --column 'rssBefore:RSS MB, before' --column 'rssAfter:after' --column 'rssRest:5 s later'
echo "$reloads reloads a round, $rounds rounds, $clients clients of each kind, PM2 $pm2_version, $(nginx -v 2>&1 | sed 's/.*: //'), $(haproxy -v | head -n 1 | cut -d' ' -f 1-3)"
