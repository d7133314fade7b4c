# shellcheck shell=bash
# Sourced by the measurements (run.sh, peers.sh) in the folder of the tree.
# Gives a work folder that goes at the end, turns that are timed, medians, a
# model-stub that ends with the script, and the rows of the table.
# Measures nothing by itself.
#
# $DIR is where the drivers are, $LIBEXEC the tools, $WORK the work folder,
# $ASK the words of a riddle-ask, $ANSWER an answer of 500 bytes.

OUT=${OUT:-build}
DIR=$OUT/bench
LIBEXEC=$OUT/libexec/riddle
mkdir -p "$DIR"
WORK=$(mktemp -d "$DIR/work.XXXXXX")
export LC_ALL=C
unset RIDDLE_LEDGER OPENAI_API_KEY OPENAI_BASE_URL

stub_pid=
URL=
ANSWER=$(printf 'it says stop, as cars must halt %02d. ' {1..14})
# shellcheck disable=SC2034	# for the scripts
ANSWER=${ANSWER:0:499}.
# shellcheck disable=SC2034
ASK=("$LIBEXEC/ask" --prompt "$WORK/ask.prompt" --model bench
    --progress never)
cat >"$WORK/ask.prompt" <<'EOF'
---
config: { temperature: 0, maxOutputTokens: 200 }
---
{{role "user"}}{{text}}
EOF

# shellcheck disable=SC2317	# called by trap
bench_end() {
	server_end
	rm -rf "$WORK"
}
trap bench_end EXIT
trap 'exit 130' INT TERM

server_end() {
	[ -n "$stub_pid" ] || return 0
	kill "$stub_pid" 2>/dev/null || true
	wait "$stub_pid" 2>/dev/null || true
	stub_pid=
}

# server OPTIONS...: a model-stub; sets URL, writes models.json (no limits)
# and unknown.json (limits are to be learnt).
server() {
	local i
	rm -f "$WORK/port"
	"$LIBEXEC/model-stub" --ready-file "$WORK/port" "$@" \
	    >"$WORK/stub.log" 2>&1 &
	stub_pid=$!
	for ((i = 0; i < 100; i++)); do
		[ ! -s "$WORK/port" ] || break
		sleep 0.05
	done
	URL=http://127.0.0.1:$(cat "$WORK/port")/v1
	printf '{ "models": { "bench": { "model": "%s#stub", %s%s } } }\n' \
	    "$URL" '"price": { "in": 0, "out": 0 }' '' >"$WORK/unknown.json"
	printf '{ "models": { "bench": { "model": "%s#stub", %s%s } } }\n' \
	    "$URL" '"price": { "in": 0, "out": 0 }' ', "limits": "none"' \
	    >"$WORK/models.json"
	export RIDDLE_MODELS=$WORK/models.json
}

# prompts N FILE [SALT]: rows with prompts of 290 bytes, all different.
prompts() {
	awk -v n="$1" -v salt="${3:-0}" 'BEGIN {
		text = "what is written on the sign, and why does it matter? "
		while (length(text) < 290)
			text = text text
		text = substr(text, 1, 290 - 14)
		for (i = 0; i < n; i++)
			printf "{\"kind\":\"row\",\"id\":\"row:%016x%016x\"," \
			    "\"text\":\"%s row %d.%07d\"}\n", salt, i, text,
			    salt, i
	}' >"$2"
}

# fresh NAME...: forget the turns of these names.
fresh() {
	local name
	for name; do rm -f "${WORK:?}/$name"; done
}

# turn NAME COMMAND...: run it once, and note what it took.
turn() {
	local name=$1
	shift
	"$DIR/turn" "$WORK/$name" "$@"
}

now_ms() {
	local t=${EPOCHREALTIME/./}
	echo "${t%???}"
}

calc() {
	awk "BEGIN { printf \"%.6f\", $1 }"
}

# The middle one of the numbers.
median() {
	printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 }
	    END { print v[int((NR + 1) / 2)] }'
}

# column NAME N: the median of a column of the turns.
column() {
	awk -v c="$2" '{ print $c }' "$WORK/$1" | sort -g |
	    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
wall_ms() { column "$1" 1; }
per_s() { calc "$2 * 1000 / $(column "$1" 1)"; }
per_cpu_s() { calc "$2 * 1000 / $(column "$1" 2)"; }
cpu_us() { calc "$(column "$1" 2) * 1000 / $2"; }
# The largest of all turns.
mib() { awk '$3 > m { m = $3 } END { printf "%.1f", m / 1024 }' "$WORK/$1"; }

# row NAME OURS BASELINE RATIO GOAL VERDICT
row() {
	printf '%-42s %18s %30s %6s %10s %s\n' "$@"
}

header() {
	echo "$(nproc) cores, load average $(cut -d' ' -f1-3 /proc/loadavg)"
	echo "$1"
	row name ours baseline ratio goal ''
}

# amount NUMBER UNIT: with as many digits as it is worth.
amount() {
	awk -v v="$1" -v u="$2" 'BEGIN {
		f = "%.2f %s"
		if (v >= 10) f = "%.1f %s"
		if (v >= 100) f = "%.0f %s"
		printf(f, v, u)
	}'
}

verdict() {
	[ "$2" != - ] || return 0
	awk "BEGIN { print(($1 $2 $3) ? \"\" : \"missed\") }"
}

# against NAME UNIT OURS BASELINE-NAME BASELINE OP GOAL: by their ratio.
against() {
	local ratio
	ratio=$(calc "$3 / $5")
	row "$1" "$(amount "$3" "$2")" "$4 $(amount "$5" "$2")" \
	    "$(printf '%.2f' "$ratio")" "$6 $7" "$(verdict "$ratio" "$6" "$7")"
}

# alone NAME UNIT OURS OP GOAL: against a number.
alone() {
	row "$1" "$(amount "$3" "$2")" - - "$4 $5" "$(verdict "$3" "$4" "$5")"
}
