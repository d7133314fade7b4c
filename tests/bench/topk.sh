#!/usr/bin/env bash
# The k best of many vectors, by ours and by faiss IndexFlatIP, on the same
# files in one run, taken alternately; medians of RUNS turns (3).  The answers
# must be equal.  Prints seconds, and ours against faiss.
# usage: OUT=build RUNS=3 QUICK=1 tests/bench/topk.sh [IMAGES TASKS DIM K]
set -euo pipefail
cd "$(dirname "$0")/../.."

. tests/bench/lib.sh
PACKAGES=(faiss-cpu==1.15.1 numpy)
QUICK=${QUICK:-}
RUNS=${RUNS:-3}
VENV=$DIR/venv-faiss
IMAGES=${1:-$([ -n "$QUICK" ] && echo 10000 || echo 100000)}
TASKS=${2:-20000}
DIM=${3:-512}
K=${4:-10}
THREADS=$(nproc)

if ! "$VENV/bin/pip" freeze 2>/dev/null | grep -Fxq "${PACKAGES[0]}"; then
	rm -rf "$VENV"
	python3 -m venv "$VENV"
	"$VENV/bin/pip" install -q "${PACKAGES[@]}"
fi

"$DIR/topk" make "$TASKS" "$DIM" 1 "$WORK/base"
"$DIR/topk" make "$IMAGES" "$DIM" 2 "$WORK/queries"
fresh ours peer
for ((i = 0; i < RUNS; i++)); do
	"$DIR/topk" ours "$WORK/base" "$WORK/queries" "$DIM" "$K" \
	    "$THREADS" "$WORK/hits" >>"$WORK/ours"
	"$VENV/bin/python" tests/bench/peer_faiss.py "$WORK/base" \
	    "$WORK/queries" "$DIM" "$K" "$THREADS" "$WORK/hits" \
	    >>"$WORK/peer"
done
goal=1.2
! grep -qw amx_bf16 /proc/cpuinfo || goal=5
header "top-$K of $IMAGES x $TASKS x $DIM, $THREADS threads; medians of $RUNS"
against 'exact search' images/s "$(calc "$IMAGES / $(column ours 1)")" \
    'faiss IndexFlatIP' "$(calc "$IMAGES / $(column peer 1)")" '>=' "$goal"
against 'the same' images/CPU-s "$(calc "$IMAGES / $(column ours 2)")" \
    'faiss IndexFlatIP' "$(calc "$IMAGES / $(column peer 2)")" '>=' "$goal"
