#!/bin/sh
# Compare record/schema.h with the official JSON Schema test suite, draft
# 2020-12, as it comes in the source package of PyPI's "jsonschema".
# usage, at the top of the tree: tests/peers/schema_suite.sh [BUILD_DIR]
# Writes only below BUILD_DIR.  Fetches the package when it is not there yet.
# Of the suite's optional/ folder only the numbers and the code points beyond
# 16 bits are run: the rest tests what the standard leaves open and riddle does
# not have (format as an assertion, other dialects, ECMAScript's \s and \p).
set -eu

b=${1:-build}
version=4.23.0
dir=$b/peers
suite=$dir/jsonschema-$version/json/tests/draft2020-12

mkdir -p "$dir"
if [ ! -d "$suite" ]; then
	python3 -m pip download --quiet --no-deps --no-binary jsonschema \
	    --dest "$dir" "jsonschema==$version" || {
		echo "schema_suite: cannot fetch the suite, not run"
		exit 77
	}
	tar -xzf "$dir/jsonschema-$version.tar.gz" -C "$dir"
fi
make -s B="$b" "$b/lib/record.a" "$b/lib/core.a"
yyjson=$(pkg-config --cflags --libs yyjson 2>/dev/null ||
    echo "-isystem build/deps/include build/deps/lib/libyyjson.a")
# shellcheck disable=SC2086	# flags are words
${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -O1 -g -Itools/lib \
    -o "$dir/schema_suite.run" tests/peers/schema_suite.c "$b/lib/record.a" \
    "$b/lib/core.a" $yyjson -lcrypto -lutf8proc -lyaml -lpcre2-8 -lxxhash -lm
"$dir/schema_suite.run" "$suite"/*.json "$suite/optional/bignum.json" \
    "$suite/optional/float-overflow.json" "$suite/optional/non-bmp-regex.json"
