#!/bin/sh
# complete.sh bash|zsh|fish < DATA: a completion script for that shell, made of
# what `riddle completion-data` prints: tools with what they do, a blank line
# before each tool's options, then lines of NAME, ARG (a|b|c: its values), help.
set -eu
shell=${1:?usage: complete.sh bash|zsh|fish}
exec awk -F '\t' -v shell="$shell" '
# A text within single quotes, for sh and fish alike.
function quote(s) {
	gsub(/\047/, "", s)
	return "\047" s "\047"
}
# For a message of _arguments, in which brackets and colons have a meaning.
function plain(s) {
	gsub(/\[|\]|:|\\/, " ", s)
	return s
}
$0 == "" { named = 1; tool = ""; next }
!named { n++; name[n] = $1; brief[$1] = $2; next }
tool == "" { tool = $1; next }
{
	k = ++count[tool]
	opt[tool, k] = $1
	arg[tool, k] = $2
	help[tool, k] = $3
}
function values(a) {
	if (a !~ /^[a-z0-9-]+(\|[a-z0-9-]+)+$/)
		return ""
	gsub(/\|/, " ", a)
	return a
}
function bash(   i, k, t) {
	print "# bash completion of riddle; made by tools/complete.sh"
	print "_riddle()\n{"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n\tCOMPREPLY=()"
	print "\tif [ \"$COMP_CWORD\" -eq 1 ]; then"
	printf "\t\twords=\"help"
	for (i = 1; i <= n; i++)
		printf " %s", name[i]
	print "\"\n\telse"
	print "\t\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[COMP_CWORD - 1]}\" in"
	printf "\t\thelp\\ *) words=\""
	for (i = 1; i <= n; i++)
		printf "%s%s", (i > 1 ? " " : ""), name[i]
	print "\" ;;"
	for (i = 1; i <= n; i++)
		for (k = 1; k <= count[t = name[i]]; k++)
			if (values(arg[t, k]) != "")
				print "\t\t" t "\\ " opt[t, k] ") words=\"" \
				    values(arg[t, k]) "\" ;;"
	print "\t\t*) case $cur in\n\t\t-*) case ${COMP_WORDS[1]} in"
	for (i = 1; i <= n; i++) {
		printf "\t\t\t%s) words=\"", name[i]
		for (k = 1; k <= count[name[i]]; k++)
			printf "%s ", opt[name[i], k]
		print "--help --version\" ;;"
	}
	print "\t\t\tesac ;;\n\t\tesac ;;\n\t\tesac\n\tfi"
	print "\t[ -z \"$words\" ] ||"
	print "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")"
	print "}\ncomplete -o bashdefault -o default -F _riddle riddle"
}
function zsh(   i, k, t, a) {
	print "#compdef riddle\n# made by tools/complete.sh"
	print "_riddle() {\n\tlocal -a tools\n\ttools=("
	for (i = 1; i <= n; i++)
		print "\t\t" quote(name[i] ":" plain(brief[name[i]]))
	print "\t\thelp:\047show a manual page\047\n\t)"
	print "\tif (( CURRENT == 2 )); then\n\t\t_describe tool tools"
	print "\t\treturn\n\tfi"
	print "\tshift words; (( CURRENT-- ))\n\tcase $words[1] in"
	print "\thelp) _describe page tools ;;"
	for (i = 1; i <= n; i++) {
		t = name[i]
		print "\t" t ") _arguments \\"
		for (k = 1; k <= count[t]; k++) {
			a = arg[t, k]
			a = a == "" ? "" : values(a) != "" ? \
			    ":value:(" values(a) ")" : ":" plain(a) ":_files"
			printf "\t\t%s \\\n", quote("*" opt[t, k] "[" \
			    plain(help[t, k]) "]" a)
		}
		print "\t\t\047*:file:_files\047 ;;"
	}
	print "\tesac\n}\n_riddle \"$@\""
}
function fish(   i, k, t, a) {
	print "# fish completion of riddle; made by tools/complete.sh"
	for (i = 1; i <= n; i++)
		print "complete -c riddle -n __fish_use_subcommand -f -a " \
		    name[i] " -d " quote(brief[name[i]])
	print "complete -c riddle -n __fish_use_subcommand -f -a help"
	for (i = 1; i <= n; i++)
		for (k = 1; k <= count[t = name[i]]; k++) {
			a = arg[t, k]
			print "complete -c riddle -n " \
			    quote("__fish_seen_subcommand_from " t) " -l " \
			    substr(opt[t, k], 3) \
			    (a == "" ? "" : values(a) != "" ? " -x -a " \
			    quote(values(a)) : " -r") \
			    " -d " quote(help[t, k])
		}
}
END {
	if (n == 0 || shell !~ /^(bash|zsh|fish)$/)
		exit 1
	if (shell == "bash")
		bash()
	else if (shell == "zsh")
		zsh()
	else
		fish()
}'
