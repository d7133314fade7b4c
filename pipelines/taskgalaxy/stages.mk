# TaskGalaxy as make targets, a file a stage: what is there is not made again,
# and within a stage the ledger answers what was asked before.  Run it by
#
#	make taskgalaxy IMAGES=dir SEEDS=file CLIP=dir GEN=model \
#	    JUDGES="model model model" OUT=dir [BUDGET=usd]
#
# Stage files are written by a temporary name and renamed.  A stage that ends
# with status 3, more failed records than MAX_FAILED, stops the run and keeps
# nothing; its failed records are in $(OUT)/failed/.

SHELL = /bin/bash
.SHELLFLAGS = -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:

RIDDLE ?= riddle
OUT ?= taskgalaxy
LEVELS ?= 3
ROUNDS ?= 4
K ?= 10
MIN_SUM ?= 2
MAX_FAILED ?= 5%
NAME ?= taskgalaxy
IMAGES_AS ?= pixels
PRECISION ?= auto
SPLIT ?= train=1
export RIDDLE_LEDGER ?= $(OUT)/riddle.db

MODEL = --images $(IMAGES_AS) $(if $(BUDGET),--budget $(BUDGET)) $(MODEL_FLAGS)
FAILED = --failed $(OUT)/failed/$(basename $(@F)).jsonl --max-failed $(MAX_FAILED)
# Prompts of one's own: PROMPTS=dir with task-filter.prompt and so on.
prompt = $(if $(PROMPTS),--prompt $(PROMPTS)/$(1).prompt)
comma = ,
need = $(if $($(1)),,$(error $(1)= is missing; see pipelines/taskgalaxy/README.md))

dataset: $(OUT)/manifest.json

$(OUT)/failed:
	mkdir -p $@

# 1. The task tree.  TASKS=file skips this stage.
ifdef TASKS
$(OUT)/tasks.jsonl: $(TASKS) | $(OUT)/failed
	cp $< $@.tmp
	mv $@.tmp $@
else
$(OUT)/tasks.jsonl: $(SEEDS) | $(OUT)/failed
	$(call need,SEEDS)$(call need,GEN)
	$(RIDDLE) taxonomy-expand --model "$(GEN)" --levels $(LEVELS) \
	    --rounds $(ROUNDS) --leaves $(FAILED) $(if $(BUDGET),--budget $(BUDGET)) $< > $@.tmp
	mv $@.tmp $@
endif

# 2. Every image, decoded once.  Made anew each time, since a folder does not
# say what changed in it; later stages see only whether the list did.
$(OUT)/images.jsonl: FORCE | $(OUT)/failed
	$(call need,IMAGES)
	$(RIDDLE) image-ingest $(INGEST_FLAGS) $(FAILED) $(IMAGES) > $@.tmp
	cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

# 3. The K tasks with the highest cosine for each image.
$(OUT)/matches.jsonl: $(OUT)/images.jsonl $(OUT)/tasks.jsonl
	$(call need,CLIP)
	$(RIDDLE) clip-filter --tasks $(OUT)/tasks.jsonl --model "$(CLIP)" \
	    --vectors $(OUT)/vectors.rdv --top-k $(K) --precision $(PRECISION) \
	    $(CLIP_FLAGS) $(FAILED) $< > $@.tmp
	mv $@.tmp $@

# 4. The tasks that a model says fit.
$(OUT)/fitting.jsonl: $(OUT)/matches.jsonl
	$(call need,GEN)
	$(RIDDLE) task-filter --model "$(GEN)" $(call prompt,task-filter) \
	    $(MODEL) $(FAILED) $< > $@.tmp
	mv $@.tmp $@

# 5. A question and an answer for each of them.
$(OUT)/qa.jsonl: $(OUT)/fitting.jsonl
	$(RIDDLE) qa-generate --model "$(GEN)" $(call prompt,qa-generate) \
	    $(QA_FLAGS) $(MODEL) $(FAILED) $< > $@.tmp
	mv $@.tmp $@

# 6. The judges, at once; each says nothing of the others.
numbers = $(shell seq $(words $(JUDGES)))
judged = $(numbers:%=$(OUT)/judge-%.jsonl)
$(OUT)/judge-%.jsonl: $(OUT)/qa.jsonl
	$(call need,JUDGES)
	$(RIDDLE) qa-judge --model "$(word $*,$(JUDGES))" --judge judge-$* \
	    $(call prompt,judge-$*) $(JUDGE_FLAGS) $(MODEL) $(FAILED) $< > $@.tmp
	mv $@.tmp $@

# 7. The vote, joined by record id.
$(OUT)/voted.jsonl: $(judged)
	$(RIDDLE) vote --min-sum $(MIN_SUM) $(VOTE_FLAGS) --stats-json $(OUT)/agreement.json \
	    $(FAILED) $(patsubst %,--join %,$(wordlist 2,99,$(judged))) \
	    $(firstword $(judged)) > $@.tmp
	mv $@.tmp $@

# 8. Splits without leaks.
$(OUT)/rows.jsonl: $(OUT)/voted.jsonl
	$(RIDDLE) select --split $(SPLIT) --leaks drop $(SELECT_FLAGS) $(FAILED) $< > $@.tmp
	mv $@.tmp $@

# 9. What a trainer loads, with its card, the funnel and a page to look at.
# The newest run of each stage, in the order in which they came to be done.
$(OUT)/funnel.jsonl: $(OUT)/rows.jsonl
	$(RIDDLE) ledger --json funnel $$($(RIDDLE) ledger --json runs | jq -rs '
	    map(select(.status == "done" or .status == "rejected"))
	    | group_by(.tool, .argv) | map({first: min_by(.run).run, run: max_by(.run).run})
	    | sort_by(.first)[].run') > $@.tmp
	mv $@.tmp $@

$(OUT)/dataset/manifest.json: $(OUT)/rows.jsonl $(OUT)/funnel.jsonl
	$(RIDDLE) export --ledger none --format llava --out $(OUT)/llava.json --replace $<
	$(RIDDLE) export --ledger none --format hf --out $(OUT)/dataset --replace \
	    --name "$(NAME)" $(if $(LICENCE),--licence $(LICENCE)) \
	    --funnel $(OUT)/funnel.jsonl $<
	$(RIDDLE) export --check --format llava $(OUT)/llava.json
	$(RIDDLE) export --check --format hf $(OUT)/dataset

$(OUT)/report.html: $(OUT)/rows.jsonl $(OUT)/funnel.jsonl
	$(RIDDLE) report --title "$(NAME)" --funnel $(OUT)/funnel.jsonl \
	    --matches $(OUT)/matches.jsonl --agreement $(OUT)/agreement.json \
	    --out $@ $<

# 10. What it was made from and what came out, so that `make verify` can make
# it again from the ledger alone and compare.
outputs = tasks.jsonl images.jsonl matches.jsonl fitting.jsonl qa.jsonl \
	$(notdir $(judged)) voted.jsonl rows.jsonl llava.json dataset/manifest.json
settings = TASKS SEEDS IMAGES CLIP GEN JUDGES LEVELS ROUNDS K MIN_SUM MAX_FAILED \
	NAME LICENCE IMAGES_AS PRECISION PROMPTS SPLIT INGEST_FLAGS CLIP_FLAGS \
	JUDGE_FLAGS VOTE_FLAGS SELECT_FLAGS QA_FLAGS
$(OUT)/manifest.json: $(OUT)/dataset/manifest.json $(OUT)/report.html
	{
	    printf '{\n"pipeline": "taskgalaxy",\n"riddle": "%s",\n"settings": {' \
	        "$$($(RIDDLE) --version)"
	    sep=
	    $(foreach s,$(settings),$(if $($(s)),printf '%s\n"%s": "%s"' "$$sep" '$(s)' '$($(s))'; sep=$(comma);))
	    printf '\n},\n"prompts": {'
	    sep=
	    for f in $(or $(PROMPTS),pipelines/taskgalaxy/prompts)/*.prompt; do
	        printf '%s\n"%s": "%s"' "$$sep" "$$f" "$$(sha256sum < $$f | cut -c 1-64)"
	        sep=$(comma)
	    done
	    printf '\n},\n"outputs": {'
	    sep=
	    for f in $(outputs); do
	        printf '%s\n"%s": "%s"' "$$sep" "$$f" "$$(sha256sum < $(OUT)/$$f | cut -c 1-64)"
	        sep=$(comma)
	    done
	    printf '\n}\n}\n'
	} > $@.tmp
	mv $@.tmp $@

FORCE:
.PHONY: dataset FORCE
