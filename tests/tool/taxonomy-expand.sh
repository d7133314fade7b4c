#!/usr/bin/env bash
# riddle-taxonomy-expand: what replies do to the tree.  D1 to D8 are the
# defects of the published scripts; each check would fail on their behaviour.
# shellcheck disable=SC2016	# programs for sh and jq in quotes
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
export RIDDLE_LEDGER=$T/led.db

cat > seeds.jsonl <<'EOF'
{"path":["OCR"],"note":2.50}
{"path":["document OCR"]}
{"path":["Describe"]}
EOF

# Replies by parent; a parent that is not named here has no children.
replies() {
	cat > replies.jsonl
	rm -f led.db*
	stub_start --log log.jsonl --reply-file replies.jsonl --reply '{"tasks": []}'
}
expand() { riddle taxonomy-expand -m "$STUB_URL#stub" --progress never "$@"; }
paths() { expand "$@" seeds.jsonl | jq -r '.path | join(" ~ ")'; }

replies <<'EOF'
{"match":"Parent: OCR\n","reply":{"tasks":["Receipts","receipts","","  RECEIPTS ","2. \"Shop signs\".","OCR ~ web pages","OCR ∼ Web Pages","/etc/passwd","../../escape","a ~ b","document OCR ~ forms"]}}
{"match":"Parent: document OCR\n","reply":{"tasks":["forms"]}}
EOF
check_output 'D1 case, D2 repeated and blank lines, D4 both tildes, D6 slashes and numbers' - \
	paths --levels 2 --from-level 2 --rounds 1 <<'EOF'
Describe
document OCR
document OCR ~ forms
OCR
OCR ~ ../../escape
OCR ~ /etc/passwd
OCR ~ Receipts
OCR ~ Shop signs
OCR ~ web pages
EOF
check_output 'nothing was made in the file system' - sh -c 'ls -d TaskType Tasktype etc OCR 2>/dev/null | wc -l' <<< 0
check_output 'each proposed name is accounted for' - sqlite3 led.db \
	'select records_in, passed, dropped, failed from runs' <<< '15|9|6|0'
check_output 'and each drop has its rule' - sqlite3 led.db \
	'select rule, count(*) from drops group by rule order by 1' <<'EOF'
bad-name|3
duplicate|3
EOF

# D3, D8: a level feeds the next, deeper than three.
replies <<'EOF'
{"match":"Parent: OCR ~ a ~ b ~ c\n","reply":{"tasks":["d"]}}
{"match":"Parent: OCR ~ a ~ b\n","reply":{"tasks":["c"]}}
{"match":"Parent: OCR ~ a\n","reply":{"tasks":["b"]}}
{"match":"Parent: OCR\n","reply":{"tasks":["a"]}}
EOF
check_output 'D3 and D8: levels feed each other, five deep' - \
	sh -c 'riddle taxonomy-expand -m "$0" --progress never --from-level 2 --levels 5 seeds.jsonl |
	jq -r "select(.level == 5) | .path | join(\" ~ \")"' "$STUB_URL#stub" \
	<<< 'OCR ~ a ~ b ~ c ~ d'

# D5: what a parent is shown is its own children, by exact prefix.
replies <<'EOF'
{"match":"- forms","model":"stub","reply":{"tasks":["leaked"]}}
{"match":"Parent: document OCR\n","reply":{"tasks":["forms"]}}
EOF
check_output 'D5: children of "document OCR" are not shown to "OCR"' - \
	paths --levels 2 --from-level 2 --rounds 2 <<'EOF'
Describe
document OCR
document OCR ~ forms
document OCR ~ leaked
OCR
EOF

# D7: a failed parent is not a childless one.
rm -f led.db*
cat > rules.jsonl <<'EOF'
{"fault":"http","status":400,"match":"Parent: OCR\\n"}
EOF
stub_start --reply '{"tasks": ["x"]}' --script rules.jsonl
check_status 3 'D7: a failed parent is a failed record' \
	expand --levels 2 --from-level 2 --rounds 1 --failed lost.jsonl seeds.jsonl
check_output 'D7: and says which' - jq -c '[.lost, .rule, .record.path]' lost.jsonl \
	<<< '["failed","http",["OCR"]]'

# D8: order and bytes do not depend on the order of seeds, or on speed.
rm -f led.db*
stub_start --taxonomy --latency 1-20
expand --inflight 1 seeds.jsonl > one.jsonl
rm -f led.db*
expand --inflight 64 seeds.jsonl > two.jsonl
check_equal 'D8: the same bytes whatever is in flight' one.jsonl two.jsonl
tac seeds.jsonl > turned.jsonl
expand turned.jsonl > three.jsonl
check_equal 'D8: and in whatever order the seeds come' one.jsonl three.jsonl

# Seeds, identity, leaves.
check_output 'a seed keeps its bytes' - grep -o '"path":\["OCR"\],"note":2.50' one.jsonl \
	<<< '"path":["OCR"],"note":2.50'
check 'the tree fits its schema, ids and all' riddle validate --ledger none --ids one.jsonl
check_output 'every child names its parent' - jq -rn '
	[inputs] | INDEX(.id) as $by | [.[] | select(.level > 1) |
	select($by[.from[0]].path != .path[:-1])] | length' one.jsonl <<< 0
expand --leaves seeds.jsonl > leaves.jsonl
check_output '--leaves: no leaf is a parent' - jq -n --slurpfile l leaves.jsonl '
	($l | map(.from[0])) as $p | [$l[] | select(.id as $i | $p | index($i))] | length' <<< 0
check_output 'the growth curve is in the ledger' - sqlite3 led.db \
	"select json_array_length(json) > 3 from notes where name = 'growth' limit 1" <<< 1
check_output 'a rerun asks nobody' - sqlite3 led.db \
	'select calls from runs order by run desc limit 1' <<< 0
check_output '--max-children' - sh -c 'riddle taxonomy-expand -m "$0" --progress never \
	--levels 2 --from-level 2 --max-children 1 --rounds 3 seeds.jsonl | wc -l' \
	"$STUB_URL#stub" <<< 6

# Seeds that are none.
printf '%s\n' '{"path":["a"]}' '{"path":[]}' '{"path":["x",7]}' '{"name":"y"}' \
	'{"path":["A "]}' '{"path":["a~b"]}' > bad.jsonl
check_status 3 'bad seeds fail, the others go on' \
	expand --levels 1 --from-level 2 --failed lost.jsonl bad.jsonl
check_output 'each with its reason' - jq -r '[.lost, .rule] | join(" ")' lost.jsonl <<'EOF'
failed seed
failed seed
failed seed
dropped duplicate
failed seed
EOF

# Plain text replies, and a prompt of one's own.
rm -f led.db*
printf 'List kinds of {{parent}}, one a line.\n' > own.prompt
stub_start --reply $'1. first kind\n2. second kind\n\n- first kind'
check_output 'a prompt of one'\''s own, names a line' - \
	paths --prompt own.prompt --levels 2 --from-level 2 --rounds 1 --limit 1 <<'EOF'
OCR
OCR ~ first kind
OCR ~ second kind
EOF

# A dry run asks nobody.
stub_start --log dry.jsonl --taxonomy
check 'dry run' riddle taxonomy-expand -m "$STUB_URL#stub" -n seeds.jsonl
check_stderr 'says what it would ask' '[0-9]+ to ask'
check_output 'and asks nobody' - sh -c 'cat dry.jsonl 2>/dev/null | wc -l' <<< 0
