// SPDX-License-Identifier: GPL-2.0
/*
 * The machine that lib/guest.h describes.
 *
 * Each vector of the interrupt table leads to its own stub, which is VMCALL and
 * IRET.  So a handler changes no register, the host knows by RIP which vector
 * it is and finds the rest on the guest's stack, and the next run returns from
 * the handler.
 */
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"

#define STUB_BYTES	16
#define CALL_BYTES	4
#define VECTORS		256
#define HANDLER_BYTES	128

#define PTE_USER	0x27ULL		/* present, writable, user, accessed */
#define PTE_PAGE	0x67ULL		/* and dirty */
#define PTE_LARGE	0xe7ULL
#define PAGE		4096

/* Access rights as in struct keel_segment. */
#define RIGHTS_USER_CODE64	0xa0fb
#define RIGHTS_USER_DATA	0xc0f3

static bool has_error_code(unsigned int vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

static bool is_long(enum guest_mode mode)
{
	return mode == GUEST_LONG || mode == GUEST_USER;
}

int guest_init(struct guest *g)
{
	return guest_init_vm(g, 0, 0);
}

int guest_init_vm(struct guest *g, __u32 flags, __u32 tsc_khz)
{
	struct guest none = { .keel = -1, .vm = -1, .vcpu = -1, .mem = MAP_FAILED };
	int ret;

	*g = none;
	host_load_keel("");
	g->keel = keel_open();
	if (g->keel < 0)
		return g->keel;
	ret = keel_get_info(g->keel, KEEL_CPU_ALL, &g->info);
	if (ret)
		return ret;
	g->vm = host_create_vm_at(g->keel, flags, tsc_khz);
	if (g->vm < 0)
		return g->vm;
	g->mem = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (g->mem == MAP_FAILED)
		return -errno;
	ret = keel_set_memory(g->vm, 0, 0, 0, GUEST_BYTES, g->mem);
	if (ret)
		return ret;
	g->vcpu = keel_create_vcpu(g->vm, 0);
	if (g->vcpu < 0)
		return g->vcpu;
	return keel_map_run(g->vcpu, g->info.run_size, &g->run);
}

int guest_init_vcpu(struct guest *g, const struct guest *first, unsigned int id)
{
	*g = (struct guest){
		.keel = first->keel, .vm = first->vm, .mem = first->mem, .info = first->info,
		.id = id, .shared = true, .enter = first->enter,
	};
	g->vcpu = keel_create_vcpu(g->vm, id);
	if (g->vcpu < 0)
		return g->vcpu;
	return keel_map_run(g->vcpu, g->info.run_size, &g->run);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void guest_free(struct guest *g)
{
	if (g->run)
		keel_unmap_run(g->run, g->info.run_size);
	g->run = NULL;
	close_one(&g->vcpu);
	if (g->shared)
		return;
	close_one(&g->vm);
	close_one(&g->keel);
	if (g->mem && g->mem != MAP_FAILED)
		munmap(g->mem, GUEST_BYTES);
	g->mem = MAP_FAILED;
}

const char *guest_lacks(const struct guest *g, enum guest_mode mode)
{
	if (g->info.features & KEEL_FEATURE_UNRESTRICTED_GUEST)
		return NULL;
	/* Shadow page tables stand in for the paging that the guest has not switched on. */
	if (mode == GUEST_REAL || (mode == GUEST_PROT && !host_shadows(&g->info)))
		return "unrestricted guest";
	return NULL;
}

static void write_tables(struct guest *g)
{
	__u64 *pml4 = (__u64 *)(g->mem + GUEST_PML4_AT);
	__u64 *pdpt = pml4 + 512, *pd = pdpt + 512, *pt = pd + 512;
	__u32 *pd32 = (__u32 *)(g->mem + GUEST_PD_AT), *pt32 = pd32 + 1024;
	__u64 *pae_pdpt = (__u64 *)(g->mem + GUEST_PDPT_AT);
	__u64 *pae_pd = pae_pdpt + 512, *pae_pt = pae_pd + 512;
	__u64 i;

	pml4[0] = (GUEST_PML4_AT + PAGE) | PTE_USER;
	pdpt[0] = (GUEST_PML4_AT + 2 * PAGE) | PTE_USER;
	/* The PDPTEs of PAE paging have no other bits than "present". */
	pae_pdpt[0] = (GUEST_PDPT_AT + PAGE) | 1;
	for (i = 0; i < 512; i++) {
		pd[i] = i << 21 | PTE_LARGE;
		pae_pd[i] = pd[i];
		pt[i] = i << 12 | PTE_PAGE;
		pae_pt[i] = pt[i];
	}
	pd[0] = (GUEST_PML4_AT + 3 * PAGE) | PTE_USER;
	pae_pd[0] = (GUEST_PDPT_AT + 2 * PAGE) | PTE_USER;
	for (i = 0; i < 1024; i++) {
		pd32[i] = i << 22 | PTE_LARGE;
		pt32[i] = i << 12 | PTE_PAGE;
	}
	pd32[0] = (GUEST_PD_AT + PAGE) | PTE_USER;
}

static void write_gdt(struct guest *g)
{
	static const __u64 gdt[GUEST_GDT_BYTES / 8] = {
		[GUEST_DS / 8] =	0x00cf93000000ffff,
		[GUEST_TSS / 8] =	0x00008b0000000067 | (__u64)GUEST_TSS_AT << 16,
		[GUEST_CS32 / 8] =	0x00cf9b000000ffff,
		[GUEST_CS16 / 8] =	0x00009b000000ffff,
		[GUEST_DS16 / 8] =	0x000093000000ffff,
		[GUEST_USER_CS32 / 8] =	0x00cffb000000ffff,
		[GUEST_USER_DS / 8] =	0x00cff3000000ffff,
		[GUEST_USER_CS64 / 8] =	0x00affb000000ffff,
		[GUEST_ABSENT_DS / 8] =	0x00cf13000000ffff,
		[GUEST_CS64 / 8] =	0x00af9b000000ffff,
	};
	__u64 *to = (__u64 *)(g->mem + GUEST_GDT_AT);

	memcpy(to, gdt, sizeof(gdt));
	to[GUEST_CS / 8] = gdt[(is_long(g->mode) ? GUEST_CS64 : GUEST_CS32) / 8];

	/* Where ring 3 comes in: RSP0, or ESP0 and SS0. */
	memset(g->mem + GUEST_TSS_AT, 0, 0x68);
	GUEST_U32(g, GUEST_TSS_AT + 4) = GUEST_STACK_AT;
	/* The I/O bitmap lies beyond the limit: ring 3 has no ports. */
	GUEST_U32(g, GUEST_TSS_AT + 0x64) = 0x68 << 16;
	GUEST_U32(g, GUEST_TSS_AT + 8) = is_long(g->mode) ? 0 : GUEST_DS;
}

static void write_stub(struct guest *g, unsigned int vector)
{
	/*
	 * NOP and VMCALL.  Bochs with several CPUs saves the RIP of what faulted
	 * for an exit by the handler's very first instruction.
	 */
	static const __u8 call[CALL_BYTES] = { 0x90, 0x0f, 0x01, 0xc1 };
	__u8 *at = g->mem + GUEST_STUBS_AT + vector * STUB_BYTES;
	bool wide = is_long(g->mode);

	memcpy(at, call, CALL_BYTES);
	at += CALL_BYTES;
	if (g->mode != GUEST_REAL && has_error_code(vector)) {
		if (wide)
			*at++ = 0x48;
		*at++ = 0x83;	/* add $4 or $8, %esp or %rsp */
		*at++ = 0xc4;
		*at++ = wide ? 8 : 4;
	}
	if (wide)
		*at++ = 0x48;
	*at = 0xcf;		/* iret */
}

static void write_gate(struct guest *g, unsigned int vector, __u32 at)
{
	/* Interrupt gate, present; ring 3 may INT 3 and INTO. */
	__u64 gate = (at & 0xffff) | GUEST_CS << 16 |
		     (vector == 3 || vector == 4 ? 0xee00ULL : 0x8e00ULL) << 32 |
		     (__u64)(at >> 16) << 48;

	if (g->mode == GUEST_REAL)
		GUEST_U32(g, 4 * vector) = at <= 0xffff ? at : at >> 4 << 16;
	else if (is_long(g->mode))
		GUEST_U64(g, GUEST_IDT_AT + 16 * vector) = gate;
	else
		GUEST_U64(g, GUEST_IDT_AT + 8 * vector) = gate;
}

static void write_idt(struct guest *g)
{
	unsigned int vector;

	for (vector = 0; vector < VECTORS; vector++) {
		write_stub(g, vector);
		write_gate(g, vector, GUEST_STUBS_AT + vector * STUB_BYTES);
	}
}

void guest_handle(struct guest *g, unsigned int vector, const void *code, size_t bytes)
{
	__u32 at = GUEST_HANDLERS_AT + vector * HANDLER_BYTES;

	memcpy(g->mem + at, code, bytes < HANDLER_BYTES ? bytes : HANDLER_BYTES);
	write_gate(g, vector, at);
}

static void set_tables(struct keel_segments *s, enum guest_mode mode)
{
	s->gdtr.base = GUEST_GDT_AT;
	s->gdtr.limit = GUEST_GDT_BYTES - 1;
	s->idtr.base = GUEST_IDT_AT;
	s->idtr.limit = VECTORS * (is_long(mode) ? 16 : 8) - 1;
	s->seg[KEEL_TR].base = GUEST_TSS_AT;
	if (mode != GUEST_USER)
		return;
	s->seg[KEEL_CS].selector = GUEST_USER_CS64 | 3;
	s->seg[KEEL_CS].attributes = RIGHTS_USER_CODE64;
	s->seg[KEEL_SS].selector = GUEST_USER_DS | 3;
	s->seg[KEEL_SS].attributes = RIGHTS_USER_DATA;
}

static __u32 code_at(const struct guest *g)
{
	return GUEST_CODE_AT + g->id * GUEST_VCPU_BYTES;
}

static void start_state(const struct guest *g, struct keel_state *s)
{
	enum guest_mode mode = g->mode;

	switch (mode) {
	case GUEST_LONG:
	case GUEST_USER:
		keel_start_long(s, code_at(g), GUEST_GDT_AT, GUEST_PML4_AT);
		break;
	case GUEST_PAGED:
		keel_start_paged(s, code_at(g), GUEST_GDT_AT, GUEST_PD_AT);
		break;
	case GUEST_PAE:
		keel_start_paged(s, code_at(g), GUEST_GDT_AT, GUEST_PDPT_AT);
		s->control.cr4 = 0x20;
		s->control.pdpte[0] = (GUEST_PDPT_AT + PAGE) | 1;
		break;
	case GUEST_PROT:
		keel_start_prot(s, code_at(g), GUEST_GDT_AT);
		break;
	case GUEST_REAL:
		keel_start_real(s, code_at(g));
		break;
	}
	if (mode != GUEST_REAL)
		set_tables(&s->segments, mode);
	/* Real mode's stack ends below 64 KiB. */
	s->regs.gpr[KEEL_RSP] = mode == GUEST_REAL ? 0x8000 :
				(mode == GUEST_USER ? GUEST_USER_STACK_AT : GUEST_STACK_AT) -
				g->id * GUEST_VCPU_BYTES;
}

int guest_start(struct guest *g, enum guest_mode mode, const void *code, size_t bytes)
{
	struct keel_state s;
	int ret;

	g->mode = mode;
	write_tables(g);
	write_gdt(g);
	write_idt(g);
	memcpy(g->mem + code_at(g), code, bytes);
	start_state(g, &s);
	ret = keel_set_state(g->vcpu, &s);
	if (ret)
		return ret;
	/* The rest of what the run page shows, as the vCPU has it. */
	s.groups = KEEL_STATE_RUN;
	ret = keel_get_state(g->vcpu, &s);
	if (ret)
		return ret;
	g->run->regs = s.regs;
	g->run->segments = s.segments;
	g->run->control = s.control;
	g->run->debug = s.debug;
	g->run->events = s.events;
	g->run->state_wanted = KEEL_STATE_RUN;
	g->seen = *g->run;
	return 0;
}

static __u64 pop(const struct guest *g, __u64 *at, unsigned int bytes)
{
	__u64 value = 0;

	if (*at <= GUEST_BYTES - bytes)
		memcpy(&value, g->mem + *at, bytes);
	*at += bytes;
	return value;
}

/* Whether the guest is in one of the stubs, and what it found on its stack. */
static bool took_trap(struct guest *g)
{
	unsigned int width = is_long(g->mode) ? 8 : g->mode == GUEST_REAL ? 2 : 4;
	__u64 at = RSP(g), stub = RIP(g) - CALL_BYTES - GUEST_STUBS_AT;
	struct guest_trap *trap = &g->trap;

	if (stub >= VECTORS * STUB_BYTES || stub % STUB_BYTES)
		return false;
	memset(trap, 0, sizeof(*trap));
	trap->vector = stub / STUB_BYTES;
	trap->error = g->mode != GUEST_REAL && has_error_code(trap->vector) ?
		pop(g, &at, width) : GUEST_NO_ERROR;
	trap->rip = pop(g, &at, width);
	trap->cs = pop(g, &at, width);
	trap->rflags = pop(g, &at, width);
	if (is_long(g->mode) || (trap->cs & 3 && g->mode != GUEST_REAL))
		trap->rsp = pop(g, &at, width);
	return true;
}

/* Loading what did not change could hide that Keel lost it, or undo an IN. */
static void mark_changes(struct guest *g)
{
	struct keel_run *run = g->run, *seen = &g->seen;
	__u64 dirty = 0;

	if (memcmp(&run->regs, &seen->regs, sizeof(run->regs)))
		dirty |= KEEL_STATE_REGS;
	if (memcmp(&run->segments, &seen->segments, sizeof(run->segments)))
		dirty |= KEEL_STATE_SEGMENTS;
	if (memcmp(&run->control, &seen->control, sizeof(run->control)))
		dirty |= KEEL_STATE_CONTROL;
	if (memcmp(&run->debug, &seen->debug, sizeof(run->debug)))
		dirty |= KEEL_STATE_DEBUG;
	if (memcmp(&run->events, &seen->events, sizeof(run->events)))
		dirty |= KEEL_STATE_EVENTS;
	run->state_dirty |= dirty;
}

int guest_run(struct guest *g)
{
	int ret;

	mark_changes(g);
	ret = g->enter ? g->enter(g->vcpu) : keel_run(g->vcpu);
	g->seen = *g->run;
	if (ret)
		return ret;
	if (g->run->exit_reason == KEEL_EXIT_HYPERCALL && took_trap(g))
		return GUEST_TRAP;
	return g->run->exit_reason;
}

const char *guest_describe(const struct guest *g)
{
	static char text[512];
	const struct keel_run *run = g->run;
	const char *name = keel_exit_name(run->exit_reason);
	int len;

	len = snprintf(text, sizeof(text), "exit %s, reason %u, RIP 0x%llx",
		       name ? name : "?", run->hw_reason, RIP(g));
	if (run->exit_reason == KEEL_EXIT_FAIL_ENTRY ||
	    run->exit_reason == KEEL_EXIT_INTERNAL_ERROR)
		len += snprintf(text + len, sizeof(text) - len, ": %s (0x%llx)",
				run->fail_entry.rule, run->fail_entry.value);
	if (run->exit_reason == KEEL_EXIT_HYPERCALL)
		snprintf(text + len, sizeof(text) - len,
			 "; last trap: vector %u error 0x%llx RIP 0x%llx CR2 0x%llx",
			 g->trap.vector, g->trap.error, g->trap.rip, run->control.cr2);
	return text;
}

void *guest_pte(struct guest *g, __u64 gva)
{
	if (g->mode == GUEST_PAGED)
		return g->mem + GUEST_PD_AT + PAGE + 4 * (gva / PAGE);
	if (g->mode == GUEST_PAE)
		return g->mem + GUEST_PDPT_AT + 2 * PAGE + 8 * (gva / PAGE);
	return g->mem + GUEST_PML4_AT + 3 * PAGE + 8 * (gva / PAGE);
}

int guest_intercept(struct guest *g, __u64 exits, __u32 exceptions)
{
	struct keel_intercepts in = { .exits = exits, .exceptions = exceptions };

	return keel_set_intercepts(g->vcpu, &in);
}

int guest_inject(struct guest *g, unsigned int type, unsigned int vector)
{
	struct keel_event event = { .valid = 1, .type = type, .vector = vector };

	return keel_inject(g->vcpu, &event);
}

static int one_msr(struct guest *g, struct keel_msr *msr, bool write)
{
	struct keel_state s = {
		.groups = KEEL_STATE_MSRS, .nr_msrs = 1, .msrs = (__u64)(unsigned long)msr,
	};

	return write ? keel_set_state(g->vcpu, &s) : keel_get_state(g->vcpu, &s);
}

int guest_get_msr(struct guest *g, __u32 msr, __u64 *value)
{
	struct keel_msr m = { .index = msr };
	int ret = one_msr(g, &m, false);

	*value = m.value;
	return ret;
}

int guest_set_msr(struct guest *g, __u32 msr, __u64 value)
{
	struct keel_msr m = { .index = msr, .value = value };

	return one_msr(g, &m, true);
}
