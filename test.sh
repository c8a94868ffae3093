#!/usr/bin/env bash
# Builds and tests everything. Needs the .NET SDK and a package registry; installs what else it needs from Debian.
# Ends with one line: N passed, N failed.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results=artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
passed=0
failed=0

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

suite() { # project
  local project=$1 report="$results/$1.xml" counts
  echo "== $project"
  timeout --kill-after=10 1500 "artifacts/bin/$project/release/$project" -noColor -xml "$report"
  counts=$(grep -o '<assembly [^>]*' "$report" 2>/dev/null | head -1)
  count() { grep -o " $1=\"[0-9]*\"" <<<"$counts" | grep -o '[0-9]*' | head -1; }
  if [ -z "$counts" ]; then
    failed=$((failed + 1))
    echo "FAILED: $project did not finish"
    return
  fi
  passed=$((passed + $(count passed)))
  failed=$((failed + $(count failed) + $(count errors)))
}

aot() {
  local out=artifacts/aot
  dotnet publish tests/AotTestApp -c Release -o "$out" --nologo -v quiet && timeout 60 "$out/AotTestApp"
}

need ss iproute2
need node nodejs
need setpriv util-linux
need gcc gcc
need strace strace
[ -e /usr/include/zlib.h ] || need_zlib=1
[ -z "${need_zlib:-}" ] || { apt-get update -qq && apt-get install -y -qq zlib1g-dev >/dev/null; }

check "build, warnings as errors" dotnet build Prefork.slnx -c Release --nologo -v quiet
if [ "$failed" -eq 0 ]; then
  suite Prefork.Tests
  suite Prefork.IntegrationTests
  check "published ahead of time, and run" aot
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
