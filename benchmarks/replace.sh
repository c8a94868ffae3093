#!/usr/bin/env bash
# Workers replaced in turn, again and again, under mixed load (a connection per request, keep-alive, TLS, HTTP/2, WebSockets, uploads,
# slow downloads), and under h2load beside it. Zero failures is the aim. replace.sh [REPLACEMENTS=200] [CLIENTS=2]
. "$(dirname "$0")/lib.sh"
replacements=${1:-200} clients=${2:-2}
need dotnet node openssl
publish tests/ClusterApp cluster
publish tests/WebApp web
publish tests/MixedLoad mixedload
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$scratch/key.pem" -out "$scratch/certificate.pem" -subj /CN=localhost -days 2 2>/dev/null

say() { echo "$*" >&"${primary[1]}"; }

# expect PREFIX: the rest of the primary's next line that begins so
expect() {
  local line
  while read -r -t 60 -u "${primary[0]}" line; do
    [[ $line == "$1"* ]] && { echo "${line#"$1"}"; return 0; }
  done
  echo "'$1' did not come" >&2
  exit 1
}

coproc primary { exec "$bin/publish/cluster/ClusterApp" 2>"$scratch/errors"; }
started+=("$primary_PID")
certificate="--Kestrel:Endpoints:b:Certificate:Path=$scratch/certificate.pem,--Kestrel:Endpoints:b:Certificate:KeyPath=$scratch/key.pem"
say "setup exec=$bin/publish/web/WebApp args=--Kestrel:Endpoints:a:Url=http://127.0.0.1:0,--Kestrel:Endpoints:b:Url=https://127.0.0.1:0,$certificate"
say fork
read -r http https <<<"$(expect 'message 1 urls ')"
say fork
expect 'ready 2' >/dev/null
"$bin/publish/mixedload/MixedLoad" "$http" "$https" "$clients" <"$(mkfifo "$scratch/stop" && echo "$scratch/stop")" >"$scratch/load" &
load=$!
started+=("$load")
exec 9>"$scratch/stop"
for ((i = 1; i <= replacements; i++)); do
  say fork
  expect "ready $((i + 2))" >/dev/null
  say "disconnect $i"
  ending=$(expect "exit $i ")
  [[ $ending == code=0* ]] || { echo "worker $i ended: $ending" >&2; exit 1; }
  ((i % 20 > 0)) || echo "$i replaced" >&2
done
exec 9>&-
wait "$load"
echo "$replacements replacements, $clients clients of each kind"
node -e '
  const kinds = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8").split("\n").find((line) => line.startsWith("{")));
  console.log("| load | served | failed | with |\n| --- | ---: | ---: | --- |");
  for (const [kind, { served, failed, failures }] of Object.entries(kinds)) {
    console.log(`| ${kind} | ${served.toLocaleString("en")} | ${failed} | ${Object.keys(failures).join("; ")} |`);
  }
' "$scratch/load"
kill "$primary_PID"
wait "$primary_PID" 2>/dev/null || true
