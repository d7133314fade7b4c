#!/usr/bin/env bash
# Does a failing test turn the suite red?  Plants some that must, runs
# tests/run.sh on each, and looks at its status and its last line.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

export TMPDIR=$T
red() {
	local name=$1 want=$2 status last
	LOGS=$T/logs OUT=$OUT bash "$ROOT/tests/run.sh" "$T/$name.sh" \
	    >"$T/$name.log" 2>&1
	status=$?
	last=$(tail -n 1 "$T/$name.log")
	: >"$T/.err"
	if [ "$status" -eq 1 ] && [ "$last" = "$want" ]; then
		pass "planted: $name"
	else
		fail "planted: $name" "status $status, last line: $last"
	fi
}

lib=". '$ROOT/tests/lib.sh'"
printf '%s\n' "$lib" 'check "works" true' 'check "fails" false' >fails.sh
red fails '1 passed, 1 failed'
printf '%s\n' "$lib" 'echo a >a' 'check_output "differs" a echo b' >differs.sh
red differs '0 passed, 1 failed'
printf '%s\n' "$lib" 'check_status 2 "wrong status" false' >status.sh
red status '0 passed, 1 failed'
printf '%s\n' "$lib" >empty.sh
red empty '0 passed, 1 failed'
printf '%s\n' "$lib" 'check "works" true' 'exit 7' 'check "x" true' >ends.sh
red ends '1 passed, 1 failed'
printf '%s\n' "$lib" 'check "works" true' 'kill -9 $$' >dies.sh
red dies '1 passed, 1 failed'
echo 'echo hello' >silent.sh
red silent '0 passed, 1 failed'
printf '%s\n' "$lib" 'no_such_command; check "works" true' >fine.sh
LOGS=$T/logs bash "$ROOT/tests/run.sh" "$T/fine.sh" >fine.log 2>&1
check "planted: a good one is green" test "$(tail -n 1 fine.log)" = \
    '1 passed, 0 failed'

# A tool that breaks the contract: options it does not know are an error to
# cat, but with the wrong status, and it lets anything through.
mkdir fake
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' 'case $1 in --ledger) shift 2 ;; esac' \
    'exec cat "$@"' >fake/validate
chmod +x fake/validate
RIDDLE_LIBEXEC=$T/fake bash "$ROOT/tests/contract.sh" validate >contract.log
check 'planted: a bad tool fails the contract' test $? -eq 1
for what in '1 usage is the SYNOPSIS' '2 --version is a name' \
    '3 unknown option: exit 2' '7 cut last line' '7 not JSON'; do
	check "planted: the contract sees: $what" \
	    grep -q "^not ok - $what" contract.log
done
check 'planted: the contract passes what is right' \
    grep -q '^ok - 10 unknown fields survive' contract.log
