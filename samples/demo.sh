#!/usr/bin/env bash
# make demo: a task tree grows from seeds through a model server, every call in
# the ledger; a second run pays for nothing.  The model is riddle's own stub, so
# no key and no network is needed.  Writes to the folder given, build/demo.
set -euo pipefail

out=${1:?usage: demo.sh FOLDER}
samples=$(cd "$(dirname "$0")" && pwd)
rm -rf "$out"
mkdir -p "$out"
cd "$out"

export RIDDLE_LEDGER=riddle.db RIDDLE_MODELS=models.json

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say '# A model server for tests: it proposes names until it knows no more.'
riddle model-stub --taxonomy --latency 20 --ready-file port 2> stub.log &
stub=$!
trap 'kill "$stub" 2>/dev/null || true' EXIT
until [ -s port ]; do sleep 0.05; done

# The name "stub" keeps its answers when the port changes.
cat > models.json <<EOF
{"models": {"stub": {
	"model": "http://127.0.0.1:$(cat port)/v1#stub", "endpoint": "stub",
	"price": {"in": 0.15, "cached": 0.075, "out": 0.60,
	    "since": "2026-11-23"},
	"limits": "none"}}}
EOF

say '# Grow the seeds: three levels, rounds until nothing new comes.'
riddle taxonomy-expand --model stub "$samples/seeds.jsonl" > tasks.jsonl
printf '%s seeds became %s tasks, the first three:\n' \
	"$(wc -l < "$samples/seeds.jsonl")" "$(wc -l < tasks.jsonl)"
head -n 3 tasks.jsonl

say '# The same again: every answer comes from the ledger.'
riddle taxonomy-expand --model stub --offline --progress never \
	"$samples/seeds.jsonl" > again.jsonl
cmp tasks.jsonl again.jsonl && echo 'the same bytes, no call made'
riddle ledger runs

say '# Where does one leaf come from?'
id=$(tail -n 1 tasks.jsonl | jq -r .id)
riddle ledger why "$id"

say '# What did it cost?'
riddle ledger cost
printf '\nLook further: cd %s; riddle ledger drops; sqlite3 riddle.db .tables\n' \
	"$out"
