# SPDX-License-Identifier: GPL-2.0
#
# Links to a real kernel's headers about VMX, in build/include.

unit := $(dir $(lastword $(MAKEFILE_LIST)))
KERNEL_HEADERS ?= $(shell $(unit)../../testbed/kernel-dir 6.12)/build
# Debian's KDIR has the architecture's headers in a folder of their own.
ARCH_INCLUDE := $(firstword $(wildcard $(KERNEL_HEADERS)/source/arch/x86/include) \
	$(wildcard $(dir $(realpath $(KERNEL_HEADERS)))/linux-headers-*-common/arch/x86/include))
LINKED := asm/cpufeatures.h asm/required-features.h asm/disabled-features.h \
	asm/apicdef.h asm/vmx.h asm/vmxfeatures.h asm/msr-index.h asm/trapnr.h uapi/asm/vmx.h uapi/asm/kvm_para.h

build/include/%:
	@mkdir -p $(@D)
	@ln -sf $(ARCH_INCLUDE)/$* $@
