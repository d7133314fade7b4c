#!/usr/bin/env bash
# The manual pages: each tool has one, mandoc finds nothing to say about it,
# and it has the sections that STYLE.md asks for.  Reads the pages that `make`
# put into $OUT/share/man.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 1

# A page may name a page of ours that mandoc cannot find in the system.
lint_page() {
	mandoc -Tlint -Wstyle "$1" 2>&1 |
		grep -vE 'referenced manual not found|mandoc\.db' >"$T/lint"
	[ ! -s "$T/lint" ] || { cat "$T/lint" >&2; return 1; }
}

has_sections() {
	local page=$1 s
	shift
	for s; do
		grep -qx "\.Sh $s" "$page" || { echo "no $s" >&2; return 1; }
	done
}

# References to our own pages lead to a page that is there.
references() {
	local name
	sed -n 's/.*Xr \(riddle[a-z0-9-]*\) [17].*/\1/p' "$1" |
	while read -r name; do
		name=${name#riddle-}
		[ -e "tools/$name.1" ] || [ -e "tools/$name.7" ] ||
		    [ -e "tools/riddle-$name.7" ] ||
		    { echo "no page for riddle-$name" >&2; return 1; }
	done
}

for c in tools/*.c; do
	[ -e "$c" ] || continue
	check "$(basename "$c") has a page" test -e "${c%.c}.1"
done
for page in "$OUT"/share/man/man[17]/*; do
	[ -e "$page" ] || continue
	name=$(basename "$page")
	check "$name passes mandoc -Tlint" lint_page "$page"
	check "$name refers to pages that exist" references "$page"
	case $page in
	*.1) check "$name has its sections" has_sections "$page" NAME \
	    SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES ;;
	esac
done
