# riddle: build, test, install.  GNU make.  `make help` lists the targets.
# All output goes to $(B); nothing is written elsewhere in the tree.

VERSION := 0.1.0

B ?= build
CC = gcc
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
SANITIZE ?=
WERROR ?=

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla -Wwrite-strings
HARDEN = -fstack-protector-strong -fPIE
LDHARDEN = -pie -Wl,-z,relro,-z,now

ifneq ($(SANITIZE),)
B := $(B)/sanitize
CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
else
HARDEN += -D_FORTIFY_SOURCE=2
endif

# yyjson: the distribution's package, or build/deps (tests/setup.sh makes it).
YYJSON_CFLAGS := $(shell pkg-config --cflags yyjson 2>/dev/null || echo -isystem build/deps/include)
YYJSON_LIBS := $(shell pkg-config --libs yyjson 2>/dev/null || echo build/deps/lib/libyyjson.a)

override CPPFLAGS += -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
	-DRDL_VERSION='"$(VERSION)"' -Itools/lib $(YYJSON_CFLAGS)
LIBS = $(YYJSON_LIBS) -lsqlite3 -lcrypto -lutf8proc -lyaml -lpcre2-8 -lxxhash -lm -ldl

# Floors of the library, lowest first; a floor includes only those below it.
FLOORS = core record ledger model domain
floor_src = $(wildcard tools/lib/$(1)/*.c)
floor_lib = $(B)/lib/$(1).a
LIBRIDDLE = $(foreach f,$(FLOORS),$(call floor_lib,$(f)))

TOOLS = $(patsubst tools/%.c,%,$(filter-out tools/riddle.c,$(wildcard tools/*.c)))
TOOL_BINS = $(TOOLS:%=$(B)/libexec/riddle/%)

UNIT = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
UNIT_BINS = $(UNIT:%=$(B)/tests/%)

EMBED = $(sort $(wildcard sql/*.sql schemas/*.json pipelines/*/prompts/*.prompt))

all: $(B)/bin/riddle $(TOOL_BINS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(HARDEN) $(WARN) $(WERROR) -MMD -MP -c -o $@ $<

$(B)/gen/embed_table.o: $(B)/gen/embed_table.c
	$(CC) $(CPPFLAGS) $(CFLAGS) $(HARDEN) -c -o $@ $<

# SQL, schemas and prompts become C strings, sorted by path.
$(B)/gen/embed_table.c: $(EMBED) Makefile
	@mkdir -p $(@D)
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

define floor_rules
OBJ_$(1) = $$(patsubst %.c,$(B)/%.o,$(call floor_src,$(1)))
$(call floor_lib,$(1)): $$(OBJ_$(1)) $(if $(filter core,$(1)),$(B)/gen/embed_table.o)
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach f,$(FLOORS),$(eval $(call floor_rules,$(f))))

# A tool links the floors, highest first.
rev = $(if $(1),$(call rev,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
LINK = $(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $(filter %.o,$^) \
	-Wl,--as-needed $(call rev,$(filter %.a,$^)) $(LIBS) $(LIBS_$(@F))

LIBS_model-stub = -lmicrohttpd

$(TOOL_BINS): $(B)/libexec/riddle/%: $(B)/tools/%.o $(LIBRIDDLE)
	@mkdir -p $(@D)
	$(LINK)

$(B)/bin/riddle: $(B)/tools/riddle.o $(LIBRIDDLE)
	@mkdir -p $(@D)
	$(LINK)

# A unit test FLOOR_name.c links that floor and those below it.
upto = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call upto,$(1),$(wordlist 2,$(words $(2)),$(2))))
define unit_rules
$(B)/tests/$(1): $(B)/tests/unit/$(1).o $(foreach f,$(call upto,$(firstword $(subst _, ,$(1))),$(FLOORS)),$(call floor_lib,$(f)))
	@mkdir -p $$(@D)
	$$(LINK) -lcmocka
endef
$(foreach u,$(UNIT),$(eval $(call unit_rules,$(u))))

unit: $(UNIT_BINS)
	@for t in $(UNIT_BINS); do $$t || exit 1; done

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all unit clean
.SECONDARY:
