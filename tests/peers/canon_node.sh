#!/bin/bash
# Compare rdl_canon_number() with ECMAScript's own String(n), by node, over
# random doubles: all bit patterns, short decimals, integers and powers of two.
# usage: tests/peers/canon_node.sh [BUILD_DIR [COUNT]]
# BUILD_DIR/lib/record.a and core.a must be there.
set -euo pipefail

b=${1:-build}
count=${2:-100000}
command -v node >/dev/null || { echo "canon_node: no node, not run"; exit 77; }
yyjson=$(pkg-config --cflags --libs yyjson 2>/dev/null ||
    echo "-isystem build/deps/include build/deps/lib/libyyjson.a")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# shellcheck disable=SC2086  # flags are words
${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -Itools/lib -o "$tmp/canon" \
    tests/peers/canon_node.c "$b/lib/record.a" "$b/lib/core.a" $yyjson \
    -lcrypto -lutf8proc -lpcre2-8 -lyaml -lxxhash -lm

cat >"$tmp/gen.js" <<'JS'
const fs = require('fs');
const [bitsFile, wantFile, count] = process.argv.slice(2);
const view = new DataView(new ArrayBuffer(8));
let state = 12345n;
function random64() {		// splitmix64: the same numbers each time
	const mask = (1n << 64n) - 1n;
	state = (state + 0x9e3779b97f4a7c15n) & mask;
	let z = state;
	z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
	z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
	return z ^ (z >> 31n);
}
const bits = [], want = [];
function add(d) {
	if (!Number.isFinite(d))
		return;
	view.setFloat64(0, d);
	bits.push(view.getBigUint64(0).toString(16));
	want.push(String(d));
}
for (let i = 0; i < Number(count); i++) {
	const r = random64();
	view.setBigUint64(0, r);
	add(view.getFloat64(0));
	add(Number(r % 100000n) / 10 ** (i % 30));
	add(Number(r >> BigInt(i % 64)));
}
for (let e = -1074; e < 1024; e++)
	for (const ulp of [-1n, 0n, 1n]) {
		view.setFloat64(0, 2 ** e);
		view.setBigUint64(0, view.getBigUint64(0) + ulp);
		add(view.getFloat64(0));
	}
for (let e = -323; e <= 308; e++)
	add(Number('1e' + e)), add(-Number('1e' + e));
fs.writeFileSync(bitsFile, bits.join('\n') + '\n');
fs.writeFileSync(wantFile, want.join('\n') + '\n');
JS
node "$tmp/gen.js" "$tmp/bits" "$tmp/want" "$count"
"$tmp/canon" <"$tmp/bits" >"$tmp/got"
if ! cmp -s "$tmp/want" "$tmp/got"; then
	echo "canon_node: numbers differ (node, ours):" >&2
	diff "$tmp/want" "$tmp/got" | head -20 >&2
	exit 1
fi
echo "canon_node: $(wc -l <"$tmp/got") numbers, all as node prints them"
