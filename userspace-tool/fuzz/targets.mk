# SPDX-License-Identifier: GPL-2.0
#
# $(eval $(call fuzz_target,NAME,RUNS)): fuzz_NAME.c is a target that makes RUNS
# runs in `make check`.  Before it come the variables that rules.mk uses.

FUZZ_ALL :=
define fuzz_target
FUZZ_ALL += $(1)
FUZZ_RUNS_$(1) := $(2)
endef
