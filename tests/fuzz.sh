#!/usr/bin/env bash
# fuzz.sh [SECONDS [NAME...]]: run each fuzz target that `make fuzz` built in
# $OUT/fuzz, or those named, for so long, two at a time (JOBS), from the seeds
# in tests/fuzz/seeds and what earlier runs found.  Corpora and crashes go to
# $OUT/corpus.  Tells for each how often it was run and how many edges of our
# code its corpus reaches.  Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
OUT=${OUT:-build/fuzz/sanitize}
JOBS=${JOBS:-2}
seconds=${1:-20}
shift
if [ $# -eq 0 ]; then
	mapfile -t targets < <(basename -s .c -a tests/fuzz/*.c)
	set -- "${targets[@]}"
fi
mkdir -p "$OUT/corpus"

fuzz() {
	local name=$1 dir=$OUT/corpus/$1 seeds=tests/fuzz/seeds/$1
	mkdir -p "$dir"
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086	# seeds may be nothing
	"$OUT/fuzz/$name" -max_total_time="$seconds" -timeout=10 \
	    -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 \
	    -artifact_prefix="$dir.crash-" "$dir" $seeds \
	    >"$dir.log" 2>&1 </dev/null
	echo $? >"$dir.status"
}

# The last number behind a word in a log.
last() {
	grep -aoE "$1 *[0-9]+" "$2" | tail -n 1 | grep -oE '[0-9]+$'
}

rm -f "$OUT"/corpus/*.status
running=0
for name; do
	if [ "$running" -ge "$JOBS" ]; then
		wait -n
		running=$((running - 1))
	fi
	fuzz "$name" &
	running=$((running + 1))
done
wait

passed=0 failed=0 runs=0
for name; do
	log=$OUT/corpus/$name.log
	n=$(last 'number_of_executed_units:' "$log")
	runs=$((runs + ${n:-0}))
	if [ "$(cat "$OUT/corpus/$name.status")" = 0 ]; then
		passed=$((passed + 1))
		printf 'ok    %-16s %9s executions %6s edges\n' "$name" \
		    "${n:-0}" "$(last 'cov:' "$log")"
	else
		failed=$((failed + 1))
		printf 'FAIL  %s\n' "$name"
		tail -n 40 "$log"
	fi
done
echo "$runs executions"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
