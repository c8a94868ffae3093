#!/usr/bin/env bash
# Latency of a handler that allocates much, in one process and in several with the same memory in all: allocation.sh [ROUNDS=5] [SECONDS=8] [MIB=400]
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} seconds=${2:-8} mib=${3:-400}
need wrk node dotnet curl ps pgrep
publish src/Prefork.Tool prefork
publish benchmarks/PlainKestrel kestrel
contenders=('one process' 'one process, workstation GC' '2 workers' '4 workers')

# The heap's limit is hexadecimal; each process has its part of it.
heap() { printf '%x' $((mib * 1024 * 1024 / $1)); }

start_contender() {
  port=$(free_port)
  export PORT=$port
  case $1 in
    'one process') DOTNET_GCHeapHardLimit=$(heap 1) start "$bin/publish/kestrel/PlainKestrel" ;;
    'one process, workstation GC') DOTNET_GCHeapHardLimit=$(heap 1) DOTNET_gcServer=0 start "$bin/publish/kestrel/PlainKestrel" ;;
    *)
      local workers=${1%% *}
      DOTNET_GCHeapHardLimit=$(heap "$workers") SHARE_OF=$workers start dotnet "$bin/publish/prefork/Prefork.Tool.dll" run "$bin/publish/kestrel/PlainKestrel.dll" -w "$workers"
      ;;
  esac
  wait_answer
}

load() { wrk -t 2 -c 16 -d "${1}s" -s "$bench/wrk.lua" "http://127.0.0.1:$port/allocate" | grep '^{'; }

open_results allocation
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    load "${WARM_UP:-4}" >/dev/null
    record "$round" "$contender" "$(load "$seconds")"
    stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows contender --column requestsPerSecond:requests/s --column 'p50Ms:p50 ms' --column 'p99Ms:p99 ms' --column 'statusErrors:not 200:sum' --column 'readErrors:read errors:sum' \
  --ratio 'p99Ms:one process:p99 of one process' --ratio 'requestsPerSecond:one process:rate of one process'
