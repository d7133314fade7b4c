#!/usr/bin/env bash
# make check-peers: compare with what others wrote for the same.  Each script
# beside this one says what it needs, and exits 77 when that cannot be had.
# The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
OUT=${OUT:-build}
passed=0 failed=0

# peer NAME CMD...: its last line is shown; it counts as many as it says.
peer() {
	local name=$1 status log=$OUT/peers/$1.log
	local total='^([0-9]+) passed, ([0-9]+) failed'
	shift
	mkdir -p "$OUT/peers"
	"$@" >"$log" 2>&1
	status=$?
	if [ "$status" -eq 77 ]; then
		printf 'skip  %-16s %s\n' "$name" "$(tail -n 1 "$log")"
	elif [ "$status" -ne 0 ]; then
		printf 'FAIL  %s\n' "$name"
		tail -n 50 "$log"
		failed=$((failed + 1))
	else
		printf 'ok    %-16s %s\n' "$name" "$(tail -n 1 "$log")"
		if [[ $(grep -E "$total" "$log" | tail -n 1) =~ $total ]]; then
			passed=$((passed + BASH_REMATCH[1]))
		else
			passed=$((passed + 1))
		fi
	fi
}

peer schema tests/peers/schema_suite.sh "$OUT"
peer numbers tests/peers/canon_node.sh "$OUT"
peer tokenizer tests/peers/tokenizer.sh "$OUT"
peer pillow tests/peers/pillow.sh "$OUT"
peer clip tests/peers/clip.sh "$OUT"
peer agreement tests/peers/agreement.sh "$OUT"
peer datasets tests/peers/datasets.sh
peer report tests/peers/report.sh
peer parquet tests/peers/parquet.sh
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
