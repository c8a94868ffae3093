#!/usr/bin/env bash
# Hello world with TLS, by HTTP/1.1 (a connection per request, keep-alive) and HTTP/2: https.sh [ROUNDS=5] [SECONDS=5]
# WARM_UP=10 seconds before each: after three, the compilers of several processes still take a quarter of the processors.
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} seconds=${2:-5}
need wrk h2load node dotnet curl openssl ps pgrep
publish src/Prefork.Tool prefork
publish benchmarks/PlainKestrel kestrel
contenders=('Prefork RoundRobin' 'Node RoundRobin' 'Kestrel, one process')

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
export TLS_CERTIFICATE=$scratch/cert.pem TLS_KEY=$scratch/key.pem
export Kestrel__Certificates__Default__Path=$TLS_CERTIFICATE Kestrel__Certificates__Default__KeyPath=$TLS_KEY

answers_tls() { curl -skf -o "$scratch/answer" --max-time 1 "https://127.0.0.1:$port/"; }

start_contender() {
  port=$(free_port)
  export PORT=$port WORKERS=2
  case $1 in
    'Prefork RoundRobin') SCHEME=https start dotnet "$bin/publish/prefork/Prefork.Tool.dll" run "$bin/publish/kestrel/PlainKestrel.dll" -w "$WORKERS" --scheduling rr ;;
    'Node RoundRobin') NODE_CLUSTER_SCHED_POLICY=rr start node "$bench/node/https-cluster.js" ;;
    'Kestrel, one process') SCHEME=https start "$bin/publish/kestrel/PlainKestrel" ;;
  esac
  wait_for answering answers_tls
}

# http1 SECONDS [WRK_ARGUMENT...]
http1() {
  local duration=$1
  shift
  wrk -t 2 -c 32 -d "${duration}s" -s "$bench/wrk.lua" "$@" "https://127.0.0.1:$port/" | grep '^{'
}

# http2 SECONDS: as the line of wrk.lua; h2load says the rate and what failed, and no percentiles
http2() {
  h2load -t 2 -c 32 -m 10 -D "$1" "https://127.0.0.1:$port/" 2>&1 | awk '
    /^finished in/ { rate = $4 }
    /^requests:/ { for (i = 1; i <= NF; i++) { if ($i ~ /^failed/) failed += $(i - 1); if ($i ~ /^errored/) failed += $(i - 1); if ($i ~ /^timeout/) failed += $(i - 1) } }
    END { printf "{\"requestsPerSecond\":%s,\"readErrors\":%d}\n", rate, failed }'
}

# measure ROUND CONTENDER LOAD COMMAND [ARGUMENT...]: the command takes the seconds first
measure() {
  local round=$1 contender=$2 name=$3 command=$4 result
  shift 4
  "$command" "${WARM_UP:-10}" "$@" >/dev/null
  result=$("$command" "$seconds" "$@")
  record "$round" "$contender" "{\"load\":\"$name\",${result#\{}"
}

open_results https
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    measure "$round" "$contender" 'connection per request' http1 -H 'Connection: close'
    measure "$round" "$contender" 'keep-alive' http1
    measure "$round" "$contender" 'HTTP/2' http2
    stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows load,contender --column requestsPerSecond:requests/s --column 'p50Ms:p50 ms' --column 'p99Ms:p99 ms' --column 'readErrors:read errors:sum' \
  --ratio 'requestsPerSecond:Node RoundRobin:of Node RoundRobin' --ratio 'requestsPerSecond:Kestrel, one process:of Kestrel'
