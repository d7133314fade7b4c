#!/usr/bin/env bash
# The pipeline InstructEngine as a whole: the demo of preferences, and against a
# server: resumed, and the same bytes as one pipe.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# -- The demo -----------------------------------------------------------------
demo() { (cd "$ROOT" && samples/demo-preference.sh "$@"); }
check 'the demo' demo "$T/one"
check_output 'pairs and triples' - sh -c \
    'wc -l < one/drawn.jsonl; wc -l < one/aligned.jsonl; wc -l < one/triples.jsonl' \
    <<< $'18\n12\n32'
check_output 'the pair whose pictures are wrong is gone' - sh -c \
    'grep -c "sound maker\|sweets and fruit" one/aligned.jsonl; true' <<< 0
check_output 'every picture is chosen as often as rejected' - jq -s '
    (map(.chosen.image.id) | group_by(.) | map({(.[0]): length}) | add) ==
    (map(.rejected.image.id) | group_by(.) | map({(.[0]): length}) | add)' \
    one/triples.jsonl <<< true
check_output 'no picture stands in two folds' - sh -c \
    'jq -r "[.chosen.image.id, .fold] | @tsv" one/triples.jsonl | sort -u |
    cut -f 1 | uniq -d' < /dev/null
check 'the dataset is one' riddle export --check --format diffusion-dpo \
    one/dataset
check 'the page shows the pairs' grep -q 'Preference pairs' one/report.html
check 'again' demo "$T/two"
for file in aligned triples; do
	check_equal "the same $file" one/$file.jsonl two/$file.jsonl
done

# -- Against a server -----------------------------------------------------------
stub_start --taxonomy --offered --log log.jsonl
printf '{"kind":"task","path":["%s"]}\n' Animals Towns > themes.jsonl
engine() {
	(cd "$ROOT" && make -s -f pipelines/instructengine/stages.mk \
	    THEMES="$T/themes.jsonl" GEN="$STUB_URL#g" T2I="$STUB_URL#t" \
	    CLIP=samples/demo-clip PRECISION=reference COUNT=3 \
	    INSTRUCTION_FLAGS=--partial SIZE=64x64 MAX_FAILED=50% \
	    PAIR_FLAGS='--test text' "$@")
}
check 'from themes to a dataset' engine OUT="$T/out"
check 'there are triples' test -s out/triples.jsonl
check_output 'the sums hold' - sqlite3 out/riddle.db \
    'select count(*) from runs where records_in <> passed + dropped + failed' \
    <<< 0
check_output 'two pictures for each contrast' - sh -c \
    'jq -c "[.sides[].image.width]" out/drawn.jsonl | sort -u' <<< '[64,64]'
id=$(jq -r .id out/triples.jsonl | head -n 1)
check_output 'a triple leads up to base, topic, pictures and calls' - sh -c \
    'riddle ledger --ledger out/riddle.db why "$0" |
    grep -oE "^ *(contrast|instruction|task|image):" | tr -d " " | sort -u' \
    "$id" <<< $'contrast:\nimage:\ninstruction:\ntask:'
base=$(jq -r '.from[0]' out/contrasts.jsonl | head -n 1)
check_output 'a base leads down to its contrast' - sh -c \
    'riddle ledger --ledger out/riddle.db --json children "$0" |
    jq -r .id | grep -c "^contrast:"' "$base" <<< 1
paid=$(wc -l < log.jsonl)
cp out/triples.jsonl before.jsonl
rm out/drawn.jsonl out/contrasts.jsonl
check 'stages lost' engine OUT="$T/out"
check_equal 'come back as they were' before.jsonl out/triples.jsonl
check_output 'unpaid' - sh -c 'wc -l < log.jsonl' <<< "$paid"
check_status 2 'no server for pictures' engine OUT="$T/none" T2I=
check_stderr 'is said' 'T2I= is missing'
check_status 2 'neither CLIP nor JUDGE' engine OUT="$T/none" CLIP= JUDGE=
check 'a judge instead of CLIP' engine OUT="$T/judged" CLIP= \
    JUDGE="$STUB_URL#j" MAX_FAILED=100%
check 'is asked' test "$(wc -l < log.jsonl)" -gt "$paid"

# As one pipe.
export RIDDLE_LEDGER=$T/pipe.db
check 'as one shell pipe' sh -c 'cd "$0" && MAX_FAILED=100% \
    pipelines/instructengine/run "$1/out/topics.jsonl" "$2#g" "$2#t" \
    samples/demo-clip "$1/pictures" > "$1/pipe.jsonl"' "$ROOT" "$T" "$STUB_URL"
check_output 'all five tools ran' - sqlite3 pipe.db \
    'select count(*) from runs where status in ("done", "rejected")' <<< 5
