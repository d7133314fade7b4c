#!/usr/bin/env bash
# power.sh few|many TRIALS: the power fails.  What some runs do to their ledger
# is written down, and made again up to a moment, with what was not synced by
# then lost, kept or torn.  Each such ledger opens, verifies, and the same runs
# on it give the undisturbed bytes and ask exactly for what it does not hold.
# few: all kinds of writing, of a few rows; many: so much that the log is
# emptied on the way.  SEED chooses other moments.
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
part=$1 TRIALS=${2:-20}
RANDOM=${SEED:-1}
BIN=$OUT/torture

rows=20 text=short
[ "$part" = few ] || {
	rows=2000
	text=$(head -c 12000 /dev/zero | tr '\0' a)
}
awk -v n=$rows 'BEGIN { for (i = 1; i <= n; i++) printf "{\"n\":%d}\n", i }' \
    >rows.jsonl
echo 'Name {{n}} things.' >p.prompt
stub_start --log log.jsonl --reply "$text {{prompt_hash}}" || exit 1

# Runs of each kind that writes, on w/led.db; RECORD is put before each.
runs() {
	local led=$T/w/led.db tool=$LIBEXEC
	"${RECORD[@]}" "$tool/ask" --ledger "$led" -p p.prompt --inflight 16 \
	    -m "$STUB_URL#stub" rows.jsonl >w/asked.jsonl &&
	"${RECORD[@]}" "$tool/validate" --ledger "$led" --max-failed 100% \
	    w/asked.jsonl >w/checked.jsonl || return 1
	[ "$part" = few ] || return 0
	"${RECORD[@]}" "$tool/select" --ledger "$led" --sample 10 \
	    w/checked.jsonl >w/some.jsonl &&
	"${RECORD[@]}" "$tool/ledger" --ledger "$led" index &&
	"${RECORD[@]}" "$tool/ledger" --ledger "$led" merge other.db &&
	"${RECORD[@]}" "$tool/ledger" --ledger "$led" vacuum
}

held() {
	local n=
	[ ! -s w/led.db ] || n=$(sqlite3 -readonly w/led.db \
	    'select count(*) from call' 2>/dev/null)
	echo "${n:-0}"
}

asked() { wc -l <log.jsonl; }

RECORD=()
mkdir w
echo '{"kind":"note","id":"another"}' |
    riddle validate --ledger other.db >/dev/null
runs >.log 2>.err || { fail "$part: left alone, they succeed"; exit 1; }
mv w want
mkdir w
RECORD=(env LD_PRELOAD="$BIN/record.so" RECORD_LOG="$T/changes"
    RECORD_PREFIX="$T/w/led.db")
runs >.log 2>.err || { fail "$part: written down, they succeed"; exit 1; }
RECORD=()
n=$("$BIN/replay" changes)

spoilt=0 failed=0 differ=0 asks=0 empty=0
for ((i = 0; i < TRIALS; i++)); do
	rm -rf w
	mkdir w
	cut=$(((RANDOM * 32768 + RANDOM) % n + 1))
	"$BIN/replay" changes $cut $i w
	if [ ! -s w/led.db ]; then
		empty=$((empty + 1))
	elif ! riddle ledger --ledger w/led.db verify >.verify 2>&1; then
		if grep -q 'is empty, and no ledger yet' .verify; then
			empty=$((empty + 1))
		else
			spoilt=$((spoilt + 1))
			echo "# cut $cut, seed $i: $(head -n 3 .verify)"
		fi
	fi
	had=$(held) before=$(asked)
	runs >.log 2>.err || {
		failed=$((failed + 1))
		echo "# cut $cut, seed $i: $(head -n 3 .err)"
		continue
	}
	diff -r -x 'led.db*' want w >/dev/null || differ=$((differ + 1))
	now=$(($(asked) - before))
	[ $now -eq $((rows - had)) ] || {
		asks=$((asks + 1))
		echo "# cut $cut, seed $i: $had held, $now asked"
	}
done
: >.err
check_output "$part: $n changes, cut $TRIALS times, $empty before it began" - \
    echo $((TRIALS > empty)) <<<1
check_output "$part: each ledger opens and verifies" - echo $spoilt <<<0
check_output "$part: the same runs succeed on it" - echo $failed <<<0
check_output "$part: with the undisturbed bytes" - echo $differ <<<0
check_output "$part: and ask for what it does not hold" - echo $asks <<<0
