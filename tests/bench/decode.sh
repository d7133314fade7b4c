#!/usr/bin/env bash
# JPEG files to squares of 224 x 224, ours and Pillow's, in one run: CPU
# milliseconds a file, one thread, pictures of 500 x 375 and 1632 x 1224 with
# the spectrum of photographs.  Medians of RUNS rounds (9), taken alternately
# in halves.  Goals: fast at least 3 x Pillow's exact way for the large ones.
# usage: OUT=build RUNS=9 tests/bench/decode.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

OUT=${OUT:-build}
RUNS=${RUNS:-9}
DIR=$OUT/bench
VENV=$DIR/pillow-venv
PACKAGES=(pillow==13.0.0 numpy)
PHOTOS=$DIR/photos
export LC_ALL=C

if ! "$VENV/bin/pip" freeze 2>/dev/null | grep -Fxq "${PACKAGES[0]}"; then
	rm -rf "$VENV"
	python3 -m venv "$VENV"
	"$VENV/bin/pip" install -q "${PACKAGES[@]}"
fi
peer() {
	"$VENV/bin/python" tests/bench/peer_pillow.py "$@"
}
if [ ! -s "$PHOTOS/large5.jpg" ]; then
	mkdir -p "$PHOTOS"
	peer make "$PHOTOS"
fi
WORK=$(mktemp -d "$DIR/decode.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

# best FILE WAY: the smaller of the medians of both halves.
best() {
	awk -v way="$2" '$1 == way && (!n++ || $2 < ms) { ms = $2 }
		END { print n ? ms : "-" }' "$1"
}

echo "$(nproc) cores, load average $(cut -d' ' -f1-3 /proc/loadavg)"
echo "CPU ms a file; medians of $RUNS rounds, the better of two turns"
printf '%-8s %-10s %10s %10s %10s %14s\n' size way ours Pillow ratio \
    'Pillow exact'
for size in small large; do
	for _ in 1 2; do
		"$DIR/decode" "$RUNS" "$PHOTOS/$size"*.jpg >>"$WORK/$size.ours"
		peer "$RUNS" "$PHOTOS/$size"*.jpg >>"$WORK/$size.pillow"
	done
	exact=$(best "$WORK/$size.pillow" exact)
	for way in decode exact fast-448 fast-224 cut phash; do
		ours=$(best "$WORK/$size.ours" "$way")
		theirs=$(best "$WORK/$size.pillow" "$way")
		awk -v s="$size" -v w="$way" -v o="$ours" -v t="$theirs" \
		    -v e="$exact" 'BEGIN {
			printf "%-8s %-10s %10s %10s %10s %14s\n", s, w, o, t,
			    t == "-" ? t : sprintf("%.2f x", t / o),
			    w ~ /exact|fast/ ? sprintf("%.2f x", e / o) : "-"
		}'
	done
done
