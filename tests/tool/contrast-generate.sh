#!/usr/bin/env bash
# riddle-contrast-generate: what replies become, quotas, the order of sides.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db

fresh() {
	rm -f led.db* log.jsonl
	stub_start --log log.jsonl "$@"
}
con() { riddle contrast-generate -m "$STUB_URL#stub" "$@"; }
base() { printf '{"kind":"instruction","id":"instruction:%032d","text":"%s"}\n' \
	"$1" "$2"; }
bases() { for ((i = 1; i <= $1; i++)); do
	base "$i" "scene $((i * 7919)) of place $((i * 104729))"; done; }
reply() {
	fresh --reply "$1"
	base 1 'A dog on a sofa.' > in.jsonl
}
good='{"sides":[{"text":"A  brown dog on a sofa.","delta":"Brown"},
	{"text":"A white dog on a sofa.","delta":"white"}]}'

# -- The record ---------------------------------------------------------------------
reply "$good"
con --dimensions content=1 in.jsonl > out.jsonl 2> err
check_output 'base, dimension, sides, what differs' - jq -c \
	'[.base, .dimension, (.sides | map(.text) | sort), (.delta | sort), .from]' \
	out.jsonl <<< '["A dog on a sofa.","content",["A brown dog on a sofa.","A white dog on a sofa."],["Brown","white"],["instruction:00000000000000000000000000000001"]]'
check 'it fits its schema, id and all' riddle validate --ledger none --ids \
	out.jsonl
check_output 'the ledger walks up to the base' - sh -c \
	'riddle ledger why "$(jq -r .id out.jsonl)" | grep -c "instruction:0*1$"' \
	<<< 1
check_output 'and down to the contrast' - sh -c \
	'riddle ledger --json children instruction:00000000000000000000000000000001 |
	grep -c "$(jq -r .id out.jsonl)"' <<< 1

# -- Replies that are none -----------------------------------------------------------
bad() {
	reply "$2"
	check_status 3 "$1 fails" con --failed lost.jsonl in.jsonl
	check_output "$1: the rule, after one more try" - sh -c \
	    'jq -r .rule lost.jsonl; wc -l < log.jsonl' <<< "$3"$'\n2'
}
bad 'one side' '{"sides":[{"text":"A","delta":"A"}]}' reply
bad 'three sides' '{"sides":[{"text":"A","delta":"A"},{"text":"B","delta":"B"},
	{"text":"C","delta":"C"}]}' reply
bad 'no list' '{"text":"A"}' schema
bad 'the same text twice' '{"sides":[{"text":"a dog","delta":"dog"},
	{"text":"A  Dog","delta":"dog"}]}' sides
bad 'a blank text' '{"sides":[{"text":" ","delta":"dog"},
	{"text":"A dog","delta":"dog"}]}' sides
bad 'a delta that is not in its text' '{"sides":[{"text":"a dog","delta":"cat"},
	{"text":"a fox","delta":"fox"}]}' delta
bad 'a delta within a word' '{"sides":[{"text":"a hotdog","delta":"dog"},
	{"text":"a fox","delta":"fox"}]}' delta
bad 'the same delta' '{"sides":[{"text":"a dog runs","delta":"runs"},
	{"text":"a fox runs","delta":"runs"}]}' delta
bad 'deltas that each stand in both' '{"sides":[
	{"text":"a red cat on a blue mat","delta":"red"},
	{"text":"a blue mat, a red cat on it","delta":"blue"}]}' delta
bad 'an empty delta' '{"sides":[{"text":"a dog","delta":""},
	{"text":"a fox","delta":"fox"}]}' delta

# -- Dimensions ------------------------------------------------------------------------
fresh --offered
bases 600 > many.jsonl
con --near 0 --dimensions content=3,aesthetics=1 many.jsonl > out.jsonl 2> err
check_output 'dimensions come as often as they should' - sh -c \
	'jq -r .dimension out.jsonl | sort | uniq -c |
	awk "{ print \$2, (\$1 > 110 && \$1 < 190) || (\$1 > 410 && \$1 < 490) }"' \
	<<< $'aesthetics 1\ncontent 1'
tac many.jsonl > turned.jsonl
con --near 0 --dimensions content=3,aesthetics=1 turned.jsonl 2> err |
	tac > again.jsonl
check_equal 'whatever the order of the records' out.jsonl again.jsonl
check_output 'the question names the one that was drawn' - sh -c \
	'sqlite3 led.db "select request from calls" | grep -c "how the picture looks"' \
	< <(grep -c '"dimension":"aesthetics"' out.jsonl)
check_status 2 'an unknown dimension' con --dimensions style=1 in.jsonl
check_status 2 'no weight at all' con --dimensions content=0 in.jsonl

# -- The order of sides, and lengths ---------------------------------------------------
fresh --reply '{"sides":[{"text":"a first one that is longer","delta":"first"},
	{"text":"a second","delta":"second"}]}'
con --near 0 -d content=1 many.jsonl > out.jsonl 2> err
check_output 'sides change places half of the time' - sh -c \
	'jq -r ".sides[0].text[2:3]" out.jsonl | grep -c f |
	awk "{ print (\$1 > 240 && \$1 < 360) }"' <<< 1
check 'the length that gives a side away is told' grep -Eq \
	'600 contrasts .*\+4\.00 before they were shuffled' err
check_output 'and kept in the ledger' - sh -c \
	"sqlite3 led.db \"select count(*) from note where name = 'lengths'\"" <<< 1
con --near 0 -d content=1 --shuffle-seed 1 many.jsonl > other.jsonl 2> err
check_status 1 'another seed, other places' cmp -s out.jsonl other.jsonl
check_output 'and nobody is asked for it' - sh -c 'wc -l < log.jsonl' <<< 600

# -- Near-duplicates -------------------------------------------------------------------
fresh --offered
{
	base 1 'A small brown dog sleeps on a long green sofa in the sun.'
	base 2 'A small brown dog sleeps on a long green sofa in the sun!'
	base 3 'Two ships meet at sea.'
} > near.jsonl
check_output 'a base that was there is dropped' - sh -c \
	'riddle contrast-generate -m "$0#stub" --failed lost.jsonl near.jsonl |
	wc -l; jq -r "[.rule, .record.id[-1:]] | @tsv" lost.jsonl' "$STUB_URL" \
	<<< $'2\nnear\t2'
check_output 'unasked' - sh -c 'wc -l < log.jsonl' <<< 2
check_output 'but not with --near 0' - sh -c \
	'riddle contrast-generate -m "$0#stub" --near 0 near.jsonl | wc -l' \
	"$STUB_URL" <<< 3
check_status 3 'no text' con <<< '{"kind":"instruction","id":"instruction:9"}'
