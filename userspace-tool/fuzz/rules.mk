# SPDX-License-Identifier: GPL-2.0
#
# How fuzz targets are built and run, here and in selftests/unit/fuzz.  What comes
# before it: FUZZ_CPPFLAGS, FUZZ_LIBS, SOURCES (the code under test), FUZZ_SHARED
# (what all targets have), FUZZ_HEADERS (made first), targets.

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 1
FUZZ_TARGETS ?= $(FUZZ_ALL)
FUZZ_FLAGS := -std=gnu11 -g -Wall -Wextra -Wno-unused-parameter \
	      -Wno-missing-field-initializers -Wno-sign-compare
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
fuzz_dir := $(dir $(lastword $(MAKEFILE_LIST)))

.DEFAULT_GOAL := all
.PHONY: all check fuzz keep coverage clean
all: $(addprefix build/fuzz_,$(FUZZ_TARGETS))

# Objects of code that lies in several folders, each below its own name.
object = $(addprefix build/$(1)/,$(subst /,-,$(patsubst ../%,%,$(patsubst ../%,%,$(2:.c=.o)))))

# $(call build_rules,KIND,FLAGS,LINK)
define build_rules
build/$(1):
	mkdir -p $$@

$(foreach s,$(SOURCES),$(eval \
	$(call object,$(1),$(s)): $(s) $(fuzz_dir)rules.mk | build/$(1) $(FUZZ_HEADERS) ; \
	$$(FUZZ_CC) $(FUZZ_CPPFLAGS) $(FUZZ_FLAGS) $(2) -MMD -MP -c -o $$@ $$<))

build/$(1)/code.a: $(foreach s,$(SOURCES),$(call object,$(1),$(s)))
	rm -f $$@
	ar rcs $$@ $$^
endef

$(eval $(call build_rules,fuzz,-O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link $(SANITIZE)))
$(eval $(call build_rules,cov,-O1 -fprofile-instr-generate -fcoverage-mapping))

build/fuzz_%: fuzz_%.c $(FUZZ_SHARED) build/fuzz/code.a $(fuzz_dir)fuzz.h
	$(FUZZ_CC) $(FUZZ_CPPFLAGS) $(FUZZ_FLAGS) -O1 -fno-omit-frame-pointer \
		-fsanitize=fuzzer $(SANITIZE) -o $@ $(filter %.c %.a,$^) $(FUZZ_LIBS)

build/cov_%: fuzz_%.c $(FUZZ_SHARED) build/cov/code.a $(fuzz_dir)fuzz.h
	$(FUZZ_CC) $(FUZZ_CPPFLAGS) $(FUZZ_FLAGS) -O1 -fprofile-instr-generate \
		-fsanitize=fuzzer -o $@ $(filter %.c %.a,$^) $(FUZZ_LIBS)

run = $(fuzz_dir)run
export FUZZ_SEED FUZZ_SECONDS
check: all
	@$(run) check $(foreach t,$(FUZZ_TARGETS),$(t)=$(FUZZ_RUNS_$(t)))

fuzz: all
	@$(run) fuzz $(FUZZ_TARGETS)

keep: all
	@$(run) keep $(FUZZ_TARGETS)

coverage: $(addprefix build/cov_,$(FUZZ_TARGETS))
	@$(run) coverage $(FUZZ_TARGETS)

clean:
	rm -rf build

-include $(wildcard build/*/*.d)
