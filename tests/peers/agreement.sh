#!/usr/bin/env bash
# Compare the agreement that riddle-vote counts with statsmodels (Cohen, Fleiss)
# and the krippendorff package, over random records with missing scores: the
# values must be equal to 1e-12.
# usage, at the top of the tree: tests/peers/agreement.sh [BUILD_DIR [SETS]]
# Writes only below BUILD_DIR.  Fetches the packages when they are not there.
set -euo pipefail

b=${1:-build}
sets=${2:-24}
packages=(krippendorff==0.9.0 statsmodels==0.15.0)
dir=$b/peers
venv=$dir/venv-agreement
vote=$b/libexec/riddle/vote
export OPENBLAS_NUM_THREADS=1

[ -x "$vote" ] || { echo 'agreement: no riddle-vote, not run'; exit 77; }
if [ "$("$venv/bin/pip" freeze 2>/dev/null |
    grep -Fxc -f <(printf '%s\n' "${packages[@]}"))" != 2 ]; then
	rm -rf "$venv"
	mkdir -p "$dir"
	python3 -m venv "$venv"
	"$venv/bin/pip" install -q "${packages[@]}" || {
		echo 'agreement: cannot fetch the packages, not run'
		exit 77
	}
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$venv/bin/python" tests/peers/agreement.py make "$tmp" "$sets"
for ((n = 1; n <= sets; n++)); do
	"$vote" --ledger none --progress never --max-failed 100% \
	    --stats-json "$tmp/$n.stats" "$tmp/$n.in" >/dev/null 2>"$tmp/log"
done
"$venv/bin/python" tests/peers/agreement.py check "$tmp" "$sets"
