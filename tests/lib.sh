# shellcheck shell=bash
# Sourced by the black-box tests (tests/tool/*.sh and their kin).
# Gives each script a temporary folder as its working directory, a clean
# environment, named checks, and model-stub servers that end with it.
# Prints one line a check, "ok - NAME" or "not ok - NAME" with the reason in
# lines of "# ...", which tests/run.sh counts; exits 1 when a check failed.
#
#	check NAME CMD...		CMD exits 0
#	check_status N NAME CMD...	CMD exits N (141: also death by SIGPIPE)
#	check_output NAME FILE CMD...	CMD exits 0, prints FILE (-: stdin)
#	check_equal NAME FILE FILE	the files are the same
#	check_stderr NAME REGEX		what the last check's CMD said on stderr
#	skip NAME WHY			not run here
#	stub_start [ARGS...]		a model-stub; sets STUB_URL, STUB_PID
#	stub_stop			end it (as the script does at its end)
#
# $ROOT is the tree, $OUT the build folder (absolute), $LIBEXEC where the tools
# are, $T the temporary folder.

set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
OUT=${OUT:-build}
case $OUT in /*) ;; *) OUT=$ROOT/$OUT ;; esac
LIBEXEC=${RIDDLE_LIBEXEC:-$OUT/libexec/riddle}
T=$(mktemp -d "${TMPDIR:-/tmp}/riddle-test.XXXXXX")

export PATH="$OUT/bin:$PATH" HOME="$T" LC_ALL=C TZ=UTC
unset RIDDLE_LEDGER RIDDLE_MODELS OPENAI_API_KEY OPENAI_BASE_URL \
    ANTHROPIC_API_KEY ANTHROPIC_BASE_URL GEMINI_API_KEY GEMINI_BASE_URL \
    OLLAMA_HOST http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY \
    all_proxy

test_failed=0
test_count=0
stub_pids=()
STUB_PID=
export STUB_URL=

# shellcheck disable=SC2317	# called by trap
test_end() {
	local status=$?
	trap - EXIT
	if [ ${#stub_pids[@]} -gt 0 ]; then
		kill "${stub_pids[@]}" 2>/dev/null
		wait "${stub_pids[@]}" 2>/dev/null
	fi
	cd / || exit 1
	rm -rf "$T"
	if [ "$status" -ne 0 ]; then
		echo "not ok - script ended early with status $status"
	elif [ "$test_count" -eq 0 ]; then
		echo 'not ok - script made no check'
		status=1
	fi
	[ "$test_failed" -eq 0 ] || status=1
	exit "$status"
}
trap test_end EXIT
trap 'exit 130' INT TERM
cd "$T" || exit 1

pass() {
	test_count=$((test_count + 1))
	echo "ok - $1"
}

# fail NAME [REASON]: the reason, then stderr of the last command.
fail() {
	test_count=$((test_count + 1))
	test_failed=$((test_failed + 1))
	echo "not ok - $1"
	[ $# -lt 2 ] || printf '%s\n' "$2" | head -n 40 | sed 's/^/# /'
	[ ! -s "$T/.err" ] || head -n 20 "$T/.err" | sed 's/^/# stderr: /'
}

skip() {
	test_count=$((test_count + 1))
	echo "ok - $1 # SKIP $2"
}

check() {
	check_status 0 "$@"
}

check_status() {
	local want=$1 name=$2 got
	shift 2
	"$@" >"$T/.out" 2>"$T/.err"
	got=$?
	if [ "$got" -eq "$want" ]; then
		pass "$name"
	else
		fail "$name" "status $got, expected $want: $*"
	fi
}

check_output() {
	local name=$1 want=$2 got diff
	shift 2
	if [ "$want" = - ]; then
		want=$T/.want
		cat >"$want"
	fi
	"$@" >"$T/.out" 2>"$T/.err"
	got=$?
	if [ "$got" -ne 0 ]; then
		fail "$name" "status $got: $*"
	elif diff=$(diff -u "$want" "$T/.out"); then
		pass "$name"
	else
		fail "$name" "$diff"
	fi
}

check_equal() {
	local diff
	: >"$T/.err"
	if diff=$(diff -u "$2" "$3" 2>&1); then
		pass "$1"
	else
		fail "$1" "$diff"
	fi
}

check_stderr() {
	if grep -Eq -- "$2" "$T/.err"; then
		pass "$1"
	else
		fail "$1" "stderr does not match: $2"
	fi
}

# shellcheck disable=SC2120	# arguments are for the stub, if any
stub_start() {
	local n=${#stub_pids[@]} i
	"$LIBEXEC/model-stub" --ready-file "$T/.port.$n" "$@" \
	    >"$T/.stub.$n" 2>&1 &
	STUB_PID=$!
	stub_pids+=("$STUB_PID")
	for ((i = 0; i < 200; i++)); do
		if [ -s "$T/.port.$n" ]; then
			STUB_URL=http://127.0.0.1:$(cat "$T/.port.$n")/v1
			return 0
		fi
		kill -0 "$STUB_PID" 2>/dev/null || break
		sleep 0.05
	done
	cp "$T/.stub.$n" "$T/.err"
	fail 'model-stub starts' 'it wrote no port'
	return 1
}

stub_stop() {
	[ -n "$STUB_PID" ] || return 0
	kill "$STUB_PID" 2>/dev/null
	wait "$STUB_PID" 2>/dev/null
	STUB_PID=
}
