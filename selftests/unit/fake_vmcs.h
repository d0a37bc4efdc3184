/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VMCS in an array and the CPU that it is for, for the tests of what reads
 * one.  Which field exists when is written here from the SDM's appendix "Field
 * Encoding in VMCS", with numbers, not taken from the code under test.
 */
#ifndef FAKE_VMCS_H
#define FAKE_VMCS_H

#include <stdlib.h>
#include <string.h>
#include <linux/keel.h>
#include <linux/kernel.h>

#include "vmx_names.h"

static struct {
	__u64 field[0x8000];
	bool exists[0x8000];
	bool was_read[0x8000];
	struct keel_vmx_msrs caps;
	struct {
		__u64 addr, value;
	} memory[16];
} cpu;

/* First of a run of fields, how many, and the control bit that brings them. */
static const struct {
	__u16 first, count;
	enum { ANY, PIN, PROC, PROC2, PROC3, EXIT, EXIT2, ENTRY, FUNC, CR3N } word;
	__u8 bit;
} fake_fields[] = {
	/* 16 bits */
	{ 0x0000, 1, PROC2, 5 },	/* VPID */
	{ 0x0002, 1, PIN, 7 },		/* notification vector */
	{ 0x0004, 1, PROC2, 18 },	/* EPTP index */
	{ 0x0006, 1, PROC3, 1 },	/* HLAT prefix size */
	{ 0x0008, 1, PROC3, 4 },	/* last PID-pointer index */
	{ 0x0800, 8, ANY },		/* guest selectors */
	{ 0x0810, 1, PROC2, 9 },	/* guest interrupt status */
	{ 0x0812, 1, PROC2, 17 },	/* PML index */
	{ 0x0814, 1, ENTRY, 19 },	/* guest UINV */
	{ 0x0814, 1, EXIT, 27 },
	{ 0x0c00, 7, ANY },		/* host selectors */
	/* 64 bits */
	{ 0x2000, 2, ANY },		/* I/O bitmaps */
	{ 0x2004, 1, PROC, 28 },	/* MSR bitmaps */
	{ 0x2006, 3, ANY },		/* MSR areas */
	{ 0x200e, 1, PROC2, 17 },	/* PML address */
	{ 0x2010, 1, ANY },		/* TSC offset */
	{ 0x2012, 1, PROC, 21 },	/* virtual-APIC address */
	{ 0x2014, 1, PROC2, 0 },	/* APIC-access address */
	{ 0x2016, 1, PIN, 7 },		/* posted-interrupt descriptor */
	{ 0x2018, 1, PROC2, 13 },	/* VM-function controls */
	{ 0x201a, 1, PROC2, 1 },	/* EPTP */
	{ 0x201c, 4, PROC2, 9 },	/* EOI-exit bitmaps */
	{ 0x2024, 1, FUNC, 0 },		/* EPTP list */
	{ 0x2026, 2, PROC2, 14 },	/* VMREAD and VMWRITE bitmaps */
	{ 0x202a, 1, PROC2, 18 },	/* #VE information */
	{ 0x202c, 1, PROC2, 20 },	/* XSS-exiting bitmap */
	{ 0x202e, 1, PROC2, 15 },	/* ENCLS-exiting bitmap */
	{ 0x2030, 1, PROC2, 23 },	/* SPP table */
	{ 0x2032, 1, PROC2, 25 },	/* TSC multiplier */
	{ 0x2034, 1, PROC, 17 },	/* tertiary controls */
	{ 0x2036, 1, PROC2, 28 },	/* ENCLV-exiting bitmap */
	{ 0x2038, 2, PROC2, 21 },	/* PASID directories */
	{ 0x203e, 1, PROC2, 27 },	/* PCONFIG-exiting bitmap */
	{ 0x2040, 1, PROC3, 1 },	/* HLATP */
	{ 0x2042, 1, PROC3, 4 },	/* PID-pointer table */
	{ 0x2044, 1, EXIT, 31 },	/* secondary exit controls */
	{ 0x204a, 2, PROC3, 7 },	/* IA32_SPEC_CTRL mask and shadow */
	{ 0x2052, 1, ENTRY, 23 },	/* injected-event data */
	{ 0x2052, 1, EXIT2, 0 },
	{ 0x2400, 1, PROC2, 1 },	/* guest-physical address */
	{ 0x2404, 1, ENTRY, 23 },	/* original-event data */
	{ 0x2404, 1, EXIT2, 0 },
	{ 0x2800, 2, ANY },		/* link pointer, DEBUGCTL */
	{ 0x2804, 1, ENTRY, 14 },	/* PAT */
	{ 0x2804, 1, EXIT, 18 },
	{ 0x2806, 1, ENTRY, 15 },	/* EFER */
	{ 0x2806, 1, EXIT, 20 },
	{ 0x2808, 1, ENTRY, 13 },	/* PERF_GLOBAL_CTRL */
	{ 0x2808, 1, EXIT, 30 },
	{ 0x280a, 4, PROC2, 1 },	/* PDPTEs */
	{ 0x2812, 1, ENTRY, 16 },	/* BNDCFGS */
	{ 0x2812, 1, EXIT, 23 },
	{ 0x2814, 1, ENTRY, 18 },	/* RTIT_CTL */
	{ 0x2814, 1, EXIT, 25 },
	{ 0x2816, 1, ENTRY, 21 },	/* LBR_CTL */
	{ 0x2816, 1, EXIT, 26 },
	{ 0x2818, 1, ENTRY, 22 },	/* PKRS */
	{ 0x281a, 8, ENTRY, 23 },	/* FRED */
	{ 0x281a, 8, EXIT2, 0 },
	{ 0x2c00, 1, EXIT, 19 },	/* host PAT */
	{ 0x2c02, 1, EXIT, 21 },	/* host EFER */
	{ 0x2c04, 1, EXIT, 12 },	/* host PERF_GLOBAL_CTRL */
	{ 0x2c06, 1, EXIT, 29 },	/* host PKRS */
	{ 0x2c08, 8, EXIT2, 1 },	/* host FRED */
	/* 32 bits */
	{ 0x4000, 14, ANY },		/* pin-based controls to instruction length */
	{ 0x401c, 1, PROC, 21 },	/* TPR threshold */
	{ 0x401e, 1, PROC, 31 },	/* secondary controls */
	{ 0x4020, 2, PROC2, 10 },	/* PLE_Gap, PLE_Window */
	{ 0x4024, 1, PROC2, 31 },	/* instruction-timeout control */
	{ 0x4400, 8, ANY },		/* exit information */
	{ 0x4800, 20, ANY },		/* limits, access rights, two states */
	{ 0x482a, 1, ANY },		/* SYSENTER_CS */
	{ 0x482e, 1, PIN, 6 },		/* VMX-preemption timer */
	{ 0x4c00, 1, ANY },		/* host SYSENTER_CS */
	/* natural width */
	{ 0x6000, 4, ANY },		/* masks and shadows */
	{ 0x6008, 1, CR3N, 0 },
	{ 0x600a, 1, CR3N, 1 },
	{ 0x600c, 1, CR3N, 2 },
	{ 0x600e, 1, CR3N, 3 },
	{ 0x6400, 1, ANY },		/* exit qualification */
	{ 0x640a, 1, ANY },		/* guest-linear address */
	{ 0x6800, 20, ANY },		/* CR0 to SYSENTER_EIP */
	{ 0x6828, 3, ENTRY, 20 },	/* CET */
	{ 0x6c00, 12, ANY },		/* host CR0 to RIP */
	{ 0x6c18, 3, EXIT, 28 },	/* host CET */
};

static bool fake_has(int word, int bit)
{
	const struct keel_vmx_msrs *m = &cpu.caps;

	switch (word) {
	case PIN:
		return (m->pinbased_ctls >> 32 >> bit) & 1;
	case PROC:
		return (m->procbased_ctls >> 32 >> bit) & 1;
	case PROC2:
		return (m->procbased_ctls2 >> 32 >> bit) & 1;
	case PROC3:
		return (m->procbased_ctls3 >> bit) & 1;
	case EXIT:
		return (m->exit_ctls >> 32 >> bit) & 1;
	case EXIT2:
		return (m->exit_ctls2 >> bit) & 1;
	case ENTRY:
		return (m->entry_ctls >> 32 >> bit) & 1;
	case FUNC:
		return (m->vmfunc >> bit) & 1;
	case CR3N:
		return ((m->misc >> 16) & 0x1ff) > bit;
	}
	return true;
}

/* Which fields cpu.caps has.  To be called when they are set. */
static void fake_fields_appear(void)
{
	int i, n;

	memset(cpu.exists, 0, sizeof(cpu.exists));
	for (i = 0; i < ARRAY_SIZE(fake_fields); i++)
		for (n = 0; n < fake_fields[i].count; n++)
			cpu.exists[fake_fields[i].first + 2 * n] |=
				fake_has(fake_fields[i].word, fake_fields[i].bit);
}

/* A CPU with everything: each control that the SDM names may be 1. */
static void newest_cpu(void)
{
	memset(&cpu, 0, sizeof(cpu));
	cpu.caps.basic = 0x0198100000000004ULL & ~(1ULL << 56);
	cpu.caps.pinbased_ctls = 0x000000ff00000016ULL;
	cpu.caps.procbased_ctls = 0xfffffffe0401e172ULL;
	cpu.caps.procbased_ctls2 = 0xdfffffff00000000ULL;
	cpu.caps.procbased_ctls3 = 0xdf;
	cpu.caps.exit_ctls = 0xffffffff00036dffULL;
	cpu.caps.exit_ctls2 = 0xb;
	cpu.caps.entry_ctls = 0x00fffffe000011fbULL & ~(1ULL << 55);
	cpu.caps.entry_ctls |= 1ULL << 32;
	cpu.caps.true_pinbased_ctls = cpu.caps.pinbased_ctls;
	cpu.caps.true_procbased_ctls = 0xfffffffe04006172ULL;
	cpu.caps.true_exit_ctls = 0xffffffff00036dfbULL;
	cpu.caps.true_entry_ctls = cpu.caps.entry_ctls;
	cpu.caps.misc = 0x00000000400401e0ULL;	/* 4 CR3 targets, HLT to SIPI */
	cpu.caps.cr0_fixed0 = 0x80000021;
	cpu.caps.cr0_fixed1 = 0xffffffff;
	cpu.caps.cr4_fixed0 = 0x2000;
	cpu.caps.cr4_fixed1 = 0x1ffffff;
	/* EPT: 4 levels, UC, WB, accessed and dirty flags. */
	cpu.caps.ept_vpid_cap = 0x0f01063342 | (1 << 8) | (1 << 14) | (1 << 21);
	cpu.caps.ept_vpid_cap &= ~(1ULL << 7 | 1ULL << 23);
	cpu.caps.vmfunc = 1;
	fake_fields_appear();
}

/* A CPU with what the first ones with VMX had. */
static void oldest_cpu(void)
{
	memset(&cpu, 0, sizeof(cpu));
	cpu.caps.basic = 0x0018100000000004ULL;
	cpu.caps.pinbased_ctls = 0x0000001f00000016ULL;
	cpu.caps.procbased_ctls = 0x77b9fffe0401e172ULL;
	cpu.caps.exit_ctls = 0x0003efff00036dffULL;
	cpu.caps.entry_ctls = 0x00001fff000011ffULL;
	cpu.caps.misc = 0x000403c0;
	cpu.caps.cr0_fixed0 = 0x80000021;
	cpu.caps.cr0_fixed1 = 0xffffffff;
	cpu.caps.cr4_fixed0 = 0x2000;
	cpu.caps.cr4_fixed1 = 0x27ff;
	fake_fields_appear();
}

static __u64 fake_get(void *ctx, __u32 field)
{
	if (field >= 0x8000 || !cpu.exists[field]) {
		fprintf(stderr, "# VMREAD of 0x%x, which does not exist\n", field);
		abort();
	}
	cpu.was_read[field] = true;
	return cpu.field[field];
}

#endif
