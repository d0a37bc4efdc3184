# SPDX-License-Identifier: GPL-2.0
#
# make            keel.ko, the keel tool and the selftests
# make run        set up, build, boot the testbed, and Linux under Keel in it
# make check      every test
# make check-debug  the selftests and worse on a kernel that watches for mistakes
# make coverage   which lines of kmod/ the selftests run: see docs/testing.md
# make bench      what exits cost, beside /dev/kvm: see docs/performance.md
# make lint       checkpatch, sparse, shellcheck
# make docs       docs/abi.md, keel(4) and libkeel(3), from the kernel-doc
# make install    module, tool, udev rule, man pages (DESTDIR, PREFIX)
# make examples   the first pages of a reader: see examples/
# make load       put keel.ko into the running kernel (needs VT-x); make unload
# make setup      what run and check need, from Debian's packages
#
# KDIR=...        headers of another kernel than the running one
# W=1, C=1        more warnings, sparse

PREFIX ?= /usr/local
RUNNING := $(shell uname -r)
export PREFIX DESTDIR

# The running kernel's headers where they are installed, else the testbed's.
KDIR ?= $(firstword $(wildcard /lib/modules/$(RUNNING)/build) \
	$(addsuffix /build,$(shell testbed/kernel-dir 6.12 2>/dev/null)))
RELEASE = $(if $(KDIR),$(shell kmod/kernel-release $(KDIR)))
MODULE_SOURCES := Kbuild $(wildcard kmod/*.[chS] kmod/Kbuild uapi/linux/*.h)

# Without headers there is nothing that make could build but could not name.
ifeq ($(KDIR),)
no_headers = $(error no kernel headers: install linux-headers-$(RUNNING), or run testbed/setup, or give KDIR=)
endif

.PHONY: all module tool selftests examples
all: module tool selftests examples

# One module per kernel release, each in build/RELEASE; kmod/keel.ko is a copy
# of the one that was asked for last.
module: $(MODULE_SOURCES)
	$(no_headers)
	@kmod/build-module $(KDIR) build/$(RELEASE)
	@cp build/$(RELEASE)/kmod/keel.ko kmod/keel.ko
	@kmod/module-btf kmod/keel.ko $(KDIR)

tool:
	@$(MAKE) -s -C userspace-tool

selftests: tool
	@$(MAKE) -s -C selftests

examples: tool
	@$(MAKE) -s -C examples

# What testbed/run puts into the guest.  Quick when nothing changed.
.PHONY: testbed-files
testbed-files: tool selftests examples
	@release=$$(cat $$(testbed/kernel-dir $(KERNEL))/release) && \
		$(MAKE) -s build/$$release/kmod/keel.ko build/$$release/probe/keel_probe.ko \
		KDIR=$$(testbed/kernel-dir $(KERNEL))/build

# For `make check`, whose runs would otherwise build at the same time.
.PHONY: testbed-both
testbed-both:
	@$(MAKE) -s testbed-files KERNEL=6.1
	@$(MAKE) -s testbed-files KERNEL=6.12

build/%/kmod/keel.ko: $(MODULE_SOURCES)
	@kmod/build-module $(KDIR) build/$* >&2
	@kmod/module-btf $@ $(KDIR) >&2
	@touch $@

# Without tracepoints, to measure what they cost while they are off.
build/%-notrace/kmod/keel.ko: $(MODULE_SOURCES)
	@kmod/build-module $(KDIR) build/$*-notrace KCFLAGS=-DNOTRACE >&2
	@touch $@

# A test's module: it sees what programs cannot.
build/%/probe/keel_probe.ko: $(wildcard selftests/module/*)
	@mkdir -p $(@D)
	@ln -sf $(abspath selftests/module)/* $(@D)/
	@$(MAKE) -s -C $(KDIR) M=$(abspath $(@D)) modules >&2
	@touch $@

.PHONY: setup run check check-debug coverage bench lint
setup:
	testbed/setup

run: setup
	testbed/run --cpus 2 --mem 1024 --timeout 600 \
		--put "$$(testbed/kernel-dir 6.12)/vmlinuz" --put "$$(testbed/setup.d/guest-initramfs)" -- \
		sh -c 'modprobe keel && keel run --cpus 2 --mem 512 --kernel vmlinuz --initrd guest.cpio --append "console=ttyS0 quiet RUN=show" --timing'

check: setup
	@$(MAKE) -s all testbed-both
	selftests/check

# Its first run builds the kernel: see docs/testing.md.
.PHONY: debug-files
debug-files: setup
	testbed/setup.d/debug-kernel
	@$(MAKE) -s testbed-files KERNEL=debug

check-debug: debug-files
	selftests/check --debug

# COVERAGE_FLAGS="--add penryn" for more than the selftests: see selftests/coverage
coverage: debug-files
	selftests/coverage $(COVERAGE_FLAGS)

# BENCH_FLAGS=--json for programs
bench: setup
	@$(MAKE) -s -C userspace-tool
	@$(MAKE) -s -C selftests/bench
	@$(MAKE) -s build/$$(cat $$(testbed/kernel-dir 6.1)/release)-notrace/kmod/keel.ko \
		KDIR=$$(testbed/kernel-dir 6.1)/build
	@selftests/bench/run $(BENCH_FLAGS)

lint: setup
	selftests/static

# Committed; selftests/abi says when they are not what this makes.
.PHONY: docs
docs:
	@docs/make-abi >docs/abi.md.tmp && mv docs/abi.md.tmp docs/abi.md
	@set -e; for page in keel.4 libkeel.3; do \
		docs/make-man $$page >docs/man/$$page.tmp; \
		mv docs/man/$$page.tmp docs/man/$$page; \
	done

.PHONY: install load unload clean
install: all
	install -D -m 644 kmod/keel.ko $(DESTDIR)/lib/modules/$(RELEASE)/updates/keel.ko
	@$(MAKE) -s -C userspace-tool install
	@if [ -z "$(DESTDIR)" ]; then depmod $(RELEASE); getent group keel >/dev/null || groupadd --system keel; fi

load: module
	@grep -qw vmx /proc/cpuinfo || { echo "make load: this CPU has no VT-x; use testbed/run" >&2; exit 1; }
	insmod kmod/keel.ko

unload:
	rmmod keel

clean:
	rm -rf build kmod/keel.ko
	@$(MAKE) -s -C userspace-tool clean
	@$(MAKE) -s -C selftests clean
	@$(MAKE) -s -C selftests/bench clean
	@$(MAKE) -s -C examples clean
