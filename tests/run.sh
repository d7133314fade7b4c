#!/usr/bin/env bash
# Run the tests: run.sh [NAME...], all of them without a NAME.
# NAME is a group (unit, tool, contract, floors, man, examples, planted,
# hardening) or a job, as "unit/core_basic" or a path of a script.
# Reads what `make` built in $OUT; writes to $OUT/test-logs, one file a job.
# Two jobs at a time (JOBS).
# WRAP is put before unit tests (valgrind); VERBOSE=1 shows every log.
# The last line is "N passed, N failed"; exit 1 when anything failed.
set -u
cd "$(dirname "$0")/.." || exit 1
OUT=${OUT:-build}
JOBS=${JOBS:-2}
WRAP=${WRAP:-}
TIME_LIMIT=${TIME_LIMIT:-300}
LOGS=${LOGS:-$OUT/test-logs}
export OUT
# A sanitizer's word must not look like a tool's own failure.
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:exitcode=99}

# A job is a line: name, tab, command.
jobs_unit() {
	local f
	for f in tests/unit/*.c; do
		f=$(basename "$f" .c)
		printf 'unit/%s\tenv %s %s %s/tests/%s\n' "$f" \
		    CMOCKA_MESSAGE_OUTPUT=TAP "$WRAP" "$OUT" "$f"
	done
}

jobs_tool() {
	local f
	for f in tests/tool/*.sh; do
		[ ! -e "$f" ] || printf 'tool/%s\tbash %s\n' \
		    "$(basename "$f" .sh)" "$f"
	done
}

tools() {
	local f
	for f in tools/*.c; do
		[ ! -e "$f" ] || basename "$f" .c
	done
}

jobs_contract() {
	local t
	for t in $(tools); do
		printf 'contract/%s\tbash tests/contract.sh %s\n' "$t" "$t"
	done
}

jobs_examples() {
	local p
	for p in tools/*.[17]; do
		[ -e "$p" ] || continue
		printf 'examples/%s\tbash tests/examples.sh %s\n' \
		    "$(basename "$p")" "$p"
	done
}

jobs_floors() {
	printf 'floors\tbash tests/floors.sh\n'
}

jobs_man() {
	printf 'man\tbash tests/man.sh\n'
}

jobs_hardening() {
	printf 'hardening\tbash tests/hardening.sh\n'
}

jobs_planted() {
	printf 'planted\tbash tests/planted.sh\n'
}

# The longest first, so that the two hands end together.
all_jobs() {
	jobs_tool
	jobs_contract
	jobs_examples
	jobs_unit
	jobs_planted
	jobs_man
	jobs_floors
	jobs_hardening
}

wanted_jobs() {
	local name
	[ $# -gt 0 ] || { all_jobs; return; }
	for name; do
		case $name in
		unit|tool|contract|floors|man|examples|planted|hardening)
			"jobs_$name" ;;
		*.sh) printf '%s\tbash %s\n' "$(basename "$name" .sh)" \
		    "$name" ;;
		*) all_jobs | grep "^$name	" ||
		    printf '%s\techo "not ok - no such test"\n' "$name" ;;
		esac
	done
}

# Count the checks in a log.  A job must exit 0 exactly when none failed, and
# must have made one: a crash, a time-out and an empty job are failures.
judge() {
	local log=$1 status=$2 good bad skipped
	good=$(grep -c '^ok ' "$log")
	# cmocka writes "not ok N # SKIP" for a test that was skipped.
	sed -i 's/^not ok \([0-9]* # SKIP\)/ok \1/' "$log"
	bad=$(grep -c '^not ok ' "$log")
	skipped=$(grep -c '^ok .*# SKIP' "$log")
	if [ "$bad" -eq 0 ] && [ "$status" -ne 0 ]; then
		echo "not ok - exit status $status" >>"$log"
		bad=1
	elif [ "$bad" -eq 0 ] && [ "$good" -eq 0 ]; then
		echo 'not ok - made no check' >>"$log"
		bad=1
	fi
	echo "$((good - skipped)) $bad $skipped" >"$log.count"
}

run_job() {
	local name=$1 cmd=$2 log start=$SECONDS status
	log=$LOGS/${name//\//.}
	# shellcheck disable=SC2086	# the command is made of words
	timeout -k 10 "$TIME_LIMIT" $cmd >"$log" 2>&1 </dev/null
	status=$?
	[ "$status" -ne 124 ] || echo "# stopped after $TIME_LIMIT s" >>"$log"
	judge "$log" "$status"
	read -r good bad skipped <"$log.count"
	if [ "$bad" -gt 0 ]; then
		printf 'FAIL  %-32s %d of %d failed\n' "$name" "$bad" \
		    $((good + bad))
		grep -v '^ok ' "$log" | head -n 200 | sed 's/^/      /'
	else
		printf 'ok    %-32s %4d checks %4d s%s\n' "$name" "$good" \
		    $((SECONDS - start)) \
		    "$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
	fi
	[ -z "${VERBOSE:-}" ] || cat "$log"
}

rm -rf "$LOGS"
mkdir -p "$LOGS"
running=0
while IFS=$'\t' read -r name cmd; do
	if [ "$running" -ge "$JOBS" ]; then
		wait -n
		running=$((running - 1))
	fi
	run_job "$name" "$cmd" &
	running=$((running + 1))
done < <(wanted_jobs "$@")
wait

passed=0 failed=0 skipped=0
for f in "$LOGS"/*.count; do
	[ -e "$f" ] || continue
	read -r g b s <"$f"
	passed=$((passed + g)) failed=$((failed + b)) skipped=$((skipped + s))
done
[ "$skipped" -eq 0 ] ||
	grep -h '# SKIP' "$LOGS"/* | sed 's/^ok [0-9]* *-* */skipped: /'
if [ $((passed + failed)) -eq 0 ]; then
	echo 'no test was run'
	failed=1
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
