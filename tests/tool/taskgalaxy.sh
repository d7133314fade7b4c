#!/usr/bin/env bash
# The pipeline TaskGalaxy as a whole: the demo gives the same bytes however it
# is run; against a server, it resumes, grows by what is new, and verifies.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# -- The demo ------------------------------------------------------------------
# Paths are part of what is recorded, so that it runs in the tree itself.
demo() { (cd "$ROOT" && samples/demo.sh "$@"); }
sums() {
	(cd "$1" && sha256sum -- *.jsonl llava.json agreement.json report.html &&
	    find dataset -type f -print0 | sort -z | xargs -0 sha256sum)
}
check 'the demo, one thread' demo "$T/one" CLIP_FLAGS='--threads 1'
sums one > digests
check 'has rows' test "$(wc -l < one/rows.jsonl)" -ge 20
check 'the demo, two threads, one call at a time' demo "$T/two" \
    CLIP_FLAGS='--threads 2' MODEL_FLAGS='--offline --inflight 1'
check 'gives the same bytes' sh -c 'cd two && sha256sum -c --quiet ../digests'
check 'the demo, 64 calls at a time' demo "$T/many" \
    MODEL_FLAGS='--offline --inflight 64'
check 'gives the same bytes' sh -c 'cd many && sha256sum -c --quiet ../digests'
check 'the demo can be verified' sh -c \
    'cd "$0" && pipelines/taskgalaxy/verify "$1"' "$ROOT" "$T/one"
# -- What is published: D37 to D39 of the published scripts ---------------------
# D37: random ids, and no way back to scores, prompts and sources.
check_output 'D37: an exported id is that of its record' \
    <(jq -r .id one/rows.jsonl | sed 's/^qa://') jq -r '.[].id' one/llava.json
id=$(jq -r .id one/rows.jsonl | head -n 1)
check_output 'D37: which leads to all calls it was made by' - sh -c \
    'riddle ledger --ledger one/riddle.db why "$0" | grep -c "^ *call "' \
    "$id" <<< 5
# D38: no split, no licence, no image hash, no test for near-duplicates.
check_output 'D38: split and image hash are in every row' - jq -s \
    'all(.[]; .split != null and (.image.sha256 | length) == 64)' \
    one/rows.jsonl <<< true
check 'D38: the card names the licence' grep -q '^license: apache-2.0' \
    one/dataset/README.md
check_output 'D38: no near picture in two splits' - sh -c \
    'riddle select --ledger none --split train=0.5,test=0.5 --leaks drop \
    one/voted.jsonl 2>/dev/null |
    jq -r "[.image.phash, .split] | @tsv" | sort -u | cut -f 1 | uniq -d' \
    < /dev/null
# D39: names of people and machines in what is published.
check_status 1 'D39: no folder of this machine is in the dataset' grep -rlF \
    -e "$T" -e "$ROOT" one/dataset one/llava.json one/manifest.json \
    one/report.html

sed -i '1s/"answer":"/"answer":"not /' one/qa.jsonl
check 'verify reads the ledger, not the files' sh -c \
    'cd "$0" && pipelines/taskgalaxy/verify "$1"' "$ROOT" "$T/one"
sed -i 's/"qa.jsonl": "./"qa.jsonl": "x/' one/manifest.json
check_status 1 'verify finds a difference' sh -c \
    'cd "$0" && pipelines/taskgalaxy/verify "$1"' "$ROOT" "$T/one"
check_stderr 'and names the stage' 'qa\.jsonl differs'

# -- Against a server ----------------------------------------------------------
mkdir images
cp "$ROOT"/samples/demo-clip/images/[a-d]*.[jp]*g images/
stub_start --taxonomy --offered --seed 4 --log log.jsonl
galaxy() {
	(cd "$ROOT" && make -s -f pipelines/taskgalaxy/stages.mk \
	    IMAGES="$T/images" CLIP=samples/demo-clip PRECISION=reference \
	    GEN="$STUB_URL#gen" \
	    JUDGES="$STUB_URL#one $STUB_URL#two $STUB_URL#three" "$@")
}
asked() { wc -l < log.jsonl; }
check 'the whole pipeline, tasks grown from seeds' galaxy OUT="$T/out" \
    SEEDS="$ROOT/samples/seeds.jsonl"
check 'it made rows' test "$(wc -l < out/rows.jsonl)" -gt 0
check_output 'every row has three judges and a sum of 2 or more' - \
    jq -s 'all(.[]; (.scores | length == 3) and .vote.sum >= 2)' \
    out/rows.jsonl <<< true
paid=$(asked)
check 'it can be verified' sh -c \
    'cd "$0" && pipelines/taskgalaxy/verify "$1"' "$ROOT" "$T/out"
check_output 'which asks no model' - asked <<< "$paid"
sum=$(sha256sum < out/manifest.json)
check 'made again' galaxy OUT="$T/out" SEEDS="$ROOT/samples/seeds.jsonl"
check_output 'nothing changed' - sh -c 'sha256sum < out/manifest.json' \
    <<< "$sum"
check_output 'nothing was asked' - asked <<< "$paid"

# A stage file lost is made again from the ledger.
cp out/rows.jsonl rows.jsonl
rm out/qa.jsonl out/voted.jsonl
check 'stages lost' galaxy OUT="$T/out" SEEDS="$ROOT/samples/seeds.jsonl"
check_equal 'come back as they were' rows.jsonl out/rows.jsonl
check_output 'unpaid' - asked <<< "$paid"

# What new images cost.
cp "$ROOT"/samples/demo-clip/images/[ef]*.[jp]*g images/
new=$(find "$ROOT"/samples/demo-clip/images -name "[ef]*.[jp]*g" | wc -l)
old=$(jq -r '.id' out/images.jsonl | sort -u | wc -l)
check 'more images' galaxy OUT="$T/out" SEEDS="$ROOT/samples/seeds.jsonl"
check_output 'all are there' - sh -c 'wc -l < out/images.jsonl' \
    <<< $((old + new))
spent=$(asked)
check 'the same images at once' galaxy OUT="$T/fresh" \
    SEEDS="$ROOT/samples/seeds.jsonl"
check_output 'cost what they cost in two turns' - asked <<< $((2 * spent))
check_equal 'and give the same rows' fresh/rows.jsonl out/rows.jsonl

# As one pipe.
export RIDDLE_LEDGER=$T/pipe.db
check 'as one shell pipe' sh -c 'cd "$0" && pipelines/taskgalaxy/run \
    "$1/images" samples/tasks.jsonl samples/demo-clip "$2#gen" "$2#one" \
    "$2#two" "$2#three" > "$1/pipe.jsonl"' "$ROOT" "$T" "$STUB_URL"
check_output 'each image is there, or the ledger says why not' - sqlite3 \
    pipe.db 'select count(*) from runs where records_in <> passed + dropped
    + failed and tool not in ("qa-generate", "clip-filter")' <<< 0
unset RIDDLE_LEDGER

# -- Models that misbehave --------------------------------------------------------
stub_stop
stub_start --offered --seed 4 --log log.jsonl --fault refusal@0.1 \
    --fault invalid-json@0.3
check 'nonsense and refusals' galaxy OUT="$T/bad" MAX_FAILED=90% \
    TASKS="$ROOT/samples/tasks.jsonl"
check_output 'the sums hold' - sqlite3 bad/riddle.db \
    'select count(*) from runs where records_in <> passed + dropped + failed
    and tool not in ("qa-generate", "clip-filter")' <<< 0
check_output 'each failed record has its reason' - sh -c \
    'cat bad/failed/*.jsonl | jq -s "length > 0 and all(.[]; .reason != \"\")"' \
    <<< true
check_status 2 'beyond --max-failed it stops' galaxy OUT="$T/worse" \
    MAX_FAILED=1% TASKS="$ROOT/samples/tasks.jsonl"
check_stderr 'with status 3' 'more than --max-failed 1%.*|Error 3'
check 'and makes no dataset' test ! -e worse/rows.jsonl
