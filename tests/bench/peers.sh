#!/usr/bin/env bash
# Ask the same rows of the same stub, in one run, by riddle-ask with a ledger
# and by what others use: aiohttp by hand, the openai package.  Prints rows a
# second, CPU a row, memory at its largest, and ours against each; medians of
# RUNS turns (3), taken alternately.  Answers must be equal.
# usage: OUT=build RUNS=3 QUICK=1 tests/bench/peers.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

# What was newest when these were measured; all are fetched by name from PyPI.
PACKAGES=(aiohttp==3.14.5 openai==3.54.0 uvloop==0.23.0)

. tests/bench/lib.sh
RUNS=${RUNS:-3}
VENV=$DIR/venv
PEERS=(aiohttp openai)

if ! "$VENV/bin/pip" freeze 2>/dev/null |
    grep -Fxc -f <(printf '%s\n' "${PACKAGES[@]}") | grep -qx 3; then
	rm -rf "$VENV"
	python3 -m venv "$VENV"
	"$VENV/bin/pip" install -q "${PACKAGES[@]}"
fi

line() {
	printf '%-18s %12s %14s %10s %16s %12s\n' "$@"
}

# measured NAME ROWS WHO: a line of the table, and ours against it.
measured() {
	local faster=- cheaper=-
	if [ "$1" != ours ]; then
		faster=$(calc "$(column "$1" 1) / $(column ours 1)")
		cheaper=$(calc "$(column "$1" 2) / $(column ours 2)")
		faster=$(printf '%.1f x' "$faster")
		cheaper=$(printf '%.1f x' "$cheaper")
	fi
	line "$3" "$(per_s "$1" "$2" | cut -d. -f1)" \
	    "$(printf '%.3f' "$(calc "$(column "$1" 2) / $2")")" \
	    "$(mib "$1")" "$faster" "$cheaper"
}

# peers_case ROWS LATENCY IN-FLIGHT
peers_case() {
	local n=$1 latency=$2 inflight=$3 i peer
	server --latency "$latency" --reply "$ANSWER"
	prompts "$n" "$WORK/rows.jsonl"
	fresh ours "${PEERS[@]}"
	for ((i = 0; i < RUNS; i++)); do
		rm -f "$WORK"/a.db*
		turn ours "${ASK[@]}" --ledger "$WORK/a.db" \
		    --inflight "$inflight" "$WORK/rows.jsonl" \
		    >"$WORK/ours.jsonl"
		for peer in "${PEERS[@]}"; do
			turn "$peer" "$VENV/bin/python" \
			    "tests/bench/peer_$peer.py" "$URL" \
			    "$WORK/rows.jsonl" "$inflight" "$WORK/peer.jsonl"
			cmp <(jq -cS . "$WORK/ours.jsonl") \
			    <(jq -cS . "$WORK/peer.jsonl")
		done
	done
	server_end
	echo
	line "$latency ms x $inflight" rows/s 'CPU ms/row' 'peak MiB' \
	    'we are faster' 'in CPU'
	measured ours "$n" 'riddle-ask'
	measured aiohttp "$n" 'aiohttp, uvloop'
	measured openai "$n" 'openai'
}

n=5000
[ -z "${QUICK:-}" ] || n=500
echo "$(nproc) cores, load average $(cut -d' ' -f1-3 /proc/loadavg)"
echo "Medians of $RUNS, $n rows.  ${PACKAGES[*]}"
echo 'Ours keeps a ledger, and its models.json says limits: none.'
peers_case "$n" 0 32
peers_case "$n" 50 256
