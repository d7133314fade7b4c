#!/usr/bin/env bash
# riddle-ask: what comes out, what is asked, what is kept.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=$T/riddle.db
ask() { riddle ask "$@"; }
asked() { wc -l < log.jsonl; }

cat > spell.prompt <<'EOF'
---
config: { temperature: 0, maxOutputTokens: 100 }
---
{{role "user"}}Spell {{word}}.
EOF
cat > pair.prompt <<'EOF'
---
output:
  format: json
  schema:
    n: integer
    why: string
---
Say {{word}}.
EOF

stub_start --log log.jsonl --reply 'You said: {{prompt}}'
M=$STUB_URL#stub

# -- The record ---------------------------------------------------------------
printf '%s\n' '{ "word":"a","x":2.50 ,"big":12345678901234567890,"u":"\u00e9\/"}' \
	'{"word":"b","id":"mine","kind":"row"}' > rows.jsonl
check_output 'untouched bytes stay, id and answer are added' - \
	ask -p spell.prompt -m "$M" rows.jsonl <<'EOF'
{ "word":"a","x":2.50 ,"big":12345678901234567890,"u":"\u00e9\/","kind":"row","id":"row:dc3d659e3957a4bd2b9255c3b64feff1","answer":"You said: Spell a."}
{"word":"b","id":"mine","kind":"row","answer":"You said: Spell b."}
EOF
check_output 'two calls were made' - asked <<< 2
check_output 'an answer takes another name, or the place of a member' - \
	ask -p spell.prompt -m "$M" --field word rows.jsonl <<'EOF'
{ "word":"You said: Spell a.","x":2.50 ,"big":12345678901234567890,"u":"\u00e9\/","kind":"row","id":"row:dc3d659e3957a4bd2b9255c3b64feff1"}
{"word":"You said: Spell b.","id":"mine","kind":"row"}
EOF
check_output 'the ledger answered' - asked <<< 2
check_output 'from stdin, offline' - \
	sh -c 'riddle ask --offline -p spell.prompt -m "$0" < rows.jsonl | jq -c .answer' "$M" <<'EOF'
"You said: Spell a."
"You said: Spell b."
EOF
check_output '--limit' - sh -c \
	'riddle ask -p spell.prompt -m "$0" --limit 1 rows.jsonl | wc -l' "$M" <<< 1

# -- What makes a question another --------------------------------------------
once() { jq -c . <<< '{"word":"z"}' | riddle ask -p spell.prompt "$@" > o.jsonl; asked; }
n=$(asked)
for what in "-m $M" "-m $STUB_URL#other" "-m $M --temperature 0.5" \
	"-m $M --seed 7" "-m $M --max-tokens 50"; do
	n=$((n + 1))
	# shellcheck disable=SC2086	# options are words
	check_output "another question: ${what#-m "$M"}" - once $what <<< $n
done
sed 's/Spell/spell/' spell.prompt > other.prompt
check_output 'another prompt file' - sh -c 'echo "{\"word\":\"z\"}" |
	riddle ask -p other.prompt -m "$0" >/dev/null; wc -l < log.jsonl' "$M" \
	<<< $((n + 1))
n=$((n + 1))
check_output 'the same question again' - once -m "$M" <<< $n

# -- Rollouts -----------------------------------------------------------------
check_output 'rollouts are calls of their own' - sh -c 'echo "{\"word\":\"r\"}" |
	riddle ask -p spell.prompt -m "$0" --rollouts 3 | jq -c .rollout' "$M" \
	<<< $'0\n1\n2'
check_output 'three more calls' - asked <<< $((n + 3))
n=$((n + 3))

# -- Equal questions in one run -----------------------------------------------
for i in 1 2 3 4 5 6 7 8; do echo "{\"word\":\"same\",\"n\":$i}"; done > same.jsonl
check 'equal questions' ask -p spell.prompt -m "$M" same.jsonl
check_output 'are asked once' - asked <<< $((n + 1))
n=$((n + 1))

# -- Dry run and offline ------------------------------------------------------
check 'dry run' ask -n -p spell.prompt -m "$M" same.jsonl rows.jsonl
check_stderr 'a dry run counts' '10 questions, 10 in the ledger, 0 to ask'
cp .out dry.out
check_output 'writes nothing' - cat dry.out < /dev/null
echo '{"word":"new"}' > new.jsonl
check 'dry run of a new row' ask -n -p spell.prompt -m "$M" new.jsonl
check_stderr 'is to ask' '1 questions, 0 in the ledger, 1 to ask'
check_status 3 'offline, a miss is a failed record' \
	ask --offline -p spell.prompt -m "$M" new.jsonl
check_output 'asked nobody' - asked <<< $n
check_output 'the reason is kept' - \
	sqlite3 riddle.db "select rule from failures where rule = 'offline'" <<< offline

# -- A row that cannot be asked -----------------------------------------------
printf '%s\n' '{"word":"ok"}' '{"wort":"x"}' '{"word":["l"]}' \
	'{"kind":"No Kind","word":"x"}' '{"word":"ok2"}' > bad.jsonl
check_status 3 'rows without the field fail' \
	ask -p spell.prompt -m "$M" --failed lost.jsonl bad.jsonl
cp .out passed.jsonl
check_output 'the others pass, in order' - jq -c .word passed.jsonl <<< $'"ok"\n"ok2"'
check_output 'and are kept with the reason' - \
	jq -c '[.rule, (.reason | contains("word") or contains("kind"))]' lost.jsonl \
	<<< $'["input",true]\n["input",true]\n["id",true]'
check 'unless so many may fail' \
	ask -p spell.prompt -m "$M" --max-failed 60% --offline bad.jsonl
check_output 'the sums hold' - sqlite3 riddle.db \
	'select count(*) from runs where records_in <> passed + dropped + failed' <<< 0

# -- JSON answers -------------------------------------------------------------
stub_start --log json.jsonl
J=$STUB_URL#stub
check 'a schema is sent and the reply fits' ask -p pair.prompt -m "$J" rows.jsonl
cp .out json.out
check_output 'the answer is JSON' - \
	jq -c '.answer | [(.n | type), (.why | type)]' json.out \
	<<< $'["number","string"]\n["number","string"]'

# -- Secrets ------------------------------------------------------------------
export TEST_KEY=sk-planted-1234567890
stub_start --require-key-env TEST_KEY
export OPENAI_API_KEY=$TEST_KEY OPENAI_BASE_URL=$STUB_URL
check 'a key from the environment' ask -p spell.prompt -m openai/gpt-x \
	--failed keys.lost rows.jsonl
export OPENAI_API_KEY=sk-planted-wrong-key-999
echo '{"word":"locked"}' > locked.jsonl
check_status 1 'a refused key stops the run' \
	ask -p spell.prompt -m openai/gpt-x locked.jsonl
check_stderr 'and says which' 'HTTP 401.*OPENAI_API_KEY'
if grep -rlF 'sk-planted' . --include='*' 2>/dev/null | grep -v '^./.stub' | grep .; then
	fail 'no key is written anywhere'
else
	pass 'no key is written anywhere'
fi
unset OPENAI_API_KEY OPENAI_BASE_URL

# -- Budget -------------------------------------------------------------------
stub_start --log paid.jsonl
cat > models.json <<EOF
{ "models": { "priced": { // dollars a million tokens
	"model": "$STUB_URL#stub", "price": { "in": 1, "out": 10 } } } }
EOF
for i in $(seq 200); do echo "{\"word\":\"budget$i\"}"; done > many.jsonl
check_status 4 'stopped at the budget' \
	ask -p spell.prompt -m priced --budget 0.02 --inflight 8 many.jsonl
check_stderr 'and says how to go on' 'larger --budget'
check_output 'less than the budget was spent' - sqlite3 riddle.db \
	"select cost_usd > 0 and cost_usd <= 0.02 from runs where status = 'budget'" <<< 1
first=$(wc -l < paid.jsonl)
check 'a larger one goes on' ask -p spell.prompt -m priced --budget 1 many.jsonl
check_output 'and each row was paid once' - sh -c 'wc -l < paid.jsonl' <<< 200
check_output 'part of it came first' - \
	sh -c 'test "$0" -gt 0 && test "$0" -lt 200 && echo yes' "$first" <<< yes
check_status 2 'a budget needs a price' \
	ask -p spell.prompt -m "$M" --budget 1 rows.jsonl

# -- Images and dialects ------------------------------------------------------
curl -s "$STUB_URL/images/generations" -d '{"model":"m","prompt":"a cat","n":1}' \
	-H 'content-type: application/json' | jq -r '.data[0].b64_json' | base64 -d > cat.png
cat > see.prompt <<'EOF'
---
config: { maxOutputTokens: 60 }
---
{{role "system"}}Look.
{{role "user"}}{{media url=image.uri caption=image.caption}}What is it?
EOF
printf '%s\n' '{"image":{"uri":"cat.png","caption":"a small cat"}}' > seen.jsonl
stub_start --log seen.log
for how in pixels caption both; do
	check "an image as $how" ask -p see.prompt -m "$STUB_URL#stub" --images $how seen.jsonl
done
check_output 'three questions, the caption alone is the shortest' - \
	jq -s -c '[length, (.[1].bytes < .[0].bytes), (.[0].bytes < .[2].bytes)]' seen.log \
	<<< '[3,true,true]'
check_output 'the ledger holds the image by hash, once, and not its bytes' - sqlite3 riddle.db \
	"select count(*), sha256 = '$(sha256sum < cat.png | cut -d' ' -f1)', media_type,
	bytes = $(stat -c %s cat.png) from images" <<< '1|1|image/png|1'
check_output 'requests name it by hash' - sqlite3 riddle.db \
	"select count(*) from calls where request like '%sha256:%' and length(request) < 2000" <<< 2
printf '%s\n' '{"image":{"uri":"missing.png","caption":"x"}}' \
	'{"image":{"uri":"rows.jsonl","caption":"x"}}' \
	'{"image":{"uri":"http://127.0.0.1:9/x.png","caption":"x"}}' > unseen.jsonl
check_status 3 'a missing image, a text, a URL: failed records' \
	ask -p see.prompt -m "$STUB_URL#stub" --failed unseen.lost unseen.jsonl
check_output 'each with a reason' - jq -r .rule unseen.lost <<< $'input\ninput\ninput'

export ANTHROPIC_BASE_URL=${STUB_URL%/v1} ANTHROPIC_API_KEY=sk-a \
	GEMINI_BASE_URL=${STUB_URL%/v1}/v1beta GEMINI_API_KEY=sk-g \
	OLLAMA_HOST=${STUB_URL%/v1} OPENAI_BASE_URL=$STUB_URL OPENAI_API_KEY=sk-o
for model in openai/a anthropic/b gemini/c ollama/d; do
	check "$model" ask -p see.prompt -m $model seen.jsonl
	check "$model with a schema" ask -p pair.prompt -m $model --max-tokens 300 --limit 1 rows.jsonl
done
check_output 'each dialect at its own address' - \
	sh -c 'jq -r .path seen.log | sort | uniq -c | awk "{print \$2}"' <<'EOF'
/v1/chat/completions
/v1/messages
/v1beta/models/c:generateContent
EOF
check_output 'tokens are known in each' - sqlite3 riddle.db \
	"select count(*) from calls where model in ('a','b','c','d') and (tokens_in is null or
	tokens_out is null or finish is null)" <<< 0

# -- Ledgers ------------------------------------------------------------------
check '--ledger none' ask -p spell.prompt -m "$STUB_URL#stub" --ledger none rows.jsonl
riddle ask -p spell.prompt -m "$STUB_URL#two" many.jsonl > left.jsonl 2>> two.err &
first=$!
riddle ask -p spell.prompt -m "$STUB_URL#two" many.jsonl > right.jsonl 2>> two.err
check 'two runs at once on one ledger: the first' wait $first
check_equal 'both write the same' left.jsonl right.jsonl
check_output 'every answer is there once' - sqlite3 riddle.db \
	"select count(*), count(distinct request) from calls where model = 'two'" <<< '200|200'
check 'and it verifies' riddle ledger verify
cp riddle.db newer.db
sqlite3 newer.db 'pragma user_version = 99'
check_status 1 'a newer ledger is refused' \
	ask -p spell.prompt -m "$M" --ledger newer.db rows.jsonl
check_stderr 'and says why' 'newer riddle'
echo 'not a database, but a file of some length that is more than a header' > text.db
check_status 1 'a file that is none' ask -p spell.prompt -m "$M" --ledger text.db rows.jsonl
if mkdir ro && mount -t tmpfs none ro 2>/dev/null; then
	cp riddle.db ro/led.db && mount -o remount,ro ro
	check_status 1 'a read-only ledger' \
		ask -p spell.prompt -m "$M" --ledger ro/led.db rows.jsonl
	check_stderr 'and says so' 'read-only|writable'
	umount ro
else
	skip 'a read-only ledger' 'no mount here'
fi
