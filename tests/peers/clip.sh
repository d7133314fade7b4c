#!/usr/bin/env bash
# Our vectors against CLIP in float64 by numpy, for models of real size with
# seeded random weights: ViT-B/32 and L/14, every precision this CPU has.  With
# TORCH=1, or once that is there, against transformers' CLIPModel too, and
# against open_clip in its own layout: 6 GB, since PyPI's torch brings CUDA.
# usage: TORCH=1 clip.sh OUT
set -euo pipefail
cd "$(dirname "$0")/../.."
OUT=${1:-build}

PACKAGES=(numpy==2.4.6)
TORCH_PACKAGES=(torch==2.15.0 transformers==5.23.0 open_clip_torch==3.3.0
    torchvision pillow==13.0.0 numpy==2.4.6)
venv=$OUT/peers/clip-venv
torch=$OUT/peers/torch-venv
work=$OUT/peers/clip-work

command -v python3 >/dev/null || { echo 'no python3'; exit 77; }
if ! "$venv/bin/pip" freeze 2>/dev/null |
    grep -Fxq -f <(printf '%s\n' "${PACKAGES[@]}"); then
	rm -rf "$venv"
	{ python3 -m venv "$venv" &&
		"$venv/bin/pip" install -q "${PACKAGES[@]}"; } ||
		{ echo "cannot install ${PACKAGES[*]}"; exit 77; }
fi

if [ -n "${TORCH:-}" ] && [ ! -e "$torch/done" ]; then
	rm -rf "$torch"
	python3 -m venv "$torch"
	"$torch/bin/pip" install -q "${TORCH_PACKAGES[@]}"
	touch "$torch/done"
fi

passed=0 failed=0

# check ARCH PRECISION BOUND: the least cosine of images and of texts.
check() {
	local images texts other verdict=FAIL
	if ! "$OUT/peers/clip" "$work/$1" "$2" "$work/$1/squares" \
	    "$work/$1/ids" "$work/got" 2>"$work/err"; then
		if grep -Eq 'this CPU|oneDNN' "$work/err"; then
			echo "$1 $2: not here: $(cat "$work/err")"
			return
		fi
		cat "$work/err"
		failed=$((failed + 1))
		return
	fi
	read -r images texts other < <("$venv/bin/python" \
	    tests/peers/clip.py compare "$work/$1" "$work/got")
	if awk "BEGIN { exit !($images >= $3 && $texts >= $3) }"; then
		verdict=ok
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	echo "$1 $2: least cosine of images $images, of texts $texts" \
	    "(two images: $other at most), $3 wanted: $verdict"
}

# model ARCH IMAGES TEXTS
model() {
	[ -s "$work/$1/want" ] && return
	"$venv/bin/python" tests/peers/clip_model.py "$1" samples/demo-clip \
	    "$work/$1"
	"$venv/bin/python" tests/peers/clip.py make "$work/$1" "$2" "$3" \
	    "$work/$1"
}

# by_torch NAME ARGUMENTS...: the model of that name, and what is right.
by_torch() {
	local name=$1
	shift
	[ -s "$work/$name/want" ] || "$torch/bin/python" \
	    tests/peers/clip_torch.py "$@" "$work/$name" 2>"$work/err" ||
		{ cat "$work/err"; exit 1; }
}

model ViT-B-32 8 12
model ViT-L-14 3 6
for arch in ViT-B-32 ViT-L-14; do
	check "$arch" f32 0.999999
	check "$arch" bf16 0.999
	check "$arch" int8 0.995
done
check ViT-B-32 reference 0.999999
if [ -e "$torch/done" ]; then
	for arch in ViT-B-32 ViT-L-14; do
		by_torch "$arch-transformers" transformers "$work/$arch"
		check "$arch-transformers" f32 0.999999
		by_torch "$arch-openclip" openclip "$arch" "$work/$arch"
		check "$arch-openclip" f32 0.999999
	done
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
