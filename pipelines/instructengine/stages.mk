# InstructEngine as make targets, a file a stage: what is there is not made
# again, and within a stage the ledger answers what was asked before.  Run it by
#
#	make instructengine THEMES=file GEN=model T2I=server \
#	    CLIP=dir OUT=dir [BUDGET=usd]		(or JUDGE=model for CLIP)
#
# Stage files are written by a temporary name and renamed.  A stage that ends
# with status 3, more failed records than MAX_FAILED, stops the run and keeps
# nothing; its failed records are in $(OUT)/failed/.

SHELL = /bin/bash
.SHELLFLAGS = -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:

RIDDLE ?= riddle
OUT ?= instructengine
ROUNDS ?= 4
COUNT ?= 10
DIMENSIONS ?= content=1,counterfactual=1,aesthetics=1
SEED ?= 0
SIZE ?=
MAX_FAILED ?= 5%
NAME ?= instructengine
FOLDS ?= 10
PRECISION ?= auto
export RIDDLE_LEDGER ?= $(OUT)/riddle.db

MODEL = $(if $(BUDGET),--budget $(BUDGET)) $(MODEL_FLAGS)
FAILED = --failed $(OUT)/failed/$(basename $(@F)).jsonl --max-failed $(MAX_FAILED)
# Prompts of one's own: PROMPTS=dir with instruction-generate.prompt and so on.
prompt = $(if $(PROMPTS),--prompt $(PROMPTS)/$(1).prompt)
comma = ,
need = $(if $($(1)),,$(error $(1)= is missing; see pipelines/instructengine/README.md))

dataset: $(OUT)/manifest.json

$(OUT)/failed:
	mkdir -p $@

# DRAWN=file, contrasts with pictures, skips the stages 1 to 4.
ifdef DRAWN
stages = drawn aligned triples
$(OUT)/drawn.jsonl: $(DRAWN) | $(OUT)/failed
	cp $< $@.tmp
	mv $@.tmp $@
else
stages = topics instructions contrasts drawn aligned triples

# 1. Topics below the themes.  TOPICS=file, task records, skips this stage.
ifdef TOPICS
$(OUT)/topics.jsonl: $(TOPICS) | $(OUT)/failed
	cp $< $@.tmp
	mv $@.tmp $@
else
$(OUT)/topics.jsonl: $(THEMES) | $(OUT)/failed
	$(call need,THEMES)$(call need,GEN)
	$(RIDDLE) taxonomy-expand --model "$(GEN)" --levels 2 --rounds $(ROUNDS) \
	    --leaves $(FAILED) $(if $(BUDGET),--budget $(BUDGET)) $< > $@.tmp
	mv $@.tmp $@
endif

# 2. Base instructions of each topic.
$(OUT)/instructions.jsonl: $(OUT)/topics.jsonl
	$(call need,GEN)
	$(RIDDLE) instruction-generate --model "$(GEN)" --count $(COUNT) \
	    $(call prompt,instruction-generate) $(INSTRUCTION_FLAGS) $(MODEL) \
	    $(FAILED) $< > $@.tmp
	mv $@.tmp $@

# 3. Two that oppose each other of each.
$(OUT)/contrasts.jsonl: $(OUT)/instructions.jsonl
	$(RIDDLE) contrast-generate --model "$(GEN)" --dimensions $(DIMENSIONS) \
	    --shuffle-seed $(SEED) $(call prompt,contrast-generate) \
	    $(CONTRAST_FLAGS) $(MODEL) $(FAILED) $< > $@.tmp
	mv $@.tmp $@

# 4. A picture of each side.
$(OUT)/drawn.jsonl: $(OUT)/contrasts.jsonl
	$(call need,T2I)
	$(RIDDLE) image-generate --model "$(T2I)" --store $(OUT)/pictures \
	    --seed $(SEED) $(if $(SIZE),--size $(SIZE)) $(DRAW_FLAGS) $(MODEL) \
	    $(FAILED) $< > $@.tmp
	mv $@.tmp $@

endif

# 5. The pairs in which each picture fits its own text better than the other.
$(OUT)/aligned.jsonl: $(OUT)/drawn.jsonl
	$(if $(CLIP)$(JUDGE),,$(error CLIP=dir or JUDGE=model is missing))
	$(RIDDLE) preference-pair $(if $(MIN_OWN),--min-own $(MIN_OWN)) $(PAIR_FLAGS) $(FAILED) \
	    $(if $(CLIP),--clip "$(CLIP)" --vectors $(OUT)/vectors.rdv --precision $(PRECISION),--model "$(JUDGE)" $(call prompt,preference-pair) $(MODEL)) \
	    $< > $@.tmp
	mv $@.tmp $@

# 6. Each side chosen for its own instruction, rejected for its sibling's; two
# bases may have come to the same pair.
$(OUT)/triples.jsonl: $(OUT)/aligned.jsonl
	$(RIDDLE) cross-pair --folds $(FOLDS) --seed $(SEED) $(CROSS_FLAGS) \
	    $(FAILED) $< | $(RIDDLE) dedupe --field id > $@.tmp
	mv $@.tmp $@

# 7. What a trainer loads, the funnel, and a page to look at.
$(OUT)/funnel.jsonl: $(OUT)/triples.jsonl
	$(RIDDLE) ledger --json funnel $$($(RIDDLE) ledger --json runs | jq -rs '
	    map(select(.status == "done" or .status == "rejected"))
	    | group_by(.tool, .argv) | map({first: min_by(.run).run, run: max_by(.run).run})
	    | sort_by(.first)[].run') > $@.tmp
	mv $@.tmp $@

# How many of each theme and dimension came through each stage.
$(OUT)/counts.tsv: $(OUT)/triples.jsonl
	for stage in $(filter-out topics,$(stages)); do
	    jq -r --arg s $$stage '[.task.path[0] // "-", .dimension // "-", $$s] | @tsv' \
	        $(OUT)/$$stage.jsonl
	done | sort | uniq -c | awk -v OFS='\t' '{ n = $$1; sub(/^ *[0-9]+ /, ""); print $$0, n }' > $@.tmp
	mv $@.tmp $@

CARD = --name "$(NAME)" $(if $(LICENCE),--licence $(LICENCE)) --funnel $(OUT)/funnel.jsonl
$(OUT)/dataset/manifest.json: $(OUT)/triples.jsonl $(OUT)/funnel.jsonl
	$(RIDDLE) export --ledger none --format diffusion-dpo --out $(OUT)/dataset --replace $(CARD) $<
	$(RIDDLE) export --ledger none --format diffusion-dpo-tar --out $(OUT)/shards --replace $(CARD) $<
	$(RIDDLE) export --check --format diffusion-dpo $(OUT)/dataset

$(OUT)/report.html: $(OUT)/triples.jsonl $(OUT)/funnel.jsonl
	$(RIDDLE) report --title "$(NAME)" --funnel $(OUT)/funnel.jsonl \
	    --contrasts $(OUT)/aligned.jsonl --out $@ $<

outputs = $(stages:%=%.jsonl) counts.tsv dataset/manifest.json
settings = THEMES TOPICS DRAWN GEN T2I CLIP JUDGE ROUNDS COUNT DIMENSIONS SEED SIZE \
	MIN_OWN MAX_FAILED NAME LICENCE FOLDS PRECISION PROMPTS \
	INSTRUCTION_FLAGS CONTRAST_FLAGS DRAW_FLAGS PAIR_FLAGS CROSS_FLAGS
$(OUT)/manifest.json: $(OUT)/dataset/manifest.json $(OUT)/report.html $(OUT)/counts.tsv
	{
	    printf '{\n"pipeline": "instructengine",\n"riddle": "%s",\n"settings": {' \
	        "$$($(RIDDLE) --version)"
	    sep=
	    $(foreach s,$(settings),$(if $($(s)),printf '%s\n"%s": "%s"' "$$sep" '$(s)' '$($(s))'; sep=$(comma);))
	    printf '\n},\n"outputs": {'
	    sep=
	    for f in $(outputs); do
	        printf '%s\n"%s": "%s"' "$$sep" "$$f" "$$(sha256sum < $(OUT)/$$f | cut -c 1-64)"
	        sep=$(comma)
	    done
	    printf '\n}\n}\n'
	} > $@.tmp
	mv $@.tmp $@

.PHONY: dataset
