#!/bin/bash
# Read, filter, add a field and write 2 M records by our reader, against a loop
# that does nothing but parse them with yyjson: seconds of one core, median of
# 5 turns each, taken alternately.  Fails below 60 % of the loop's speed, and
# when memory is not flat.
# usage: tests/bench/stream.sh [BUILD_DIR [RECORDS]]
set -euo pipefail

b=${1:-build}
records=${2:-2000000}
dir=$b/bench
yyjson=$(pkg-config --cflags --libs yyjson 2>/dev/null ||
    echo "-isystem build/deps/include build/deps/lib/libyyjson.a")
mkdir -p "$dir"

# shellcheck disable=SC2086  # flags are words
${CC:-gcc} -O2 -g -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
    -Wall -Wextra -Itools/lib -o "$dir/stream" tests/bench/stream.c \
    "$b/lib/record.a" "$b/lib/core.a" $yyjson -lcrypto -lutf8proc -lpcre2-8 \
    -lyaml -lxxhash -lm

data=$dir/stream-$records.jsonl
if [ ! -s "$data" ]; then
	"$dir/stream" make "$records" >"$data.tmp"
	mv "$data.tmp" "$data"
fi
cat "$data" >/dev/null		# into the page cache

# One turn: user and system seconds, and the largest KiB, appended to a file.
turn() {
	local to=$1
	shift
	/usr/bin/time -a -o "$to" -f '%U %S %M' taskset -c "${CORE:-0}" \
	    "$dir/stream" "$@" 2>>"$dir/log"
}
median() {
	awk '{ print $1 + $2 }' "$1" | sort -n | awk '{ v[NR] = $1 }
	    END { print v[int((NR + 1) / 2)] }'
}
memory() {
	awk '$3 > m { m = $3 } END { print m }' "$1"
}

rm -f "$dir/bare" "$dir/ours" "$dir/log"
for _ in 1 2 3 4 5; do
	turn "$dir/bare" bare "$data"
	turn "$dir/ours" ours "$data" /dev/null
done
if [ "$(sort -u "$dir/log" | wc -l)" -ne 1 ]; then
	echo "stream: the two loops kept different records" >&2
	exit 1
fi
bytes=$(stat -c %s "$data")
awk -v bare="$(median "$dir/bare")" -v ours="$(median "$dir/ours")" \
    -v mem="$(memory "$dir/ours")" -v n="$records" -v bytes="$bytes" 'BEGIN {
	printf "stream: %d records, %d MB; bare parse %.2f s, ours %.2f s, " \
	    "%.0f %% of its speed; %d KiB\n", n, bytes / 1e6, bare, ours,
	    100 * bare / ours, mem
	exit !(bare / ours >= 0.6 && mem < 16 * 1024)
}'
