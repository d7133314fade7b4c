#!/usr/bin/env bash
# riddle-ask against a server that fails in every way it can: each fault has
# one outcome, and the sums hold.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

cat > q.prompt <<'EOF'
---
config: { maxOutputTokens: 100 }
---
Say {{n}}.
EOF
cat > j.prompt <<'EOF'
---
output: { format: json, schema: { n: integer } }
---
Say {{n}}.
EOF
echo 'Say {{n}}.' > b.prompt
for i in $(seq 60); do echo "{\"n\":$i}"; done > rows.jsonl

# run NAME STATUS PASSED FAILED RULE STUBARGS -- ASKARGS
# RULE is the rule of all failures, or -.
scenario() {
	local name=$1 status=$2 passed=$3 failed=$4 rule=$5 prompt=q.prompt
	shift 5
	local stub=()
	while [ "$1" != -- ]; do stub+=("$1"); shift; done
	shift
	rm -f led.db* log.jsonl
	stub_start --log log.jsonl "${stub[@]}" || return
	case $name in
	json:*) prompt=j.prompt ;;
	big:*) prompt=b.prompt ;;
	esac
	check_status "$status" "$name" timeout 60 riddle ask --ledger led.db -p $prompt \
		-m "$STUB_URL#stub" "$@" rows.jsonl
	stub_stop
	cp .out got.jsonl
	cp .err main.err
	[ "$passed" != - ] || return
	check_output "$name: passed, failed, lines" - sqlite3 led.db \
		"select passed, failed, records_out from runs" <<< "$passed|$failed|$passed"
	[ "$rule" = - ] || check_output "$name: the rule" - sqlite3 led.db \
		'select distinct rule from failures' <<< "$rule"
	check_output "$name: in order" - sh -c \
		'jq .n got.jsonl > got.n; sort -n got.n | cmp - got.n && echo ordered' <<< ordered
	cp main.err .err
}

# Transient: tried again, all answered.
scenario '500 once each' 0 60 0 - --fault http=500@0.3,once --
scenario '429 with retry-after' 0 60 0 - --script /dev/fd/3 -- 3<<< '{"fault":"http","status":429,"retry_after_ms":200,"rate":0.1,"once":true}'
scenario '429 without a word' 0 60 0 - --fault http=429@0.05,once --
scenario 'reset before a byte' 0 60 0 - --fault reset@0.1,once --
scenario 'cut body' 0 60 0 - --fault cut=40@0.1,once --
scenario 'html from a proxy' 0 60 0 - --fault html=502@0.1,once --
scenario 'slow bytes' 0 60 0 - --fault slow=2000@0.1 --
scenario 'half a body, well framed' 0 60 0 - --fault bad-body@0.1,once --
scenario 'cut answer, whole the second time' 0 60 0 - --fault length@0.1,once --
scenario 'empty answer, then a good one' 0 60 0 - --fault empty@0.1,once --
scenario 'json: not JSON, then JSON' 0 60 0 - --fault invalid-json@0.1,once --
scenario 'json: wrong schema, then right' 0 60 0 - --fault wrong-schema@0.1,once --

# Final for the record.
scenario 'cut answer always' 3 0 60 cut --fault length --
check_stderr 'cut: how many failed' '60 of 60'
check_output 'cut: the limit is named' - sqlite3 led.db \
	"select count(*) from failures where reason like '%100 tokens%'" <<< 60
check_output 'cut: asked once more, no more' - sh -c 'wc -l < log.jsonl' <<< 120
scenario 'refusal' 3 0 60 refusal --fault refusal --
check_output 'refusal: asked once' - sh -c 'wc -l < log.jsonl' <<< 60
scenario 'content filter' 3 0 60 filter --fault filter --
scenario 'json: wrong schema always' 3 0 60 schema --fault wrong-schema --
check_output 'schema: what the model said is kept' - sqlite3 led.db \
	'select count(*) from failures where value is not null and call is not null' <<< 60
scenario '400' 3 0 60 http --fault http=400 --
scenario '413' 3 0 60 http --fault http=413 --
scenario '422 for some' 0 - - - --fault http=422@0.2 -- --max-failed 100%
scenario 'always 500 for one' 3 59 1 http --script /dev/fd/3 -- 3<<< '{"fault":"http","status":500,"match":"Say 7."}'
scenario 'big: 10 MB reply' 0 60 0 - --script /dev/fd/3 -- 3<<< '{"fault":"huge","match":"Say 7."}'

# Final for the run: nothing is a failed record, the rerun goes on.
scenario '401' 1 - - - --fault http=401 --
check_stderr '401: says so' 'HTTP 401'
scenario 'no credit' 1 - - - --fault quota --
check_stderr 'quota: says so' 'HTTP 429.*quota'
scenario '404' 1 - - - --fault http=404 --
scenario 'redirect' 1 - - - --fault redirect=http://127.0.0.1:9/ --
check_stderr 'redirect: not followed' 'redirect'
check_output 'no record failed' - sqlite3 led.db 'select count(*) from failures' <<< 0

# A hanging server is given up at the deadline.
scenario 'hang' 3 59 1 deadline --script /dev/fd/3 -- --timeout 2 3<<< '{"fault":"hang","match":"Say 7."}'

# No server at all.
check_status 1 'dead server' timeout 90 riddle ask --ledger led.db -p q.prompt \
	-m http://127.0.0.1:9/v1#none rows.jsonl
check_stderr 'dead: says what to do' 'refused.*start the server'
cp .out got.jsonl
check_output 'dead: nothing was written' - cat got.jsonl < /dev/null
check_status 1 'no such host' timeout 90 riddle ask --ledger led.db -p q.prompt \
	-m http://no-such-host.invalid/v1#none --limit 1 rows.jsonl
check_stderr 'no host: says which' 'no-such-host.invalid'

# A failed record is asked again only when told so.
rm -f led.db*
stub_start --log log.jsonl --fault refusal@0.3,once
check_status 3 'some refused' riddle ask --ledger led.db -p q.prompt \
	-m "$STUB_URL#stub" rows.jsonl
n=$(wc -l < log.jsonl)
check_status 3 'the same again' riddle ask --ledger led.db -p q.prompt \
	-m "$STUB_URL#stub" rows.jsonl
check_output 'asks nobody' - sh -c 'wc -l < log.jsonl' <<< "$n"
bad=$(sqlite3 led.db 'select failed from runs where run = 1')
check '--retry-failed' riddle ask --ledger led.db -p q.prompt --retry-failed \
	-m "$STUB_URL#stub" rows.jsonl
check_output 'asks the failed ones' - sh -c 'wc -l < log.jsonl' <<< $((n + bad))
check 'then all are answered' riddle ask --ledger led.db -p q.prompt --offline \
	-m "$STUB_URL#stub" rows.jsonl

# A reader that leaves: what was paid is kept.
rm -f led.db* log.jsonl
stub_start --log log.jsonl --latency 50
check_status 141 'reader leaves' bash -c 'set -o pipefail
	riddle ask --ledger led.db -p q.prompt -m "$0" --inflight 4 rows.jsonl |
	head -n 1 > /dev/null' "$STUB_URL#stub"
check_output 'each call made is in the ledger' - sqlite3 led.db \
	'select count(*) from calls' <<< "$(wc -l < log.jsonl)"
check_output 'the run says so' - sqlite3 led.db 'select status from runs' <<< pipe

# Signals: in-flight calls are waited for, stored, delivered.
rm -f led.db* log.jsonl
stub_start --log log.jsonl --latency 300
riddle ask --ledger led.db -p q.prompt -m "$STUB_URL#stub" --inflight 4 rows.jsonl > out.1 2> .err &
pid=$!
sleep 0.5
kill -TERM $pid
wait $pid
check_output 'SIGTERM ends with 130' - echo $? <<< 130
check_output 'nothing asked is lost' - sqlite3 led.db 'select count(*) from calls' \
	<<< "$(wc -l < log.jsonl)"
check_output 'status' - sqlite3 led.db 'select status from runs' <<< stopped

# The disk is full.
if mkdir small && mount -t tmpfs -o size=300k none small 2>/dev/null; then
	stub_start
	for i in $(seq 3000); do echo "{\"n\":$i}"; done > more.jsonl
	check_status 1 'ledger on a full disk' riddle ask --ledger small/led.db \
		-p q.prompt -m "$STUB_URL#stub" more.jsonl
	check_stderr 'full: says so' 'full|space'
	umount small
else
	skip 'ledger on a full disk' 'no tmpfs here'
fi
