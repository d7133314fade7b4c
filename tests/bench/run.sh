#!/usr/bin/env bash
# Measure speed and memory against named baselines, and print one table of
# ratios: medians of RUNS turns (5), ours and the baseline taken alternately.
# A goal that is missed is marked and fails nothing; a tool that fails ends it.
# usage: OUT=build RUNS=5 QUICK=1 tests/bench/run.sh [PART...]
# Parts are stream ledger engine memory start limit; all if none is named.
# QUICK takes a tenth of the rows and one turn, and leaves out limit.
set -euo pipefail
cd "$(dirname "$0")/../.."

. tests/bench/lib.sh
QUICK=${QUICK:-}
RUNS=${RUNS:-$([ -n "$QUICK" ] && echo 1 || echo 5)}
SHARE=${QUICK:+10}
SHARE=${SHARE:-1}

# N rows, or a tenth of them.
rows() {
	echo $(($1 / SHARE))
}

stream() {
	local n data i
	n=$(rows 2000000)
	data=$DIR/stream-$n.jsonl
	[ -s "$data" ] || { "$DIR/stream" make "$n" >"$data.tmp" &&
		mv "$data.tmp" "$data"; }
	cat "$data" >/dev/null
	fresh bare ours
	for ((i = 0; i < RUNS; i++)); do
		turn bare "$DIR/stream" bare "$data" 2>>"$WORK/log"
		turn ours "$DIR/stream" ours "$data" /dev/null 2>>"$WORK/log"
	done
	against "read, test, splice, write $n records" 'rows/CPU-s' \
	    "$(per_cpu_s ours "$n")" 'yyjson loop' "$(per_cpu_s bare "$n")" \
	    '>=' 0.60
	alone 'its memory' MiB "$(mib ours)" '<' 16
}

ledger() {
	local n i speed=() bytes=() indexed=()
	n=$(rows 2000000)
	for ((i = 0; i < RUNS; i++)); do
		"$DIR/ledger" "$n" "$WORK/l.db" >"$WORK/out"
		rm -f "$WORK"/l.db*
		speed+=("$(awk '/^append/ { print $2 * 1e6 }' "$WORK/out")")
		bytes+=("$(awk '/^append/ { print $(NF - 3) }' "$WORK/out")")
		indexed+=("$(awk '/^index/ { print $(NF - 3) }' "$WORK/out")")
	done
	alone "append $n rows with an edge" rows/s \
	    "$(median "${speed[@]}")" '>=' 1000000
	alone 'a row with its edge' bytes "$(median "${bytes[@]}")" '<' 120
	alone 'the same, indexed' bytes "$(median "${indexed[@]}")" '<' 160

	awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++) printf \
	    "{\"kind\":\"thing\",\"id\":\"thing:%032x\",\"text\":\"street " \
	    "sign, receipt and chart number %d\",\"score\":%.3f}\n",
	    i, i, i % 1000 / 1000 }' >"$WORK/things.jsonl"
	fresh none some
	for ((i = 0; i < RUNS; i++)); do
		turn none "$LIBEXEC/validate" --ledger none \
		    "$WORK/things.jsonl" >/dev/null
		turn some "$LIBEXEC/validate" --ledger "$WORK/v.db" \
		    "$WORK/things.jsonl" >/dev/null
		rm -f "$WORK"/v.db*
	done
	against "validate $n records, ledger on" 'rows/CPU-s' \
	    "$(per_cpu_s some "$n")" 'ledger none' "$(per_cpu_s none "$n")" \
	    '>' 0.909
	rm -f "$WORK/things.jsonl"
}

# engine_case ROWS IN-FLIGHT LATENCY RATIO CPU_US|-: ask against bare curl.
engine_case() {
	local n=$1 inflight=$2 latency=$3 i bare=()
	server --latency "$latency" --reply "$ANSWER"
	prompts "$n" "$WORK/rows.jsonl"
	fresh ours
	for ((i = 0; i < RUNS; i++)); do
		rm -f "$WORK"/a.db*
		bare+=("$("$DIR/http" "$URL/chat/completions" "$n" \
		    "$inflight" bare | awk '{ print $7 }')")
		turn ours "${ASK[@]}" --ledger "$WORK/a.db" \
		    --inflight "$inflight" "$WORK/rows.jsonl" >/dev/null
	done
	server_end
	against "ask, $latency ms x $inflight, $n rows" rows/s \
	    "$(per_s ours "$n")" 'bare curl loop' "$(median "${bare[@]}")" \
	    '>=' "$4"
	[ "$5" = - ] ||
		alone 'its CPU a row' us "$(cpu_us ours "$n")" '<' "$5"
}

engine() {
	engine_case "$(rows 10000)" 32 0 0.40 50
	engine_case "$(rows 20000)" 256 50 0.98 -
	engine_case "$(rows 10000)" 1000 200-800 0.98 100
}

# One turn: it is long, and says in its rows what a second takes.
memory() {
	local n
	n=$(rows 1000000)
	server --reply "$ANSWER"
	prompts "$n" "$WORK/rows.jsonl"
	rm -f "$WORK"/a.db*
	fresh first again
	turn first "${ASK[@]}" --ledger "$WORK/a.db" --inflight 256 \
	    "$WORK/rows.jsonl" >"$WORK/first.jsonl"
	turn again "${ASK[@]}" --ledger "$WORK/a.db" --inflight 256 \
	    "$WORK/rows.jsonl" >"$WORK/again.jsonl"
	server_end
	cmp "$WORK/first.jsonl" "$WORK/again.jsonl"
	alone "memory of ask, $n rows x 256, 1 turn" MiB \
	    "$(mib first)" '<' 64
	alone 'its speed' rows/s "$(per_s first "$n")" '>' 0
	alone 'the same again, from the ledger' rows/s \
	    "$(per_s again "$n")" '>=' 150000
	alone 'its memory' MiB "$(mib again)" '<' 64
	rm -f "$WORK"/*.jsonl "$WORK"/a.db*
}

start() {
	local tool i
	fresh true one
	for ((i = 0; i < RUNS * 4; i++)); do
		turn true /bin/true
	done
	alone '/bin/true, to compare' ms "$(wall_ms true)" '<' 5
	for tool in "$LIBEXEC"/*; do
		rm -f "$WORK/version"
		for ((i = 0; i < RUNS * 4; i++)); do
			turn version "$tool" --version >/dev/null
		done
		alone "riddle-${tool##*/} --version" ms \
		    "$(wall_ms version)" '<' 5
	done
	server --reply "$ANSWER"
	prompts 1 "$WORK/rows.jsonl"
	for ((i = 0; i < RUNS * 4; i++)); do
		rm -f "$WORK"/a.db*
		turn one "${ASK[@]}" --ledger "$WORK/a.db" \
		    "$WORK/rows.jsonl" >/dev/null
	done
	server_end
	alone 'ask one row, new ledger' ms "$(wall_ms one)" '<' 30
}

# limit_case NAME PROCESSES STUB-OPTIONS...: 600 rows at 600 a minute.  The
# bucket of 10 lets (600 - 10) / 10 seconds be the least.
limit_case() {
	local name=$1 procs=$2 i each began pids=()
	shift 2
	each=$((600 / procs))
	server --rpm 600 --burst 10 --retry-after 1 --latency 50 "$@"
	rm -f "$WORK"/a.db*
	began=$(now_ms)
	for ((i = 0; i < procs; i++)); do
		prompts "$each" "$WORK/rows.$i.jsonl" "$i"
		RIDDLE_MODELS=$WORK/unknown.json "${ASK[@]}" \
		    --ledger "$WORK/a.db" "$WORK/rows.$i.jsonl" >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	against "600 rows at 600 a minute, $name" s \
	    "$(calc "($(now_ms) - $began) / 1000")" 'the least' 59 '<' 1.10
	alone 'refused with 429' requests "$(curl -fs "${URL%/v1}/stub/stats" |
	    jq .refused_429)" '<' 60
	server_end
}

limit() {
	if [ -n "$QUICK" ]; then
		return
	fi
	limit_case 'told by headers' 1 --limit-headers
	limit_case 'learnt from 429' 1
	limit_case 'learnt, 3 processes' 3
}

parts=("$@")
[ $# -gt 0 ] || parts=(stream ledger engine memory start limit)
header "Medians of $RUNS; models.json of the engine's rows says limits: none,
since the limiter would begin slowly with a server it does not know."
for part in "${parts[@]}"; do
	case $part in
	stream | ledger | engine | memory | start | limit) "$part" ;;
	*) echo "$0: no part $part" >&2; exit 2 ;;
	esac
done
