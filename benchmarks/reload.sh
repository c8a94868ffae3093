#!/usr/bin/env bash
# Reloads under every kind of load, one after the other: reload.sh [RELOADS=100] [WORKERS=2] [CLIENTS_OF_A_KIND=2]
# Each replaces all workers, in turn. Ends with failures by kind of client, and what the primary held after 1, 100 and so on reloads.
. "$(dirname "$0")/lib.sh"
reloads=${1:-100} workers=${2:-2} clients=${3:-2}
need dotnet node openssl ps pgrep
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
grep '^{' "$scratch/load" | tee -a "$results"
echo "$reloads reloads of $workers workers in $took s"
tell quit
echo "Results: ${results#"$root/"}"
