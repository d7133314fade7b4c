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
[ "$first" -gt 0 ] && [ "$first" -lt 200 ] && pass 'part of it came first' ||
	fail 'part of it came first' "$first"
check_status 2 'a budget needs a price' \
	ask -p spell.prompt -m "$M" --budget 1 rows.jsonl
