#!/usr/bin/env bash
# Image files and texts to unit vectors, ours and what others use, in one run
# and alternately: ViT-B/32 with random weights, JPEG files of 500 x 375, all
# cores.  Medians of RUNS turns (3); each turn is a process of its own that
# goes through an eighth before its clock starts.  The least cosine is against
# onnxruntime in f32.  OpenVINO has a stream a core, which is its fastest.
# usage: OUT=build RUNS=3 QUICK=1 TORCH=1 tests/bench/clip.sh
# TORCH=1 adds PyTorch, 6 GB with what it brings; so does a finished torch-venv.
set -euo pipefail
cd "$(dirname "$0")/../.."

. tests/bench/lib.sh
QUICK=${QUICK:-}
RUNS=${RUNS:-$([ -n "$QUICK" ] && echo 1 || echo 3)}
PACKAGES=(onnxruntime==1.32.0 openvino==2026.4.1 nncf==3.4.0 onnx==1.23.2
    numpy==2.4.6 pillow==13.0.0 tokenizers==0.23.3)
TORCH_PACKAGES=(torch==2.15.0 transformers==5.23.0 torchvision pillow==13.0.0
    numpy==2.4.6)
VENV=$DIR/clip-venv
TORCH_VENV=$DIR/torch-venv
DATA=$DIR/clip-data
MODEL=$DATA/ViT-B-32

# venv FOLDER PACKAGE...: install them there, once.
venv() {
	local folder=$1
	shift
	[ ! -e "$folder/done" ] || return 0
	rm -rf "$folder"
	python3 -m venv "$folder"
	"$folder/bin/pip" install -q "$@"
	touch "$folder/done"
}

data() {
	local python=$VENV/bin/python
	if [ ! -s "$MODEL/model.safetensors" ]; then
		"$python" tests/peers/clip_model.py ViT-B-32 \
		    samples/demo-clip "$MODEL"
	fi
	if [ ! -s "$DATA/texts.onnx" ]; then
		"$python" tests/bench/clip_onnx.py "$MODEL" "$DATA"
	fi
	if [ ! -s "$DATA/photos/small31.jpg" ]; then
		mkdir -p "$DATA/photos"
		"$python" tests/bench/peer_pillow.py make "$DATA/photos" 32
	fi
	for ((i = 0; i < (${#QUICK} ? 1 : 4); i++)); do
		ls "$DATA"/photos/small*.jpg
	done >"$WORK/images"
	for ((i = 0; i < (${#QUICK} ? 4 : 20); i++)); do
		jq -r --arg i "$i" '"a good photo of the \(.path | join(", ")),
		    number \($i)" | gsub("\\s+"; " ")' samples/tasks.jsonl
	done >"$WORK/texts"
}

# once KIND NAME: one turn; seconds, CPU seconds go to $WORK/KIND-NAME.
once() {
	local kind=$1 name=$2 python=$VENV/bin/python
	local all=("$kind" "$WORK/$kind" "$WORK/$kind-$name.f32")
	case $name in
	ours-*)
		"$DIR/clip" "$MODEL" "${name#ours-}" "${all[@]}" ;;
	*)
		case $name in torch*) python=$TORCH_VENV/bin/python ;; esac
		"$python" tests/bench/peer_clip.py "$name" "${all[@]}" \
		    "$MODEL" "$DATA" 2>"$WORK/err" | tail -n 1 ;;
	esac >>"$WORK/$kind-$name" || { cat "$WORK/err"; exit 1; }
}

rate() {
	calc "$(wc -l <"$WORK/$1") / $(column "$1-$2" 1)"
}

# The least cosine to what onnxruntime says.
cosine() {
	"$VENV/bin/python" - "$WORK/$1-ort.f32" "$WORK/$1-$2.f32" <<'EOF'
import sys
import numpy as np
a, b = (np.fromfile(f, "<f4").reshape(-1, 512).astype("f8") for f in
        sys.argv[1:])
print("%.7f" % ((a * b).sum(1) / np.linalg.norm(a, axis=1) /
                np.linalg.norm(b, axis=1)).min())
EOF
}

# measured KIND NAME...: all in turn, and a line each.
measured() {
	local kind=$1 name i
	shift
	for name; do rm -f "$WORK/$kind-$name"; done
	for ((i = 0; i < RUNS; i++)); do
		for name; do once "$kind" "$name"; done
	done
	printf '\n%-16s %12s %14s %14s\n' "$kind" "a second" \
	    'a CPU-second' 'least cosine'
	for name; do
		printf '%-16s %12.1f %14.1f %14s\n' "$name" \
		    "$(rate "$kind" "$name")" "$(calc "$(wc -l \
		    <"$WORK/$kind") / $(column "$kind-$name" 2)")" \
		    "$(cosine "$kind" "$name")"
	done
	echo
}

# versus KIND OURS PEER GOAL
versus() {
	against "$1, $2" "$1/s" "$(rate "$1" "$2")" "$3" \
	    "$(rate "$1" "$3")" '>=' "$4"
}

# Start to the first vector, whole processes: no turn before.
start() {
	local i
	head -n 1 "$WORK/images" >"$WORK/one"
	jq -nc --rawfile f "$WORK/one" '{ kind: "image", id: "one",
	    uri: ($f | rtrimstr("\n")) }' >"$WORK/one.jsonl"
	fresh start-ours start-ort
	for ((i = 0; i < RUNS * 2 + 1; i++)); do
		turn start-ours "$LIBEXEC/clip-embed" --ledger none \
		    --model "$MODEL" --npy "$WORK/one.npy" "$WORK/one.jsonl" \
		    >/dev/null
	done
	for ((i = 0; i < RUNS; i++)); do
		turn start-ort "$VENV/bin/python" tests/bench/peer_clip.py ort \
		    images "$WORK/one" "$WORK/one.f32" "$MODEL" "$DATA" \
		    >/dev/null 2>&1
	done
	against 'start to the first vector' s \
	    "$(calc "$(wall_ms start-ours) / 1000")" onnxruntime \
	    "$(calc "$(wall_ms start-ort) / 1000")" '<' 1
	alone 'the same' s "$(calc "$(wall_ms start-ours) / 1000")" '<' 0.3
	alone 'its memory' MiB "$(mib start-ours)" '<' 450
}

venv "$VENV" "${PACKAGES[@]}"
torch=()
if [ -n "${TORCH:-}" ] || [ -e "$TORCH_VENV/done" ]; then
	venv "$TORCH_VENV" "${TORCH_PACKAGES[@]}"
	torch=(torch torch-bf16)
fi
mkdir -p "$DATA"
data
lscpu | sed -n 's/^Model name: *//p'
grep -m1 -owE 'amx_bf16|avx512_fp16|avx512_bf16|avx512_vnni|avx2' \
    /proc/cpuinfo | sort -u | tr '\n' ' '
echo
measured images ours-f32 ours-bf16 ours-int8 ours-auto ort ov-f32 ov ov-int8 \
    "${torch[@]}"
measured texts ours-f32 ours-bf16 ours-int8 ours-auto ort ov "${torch[@]}"
header "Medians of $RUNS turns"
versus images ours-f32 ort 1.15
versus images ours-bf16 ov 1.3
versus images ours-int8 ov-int8 1.6
if [ ${#torch[@]} -gt 0 ]; then
	versus texts ours-auto torch-bf16 2
else
	versus texts ours-auto ov 2
fi
start
