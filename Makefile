# namidb: what to type. `make help` lists the targets.
#
# One static library of the C core, linked once for Lua 5.4 and once for LuaJIT.
# Everything made lands in $(BUILD); a variant (asan, tsan) is the same Makefile
# with another BUILD.

BUILD ?= build
PREFIX ?= /usr/local
# One more than there are processors, for when one waits.
JOBS ?= $(shell expr $$(nproc) + 1)
CC = gcc
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60

LAYERS := base sys format net store cache engine exec api
CORE_SRC := $(sort $(wildcard $(LAYERS:%=c/%/*.c)))
LUA_SRC := $(sort $(wildcard c/lua/*.c))
TEST_SRC := $(sort $(wildcard c/test/test_*.c))
TEST_HELP_SRC := $(sort $(filter-out $(TEST_SRC),$(wildcard c/test/*.c)))
FUZZ_SRC := $(sort $(wildcard c/fuzz/fuzz_*.c))
BENCH_SRC := $(sort $(wildcard c/bench/*.c))
C_FILES := $(sort $(wildcard c/*.h c/*/*.h c/*/*.c))
LUA_FILES := $(sort $(shell find lua spec examples -name '*.lua'))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
            -Werror
OPTIMISE ?= -O2 -g
CPPFLAGS += -Ic -D_GNU_SOURCE -DPCRE2_CODE_UNIT_WIDTH=8
CFLAGS += -std=c11 $(OPTIMISE) $(WARNINGS) -fPIC -fvisibility=hidden -pthread \
          $(SANITIZE)
LDFLAGS += -pthread $(SANITIZE)
LDLIBS += -lzstd -lxxhash -lcjson -lcurl -lexpat -lnettle -lpcre2-8 -lm

LUA54_CFLAGS = $(shell pkg-config --cflags lua5.4)
LUAJIT_CFLAGS = $(shell pkg-config --cflags luajit)

LIB := $(BUILD)/libnamidb.a
CORES := $(BUILD)/lua5.4/namidb/core.so $(BUILD)/luajit/namidb/core.so
TESTS := $(TEST_SRC:c/test/%.c=$(BUILD)/test/%)
FUZZERS := $(FUZZ_SRC:c/fuzz/%.c=$(BUILD)/fuzz/%)
BENCHES := $(BENCH_SRC:c/bench/%.c=$(BUILD)/bench/%)

# Targets that build much do it JOBS at once, unless make was told how many.
AT_ONCE = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: all help setup env check lint unit test test-backends tck property \
        property-chunks \
        asan tsan fuzz bench bench-setup demo install clean
.SECONDARY:
.DELETE_ON_ERROR:

all: $(LIB) $(CORES)

help:
	@sed -n 's/^## //p' Makefile

## make            build the core for Lua 5.4 and LuaJIT
## make setup      install the Debian packages that are missing
setup:
	@.ci/setup

## make env        shell exports: eval "$$(make -s env)"
env:
	@echo 'export LUA_PATH_5_4="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;"'
	@echo 'export LUA_CPATH_5_4="$(abspath $(BUILD))/lua5.4/?.so;;"'
	@echo 'export LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;"'
	@echo 'export LUA_CPATH="$(abspath $(BUILD))/luajit/?.so;;"'

## make check      build, lint, unit tests: under 3 minutes; JOBS=n at once
check:
	@$(MAKE) --no-print-directory $(AT_ONCE) all lint c-tests
	@spec/run unit

lint:
	clang-format --dry-run -Werror $(C_FILES)
	$(if $(LUA_FILES),luacheck -q $(LUA_FILES))

unit: all $(TESTS)
	@spec/run unit

## make test       everything, after make setup
test: setup
	@$(MAKE) --no-print-directory $(AT_ONCE) servers all lint c-tests \
	    asan-tests tsan-tests fuzzers benches
	@spec/run all

# What specs run on, installed while the compiler works.
servers:
	@eval "$$($(MAKE) -s env)"; lua5.4 spec/support/s3_install.lua \
	    minio gofakes3 moto toxiproxy versitygw metadata \
	    $(NAMIDB_TEST_BACKENDS)

## make test-backends  the store and the engine on every S3 server there is
BACKENDS ?= gofakes3 minio moto localstack
test-backends:
	@$(MAKE) --no-print-directory $(AT_ONCE) all c-tests
	@eval "$$($(MAKE) -s env)"; NAMIDB_TEST_BACKENDS="$(BACKENDS)" \
	    busted -o TAP --lua=lua5.4 spec/system/s3_spec.lua

## make tck        openCypher's conformance kit: TCK=folder, LUA=lua5.4 or luajit
TCK ?= ../shared/tck
LUA ?= lua5.4 luajit
tck: all
	@eval "$$($(MAKE) -s env)"; for lua in $(LUA); do \
	    $$lua spec/tck/run.lua $(TCK) || exit 1; done

## make property   random statements and lives, PROPERTY_SECONDS (60) each
PROPERTY_SECONDS ?= 60
property: all
	@eval "$$($(MAKE) -s env)"; for lua in $(LUA); do \
	    $$lua spec/property/run.lua $(PROPERTY_SECONDS) && \
	    $$lua spec/property/relations.lua $(PROPERTY_SECONDS) && \
	    $$lua spec/property/history.lua $(PROPERTY_SECONDS) && \
	    $$lua spec/property/crash.lua $(PROPERTY_SECONDS) && \
	    $$lua spec/property/mutate.lua $(PROPERTY_SECONDS) || exit 1; done

## make property-chunks  the same with 4 rows in a chunk and one or two in a
##                 segment, so that few are many, and caches of 4 KiB, which hold
##                 next to nothing
property-chunks:
	@CPPFLAGS='-DNDB_CHUNK_ROWS_MAX=4u -DNDB_CHUNK_ROWS_FIRST=2u \
	    -DNDB_SEGMENT_BYTES_TARGET=128u -DNDB_LOOKUP_BYTES_TARGET=16u \
	    -DNDB_CACHE_BYTES_MIN=4096u' NAMIDB_PROPERTY_CACHE=4096 \
	    $(MAKE) --no-print-directory BUILD=$(BUILD)/chunks property

## make asan       C tests under the address and undefined sanitizers
asan:
	@$(MAKE) --no-print-directory $(AT_ONCE) asan-tests
	@BUILD=$(BUILD)/asan spec/run c

## make tsan       C tests under the thread sanitizer
tsan:
	@$(MAKE) --no-print-directory $(AT_ONCE) tsan-tests
	@BUILD=$(BUILD)/tsan spec/run c

# -g1: a report says lines, and nobody looks at variables.
ASAN = BUILD=$(BUILD)/asan OPTIMISE='-O1 -g1 -DNDB_ARENA_FILL=0xbe' \
    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
TSAN = BUILD=$(BUILD)/tsan OPTIMISE='-O1 -g1' SANITIZE='-fsanitize=thread'

asan-core:
	@$(MAKE) --no-print-directory $(AT_ONCE) $(ASAN) all

asan-tests:
	@$(MAKE) --no-print-directory $(ASAN) all c-tests

tsan-tests:
	@$(MAKE) --no-print-directory $(TSAN) c-tests

.PHONY: servers c-tests asan-core asan-tests tsan-tests fuzzers benches
c-tests: $(TESTS)
fuzzers: $(FUZZERS)
benches: all $(BENCHES)

## make fuzz       each decoder, FUZZ_SECONDS (60) each
fuzz:
	@$(MAKE) --no-print-directory $(AT_ONCE) fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) spec/run fuzz

## make bench      measures, beside their goals; BENCH_NODES (1000000),
##                 BENCH_SECONDS (900) for each program
bench: setup
	@$(MAKE) --no-print-directory $(AT_ONCE) benches
	@spec/bench/run

## make bench-setup  the peers that measures are put beside, in a cache folder
bench-setup:
	@spec/bench/setup

## make demo       the graph of this machine's Debian packages; STORE=s3: on MinIO
demo: setup
	@$(MAKE) --no-print-directory $(AT_ONCE) all
	@STORE=$(STORE) examples/debian/demo

## make install    into PREFIX, for both interpreters
install: all
	install -d $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/lua/5.4/namidb \
	    $(DESTDIR)$(PREFIX)/lib/lua/5.1/namidb
	install -m 644 c/namidb.h c/namidb_batch.h c/namidb_lift.h \
		c/namidb_lines.h c/namidb_rows.h \
	    c/namidb_schema.h \
	    c/namidb_statistics.h \
	    c/namidb_store.h c/namidb_tokens.h $(DESTDIR)$(PREFIX)/include/
	install -m 755 $(BUILD)/lua5.4/namidb/core.so \
	    $(DESTDIR)$(PREFIX)/lib/lua/5.4/namidb/
	install -m 755 $(BUILD)/luajit/namidb/core.so \
	    $(DESTDIR)$(PREFIX)/lib/lua/5.1/namidb/
	for version in 5.4 5.1; do \
	    (cd lua && find . -name '*.lua' -exec install -D -m 644 {} \
	        $(abspath $(DESTDIR)$(PREFIX))/share/lua/$$version/{} \;) ; done

# For LuaRocks: one core, for the Lua whose headers are in LUA_INCDIR.
ROCK = build/rock/$(notdir $(LUA_INCDIR))
HEADERS := zstd.h:libzstd-dev xxhash.h:libxxhash-dev cjson/cJSON.h:libcjson-dev \
           curl/curl.h:libcurl4-openssl-dev expat.h:libexpat1-dev \
           nettle/sha2.h:nettle-dev pcre2.h:libpcre2-dev
.PHONY: headers rock rock-install
headers:
	@for pair in lua.h:liblua5.4-dev $(HEADERS); do \
	    echo "#include <$${pair%%:*}>" | \
	        $(CC) $(CPPFLAGS) -I$(LUA_INCDIR) -E -x c - >/dev/null 2>&1 || { \
	        echo "$${pair%%:*} is missing; on Debian:" \
	            "apt-get install $${pair##*:}" >&2; exit 1; }; done

rock: headers
	@$(MAKE) --no-print-directory $(AT_ONCE) BUILD=$(ROCK) \
	    LUA54_CFLAGS=-I$(LUA_INCDIR) $(ROCK)/lua5.4/namidb/core.so

rock-install:
	install -D -m 755 $(ROCK)/lua5.4/namidb/core.so \
	    $(LIBDIR)/namidb/core.so
	cd lua && find . -name '*.lua' -exec install -D -m 644 {} \
	    $(LUADIR)/{} \;

## make clean      remove what was made
clean:
	rm -rf $(BUILD)

# Loops over columns become vector instructions.
$(BUILD)/obj/exec/kernel_%.o $(BUILD)/obj/format/planes.o: \
    CFLAGS += -ftree-vectorize -fvect-cost-model=dynamic

$(BUILD)/obj/%.o: c/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj-lua5.4/%.o: c/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(LUA54_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj-luajit/%.o: c/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(LUAJIT_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(CORE_SRC:c/%.c=$(BUILD)/obj/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

# Never unloaded: dlclose with live threads crashes at exit (-z nodelete). No
# Lua library is linked; its symbols come from the host.
define CORE_RULE
$(BUILD)/$(1)/namidb/core.so: $(LUA_SRC:c/%.c=$(BUILD)/obj-$(1)/%.o) $(LIB)
	@mkdir -p $$(@D)
	$$(CC) -shared $$(LDFLAGS) -Wl,-z,nodelete -Wl,--exclude-libs,ALL \
	    -o $$@ $$^ $$(LDLIBS)
endef
$(eval $(call CORE_RULE,lua5.4))
$(eval $(call CORE_RULE,luajit))

$(BUILD)/test/%: $(BUILD)/obj/test/%.o \
                 $(TEST_HELP_SRC:c/%.c=$(BUILD)/obj/%.o) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lsqlite3 $(LDLIBS)

# libFuzzer wants everything instrumented: a library of its own.
FUZZ_FLAGS := -std=c11 -O1 -g -pthread -fno-sanitize-recover=all \
              -DNDB_ARENA_FILL=0xbe

$(BUILD)/obj-fuzz/%.o: c/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_FLAGS) \
	    -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<

$(BUILD)/libnamidb-fuzz.a: $(CORE_SRC:c/%.c=$(BUILD)/obj-fuzz/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/fuzz/%: $(BUILD)/obj-fuzz/fuzz/%.o $(BUILD)/libnamidb-fuzz.a
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined \
	    -o $@ $^ $(LDLIBS)

-include $(wildcard $(BUILD)/obj*/*/*.d)
