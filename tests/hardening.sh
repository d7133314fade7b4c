#!/usr/bin/env bash
# What the compiler and the linker do against attacks, read from the programs:
# each check names those that lack it.  A sanitized build has checks of its own
# in place of some of these, and is left out.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

case $OUT in
*/sanitize) skip 'hardening' 'a sanitized build'; exit 0 ;;
esac

programs=("$OUT/bin/riddle" "$LIBEXEC"/*)

# all NAME CMD...: CMD PROGRAM is true for every program.
all() {
	local name=$1 p lacking=
	shift
	for p in "${programs[@]}"; do
		"$@" "$p" 2>"$T/.err" || lacking="$lacking $(basename "$p")"
	done
	if [ -z "$lacking" ]; then
		pass "$name"
	else
		fail "$name" "not so:$lacking"
	fi
}

says() { LC_ALL=C readelf "$1" --wide "$3" | grep -Eq "$2"; }
says_not() { ! says "$@"; }
calls() { LC_ALL=C readelf --dyn-syms --wide "$2" | grep -Eq " ($1)(@|\$)"; }

# The first instruction of main() is one that a jump may land on.
lands() {
	objdump -d --no-show-raw-insn --disassemble=main "$1" |
	    grep -A 1 '<main>:' | grep -q endbr64
}

# A probe that does not find what it looks for would pass everything.
check_status 1 'a script is no program' says -h 'Type: *DYN' "$0"

all 'position independent' says -d 'Flags:.* PIE'
all 'relocations are read-only' says -l GNU_RELRO
all 'and all made at the start' says -d 'Flags:.* NOW'
all 'the stack cannot be run' says_not -l 'GNU_STACK.* RWE'
all 'nothing is both writable and run' says_not -l 'LOAD .* RWE'
all 'the code is not changed' says_not -d TEXTREL
all 'libraries are not looked for elsewhere' says_not -d 'R(UN)?PATH'
all 'the stack is guarded' calls '__stack_chk_fail'
all 'sizes are checked' calls '__[a-z]+_chk'
if [ "$(uname -m)" = x86_64 ]; then
	all 'jumps land where they may' lands
	check 'the stack is probed' grep -q -e -fstack-clash-protection \
	    "$OUT/flags"
fi
