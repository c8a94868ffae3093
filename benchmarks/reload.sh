#!/usr/bin/env bash
# Reloads under every kind of load, one after the other: reload.sh [RELOADS=100] [WORKERS=2] [CLIENTS_OF_A_KIND=2]
# Each replaces all workers, in turn: 100 reloads of 2 workers are 200 replacements. Ends with failures by kind of client, and what the primary held after 1, 100 and so on reloads.
# H2LOAD_RATE=500: requests per second of each of h2load's clients.
. "$(dirname "$0")/lib.sh"
reloads=${1:-100} workers=${2:-2} clients=${3:-2}
need dotnet node openssl h2load ps pgrep
publish tests/SupervisorApp supervisor
publish tests/WebApp web
publish tests/MixedLoad load

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
arguments=--Kestrel:Endpoints:a:Url=http://127.0.0.1:0,--Kestrel:Endpoints:b:Url=https://127.0.0.1:0
arguments+=,--Kestrel:Endpoints:b:Certificate:Path=$scratch/cert.pem,--Kestrel:Endpoints:b:Certificate:KeyPath=$scratch/key.pem

coproc SUPERVISOR { exec "$bin/publish/supervisor/SupervisorApp" "exec=$bin/publish/web/WebApp" "args=$arguments" "workers=$workers" watch=0 draining=1 output=; }
supervisor=$SUPERVISOR_PID
started+=("$supervisor")
exec {in}<&"${SUPERVISOR[0]}" {out}>&"${SUPERVISOR[1]}"

# expect PATTERN: reads on to the line that matches, which is then $line
expect() {
  while IFS= read -r -t 120 line <&"$in"; do
    echo "$EPOCHREALTIME $line" >>"$scratch/events"
    [[ $line =~ $1 ]] && return
  done
  echo "'$1' did not come" >&2
  exit 1
}

tell() { echo "$1" >&"$out"; }

usage() { # RELOADS_SO_FAR
  tell usage
  expect '^usage'
  read -r _ descriptors memory zombies <<<"$line"
  echo "{\"reloads\":$1,\"descriptors\":$descriptors,\"residentKib\":$memory,\"zombies\":$zombies}" | tee -a "$results" >&2
}

# The two come in either order.
tell start
expect '^(started|output 0 out urls)'
[[ $line == started ]] && first= || first=$line
expect '^(started|output 0 out urls)'
read -r _ _ _ _ http https <<<"${first:-$line}"
if [[ $http == https:* ]]; then
  swap=$http http=$https https=$swap
fi

open_results reload
mkfifo "$scratch/end"
"$bin/publish/load/MixedLoad" "$http" "$https" "$clients" <"$scratch/end" >"$scratch/load" &
load=$!
started+=("$load")
exec {end}>"$scratch/end"
until grep -qs running "$scratch/load"; do
  alive "$load" || { echo "the load did not begin" >&2; exit 1; }
  sleep 0.1
done

# h2load does not go on after a GOAWAY, so it is run again and again. Its own count of failures has all that it had still planned to send then;
# its log has a line for each request that ended: when it was sent (0: never), its status (-1: none), and how long it took.
h2load_again_and_again() {
  while [[ ! -e $scratch/h2load-end ]]; do
    rm -f "$scratch/h2load-requests"
    h2load -n 5000 -c "$clients" -m 10 --rps "${H2LOAD_RATE:-500}" --log-file="$scratch/h2load-requests" "$https" >"$scratch/h2load" 2>&1 || echo broken
    awk '/^requests:/ { print "run", $2, $4, $6 }' "$scratch/h2load"
    awk '{ what = $2 ~ /^2/ ? "served" : $2 > 0 ? "not2xx" : $1 > 0 ? "refused" : "neverSent"; count[what]++ } END { for (what in count) print what, count[what] }' "$scratch/h2load-requests"
  done
}
h2load_again_and_again {end}>&- >"$scratch/h2load-runs" &
h2load=$!
started+=("$h2load")

# h2load_line: a line of JSON. Lost: sent, and the connection ended without a word about it. Refused: sent, and then the GOAWAY said that it was not processed (or the stream was reset).
h2load_line() {
  awk '$1 == "run" { runs++; cut += $3 < $2; lost += $3 - $4; next }
    { count[$1] += $1 == "broken" ? 1 : $2 }
    END { printf "{\"h2load\":{\"runs\":%d,\"endedByGoaway\":%d,\"served\":%d,\"lost\":%d,\"refused\":%d,\"not2xx\":%d,\"broken\":%d}}\n",
      runs, cut, count["served"], lost, count["refused"], count["not2xx"], count["broken"] }' "$scratch/h2load-runs"
}

usage 0
began=$EPOCHREALTIME
for ((i = 1; i <= reloads; i++)); do
  tell reload
  expect '^result'
  [[ $line == "result True"* ]] || { echo "$line" >&2; exit 1; }
  if ((i == 1 || i == 10 || i == 100 || i % 500 == 0 || i == reloads)); then
    usage "$i"
  fi
done
took=$(echo "$began $EPOCHREALTIME" | awk '{ printf "%.1f", $2 - $1 }')
exec {end}>&-
wait "$load" || true
: >"$scratch/h2load-end"
wait "$h2load" || true
grep '^{' "$scratch/load" | tee -a "$results"
h2load_line | tee -a "$results"
echo "$reloads reloads of $workers workers in $took s"
# From "is to leave" to its end, of the old workers: below the time that a drain has, if all clients left in time.
awk '{ worker = $4 } $2 == "WorkerDrains" { left[worker] = $1 } $2 == "WorkerEnded" && worker in left && $1 - left[worker] > slowest { slowest = $1 - left[worker] }
  END { printf "slowest leave of a worker: %.1f s\n", slowest }' "$scratch/events"
tell quit
echo "Results: ${results#"$root/"}"
