#!/usr/bin/env bash
# Parquet files of riddle-export in the hands of those who read them: pyarrow,
# duckdb, polars, DataFusion and Hugging Face datasets.  Every cell is that of
# the JSON lines, every picture that of its file.
# Installs them into build/peers/ once.
# shellcheck source-path=SCRIPTDIR/.. source=lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=none HF_HUB_OFFLINE=1 HF_HOME=$T/hf
export PYTHONDONTWRITEBYTECODE=1 HF_DATASETS_DISABLE_PROGRESS_BARS=1
PACKAGES=(pyarrow==26.0.1 duckdb==2.0.0 polars==2.1.0 datafusion==55.0.0
	datasets==5.2.0 pillow==13.0.0)
venv=$ROOT/build/peers/parquet
have=$("$venv/bin/pip" freeze 2>/dev/null |
    grep -Fxc -f <(printf '%s\n' "${PACKAGES[@]}"))
if [ "${have:-0}" -ne ${#PACKAGES[@]} ]; then
	rm -rf "$venv"
	{ python3 -m venv "$venv" &&
		"$venv/bin/pip" install -q "${PACKAGES[@]}"; } || {
		trap - EXIT
		rm -rf "$venv" "$T"
		echo "cannot install ${PACKAGES[*]}"
		exit 77
	}
fi
images=$ROOT/samples/demo-clip/images

# 300 questions about 60 pictures: three row groups.
for n in 1 2 3 4 5; do
	i=0
	for f in "$images"/*.png "$images"/*.jpg; do
		i=$((i + 1))
		printf '%s\t%s\t%s\n' "$n" "$i" "$f"
	done
done | jq -Rc 'split("\t") | {kind: "qa", image: {id: "image:\(.[1])",
	uri: .[2]}, task: {id: "task:\(.[1])", path: ["a", "b é \(.[1])"]},
	question: "Q \(.[0]) \(.[1])?", answer: "A \u0000 \n 😀 \(.[0])."} +
	(if (.[1] | tonumber) % 5 == 0 then {split: "test"} else {} end)' \
	>qa.jsonl
# Pairs of texts with no, one or two pictures, and texts that are hard on
# statistics: long ones, and characters that have no successor.
jq -c --slurp 'to_entries[] | .key as $n | .value | {kind: "preference",
	prompt: ("\u10ffff" * ($n % 30) + .question),
	chosen: {text: ("y" * $n)},
	rejected: {text: ("é" * 40 + .question)}, images: []} +
	(if $n % 3 == 0 then {} elif $n % 3 == 1 then
	{images: [.image.uri]} else {images: [.image.uri, .image.uri]} end)
	| .chosen.text += "!"' qa.jsonl >pairs.jsonl
jq -c --slurp '[.[] | .image.uri] as $u | to_entries[] |
	select(.key < 59) | {kind: "preference",
	prompt: ("\u10ffff" * (.key % 30) + .value.question),
	chosen: {image: {uri: $u[.key]}},
	rejected: {image: {uri: $u[.key + 1]}}}' qa.jsonl >sides.jsonl
# Many rows without pictures: pages, and two row groups.
seq 120000 | jq -c '{kind: "preference", prompt: "p \(. * 7919 % 120011)",
	chosen: {text: "good \(.)"}, rejected: {text: "bad \(.)"}}' >many.jsonl

for f in qa pairs sides many; do
	check "$f is written" riddle export -f parquet -o $f.parquet $f.jsonl
	check "$f passes our own check" \
		riddle export --check -f parquet $f.parquet
done
check 'a folder of splits is written' \
	riddle export -f parquet -o folder --shard-rows 100 qa.jsonl
check 'and passes our own check' riddle export --check -f parquet folder
riddle export -f trl-sft -o qa.want qa.jsonl || exit 1
riddle export -f trl-dpo -o pairs.want pairs.jsonl || exit 1
riddle export -f trl-dpo -o many.want many.jsonl || exit 1

peer() {
	check "$1" "$venv/bin/python" "$ROOT/tests/peers/parquet.py" "${@:2}"
}
for by in pyarrow duckdb polars datafusion datasets; do
	for f in qa pairs sides many; do
		peer "$by reads $f as the lines have it" $by $f
	done
done
peer 'datasets makes pictures of image columns' pictures
peer 'datasets reads the folder by its card' folder
peer 'pyarrow finds the page index, statistics and checksums' index
peer 'a row is found by its id through statistics and page index' find
echo "$((test_count - test_failed)) passed, $test_failed failed"
