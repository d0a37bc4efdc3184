// SPDX-License-Identifier: GPL-2.0
/*
 * MSRs of the guest: which exist, where each lives, and which the guest reads
 * and writes without an exit.
 *
 * An MSR that is not listed here does not exist: the guest gets #GP, as on a CPU
 * without it.  SDM: volume 4, "Architectural MSRs".
 */
#include "vmx_msr.h"

#include <linux/errno.h>
#include <linux/string.h>
#include <asm/apicdef.h>
#include <asm/msr.h>
#include <asm/mtrr.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/tsc.h>

#include "keel_tsc.h"
#include "keel_vcpu.h"
#include "vmx_apic.h"
#include "vmx_fields.h"
#include "vmx_paging.h"
#include "vmx_setup.h"
#include "vmx_state.h"

#define MSR_BITMAP_READ_LOW	0
#define MSR_BITMAP_READ_HIGH	1024
#define MSR_BITMAP_WRITE_LOW	2048
#define MSR_BITMAP_WRITE_HIGH	3072

#define MTRR_DEF_TYPE_BITS	(0xffULL | BIT(10) | BIT(11))
#define FEATURE_CONTROL_LOCKED	1
#define PAT_AT_RESET		0x0007040600070406ULL

static const u32 fixed_mtrrs[KEEL_MTRR_FIXED] = {
	MSR_MTRRfix64K_00000, MSR_MTRRfix16K_80000, MSR_MTRRfix16K_A0000,
	MSR_MTRRfix4K_C0000, MSR_MTRRfix4K_C8000, MSR_MTRRfix4K_D0000,
	MSR_MTRRfix4K_D8000, MSR_MTRRfix4K_E0000, MSR_MTRRfix4K_E8000,
	MSR_MTRRfix4K_F0000, MSR_MTRRfix4K_F8000,
};

/* 0, 1, 4, 5, 6 are memory types; others are reserved. */
static bool mtrr_type_ok(u8 type)
{
	return type < 7 && type != 2 && type != 3;
}

/* Each of the eight bytes of IA32_PAT is a type; 7 is UC-. */
static bool pat_ok(u64 value)
{
	int i;

	for (i = 0; i < 8; i++, value >>= 8)
		if ((value & 0xff) != 7 && !mtrr_type_ok(value & 0xff))
			return false;
	return true;
}

static bool canonical(u64 address)
{
	int shift = vmx_get_cr4() & X86_CR4_LA57 ? 64 - 57 : 64 - 48;

	return (u64)((s64)(address << shift) >> shift) == address;
}

/* Inside the fast section these are in the CPU; see vmx_section.c. */
static bool in_cpu(u32 msr)
{
	return msr == MSR_STAR || msr == MSR_LSTAR || msr == MSR_CSTAR ||
		msr == MSR_SYSCALL_MASK || msr == MSR_KERNEL_GS_BASE ||
		(msr == MSR_TSC_AUX &&
		 (vmx_controls.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP));
}

static u64 *fixed_mtrr(struct keel_vcpu *vcpu, u32 msr)
{
	int i;

	for (i = 0; i < KEEL_MTRR_FIXED; i++)
		if (fixed_mtrrs[i] == msr)
			return &vcpu->msrs.mtrr_fixed[i];
	return NULL;
}

/* MSRs that are plain memory to the guest; checks apart, see write_plain(). */
static u64 *plain(struct keel_vcpu *vcpu, u32 msr)
{
	struct keel_guest_msrs *m = &vcpu->msrs;

	switch (msr) {
	case MSR_KERNEL_GS_BASE:	return &m->kernel_gs_base;
	case MSR_STAR:			return &m->star;
	case MSR_LSTAR:			return &m->lstar;
	case MSR_CSTAR:			return &m->cstar;
	case MSR_SYSCALL_MASK:		return &m->sfmask;
	case MSR_TSC_AUX:		return &m->tsc_aux;
	case MSR_IA32_TSC_ADJUST:	return &m->tsc_adjust;
	case MSR_IA32_APICBASE:		return &m->apic_base;
	case MSR_IA32_MISC_ENABLE:	return &m->misc_enable;
	case MSR_MTRRdefType:		return &m->mtrr_def_type;
	case MTRRphysBase_MSR(0) ... MTRRphysMask_MSR(KEEL_MTRR_VARIABLE - 1):
		return &m->mtrr_var[msr - MTRRphysBase_MSR(0)];
	default:
		return fixed_mtrr(vcpu, msr);
	}
}

/**
 * vmx_msr_read - read an MSR of the guest
 * @vcpu: its VMCS is current
 * @msr: number
 * @value: set on success
 *
 * Return: 0 or -ENOENT.
 */
int vmx_msr_read(struct keel_vcpu *vcpu, u32 msr, u64 *value)
{
	const u64 *at;

	if (vmx_apic_is_msr(vcpu, msr))
		return vmx_apic_rdmsr(vcpu, msr, value);
	switch (msr) {
	case MSR_IA32_TSC:
		*value = keel_guest_tsc(vcpu, rdtsc());
		return 0;
	case MSR_EFER:
		*value = vmx_get_efer(vcpu);
		return 0;
	case MSR_FS_BASE:
		*value = vmcs_getl(GUEST_FS_BASE);
		return 0;
	case MSR_GS_BASE:
		*value = vmcs_getl(GUEST_GS_BASE);
		return 0;
	case MSR_IA32_SYSENTER_CS:
		*value = vmcs_get32(GUEST_SYSENTER_CS);
		return 0;
	case MSR_IA32_SYSENTER_ESP:
		*value = vmcs_getl(GUEST_SYSENTER_ESP);
		return 0;
	case MSR_IA32_SYSENTER_EIP:
		*value = vmcs_getl(GUEST_SYSENTER_EIP);
		return 0;
	case MSR_IA32_CR_PAT:
		*value = vcpu->msrs.pat;
		return 0;
	case MSR_IA32_DEBUGCTLMSR:
		*value = vmcs_get64(GUEST_IA32_DEBUGCTL);
		return 0;
	case MSR_MTRRcap:
		/* fixed ranges and write combining */
		*value = KEEL_MTRR_VARIABLE | BIT(8) | BIT(10);
		return 0;
	case MSR_IA32_FEAT_CTL:
		*value = FEATURE_CONTROL_LOCKED;
		return 0;
	case MSR_IA32_MCG_CAP:		/* no machine-check banks */
	case MSR_IA32_MCG_STATUS:
	case MSR_IA32_UCODE_REV:
	case MSR_IA32_PLATFORM_ID:
	case MSR_SMI_COUNT:
		*value = 0;
		return 0;
	}
	if (keel_pv_is_msr(msr))
		return keel_pv_read_msr(vcpu, msr, value);
	at = plain(vcpu, msr);
	if (!at)
		return -ENOENT;
	/* SWAPGS changes this one without telling. */
	if (msr == MSR_KERNEL_GS_BASE && vcpu->vmx.in_section)
		rdmsrl(msr, *value);
	else
		*value = *at;
	return 0;
}

/* Moving the TSC moves TSC_ADJUST along, and the other way round. */
static void move_tsc(struct keel_vcpu *vcpu, u64 by)
{
	vcpu->msrs.tsc_offset += by;
	vcpu->msrs.tsc_adjust += by;
	vmcs_put64(TSC_OFFSET, vcpu->msrs.tsc_offset);
	keel_pv_tsc_moved(&vcpu->pv);
	if (keel_vcpu_has_lapic(vcpu))
		vmx_apic_move_tsc(vcpu, by);
}

static bool plain_ok(struct keel_vcpu *vcpu, u32 msr, u64 value)
{
	u64 phys = GENMASK_ULL(keel_cpuid_guest_phys_bits(&vcpu->cpuid) - 1, 0);
	int i;

	switch (msr) {
	case MSR_KERNEL_GS_BASE:
	case MSR_LSTAR:
	case MSR_CSTAR:
		return canonical(value);
	case MSR_SYSCALL_MASK:
	case MSR_TSC_AUX:
		return !(value >> 32);
	case MSR_IA32_APICBASE:
		/* Of a VM without local APICs: it can be moved, not made x2APIC. */
		return !(value & ~(phys & ~0xfffULL) & ~(MSR_IA32_APICBASE_BSP |
							  MSR_IA32_APICBASE_ENABLE));
	case MSR_MTRRdefType:
		return !(value & ~MTRR_DEF_TYPE_BITS) && mtrr_type_ok(value & 0xff);
	case MTRRphysBase_MSR(0) ... MTRRphysMask_MSR(KEEL_MTRR_VARIABLE - 1):
		if (msr & 1)
			return !(value & ~phys) && !(value & 0x7ff);
		return !(value & ~phys) && !(value & 0xf00) && mtrr_type_ok(value & 0xff);
	}
	if (fixed_mtrr(vcpu, msr))
		for (i = 0; i < 64; i += 8)
			if (!mtrr_type_ok(value >> i & 0xff))
				return false;
	return true;
}

static int write_plain(struct keel_vcpu *vcpu, u32 msr, u64 value, u64 *at)
{
	if (!plain_ok(vcpu, msr, value))
		return -EINVAL;
	if (msr == MSR_IA32_TSC_ADJUST) {
		move_tsc(vcpu, value - *at);
		return 0;
	}
	*at = value;
	if (vcpu->vmx.in_section && in_cpu(msr))
		wrmsrl(msr, value);
	return 0;
}

/**
 * vmx_msr_write - write an MSR of the guest
 * @vcpu: its VMCS is current
 * @msr: number
 * @value: new value
 *
 * Return: 0; -ENOENT where there is no such MSR; -EINVAL where it does not take
 * the value: either is #GP for a guest.
 */
int vmx_msr_write(struct keel_vcpu *vcpu, u32 msr, u64 value)
{
	u32 effects = 0;
	u64 *at;
	int ret;

	if (vmx_apic_is_msr(vcpu, msr)) {
		ret = vmx_apic_wrmsr(vcpu, msr, value, &effects);
		if (!ret)
			vmx_apic_effects(vcpu, effects & ~KEEL_LAPIC_EOI, false);
		vcpu->eoi_pending |= !!(effects & KEEL_LAPIC_EOI);
		return ret;
	}
	switch (msr) {
	case MSR_IA32_TSC:
		move_tsc(vcpu, value - keel_guest_tsc(vcpu, rdtsc()));
		return 0;
	case MSR_EFER:
		return vmx_set_efer(vcpu, value);
	case MSR_FS_BASE:
	case MSR_GS_BASE:
		if (!canonical(value))
			return -EINVAL;
		__vmcs_put(msr == MSR_FS_BASE ? GUEST_FS_BASE : GUEST_GS_BASE, value);
		return 0;
	case MSR_IA32_SYSENTER_CS:
		vmcs_put32(GUEST_SYSENTER_CS, value);
		return 0;
	case MSR_IA32_SYSENTER_ESP:
	case MSR_IA32_SYSENTER_EIP:
		if (!canonical(value))
			return -EINVAL;
		__vmcs_put(msr == MSR_IA32_SYSENTER_ESP ? GUEST_SYSENTER_ESP :
			   GUEST_SYSENTER_EIP, value);
		return 0;
	case MSR_IA32_CR_PAT:
		if (!pat_ok(value))
			return -EINVAL;
		vmx_put_pat(vcpu, value);
		return 0;
	case MSR_IA32_DEBUGCTLMSR:
		/* Single-step on branches; no branch records yet. */
		if (value & ~(u64)DEBUGCTLMSR_BTF)
			return -EINVAL;
		vmcs_put64(GUEST_IA32_DEBUGCTL, value);
		return 0;
	case MSR_IA32_UCODE_REV:	/* writing 0 is how its reading begins */
	case MSR_IA32_MCG_STATUS:
		return value ? -EINVAL : 0;
	case MSR_IA32_FEAT_CTL:		/* locked */
	case MSR_MTRRcap:
	case MSR_IA32_MCG_CAP:
	case MSR_IA32_PLATFORM_ID:
	case MSR_SMI_COUNT:
		return -EINVAL;
	}
	if (keel_pv_is_msr(msr))
		return keel_pv_write_msr(vcpu, msr, value);
	at = plain(vcpu, msr);
	return at ? write_plain(vcpu, msr, value, at) : -ENOENT;
}

/**
 * vmx_msr_reset - values after power-up
 * @vcpu: its VMCS is current
 */
void vmx_msr_reset(struct keel_vcpu *vcpu)
{
	vcpu->msrs.apic_base = 0xfee00000 | (vcpu->id ? 0 : MSR_IA32_APICBASE_BSP);
	vcpu->msrs.misc_enable = MSR_IA32_MISC_ENABLE_FAST_STRING;
	vmx_put_pat(vcpu, PAT_AT_RESET);
	vmcs_put32(GUEST_SYSENTER_CS, 0);
	vmcs_putl(GUEST_SYSENTER_ESP, 0);
	vmcs_putl(GUEST_SYSENTER_EIP, 0);
}

static void pass(void *bitmap, u32 msr, bool read, bool write)
{
	u32 low = msr & 0x1fff;
	bool high = msr >= 0xc0000000;

	if (read)
		__clear_bit(low, bitmap + (high ? MSR_BITMAP_READ_HIGH : MSR_BITMAP_READ_LOW));
	if (write)
		__clear_bit(low, bitmap + (high ? MSR_BITMAP_WRITE_HIGH : MSR_BITMAP_WRITE_LOW));
}

/*
 * In x2APIC mode with APICv the CPU reads registers from the virtual-APIC page and
 * serves these writes itself.  What it would read wrongly exits: the timer's
 * current count, the ICR with its two halves, what is write-only or not there.
 */
static void pass_x2apic(void *bitmap)
{
	static const u16 readable[] = {
		APIC_ID, APIC_LVR, APIC_TASKPRI, APIC_PROCPRI, APIC_LDR, APIC_SPIV,
		APIC_ESR, APIC_LVTT, APIC_LVTTHMR, APIC_LVTPC, APIC_LVT0, APIC_LVT1,
		APIC_LVTERR, APIC_TMICT, APIC_TDCR,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(readable); i++)
		pass(bitmap, APIC_BASE_MSR + (readable[i] >> 4), true, false);
	for (i = APIC_ISR; i < APIC_IRR + 0x80; i += 0x10)
		pass(bitmap, APIC_BASE_MSR + (i >> 4), true, false);
	pass(bitmap, APIC_BASE_MSR + (APIC_TASKPRI >> 4), false, true);
	pass(bitmap, APIC_BASE_MSR + (APIC_EOI >> 4), false, true);
	pass(bitmap, APIC_BASE_MSR + (APIC_SELF_IPI >> 4), false, true);
}

/**
 * vmx_msr_bitmap - say which accesses need no exit
 * @vcpu: @vcpu->intercepts names those that must exit all the same
 *
 * Passed through are MSRs that the CPU switches with the guest, or that the fast
 * section loads.  Writes to the latter exit, so that Keel's copy stays true
 * without reading them back; KERNEL_GS_BASE is the exception, because SWAPGS
 * changes it in any case.
 */
void vmx_msr_bitmap(struct keel_vcpu *vcpu)
{
	void *bitmap = vcpu->vmx.msr_bitmap;
	u32 i;

	memset(bitmap, 0xff, PAGE_SIZE);
	pass(bitmap, MSR_FS_BASE, true, true);
	pass(bitmap, MSR_GS_BASE, true, true);
	pass(bitmap, MSR_KERNEL_GS_BASE, true, true);
	pass(bitmap, MSR_IA32_SYSENTER_CS, true, true);
	pass(bitmap, MSR_IA32_SYSENTER_ESP, true, true);
	pass(bitmap, MSR_IA32_SYSENTER_EIP, true, true);
	pass(bitmap, MSR_STAR, true, false);
	pass(bitmap, MSR_LSTAR, true, false);
	pass(bitmap, MSR_CSTAR, true, false);
	pass(bitmap, MSR_SYSCALL_MASK, true, false);
	/* The CPU scales the TSC and adds the offset here, too. */
	pass(bitmap, MSR_IA32_TSC, true, false);
	if (vcpu->vmx.proc2 & SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE)
		pass_x2apic(bitmap);

	for (i = 0; i < vcpu->intercepts.nr_msrs; i++) {
		u32 msr = vcpu->intercepts.msrs[i];
		u32 low = msr & 0x1fff;

		if (msr > 0x1fff && (msr < 0xc0000000 || msr > 0xc0001fff))
			continue;	/* exits in any case */
		__set_bit(low, bitmap + (msr >> 31 ? MSR_BITMAP_READ_HIGH : MSR_BITMAP_READ_LOW));
		__set_bit(low, bitmap + (msr >> 31 ? MSR_BITMAP_WRITE_HIGH : MSR_BITMAP_WRITE_LOW));
	}
}
