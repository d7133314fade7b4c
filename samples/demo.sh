#!/usr/bin/env bash
# demo.sh OUT [SETTING=VALUE...]: TaskGalaxy on 60 drawn pictures, without a key
# and without a network.  All of it runs here and now but the model calls: these
# replay from samples/recorded.db, which `make record` made with SmolLM2-135M in
# llama-server.  LIVE=1 asks that server instead (make local-model, first);
# RESUME=1 goes on in OUT, where an earlier one was stopped.
set -euo pipefail
out=${1:?usage: demo.sh OUT [SETTING=VALUE...]}
shift
cd "$(dirname "$0")/.."
model='http://127.0.0.1:8081/v1#smollm2-135m'
flags=--offline
export RIDDLE_LEDGER=$out/riddle.db

[ -n "${RESUME:-}" ] || rm -rf "$out"
mkdir -p "$out"
if [ -n "${LIVE:-}" ]; then
	url=$(tests/local/server.sh start)
	trap 'tests/local/server.sh stop' EXIT
	model="$url#smollm2-135m"
	flags='--inflight 4 --timeout 900'
elif [ ! -e "$RIDDLE_LEDGER" ]; then
	cp samples/recorded.db "$RIDDLE_LEDGER.new"
	mv "$RIDDLE_LEDGER.new" "$RIDDLE_LEDGER"
fi

make -s -f pipelines/taskgalaxy/stages.mk OUT="$out" NAME='riddle demo' \
    TASKS=samples/tasks.jsonl IMAGES=samples/demo-clip/images \
    INGEST_FLAGS=--captions CLIP=samples/demo-clip PRECISION=reference K=5 \
    PROMPTS=samples/prompts IMAGES_AS=caption QA_FLAGS=--partial \
    GEN="$model" JUDGES="$model $model $model" MODEL_FLAGS="$flags" \
    MAX_FAILED=100% LICENCE=apache-2.0 "$@" 2>"$out/log" || {
	tail -n 20 "$out/log" >&2
	exit 1
}

echo '== The funnel'
mapfile -t runs < <(jq -r .run "$out/funnel.jsonl")
riddle ledger funnel "${runs[@]}"
echo
echo '== Three finished rows'
head -n 3 "$out/rows.jsonl" | jq -c '{image: .image.uri, task: (.task.path | join(" ~ ")), question, answer, vote: .vote.sum}'
echo
echo '== One that was rejected, and why'
lost=$(jq -r 'select(.tool == "qa-generate" or .tool == "task-filter") | .id' \
    "$out"/failed/qa.jsonl "$out"/failed/fitting.jsonl | head -n 1)
riddle ledger why "$lost"
echo
echo "== Look at $out/report.html; the dataset is $out/dataset and $out/llava.json"
