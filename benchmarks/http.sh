#!/usr/bin/env bash
# Hello world over HTTP, a new connection per request and keep-alive: http.sh [ROUNDS=5] [SECONDS=5]
# CONTENDERS="a|b" (of the names below) runs only those; WARM_UP=10 seconds before each: after three, the compilers of several processes still take a quarter of the processors.
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} seconds=${2:-5}
need wrk node dotnet curl ps pgrep
publish samples/HelloCluster hello
publish benchmarks/PlainKestrel kestrel

all='Prefork RoundRobin|Prefork Shared|Prefork LeastConnections|Prefork RoundRobin, 1 worker|Node RoundRobin|Node Shared|Kestrel, one process'
IFS='|' read -ra contenders <<<"${CONTENDERS:-$all}"

start_contender() {
  port=$(free_port)
  export PORT=$port WORKERS=2
  case $1 in
    'Prefork RoundRobin') PREFORK_SCHEDULING_POLICY=rr start "$bin/publish/hello/HelloCluster" ;;
    'Prefork Shared') PREFORK_SCHEDULING_POLICY=none start "$bin/publish/hello/HelloCluster" ;;
    'Prefork LeastConnections') PREFORK_SCHEDULING_POLICY=least start "$bin/publish/hello/HelloCluster" ;;
    'Prefork RoundRobin, 1 worker') WORKERS=1 PREFORK_SCHEDULING_POLICY=rr start "$bin/publish/hello/HelloCluster" ;;
    'Node RoundRobin') NODE_CLUSTER_SCHED_POLICY=rr start node "$bench/node/http-cluster.js" ;;
    'Node Shared') NODE_CLUSTER_SCHED_POLICY=none start node "$bench/node/http-cluster.js" ;;
    'Kestrel, one process') start "$bin/publish/kestrel/PlainKestrel" ;;
    *) echo "no such contender: $1" >&2; exit 2 ;;
  esac
  wait_answer
}

# load SECONDS [WRK_ARGUMENT...]: prints the line of wrk.lua
load() {
  local duration=$1
  shift
  wrk -t 2 -c 32 -d "${duration}s" -s "$bench/wrk.lua" "$@" "http://127.0.0.1:$port/" | grep '^{'
}

# measure ROUND CONTENDER LOAD [WRK_ARGUMENT...]
measure() {
  local round=$1 contender=$2 name=$3 result
  shift 3
  load "${WARM_UP:-10}" "$@" >/dev/null
  result=$(load "$seconds" "$@")
  record "$round" "$contender" "{\"load\":\"$name\",${result#\{}"
}

open_results http
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    measure "$round" "$contender" 'connection per request' -H 'Connection: close'
    measure "$round" "$contender" 'keep-alive'
    stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows load,contender --column requestsPerSecond:requests/s --column 'p50Ms:p50 ms' --column 'p99Ms:p99 ms' \
  --column 'connectErrors:connect errors:sum' --column 'readErrors:read errors:sum' --column 'timeouts:timeouts:sum' --column 'statusErrors:not 200:sum' \
  --ratio 'requestsPerSecond:Node RoundRobin:of Node RoundRobin' --ratio 'requestsPerSecond:Kestrel, one process:of Kestrel'
