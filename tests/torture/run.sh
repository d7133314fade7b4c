#!/usr/bin/env bash
# run.sh [PART...]: alloc, io, full, kill and power, or some of them, as they
# stand in faults.sh, kill.sh and power.sh.  Reads what `make torture` built in
# $OUT; logs go to $OUT/torture/log.  Two at a time (JOBS).  SHORT=1 takes about
# a minute.  Else, unless given here:
#	MAX=0		faults of each kind a case (0: all)
#	KILLS=1000	half of the demo pipeline, half of the engine
#	CUTS=1000	losses of power
#	CASES="..."	some of cases.sh
# The last line is "N passed, N failed"; exit 1 when anything failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
export OUT=${OUT:-build} SEED=${SEED:-1}
LOG=$OUT/torture/log
JOBS=${JOBS:-2}
if [ -n "${SHORT:-}" ]; then
	: "${MAX:=3}" "${KILLS:=12}" "${CUTS:=16}"
fi
: "${MAX:=0}" "${KILLS:=1000}" "${CUTS:=1000}"
export MAX
# Inputs are made once, before jobs share them.
wanted=${CASES:-}
ROOT=$PWD
case $OUT in /*) ;; *) OUT=$PWD/$OUT ;; esac
PATH="$OUT/bin:$PATH"
# shellcheck source=tests/torture/cases.sh
. tests/torture/cases.sh
torture_inputs || exit 1

jobs_of() {
	local c
	case $1 in
	alloc|io|full)
		for c in ${wanted:-$CASES}; do
			echo "tests/torture/faults.sh $1 $c"
		done ;;
	kill)	echo "tests/torture/kill.sh demo $((KILLS / 2))"
		echo "tests/torture/kill.sh engine $((KILLS / 2))" ;;
	power)	echo "tests/torture/power.sh few $((CUTS * 3 / 4))"
		echo "tests/torture/power.sh many $((CUTS / 4))" ;;
	*)	echo "run.sh: no part $1" >&2
		exit 2 ;;
	esac
}

rm -rf "$LOG"
mkdir -p "$LOG"
[ $# -gt 0 ] || set -- kill power alloc io full
for part; do
	jobs_of "$part" || exit 2
done | xargs -P "$JOBS" -L 1 bash -c '
	log='"$LOG"'/$(basename "$1" .sh).$2.$3
	bash "$@" >"$log" 2>&1 </dev/null
	grep -qE "^(not )?ok " "$log" || echo "not ok - $*: no check" >>"$log"
	grep -vE "^# [a-z-]+: [0-9]+ [a-z_]+$" "$log"' run
passed=$(cat "$LOG"/* | grep -c '^ok ')
failed=$(cat "$LOG"/* | grep -c '^not ok ')
# Faults by what failed.
cat "$LOG"/* | sed -n 's/^# [a-z-]*: \([0-9]* [a-z_]*\)$/\1/p' |
    awk '{ n[$2] += $1 } END { for (k in n) print "# " n[k] " " k }' | sort -k3
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
