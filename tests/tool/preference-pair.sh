#!/usr/bin/env bash
# riddle-preference-pair: own against sibling, by CLIP, by a judge, by scores
# that are there; and pairs of scored answers.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=$T/riddle.db
clip=$ROOT/samples/demo-clip
side() { printf '{"text":"%s","image":{"id":"image:%s","uri":"%s/images/%s.png","caption":"%s!"}}' "$1" "$2" "$clip" "$2" "$2"; }
group() { printf '{"kind":"contrast","base":"%s","dimension":"content","sides":[%s],"n" : 2.50}\n' "$1" "$2"; }
last() { sqlite3 riddle.db 'select records_in, passed, dropped, failed, records_out from runs order by run desc limit 1'; }

# -- By CLIP ------------------------------------------------------------------
{
	group a "$(side 'a banana' banana),$(side 'a cat' cat)"
	group b "$(side 'a cat' banana),$(side 'a banana' cat)"
	group c "$(side 'a cat' cat),$(side 'a banana' nothing)"
	group d "$(side 'a cat' cat)"
	group e "$(side 'a cat' cat),$(side 'a banana' banana),$(side 'a dog' dog)"
	echo '{"kind":"task","path":["a"]}'
	echo '{"kind":"Contrast","base":"a"}'
} > in.jsonl
check_status 3 'a missing picture fails its pair' riddle preference-pair --clip "$clip" --precision reference --failed lost.jsonl in.jsonl
cp .out out.jsonl
check_output 'a pair goes whole, and so does a half-dead one, each with its reason' - jq -r '[.lost, .rule] | join(" ")' lost.jsonl <<'END'
dropped sibling
failed missing
dropped one-side
failed record
failed id
END
check_output 'the reason names the side' - sh -c 'jq -r .reason lost.jsonl | sed "s/[0-9][.][0-9]*/N/g" | head -n 2' <<END
side 1: own N, with the text of side 2 N
side 2: $clip/images/nothing.png: No such file or directory
END
check_output 'what was dropped keeps its scores' - jq -r 'select(.rule == "sibling") | .record.scores | flatten | length' lost.jsonl <<< 4
check_output 'the records keep their bytes, and have the scores behind them' - sh -c \
	'grep -c "^{\"kind\":\"contrast\",\"base\":\"[ae]\".*\"n\" : 2.50,\"id\":\"contrast:[0-9a-f]*\",\"scores\":\[\[.*\]\],\"scorer\":{\"by\":\"clip\"" out.jsonl' <<< 2
check_output 'own goes before sibling, both ways' - jq -c \
	'.scores as $s | [range($s | length) as $i | range($s | length) as $j | select($i != $j) | $s[$i][$i] > $s[$i][$j] and $s[$i][$i] > $s[$j][$i]] | all' out.jsonl <<< $'true\ntrue'
check 'they fit the schema, and their ids' riddle validate --ledger none --ids --strict out.jsonl
check_output 'in = out + dropped + failed' - last <<< '7|2|2|3|2'
check_output 'the scores are cosines of riddle clip-embed' - sh -c '
	echo "{\"t\":\"a banana\"}" | riddle clip-embed -m "$0" --precision reference --ledger none --field t --add v | jq -c .v > t.json
	echo "{\"kind\":\"image\",\"id\":\"i\",\"uri\":\"$0/images/banana.png\"}" | riddle clip-embed -m "$0" --precision reference --ledger none --add v | jq -c .v > i.json
	want=$(jq -n "[input, input] | transpose | map(.[0] * .[1]) | add * 1e6 | round" t.json i.json)
	got=$(head -n 1 out.jsonl | jq ".scores[0][0] * 1e6 | round")
	test "$want" = "$got" && echo same' "$clip" <<< same
check_output 'the ledger has what was found' - sh -c \
	'sqlite3 riddle.db "select json from notes where name = '"'alignment'"'" | jq -c "[.groups, .both, .mean_own > .mean_sibling]"' <<< '[3,2,true]'
riddle preference-pair --clip "$clip" --precision reference --ledger none --max-failed 100% in.jsonl > again.jsonl 2>/dev/null
check_equal 'the same bytes again' out.jsonl again.jsonl
head -n 2 in.jsonl > two.jsonl
check '--min-gap' riddle preference-pair --clip "$clip" --min-gap 0.5 --failed lost.jsonl two.jsonl
check_output 'with value and threshold' - jq -rc 'select(.rule == "min-gap") | [(.value | tonumber) < 0.5, .threshold]' lost.jsonl <<< '[true,"0.5"]'
check '--min-own' riddle preference-pair --clip "$clip" --min-own 0.99 --failed lost.jsonl two.jsonl
check_output 'drops both' - jq -r .rule lost.jsonl <<< $'min-own\nmin-own'
for ((i = 0; i < 200; i++)); do group "$i" "$(side 'a banana' banana),$(side "cat $i" cat)"; done > many.jsonl
check_output '200 groups keep their order' - sh -c \
	'riddle preference-pair --clip "$0" --ledger none --test text many.jsonl | jq -r .base | sort -nc && echo sorted' "$clip" <<< sorted
mkfifo to
riddle preference-pair --ledger none --clip "$clip" < to > trickle.out &
pid=$!
exec 3> to
head -n 1 in.jsonl >&3
for ((i = 0; i < 100; i++)); do
	[ ! -s trickle.out ] || break
	sleep 0.1
done
check 'a pair leaves before the input ends' test -s trickle.out
exec 3>&-
wait "$pid"

# -- By scores that are there ----------------------------------------------------
matrix() { group "$1" "$(side 'a banana' banana),$(side 'a cat' cat)" | sed 's/}$/,"scores":'"$2"'}/'; }
{
	matrix good '[[0.5,0.1],[0.2,0.4]]'
	matrix tie '[[0.5,0.5],[0.2,0.6]]'
	matrix text '[[0.5,0.1],[0.6,0.7]]'
	matrix image '[[0.5,0.6],[0.1,0.7]]'
	matrix cut '[[0.5,0.6],[0.1]]'
	matrix null '[[0.5,null],[0.1,0.3]]'
	group none "$(side 'a banana' banana),$(side 'a cat' cat)"
} > given.jsonl
given() { riddle preference-pair --max-failed 100% --failed lost.jsonl given.jsonl; }
check_output 'both: own is more than either' - sh -c 'riddle preference-pair --ledger none --max-failed 9 given.jsonl 2>/dev/null | jq -r .base' <<< good
check_output 'text: each image prefers its own text' - sh -c 'riddle preference-pair --ledger none --max-failed 9 --test text given.jsonl 2>/dev/null | jq -r .base' <<< $'good\ntie\nimage'
check_output 'image: each text its own image' - sh -c 'riddle preference-pair --ledger none --max-failed 9 --test image given.jsonl 2>/dev/null | jq -r .base' <<< $'good\ntext'
given > kept
check_output 'a tie is no preference, a missing score no score' - jq -r '[.record.base, .lost, .rule] | join(" ")' lost.jsonl <<'END'
tie dropped sibling
text dropped sibling
image dropped sibling
cut failed scores
null failed scores
none failed scores
END

# -- By a judge ------------------------------------------------------------------
cat > replies.jsonl <<'END'
{"match":"\"a banana\"\nThe picture: [banana","reply":{"reason":"yes","score":10}}
{"match":"\"a cat\"\nThe picture: [cat","reply":{"reason":"yes","score":9}}
{"match":"\"a dog\"\nThe picture: [dog","reply":{"reason":"yes","score":4}}
END
stub_start --log log.jsonl --reply-file replies.jsonl --reply '{"reason":"no","score":2}'
{
	group a "$(side 'a banana' banana),$(side 'a cat' cat)"
	group b "$(side 'a cat' banana),$(side 'a banana' cat)"
	group c "$(side 'a cat' cat),$(side 'a dog' dog)"
	group d "$(side 'a dog' dog),$(side 'a cat' nothing)" | sed 's/,"caption":"nothing!"//'
} > judged.jsonl
judge() { riddle preference-pair --model "$STUB_URL#stub" --images caption "$@"; }
check_status 3 'a picture that cannot be shown fails its pair' judge --min-own 5 --failed lost.jsonl judged.jsonl
cp .out out.jsonl
check_output 'its four scores are in the record' - jq -c '[.base, .scores, .scorer]' out.jsonl \
	<<< '["a",[[10,2],[2,9]],{"by":"judge","model":"stub","scale":[0,10]}]'
check_output 'the others are lost, each for its reason' - jq -r '[.record.base, .rule, .value // "-"] | join(" ")' lost.jsonl <<'END'
b min-own 2
c min-own 4
d input -
END
check_output 'the ledger has the four calls of the pair' - sh -c \
	'riddle ledger why "$(head -n 1 out.jsonl | jq -r .id)" | grep -c "call"' <<< 4
calls=$(wc -l < log.jsonl)
check_output 'offline, the same bytes' out.jsonl sh -c 'riddle preference-pair --model "$0" --images caption --min-own 5 --offline --max-failed 9 judged.jsonl 2>/dev/null' "$STUB_URL#stub"
check_output 'and nobody was asked' - sh -c 'wc -l < log.jsonl' <<< "$calls"
check 'a dry run asks nobody' judge --dry-run judged.jsonl
check_stderr 'and says what it would cost' 'dry run: '
sum=$(sha256sum < "$clip/images/banana.png" | cut -c 1-64)
head -n 1 judged.jsonl > one.jsonl
riddle preference-pair --model "$STUB_URL#stub" --scale 0..1 --max-failed 1 one.jsonl > /dev/null 2>&1
check_output 'a judge sees pixels, and its scale' - sqlite3 riddle.db \
	"select count(*) > 0 from calls where request like '%$sum%' and request like '%Your score is 1 if%'" <<< 1
stub_start --reply '{"reason":"?","score":11}'
check_status 3 'a score that is not of the scale fails the pair' judge --failed lost.jsonl one.jsonl
check_output 'with its reason' - jq -r '.rule, .reason' lost.jsonl <<'END'
schema
text 1 with image 1: the reply does not fit: /score: 11 is greater than the maximum 10
END

# -- Scored answers ----------------------------------------------------------------
answers() { printf '{"id":"%s","prompt":"Why?","answers":[%s]}\n' "$1" "$2"; }
a() { printf '{"text":"%s","score":%s}' "$1" "$2"; }
{
	answers one "$(a good 5),$(a 'not so good' 3),$(a bad 1),$(a 'as bad' 1)"
	answers tie "$(a x 2),$(a y 2)"
	answers same "$(a x 2),$(a ' X' 2)"
	answers conflict "$(a x 2),$(a y 1),$(a x 0)"
	answers missing "$(a x 2),{\"text\":\"y\"}"
	answers null "$(a x 2),$(a y null)"
	answers word "$(a x 2),$(a y '"3"')"
	answers single "$(a x 2)"
	answers none ''
	answers empty "$(a x 2),$(a ' ' 1)"
	echo '{"id":"no","prompt":"Why?"}'
	echo '{"id":"blank","prompt":" ","answers":[]}'
} > answers.jsonl
pair() { riddle preference-pair --max-failed 100% "$@"; }
pair --failed lost.jsonl answers.jsonl > pairs.jsonl 2> err
check_output 'the best and the worst' - jq -c '[.prompt, .chosen.text, .rejected.text, .margin, .scores, .length_gap, .group, .from]' pairs.jsonl \
	<<< '["Why?","good","bad",4,{"chosen":5,"rejected":1},1,"one",["one"]]'
check_output 'ties, equal texts and missing scores are refused' - jq -r '[.id, .lost, .rule] | join(" ")' lost.jsonl <<'END'
tie dropped tie
same dropped one-answer
conflict failed conflict
missing failed score
null failed score
word failed score
single dropped one-answer
none dropped one-answer
empty failed record
no failed record
blank failed record
END
check 'the lengths are told' grep -q 'in 1 of 1 pairs of texts the chosen one is longer' err
check_output 'all pairs that are far enough apart, the widest first' - sh -c \
	'riddle preference-pair --ledger none --max-failed 100% --pairs all --min-margin 2 answers.jsonl 2>/dev/null | jq -c "[.chosen.text, .rejected.text, .margin]"' <<'END'
["good","bad",4]
["good","as bad",4]
["good","not so good",2]
["not so good","bad",2]
["not so good","as bad",2]
END
check_output '--max-pairs takes the widest' - sh -c \
	'riddle preference-pair --ledger none --max-failed 100% --pairs all --max-pairs 2 answers.jsonl 2>/dev/null | jq -r .rejected.text' <<< $'bad\nas bad'
check '--min-margin' pair --min-margin 4.5 --failed lost.jsonl answers.jsonl
check_output 'drops with value and threshold' - jq -r 'select(.rule == "min-margin") | [.id, .value, .threshold] | join(" ")' lost.jsonl <<< 'one 4 4.5'
check 'pairs fit the schema, and their ids' sh -c 'riddle validate --ledger none --ids --strict pairs.jsonl'
check_output 'fields by their names, images, ids of answers' - sh -c 'echo "{\"kind\":\"row\",\"id\":\"r\",\"q\":{\"t\":\"Who?\"},\"image\":{\"id\":\"image:1\",\"uri\":\"1.png\"},\"c\":[{\"id\":\"a:1\",\"r\":{\"t\":\"x\"},\"s\":{\"all\":1.5}},{\"id\":\"a:2\",\"r\":{\"t\":\"yy\"},\"s\":{\"all\":2}}]}" |
	riddle preference-pair --prompt-field q/t --answers c --text r/t --score s/all 2>/dev/null | jq -c "[.prompt, .images[0].id, .chosen.text, .from, .length_gap]"' \
	<<< '["Who?","image:1","yy",["r","a:2","a:1"],1]'
check_output 'answers that are pictures' - sh -c 'echo "{\"id\":\"r\",\"prompt\":\"draw\",\"answers\":[{\"image\":{\"id\":\"image:1\",\"uri\":\"1.png\"},\"score\":1},{\"image\":{\"id\":\"image:2\",\"uri\":\"2.png\"},\"score\":2}]}" |
	riddle preference-pair 2>/dev/null | tee p.jsonl | jq -c "[.chosen.image.uri, .rejected.image.uri, .from]"; riddle validate --ledger none --ids --strict p.jsonl | wc -l' \
	<<< $'["2.png","1.png",["r","image:2","image:1"]]\n1'
check_output 'the ledger leads from a pair to its record' - sh -c \
	'riddle ledger why "$(jq -r .id pairs.jsonl)" | grep -c "^ *one"' <<< 1

# -- Usage -------------------------------------------------------------------------
check_status 2 'two scorers' riddle preference-pair --clip "$clip" --model x in.jsonl
check_status 2 'a prompt and nobody to ask' riddle preference-pair --prompt x in.jsonl
check_status 2 'a scale that is none' riddle preference-pair --scale 1 in.jsonl
check_status 2 'a gap below 0' riddle preference-pair --min-gap -1 in.jsonl
check_status 1 'a model that is not there' riddle preference-pair --clip nowhere in.jsonl
printf -- '---\noutput: { schema: { verdict: string } }\n---\n{{text}}\n' > none.prompt
check_status 2 'a prompt whose reply has no score' judge --prompt none.prompt judged.jsonl
check_stderr 'says so' 'no member "score"'

# -- What trainers load: triples as Diffusion-DPO and TRL want them ------------------
i=0
for f in "$clip"/images/*.png; do
	i=$((i + 1))
	echo "$i $(basename "$f" .png)"
done | paste - - | head -n 20 | while read -r n a _ b; do
	group "$n" "$(side "see $a $n" "$a"),$(side "see $b $n" "$b")"
done > drawn.jsonl
riddle cross-pair --ledger none --text-preference drawn.jsonl > triples.jsonl
jq -c 'select(.chosen.image)' triples.jsonl > pictures.jsonl
jq -c 'select(.chosen.text)' triples.jsonl > texts.jsonl
won() { jq -r '[.prompt, (.chosen.image.uri | sub(".*/"; ""))] | @tsv' pictures.jsonl | while IFS=$'\t' read -r p f; do
	printf '%s %s\n' "$(sha256sum < "$clip/images/$f" | cut -c 1-64)" "$p"; done | sort; }
won > want
check 'diffusion-dpo, a folder' riddle export --ledger none -f diffusion-dpo -o folder pictures.jsonl
check 'it passes the check' riddle export --check -f diffusion-dpo folder
check_output 'label_0 says which picture won' want sh -c \
	'jq -r "[(if .label_0 == 1 then .jpg_0_file_name else .jpg_1_file_name end | sub(\".*/\"; \"\") | sub(\"[.].*\"; \"\")), .caption] | join(\" \")" folder/data/train/metadata.jsonl | sort'
check_output 'the winner is number 0 in some rows, number 1 in others' - sh -c 'jq ".label_0, .label_1" folder/data/train/metadata.jsonl | sort -u | tr "\n" " "; jq -c "[.label_0, .label_1] | add" folder/data/train/metadata.jsonl | sort -u; jq .label_0 folder/data/train/metadata.jsonl | sort -u | wc -l' \
	<<< $'0 1 1\n2'
check 'diffusion-dpo-tar' riddle export --ledger none -f diffusion-dpo-tar -o tars pictures.jsonl
check 'it passes the check, too' riddle export --check -f diffusion-dpo-tar tars
check_output 'members of a sample stand side by side, named by their columns' - sh -c \
	'tar -tf tars/train-000000.tar | sed "s/[^.]*[.]//" | paste - - - | sort | uniq -c | tr -s " \t" " "' <<< ' 40 jpg_0 jpg_1 json'
mkdir x && tar -xf tars/train-000000.tar -C x
check_output 'the winners are the same files' want sh -c \
	'for j in x/*.json; do k=${j%.json}; n=$(jq "if .label_0 == 1 then 0 else 1 end" "$j"); printf "%s %s\n" "$(sha256sum < "$k.jpg_$n" | cut -c 1-64)" "$(jq -r .caption "$j")"; done | sort'
check_status 3 'texts have no place there' riddle export --ledger none -f diffusion-dpo -o none.d texts.jsonl
check 'webdataset has pairs, too' riddle export --ledger none -f webdataset -o pairs.d pictures.jsonl
check_output 'chosen and rejected' - sh -c 'tar -tf pairs.d/train-000000.tar | sed "s/[^.]*[.]//" | paste - - - | sort -u | tr "\t" " "' \
	<<< 'chosen.png rejected.png json'
check 'TRL: of a picture, the better text' riddle export --ledger none -f trl-dpo -o dpo.jsonl texts.jsonl
check 'the same question about another picture is no contradiction' riddle export --check -f trl-dpo dpo.jsonl
sed 's/"label_0":[01].0/"label_0":0.5/' folder/data/train/metadata.jsonl > tie
cp tie folder/data/train/metadata.jsonl
check_status 1 'a tie is found by the check' riddle export --check -f diffusion-dpo folder
check_stderr 'and said' 'label_0 is neither 0 nor 1'
