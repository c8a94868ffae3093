#!/usr/bin/env bash
# The handoff alone, no HTTP: a primary accepts, a worker closes at once. handoff.sh [ROUNDS=5] [SECONDS=5]
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} seconds=${2:-5}
need gcc node dotnet ps pgrep
build_native handoff
build_native connect

contenders=('C' 'Prefork RoundRobin' 'Node RoundRobin')

start_contender() {
  port=$(free_port)
  case $1 in
    'C') start "$bin/handoff" "$port" 2 ;;
    'Prefork RoundRobin') PREFORK_SCHEDULING_POLICY=rr start "$bin/publish/benchmarks/Prefork.Benchmarks" handoff "$port" 2 ;;
    'Node RoundRobin') NODE_CLUSTER_SCHED_POLICY=rr start node "$bench/node/raw-cluster.js" handoff "$port" 2 ;;
  esac
  wait_ready
}

# cpu_ticks PID: what all its threads used, user and system
cpu_ticks() {
  local stat
  stat=$(<"/proc/$1/stat")
  read -ra stat <<<"${stat##*) }"
  echo $((stat[11] + stat[12]))
}

load() {
  "$bin/connect" -e -c 64 -T 2 -t "$1" "$port"
}

open_results handoff
tick_us=$((1000000 / $(getconf CLK_TCK)))
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    load 1 >/dev/null
    before=$(cpu_ticks "$pid")
    result=$(load "$seconds")
    used_us=$((($(cpu_ticks "$pid") - before) * tick_us))
    record "$round" "$contender" "{\"primaryCpuUs\":$(node -p "$used_us / $result.served"),${result#\{}"
    stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows contender --column perSecond:connections/s --column 'primaryCpuUs:CPU µs a connection in the primary' --column 'slowestMs:slowest ms' \
  --column 'refused:refused:sum' --column 'resetBefore:reset:sum' --column 'hungBefore:hung:sum' \
  --ratio 'perSecond:C:rate of C' --ratio 'primaryCpuUs:C:CPU of C' --ratio 'perSecond:Node RoundRobin:rate of Node RoundRobin'
