#!/usr/bin/env bash
# examples.sh PAGE: run the commands in the EXAMPLES section of a manual page.
# In a literal block (.Bd -literal) a line "$ CMD" is a command, which goes on
# while a line ends in a backslash or a pipe, and with << WORD to a line WORD;
# the lines up to the next command are what it prints, on stdout and stderr
# together; a line "..." stands for any number of lines.  Each command must exit
# 0, or with one of riddle's own statuses (to 4) when it shows what it prints.
# Blocks without "$ " are not run.  The commands of a page run in one shell, in
# a temporary folder that has the tree's samples/, schemas/ and pipelines/.
# shellcheck source-path=SCRIPTDIR source=lib.sh
page=$(realpath "$1")
. "$(dirname "$0")/lib.sh"
name=$(basename "$page")

# Blocks to files cmd.N and want.N, mdoc's escapes undone.
split_page() {
	awk '
	/^\.Sh / { examples = ($0 == ".Sh EXAMPLES") }
	!examples { next }
	/^\.Bd -literal/ { block = 1; inside = 0; next }
	/^\.Ed/ { block = 0; next }
	!block { next }
	{
		gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/\\\(aq/, "\047")
		gsub(/\\\(dq/, "\""); gsub(/\\\(ti/, "~"); gsub(/\\\(ha/, "^")
		gsub(/\\\(ga/, "`"); gsub(/\\e/, "\\")
	}
	word != "" { print > ("cmd." n); if ($0 == word) word = ""; next }
	more || /^\$ / {
		if (!more) { n++; inside = 1; printf "" > ("want." n)
			$0 = substr($0, 3) }
		print > ("cmd." n); more = /[\\|]$/
		if (match($0, /<< *[\047"]?[A-Z]+/)) {
			word = substr($0, RSTART, RLENGTH)
			gsub(/[^A-Z]/, "", word) }
		next }
	inside { print > ("want." n) }
	END { print n + 0 }' "$page"
}

# Is the file $2 the pattern file $1, in which "..." is any lines?
matches() {
	awk '
	FILENAME == ARGV[1] { want[++w] = $0; next }
	{ got[++g] = $0 }
	function m(i, j) {
		while (i <= w && want[i] != "...") {
			if (j > g || want[i] != got[j]) return 0
			i++; j++
		}
		if (i > w) return j > g
		if (i == w) return 1
		for (; j <= g + 1; j++) if (m(i + 1, j)) return 1
		return 0
	}
	END { exit !m(1, 1) }' "$1" "$2"
}

for d in samples schemas pipelines; do
	[ ! -e "$ROOT/$d" ] || cp -R "$ROOT/$d" "$T/$d"
done
mkdir "$T/run.d"
count=$(cd "$T/run.d" && split_page)
# Background commands and variables last from one command to the next.
cat >driver <<'END'
set -o pipefail
trap 'kill $(jobs -p) 2>/dev/null' EXIT
for ((_i = 1; _i <= $1; _i++)); do
	. "./run.d/cmd.$_i" >"run.d/got.$_i" 2>&1 </dev/null
	echo $? >"run.d/status.$_i"
done
END
timeout 120 bash driver "$count" >/dev/null 2>.err </dev/null
for ((i = 1; i <= count; i++)); do
	cmd=$(cat "run.d/cmd.$i")
	status=$(cat "run.d/status.$i" 2>/dev/null || echo 99)
	touch "run.d/got.$i"
	if [ "$status" != 0 ] &&
	    { [ ! -s "run.d/want.$i" ] || [ "$status" -gt 4 ]; }; then
		fail "$name: $cmd" "status $status: $(cat "run.d/got.$i")"
	elif matches "run.d/want.$i" "run.d/got.$i"; then
		pass "$name: ${cmd//$'\n'/ }"
	else
		fail "$name: $cmd" "$(diff -u "run.d/want.$i" "run.d/got.$i")"
	fi
done
[ "$count" -gt 0 ] || case $name in
*.7) skip "$name" 'no example to run' ;;
*) fail "$name" 'no example to run' ;;
esac
