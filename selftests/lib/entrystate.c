// SPDX-License-Identifier: GPL-2.0
/*
 * States that can be entered, in each mode, and what is done about those that could
 * harm the host: see entrystate.h.
 *
 * The guest has no memory, or on shadow page tables only zeros: where it is entered, its
 * first instruction exits.
 */
#include "entrystate.h"

#include <string.h>

#define CR0_PE		0x1ULL
#define CR0_ET		0x10ULL
#define CR0_NE		0x20ULL
#define CR0_PG		0x80000000ULL
#define CR4_PSE		0x10ULL
#define CR4_PAE		0x20ULL
#define EFER_SCE	0x1ULL
#define EFER_LME	0x100ULL
#define EFER_LMA	0x400ULL
#define EFER_NXE	0x800ULL
#define RFLAGS_IF	0x200ULL
#define RFLAGS_VM	0x20000ULL
#define TABLES_AT	0x2000

const char * const entry_mode_names[ENTRY_MODES] = {
	[ENTRY_REAL] = "real mode",
	[ENTRY_V8086] = "virtual-8086 mode",
	[ENTRY_PROT16] = "16-bit protected mode",
	[ENTRY_PROT32] = "32-bit protected mode",
	[ENTRY_PAGED] = "32-bit paging",
	[ENTRY_PAE] = "PAE paging",
	[ENTRY_COMPAT] = "compatibility mode",
	[ENTRY_LONG] = "64-bit mode",
	[ENTRY_USER] = "64-bit mode, ring 3",
};

/* How a mode is made: access rights of code and data, and control registers. */
static const struct {
	__u32 code, data;
	__u32 limit;
	__u8 rpl;
	__u64 cr0, cr4, efer;
} modes[ENTRY_MODES] = {
	[ENTRY_REAL] = { 0x9b, 0x93, 0xffff },
	[ENTRY_V8086] = { 0xf3, 0xf3, 0xffff, 0, CR0_PE | CR0_PG, CR4_PSE },
	[ENTRY_PROT16] = { 0x9b, 0x93, 0xffff, 0, CR0_PE },
	[ENTRY_PROT32] = { 0xc09b, 0xc093, 0xffffffff, 0, CR0_PE },
	[ENTRY_PAGED] = { 0xc09b, 0xc093, 0xffffffff, 0, CR0_PE | CR0_PG, CR4_PSE },
	[ENTRY_PAE] = { 0xc09b, 0xc093, 0xffffffff, 0, CR0_PE | CR0_PG, CR4_PAE },
	[ENTRY_COMPAT] = { 0xc09b, 0xc093, 0xffffffff, 0, CR0_PE | CR0_PG, CR4_PAE,
			   EFER_LME | EFER_LMA },
	[ENTRY_LONG] = { 0xa09b, 0xc093, 0xffffffff, 0, CR0_PE | CR0_PG, CR4_PAE,
			 EFER_LME | EFER_LMA | EFER_SCE },
	[ENTRY_USER] = { 0xa0fb, 0xc0f3, 0xffffffff, 3, CR0_PE | CR0_PG, CR4_PAE,
			 EFER_LME | EFER_LMA | EFER_NXE },
};

/* SplitMix64. */
__u64 entry_random(struct entry_state *s)
{
	__u64 z = s->rng += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned int entry_below(struct entry_state *s, unsigned int limit)
{
	return (entry_random(s) >> 32) * limit >> 32;
}

void entry_poke(struct entry_state *s, __u32 field, enum keel_poke_op op, __u64 value)
{
	/* Room is kept for what entry_settle() adds. */
	if (s->nr < KEEL_POKE_MAX - 6)
		s->pokes[s->nr++] = (struct keel_poke) {
			.field = field, .op = op, .value = value,
		};
}

static bool runs(const struct entry_cpu *cpu, enum entry_mode mode)
{
	__u64 needed = CR0_PE | (cpu->shadow ? 0 : CR0_PG);

	return cpu->unrestricted || (modes[mode].cr0 & needed) == needed;
}

static void put_segments(struct entry_state *s)
{
	struct keel_segments *segments = &s->run->segments;
	bool v8086 = s->mode == ENTRY_V8086;
	unsigned int rpl = modes[s->mode].rpl;
	int i;

	memset(segments, 0, sizeof(*segments));
	for (i = KEEL_ES; i <= KEEL_GS; i++) {
		__u16 selector = v8086 ? entry_random(s) : (i == KEEL_CS ? 8 : 16) + rpl;

		segments->seg[i] = (struct keel_segment) {
			.selector = selector,
			.base = v8086 ? selector << 4 : 0,
			.limit = modes[s->mode].limit,
			.attributes = i == KEEL_CS ? modes[s->mode].code : modes[s->mode].data,
		};
	}
	segments->seg[KEEL_LDTR].attributes = entry_below(s, 2) ? 0x10000 : 0x82;
	segments->seg[KEEL_LDTR].limit = 0xffff;
	segments->seg[KEEL_TR].selector = 0x18;
	segments->seg[KEEL_TR].attributes = 0x8b;
	segments->seg[KEEL_TR].limit = 0x67;
	segments->gdtr.limit = 0xffff;
	segments->idtr.limit = 0xfff;
}

static void put_control(struct entry_state *s)
{
	struct keel_control *control = &s->run->control;
	int i;

	memset(control, 0, sizeof(*control));
	control->cr0 = modes[s->mode].cr0 | CR0_ET | CR0_NE;
	control->cr3 = TABLES_AT;
	control->cr4 = modes[s->mode].cr4;
	control->efer = modes[s->mode].efer;
	control->xcr0 = 1;
	for (i = 0; i < 4 && !s->cpu->shadow && entry_below(s, 2); i++)
		control->pdpte[i] = (TABLES_AT + 0x1000) | 1;
}

/* A valid event, or none. */
static void put_event(struct entry_state *s)
{
	static const __u8 without_code[] = { 0, 1, 3, 4, 5, 6, 7, 9, 16, 18, 19 };
	static const __u8 with_code[] = { 8, 10, 11, 12, 13, 14, 17 };
	struct keel_events *events = &s->run->events;
	struct keel_event *exception = &events->exception;
	unsigned int kind = entry_below(s, 24);

	if (kind == 0) {
		events->interrupt = (struct keel_event) {
			.valid = 1, .type = KEEL_EVENT_INTERRUPT, .vector = entry_random(s),
		};
		s->run->regs.rflags |= RFLAGS_IF;
	} else if (kind == 1) {
		events->nmi_pending = 1;
	} else if (kind == 2) {
		exception->type = KEEL_EVENT_EXCEPTION;
		exception->vector = without_code[entry_below(s, sizeof(without_code))];
		exception->valid = 1;
	} else if (kind == 3) {
		exception->type = KEEL_EVENT_EXCEPTION;
		exception->vector = with_code[entry_below(s, sizeof(with_code))];
		exception->flags = KEEL_EVENT_ERROR_CODE;
		exception->error_code = entry_random(s) & 0xfff8;
		exception->valid = 1;
	} else if (kind == 4) {
		exception->type = KEEL_EVENT_SOFT_INTERRUPT + entry_below(s, 3);
		exception->vector = exception->type == KEEL_EVENT_SOFT_EXCEPTION ? 3 : 0x80;
		exception->insn_len = 1 + entry_below(s, 15);
		exception->valid = 1;
	}
}

static void put_base(struct entry_state *s)
{
	struct keel_run *run = s->run;

	do
		s->mode = entry_below(s, ENTRY_MODES);
	while (!runs(s->cpu, s->mode));
	memset(&run->regs, 0, sizeof(run->regs));
	run->regs.rip = 0x1000;
	run->regs.gpr[KEEL_RSP] = 0x8000;
	run->regs.rflags = 2 | (s->mode == ENTRY_V8086 ? RFLAGS_VM : 0);
	if (entry_below(s, 2))
		run->regs.rflags |= RFLAGS_IF;
	run->debug = (struct keel_debug) { .dr6 = 0xffff0ff0, .dr7 = 0x400 };
	memset(&run->events, 0, sizeof(run->events));
	put_segments(s);
	put_control(s);
	put_event(s);
	run->state_dirty = KEEL_STATE_RUN;
	run->state_wanted = 0;
}

/*
 * What keeps the host whole.  An entry that could succeed with other controls, or with
 * paging that is not Keel's, exits before its first instruction: by the interrupt of a
 * kick, or where an interrupt would not do it, by the VMX-preemption timer, which counts
 * from 0.  Events come before that: their delivery would use guest memory, which without
 * EPT is the host's.
 */
static void entry_settle(struct entry_state *s)
{
	unsigned int i, kept = 0;

	s->timer |= s->run->events.activity == KEEL_ACTIVITY_HLT;
	if (s->no_events) {
		memset(&s->run->events.exception, 0, sizeof(struct keel_event));
		memset(&s->run->events.interrupt, 0, sizeof(struct keel_event));
		s->run->events.nmi_pending = 0;
		for (i = 0; i < s->nr; i++)
			if (s->pokes[i].field != ENTRY_EVENT)
				s->pokes[kept++] = s->pokes[i];
		s->nr = kept;
	}
	if (s->own_cr3)
		s->pokes[s->nr++] = (struct keel_poke) {
			.field = GUEST_CR3, .op = KEEL_POKE_SET, .value = s->cpu->pages.zero,
		};
	if (s->waits) {
		s->pokes[s->nr++] = (struct keel_poke) {
			.field = GUEST_ACTIVITY, .value = KEEL_ACTIVITY_WAIT_SIPI,
		};
		s->pokes[s->nr++] = (struct keel_poke) {
			.field = GUEST_INTERRUPTIBILITY, .value = KEEL_BLOCKING_MOV_SS,
		};
	}
	if (s->timer) {
		s->pokes[s->nr++] = (struct keel_poke) {
			.field = PIN_CONTROLS, .op = KEEL_POKE_OR, .value = PIN_TIMER,
		};
		s->pokes[s->nr++] = (struct keel_poke) { .field = TIMER_VALUE };
	}
	if (s->kick || s->timer)
		s->pokes[s->nr++] = (struct keel_poke) { .op = KEEL_POKE_KICK };
}

void entry_make(struct entry_state *s, __u64 seed, __u64 number)
{
	static const __u8 changes[] = { 0, 1, 1, 1, 1, 2, 2, 2, 3, 4 };
	unsigned int n;

	s->rng = seed;
	s->rng = entry_random(s) + number * 0xd1342543de82ef95;
	s->nr = 0;
	s->kick = false;
	s->timer = false;
	s->no_events = false;
	s->own_cr3 = false;
	s->waits = false;
	s->controls = false;
	put_base(s);
	for (n = changes[entry_below(s, sizeof(changes))]; n; n--)
		entry_mutate(s);
	entry_settle(s);
}
