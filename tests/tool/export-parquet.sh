#!/usr/bin/env bash
# riddle-export --format parquet: a file, a folder of splits, what does not go
# in, and --check on what was damaged.  Other readers: tests/peers/parquet.sh.
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=none
export_() { riddle export -f parquet "$@"; }
mkdir pics
cp "$ROOT"/samples/demo-clip/images/{banana.png,airplane.jpg,barcode.png} pics/
names=(banana.png airplane.jpg barcode.png)

# 250 questions, every fifth to be tested.
for i in $(seq 250); do
	split=
	[ $((i % 5)) -ne 0 ] || split=',"split":"test"'
	printf '{"kind":"qa","image":{"id":"image:1","uri":"pics/%s"},"task":{"id":"task:1","path":["a","b"]},"question":"Q %s?","answer":"A."%s}\n' \
		"${names[i % 3]}" "$i" "$split"
done >qa.jsonl
printf '%s\n' '{"kind":"preference","prompt":"a banana","chosen":{"image":{"uri":"pics/banana.png"}},"rejected":{"image":{"uri":"pics/barcode.png"}}}' >sides.jsonl
printf '%s\n' '{"kind":"preference","prompt":"Which?","chosen":{"text":"A banana."},"rejected":{"text":"A pear."}}' >pair.jsonl

# -- Written, and as it should be ---------------------------------------------
check 'a file of questions' export_ -o qa.parquet qa.jsonl
check 'passes the check' export_ --check qa.parquet
check 'a second time' export_ -o again.parquet qa.jsonl
check 'gives the same bytes' cmp qa.parquet again.parquet
check 'from stdin, too' sh -c 'riddle export -f parquet -o in.parquet <qa.jsonl'
check 'the same' cmp qa.parquet in.parquet
check_output 'it begins and ends as the format wants it' - sh -c \
	'head -c 4 qa.parquet; tail -c 4 qa.parquet; echo' <<<PAR1PAR1
check 'it holds the pictures' test "$(wc -c <qa.parquet)" \
	-gt $((80 * $(cat pics/* | wc -c)))
check 'a pair of pictures' export_ -o sides.parquet sides.jsonl
check 'passes the check' export_ --check sides.parquet
check_output 'its columns are those of Diffusion-DPO' - sh -c \
	"tr -c '[:alnum:]_' '\n' <sides.parquet | grep -xE '(jpg|label)_[01]|caption' | sort -u | tr '\n' ' '; echo" \
	<<<'caption jpg_0 jpg_1 label_0 label_1 '
check 'a pair of texts without a picture' export_ -o pair.parquet pair.jsonl
check 'passes the check' export_ --check pair.parquet
check 'no rows' export_ -o none.parquet /dev/null
check 'pass the check' export_ --check none.parquet

check 'a folder' export_ -o set --shard-rows 80 qa.jsonl
check 'passes the check' export_ --check set
check_output 'has files by split' - sh -c 'cd set && find . -type f | sort' <<'EOF2'
./README.md
./croissant.json
./data/test-00000.parquet
./data/train-00000.parquet
./data/train-00001.parquet
./data/train-00002.parquet
./manifest.json
EOF2
check_output 'its card names them' - sed -n '/data_files/,/---/p' set/README.md <<'EOF2'
  data_files:
  - split: train
    path: data/train-*.parquet
  - split: test
    path: data/test-*.parquet
---
EOF2
check 'a second time' export_ -o set2 --shard-rows 80 qa.jsonl
check 'the same bytes' diff -r set set2

# -- What does not go in ------------------------------------------------------
cat qa.jsonl pair.jsonl sides.jsonl >mixed.jsonl
check_status 3 'rows of another kind than the first fail' \
	export_ -o mixed.parquet --failed bad.jsonl mixed.jsonl
check_output 'each with its reason' - jq -r \
	'[.rule, (.reason | test("one kind"))] | @csv' bad.jsonl <<'EOF2'
"export",true
"export",true
EOF2
check 'the rest is what it is without them' cmp qa.parquet mixed.parquet
sed 's,pics/airplane.jpg,pics/gone.jpg,' qa.jsonl >gone.jsonl
check_status 3 'a picture that is gone fails its rows' \
	export_ -o gone.parquet --failed bad.jsonl gone.jsonl
check_output 'and no others' - sh -c 'wc -l <bad.jsonl' <<<84
check 'the rest is whole' export_ --check gone.parquet
check_status 2 'what is there is not overwritten' export_ -o qa.parquet qa.jsonl
check 'unless --replace says so' export_ -o in.parquet --replace pair.jsonl
check 'and then it is' cmp in.parquet pair.parquet
check_status 1 'a cut input leaves nothing' sh -c \
	'head -c -20 qa.jsonl | riddle export -f parquet -o cut.parquet'
check_output 'nothing' - sh -c 'ls -d cut* *.tmp.* 2>/dev/null | wc -l' <<<0
check_status 1 'a folder that cannot be written' export_ -o /nowhere/x.parquet qa.jsonl

# -- --check ------------------------------------------------------------------
size=$(wc -c <qa.parquet)
for n in 0 3 11 1000 $((size - 1)) $((size - 9)); do
	head -c "$n" qa.parquet >short.parquet
	check_status 1 "check: cut to $n bytes" export_ --check short.parquet
done
check_stderr 'it says so' 'short.parquet: .*cut'
cp qa.parquet changed.parquet
printf X | dd of=changed.parquet bs=1 seek=20000 conv=notrunc 2>/dev/null
check_status 1 'check: a byte of a picture is another' \
	export_ --check changed.parquet
check_stderr 'it says where' 'changed.parquet: .*checksum'
cp -R set set.changed
printf X | dd of=set.changed/data/test-00000.parquet bs=1 seek=2000 \
	conv=notrunc 2>/dev/null
check_status 1 'check: a file of a folder is another' export_ --check set.changed
check_status 1 'check: not a Parquet file' export_ --check qa.jsonl
check_status 1 'check: not there' export_ --check gone/set.parquet

# -- Memory of one row group --------------------------------------------------
big() {
	for i in $(seq "$1"); do
		sed "s/Q /Q $i /" qa.jsonl
	done >"big.$1"
	"$OUT/helper/maxrss" "rss.$1" "$LIBEXEC/export" -f parquet \
		-o "big.$1.parquet" "big.$1"
	cat "rss.$1"
}
few=$(big 4)
many=$(big 40)
case $OUT in
*/sanitize) skip 'memory does not grow with the rows' 'sanitizers keep memory' ;;
*)
if [ "$many" -lt $((few + 8192)) ] && [ "$few" -gt 1000 ]; then
	pass 'memory does not grow with the rows'
else
	fail 'memory does not grow with the rows' "$few KiB, then $many KiB"
fi ;;
esac
check 'ten thousand rows pass the check' export_ --check big.40.parquet
