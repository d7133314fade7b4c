#!/usr/bin/env bash
# faults.sh alloc|io|full CASE: a short run of a tool, once for each fault that
# is put into it.  A fault may make the run fail, with a message; it must not
# make it crash, hang, claim success over other bytes, leave half a file at an
# output's name, or spoil the ledger; and the run after it, left alone, gives
# the undisturbed bytes and asks nobody for what the ledger holds.
#	MAX=N	at most so many faults of this case, spread evenly; 0: all
#	ONLY=K	of io: only calls of this kind, as fault.c names them
#	ALL=1	every allocation, not only one of each place in the program
# A line "fault ..." for each finding says how to make it again.
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=cases.sh
. "$ROOT/tests/torture/cases.sh"
part=$1 name=$2
MAX=${MAX:-0}
SHIM=$OUT/torture/fault.so
TIME=45		# decoders have 30 s for a file
torture_inputs || exit 1
# In a build with a sanitizer the shim stands before its allocator.
export ASAN_OPTIONS=verify_asan_link_order=0:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
export PATH="$OUT/bin:$PATH"

faults=0 findings=0 failed_runs=0
declare -A by_name=()

finding() {
	findings=$((findings + 1))
	echo "# fault $name: $how: $1"
}

fresh() {
	rm -rf w fault.log
	cp -R base w
}

# tool STDOUT [SETTING...]: the command, in w.
tool() {
	local out=$1
	shift
	(cd w && exec timeout -k 2 $TIME env ${1:+LD_PRELOAD="$SHIM"} "$@" \
	    "$LIBEXEC/${cmd[0]}" "${cmd[@]:1}" >"$out" 2>../err)
}

# like PATH PATH: equal.  A page leaves out a picture that it cannot make.
like() {
	local img='s/<img [^>]*>//g'
	diff -r "$1" "$2" >/dev/null 2>&1 || { [[ $1 == *.html ]] &&
	    cmp -s <(sed "$img" "$1") <(sed "$img" "$2"); }
}

same() {
	local f
	cmp -s "$1" want.out || return 1
	for f in "${finals[@]}"; do
		like "w/$f" "want/$f" || return 1
	done
}

# Outputs are whole, as they were before, or not there.
whole() {
	local f
	for f in "${finals[@]}"; do
		[ ! -e "w/$f" ] || [ "$f" = lost ] || like "w/$f" "want/$f" ||
		    like "w/$f" "base/$f" || finding "half of $f"
	done
}

held() {
	local n=
	[ ! -s w/led.db ] || n=$(sqlite3 -readonly w/led.db \
	    'select count(*) from call' 2>/dev/null)
	echo "${n:-0}"
}

asked() { [ -z "$model" ] && echo 0 || wc -l <log.jsonl; }

# shellcheck disable=SC2094	# written, then read
ledger_sound() {
	[ ! -s w/led.db ] ||
	    riddle ledger --ledger w/led.db verify >verify 2>&1 ||
	    grep -q 'is empty, and no ledger yet' verify ||
	    finding "the ledger: $(head -n 3 verify | tr '\n' ' ')"
}

# The run was disturbed and ended with $1.
judge() {
	local status=$1 had=0 before=0 now
	case $status in
	127)	grep -q 'thread-local data: ABORT' err ||
		    finding 'dies: status 127' ;;	# by glibc
	0)	[ ${#proof[@]} -gt 0 ] || same got.out ||
		    finding 'success, and other bytes' ;;
	124|137)	finding 'hangs' ;;
	12[5-9]|1[3-9]?|2??)
		finding "dies: status $status"
		grep '(.*) *\[0x' err | head -n 12 | sed 's/^/#	/' ;;
	*)	failed_runs=$((failed_runs + 1))
		[ -s err ] || [ "$name" = ledger-verify ] ||
		    finding "status $status without a message" ;;
	esac
	if grep -Eq 'Sanitizer|runtime error' err; then
		finding sanitizer
		grep -E 'Sanitizer|runtime error|^ +#[0-9]' err | head -n 14 |
		    sed 's/^/#	/'
	fi
	[ "$status" -eq 3 ] || whole	# with 3, whole, and of fewer records
	ledger_sound
	if [ -n "$model" ]; then
		had=$(held) before=$(asked)
	fi
	if ! tool ../again.out; then
		finding "run again, it fails: $(head -n 1 err)"
	elif [ ${#proof[@]} -gt 0 ]; then
		(cd w && "${proof[@]}") >proved 2>&1
		cmp -s proved want.proof || finding 'run again, other state'
	elif ! same again.out; then
		finding 'run again, other bytes'
	fi
	now=$(($(asked) - before))
	[ -z "$model" ] || [ $now -eq $((calls - had)) ] ||
	    finding "$had of $calls calls held, then $now asked"
}

# disturb SETTING...: once.
disturb() {
	local n kind
	how=$*
	fresh
	tool ../got.out FAULT_LOG="$T/fault.log" "$@"
	local status=$?
	n=$(od -An -j 8 -N 8 -tu8 fault.log 2>/dev/null)
	[ "${n:-0}" -gt 0 ] || return 0	# it did not come that far
	faults=$((faults + 1))
	kind=$(tail -c +33 fault.log | head -n 1 | tr -d '\0' | cut -d ' ' -f 3)
	by_name[$kind]=$((${by_name[$kind]:-0} + 1))
	how="$how ($kind)"
	cp err err.first
	judge $status
}

# Lines of stdin, at most MAX of them.
spread() {
	awk -v max="$MAX" '{ l[NR] = $0 } END { n = NR
		if (max == 0 || n <= max) max = n
		for (i = 0; i < max; i++)
			print l[int((i + 0.5) * n / max) + 1] }'
}

# Calls of the undisturbed run: number, name, place.
trace() {
	fresh
	tool ../got.out FAULT_LOG="$T/fault.log" FAULT_KIND="$1" FAULT_TRACE=1
	tail -c +33 fault.log | tr -d '\0' | cut -d ' ' -f 2-4
}

alloc_plan() {
	trace alloc | if [ -n "${ALL:-}" ]; then cat; else
	    awk '!seen[$3]++'; fi | spread | awk '{ print $1
		if (NR % 4 == 0) print $1, "FAULT_ONWARD=1" }' |
	    sed 's/^/FAULT_KIND=alloc FAULT_AT=/'
}

# Each call fails in two ways; reads and writes are cut short or interrupted,
# too.  A lock never fails onward: it is waited for.
io_plan() {
	trace io | awk -v only="${ONLY:-}" 'only == "" || $2 == only {
		print $1, "FAULT_HOW=a"
		print $1, "FAULT_HOW=b"
		if (NR % 3 == 0 && $2 != "lock")
			print $1, "FAULT_HOW=a FAULT_ONWARD=1"
		if ($2 == "read" || $2 == "write") {
			print $1, "FAULT_HOW=short"
			print $1, "FAULT_HOW=eintr" } }' | spread |
	    sed 's/^/FAULT_KIND=io FAULT_AT=/'
}

# The disk is full after so many bytes.
full_plan() {
	local all=$((1 << 40)) n
	fresh
	tool ../got.out FAULT_LOG="$T/fault.log" FAULT_KIND=io FAULT_BYTES=$all
	n=$(od -An -j 24 -N 8 -tu8 fault.log)
	awk -v n="$n" -v m="$((MAX > 0 ? MAX : 200))" 'BEGIN { srand(1)
		for (i = 0; i < m; i++)
			print 1 + int((i + rand()) / m * 0.98 * n) }' |
	    sed 's/^/FAULT_KIND=io FAULT_BYTES=/'
}

case_setup "$name"
calls=0
# The second run, too: what was made on the way must not matter.
for i in 1 2; do
	fresh
	: >log.jsonl
	tool ../want.out || { cp err .err; fail "$name: left alone, it succeeds"
	    exit 1; }
	if [ "$i" = 1 ]; then
		calls=$(held)
		[ ${#proof[@]} -eq 0 ] || (cd w && "${proof[@]}") >want.proof
		cp -R w want
		cp want.out first.out
	fi
done
[ ${#proof[@]} -gt 0 ] || same first.out || fail "$name: same input, same bytes"

while read -r -a settings; do
	disturb "${settings[@]}"
done < <("${part}_plan")
for kind in "${!by_name[@]}"; do
	echo "# $name: ${by_name[$kind]} $kind"
done | sort
: >.err
if [ $faults -eq 0 ]; then
	fail "$part $name: a fault was made" 'none'
elif [ $findings -gt 0 ]; then
	fail "$part $name: $faults faults, $findings findings"
else
	pass "$part $name: $faults faults, $failed_runs failed runs"
fi
