#!/usr/bin/env bash
# The floors of the library: a file includes headers of its own floor and of
# those below, SQLite is known to ledger/db alone and libcurl to
# model/curl.c alone, and banned calls are nowhere.  Reads sources only.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 1
shopt -s lastpipe	# expect_nothing counts in this shell
: >"$T/.err"

# expect_nothing NAME: passes if stdin is empty, else shows it.
expect_nothing() {
	local found
	found=$(cat)
	if [ -z "$found" ]; then
		pass "$1"
	else
		fail "$1" "$found"
	fi
}

floors='core record ledger query vision model domain publish stub'

# The floors at or below one, as an alternation.
below() {
	local f all=
	for f in $floors; do
		all=$all${all:+|}$f
		[ "$f" != "$1" ] || break
	done
	echo "$all"
}

for floor in $floors; do
	[ -d "tools/lib/$floor" ] || continue
	for other in $floors; do
		echo "$other" | grep -Eqx "$(below "$floor")" ||
			grep -nE "#include \"$other/" "tools/lib/$floor"/*.[ch]
	done 2>/dev/null | expect_nothing "floor $floor includes none above it"
done

grep -nE '#include "' tools/lib/*/*.[ch] |
	grep -vE "\"(${floors// /|})/[a-z0-9_]+\.h\"" |
	expect_nothing 'library headers are named floor/name.h'
grep -lE '#include [<"]sqlite3\.h' -r tools tests/unit |
	grep -vxE 'tools/lib/ledger/db(\.c|_private\.h)' |
	expect_nothing 'only ledger/db.c knows SQLite'
grep -rlE '#include "ledger/db_private\.h"' tools tests/unit |
	grep -v '^tools/lib/ledger/' |
	expect_nothing 'ledger/db_private.h stays in its folder'
grep -lE '#include [<"]curl/' -r tools tests/unit |
	grep -vxE 'tools/lib/model/curl\.[ch]' |
	expect_nothing 'only model/curl knows libcurl'
grep -lE '#include "stub/' tools/*.c tools/lib/*/*.[ch] |
	grep -vE '^tools/(model-stub\.c|lib/stub/)' |
	expect_nothing 'only model-stub knows the stub'

banned='atoi|atol|atoll|atof|strtok|sprintf|vsprintf|strcpy|strcat|strncat'
banned="$banned|gets|setlocale|tmpnam|mktemp|localtime|gmtime|rand"
word='(^|[^a-zA-Z0-9_])'
grep -nE "$word($banned)[[:space:]]*\(" -r tools tests/unit \
	--include='*.[ch]' | expect_nothing 'no banned calls'
grep -nE "$word(system|popen)[[:space:]]*\(" -r tools --include='*.[ch]' |
	expect_nothing 'no shell is run'
numbers='strto(l|ul|ll|ull|d|f|ld|imax|umax)|sscanf'
grep -nE "$word($numbers)[[:space:]]*\(" -r tools/*.c tools/lib |
	grep -v '^tools/lib/core/num\.c:' |
	expect_nothing 'numbers are read by core/num alone'
json='yyjson_(read|write|val_write|mut_write|mut_val_write)'
grep -nE "$word${json}[[:space:]]*\\(" -r tools/*.c tools/lib |
	grep -v '^tools/lib/stub/' |
	expect_nothing 'JSON is read and written on the memory of record/json'
grep -nE "$word(exit|printf|puts|putchar|perror)[[:space:]]*\(" \
	-r tools/lib --include='*.c' |
	grep -vE '^tools/lib/core/(tool|mem|cli)\.c:' |
	grep -vE ':[[:space:]]*\*|:[[:space:]]*/\*' |
	expect_nothing 'the library neither prints nor exits'
