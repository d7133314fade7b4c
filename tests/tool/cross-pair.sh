#!/usr/bin/env bash
# riddle-cross-pair: k (k - 1) triples, every image as often chosen as rejected.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=$T/riddle.db
pair() { riddle cross-pair "$@"; }
# 500 groups of 2 to 5 sides.
awk 'BEGIN { for (i = 0; i < 500; i++) {
	printf "{\"kind\":\"contrast\",\"base\":\"b %d\",\"dimension\":\"content\",\"sides\":[", i
	k = 2 + i % 4
	for (j = 0; j < k; j++) printf "%s{\"text\":\"t %d %d\",\"image\":{\"id\":\"image:%d-%d\",\"uri\":\"%d-%d.png\"}}", j ? "," : "", i, j, i, j, i, j
	print "]}" } }' > groups.jsonl
pair --folds 5 groups.jsonl > triples.jsonl
check_output 'k sides give k (k - 1) triples' - sh -c 'wc -l < triples.jsonl' \
	<<< $((125 * (2 + 6 + 12 + 20)))
check_output 'every image is chosen as often as rejected' - sh -c '
	jq -r .chosen.image.id triples.jsonl | sort > c
	jq -r .rejected.image.id triples.jsonl | sort | cmp - c && echo same' <<< same
check_output 'none is chosen for an instruction that is not its own' - sh -c \
	'jq -r "[(.prompt | sub(\"t (?<a>.*) (?<b>.*)\"; \"image:\(.a)-\(.b)\")), .chosen.image.id] | select(.[0] != .[1])" triples.jsonl | wc -l' <<< 0
check_output 'the triples fit their schema, and their ids' - sh -c \
	'riddle validate --ledger none --ids --strict triples.jsonl | cmp - triples.jsonl && echo same' <<< same
check_output 'no image stands in two folds' - sh -c \
	'jq -r "[.chosen.image.id, .fold] | @tsv" triples.jsonl | sort -u | cut -f 1 | uniq -d | wc -l' <<< 0
check_output 'with --text-preference twice as many' - sh -c \
	'riddle cross-pair --ledger none --text-preference groups.jsonl | wc -l' <<< $((2 * 5000))
check_output 'select keeps a group in one split' - sh -c \
	'riddle select --ledger none --group group --split train=0.8,test=0.2 --leaks ignore triples.jsonl | jq -r "[.chosen.image.id, .split] | @tsv" | sort -u | cut -f 1 | uniq -d | wc -l' <<< 0
check_output 'the ledger leads from a triple to its contrast' - sh -c \
	'riddle ledger why "$(head -n 1 triples.jsonl | jq -r .id)" | grep -c "contrast:"' <<< 1

side() { printf '{"text":"%s","image":{"id":"image:%s","uri":"%s.png"}}' "$@" "$2"; }
group() { printf '{"kind":"contrast","base":"b","dimension":"content","sides":[%s]}\n' "$1"; }
{
	group "$(side a 1)"
	group "$(side a 1),{\"text\":\"b\"}"
	group "$(side a 1),$(side ' A' 2)"
	group "$(side a 1),$(side b 1)"
	echo '{"kind":"task","path":["a"]}'
	group "$(side a 1),$(side b 2)"
} > bad.jsonl
pair --max-failed 100% --failed lost bad.jsonl > good.jsonl
check_output 'groups that are of no use go whole, each with its rule' - \
	jq -r .rule lost <<'EOF2'
one-side
no-image
same-text
same-image
record
EOF2
check_output 'the good one stays' - sh -c 'wc -l < good.jsonl' <<< 2
