#!/usr/bin/env bash
# --batch write, submit, collect against model-stub: the bytes of a live run,
# nothing paid twice, parts that were cancelled, that expired or were refused.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

echo 'Say {{n}}.' > q.prompt
cat > j.prompt <<'EOF'
---
output: { format: json, schema: { n: integer } }
---
Say {{n}}.
EOF
cat > i.prompt <<'EOF'
{{media url=image.uri}} What is it?
EOF
for i in $(seq 10); do echo "{\"n\":$i}"; done > rows.jsonl
# Twice the same question, and a row that cannot be asked about.
{ cat rows.jsonl; echo '{"n":3}'; echo '{"m":1}'; } > more.jsonl

prompt=q.prompt rows=rows.jsonl
ask() { riddle ask -p $prompt -m "$STUB_URL#stub" --progress never "$@"; }
batch() {	# VERB [OPTION ...]
	local verb=$1
	shift
	ask --ledger led.db --batch-dir d --batch-requests 4 --batch "$verb" \
		"$@" $rows
}
written() { batch write 2>/dev/null && batch submit 2>/dev/null; }
fresh() { rm -rf led.db* live.db* d log.jsonl; }
# Start the stub again at the address it had: that is part of a call's key.
again() {
	local port=${STUB_URL%/v1}
	stub_stop
	stub_start --port "${port##*:}" --log log.jsonl "$@"
}
# Requests that the server answered: different ones, and all.
paid() {
	jq -r 'select(.status == 200) | .body_sha256' log.jsonl | sort >all.sums
	echo "$(uniq all.sums | wc -l) $(wc -l <all.sums)"
}
batches_made() {
	curl -s "$STUB_URL/batches" | jq '.data | length'
}
# Collect until the batches are over; what it says is in err.
collected() {
	local i
	for i in $(seq 20); do
		batch collect 2>err >out
		grep -q 'under way' err || return 0
	done
	return 1
}
numbers() { jq .n out; }

# -- As a live run, byte for byte ---------------------------------------------
stub_start --log log.jsonl || exit 1
rows=more.jsonl
check_status 3 'live: the row without n fails' ask --ledger live.db $rows
cp .out live.jsonl
rm log.jsonl
again --batch-polls 1 || exit 1
check 'write' batch write
check_output 'no record is written' /dev/null cat .out
check_output 'three parts of four' - sh -c \
	'cat d/part-*.jsonl | wc -l; ls d/*.jsonl | wc -l' <<'EOF'
10
3
EOF
check 'write once more' batch write
check_stderr 'adds nothing' ' 0 requests written'
check_output 'the same parts' - sh -c 'cat d/part-*.jsonl | wc -l' <<< 10
check_output 'a request as OpenAI wants it' - sh -c \
	'head -n 1 d/part-00001.jsonl | jq -c "[.method, .url, .body.messages[0].content, (.custom_id | length)]"' <<'EOF'
["POST","/v1/chat/completions","Say 1.",32]
EOF
check_status 4 'collect before it is submitted' batch collect
check_stderr 'says so' 'not submitted; --batch submit'
check 'submit' batch submit
check_output 'three batches at the server' - batches_made <<< 3
check_status 4 'collect before the server is done' batch collect
check_stderr 'says how far it is' '3 of 3 parts are under way'
check_output 'and writes nothing' /dev/null cat .out
check_status 3 'collect' batch collect
cp .out got.jsonl
check_equal 'the bytes of the live run' live.jsonl got.jsonl
check_output 'each request was paid once' - paid <<< '10 10'
check_output 'the ledger has the calls' - sqlite3 led.db \
	'select count(*), sum(paid) from calls' <<< '10|10'
check_output 'under the keys of the live run' - sh -c \
	'for l in live led; do sqlite3 $l.db "select hex(hash) from call"; done |
	sort | uniq -c | awk "{ print \$1 }" | uniq' <<< 2
check_output 'in = out + lost' - sqlite3 led.db \
	'select records_in, records_out, failed from runs where records_out > 0' \
	<<< '12|11|1'
check 'submit once more' batch submit
check_stderr 'submits nothing' ' 0 parts submitted'
for how in '' --offline '--batch-dir d --batch collect'; do
	# shellcheck disable=SC2086	# words
	check_status 3 "replayed $how" ask --ledger led.db $how more.jsonl
	cp .out got.jsonl
	check_equal 'the same bytes' live.jsonl got.jsonl
done
check_status 3 'collect without a ledger' ask --ledger none --batch-dir d \
	--batch collect more.jsonl
cp .out got.jsonl
check_equal 'the same bytes' live.jsonl got.jsonl
check_output 'nothing was paid for all that' - paid <<< '10 10'
stub_stop
rows=rows.jsonl

# -- A part is cancelled ------------------------------------------------------
fresh
stub_start --log log.jsonl --batch-polls 2 || exit 1
written
curl -s -X POST "$STUB_URL/batches/batch_2/cancel" >/dev/null
check 'a part is cancelled' collected
cp err .err
check_stderr 'said with what to do' '2 requests have no answer.*--batch submit'
check 'submit' batch submit
check_stderr 'sends what had no answer' \
	' 1 parts submitted, of 4 in d; 2 requests once more; part 2: cancelled'
check_output 'as a part of its own' - sh -c 'wc -l <d/part-00004.jsonl' <<< 2
check 'submit once more' batch submit
check_stderr 'sends nothing' ' 0 parts submitted, of 4'
check 'collect' collected
check_output 'all is there, in order' <(seq 10) numbers
check_output 'and was paid once' - paid <<< '10 10'
stub_stop

# -- Parts expire -------------------------------------------------------------
fresh
stub_start --log log.jsonl --batch-expire 3 || exit 1
written
check_status 4 'parts that expired half done' batch collect
check_stderr 'say so' '5 requests have no answer'
check '--offline goes on without them' batch collect --offline --max-failed 5
cp .out out
check_output 'with what is there' - sh -c 'jq .n out | wc -l' <<< 5
check_output 'the others failed' - sqlite3 led.db \
	'select rule, count(*) from failures group by 1' <<< 'batch|5'
check 'submit sends the rest' batch submit
check 'collect' batch collect
cp .out out
check_output 'all is there' <(seq 10) numbers
check_output 'paid once' - paid <<< '10 10'
stub_stop

# -- Requests fail ------------------------------------------------------------
fresh
cat > faults <<'EOF'
{"fault":"http","status":400,"message":"too rude","match":"Say 7."}
{"fault":"http","status":500,"match":"Say 8.","once":true}
{"fault":"hang","match":"Say 9.","once":true}
EOF
stub_start --log log.jsonl --script faults || exit 1
written
check_status 4 'a server error, and one that was not run' batch collect
check_stderr 'have no answer' '2 requests have no answer'
check 'they are sent again' batch submit
check_status 3 'a bad request is a failed record' \
	batch collect --failed bad.jsonl
cp .out out
check_output 'with what the server said' - \
	jq -c '[.record.n, .rule, .reason]' bad.jsonl <<'EOF'
[7,"http","HTTP 400: too rude"]
EOF
check_output 'the others are there' <(seq 10 | grep -vx 7) numbers
check_output 'paid once' - paid <<< '9 9'
check 'write does not write it again' batch write
check_stderr 'nothing is written' ' 0 requests written'
check '--retry-failed does' batch write --retry-failed
check_stderr 'one is written' ' 1 requests written'
stub_stop

# -- A reply that is no answer leads to a second question, as live ------------
fresh
prompt=j.prompt
echo '{"fault":"invalid-json","match":"Say 5."}' > faults
stub_start --log log.jsonl --script faults || exit 1
written
check_status 3 'a reply that is no JSON' batch collect
check_output 'fails until it is asked again' - sqlite3 led.db \
	'select rule, count(*) from failures group by 1' <<< 'batch|1'
check 'the second question' batch write
check_output 'is the only one in a new part' - sh -c \
	'jq -c ".body.messages | length" d/part-00004.jsonl' <<< 3
# This one is answered well.
echo '{"fault":"invalid-json","match":"never"}' > faults
batch collect >/dev/null 2>&1
check_output 'its part waits to be submitted' - jq -r .state d/part-00004.json \
	<<< written
stub_stop
fresh
stub_start --log log.jsonl --script /dev/fd/3 \
	3<<< '{"fault":"invalid-json","match":"Say 5.","times":1,"to":10}' || exit 1
written
batch collect >/dev/null 2>&1
written
check 'write, submit and collect once more' batch collect
cp .out out
check_output 'all is there' <(seq 10) sh -c 'wc -l <out | xargs seq'
check_output 'eleven calls were paid' - sqlite3 led.db \
	'select sum(paid) from calls' <<< 11
stub_stop
prompt=q.prompt

# -- Died in between ----------------------------------------------------------
fresh
stub_start --log log.jsonl || exit 1
batch write 2>/dev/null
echo '{"half":' > d/part-00004.jsonl.new
echo x > d/part-00004.index.new
batch submit 2>/dev/null
# The batch was made, but its name never reached the disk.
jq '.state = "uploaded" | del(.batch)' d/part-00002.json > s
mv s d/part-00002.json
check 'a batch whose name was lost' batch submit
check_output 'is found, not made twice' - batches_made <<< 3
check 'collect' batch collect
cp .out out
check_output 'all is there' <(seq 10) numbers
check_output 'paid once' - paid <<< '10 10'
# Results that never reached the disk.
jq '.state = "submitted"' d/part-00001.json > s
mv s d/part-00001.json
rm d/part-00001.re*
check 'results are fetched again' batch collect
check_output 'and not paid again' - paid <<< '10 10'
head -c 20 d/part-00001.index > i
mv i d/part-00001.index
check_status 1 'a damaged folder' batch collect
check_stderr 'is said to be' 'part-00001.index: cut'
stub_stop

# -- The server has a bad day, and wants a key --------------------------------
fresh
export OPENAI_API_KEY=sk-batch
stub_start --log log.jsonl --require-key-env OPENAI_API_KEY --batch-faults 1 \
	|| exit 1
export OPENAI_BASE_URL=$STUB_URL
live() { riddle ask -p q.prompt -m openai/stub --progress never "$@"; }
check 'the key is not needed to write' env -u OPENAI_API_KEY riddle ask \
	-p q.prompt -m openai/stub --ledger led.db --batch-dir d --batch write \
	rows.jsonl
check '500 is tried again' live --ledger led.db --batch-dir d --batch submit
check 'collect' live --ledger led.db --batch-dir d --batch collect rows.jsonl
check_output 'the key is in no file' - sh -c \
	'grep -rl sk-batch d led.db* | wc -l' <<< 0
export OPENAI_API_KEY=wrong
check 'written with a wrong key' live --ledger none --batch-dir d2 \
	--batch write rows.jsonl
check_status 1 'a wrong key' live --ledger none --batch-dir d2 --batch submit
check_stderr 'is said to be' 'HTTP 401'
unset OPENAI_API_KEY OPENAI_BASE_URL
stub_stop

# -- Images, prices, other tools ----------------------------------------------
fresh
stub_start --log log.jsonl || exit 1
cat > models.json <<EOF
{"models": {"m": {"model": "$STUB_URL#stub",
	"price": {"in": 1, "out": 1, "batch": 0.5}}}}
EOF
printf '{"image":{"uri":"%s"}}\n' \
	"$ROOT/samples/demo-clip/images/banana.png" > image.jsonl
shown() {
	riddle ask -p i.prompt --models models.json -m m --progress never \
		"$@" image.jsonl
}
check 'an image' shown --ledger led.db --batch-dir d --batch write
check_output 'is in the request' - sh -c \
	'grep -c "data:image/png;base64,iVBOR" d/part-00001.jsonl' <<< 1
check 'submit' shown --ledger led.db --batch-dir d --batch submit
check 'collect' shown --ledger led.db --batch-dir d --batch collect
cp .out got.jsonl
check 'live' shown --ledger live.db
cp .out live.jsonl
check_equal 'the same bytes' live.jsonl got.jsonl
cost() { sqlite3 "$1" 'select cost_pusd from call'; }
check_output 'at half the price' <(cost live.db) echo $((2 * $(cost led.db)))
echo '{"path":["OCR"]}' > seeds.jsonl
grow() {
	riddle taxonomy-expand -m "$STUB_URL#stub" --ledger led.db \
		--progress never --levels 2 --rounds 1 "$@" seeds.jsonl
}
check 'taxonomy-expand, too' grow --batch-dir t --batch write
check_output 'writes no tree' /dev/null cat .out
check 'submit' grow --batch-dir t --batch submit
check_output 'one request' - sh -c 'wc -l <t/part-00001.jsonl' <<< 1

# -- Used wrongly -------------------------------------------------------------
check_status 2 'no folder' ask --ledger none --batch write rows.jsonl
check_stderr 'is asked for' 'wants --batch-dir'
check_status 2 'with a budget' batch write --budget 1
check_status 2 'offline' batch submit --offline
check_status 2 'a word that is no verb' batch send
check_status 1 'a folder that is not there' ask --ledger none \
	--batch collect --batch-dir gone rows.jsonl
mkdir empty
check_status 2 'submit of nothing' ask --ledger none --batch submit \
	--batch-dir empty
check_status 2 'a folder of another model' riddle ask -p i.prompt \
	-m "$STUB_URL#other" --ledger none --batch submit --batch-dir d
check_stderr 'says whose it is' 'this folder is of stub at'
check_status 2 'Anthropic has other batches' env ANTHROPIC_API_KEY=k \
	riddle ask -p q.prompt -m anthropic/c --ledger none --batch write \
	--batch-dir d rows.jsonl
