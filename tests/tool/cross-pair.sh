#!/usr/bin/env bash
# riddle-cross-pair: k (k - 1) triples, every image as often chosen as rejected.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=$T/riddle.db
pair() { riddle cross-pair "$@"; }
# 500 groups of 2 to 5 sides.
awk 'BEGIN { for (i = 0; i < 500; i++) {
	printf "{\"kind\":\"contrast\",\"base\":\"b %d\",\"dimension\":\"content\",\"sides\":[", i
	k = 2 + i % 4
	for (j = 0; j < k; j++) printf "%s{\"text\":\"t %d %d\",\"image\":{\"id\":\"image:%d-%d\",\"uri\":\"%d-%d.png\"}}", j ? "," : "", i, j, i, j, i, j
	print "]}" } }' > groups.jsonl
pair --folds 5 groups.jsonl > triples.jsonl
check_output 'k sides give k (k - 1) triples' - sh -c 'wc -l < triples.jsonl' \
	<<< $((125 * (2 + 6 + 12 + 20)))
check_output 'every image is chosen as often as rejected' - sh -c '
	jq -r .chosen.image.id triples.jsonl | sort > c
	jq -r .rejected.image.id triples.jsonl | sort | cmp - c && echo same' <<< same
check_output 'none is chosen for an instruction that is not its own' - sh -c \
	'jq -r "[(.prompt | sub(\"t (?<a>.*) (?<b>.*)\"; \"image:\(.a)-\(.b)\")), .chosen.image.id] | select(.[0] != .[1])" triples.jsonl | wc -l' <<< 0
check_output 'the triples fit their schema, and their ids' - sh -c \
	'riddle validate --ledger none --ids --strict triples.jsonl | cmp - triples.jsonl && echo same' <<< same
check_output 'no image stands in two folds' - sh -c \
	'jq -r "[.chosen.image.id, .fold] | @tsv" triples.jsonl | sort -u | cut -f 1 | uniq -d | wc -l' <<< 0
check_output 'with --text-preference twice as many' - sh -c \
	'riddle cross-pair --ledger none --text-preference groups.jsonl | wc -l' <<< $((2 * 5000))
check_output 'select keeps a group in one split' - sh -c \
	'riddle select --ledger none --group group --split train=0.8,test=0.2 --leaks ignore triples.jsonl | jq -r "[.chosen.image.id, .split] | @tsv" | sort -u | cut -f 1 | uniq -d | wc -l' <<< 0
check_output 'the ledger leads from a triple to its contrast' - sh -c \
	'riddle ledger why "$(head -n 1 triples.jsonl | jq -r .id)" | grep -c "contrast:"' <<< 1

side() { printf '{"text":"%s","image":{"id":"image:%s","uri":"%s.png"}}' "$@" "$2"; }
group() { printf '{"kind":"contrast","base":"b","dimension":"content","sides":[%s]}\n' "$1"; }
{
	group "$(side a 1)"
	group "$(side a 1),{\"text\":\"b\"}"
	group "$(side a 1),$(side ' A' 2)"
	group "$(side a 1),$(side b 1)"
	echo '{"kind":"task","path":["a"]}'
	group "$(side a 1),$(side b 2)"
} > bad.jsonl
pair --max-failed 100% --failed lost bad.jsonl > good.jsonl
check_output 'groups that are of no use go whole, each with its rule' - \
	jq -r .rule lost <<'EOF2'
one-side
no-image
same-text
same-image
record
EOF2
check_output 'the good one stays' - sh -c 'wc -l < good.jsonl' <<< 2

# -- Folds: no image in two of them ------------------------------------------------
# Groups in chains: every third one has an image of the one before it.
awk 'BEGIN { for (i = 0; i < 300; i++)
	printf "{\"kind\":\"contrast\",\"base\":\"b %d\",\"dimension\":\"content\",\"sides\":[{\"text\":\"t %d a\",\"image\":{\"id\":\"image:%d-a\",\"uri\":\"%d-a.png\"}},{\"text\":\"t %d b\",\"image\":{\"id\":\"image:%d-b\",\"uri\":\"%d-b.png\"}}]}\n",
	    i, i, i % 3 ? i - 1 : i, i, i, i, i }' > chains.jsonl
sed 's/image:\([0-9]*\)-a/image:new\1/; s/"uri":"\([0-9]*\)-b.png"/&,"sha256":"\1"/' chains.jsonl > digests.jsonl
for by in chains digests; do
	pair --ledger none --folds 7 $by.jsonl > folded.jsonl
	check_output "no image stands in two folds ($by)" - sh -c \
		'jq -r "[(.chosen.image.id, .rejected.image.id), .fold] | [.[0], .[2]], [.[1], .[2]] | @tsv" folded.jsonl | sort -u | cut -f 1 | uniq -d | wc -l' <<< 0
done
pair --ledger none --folds 7 chains.jsonl > folded.jsonl
check_output 'all folds are used' - sh -c 'jq .fold folded.jsonl | sort -un | wc -l' <<< 7
check_output 'and the books are even' - sh -c 'jq -r .chosen.image.id folded.jsonl | sort > c; jq -r .rejected.image.id folded.jsonl | sort | cmp - c && echo same' <<< same
tac chains.jsonl | pair --ledger none --folds 7 > other.jsonl
check_output 'names and folds do not depend on the order of the input' - sh -c \
	'jq -c "[.id, .group, .fold]" folded.jsonl | sort > a; jq -c "[.id, .group, .fold]" other.jsonl | sort | cmp - a && echo same' <<< same
pair --ledger none --join-images chains.jsonl > joined.jsonl
check_output '--join-images names groups, and writes no fold' - sh -c 'jq -r .group joined.jsonl | sort -u | wc -l; grep fold joined.jsonl | wc -l' \
	<<< $'200\n0'
pair --ledger none chains.jsonl | jq -c '[.id, .prompt, .chosen, .rejected]' > plain
jq -c '[.id, .prompt, .chosen, .rejected]' joined.jsonl > same
check_equal 'the triples are the same, in the same order' plain same

# -- Across bases --------------------------------------------------------------------
clip=$ROOT/samples/demo-clip
{
	group "$(side 'a red banana' 1),$(side 'a green banana' 2)" | sed 's/"b"/"w"/'
	group "$(side 'a red cat' 3),$(side 'a green cat' 4)" | sed 's/"b"/"x"/'
	group "$(side 'a red cat on a mat' 5),$(side 'a green cat on a mat' 6)" | sed 's/"b"/"y"/'
	group "$(side 'a red banana on a mat' 7),$(side 'A Red  Banana' 8)" | sed 's/"b"/"z"/'
	group "$(side 'a dog' 9)"
} > near.jsonl
near() { pair --semantic --model "$clip" --precision reference --max-failed 9 "$@" near.jsonl 2>err; }
near --min-cos 0.8 --failed lost > near.out
check_output 'sides of different bases that are near each other' - sh -c \
	'jq -c "select(.cross.cos) | [.prompt, .chosen.image.id, .rejected.image.id, (.cross | [.own, .other, .cos > 0.8]), (.from | length)]" near.out' <<'END'
["a red banana","image:1","image:7",[1,1,true],4]
["a red banana on a mat","image:7","image:1",[1,1,true],4]
["a red cat","image:3","image:5",[1,1,true],4]
["a red cat on a mat","image:5","image:3",[1,1,true],4]
["a green cat","image:4","image:6",[2,2,true],4]
["a green cat on a mat","image:6","image:4",[2,2,true],4]
END
check_output 'come behind all siblings' - sh -c 'jq -c ".cross.cos != null" near.out | uniq -c | tr -s " "' <<< $' 8 false\n 6 true'
check_output 'a text is no neighbour of itself' - sh -c 'jq -c "select(.prompt == \"A Red  Banana\") | .rejected.image.id" near.out' <<< '"image:7"'
check_output 'one name for what shares an image now' - sh -c 'jq -r "[.group, .chosen.image.id] | @tsv" near.out | sort -u | cut -f 2 | uniq -d | wc -l; jq -r .group near.out | sort -u | wc -l' <<< $'0\n2'
check_output 'a side alone without a neighbour is dropped' - jq -r .rule lost <<< one-side
check 'they fit the schema, and their ids' riddle validate --ledger none --ids --strict near.out
check_output 'every image as often chosen as rejected' - sh -c 'jq -r .chosen.image.id near.out | sort > c; jq -r .rejected.image.id near.out | sort | cmp - c && echo same' <<< same
check_output 'the ledger leads to both contrasts' - sh -c 'riddle ledger why "$(tail -n 1 near.out | jq -r .id)" | grep -c "contrast:"' <<< 2
check_output '--max-cos leaves out what says the same' - sh -c \
	'riddle cross-pair --ledger none --max-failed 9 --semantic -m "$0" --precision reference --min-cos 0.8 --max-cos 0.9 near.jsonl 2>/dev/null | jq -r "select(.cross.cos) | .prompt"' "$clip" \
	<<< $'a red cat\na red cat on a mat'
near --min-cos 0.8 --folds 2 > folded.jsonl
check_output 'with --folds, none leads from one fold to another' - sh -c \
	'jq -r "[.chosen.image.id, .fold], [.rejected.image.id, .fold] | @tsv" folded.jsonl | sort -u | cut -f 1 | uniq -d | wc -l' <<< 0
near --min-cos 0.8 --text-preference --group-size 3 > with-texts
check_output 'T3 and T4 as well' - sh -c 'jq -c "select(.cross.cos) | .cross.of" with-texts | sort | uniq -c | tr -s " "' <<< $' 6 "image"\n 6 "text"'
check_status 2 '--semantic without a model' pair --semantic --min-cos 0.5 near.jsonl
check_status 2 '--semantic without a bound' pair --semantic --model "$clip" near.jsonl
check_status 2 'a bound without --semantic' pair --min-cos 0.5 near.jsonl
