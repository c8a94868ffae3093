# Shared by the benchmark scripts, which source it.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$bench")
bin=$bench/bin
scratch=$(mktemp -d)
started=()

# need TOOL...: ends the script, saying what is missing and where Debian has it. Nothing is installed silently.
need() {
  local tool missing=()
  for tool; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  if ((${#missing[@]} > 0)); then
    echo "missing: ${missing[*]}" >&2
    echo "Debian: apt-get install wrk nghttp2-client openssl gcc nodejs npm nginx-light haproxy curl procps; dotnet: https://dot.net, the SDK that global.json asks for" >&2
    exit 2
  fi
}

# build_native NAME: bin/NAME of native/NAME.c
build_native() {
  mkdir -p "$bin"
  gcc -O2 -Wall -Werror -pthread -o "$bin/$1" "$bench/native/$1.c"
}

# publish PROJECT_FOLDER NAME [ARGUMENT...]: bin/publish/NAME. Has artifacts of its own, so that a build going on elsewhere in the tree is not disturbed.
publish() {
  local project=$1 name=$2
  shift 2
  dotnet publish "$root/$project" -c Release --artifacts-path "$bin/artifacts/$name" -o "$bin/publish/$name" -nologo -v quiet -clp:NoSummary "$@" >&2
}

# free_port: below the range that outgoing connections take theirs from
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# busy_ticks: of all processors, since boot
busy_ticks() {
  local cpu
  read -ra cpu </proc/stat
  echo $((cpu[1] + cpu[2] + cpu[3] + cpu[6] + cpu[7] + cpu[8]))
}

# wait_quiet: until others leave nine tenths of the processors to us, at most QUIET_LIMIT (30) seconds. Nothing of ours runs at that time.
wait_quiet() {
  local before end=$((SECONDS + ${QUIET_LIMIT:-30})) allowed=$(($(nproc) * $(getconf CLK_TCK) * 3 / 10 / 10))
  while :; do
    before=$(busy_ticks)
    sleep 0.3
    (($(busy_ticks) - before > allowed)) || return 0
    if ((SECONDS >= end)); then
      echo "warning: the machine is not quiet, the figures will be wrong" >&2
      return 0
    fi
  done
}

# start COMMAND...: on a quiet machine and in the background, its pid in $pid and its output in $log
start() {
  wait_quiet
  log=$(mktemp -p "$scratch")
  "$@" >"$log" 2>&1 &
  pid=$!
  started+=("$pid")
}

alive() {
  [[ -e /proc/$1/stat && $(ps -o stat= -p "$1") != Z* ]]
}

# wait_gone SECONDS PID...: fails if one still lives after that
wait_gone() {
  local end=$((SECONDS + $1)) process
  shift
  for process; do
    while alive "$process"; do
      ((SECONDS < end)) || return 1
      sleep 0.02
    done
  done
}

# stop PID: SIGTERM, and what still lives after ten seconds, itself or a child, is killed by its pid and told of
stop() {
  local process family=("$1")
  mapfile -t -O 1 family < <(pgrep -P "$1" || true)
  kill "$1" 2>/dev/null || true
  if ! wait_gone 10 "${family[@]}"; then
    for process in "${family[@]}"; do
      if alive "$process"; then
        echo "still there 10 s after SIGTERM, killed: $(ps -o pid=,args= -p "$process")" >&2
        kill -9 "$process" 2>/dev/null || true
      fi
    done
  fi
  wait "$1" 2>/dev/null || true
}

end_all() {
  local process
  for process in "${started[@]}"; do
    if alive "$process"; then
      stop "$process"
    fi
  done
  rm -rf "$scratch"
}
trap end_all EXIT
trap 'exit 130' INT TERM

# fail_with_log WHAT: for a program that did not do its part
fail_with_log() {
  echo "$1; its output:" >&2
  tail -n 20 "$log" >&2
  exit 1
}

# wait_for WHAT CONDITION...: at most $wait_limit (30) seconds, and only while the last started program lives
wait_for() {
  local what=$1 limit=${wait_limit:-30}
  local end=$((SECONDS + limit))
  shift
  until "$@"; do
    alive "$pid" || fail_with_log "ended before it was $what"
    ((SECONDS < end)) || fail_with_log "not $what after $limit s"
    sleep 0.02
  done
}

is_ready() { grep -qs '^ready' "$log"; }
answers() { curl -sf -o "$scratch/answer" --max-time 1 "http://127.0.0.1:$port/"; }
wait_ready() { wait_for ready is_ready; }
wait_answer() { wait_for answering answers; }

# rotated ROUND ITEM...: the items, begun at another one each round, so that no contender always runs first
rotated() {
  local round=$1 i
  shift
  for ((i = 0; i < $#; i++)); do
    local at=$(((round + i) % $# + 1))
    echo "${!at}"
  done
}

# open_results NAME: names the file of the rounds, $results; its first line is the machine
open_results() {
  mkdir -p "$bench/results"
  results=$bench/results/$1-$(date -u +%Y%m%dT%H%M%SZ).jsonl
  node "$bench/report.js" machine >"$results"
}

# record ROUND CONTENDER JSON_OBJECT: one line of $results
record() {
  printf '{"round":%d,"contender":"%s",%s\n' "$1" "$2" "${3#\{}" >>"$results"
  echo "round $1, $2" >&2
}

# report ARGUMENT...: the Markdown table (see report.js)
report() {
  node "$bench/report.js" table "$results" "$@"
  echo
  echo "Rounds: ${results#"$root/"}"
}
