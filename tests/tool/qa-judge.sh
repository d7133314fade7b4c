#!/usr/bin/env bash
# riddle-qa-judge: what a judge's reply becomes.  D29 to D31 and D35 are defects
# of the published scripts; each check that names one fails on their behaviour.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db

judge() { riddle qa-judge -m "$STUB_URL#stub" --images caption "$@"; }
last() { sqlite3 led.db 'select records_in, passed, dropped, failed, records_out from runs order by run desc limit 1'; }

qa() {
	printf '{"kind":"qa","id":"qa:%032d","image":{"id":"i%d","uri":"%d.png","caption":"image %d!"},"task":{"id":"t","path":["OCR","shop signs"]},"question":"What is $x^{2}$ of %d?","answer":"secret", "n" : 2.50}\n' \
		"$1" "$1" "$1" "$1" "$1"
}

# -- The record -----------------------------------------------------------------
qa 1 > in.jsonl
stub_start --log log.jsonl --reply '{"reason":"It is {not}\nthere.","score":1}'
judge in.jsonl > out.jsonl
call=$(sqlite3 led.db 'select call from calls')
check_output 'a score behind all other bytes, with the call that gave it' - cat out.jsonl <<END
$(qa 1 | sed 's/}$//'),"scores":[{"judge":"stub","model":"stub","score":1,"scale":[0,1],"reason":"It is {not}\nthere.","saw_answer":false,"call":"$call"}]}
END
check_output 'the call is a hash' - sh -c 'echo "$0" | grep -cx "[0-9a-f]\{32\}"' "$call" <<< 1
judge --judge 'second "one"' --scale 1..5 --see-answer out.jsonl > two.jsonl
check_output 'a second judge stands behind the first, whose bytes stay' - sh -c \
	'cut -c "1-$(($(wc -c < out.jsonl) - 3))" two.jsonl | tr -d "\n" | cmp -n "$(($(wc -c < out.jsonl) - 3))" - out.jsonl && jq -c ".scores | map([.judge, .score, .scale, .saw_answer])" two.jsonl' \
	<<< '[["stub",1,[0,1],false],["second \"one\"",1,[1,5],true]]'
check 'it fits the schema' riddle validate --ledger none two.jsonl
check_output 'the ledger tells of both' - sh -c \
	'riddle ledger why qa:00000000000000000000000000000001 | grep -c "qa-judge"' <<< 2
check_status 3 'a judge judges once' judge --failed lost.jsonl two.jsonl
check_output 'and the reason says what to do' - jq -r '[.rule, .reason] | join(": ")' lost.jsonl \
	<<< 'input: "stub" has judged this record before; --judge gives another name'
check_output 'nobody was asked' - sh -c 'wc -l < log.jsonl' <<< 2
check_output 'judges chain in a pipe' - sh -c 'riddle qa-judge -m "$0" --judge a --images caption in.jsonl |
	riddle qa-judge -m "$0" --judge b --images caption | riddle qa-judge -m "$0" --judge c --images caption |
	jq -c ".scores | map(.judge)"' "$STUB_URL#stub" <<< '["a","b","c"]'

# -- D30: with and without the answer -----------------------------------------------
rm -f led.db*
judge in.jsonl > /dev/null
check_output 'the faithful judge does not see the answer' - sh -c \
	"sqlite3 led.db \"select count(*) from calls where request like '%secret%'\"" <<< 0
judge --see-answer --judge strict in.jsonl > /dev/null
check_output 'D30: --see-answer has the answer judged' - sh -c \
	"sqlite3 led.db \"select count(*) from calls where request like '%The answer: _\\\"secret%'\"" <<< 1
printf -- '---\noutput: { schema: { score: integer } }\n---\nIs {{answer}} right? {{label}} {{scores}}\n' > peek.prompt
check_status 3 'a prompt cannot see the answer unless told so' judge --prompt peek.prompt in.jsonl
check_stderr 'and says what it misses' "no field 'answer'"
check_status 3 'nor the scores of others' judge --prompt peek.prompt --see-answer two.jsonl --judge y
check_stderr 'since they would sway it' "no field 'scores'"
check_output 'the question is shown as JSON, with its braces' - sh -c \
	"sqlite3 led.db 'select request from call order by call limit 1' | jq -r '.messages[-1].content' | sed -n 's/^The question: //p'" \
	<<< '"What is $x^{2}$ of 1?"'

# -- Scales -----------------------------------------------------------------------------
rm -f led.db*
stub_start
for i in $(seq 60); do qa "$i"; done > in.jsonl
judge in.jsonl > out.jsonl
check_output '0 or 1' - sh -c 'jq -c ".scores[0].score" out.jsonl | sort -u' <<< $'0\n1'
judge --scale 1..5 in.jsonl > out.jsonl
check_output '1 to 5' - sh -c 'jq -c ".scores[0].score" out.jsonl | sort -u' <<< $'1\n2\n3\n4\n5'
check_output 'the model is told' - sh -c "sqlite3 led.db \"select count(*) from calls where
	request like '%whole number from 1 to 5%'\"" <<< 60
for scale in 1 5..1 1..1 0.5..1 a..b; do
	check_status 2 "a scale of $scale" judge --scale $scale in.jsonl
done

# -- D35: nothing is guessed ---------------------------------------------------------------
rm -f log.jsonl led.db*
cat > replies.jsonl <<'END'
{"match":"image 1!","reply":"1."}
{"match":"image 2!","reply":"Score: 1"}
{"match":"image 3!","reply":{"reason":"r","score":10}}
{"match":"image 4!","reply":{"reason":"r","score":2}}
{"match":"image 5!","reply":{"reason":"r","score":"1"}}
{"match":"image 6!","reply":{"reason":"r","score":0.5}}
{"match":"image 7!","reply":{"reason":"r","score":null}}
{"match":"image 8!","reply":{"reason":"r","score":1}}
{"match":"image 9!","reply":{"reason":"r","score":0}}
END
stub_start --log log.jsonl --reply-file replies.jsonl --reply 'I would say 1'
head -n 9 in.jsonl > nine.jsonl
check_status 3 'D35: what is no score of the scale fails' judge --failed lost.jsonl nine.jsonl
cp .out out.jsonl
check_output 'D35: and is no zero, nor a vote' - jq -c '[.image.id, .scores[0].score]' out.jsonl \
	<<< $'["i8",1]\n["i9",0]'
check_output 'D35: each failed one is kept with what the judge said' - sh -c \
	'jq -c "[.rule, .value]" lost.jsonl | sort | uniq -c | tr -s " "' <<< ' 7 ["schema","I would say 1"]'
check_output 'D35: after it was asked once more' - sh -c 'wc -l < log.jsonl' <<< 16
check_output 'in = out + failed' - last <<< '9|2|0|7|2'

# -- D29: every row is scored -----------------------------------------------------------------
rm -f led.db*
stub_start
for i in $(seq 3000); do qa "$i"; done > many.jsonl
judge many.jsonl > out.jsonl
check_output 'D29: every row gets its score, first and last alike' - sh -c \
	'jq -r "[.id, .scores[0].judge] | join(\" \")" out.jsonl | sed -n "1p;\$p"; wc -l < out.jsonl' <<'END'
qa:00000000000000000000000000000001 stub
qa:00000000000000000000000000003000 stub
3000
END

# -- D31: one bad image, and a rerun -------------------------------------------------------------
curl -s "$STUB_URL/images/generations" -d '{"model":"m","prompt":"a cat","n":1}' \
	-H 'content-type: application/json' | jq -r '.data[0].b64_json' | base64 -d > 1.png
cp 1.png 3.png
echo 'not an image' > 2.png
head -n 3 in.jsonl > three.jsonl
see() { riddle qa-judge -m "$STUB_URL#stub" "$@"; }
check_status 3 'D31: one bad image is one failed record' see --failed lost.jsonl three.jsonl
cp .out first.jsonl
check_output 'D31: the others are judged' - jq -r .image.id first.jsonl <<< $'i1\ni3'
check_output 'D31: the bad one is named' - sh -c "jq -r .reason lost.jsonl | grep -c 2.png" <<< 1
check_status 3 'D31: again' see three.jsonl
cp .out second.jsonl
check_equal 'D31: doubles nothing' first.jsonl second.jsonl
jq -c 'del(.image.caption)' three.jsonl > plain.jsonl
check_status 3 'an image needs no caption when it is shown' see --failed lost.jsonl plain.jsonl
cp .out plain.out
check_output 'two are judged' - sh -c 'wc -l < plain.out' <<< 2
check_status 3 'but where captions stand for images it fails' judge --failed lost.jsonl plain.jsonl
check_output 'each with its reason' - sh -c 'jq -r .reason lost.jsonl | grep -c "no caption"' <<< 3

# -- A judge that answers nonsense, and refuses -------------------------------------------------------
rm -f led.db* log.jsonl
head -n 400 many.jsonl > some.jsonl
stub_start --log log.jsonl --latency 1-15 --fault wrong-schema@0.3,once --fault refusal@0.1,once
check_status 3 'nonsense in three of ten, a refusal in one' judge --inflight 64 --failed lost.jsonl some.jsonl
cp .out first.jsonl
check_output 'the sums hold' - sqlite3 led.db 'select records_in, passed + failed, passed = records_out,
	failed between 20 and 200 from runs' <<< '400|400|1|1'
check_output 'in order' - sh -c 'jq -r .image.id first.jsonl | tr -d i | sort -nc && echo ordered' <<< ordered
check_output 'reasons are listed' - sh -c 'jq -r .rule lost.jsonl | sort -u' <<< $'refusal\nschema'
check_output 'no failed record has a score' - sh -c 'jq -c "select(.record.scores)" lost.jsonl | wc -l' <<< 0
share=$(sqlite3 led.db 'select failed * 100 / records_in + 1 from runs')
check '--max-failed that allows it' judge --max-failed "$share%" --offline some.jsonl
ids=$(jq -r .record.image.id lost.jsonl | sort)
calls=$(sqlite3 led.db 'select max(call) from call')
judge --retry-failed --inflight 64 some.jsonl > retried.jsonl 2> .err
check_output '--retry-failed asks about the failed ones only' - sh -c "sqlite3 led.db \"select request from call where call > \$0\" |
	jq -r '.messages[1].content | capture(\"image (?<n>[0-9]+)!\") | \"i\" + .n' | sort -u" "$calls" <<< "$ids"
check_output 'and those that had failed have scores' - sh -c \
	'test "$(wc -l < retried.jsonl)" -gt "$(wc -l < first.jsonl)" && echo more' <<< more
riddle qa-judge -m "$STUB_URL#stub" --images caption --offline --inflight 1 some.jsonl > offline.jsonl 2>/dev/null
check_equal 'offline the same bytes' retried.jsonl offline.jsonl

# -- Bad input ------------------------------------------------------------------------------------------
{
	echo '{"kind":"match"}'; echo '{"kind":"qa"}'
	qa 1 | sed 's/"answer":"secret"/"answer":""/'
	qa 2 | sed 's/\["OCR","shop signs"\]/[]/'
	qa 3 | sed 's/"n" : 2.50/"scores":{}/'
	qa 4 | sed 's/"n" : 2.50/"scores": [ ]/'
} > bad.jsonl
check_status 3 'what is no qa record fails' judge --failed lost.jsonl bad.jsonl
cp .out out.jsonl
check_output 'with its reason' - jq -r .rule lost.jsonl <<< $'id\nid\ninput\ninput\ninput'
check_output 'the last is one' - jq -r '.image.id' out.jsonl <<< i4
check_status 2 'a name that is empty' judge --judge '' in.jsonl
check_status 2 'a name that is not UTF-8' judge --judge $'\xff' in.jsonl
check_status 2 '--rollouts is refused' judge --rollouts 2 in.jsonl
printf -- '---\noutput: { schema: { verdict: string } }\n---\nIs it?\n' > none.prompt
check_status 2 'a prompt whose reply has no score' judge --prompt none.prompt in.jsonl
check_stderr 'says so' 'no member "score"'
