#!/usr/bin/env bash
# fuzz.sh [SECONDS]: run each fuzz target that `make fuzz` built in $OUT/fuzz
# for so long, two at a time, from the seeds in tests/fuzz/seeds and what
# earlier runs found.  Corpora and crashes go to $OUT/corpus.  Ends with
# "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
OUT=${OUT:-build/fuzz/sanitize}
seconds=${1:-20}
mkdir -p "$OUT/corpus"

fuzz() {
	local name=$1 dir=$OUT/corpus/$1 seeds=tests/fuzz/seeds/$1
	mkdir -p "$dir"
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086	# seeds may be nothing
	"$OUT/fuzz/$name" -max_total_time="$seconds" -timeout=10 \
	    -rss_limit_mb=2048 -max_len=8192 -verbosity=1 \
	    -artifact_prefix="$dir.crash-" "$dir" $seeds \
	    >"$dir.log" 2>&1 </dev/null
	echo $? >"$dir.status"
}

rm -f "$OUT"/corpus/*.status
running=0
for f in tests/fuzz/*.c; do
	if [ "$running" -ge 2 ]; then
		wait -n
		running=$((running - 1))
	fi
	fuzz "$(basename "$f" .c)" &
	running=$((running + 1))
done
wait

passed=0 failed=0
for f in tests/fuzz/*.c; do
	name=$(basename "$f" .c)
	if [ "$(cat "$OUT/corpus/$name.status")" = 0 ]; then
		passed=$((passed + 1))
		printf 'ok    %-16s %s\n' "$name" \
		    "$(grep -a '^Done' "$OUT/corpus/$name.log" | tail -n 1)"
	else
		failed=$((failed + 1))
		printf 'FAIL  %s\n' "$name"
		tail -n 40 "$OUT/corpus/$name.log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
