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
parts() { sed -n 's/.*<h2 id="\([a-z]*\)">.*/\1/p' "$1" | xargs; }
check_output 'its parts' - parts page.html <<< 'funnel tasks samples pictures cosines judges lost'
cells() {	# FILE ROW: the numbers in the cells of that row
	grep "<tr><td>$2" "$1" | head -n 1 | grep -oE '<td data-l="[a-z %,]*">[^<]*' |
		sed 's/.*>//; s/&#8722;/-/; s/&#8239;//' | xargs
}
check_output 'the funnel has the numbers of the ledger' - cells page.html vote <<< '9 5 4 0 5'
check_output 'hostile text is text' - sh -c \
	'grep -c "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&quot;&amp;" page.html' <<< 1
check_output 'no script, no element that asks for anything' - sh -c \
	'grep -ciE "<script|<link|<iframe|<object|href=\"[^#]|src=\"[^d]|url\(" page.html || true' <<< 0
check 'the page says so to the browser' grep -q "default-src 'none'" page.html
check_output 'pictures stand in it, but for the one that is gone' - sh -c \
	'sed -n "/id=.samples/,/id=.pictures/p" page.html | grep -oE "src=\"data:image/(png|jpeg);base64," | wc -l' <<< 8
check_output 'the contact sheet has each picture once' - sh -c \
	'sed -n "/id=.pictures/,/id=.cosines/p" page.html | grep -o "<img " | wc -l' <<< 2
check_output 'no link leads nowhere' - sh -c \
	'for a in $(grep -o "href=\"#[a-z]*" page.html | cut -c 8-); do grep -q "id=\"$a\"" page.html || echo "$a"; done' < /dev/null
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

# What is not given is taken from the ledger.
report --no-images -o own.html rows.jsonl
check_output 'funnel and agreement from the ledger' - parts own.html <<< 'funnel tasks samples judges lost'
check_output 'the same numbers' - cells own.html vote <<< '9 5 4 0 5'
check_output 'only the runs that were asked for' - sh -c \
	'riddle report --runs 2 --no-images rows.jsonl | grep -c "id=\"funnel\"" || true' <<< 0
check_status 2 'runs that are none' report --runs 3-x rows.jsonl
check_output 'no word of a hostile row stands in the treemap unescaped' - sh -c \
	'echo "{\"task\":{\"path\":[\"</title><script>\",\"\u0000\"]}}" | riddle report --ledger none | grep -c "<script>" || true' <<< 0

# Growth and costs, as taxonomy-expand leaves them.
stub_start --taxonomy --children 4
printf '{"path":["Seed %s"]}\n' 1 2 3 > seeds.jsonl
riddle taxonomy-expand --ledger grown.db -m "$STUB_URL#stub" --levels 2 seeds.jsonl > tasks.jsonl 2>/dev/null
stub_stop
sqlite3 grown.db "INSERT INTO price (model, since, in_pusd, out_pusd) VALUES ('stub', '2020-01-01', 1000000, 2000000)"
report --ledger grown.db -o grown.html tasks.jsonl
check_output 'a tree of tasks: its map, its growth, its costs' - parts grown.html <<< 'funnel tasks growth lost costs'
check_output 'the last point of the curve is the size of the tree' - sh -c '
	sed -n "/names in the tree/p" grown.html | grep -o "<title>[0-9]*" | tail -n 1 | cut -c 8-' <<< "$(wc -l < tasks.jsonl)"
check_output 'calls, tokens and dollars are those of the ledger' - sh -c \
	'grep "<tr><td>taxonomy-expand<td class" grown.html | grep -oE "[0-9]+[.][0-9]+$"' <<< \
	"$(sqlite3 grown.db 'SELECT printf("%.4f", sum(cost_usd)) FROM cost')"

# Preference pairs: two triples of a contrast are one pair.
side() { printf '{"text":"A %s thing","image":{"id":"image:%s","uri":"%s"}}' "$1" "$1" "$pics/$2.png"; }
for n in 1 2 3; do
	printf '{"kind":"contrast","id":"contrast:%032d","base":"b%s","dimension":"content","sides":[%s,%s],"scores":[[0.31,0.12],[0.13,0.3%s]],"delta":["red","<b>"]}\n' \
		$n $n "$(side "red$n" banana)" "$(side "blue$n" cat)" $n
done > contrasts.jsonl
riddle cross-pair --ledger none contrasts.jsonl > triples.jsonl 2>/dev/null
report --ledger none --contrasts contrasts.jsonl -o pairs.html triples.jsonl
check_output 'three pairs of six triples, both pictures of each' - sh -c \
	'grep -c "class=\"pair\"" pairs.html; grep -o "<img " pairs.html | wc -l' <<< $'3\n6'
check_output 'the four scores, own ones bold' - sh -c \
	'grep "class=\"pair\"" pairs.html | grep -o "<b>0[.]310</b>.*0[.]120 .*0[.]130 .*<b>0[.]3[123]0</b>" | wc -l' <<< 3
check_output 'what differs is marked' - sh -c 'grep -o "A <mark>red1</mark> thing" pairs.html' <<< 'A <mark>red1</mark> thing'
check_output 'contrasts alone give the same pairs' - sh -c \
	'riddle report --ledger none --no-images contrasts.jsonl | grep -c "class=\"pair\""' <<< 3
jq -c '.scores = {chosen: .margin, rejected: 0.125}' triples.jsonl | riddle report --ledger none --no-images --pairs 2 > scored.html
check_output 'so do triples with scores of their own, as many as asked for' - sh -c \
	'grep "class=\"pair\"" scored.html | grep -c "<b>0[.][0-9]*</b>.*0[.]125.*0[.]125.*<b>0[.][0-9]*</b>"' <<< 2
check 'margins are drawn' grep -q 'id="margins"' pairs.html

# Two datasets side by side.
mkdir other
head -n 4 rows.jsonl > other/rows.jsonl
RIDDLE_LEDGER=other/riddle.db riddle vote --min-sum 1 other/rows.jsonl > /dev/null 2>&1
report --compare other --no-images -o compare.html rows.jsonl
check_output 'rows here, there, and the difference' - cells compare.html rows <<< '9 4 +5'
check_output 'steps: records out, and the share that passed' - cells compare.html vote <<< '5 4 +1 55.6 100.0 -44.4'
check 'rows that both have' grep -q '4 rows of the other stand in this one' compare.html
check_output 'a task' - cells compare.html 'L0 ~ x' <<< '3 1 +2'
check_output 'the judges, by their agreement' - sh -c 'sed -n "/Acceptance/,\$p" compare.html | grep -c "<tr><td>[ab]<td"' <<< 2
check_output 'one ledger, two runs' - sh -c \
	'riddle report --compare-runs 1 --no-images rows.jsonl | grep -c "Records out of each step"' <<< 1
check_output 'compared with itself nothing changes' - sh -c \
	'riddle report --ledger none --compare rows.jsonl --no-images rows.jsonl | grep -oE "change\">[^<]+" | sort -u' <<< $'change">0\nchange">0.000'
check_status 1 'another that is not there' report --compare nowhere rows.jsonl
mkdir empty
check_status 1 'a folder with nothing in it' report --compare empty rows.jsonl

# Files that a record must not make us wait for, or read.
mkfifo pipe
ln -s /dev/zero zero
printf '{"kind":"image","id":"image:%s","uri":"%s"}\n' 1 pipe 2 zero 3 /dev/stdin 4 . 5 'a\u0000b' 6 '' > odd.jsonl
check 'pipes, devices and folders are not opened' timeout 20 "$LIBEXEC/report" --ledger none odd.jsonl
head -c 300000 /dev/zero | tr '\0' x > long
jq -Rc '{kind: "qa", id: "qa:1", image: {uri: .}, task: {path: [., .]}, question: ., answer: .}' long | riddle report --ledger none > long.html
check 'long texts are cut' test "$(wc -c < long.html)" -lt 30000
