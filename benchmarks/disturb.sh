#!/usr/bin/env bash
# One of four workers goes wrong under a steady load; what do the clients of the others see? disturb.sh [ROUNDS=5] [SECONDS=12]
# CONTENDERS="a|b" (of the names below) runs only those.
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} seconds=${2:-12}
need gcc node dotnet ps pgrep
build_native steady
publish benchmarks/Disturbed disturbed
# Two hangs: the pool of threads is blocked, the rest of the process lives; and the whole process is stopped.
all='undisturbed|hang: no pool thread answers|hang: SIGSTOP|crash loop|crash loop, forked again at once|memory hog|fork storm'
IFS='|' read -ra contenders <<<"${CONTENDERS:-$all}"

# 8 connections with 40 requests a second each, and 100 connections a second for one request.
kept=8 rate=40 new_rate=100
export WORKERS=4 CRASH=$scratch/crash STORM=$scratch/storm HANG=3
cp "$(command -v sleep)" "$STORM"

# start_contender NAME: with its standard input at $tell
start_contender() {
  port=$(free_port)
  rm -f "$CRASH" "$scratch/tell"
  mkfifo "$scratch/tell"
  exec {tell}<>"$scratch/tell"
  if [[ $1 == *'forked again at once' ]]; then
    NAIVE=1 PORT=$port start "$bin/publish/disturbed/Disturbed" <"$scratch/tell"
  else
    PORT=$port start "$bin/publish/disturbed/Disturbed" <"$scratch/tell"
  fi
  wait_ready
}

# forks: how many processes slot 0 has had, the first one too
forks() { grep -c '^forked 0 ' "$log"; }

disturb() {
  case $1 in
    hang:\ no*) echo hang >&"$tell" ;;
    'hang: SIGSTOP') kill -STOP "$(awk '/^forked 0 / { pid = $3 } END { print pid }' "$log")" ;;
    crash*)
      : >"$CRASH"
      echo exit >&"$tell"
      ;;
    'memory hog') echo hoard >&"$tell" ;;
    'fork storm') echo storm >&"$tell" ;;
  esac
}

# storm_now: how many processes of the storm there are, itself still the worker's copy or already the program
storm_now() { pgrep -fc "^$STORM 1" || true; }

# measure ROUND CONTENDER: the disturbance begins two seconds into the load
measure() {
  local before now
  most=0
  before=$(forks)
  "$bin/steady" "$port" "$seconds" "$kept" "$rate" "$new_rate" >"$scratch/load" &
  load=$!
  started+=("$load")
  sleep 2
  disturb "$2"
  while alive "$load"; do
    now=0
    if [[ $2 == 'fork storm' ]]; then
      now=$(storm_now)
    fi
    most=$((now > most ? now : most))
    sleep 0.2
  done
  wait "$load" || fail_with_log "$2: the load failed"
  alive "$pid" || fail_with_log "$2: the primary died"
  forks=$(($(forks) - before))
}

open_results disturb
for ((round = 1; round <= rounds; round++)); do
  while read -r contender <&3; do
    start_contender "$contender"
    "$bin/steady" "$port" 3 "$kept" 200 1000 >/dev/null # until the workers' code is compiled
    measure "$round" "$contender"
    rm -f "$CRASH"
    stop "$pid"
    exec {tell}>&-
    record "$round" "$contender" "{\"forks\":$forks,\"stormMost\":$most,\"stormLeft\":$(storm_now),$(cut -c 2- "$scratch/load")"
  done 3< <(rotated "$round" "${contenders[@]}")
done
echo "Kept connections of the workers that are not disturbed:"
echo
report --rows contender --column keptServed:served:sum --column keptFailed:failed:sum --column keptClosedIdle:'closed while idle:sum' --column 'keptP50:p50 ms' --column 'keptP99:p99 ms' --column 'keptMax:max ms' \
  --ratio 'keptP50:undisturbed:p50 of undisturbed' --ratio 'keptP99:undisturbed:p99 of undisturbed'
echo
echo "New connections that the others served, and those that nobody did:"
echo
report --rows contender --column newServed:served:sum --column 'newLate:later than 1 s:sum' --column 'newUnknownFailed:failed:sum' --column 'newP50:p50 ms' --column 'newP99:p99 ms' --column 'newMax:max ms' \
  --ratio 'newP50:undisturbed:p50 of undisturbed' --ratio 'newP99:undisturbed:p99 of undisturbed'
echo
echo "The disturbed one:"
echo
report --rows contender --column 'keptDisturbedServed:kept, served:sum' --column 'keptDisturbedFailed:kept, failed:sum' --column 'newDisturbedServed:new, served:sum' --column refused:refused:sum --column reset:reset:sum --column closed:closed:sum --column timeouts:timeouts:sum \
  --column 'forks:forks' --column "stormMost:most children at once" --column 'stormLeft:children left after the stop:sum'
