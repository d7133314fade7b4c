# riddle: build, test, install.  GNU make.  `make help` lists the targets.
# All output goes to $(B); nothing is written elsewhere in the tree.
#
# make V=1			show the commands
# make CC=clang WERROR=-Werror	another compiler, warnings are errors
# make SANITIZE=address,undefined check	instrumented, in $(B)/sanitize
# make B=build/mine ...		a build folder of your own
# make check TESTS="unit man"	some of the tests; see tests/run.sh

VERSION := 0.1.0

B ?= build
CC = gcc
PREFIX ?= /usr/local
DESTDIR ?=
CFLAGS ?= -O2 -g
SANITIZE ?=
WERROR ?=
V ?=
TESTS ?=
FUZZ_SECONDS ?= 20
Q = $(if $(V),,@)
say = @$(if $(V),:,printf '  %-4s %s\n' $(1) $@)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla -Wwrite-strings
# What a compiler or a processor does not know is left out.
try = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && echo $(1))
HARDEN := -fstack-protector-strong -fPIE $(call try,-fstack-clash-protection) \
	$(call try,-fcf-protection)
LDHARDEN = -pie -Wl,-z,relro,-z,now,-z,noexecstack

# out is where this build goes: a sanitized one has objects of its own.
ifneq ($(SANITIZE),)
out := $(B)/sanitize
SAN = -fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all $(SANFLAGS)
else
out := $(B)
SAN =
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

# yyjson: the distribution's package, or build/deps (tests/setup.sh makes it).
YYJSON_CFLAGS := $(shell pkg-config --cflags yyjson 2>/dev/null || echo -isystem build/deps/include)
YYJSON_LIBS := $(shell pkg-config --libs yyjson 2>/dev/null || echo build/deps/lib/libyyjson.a)

override CPPFLAGS += -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
	-DRDL_VERSION='"$(VERSION)"' -Itools/lib $(YYJSON_CFLAGS)
COMPILE = $(CC) $(CPPFLAGS) $(CFLAGS) $(SAN) $(HARDEN) \
	-ffile-prefix-map=$(CURDIR)=.
LIBS = $(YYJSON_LIBS) -lsqlite3 -lcrypto -lutf8proc -lyaml -lpcre2-8 \
	-lxxhash -ljpeg -lpng -lwebp -larchive -lzstd -lz -lseccomp -lm \
	-ldl -lpthread

# Floors of the library, lowest first; a floor includes only those below it.
# stub, the model server for tests, is linked by model-stub alone.
FLOORS = core record ledger query vision model domain publish
STUB = $(if $(wildcard tools/lib/stub/*.c),stub)
floor_src = $(wildcard tools/lib/$(1)/*.c)
floor_lib = $(out)/lib/$(1).a
LIBRIDDLE = $(foreach f,$(FLOORS),$(call floor_lib,$(f)))
FLOOR_OBJS = $(foreach f,$(FLOORS) $(STUB),$(patsubst %.c,$(out)/%.o,$(call floor_src,$(f))))

TOOLS = $(patsubst tools/%.c,%,$(filter-out tools/riddle.c,$(wildcard tools/*.c)))
TOOL_BINS = $(TOOLS:%=$(out)/libexec/riddle/%)
RIDDLE = $(if $(wildcard tools/riddle.c),$(out)/bin/riddle)

UNIT = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
UNIT_BINS = $(UNIT:%=$(out)/tests/%)
HELPER_BINS = $(patsubst tests/helper/%.c,$(out)/helper/%,$(wildcard tests/helper/*.c))
# Drivers of measurements and comparisons link everything.
BENCH_BINS = $(patsubst tests/%.c,$(out)/%,$(wildcard tests/bench/*.c))
PEERS_BINS = $(patsubst tests/%.c,$(out)/%,$(wildcard tests/peers/*.c))
FUZZ = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_BINS = $(FUZZ:%=$(out)/fuzz/%)

# NAME.1 beside the tool is riddle-NAME(1); NAME.7 is a page as it is named.
MAN = $(patsubst tools/%.1,$(out)/share/man/man1/riddle-%.1,$(filter-out tools/riddle.1,$(wildcard tools/*.1))) \
	$(patsubst tools/%.1,$(out)/share/man/man1/%.1,$(wildcard tools/riddle.1)) \
	$(patsubst tools/%.7,$(out)/share/man/man7/%.7,$(wildcard tools/*.7))

# Completion for shells, from the tables of options.
COMPLETE = $(out)/share/bash-completion/completions/riddle \
	$(out)/share/zsh/site-functions/_riddle \
	$(out)/share/fish/vendor_completions.d/riddle.fish
SHARED = $(patsubst $(out)/%,%,$(MAN) $(COMPLETE))

EMBED = $(sort $(wildcard sql/*.sql schemas/*.json pipelines/*/prompts/*.prompt))

# Commands that need the whole of setup first run make once more, because
# where yyjson is was asked above, before setup could install it.
JOBS := $(shell nproc 2>/dev/null || echo 2)
AGAIN = $(MAKE) --no-print-directory \
	$(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

##@ Build

all: $(RIDDLE) $(TOOL_BINS) $(MAN) ## build the tools into build/bin and build/libexec

setup: ## install what the build needs (Debian packages), once
	@tests/setup.sh build

install: all $(COMPLETE) ## install below PREFIX (/usr/local), with DESTDIR before it
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/riddle
	install -m 755 $(RIDDLE) $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(TOOL_BINS) $(DESTDIR)$(PREFIX)/libexec/riddle/
	for f in $(SHARED); do \
		install -D -m 644 "$(out)/$$f" "$(DESTDIR)$(PREFIX)/$$f" || exit 1; done

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/riddle
	rm -rf $(DESTDIR)$(PREFIX)/libexec/riddle
	for f in $(SHARED); do rm -f "$(DESTDIR)$(PREFIX)/$$f"; done

clean: ## remove what was built; build/deps and build/local stay
	rm -rf $(filter-out build/deps build/local,$(wildcard $(B)/*))

distclean: ## remove build/ whole
	rm -rf build

##@ Try

demo: setup ## make a small dataset from samples/, in a minute, without a key
	@+$(AGAIN) all
	@PATH="$(abspath $(out)/bin):$$PATH" samples/demo.sh $(out)/demo

demo-preference: setup ## the same for preferences: pictures to choose and reject
	@+$(AGAIN) all
	@PATH="$(abspath $(out)/bin):$$PATH" \
		samples/demo-preference.sh $(out)/demo-preference

record: setup local-model ## record the model calls that demo replays, again
	@+$(AGAIN) all
	@PATH="$(abspath $(out)/bin):$$PATH" samples/record.sh

##@ Datasets

taskgalaxy: setup ## IMAGES= SEEDS= CLIP= GEN= JUDGES= OUT=; see pipelines/taskgalaxy
	@+$(AGAIN) all
	@PATH="$(abspath $(out)/bin):$$PATH" \
		$(MAKE) --no-print-directory -f pipelines/taskgalaxy/stages.mk

instructengine: setup ## THEMES= GEN= T2I= CLIP=|JUDGE= OUT=; see pipelines/instructengine
	@+$(AGAIN) all
	@PATH="$(abspath $(out)/bin):$$PATH" \
		$(MAKE) --no-print-directory -f pipelines/instructengine/stages.mk

verify: setup ## make OUT= again from its manifest and ledger, and compare
	@+$(AGAIN) all
	@PATH="$(abspath $(out)/bin):$$PATH" pipelines/taskgalaxy/verify $(OUT)

##@ Test

check: setup ## all tests: units, tools, contract, manuals
	@+$(AGAIN) check-built

check-built: all unit-bins
	@OUT=$(out) tests/run.sh $(TESTS)

unit-bins: $(UNIT_BINS) $(HELPER_BINS)

unit: setup ## only the unit tests
	@+$(AGAIN) unit-built

unit-built: unit-bins
	@OUT=$(out) tests/run.sh unit

check-local: setup local-model ## model tools against a real local model
	@+$(AGAIN) all
	@OUT=$(out) tests/local/check.sh

check-peers: setup ## compare with the programs others use for the same
	@+$(AGAIN) all peers-bins
	@OUT=$(out) tests/peers/run.sh

local-model: ## build llama-server and fetch a small model, into build/local
	@tests/local/build.sh

bench: setup ## measure speed and memory
	@+$(AGAIN) all bench-bins
	@OUT=$(out) tests/bench/run.sh

bench-peers: setup ## measure the programs others use for the same
	@+$(AGAIN) all
	@OUT=$(out) tests/bench/peers.sh

valgrind: setup ## the unit tests under valgrind
	@tests/setup.sh dev
	@+$(AGAIN) unit-bins
	@OUT=$(out) WRAP="valgrind -q --error-exitcode=99 --leak-check=full \
		--child-silent-after-fork=yes" TIME_LIMIT=900 tests/run.sh unit

# yyjson's foreach over a container that is not there adds to NULL, and stops.
fuzz: setup ## FUZZ_SECONDS (20) of libFuzzer for each of tests/fuzz
	@tests/setup.sh dev
	@+$(AGAIN) B=$(B)/fuzz CC=clang \
		SANITIZE=fuzzer-no-link,address,undefined \
		SANFLAGS=-fno-sanitize=pointer-overflow fuzz-bins
	@OUT=$(B)/fuzz/sanitize tests/fuzz.sh $(FUZZ_SECONDS)

fuzz-bins: $(FUZZ_BINS)

torture: setup ## each call fails in turn, kills, no power; SHORT=1 a minute
	@+$(AGAIN) all torture-bins
	@OUT=$(out) tests/torture/run.sh $(PARTS)

torture-bins: $(addprefix $(out)/torture/,fault.so record.so replay)

bench-bins: $(BENCH_BINS)

peers-bins: $(PEERS_BINS)

lint: setup ## style, sizes, floors, symbols, shell, manuals
	@tests/setup.sh dev
	@+$(AGAIN) all
	@OUT=$(out) tests/lint.sh

help: ## show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "%s%s\n", n++ ? "\n" : "", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

# What the test scripts ask the build for.
print-tools:
	@echo $(TOOLS)

# -- Objects and archives ----------------------------------------------------

# Flags of the last build: other flags, other objects.
$(out)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(COMPILE))' | cmp -s - $@ || \
		printf '%s\n' '$(subst ','\'',$(COMPILE))' > $@

$(out)/%.o: %.c $(out)/flags | yyjson
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(COMPILE) $(WARN) $(WERROR) -MMD -MP -c -o $@ $<

$(out)/gen/embed_table.o: $(out)/gen/embed_table.c $(out)/flags
	$(call say,cc)
	$(Q)$(COMPILE) -c -o $@ $<

yyjson:
	@echo '#include <yyjson.h>' | $(CC) $(YYJSON_CFLAGS) -E - >/dev/null 2>&1 || \
		{ echo 'yyjson is not here yet: run "make setup" once' >&2; exit 1; }

# SQL, schemas and prompts become C strings, sorted by path.  The list of
# files is kept beside it, so that a file that went away is noticed too.
$(out)/gen/embed_list: FORCE
	@mkdir -p $(@D)
	@echo $(EMBED) | cmp -s - $@ || echo $(EMBED) > $@

$(out)/gen/embed_table.c: $(EMBED) $(out)/gen/embed_list
	@{ echo '/* Made by the Makefile. */'; \
	  echo '#include "core/embed.h"'; \
	  n=0; for f in $(EMBED); do n=$$((n + 1)); \
	    echo "static const char f$$n[] = {"; \
	    od -An -v -tu1 "$$f" | sed 's/[0-9][0-9]*/(char)&,/g'; \
	    echo '0};'; done; \
	  echo 'const struct rdl_embed rdl_embed_table[] = {'; \
	  n=0; for f in $(EMBED); do n=$$((n + 1)); \
	    echo "{ \"$$f\", f$$n, sizeof(f$$n) - 1 },"; done; \
	  echo '{ 0, 0, 0 } };'; } > $@.tmp
	@mv $@.tmp $@

# An archive is made anew when its list of files changed, too.
define floor_rules
OBJ_$(1) = $$(patsubst %.c,$(out)/%.o,$(call floor_src,$(1)))
$(call floor_lib,$(1)): $$(OBJ_$(1)) $(if $(filter core,$(1)),$(out)/gen/embed_table.o) $(out)/lib/$(1).list
	@rm -f $$@
	@ar rcsD $$@ $$(filter %.o,$$^)
$(out)/lib/$(1).list: FORCE
	@mkdir -p $$(@D)
	@echo $$(OBJ_$(1)) | cmp -s - $$@ || echo $$(OBJ_$(1)) > $$@
endef
$(foreach f,$(FLOORS) $(STUB),$(eval $(call floor_rules,$(f))))

# -- Programs ----------------------------------------------------------------

# Archives go highest floor first.
rev = $(if $(1),$(call rev,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
LINK = $(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $(LDHARDEN) -o $@ $(filter %.o,$^) \
	-Wl,--as-needed $(call rev,$(filter %.a,$^)) $(LIBS)

$(TOOL_BINS): $(out)/libexec/riddle/%: $(out)/tools/%.o $(LIBRIDDLE)
	@mkdir -p $(@D)
	$(call say,ld)
	$(Q)$(LINK) $(LIBS_$(@F))

$(out)/libexec/riddle/model-stub: $(if $(STUB),$(call floor_lib,stub))
LIBS_model-stub = -lmicrohttpd -lpng

# The dispatcher only needs the ground floor.
$(out)/bin/riddle: $(out)/tools/riddle.o $(call floor_lib,core)
	@mkdir -p $(@D)
	$(call say,ld)
	$(Q)$(LINK)

$(out)/torture/%.so: tests/torture/%.c $(wildcard tests/torture/*.h) $(out)/flags
	@mkdir -p $(@D)
	$(call say,ld)
	$(Q)$(CC) -std=c11 $(CFLAGS) $(WARN) $(WERROR) -fPIC -shared -o $@ $<

$(out)/torture/%: $(out)/tests/torture/%.o
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $(LDHARDEN) -o $@ $<

$(HELPER_BINS): $(out)/helper/%: $(out)/tests/helper/%.o
	@mkdir -p $(@D)
	$(call say,ld)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $(LDHARDEN) -o $@ $<

$(BENCH_BINS) $(PEERS_BINS): $(out)/%: $(out)/tests/%.o $(LIBRIDDLE)
	@mkdir -p $(@D)
	$(call say,ld)
	$(Q)$(LINK)

# In a page, a line .\" @NAME@ stands for tools/man/NAME.mdoc, which says once
# what many tools have in common.
MAN_PARTS = $(wildcard tools/man/*.mdoc)
MAN_EXPAND = awk '/^\.\\" @[a-z-]+@$$/ { f = "tools/man/" \
	substr($$0, 6, length($$0) - 6) ".mdoc"; ok = 0; \
	while ((getline line < f) > 0) { print line; ok = 1 } \
	close(f); if (!ok) { print FILENAME ": no " f > "/dev/stderr"; \
	exit 1 } next } { print }' $< > $@

$(out)/share/man/man1/riddle-%.1: tools/%.1 $(MAN_PARTS)
	@mkdir -p $(@D)
	@$(MAN_EXPAND)

$(out)/share/man/man1/riddle.1: tools/riddle.1 $(MAN_PARTS)
	@mkdir -p $(@D)
	@$(MAN_EXPAND)

$(out)/share/man/man7/%.7: tools/%.7 $(MAN_PARTS)
	@mkdir -p $(@D)
	@$(MAN_EXPAND)

$(out)/completion-data: $(RIDDLE) $(TOOL_BINS)
	@$(RIDDLE) completion-data > $@

complete_for = @mkdir -p $(@D) && tools/complete.sh $(1) < $< > $@
$(out)/share/bash-completion/completions/riddle: $(out)/completion-data tools/complete.sh
	$(call complete_for,bash)

$(out)/share/zsh/site-functions/_riddle: $(out)/completion-data tools/complete.sh
	$(call complete_for,zsh)

$(out)/share/fish/vendor_completions.d/riddle.fish: $(out)/completion-data tools/complete.sh
	$(call complete_for,fish)

# FLOOR_name.c, a unit test or a fuzz target, links that floor and those below.
upto = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call upto,$(1),$(wordlist 2,$(words $(2)),$(2))))
floor_of = $(firstword $(subst _, ,$(1)))
floors_of = $(foreach f,$(call upto,$(call floor_of,$(1)),$(FLOORS) stub),$(call floor_lib,$(f)))
stub_libs = $(if $(filter stub,$(call floor_of,$(1))),$(LIBS_model-stub))

define unit_rules
$(out)/tests/$(1): $(out)/tests/unit/$(1).o $(call floors_of,$(1))
	@mkdir -p $$(@D)
	$$(call say,ld)
	$$(Q)$$(LINK) $(call stub_libs,$(1)) -lcmocka
endef
$(foreach u,$(UNIT),$(eval $(call unit_rules,$(u))))

define fuzz_rules
$(out)/fuzz/$(1): $(out)/tests/fuzz/$(1).o $(call floors_of,$(1))
	@mkdir -p $$(@D)
	$$(call say,ld)
	$$(Q)$$(LINK) -fsanitize=fuzzer
endef
$(foreach u,$(FUZZ),$(eval $(call fuzz_rules,$(u))))

-include $(wildcard $(patsubst %.o,%.d,$(FLOOR_OBJS) \
	$(patsubst %.c,$(out)/%.o,$(wildcard tools/*.c tests/*/*.c))))

FORCE:
.PHONY: FORCE all setup install uninstall clean distclean demo \
	demo-preference record taskgalaxy instructengine verify check \
	check-built unit-bins unit unit-built check-local check-peers \
	local-model bench bench-peers valgrind fuzz fuzz-bins torture torture-bins bench-bins peers-bins lint help \
	print-tools yyjson
.SECONDARY:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
