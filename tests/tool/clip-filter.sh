#!/usr/bin/env bash
# riddle-clip-filter on the demo model: which tasks an image gets, and that
# every image is accounted for.  D9 to D16 are the defects of the published
# script; each check would fail on its behaviour.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

export RIDDLE_LEDGER=$T/led.db
ln -s "$ROOT/samples" samples
model=samples/demo-clip
tasks=samples/tasks.jsonl

# image FILE...: their records, as image-ingest makes them but for the sizes.
image() {
	local f
	for f; do
		printf '{"kind":"image","uri":"%s","sha256":"%s","format":"png","width":1,"height":1,"bytes":%d}\n' \
			"$f" "$(sha256sum <"$f" | cut -c1-64)" "$(stat -c %s "$f")"
	done
}
match() { riddle clip-filter --progress never --tasks "$tasks" --model "$model" "$@"; }
sums() { sqlite3 led.db 'select records_in, passed, dropped, failed from runs order by run desc limit 1'; }
noted() { sqlite3 led.db "select json_extract(json, '$.$1') from notes where name = 'embeddings' order by run desc limit 1"; }

image samples/demo-clip/images/*.{png,jpg} > images.jsonl
check 'D9: it runs' sh -c 'riddle clip-filter --progress never --tasks "$0" -m "$1" images.jsonl > all.jsonl' "$tasks" "$model"
check_output 'a match for each image, in order' - jq -r .image.uri all.jsonl < <(jq -r .uri images.jsonl)
check 'they fit their schema, ids and all' riddle validate --ledger none --ids --strict all.jsonl
check_output 'ten tasks each, ranked' - sh -c \
	'jq -c "[.tasks | length, (map(.rank) == [range(1; 11)]), (map(-.score) | . == sort)]" all.jsonl | sort -u' \
	<<< '[10,true,true]'
check_output 'from names the image and the tasks' - sh -c \
	'jq -c ".from == [.image.id] + [.tasks[].id]" all.jsonl | sort -u' <<< true
check_output 'the image keeps its members but kind and from' - sh -c \
	'jq -c ".image | keys_unsorted" all.jsonl | sort -u' <<< '["id","uri","sha256","format","width","height","bytes"]'
check_output 'cosines have six decimals' - sh -c \
	'grep -o "\"score\":[^,]*" all.jsonl | grep -cvE "^\"score\":-?[01]\.[0-9]{6}$"; true' <<< 0
check_output 'what it sees: more than half of the plain pictures' - jq -rn '
	{"cat.png":"Cat","dog.png":"Dog","banana.png":"Banana","bicycle.png":"Bicycle","bird.png":"Bird",
	"horse.png":"Horse","pizza.jpg":"Pizza","chart-line.png":"Line chart","chart-pie.png":"Pie chart","rose.png":"Rose"} as $want |
	[inputs | select($want[.image.uri | split("/")[-1]] == .tasks[0].path[-1])] | length > 5' all.jsonl <<< true

# The same bytes whatever the threads, the order of arrival, the vectors.
match --threads 1 images.jsonl > one.jsonl
match --threads 2 images.jsonl > two.jsonl
check_equal 'threads 1 and 2: the same bytes' one.jsonl two.jsonl
# shellcheck disable=SC2002	# a pipe is meant
cat images.jsonl | match --threads 3 > three.jsonl
check_equal 'from a pipe, too' one.jsonl three.jsonl
match --unsafe-decode images.jsonl > unsafe.jsonl
check_equal 'decoded in this process: the same bytes' one.jsonl unsafe.jsonl
tac "$tasks" > turned.jsonl
tasks=turned.jsonl match images.jsonl > four.jsonl
check_equal 'in whatever order the tasks come' one.jsonl four.jsonl

# D10: a score depends on the image and the task alone.
head -n 5 "$tasks" > few.jsonl
tasks=few.jsonl match -k 100 images.jsonl > few.out
match -k 40 images.jsonl > many.out
pairs() { jq -c '.image.uri as $u | .tasks[] | [$u, .id, .score]' "$1" | sort; }
pairs few.out > few.pairs
pairs many.out | comm -12 few.pairs - > common
check_equal 'D10: 35 more tasks change no score' few.pairs common
check_output 'D10: and each is a cosine' - sh -c \
	'jq ".tasks[].score | . <= 1 and . >= -1" many.out | sort -u' <<< true
check_output 'D11: a single task is no error' - sh -c \
	'head -n 1 "$0" > single.jsonl; riddle clip-filter --tasks single.jsonl -m "$1" images.jsonl | jq ".tasks | length" | sort -u' \
	"$tasks" "$model" <<< 1

# D12: a rerun keeps what was done, and computes what is missing.
head -n 20 images.jsonl | match --vectors v > /dev/null
check_output 'D12: first 20 images and 40 tasks are computed' - noted computed <<< 60
match --vectors v images.jsonl > rerun.jsonl
check_output 'D12: then only the other 40' - noted computed <<< 40
check_equal 'D12: the same bytes' all.jsonl rerun.jsonl
match --vectors v images.jsonl > rerun.jsonl
check_output 'D12: then nothing' - noted computed <<< 0
check_equal 'D12: and the same bytes' all.jsonl rerun.jsonl
check_output 'D12: the ledger has the earlier matches' - sqlite3 led.db \
	'select count(*) > 9 from runs where status = '\''done'\''' <<< 1
rm -f w
for t in 0.02 0.1 0.2; do
	timeout -s KILL "$t" riddle clip-filter --ledger none --tasks "$tasks" -m "$model" -v w images.jsonl > /dev/null 2>&1
done 2> /dev/null
match --vectors w images.jsonl > killed.jsonl
check_equal 'killed three times: the same bytes' all.jsonl killed.jsonl
match --vectors v2 images.jsonl > par.1 &
match --vectors v2 images.jsonl > par.2
wait $!
check_equal 'two at once on one embedding file' all.jsonl par.1
check_equal 'both right' all.jsonl par.2
check_status 1 'vectors of another precision are refused' \
	riddle clip-filter --tasks "$tasks" -m "$model" --precision reference -v v images.jsonl
check_stderr 'and it says so' 'another model or precision'

# D13: every image is accounted for.
mkdir bad bad/folder.png
cp samples/demo-clip/images/cat.png bad/good.png
head -c 3000 bad/good.png > bad/cut.png
: > bad/empty.png
echo 'not an image' > bad/text.png
cp bad/good.png bad/changed.png
cp bad/good.png bad/gone.png
cp bad/good.png bad/larger.png
image bad/cut.png bad/empty.png bad/text.png bad/changed.png bad/gone.png bad/larger.png bad/good.png > bad.jsonl
printf '%s\n' '{"kind":"image","uri":"bad/folder.png","id":"x:1"}' '{"kind":"image","id":"x:2"}' \
	'{"kind":"image","uri":"http://127.0.0.1/a.png","id":"x:3"}' '{"kind":"image","uri":"bad/good.png"}' \
	'{"kind":"image","uri":"bad/good.png","sha256":"no","id":"x:5"}' '{"kind":"image","uri":"bad/fifo.png","id":"x:6"}' \
	'{"kind":"image","uri":"bad/good.png","id":"x:7"}' >> bad.jsonl
mkfifo bad/fifo.png
tr '\0-\377' '\1-\377\0' < bad/good.png > bad/changed.png
rm bad/gone.png
echo >> bad/larger.png
check_status 3 'D13: unusable images are failed records' \
	match --failed lost.jsonl bad.jsonl
check_output 'D13: each with its rule' - jq -r '[(.record.uri // "-"), .lost, .rule] | join(" ")' lost.jsonl <<'EOT'
bad/cut.png failed decode
bad/empty.png failed decode
bad/text.png failed decode
bad/changed.png failed changed
bad/gone.png failed missing
bad/larger.png failed changed
bad/folder.png failed unreadable
- failed record
http://127.0.0.1/a.png failed record
bad/good.png failed id
bad/good.png failed record
bad/fifo.png failed unreadable
EOT
check_output 'D13: in = out + dropped + failed' - sums <<< '14|2|0|12'
match --failed lost2.jsonl -v v bad.jsonl > bad.out 2>/dev/null
check_equal 'D13: the same when all vectors are known' lost.jsonl lost2.jsonl

# D14: vectors belong to texts, not to lines of a list.
sed 's/"Cat"/"Steam engine"/' "$tasks" | sort -R --random-source=<(yes) | jq -c 'del(.id)' > edited.jsonl
tasks=edited.jsonl match images.jsonl > fresh.out
tasks=edited.jsonl match --vectors v images.jsonl > cached.out
check_equal 'D14: an edited list never meets old vectors' fresh.out cached.out
check_output 'D14: the ledger knows which list it was' - sqlite3 led.db \
	"select count(distinct json_extract(params, '$.tasks')) > 3 from runs" <<< 1

# D15: a text that is too long is cut, and said to be.
long=$(printf 'words %.0s' {1..30})
printf '{"path":["Recognition","%s","%s","%s"]}\n' "$long" "$long" "$long" | cat - "$tasks" > long.jsonl
check 'D15: a task over 77 tokens aborts nothing' \
	sh -c 'riddle clip-filter --tasks long.jsonl -m "$0" --progress never -k 41 images.jsonl > long.out' "$model"
check_stderr 'D15: it is told' '^riddle-clip-filter: 1 of 41 tasks are longer'
check_output 'D15: and marked in the record' - sh -c \
	'jq -c "[.tasks[] | select(.truncated) | .path[0]]" long.out | sort -u' <<< '["Recognition"]'
check_output 'D16: k above the number of types gives all of them' - sh -c \
	'riddle clip-filter --tasks few.jsonl -m "$0" -k 1000 images.jsonl | jq ".tasks | length" | sort -u' "$model" <<< 5

# Which tasks: leaves, each once, by their canonical paths.
printf '%s\n' '{"path":["Recognition","Animal"],"id":"mine"}' '{"path":["recognition"," ANIMAL ","cat"],"id":"again"}' \
	'{"path":["Chart"]}' | cat "$tasks" - > nodes.jsonl
tasks=nodes.jsonl match -k 50 images.jsonl > nodes.out
check_equal 'inner nodes and duplicates are left out' many.out nodes.out
check_output '--all-nodes matches them' - sh -c \
	'riddle clip-filter --tasks nodes.jsonl --all-nodes -m "$0" -k 50 images.jsonl |
	jq -c "[(.tasks | length), ([.tasks[].id] | index(\"mine\") != null)]" | sort -u' "$model" <<< '[42,true]'
printf '%s\n' '{"path":["b"]}' '{"path":["a"]}' > tie.jsonl
check_output 'equal cosines: in the order of the paths' - sh -c \
	'riddle clip-filter --tasks tie.jsonl -m "$0" --template "{}" --template "x" images.jsonl 2>&1 | head -n 1;
	 printf "%s\n" "{\"path\":[\"B\",\"same\"]}" "{\"path\":[\"A\",\"same\"]}" > tie.jsonl
	 riddle clip-filter --tasks tie.jsonl -m "$0" --task-text leaf images.jsonl | jq -c "[.tasks[].path[0]]" | sort -u' "$model" <<'EOT'
riddle-clip-filter: --template x: has no {} for the task
["A","B"]
EOT

# Templates.
match --template '{}' images.jsonl > same.out
check_equal 'the template {} is none' all.jsonl same.out
match --template '{}' --template '{}' images.jsonl | jq -c '[.tasks[].id]' > twice.out
jq -c '[.tasks[].id]' all.jsonl > ids
check_equal 'twice the same template averages to it' ids twice.out
match --template 'a photo of {}' --template 'a drawing of {}' --task-text leaf images.jsonl > ab.out
match --template 'a drawing of {}' --template 'a photo of {}' --task-text leaf images.jsonl > ba.out
check_equal 'the order of templates does not matter' ab.out ba.out
check_status 1 'but they change something' cmp -s ab.out all.jsonl

# Rules.
check 'min-score' sh -c 'riddle clip-filter --tasks "$0" -m "$1" --min-score 0.4 --failed low.jsonl images.jsonl > high.out' "$tasks" "$model"
check_output 'min-score: nothing below it' - jq -n '[inputs.tasks[].score | select(. < 0.4)] | length' high.out <<< 0
check_output 'min-score: dropped with the best score there was' - jq -n \
	'[inputs | select(.lost == "dropped" and .rule == "min-score" and .threshold == "0.4" and (.value | tonumber) < 0.4)] | length > 5' low.jsonl <<< true
check_output 'min-score: the sum holds' - sh -c 'cat high.out low.jsonl | wc -l' <<< 60
check 'cap-per-task' sh -c 'riddle clip-filter --tasks "$0" -m "$1" -k 2 --cap-per-task 2 --failed full.jsonl images.jsonl > capped.out' "$tasks" "$model"
check_output 'cap-per-task: no task has more' - sh -c \
	'jq -r ".tasks[].id" capped.out | sort | uniq -c | sort -rn | awk "NR == 1 { print \$1 }"' <<< 2
check_output 'cap-per-task: images without a task left are dropped' - sh -c \
	'jq -r .rule full.jsonl | sort -u; cat capped.out full.jsonl | wc -l' <<'EOT'
cap-per-task
60
EOT

# It does not wait for a full batch when nothing more comes.
mkfifo to
match --ledger none < to > trickle.out &
pid=$!
exec 3> to
head -n 1 images.jsonl >&3
for ((i = 0; i < 100; i++)); do
	[ ! -s trickle.out ] || break
	sleep 0.1
done
check 'a match leaves before the input ends' test -s trickle.out
exec 3>&-
wait "$pid"
head -n 1 all.jsonl > first
check_equal 'and is the same' first trickle.out

# Usage, and files that are none.
check_status 2 'no model' riddle clip-filter --tasks "$tasks"
check_status 2 'no tasks' riddle clip-filter --model "$model"
check_status 1 'a missing model' riddle clip-filter --tasks "$tasks" -m nowhere images.jsonl
check_stderr 'is named' nowhere
check_status 1 'missing tasks' riddle clip-filter --tasks nothing.jsonl -m "$model"
: > none.jsonl
check_status 1 'no task at all' riddle clip-filter --tasks none.jsonl -m "$model"
check_stderr 'says so' 'none.jsonl: has no task'
printf '{"path":["a"]}\n{"path":"b"}\n' > wrong.jsonl
check_status 1 'a task that is none' riddle clip-filter --tasks wrong.jsonl -m "$model"
check_stderr 'with its line' 'wrong.jsonl:2: '
check_status 1 'an embedding file that is none' riddle clip-filter --tasks "$tasks" -m "$model" -v "$tasks" images.jsonl
check_stderr 'is left alone' 'not an embedding file'
check_output 'really' - sh -c 'wc -l < "$0"' "$tasks" <<< 40
