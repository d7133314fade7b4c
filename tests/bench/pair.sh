#!/usr/bin/env bash
# Preference pairs: triples of contrasts, own against sibling, pairs of scored
# answers, on a million sides; and groups by neighbours against faiss
# IndexFlatIP on the same vectors in one run, taken alternately.  Medians of
# RUNS turns (3).  The books of all triples are checked.
# usage: OUT=build RUNS=3 QUICK=1 tests/bench/pair.sh [SIDES VECTORS DIM]
set -euo pipefail
cd "$(dirname "$0")/../.."

. tests/bench/lib.sh
PACKAGES=(faiss-cpu==1.15.1 numpy)
QUICK=${QUICK:-}
RUNS=${RUNS:-3}
VENV=$DIR/venv-faiss
SIDES=${1:-$([ -n "$QUICK" ] && echo 100000 || echo 1000000)}
VECTORS=${2:-$([ -n "$QUICK" ] && echo 10000 || echo 100000)}
DIM=${3:-512}
THREADS=$(nproc)

# Contrasts of two sides.  long: as image-generate leaves them and
# preference-pair scores them, 1.2 kB; short: with what must be there, 0.4 kB.
contrasts() {
	awk -v n="$((SIDES / 2))" -v long="$1" 'BEGIN {
		for (i = 0; i < n; i++) {
			printf "{\"kind\":\"contrast\"," \
			    "\"id\":\"contrast:%032x\",\"base\":\"A lake, " \
			    "number %d, and boats.\",\"dimension\":" \
			    "\"content\",\"sides\":[", i, i
			for (j = 0; j < 2; j++) {
				k = 2 * i + j
				printf "%s{\"text\":\"A lake, number %d, and" \
				    " %s boats.\",\"image\":{\"id\":" \
				    "\"image:%032x\",\"uri\":\"s/%x.png\"",
				    j ? "," : "", i, j ? "nine" : "two", k, k
				if (long)
					printf ",\"sha256\":\"%064x\"," \
					    "\"format\":\"png\",\"width\":512" \
					    ",\"height\":512,\"bytes\":401234" \
					    ",\"phash\":\"%016x\",\"model\":" \
					    "\"sdxl\",\"seed\":%d,\"call\":" \
					    "\"%032x\"", k, k, k, k
				printf "}}"
			}
			if (long)
				printf "],\"task\":{\"id\":\"task:%032x\"," \
				    "\"path\":[\"nature\",\"lakes\"]}," \
				    "\"delta\":[\"nine\",\"two\"]," \
				    "\"scores\":[[0.31,0.12],[0.11,0.29]]}\n",
				    i % 400
			else
				print "]}"
		}
	}'
}

answers() {
	awk -v n="$((SIDES / 2))" 'BEGIN { for (i = 0; i < n; i++)
		printf "{\"kind\":\"row\",\"id\":\"row:%032x\",\"prompt\":" \
		    "\"What is to be seen on picture %d?\",\"answers\":[" \
		    "{\"text\":\"A red house, number %d, with a garden.\"," \
		    "\"score\":%d},{\"text\":\"A house.\",\"score\":%d}]}\n",
		    i, i, i, i % 5 + 6, i % 5 }'
}

contrasts 1 >"$WORK/long.jsonl"
contrasts '' >"$WORK/short.jsonl"
answers >"$WORK/answers.jsonl"
quiet() {
	turn "$@" >/dev/null 2>"$WORK/said" && return
	cat "$WORK/said" >&2
	exit 1
}
for ((i = 0; i < RUNS; i++)); do
	quiet short "$LIBEXEC/cross-pair" --ledger none "$WORK/short.jsonl"
	quiet long "$LIBEXEC/cross-pair" --ledger none "$WORK/long.jsonl"
	quiet folds "$LIBEXEC/cross-pair" --ledger none --folds 5 \
	    "$WORK/long.jsonl"
	quiet given "$LIBEXEC/preference-pair" --ledger none "$WORK/long.jsonl"
	quiet answers "$LIBEXEC/preference-pair" --ledger none \
	    "$WORK/answers.jsonl"
done
header "preference pairs, $SIDES sides"
rate() {
	awk -v v="$(per_cpu_s "$1" "$SIDES")" 'BEGIN {
	    printf "%.2f", v / 1e6 }'
}
alone 'cross-pair, short records, M sides/CPU s' '' "$(rate short)" '>=' 1
alone 'cross-pair, whole records, M sides/CPU s' '' "$(rate long)" - ''
alone 'cross-pair --folds 5, M sides/CPU s' '' "$(rate folds)" - ''
alone 'preference-pair, given scores, M sides/CPU s' '' "$(rate given)" \
    '>=' 1
alone 'preference-pair, scored answers, M/CPU s' '' "$(rate answers)" '>=' 1
alone 'memory, cross-pair' MiB "$(mib long)" '<=' 32
alone 'memory, cross-pair --folds 5' 'B/side' \
    "$(calc "$(mib folds) * 1048576 / $SIDES")" '<=' 400
alone 'memory, preference-pair' MiB "$(mib answers)" '<=' 32

# The books, counted by others: sort and uniq.
id='\{"image":\{"id":"([^"]*)".*'
"$LIBEXEC/cross-pair" --ledger none "$WORK/short.jsonl" |
    sed -E "s/.*\"chosen\":$id\"rejected\":$id/\1 \2/" >"$WORK/triples"
for c in 1 2; do
	cut -d' ' -f$c "$WORK/triples" | sort >"$WORK/column.$c"
done
cmp "$WORK/column.1" "$WORK/column.2"
[ "$(wc -l <"$WORK/triples")" -eq "$SIDES" ]
echo 'every image is chosen as often as rejected'
rm -f "$WORK"/{*.jsonl,triples,column.*}

if ! "$VENV/bin/pip" freeze 2>/dev/null | grep -Fxq "${PACKAGES[0]}"; then
	rm -rf "$VENV"
	python3 -m venv "$VENV"
	"$VENV/bin/pip" install -q "${PACKAGES[@]}"
fi
"$DIR/topk" make "$VECTORS" "$DIM" 1 "$WORK/vectors"
near=("$WORK/vectors" "$DIM" 0.3 10 "$THREADS" "$WORK/partners")
ours=() peer=()
for ((i = 0; i < RUNS; i++)); do
	ours+=("$("$DIR/pair" near "${near[@]}")")
	peer+=("$("$VENV/bin/python" tests/bench/peer_pair.py "${near[@]}")")
done
a=$(median "${ours[@]}")
b=$(median "${peer[@]}")
ratio=$(calc "$b / $a")
row "--semantic, $VECTORS x $DIM, $THREADS threads" "$a s" \
    "faiss IndexFlatIP $b s" "$(printf '%.2f' "$ratio")" '>= 1' \
    "$(verdict "$ratio" '>=' 1)"
echo 'the partners are those that faiss finds'
