// SPDX-License-Identifier: GPL-2.0
/*
 * Exits by accesses to memory that is not there: EPT violations.
 *
 * Each begins inside the fast section, where registers can be read, and what may
 * sleep goes on in a slow half with what was gathered in &keel_vcpu.walk.
 *
 * SDM: "Exit Qualification for EPT Violations".
 */
#include "vmx_exit.h"

#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/trap_pf.h>

#include "keel_event.h"
#include "keel_log.h"
#include "keel_vm.h"
#include "vmx_cpu.h"
#include "vmx_event.h"
#include "vmx_fields.h"
#include "vmx_paging.h"
#include "vmx_run.h"
#include "vmx_state.h"
#include "vmx_trace.h"

#define QUAL_WRITE		BIT(1)
#define QUAL_EXEC		BIT(2)
#define QUAL_PRESENT		(BIT(3) | BIT(4) | BIT(5))
#define QUAL_GVA_VALID		BIT(7)
#define QUAL_GVA_TRANSLATED	BIT(8)
#define QUAL_NMI_UNBLOCKED	BIT(12)

static int walk_read(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	return keel_mem_read_entry(ctx, gpa, buf, bytes);
}

/**
 * vmx_walk_env - the guest as paging sees it
 * @vcpu: its VMCS is current
 * @env: filled in
 */
void vmx_walk_env(struct keel_vcpu *vcpu, struct keel_walk_env *env)
{
	*env = (struct keel_walk_env) {
		.cr0 = vmx_get_cr0(),
		.cr3 = vmx_get_cr3(vcpu),
		.cr4 = vmx_get_cr4(),
		.efer = vmx_get_efer(vcpu),
		.rflags = vmcs_getl(GUEST_RFLAGS),
		.phys_bits = keel_cpuid_guest_phys_bits(&vcpu->cpuid),
		.pse36 = keel_cpuid_guest_has(&vcpu->cpuid, X86_FEATURE_PSE36),
		.gbpages = keel_cpuid_guest_has(&vcpu->cpuid, X86_FEATURE_GBPAGES),
		.read = walk_read,
		.ctx = &vcpu->vm->mem,
	};
	if ((env->cr4 & X86_CR4_PAE) && !(env->efer & EFER_LMA))
		vmx_get_pdptes(vcpu, env->pdpte);
}

static bool code64(const struct keel_walk_env *env)
{
	return (env->efer & EFER_LMA) && (vmcs_get32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK);
}

/**
 * vmx_remember_code - note what a slow half, or vmx_fetch(), needs to find the
 * instruction
 * @vcpu: in the fast section
 */
void vmx_remember_code(struct keel_vcpu *vcpu)
{
	vmx_walk_env(vcpu, &vcpu->walk);
	vcpu->code = vmcs_getl(GUEST_RIP);
	vcpu->code_bytes = 8;
	if (!code64(&vcpu->walk)) {
		vcpu->code = (u32)(vcpu->code + vmcs_getl(GUEST_CS_BASE));
		vcpu->code_bytes = vmcs_get32(GUEST_CS_AR_BYTES) & VMX_AR_DB_MASK ? 4 : 2;
	}
	vcpu->cpl = VMX_AR_DPL(vmcs_get32(GUEST_SS_AR_BYTES));
}

/**
 * vmx_fetch - read the instruction
 * @vcpu: vmx_remember_code() has been called
 * @insn: 15 bytes
 *
 * May sleep, unless page faults are off.
 *
 * Return: how many bytes could be read
 */
unsigned int vmx_fetch(struct keel_vcpu *vcpu, u8 *insn)
{
	u32 access = KEEL_ACCESS_EXEC | (vcpu->cpl == 3 ? KEEL_ACCESS_USER : 0);
	struct keel_walk_result res;
	unsigned int len = 0;

	while (len < VMX_INSN_MAX) {
		u64 gva = vcpu->code + len;
		unsigned int part = min_t(unsigned int, VMX_INSN_MAX - len,
					  PAGE_SIZE - offset_in_page(gva));

		if (keel_walk(&vcpu->walk, gva, access, &res) || res.fault ||
		    keel_mem_read(&vcpu->vm->mem, res.gpa, insn + len, part))
			break;
		len += part;
	}
	return len;
}

static u32 access_of(u64 qual)
{
	return (qual & QUAL_WRITE ? KEEL_ACCESS_WRITE : 0) |
		(qual & QUAL_EXEC ? KEEL_ACCESS_EXEC : 0);
}

/* An EPT violation as a page fault would tell it. */
static u32 error_code_of(u64 qual)
{
	return (qual & QUAL_PRESENT ? X86_PF_PROT : 0) | (qual & QUAL_WRITE ? X86_PF_WRITE : 0) |
		(qual & QUAL_EXEC ? X86_PF_INSTR : 0) |
		(VMX_AR_DPL(vmcs_get32(GUEST_SS_AR_BYTES)) == 3 ? X86_PF_USER : 0);
}

static void fill_mmio(struct keel_vcpu *vcpu, const struct vmx_access *a)
{
	vcpu->run->mmio = (struct keel_exit_mmio) {
		.gpa = a->gpa,
		.gva = a->gva,
		.access = a->access,
		.gva_valid = a->gva_valid,
	};
}

/* User space can write to the run page: nothing else goes by what is there. */
static noinline __cold void trace_mmio(struct keel_vcpu *vcpu)
{
	vmx_trace(vcpu, mmio, READ_ONCE(vcpu->run->mmio.access),
		  READ_ONCE(vcpu->run->mmio.gpa), 0, 0);
}

static enum keel_verdict mmio_to_user(struct keel_vcpu *vcpu, const u8 *insn, unsigned int len)
{
	memcpy(vcpu->run->mmio.insn, insn, len);
	vcpu->run->mmio.insn_len = len;
	vcpu->run->exit_reason = KEEL_EXIT_MMIO;
	if (trace_keel_mmio_enabled())
		trace_mmio(vcpu);
	return KEEL_TO_USER;
}

static enum keel_verdict slow_mmio(struct keel_vcpu *vcpu)
{
	u8 insn[VMX_INSN_MAX];

	return mmio_to_user(vcpu, insn, vmx_fetch(vcpu, insn));
}

static enum keel_verdict mmio(struct keel_vcpu *vcpu)
{
	u8 insn[VMX_INSN_MAX];
	unsigned int len;

	vmx_remember_code(vcpu);
	/* The guest has just run this code, so that its pages are mostly there. */
	pagefault_disable();
	len = vmx_fetch(vcpu, insn);
	pagefault_enable();
	if (likely(len == VMX_INSN_MAX))
		return mmio_to_user(vcpu, insn, len);
	vcpu->slow = slow_mmio;
	return KEEL_SLOW;
}

/**
 * vmx_mmio - leave an access to user space
 * @vcpu: in the fast section
 * @gpa: guest physical address
 * @access: KEEL_ACCESS_*
 *
 * Return: the verdict
 */
enum keel_verdict vmx_mmio(struct keel_vcpu *vcpu, u64 gpa, u32 access)
{
	fill_mmio(vcpu, &(struct vmx_access) { .gpa = gpa, .access = access });
	return mmio(vcpu);
}

static enum keel_verdict memory_fault(struct keel_vcpu *vcpu)
{
	vcpu->run->exit_reason = KEEL_EXIT_MEMORY_FAULT;
	return KEEL_TO_USER;
}

static enum keel_verdict slow_access(struct keel_vcpu *vcpu)
{
	const struct vmx_access *a = &vcpu->vmx.slow_access;

	switch (keel_mem_fault(&vcpu->vm->mem, a->gpa, a->access, a->shadow)) {
	case KEEL_MEM_MAPPED:
		vcpu->stats.page_faults++;
		return KEEL_RESUME;
	case KEEL_MEM_RETRY:
	case KEEL_MEM_MMIO:	/* the slot has just gone: it exits again, for MMIO */
		return KEEL_RESUME;
	default:
		return memory_fault(vcpu);
	}
}

/**
 * vmx_slow_no_memory - memory that Keel accesses for the guest is not there
 * @vcpu: locked by the caller; vmx_remember_code() has been called; may sleep
 * @a: the access; it has been tried
 *
 * Return: the verdict; as for the guest's own access to that address.
 */
enum keel_verdict vmx_slow_no_memory(struct keel_vcpu *vcpu, const struct vmx_access *a)
{
	struct keel_slot slot;

	fill_mmio(vcpu, a);
	if (!keel_mem_find(&vcpu->vm->mem, a->gpa, &slot) ||
	    ((a->access & KEEL_ACCESS_WRITE) && (slot.flags & KEEL_MEMORY_READONLY)))
		return slow_mmio(vcpu);
	return memory_fault(vcpu);
}

/* Not on the way to a translation, nor in the delivery of an event. */
static bool by_instruction(const struct vmx_access *a)
{
	return a->translated &&
		!(vmcs_get32(IDT_VECTORING_INFO_FIELD) & VECTORING_INFO_VALID_MASK);
}

/**
 * vmx_access_memory - give the guest the memory that it wants to access
 * @vcpu: in the fast section
 * @a: the access
 *
 * Return: the verdict
 */
enum keel_verdict vmx_access_memory(struct keel_vcpu *vcpu, const struct vmx_access *a)
{
	enum keel_verdict verdict;

	switch (keel_mem_fault_atomic(&vcpu->vm->mem, a->gpa, a->access, a->shadow)) {
	case KEEL_MEM_MAPPED:
		vcpu->stats.page_faults++;
		return KEEL_RESUME;
	case KEEL_MEM_MMIO:
		if (by_instruction(a) && vmx_mov_mmio(vcpu, a->gpa, &verdict))
			return verdict;
		fill_mmio(vcpu, a);
		return mmio(vcpu);
	default:
		fill_mmio(vcpu, a);
		vcpu->vmx.slow_access = *a;
		vcpu->slow = slow_access;
		return KEEL_SLOW;
	}
}

static noinline __cold void trace_ept_violation(struct keel_vcpu *vcpu)
{
	vmx_trace(vcpu, page_fault, vmcs_getl(GUEST_RIP), vmcs_get64(GUEST_PHYSICAL_ADDRESS),
		  error_code_of(vmcs_getl(EXIT_QUALIFICATION)), false);
}

enum keel_verdict exit_ept_violation(struct keel_vcpu *vcpu)
{
	u64 qual = vmcs_getl(EXIT_QUALIFICATION);
	struct vmx_access a = {
		.gpa = vmcs_get64(GUEST_PHYSICAL_ADDRESS),
		.access = access_of(qual),
		.translated = qual & QUAL_GVA_TRANSLATED,
	};

	if (trace_keel_page_fault_enabled())
		trace_ept_violation(vcpu);
	vmx_keep_nmi_blocking(qual & QUAL_NMI_UNBLOCKED);
	a.gva_valid = a.translated && (qual & QUAL_GVA_VALID);
	if (a.gva_valid)
		a.gva = vmcs_getl(GUEST_LINEAR_ADDRESS);
	return vmx_access_memory(vcpu, &a);
}
