#!/usr/bin/env bash
# Small JSON messages between a primary and one worker: one way both ways, and one at a time there and back.
# messages.sh [ROUNDS=5] [COUNT=1000000] [ROUND_TRIPS=20000]; environment: WARM_UP (1000000), messages each way before anything is measured
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} count=${2:-1000000} round_trips=${3:-20000}
wait_limit=120
need node dotnet ps pgrep
publish benchmarks/Prefork.Benchmarks benchmarks
contenders=('Prefork, awaited' 'Prefork, every 1,024th awaited' 'Node, awaited' 'Node, every 1,024th awaited' 'Node, not awaited')

is_done() { grep -qs '^{' "$log"; }

open_results messages
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    case $contender in
      'Prefork, awaited') start "$bin/publish/benchmarks/Prefork.Benchmarks" messages "$count" "$round_trips" ;;
      'Prefork, every 1,024th awaited') SEND_WINDOW=1024 start "$bin/publish/benchmarks/Prefork.Benchmarks" messages "$count" "$round_trips" ;;
      'Node, awaited') start node "$bench/node/messages.js" "$count" "$round_trips" 1 ;;
      'Node, every 1,024th awaited') start node "$bench/node/messages.js" "$count" "$round_trips" 1024 ;;
      'Node, not awaited') start node "$bench/node/messages.js" "$count" "$round_trips" 0 ;;
    esac
    wait_for 'done with its messages' is_done
    record "$round" "$contender" "$(grep '^{' "$log")"
    wait_gone 5 "$pid" || stop "$pid"
  done 3< <(rotated "$round" "${contenders[@]}")
done
report --rows contender --column 'down:primary to worker /s' --column 'up:worker to primary /s' --column 'pingPong:round trips/s' \
  --ratio 'down:Node, awaited:down, of Node awaited' --ratio 'down:Node, every 1,024th awaited:down, of Node 1,024th' --ratio 'up:Node, every 1,024th awaited:up, of Node 1,024th' --ratio 'up:Node, awaited:up, of Node awaited' --ratio 'pingPong:Node, awaited:round trips, of Node'
