#!/usr/bin/env bash
# Style, measured: sizes, columns, symbols, shell scripts, manual pages,
# paths of one machine.  Reads the tree and the archives in $OUT; says what it
# found as "file:line: what" and exits 1.  Prints a table of sizes at the end.
set -u
cd "$(dirname "$0")/.." || exit 1
OUT=${OUT:-build}
export LC_ALL=C
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
found=$T/found
: >"$found"

mapfile -t sources < <(find tools tests -name '*.[ch]' | sort)
mapfile -t scripts < <(grep -rlE '^#!.*sh|^# shellcheck shell=' \
	tests tools pipelines samples .ci 2>/dev/null | sort)
mapfile -t texts < <(git ls-files -co --exclude-standard |
	grep -vE '\.(png|jpe?g|webp|gif|bin|db|gz|tar)$|^LICENSE$')

columns() {
	expand -t 8 "$1" | awk -v f="$1" 'length($0) > 80 {
		print f ":" NR ": " length($0) " columns" }'
}

trailing_space() {
	grep -nE '[[:space:]]+$' "$1" /dev/null |
		sed 's/^\([^:]*:[0-9]*:\).*/\1 trailing space/'
}

file_size() {
	local max=500
	case $1 in tests/*) max=800 ;; esac
	awk -v f="$1" -v max="$max" 'END { if (NR > max)
		print f ":" NR ": over " max " lines" }' "$1"
}

opening_comment() {
	head -n 1 "$1" | grep -q '^/\*' || echo "$1:1: opens without a comment"
}

# Functions as "lines file:line name".
functions() {
	ctags -x --c-kinds=f --_xformat='%{line} %{end} %{input} %{name}' \
		"$@" | awk '{ print $2 - $1 + 1, $3 ":" $1, $4 }'
}

long_functions() {
	awk '{ max = $3 == "main" ? 60 : 100 }
		$1 > max { print $2 ": " $3 " has " $1 " lines, over " max }' \
	    "$1"
}

# The library exports nothing but rdl_*.
symbols() {
	local floor
	for floor in "$OUT"/lib/*.a; do
		[ -e "$floor" ] || continue
		nm -A -g --defined-only "$floor" 2>/dev/null
	done | awk '$2 ~ /^[0-9a-f]+$/ && $3 ~ /^[TDRB]$/ {
		split($1, p, ":"); sub(/^_+/, "", $4)
		if ($4 !~ /^rdl_[a-z0-9_]+$/ && $4 !~ /^(asan|odr_asan|ubsan)/)
			print p[1] ":" p[2] ": exports " $4 }'
}

# Exported, but no header says so: it ought to be static.
undeclared() {
	local sym
	for floor in "$OUT"/lib/*.a; do
		[ -e "$floor" ] && nm -g --defined-only "$floor" 2>/dev/null
	done | awk '$2 ~ /^[TDRB]$/ { print $3 }' | grep '^rdl_' | sort -u |
	while read -r sym; do
		grep -qwF -r --include='*.h' -- "$sym" tools/lib ||
			echo "$sym: exported, but in no header"
	done
}

machine_paths() {
	grep -nHE '(^|[^[:alnum:]._~$}])/(work|root|farm|home/[a-z])/' "$@" |
		grep -v '^tests/lint\.sh:' | sed 's/$/: a path of one machine/'
}

left_to_do() {
	grep -nHE '\b(TODO|FIXME|XXX|HACK)\b' "$@" | grep -v '^tests/lint\.sh:'
}

sizes() {
	awk '{ print $1 }' "$T/functions" | sort -n | awk '
		{ v[NR] = $1 }
		END { printf "functions: %d, median %d, p90 %d, max %d\n",
			NR, v[int((NR + 1) / 2)], v[int(NR * .9 + .5)],
			v[NR] }'
	wc -l "${sources[@]}" | awk '$2 != "total" { print $1 }' | sort -n |
	    awk '
		{ v[NR] = $1; s += $1 }
		END { printf "files: %d, median %d, p90 %d, max %d, " \
			"lines %d\n", NR, v[int((NR + 1) / 2)],
			v[int(NR * .9 + .5)], v[NR], s }'
}

# shellcheck disable=SC2129
for f in "${sources[@]}"; do
	columns "$f"
	file_size "$f"
	opening_comment "$f"
done >>"$found"
for f in "${texts[@]}"; do
	[ -f "$f" ] || continue
	case $f in *.md|samples/*|tests/fuzz/seeds/*) continue ;; esac
	trailing_space "$f"
done >>"$found"
# The tests of a tool are tables of JSON and of jq: as wide as they need.
for f in "${scripts[@]}"; do
	case $f in tests/tool/*|samples/*) continue ;; esac
	columns "$f"
done >>"$found"
mapfile -t library < <(printf '%s\n' "${sources[@]}" | grep '^tools/.*\.c$')
functions "${library[@]}" >"$T/functions"
# shellcheck disable=SC2129
{
	long_functions "$T/functions"
	symbols
	undeclared
	machine_paths "${texts[@]}"
	left_to_do "${sources[@]}" "${scripts[@]}"
	shellcheck -x -P tests -e SC2015,SC2016 -f gcc "${scripts[@]}"
} >>"$found" 2>&1
bash tests/floors.sh | grep -v '^ok' >>"$found"
bash tests/man.sh | grep -v '^ok' >>"$found"

sizes
if [ -s "$found" ]; then
	cat "$found"
	echo "lint: $(wc -l <"$found") lines of findings"
	exit 1
fi
echo 'lint: nothing found'
