#!/usr/bin/env bash
# kill -9 of a random worker every 200 ms under load; the primary forks another at once. What became of each connection?
# kill.sh [KILLS=100] [ROUNDS=1] [WORKERS=4]
. "$(dirname "$0")/lib.sh"
kills=${1:-100} rounds=${2:-1} workers=${3:-4}
need gcc node dotnet ps pgrep
build_native connect
publish benchmarks/Prefork.Benchmarks benchmarks
contenders=('Prefork RoundRobin' 'Prefork Shared' 'Node RoundRobin' 'Node Shared')

start_contender() {
  port=$(free_port)
  case $1 in
    'Prefork RoundRobin') PREFORK_SCHEDULING_POLICY=rr start "$bin/publish/benchmarks/Prefork.Benchmarks" kill "$port" "$workers" ;;
    'Prefork Shared') PREFORK_SCHEDULING_POLICY=none start "$bin/publish/benchmarks/Prefork.Benchmarks" kill "$port" "$workers" ;;
    'Node RoundRobin') NODE_CLUSTER_SCHED_POLICY=rr start node "$bench/node/raw-cluster.js" kill "$port" "$workers" ;;
    'Node Shared') NODE_CLUSTER_SCHED_POLICY=none start node "$bench/node/raw-cluster.js" kill "$port" "$workers" ;;
  esac
  wait_ready
}

# kill_one: of the children of the primary, the booting ones too; fails if there is none now
kill_one() {
  local children
  mapfile -t children < <(pgrep -P "$pid")
  ((${#children[@]} > 0)) && kill -9 "${children[RANDOM % ${#children[@]}]}" 2>/dev/null
}

open_results kill
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    # The load goes on for two seconds after the last kill, and hung connections are given five more.
    "$bin/connect" -r -c 16 -t "$(node -p "$kills * 0.2 + 2")" "$port" >"$scratch/load" &
    client=$!
    started+=("$client")
    killed=0
    for ((i = 0; i < kills; i++)); do
      sleep 0.2
      if kill_one; then
        killed=$((killed + 1))
      fi
    done
    wait "$client"
    alive "$pid" || fail_with_log "$contender: the primary died"
    result=$(<"$scratch/load")
    record "$round" "$contender" "{\"kills\":$killed,${result#\{}"
    stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows contender --column kills:kills:sum --column served:served:sum --column refused:refused:sum --column 'failed:other connect error:sum' \
  --column "resetAfter:reset, held by the killed:sum" --column "closedAfter:closed, held by the killed:sum" --column "hungAfter:hung, held by the killed:sum" \
  --column "resetBefore:reset, not yet held:sum" --column "closedBefore:closed, not yet held:sum" --column "hungBefore:hung, not yet held:sum" \
  --column 'slowestMs:slowest served ms:max'
