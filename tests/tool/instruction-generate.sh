#!/usr/bin/env bash
# riddle-instruction-generate: what replies become.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db

replies() {
	cat > replies.jsonl
	rm -f led.db* log.jsonl
	stub_start --log log.jsonl --reply-file replies.jsonl
}
gen() { riddle instruction-generate -m "$STUB_URL#stub" "$@"; }
last() { sqlite3 led.db 'select records_in, passed, dropped, failed,
	records_out from runs order by run desc limit 1'; }
topic() { printf '{"kind":"task","id":"task:%032d","path":["a","b %d"]}\n' \
	"$1" "$1"; }

topic 1 > in.jsonl
replies <<< '{"match":"a ~ b 1","reply":{"instructions":["One  cat.","Two dogs.\n"]}}'
check_output 'a record for each, blanks squeezed, with the topic' - sh -c \
	'riddle instruction-generate -m "$0#stub" -c 2 in.jsonl |
	jq -c "[.text, .task.path, .from[0][-2:]]"' "$STUB_URL" \
	<<< $'["One cat.",["a","b 1"],"01"]\n["Two dogs.",["a","b 1"],"01"]'
gen -c 2 in.jsonl > out.jsonl 2> err
check 'they fit their schema, ids and all' riddle validate --ledger none \
	--ids out.jsonl
check_output 'number and topic are in the prompt' - sh -c \
	"sqlite3 led.db 'select request from calls' |
	jq -r '.messages[-1].content'" <<'END'
Topic: "a ~ b 1"
Number of instructions: 2
END
check_output 'a rerun asks nobody' - sh -c 'wc -l < log.jsonl' <<< 1

replies <<< '{"reply":{"instructions":["A cat."," a CAT. ","","A dog.","A fox."]}}'
check_output 'blank, repeated and extra ones are dropped' - sh -c \
	'riddle instruction-generate -m "$0#stub" -c 2 --failed lost.jsonl in.jsonl |
	jq -r .text' "$STUB_URL" <<< $'A cat.\nA dog.'
check_output 'by their rules' - sh -c 'jq -r .rule lost.jsonl | sort' \
	<<< $'empty\nextra\nrepeat'
check_output 'the sums hold' - last <<< '4|1|3|0|2'

replies <<< '{"reply":{"instructions":["A cat."]}}'
check_status 3 'too few: the topic fails' gen -c 2 --failed lost.jsonl in.jsonl
check_output 'after it was asked again' - sh -c 'wc -l < log.jsonl' <<< 2
check_output 'and says so' - jq -r '.rule + ": " + .reason' lost.jsonl \
	<<< 'count: 1 different instructions, 2 were asked for'
rm -f led.db*
check_output '--partial keeps it' - sh -c \
	'riddle instruction-generate -m "$0#stub" -c 2 --partial in.jsonl |
	jq -r .text' "$STUB_URL" <<< 'A cat.'

for bad in '"text"' '{"instructions":"A cat."}' '[1, 2]' '{}'; do
	replies <<< "{\"reply\":$bad}"
	check_status 3 "no list of texts: $bad" gen -c 1 --partial in.jsonl
done
check_status 3 'no topic' gen <<< '{"kind":"task","path":[]}'
check_status 3 'another kind' gen <<< '{"kind":"image","uri":"a"}'
check_status 2 'no number' gen -c 0 in.jsonl

# -- After a review -------------------------------------------------------------------
for i in 1 2 3 4; do topic $i; done > grown.jsonl
decide() { printf '{"id":"task:%032d","scores":[{"judge":"review","score":%d%s}]}\n' "$@"; }
{ decide 1 1 ''; decide 2 0 ',"reason":"vague"'; decide 3 1 ',"path":["a","new"]'; } > review.jsonl
rm -f led.db*
stub_start --offered
reviewed() {
	riddle vote --judges review --min-sum 1 --join review.jsonl \
		--failed lost.jsonl --max-failed 1 grown.jsonl |
	jq -c '.scores[0].path as $new | del(.scores, .vote) |
	    if $new then .was = .path | .path = $new else . end' |
	riddle instruction-generate -m "$STUB_URL#stub" -c 3
}
check 'decisions are joined' reviewed
cp .out out.jsonl
check_output 'kept ones go on, one by its new name, each with its number' - \
	sh -c 'jq -c .task.path out.jsonl | uniq -c | tr -s " "' \
	<<< $' 3 ["a","b 1"]\n 3 ["a","new"]'
check_output 'dropped and undecided ones are told apart' - jq -r \
	'.lost + " " + .rule' lost.jsonl <<< $'dropped min-sum\nfailed missing'
check_output 'the renamed one is known by its id' - sh -c \
	'riddle ledger why "$(tail -n 1 out.jsonl | jq -r .id)" | grep -c "task:0*3$"' \
	<<< 1
check 'they fit their schema' riddle validate --ledger none --ids out.jsonl
