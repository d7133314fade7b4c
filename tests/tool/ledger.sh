#!/usr/bin/env bash
# riddle-ledger: every verb on a ledger made by hand, whose content is known
# to the byte; merging; damage; hostile content; ledgers of real runs.
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

ledger() {
	"$LIBEXEC/ledger" "$@"
}

# An empty ledger: the migrations of the tree and their number.
new_ledger() {
	local f n=0
	rm -f "$1" "$1-wal" "$1-shm"
	for f in "$ROOT"/sql/[0-9]*.sql; do
		n=$((n + 1))
		sqlite3 "$1" <"$f"
	done
	sqlite3 "$1" "PRAGMA user_version = $n"
}

# shows NAME ARG...: grep -E ARG... finds a line in what the last check printed.
shows() {
	local name=$1
	shift
	if grep -Eq "$@" "$T/.out"; then
		pass "$name"
	else
		fail "$name" "$(cat "$T/.out")"
	fi
}

hash16() {
	printf %s "$1" | sha256sum | cut -c 1-32
}

# -- A ledger of three stages and a killed run ---------------------------------
# image a and b, c dropped; qa 1 from a and task 7; b failed; 1 judged.

A=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
B=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
C=cccccccccccccccccccccccccccccccc
Q=11111111111111111111111111111111
Q2=11111122222222222222222222222222
TASK=77777777777777777777777777777777
REQ1='{"model":"m","messages":[{"content":"What is on it?","role":"user"}],"temperature":0.2}'
REQ2='{"model":"m","messages":[{"content":"And here?","role":"user"}],"temperature":0.2}'
REQ3='{"model":"judge","messages":[{"content":"Is it so?","role":"user"}]}'
CALL1=$(hash16 "$REQ1")
CALL2=$(hash16 "$REQ2")
CALL3=$(hash16 "$REQ3")

fill() {
	sqlite3 "$1" <<END
INSERT INTO run (uid, tool, version, argv, host, pid, pgid, started_ms,
	updated_ms, ended_ms, status, model, prompt, prompt_sha256, params,
	records_in, passed, dropped, failed, records_out, calls, hits,
	cost_pusd, unpriced) VALUES
(x'01010101010101010101010101010101', 'image-ingest', '0.1.0',
	'["image-ingest","pictures"]', 'far', 12, 12, 1000, 3500, 3500,
	'done', NULL, NULL, NULL, NULL, 3, 2, 1, 0, 2, 0, 0, 0, 0),
(x'02020202020202020202020202020202', 'qa-generate', '0.1.0',
	'["qa-generate","-m","m"]', 'far', 13, 12, 1000, 5000, 5000,
	'rejected', 'm', 'qa.prompt', zeroblob(32), '{"temperature":0.2}',
	2, 1, 0, 1, 1, 2, 0, 150000000, 1),
(x'03030303030303030303030303030303', 'qa-judge', '0.1.0',
	'["qa-judge"]', 'far', 14, 12, 1000, 6000, 6000, 'done', 'judge',
	NULL, NULL, NULL, 1, 1, 0, 0, 1, 0, 1, 0, 0),
(x'04040404040404040404040404040404', 'vote', '0.1.0', '["vote"]', 'far',
	15, 99, 7000, 8000, NULL, NULL, NULL, NULL, NULL, NULL,
	1, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO input VALUES (2, 1, '-', 2, 100, x'$A');
INSERT INTO note VALUES (2, 'growth', '[1,2]');
INSERT INTO segment (run, kind, from_kind, n, ids, froms, calls) VALUES
	(1, 'image', NULL, 2, x'$A$B', NULL, NULL),
	(2, 'qa', 'image', 1, x'$Q', x'$A', x'$CALL1'),
	(2, 'qa', 'task', 1, x'$Q', x'$TASK', x'$CALL1'),
	(3, 'qa', NULL, 1, x'$Q', NULL, x'$CALL3');
INSERT INTO loss (run, failed, kind, hash, rule, value, threshold, reason,
	call, record) VALUES
	(1, 0, 'image', x'$C', 'min-width', '32', '64', 'too narrow', NULL,
	'{"kind":"image","n":1.50}'),
	(2, 1, 'image', x'$B', 'schema', NULL, NULL, 'no answer',
	x'$CALL2', '{"kind":"image","n":2}');
INSERT INTO call (hash, run, answered_ms, endpoint, model, resolved, finish,
	http_status, attempts, latency_ms, tokens_in, tokens_cached,
	tokens_out, cost_pusd, paid, request, reply) VALUES
	(x'$CALL1', 2, 4000, 'http://h/v1', 'm', 'm-1', 'stop', 200, 1, 900,
	100, 20, 10, 150000000, 1, '$REQ1', '{"text": "a\\u001bcat"}'),
	(x'$CALL2', 2, 4500, 'http://h/v1', 'm', 'm-1', 'length', 200, 2,
	800, 90, NULL, 30, NULL, 1, '$REQ2', 'not JSON' || char(27)),
	(x'$CALL3', NULL, 5500, 'http://h/v1', 'judge', NULL, 'stop', 200, 1,
	NULL, 50, NULL, 1, NULL, 2, '$REQ3', '{}');
INSERT INTO price VALUES ('judge', '1970-01-01', 1000000, NULL, 2000000, 'x');
END
}

new_ledger riddle.db
for v in runs funnel cost drops calls; do
	check_output "empty ledger: $v prints nothing" /dev/null ledger $v
	check_output "empty ledger: $v --json, too" /dev/null ledger $v --json
done
printf 'ok\n' >ok
check_output 'empty ledger: verify' ok ledger verify
fill riddle.db

# -- Lists ----------------------------------------------------------------------

check_output 'runs' - ledger runs <<'END'
run  tool          status      started               seconds  in  passed  dropped  failed  out  calls  hits      cost
  1  image-ingest  done        1970-01-01T00:00:01Z    2.500   3       2        1       0    2      0     0  0.000000
  2  qa-generate   rejected    1970-01-01T00:00:01Z    4.000   2       1        0       1    1      2     0  0.000150
  3  qa-judge      done        1970-01-01T00:00:01Z    5.000   1       1        0       0    1      0     1  0.000000
  4  vote          unfinished  1970-01-01T00:00:07Z    1.000   1       0        0       0    0      0     0  0.000000
END
ledger runs --limit 2 --json | jq -c '[.run, .tool, .argv]' >got
printf '[3,"qa-judge",["qa-judge"]]\n[4,"vote",["vote"]]\n' >want
check_equal 'runs --limit: the newest, oldest first; argv is JSON' want got
ledger runs 2 --json | jq -c '[.inputs, .notes, .params, .cost_usd]' >got
cat >want <<END
[[{"seq":1,"name":"-","records":2,"bytes":100,"xxh3":"$A"}],{"growth":[1,2]},{"temperature":0.2},0.00015]
END
check_equal 'runs N --json' want got
ledger runs 2 >got
check 'runs N: a line for each fact' grep -qx 'prompt  *qa.prompt' got
check 'runs N: its inputs' grep -q "1  -  .*$A" got
check 'runs N: its notes' grep -qx 'growth  \[1,2\]' got
check_status 1 'runs N: no such run' ledger runs 9
check_stderr 'it says so' 'riddle\.db: there is no run 9'
check_status 2 'runs X: not a number' ledger runs x

check_output 'funnel of the newest pipeline' - ledger funnel <<'END'
run  tool  status      in  passed  dropped  failed  out  passed%
  4  vote  unfinished   1       0        0       0    0     0.00
END
check_output 'funnel RUN...: in that order, rules below' - \
    ledger funnel 2 1 <<'END'
run  tool              status    in  passed  dropped  failed  out  passed%
  2  qa-generate       rejected   2       1        0       1    1    50.00
       schema                                              1
  1  image-ingest      done       3       2        1       0    2    66.67
       min-width (64)                              1
END
ledger funnel 1 --json | jq -c '[.records_in, .rules]' >got
echo '[3,[{"lost":"dropped","rule":"min-width","threshold":"64","records":1}]]' \
    >want
check_equal 'funnel --json' want got
cp riddle.db three.db
sqlite3 three.db 'DELETE FROM run WHERE run = 4'
ledger --ledger three.db funnel --json | jq -c .run >got
printf '1\n2\n3\n' >want
check_equal 'funnel: all of the process group, in the order of the pipe' \
    want got

check_output 'cost: by run and model, and a total' - ledger cost <<'END'
run  tool         model  calls  hits  twice  tok in  cached  tok out  reasoning      cost  unpriced
  -  -            judge      1     0      1      50       -        1          -  0.000104         0
  2  qa-generate  m          2     0      0     190      20       40          -  0.000150         1
  3  qa-judge     judge      0     1      0       -       -        -          -  0.000000         0
  -  total        -          3     1      1     240      20       41          -  0.000254         1
END
ledger cost --run 2 --json | jq -c '[.tool, .calls, .cost_usd]' >got
printf '["qa-generate",2,0.00015]\n["total",2,0.00015]\n' >want
check_equal 'cost --run' want got

cat >want <<END
run  tool          lost     id                                      rule       value  threshold  reason
  1  image-ingest  dropped  image:$C  min-width  32     64         too narrow
  2  qa-generate   failed   image:$B  schema     -      -          no answer
END
check_output 'drops' want ledger drops
ledger drops --json --failed-only | jq -c '[.run, .call, .record]' >got
echo "[2,\"$CALL2\",\"{\\\"kind\\\":\\\"image\\\",\\\"n\\\":2}\"]" >want
check_equal 'drops --failed-only --json' want got
printf '{"kind":"image","n":1.50}\n' >want
check_output 'drops --records: the line as it was' want \
    ledger drops --records --dropped-only
check_output 'drops --rule --run' /dev/null ledger drops --rule schema --run 1
ledger drops --limit 1 --json | jq -c .run >got
echo 2 >want
check_equal 'drops --limit: the newest' want got

for v in runs cost drops calls; do
	check_status 1 "$v --run: no such run" ledger $v --run 99
done
ledger calls --json | jq -c '[.call, .run,
    if .cost_usd then .cost_usd * 1e6 else null end, has("reply")]' >got
cat >want <<END
["$CALL1",2,150,false]
["$CALL2",2,null,false]
["$CALL3",null,52,false]
END
check_equal 'calls --json: oldest first, unknown is null, no bodies' want got
ledger calls --run 2 --limit 1 --json | jq -r .call >got
echo "$CALL2" >want
check_equal 'calls --run --limit' want got
ledger calls "${CALL1:0:6}" --json | jq -c '[.request.temperature, .reply]' >got
printf '[0.2,{"text":"a\\u001bcat"}]\n' >want
check_equal 'calls CALL --json: bodies as JSON' want got
check 'calls CALL' ledger calls "${CALL2^^}"
cp .out got
check 'its reply, harmless' grep -qx 'not JSON\\x1b' got
check 'its request, indented' grep -qx '      "content": "And here?",' got
check_status 1 'calls: unknown' ledger calls 0000000000
check_status 2 'calls: too short' ledger calls abc12

# -- One record -----------------------------------------------------------------

cat >want <<END
qa:$Q
    made by run 2 qa-generate 0.1.0, 1970-01-01T00:00:01Z, model m, prompt qa.prompt (000000000000)
    call $CALL1, m-1, finish stop, 100 tokens in (20 cached), 10 out, 900 ms, 0.00015 USD
    changed by run 3 qa-judge 0.1.0, 1970-01-01T00:00:01Z, model judge
    call $CALL3, finish stop, 50 tokens in, 1 out, 0.000052 USD
  image:$A
      written by run 1 image-ingest 0.1.0, 1970-01-01T00:00:01Z
  task:$TASK
      from outside: no run in this ledger wrote it
END
check_output 'why: the story of a record' want ledger why "qa:$Q"
check_output 'why: by a part of the hash' want ledger why 111111
check_output 'why: by kind and part' want ledger why qa:1111111
ledger why 111111 --json | jq -c '[.depth, .id, .how, .run, .from]' >got
cat >want <<END
[0,"qa:$Q","made",2,["image:$A","task:$TASK"]]
[0,"qa:$Q","changed",3,[]]
[1,"image:$A","written",1,[]]
[1,"task:$TASK","outside",null,[]]
END
check_equal 'why --json' want got
cat >want <<END
image:$B
    written by run 1 image-ingest 0.1.0, 1970-01-01T00:00:01Z
    failed by run 2 qa-generate 0.1.0, 1970-01-01T00:00:01Z, model m, prompt qa.prompt (000000000000)
    rule schema: no answer
    call $CALL2, m-1, finish length, 90 tokens in, 30 out, 800 ms
END
check_output 'why: a record that failed later' want ledger why bbbbbb
cat >want <<END
image:$C
    dropped by run 1 image-ingest 0.1.0, 1970-01-01T00:00:01Z
    rule min-width, value 32, threshold 64: too narrow
END
check_output 'why: a record that was dropped' want ledger why image:cccccc
check 'why: known only as a parent' ledger why 777777
check_status 1 'why: unknown' ledger why qa:222222222222
check_stderr 'it names the ledger and the reasons' \
    'riddle\.db: there is no record qa:2+; .*another ledger.*unfinished'
check_status 1 'why: the digits of another kind' ledger why task:111111
check_status 1 'why: too few digits' ledger why qa:11111
check_status 2 'why: without an id' ledger why

ledger children "image:$A" --json | jq -c '[.depth, .id, .run, .from_id]' >got
echo "[1,\"qa:$Q\",2,\"image:$A\"]" >want
check_equal 'children --json' want got
check_output 'children: of a record without' /dev/null ledger children "qa:$Q"
check_status 1 'children: unknown' ledger children 999999

# The same answers from the lookup table, and with some rows behind it.
ledger why 111111 >before
check 'index' ledger index
ledger why 111111 >after
check_equal 'why: the same with an index' before after
check_output 'verify: the lookup table is right' ok ledger verify
sqlite3 riddle.db "INSERT INTO segment (run, kind, from_kind, n, ids, froms)
	VALUES (3, 'pair', 'qa', 2, x'$Q2$TASK', x'$Q$Q')"
check_status 1 'why: several begin so' ledger why 111111
check_stderr 'they are listed' "qa:$Q pair:$Q2|pair:$Q2 qa:$Q"
ledger children "image:$A" --depth 2 >got
cat >want <<END
id                                       run  tool         call
qa:$Q        2  qa-generate  $CALL1
  pair:$Q2    3  qa-judge     -
  pair:$TASK    3  qa-judge     -
END
check_equal 'children --depth' want got
ledger children "image:$A" --depth 2 --limit 2 --json | jq -r .id >got
printf '%s\n' "qa:$Q" "pair:$Q2" >want
check_equal 'children --limit' want got
check_status 1 'why: the same digits in two kinds' ledger why 777777
check_stderr 'both are named' "pair:$TASK.*task:$TASK|task:$TASK.*pair:$TASK"

# A cycle ends, in both directions.
cp riddle.db cycle.db
sqlite3 cycle.db "INSERT INTO segment (run, kind, from_kind, n, ids, froms)
	VALUES (1, 'image', 'qa', 1, x'$A', x'$Q')"
check 'why: a cycle ends' timeout 10 "$LIBEXEC/ledger" --ledger cycle.db \
    why "qa:$Q"
shows 'it is named, and told once' -x "    qa:$Q \(told above\)"
check 'children: a cycle ends' timeout 10 "$LIBEXEC/ledger" \
    --ledger cycle.db children "qa:$Q" --depth 1000
sort .out | uniq -d >got
check_equal 'and shows no id twice' /dev/null got

# -- Two runs ---------------------------------------------------------------------

REQ4=${REQ1/0.2/0.9}
REQ4=${REQ4/What is on it/What is seen on it}
CALL4=$(hash16 "$REQ4")
cp riddle.db diff.db
sqlite3 diff.db <<END
INSERT INTO run (uid, tool, version, argv, host, pid, pgid, started_ms,
	updated_ms, ended_ms, status, model, prompt, prompt_sha256, params,
	records_in, passed, dropped, failed, records_out, calls) VALUES
(x'05', 'qa-generate', '0.1.1', '["qa-generate","-m","m"]', 'far', 20, 20,
	9000, 9000, 9000, 'done', 'm', 'qa.prompt', zeroblob(32),
	'{"temperature":0.9,"seed":1}', 2, 2, 0, 0, 1, 1);
INSERT INTO input VALUES (5, 1, '-', 2, 100, x'$A');
INSERT INTO segment (run, kind, from_kind, n, ids, froms, calls) VALUES
	(5, 'qa', 'image', 1, x'$C', x'$A', x'$CALL4');
INSERT INTO call (hash, run, answered_ms, model, request, reply) VALUES
	(x'$CALL4', 5, 9000, 'm', '$REQ4', '{}');
END
check_output 'diff' - ledger --ledger diff.db diff 2 5 <<END
what     id                                      field               left            right
run      -                                       version             0.1.0           0.1.1
run      -                                       params/temperature  0.2             0.9
run      -                                       params/seed         -               1
outcome  -                                       status              rejected        done
outcome  -                                       passed              1               2
outcome  -                                       failed              1               0
records  -                                       in both             0               0
records  -                                       only here           1               1
calls    -                                       in both             0               0
calls    -                                       only here           2               1
call     image:$A  messages/0/content  What is on it?  What is seen on it?
call     image:$A  temperature         0.2             0.9
END
ledger --ledger diff.db diff 2 5 --json | jq -c 'select(.what == "call") |
    [.left_call, .right_call, .field, .left, .right]' >got
cat >want <<END
["$CALL1","$CALL4","messages/0/content","What is on it?","What is seen on it?"]
["$CALL1","$CALL4","temperature",0.2,0.9]
END
check_equal 'diff --json: paths into the requests' want got
check 'diff --limit 0' ledger --ledger diff.db diff 2 5 --limit 0
grep '^call ' .out >got
check_equal 'compares no calls' /dev/null got
check_output 'diff: of a run and itself, only counts' - \
    ledger --ledger diff.db diff 2 2 <<'END'
what     id  field      left  right
records  -   in both    1     1
records  -   only here  0     0
calls    -   in both    2     2
calls    -   only here  0     0
END
check_status 1 'diff: no such run' ledger diff 1 99
check_status 2 'diff: one run' ledger diff 1

# -- Merge ------------------------------------------------------------------------

everything() {
	local v
	for v in runs inputs notes kinds records losses calls images prices; do
		echo "-- $v"
		sqlite3 "$1" "SELECT * FROM $v"
	done
}

rm -f m.db
check_status 1 'merge --dry-run makes no ledger' \
    ledger --ledger m.db merge --dry-run riddle.db
check 'there is none' test ! -e m.db
check_output 'merge into a new ledger' - \
    ledger --ledger m.db merge riddle.db <<'END'
file       runs  renewed  records  losses  calls  aliases  images  prices
riddle.db     4        0        7       2      3        0       0       1
END
everything riddle.db >want
everything m.db >got
check_equal 'merge: all is there' want got
check_output 'merge: it verifies' ok ledger --ledger m.db verify
check_output 'merge again: nothing' - \
    ledger --ledger m.db merge riddle.db <<'END'
file       runs  renewed  records  losses  calls  aliases  images  prices
riddle.db     0        0        0       0      0        0       0       0
END
everything m.db >got
check_equal 'merge again: nothing changed' want got
check 'merge: its own salt' test \
    "$(sqlite3 m.db "SELECT value FROM meta WHERE name = 'salt'")" != \
    "$(sqlite3 riddle.db "SELECT value FROM meta WHERE name = 'salt'")"

# Another ledger has one call of its own and one that both paid for.
new_ledger other.db
sqlite3 other.db <<END
INSERT INTO run (uid, tool, argv, pid, pgid, started_ms, updated_ms, ended_ms,
	status) VALUES (x'0a', 'ask', '[]', 1, 1, 1, 2, 2, 'done');
INSERT INTO call (hash, run, answered_ms, model, request, reply) VALUES
	(x'$CALL1', 1, 7777, 'm', '$REQ1', '{}'),
	(x'$CALL4', 1, 7778, 'm', '$REQ4', '{}');
INSERT INTO quota VALUES (x'00', 'label', 'state', 1);
INSERT INTO alias VALUES (x'$(hash16 theirs)', 'theirs');
END
everything m.db >want
check 'merge --dry-run' ledger --ledger m.db merge --dry-run other.db
shows 'it says what would come' \
    -x 'other.db +1 +0 +0 +0 +1 +1 +0 +0'
everything m.db >got
check_equal 'merge --dry-run changes nothing' want got
check 'merge a second ledger' ledger --ledger m.db merge other.db other.db
sort -u .out | wc -l >got
echo 3 >want
check_equal 'it came once' want got
query() {
	sqlite3 m.db "$1"
}
check 'a call that both paid for was paid twice' test \
    "$(query "SELECT paid FROM call WHERE hash = x'$CALL1'")" -eq 2
check 'the first answer stays' test \
    "$(query "SELECT run FROM call WHERE hash = x'$CALL1'")" -eq 2
check 'a new call has its run' test \
    "$(query "SELECT tool FROM calls WHERE call = '$CALL4'")" = ask
check 'an alias came' test "$(query 'SELECT count(*) FROM alias')" -eq 1
check 'quotas stay at home' test "$(query 'SELECT count(*) FROM quota')" -eq 0
check_output 'merge: it verifies' ok ledger --ledger m.db verify

# Run 4 was at work when m.db got it; now it has ended.
check 'an index over rows that go' ledger --ledger m.db index
cp riddle.db later.db
sqlite3 later.db <<END
UPDATE run SET ended_ms = 9000, updated_ms = 9000, status = 'done',
	passed = 1, records_out = 1 WHERE run = 4;
INSERT INTO segment (run, kind, n, ids) VALUES (4, 'qa', 1, x'$Q');
UPDATE run SET ended_ms = NULL, status = NULL WHERE run = 3;
END
check 'merge: a run that has ended there' ledger --ledger m.db merge later.db
shows 'it is renewed' -x 'later.db +0 +1 +1 +0 +0 +0 +0 +0'
ledger --ledger m.db runs 3 4 --json | jq -c '[.status, .passed]' >got
printf '["done",1]\n["done",1]\n' >want
check_equal 'it has its end, and an ended run stays ended' want got
check 'merge: renewed once' ledger --ledger m.db merge later.db
shows 'nothing the second time' -x 'later.db( +0){8}'
check 'merge: an older copy' ledger --ledger m.db merge riddle.db
shows 'takes nothing back' -x 'riddle.db( +0){8}'
check_output 'merge: it verifies' ok ledger --ledger m.db verify

check_status 2 'merge with itself' ledger merge ./riddle.db
check_status 1 'merge: no such file' ledger --ledger m.db merge no.db
check_stderr 'it is named' 'no\.db: No such file'
check 'it is not made' test ! -e no.db
echo 'no ledger' >text.db
check_status 1 'merge: no ledger' ledger --ledger m.db merge text.db
sqlite3 alien.db 'CREATE TABLE t (a)'
check_status 1 'merge: of another program' ledger --ledger m.db merge alien.db
cp other.db false.db
sqlite3 false.db "UPDATE call SET request = '$REQ2' WHERE hash = x'$CALL1';
	UPDATE run SET uid = x'0b'"
everything m.db >want
check_status 1 'merge: two requests of one name' \
    ledger --ledger m.db merge false.db
check_stderr 'it says which' "call $CALL1 has another request"
everything m.db >got
check_equal 'and nothing came' want got
mkdir -p 'odd dir'
cp other.db 'odd dir/:memory:'
(cd 'odd dir' && ledger --ledger here.db merge :memory:) >got 2>.err
check 'merge: a file with a name that SQLite knows' \
    grep -Eq ':memory: +1' got

# -- Verify -------------------------------------------------------------------------

# finds NAME SQL REGEX: a ledger damaged by SQL, and what verify says of it.
finds() {
	cp riddle.db bad.db
	sqlite3 bad.db "$2"
	check_status 1 "verify: $1" ledger --ledger bad.db verify
	shows "verify says: $1" "^error +$3"
}

finds 'a segment of no run' 'UPDATE segment SET run = 77 WHERE segment = 1' \
    'run +segment 1 is of run 77'
finds 'a loss of no run' 'UPDATE loss SET run = 77 WHERE loss = 1' \
    'run +loss 1 is of run 77'
finds 'a call of no run' 'UPDATE call SET run = 77 WHERE run = 2' \
    'run +call [0-9a-f]+ is of run 77'
finds 'a blob that is cut' \
    "UPDATE segment SET ids = x'00' WHERE segment = 1" 'packing +segment 1 '
finds 'a sum that does not hold' 'UPDATE run SET passed = 7 WHERE run = 1' \
    'sum +run 1 \(image-ingest\) read 3'
finds 'a loss that was lost' 'DELETE FROM loss WHERE loss = 1' \
    'sum +run 1 \(image-ingest\) lost 1 records, and the ledger has 0'
finds 'records that are gone' 'DELETE FROM segment WHERE segment = 1' \
    'sum +run 1 \(image-ingest\) wrote 2 records, and the ledger has 0'
finds 'a request that was changed' \
    "UPDATE call SET request = '{}' WHERE hash = x'$CALL1'" \
    "hash +call $CALL1 is not"
finds 'an alias that was changed' \
    "INSERT INTO alias VALUES (x'$A', 'text')" "hash +alias $A is not"
finds 'a call that is gone' "DELETE FROM call WHERE hash = x'$CALL1'" \
    'call +a record of run 2 \(segment 2\) names call'
finds 'a lookup table with a hole' \
    "DELETE FROM lookup WHERE what = 'from'" 'lookup +segment 2 is not in the lookup'
finds 'a block out of order' "UPDATE lookup SET pairs =
	substr(pairs, 13) || substr(pairs, 1, 12) WHERE what = 'id'" 'lookup +block 1 is not in order'
finds 'a key of another row' "UPDATE lookup SET pairs = substr(pairs, 1, 8) ||
	x'00000003' || substr(pairs, 13) WHERE what = 'id'" \
    'lookup +segment 2 is not in the lookup'
finds 'a block that is cut' "UPDATE lookup SET pairs = substr(pairs, 1, 13)
	WHERE what = 'loss'" 'lookup +block [0-9]+ is not in order'
check_output 'verify --json: nothing if all is well' /dev/null \
    ledger verify --json
sqlite3 bad.db "UPDATE run SET passed = 7 WHERE run = 1"
ledger --ledger bad.db verify --json | jq -r .check | sort -u >got
printf 'lookup\nsum\n' >want
check_equal 'verify --json: a finding a row' want got
cp riddle.db dead.db
sqlite3 dead.db "UPDATE run SET host = '$(uname -n)', pid = 99999999
	WHERE run = 4"
check 'verify: a killed run is no error' ledger --ledger dead.db verify
shows 'it is noted' '^note +run +run 4 \(vote\) was killed'
cp riddle.db torn.db
sqlite3 torn.db 'PRAGMA journal_mode = DELETE' >/dev/null
dd if=/dev/zero of=torn.db bs=4096 seek=3 count=8 conv=notrunc 2>/dev/null
check_status 1 'verify: a torn file' ledger --ledger torn.db verify
head -c 5000 riddle.db >short.db
check_status 1 'a cut file' ledger --ledger short.db runs

# -- Index, vacuum ----------------------------------------------------------------

check 'vacuum' ledger vacuum --json
shows 'it says bytes before and after' -x \
    '\{"bytes_before":[1-9][0-9]+,"bytes_after":[1-9][0-9]+\}'
check_output 'all is well after it' ok ledger verify

# -- Hostile content ------------------------------------------------------------

new_ledger evil.db
sqlite3 evil.db <<'END'
INSERT INTO run (uid, tool, argv, pid, pgid, started_ms, updated_ms, ended_ms,
	status, records_in, failed, message) VALUES (x'01',
	'e' || char(27) || '[31m' || char(155) || char(8238), CAST(x'5b22ff22'
	|| x'5d' AS BLOB), 1, 1, 1, 1, 1, 'done', 1, 1, 'two' || char(10) ||
	'lines');
INSERT INTO loss (run, failed, kind, hash, rule, reason, record) VALUES
	(1, 1, 'row', zeroblob(16), char(7), 'a' || char(0) || 'b',
	CAST(x'7bff7d' AS BLOB));
END
harmless() {
	! LC_ALL=C grep -q $'[\001-\010\013-\037\177]\|\xc2[\x80-\x9f]\|\xe2\x80' "$1"
}
for v in runs 'runs 1' funnel drops 'why 000000'; do
	# shellcheck disable=SC2086	# words
	check "control characters: $v" ledger --ledger evil.db $v
	cp .out got
	check "$v shows none" harmless got
done
sqlite3 evil.db 'SELECT tool FROM run' >got
check_status 1 'the test of this sees them' harmless got
ledger --ledger evil.db runs 1 >got
check 'they are shown by their bytes' grep -Fq \
    'e\x1b[31m\xc2\x9b\xe2\x80\xae' got
check 'a newline, too' grep -Fqx 'message      two\x0alines' got
ledger --ledger evil.db drops --json | jq -c '[.record, .reason]' >got
printf '["{\xef\xbf\xbd}","a\\u0000b"]\n' >want
check_equal 'drops --json: valid JSON of bytes that are not' want got
printf '{\xff}\n' >want
check_output 'drops --records: the bytes themselves' want \
    ledger --ledger evil.db drops --records

# -- A ledger of real runs --------------------------------------------------------

real() {
	timeout 60 "$LIBEXEC/$1" --ledger real.db --progress never "${@:2}"
}

if stub_start --taxonomy; then
	printf '{"path":["OCR"]}\n{"path":["counting"]}\n' >seeds.jsonl
	grow=(taxonomy-expand -m "$STUB_URL#stub" --levels 3 --from-level 2
	    --rounds 1)
	real "${grow[@]}" seeds.jsonl >tasks.jsonl 2>.err
	check 'a tree grows' test -s tasks.jsonl
	real "${grow[@]}" --temperature 0.9 seeds.jsonl >more.jsonl 2>.err
	printf '{"kind":"task","path":"no list"}\n' >>tasks.jsonl
	real validate tasks.jsonl >valid.jsonl 2>.err
	check_output 'verify: real runs' ok ledger --ledger real.db verify
	id=$(jq -r 'select(.level == 3) | .id' valid.jsonl | head -n 1)
	check 'why: a leaf' ledger --ledger real.db why "${id:0:13}" --json
	jq -c '[.depth, .how, .tool, .finish]' .out >got
	cat >want <<-'END'
	[0,"made","taxonomy-expand","stop"]
	[0,"made","taxonomy-expand","stop"]
	[0,"kept","validate",null]
	[1,"made","taxonomy-expand","stop"]
	[1,"made","taxonomy-expand","stop"]
	[1,"kept","validate",null]
	[2,"written","taxonomy-expand",null]
	[2,"kept","taxonomy-expand",null]
	[2,"kept","validate",null]
	END
	check_equal 'why: its line, back to the seed' want got
	check 'diff: what was asked otherwise' \
	    ledger --ledger real.db diff 1 2 --json
	jq -r 'select(.what == "call") | .field' .out | sort -u >got
	echo temperature >want
	check_equal 'diff: it is the temperature' want got
	check 'drops: the bad task' ledger --ledger real.db drops --json
	check_equal 'drops: its line' <(tail -n 1 tasks.jsonl) \
	    <(jq -r .record .out)
	stub_stop
fi

# -- Usage and surroundings -----------------------------------------------------

check_status 2 'no verb' ledger
check_status 2 'unknown verb' ledger rusn
check_stderr 'a guess' "did you mean 'runs'"
check_status 2 'an option that does nothing' ledger why 111111 --limit 3
check_stderr 'it says so' 'option --limit does nothing for why'
check_status 2 'too many arguments' ledger cost 1
check_status 2 'the ledger none' ledger --ledger none runs
check_status 1 'no ledger there' ledger --ledger no.db runs
check 'none is made' test ! -e no.db
RIDDLE_LEDGER=three.db ledger runs --json | jq -c .run >got
printf '1\n2\n3\n' >want
check_equal 'RIDDLE_LEDGER' want got
ledger --help >help
for v in runs funnel cost drops calls why children diff merge index verify \
    vacuum; do
	check "--help has $v" grep -Eq "^  $v " help
	check "the manual has $v" grep -Eq "^\.It Cm $v" \
	    "$ROOT/tools/ledger.1"
done
for v in runs funnel cost drops calls 'why 1111112' verify 'diff 1 2'; do
	# shellcheck disable=SC2086	# words
	ledger $v >/dev/full 2>.err
	check "full disk: $v" test $? -eq 1
done
new_ledger big.db
sqlite3 big.db "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1
	FROM c WHERE n < 30000)
	INSERT INTO loss (run, failed, kind, hash, rule, record)
	SELECT 1, 0, 'row', zeroblob(16), 'r', '{\"n\":' || n || '}' FROM c"
ledger --ledger big.db drops | head -n 1 >got
check 'reader left: 141' test "${PIPESTATUS[0]}" -eq 141
ledger --ledger big.db drops --records | cmp - <(seq -f '{"n":%.0f}' 30000)
check 'all of many rows' test $? -eq 0

# Lines are cut to the width of a terminal, and only there.
script -qc "stty cols 40; '$LIBEXEC/ledger' runs" /dev/null </dev/null |
    tr -d '\r' >got 2>.err
ledger runs | cut -c 1-40 | sed 's/ *$//' >want
check_equal 'a terminal of 40 columns' want got

# A ledger that cannot be written answers, too.
mkdir ro && cp riddle.db ro/
rm -f ro/riddle.db-wal ro/riddle.db-shm
chmod 755 "$T" && chmod 555 ro && chmod 444 ro/riddle.db
nobody=()
[ "$(id -u)" -ne 0 ] || nobody=(setpriv --reuid 65534 --regid 65534
    --clear-groups)
if "${nobody[@]}" test -x "$LIBEXEC/ledger"; then
	check 'a read-only ledger' "${nobody[@]}" "$LIBEXEC/ledger" \
	    --ledger ro/riddle.db why "qa:$Q"
	check_status 1 'it cannot be indexed' "${nobody[@]}" \
	    "$LIBEXEC/ledger" --ledger ro/riddle.db index
else
	skip 'a read-only ledger' 'the build is not open to another user'
fi
chmod 755 ro
