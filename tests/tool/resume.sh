#!/usr/bin/env bash
# kill -9 at random moments of a pipe of two filters, each followed by a rerun:
# the bytes of the undisturbed run, no row lost, and no call asked that the ledger
# held.  KILLS=200 is the long form; the seed of the moments is SEED.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
KILLS=${KILLS:-50}
RANDOM=${SEED:-1}
ROWS=2000

cat > one.prompt <<'EOF'
Name {{n}} things.
EOF
cat > two.prompt <<'EOF'
Judge this: {{answer}}
EOF
awk -v n=$ROWS 'BEGIN { for (i = 1; i <= n; i++) printf "{\"n\":%d}\n", i }' > rows.jsonl
stub_start --log log.jsonl
cat > models.json <<EOF
{"models": {"stub": {"model": "$STUB_URL#stub", "limits": "none"}}}
EOF
export RIDDLE_MODELS=$T/models.json RIDDLE_LEDGER=$T/led.db

pipeline() {
	riddle ask -p one.prompt -m stub rows.jsonl |
		riddle ask -p two.prompt -m stub --field verdict > "$1"
}
export -f pipeline

# The last process of a killed pipe may need a moment to let go of the ledger.
ledger() { sqlite3 -cmd '.timeout 10000' led.db "$1"; }

start=$(date +%s%N)
pipeline want.jsonl
took_ms=$((($(date +%s%N) - start) / 1000000))
calls=$(ledger 'select count(*) from call')
check_output 'the undisturbed run answers every row' - sh -c 'wc -l < want.jsonl' <<< $ROWS

torn=0 again=0 lost=0 sums=0 locked=0 during=0
for ((i = 0; i < KILLS; i++)); do
	rm -f led.db led.db-wal led.db-shm
	setsid bash -c 'pipeline got.jsonl' 2>/dev/null &
	pid=$!
	sleep "$(printf '%d.%03d' 0 $((RANDOM % (took_ms > 900 ? 900 : took_ms))))"
	kill -9 -- -$pid 2>/dev/null && during=$((during + 1))
	wait $pid 2>/dev/null
	if [ -s led.db ]; then
		held=$(ledger 'select count(*) from call' 2>/dev/null | tail -n 1)
		held=${held:-0}
		[ "$(ledger 'pragma integrity_check')" = ok ] || locked=$((locked + 1))
	else
		held=0
	fi
	# What the killed client had sent may still be on its way to the log.
	sleep 0.05
	before=$(wc -l < log.jsonl)
	pipeline got.jsonl 2>/dev/null || lost=$((lost + 1))
	asked=$(($(wc -l < log.jsonl) - before))
	cmp -s want.jsonl got.jsonl || torn=$((torn + 1))
	[ "$asked" -eq $((calls - held)) ] || {
		again=$((again + 1))
		echo "# kill $i: $held of $calls calls held, then $asked asked"
	}
	[ "$(ledger "select count(*) from runs where status = 'done' and
	    records_in <> passed + dropped + failed")" = 0 ] || sums=$((sums + 1))
done
check_output "killed while running, of $KILLS" - echo $((during > KILLS / 2)) <<< 1
check_output 'the rerun succeeds' - echo $lost <<< 0
check_output 'same bytes as the undisturbed run' - echo $torn <<< 0
check_output 'asked exactly what the ledger did not hold' - echo $again <<< 0
check_output 'the ledger is whole after each kill' - echo $locked <<< 0
check_output 'the sums hold' - echo $sums <<< 0

# A run that was killed says so, until a rerun stands beside it.
rm -f led.db led.db-wal led.db-shm
stub_start --latency 200
sed -i "s|http://[^\"]*|$STUB_URL#slow|" models.json
setsid bash -c 'pipeline got.jsonl' 2>/dev/null &
pid=$!
sleep 0.5
kill -9 -- -$pid
wait $pid 2>/dev/null
check_output 'a killed run shows as unfinished' - ledger \
	"select distinct status from runs" <<< unfinished
