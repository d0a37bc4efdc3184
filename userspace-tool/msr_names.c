// SPDX-License-Identifier: GPL-2.0
/*
 * Names of MSRs and of the local APIC's registers; see msr_names.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <string.h>

#include "msr_names.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define X2APIC_FIRST	0x800
#define X2APIC_LAST	0x83f
#define APIC_SELF_IPI	0x3f0

/**
 * struct msr_names - one MSR, or several that are numbered
 * @first: index of the first
 * @nr: how many
 * @step: from one to the next
 * @name: the name; '#' stands for the number
 */
struct msr_names {
	__u32 first;
	__u32 nr;
	__u32 step;
	const char *name;
};

#define ONE(index, name)		{ index, 1, 1, name }
#define ROW(first, nr, step, name)	{ first, nr, step, name }

/* Where two MSRs of different models share an index, the later model's name. */
static const struct msr_names msrs[] = {
	ONE(0x0, "IA32_P5_MC_ADDR"),
	ONE(0x1, "IA32_P5_MC_TYPE"),
	ONE(0x6, "IA32_MONITOR_FILTER_SIZE"),
	ONE(0x10, "IA32_TIME_STAMP_COUNTER"),
	ONE(0x17, "IA32_PLATFORM_ID"),
	ONE(0x1b, "IA32_APIC_BASE"),
	ONE(0x2a, "EBL_CR_POWERON"),
	ONE(0x33, "TEST_CTRL"),
	ONE(0x34, "SMI_COUNT"),
	ONE(0x35, "CORE_THREAD_COUNT"),
	ONE(0x3a, "IA32_FEATURE_CONTROL"),
	ONE(0x3b, "IA32_TSC_ADJUST"),
	ONE(0x48, "IA32_SPEC_CTRL"),
	ONE(0x49, "IA32_PRED_CMD"),
	ONE(0x4e, "PPIN_CTL"),
	ONE(0x4f, "PPIN"),
	ONE(0x79, "IA32_BIOS_UPDT_TRIG"),
	ONE(0x7a, "IA32_FEATURE_ACTIVATION"),
	ONE(0x8b, "IA32_BIOS_SIGN_ID"),
	ROW(0x8c, 4, 1, "IA32_SGXLEPUBKEYHASH#"),
	ONE(0x9b, "IA32_SMM_MONITOR_CTL"),
	ONE(0x9e, "IA32_SMBASE"),
	ONE(0xbc, "IA32_MISC_PACKAGE_CTLS"),
	ONE(0xbd, "IA32_XAPIC_DISABLE_STATUS"),
	ROW(0xc1, 8, 1, "IA32_PMC#"),
	ONE(0xcd, "FSB_FREQ"),
	ONE(0xce, "PLATFORM_INFO"),
	ONE(0xcf, "IA32_CORE_CAPABILITIES"),
	ONE(0xe1, "IA32_UMWAIT_CONTROL"),
	ONE(0xe2, "PKG_CST_CONFIG_CONTROL"),
	ONE(0xe4, "PMG_IO_CAPTURE_BASE"),
	ONE(0xe7, "IA32_MPERF"),
	ONE(0xe8, "IA32_APERF"),
	ONE(0xfe, "IA32_MTRRCAP"),
	ONE(0x10a, "IA32_ARCH_CAPABILITIES"),
	ONE(0x10b, "IA32_FLUSH_CMD"),
	ONE(0x10f, "TSX_FORCE_ABORT"),
	ONE(0x119, "BBL_CR_CTL"),
	ONE(0x11e, "BBL_CR_CTL3"),
	ONE(0x122, "IA32_TSX_CTRL"),
	ONE(0x123, "IA32_MCU_OPT_CTRL"),
	ONE(0x13c, "FEATURE_CONFIG"),
	ONE(0x140, "MISC_FEATURES_ENABLES"),
	ONE(0x174, "IA32_SYSENTER_CS"),
	ONE(0x175, "IA32_SYSENTER_ESP"),
	ONE(0x176, "IA32_SYSENTER_EIP"),
	ONE(0x179, "IA32_MCG_CAP"),
	ONE(0x17a, "IA32_MCG_STATUS"),
	ONE(0x17b, "IA32_MCG_CTL"),
	ROW(0x186, 8, 1, "IA32_PERFEVTSEL#"),
	ONE(0x195, "IA32_OVERCLOCKING_STATUS"),
	ONE(0x198, "IA32_PERF_STATUS"),
	ONE(0x199, "IA32_PERF_CTL"),
	ONE(0x19a, "IA32_CLOCK_MODULATION"),
	ONE(0x19b, "IA32_THERM_INTERRUPT"),
	ONE(0x19c, "IA32_THERM_STATUS"),
	ONE(0x19d, "THERM2_CTL"),
	ONE(0x1a0, "IA32_MISC_ENABLE"),
	ONE(0x1a2, "TEMPERATURE_TARGET"),
	ONE(0x1a4, "MISC_FEATURE_CONTROL"),
	ROW(0x1a6, 2, 1, "OFFCORE_RSP_#"),
	ONE(0x1aa, "MISC_PWR_MGMT"),
	ONE(0x1ad, "TURBO_RATIO_LIMIT"),
	ONE(0x1b0, "IA32_ENERGY_PERF_BIAS"),
	ONE(0x1b1, "IA32_PACKAGE_THERM_STATUS"),
	ONE(0x1b2, "IA32_PACKAGE_THERM_INTERRUPT"),
	ONE(0x1c4, "IA32_XFD"),
	ONE(0x1c5, "IA32_XFD_ERR"),
	ONE(0x1c8, "LBR_SELECT"),
	ONE(0x1c9, "LASTBRANCH_TOS"),
	ROW(0x1cc, 4, 1, "IA32_FRED_RSP#"),
	ONE(0x1d0, "IA32_FRED_STKLVLS"),
	ONE(0x1d1, "IA32_FRED_SSP1"),
	ONE(0x1d2, "IA32_FRED_SSP2"),
	ONE(0x1d3, "IA32_FRED_SSP3"),
	ONE(0x1d4, "IA32_FRED_CONFIG"),
	ONE(0x1d9, "IA32_DEBUGCTL"),
	ONE(0x1db, "LASTBRANCHFROMIP"),
	ONE(0x1dc, "LASTBRANCHTOIP"),
	ONE(0x1dd, "LASTINTFROMIP"),
	ONE(0x1de, "LASTINTTOIP"),
	ONE(0x1f2, "IA32_SMRR_PHYSBASE"),
	ONE(0x1f3, "IA32_SMRR_PHYSMASK"),
	ONE(0x1f8, "IA32_PLATFORM_DCA_CAP"),
	ONE(0x1f9, "IA32_CPU_DCA_CAP"),
	ONE(0x1fa, "IA32_DCA_0_CAP"),
	ONE(0x1fc, "POWER_CTL"),
	ROW(0x200, 10, 2, "IA32_MTRR_PHYSBASE#"),
	ROW(0x201, 10, 2, "IA32_MTRR_PHYSMASK#"),
	ONE(0x250, "IA32_MTRR_FIX64K_00000"),
	ONE(0x258, "IA32_MTRR_FIX16K_80000"),
	ONE(0x259, "IA32_MTRR_FIX16K_A0000"),
	ONE(0x268, "IA32_MTRR_FIX4K_C0000"),
	ONE(0x269, "IA32_MTRR_FIX4K_C8000"),
	ONE(0x26a, "IA32_MTRR_FIX4K_D0000"),
	ONE(0x26b, "IA32_MTRR_FIX4K_D8000"),
	ONE(0x26c, "IA32_MTRR_FIX4K_E0000"),
	ONE(0x26d, "IA32_MTRR_FIX4K_E8000"),
	ONE(0x26e, "IA32_MTRR_FIX4K_F0000"),
	ONE(0x26f, "IA32_MTRR_FIX4K_F8000"),
	ONE(0x277, "IA32_PAT"),
	ROW(0x280, 32, 1, "IA32_MC#_CTL2"),
	ONE(0x2ff, "IA32_MTRR_DEF_TYPE"),
	ROW(0x309, 7, 1, "IA32_FIXED_CTR#"),
	ONE(0x329, "IA32_PERF_METRICS"),
	ONE(0x345, "IA32_PERF_CAPABILITIES"),
	ONE(0x38d, "IA32_FIXED_CTR_CTRL"),
	ONE(0x38e, "IA32_PERF_GLOBAL_STATUS"),
	ONE(0x38f, "IA32_PERF_GLOBAL_CTRL"),
	ONE(0x390, "IA32_PERF_GLOBAL_STATUS_RESET"),
	ONE(0x391, "IA32_PERF_GLOBAL_STATUS_SET"),
	ONE(0x392, "IA32_PERF_GLOBAL_INUSE"),
	ONE(0x3f1, "IA32_PEBS_ENABLE"),
	ONE(0x3f2, "PEBS_DATA_CFG"),
	ONE(0x3f6, "PEBS_LD_LAT"),
	ONE(0x3f8, "PKG_C3_RESIDENCY"),
	ONE(0x3f9, "PKG_C6_RESIDENCY"),
	ONE(0x3fa, "PKG_C7_RESIDENCY"),
	ONE(0x3fc, "CORE_C3_RESIDENCY"),
	ONE(0x3fd, "CORE_C6_RESIDENCY"),
	ONE(0x3fe, "CORE_C7_RESIDENCY"),
	ROW(0x400, 29, 4, "IA32_MC#_CTL"),
	ROW(0x401, 29, 4, "IA32_MC#_STATUS"),
	ROW(0x402, 29, 4, "IA32_MC#_ADDR"),
	ROW(0x403, 29, 4, "IA32_MC#_MISC"),
	ONE(0x480, "IA32_VMX_BASIC"),
	ONE(0x481, "IA32_VMX_PINBASED_CTLS"),
	ONE(0x482, "IA32_VMX_PROCBASED_CTLS"),
	ONE(0x483, "IA32_VMX_EXIT_CTLS"),
	ONE(0x484, "IA32_VMX_ENTRY_CTLS"),
	ONE(0x485, "IA32_VMX_MISC"),
	ONE(0x486, "IA32_VMX_CR0_FIXED0"),
	ONE(0x487, "IA32_VMX_CR0_FIXED1"),
	ONE(0x488, "IA32_VMX_CR4_FIXED0"),
	ONE(0x489, "IA32_VMX_CR4_FIXED1"),
	ONE(0x48a, "IA32_VMX_VMCS_ENUM"),
	ONE(0x48b, "IA32_VMX_PROCBASED_CTLS2"),
	ONE(0x48c, "IA32_VMX_EPT_VPID_CAP"),
	ONE(0x48d, "IA32_VMX_TRUE_PINBASED_CTLS"),
	ONE(0x48e, "IA32_VMX_TRUE_PROCBASED_CTLS"),
	ONE(0x48f, "IA32_VMX_TRUE_EXIT_CTLS"),
	ONE(0x490, "IA32_VMX_TRUE_ENTRY_CTLS"),
	ONE(0x491, "IA32_VMX_VMFUNC"),
	ONE(0x492, "IA32_VMX_PROCBASED_CTLS3"),
	ONE(0x493, "IA32_VMX_EXIT_CTLS2"),
	ROW(0x4c1, 8, 1, "IA32_A_PMC#"),
	ONE(0x4d0, "IA32_MCG_EXT_CTL"),
	ONE(0x500, "IA32_SGX_SVN_STATUS"),
	ONE(0x560, "IA32_RTIT_OUTPUT_BASE"),
	ONE(0x561, "IA32_RTIT_OUTPUT_MASK_PTRS"),
	ONE(0x570, "IA32_RTIT_CTL"),
	ONE(0x571, "IA32_RTIT_STATUS"),
	ONE(0x572, "IA32_RTIT_CR3_MATCH"),
	ROW(0x580, 4, 2, "IA32_RTIT_ADDR#_A"),
	ROW(0x581, 4, 2, "IA32_RTIT_ADDR#_B"),
	ONE(0x600, "IA32_DS_AREA"),
	ONE(0x606, "RAPL_POWER_UNIT"),
	ONE(0x60d, "PKG_C2_RESIDENCY"),
	ONE(0x610, "PKG_POWER_LIMIT"),
	ONE(0x611, "PKG_ENERGY_STATUS"),
	ONE(0x613, "PKG_PERF_STATUS"),
	ONE(0x614, "PKG_POWER_INFO"),
	ONE(0x618, "DRAM_POWER_LIMIT"),
	ONE(0x619, "DRAM_ENERGY_STATUS"),
	ONE(0x638, "PP0_POWER_LIMIT"),
	ONE(0x639, "PP0_ENERGY_STATUS"),
	ONE(0x640, "PP1_POWER_LIMIT"),
	ONE(0x641, "PP1_ENERGY_STATUS"),
	ONE(0x64d, "PLATFORM_ENERGY_COUNTER"),
	ONE(0x64e, "PPERF"),
	ONE(0x64f, "CORE_PERF_LIMIT_REASONS"),
	ONE(0x6a0, "IA32_U_CET"),
	ONE(0x6a2, "IA32_S_CET"),
	ROW(0x6a4, 4, 1, "IA32_PL#_SSP"),
	ONE(0x6a8, "IA32_INTERRUPT_SSP_TABLE_ADDR"),
	ONE(0x6e0, "IA32_TSC_DEADLINE"),
	ONE(0x6e1, "IA32_PKRS"),
	ONE(0x770, "IA32_PM_ENABLE"),
	ONE(0x771, "IA32_HWP_CAPABILITIES"),
	ONE(0x772, "IA32_HWP_REQUEST_PKG"),
	ONE(0x773, "IA32_HWP_INTERRUPT"),
	ONE(0x774, "IA32_HWP_REQUEST"),
	ONE(0x777, "IA32_HWP_STATUS"),
	ONE(0xc80, "IA32_DEBUG_INTERFACE"),
	ONE(0xc81, "IA32_L3_QOS_CFG"),
	ONE(0xc82, "IA32_L2_QOS_CFG"),
	ONE(0xc8d, "IA32_QM_EVTSEL"),
	ONE(0xc8e, "IA32_QM_CTR"),
	ONE(0xc8f, "IA32_PQR_ASSOC"),
	ROW(0xc90, 16, 1, "IA32_L3_QOS_MASK_#"),
	ROW(0xd10, 16, 1, "IA32_L2_QOS_MASK_#"),
	ONE(0xd90, "IA32_BNDCFGS"),
	ONE(0xda0, "IA32_XSS"),
	ONE(0xdb0, "IA32_PKG_HDC_CTL"),
	ONE(0xdb1, "IA32_PM_CTL1"),
	ONE(0xdb2, "IA32_THREAD_STALL"),
	ONE(0x14ce, "IA32_LBR_CTL"),
	ONE(0x14cf, "IA32_LBR_DEPTH"),
	ONE(0xc0000080, "IA32_EFER"),
	ONE(0xc0000081, "IA32_STAR"),
	ONE(0xc0000082, "IA32_LSTAR"),
	ONE(0xc0000083, "IA32_CSTAR"),
	ONE(0xc0000084, "IA32_FMASK"),
	ONE(0xc0000100, "IA32_FS_BASE"),
	ONE(0xc0000101, "IA32_GS_BASE"),
	ONE(0xc0000102, "IA32_KERNEL_GS_BASE"),
	ONE(0xc0000103, "IA32_TSC_AUX"),

	/* AMD's, which guests try on any CPU. */
	ROW(0xc0010000, 4, 1, "AMD_PERFEVTSEL#"),
	ROW(0xc0010004, 4, 1, "AMD_PERFCTR#"),
	ONE(0xc0010010, "AMD_SYSCFG"),
	ONE(0xc0010015, "AMD_HWCR"),
	ONE(0xc001001a, "AMD_TOP_MEM"),
	ONE(0xc001001d, "AMD_TOP_MEM2"),
	ONE(0xc001001f, "AMD_NB_CFG"),
	ONE(0xc0010114, "AMD_VM_CR"),
	ONE(0xc0010117, "AMD_VM_HSAVE_PA"),
	ONE(0xc0011029, "AMD_DE_CFG"),

	/* KVM's paravirtual ones; the first two are the old numbers of them. */
	ONE(0x11, "KVM_WALL_CLOCK"),
	ONE(0x12, "KVM_SYSTEM_TIME"),
	ONE(0x4b564d00, "KVM_WALL_CLOCK_NEW"),
	ONE(0x4b564d01, "KVM_SYSTEM_TIME_NEW"),
	ONE(0x4b564d02, "KVM_ASYNC_PF_EN"),
	ONE(0x4b564d03, "KVM_STEAL_TIME"),
	ONE(0x4b564d04, "KVM_EOI_EN"),
	ONE(0x4b564d05, "KVM_POLL_CONTROL"),
	ONE(0x4b564d06, "KVM_ASYNC_PF_INT"),
	ONE(0x4b564d07, "KVM_ASYNC_PF_ACK"),
	ONE(0x4b564d08, "KVM_MIGRATION_CONTROL"),

	/* Hyper-V's. */
	ONE(0x40000000, "HV_GUEST_OS_ID"),
	ONE(0x40000001, "HV_HYPERCALL"),
	ONE(0x40000002, "HV_VP_INDEX"),
	ONE(0x40000020, "HV_TIME_REF_COUNT"),
	ONE(0x40000021, "HV_REFERENCE_TSC"),
	ONE(0x40000073, "HV_VP_ASSIST_PAGE"),
};

/* SDM, "Local APIC Register Address Map"; x2APIC has the same, 16 bytes a MSR. */
static const struct msr_names apic_registers[] = {
	ONE(0x020, "ID"),
	ONE(0x030, "VERSION"),
	ONE(0x080, "TPR"),
	ONE(0x090, "APR"),
	ONE(0x0a0, "PPR"),
	ONE(0x0b0, "EOI"),
	ONE(0x0c0, "RRD"),
	ONE(0x0d0, "LDR"),
	ONE(0x0e0, "DFR"),
	ONE(0x0f0, "SIVR"),
	ROW(0x100, 8, 0x10, "ISR#"),
	ROW(0x180, 8, 0x10, "TMR#"),
	ROW(0x200, 8, 0x10, "IRR#"),
	ONE(0x280, "ESR"),
	ONE(0x2f0, "LVT_CMCI"),
	ONE(0x300, "ICR"),
	ONE(0x310, "ICR2"),
	ONE(0x320, "LVT_TIMER"),
	ONE(0x330, "LVT_THERMAL"),
	ONE(0x340, "LVT_PMI"),
	ONE(0x350, "LVT_LINT0"),
	ONE(0x360, "LVT_LINT1"),
	ONE(0x370, "LVT_ERROR"),
	ONE(0x380, "INIT_COUNT"),
	ONE(0x390, "CUR_COUNT"),
	ONE(0x3e0, "DIV_CONF"),
	ONE(APIC_SELF_IPI, "SELF_IPI"),
};

/* The name of one of a row. */
static void number(const char *pattern, __u32 nr, char *name, size_t size)
{
	int prefix = strcspn(pattern, "#");

	if (pattern[prefix])
		snprintf(name, size, "%.*s%u%s", prefix, pattern, nr,
			 pattern + prefix + 1);
	else
		snprintf(name, size, "%s", pattern);
}

static bool find(const struct msr_names *table, size_t nr, __u32 index,
		 char *name, size_t size)
{
	const struct msr_names *row;
	__u32 distance;

	for (row = table; row < table + nr; row++) {
		distance = index - row->first;
		if (index < row->first || distance % row->step ||
		    distance / row->step >= row->nr)
			continue;
		number(row->name, distance / row->step, name, size);
		return true;
	}
	return false;
}

/**
 * apic_register_name() - name of a register of the local APIC
 * @offset: where it is in the APIC's page
 * @name: out: its name, such as "EOI"
 * @size: room there
 *
 * Return: whether it has a name.
 */
bool apic_register_name(__u32 offset, char *name, size_t size)
{
	return find(apic_registers, ARRAY_SIZE(apic_registers), offset, name, size);
}

/**
 * msr_name() - name of an MSR
 * @index: which
 * @name: out: its name, such as "IA32_EFER"
 * @size: room there
 *
 * Return: whether it has a name.
 */
bool msr_name(__u32 index, char *name, size_t size)
{
	char part[MSR_NAME_BYTES];

	if (index >= X2APIC_FIRST && index <= X2APIC_LAST &&
	    apic_register_name((index - X2APIC_FIRST) << 4, part, sizeof(part))) {
		snprintf(name, size, "IA32_X2APIC_%s", part);
		return true;
	}
	return find(msrs, ARRAY_SIZE(msrs), index, name, size);
}

/* What begins many names, and people leave out. */
static const char *without_prefix(const char *name)
{
	if (!strncasecmp(name, "MSR_", 4))
		name += 4;
	if (!strncasecmp(name, "IA32_", 5))
		name += 5;
	return name;
}

static bool is_called(__u32 index, const char *name)
{
	char own[MSR_NAME_BYTES];

	return msr_name(index, own, sizeof(own)) &&
	       !strcasecmp(without_prefix(own), without_prefix(name));
}

/* An MSR by its number, in C's notation. */
static bool parse(const char *text, __u32 *index)
{
	unsigned long value;
	char *end;

	/* strtoul() takes signs and blanks, too. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 0);
	if (*end || errno || value > 0xffffffff)
		return false;
	*index = value;
	return true;
}

/**
 * msr_find() - an MSR that is given by name or by number
 * @name: such as IA32_EFER, efer, MSR_PLATFORM_INFO, 0x1b
 * @index: out: which it is
 *
 * Return: whether there is one.
 */
bool msr_find(const char *name, __u32 *index)
{
	const struct msr_names *row;
	__u32 i;

	if (parse(name, index))
		return true;
	for (*index = X2APIC_FIRST; *index <= X2APIC_LAST; (*index)++)
		if (is_called(*index, name))
			return true;
	for (row = msrs; row < msrs + ARRAY_SIZE(msrs); row++) {
		for (i = 0; i < row->nr; i++) {
			*index = row->first + i * row->step;
			if (is_called(*index, name))
				return true;
		}
	}
	return false;
}
