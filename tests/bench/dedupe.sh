#!/usr/bin/env bash
# Near-duplicate questions out of N (200,000), a third of them near copies, in
# one run: riddle-dedupe --by minhash (a ledger would hold each drop; here it is
# off), datasketch, and rensa.  All with 80 permutations in 16 bands of 5 rows.
# The others stop at candidates; ours compares each by its set.  Medians of RUNS
# turns (3; datasketch one).  Then precision and recall of ours against the
# exact Jaccard similarity of all pairs, on the first 20,000.
# usage: OUT=build RUNS=3 QUICK=1 tests/bench/dedupe.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

PACKAGES=(datasketch==2.0.0 rensa==0.5.0 scipy==1.17.1)

. tests/bench/lib.sh
RUNS=${RUNS:-3}
VENV=$DIR/venv-dedupe
PEER=("$VENV/bin/python" tests/bench/peer_dedupe.py)

if [ "$("$VENV/bin/pip" freeze 2>/dev/null | grep -Fxc \
    -f <(printf '%s\n' "${PACKAGES[@]}"))" != ${#PACKAGES[@]} ]; then
	rm -rf "$VENV"
	python3 -m venv "$VENV"
	"$VENV/bin/pip" install -q "${PACKAGES[@]}"
fi

n=200000 sample=20000
[ -z "${QUICK:-}" ] || n=20000 sample=5000
data=$WORK/q.jsonl
"${PEER[@]}" make "$data" "$n"

ours() {
	turn ours "$LIBEXEC/dedupe" --by minhash --ledger none \
	    --progress never "$1" >"$WORK/kept.jsonl" 2>"$WORK/log"
}
turn datasketch "${PEER[@]}" datasketch "$data" >"$WORK/datasketch.log"
for ((i = 0; i < RUNS; i++)); do
	turn rensa "${PEER[@]}" rensa "$data" >"$WORK/rensa.log"
	ours "$data"
done

header "Medians of $RUNS, $n questions.  ${PACKAGES[*]}"
mine=$(per_s ours "$n")
against 'dedupe --by minhash, questions' /s "$mine" datasketch \
    "$(per_s datasketch "$n")" '>' 10
against 'dedupe --by minhash, questions' /s "$mine" rensa \
    "$(per_s rensa "$n")" '>' 1.5
alone 'its memory' MiB "$(mib ours)" '<' 512
echo "kept: ours $(wc -l <"$WORK/kept.jsonl")," \
    "datasketch $(cut -d' ' -f2 "$WORK/datasketch.log")," \
    "rensa $(cut -d' ' -f2 "$WORK/rensa.log")"

head -n "$sample" "$data" >"$WORK/sample.jsonl"
ours "$WORK/sample.jsonl"
read -r precision recall pairs < <("${PEER[@]}" judge "$WORK/sample.jsonl" \
    "$WORK/kept.jsonl" "$sample")
alone "precision at 0.8, $pairs of $sample to drop" share "$precision" '>=' 0.95
alone 'recall' share "$recall" '>=' 0.95
