#!/usr/bin/env bash
# riddle-clip-embed on the demo model: vectors against golden values, where
# they go, and what is not computed again.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db
ln -s "$ROOT/samples" samples
model=samples/demo-clip
golden=samples/demo-clip/golden.jsonl

embed() { riddle clip-embed --progress never --model "$model" "$@"; }
noted() { sqlite3 led.db "select json_extract(json, '$.$1') from notes where name = 'embeddings' order by run desc limit 1"; }
# How many records on stdin, and is the cosine of e and embedding at least $1?
near() {
	jq -n -c --argjson least "$1" 'def dot(a; b): [a, b] | transpose | map(.[0] * .[1]) | add;
		[inputs | dot(.e; .embedding) / (dot(.embedding; .embedding) | sqrt)] | [length, min >= $least]'
}
unit() {
	jq -c '.e | map(. * .) | add | . > 0.999999 and . < 1.000001' | sort -u
}

# Golden values of images and of texts; a text that holds special marks is
# escaped here and is not there.
jq -c 'select(.kind == "image") | {id: .file, uri: ("samples/demo-clip/" + .file), embedding}' "$golden" > images.jsonl
jq -c 'select(.kind == "text") | select(.text | contains("<|") | not) | {id: ("t" + .text[:100]), text, embedding}' "$golden" > texts.jsonl
texts=$(wc -l < texts.jsonl)
for p in f32:0.999999 reference:0.999999 auto:0.995; do
	embed --precision "${p%:*}" --add e images.jsonl > "out.${p%:*}"
	near "${p#*:}" < "out.${p%:*}" > got
	check_output "${p%:*}: images have their golden vectors" got echo '[60,true]'
	embed --precision "${p%:*}" --add e --field text texts.jsonl > "text.${p%:*}"
	near "${p#*:}" < "text.${p%:*}" > got
	check_output "${p%:*}: texts have their golden vectors" got echo "[$texts,true]"
	unit < "out.${p%:*}" > got
	check_output "${p%:*}: vectors are of length 1" got echo true
done

# A vector does not depend on its neighbours, nor on threads.
embed --threads 1 --add e images.jsonl > one
check_equal 'threads: the same bytes' out.auto one
while read -r line; do
	echo "$line" | embed --ledger none --add e
done < <(head -n 5 images.jsonl) > alone
head -n 5 out.auto > five
check_equal 'alone or in a batch: the same bytes' five alone

# A folder with the tokenizer of another model.
mkdir other
cp "$model"/*.json "$model/model.safetensors" other/
jq '.text_config.eos_token_id = 4093' "$model/config.json" > other/config.json
check_status 1 'a tokenizer that ends texts otherwise' \
	riddle clip-embed --ledger none --model other --add e texts.jsonl
check_stderr 'and it says so' 'other: the tokenizer is of another model'
jq '.added_tokens += [.added_tokens[0] + { id: 4096, content: "<more>" }]' \
	"$model/tokenizer.json" > other/tokenizer.json
cp "$model/config.json" other/
check_status 1 'a tokenizer with more tokens' \
	riddle clip-embed --ledger none --model other --add e texts.jsonl
check_stderr 'and it says how many' 'it has 4097 tokens, the model 4096'

# Records pass untouched; the matrix has a row for each.
embed --npy e.npy --vectors v images.jsonl > same
check_equal 'records pass byte for byte' images.jsonl same
check_output 'the .npy header' - sh -c 'head -c 128 e.npy | tail -c +11 | sed "s/ *$//"' \
	<<< "{'descr': '<f4', 'fortran_order': False, 'shape': (60, 128), }"
check_output 'its size' - stat -c %s e.npy <<< $((128 + 60 * 128 * 4))
od -An -v -w512 -tfF -j128 e.npy | head -n 1 | tr -s ' ' '\n' | sed '/^$/d' > row
head -n 1 out.auto | jq -r '.e[]' > want
check_output 'row 1 is the vector of record 1' - sh -c \
	'paste row want | awk "{ d = \$1 - \$2; if (d < -1e-6 || d > 1e-6) n++ } END { print NR, n + 0 }"' <<< '128 0'
check_status 1 'nothing is left beside it' test -e e.npy.part
check_status 1 'a .npy that cannot be written' embed --npy no/such.npy images.jsonl

# Only what is missing is computed.
check_output 'at first all' - noted computed <<< 60
embed --vectors v images.jsonl > same
check_output 'then nothing' - noted computed <<< 0
cat images.jsonl texts.jsonl | jq -c 'if .text then {kind: "task", path: [.text], id} else . end' > mixed.jsonl
embed --vectors v --add e mixed.jsonl > mixed.out
check_output 'then the texts, which go with images' - noted computed <<< "$texts"
head -n 60 mixed.out | jq -c .e > got
jq -c .e out.auto > want
check_equal 'vectors from the file are those that were computed' want got
jq -c .e text.auto > want
tail -n +61 mixed.out | jq -c .e > got
check_equal 'a task of one name is its text' want got
embed --vectors v --alpha drop images.jsonl > same
check_output 'another treatment of transparency is another content' - noted reused <<< 0
cp v damaged
printf 'x' | dd of=damaged bs=1 seek=4000 conv=notrunc 2>/dev/null
embed --vectors damaged --add e images.jsonl > same
check_equal 'a damaged embedding file is mended' out.auto same
embed --vectors damaged --add e images.jsonl > same
check_output 'once' - noted computed <<< 0

# Texts.
printf '%s\n' '{"id":"a","p":{"names":["a","b"]}}' '{"id":"b","p":{"names":"a ~ b"}}' '{"id":"c","p":{"names":[]}}' \
	'{"id":"d","p":7}' > fields.jsonl
check_status 3 'a record without text fails' embed --field p/names --add e --failed lost.jsonl fields.jsonl
jq -c .e .out | sort -u | wc -l > got
check_output 'names are joined by a tilde' got echo 1
check_output 'the others fail' - jq -c '[.id, .rule, .reason]' lost.jsonl <<'EOT'
["c","record","no text in the member \"p/names\""]
["d","record","no text in the member \"p/names\""]
EOT
printf '{"id":"x","text":"a photo of a cat"}\n{"id":"y","text":"cat"}\n' > t.jsonl
embed --field text --add e t.jsonl | jq -c .e | head -n 1 > got
embed --field text --add e --template 'a photo of a {}' t.jsonl | jq -c .e | tail -n 1 > want
check_equal 'a template' want got
long=$(printf 'words %.0s' {1..200})
printf '{"id":"x","text":"%s"}\n' "$long" > long.jsonl
check_output 'a text that is too long is marked' - sh -c \
	'riddle clip-embed -m "$0" --field text --add e long.jsonl | jq -c "[.id, .truncated, (.e | length)]"' "$model" <<< '["x",true,128]'
printf '{"id":"x","text":""}\n{"id":"y","text":"\\u0000"}\n{"id":"z","text":"<|endoftext|> cut"}\n{"id":"w","text":"<|endoftext|>"}\n' > odd.jsonl
embed --field text --add e odd.jsonl > odd.out
check_output 'empty, NUL, special marks: four vectors' - sh -c 'jq -c ".e | length" odd.out | sort | uniq -c | tr -s " "' <<< ' 4 128'
check_output 'a special mark cannot cut a text' - sh -c 'tail -n 2 odd.out | jq -c .e | sort -u | wc -l' <<< 2

# Usage.
check_status 2 'no model' riddle clip-embed --add e
check_status 2 'nowhere to put vectors' riddle clip-embed -m "$model"
check_status 2 'a template without a hole' riddle clip-embed -m "$model" --add e --template x
check_status 2 'an id is no vector' riddle clip-embed -m "$model" --add id
mkdir broken
cp "$model"/*.json "$model"/merges.txt broken
head -c 100000 "$model/model.safetensors" > broken/model.safetensors
check_status 1 'a cut model' riddle clip-embed -m broken --add e images.jsonl
check_stderr 'is named' 'broken'
