#!/usr/bin/env bash
# Nothing that a user types ends in a stack trace: random command lines with every option and argument of every command.
# command-lines.sh [COUNT=10000] [SEED]. In processes of 500 each: the command is made to parse one line, and keeps something of each.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-10000} seed=${2:-$RANDOM}
dotnet build benchmarks/CommandLines -c Release --nologo -v quiet
failed=0
for ((done = 0; done < count; done += 500)); do
  artifacts/bin/CommandLines/release/CommandLines $((count - done < 500 ? count - done : 500)) $((seed + done)) || failed=1
done
exit $failed
