#!/usr/bin/env bash
# Vote on the same records, in one run, by riddle-vote and by duckdb: all scores
# chained in one file, and a join of three files.  Ours checks the scores, joins
# them, and counts how far the judges agree; with and without a ledger.  Prints
# records a second, CPU a record, memory at its largest, and ours against
# duckdb: medians of RUNS turns (3), taken alternately.  The records that win
# must be the same.
# usage: OUT=build RUNS=3 QUICK=1 tests/bench/vote.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

PACKAGES=(duckdb==2.0.0)

. tests/bench/lib.sh
RUNS=${RUNS:-3}
VENV=$DIR/venv-vote
PEER=("$VENV/bin/python" tests/bench/peer_vote.py)
DATA=$DIR/vote

if ! "$VENV/bin/pip" freeze 2>/dev/null |
    grep -Fxq -f <(printf '%s\n' "${PACKAGES[@]}"); then
	rm -rf "$VENV"
	python3 -m venv "$VENV"
	"$VENV/bin/pip" install -q "${PACKAGES[@]}"
fi

# data N: chained.N.jsonl, and the same judged apart in a, b, c; d and e are b
# and c in another order.
data() {
	local f
	mkdir -p "$DATA"
	[ ! -s "$DATA/e.$1.jsonl" ] || return 0
	awk -v n="$1" -v dir="$DATA" 'BEGIN {
		split("glm-4v-9b internvl-chat-v1.5 internvl2-26b", judge, " ")
		split("a b c", file, " ")
		srand(7)
		for (i = 0; i < n; i++) {
			id = sprintf("qa:%08x%08x%08x%08x", rand() * 2 ^ 32,
			    rand() * 2 ^ 32, i * 7919 % 2 ^ 32, i)
			head = sprintf("{\"kind\":\"qa\",\"id\":\"%s\"," \
			    "\"image\":{\"id\":\"image:%032x\",\"uri\":" \
			    "\"images/%07d.jpg\"},\"task\":{\"id\":" \
			    "\"task:%032x\",\"path\":[\"logical reasoning\"," \
			    "\"complex reasoning\",\"geometry %d\"]}," \
			    "\"question\":\"How many of the %d signs in the " \
			    "picture tell drivers to stop, and why?\"," \
			    "\"answer\":\"%d of them do: they are red.\"," \
			    "\"scores\":[", id, i, i, i % 19227, i % 19227,
			    i % 90, i % 9)
			all = head
			good = rand() < 0.6
			for (j = 1; j <= 3; j++) {
				s = sprintf("{\"judge\":\"%s\",\"model\":" \
				    "\"local/%s\",\"score\":%d,\"scale\":" \
				    "[0,1],\"call\":\"call:%032x\"}", judge[j],
				    judge[j], rand() < (good ? 0.85 : 0.2), i)
				all = all (j > 1 ? "," : "") s
				print head s "]}" > (dir "/" file[j] "." \
				    n ".jsonl")
			}
			print all "]}" > (dir "/chained." n ".jsonl")
		}
	}'
	shuf --random-source="$DATA/a.$1.jsonl" "$DATA/b.$1.jsonl" \
	    >"$DATA/d.$1.jsonl"
	shuf --random-source="$DATA/b.$1.jsonl" "$DATA/c.$1.jsonl" \
	    >"$DATA/e.tmp"
	mv "$DATA/e.tmp" "$DATA/e.$1.jsonl"
	for f in "$DATA"/*."$1".jsonl; do cat "$f" >/dev/null; done
}

line() {
	printf '%-30s %10s %12s %9s %9s %9s\n' "$@"
}

# measured NAME ROWS: a line of the table, and duckdb against it.
measured() {
	local faster=- cheaper=-
	if [ "$1" != duckdb ]; then
		faster=$(calc "$(column duckdb 1) / $(column "$1" 1)")
		cheaper=$(calc "$(column duckdb 2) / $(column "$1" 2)")
		faster=$(printf '%.1f x' "$faster")
		cheaper=$(printf '%.1f x' "$cheaper")
	fi
	line "$1" "$(per_s "$1" "$2" | cut -d. -f1)" \
	    "$(printf '%.2f' "$(cpu_us "$1" "$2")")" \
	    "$(mib "$1")" "$faster" "$cheaper"
}

ids() {
	grep -o '"id":"qa:[0-9a-f]*"' "$1" | sort
}

# vote_case TITLE HOW N FILE...: the first file is the input, others are joined.
vote_case() {
	local title=$1 how=$2 n=$3 input=$4 i f joined=()
	shift 4
	for f; do joined+=(--join "$f"); done
	fresh duckdb no-ledger ledger
	for ((i = 0; i < RUNS; i++)); do
		turn duckdb "${PEER[@]}" "$how" "$WORK/peer.jsonl" \
		    "$input" "$@"
		turn no-ledger "$LIBEXEC/vote" --ledger none \
		    --progress never --stats-json "$WORK/stats.json" \
		    "${joined[@]}" "$input" >"$WORK/ours.jsonl" 2>"$WORK/log"
		rm -f "$WORK"/v.db*
		turn ledger "$LIBEXEC/vote" --ledger "$WORK/v.db" \
		    --progress never --stats-json "$WORK/stats.json" \
		    "${joined[@]}" "$input" >"$WORK/again.jsonl" \
		    2>"$WORK/log"
	done
	cmp "$WORK/ours.jsonl" "$WORK/again.jsonl"
	cmp <(ids "$WORK/ours.jsonl") <(ids "$WORK/peer.jsonl")
	echo
	line "$title" records/s 'CPU us/rec' 'peak MiB' faster 'in CPU'
	measured duckdb "$n"
	measured no-ledger "$n"
	measured ledger "$n"
}

n=400000
[ -z "${QUICK:-}" ] || n=40000
echo "$(nproc) cores, load average $(cut -d' ' -f1-3 /proc/loadavg)"
echo "Medians of $RUNS, $n records x 3 judges.  ${PACKAGES[*]}"
data "$n"
vote_case 'chained scores' chained "$n" "$DATA/chained.$n.jsonl"
vote_case 'join of three files' join "$n" "$DATA/a.$n.jsonl" \
    "$DATA/b.$n.jsonl" "$DATA/c.$n.jsonl"
vote_case 'join, other orders' join "$n" "$DATA/a.$n.jsonl" \
    "$DATA/d.$n.jsonl" "$DATA/e.$n.jsonl"
