#!/usr/bin/env bash
# model-stub: what it answers in each dialect, each fault as a client sees it,
# limits, keys, log and statistics, and what strangers may send it.
# shellcheck source-path=SCRIPTDIR source=../lib.sh
# shellcheck disable=SC2016	# the dollars are jq's or the inner shell's
. "$(dirname "$0")/../lib.sh"

# start ARGS...: a stub in place of the one before.
start() {
	stub_stop
	stub_start "$@" || exit 1
	base=${STUB_URL%/v1}
}

# post PATH BODY [CURL ARGS...]
post() {
	local path=$1 body=$2
	shift 2
	curl -sS -m 20 "$base$path" -H 'content-type: application/json' \
	    --data-binary "$body" "$@"
}

chat() {
	post /v1/chat/completions "$(ask "$1")" "${@:2}"
}

ask() {
	jq -nc --arg t "$1" \
	    '{model: "m", messages: [{role: "user", content: $t}]}'
}

content() {
	chat "$@" | jq -r '.choices[0].message.content'
}

status() {
	"$@" -o /dev/null -w '%{http_code}\n'
}

stats() {
	curl -sS "$base/stub/stats" | jq "$@"
}

# What the last stub said.
said() {
	cat "$T/.stub.$((${#stub_pids[@]} - 1))"
}

# is NAME WANT CMD...: prints exactly that line.
is() {
	local name=$1 want=$2
	shift 2
	printf '%s\n' "$want" >is.want
	check_output "$name" is.want "$@"
}

# -- answers -----------------------------------------------------------------

answers() {
	start --seed 7
	chat one >a
	chat one >b
	check_equal 'the same request gets the same bytes' a b
	chat two >b
	check 'another request gets another answer' test \
	    "$(jq .choices a)" != "$(jq .choices b)"
	is 'chat has the shape of OpenAI' \
	    'chat.completion stop assistant 1' jq -r \
	    '"\(.object) \(.choices[0].finish_reason)
	     \(.choices[0].message.role) \(.usage.prompt_tokens)" |
	     gsub("\\s+"; " ")' a
	is 'usage is bytes / 4' true jq '.usage.completion_tokens ==
	    (.choices[0].message.content | length / 4 | ceil)' a
	start --seed 8
	chat one >b
	check 'another seed gives another answer' test \
	    "$(jq .choices a)" != "$(jq .choices b)"
	is 'n gives so many answers' '0 1 2' jq -rn \
	    "$(post /v1/chat/completions '{"model":"m","n":3,"messages":[]}' |
	    jq -c) | [.choices[].index] | join(\" \")"
	is 'max_tokens cuts' length jq -rn "$(post /v1/chat/completions \
	    '{"model":"m","max_tokens":2,"messages":[]}') |
	    .choices[0].finish_reason"
	is '/health' ok jq -r .status <(curl -sS "$base/health")
	is '/v1/models' stub jq -rn \
	    "$(curl -sS "$base/v1/models") | .data[0].id"
	is 'another address is 404' 404 status curl -sS "$base/v1/nothing"
	is 'another method is 405' 405 status curl -sS \
	    "$base/v1/chat/completions"
}

schema_body() {
	jq -nc --argjson s "$1" '{model: "m", messages: [],
	    response_format: {type: "json_schema",
	    json_schema: {name: "x", strict: true, schema: $s}}}'
}

# fits NAME SCHEMA JQ: the answer makes JQ true.
fits() {
	post /v1/chat/completions "$(schema_body "$2")" |
	    jq -r '.choices[0].message.content' >fit
	is "a schema: $1" true jq "$3" fit
}

schemas() {
	start
	fits 'object' '{"type":"object","properties":{"score":{"type":
	    "integer","minimum":3,"maximum":4},"why":{"type":"string",
	    "minLength":40}},"required":["score","why","more"]}' \
	    '(.score == 3 or .score == 4) and (.why | length >= 40) and
	    has("more")'
	fits 'array of enum without repeats' '{"type":"array","items":{"enum":
	    ["a","b","c"]},"minItems":3,"maxItems":3}' \
	    'sort == ["a","b","c"]'
	fits '$ref, anyOf, const' '{"$defs":{"p":{"type":"object","properties":
	    {"k":{"const":5},"v":{"anyOf":[{"type":"null"},
	    {"type":"boolean"}]}}}},"$ref":"#/$defs/p"}' \
	    '.k == 5 and (.v | type) == "boolean"'
	fits 'bounds that are exclusive' '{"type":"number",
	    "exclusiveMinimum":0,"exclusiveMaximum":1}' '. > 0 and . < 1'
	fits 'multipleOf' '{"type":"integer","multipleOf":7,"minimum":50,
	    "maximum":60}' '. == 56'
	fits 'nullable type' '{"type":["null","string"]}' 'type == "string"'
	fits 'one that refers to itself' '{"type":"object","properties":
	    {"a":{"$ref":"#"},"b":{"$ref":"#"}}}' 'type == "object"'
	fits 'one that only refers' '{"$ref":"#"}' 'type == "string"'
	fits 'a huge minItems' '{"type":"array","minItems":1e300,"items":
	    {"type":"array","minItems":1e300}}' 'type == "array"'
	fits 'numbers past all bounds' '{"type":"number","minimum":-1e308,
	    "maximum":1e308}' 'type == "number"'
	is 'a schema without a name is refused' 400 status post \
	    /v1/chat/completions '{"model":"m","messages":[],
	    "response_format":{"type":"json_schema","json_schema":
	    {"schema":{}}}}'
	is 'json_object gives an object' object jq -rn \
	    "$(post /v1/chat/completions '{"model":"m","messages":[],
	    "response_format":{"type":"json_object"}}') |
	    .choices[0].message.content | fromjson | type"
}

other_dialects() {
	start --reply 'said {{model}}'
	local v=(-H 'anthropic-version: 2023-06-01')
	post /v1/messages '{"model":"c","max_tokens":9,"system":"abcd",
	    "messages":[{"role":"user","content":[{"type":"text",
	    "text":"efgh"},{"type":"image","source":{}}]}]}' "${v[@]}" >a
	is 'Anthropic message' 'message end_turn said c 87 2' jq -r \
	    '"\(.type) \(.stop_reason) \(.content[0].text)" +
	    " \(.usage.input_tokens) \(.usage.output_tokens)"' a
	post /v1/messages '{"model":"c","messages":[]}' "${v[@]}" >a
	is 'Anthropic wants max_tokens' 'error invalid_request_error' \
	    jq -r '"\(.type) \(.error.type)"' a
	is 'Anthropic wants its version' 400 status post /v1/messages \
	    '{"model":"c","max_tokens":9,"messages":[]}'
	post /v1beta/models/g-1:generateContent '{"contents":[{"role":"user",
	    "parts":[{"text":"abcd"},{"inlineData":{}}]}]}' >a
	is 'Gemini candidates' 'STOP said g-1 86 g-1' jq -r \
	    '"\(.candidates[0].finishReason)" +
	    " \(.candidates[0].content.parts[0].text)" +
	    " \(.usageMetadata.promptTokenCount) \(.modelVersion)"' a
	post /v1beta/models/g:generateContent '{"contents":1}' >a
	is 'Gemini error' '400 INVALID_ARGUMENT' \
	    jq -r '"\(.error.code) \(.error.status)"' a
	start
	post /v1/messages '{"model":"c","max_tokens":99,"messages":[],
	    "output_config":{"format":{"type":"json_schema","schema":
	    {"type":"object","properties":{"a":{"const":1}}}}}}' "${v[@]}" |
	    jq -r '.content[0].text' >a
	is 'Anthropic schema' 1 jq .a a
	post /v1beta/models/g:generateContent '{"contents":[],
	    "generationConfig":{"responseMimeType":"application/json",
	    "responseSchema":{"type":"OBJECT","properties":{"a":
	    {"type":"INTEGER","minimum":5,"maximum":5}}}}}' |
	    jq -r '.candidates[0].content.parts[0].text' >a
	is 'Gemini schema, upper-case types' 5 jq .a a
}

replies() {
	start --reply 'x {{prompt}} {{n}} {{choice}} {{other}} {'
	is 'a template' 'x hi 1 0 {{other}} {' content hi
	printf '%s\n' '{"match":"cat","model":"z","reply":"wrong"}' '' \
	    '{"match":"cat","reply":"meow"}' '{"match":"dog","reply":{"a":1}}' \
	    >replies.jsonl
	start --reply-file replies.jsonl --reply other
	is 'the first line that meets' meow content 'a cat and a dog'
	is 'a reply that is JSON' '{"a":1}' content dog
	is 'none meets' other content bird
	post /v1/chat/completions '{"model":"m","messages":[
	    {"role":"user","content":"cat"},
	    {"role":"assistant","content":"cat"},
	    {"role":"user","content":[{"type":"text","text":"b"},
	    {"type":"text","text":"ird"}]}]}' >a
	is 'only the last user message counts' other jq -r \
	    '.choices[0].message.content' a
	echo '{"match":"cat"}' >bad.jsonl
	check_status 2 'a reply file without a reply' \
	    "$LIBEXEC/model-stub" --reply-file bad.jsonl
	check_stderr 'names file and line' 'bad\.jsonl:1: .*reply'
}

# grow PARENT: ask until nothing new comes; all names to the file known.
grow() {
	local new
	: >known
	for _ in 1 2 3 4 5 6 7 8; do
		content "Parent: $1
$(sed 's/^/- /' known)" >tasks
		new=$(jq '.tasks | length' tasks)
		echo "$new"
		[ "$new" -gt 0 ] || break
		jq -r '.tasks[]' tasks >>known
	done
}

taxonomy() {
	start --taxonomy --seed 3
	grow '(root)' >curve
	is 'growth dries up' '3 1 1 0' paste -sd ' ' curve
	is 'no name comes twice' 5 awk '!s[$0]++ { n++ } END { print n }' known
	cp known first
	grow '(root)' >curve
	check_equal 'the same tree again' first known
	grow 'ocr ~ receipts' >curve
	check 'another parent has other children' test \
	    "$(cat known)" != "$(cat first)"
	content 'Parent: (root)' | jq -r '.tasks[0] | ascii_upcase' >upper
	is 'known names are known in any case' false jq --arg n \
	    "$(head -n 1 first)" '.tasks | any(. == $n)' <(content \
	    "$(printf 'Parent: (root)\n-   %s \n' "$(cat upper)")")
	start --taxonomy --children 12
	grow x >curve
	is '--children' 12 awk 'END { print NR }' known
	check 'a message without a parent gets a sentence' \
	    grep -q '\.$' <(content 'hello')
}

vectors() {
	start --dim 8
	post /v1/embeddings '{"model":"e","input":["a","b","a"]}' >a
	is 'vectors in order' '0 1 2' jq -r '[.data[].index] | join(" ")' a
	is 'of length 1' true jq '[.data[].embedding | map(. * .) | add |
	    (. - 1 | fabs) < 1e-6] | all' a
	is 'equal texts, equal vectors' '[true,false]' jq -c \
	    '[.data[].embedding] | [.[0] == .[2], .[0] == .[1]]' a
	post /v1/embeddings \
	    '{"model":"e","input":"a","encoding_format":"base64"}' |
	    jq -r '.data[0].embedding' | base64 -d |
	    od -An -v -tf4 -w4 | jq -c . >b
	jq -c '.data[0].embedding[]' a >c
	is 'base64 holds the same floats' true jq -n --slurpfile b b \
	    --slurpfile c c '[$b, $c] | transpose |
	    length == 8 and all((.[0] - .[1] | fabs) < 1e-6)'
	post /v1/embeddings '{"model":"e","input":[[1,2],[1,3]],
	    "dimensions":3}' >a
	is 'tokens, and dimensions' '3 3 false' jq -r \
	    '[(.data[].embedding | length),
	    .data[0].embedding == .data[1].embedding] | join(" ")' a
	is 'an empty input is refused' 400 status post /v1/embeddings \
	    '{"model":"e","input":["a",""]}'
}

images() {
	start --image-side 40
	post /v1/images/generations \
	    '{"model":"i","prompt":"a cat","n":2,"size":"1024x512"}' >a
	jq -r '.data[0].b64_json' a | base64 -d >one.png
	jq -r '.data[1].b64_json' a | base64 -d >two.png
	is 'a PNG' '137 80 78 71 13 10 26 10' \
	    sh -c 'od -An -v -tu1 -N8 one.png | xargs'
	is 'in the aspect that was asked for' '0 0 0 40 0 0 0 20' \
	    sh -c 'od -An -v -tu1 -j16 -N8 one.png | xargs'
	check 'whole' sh -c 'tail -c 12 one.png | grep -q IEND'
	check 'two pictures differ' sh -c '! cmp -s one.png two.png'
	post /v1/images/generations \
	    '{"model":"i","prompt":"a cat","n":2,"size":"1024x512"}' >b
	check_equal 'the same pictures again' a b
	is 'a size of nonsense is a square' 40x40 jq -r .size \
	    <(post /v1/images/generations '{"prompt":"x","size":"9x"}')
	is 'no URLs' 400 status post /v1/images/generations \
	    '{"prompt":"x","response_format":"url"}'
}

# -- faults ------------------------------------------------------------------

# fault ARGS...: a stub with these; then the reply to "hi" with headers.
fault() {
	start --fault "$@"
	chat hi -D hdr >reply 2>.curl
	echo $? >code
	tr -d '\r' <hdr >lines 2>/dev/null
}

whole_faults() {
	fault http=503
	is 'http: status' 'HTTP/1.1 503' sh -c 'head -n1 lines | cut -c1-12'
	is 'http: body' server_error jq -r .error.type reply
	fault quota
	is 'quota' '429 insufficient_quota' sh -c "echo \$(sed -n \
	    '1s/[^ ]* \([0-9]*\).*/\1/p' lines) \$(jq -r .error.code reply)"
	fault html
	is 'html' '502 text/html' sh -c "echo \$(sed -n \
	    '1s/[^ ]* \([0-9]*\).*/\1/p; s/^Content-Type: //ip' lines)"
	fault redirect=http://127.0.0.1:1/x
	is 'redirect' 'http://127.0.0.1:1/x' sed -n 's/^location: //ip' lines
	fault reset
	is 'reset: curl is told so' 56 cat code
	check 'reset: not a mere end' grep -qi 'reset by peer' .curl
	fault cut=40
	is 'cut: transfer closed early' 18 cat code
	is 'cut: so many bytes' 40 sh -c 'wc -c <reply'
	fault bad-body
	is 'bad-body: status' 0 cat code
	check 'bad-body: no JSON' sh -c '! jq . reply'
	start --fault slow=2000
	is 'slow' true jq -n "$(chat hi -o /dev/null -w '%{time_total}') > 0.1"
	start --fault hang
	chat hi -m 1 >/dev/null 2>&1
	is 'hang: no answer' 28 echo $?
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(stats .open)" != 0 ] || break
		sleep 0.2
	done
	is 'hang: let go when the client leaves' 0 stats .open
}

text_faults() {
	start
	content hi >whole
	fault length
	is 'length: reason' length jq -r '.choices[0].finish_reason' reply
	jq -j '.choices[0].message.content' reply >half
	is 'length: half the text' $((($(wc -c <whole) - 1) / 2)) \
	    sh -c 'wc -c <half'
	fault refusal
	is 'refusal' 'null string' jq -r '.choices[0].message |
	    "\(.content) \(.refusal | type)"' reply
	fault filter
	is 'filter' 'content_filter null' jq -r '.choices[0] |
	    "\(.finish_reason) \(.message.content)"' reply
	is 'filter: Gemini gives no candidates' SAFETY jq -r \
	    'select(has("candidates") | not) | .promptFeedback.blockReason' \
	    <(post /v1beta/models/g:generateContent '{"contents":[]}')
	fault empty
	is 'empty' '""' jq -c '.choices[0].message.content' reply
	fault huge=1000000
	is 'huge' 1000000 jq '.choices[0].message.content | length' reply
	fault invalid-json
	jq -r '.choices[0].message.content' reply >text
	check 'invalid-json' sh -c '! jq . text'
	fault wrong-schema
	is 'wrong-schema' array jq -r \
	    '.choices[0].message.content | fromjson | type' reply
	start --fault refusal
	is 'a refused picture is an error' 400 status post \
	    /v1/images/generations '{"prompt":"x"}'
	start --fault empty
	is 'empty: no vectors' 0 jq '.data | length' \
	    <(post /v1/embeddings '{"model":"e","input":"a"}')
}

# statuses N BODY_FORMAT: of so many requests, one a line.
statuses() {
	local i
	for ((i = 1; i <= $1; i++)); do
		# shellcheck disable=SC2059	# the format is an argument
		status chat "$(printf "$2" "$i")"
	done
}

selectors() {
	printf '%s\n' '{"fault":"http","status":500,"at":[2,3]}' '' \
	    '{"fault":"http","status":501,"every":4}' \
	    '{"fault":"http","status":502,"match":"planet","to":9}' \
	    '{"fault":"http","status":503,"from":10,"times":2,
	    "retry_after":3}' | jq -c . >rules
	start --script rules
	statuses 8 'row %d' >got
	is 'at and every' '200 500 500 501 200 200 200 501' \
	    paste -sd ' ' got
	is 'match' 502 status chat 'my planet'
	chat 'other' -D hdr >/dev/null
	is 'retry_after' 3 sh -c "sed -n 's/^retry-after: //ip' hdr |
	    tr -d '\\r'"
	is 'times counts by body: second' 503 status chat other
	is 'times counts by body: third' 501 status chat other
	is 'times counts by body: fourth' 200 status chat other
	start --fault http=500@0.3 --seed 5
	statuses 60 'row %d' >first
	grep -c 500 first >count
	check 'a rate hits about its share' \
	    test "$(cat count)" -ge 8 -a "$(cat count)" -le 30
	start --fault http=500@0.3 --seed 5
	for i in $(seq 60 -1 1); do
		status chat "row $i"
	done | tac >second
	check_equal 'and the same rows in any order' first second
	start --fault http=500,once
	statuses 2 same >got
	statuses 1 other >>got
	is 'once for each body' '500 200 500' paste -sd ' ' got
}

latency() {
	start --latency 200
	is 'latency' true jq -n \
	    "$(chat hi -o /dev/null -w '%{time_total}') | . > 0.2 and . < 2"
	start --latency 20-60 --fault latency=100
	is 'latencies add up' true jq -n \
	    "$(chat hi -o /dev/null -w '%{time_total}') | . > 0.12 and . < 2"
	start --latency 300
	curl -sS -Z --parallel-max 40 "$base/v1/chat/completions?[1-40]" \
	    --data-binary "$(ask hi)" -o /dev/null 2>.err
	is 'all wait at the same time' true jq -n "$(stats .max_open) > 20"
}

# -- limits and keys ---------------------------------------------------------

limits() {
	# One in 10 s: a loaded machine must not refill it between two calls.
	start --rpm 6 --burst 3 --limit-headers
	chat one -D hdr >/dev/null
	is 'limit headers' '6 2' sh -c "tr -d '\\r' <hdr | sed -n \
	    's/^x-ratelimit-limit-requests: //ip;
	    s/^x-ratelimit-remaining-requests: //ip' | xargs"
	check 'reset is a duration' grep -qiE \
	    '^x-ratelimit-reset-requests: (10s|[0-9]\.[0-9]+s)' hdr
	statuses 4 'row %d' >got
	is 'the burst, then 429' '200 200 429 429' paste -sd ' ' got
	chat more -D hdr >reply
	is '429 as OpenAI says it' 'requests rate_limit_exceeded' jq -r \
	    '"\(.error.type) \(.error.code)"' reply
	check 'retry-after' grep -qi '^retry-after: 1' hdr
	is 'counted' 3 stats .refused_429
	start --rpm 60 --burst 1
	chat one >/dev/null
	sleep 1.1
	is 'refilled' 200 status chat again
	start --tpm 600 --retry-after 0
	statuses 3 'a text of some length %d' >got
	chat more -D hdr >reply
	is 'tokens: the first leaves a debt' '200 429 429' paste -sd ' ' got
	check 'no retry-after with 0' \
	    sh -c '! grep -qi "^retry-after" hdr'
	is 'Gemini says it in the body' '"RESOURCE_EXHAUSTED"' jq -c \
	    .error.status <(post /v1beta/models/g:generateContent \
	    '{"contents":[]}')
}

keys() {
	export STUB_KEY=sesame
	start --require-key-env STUB_KEY
	is 'no key' 401 status chat hi
	is 'a wrong key' 401 status chat hi -H 'authorization: Bearer x'
	is 'the key' 200 status chat hi -H 'authorization: Bearer sesame'
	is 'the key, Gemini' 200 status post \
	    /v1beta/models/g:generateContent '{"contents":[]}' \
	    -H 'x-goog-api-key: sesame'
	is 'the key, Anthropic' 200 status post /v1/messages \
	    '{"model":"c","max_tokens":1,"messages":[]}' \
	    -H 'x-api-key: sesame' -H 'anthropic-version: 2023-06-01'
	is 'as OpenAI says it' invalid_api_key jq -r .error.code <(chat hi)
	is 'health needs none' 200 status curl -sS "$base/health"
	is 'the key is not in the command line' 0 sh -c \
	    "tr '\\0' ' ' </proc/$STUB_PID/cmdline | grep -c sesame; true"
	unset STUB_KEY
	check_status 2 'no such variable' "$LIBEXEC/model-stub" \
	    --require-key-env STUB_KEY
}

# -- log, statistics, ends ---------------------------------------------------

records() {
	start --log log.jsonl --fault http=500@0
	post /v1/chat/completions \
	    '{"model":"m","user":"row-7","messages":[]}' >/dev/null
	post /v1/chat/completions 'nonsense' >/dev/null
	is 'a line for each request' 2 sh -c 'wc -l <log.jsonl'
	is 'its line' '1 row-7 200 null 1' jq -sr \
	    '.[0] | "\(.n) \(.custom) \(.status) \(.fault) \(.open)"' log.jsonl
	is 'the digest is of the body' "$(printf nonsense | sha256sum |
	    cut -d ' ' -f 1)" jq -sr '.[1].body_sha256' log.jsonl
	is 'counted' '2 1' stats -r '"\(.requests) \(.answered)"'
	kill -TERM "$STUB_PID"
	wait "$STUB_PID"
	is 'SIGTERM: exit 0' 0 echo $?
	is 'SIGTERM: the statistics' 2 jq .requests \
	    <(said | sed -n 's/^riddle-model-stub: {/{/p')
	STUB_PID=
	start --quit-after 3
	statuses 3 'row %d' >/dev/null
	wait "$STUB_PID"
	is '--quit-after: exit 0' 0 echo $?
	STUB_PID=
	start --log /dev/full
	chat hi >/dev/null
	kill -TERM "$STUB_PID"
	wait "$STUB_PID"
	is 'a log that is not written: exit 1' 1 echo $?
	STUB_PID=
	start --latency 60000
	chat hi >/dev/null 2>&1 &
	sleep 0.3
	kill -TERM "$STUB_PID"
	wait "$STUB_PID"
	is 'it stops with requests open' 0 echo $?
	STUB_PID=
}

usage() {
	local stub=$LIBEXEC/model-stub
	check_status 2 'a port out of range' "$stub" --port 70000
	check_status 2 'an unknown fault' "$stub" --fault nonsense
	check_status 2 'a rate over 1' "$stub" --fault empty@2
	check_status 2 'a value it does not take' "$stub" --fault empty=3
	check_status 2 'http without a status' "$stub" --fault http
	check_status 2 'a latency of nonsense' "$stub" --latency 5-2
	printf '%s\n' '{"fault":"empty"}' '{"fault":"empty","atr":[1]}' >rules
	check_status 2 'a key of nonsense' "$stub" --script rules
	check_stderr 'file, line and key' 'rules:2: .*atr'
	check_status 1 'no such script' "$stub" --script missing
	check_status 1 'no such folder for the log' "$stub" --log no/log
	start
	check_status 1 'a port that is taken' "$stub" \
	    --port "${base##*:}"
}

# -- strangers ---------------------------------------------------------------

hostile() {
	start
	local p=/v1/chat/completions
	is 'no JSON' 'invalid_request_error' jq -r .error.type \
	    <(post $p '{"model"')
	is 'an empty body' 400 status curl -sS -X POST "$base$p"
	is 'an array' 400 status post $p '[]'
	is 'no messages' 400 status post $p '{"model":"m"}'
	is 'no model' 400 status post $p '{"messages":[]}'
	is 'messages of nonsense' 200 status post $p \
	    '{"model":"m","messages":[1,null,[],{"role":5},{"content":{}}]}'
	is 'n out of range' 400 status post $p \
	    '{"model":"m","messages":[],"n":1e9}'
	head -c 100000 /dev/zero | tr '\0' '[' >deep
	is 'deep nesting' 400 status post $p @deep
	printf '{"model":"m\xff","messages":[]}' >bad
	is 'bytes that are not UTF-8' 400 status post $p @bad
	head -c 3000000 /dev/urandom >binary
	is 'binary' 400 status post $p @binary
	printf '{"model":"m\\u0000x","messages":[{"content":"a\\u0000b"}]}' \
	    >nul
	is 'NUL in text' 200 status post $p @nul
	is 'more than 300 MB' 413 status post $p '{}' \
	    -H 'content-length: 400000000' -m 5
	jq -nc '{model: "m", messages: [{role: "user",
	    content: ("x" * 5000000)}]}' >large
	is '5 MB' 200 status post $p @large -H 'expect: 100-continue'
	is '5 MB in chunks' 200 status post $p @large \
	    -H 'transfer-encoding: chunked'
	curl -sS -Z --parallel-max 300 "$base$p?[1-600]" \
	    --data-binary "$(ask hi)" -o /dev/null 2>.err
	is '600 requests over many connections' true jq -n \
	    "$(stats .answered) >= 600"
	is 'it still lives' 200 status chat hi
	stub_stop
	is 'and nothing was said on stderr but two lines' 2 \
	    awk 'END { print NR }' <(said)
}

answers
schemas
other_dialects
replies
taxonomy
vectors
images
whole_faults
text_faults
selectors
latency
limits
keys
records
usage
hostile
