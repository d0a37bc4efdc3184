// SPDX-License-Identifier: GPL-2.0
/*
 * Names of MSRs and ports, and instructions as text.  What is expected are the SDM's
 * tables, not what the code printed.
 */
#include <string.h>

#include "disasm.h"
#include "msr_names.h"
#include "port_names.h"
#include "tests/tap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static bool msr_is(__u32 index, const char *want)
{
	char name[MSR_NAME_BYTES] = "(none)";

	if (msr_name(index, name, sizeof(name)) ? want && !strcmp(name, want) : !want)
		return true;
	printf("# 0x%x: %s\n", index, name);
	return false;
}

static void test_msr_names(void)
{
	ok(msr_is(0x10, "IA32_TIME_STAMP_COUNTER") && msr_is(0x1b, "IA32_APIC_BASE") &&
	   msr_is(0x6e0, "IA32_TSC_DEADLINE") && msr_is(0x277, "IA32_PAT") &&
	   msr_is(0xc0000080, "IA32_EFER") && msr_is(0xc0000103, "IA32_TSC_AUX"),
	   "single MSRs");
	ok(msr_is(0xc1, "IA32_PMC0") && msr_is(0xc8, "IA32_PMC7") && msr_is(0xc9, NULL) &&
	   msr_is(0x186, "IA32_PERFEVTSEL0") && msr_is(0x18d, "IA32_PERFEVTSEL7") &&
	   msr_is(0x18e, NULL), "numbered MSRs, and what is behind them");
	ok(msr_is(0x200, "IA32_MTRR_PHYSBASE0") && msr_is(0x203, "IA32_MTRR_PHYSMASK1") &&
	   msr_is(0x213, "IA32_MTRR_PHYSMASK9") && msr_is(0x214, NULL),
	   "two rows that are interleaved");
	ok(msr_is(0x400, "IA32_MC0_CTL") && msr_is(0x405, "IA32_MC1_STATUS") &&
	   msr_is(0x473, "IA32_MC28_MISC") && msr_is(0x281, "IA32_MC1_CTL2"),
	   "machine-check banks");
	ok(msr_is(0x802, "IA32_X2APIC_ID") && msr_is(0x80b, "IA32_X2APIC_EOI") &&
	   msr_is(0x80f, "IA32_X2APIC_SIVR") && msr_is(0x817, "IA32_X2APIC_ISR7") &&
	   msr_is(0x830, "IA32_X2APIC_ICR") && msr_is(0x832, "IA32_X2APIC_LVT_TIMER") &&
	   msr_is(0x83f, "IA32_X2APIC_SELF_IPI"), "x2APIC");
	ok(msr_is(0x4b564d03, "KVM_STEAL_TIME") && msr_is(0x12, "KVM_SYSTEM_TIME") &&
	   msr_is(0x480, "IA32_VMX_BASIC") && msr_is(0x491, "IA32_VMX_VMFUNC"),
	   "paravirtual and VMX");
	ok(msr_is(0x2, NULL) && msr_is(0xffffffff, NULL) && msr_is(0x840, NULL) &&
	   msr_is(0x804, NULL), "MSRs without a name");
}

static bool found(const char *name, __u32 want)
{
	__u32 index = 0;

	return msr_find(name, &index) && index == want;
}

static void test_msr_find(void)
{
	char name[MSR_NAME_BYTES];
	unsigned int wrong = 0, named = 0;
	__u32 index, back;

	ok(found("IA32_EFER", 0xc0000080) && found("efer", 0xc0000080) &&
	   found("msr_ia32_efer", 0xc0000080) && found("MSR_PLATFORM_INFO", 0xce) &&
	   found("ia32_mc3_status", 0x40d) && found("x2apic_eoi", 0x80b),
	   "by name, with prefix or without");
	ok(found("0x1b", 0x1b) && found("27", 27) && found("0xffffffff", 0xffffffff),
	   "by number");
	ok(!found("", 0) && !found("frob", 0) && !found("-1", 0) &&
	   !found("0x100000000", 0) && !found("0x1bz", 0) && !found(" 1", 1),
	   "neither");
	for (index = 0; index < 0x2000; index++) {
		if (!msr_name(index, name, sizeof(name)))
			continue;
		named++;
		wrong += !msr_find(name, &back) || back != index ||
			 strlen(name) + 1 >= sizeof(name);
	}
	ok(!wrong && named > 300, "each name below 0x2000 leads back, and is not cut off");
}

static bool apic_is(__u32 offset, const char *want)
{
	char name[MSR_NAME_BYTES] = "(none)";

	return apic_register_name(offset, name, sizeof(name)) ?
	       want && !strcmp(name, want) : !want;
}

static void test_apic(void)
{
	ok(apic_is(0xb0, "EOI") && apic_is(0x80, "TPR") && apic_is(0x170, "ISR7") &&
	   apic_is(0x180, "TMR0") && apic_is(0x270, "IRR7") && apic_is(0x310, "ICR2") &&
	   apic_is(0x390, "CUR_COUNT") && apic_is(0x3e0, "DIV_CONF"), "local APIC");
	ok(apic_is(0x0, NULL) && apic_is(0xb4, NULL) && apic_is(0x3a0, NULL) &&
	   apic_is(0x1000, NULL), "what is no register of it");
}

static bool port_is(__u16 port, const char *want)
{
	const char *name = port_name(port);

	return name ? want && !strcmp(name, want) : !want;
}

static void test_ports(void)
{
	ok(port_is(0x20, "8259 master, command") && port_is(0xa1, "8259 slave, data") &&
	   port_is(0x43, "8254 control") && port_is(0x71, "RTC data") &&
	   port_is(0x3f8, "COM1") && port_is(0x2ff, "COM2") && port_is(0x64, "8042 command"),
	   "ports of a PC");
	ok(port_is(0xcf8, "PCI address") && port_is(0xcf9, "reset control") &&
	   port_is(0xcfb, "PCI address") && port_is(0xcff, "PCI data"),
	   "the reset register is within the PCI address");
	ok(port_is(0x22, NULL) && port_is(0xffff, NULL) && port_is(0x400, NULL),
	   "ports without a name");
}

static bool reads(const char *code, unsigned int len, unsigned int width,
		  enum disasm_syntax syntax, unsigned int bytes, const char *want)
{
	char text[DISASM_BYTES];
	unsigned int got = disasm((const __u8 *)code, len, width, 0x1000, syntax, text,
				  sizeof(text));

	if (got == bytes && !strcmp(text, want))
		return true;
	printf("# %u bytes: %s\n", got, text);
	return false;
}

static void test_disasm(void)
{
	ok(reads("\x0f\xa2\x90\x90", 4, 8, DISASM_INTEL, 2, "cpuid"), "one of several");
	ok(reads("\x89\x06", 2, 8, DISASM_INTEL, 2, "mov [rsi], eax") &&
	   reads("\x89\x06", 2, 4, DISASM_INTEL, 2, "mov [esi], eax") &&
	   reads("\x89\x05", 2, 2, DISASM_INTEL, 2, "mov [di], ax"),
	   "64, 32 and 16 bits");
	ok(reads("\x89\x06", 2, 8, DISASM_ATT, 2, "mov %eax, (%rsi)"), "AT&T");
	ok(reads("\xeb\xfe", 2, 8, DISASM_INTEL, 2, "jmp 0x0000000000001000"),
	   "a branch names where it leads");
	ok(reads("\xf3", 1, 8, DISASM_INTEL, 0, "f3") &&
	   reads("\x0f\x0b", 2, 3, DISASM_INTEL, 0, "0f 0b") &&
	   reads("", 0, 8, DISASM_INTEL, 0, "(none)"),
	   "cut off, of unknown width, not at hand");
}

int main(void)
{
	test_msr_names();
	test_msr_find();
	test_apic();
	test_ports();
	test_disasm();
	return tap_done();
}
