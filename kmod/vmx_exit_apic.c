// SPDX-License-Identifier: GPL-2.0
/*
 * Exits by accesses to the local APIC: to its page, which Keel decodes as far as
 * they are MOVs, and those that the CPU performs and then reports.
 *
 * SDM: "APIC Virtualization and Virtual Interrupts", "Exit Qualification for
 * APIC-Access VM Exits".
 */
#include "vmx_exit.h"

#include <linux/uaccess.h>
#include <asm/apicdef.h>
#include <asm/tsc.h>

#include "keel_ioeventfd.h"
#include "keel_mov.h"
#include "keel_tsc.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_event.h"
#include "vmx_fields.h"
#include "vmx_trace.h"

#define QUAL_OFFSET(qual)	((qual) & 0xfff)
#define QUAL_TYPE(qual)		(((qual) >> 12) & 0xf)
#define TYPE_READ		0
#define TYPE_WRITE		1
#define TYPE_FETCH		2

/* The instruction that exits, where it is a MOV that we can perform. */
static bool decode_mov(struct keel_vcpu *vcpu, struct keel_mov *mov)
{
	u8 insn[VMX_INSN_MAX];
	unsigned int len;

	vmx_remember_code(vcpu);
	/* The guest has just run it, so that its page is mostly there. */
	pagefault_disable();
	len = vmx_fetch(vcpu, insn);
	pagefault_enable();
	/* RSP is in the VMCS; nobody moves it to or from a device. */
	return !keel_mov_decode(insn, len, vcpu->code_bytes, mov) &&
		(mov->immediate || mov->high || mov->reg != KEEL_RSP);
}

static noinline __cold void trace_store(struct keel_vcpu *vcpu, u32 offset,
					const struct keel_mov *mov)
{
	vmx_trace(vcpu, apic, true, offset, keel_mov_stored(mov, vcpu->regs.gpr));
}

static noinline __cold void trace_load(struct keel_vcpu *vcpu, u32 offset, u32 value)
{
	vmx_trace(vcpu, apic, false, offset, value);
}

/* A store that an eventfd has been told of. */
static noinline __cold void trace_mmio(struct keel_vcpu *vcpu, u64 gpa, const struct keel_mov *mov)
{
	vmx_trace(vcpu, mmio, KEEL_ACCESS_WRITE, gpa, mov->bytes,
		  keel_mov_stored(mov, vcpu->regs.gpr));
}

static enum keel_verdict apic_mov(struct keel_vcpu *vcpu, u32 offset, const struct keel_mov *mov)
{
	u64 tsc = keel_guest_tsc(vcpu, rdtsc());
	u32 effects = 0, value = 0;

	vmx_apic_expire(vcpu);
	if (mov->store) {
		if (trace_keel_apic_enabled())
			trace_store(vcpu, offset, mov);
		effects = keel_lapic_write(&vcpu->lapic, offset,
					   keel_mov_stored(mov, vcpu->regs.gpr), tsc);
	} else {
		/* A reserved register reads as 0, and that is an error to deliver. */
		keel_lapic_read(&vcpu->lapic, offset, tsc, &value);
		if (trace_keel_apic_enabled())
			trace_load(vcpu, offset, value);
		keel_mov_load(mov, vcpu->regs.gpr, value);
		effects = KEEL_LAPIC_PRIORITY;
	}
	vcpu->vmx.insn_len = mov->length;
	return vmx_apic_effects(vcpu, effects, true);
}

/* Returns false where it is for user space. */
static bool perform(struct keel_vcpu *vcpu, u64 gpa, bool apic, enum keel_verdict *verdict)
{
	struct keel_mov mov;

	if (!decode_mov(vcpu, &mov))
		return false;
	if (apic) {
		/* The SDM asks for aligned accesses of 32 bits. */
		if (mov.bytes != 4 || gpa % 16)
			return false;
		*verdict = apic_mov(vcpu, offset_in_page(gpa), &mov);
		return true;
	}
	if (!mov.store ||
	    !keel_ioeventfd_mmio(&vcpu->vm->ioeventfds, gpa, mov.bytes,
				 keel_mov_stored(&mov, vcpu->regs.gpr)))
		return false;
	if (trace_keel_mmio_enabled())
		trace_mmio(vcpu, gpa, &mov);
	vcpu->vmx.insn_len = mov.length;
	*verdict = KEEL_ADVANCE;
	return true;
}

/**
 * vmx_mov_mmio - perform an access that the module itself answers
 * @vcpu: in the fast section
 * @gpa: guest physical address, where no slot is
 * @verdict: set where it was one
 *
 * Return: false where it is for user space: because nobody here answers at @gpa,
 * or because of the instruction.
 */
bool vmx_mov_mmio(struct keel_vcpu *vcpu, u64 gpa, enum keel_verdict *verdict)
{
	bool apic = vmx_apic_page(vcpu, gpa);

	if (!apic && !rcu_access_pointer(vcpu->vm->ioeventfds.mmio))
		return false;
	/* From then on the CPU sees what it is; see exit_apic_access(). */
	if (apic && (vcpu->vmx.proc2 & SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES) &&
	    keel_mem_map_own(&vcpu->vm->mem, gpa & PAGE_MASK, __pa(vcpu->vm->apic_page))) {
		*verdict = KEEL_RESUME;
		return true;
	}
	return perform(vcpu, gpa, apic, verdict);
}

/* With "virtualize APIC accesses": one that the CPU does not perform. */
enum keel_verdict exit_apic_access(struct keel_vcpu *vcpu)
{
	u64 qual = vmcs_getl(EXIT_QUALIFICATION);
	u64 gpa = (vcpu->lapic.base & PAGE_MASK) | QUAL_OFFSET(qual);
	enum keel_verdict verdict;

	if (QUAL_TYPE(qual) <= TYPE_WRITE && perform(vcpu, gpa, true, &verdict))
		return verdict;
	return vmx_mmio(vcpu, gpa, QUAL_TYPE(qual) == TYPE_WRITE ? KEEL_ACCESS_WRITE :
			QUAL_TYPE(qual) == TYPE_FETCH ? KEEL_ACCESS_EXEC : 0);
}

/* An APIC write: which register, and what the CPU has put there. */
static u32 written_offset(void)
{
	return vmcs_getl(EXIT_QUALIFICATION) & 0xff0;
}

static u32 written_value(const struct keel_vcpu *vcpu, u32 offset)
{
	return *(u32 *)(vcpu->lapic.regs + offset);
}

static noinline __cold void trace_written(struct keel_vcpu *vcpu)
{
	u32 offset = written_offset();

	vmx_trace(vcpu, apic, true, offset, written_value(vcpu, offset));
}

/* The CPU has written the register into the page; RIP is behind the instruction. */
enum keel_verdict exit_apic_write(struct keel_vcpu *vcpu)
{
	u32 offset, effects;

	if (trace_keel_apic_enabled())
		trace_written(vcpu);
	offset = written_offset();
	effects = keel_lapic_write(&vcpu->lapic, offset, written_value(vcpu, offset),
				   keel_guest_tsc(vcpu, rdtsc()));
	return vmx_apic_effects(vcpu, effects, false);
}

/* The CPU has ended a level-triggered interrupt. */
enum keel_verdict exit_eoi(struct keel_vcpu *vcpu)
{
	u8 vector = vmcs_getl(EXIT_QUALIFICATION);

	return vmx_apic_effects(vcpu, keel_lapic_after_eoi(&vcpu->lapic, vector), false);
}

/* The guest has lowered its task priority: look again at what waits. */
enum keel_verdict exit_tpr_below_threshold(struct keel_vcpu *vcpu)
{
	vcpu->apic_changed = true;
	return KEEL_RESUME;
}
