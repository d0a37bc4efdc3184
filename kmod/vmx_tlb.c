// SPDX-License-Identifier: GPL-2.0
/*
 * Flushes of what the CPU remembers of a guest's own tables, or of the shadow page
 * tables that stand for them.  Without a VPID there is nothing to do: each entry and
 * exit flushes.  Where the CPU lacks a kind of INVVPID, the next larger one serves.
 *
 * SDM: "INVVPID - Invalidate Translations Based on VPID".
 */
#include "vmx_tlb.h"

#include "keel_vcpu.h"
#include "vmx_caps.h"
#include "vmx_cpu.h"
#include "vmx_insn.h"

static bool has(u32 extent_bit)
{
	return vmx_caps_vpid(&vmx_caps) & extent_bit;
}

/**
 * vmx_flush_guest_tlb - drop all that the CPU remembers for a vCPU
 * @vcpu: its VMCS is current
 */
void vmx_flush_guest_tlb(struct keel_vcpu *vcpu)
{
	if (!vcpu->vmx.vpid)
		return;
	if (has(VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT))
		invvpid(VMX_VPID_EXTENT_SINGLE_CONTEXT, vcpu->vmx.vpid, 0);
	else
		invvpid(VMX_VPID_EXTENT_ALL_CONTEXT, 0, 0);
}

/**
 * vmx_flush_guest_not_global - the same, but global translations may stay
 * @vcpu: its VMCS is current
 */
void vmx_flush_guest_not_global(struct keel_vcpu *vcpu)
{
	if (vcpu->vmx.vpid && has(VMX_VPID_EXTENT_SINGLE_NON_GLOBAL_BIT))
		invvpid(VMX_VPID_EXTENT_SINGLE_NON_GLOBAL, vcpu->vmx.vpid, 0);
	else
		vmx_flush_guest_tlb(vcpu);
}

/**
 * vmx_flush_guest_address - drop what the CPU remembers for one address
 * @vcpu: its VMCS is current
 * @gva: linear address, canonical
 */
void vmx_flush_guest_address(struct keel_vcpu *vcpu, u64 gva)
{
	if (vcpu->vmx.vpid && has(VMX_VPID_EXTENT_INDIVIDUAL_ADDR_BIT))
		invvpid(VMX_VPID_EXTENT_INDIVIDUAL_ADDR, vcpu->vmx.vpid, gva);
	else
		vmx_flush_guest_tlb(vcpu);
}
