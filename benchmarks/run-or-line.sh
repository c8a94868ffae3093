#!/usr/bin/env bash
# The same handler as an unmodified application under prefork run, and with the one line: run-or-line.sh [ROUNDS=5] [SECONDS=5]
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} seconds=${2:-5}
need wrk node dotnet curl ps pgrep
publish samples/HelloCluster hello
publish src/Prefork.Tool prefork
publish benchmarks/PlainKestrel kestrel
contenders=('one line' 'prefork run')

start_contender() {
  port=$(free_port)
  export PORT=$port WORKERS=2
  case $1 in
    'one line') start "$bin/publish/hello/HelloCluster" ;;
    'prefork run') start dotnet "$bin/publish/prefork/Prefork.Tool.dll" run "$bin/publish/kestrel/PlainKestrel.dll" -w "$WORKERS" ;;
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
  load "${WARM_UP:-3}" "$@" >/dev/null
  result=$(load "$seconds" "$@")
  record "$round" "$contender" "{\"load\":\"$name\",${result#\{}"
}

open_results run-or-line
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    measure "$round" "$contender" 'connection per request' -H 'Connection: close'
    measure "$round" "$contender" 'keep-alive'
    stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows load,contender --column requestsPerSecond:requests/s --column 'p50Ms:p50 ms' --column 'p99Ms:p99 ms' \
  --ratio 'requestsPerSecond:one line:of one line'
