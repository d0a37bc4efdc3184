// SPDX-License-Identifier: GPL-2.0
/*
 * Changes to a state: boundary values, single bits, random values in one field; and
 * what concerns several fields.  See entrystate.h; for controls and host state
 * entrycontrols.c.
 */
#include <stddef.h>

#include "entrystate.h"
#include "entrycontrols.h"

#define BIT(n)		(1ULL << (n))
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define RUN(member)	offsetof(struct keel_run, member), sizeof(((struct keel_run *)0)->member)
#define NOWHERE		0, 0
#define MONITOR_TRAP_FLAG	BIT(27)	/* of the primary controls */

/* What the values of a field are. */
enum kind { ADDRESS, SELECTOR, LIMIT, RIGHTS, BITS, CR0, CR3, CR4, EFER, NUMBER, PAT, PENDING };

/* A guest-state field, and where it is in the run page. */
struct field {
	__u32 encoding;
	enum kind kind;
	unsigned int at, bytes;
};

#define SEGMENT(n)								\
	{ GUEST_ES_SELECTOR + 2 * (n), SELECTOR, RUN(segments.seg[n].selector) },	\
	{ GUEST_ES_BASE + 2 * (n), ADDRESS, RUN(segments.seg[n].base) },		\
	{ GUEST_ES_LIMIT + 2 * (n), LIMIT, RUN(segments.seg[n].limit) },		\
	{ GUEST_ES_AR + 2 * (n), RIGHTS, RUN(segments.seg[n].attributes) }

static const struct field fields[] = {
	SEGMENT(KEEL_ES), SEGMENT(KEEL_CS), SEGMENT(KEEL_SS), SEGMENT(KEEL_DS),
	SEGMENT(KEEL_FS), SEGMENT(KEEL_GS), SEGMENT(KEEL_LDTR), SEGMENT(KEEL_TR),
	/* Twice, as most rules are about them. */
	SEGMENT(KEEL_CS), SEGMENT(KEEL_SS),
	{ GUEST_GDTR_BASE, ADDRESS, RUN(segments.gdtr.base) },
	{ GUEST_GDTR_LIMIT, LIMIT, RUN(segments.gdtr.limit) },
	{ GUEST_IDTR_BASE, ADDRESS, RUN(segments.idtr.base) },
	{ GUEST_IDTR_LIMIT, LIMIT, RUN(segments.idtr.limit) },
	{ GUEST_CR0, CR0, RUN(control.cr0) },
	{ GUEST_CR3, CR3, RUN(control.cr3) },
	{ GUEST_CR4, CR4, RUN(control.cr4) },
	{ GUEST_EFER, EFER, RUN(control.efer) },
	{ GUEST_PDPTE0, BITS, RUN(control.pdpte[0]) },
	{ GUEST_PDPTE0 + 2, BITS, RUN(control.pdpte[1]) },
	{ GUEST_PDPTE0 + 4, BITS, RUN(control.pdpte[2]) },
	{ GUEST_PDPTE0 + 6, BITS, RUN(control.pdpte[3]) },
	{ GUEST_RIP, ADDRESS, RUN(regs.rip) },
	{ GUEST_RFLAGS, BITS, RUN(regs.rflags) },
	{ GUEST_RFLAGS, BITS, RUN(regs.rflags) },
	{ GUEST_DR7, BITS, RUN(debug.dr7) },
	{ GUEST_INTERRUPTIBILITY, NUMBER, RUN(events.blocking) },
	{ GUEST_INTERRUPTIBILITY, NUMBER, RUN(events.blocking) },
	{ GUEST_PENDING_DEBUG, PENDING, RUN(events.pending_dbg) },
	{ GUEST_PENDING_DEBUG, PENDING, RUN(events.pending_dbg) },
	{ GUEST_SYSENTER_ESP, ADDRESS, NOWHERE },
	{ GUEST_SYSENTER_EIP, ADDRESS, NOWHERE },
	{ GUEST_PAT, PAT, NOWHERE },
};

/* Canonical addresses, those next to them, and where 32 bits end. */
static __u64 some_address(struct entry_state *s)
{
	static const __u64 edges[] = {
		0, 1, 0xffff, 0xfffff, 0xffffffff, BIT(32), BIT(46), BIT(47) - 1, BIT(47),
		BIT(48) - 1, BIT(48), ~(BIT(47) - 1), ~(BIT(47) - 1) - 1, ~(BIT(48) - 1),
		BIT(56), BIT(57), BIT(63), ~0ULL,
	};

	return entry_below(s, 4) ? edges[entry_below(s, COUNT(edges))] : entry_random(s);
}

static __u64 some_limit(struct entry_state *s)
{
	static const __u64 edges[] = {
		0, 0xffe, 0xfff, 0x1000, 0xffff, 0x10000, 0xfffff, 0x100000, 0x100fff,
		0xfffff000, 0xffffffff,
	};

	return entry_below(s, 4) ? edges[entry_below(s, COUNT(edges))] : (__u32)entry_random(s);
}

static __u64 some_rights(struct entry_state *s)
{
	static const __u32 known[] = {
		0x93, 0x97, 0x9b, 0x9f, 0x99, 0x9d, 0xf3, 0xf7, 0xfb, 0xff, 0xb3, 0x8b, 0x83,
		0x82, 0x10000, 0x10093, 0xc093, 0xc09b, 0xa09b, 0xe09b, 0xa0fb, 0xc0f3, 0xc09f,
		0xa09d, 0x91, 0x95,
	};
	unsigned int how = entry_below(s, 8);

	if (how < 5)
		return known[entry_below(s, COUNT(known))];
	/* Another type, and the rest as it mostly is. */
	return how < 7 ? 0x80 | entry_below(s, 128) : (__u32)entry_random(s);
}

/* With one byte that no memory type is, in most cases. */
static __u64 some_pat(struct entry_state *s)
{
	__u64 good = 0x0007040600070406;
	unsigned int shift = 8 * entry_below(s, 8);

	return (good & ~(0xffULL << shift)) | (__u64)entry_below(s, 10) << shift;
}

static __u64 some_value(struct entry_state *s, enum kind kind)
{
	switch (kind) {
	case ADDRESS:
	case CR3:
		return some_address(s);
	case SELECTOR:
		return entry_random(s);
	case LIMIT:
		return some_limit(s);
	case RIGHTS:
		return some_rights(s);
	case PAT:
		return some_pat(s);
	case NUMBER:
		return entry_below(s, 32);
	case EFER:
		return entry_random(s) & 0xd01;
	default:
		return entry_random(s);
	}
}

/* Which single bit; those that rules are about more often. */
static __u64 some_bit(struct entry_state *s, enum kind kind)
{
	static const __u8 cr0[] = { 0, 1, 2, 3, 4, 5, 16, 18, 29, 30, 31 };
	static const __u8 cr4[] = { 4, 5, 6, 13, 17, 23 };
	static const __u8 efer[] = { 0, 8, 10, 11 };
	static const __u8 pending[] = { 0, 1, 2, 3, 11, 12, 14, 14, 16 };

	if (entry_below(s, 4) == 0)
		return BIT(entry_below(s, 64));
	switch (kind) {
	case SELECTOR:
		return BIT(entry_below(s, 3));
	case LIMIT:
		return BIT(entry_below(s, 32));
	case RIGHTS:
		return BIT(entry_below(s, 17));
	case CR0:
		return BIT(cr0[entry_below(s, COUNT(cr0))]);
	case CR4:
		return entry_below(s, 2) ? BIT(cr4[entry_below(s, COUNT(cr4))]) :
			BIT(entry_below(s, 32));
	case EFER:
		return BIT(efer[entry_below(s, COUNT(efer))]);
	case PENDING:
		return BIT(pending[entry_below(s, COUNT(pending))]);
	case NUMBER:
		return BIT(entry_below(s, 5));
	case BITS:
		return BIT(entry_below(s, 24));
	default:
		return BIT(entry_below(s, 64));
	}
}

/* CPUs without EPT have not all fields, and none of them without it is of these. */
static bool has_field(const struct entry_state *s, const struct field *f)
{
	bool late = f->kind == PAT || f->kind == EFER ||
		(f->encoding >= GUEST_PDPTE0 && f->encoding < GUEST_PDPTE0 + 8);

	return !late || (s->cpu->info.features & KEEL_FEATURE_EPT);
}

static void change_by_poke(struct entry_state *s, const struct field *f)
{
	bool whole = entry_below(s, 3) == 0;
	__u64 value = whole ? some_value(s, f->kind) : some_bit(s, f->kind);

	if (!has_field(s, f))
		return;
	if (s->cpu->shadow && (f->kind == CR0 || f->kind == CR3 || f->kind == CR4 ||
			       f->kind == EFER)) {
		/* Shadow page tables must not be read as something else. */
		s->no_events = true;
		s->kick = true;
		if (f->kind != CR3)
			s->own_cr3 = true;
		else
			value = BIT(s->cpu->info.phys_bits +
				    entry_below(s, 52 - s->cpu->info.phys_bits));
	}
	entry_poke(s, f->encoding, whole ? KEEL_POKE_SET : KEEL_POKE_XOR, value);
}

static void change_by_abi(struct entry_state *s, const struct field *f)
{
	unsigned char *at = (unsigned char *)s->run + f->at;
	bool whole = entry_below(s, 3) == 0;
	__u64 value = whole ? some_value(s, f->kind) : some_bit(s, f->kind);

	if (f->bytes == 2)
		*(__u16 *)at = whole ? value : *(__u16 *)at ^ value;
	else if (f->bytes == 4)
		*(__u32 *)at = whole ? value : *(__u32 *)at ^ value;
	else
		*(__u64 *)at = whole ? value : *(__u64 *)at ^ value;
}

static void change_field(struct entry_state *s)
{
	const struct field *f = &fields[entry_below(s, COUNT(fields))];

	/* Long mode has more than one bit. */
	if (f->bytes && entry_below(s, 4))
		change_by_abi(s, f);
	else
		change_by_poke(s, f);
}

/* Any event, mostly of a known type and with what belongs to it. */
static void change_event(struct entry_state *s)
{
	static const __u8 vectors[] = {
		0, 1, 2, 3, 4, 6, 8, 13, 14, 17, 18, 21, 31, 32, 0x80, 255,
	};
	__u32 vector = vectors[entry_below(s, COUNT(vectors))];
	__u32 type = entry_below(s, 8);
	__u32 info = 1U << 31 | type << 8 | vector;

	if (entry_below(s, 3) == 0 && type == 3)
		info |= 1U << 11;
	if (entry_below(s, 8) == 0)
		info ^= 1U << entry_below(s, 32);
	/*
	 * "VM-Entry Control Fields": type 7 is for CPUs with the monitor trap flag.  Bochs
	 * does not look, enters, and ends itself.
	 */
	if ((info >> 8 & 7) == 7 && !(s->cpu->info.msrs.procbased_ctls >> 32 & MONITOR_TRAP_FLAG))
		info ^= 1U << 8;
	entry_poke(s, ENTRY_EVENT, KEEL_POKE_SET, info);
	entry_poke(s, ENTRY_ERROR_CODE, KEEL_POKE_SET,
		   entry_below(s, 4) ? entry_random(s) & 0xffff : entry_random(s));
	entry_poke(s, ENTRY_INSN_LEN, KEEL_POKE_SET, entry_below(s, 18));
	s->kick = true;
}

/* By the ABI: the types that it knows, with and without an error code. */
static void change_queued_event(struct entry_state *s)
{
	struct keel_event *e = &s->run->events.exception;

	*e = (struct keel_event) {
		.valid = 1,
		.type = KEEL_EVENT_EXCEPTION + entry_below(s, 4),
		.vector = entry_below(s, 33),
		.flags = entry_below(s, 2),
		.error_code = entry_below(s, 2) ? entry_random(s) : entry_random(s) & 0xffff,
		.insn_len = entry_below(s, 17),
	};
}

/* What holds events off, and an activity state, by ABI or where that keeps it out. */
static void change_activity(struct entry_state *s)
{
	bool has_timer = s->cpu->info.features & KEEL_FEATURE_PREEMPTION_TIMER;
	struct keel_events *events = &s->run->events;

	switch (entry_below(s, 6)) {
	case 0:
	case 1:
		/*
		 * In HLT Bochs 3.0 holds the host's interrupts off, too, where RFLAGS.IF is 0:
		 * handleWaitForEvent() in cpu/event.cc.  SDM: "External interrupts" in "Other
		 * Causes of VM Exits".
		 */
		if (!has_timer)
			return;
		events->activity = KEEL_ACTIVITY_HLT;
		events->blocking = entry_below(s, 3) ? 0 : entry_below(s, 16);
		return;
	case 2:
		/* Deaf to interrupts; the timer ends it. */
		if (!has_timer)
			return;
		s->timer = true;
		entry_poke(s, GUEST_ACTIVITY, KEEL_POKE_SET, KEEL_ACTIVITY_SHUTDOWN);
		return;
	case 3:
		s->waits = true;
		return;
	case 4:
		entry_poke(s, GUEST_ACTIVITY, KEEL_POKE_SET, 4 + entry_random(s) % 100);
		return;
	default:
		/* Single-stepping under blocking. */
		s->run->regs.rflags |= 0x300;
		events->blocking = 1 + entry_below(s, 2);
		events->pending_dbg = entry_below(s, 2) ? 0x4000 : 0;
	}
}

/* What two fields must have before a rule about both is reached. */
static void change_related(struct entry_state *s)
{
	static const __u8 blocking[] = { 1, 2, 8, 0x10, 0x12 };
	__u32 ss = GUEST_ES_AR + 2 * KEEL_SS, cs = GUEST_ES_AR + 2 * KEEL_CS;

	switch (entry_below(s, 5)) {
	case 0:	/* an NMI, and what may hold it off */
		s->kick = true;
		entry_poke(s, GUEST_RFLAGS, KEEL_POKE_OR, 0x200);
		entry_poke(s, GUEST_INTERRUPTIBILITY, KEEL_POKE_SET,
			   blocking[entry_below(s, COUNT(blocking))]);
		entry_poke(s, ENTRY_EVENT, KEEL_POKE_SET, 0x80000202);
		return;
	case 1:	/* ring 3 in whatever mode */
		entry_poke(s, ss, KEEL_POKE_OR, 0x60);
		entry_poke(s, cs, KEEL_POKE_OR, 0x60);
		return;
	case 2:	/* a data segment in CS */
		entry_poke(s, cs, KEEL_POKE_SET, 0x93);
		entry_poke(s, cs - GUEST_ES_AR + GUEST_ES_LIMIT, KEEL_POKE_SET, 0xffff);
		entry_poke(s, ss, KEEL_POKE_OR, entry_below(s, 4) << 5);
		return;
	case 3:	/* RPLs that go together, and DPLs that do not */
		entry_poke(s, GUEST_ES_SELECTOR + 2 * KEEL_SS, KEEL_POKE_OR, 3);
		entry_poke(s, GUEST_ES_SELECTOR + 2 * KEEL_CS, KEEL_POKE_OR, 3);
		return;
	default:
		entry_poke(s, GUEST_PENDING_DEBUG, KEEL_POKE_SET, 0x11000);
		entry_poke(s, GUEST_INTERRUPTIBILITY, KEEL_POKE_SET, entry_below(s, 2) * 2);
	}
}

/* One change. */
void entry_mutate(struct entry_state *s)
{
	unsigned int kind = entry_below(s, 100);

	if (kind < 66)
		change_field(s);
	else if (kind < 70)
		change_related(s);
	else if (kind < 76)
		change_event(s);
	else if (kind < 80)
		change_queued_event(s);
	else if (kind < 87)
		change_activity(s);
	else if (!s->controls)
		entry_change_controls(s);
}
