#!/usr/bin/env bash
# riddle-task-filter: what replies do to a match.  D17 to D23 are the defects of
# the published scripts; each check that names one fails on their behaviour.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db

# Replies by the image's caption; one that is not named here gets none.
replies() {
	local otherwise='{"tasks": []}'
	cat > replies.jsonl
	rm -f led.db*
	stub_start --log log.jsonl --reply-file replies.jsonl --reply "${1-$otherwise}"
}
filter() { riddle task-filter -m "$STUB_URL#stub" --images caption "$@"; }
paths() { filter "$@" | jq -r '.tasks | map(.path | join(" ~ ")) | join(" | ")'; }
asked() { wc -l < log.jsonl; }

# match N TASKS: a match whose image is called N.
match() {
	printf '{"kind":"match","id":"match:%032d","from":["image:%d","task:9"],"image":{"id":"i%d","uri":"%d.png", "caption":"image %d!"},"tasks":%s,"note" : 2.50}\n' \
		"$1" "$1" "$1" "$1" "$1" "$2"
}
three='[ {"id":"t1","path":["OCR","shop signs"],"score":0.50,"rank":1} , {"id":"t2","path":["counting"],"score":3e-1,"rank":2},{"id":"t3","path":["charts","bars, lines","say \"hi\""],"score":0.10,"rank":3}]'

# -- The record ---------------------------------------------------------------
for i in 1 2 3; do match $i "$three"; done > in.jsonl
replies <<'END'
{"match":"image 1!","reply":{"tasks":["charts ~ bars, lines ~ say \"hi\"","ocr ∼  Shop Signs"]}}
{"match":"image 2!","reply":{"tasks":["counting","OCR ~ shop signs","charts ~ bars, lines ~ say \"hi\""]}}
END
check_output 'tasks that fit, in the order and the bytes of the record' - filter in.jsonl <<'END'
{"kind":"match","id":"match:98b11db9462c1a9f5445a3825034d8ef","from":["match:00000000000000000000000000000001"],"image":{"id":"i1","uri":"1.png", "caption":"image 1!"},"tasks":[{"id":"t1","path":["OCR","shop signs"],"score":0.50,"rank":1},{"id":"t3","path":["charts","bars, lines","say \"hi\""],"score":0.10,"rank":3}],"note" : 2.50}
{"kind":"match","id":"match:00000000000000000000000000000002","from":["image:2","task:9"],"image":{"id":"i2","uri":"2.png", "caption":"image 2!"},"tasks":[ {"id":"t1","path":["OCR","shop signs"],"score":0.50,"rank":1} , {"id":"t2","path":["counting"],"score":3e-1,"rank":2},{"id":"t3","path":["charts","bars, lines","say \"hi\""],"score":0.10,"rank":3}],"note" : 2.50}
END
filter --failed lost.jsonl in.jsonl > out.jsonl 2>/dev/null
check_output 'none is an answer: the record is dropped' - \
	jq -c '[.lost, .rule, .reason, .value, .record.id]' lost.jsonl \
	<<< '["dropped","none","none of the offered tasks fits","{\"tasks\": []}","match:00000000000000000000000000000003"]'
check_output 'the sums hold' - sqlite3 led.db \
	'select records_in, passed, dropped, failed from runs limit 1' <<< '3|2|1|0'
check 'the records fit their schema' riddle validate --ledger none out.jsonl
head -n 1 out.jsonl > one.jsonl
check 'a new id is that of the content' riddle validate --ledger none --ids one.jsonl
check_output 'the ledger knows the parent' - sh -c 'riddle ledger why match:98b11db9462c1a9f5445a3825034d8ef |
	sed -n "s/^  match/match/p"' <<< 'match:00000000000000000000000000000001'
check_output 'a rerun asks nobody' - asked <<< 3
check_output 'what was kept may be filtered again' - sh -c \
	'riddle task-filter -m "$0" --images caption < one.jsonl | jq -c "[.id, .from[0], (.tasks | length)]"' "$STUB_URL#stub" \
	<<< '["match:98b11db9462c1a9f5445a3825034d8ef","match:00000000000000000000000000000001",2]'

# -- D17: one level, and "none" in a name --------------------------------------
{
	match 1 '[{"id":"t1","path":["counting"]},{"id":"t2","path":["OCR"]}]'
	match 2 '[{"id":"t1","path":["text","None-Latin scripts"]},{"id":"t2","path":["OCR"]}]'
	match 3 '[{"id":"t1","path":["OCR"]}]'
} > in.jsonl
replies <<'END'
{"match":"image 1!","reply":{"tasks":["counting"]}}
{"match":"image 2!","reply":{"tasks":["text ~ None-Latin scripts"]}}
{"match":"image 3!","reply":{"tasks":["None"]}}
END
check_output 'D17: a label of one level counts, and one that holds "None"' - paths in.jsonl <<'END'
counting
text ~ None-Latin scripts
END

# -- D18: what was not offered --------------------------------------------------
for i in 1 2 3 4; do match $i "$three"; done > in.jsonl
match 5 '[{"id":"a","path":["x","same"]},{"id":"b","path":["y","same"]}]' >> in.jsonl
replies <<'END'
{"match":"image 1!","reply":{"tasks":["counting","counting sheep"]}}
{"match":"image 2!","reply":{"tasks":["shop signs"]}}
{"match":"image 3!","reply":{"tasks":["shop ~ signs"]}}
{"match":"image 4!","reply":{"tasks":["COUNTING"]}}
{"match":"image 5!","reply":{"tasks":["same"]}}
{"match":"counting sheep","reply":{"tasks":["counting","counting sheep"]}}
{"match":"shop ~ signs","reply":{"tasks":["shop ~ signs"]}}
{"match":"last name of several","reply":{"tasks":["same"]}}
END
check_status 3 'D18: an unoffered label fails the record' filter --failed lost.jsonl in.jsonl
cp .out out.jsonl
check_output 'D18: another case and a last name are the same label' - \
	jq -c '.tasks[0].id' out.jsonl <<< $'"t1"\n"t2"'
check_output 'D18: the reason and the reply are kept' - \
	jq -c '[.lost, .rule, .reason, .value]' lost.jsonl <<'END'
["failed","unoffered","\"counting sheep\" was not offered","{\"tasks\":[\"counting\",\"counting sheep\"]}"]
["failed","unoffered","\"shop ~ signs\" was not offered","{\"tasks\":[\"shop ~ signs\"]}"]
["failed","unoffered","\"same\" is the last name of several tasks that were offered","{\"tasks\":[\"same\"]}"]
END
check_output '--unoffered drop keeps the others' - paths --unoffered drop in.jsonl <<'END'
counting
OCR ~ shop signs
counting
END
check_output 'and counts what it dropped' - sqlite3 led.db \
	'select records_in, passed, dropped, failed from runs order by run desc limit 1' <<< '6|3|3|0'
check_output 'a dropped name has its rule' - sqlite3 led.db \
	"select rule, count(*) from drops where run = 2 group by 1" <<< 'unoffered|3'

# -- D19: errors and refusals are not silence; a rerun doubles nothing -----------
for i in $(seq 40); do match "$i" '[{"id":"t1","path":["counting"]}]'; done > in.jsonl
rm -f led.db*
cat > rules.jsonl <<'END'
{"fault":"refusal","match":"image 4!"}
{"fault":"http","status":400,"match":"image 31!"}
END
stub_start --log log2.jsonl --reply '{"tasks":["counting"]}' --script rules.jsonl
check_status 3 'D19: some are refused, some are errors' filter --failed lost.jsonl in.jsonl
cp .out first.jsonl
check_output 'D19: in = out + failed' - sh -c \
	'echo $(($(wc -l < first.jsonl) + $(wc -l < lost.jsonl)))' <<< 40
check_output 'D19: both kinds are named' - sh -c 'jq -r .rule lost.jsonl | sort -u' <<< $'http\nrefusal'
check_status 3 'D19: run again' filter --failed lost.jsonl in.jsonl
cp .out second.jsonl
check_equal 'D19: gives the same bytes, nothing twice' first.jsonl second.jsonl

# -- D20: what the model is shown ------------------------------------------------
match 1 "$three" > in.jsonl
replies <<< '{"reply":{"tasks":["counting"]}}'
check 'asked once' filter in.jsonl
check_output 'D20: each label is a JSON string on its line' - sh -c \
	"sqlite3 led.db 'select request from calls' | jq -r '.messages[-1].content' | sed -n '/^\"/p'" <<'END'
"OCR ~ shop signs"
"counting"
"charts ~ bars, lines ~ say \"hi\""
END
check_output 'D20: and these lines are the labels again' - sh -c \
	"sqlite3 led.db 'select request from calls' | jq -r '.messages[-1].content' | sed -n '/^\"/p' | jq -s -c ." \
	<<< '["OCR ~ shop signs","counting","charts ~ bars, lines ~ say \"hi\""]'

# -- D21, D22: fences, full stops, commas ------------------------------------------
for i in 1 2 3; do match $i "$three"; done > in.jsonl
replies <<'END'
{"match":"image 1!","reply":"```json\n{\"tasks\": [\"OCR ~ shop signs.\", \"“counting”\"]}\n```\n"}
{"match":"image 2!","reply":"The tasks that fit are: {\"tasks\": [\"charts ~ bars, lines ~ say \\\"hi\\\"\"]}"}
{"match":"image 3!","reply":{"tasks":[" \"counting\"\n","- OCR ~ shop signs"]}}
END
check_output 'D21: a code fence, a full stop, a newline do no harm; D22: nor does a comma' - paths in.jsonl <<'END'
OCR ~ shop signs | counting
charts ~ bars, lines ~ say "hi"
OCR ~ shop signs | counting
END

# -- D23: provenance ---------------------------------------------------------------
check_output 'D23: model, prompt, settings and the raw reply are kept' - sqlite3 led.db \
	"select model is not null, length(prompt_sha256), params like '%temperature%',
	(select count(*) from calls where reply like '%choices%') from runs limit 1" <<< '1|64|1|3'

# -- Replies that are none ------------------------------------------------------------
for i in 1 2 3 4; do match $i "$three"; done > in.jsonl
rm -f log.jsonl
replies 'none of these' <<'END'
{"match":"image 1!","reply":{"tasks":[7]}}
{"match":"image 2!","reply":"counting"}
{"match":"image 3!","reply":{"labels":["counting"]}}
{"match":"image 4!","reply":{"tasks":["counting"]}}
END
check_status 3 'a reply of another form fails its record alone' filter --failed lost.jsonl in.jsonl
check_output 'for what it is' - jq -r .rule lost.jsonl <<< $'schema\nschema\nschema'
check_output 'and is asked for once more' - asked <<< 7

# -- Matches that are none ------------------------------------------------------------
{
	echo '{"kind":"qa"}'; echo '{}'
	match 1 '[]'; match 2 '[{"id":"a"}]'; match 3 '[{"id":"a","path":["x"]},{"id":"b","path":["X"]}]'
	match 4 "$three"
} > in.jsonl
rm -f led.db*
stub_start --log log3.jsonl --reply '{"tasks":["counting"]}'
check_status 3 'what is no match fails' filter --failed lost.jsonl in.jsonl
cp .out out.jsonl
check_output 'each with its reason' - jq -c '[.rule, (.reason | length > 10)]' lost.jsonl \
	<<< $'["id",true]\n["input",true]\n["input",true]\n["input",true]\n["input",true]'
check_output 'and nobody was asked about it' - sh -c 'wc -l < log3.jsonl; wc -l < out.jsonl' <<< $'1\n1'

# -- The prompt --------------------------------------------------------------------------
printf -- '---\noutput: { format: json }\n---\nPick from {{json labels}} for {{image.uri}}\n' > own.prompt
check_output 'a prompt of one'\''s own' - paths --prompt own.prompt --max-failed 9 in.jsonl <<< counting
check_output 'sees the labels' - sh -c "sqlite3 led.db 'select request from call order by call desc limit 1' |
	jq -r '.messages[0].content'" <<< 'Pick from ["OCR ~ shop signs","counting","charts ~ bars, lines ~ say \"hi\""] for 4.png'
echo 'Pick {{labels.0}}' > text.prompt
check_status 2 'a prompt for text is refused' filter --prompt text.prompt in.jsonl
check_stderr 'and says what it must be' 'format: json'
check_status 2 '--rollouts is refused' filter --rollouts 2 in.jsonl

# -- Faults, order, retry -----------------------------------------------------------------
for i in $(seq 200); do match "$i" "$three"; done > in.jsonl
rm -f led.db*
stub_start --log log4.jsonl --reply '{"tasks":["counting"]}' --latency 1-15 \
	--fault refusal@0.1,once
check_status 3 'a model that refuses a tenth' filter --inflight 64 in.jsonl
cp .out first.jsonl
check_output 'the sums hold' - sqlite3 led.db 'select records_in, passed + dropped + failed,
	failed > 8, failed < 40, passed = records_out from runs' <<< '200|200|1|1|1'
check_output 'in order' - sh -c 'jq -r .image.id first.jsonl | tr -d i | sort -nc && echo ordered' <<< ordered
bad=$(sqlite3 led.db 'select failed from runs')
n=$(wc -l < log4.jsonl)
check '--retry-failed' filter --retry-failed in.jsonl
check_output 'asks the failed ones, and no other' - sh -c 'wc -l < log4.jsonl' <<< $((n + bad))
check_status 0 '--max-failed allows some' filter --max-failed 50% --offline in.jsonl
cp .out third.jsonl
check_output 'then all are there' - sh -c 'wc -l < third.jsonl' <<< 200
filter --inflight 1 --offline in.jsonl > fourth.jsonl
check_equal 'the same bytes whatever is in flight' third.jsonl fourth.jsonl

# -- A reply that names what was not offered is worth another question -------------------------
match 1 "$three" > in.jsonl
rm -f led.db* log5.jsonl
stub_start --log log5.jsonl --reply '{"tasks":["sheep"]}'
port=${STUB_URL##*:} port=${port%/v1}
check_status 3 'an unoffered name' filter in.jsonl
check_output 'is asked about once more' - sh -c 'wc -l < log5.jsonl' <<< 2
stub_stop
stub_start --port "$port" --log log5.jsonl --reply '{"tasks":["counting"]}'
check_status 3 'and then no more' filter in.jsonl
check '--retry-failed asks again' filter --retry-failed in.jsonl
check_output 'once' - sh -c 'wc -l < log5.jsonl' <<< 3
check 'and the ledger has it' filter --offline in.jsonl
