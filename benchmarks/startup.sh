#!/usr/bin/env bash
# From fork to online and to listening, and what a worker and its primary weigh: startup.sh [ROUNDS=5] [REQUESTS=20000]
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} requests=${2:-20000}
need gcc node dotnet curl ps pgrep
publish benchmarks/Startup startup-jit
publish benchmarks/Startup startup-r2r --use-current-runtime --self-contained false -p:PublishReadyToRun=true
# gcc links as well as clang, which is the default and is not on every machine.
publish benchmarks/Startup startup-aot --use-current-runtime -p:PublishAot=true -p:CppCompilerAndLinker=gcc
contenders=('Prefork, JIT' 'Prefork, ReadyToRun' 'Prefork, AOT' 'Node')

start_contender() {
  port=$(free_port)
  export PORT=$port WORKERS=2
  case $1 in
    'Prefork, JIT') start "$bin/publish/startup-jit/Startup" ;;
    'Prefork, ReadyToRun') start "$bin/publish/startup-r2r/Startup" ;;
    'Prefork, AOT') start "$bin/publish/startup-aot/Startup" ;;
    'Node') start node "$bench/node/startup-cluster.js" ;;
  esac
  wait_ready
}

# pss_mb PID: its own pages, and its share of those it shares
pss_mb() {
  awk '/^Pss:/ { printf "%.1f", $2 / 1024 }' "/proc/$1/smaps_rollup"
}

# weights WHEN: "primaryWhen": MB, "workerWhen": MB, the mean of the workers
weights() {
  local workers worker
  mapfile -t workers < <(pgrep -P "$pid")
  printf '"primary%s":%s,"worker%s":%s' "$1" "$(pss_mb "$pid")" "$1" \
    "$(for worker in "${workers[@]}"; do pss_mb "$worker"; echo; done | awk '{ sum += $1 } END { printf "%.1f", sum / NR }')"
}

# times: "online": ms, "listening": ms, the mean of the workers, which were forked one after the other
times() {
  grep '^{' "$log" | node -p "const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const mean = (key) => (lines.reduce((sum, line) => sum + line[key], 0) / lines.length).toFixed(1);
    '\"online\":' + mean('online') + ',\"listening\":' + mean('listening')"
}

open_results startup
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    sleep 1 # at rest
    at_rest=$(weights AtRest)
    node "$bench/node/requests.js" "http://127.0.0.1:$port/" "$requests"
    record "$round" "$contender" "{$(times),$at_rest,$(weights After)}"
    stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows contender --column 'online:fork to online ms' --column 'listening:fork to listening ms' --column 'workerAtRest:worker PSS MB, at rest' \
  --column "workerAfter:worker PSS MB, after $requests requests" --column 'primaryAtRest:primary PSS MB, at rest' --column 'primaryAfter:primary PSS MB, after' \
  --ratio 'listening:Node:listening, of Node' --ratio 'workerAfter:Node:worker PSS after, of Node'
