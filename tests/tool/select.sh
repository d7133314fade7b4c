#!/usr/bin/env bash
# riddle-select: the same choice in any order and in any number of shards,
# caps, splits without leaks, and benchmarks kept out.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=none
sel() { riddle select "$@"; }

# 2,000 rows: 500 images, 21 tasks of 2 levels, questions that repeat.
awk 'BEGIN { srand(1); for (i = 0; i < 2000; i++) printf \
	"{\"kind\":\"qa\",\"n\": %d,\"image\":{\"id\":\"image:%d\",\"sha256\":\"%064d\",\"phash\":\"%08x%08x\"},\"task\":{\"id\":\"task:%d\",\"path\":[\"L%d\",\"Leaf %d\"]},\"question\":\"Q %d?\",\"answer\":\"a\"}\n", \
	i, i % 500, i % 500, (i % 500) * 7919 * 65537 % 4294967296, \
	(i % 500) * 104729 * 257 % 4294967296, i % 21, i % 21 % 4, i % 21, i }' > rows.jsonl
shuf --random-source=<(yes) rows.jsonl > shuffled.jsonl

# -- Samples -------------------------------------------------------------------
sel --sample 100 rows.jsonl > a
sel --sample 100 shuffled.jsonl | sort > b
check_output 'a sample has its size' - sh -c 'wc -l < a' <<< 100
check_equal 'it does not depend on the order' <(sort a) b
check 'it is written in the order of the input' \
	sh -c 'jq .n a | sort -nc'
sel --sample 40 rows.jsonl > small
check_output 'a smaller sample is part of it' - \
	sh -c 'sort a > as; sort small | comm -23 - as | wc -l' <<< 0
sel --sample 100 --seed 1 rows.jsonl > other
check_output 'another seed chooses others' - \
	sh -c 'sort other | comm -12 - as | wc -l | awk "{ print (\$1 < 30) }"' <<< 1
sel --sample 10% rows.jsonl > tenth
check_output 'a share is about right' - \
	sh -c 'wc -l < tenth | awk "{ print (\$1 > 150 && \$1 < 250) }"' <<< 1
check_equal 'untouched bytes stay' <(sort small | head -1) \
	<(grep -Fxf small rows.jsonl | sort | head -1)
check_output 'more than there are is all' - sh -c \
	'riddle select --sample 99999 rows.jsonl | cmp - rows.jsonl && echo same' <<< same

# -- Caps ----------------------------------------------------------------------
check_output 'at most 3 of each task' - sh -c \
	'riddle select --per-task 3 rows.jsonl | jq -r ".task.path[1]" | sort | uniq -c | awk "{ print \$1 }" | sort -u' <<< 3
check_output 'at most 10 of each first level' - sh -c \
	'riddle select --cap 1=10 rows.jsonl | jq -r ".task.path[0]" | sort | uniq -c | awk "{ print \$1 }" | sort -u' <<< 10
check_output 'both, and a sample' - sh -c \
	'riddle select --cap 1=10 --per-task 3 --sample 17 rows.jsonl | wc -l' <<< 17
check_equal 'caps do not depend on the order' \
	<(sel --per-task 3 rows.jsonl | sort) <(sel --per-task 3 shuffled.jsonl | sort)

# -- Shards --------------------------------------------------------------------
for i in 1 2 3; do sel --shard $i/3 rows.jsonl > shard.$i; done
check_equal 'three shards are all rows, once' <(sort shard.?) <(sort rows.jsonl)
check_output 'an image is in one shard' - sh -c \
	'for i in 1 2 3; do jq -r .image.id shard.$i | sort -u; done | sort | uniq -d | wc -l' <<< 0
check_output 'none is empty' - sh -c 'for i in 1 2 3; do test -s shard.$i && echo yes; done' <<< $'yes\nyes\nyes'
check_status 2 'no fourth of three' sel --shard 4/3 rows.jsonl
check_status 3 'a row without its group fails' sel --shard 1/2 <<< '{"a":1}'

# -- Splits and leaks ----------------------------------------------------------
sel --split train=0.9,test=0.1 --near -1 rows.jsonl > parts.jsonl 2>parts.err
check_output 'splits have about their shares' - sh -c \
	"jq -r .split parts.jsonl | sort | uniq -c |
	    awk '{ print \$2, int(\$1 / 100) != 0 }'" <<< $'test 1\ntrain 1'
check_output 'an image is in one split' - sh -c \
	'jq -r "[.image.id, .split] | @tsv" parts.jsonl | sort -u | cut -f 1 | uniq -d | wc -l' <<< 0
check 'so nothing leaks' test ! -s parts.err
check_output 'by task, images are in both: a leak is reported' - sh -c \
	'riddle select --split train=0.5,test=0.5 --group task rows.jsonl 2>&1 >/dev/null | grep -c "share a picture"' <<< 1
check_status 1 '--leaks fail' sel --split train=0.5,test=0.5 --group task --leaks fail rows.jsonl
sel --split train=0.5,test=0.5 --group task --leaks drop --failed lost rows.jsonl > clean
check_output '--leaks drop: no image in both' - sh -c \
	'jq -r "[.image.id, .split] | @tsv" clean | sort -u | cut -f 1 | uniq -d | wc -l' <<< 0
sel --split train=0.5,test=0.5 --group task --leaks ignore rows.jsonl |
	grep -c '"split":"test"' > tested
check_output 'what is tested stayed' - sh -c \
	'jq -r .split clean | grep -c test' < tested
check_output 'in = out + dropped' - sh -c 'cat clean lost | wc -l' <<< 2000
near() { printf '{"image":{"id":"image:%s","phash":"%s"},"question":"%s"}\n' "$@"; }
{ for i in $(seq 40); do near "$i" 00000000000000ff "q$i"; done; } > near.jsonl
check_output 'near pictures leak' - sh -c \
	'riddle select --split train=0.5,test=0.5 --leaks drop near.jsonl | jq -r .split | sort -u' <<< test
check_output 'unless --near -1' - sh -c \
	'riddle select --split train=0.5,test=0.5 --leaks drop --near -1 near.jsonl | wc -l' <<< 40
{ for i in $(seq 40); do near "$i" "" "What  IS it?"; done; } > same.jsonl
check_output 'folded questions leak with --questions' - sh -c \
	'riddle select --split train=0.5,test=0.5 --leaks drop --questions same.jsonl | jq -r .split | sort -u' <<< test
check_status 2 'shares that do not sum to 1' sel --split train=0.5,test=0.4 rows.jsonl

# -- Benchmarks ----------------------------------------------------------------
printf '%s\n' '{"question":" q  7? "}' "{\"sha256\":\"$(printf %064d 9)\"}" > bench.jsonl
sel --against bench.jsonl --near -1 --failed lost rows.jsonl > out
check_output 'a question and an image of a benchmark are out' - sh -c 'wc -l < out' <<< 1995
check_output 'with the rule and the line of the benchmark' - sh -c \
	'jq -r "[.rule, .value] | @tsv" lost | sort | uniq -c | sed "s/^ *//"' <<EOF2
1 contamination	bench.jsonl:1
4 contamination	bench.jsonl:2
EOF2
