#!/usr/bin/env bash
# riddle-dedupe: exact, MinHash against exact Jaccard, perceptual hashes.
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=none
dd_() { riddle dedupe "$@"; }

# -- Exact ---------------------------------------------------------------------
printf '%s\n' '{"question":"Stra\u00dfe?", "x": 1.0}' '{"question":" STRASSE? "}' \
	'{"question":"Straße ?"}' '{"question":7}' '{"question":7.0}' > q.jsonl
check_output 'folded text is compared, bytes stay' - dd_ q.jsonl <<'EOF2'
{"question":"Stra\u00dfe?", "x": 1.0}
{"question":"Straße ?"}
{"question":7}
{"question":7.0}
EOF2
check_status 3 'a record without the field fails' dd_ --failed lost <<< '{"a":1}'
check_output 'and says which field' - jq -r '[.rule, .reason] | @tsv' lost \
	<<< 'field	stdin:1: /question: no value to compare'
check_output 'two fields count together' - sh -c \
	"printf '%s\n' '{\"a\":1,\"b\":2}' '{\"a\":1,\"b\":3}' '{\"a\":1,\"b\":2}' | riddle dedupe -f a -f b | wc -l" <<< 2
dd_ --failed lost q.jsonl > out
check_output 'a drop names its twin' - sh -c \
	'jq -r ".reason" lost | sed "s/row:[0-9a-f]*/ID/"' <<< 'twin of ID'
check_output 'in = out + dropped' - sh -c 'cat out lost | wc -l' <<< 5

# -- MinHash -------------------------------------------------------------------
# 3,000 questions, many of them small changes of another; the truth is computed
# by jq-free awk over the same shingles.
awk 'BEGIN { srand(7); split("cat dog bird chart table street window number colour person car tree left right small large many count read describe compare which where what", w)
	for (i = 0; i < 1000; i++) {
		n = 8 + int(rand() * 10); s = ""
		for (j = 0; j < n; j++) s = s (j ? " " : "") w[1 + int(rand() * 24)]
		print s " " i; print s " " i " now"; print s " and then " i } }' > texts
jq -Rc '{question: .}' texts > t.jsonl
dd_ --by minhash --threshold 0.8 --failed lost t.jsonl > kept
# Each text against the kept ones before it: should it have gone?
awk -v T=0.8 '
function grams(s, set,   i, n) {
	n = 0
	for (i = 1; i + 4 <= length(s); i++)
		if (!((substr(s, i, 5)) in set)) { set[substr(s, i, 5)] = 1; n++ }
	return n
}
function like(a, b,   g, both) {
	both = 0
	for (g in A) if ((b, g) in S) both++
	return both / (na + size[b] - both)
}
{
	delete A; na = grams($0, A); hit = 0; delete C
	for (g in A) if (g in post) { m = split(post[g], p, " "); for (i = 1; i <= m; i++) C[p[i]]++ }
	for (c in C) if (C[c] / (na + size[c] - C[c]) >= T) { hit = 1; break }
	if (hit) { print NR; next }
	size[NR] = na
	for (g in A) post[g] = post[g] " " NR
}' texts > should
awk 'NR == FNR { k[$0] = 1; next } !($0 in k) { print FNR }' kept t.jsonl > gone
check_output 'what exact Jaccard finds is found, at least 98 of 100' - sh -c \
	'sort should > a; sort gone > b; n=$(comm -12 a b | wc -l)
	awk -v n="$n" -v all="$(wc -l < should)" "BEGIN { print (all > 500 && n >= 0.98 * all) }"' <<< 1
check_output 'what is dropped has a similarity of 0.8 at least' - \
	jq -s 'map(.value | tonumber) | min >= 0.8' lost <<< true
check_output 'a lower threshold drops more' - sh -c \
	'riddle dedupe --by minhash --threshold 0.5 t.jsonl | wc -l | awk -v k="$(wc -l < kept)" "{ print (\$1 < k) }"' <<< 1
check_output 'short and empty texts' - sh -c \
	"printf '{\"question\":\"%s\"}\n' '' a a '' ab | riddle dedupe --by minhash | wc -l" <<< 3

# -- Pictures ------------------------------------------------------------------
printf '{"phash":"%s"}\n' 00000000000000ff 00000000000001fe ffffffff00000000 > p.jsonl
check_output 'two of three are near' - sh -c 'riddle dedupe --by phash p.jsonl | wc -l' <<< 2
check_output 'not with --near 1' - sh -c 'riddle dedupe --by phash --near 1 p.jsonl | wc -l' <<< 3
check_status 3 'what is no hash fails' dd_ --by phash <<< '{"phash":"xyz"}'

# -- Vectors ---------------------------------------------------------------------
emb() { riddle dedupe --by embedding "$@"; }
printf '{"n":%d,"vector":%s}\n' 1 '[1,0]' 2 '[0,2]' 3 '[10,0.1]' 4 '[-1,0]' \
    > v.jsonl
check_output 'length does not count, direction does' - sh -c \
	'riddle dedupe --by embedding --failed lost v.jsonl | jq .n' <<< $'1\n2\n4'
check_output 'the drop names its twin, and how near it is' - jq -c \
	'[.record.n, .rule, .value, .threshold, (.reason | test("^twin of "))]' \
	lost <<< '[3,"embedding","0.999950","0.95",true]'
check_status 3 'vectors of two lengths' emb v.jsonl - <<< '{"vector":[1,2,3]}'
check_stderr 'are told apart' '3 numbers, the first record has 2'
check_status 3 'what is no vector fails' emb <<< '{"vector":["a"]}'
check_status 3 'nor is nothing' emb <<< '{"vector":[0,0]}'
check_status 3 'nor an empty one' emb <<< '{"vector":[]}'
# 3,000 of 8 numbers, some near another, by all pairs in awk with the same rule.
awk 'BEGIN { srand(7); for (i = 1; i <= 3000; i++) { s = ""
	for (d = 1; d <= 8; d++)
		s = s (d > 1 ? "," : "") sprintf("%.3f", rand() * 2 - 1)
	print "{\"n\":" i ",\"vector\":[" s "]}" } }' > many.jsonl
jq -r '.vector | map(tostring) | join(" ")' many.jsonl | awk '{
	len = 0; for (d = 1; d <= NF; d++) len += $d * $d
	len = sqrt(len); for (d = 1; d <= NF; d++) v[d] = $d / len
	for (k = 1; k <= n; k++) { c = 0
		for (d = 1; d <= NF; d++) c += v[d] * kept[k, d]
		if (c >= 0.93) next }
	n++; for (d = 1; d <= NF; d++) kept[n, d] = v[d]
	print NR }' > want
check 'some are near, more than a block of 2,048 are not' awk \
	'END { exit !(NR > 2050 && NR < 2950) }' want
check_output 'what all pairs give, in the same order' want sh -c \
	'riddle dedupe --by embedding --min-cos 0.93 many.jsonl | jq .n'
check_output 'with one thread too' want sh -c \
	'riddle dedupe --by embedding --min-cos 0.93 --threads 1 many.jsonl |
	jq .n'
