#!/usr/bin/env bash
# riddle-image-ingest: every file is accounted for, whatever it is; the same
# images give the same bytes; nothing is decoded outside of a child.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db
images=$ROOT/samples/demo-clip/images
mkdir demo
cp "$images"/*.png "$images"/*.jpg demo/
demo=$(find demo -type f | wc -l)

# Checks leave stdout in .out, which the next one overwrites: keep it.
ingest() {
	local status
	riddle image-ingest --progress never "$@" > out.jsonl
	status=$?
	cat out.jsonl
	return $status
}
lost() { jq -r '[.lost, .rule, .record.uri] | join(" ")' "$@"; }

# Sums of the last run: in, passed, dropped, failed.
sums() {
	sqlite3 led.db 'SELECT records_in, passed, dropped, failed FROM runs
	    ORDER BY run DESC LIMIT 1'
}
balanced() {
	[ "$(sqlite3 led.db 'SELECT count(*) FROM runs WHERE records_in <>
	    passed + dropped + failed')" = 0 ]
}

# -- A folder -----------------------------------------------------------------

check 'a folder' ingest demo
cp out.jsonl demo.jsonl
check_output 'a record for each image' - sh -c 'wc -l < demo.jsonl' <<< "$demo"
check 'they fit their schema, ids and all' riddle validate --ledger none --ids demo.jsonl
check_output 'in order of names' - sh -c 'jq -r .uri demo.jsonl | LC_ALL=C sort -c && echo sorted' <<< sorted
check_output 'sha256 and bytes are those of the files' - sh -c '
	jq -r "[.sha256, .bytes, .uri] | @tsv" demo.jsonl | while read -r s b f; do
		[ "$(sha256sum < "$f")" = "$s  -" ] && [ "$(stat -c %s "$f")" = "$b" ] || echo "$f"
	done' < /dev/null
check_output 'in = passed + dropped + failed' - sums <<< "$demo|$demo|0|0"
ingest demo > again.jsonl
check_equal 'same images, same bytes' demo.jsonl again.jsonl
for how in '--threads 1' '--threads 5' --unsafe-decode '--ledger none'; do
	# shellcheck disable=SC2086
	ingest $how demo > again.jsonl
	check_equal "the same with $how" demo.jsonl again.jsonl
done
find demo -type f | LC_ALL=C sort | ingest > again.jsonl
check_equal 'a list on stdin' demo.jsonl again.jsonl
find demo -type f | LC_ALL=C sort > list
ingest --list list > again.jsonl
check_equal 'a list in a file' demo.jsonl again.jsonl
check_output '--limit' - sh -c 'riddle image-ingest --limit 7 demo | wc -l' <<< 7
check_output 'other files are passed over and told of' - sh -c '
	mkdir mixed && cp demo/cat.png mixed/ && echo x > mixed/notes.md && echo y > mixed/x.json &&
	riddle image-ingest mixed 2>&1 >/dev/null' \
	<<< 'riddle-image-ingest: passed over 2 files that are no images, by name and by content; the first: mixed/notes.md'
check_output 'the ledger has it too' - sqlite3 led.db \
	"SELECT json_extract(json, '\$.files') FROM notes WHERE name = 'passed-over'" <<< 2

# -- Formats that need no encoder ----------------------------------------------

mkdir formats
echo R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7 | base64 -d > formats/a.gif
echo UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA== | base64 -d > formats/b.webp
echo UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA | base64 -d > formats/c.webp
printf 'BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02\x03\0' > formats/d.bmp
printf 'P6 2 1 255\nabcdef' > formats/e.ppm
cp demo/airplane.jpg formats/f.png
cp demo/cat.png formats/g
check_output 'formats by content, in the sandbox' - sh -c 'riddle image-ingest formats 2>&1 |
	jq -r "[.format, .width, .height, .alpha // false] | join(\" \")"' <<EOF2
gif 1 1 true
webp 1 1 true
webp 1 1 false
bmp 1 1 false
pnm 2 1 false
jpeg $(jq -r 'select(.uri == "demo/airplane.jpg") | "\(.width) \(.height) false"' demo.jsonl)
png $(jq -r 'select(.uri == "demo/cat.png") | "\(.width) \(.height) \(.alpha // false)"' demo.jsonl)
EOF2

# An EXIF orientation (6: a quarter turn) behind the start of a JPEG.
{
	head -c 2 demo/airplane.jpg
	printf '\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'
	tail -c +3 demo/airplane.jpg
} > turned.jpg
size=$(jq -r 'select(.uri == "demo/airplane.jpg") | "\(.width) \(.height)"' demo.jsonl)
check_output 'an orientation is applied' - sh -c 'riddle image-ingest turned.jpg |
	jq -r "[.height, .width, .orientation] | join(\" \")"' <<< "$size 6"
check_output '--orientation ignore leaves it' - sh -c 'riddle image-ingest --orientation ignore turned.jpg |
	jq -r "[.width, .height, .orientation] | join(\" \")"' <<< "$size 6"

# -- What is no image ----------------------------------------------------------

# crc FILE: its CRC-32 as PNG wants it, out of gzip's trailer.
crc() { gzip -c < "$1" | tail -c 8 | head -c 4 | od -An -tx1 | awk '{ printf "\\x%s\\x%s\\x%s\\x%s", $4, $3, $2, $1 }'; }

mkdir bad bad/folder.jpg
printf 'IHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0' > ihdr
{
	printf '\x89PNG\r\n\x1a\n\0\0\0\x0d'; cat ihdr
	printf '%b' "$(crc ihdr)"
	printf '\0\0\0\0IEND\xae\x42\x60\x82'
} > bad/a-bomb.png
printf 'P6 30000 30000 255\nabc' > bad/b-bomb.ppm
printf 'P6 4294967295 4294967295 255\nabc' > bad/c-overflow.ppm
: > bad/d-empty.png
printf 'not an image at all' > bad/e-words.jpg
head -c 5000 demo/cat.png > bad/f-cut.png
head -c 5000 demo/airplane.jpg > bad/g-cut.jpg
mkfifo bad/h-fifo.png
ln -s nowhere bad/i-dangling.png
ln -s ../bad bad/j-loop
cp demo/dog.png bad/k-good.png 2>/dev/null || cp demo/cat.png bad/k-good.png
head -c 100000 /dev/urandom > bad/l-noise.png
check_status 3 'bad files fail, the good one passes' ingest --failed lost.jsonl bad
check_output 'it is there' - jq -r .uri out.jsonl <<< bad/k-good.png
check_output 'and each other file, with its reason' - lost lost.jsonl <<'EOF2'
failed pixels bad/a-bomb.png
failed pixels bad/b-bomb.ppm
failed decode bad/c-overflow.ppm
failed decode bad/d-empty.png
failed decode bad/e-words.jpg
failed decode bad/f-cut.png
dropped not-a-file bad/folder.jpg
failed decode bad/g-cut.jpg
dropped not-a-file bad/h-fifo.png
failed read bad/i-dangling.png
dropped not-a-file bad/j-loop
failed decode bad/l-noise.png
EOF2
check_output 'the sums hold' - sums <<< '13|1|3|9'
check_status 3 'named, a FIFO fails and does not wait' ingest --failed lost.jsonl bad/h-fifo.png
check_output 'with its reason' - lost lost.jsonl <<< 'failed not-a-file bad/h-fifo.png'

# Cut at any length: a failure each, never half a picture.
mkdir cuts
for f in demo/cat.png demo/airplane.jpg; do
	size=$(stat -c %s "$f")
	for ((n = 0; n < 40; n++)); do
		head -c $((size * n / 40)) "$f" > "cuts/$n.${f##*.}"
	done
done
check_status 3 'files cut at any length' ingest --failed lost.jsonl cuts
check_output 'no record comes of them' - sh -c 'wc -c < out.jsonl' <<< 0
check_output 'all fail' - sh -c 'jq -r .rule lost.jsonl | sort | uniq -c | tr -s " "' <<< ' 80 decode'

# Unreadable: also for root there is a regular file that gives no bytes.
if [ "$(id -u)" -eq 0 ]; then
	unreadable=/proc/self/mem
else
	unreadable=$T/secret.png
	cp demo/cat.png secret.png && chmod 0 secret.png
fi
check_status 3 'an unreadable file fails' ingest --failed lost.jsonl "$unreadable" demo/cat.png
check_stderr 'in the system'\''s words' 'cannot be read: '
check_output 'with its reason' - lost lost.jsonl <<< "failed read $unreadable"

# Removed after the start: the list keeps the tool waiting until it is gone.
cp demo/cat.png gone.png
{ sleep 0.5; rm gone.png; echo demo/banana.png; } |
	ingest --failed lost.jsonl - gone.png > /dev/null 2>.err
check_output 'a file removed during the run fails' - lost lost.jsonl <<< 'failed read gone.png'
check_output 'the other passes' - jq -r .uri out.jsonl <<< demo/banana.png
check_status 1 'a missing operand is an error at once' ingest demo no-such.png
check_stderr 'that names it' 'no-such\.png: No such file'
printf '%s\n' demo/cat.png demo/no-such.png demo/banana.png > list
check_status 3 'a missing line of a list is a failed record' ingest --list list
check_output 'and the rest passes' - jq -r .uri out.jsonl <<< $'demo/cat.png\ndemo/banana.png'
printf 'demo/cat.png\ndemo/ban' > list
check_status 1 'a cut list is an error' ingest --list list
check_stderr 'with file and line' 'list:2:'
check_output 'what stood before it is written' - jq -r .uri out.jsonl <<< demo/cat.png
bad_name=$(printf 'demo-\xff.png')
cp demo/cat.png "$bad_name"
check_status 3 'a name that is not UTF-8 fails' ingest --failed lost.jsonl "$bad_name"
check_output 'and says what helps' - sh -c 'jq -r .rule lost.jsonl; jq -r .reason lost.jsonl | grep -c -- --store' \
	<<< $'name\n1'
check 'with a store it passes' ingest --store named "$bad_name"
check_output 'and its source is words' - jq -r .source out.jsonl <<< $'demo-\xef\xbf\xbd.png'

# -- Rules ---------------------------------------------------------------------

mkdir rules
printf 'P6 10 2 255\n%060d' 0 > rules/wide.ppm
printf 'P6 4 4 255\n%048d' 1 > rules/square.ppm
printf 'P6 20 20 255\n%01200d' 2 > rules/large.ppm
check 'rules drop' ingest --failed lost.jsonl --min-side 3 --max-aspect 2 --max-pixels 300 rules
check_output 'and say what they saw and wanted' - \
	jq -r '[.lost, .rule, .value, .threshold, .record.uri] | join(" ")' lost.jsonl <<'EOF2'
dropped max-pixels  300 rules/large.ppm
dropped min-side 2 3 rules/wide.ppm
EOF2
check '--max-aspect, --min-bytes' ingest --failed lost.jsonl --max-aspect 4.9 --min-bytes 60 rules
check_output 'likewise' - jq -r '[.lost, .rule, .value, .threshold, .record.uri] | join(" ")' lost.jsonl <<'EOF2'
dropped min-bytes 59 60 rules/square.ppm
dropped max-aspect 5 4.9 rules/wide.ppm
EOF2

# Duplicates: whichever comes first is kept, and a bad file's copy is bad.
mkdir twins
cp demo/cat.png twins/a.png
cp demo/cat.png twins/b.jpg
cp bad/f-cut.png twins/c.png
cp bad/f-cut.png twins/d.png
cp rules/wide.ppm twins/e.ppm
cp rules/wide.ppm twins/f.ppm
check_status 3 'duplicates' ingest --min-side 3 --failed lost.jsonl twins
cat=$(jq -r 'select(.uri == "demo/cat.png") | .id' demo.jsonl)
check_output 'name the one that was kept' - \
	jq -r '[.lost, .rule, .value, .record.uri] | join(" ")' lost.jsonl <<EOF2
dropped duplicate $cat twins/b.jpg
failed decode  twins/c.png
failed decode  twins/d.png
dropped min-side 2 twins/e.ppm
dropped min-side 2 twins/f.ppm
EOF2
check_output 'the ledger says why' - sh -c "riddle ledger why $cat 2>/dev/null | grep -c duplicate" <<< 1

# Near ones: one byte of a picture changed.
mkdir near
awk 'BEGIN { printf "P6 32 32 255\n"; for (i = 0; i < 3072; i++) printf "%c", 65 + (i * i + int(i / 96) * 7) % 60 }' > near/a.ppm
{ head -c 13 near/a.ppm; printf B; tail -c +15 near/a.ppm; } > near/b.ppm
cp demo/banana.png near/c.png
check_output 'without --near both stay' - sh -c 'riddle image-ingest near | wc -l' <<< 3
check '--near' ingest --near 2 --failed lost.jsonl near
near=$(jq -r 'select(.uri == "near/a.ppm") | .id' out.jsonl)
check_output 'drops the second and names the first' - \
	jq -r '[.lost, .rule, .value, .threshold, .record.uri] | join(" ")' lost.jsonl \
	<<< "dropped near-duplicate $near 2 near/b.ppm"

# -- Shards, stores, captions ----------------------------------------------------

mkdir shard
cp demo/cat.png shard/001.png
echo ' a cat ' > shard/001.txt
cp demo/banana.png shard/002.png
echo '{}' > shard/002.json
tar -cf plain.tar -C shard 001.png 001.txt 002.png 002.json
tar -czf packed.tar.gz -C shard 001.png 001.txt 002.png 002.json
# The archive says the names with which files would be overwritten.
tar -cPf hostile.tar --transform 's,^001,../../../../../../../../tmp/evil,;s,^002,/etc/evil,' -C shard 001.png 002.png
check_status 2 'a shard needs a store' ingest plain.tar
check_stderr 'and says so' -- '--store DIR'
for shard in plain.tar packed.tar.gz; do
	rm -rf store
	check "$shard" ingest --store store --captions "$shard"
	check_output "$shard: records lead to the store" - \
		jq -r '[.source, .caption, .uri == "store/" + .sha256[:2] + "/" + .sha256[2:] + ".png"] | join("|")' out.jsonl <<EOF2
$shard:001.png|a cat|true
$shard:002.png||true
EOF2
	cp out.jsonl stored.jsonl
	check_output "$shard: and the files are there" - sh -c 'jq -r "[.uri, .sha256] | @tsv" stored.jsonl |
		while read -r f s; do [ "$(sha256sum < "$f")" = "$s  -" ] || echo "$f"; done' < /dev/null
done
check 'a record of the store can be ingested again' ingest --store store store
check_output 'and has the same id' - sh -c 'jq -r .id out.jsonl | sort | cmp - ids && echo same' \
	< <(jq -r .id stored.jsonl | sort > ids; echo same)
check 'hostile names in a shard' ingest --store store hostile.tar
check_output 'are words in the source' - jq -r .source out.jsonl <<'EOF2'
hostile.tar:../../../../../../../../tmp/evil.png
hostile.tar:/etc/evil.png
EOF2
check_output 'and no file is made of them' - sh -c 'ls /tmp/evil.png /etc/evil.png 2>/dev/null | wc -l' <<< 0
check_output 'the store has the two images alone' - sh -c 'find store -type f | wc -l' <<< 2
head -c 20000 plain.tar > cut.tar
check_status 3 'a cut shard' ingest --store store --failed lost.jsonl cut.tar
check_output 'is one failed record' - sh -c 'jq -r .rule lost.jsonl' <<< shard
check 'captions, source and licence' ingest --captions --source web --licence CC0-1.0 shard
check_output 'are in the record' - jq -r '[.source, .licence, .caption] | join("|")' out.jsonl <<'EOF2'
web|CC0-1.0|a cat
web|CC0-1.0|
EOF2
printf '\xff\xfe' > shard/002.txt
check_status 3 'a caption that is not UTF-8 fails' ingest --captions --failed lost.jsonl shard
check_output 'with its reason' - lost lost.jsonl <<< 'failed caption shard/002.png'
mkdir readonly && : > readonly/file
check_status 1 'a store that cannot be written ends the run' ingest --store readonly/file demo
check_stderr 'and says which' 'readonly/file'

# -- Addresses -------------------------------------------------------------------

check_status 2 'an address needs a store' ingest http://127.0.0.1:9/x.png
check_status 3 'other schemes are refused' ingest --failed lost.jsonl ftp://127.0.0.1/x.png
check_output 'with a reason' - jq -r .rule lost.jsonl <<< address
check_status 3 'a password in an address is refused' ingest --store store --failed lost.jsonl http://u:p@127.0.0.1:9/x.png
check_status 3 'nobody there' ingest --store store --failed lost.jsonl http://127.0.0.1:9/x.png
check_output 'is a failed record' - lost lost.jsonl <<< 'failed http http://127.0.0.1:9/x.png'
stub_start || exit 1
check_status 3 'what a server sends is decoded, or fails' \
	ingest --store store --failed lost.jsonl "$STUB_URL/models" "$STUB_URL/no-such-path"
check_output 'as any file' - jq -r .rule lost.jsonl <<< $'decode\nhttp'
stub_stop
if command -v python3 >/dev/null; then
	python3 -u -m http.server --bind 127.0.0.1 0 --directory demo >serve.log 2>&1 &
	stub_pids+=($!)	# ended with the script
	for ((i = 0; i < 100; i++)); do
		port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' serve.log)
		[ -z "$port" ] || break
		sleep 0.05
	done
	rm -rf store
	find demo -type f | LC_ALL=C sort | sed "s,^demo,http://127.0.0.1:$port," > list
	check 'images of a server' ingest --store store --list list
	jq -r '[.id, .phash] | join(" ")' out.jsonl > got
	jq -r '[.id, .phash] | join(" ")' demo.jsonl > want
	check_equal 'are the same images, in order' want got
	check_output 'and say where they are from' - jq -rn '[inputs | .source | select(startswith("http://"))] | length' out.jsonl \
		<<< "$demo"
else
	skip 'images of a server' 'no python3 to serve them'
fi

# -- Killed ------------------------------------------------------------------------

rm -f led.db*
find demo -type f | LC_ALL=C sort > list
mkfifo feed
riddle image-ingest --progress never --store kept --list feed > half.jsonl 2>/dev/null &
pid=$!
exec 9> feed
head -n 20 list >&9
for ((i = 0; i < 200 && $(wc -l < half.jsonl) < 20; i++)); do sleep 0.05; done
kill -9 "$pid"
exec 9>&-
wait "$pid" 2>/dev/null
check_output 'killed: the records so far were written' - sh -c 'wc -l < half.jsonl' <<< 20
check_output 'the ledger opens, and says that it did not end' - sqlite3 led.db \
	"SELECT status FROM runs ORDER BY run DESC LIMIT 1" <<< unfinished
check 'a rerun completes it' ingest --store kept --list list
cp out.jsonl whole.jsonl
head -n 20 whole.jsonl > head.jsonl
check_equal 'with the same bytes' head.jsonl half.jsonl
check_output 'the store has each image once' - sh -c 'find kept -type f | wc -l' <<< "$demo"
check_output 'the children are gone' - sh -c 'sleep 0.3; ps -o args= -e | grep -c "[i]mage-ingest.*--list feed" || true' <<< 0
check 'all sums of all runs hold' balanced
