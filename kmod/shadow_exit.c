// SPDX-License-Identifier: GPL-2.0
/*
 * Exits that shadow paging adds: page faults, INVLPG, INVPCID.  MOV to CR3 is in
 * vmx_exit_cr.c, which leads to shadow_load_cr3().
 *
 * A page fault is the guest's own, if its tables do not permit the access: then it
 * gets it, with the error code that its CPU would give.  If they do, the CPU's part is
 * done here (accessed and dirty flags), and the page goes into the shadow tables.
 *
 * SDM: "Page-Fault Exceptions", "Accessed and Dirty Flags", "INVLPG - Invalidate TLB
 * Entries", "INVPCID - Invalidate Process-Context Identifier".
 */
#include "vmx_exit.h"

#include <asm/processor-flags.h>
#include <asm/trap_pf.h>
#include <asm/trapnr.h>

#include "keel_event.h"
#include "keel_vm.h"
#include "vmx_event.h"
#include "vmx_fields.h"
#include "vmx_setup.h"
#include "vmx_state.h"
#include "vmx_tlb.h"
#include "vmx_trace.h"

static unsigned int entry_bytes(const struct keel_walk_env *env)
{
	return env->cr4 & X86_CR4_PAE ? 8 : 4;
}

/* What the access was, by the error code that the CPU gave. */
static u32 access_of(const struct keel_walk_env *env, u32 error_code)
{
	u32 access = 0;

	if (error_code & X86_PF_WRITE)
		access |= KEEL_ACCESS_WRITE;
	/* NXE is 1 in the CPU, so it tells fetches. */
	if (error_code & X86_PF_INSTR)
		access |= KEEL_ACCESS_EXEC;
	if (error_code & X86_PF_USER)
		access |= KEEL_ACCESS_USER;
	else if ((env->cr4 & X86_CR4_SMAP) && !(access & KEEL_ACCESS_EXEC) &&
		 VMX_AR_DPL(vmcs_get32(GUEST_SS_AR_BYTES)) == 3)
		access |= KEEL_ACCESS_IMPLICIT;
	return access;
}

static enum keel_verdict guest_page_fault(struct keel_vcpu *vcpu, u64 gva, u32 error_code)
{
	const struct keel_event event = {
		.valid = 1,
		.type = KEEL_EVENT_EXCEPTION,
		.vector = X86_TRAP_PF,
		.flags = KEEL_EVENT_ERROR_CODE,
		.error_code = error_code,
		.payload = gva,
	};

	/* Also where it turns into a double fault. */
	if (!(vcpu->intercepts.exceptions & BIT(X86_TRAP_PF)))
		vcpu->cr2 = gva;
	return vmx_guest_exception(vcpu, &event);
}

/*
 * One of the guest's tables is not at hand: read the entry where it may sleep.  With
 * no memory there it is as for a CPU that walks tables by itself: the VMM is asked.
 */
static enum keel_verdict slow_read_table(struct keel_vcpu *vcpu)
{
	const struct keel_walk_result *walk = &vcpu->shadow.walk;
	struct vmx_access access = { .gpa = walk->level[walk->nr_levels].gpa };
	u64 entry;

	if (keel_mem_read(&vcpu->vm->mem, access.gpa, &entry, entry_bytes(&vcpu->shadow.env)))
		return vmx_slow_no_memory(vcpu, &access);
	return KEEL_RESUME;
}

/* An entry that wants a flag is not writable at hand. */
static enum keel_verdict slow_set_flags(struct keel_vcpu *vcpu)
{
	const struct keel_walk_result *walk = &vcpu->shadow.walk;
	unsigned int i;

	for (i = 0; i < walk->nr_levels; i++) {
		struct vmx_access access = {
			.gpa = walk->level[i].gpa, .access = KEEL_ACCESS_WRITE,
		};

		if (walk->level[i].set && keel_mem_fault_in(&vcpu->vm->mem, access.gpa))
			return vmx_slow_no_memory(vcpu, &access);
	}
	return KEEL_RESUME;
}

/* Set accessed and dirty flags in the guest's tables: 0, -EAGAIN where they changed. */
static int set_flags(struct keel_vcpu *vcpu, const struct keel_walk_result *walk)
{
	unsigned int i, bytes = entry_bytes(&vcpu->shadow.env);
	int ret;

	for (i = 0; i < walk->nr_levels; i++) {
		const struct keel_walk_level *l = &walk->level[i];

		if (!l->set)
			continue;
		ret = keel_mem_set_bits(&vcpu->vm->mem, l->gpa, bytes, l->value, l->set);
		if (ret)
			return ret;
	}
	return 0;
}

static enum keel_verdict go_slow(struct keel_vcpu *vcpu, keel_slow_fn slow)
{
	vmx_remember_code(vcpu);
	vcpu->slow = slow;
	return KEEL_SLOW;
}

static noinline __cold void trace_page_fault(struct keel_vcpu *vcpu)
{
	vmx_trace(vcpu, page_fault, vmcs_getl(GUEST_RIP), vmcs_getl(EXIT_QUALIFICATION),
		  vmcs_get32(VM_EXIT_INTR_ERROR_CODE), true);
}

/**
 * shadow_page_fault - a page fault while the CPU ran on shadow page tables
 * @vcpu: in the fast section; what the exit interrupted is queued again
 *
 * Return: the verdict
 */
enum keel_verdict shadow_page_fault(struct keel_vcpu *vcpu)
{
	struct shadow_vcpu *sv = &vcpu->shadow;
	struct keel_walk_result *walk = &sv->walk;
	u64 gva = vmcs_getl(EXIT_QUALIFICATION);
	u32 access = access_of(&sv->env, vmcs_get32(VM_EXIT_INTR_ERROR_CODE));
	struct vmx_access a;
	unsigned long flushes;
	int ret;

	if (trace_keel_page_fault_enabled())
		trace_page_fault(vcpu);

	/* Reclaim took it, and nobody has made us flush yet. */
	if (unlikely(!shadow_root_valid(sv->root))) {
		shadow_paging_changed(vcpu);
		return KEEL_RESUME;
	}
	if (sv->env.cr4 & X86_CR4_SMAP)
		sv->env.rflags = vmcs_getl(GUEST_RFLAGS);
	/* Before the walk; pairs with the lock around what raises it. */
	flushes = smp_load_acquire(&vcpu->vm->mem.mmu.shadow.flushes);
	pagefault_disable();
	ret = keel_walk(&sv->env, gva, access, walk);
	if (!ret && !walk->fault)
		ret = set_flags(vcpu, walk);
	pagefault_enable();
	if (!ret && walk->fault)
		return guest_page_fault(vcpu, gva, walk->error_code);
	if (ret == -EAGAIN)
		return KEEL_RESUME;
	if (ret)
		return go_slow(vcpu, walk->present ? slow_set_flags : slow_read_table);

	sv->fault = (struct shadow_fault) {
		.root = sv->root, .walk = walk, .flushes = flushes, .gva = gva,
		.user = access & KEEL_ACCESS_USER,
	};
	a = (struct vmx_access) {
		.gpa = walk->gpa,
		.gva = gva,
		.gva_valid = true,
		.translated = true,
		.access = access & (KEEL_ACCESS_WRITE | KEEL_ACCESS_EXEC),
		.shadow = &sv->fault,
	};
	return vmx_access_memory(vcpu, &a);
}

static void sync_address(struct keel_vcpu *vcpu, u64 gva)
{
	struct keel_mem *mem = &vcpu->vm->mem;
	bool all = READ_ONCE(mem->mmu.shadow.tables_dirty);

	if (shadow_must_sync(vcpu)) {
		spin_lock(&mem->lock);
		shadow_sync_address(&mem->mmu.shadow, vcpu->shadow.root, gva);
		all = mem->mmu.shadow.tables_dirty;
		spin_unlock(&mem->lock);
	}
	/* One page of the guest's may be many of ours. */
	if (all)
		vmx_flush_guest_tlb(vcpu);
	else
		vmx_flush_guest_address(vcpu, gva);
}

enum keel_verdict exit_invlpg(struct keel_vcpu *vcpu)
{
	u64 gva = vmcs_getl(EXIT_QUALIFICATION);

	if (vcpu->intercepts.exits & KEEL_INTERCEPT_INVLPG)
		return exit_insn(vcpu);
	/* Without translations there are none to flush. */
	if (!vmx_on_shadow(vcpu) || vcpu->shadow.reload)
		return KEEL_ADVANCE;
	if (keel_walk_canonical(&vcpu->shadow.env, gva))
		sync_address(vcpu, gva);
	return KEEL_ADVANCE;
}

/* SDM, "VM-Exit Instruction-Information Field as Used for INVEPT, INVPCID, and INVVPID". */
#define INFO_SCALE(info)	((info) & 3)
#define INFO_ADDRESS_SIZE(info)	(((info) >> 7) & 7)
#define INFO_SEGMENT(info)	(((info) >> 15) & 7)
#define INFO_INDEX(info)	(((info) >> 18) & 0xf)
#define INFO_NO_INDEX		BIT(22)
#define INFO_BASE(info)		(((info) >> 23) & 0xf)
#define INFO_NO_BASE		BIT(27)
#define INFO_REG2(info)		(((info) >> 28) & 0xf)

enum invpcid_type { INVPCID_ADDRESS, INVPCID_CONTEXT, INVPCID_ALL_GLOBAL, INVPCID_ALL };

/**
 * struct invpcid_desc - the operand of INVPCID in memory
 * @pcid: bits 11:0; the others are reserved
 * @gva: linear address, for INVPCID_ADDRESS
 */
struct invpcid_desc {
	u64 pcid;
	u64 gva;
};

static u64 gpr(struct keel_vcpu *vcpu, unsigned int n)
{
	return n == KEEL_RSP ? vmcs_getl(GUEST_RSP) : vcpu->regs.gpr[n];
}

/* Linear address of the operand in memory. */
static u64 operand(struct keel_vcpu *vcpu)
{
	u32 info = vmcs_get32(VMX_INSTRUCTION_INFO);
	u64 address = vmcs_getl(EXIT_QUALIFICATION);
	struct keel_segment seg;
	bool long_mode = vcpu->shadow.env.efer & EFER_LMA &&
		vmcs_get32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK;

	if (!(info & INFO_NO_BASE))
		address += gpr(vcpu, INFO_BASE(info));
	if (!(info & INFO_NO_INDEX))
		address += gpr(vcpu, INFO_INDEX(info)) << INFO_SCALE(info);
	if (INFO_ADDRESS_SIZE(info) < 2)
		address &= INFO_ADDRESS_SIZE(info) ? U32_MAX : U16_MAX;
	vmx_get_segment(INFO_SEGMENT(info), &seg);
	if (!long_mode)
		return (u32)(address + seg.base);
	return INFO_SEGMENT(info) >= KEEL_FS ? address + seg.base : address;
}

/* The operand could not be read at once: read it where it may sleep, and try again. */
static enum keel_verdict slow_operand(struct keel_vcpu *vcpu)
{
	struct vmx_access access = { .gpa = vcpu->vmx.slow_gpa };
	u8 byte;

	if (keel_mem_read(&vcpu->vm->mem, access.gpa, &byte, 1))
		return vmx_slow_no_memory(vcpu, &access);
	return KEEL_RESUME;
}

/* Read guest memory at a linear address; returns false where @verdict comes first. */
static bool read_linear(struct keel_vcpu *vcpu, u64 gva, void *buf, unsigned int bytes,
			enum keel_verdict *verdict)
{
	struct shadow_vcpu *sv = &vcpu->shadow;
	struct keel_walk_result *walk = &sv->walk;
	unsigned int part;
	int ret;

	for (; bytes; gva += part, buf += part, bytes -= part) {
		part = min_t(unsigned int, bytes, PAGE_SIZE - offset_in_page(gva));
		sv->env.rflags = vmcs_getl(GUEST_RFLAGS);
		ret = keel_walk(&sv->env, gva, 0, walk);
		if (ret == -EINVAL) {
			*verdict = vmx_raise_gp(vcpu);
			return false;
		}
		if (!ret && walk->fault) {
			*verdict = guest_page_fault(vcpu, gva, walk->error_code);
			return false;
		}
		if (!ret)
			ret = set_flags(vcpu, walk);
		if (ret) {
			*verdict = ret == -EAGAIN ? KEEL_RESUME :
				go_slow(vcpu, walk->present ? slow_set_flags : slow_read_table);
			return false;
		}
		if (keel_mem_read(&vcpu->vm->mem, walk->gpa, buf, part)) {
			vcpu->vmx.slow_gpa = walk->gpa;
			*verdict = go_slow(vcpu, slow_operand);
			return false;
		}
	}
	return true;
}

static bool invpcid_wrong(const struct keel_walk_env *env, u64 type,
			  const struct invpcid_desc *desc)
{
	if (type > INVPCID_ALL || desc->pcid >> 12)
		return true;
	if (type > INVPCID_CONTEXT)
		return false;
	if (!(env->cr4 & X86_CR4_PCIDE) && desc->pcid)
		return true;
	return type == INVPCID_ADDRESS && !keel_walk_canonical(env, desc->gva);
}

enum keel_verdict exit_invpcid(struct keel_vcpu *vcpu)
{
	struct shadow_vcpu *sv = &vcpu->shadow;
	struct keel_mem *mem = &vcpu->vm->mem;
	struct invpcid_desc desc;
	enum keel_verdict verdict;
	bool done;
	u64 type;

	if (vcpu->intercepts.exits & KEEL_INTERCEPT_INVLPG)
		return exit_insn(vcpu);
	/* Without translations there are none to flush, but an operand to check. */
	if (!vmx_on_shadow(vcpu))
		vmx_walk_env(vcpu, &sv->env);
	type = gpr(vcpu, INFO_REG2(vmcs_get32(VMX_INSTRUCTION_INFO)));
	/* Outside 64-bit mode registers have 32 bits. */
	if (!(vmcs_get32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK))
		type = (u32)type;
	pagefault_disable();
	done = read_linear(vcpu, operand(vcpu), &desc, sizeof(desc), &verdict);
	pagefault_enable();
	if (!done)
		return verdict;
	if (invpcid_wrong(&sv->env, type, &desc))
		return vmx_raise_gp(vcpu);
	if (!vmx_on_shadow(vcpu))
		return KEEL_ADVANCE;
	/* Other contexts may have the same tables: then all of them must agree again. */
	if (type == INVPCID_ADDRESS && desc.pcid == (sv->cr3 & 0xfff)) {
		sync_address(vcpu, desc.gva);
		return KEEL_ADVANCE;
	}
	shadow_forget_pcid(vcpu, type > INVPCID_CONTEXT, desc.pcid);
	spin_lock(&mem->lock);
	shadow_sync(&mem->mmu.shadow);
	spin_unlock(&mem->lock);
	if (type == INVPCID_ALL_GLOBAL)
		vmx_flush_guest_tlb(vcpu);
	else
		vmx_flush_guest_not_global(vcpu);
	return KEEL_ADVANCE;
}
