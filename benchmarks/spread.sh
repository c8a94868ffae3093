#!/usr/bin/env bash
# How evenly connections are spread over eight workers: spread.sh [ROUNDS=5] [CONNECTIONS=80000]
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} connections=${2:-80000} workers=8
need gcc node dotnet ps pgrep
build_native connect
publish benchmarks/Prefork.Benchmarks benchmarks
contenders=('Prefork RoundRobin' 'Prefork Shared' 'Node RoundRobin' 'Node Shared')

start_contender() {
  port=$(free_port)
  case $1 in
    'Prefork RoundRobin') PREFORK_SCHEDULING_POLICY=rr start "$bin/publish/benchmarks/Prefork.Benchmarks" spread "$port" "$workers" ;;
    'Prefork Shared') PREFORK_SCHEDULING_POLICY=none start "$bin/publish/benchmarks/Prefork.Benchmarks" spread "$port" "$workers" ;;
    'Node RoundRobin') NODE_CLUSTER_SCHED_POLICY=rr start node "$bench/node/raw-cluster.js" spread "$port" "$workers" ;;
    'Node Shared') NODE_CLUSTER_SCHED_POLICY=none start node "$bench/node/raw-cluster.js" spread "$port" "$workers" ;;
  esac
  wait_ready
}

# least_and_greatest RESULT: a worker that got no connection is in no line of the client's, and counts 0
least_and_greatest() {
  node -p "const shares = Object.values($1.byWorker); while (shares.length < $workers) shares.push(0);
    const [min, max] = [Math.min(...shares), Math.max(...shares)]; JSON.stringify({ min, max, difference: max - min }).slice(1, -1)"
}

open_results spread
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    result=$("$bin/connect" -n "$connections" -c 64 "$port")
    record "$round" "$contender" "{$(least_and_greatest "$result"),${result#\{}"
    stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows contender --column served:served --column 'min:least of a worker' --column 'max:most of a worker' --column difference:difference --column perSecond:connections/s
