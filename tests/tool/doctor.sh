#!/usr/bin/env bash
# riddle-doctor: what it finds where all is well, and where something is not.
# shellcheck disable=SC2016	# programs for jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

finding() { riddle doctor --json "${@:2}" | jq -r --arg c "$1" \
	'select(.check == $c) | "\(.level) \(.finding)"'; }

check 'all is well' riddle doctor
check_output 'a table' - sh -c 'riddle doctor | head -n 1 | tr -s " "' \
    <<< 'check level finding'
check_output 'the sandbox works' - finding sandbox \
    <<< 'ok images are decoded in confined children'

# -- The ledger -----------------------------------------------------------------
check_output 'a ledger that is not there' - finding ledger --ledger no.db \
    <<< 'ok no.db: not there yet'
check 'is not made' test ! -e no.db
echo '{"n":1}' | riddle validate --ledger led.db > out 2> err
check_output 'one that is' - finding ledger --ledger led.db \
    <<< 'ok led.db: 1 runs, 0 calls; ok'
head -c 5000 /dev/urandom > odd.db
check_status 1 'one that is none' riddle doctor --ledger odd.db

# -- Keys -------------------------------------------------------------------------
export OPENAI_API_KEY=sk-planted-0123456789
check_output 'a key that is set' - finding OPENAI_API_KEY <<< 'ok set'
check_output 'is not printed' - sh -c 'riddle doctor 2>&1 |
    grep -c planted; true' <<< 0
OPENAI_API_KEY='sk bad' riddle doctor > out 2>&1
check_output 'a key with a blank in it' - grep -c '^OPENAI_API_KEY  *bad' out \
    <<< 1
unset OPENAI_API_KEY

# -- Servers ----------------------------------------------------------------------
export RIDDLE_TEST_KEY=secret
stub_start --require-key-env RIDDLE_TEST_KEY --log log.jsonl
export OPENAI_BASE_URL=$STUB_URL OPENAI_API_KEY=secret
check 'a server that takes the key' riddle doctor openai/stub
OPENAI_API_KEY=wrong riddle doctor openai/stub > out 2>&1
check_output 'one that does not' - grep -c 'refuses the key (HTTP 401)' out \
    <<< 1
check 'no model was asked anything' test ! -s log.jsonl
check_status 1 'a server that is not there' riddle doctor --timeout 2 \
    'http://127.0.0.1:1/v1#m'
check_status 1 'a model that is none' riddle doctor gpt4
check_status 2 'an option that is none' riddle doctor --ledgr x
check_stderr 'did you mean' 'did you mean --ledger'
