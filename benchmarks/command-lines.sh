#!/usr/bin/env bash
# Nothing that a user types ends in a stack trace: random command lines with every option and argument of every command.
# command-lines.sh [COUNT=10000] [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build benchmarks/CommandLines -c Release --nologo -v quiet
artifacts/bin/CommandLines/release/CommandLines "$@"
