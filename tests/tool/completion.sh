#!/usr/bin/env bash
# Completion for shells: what bash would offer; the scripts of zsh and fish are
# read by these shells, where they are installed.
# shellcheck disable=SC2016	# programs for shells in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

riddle completion-data > data
for shell in bash zsh fish; do
	check "a script for $shell" sh -c '"$0/tools/complete.sh" "$1" \
	    < data > "script.$1"' "$ROOT" "$shell"
done
check_status 2 'no shell given' "$ROOT/tools/complete.sh"
check_status 1 'an unknown one' sh -c '"$0/tools/complete.sh" ksh < data' \
    "$ROOT"
check_status 1 'no data' sh -c '"$0/tools/complete.sh" bash < /dev/null' \
    "$ROOT"

# offers WORD...: what bash has for the last of these words.
offers() {
	bash -c '. ./script.bash; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	    _riddle; echo "${COMPREPLY[@]}"' bash riddle "$@"
}
check_output 'tools' - offers ta <<< 'taxonomy-expand task-filter'
check_output 'options' - offers vote --st <<< '--stats --stats-json'
check_output 'values' - offers dedupe --by e <<< 'exact embedding'
check_output 'pages' - offers help val <<< 'validate'
check_output 'files are left to bash' - offers vote --join f <<< ''
while read -r tool; do
	riddle "$tool" --help | grep -oE '^  (-., )?--[a-z0-9-]+' |
		grep -oE -- '--[a-z0-9-]+' | sort > want
	check_output "every option of $tool" want sh -c 'bash -c ". ./script.bash
	    COMP_WORDS=(riddle $0 --) COMP_CWORD=2; _riddle
	    printf \"%s\\n\" \"\${COMPREPLY[@]}\"" | sort' "$tool"
done < <(awk -F '\t' '$0 == "" { exit } { print $1 }' data)
for shell in zsh fish; do
	if command -v $shell > /dev/null; then
		check "$shell reads its script" $shell -n script.$shell
	else
		skip "$shell reads its script" "$shell is not installed"
	fi
done
