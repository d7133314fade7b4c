#!/usr/bin/env bash
# contract.sh TOOL: the contract that every tool passes (STYLE.md), as far as
# it can be asked of any tool.  Reads the tool built in $OUT and its manual
# page; what a tool needs for it stands in the table below, and a tool that is
# not in the table fails.  What needs a tool's own sense is in tests/tool/.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
tool=$1
LEDGER_OFF=(--ledger none)

# class: filter (records in, records out), sink (records in),
#	page (records in, one page out), query (reads a ledger, prints),
#	examiner (looks around, prints), server, dispatcher, source (paths
#	in, records out: records() gives a list of files).
# opts: options it cannot go without.  record: one that it lets pass; %d is a
# number that makes it another, given up to four times.  many: how many for the
# test of memory, 0 where the manual says that it grows.  plenty: enough to fill
# a pipe.
# passthrough: exact (the line itself), spliced (members added at its end) or
# none.  before: what stands before an input file.
class=
opts=()
record='{"kind":"note","id":"note:%032d","n":%d}'
many=200000
plenty=20000
passthrough=none
before=()
describe() {
	case $tool in
	validate)
		class=filter passthrough=exact
		opts=("${LEDGER_OFF[@]}") ;;
	ask)
		class=filter passthrough=spliced many=20000
		printf '%s\n' 'How many letters has {{n}}?' >p.prompt
		stub_start || exit 1
		opts=(--model "$STUB_URL#stub" --prompt "$T/p.prompt"
		    "${LEDGER_OFF[@]}") ;;
	taxonomy-expand)
		class=filter many=0 plenty=2000
		record='{"path":["seed %d"]}'
		stub_start --taxonomy || exit 1
		opts=(--model "$STUB_URL#stub" --levels 2 --from-level 2
		    --rounds 1 "${LEDGER_OFF[@]}") ;;
	clip-embed|clip-filter)
		class=filter many=20000 plenty=5000
		cp "$ROOT/samples/demo-clip/images/cat.png" x.png
		record='{"kind":"image","id":"image:%032d","uri":"'$T/x.png
		record=$record'","n":%d}'
		head -n 3 "$ROOT/samples/tasks.jsonl" >tasks.jsonl
		opts=(--model "$ROOT/samples/demo-clip" --vectors "$T/v"
		    "${LEDGER_OFF[@]}")
		if [ "$tool" = clip-embed ]; then
			passthrough=exact
		else
			opts+=(--tasks "$T/tasks.jsonl")
		fi ;;
	export)
		class=sink many=0
		opts=(--format messages --out "$T/set" --replace
		    "${LEDGER_OFF[@]}") ;;
	dedupe)
		class=filter passthrough=exact many=0
		opts=(--field n "${LEDGER_OFF[@]}") ;;
	cross-pair)
		class=filter
		record='{"kind":"contrast","base":"%d","dimension":"content",'
		record+='"sides":[{"text":"a %d","image":{"id":"image:%d",'
		record+='"uri":"a"}},{"text":"b","image":{"id":"image:b%d",'
		record+='"uri":"b"}}]}'
		opts=("${LEDGER_OFF[@]}") ;;
	preference-pair)
		class=filter passthrough=exact
		record='{"kind":"contrast","id":"contrast:%032d","base":"%d",'
		record+='"dimension":"content","sides":[{"text":"a %d","image":'
		record+='{"id":"image:a","uri":"a"}},{"text":"b","image":'
		record+='{"id":"image:b%d","uri":"b"}}],'
		record+='"scores":[[2,1],[1,2]]}'
		opts=("${LEDGER_OFF[@]}") ;;
	report)
		class=page many=0
		opts=("${LEDGER_OFF[@]}") ;;
	select)
		class=filter passthrough=exact
		opts=("${LEDGER_OFF[@]}") ;;
	task-filter)
		class=filter passthrough=exact many=20000
		record='{"kind":"match","id":"match:%032d","image":{"id":"i%d",'
		record=$record'"uri":"%d.png","caption":"%d"},'
		record=$record'"tasks":[{"id":"t","path":["any"]}]}'
		stub_start --reply '{"tasks":["any"]}' || exit 1
		opts=(--model "$STUB_URL#stub" --images caption
		    "${LEDGER_OFF[@]}") ;;
	instruction-generate)
		class=filter many=20000
		record='{"kind":"task","id":"task:%032d","path":["a","b %d"]}'
		stub_start --reply '{"instructions":["a cat"]}' || exit 1
		opts=(--model "$STUB_URL#stub" --count 1 "${LEDGER_OFF[@]}") ;;
	contrast-generate)
		class=filter many=20000
		record='{"kind":"instruction","id":"instruction:%032d",'
		record=$record'"text":"any %d"}'
		stub_start --reply '{"sides":[{"text":"a cat","delta":"cat"},
		    {"text":"a dog","delta":"dog"}]}' || exit 1
		opts=(--model "$STUB_URL#stub" --near 0 "${LEDGER_OFF[@]}") ;;
	image-generate)
		class=filter many=4000 plenty=2000
		record='{"kind":"instruction","id":"instruction:%032d",'
		record=$record'"text":"any %d"}'
		stub_start --image-side 8 || exit 1
		opts=(--model "$STUB_URL#stub" --store store
		    "${LEDGER_OFF[@]}") ;;
	qa-generate)
		class=filter many=20000
		record='{"kind":"match","id":"match:%032d","image":{"id":"i%d",'
		record=$record'"uri":"%d.png","caption":"%d"},'
		record=$record'"tasks":[{"id":"t","path":["any"]}]}'
		stub_start --reply '{"pairs":[{"task":"any","question":"q",
		    "answer":"a"}]}' || exit 1
		opts=(--model "$STUB_URL#stub" --images caption
		    "${LEDGER_OFF[@]}") ;;
	qa-judge)
		class=filter passthrough=spliced many=20000
		record='{"kind":"qa","id":"qa:%032d","image":{"id":"i","uri":'
		record=$record'"%d.png","caption":"%d"},"task":{"id":"t",'
		record=$record'"path":["any"]},"question":"q%d","answer":"a"}'
		stub_start || exit 1
		opts=(--model "$STUB_URL#stub" --images caption
		    "${LEDGER_OFF[@]}") ;;
	vote)
		class=filter passthrough=spliced
		record='{"kind":"note","id":"note:%032d","scores":['
		record=$record'{"judge":"a","score":1,"n":%d},'
		record=$record'{"judge":"b","score":1}]}'
		opts=("${LEDGER_OFF[@]}") ;;
	image-ingest)
		class=source before=(--list) many=5000 plenty=2000
		records() { tiny_images "$1"; }
		opts=("${LEDGER_OFF[@]}") ;;
	ledger) class=query ;;
	doctor) class=examiner ;;
	model-stub) class=server ;;
	riddle) class=dispatcher ;;
	*) return 1 ;;
	esac
}

if [ "$tool" = riddle ]; then
	exe=$OUT/bin/riddle
else
	exe=$LIBEXEC/$tool
fi
name=riddle-$tool
[ "$tool" != riddle ] || name=riddle
man=$OUT/share/man
page=$man/man1/$name.1

run() {
	timeout 120 "$exe" "${opts[@]}" "$@"
}

bare() {
	timeout 20 "$exe" "$@" </dev/null
}

records() {
	awk -v n="$1" -v f="$record\n" 'BEGIN {
		for (i = 1; i <= n; i++) printf f, i, i, i, i }'
}

# A list of n image files (PNM, two pixels each), all different.
tiny_images() {
	[ -e "tiny.$1" ] || awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) {
		f = "tiny." n "/" i ".ppm"
		if (i == 1) system("mkdir tiny." n)
		printf "P6 2 1 255\n%06d", i > f; close(f) } }'
	find "tiny.$1" -type f
}

# said NAME WANT GOT REGEX: the status, and what stderr (in .err) must match;
# - is anything.
said() {
	if [ "$3" -ne "$2" ]; then
		fail "$1" "status $3, expected $2"
	elif [ "$4" != - ] && ! grep -Eq -- "$4" "$T/.err"; then
		fail "$1" "stderr does not match $4"
	else
		pass "$1"
	fi
}

silent() {
	if [ -s "$2" ]; then
		fail "$1" "$(head -c 400 "$2")"
	else
		pass "$1"
	fi
}

# -- 1, 2: --help and the manual, --version ----------------------------------

rendered() {
	mandoc -Tascii -Owidth=1000 "$page" | sed 's/.\x08//g'
}

section() {
	rendered | awk -v s="$1" '/^[A-Z]/ { on = ($0 == s); next } on' |
	    tr -s ' \n' '  ' | sed 's/^ //; s/ $//'
}

# Options that the page, or a page of section 7 that it names, describes.
documented() {
	local p
	{
		echo "$page"
		sed -n 's/.*Xr \(riddle-[a-z-]*\) 7.*/\1/p' "$page" |
		while read -r p; do
			ls "$man/man7/$p.7" 2>/dev/null
		done
	} | xargs sed -n 's/^\.It Fl -\([a-z-]*\).*/\1/p' | sort -u
}

check_help() {
	check '1 --help exits 0' bare --help
	cp .out help
	silent '1 --help leaves stderr alone' .err
	sed -n '1s/^usage: //p' help | tr -s ' ' >usage
	section SYNOPSIS >synopsis
	echo >>synopsis
	check_equal '1 usage is the SYNOPSIS of the manual' synopsis usage
	sed -n '2s/\.$//p' help >brief
	sed -n 's/^\.Nd //p' "$page" >nd
	check_equal '1 second line of --help is what the manual says' nd brief
	bare --completion-data >data
	sed -n 's/^--\([^	]*\).*/\1/p' data | sort -u >given
	documented >told
	comm -23 given told >missing
	silent '1 the manual has every option' missing
	sed -n 's/^\.It Fl -\([a-z-]*\).*/\1/p' "$page" | sort -u |
	    grep -vxE 'help|version' | comm -13 given - >extra
	silent '1 the manual has no option that is not there' extra
	bare --help >/dev/full 2>.err
	said '1 --help to a full disk fails' 1 $? .
	check '2 --version exits 0' bare --version
	cp .out version
	check '2 --version is a name and a number' \
	    grep -Eqx "$name [0-9]+\.[0-9.]+" version
	check '2 --version is one line' test "$(wc -l <version)" -eq 1
}

# -- 3: usage errors ---------------------------------------------------------

refused() {
	local what=$1
	shift
	bare "$@" >.out 2>.err
	said "3 $what: exit 2 and a message" 2 $? "^$name: "
	silent "3 $what: nothing on stdout" .out
}

check_usage() {
	local opt arg
	refused 'unknown option' --no-such-option
	refused 'unknown letter' -'?'
	while IFS=$'\037' read -r opt arg _; do	# an empty field counts
		[ -n "$arg" ] || { refused "$opt=x" "$opt=x"; continue; }
		refused "$opt without its value" "$opt"
		case $arg in
		N|S|MS|USD|N\|P%|'N[%]')
			refused "$opt 1x" "$opt" 1x
			refused "$opt 99...9" "$opt" 99999999999999999999999
			refused "$opt -99...9" "$opt" -99999999999999999999 ;;
		*[A-Z]*) ;;
		*\|*) refused "$opt no-such-choice" "$opt" no-such-choice ;;
		esac
	done < <(tr '\t' '\037' <data)
}

# -- 4 to 9: input and output of a filter -------------------------------------

check_output_errors() {
	local n
	for n in 1 "$plenty"; do
		records "$n" | run >/dev/full 2>.err
		said "5 full disk, $n records" 1 "${PIPESTATUS[1]}" "^$name: "
	done
	records "$plenty" | run 2>.err | head -c 20 >/dev/null
	check '6 reader left: 141' test "${PIPESTATUS[1]}" -eq 141
	silent '6 reader left: nothing to say' .err
	records "$plenty" | (trap '' PIPE; run 2>.err; echo $? >status) |
	    head -c 20 >/dev/null
	check '6 reader left, SIGPIPE ignored by the parent: 141' \
	    test "$(cat status)" -eq 141
	silent '6 reader left, SIGPIPE ignored: nothing to say' .err
}

bad_input() {
	local what=$1 line=$2
	run in.jsonl >.out 2>.err
	said "7 $what: exit 1, file and line" 1 $? "in\.jsonl:$line:"
}

check_bad_input() {
	records 3 >good
	{ cat good; printf '{"kind":"note","id":"no'; } >in.jsonl
	bad_input 'cut last line' 4
	{ cat good; records 1 | tr -d '\n'; } >in.jsonl
	bad_input 'last line without newline' 4
	{ cat good; echo '{"kind":note}'; cat good; } >in.jsonl
	bad_input 'not JSON' 4
	{ cat good; echo '[1,2]'; cat good; } >in.jsonl
	bad_input 'not an object' 4
	{ cat good; printf '{"kind":"\xff\xfe"}\n'; cat good; } >in.jsonl
	bad_input 'not UTF-8' 4
	{ cat good; printf '{"kind":"\xed\xa0\x80"}\n'; cat good; } >in.jsonl
	bad_input 'a surrogate in UTF-8' 4
	{ cat good; printf '{"a":'; head -c 100000 /dev/zero | tr '\0' '[';
	    echo; cat good; } >in.jsonl
	bad_input '100000 deep' 4
	{ cat good; printf '{"a":"'; head -c 17000000 /dev/zero | tr '\0' 'a';
	    echo '"}'; } >in.jsonl
	bad_input '17 MB line' 4
	{ cat good; printf '\0\0\0\n'; } >in.jsonl
	bad_input 'NUL bytes' 4
	run no-such-file.jsonl >.out 2>.err
	said '8 missing file' 1 $? no-such-file.jsonl
	run . >.out 2>.err
	said '8 a folder for a file' 1 $? "^$name: "
}

# A record with one more member, put at its end.
with() {
	records 1 | sed 's/}$//' | tr -d '\n'
	printf ',%s}' "$1"
}

TOO_DEEP_FOR_JQ='1000 deep'
defined() {
	local what=$1 status
	run <hostile >.out 2>.err
	status=$?
	if [ "$status" -gt 3 ]; then
		fail "9 $what: a defined result" "status $status"
	elif [ "$status" -ne 0 ] && ! grep -q "^$name: " .err; then
		fail "9 $what: a message" "status $status without one"
	elif [ -s .out ] && [ "$what" != "$TOO_DEEP_FOR_JQ" ] &&
	    ! jq -e . .out >/dev/null 2>jq.err; then
		fail "9 $what: JSON comes out" "$(cat jq.err)"
	else
		pass "9 $what"
	fi
}

check_hostile() {
	{ with '"x":"a\u0000b"'; echo; } >hostile
	defined 'NUL escape'
	records 3 | sed 's/$/\r/' >hostile
	defined 'CRLF'
	with '"x":"' | sed 's/}$//' >hostile
	{ head -c 1048576 /dev/zero | tr '\0' 'x'; echo '"}'; } >>hostile
	defined '1 MiB line'
	with '"x":' | sed 's/}$//' >hostile
	{ head -c 1000 /dev/zero | tr '\0' '['
	    head -c 1000 /dev/zero | tr '\0' ']'; echo '}'; } >>hostile
	defined '1000 deep'
	{ with '"id":"note:0"'; echo; } >hostile
	defined 'a name twice'
	{ with '"x":{"a":1,"a":2}'; echo; } >hostile
	defined 'a name twice, below'
	{ with '"x":1e999,"y":-0,"z":123456789012345678901234567890'; echo; } \
	    >hostile
	defined 'big numbers'
	printf '{}\n' >hostile
	defined 'an empty object'
	printf '\n\n' >hostile
	defined 'blank lines'
	{ with '"x":"\ud800"'; echo; } >hostile
	defined 'half a surrogate pair, escaped'
}

# -- 10, 11, 13 ----------------------------------------------------------------

check_unknown_fields() {
	[ "$passthrough" != none ] || return 0
	with '"zz" :  1.50e+01 , "\u00e9":"\/\u00e9é","o":{"b":1 ,"a" : [ ]}' \
	    >in.jsonl
	run < <(cat in.jsonl; echo) >.out 2>.err
	said '10 unknown fields: exit 0' 0 $? -
	if [ "$passthrough" = exact ]; then
		tr -d '\n' <.out >got
	else
		sed 's/}$//' in.jsonl >want
		head -c "$(wc -c <want)" .out >got
		mv want in.jsonl
	fi
	check_equal '10 unknown fields survive byte for byte' in.jsonl got
}

check_repeat() {
	records 200 >in.jsonl
	run "${before[@]}" in.jsonl >first 2>.err
	check '11 200 records pass' test $? -eq 0
	run "${before[@]}" in.jsonl >second 2>.err
	check_equal '11 same input, same bytes' first second
	check '11 there was output' test -s first
}

peak() {
	records "$1" >in.jsonl
	"$OUT/helper/maxrss" rss "$exe" "${opts[@]}" "${before[@]}" \
	    in.jsonl >/dev/null 2>.err
	check "13 $1 records: exit 0" test $? -eq 0
	peak=$(cat rss)
}

# ASan keeps what was freed for a while.
check_memory() {
	local small peak
	case $OUT in
	*/sanitize) skip '13 memory is flat' 'sanitized'; return ;;
	esac
	[ "$many" -gt 0 ] || return 0
	peak 1000
	small=$peak
	peak "$many"
	: >.err
	if [ "$peak" -le $((small + small / 4 + 2048)) ]; then
		pass "13 memory is flat: $small KiB, then $peak KiB"
	else
		fail '13 memory is flat' "$small KiB for 1000 records, $peak \
KiB for $many"
	fi
}

check_empty() {
	run </dev/null >.out 2>.err
	said '4 empty input: exit 0' 0 $? -
	silent '4 empty input: no records' .out
	: >empty.jsonl
	check '4 empty file: exit 0' run "${before[@]}" empty.jsonl
}


# -- What applies to whom ----------------------------------------------------

check_filter() {
	check_empty
	check_output_errors
	check_bad_input
	check_hostile
	check_unknown_fields
	check_repeat
	check_memory
}

check_source() {
	check_empty
	check_output_errors
	check_repeat
	check_memory
	{ records 3; printf 'tiny.3/1.p'; } >in.list
	run --list in.list >.out 2>.err
	said '7 a cut list: exit 1, file and line' 1 $? 'in\.list:4:'
	printf 'a\0b\n' >in.list
	run --list in.list >.out 2>.err
	said '7 NUL bytes in a list' 1 $? 'in\.list:1:'
	{ head -c 17000000 /dev/zero | tr '\0' a; echo; } >in.list
	run --list in.list >.out 2>.err
	said '7 17 MB line in a list' 1 $? 'in\.list:1:'
	run --list no-such.list >.out 2>.err
	said '8 missing list' 1 $? no-such.list
	run no-such-file >.out 2>.err
	said '8 missing file' 1 $? no-such-file
	run . --list . >.out 2>.err
	said '8 a folder for a list' 1 $? "^$name: "
}

check_sink() {
	check_empty
	check_bad_input
	check_hostile
}

# A page is written even of nothing.
check_page() {
	run </dev/null >first 2>.err
	said '4 empty input: exit 0' 0 $? -
	check '4 empty input: a page' grep -q '</html>' first
	run </dev/null >/dev/full 2>.err
	said '5 full disk' 1 $? "^$name: "
	(trap '' PIPE; run </dev/null 2>.err; echo $? >status) | true
	check '6 reader left: 141' test "$(cat status)" -eq 141
	check_bad_input
	run </dev/null >second 2>.err
	check_equal '11 same input, same bytes' first second
}

check_query() {
	run --ledger no-such.db runs >.out 2>.err
	said '8 missing file' 1 $? no-such.db
	check '8 a missing ledger is not made' test ! -e no-such.db
	records 3000 | "$LIBEXEC/validate" --ledger a.db >/dev/null 2>.err
	check 'a ledger to look at' test $? -eq 0
	run --ledger a.db runs >first 2>.err
	said '4 it has a run' 0 $? -
	check '4 and says so' grep -q validate first
	run --ledger a.db runs >second 2>.err
	check_equal '11 same ledger, same bytes' first second
	run --ledger a.db runs >/dev/full 2>.err
	said '5 full disk' 1 $? "^$name: "
	(trap '' PIPE; run --ledger a.db runs 2>.err; echo $? >status) | true
	check '6 reader left: 141' test "$(cat status)" -eq 141
	silent '6 reader left: nothing to say' .err
	echo 'not a ledger, but long enough for a header of SQLite' >bad.db
	cat bad.db bad.db bad.db >worse.db
	run --ledger worse.db runs >.out 2>.err
	said '7 not a ledger' 1 $? worse.db
}

# It looks at things and prints what it found.
check_examiner() {
	run >.out 2>.err
	said '4 without arguments: exit 0' 0 $? -
	silent '4 and says nothing on stderr' .err
	run >/dev/full 2>.err
	said '5 full disk' 1 $? "^$name: "
	(trap '' PIPE; run 2>.err; echo $? >status) | true
	check '6 reader left: 141' test "$(cat status)" -eq 141
	silent '6 reader left: nothing to say' .err
}

check_dispatcher() {
	"$exe" >.out 2>.err
	said '4 without arguments: exit 0' 0 $? -
	"$exe" >/dev/full 2>.err
	said '5 full disk' 1 $? "^$name: "
	(trap '' PIPE; "$exe" 2>.err; echo $? >status) | true
	check '6 reader left: 141' test "$(cat status)" -eq 141
	check_status 2 '8 unknown tool: exit 2' "$exe" no-such-tool
	"$exe" model-stub --version >got 2>.err
	check 'a tool gets its arguments' grep -q '^riddle-model-stub ' got
	check_status 2 'a name cannot leave the folder' "$exe" ../../bin/riddle
	check 'completion data' "$exe" completion-data
	cp .out got
	check 'completion data name options' grep -q '^--' got
	check 'help shows a page' "$exe" help riddle
	check_status 2 'help of nothing' "$exe" help no-such-page
}

if ! describe; then
	fail "$tool is in the table of tests/contract.sh"
	exit 1
fi
check 'the tool is built' test -x "$exe"
check_help
check_usage
[ "$class" = server ] || "check_$class"
