#!/usr/bin/env bash
# kill.sh demo|engine KILLS: kill -9 at random moments, again and again, of the
# pipeline of the demo, or of one filter with 256 calls in flight.  What was
# killed is started again on the same ledger, perhaps to be killed again, until
# it ends: with the undisturbed bytes, sums that hold, and without asking once
# for what the ledger held.  SEED chooses other moments.
# shellcheck disable=SC2016	# programs for awk in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
part=$1 KILLS=${2:-20}
RANDOM=${SEED:-1}
ROWS=3000

kills=0 rounds=0 spoilt=0 failed=0 differ=0 sums=0 twice=0 again=0

# One ledger question, waiting for what a killed process still holds.
ask() { sqlite3 -cmd '.timeout 10000' "$led" "$1" 2>/dev/null | tail -n 1; }

sound() {
	[ ! -s "$led" ] || riddle ledger --ledger "$led" verify >.verify 2>&1 ||
	    grep -q 'is empty, and no ledger yet' .verify || {
		spoilt=$((spoilt + 1))
		sed 's/^/# /' .verify
	}
}

# Run the command until it ends, killing it on the way.
round() {
	local pid status
	rounds=$((rounds + 1))
	while :; do
		setsid "$@" >.log 2>&1 &
		pid=$!
		sleep "$(awk -v r="$RANDOM" -v t="$took_ms" \
		    'BEGIN { print r / 32768 * t / 1000 }')"
		if [ "$kills" -ge "$KILLS" ] ||
		    ! kill -9 -- -$pid 2>/dev/null; then
			wait $pid
			status=$?
			[ $status -eq 137 ] || break
		fi
		wait $pid 2>/dev/null
		kills=$((kills + 1))
		after_kill
		sound
	done
	[ $status -eq 0 ] || {
		failed=$((failed + 1))
		tail -n 3 .log | sed 's/^/# /'
	}
	sound
	[ "$(ask "select count(*) from runs where status = 'done' and
	    records_in <> passed + dropped + failed")" = 0 ] ||
	    sums=$((sums + 1))
}

timed() {
	local start
	start=$(date +%s%N)
	"$@" >.log 2>&1 || { cp .log .err; fail "$part: left alone, it succeeds"
	    exit 1; }
	took_ms=$((($(date +%s%N) - start) / 1000000))
}

demo() {
	led=$T/demo/riddle.db
	after_kill() { :; }
	timed "$ROOT/samples/demo.sh" "$T/want"
	# Other folder, other name in the command lines, so not in the outputs.
	while [ $kills -lt "$KILLS" ]; do
		rm -rf demo
		round env RESUME=1 "$ROOT/samples/demo.sh" "$T/demo"
		for f in tasks images matches fitting qa judge-1 judge-2 \
		    judge-3 voted rows; do
			cmp -s "want/$f.jsonl" "demo/$f.jsonl"
		done && cmp -s want/llava.json demo/llava.json &&
		    diff -r want/dataset demo/dataset >.diff &&
		    cmp -s want/manifest.json demo/manifest.json || {
			differ=$((differ + 1))
			head -n 5 .diff | sed 's/^/# /'
		}
		find demo -name '*.tmp' -size +0 | grep -q . && echo '# litter'
	done
}

# Which calls the ledger holds, and how many were asked until now.
after_kill() {
	sleep 0.1	# what was sent may still be on its way to the log
	ask_all 'select cast(reply as text) from call' |
	    grep -o '[0-9a-f]\{64\}' | sed "s/\$/ $(wc -l <log.jsonl)/" >>held
}
ask_all() { sqlite3 -cmd '.timeout 10000' "$led" "$1" 2>/dev/null; }

engine() {
	led=$T/led.db
	awk -v n=$ROWS 'BEGIN { for (i = 1; i <= n; i++)
	    printf "{\"n\":%d}\n", i }' >rows.jsonl
	echo 'Name {{n}} things.' >p.prompt
	stub_start --log log.jsonl --reply '{{body_hash}}' --latency 60
	printf '{"models": {"stub": {"model": "%s#stub", "limits": "none"}}}' \
	    "$STUB_URL" >models.json
	export RIDDLE_MODELS=$T/models.json
	# shellcheck disable=SC2317	# called through round
	run() {
		riddle ask --ledger "$led" --inflight 256 -p p.prompt -m stub \
		    rows.jsonl >got.jsonl
	}
	export led
	export -f run
	timed bash -c run
	mv got.jsonl want.jsonl
	while [ $kills -lt "$KILLS" ]; do
		rm -f "$led"* held
		: >log.jsonl
		: >held
		round bash -c run
		cmp -s want.jsonl got.jsonl || differ=$((differ + 1))
		# A line of the log that comes after its call was held.
		twice=$((twice + $(jq -r .body_sha256 log.jsonl | awk '
		    NR == FNR { if (!($1 in held)) held[$1] = $2; next }
		    ($1 in held) && FNR > held[$1]' held - | wc -l)))
		again=$((again + $(wc -l <log.jsonl) - ROWS))
	done
}

$part
: >.err
check_output "$part: killed $kills times in $rounds runs" - \
    echo $((kills >= KILLS)) <<<1
check_output "$part: each ends well" - echo $failed <<<0
check_output "$part: with the undisturbed bytes" - echo $differ <<<0
check_output "$part: the ledger is sound after each kill" - echo $spoilt <<<0
check_output "$part: the sums hold" - echo $sums <<<0
[ "$part" = demo ] || {
	check_output 'engine: nothing asked that the ledger held' - \
	    echo $twice <<<0
	# What is in flight, and up to 64 answers that wait for one commit.
	check_output "engine: a kill costs $((again / kills)) calls" \
	    - echo $((again <= (256 + 64) * kills)) <<<1
}
