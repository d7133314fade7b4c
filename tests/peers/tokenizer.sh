#!/usr/bin/env bash
# Our token ids against transformers' CLIPTokenizerFast: generated texts of
# many scripts, marks in all their forms, and every code point, with several
# kinds of tokenizer folder.  Packages come from PyPI by name, once.
# usage: tokenizer.sh OUT
set -euo pipefail
cd "$(dirname "$0")/../.."
OUT=${1:-build}

PACKAGES=(tokenizers==0.23.3 transformers==5.23.0)
venv=$OUT/peers/tokenizer-venv
cases=$OUT/peers/tokenizer-cases

command -v python3 >/dev/null || { echo 'no python3'; exit 77; }
if ! "$venv/bin/pip" freeze 2>/dev/null |
    grep -Fxc -f <(printf '%s\n' "${PACKAGES[@]}") | grep -qx 2; then
	rm -rf "$venv"
	{ python3 -m venv "$venv" &&
		"$venv/bin/pip" install -q "${PACKAGES[@]}"; } ||
		{ echo "cannot install ${PACKAGES[*]}"; exit 77; }
fi
mkdir -p "$cases"
rm -f "$cases"/*.want "$cases"/*.jsonl
"$venv/bin/python" tests/peers/tokenizer.py samples/demo-clip "$cases" \
    >"$cases/list" 2>"$cases/errors" || { cat "$cases/errors"; exit 1; }

passed=0 failed=0
while read -r name dir context mode; do
	"$OUT/peers/tokenizer" "$dir" "$context" "$mode" \
	    <"$cases/$name.jsonl" >"$cases/$name.got"
	n=$(wc -l <"$cases/$name.want")
	# awk, since a case has a million lines and the worst all differ.
	bad=$(paste -d'|' "$cases/$name.want" "$cases/$name.got" |
		awk -F'|' '$1 != $2 { n++ } END { print n + 0 }')
	echo "$name: $n texts, $bad differ"
	if [ "$bad" -gt 0 ] || [ "$n" -eq 0 ]; then
		paste -d'|' "$cases/$name.want" "$cases/$name.got" \
		    "$cases/$name.jsonl" |
			awk -F'|' '$1 != $2 && n++ < 10' | cut -c1-600
	fi
	passed=$((passed + n - bad)) failed=$((failed + bad))
done <"$cases/list"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -ge 5000 ]
