#!/usr/bin/env bash
# riddle-report: a page of what stages left, in which nothing hostile lives.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=$T/riddle.db
report() { riddle report "$@"; }
pics=$ROOT/samples/demo-clip/images
qa() {	# N IMAGE QUESTION
	printf '{"kind":"qa","image":{"id":"image:%s","uri":"%s"},"task":{"id":"t:%s","path":["L%s","x"]},"question":"%s","answer":"An answer.","scores":[{"judge":"a","score":1},{"judge":"b","score":%s}]}\n' \
		"$1" "$2" "$1" "$(($1 % 3))" "$3" "$(($1 % 2))"
}
{
	for i in 1 2 3 4 5 6 7; do qa $i "$pics/banana.png" "Question $i?"; done
	qa 8 gone.png "No picture?"
	qa 9 "$pics/cat.png" '<script>alert(1)</script><img src=x onerror=alert(2)>\"&'
} > rows.jsonl
riddle vote --min-sum 2 --stats-json agreement.json rows.jsonl > voted.jsonl 2>/dev/null
riddle ledger --json funnel > funnel.jsonl
printf '%s\n' '{"tasks":[{"score":0.31},{"score":0.2}]}' '{"tasks":[{"score":0.5}]}' > matches.jsonl
check 'a page of everything' report -o page.html --title 'Us & <them>' --funnel funnel.jsonl \
	--matches matches.jsonl --agreement agreement.json rows.jsonl
check_output 'its parts' - sh -c 'grep -o "<h2>[^<]*" page.html' <<'EOF2'
<h2>Funnel
<h2>Rows by first level of the task
<h2>Samples, by chance
<h2>Cosine of image and task
<h2>Judges
<h2>What was lost, and why
<h2>Calls, tokens and costs
EOF2
check_output 'the funnel has the numbers of the ledger' - sh -c \
	'grep -A1 "<tr><td>vote" page.html | grep -oE "<td>[0-9]+" | tr -d "\n"; echo' <<< "<td>9<td>5<td>4<td>0<td>5"
check_output 'hostile text is text' - sh -c \
	'grep -c "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&quot;&amp;" page.html' <<< 1
check_output 'no script, no element that asks for anything' - sh -c \
	'grep -ciE "<script|<link|<iframe|<object|href=|src=\"[^d]|url\(" page.html || true' <<< 0
check 'the page says so to the browser' grep -q "default-src 'none'" page.html
check_output 'pictures stand in it, but for the one that is gone' - sh -c \
	'awk "/<h2>Cosine/ { exit } { print }" page.html | grep -o "src=\"data:image/png;base64," | wc -l' <<< 8
check 'a lost record with its reason' grep -q 'class="why"' page.html
report --funnel funnel.jsonl --title 'Us & <them>' --matches matches.jsonl \
	--agreement agreement.json rows.jsonl > again.html
check_equal 'the same input, the same bytes' page.html again.html
check_output 'fewer cards, no pictures' - sh -c \
	'riddle report --ledger none --cards 2 --no-images rows.jsonl | grep -c "class=\"card\""' <<< 2
check_status 1 'a ledger that is not there' report --ledger nowhere.db rows.jsonl
check_status 1 'a funnel that is not there' report --ledger none --funnel nowhere rows.jsonl
check_output 'nothing half made is left' - sh -c \
	'riddle report --ledger none --funnel nowhere -o half.html rows.jsonl 2>/dev/null; ls half* 2>/dev/null | wc -l' <<< 0
