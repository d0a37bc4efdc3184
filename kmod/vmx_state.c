// SPDX-License-Identifier: GPL-2.0
/*
 * Register groups of a vCPU: between the caller's structures and the VMCS.
 *
 * What is checked here is what no CPU takes, so that a caller learns it at once
 * and with a name.  What makes a combination impossible to enter is left to the
 * CPU and explained by vmx_check.c afterwards.
 *
 * The VMCS is current wherever these are called.
 */
#include "vmx_state.h"

#include <linux/errno.h>
#include <asm/processor-flags.h>
#include <asm/msr-index.h>

#include "keel_event.h"
#include "keel_log.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_apic.h"
#include "vmx_event.h"
#include "vmx_fields.h"
#include "vmx_paging.h"
#include "vmx_run.h"
#include "vmx_section.h"
#include "vmx_setup.h"
#include "vmx_tlb.h"
#include "vmx_wait.h"

#define SEGMENT_RESERVED	0xfffe0f00U
#define RFLAGS_RESERVED		0xffffffffffc08028ULL
#define DR7_FIXED		0x400
#define DR6_FIXED		0xffff0ff0
#define BLOCKING_KNOWN		(KEEL_BLOCKING_STI | KEEL_BLOCKING_MOV_SS | KEEL_BLOCKING_NMI)

/* ES, CS, SS, DS, FS, GS, LDTR, TR are two apart in each kind of field. */
#define SEG_FIELD(first, n)	((first) + 2 * (n))

/**
 * vmx_get_segment - read a segment register
 * @n: KEEL_ES to KEEL_TR
 * @seg: filled in
 */
void vmx_get_segment(unsigned int n, struct keel_segment *seg)
{
	*seg = (struct keel_segment) {
		.base = __vmcs_get(SEG_FIELD(GUEST_ES_BASE, n)),
		.limit = __vmcs_get(SEG_FIELD(GUEST_ES_LIMIT, n)),
		.selector = __vmcs_get(SEG_FIELD(GUEST_ES_SELECTOR, n)),
		.attributes = __vmcs_get(SEG_FIELD(GUEST_ES_AR_BYTES, n)),
	};
}

static void get_segments(struct keel_segments *s)
{
	int i;

	for (i = 0; i < 8; i++)
		vmx_get_segment(i, &s->seg[i]);
	s->gdtr = (struct keel_table) {
		.base = vmcs_getl(GUEST_GDTR_BASE), .limit = vmcs_get32(GUEST_GDTR_LIMIT),
	};
	s->idtr = (struct keel_table) {
		.base = vmcs_getl(GUEST_IDTR_BASE), .limit = vmcs_get32(GUEST_IDTR_LIMIT),
	};
}

static void put_segments(const struct keel_segments *s)
{
	int i;

	for (i = 0; i < 8; i++) {
		__vmcs_put(SEG_FIELD(GUEST_ES_BASE, i), s->seg[i].base);
		__vmcs_put(SEG_FIELD(GUEST_ES_LIMIT, i), s->seg[i].limit);
		__vmcs_put(SEG_FIELD(GUEST_ES_SELECTOR, i), s->seg[i].selector);
		__vmcs_put(SEG_FIELD(GUEST_ES_AR_BYTES, i), s->seg[i].attributes);
	}
	vmcs_putl(GUEST_GDTR_BASE, s->gdtr.base);
	vmcs_put32(GUEST_GDTR_LIMIT, s->gdtr.limit);
	vmcs_putl(GUEST_IDTR_BASE, s->idtr.base);
	vmcs_put32(GUEST_IDTR_LIMIT, s->idtr.limit);
}

/**
 * vmx_set_efer - WRMSR to IA32_EFER
 * @vcpu: the vCPU
 * @efer: what is written; LMA is the CPU's, and ignored
 *
 * Return: 0 or -EINVAL, which is #GP for a guest.
 */
int vmx_set_efer(struct keel_vcpu *vcpu, u64 efer)
{
	u64 old = vmx_get_efer(vcpu);

	if (efer & ~(keel_cpuid_guest_efer(&vcpu->cpuid) | EFER_LMA))
		return -EINVAL;
	if (((old ^ efer) & EFER_LME) && (vmx_get_cr0() & X86_CR0_PG))
		return -EINVAL;
	vmx_put_efer(vcpu, (efer & ~(u64)EFER_LMA) | (old & EFER_LMA));
	return 0;
}

static void get_events(struct keel_vcpu *vcpu, struct keel_events *to)
{
	*to = vcpu->events;
	to->blocking = vmcs_get32(GUEST_INTERRUPTIBILITY_INFO) & BLOCKING_KNOWN;
	if (!vmx_inactive(vcpu))
		to->activity = vmcs_get32(GUEST_ACTIVITY_STATE);
	to->reserved = 0;
	to->pending_dbg = vmcs_getl(GUEST_PENDING_DBG_EXCEPTIONS);
}

static void get_control(struct keel_vcpu *vcpu, struct keel_control *to)
{
	to->cr0 = vmx_get_cr0();
	to->cr2 = vcpu->cr2;
	to->cr3 = vmx_get_cr3(vcpu);
	to->cr4 = vmx_get_cr4();
	to->cr8 = vmx_apic_cr8(vcpu);
	to->efer = vmx_get_efer(vcpu);
	to->xcr0 = vcpu->xcr0;
	vmx_get_pdptes(vcpu, to->pdpte);
}

/**
 * vmx_state_get - read register groups
 * @vcpu: the vCPU
 * @groups: KEEL_STATE_RUN bits
 * @to: where they go
 */
void vmx_state_get(struct keel_vcpu *vcpu, u64 groups, const struct keel_groups *to)
{
	if (groups & KEEL_STATE_REGS) {
		*to->regs = vcpu->regs;
		to->regs->gpr[KEEL_RSP] = vmcs_getl(GUEST_RSP);
		to->regs->rip = vmcs_getl(GUEST_RIP);
		to->regs->rflags = vmcs_getl(GUEST_RFLAGS);
	}
	if (groups & KEEL_STATE_SEGMENTS)
		get_segments(to->segments);
	if (groups & KEEL_STATE_CONTROL)
		get_control(vcpu, to->control);
	if (groups & KEEL_STATE_DEBUG)
		*to->debug = (struct keel_debug) {
			.dr = { vcpu->dr[0], vcpu->dr[1], vcpu->dr[2], vcpu->dr[3] },
			.dr6 = vcpu->dr6 | DR6_FIXED,
			.dr7 = vmcs_getl(GUEST_DR7),
		};
	if (groups & KEEL_STATE_EVENTS)
		get_events(vcpu, to->events);
}

static const char *segments_wrong(const struct keel_segments *s)
{
	int i;

	for (i = 0; i < 8; i++) {
		if (s->seg[i].reserved || s->seg[i].reserved2)
			return "a reserved member of a segment is not zero";
		if (s->seg[i].attributes & SEGMENT_RESERVED)
			return "a segment's attributes have reserved bits set";
	}
	if (s->gdtr.limit > 0xffff || s->idtr.limit > 0xffff)
		return "GDTR or IDTR has a limit over 65535";
	if (s->gdtr.reserved || s->idtr.reserved)
		return "a reserved member of GDTR or IDTR is not zero";
	return NULL;
}

static const char *control_wrong(struct keel_vcpu *vcpu, const struct keel_control *c)
{
	bool lma = (c->cr0 & X86_CR0_PG) && (c->efer & EFER_LME);
	const char *wrong = vmx_cr0_wrong(vcpu, c->cr0);

	if (!wrong)
		wrong = vmx_cr4_wrong(vcpu, c->cr4);
	if (wrong)
		return wrong;
	if (c->efer & ~(keel_cpuid_guest_efer(&vcpu->cpuid) | EFER_LMA))
		return "EFER has bits set that CPUID does not offer";
	if (!!(c->efer & EFER_LMA) != lma)
		return "EFER.LMA does not agree with CR0.PG and EFER.LME";
	wrong = vmx_paging_wrong(vcpu, c);
	if (wrong)
		return wrong;
	if (c->cr8 > 15)
		return "CR8 is over 15";
	/* Without XSAVE there is no XCR0; it reads as after reset. */
	if (!vmx_guest_xcr0)
		return c->xcr0 == 1 ? NULL : "XCR0 is not 1 on a CPU without XSAVE";
	if (!(c->xcr0 & 1) || c->xcr0 & ~vmx_guest_xcr0 ||
	    !keel_cpuid_xcr0_valid(&vcpu->cpuid, c->xcr0))
		return "XCR0 has a combination of bits that no CPU takes";
	return NULL;
}

static const char *event_wrong(const struct keel_event *event)
{
	if (event->valid > 1 || event->reserved || (event->flags & ~KEEL_EVENT_ERROR_CODE))
		return "an event has unknown bits";
	if (event->valid && event->type == KEEL_EVENT_EXCEPTION && event->vector > 31)
		return "an exception's vector is over 31";
	if (event->valid && event->insn_len > 15)
		return "an event's instruction is longer than 15 bytes";
	return NULL;
}

static const char *events_wrong(const struct keel_events *e)
{
	const char *wrong = event_wrong(&e->exception);

	if (!wrong)
		wrong = event_wrong(&e->interrupt);
	if (wrong)
		return wrong;
	if (e->exception.valid &&
	    (e->exception.type < KEEL_EVENT_EXCEPTION ||
	     e->exception.type > KEEL_EVENT_SOFT_EXCEPTION))
		return "events.exception is no exception";
	if (e->interrupt.valid && e->interrupt.type != KEEL_EVENT_INTERRUPT)
		return "events.interrupt is no interrupt";
	if (e->reserved || e->nmi_pending > 1 || (e->blocking & ~BLOCKING_KNOWN) ||
	    e->activity > KEEL_ACTIVITY_WAIT_SIPI)
		return "events has unknown bits";
	return NULL;
}

/**
 * vmx_state_check - whether register groups can be written
 * @vcpu: the vCPU
 * @groups: KEEL_STATE_RUN bits
 * @from: their values, which nobody else can change meanwhile
 *
 * Return: 0, or -EINVAL after a line in the log.
 */
int vmx_state_check(struct keel_vcpu *vcpu, u64 groups, const struct keel_groups *from)
{
	const char *wrong = NULL;

	if ((groups & KEEL_STATE_REGS) && (from->regs->rflags & RFLAGS_RESERVED))
		wrong = "RFLAGS has reserved bits set";
	if (!wrong && (groups & KEEL_STATE_SEGMENTS))
		wrong = segments_wrong(from->segments);
	if (!wrong && (groups & KEEL_STATE_CONTROL))
		wrong = control_wrong(vcpu, from->control);
	if (!wrong && (groups & KEEL_STATE_DEBUG) &&
	    (from->debug->dr6 >> 32 || from->debug->dr7 >> 32))
		wrong = "DR6 or DR7 has reserved bits set";
	if (!wrong && (groups & KEEL_STATE_EVENTS))
		wrong = events_wrong(from->events);
	if (wrong)
		return keel_refuse(-EINVAL, "vCPU %u: %s", vcpu->id, wrong);
	return 0;
}

static void put_control(struct keel_vcpu *vcpu, const struct keel_control *c)
{
	vcpu->cr2 = c->cr2;
	vmx_apic_set_cr8(vcpu, c->cr8);
	vcpu->xcr0 = c->xcr0;
	vmx_put_cr0(vcpu, c->cr0);
	if (vcpu->vm->shadow)
		shadow_tables_changed(vcpu);
	vmx_put_cr3(vcpu, c->cr3);
	vmx_put_cr4(vcpu, c->cr4);
	vmx_put_efer(vcpu, c->efer);
	vmx_put_pdptes(vcpu, c->pdpte);
	vmx_flush_guest_tlb(vcpu);
}

static void put_debug(struct keel_vcpu *vcpu, const struct keel_debug *d)
{
	int i;

	for (i = 0; i < 4; i++)
		vcpu->dr[i] = d->dr[i];
	/* The other bits are fixed. */
	vcpu->dr6 = d->dr6 & 0xe00f;
	vmx_put_dr7(vcpu, d->dr7);
}

static void put_events(struct keel_vcpu *vcpu, const struct keel_events *e)
{
	vcpu->events = *e;
	vcpu->has_events = true;
	vmcs_put32(GUEST_INTERRUPTIBILITY_INFO, e->blocking);
	/* A CPU in the others is deaf to the host's interrupts: see vmx_run(). */
	vmcs_put32(GUEST_ACTIVITY_STATE, vmx_inactive(vcpu) ? GUEST_ACTIVITY_ACTIVE : e->activity);
	vmcs_putl(GUEST_PENDING_DBG_EXCEPTIONS, e->pending_dbg);
}

/**
 * vmx_state_set - write register groups
 * @vcpu: the vCPU
 * @groups: KEEL_STATE_RUN bits
 * @from: their values, checked by vmx_state_check()
 */
void vmx_state_set(struct keel_vcpu *vcpu, u64 groups, const struct keel_groups *from)
{
	if (groups & KEEL_STATE_REGS) {
		vcpu->regs = *from->regs;
		vmcs_putl(GUEST_RSP, from->regs->gpr[KEEL_RSP]);
		vmcs_putl(GUEST_RIP, from->regs->rip);
		vmcs_putl(GUEST_RFLAGS, from->regs->rflags | X86_EFLAGS_FIXED);
	}
	if (groups & KEEL_STATE_SEGMENTS)
		put_segments(from->segments);
	if (groups & KEEL_STATE_CONTROL)
		put_control(vcpu, from->control);
	if (groups & KEEL_STATE_DEBUG)
		put_debug(vcpu, from->debug);
	if (groups & KEEL_STATE_EVENTS)
		put_events(vcpu, from->events);
	/* RFLAGS and what blocks NMIs say what ends it. */
	if (keel_vcpu_has_lapic(vcpu) && vcpu->events.activity == KEEL_ACTIVITY_HLT)
		vmx_halt(vcpu);
}

/**
 * vmx_put_dr7 - set DR7 for the guest
 * @vcpu: the vCPU
 * @dr7: the value; bit 10 reads as 1
 */
void vmx_put_dr7(struct keel_vcpu *vcpu, u64 dr7)
{
	vcpu->vmx.guest_dr7 = dr7 | DR7_FIXED;
	vmcs_putl(GUEST_DR7, vcpu->vmx.guest_dr7);
}

/* @cr0: the caching bits that INIT does not touch; @xcr0: likewise. */
static void reset(struct keel_vcpu *vcpu, u64 cr0, u64 xcr0)
{
	static const struct keel_segment data = { .limit = 0xffff, .attributes = 0x93 };
	u32 leaf1[4];
	struct keel_regs regs = {
		.rip = 0xfff0,
		.rflags = X86_EFLAGS_FIXED,
	};
	struct keel_segments segments = {
		.seg = { data, data, data, data, data, data, data, data },
		.gdtr.limit = 0xffff,
		.idtr.limit = 0xffff,
	};
	struct keel_control control = {
		.cr0 = cr0 | X86_CR0_ET, .xcr0 = xcr0,
	};
	struct keel_debug debug = { .dr6 = DR6_FIXED, .dr7 = DR7_FIXED };
	struct keel_events events = { .activity = KEEL_ACTIVITY_ACTIVE };
	struct keel_groups groups = {
		.regs = &regs, .segments = &segments, .control = &control,
		.debug = &debug, .events = &events,
	};

	/* The processor signature, as in CPUID.1:EAX. */
	keel_cpuid_lookup(&vcpu->cpuid, 1, 0, leaf1);
	regs.gpr[KEEL_RDX] = leaf1[KEEL_CPUID_EAX];
	segments.seg[KEEL_CS].selector = 0xf000;
	segments.seg[KEEL_CS].base = 0xffff0000;
	segments.seg[KEEL_CS].attributes = 0x9b;
	segments.seg[KEEL_LDTR].attributes = 0x82;
	segments.seg[KEEL_TR].attributes = 0x8b;
	vmx_state_set(vcpu, KEEL_STATE_RUN, &groups);
	/* An INIT takes no request of the VMM's back. */
	vcpu->has_events = vcpu->want_intr_window;
}

/**
 * vmx_state_reset - the state after power-up
 * @vcpu: the vCPU
 *
 * SDM: "Processor State After Reset".
 */
void vmx_state_reset(struct keel_vcpu *vcpu)
{
	reset(vcpu, X86_CR0_CD | X86_CR0_NW, 1);
	if (keel_vcpu_has_lapic(vcpu) && vcpu->id)
		vcpu->events.activity = KEEL_ACTIVITY_WAIT_SIPI;
}

/**
 * vmx_state_init - the state after INIT
 * @vcpu: the vCPU
 *
 * MSRs, x87, SSE and XCR0 stay as they are, and so does what CR0 says of caching.
 */
void vmx_state_init(struct keel_vcpu *vcpu)
{
	reset(vcpu, vmx_get_cr0() & (X86_CR0_CD | X86_CR0_NW), vcpu->xcr0);
}
