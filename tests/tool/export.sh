#!/usr/bin/env bash
# riddle-export: every format, what does not go in, and --check on what came
# out whole and on what was damaged behind it.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=none
export_() { riddle export "$@"; }
mkdir pics
cp "$ROOT"/samples/demo-clip/images/{banana.png,airplane.jpg,barcode.png} pics/

# qa N IMAGE QUESTION ANSWER [MORE]
qa() {
	printf '{"kind":"qa","image":{"id":"image:%s","uri":"pics/%s","sha256":"%s","licence":"OFL"},"task":{"id":"task:%s","path":["Recognition","Food","Kind %s"]},"question":"%s","answer":"%s"%s}\n' \
		"$1" "$2" "$(sha256sum "pics/$2" | cut -c 1-64)" "$1" "$1" \
		"$3" "$4" "${5:-}"
}
{
	qa 1 banana.png 'Which fruit?' 'A banana.'
	qa 2 airplane.jpg 'What flies | here?' 'A <plane>.' ',"split":"test"'
	qa 3 banana.png 'A set {a}?\nYes: $x^{2}$' 'No, \"none\".'
} > qa.jsonl
side() {
	printf '{"image":{"uri":"pics/%s"}}' "$1"
}
printf '{"kind":"preference","prompt":"a banana","chosen":%s,"rejected":%s}\n' \
	"$(side banana.png)" "$(side barcode.png)" > pictures.jsonl
printf '%s\n' '{"kind":"preference","prompt":"Which fruit?","chosen":{"text":"A banana."},"rejected":{"text":"A pear."},"images":["pics/banana.png"]}' > pair.jsonl

# -- Each format writes, and passes its own check ----------------------------
for f in llava sharegpt messages trl-sft webdataset hf; do
	check "$f is written" export_ -f "$f" -o "out.$f" qa.jsonl
	check "$f passes the check" export_ --check -f "$f" "out.$f"
	check "$f a second time" export_ -f "$f" -o "again.$f" qa.jsonl
	check "$f gives the same bytes" diff -r "out.$f" "again.$f"
done
check 'pairs of texts for trl-dpo' export_ -f trl-dpo -o dpo.jsonl pair.jsonl
check 'they pass the check' export_ --check -f trl-dpo dpo.jsonl
check 'pairs of pictures in shards' export_ -f webdataset -o pairs pictures.jsonl
check 'they pass the check' export_ --check -f webdataset pairs
check 'pairs of pictures in a folder' export_ -f hf -o pairs.hf pictures.jsonl
check 'they pass the check' export_ --check -f hf pairs.hf

# -- What stands in them ------------------------------------------------------
check_output 'llava: members and the tag before the question' - \
	jq -c '.[2] | [(keys | join(" ")), .conversations[0].value, .conversations[1].value]' out.llava <<'EOF2'
["conversations id image task_type","<image>\nA set {a}?\nYes: $x^{2}$","No, \"none\"."]
EOF2
check_output 'ids are those of the records' - sh -c \
	'riddle vote --help >/dev/null 2>&1; jq -r ".[].id" out.llava | sort -u | wc -l' <<< 3
check_output 'trl: images is a list, content a list of parts' - \
	jq -c '[(.images | type), (.messages[0].content | map(.type) | join(","))]' out.trl-sft <<'EOF2'
["array","image,text"]
["array","image,text"]
["array","image,text"]
EOF2
check_output 'webdataset: a shard a split, members side by side' - sh -c \
	'for s in test train; do tar -tf "out.webdataset/$s-000000.tar" | sed "s/^[0-9a-f]*//" | tr "\n" " "; done; echo' <<< '.jpg .json .png .json .png .json '
check_output 'hf: each picture once, beside its split' - sh -c \
	'cd out.hf && find data -type f | sed "s,[0-9a-f]\{64\},SHA,;s,/[0-9a-f][0-9a-f]/,/XX/," | sort' <<'EOF2'
data/test/images/XX/SHA.jpg
data/test/metadata.jsonl
data/train/images/XX/SHA.png
data/train/metadata.jsonl
EOF2
check_output 'the card counts splits, tasks and licences' - sh -c \
	'grep -E "^\| (test|train|Recognition|OFL) " out.hf/README.md' <<'EOF2'
| train | 2 |
| test | 1 |
| Recognition | 3 |
| OFL | 3 |
EOF2
check 'croissant.json has the digests of the tables' sh -c \
	'for s in test train; do d=$(sha256sum < "out.hf/data/$s/metadata.jsonl" | cut -c 1-64)
	jq -e --arg d "$d" ".distribution | any(.sha256 == \$d)" out.hf/croissant.json || exit 1; done'

# -- What does not go in ------------------------------------------------------
{
	qa 1 banana.png 'Which fruit?' 'A banana.'
	qa 2 banana.png '  ' 'A banana.'
	echo '{"kind":"task","path":["a"]}'
	sed 's/"uri":"[^"]*"/"uri":"pics\/gone.png"/' qa.jsonl | head -n 1
	sed 's/"uri":"[^"]*"/"uri":"pics\/barcode.png"/' qa.jsonl | head -n 1
	cat pair.jsonl
} > mixed.jsonl
check_status 3 'bad rows fail, one each' export_ -f hf -o mixed --failed bad.jsonl mixed.jsonl
check_output 'each with its rule' - jq -r .rule bad.jsonl <<'EOF2'
sample
sample
export
export
EOF2
check 'the rest is a whole dataset' export_ --check -f hf mixed
check_status 3 'a format that has no place for a pair' export_ -f llava -o x.json pair.jsonl
check_status 3 'a picture outside of --image-root' \
	export_ -f llava -o y.json --image-root elsewhere qa.jsonl
check_status 2 'what is there is not overwritten' export_ -f llava -o out.llava qa.jsonl
check 'unless --replace says so' export_ -f llava -o out.llava --replace qa.jsonl
mkdir mine; echo precious > mine/file
check_status 1 'a folder of somebody else is not replaced' export_ -f hf -o mine --replace qa.jsonl
check_output 'and is untouched' - cat mine/file <<< precious
check 'a folder of ours is' export_ -f hf -o out.hf --replace qa.jsonl
check_output 'nothing is left beside it' - sh -c 'ls -d *.tmp.* *.old.* 2>/dev/null | wc -l' <<< 0
check_status 1 'a cut input leaves nothing' sh -c \
	'head -c -20 qa.jsonl | riddle export -f hf -o cut'
check_output 'nothing' - sh -c 'ls -d cut* 2>/dev/null | wc -l' <<< 0

# -- --check sees what loaders let through ------------------------------------
damaged() {	# NAME FORMAT FILE JQ
	jq -c "$4" "$3" > "damaged.$2" 2>/dev/null
	check_status 1 "check: $1" export_ --check -f "$2" "damaged.$2"
}
damaged 'two rows of one id' llava out.llava '.[1].id = .[0].id'
damaged 'an image that is gone' llava out.llava '.[0].image = "pics/gone.png"'
damaged 'a tag too many' llava out.llava '.[0].conversations[0].value += "<image>"'
damaged 'roles out of turn' llava out.llava '.[0].conversations[1].from = "human"'
damaged 'an empty answer' sharegpt out.sharegpt '.[0].conversations[1].value = " "'
damaged 'images that are no list' trl-sft out.trl-sft '.images = .images[0]'
damaged 'equal sides' trl-dpo dpo.jsonl '.rejected = .chosen'
damaged 'a pair both ways' trl-dpo dpo.jsonl \
	'., (.id = "x" | .chosen as $c | .chosen = .rejected | .rejected = $c)'
cp -R out.hf hf.damaged; echo >> hf.damaged/data/train/metadata.jsonl
check_status 1 'check: a file that is not as the manifest says' export_ --check -f hf hf.damaged
mkdir unpacked && tar -C unpacked -xf out.webdataset/train-000000.tar
(cd unpacked && find . -name '*.json' -o -name '*.png' | sed 's,^\./,,' |
	sort -t . -k 2) > members
tar -C unpacked -cf again.webdataset/train-000000.tar -T members
check_status 1 'check: members of a sample that do not stand together' \
	export_ --check -f webdataset again.webdataset
