// SPDX-License-Identifier: GPL-2.0
/* Starting, answering and judging hostile guests; see lib/hostile.h. */
#include "hostile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#define PAGE		4096
#define PAGES		(GUEST_BYTES / PAGE)
#define RFLAGS_VM	(1ULL << 17)
#define RIGHTS_CODE32	0xc09b
#define RIGHTS_CODE16	0x009b
#define RIGHTS_VM86	0x00f3
#define RIGHTS_L	0x2000
/* In real and virtual-8086 mode the code is at segment 0x1000. */
#define CODE_SEGMENT	(GUEST_CODE_AT >> 4)

static const struct {
	enum guest_mode base;
	const char *name;
} modes[HOSTILE_MODES] = {
	[HOSTILE_LONG] = { GUEST_LONG, "64-bit" },
	[HOSTILE_USER] = { GUEST_USER, "64-bit, ring 3" },
	[HOSTILE_COMPAT] = { GUEST_LONG, "compatibility" },
	[HOSTILE_PAGED] = { GUEST_PAGED, "32-bit paging" },
	[HOSTILE_CODE16] = { GUEST_PAGED, "16-bit code" },
	[HOSTILE_VM86] = { GUEST_PAGED, "virtual-8086" },
	[HOSTILE_PAE] = { GUEST_PAE, "PAE" },
	[HOSTILE_PROT] = { GUEST_PROT, "no paging" },
	[HOSTILE_REAL] = { GUEST_REAL, "real" },
};

__u64 hostile_random(struct hostile *h)
{
	h->rng ^= h->rng >> 12;
	h->rng ^= h->rng << 25;
	h->rng ^= h->rng >> 27;
	return h->rng * 0x2545f4914f6cdd1d;
}

static void nothing(int sig)
{
}

/* Again and again: one that comes between two KEEL_RUNs does nothing. */
static void set_timer(unsigned int usec)
{
	const struct itimerval timer = {
		.it_interval.tv_usec = usec, .it_value.tv_usec = usec,
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

void hostile_no_timer(void)
{
	set_timer(0);
}

int hostile_init(struct hostile *h, __u32 flags, __u64 seed)
{
	const struct sigaction act = { .sa_handler = nothing };
	int ret;

	memset(h, 0, sizeof(*h));
	/* Seeds next to each other shall have nothing in common. */
	h->rng = seed * 0x9e3779b97f4a7c15 + 1;
	hostile_random(h);
	ret = guest_init_vm(&h->guest, flags, 0);
	if (ret)
		return ret;
	h->mode = HOSTILE_MODES;
	h->ticks = HOSTILE_TICKS;
	sigaction(SIGALRM, &act, NULL);
	set_timer(HOSTILE_USEC);
	/* How a try is undone: what it wrote to is known. */
	return keel_set_memory(h->guest.vm, 0, KEEL_MEMORY_LOG_DIRTY, 0, GUEST_BYTES,
			       h->guest.mem);
}

void hostile_free(struct hostile *h)
{
	set_timer(0);
	guest_free(&h->guest);
	for (int i = 0; i < HOSTILE_MODES; i++) {
		free(h->clean[i]);
		h->clean[i] = NULL;
	}
}

const char *hostile_lacks(const struct hostile *h, enum hostile_mode mode)
{
	return guest_lacks(&h->guest, modes[mode].base);
}

const char *hostile_mode_name(enum hostile_mode mode)
{
	return modes[mode].name;
}

static void segment(struct keel_segment *s, __u16 selector, __u64 base, __u32 limit,
		    __u32 attributes)
{
	*s = (struct keel_segment){
		.base = base, .limit = limit, .selector = selector, .attributes = attributes,
	};
}

static void set_mode(struct keel_run *run, enum hostile_mode mode)
{
	struct keel_segment *seg = run->segments.seg;

	switch (mode) {
	case HOSTILE_COMPAT:
		segment(&seg[KEEL_CS], GUEST_CS32, 0, 0xffffffff, RIGHTS_CODE32);
		break;
	case HOSTILE_CODE16:
		segment(&seg[KEEL_CS], GUEST_CS16, GUEST_CODE_AT, 0xffff, RIGHTS_CODE16);
		run->regs.rip = 0;
		break;
	case HOSTILE_VM86:
		for (int i = KEEL_ES; i <= KEEL_GS; i++)
			segment(&seg[i], CODE_SEGMENT, GUEST_CODE_AT, 0xffff, RIGHTS_VM86);
		run->regs.rip = 0;
		run->regs.gpr[KEEL_RSP] = 0x8000;
		run->regs.rflags |= RFLAGS_VM;
		break;
	default:
		break;
	}
}

/* The first time in a mode: what each try then begins with. */
static int prepare(struct hostile *h, enum hostile_mode mode)
{
	struct guest *g = &h->guest;
	static const __u8 hlt = 0xf4;
	int ret;

	memset(g->mem, 0, HOSTILE_LOW);
	ret = guest_start(g, modes[mode].base, &hlt, 1);
	if (ret)
		return ret;
	set_mode(g->run, mode);
	h->start[mode] = *g->run;
	h->clean[mode] = malloc(HOSTILE_LOW);
	if (!h->clean[mode])
		return -ENOMEM;
	memcpy(h->clean[mode], g->mem, HOSTILE_LOW);
	return 0;
}

/* What the last try wrote to, as it is for the next one. */
static int clean_memory(struct hostile *h, enum hostile_mode mode)
{
	__u8 *mem = h->guest.mem, *clean = h->clean[mode];
	__u8 dirty[PAGES / 8] = {};
	int ret = keel_get_dirty_log(h->guest.vm, 0, 0, PAGES, dirty);

	for (unsigned int i = 0; i < PAGES; i++) {
		if (!(dirty[i / 8] >> i % 8 & 1))
			continue;
		if (i * PAGE < HOSTILE_LOW)
			memcpy(mem + i * PAGE, clean + i * PAGE, PAGE);
		else
			memset(mem + i * PAGE, 0, PAGE);
	}
	if (h->mode != mode)
		memcpy(mem, clean, HOSTILE_LOW);
	h->mode = mode;
	return ret;
}

int hostile_start(struct hostile *h, enum hostile_mode mode, const void *code, size_t bytes)
{
	struct guest *g = &h->guest;
	int ret = 0;

	if (!h->clean[mode])
		ret = prepare(h, mode);
	if (!ret)
		ret = clean_memory(h, mode);
	if (ret)
		return ret;
	h->bytes = bytes < sizeof(h->code) ? bytes : sizeof(h->code);
	memcpy(h->code, code, h->bytes);
	/* The code of the last try goes as well, and what else the test wrote itself. */
	memset(g->mem + GUEST_CODE_AT, 0, PAGE);
	memcpy(g->mem + GUEST_CODE_AT, code, h->bytes);
	memset(g->mem + GUEST_STACK_AT - PAGE, 0, PAGE);
	g->mode = modes[mode].base;
	g->run->regs = h->start[mode].regs;
	g->run->segments = h->start[mode].segments;
	g->run->control = h->start[mode].control;
	g->run->debug = h->start[mode].debug;
	g->run->events = h->start[mode].events;
	g->run->state_wanted = KEEL_STATE_RUN;
	g->run->state_dirty = KEEL_STATE_RUN;
	g->seen = *g->run;
	return 0;
}

static enum hostile_end wrong(struct hostile *h, const char *what, int ret)
{
	size_t len;

	len = snprintf(h->failure, sizeof(h->failure), "%s mode, %s (%d): %s; CS 0x%x CR0 0x%llx CR4 0x%llx EFER 0x%llx; code:",
		       modes[h->mode].name, what, ret, guest_describe(&h->guest),
		       h->guest.run->segments.seg[KEEL_CS].selector, h->guest.run->control.cr0,
		       h->guest.run->control.cr4, h->guest.run->control.efer);
	for (size_t i = 0; i < h->bytes && len + 4 < sizeof(h->failure); i++)
		len += snprintf(h->failure + len, sizeof(h->failure) - len, " %02x", h->code[i]);
	return HOSTILE_WRONG;
}

/* What faulted is left out: the return address is in the frame that IRET takes. */
static void skip_fault(struct hostile *h)
{
	struct guest *g = &h->guest;
	unsigned int width = g->mode == GUEST_LONG || g->mode == GUEST_USER ? 8 :
			     g->mode == GUEST_REAL ? 2 : 4;
	__u64 at = RSP(g) + (g->trap.error == GUEST_NO_ERROR ? 0 : width), rip = 0;

	if (at > GUEST_BYTES - 8)
		return;
	memcpy(&rip, g->mem + at, width);
	rip += 1 + hostile_pick(h, 4);
	memcpy(g->mem + at, &rip, width);
}

static void answer_io(struct hostile *h)
{
	struct keel_run *run = h->guest.run;
	__u8 *data = (__u8 *)run + run->io.data_offset;

	if (!run->io.in)
		return;
	for (unsigned int i = 0; i < run->io.count * run->io.bytes; i += 8) {
		__u64 value = hostile_random(h);

		memcpy(data + i, &value, 8);
	}
}

/* The VMM leaves an instruction out, or a byte of one; EIP wraps. */
static void skip(struct guest *g, unsigned int bytes)
{
	RIP(g) += bytes;
	if (!(g->run->segments.seg[KEEL_CS].attributes & RIGHTS_L))
		RIP(g) = (__u32)RIP(g);
}

/*
 * IRET to virtual-8086 mode leaves the L bit of what DS, ES, FS and GS had before
 * (Bochs, cpu/vm8086.cc, init_v8086_mode()), and then refuses to enter this state.  On
 * a CPU the rights are 0xf3 ("IRET/IRETD/IRETQ", RETURN-TO-VIRTUAL-8086-MODE).
 */
static bool bochs_keeps_l_bit(const struct guest *g)
{
	const struct keel_exit_fail_entry *fail = &g->run->fail_entry;

	return strstr(fail->rule, "in virtual-8086 mode the access rights") &&
		fail->value == (RIGHTS_VM86 | RIGHTS_L);
}

/* A mode that this CPU runs no guests in, which the VMM is told by name. */
static bool lacks_mode(const struct guest *g)
{
	return !(g->info.features & KEEL_FEATURE_UNRESTRICTED_GUEST) &&
		strstr(g->run->fail_entry.rule, "no \"unrestricted guest\"");
}

/* Whether the try goes on; if not, @end. */
static bool answer(struct hostile *h, int ret, enum hostile_end *end)
{
	struct guest *g = &h->guest;

	switch (ret) {
	case GUEST_TRAP:
		skip_fault(h);
		return true;
	case KEEL_EXIT_HYPERCALL:
		if ((__u32)RAX(g) != HOSTILE_MARK)
			return true;
		*end = HOSTILE_DONE;
		return false;
	case KEEL_EXIT_IO:
		answer_io(h);
		return true;
	case KEEL_EXIT_MMIO:
		skip(g, 1 + hostile_pick(h, 8));
		return true;
	case KEEL_EXIT_TASK_SWITCH:
		skip(g, g->run->insn.insn_len);
		return true;
	case KEEL_EXIT_EXTINT:
		g->run->extint.vector = hostile_random(h) & 0xff;
		return true;
	case KEEL_EXIT_HLT:
	case KEEL_EXIT_EOI:
		return true;
	case KEEL_EXIT_SHUTDOWN:
		*end = HOSTILE_SHUTDOWN;
		return false;
	case KEEL_EXIT_DEADLINE:
	case -EINTR:
		*end = HOSTILE_TIME;
		return false;
	case KEEL_EXIT_MEMORY_FAULT:
	case -EFAULT:	/* data of INS has nowhere to go */
		*end = HOSTILE_REFUSED;
		return false;
	case KEEL_EXIT_FAIL_ENTRY:
		*end = HOSTILE_REFUSED;
		if (bochs_keeps_l_bit(g) || lacks_mode(g))
			return false;
		break;
	case -EOPNOTSUPP:
		*end = HOSTILE_REFUSED;
		if (!(g->info.features & KEEL_FEATURE_UNRESTRICTED_GUEST))
			return false;
	}
	*end = wrong(h, ret < 0 ? strerror(-ret) : "an end that no guest may have", ret);
	return false;
}

static __u64 guest_tsc(struct guest *g)
{
	__u64 now;

	return guest_get_msr(g, 0x10, &now) ? 0 : now;
}

enum hostile_end hostile_run(struct hostile *h, unsigned int exits)
{
	struct guest *g = &h->guest;
	enum hostile_end end = HOSTILE_EXITS;
	int ret;

	g->run->deadline = h->ticks && g->info.features & KEEL_FEATURE_PREEMPTION_TIMER ?
		guest_tsc(g) + h->ticks : 0;
	do {
		ret = guest_run(g);
		h->exits++;
	} while (answer(h, ret, &end) && --exits);
	h->ends[end]++;
	return end;
}
