#!/usr/bin/env bash
# The same Node program as workers of Node's primary and of ours, round robin: node-workers.sh [ROUNDS=5] [SECONDS=5]
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} seconds=${2:-5}
need wrk node dotnet curl ps pgrep
publish src/Prefork.Tool prefork
contenders=('Node primary' 'Prefork primary')
script=$bench/node/http-cluster.js

start_contender() {
  port=$(free_port)
  export PORT=$port WORKERS=2
  case $1 in
    'Node primary') NODE_CLUSTER_SCHED_POLICY=rr start node "$script" ;;
    'Prefork primary') PREFORK_SCHEDULING_POLICY=rr start dotnet "$bin/publish/prefork/Prefork.Tool.dll" run "$script" -w "$WORKERS" ;;
  esac
  wait_answer
}

# load SECONDS [WRK_ARGUMENT...]: prints the line of wrk.lua
load() {
  local duration=$1
  shift
  wrk -t 2 -c 32 -d "${duration}s" -s "$bench/wrk.lua" "$@" "http://127.0.0.1:$port/" | grep '^{'
}

# measure ROUND CONTENDER LOAD [WRK_ARGUMENT...]: with the processor time of the primary
measure() {
  local round=$1 contender=$2 name=$3 before after result
  shift 3
  load "${WARM_UP:-2}" "$@" >/dev/null
  before=$(primary_ticks)
  result=$(load "$seconds" "$@")
  after=$(primary_ticks)
  record "$round" "$contender" "{\"load\":\"$name\",\"primaryCpuPercent\":$(((after - before) * 100 / (seconds * $(getconf CLK_TCK)))),${result#\{}"
}

# primary_ticks: user and system time of the primary, all its threads (proc_pid_stat(5))
primary_ticks() {
  local stat
  stat=$(<"/proc/$pid/stat")
  read -ra stat <<<"${stat##*) }"
  echo $((stat[11] + stat[12]))
}

open_results node-workers
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    measure "$round" "$contender" 'connection per request' -H 'Connection: close'
    measure "$round" "$contender" 'keep-alive'
    stop "$pid"
  done 3< <(printf '%s\n' "${contenders[@]}" | { ((round % 2)) && cat || tac; })
done
report --rows load,contender --column requestsPerSecond:requests/s --column 'p50Ms:p50 ms' --column 'p99Ms:p99 ms' --column 'primaryCpuPercent:CPU of the primary, %' \
  --column 'connectErrors:connect errors:sum' --column 'readErrors:read errors:sum' --column 'timeouts:timeouts:sum' --column 'statusErrors:not 200:sum' \
  --ratio 'requestsPerSecond:Node primary:of Node primary'
