#!/usr/bin/env bash
# riddle-qa-generate: what replies become.  D24 to D28 are the defects of the
# published scripts; each check that names one fails on their behaviour.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db

# Replies by the image's caption; the others get no pair.
replies() {
	cat > replies.jsonl
	rm -f led.db* log.jsonl
	stub_start --log log.jsonl --reply-file replies.jsonl --reply '{"pairs": []}'
}
generate() { riddle qa-generate -m "$STUB_URL#stub" --images caption "$@"; }
asked() { wc -l < log.jsonl; }
last() { sqlite3 led.db 'select records_in, passed, dropped, failed, records_out from runs order by run desc limit 1'; }

match() {
	printf '{"kind":"match","id":"match:%032d","image":{"id":"i%d","uri":"%d.png", "caption":"image %d!","w":1.50},"tasks":%s}\n' \
		"$1" "$1" "$1" "$1" "$2"
}
two='[{"id":"t1","path":["OCR","shop signs"],"score":0.5,"rank":1},{"id":"t2","path":["counting"]}]'
pair() { jq -nc --arg t "$1" --arg q "$2" --arg a "$3" '{task: $t, question: $q, answer: $a}'; }

# -- The record -------------------------------------------------------------------
match 1 "$two" > in.jsonl
replies <<< '{"match":"image 1!","reply":{"pairs":[{"task":"Counting","question":"How many?","answer":"Two."},{"task":"OCR ~ shop signs","question":"What is it called?","answer":"Bakery."}]}}'
check_output 'a record for each task, in the order of the match, the image as its bytes were' - \
	generate in.jsonl <<'END'
{"kind":"qa","id":"qa:6f2b5f03fce1ad7062a567a09fb52736","from":["match:00000000000000000000000000000001"],"image":{"id":"i1","uri":"1.png", "caption":"image 1!","w":1.50},"task":{"id":"t1","path":["OCR","shop signs"]},"question":"What is it called?","answer":"Bakery."}
{"kind":"qa","id":"qa:754e6f9c74e445ff49dcffd74e7f9b1f","from":["match:00000000000000000000000000000001"],"image":{"id":"i1","uri":"1.png", "caption":"image 1!","w":1.50},"task":{"id":"t2","path":["counting"]},"question":"How many?","answer":"Two."}
END
cp .out out.jsonl
check 'they fit their schema, ids and all' riddle validate --ledger none --ids out.jsonl
check_output 'one match led on, two records came' - last <<< '1|1|0|0|2'
check_output 'one call for all tasks of an image' - asked <<< 1
check_output 'the ledger knows the match behind a pair' - sh -c \
	'riddle ledger why "$(jq -r .id out.jsonl | head -n 1)" | grep -c "match:00000000000000000000000000000001"' <<< 1

# -- D24: the form that is shown is JSON, and errors are not silence ------------------
check_output 'D24: the form shown in the prompt is valid JSON' - sh -c \
	"sqlite3 led.db 'select request from calls' | jq -r '.messages[0].content' |
	sed -n '/^{\"pairs\"/p' | jq -c '.pairs[0] | keys'" <<< '["answer","question","task"]'
check_output 'D24: labels are shown as JSON strings' - sh -c \
	"sqlite3 led.db 'select request from calls' | jq -r '.messages[-1].content' | sed -n '/^\"/p'" \
	<<< $'"OCR ~ shop signs"\n"counting"'
for i in $(seq 40); do match "$i" '[{"id":"t2","path":["counting"]}]'; done > in.jsonl
rm -f led.db*
good=$(pair counting 'How many?' 'Two.')
cat > rules.jsonl <<'END'
{"fault":"refusal","match":"image 4!","once":true}
{"fault":"refusal","match":"image 17!","once":true}
{"fault":"http","status":400,"match":"image 31!"}
END
stub_start --log log2.jsonl --reply "{\"pairs\":[$good]}" --script rules.jsonl
check_status 3 'D24: some are refused, some are errors' generate --failed lost.jsonl in.jsonl
cp .out first.jsonl
check_output 'D24: all are accounted for' - sh -c \
	'echo $(($(wc -l < first.jsonl) + $(wc -l < lost.jsonl)))' <<< 40
check_output 'D24: and named' - sh -c 'jq -r .rule lost.jsonl | sort -u' <<< $'http\nrefusal'
check_status 3 'run again' generate in.jsonl
cp .out second.jsonl
check_equal 'gives the same bytes' first.jsonl second.jsonl
check_output 'and asks only what was never answered' - sh -c 'wc -l < log2.jsonl' <<< 41
check_status 3 '--retry-failed' generate --retry-failed in.jsonl
cp .out third.jsonl
check_output 'asks the failed ones' - sh -c 'wc -l < log2.jsonl' <<< 44
check_output 'and has what was refused before' - sh -c 'wc -l < third.jsonl' <<< 39

# -- D25: a reply that is null ----------------------------------------------------------
for i in 1 2 3; do match $i '[{"id":"t2","path":["counting"]}]'; done > in.jsonl
replies <<END
{"match":"image 1!","reply":"null"}
{"match":"image 2!","reply":{"pairs":[$good]}}
{"match":"image 3!","reply":{"pairs":null}}
END
check_status 3 'D25: a null reply fails its record' generate --failed lost.jsonl in.jsonl
cp .out out.jsonl
check_output 'D25: and no other' - jq -r .image.id out.jsonl <<< i2
check_output 'D25: in = out + failed' - last <<< '3|1|0|2|1'

# -- D26, D27: braces, LaTeX, code, newlines -----------------------------------------------
match 1 "$two" > in.jsonl
q='Is $x^{2}$ in $\{1, \frac{a}{b}\}$, or } in {{"a": {}}}?'
a=$'int f(void)\n{\n\treturn "{";\n}'
jq -nc --arg q "$q" --arg a "$a" '{reply: {pairs: [{task: "counting", question: $q, answer: $a},
	{task: "shop signs", question: $a, answer: $q}]}}' > line.jsonl
replies < line.jsonl
generate in.jsonl > out.jsonl 2>/dev/null
check_output 'D26: braces in strings survive' - jq -rs '.[1].question, .[0].answer' out.jsonl <<< "$q"$'\n'"$q"
check_output 'D27: so do newlines' - jq -rs '.[1].answer, .[0].question' out.jsonl <<< "$a"$'\n'"$a"

# -- D28: each task gets its pair --------------------------------------------------------------
for i in 1 2 3 4 5 6 7 8; do match $i "$two"; done > in.jsonl
ocr=$(pair 'OCR ~ shop signs' q a) cnt=$(pair counting q a)
replies <<END
{"match":"image 1!","reply":{"pairs":[$ocr,$cnt]}}
{"match":"image 2!","reply":{"pairs":[$ocr]}}
{"match":"image 3!","reply":{"pairs":[$ocr,$cnt,$(pair cooking q a)]}}
{"match":"image 4!","reply":{"pairs":[$ocr,$(pair sheep q a)]}}
{"match":"image 5!","reply":{"pairs":[$ocr,$cnt,$(pair Counting q2 a2)]}}
{"match":"image 6!","reply":{"pairs":[$ocr,{"task":"counting","question":"q","answer":[]}]}}
{"match":"image 7!","reply":{"pairs":[$(pair 'OCR ~ shop signs' q '  '),$cnt]}}
{"match":"cooking","reply":{"pairs":[$ocr,$cnt,$(pair cooking q a)]}}
{"match":"sheep","reply":{"pairs":[$ocr,$(pair sheep q a)]}}
{"match":"a second pair","reply":{"pairs":[$ocr,$cnt,$(pair Counting q2 a2)]}}
{"match":"no pair: \"OCR","reply":{"pairs":[]}}
{"match":"no pair: \"counting\"","reply":{"pairs":[$ocr]}}
END
check_status 3 'D28: a pair for each task, or the record fails' generate --failed lost.jsonl in.jsonl
cp .out out.jsonl
check_output 'D28: the whole one passes' - jq -r .image.id out.jsonl <<< $'i1\ni1'
check_output 'D28: the reason names the task' - sh -c "jq -c '[.record.image.id, .rule, .reason]' lost.jsonl |
	sed 's/\(does not fit\).*\"/\1\"/'" <<'END'
["i2","pair","no pair: \"counting\""]
["i3","pair","a pair for a task that was not asked for: \"cooking\""]
["i4","pair","no pair: \"counting\"; a pair for a task that was not asked for: \"sheep\""]
["i5","pair","a second pair: \"Counting\""]
["i6","pair","no pair: \"OCR ~ shop signs\"; no pair: \"counting\""]
["i7","pair","no pair: \"OCR ~ shop signs\"; no pair: \"counting\""]
["i8","pair","no pair: \"OCR ~ shop signs\"; no pair: \"counting\""]
END
check_output 'D28: an answer that is no text, or blank, was asked for once more' - asked <<< 15
check_output 'D28: and the model was told why' - sqlite3 led.db \
	"select count(*) from calls where request like '%Your answer was not used%answer%'" <<< 7
check_output 'matches, and records' - last <<< '8|1|0|7|2'

# -- --partial ------------------------------------------------------------------------------------
check_status 3 '--partial keeps the good pairs' generate --partial --failed lost.jsonl in.jsonl
cp .out out.jsonl
check_output 'of each match' - sh -c 'jq -r "[.image.id, .task.id] | join(\" \")" out.jsonl' <<'END'
i1 t1
i1 t2
i2 t1
i3 t1
i3 t2
i4 t1
i5 t1
i5 t2
END
check_output 'each task counts, and what was too much' - last <<< '19|8|3|8|8'
check_output 'what is too much is dropped by name' - sh -c \
	"jq -c 'select(.lost == \"dropped\") | [.rule, .reason, .value]' lost.jsonl" <<'END'
["extra","a pair for a task that was not asked for","cooking"]
["extra","a pair for a task that was not asked for","sheep"]
["extra","a second pair","Counting"]
END
check_output 'of a failed task the match with it alone is kept' - sh -c \
	"jq -c 'select(.lost == \"failed\") | [.record.image.id, .value, (.record.tasks | map(.id))]' lost.jsonl | head -n 2" <<'END'
["i2","counting",["t2"]]
["i4","counting",["t2"]]
END
jq -c 'select(.lost == "failed") | .record' lost.jsonl > again.jsonl
stub_start --reply "{\"pairs\":[$cnt]}"
check_status 3 'which can be asked again' generate again.jsonl
cp .out out.jsonl
check_output 'and then has its pair' - jq -c '[.image.id, .task.id]' out.jsonl <<'END'
["i2","t2"]
["i4","t2"]
["i6","t2"]
["i7","t2"]
["i8","t2"]
END

# -- A task a call, rollouts ------------------------------------------------------------------------
match 1 "$two" > in.jsonl
replies <<END
{"match":"\"counting\"","reply":{"pairs":[$cnt]}}
{"match":"\"OCR ~ shop signs\"","reply":{"pairs":[$ocr]}}
END
check_output 'a call for each task, with jq' - sh -c 'jq -c "del(.id) + {tasks: [.tasks[]] | .[] | [.]}" in.jsonl |
	riddle qa-generate -m "$0" --images caption | jq -c .task.id' "$STUB_URL#stub" <<< $'"t1"\n"t2"'
stub_start --reply "{\"pairs\":[$ocr,$(pair counting 'q {{body_hash}}' a)]}"
generate --rollouts 2 in.jsonl > out.jsonl 2> .err
check_output '--rollouts gives more questions, numbered' - jq -c '[.task.id, .rollout]' out.jsonl <<'END'
["t1",0]
["t2",0]
["t1",1]
["t2",1]
END
check 'with ids that are right' riddle validate --ledger none --ids out.jsonl
check_output 'and in = passed' - last <<< '2|2|0|0|4'

# -- Bad input ---------------------------------------------------------------------------------------
{ echo '{"kind":"match"}'; match 1 '[]'; match 2 "$two"; match 3 '{}'; } > in.jsonl
replies <<< "{\"reply\":{\"pairs\":[$ocr,$cnt]}}"
check_status 3 'what is no match fails' generate --failed lost.jsonl in.jsonl
check_output 'with a reason' - jq -r '.rule' lost.jsonl <<< $'id\ninput\ninput'
check_output 'nobody was asked about it' - asked <<< 1
echo 'Ask about {{labels.0}}' > text.prompt
check_status 2 'a prompt for text is refused' generate --prompt text.prompt in.jsonl

# -- Nonsense ------------------------------------------------------------------------------------------
for i in $(seq 200); do match "$i" "$two"; done > in.jsonl
rm -f led.db*
stub_start --reply "{\"pairs\":[$ocr,$cnt]}" --latency 1-15 --fault wrong-schema@0.3 --fault refusal@0.1
check_status 3 'nonsense in three of ten' generate --inflight 64 in.jsonl
cp .out first.jsonl
check_output 'the sums hold' - sqlite3 led.db 'select records_in, passed + failed, records_out = 2 * passed,
	failed > 20, failed < 100 from runs' <<< '200|200|1|1|1'
check_output 'in order' - sh -c 'jq -r .image.id first.jsonl | tr -d i | sort -nc && echo ordered' <<< ordered
generate --inflight 1 --offline in.jsonl > second.jsonl 2>/dev/null
check_equal 'the same bytes whatever is in flight' first.jsonl second.jsonl
