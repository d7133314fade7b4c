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

bold=$([ ! -t 1 ] || printf '\033[1m')
plain=$([ ! -t 1 ] || printf '\033[0m')
say() { printf '\n%s# %s%s\n' "$bold" "$*" "$plain"; }

say 'A model server for tests: it proposes names until it knows no more.'
riddle model-stub --taxonomy --latency 20 --ready-file port --log asked.jsonl 2> stub.log &
stub=$!
trap 'kill "$stub" 2>/dev/null || true' EXIT
until [ -s port ]; do sleep 0.05; done
echo "listening on port $(cat port)"

# The name "stub" keeps its answers when the port changes.
cat > models.json <<EOF
{"models": {"stub": {
	"model": "http://127.0.0.1:$(cat port)/v1#stub", "endpoint": "stub",
	"price": {"in": 0.15, "cached": 0.075, "out": 0.60,
	    "since": "2026-11-23"},
	"limits": "none"}}}
EOF
grow=(riddle taxonomy-expand --model stub "$samples/seeds.jsonl")

say 'Grow the seeds, and pull the plug after a fifth of a second.'
timeout -s KILL 0.2 "${grow[@]}" > /dev/null 2>&1 || true
riddle ledger runs
paid=$(wc -l < asked.jsonl)

say 'Again, to the end: three levels, rounds until nothing new comes.'
"${grow[@]}" > tasks.jsonl
printf '%s seeds became %s tasks, the first three:\n' \
	"$(wc -l < "$samples/seeds.jsonl")" "$(wc -l < tasks.jsonl)"
head -n 3 tasks.jsonl
all=$(wc -l < asked.jsonl)
needed=$(jq -r .body_sha256 asked.jsonl | sort -u | wc -l)
printf '%s questions; asked %s before the plug, %s after; twice: the %s under way when it was pulled\n' \
	"$needed" "$paid" "$((all - paid))" "$((all - needed))"

say 'Where does the last leaf come from?  (riddle ledger why ID)'
riddle ledger why "$(tail -n 1 tasks.jsonl | jq -r .id)"

say 'A third time, offline: the ledger answers, the bytes are the same.'
"${grow[@]}" --offline --progress never > again.jsonl
cmp tasks.jsonl again.jsonl
riddle ledger runs

say 'What did it cost?  (riddle ledger cost)'
riddle ledger cost

printf '\nLook further:\n  cd %s\n  riddle ledger funnel\n  sqlite3 riddle.db .tables\n' \
	"$out"
