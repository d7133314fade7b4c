#!/usr/bin/env bash
# riddle-image-generate: pictures from a server, and what is not one.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db

fresh() {
	rm -rf led.db* log.jsonl store
	stub_start --log log.jsonl --image-side 32 "$@"
}
img() { riddle image-generate -m "$STUB_URL#t2i" --store store "$@"; }
contrast() { printf '{"kind":"contrast","id":"contrast:%032d","base":"b","dimension":"content","sides":[{"text":"red %d"},{"text":"blue %d"}],"delta":["red","blue"],"note" : 1.50}\n' \
	"$1" "$1" "$1"; }
contrasts() { for ((i = 1; i <= $1; i++)); do contrast "$i"; done; }
last() { sqlite3 led.db 'select records_in, passed, dropped, failed
	from runs order by run desc limit 1'; }

# -- The record -----------------------------------------------------------------
fresh
contrast 1 > in.jsonl
img --size 32x24 in.jsonl > out.jsonl 2> err
check_output 'a picture a side, and nothing else touched' - jq -c \
	'[.dimension, (.sides | map(.text)), (.sides[].image | .format, .width,
	.height, .model)]' out.jsonl \
	<<< '["content",["red 1","blue 1"],"png",32,24,"t2i","png",32,24,"t2i"]'
check 'note is as it was, byte for byte' grep -q '"note" : 1.50' out.jsonl
check 'it fits its schema' riddle validate --ledger none out.jsonl
check_output 'its id is that of its texts, as before' - jq -r .id out.jsonl \
	<<< contrast:00000000000000000000000000000001
check_output 'files are named by their content' - sh -c \
	'jq -r ".sides[].image | .sha256 + \"  \" + .uri" out.jsonl |
	sha256sum -c --quiet && echo yes' <<< yes
check_output 'and are what other programs call a PNG' - sh -c \
	'jq -r ".sides[].image.uri" out.jsonl | xargs file -b | cut -d, -f 1,2' \
	<<< $'PNG image data, 32 x 24\nPNG image data, 32 x 24'
check_output 'a picture leads to its call and its contrast' - sh -c \
	'riddle ledger why "$(jq -r ".sides[0].image.id" out.jsonl)" |
	grep -oE "call [0-9a-f]{32}|contrast:0*1$" | cut -c 1-8' \
	<<< $'call '"$(jq -r '.sides[0].image.call[:3]' out.jsonl)"$'\ncontrast'
check_output 'a contrast leads to its pictures' - sh -c \
	'riddle ledger --json children contrast:00000000000000000000000000000001 |
	jq -r .id | sort' < <(jq -r '.sides[].image.id' out.jsonl | sort)
check_output 'a rerun asks nobody' - sh -c \
	'riddle image-generate -m "$0#t2i" --store store --size 32x24 in.jsonl |
	cmp - out.jsonl; wc -l < log.jsonl' "$STUB_URL" <<< 2
rm -r store
check_output 'nor does one whose store was lost' - sh -c \
	'riddle image-generate -m "$0#t2i" --store store --size 32x24 in.jsonl |
	cmp - out.jsonl; wc -l < log.jsonl; find store -type f | wc -l' \
	"$STUB_URL" <<< $'2\n2'
echo '{"kind":"instruction","id":"instruction:1","text":"a cat"}' > one.jsonl
check_output 'an instruction gets one' - sh -c \
	'riddle image-generate -m "$0#t2i" --store store one.jsonl |
	jq -c "[.kind, .image.width]"' "$STUB_URL" <<< '["instruction",32]'

# -- Seeds -------------------------------------------------------------------------
cat > models.json <<END
{ "models": { "sd": { "model": "$STUB_URL#sd", "quirks": { "sd_seed": true } } } }
END
seeds() { riddle image-generate --models models.json -m sd --store store \
	--seed 5 "$@" in.jsonl | jq -c '[.sides[].image.seed]'; }
seeds > two.json
check_output 'each side has a seed of its own' - jq -c '.[0] != .[1] and (.[0] | type) == "number"' \
	two.json <<< true
seeds --same-seed > same.json
check_output 'or one for both' - jq -c '.[0] == .[1]' same.json <<< true
a1111() { riddle image-generate -m "a1111/${STUB_URL%/v1}#ckpt" --store store \
	--size 32x32 "$@"; }
check_output 'steps and seed reach an AUTOMATIC1111' - sh -c \
	'riddle image-generate -m "a1111/${0%/v1}#ckpt" --store store --steps 7 \
	--size 32x32 one.jsonl | jq -c "[.image.steps, (.image.seed | type),
	.image.model, .image.resolved]"' "$STUB_URL" \
	<<< '[7,"number","ckpt","stub"]'
for same in '' --same-seed; do
	a1111 --seed 5 $same in.jsonl > a1111.jsonl 2> err
	check_output "its seeds are those of sd-server ${same:-each}" - jq -c \
		'[.sides[].image.seed]' a1111.jsonl \
		< <([ -z "$same" ] && cat two.json || cat same.json)
done
check_output 'another --seed, other pictures' - sh -c \
	'jq -c "[.sides[].image.sha256]" a1111.jsonl other.jsonl | sort -u | wc -l' \
	< <(a1111 --seed 6 --same-seed in.jsonl > other.jsonl 2> err; echo 2)

# -- What a file says beside the picture ---------------------------------------------
uri() { jq -r '.sides[0].image.uri' "$1"; }
check 'a file is kept as it came, the prompt in it' grep -qa 'red 1' \
	"$(uri a1111.jsonl)"
a1111 --seed 5 --same-seed --strip in.jsonl > bare.jsonl 2> err
check_status 1 '--strip keeps the picture alone' grep -qa 'red 1' \
	"$(uri bare.jsonl)"
check_output 'it is the same one' - jq -c \
	'[.sides[].image | .phash, .width, .seed, .call]' bare.jsonl \
	< <(jq -c '[.sides[].image | .phash, .width, .seed, .call]' a1111.jsonl)
check_output 'whole, and named by what it is now' - sh -c \
	'jq -r ".sides[].image | .sha256 + \"  \" + .uri" bare.jsonl |
	sha256sum -c --quiet && jq -r ".sides[].image.uri" bare.jsonl |
	riddle image-ingest --ledger none --list - | wc -l' <<< 2
check_output 'nobody was asked for it' - sh -c 'jq -s length log.jsonl' \
	< <(sqlite3 led.db 'select count(*) from calls')
check_status 2 'steps to a server that is not told' img --steps 7 in.jsonl

# -- What is no picture ------------------------------------------------------------
contrasts 20 > many.jsonl
lost() {
	fresh "$@"
	img --failed lost.jsonl --max-failed 100% many.jsonl > out.jsonl 2> err
	cp err .err
}
lost --fault bad-image@0.3
check_output 'a broken PNG: no record is half' - sh -c \
	'jq -c "[.sides[] | has(\"image\")] | all" out.jsonl | sort -u' <<< true
check_output 'its record is whole in the failed ones' - sh -c \
	'jq -c "[.rule, (.record.sides | map(has(\"image\")) | any)]" lost.jsonl |
	sort -u' <<< '["image",false]'
check_output 'all are accounted for' - sh -c \
	'cat out.jsonl lost.jsonl | wc -l' <<< 20
fresh
check_status 3 'another size than was asked for' sh -c \
	'riddle image-generate -m "$0#t2i" --store store --size 64x64 in.jsonl \
	--failed lost.jsonl' "$STUB_URL"
check_output 'says which came' - jq -r '.rule + ": " + .reason' lost.jsonl \
	<<< 'size: side 1 of 2: the server sent an image of 32x32, asked for was 64x64'
lost --fault same-image
check_output 'one picture for every text: only one record could keep it' - \
	sh -c 'jq -r .rule lost.jsonl | sort | uniq -c | tr -s " "' \
	<<< ' 20 repeat'
check 'and it is said' grep -q \
	'the same picture for different texts: 20 records' err
lost --fault same-image
riddle image-generate -m "a1111/${STUB_URL%/v1}" --store store --failed lost.jsonl \
	many.jsonl > out.jsonl 2> err
check_output 'also where each file holds its own prompt' - \
	sh -c 'jq -r .rule lost.jsonl | sort | uniq -c | tr -s " "' \
	<<< ' 20 repeat'
lost --script <(echo '{"fault":"same-image","match":"blue"}')
check_output 'one picture for some texts: the first of them keeps it' - sh -c \
	'jq -r .base out.jsonl | wc -l; jq -r .reason lost.jsonl | sort | uniq -c |
	tr -s " "' \
	<<< $'1\n 19 side 2 got the same picture as another text before it'
for bad in html invalid-json wrong-schema empty; do
	lost --fault "$bad"
	check_output "$bad: nothing passes" - sh -c \
		'wc -l < out.jsonl; wc -l < lost.jsonl; find store -type f | wc -l' \
		<<< $'0\n20\n0'
done
lost --fault refusal@0.3
check_output 'a refused side loses the record, with the side' - sh -c \
	'jq -r .reason lost.jsonl | grep -v "^side [12] of 2: "; echo end' <<< end
check 'and some are refused' test -s lost.jsonl

# -- Interrupted ---------------------------------------------------------------------
fresh --latency 5
contrasts 200 > many.jsonl
img many.jsonl > want.jsonl 2> err
rm -rf store led.db*
: > log.jsonl
for n in 1 2 3; do
	"$LIBEXEC/image-generate" -m "$STUB_URL#t2i" --store store \
		--inflight 8 many.jsonl > got.jsonl 2> err &
	sleep "0.$((n * 2))"
	kill -9 $! 2> /dev/null
	wait $! 2> /dev/null
done
check 'killed three times, run once more' img --inflight 8 many.jsonl
check_equal 'the same bytes' want.jsonl .out
check_output 'nothing is paid twice but what was in flight' - sh -c \
	'wc -l < log.jsonl | awk "{ print (\$1 >= 400 && \$1 <= 424) }"' <<< 1
check_output 'each file is whole' - sh -c \
	'jq -r ".sides[].image | .sha256 + \"  \" + .uri" want.jsonl |
	sha256sum -c --quiet && echo yes' <<< yes
check_output 'and there are no more' - sh -c \
	'find store -name "*.png" | wc -l' <<< 400

# -- The three of them ---------------------------------------------------------------
rm -rf store led.db* log.jsonl
stub_start --log log.jsonl --image-side 32 --offered --latency 2
for i in $(seq 10); do
	echo "{\"kind\":\"task\",\"path\":[\"theme\",\"topic $i\"]}"
done > topics.jsonl
whole() {
	riddle instruction-generate -m "$STUB_URL#gen" topics.jsonl |
	riddle contrast-generate -m "$STUB_URL#gen" |
	riddle image-generate -m "a1111/${STUB_URL%/v1}" --store store --same-seed
}
check 'topics to drawn contrasts' whole
cp .out whole.jsonl
check_output 'of ten topics, of all dimensions' - sh -c \
	'wc -l < whole.jsonl; jq -r .dimension whole.jsonl | sort -u;
	jq -r .task.id whole.jsonl | sort -u | wc -l' \
	<<< $'100\naesthetics\ncontent\ncounterfactual\n10'
check 'they fit their schema, ids and all' riddle validate --ledger none --ids \
	whole.jsonl
check_output 'a picture leads to its topic' - sh -c \
	'riddle ledger why "$(jq -r ".sides[0].image.id" whole.jsonl | head -n 1)" |
	grep -oE "(contrast|instruction|task):" | sort -u' \
	<<< $'contrast:\ninstruction:\ntask:'
check_output 'each text was asked for once' - sh -c 'wc -l < log.jsonl' <<< 310
check 'once more' whole
check_equal 'gives the same bytes' whole.jsonl .out
check_output 'and asks nobody' - sh -c 'wc -l < log.jsonl' <<< 310

# -- Bad input -------------------------------------------------------------------------
check_status 2 'no store' riddle image-generate -m "$STUB_URL#t2i" in.jsonl
check_status 2 'no size' img --size 3x in.jsonl
check_status 2 'no model that draws' img -m anthropic/x in.jsonl
check_status 3 'a side without a text' img <<< \
	'{"kind":"contrast","base":"b","dimension":"content","sides":[{"a":1},{"text":"b"}]}'
{
	echo '{"kind":"contrast","base":"b","dimension":"content","sides":[{"text":"b"}]}'
	echo '{"kind":"contrast","base":"b","dimension":"content","sides":[{"text":"b"},{"text":"B "}]}'
} > twins.jsonl
check 'one side, and twins, are dropped' img --failed lost.jsonl twins.jsonl
check_output 'by their rules' - jq -r '.lost + " " + .rule' lost.jsonl \
	<<< $'dropped one-side\ndropped same-text'
check_status 3 'a text with a NUL in it' img <<< \
	'{"kind":"instruction","id":"x","text":"a\u0000b"}'
check_status 3 'another kind' img <<< '{"kind":"image","uri":"a"}'
