#!/usr/bin/env bash
# Pages of riddle-report in a real browser: hostile text stays text, no request
# leaves, nothing is wider than a phone.  Needs chromium and node; fetches
# playwright-core from npm into build/peers/playwright once.  Screenshots are
# kept in $OUT/peers/report.
browser=$(command -v chromium || command -v google-chrome)
if [ -z "$browser" ] || ! command -v npm >/dev/null; then
	echo 'report: no chromium or no npm, not run'
	exit 77
fi
# shellcheck source-path=SCRIPTDIR/.. source=lib.sh
. "$(dirname "$0")/../lib.sh"
modules=$ROOT/build/peers/playwright
version=1.49.1
if [ ! -d "$modules/node_modules/playwright-core" ]; then
	mkdir -p "$modules"
	npm install --silent --no-audit --no-fund --prefix "$modules" \
	    "playwright-core@$version" >"$T/npm.log" 2>&1 || {
		fail 'playwright-core is installed' "$(tail -n 5 "$T/npm.log")"
		rm -rf "$modules"
		exit 1
	}
fi
shots=$OUT/peers/report
mkdir -p "$shots"
pics=$ROOT/samples/demo-clip/images
export RIDDLE_LEDGER=$T/riddle.db

# What a stranger might write into any text.
hostile=(
	'<script>pwned=1</script>'
	'</title></svg></style></script><script>pwned=1</script>'
	'<img src=x onerror=pwned=1>'
	'"><svg onload=pwned=1>'
	"' onmouseover='pwned=1"
	'javascript:pwned=1'
	'<a href="http://127.0.0.1:9/">x</a>'
	'<link rel=stylesheet href=http://127.0.0.1:9/x.css>'
	'<style>@import "http://127.0.0.1:9/x.css";</style>'
	'&lt;script&gt;pwned=1&lt;/script&gt;&#60;script>'
	'<!--' '-->' ']]>' '<![CDATA['
	'<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">'
	'<base href="http://127.0.0.1:9/">'
	'<foreignObject><iframe src="//127.0.0.1:9/"></iframe></foreignObject>'
	"$(printf '\342\200\256right to left\342\200\254')"
	"$(printf 'a%.0s' {1..3000})"
	"$(printf '\360\237\246\204%.0s' {1..400})"
	'http://127.0.0.1:9/picture.png'
)
i=0
for h in "${hostile[@]}"; do
	i=$((i + 1))
	jq -nc --arg h "$h" --arg i $i --arg uri "$pics/banana.png" '{
	    kind: "qa", id: "qa:\($i)\($h)"[:100],
	    image: {id: "image:\($i)\($h)"[:100], caption: $h,
	    uri: (if $i == "21" then $h else $uri end)},
	    task: {id: "t", path: [$h, $h, $i]}, question: $h, answer: $h,
	    scores: [{judge: $h, model: $h, score: 1, reason: $h},
	    {judge: "b", score: ($i | tonumber % 2)}]}'
done > rows.jsonl
riddle vote --min-sum 2 --max-failed 100% rows.jsonl > /dev/null 2>&1
i=0
for h in "${hostile[@]}"; do
	i=$((i + 1))
	jq -nc --arg h "$h" --arg i $i --arg a "$pics/banana.png" \
	    --arg b "$pics/cat.png" '{kind: "contrast",
	    id: "contrast:\($i)", base: $h, dimension: $h, delta: [$h, $h],
	    scorer: {by: $h, model: $h}, scores: [[0.3, 0.1], [0.2, 0.35]],
	    sides: [{text: "one \($h) thing",
	    image: {id: "image:a\($i)", uri: $a}}, {text: "two \($h) thing",
	    image: {id: "image:b\($i)", uri: $b}}]}'
done > contrasts.jsonl
jq -nc --arg h "${hostile[1]}" '{tool: $h, records_in: 1e300, passed: -5,
    dropped: 3, failed: "x", records_out: 1e18,
    rules: [{rule: $h, records: 1e300}]}' > funnel.jsonl
jq -nc --arg h "${hostile[1]}" '{judges: [{judge: $h, acceptance: 1e300,
    scores: -1}, {judge: "b", acceptance: 0.5}], pairs: [{a: $h, b: "b",
    agreement: 0.5, cohen: -0.25}], fleiss: {kappa: 1e300}}' > agreement.json
sqlite3 riddle.db <<'EOF'
INSERT INTO note VALUES (1, 'growth', '[{"level": 1, "proposed": -1,
	"new": 1e300, "total": 1e300}, {"level": "<script>"}]');
UPDATE loss SET reason = '<img src=x onerror=pwned=1>',
	rule = '<script>pwned=1</script>';
UPDATE run SET tool = '<script>pwned=1</script>';
INSERT INTO call (hash, run, answered_ms, model, tokens_in, tokens_out,
	request, reply) VALUES
	(x'00', 1, -9000000000000000, '<script>pwned=1</script>', -5, 9e18,
	'{}', ''), (x'01', 1, 9000000000000, '<img src=x>', NULL, NULL, '{}',
	'');
EOF
mkdir '<b>'
cp riddle.db rows.jsonl '<b>'
check 'a page of hostile records' riddle report --title "${hostile[1]}" \
	--funnel funnel.jsonl --agreement agreement.json --compare '<b>' \
	-o hostile.html rows.jsonl
check 'a page of hostile pairs' riddle report --pairs 30 \
	-o hostile-pairs.html contrasts.jsonl

# And a friendly one: the demo's pictures as a dataset with three judges.
n=0
for f in "$pics"/*.png "$pics"/*.jpg; do
	n=$((n + 1))
	name=$(basename "${f%.*}")
	jq -nc --arg n $n --arg uri "$f" --arg name "${name//-/ }" '($n |
	    tonumber) as $i | {kind: "qa", image: {id: "image:\($n)",
	    uri: $uri, caption: $name}, task: {id: "task:\($n)",
	    path: ["Recognition", "Group \($i % 7)", $name]},
	    question: "What is drawn here?", answer: "It is \($name).",
	    scores: [("a", "b", "c") | {judge: .,
	    score: (if (explode[0] + $i * 7) % 5 < 2 then 0 else 1 end)}]}'
done > friendly.jsonl
export RIDDLE_LEDGER=$T/friendly.db
riddle vote --min-sum 2 friendly.jsonl > kept.jsonl 2>/dev/null
check 'a page of a dataset' riddle report --title 'A dataset' \
	-o dataset.html kept.jsonl
node "$ROOT/tests/peers/report.mjs" "$modules" "$browser" "$shots" \
	"hostile=$T/hostile.html" "hostile-pairs=$T/hostile-pairs.html" \
	"dataset=$T/dataset.html" > seen 2> seen.err
while IFS= read -r line; do
	case $line in
	'ok - '*) pass "${line#ok - }" ;;
	'not ok - '*) fail "${line#not ok - }" ;;
	esac
done < seen
check_output 'the browser said so of every page' - \
	sh -c 'wc -l < seen; tail -n 5 seen.err' <<< 90
[ "$test_failed" -eq 0 ] && echo "$test_count passed, 0 failed"
