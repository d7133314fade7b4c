#!/usr/bin/env bash
# The model tools against a real model: SmolLM2-135M in llama-server, which
# `make local-model` built.  What it says does not matter here, but that it
# comes whole, fits its schema, is paid once and comes back from the ledger.
# Starts the server unless it runs, and ends only the one it started.
# shellcheck source-path=SCRIPTDIR/.. source=lib.sh
. "$(dirname "$0")/../lib.sh"
server=$ROOT/tests/local/server.sh
started=false

# shellcheck disable=SC2317	# called by trap
local_end() {
	local status=$?
	! $started || bash "$server" stop
	(exit "$status")
	test_end
}

if ! url=$(bash "$server" url 2>/dev/null); then
	url=$(bash "$server" start) || exit 1
	started=true
fi
trap local_end EXIT
model="$url#smollm2-135m"

seq 1 12 | jq -c '{n: ., thing: ("dog", "rose", "train", "soup")}' |
    head -n 12 >rows.jsonl
cat >three.prompt <<'END'
---
config: { temperature: 0, maxOutputTokens: 120 }
output:
  format: json
  schema:
    type: object
    properties:
      words:
        type: array
        items: { type: string, minLength: 1, maxLength: 16 }
        minItems: 3
        maxItems: 3
    required: [words]
    additionalProperties: false
---
{{role "user"}}Give three words that go with "{{thing}}".
END
ask() {
	riddle ask --model "$model" --prompt three.prompt --ledger "$@"
}

check 'ask answers twelve rows' ask a.db --inflight 4 rows.jsonl
cp .out first
check 'twelve rows come out' test "$(wc -l <first)" -eq 12
check 'every answer fits its schema' jq -es \
    'all(.answer.words | length == 3 and all(type == "string"))' first
check 'the rows keep their order' jq -es \
    '[.[].n] == ([.[].n] | sort)' first
check_output 'the ledger answers again, byte for byte' first \
    ask a.db --offline rows.jsonl

jq -cn '{thing: ([range(9000) | "word"] | join(" "))}' >long.jsonl
check_status 3 'a row that is too long is a failed record' \
    ask b.db --failed failed.jsonl long.jsonl
cp failed.jsonl reasons 2>/dev/null
check 'with the reason in the words of the server' \
    grep -q 'context size' reasons

printf '%s\n' '{"path":["reading text in pictures"]}' \
    '{"path":["counting things"]}' >seeds.jsonl
expand() {
	riddle taxonomy-expand --model "$model" --levels 2 --rounds 1 \
	    --seed 1 --ledger c.db "$@" seeds.jsonl
}
check_status 0 'taxonomy-expand grows two seeds' expand --max-failed 50%
cp .out tree
check 'there is more than the seeds' test "$(wc -l <tree)" -gt 2
check 'no task comes twice' jq -es '[.[].id] | length == (unique | length)' \
    tree
check_output 'it grows the same tree from the ledger' tree \
    expand --max-failed 50% --offline
if $started; then
	bash "$server" stop
	check_output 'with the server gone, nothing is asked again' first \
	    ask a.db rows.jsonl
fi
