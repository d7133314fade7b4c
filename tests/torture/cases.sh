# shellcheck shell=bash disable=SC2034	# for who sources it
# Sourced by faults.sh: the short runs of each tool that are disturbed.
# Reads samples/ and what the demo pipeline made of it (torture_inputs makes
# that, once); fills $T/base, the folder in which a run begins.
#
# case_setup NAME sets, for a run inside a copy of $T/base:
#	cmd	the command; it ends with 0 when left alone
#	finals	files and folders that it makes: never there by halves
#	model	calls are made, so what was asked is counted
#	proof	a command whose output tells that a second run did its work,
#		where the first one's own output tells what was new

CASES='validate ask ask-json taxonomy-expand task-filter qa-generate
qa-judge-pixels vote select dedupe dedupe-near cross-pair image-ingest
clip-embed clip-filter export-llava export-hf export-tar
export-again report ledger-why
ledger-drops ledger-verify ledger-index ledger-merge ledger-vacuum'

IN=$OUT/torture/in

torture_inputs() {
	local demo=$OUT/torture/demo f
	[ ! -d "$IN" ] || return 0
	"$ROOT/samples/demo.sh" "$demo" >/dev/null || return 1
	mkdir -p "$IN.new"
	for f in images matches fitting qa judge-1 judge-2 voted rows; do
		head -n 3 "$demo/$f.jsonl" >"$IN.new/$f.jsonl"
	done
	cp "$demo/funnel.jsonl" "$demo/agreement.json" "$IN.new"
	head -n 4 "$ROOT/samples/tasks.jsonl" >"$IN.new/tasks.jsonl"
	mv "$IN.new" "$IN"
}

# One server for all, which answers each tool by the name of the model.
torture_stub() {
	jq -c . >replies <<'END'
{"model": "filter", "reply": {"tasks": ["any"]}}
{"model": "pairs", "reply":
  {"pairs": [{"task": "any", "question": "q", "answer": "a"}]}}
{"model": "words", "reply": "Words for {{prompt_hash}}."}
END
	stub_start --log log.jsonl --taxonomy --children 3 \
	    --reply-file replies || exit 1
}

ask_rows() {
	awk 'BEGIN { for (i = 1; i <= 5; i++) printf "{\"n\":%d}\n", i }'
}

# A ledger with two runs, calls and losses.
small_ledger() {
	ask_rows >rows.jsonl
	echo 'Count to {{n}}.' >p.prompt
	riddle ask --ledger "$1" -p p.prompt -m "$STUB_URL#words" --limit "$2" \
	    rows.jsonl >asked.jsonl 2>/dev/null
	echo '{"kind":"qa","id":"not-one"}' >>asked.jsonl
	riddle validate --ledger "$1" --max-failed 100% asked.jsonl \
	    >checked.jsonl 2>/dev/null
	[ -s checked.jsonl ]
}

setup_ask() {
	model=1
	ask_rows >rows.jsonl
	echo 'Count to {{n}}.' >p.prompt
	cmd=(ask --ledger led.db --failed lost --prompt p.prompt
	    --model "$STUB_URL#words" rows.jsonl)
	if [ "$1" = ask-json ]; then
		printf '%s\n' --- 'output: { format: json, schema: ' \
		    '  { n: integer, why?: string } }' --- 'Say {{n}}.' \
		    >p.prompt
		cmd[8]=$STUB_URL#stub
	fi
	finals=(lost)
}

setup_matches() {
	model=1
	awk 'BEGIN { for (i = 1; i <= 3; i++) {
	    printf "{\"kind\":\"match\",\"id\":\"match:%032d\",\"image\":", i
	    printf "{\"id\":\"i%d\",\"uri\":\"a.png\",", i
	    printf "\"caption\":\"%d\"},", i
	    print "\"tasks\":[{\"id\":\"t\",\"path\":[\"any\"]}]}" } }' \
	    >matches.jsonl
	cmd=("$1" --ledger led.db --images caption --failed lost
	    --model "$STUB_URL#$2" matches.jsonl)
	finals=(lost)
}

setup_ledger() {
	torture_stub
	small_ledger led.db 5
	case $1 in
	why)	cmd=(ledger --ledger led.db --json why
		    "$(jq -r .id checked.jsonl | head -n 1)") ;;
	drops|verify)
		cmd=(ledger --ledger led.db "$1") ;;
	index)	cmd=(ledger --ledger led.db index)
		proof=(riddle ledger --ledger led.db --json why
		    "$(jq -r .id checked.jsonl | head -n 1)") ;;
	vacuum)	cmd=(ledger --ledger led.db vacuum)
		proof=(sqlite3 led.db
		    'select id, run from records order by 1, 2') ;;
	merge)	mv led.db whole.db
		rm -f led.db-*
		small_ledger led.db 2
		cmd=(ledger --ledger led.db merge whole.db)
		proof=(sqlite3 led.db 'select count(*) from records;
		    select count(*) from calls; select count(*) from runs;
		    select request from calls order by 1') ;;
	esac
}

setup_clip() {
	cmd=("$1" --ledger led.db --failed lost --threads 2 --vectors v.rdv
	    --model samples/demo-clip "$IN/images.jsonl")
	finals=(lost)
	if [ "$1" = clip-embed ]; then
		cmd+=(--npy v.npy)
		finals+=(v.npy)
	else
		cmd+=(--tasks "$IN/tasks.jsonl" --top-k 2)
	fi
}

setup_export() {
	cmd=(export --ledger led.db --format "$1" --out "set" --replace
	    "$IN/rows.jsonl")
	finals=("set")
}

setup_judge() {
	model=1
	cmd=(qa-judge --ledger led.db --images pixels --failed lost
	    --model "$STUB_URL#stub" "$IN/qa.jsonl")
	finals=(lost)
}

# One per name; most are a line.
case_setup() {
	cmd=() finals=() model='' proof=()
	mkdir -p "$T/base"
	cd "$T/base" || exit 1
	ln -s "$ROOT/samples" samples
	case $1 in
	ask*|task*|taxonomy*|qa-*) cd "$T" && torture_stub && cd base ||
	    exit 1 ;;
	esac
	case $1 in
	validate)
		cmd=(validate --ledger led.db --failed lost "$IN/qa.jsonl")
		finals=(lost) ;;
	ask|ask-json)	setup_ask "$1" ;;
	taxonomy-expand)
		model=1
		cmd=(taxonomy-expand --ledger led.db --levels 2 --rounds 3
		    --model "$STUB_URL#stub" samples/seeds.jsonl) ;;
	task-filter)	setup_matches "$1" filter ;;
	qa-generate)	setup_matches "$1" pairs ;;
	qa-judge-pixels)	setup_judge ;;
	vote)	cmd=(vote --ledger led.db --min-sum 1 --join "$IN/judge-2.jsonl"
		    --failed lost --stats-json stats "$IN/judge-1.jsonl")
		finals=(lost stats) ;;
	select)	cmd=(select --ledger led.db --failed lost --sample 2
		    --split "train=0.5,test=0.5" --leaks drop "$IN/voted.jsonl")
		finals=(lost) ;;
	dedupe)	cmd=(dedupe --ledger led.db --field question "$IN/qa.jsonl") ;;
	dedupe-near)
		cmd=(dedupe --ledger led.db --by minhash --field question
		    "$IN/qa.jsonl") ;;
	cross-pair)
		awk 'BEGIN { for (i = 0; i < 3; i++) {
		    printf "{\"kind\":\"contrast\",\"base\":\"b %d\",", i
		    printf "\"dimension\":\"content\",\"sides\":["
		    for (j = 0; j < 2; j++) {
			printf "%s{\"text\":\"t %d %d\",", j ? "," : "", i, j
			printf "\"image\":{\"id\":\"image:%d-%d\",", i, j
			printf "\"uri\":\"a.png\"}}" }
		    print "]}" } }' >groups.jsonl
		cmd=(cross-pair --ledger led.db --folds 2 groups.jsonl) ;;
	image-ingest)
		mkdir pictures
		cp samples/demo-clip/images/{bird.png,bird.txt,airplane.jpg} \
		    pictures
		tar -cf some.tar pictures
		cmd=(image-ingest --ledger led.db --captions --store store
		    --threads 2 --failed lost pictures some.tar)
		finals=(lost) ;;
	clip-embed|clip-filter)	setup_clip "$1" ;;
	export-llava)	setup_export llava ;;
	export-hf)	setup_export hf ;;
	export-tar)	setup_export webdataset ;;
	export-again)
		head -n 2 "$IN/rows.jsonl" | riddle export --ledger none \
		    --format hf --out "set" 2>/dev/null || exit 1
		setup_export hf ;;
	report)	cmd=(report --ledger none --out page.html --title t
		    --funnel "$IN/funnel.jsonl" --matches "$IN/matches.jsonl"
		    --agreement "$IN/agreement.json" "$IN/rows.jsonl")
		finals=(page.html) ;;
	ledger-*)	setup_ledger "${1#ledger-}" ;;
	*)	echo "no case $1" >&2
		exit 1 ;;
	esac
	rm -f "$T"/base/.[a-z]*
	cd "$T" || exit 1
}
