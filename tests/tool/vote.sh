#!/usr/bin/env bash
# riddle-vote: who wins, what fails, what is joined.  D29 to D36 are the defects
# of the published scripts; each check would fail on their behaviour.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=none

vote() { riddle vote --progress never "$@"; }
ids() { vote --max-failed 100% "$@" 2>.log | jq -r .id | paste -sd ' '; }
losses() { vote --max-failed 100% --failed lost "$@" >/dev/null 2>.log
	jq -r '[.id, .lost, .rule] | join(" ")' lost; }
# rows JUDGE ID:SCORE...: records that one judge scored.
rows() {
	local judge=$1 r
	shift
	for r; do
		printf '{"kind":"qa","id":"%s","scores":[{"judge":"%s","score":%s}]}\n' \
		    "${r%%:*}" "$judge" "${r#*:}"
	done
}

# -- Chained scores -----------------------------------------------------------
cat > qa.jsonl <<'END'
{ "id":"1" ,"x":2.50,"u":"\u00e9\/","scores":[{"judge":"a","score":1},{"judge":"b","score":1.0},{"judge":"c","score":0}] }
{"id":"2","scores":[{"judge":"a","score":1},{"judge":"b","score":0},{"judge":"c","score":0}]}
{"id":"3","vote":{"old":1},"scores":[{"judge":"a","score":1},{"judge":"b","score":1},{"judge":"c","score":1}],"z":1}
END
check_output 'the winners, byte for byte, with the vote' - vote qa.jsonl <<'END'
{ "id":"1" ,"x":2.50,"u":"\u00e9\/","scores":[{"judge":"a","score":1},{"judge":"b","score":1.0},{"judge":"c","score":0}],"vote":{"rule":"min-sum 2","sum":2,"judges":3} }
{"id":"3","vote":{"rule":"min-sum 2","sum":3,"judges":3},"scores":[{"judge":"a","score":1},{"judge":"b","score":1},{"judge":"c","score":1}],"z":1}
END
check_output 'k of n says how many said yes' - sh -c \
	'riddle vote -k 3/3 qa.jsonl 2>/dev/null | jq -c .vote' <<< '{"rule":"at-least 3/3","sum":3,"yes":3,"judges":3}'
check_output 'another threshold' - ids -s 3 qa.jsonl <<< 3
check_output 'named judges only' - ids -j b,c qa.jsonl <<< 3
check_output 'a judge that has not scored' - losses -j a,d qa.jsonl <<'END'
1 failed missing
2 failed missing
3 failed missing
END
check_output 'it can count as a no' - ids -j a,b,d --missing no qa.jsonl <<< '1 3'
check_output 'or not at all' - ids -j c,d --missing ignore qa.jsonl <<< 3
check_output 'a lost vote is dropped, with who said what' - sh -c \
	'riddle vote --failed lost qa.jsonl >/dev/null 2>&1; echo $?
	jq -c "[.lost, .rule, .value, .threshold, .reason, .record.id]" lost' <<'END'
0
["dropped","min-sum","1","2","sum 1 of 3 judges (a 1, b 0, c 0)","2"]
END
printf '{"a":%d,"scores":[{"judge":"j","score":1}]}\n' 1 2 > noid.jsonl
check_output 'a record without an id gets one' - sh -c \
	'riddle vote -s 1 noid.jsonl | jq -c "[.kind, (.id | length)]"' <<'END'
["row",36]
["row",36]
END

# -- What is no vote ----------------------------------------------------------
cat > bad.jsonl <<'END'
{"id":"ten","scores":[{"judge":"a","score":10},{"judge":"b","score":0},{"judge":"c","score":0}]}
{"id":"two","scores":[{"judge":"a","score":2},{"judge":"b","score":0},{"judge":"c","score":0}]}
{"id":"dot","scores":[{"judge":"a","score":"1."},{"judge":"b","score":1},{"judge":"c","score":1}]}
{"id":"word","scores":[{"judge":"a","score":"Score: 1"},{"judge":"b","score":1},{"judge":"c","score":1}]}
{"id":"nan","scores":[{"judge":"a","score":"NaN"},{"judge":"b","score":1},{"judge":"c","score":1}]}
{"id":"scale","scores":[{"judge":"a","score":6,"scale":[1,5]}]}
{"id":"mixed","scores":[{"judge":"a","score":5,"scale":[1,5]},{"judge":"b","score":1}]}
{"id":"twice","scores":[{"judge":"a","score":1},{"judge":"a","score":1,"call":"2"}]}
{"id":"none"}
{"id":"empty","scores":[]}
{"id":"object","scores":{"a":1}}
{"id":7,"scores":[{"judge":"a","score":1},{"judge":"b","score":1}]}
{"id":"good","scores":[{"judge":"a","score":1},{"judge":"b","score":1}]}
END
check_output 'D35: what is no score in its scale fails, and never passes alone' - ids bad.jsonl <<< good
losses bad.jsonl > got
cut -d' ' -f1,3 got | sed 's/^:[0-9a-f]* /:hash /' > got.rules
cat > want <<'END'
ten score
two score
dot score
word score
nan score
scale score
mixed scale
twice judge-twice
none missing
empty missing
object scores
7 id
END
sed -i 's/^7 /:hash /' want
sed -i 's/^[^ ]* id$/:hash id/' got.rules
check_equal 'D35: each with its rule, none in silence' want got.rules
check 'all of them failed' sh -c '! grep -v " failed " got'
check_status 3 'failures are not passed over' vote bad.jsonl
check_output 'a score of 10 is one if the scale says so' - sh -c \
	'head -n 1 bad.jsonl | riddle vote --scale 0..10 -s 10 2>/dev/null | jq -r .id' <<< ten
cat > abstain.jsonl <<'END'
{"id":"1","scores":[{"judge":"a","score":1},{"judge":"b","score":null},{"judge":"c","score":1}]}
{"id":"2","scores":[{"judge":"a","score":1},{"judge":"b","score":null},{"judge":"c","score":null}]}
{"id":"3","scores":[{"judge":"a","score":null},{"judge":"b","score":null},{"judge":"c","score":null}]}
END
check_output 'abstaining is a no' - ids -k 2/3 abstain.jsonl <<< 1
check_output 'or is ignored' - ids -k 2/3 --abstain ignore abstain.jsonl <<< '1 2'
check_output 'or fails' - ids -k 2/3 --abstain fail abstain.jsonl <<< ''
check_output 'nobody voted: nothing wins' - ids -s 0 --abstain ignore abstain.jsonl <<< '1 2'

# -- Joining ------------------------------------------------------------------
rows a 1:1 2:0 3:1 4:1 > a.jsonl
rows b 4:1 2:1 1:1 5:1 > b.jsonl
rows c 1:0 3:0 5:1 4:0 2:1 > c.jsonl
check_output 'scores are joined, in the order of the input and the files' - sh -c \
	'riddle vote --max-failed 100% --join b.jsonl --join c.jsonl a.jsonl 2>/dev/null |
	jq -c "[.id, (.scores[] | .judge, .score)]"' <<'END'
["1","a",1,"b",1,"c",0]
["2","a",0,"b",1,"c",1]
["4","a",1,"b",1,"c",0]
END
join() { "$1" --join b.jsonl --join c.jsonl a.jsonl "${@:2}"; }
check_output 'D29: a record that not all judged is accounted for' - join losses <<'END'
3 failed missing
5 failed missing
END
check_output 'D29: as many come out as went in, all files together' - sh -c \
	'riddle vote --ledger v.db --max-failed 9 --join b.jsonl --join c.jsonl a.jsonl >/dev/null 2>&1
	sqlite3 v.db "select records_in, passed, dropped, failed from runs"' <<< '5|3|0|2'
check_output 'the ledger has what was read' - sqlite3 v.db \
	'select name, records from input order by seq' <<'END'
a.jsonl|4
b.jsonl|4
c.jsonl|5
END
check_output 'D34: 1 + 1 of the others is enough, if it is said' - join ids --missing no <<< '1 2 4 5'
check_output 'D34: else the record fails, and says who is silent' - sh -c \
	'riddle vote --failed lost --join b.jsonl --join c.jsonl a.jsonl >/dev/null 2>&1
	jq -r .reason lost' <<'END'
a.jsonl:3: no score by 1 of 3 judges (a 1, c 0); not in b.jsonl
b.jsonl:4: no score by 1 of 3 judges (b 1, c 1); not in the input
END
check_output 'a loss shows the scores of all files' - sh -c \
	'jq -c "[.record.scores[].judge]" lost' <<'END'
["a","c"]
["b","c"]
END
check_output '--limit leaves the rest of the files alone' - join ids --limit 2 <<< '1 2'

q='{"kind":"qa","image":{"id":"i","uri":"i.png"},"task":{"id":"t","path":["p"]},'
one=$q'"question":"one?","answer":"1","scores":[{"judge":"%s","score":%d}]}\n'
two=$q'"question":"two?","answer":"2","scores":[{"judge":"%s","score":%d}]}\n'
# shellcheck disable=SC2059
{ printf "$one" a 1; printf "$two" a 1; } > qa.a
# shellcheck disable=SC2059
{ printf "$one" b 1; printf "$two" b 0; } > qa.b
# shellcheck disable=SC2059
{ printf "$two" c 0; printf "$one" c 1; } > qa.c
check_output 'D33: two questions of one image and task have their own scores' - sh -c \
	'riddle vote --join qa.b --join qa.c qa.a 2>/dev/null | jq -c "[.question, .vote.sum]"' <<< '["one?",3]'

cat a.jsonl a.jsonl > aa.jsonl
check_status 1 'D31, D36: a file that two runs appended to is an error' \
	vote --join aa.jsonl c.jsonl
check_stderr 'D31, D36: told with file and line' 'aa\.jsonl:5: an earlier line has the same id'
check_status 1 'D36: so is the input' vote --join c.jsonl aa.jsonl
check_stderr 'D36: with file and line' 'aa\.jsonl:5: an earlier record of the input'
check_status 1 'D31: a file that a dying judge cut is an error' \
	vote --join <(printf '%s' "$(cat b.jsonl)") a.jsonl
check_stderr 'D31: it says so' 'the last line has no newline'

rows a 1:1 2:1 > chain.a
sed 's/\]}$/,{"judge":"b","score":1}]}/' chain.a > chain.ab
sed 's/\]}$/,{"judge":"c","score":0}]}/' chain.a > chain.ac
check_output 'chains that have a judge in common' - sh -c \
	'riddle vote --join chain.ac chain.ab 2>/dev/null | jq -c "[.vote.sum, .scores[].judge]"' <<'END'
[2,"a","b","c"]
[2,"a","b","c"]
END
sed 's/"score":0/"score":1/; s/"score":1/"score":0/' chain.ac > chain.xc
check_output 'that do not agree on what it said' - losses --join chain.xc chain.ab <<'END'
1 failed judge-twice
2 failed judge-twice
END
check_output 'from a pipe' - sh -c \
	'riddle vote -s 1 --join - chain.a < chain.ab 2>/dev/null | jq -r .vote.sum' <<'END'
2
2
END
check_status 2 'stdin cannot be two files' vote --join - -
check_status 2 'nor the input and a file' vote --join -
check_status 1 'a file that is not there' vote --join nowhere.jsonl a.jsonl
check_stderr 'it is named' nowhere.jsonl
check_status 2 'two rules' vote -s 2 -k 2/3 a.jsonl
check_status 2 'more judges than are named' vote -k 2/3 -j a,b a.jsonl
check_status 2 'a judge named twice' vote -j a,b,a a.jsonl
check_status 2 'no scale' vote --scale 5 a.jsonl

# D32: the published join compares all with all: 4e10 comparisons here.
awk 'BEGIN { for (i = 0; i < 200000; i++)
	printf "{\"id\":\"%d\",\"scores\":[{\"judge\":\"J\",\"score\":1}]}\n", i }' > big.a
sed 's/J/K/' big.a | shuf --random-source=big.a > big.b
sed 's/J/L/' big.a | tac > big.c
check 'D32: 200,000 records in three orders are joined in a minute' sh -c \
	'timeout 60 riddle vote -s 3 --join big.b --join big.c big.a > big.out 2>.log'
check_output 'D32: and all are found' - sh -c 'wc -l < big.out' <<< 200000
check_output 'D32: in the order of the input' - sh -c \
	'jq -r .id big.out | sort -nc && echo sorted' <<< sorted
check_output 'the temporary files are gone' - sh -c \
	'mkdir tmp; TMPDIR=$PWD/tmp riddle vote -s 3 --join big.b --join big.c big.a 2>/dev/null | wc -l
	ls tmp | wc -l' <<'END'
200000
0
END

# -- Agreement ----------------------------------------------------------------
vote --stats --stats-json s.json --join b.jsonl --join c.jsonl --missing no \
	--progress never a.jsonl >/dev/null 2>table
check 'a table on stderr' grep -q '^judge  *scores' table
check 'with alpha' grep -q "^Krippendorff's alpha, ordinal" table
check_output 'JSON in a file' - jq -c \
	'[.records, (.judges[] | .judge, .scores, .missing)]' s.json <<< '[5,"a",4,1,"b",4,1,"c",5,0]'
check_output 'and in the ledger' - sh -c \
	'sqlite3 v.db "select json from note where name = '\'agreement\''" | jq .records' <<< 5
check_output 'failed scores are not in it' - sh -c \
	'riddle vote --max-failed 99 --stats-json s.json bad.jsonl >/dev/null 2>&1; jq -c "[.records, .unscored]" s.json' <<< '[3,2]'
check_output 'the order of the records changes nothing' - sh -c \
	'riddle vote --stats-json s1 big.a >/dev/null 2>&1
	tac big.a | riddle vote --stats-json s2 >/dev/null 2>&1; cmp s1 s2 && echo same' <<< same
check_status 1 'a folder is no file for it' vote --stats-json . qa.jsonl
