#!/usr/bin/env bash
# Every format of riddle-export in the hands of those who read it: Hugging Face
# datasets, webdataset, mlcroissant, and TRL's own checks of a row.
# Installs them into build/peers/ once.
# shellcheck source-path=SCRIPTDIR/.. source=lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=none HF_HUB_OFFLINE=1 HF_HOME=$T/hf
venv=$ROOT/build/peers/datasets
if [ ! -x "$venv/bin/python" ]; then
	mkdir -p "$ROOT/build/peers"
	python3 -m venv "$venv" && "$venv/bin/pip" install -q datasets Pillow \
	    webdataset mlcroissant >"$T/pip.log" 2>&1 || {
		fail 'the readers are installed' "$(tail -n 5 "$T/pip.log")"
		rm -rf "$venv"
		exit 1
	}
fi
py=$venv/bin/python
images=$ROOT/samples/demo-clip/images

# 60 questions, every fifth to be tested.
i=0
for f in "$images"/*.png "$images"/*.jpg; do
	i=$((i + 1))
	split=train
	[ $((i % 5)) -ne 0 ] || split="test"
	jq -nc --arg n $i --arg uri "$f" --arg split $split '{kind: "qa",
	    image: {id: "image:\($n)", uri: $uri, licence: "OFL"},
	    task: {id: "task:\($n)", path: ["a", "b \($n)"]},
	    question: "Q \($n)?", answer: "A \($n).", split: $split}'
done >qa.jsonl
jq -c '{kind: "preference", prompt: .question, chosen: {text: "good"},
	rejected: {text: "bad"}, images: [.image.uri]}' qa.jsonl >pairs.jsonl
for f in llava sharegpt messages trl-sft webdataset hf; do
	riddle export -f $f -o set.$f --licence apache-2.0 qa.jsonl || exit 1
done
riddle export -f trl-dpo -o set.trl-dpo pairs.jsonl || exit 1

check 'datasets reads the folder with its pictures and splits' "$py" - <<'END'
from datasets import load_dataset
d = load_dataset("imagefolder", data_dir="set.hf/data", drop_labels=True)
assert len(d["train"]) == 48 and len(d["test"]) == 12, d
row = d["train"][0]
assert row["image"].size[0] > 0 and row["question"].startswith("Q "), row
END
check 'datasets reads it by its card' "$py" - <<'END'
from datasets import load_dataset
d = load_dataset("set.hf")
assert len(d["train"]) == 48 and len(d["test"]) == 12, d
assert d["test"][0]["answer"].startswith("A ")
END
check 'webdataset reads the shards, a sample a key' "$py" - <<'END'
import json, webdataset as wds
n = 0
shard = "set.webdataset/train-000000.tar"
for s in wds.WebDataset(shard, shardshuffle=False):
    assert ("png" in s) != ("jpg" in s), s.keys()
    assert json.loads(s["json"])["id"] == s["__key__"]
    n += 1
assert n == 48, n
END
check 'datasets reads the shards' "$py" - <<'END'
from datasets import load_dataset
files = {"train": "set.webdataset/train-*.tar"}
d = load_dataset("webdataset", data_files=files, split="train")
assert len(d) == 48, d
END
check 'mlcroissant finds no fault, and reads the rows' "$py" - <<'END'
import mlcroissant as mlc
d = mlc.Dataset("set.hf/croissant.json")
assert not d.metadata.issues.errors, d.metadata.issues.errors
rows = list(d.records(record_set="test"))
assert len(rows) == 12 and rows[0]["test/question"].startswith(b"Q "), rows[0]
END
check 'datasets reads arrays and lines of rows' "$py" - <<'END'
from datasets import load_dataset
for f in ("llava", "sharegpt", "messages", "trl-sft", "trl-dpo"):
    d = load_dataset("json", data_files=f"set.{f}", split="train")
    assert len(d) == 60, (f, d)
END
check 'rows for TRL have one type a column, images a list' "$py" - <<'END'
from datasets import load_dataset, Image, List
formats = {"trl-sft": ["messages"],
           "trl-dpo": ["prompt", "chosen", "rejected"]}
for f, cols in formats.items():
    d = load_dataset("json", data_files=f"set.{f}", split="train")
    d = d.cast_column("images", List(Image()))
    row = d[0]
    assert len(row["images"]) == 1
    assert row["images"][0].size[0] > 0
    for c in cols:
        for m in row[c]:
            assert isinstance(m["content"], list), m
            assert m["role"] in ("user", "assistant"), m
    parts = [p for c in cols for m in row[c] for p in m["content"]]
    n = sum(p["type"] == "image" for p in parts)
    assert n == 1, n
END
echo "$((test_count - test_failed)) passed, $test_failed failed"
