// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints through tracefs: that they are what <linux/keel_trace.h> says, and
 * that the exits of a guest are told once each and in order.
 *
 * What each of them says of what the guest did is in test_trace_values.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <asm/vmx.h>

#include "kselftest_harness.h"
#include "lib/traceguest.h"

/*
 * Frozen: programs go by these names, this order and these widths.  A later version
 * may add arguments at the end, and tracepoints.  <linux/keel_trace.h> numbers them,
 * docs/tracing.md says what they mean.
 */
static const char * const frozen[] = {
	"keel_vm_create vm_id:u32 pid:u32 flags:u32",
	"keel_vm_destroy vm_id:u32",
	"keel_entry vm_id:u32 vcpu_id:u32 guest_rip:u64 intr_info:u32 error_code:u32",
	"keel_exit vm_id:u32 vcpu_id:u32 exit_reason:u32 guest_rip:u64 qualification:u64 gpa:u64 intr_info:u32 error_code:u32 insn_len:u32",
	"keel_exit_done vm_id:u32 vcpu_id:u32 exit_reason:u32 guest_rip:u64 outcome:u32 cycles:u64",
	"keel_user_exit vm_id:u32 vcpu_id:u32 user_reason:u32 exit_reason:u32",
	"keel_user_done vm_id:u32 vcpu_id:u32 user_reason:u32 exit_reason:u32 guest_rip:u64 cycles:u64",
	"keel_pio vm_id:u32 vcpu_id:u32 write:u32 port:u32 size:u32 count:u32 val:u32",
	"keel_mmio vm_id:u32 vcpu_id:u32 access:u32 gpa:u64 size:u32 val:u64",
	"keel_msr vm_id:u32 vcpu_id:u32 write:u32 index:u32 data:u64 exception:u32",
	"keel_cpuid vm_id:u32 vcpu_id:u32 function:u32 index:u32 eax:u32 ebx:u32 ecx:u32 edx:u32",
	"keel_cr vm_id:u32 vcpu_id:u32 write:u32 cr:u32 val:u64",
	"keel_hypercall vm_id:u32 vcpu_id:u32 nr:u64 a0:u64 a1:u64 a2:u64 a3:u64",
	"keel_inject vm_id:u32 vcpu_id:u32 intr_info:u32 error_code:u32",
	"keel_apic vm_id:u32 vcpu_id:u32 write:u32 reg:u32 val:u64",
	"keel_page_fault vm_id:u32 vcpu_id:u32 guest_rip:u64 address:u64 error_code:u32 shadow:u32",
	"keel_insn vm_id:u32 vcpu_id:u32 guest_rip:u64 len:u32 bytes:u32 low:u64 high:u64",
};

#define NR_FROZEN	(sizeof(frozen) / sizeof(frozen[0]))

/* "NAME FIELD:TYPE..." of a tracepoint as the kernel has it. */
static void describe(const struct tracefs_point *p, char *text, size_t size)
{
	const struct tracefs_field *f;
	size_t len;

	len = snprintf(text, size, "%s", p->name);
	for (f = p->fields; f < p->fields + p->nr && len < size; f++)
		len += snprintf(text + len, size - len, " %s:%c%u", f->name,
				f->sign ? 's' : 'u', f->size * 8);
}

FIXTURE(trace)
{
	struct traced traced;
};

FIXTURE_SETUP(trace)
{
	TRACED_SETUP(&self->traced, 0);
}

FIXTURE_TEARDOWN(trace)
{
	traced_free(&self->traced);
}

TEST_F(trace, tracepoints_are_the_frozen_ones)
{
	const struct tracefs_point *p;
	char name[32], text[512];
	unsigned int i;

	for (i = 0; i < NR_FROZEN; i++) {
		sscanf(frozen[i], "%31s", name);
		p = tracefs_point(&self->traced.trace, name);
		ASSERT_NE(NULL, p) {
			TH_LOG("there is no %s", name);
		}
		describe(p, text, sizeof(text));
		/* New arguments go behind. */
		EXPECT_EQ(0, strncmp(frozen[i], text, strlen(frozen[i]))) {
			TH_LOG("frozen: %s", frozen[i]);
			TH_LOG("kernel: %s", text);
		}
	}
	EXPECT_LE(NR_FROZEN, self->traced.trace.nr_points);
}

#define HW_NAME(nr, name, prose)	"{ " #nr ", \"" #name "\" }",
#define USER_NAME(nr, name)		"{ " #nr ", \"" #name "\" }",

static const char * const reasons[] = { KEEL_HW_REASONS(HW_NAME) };
static const char * const user_reasons[] = { KEEL_USER_REASONS(USER_NAME) };

/* How many of @names the format of a tracepoint lacks; all where it cannot be read. */
static unsigned int missing(const char *point, const char * const *names, unsigned int nr)
{
	char *text = tracefs_format(point);
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++) {
		if (text && strstr(text, names[i]))
			continue;
		printf("# %s: no %s\n", point, names[i]);
		n++;
	}
	free(text);
	return n;
}

TEST_F(trace, format_names_the_reasons)
{
	unsigned int nr = sizeof(reasons) / sizeof(reasons[0]);

	EXPECT_EQ(0, missing("keel_exit", reasons, nr));
	EXPECT_EQ(0, missing("keel_exit_done", reasons, nr));
	EXPECT_EQ(0, missing("keel_user_exit", reasons, nr));
	nr = sizeof(user_reasons) / sizeof(user_reasons[0]);
	EXPECT_EQ(0, missing("keel_user_exit", user_reasons, nr));
}

TEST_F(trace, module_has_btf)
{
	EXPECT_EQ(0, access("/sys/kernel/btf/keel", R_OK)) {
		TH_LOG("the module was built without BTF: see kmod/module-btf");
	}
}

TEST_F(trace, vm_create_and_destroy)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *made, *gone;
	int vm;

	TRACE_ON(t, "keel_vm_create");
	TRACE_ON(t, "keel_vm_destroy");
	vm = host_create_vm(t->guest.keel, KEEL_VM_LAPIC);
	ASSERT_LE(0, vm);
	close(vm);
	TRACE_READ(t);
	ASSERT_EQ(2, t->trace.nr_events);
	made = &t->trace.events[0];
	gone = &t->trace.events[1];
	ASSERT_TRUE(tracefs_is(made, "keel_vm_create"));
	ASSERT_TRUE(tracefs_is(gone, "keel_vm_destroy"));
	EXPECT_LT(t->vm, tracefs_arg(made, KEEL_VM_CREATE_VM_ID));
	EXPECT_EQ(getpid(), tracefs_arg(made, KEEL_VM_CREATE_PID));
	EXPECT_EQ(KEEL_VM_LAPIC, tracefs_arg(made, KEEL_VM_CREATE_FLAGS) & KEEL_VM_LAPIC);
	if (host_shadows(&t->guest.info))
		EXPECT_EQ(KEEL_VM_SHADOW, tracefs_arg(made, KEEL_VM_CREATE_FLAGS) & KEEL_VM_SHADOW);
	EXPECT_EQ(tracefs_arg(made, KEEL_VM_CREATE_VM_ID),
		  tracefs_arg(gone, KEEL_VM_DESTROY_VM_ID));
}

/* 5 CPUID, 4 RDMSR, 3 OUT, 2 HLT; then VMCALL. */
GUEST_CODE(known_exits,
	".rept 5; xor %eax, %eax; cpuid; .endr\n"
	".rept 4; mov $0x3b, %ecx; rdmsr; .endr\n"
	".rept 3; out %al, $0xe9; .endr\n"
	"hlt; hlt; vmcall");

static int run_to_hypercall(struct guest *g)
{
	int exit;

	do {
		exit = guest_run(g);
	} while (exit == KEEL_EXIT_IO || exit == KEEL_EXIT_HLT);
	return exit;
}

/* What exits and how often, with the outcome. */
static const struct {
	unsigned int reason, count, outcome;
} known[] = {
	{ EXIT_REASON_CPUID, 5, KEEL_TRACE_KERNEL },
	{ EXIT_REASON_MSR_READ, 4, KEEL_TRACE_KERNEL },
	{ EXIT_REASON_IO_INSTRUCTION, 3, KEEL_TRACE_USER },
	{ EXIT_REASON_HLT, 2, KEEL_TRACE_USER },
	{ EXIT_REASON_VMCALL, 1, KEEL_TRACE_USER },
};

#define NR_KNOWN	(sizeof(known) / sizeof(known[0]))

TEST_F(trace, each_exit_is_told_once)
{
	struct traced *t = &self->traced;
	const struct tracefs_event *e;
	unsigned int i, n;

	GUEST_START(&t->guest, GUEST_LONG, known_exits);
	TRACE_ON(t, NULL);
	ASSERT_EQ(KEEL_EXIT_HYPERCALL, run_to_hypercall(&t->guest));
	TRACE_OFF(t, NULL);
	TRACE_READ(t);
	for (i = 0; i < NR_KNOWN; i++) {
		EXPECT_EQ(known[i].count, traced_exits(t, "keel_exit", known[i].reason));
		EXPECT_EQ(known[i].count, traced_exits(t, "keel_exit_done", known[i].reason));
	}
	EXPECT_EQ(5, traced_count(t, "keel_cpuid"));
	EXPECT_EQ(4, traced_count(t, "keel_msr"));
	EXPECT_EQ(3, traced_count(t, "keel_pio"));
	EXPECT_EQ(1, traced_count(t, "keel_hypercall"));
	EXPECT_EQ(6, traced_count(t, "keel_user_exit"));
	/* After the last one the guest was not entered again. */
	EXPECT_EQ(5, traced_count(t, "keel_user_done"));
	for (n = 0; (e = traced_event(t, "keel_exit_done", n)); n++)
		for (i = 0; i < NR_KNOWN; i++)
			if (tracefs_arg(e, KEEL_EXIT_DONE_REASON) == known[i].reason)
				EXPECT_EQ(known[i].outcome,
					  tracefs_arg(e, KEEL_EXIT_DONE_OUTCOME));
}

/* Text as people read it. */
TEST_F(trace, text)
{
	struct traced *t = &self->traced;
	char want[64], *text;

	GUEST_START(&t->guest, GUEST_LONG, known_exits);
	TRACE_ON(t, NULL);
	ASSERT_EQ(KEEL_EXIT_HYPERCALL, run_to_hypercall(&t->guest));
	TRACE_OFF(t, NULL);
	text = tracefs_text(&t->trace);
	ASSERT_NE(NULL, text);
	snprintf(want, sizeof(want), "keel_exit: vm %u vcpu 0 reason CPUID rip 0x%x ",
		 t->vm, GUEST_CODE_AT + 2);
	EXPECT_NE(NULL, strstr(text, want)) {
		TH_LOG("no '%s'", want);
	}
	EXPECT_NE(NULL, strstr(text, " user_reason HLT reason HLT\n"));
	EXPECT_NE(NULL, strstr(text, " write port 0xe9 size 1 count 1 val 0x"));
	free(text);
}

TEST_F(trace, off_is_silent)
{
	struct traced *t = &self->traced;

	GUEST_START(&t->guest, GUEST_LONG, known_exits);
	ASSERT_EQ(KEEL_EXIT_IO, guest_run(&t->guest));
	TRACE_ON(t, NULL);
	ASSERT_EQ(KEEL_EXIT_IO, guest_run(&t->guest));
	TRACE_OFF(t, NULL);
	ASSERT_EQ(0, tracefs_clear(&t->trace));
	ASSERT_EQ(KEEL_EXIT_HYPERCALL, run_to_hypercall(&t->guest));
	TRACE_READ(t);
	EXPECT_EQ(0, t->trace.nr_events);
}

/*
 * The story of an exit, event after event:
 *
 *	entry, exit, exit_done, entry ...			answered by the module
 *	entry, exit, user_exit, exit_done, user_done, entry ...	by user space
 */
static const char *next_is_wrong(const struct tracefs_event *last,
				 const struct tracefs_event *e, const struct tracefs_event *exit)
{
	const char *name = e->point->name, *after = last ? last->point->name : "keel_user_done";
	bool answered;

	answered = !strcmp(after, "keel_exit_done") &&
		tracefs_arg(last, KEEL_EXIT_DONE_OUTCOME) == KEEL_TRACE_KERNEL;
	if (!strcmp(name, "keel_entry"))
		return answered || !strcmp(after, "keel_user_done") ? NULL : after;
	if (!strcmp(name, "keel_exit"))
		return !strcmp(after, "keel_entry") ? NULL : after;
	if (!strcmp(name, "keel_user_exit"))
		return !strcmp(after, "keel_exit") &&
			tracefs_arg(e, KEEL_USER_EXIT_REASON) ==
			tracefs_arg(exit, KEEL_HW_EXIT_REASON) ? NULL : after;
	if (!strcmp(name, "keel_exit_done"))
		return (!strcmp(after, "keel_exit") || !strcmp(after, "keel_user_exit")) &&
			tracefs_arg(e, KEEL_EXIT_DONE_REASON) ==
			tracefs_arg(exit, KEEL_HW_EXIT_REASON) &&
			tracefs_arg(e, KEEL_EXIT_DONE_RIP) ==
			tracefs_arg(exit, KEEL_HW_EXIT_RIP) ? NULL : after;
	return !strcmp(after, "keel_exit_done") && !answered &&
		tracefs_arg(e, KEEL_USER_DONE_REASON) == tracefs_arg(exit, KEEL_HW_EXIT_REASON) &&
		tracefs_arg(e, KEEL_USER_DONE_RIP) == tracefs_arg(exit, KEEL_HW_EXIT_RIP) ?
		NULL : after;
}

TEST_F(trace, stories_are_in_order)
{
	static const char * const story[] = {
		"keel_entry", "keel_exit", "keel_exit_done", "keel_user_exit", "keel_user_done",
	};
	const struct tracefs_event *e, *last = NULL, *exit = NULL;
	struct traced *t = &self->traced;
	const char *wrong;
	unsigned int i;

	GUEST_START(&t->guest, GUEST_LONG, known_exits);
	for (i = 0; i < sizeof(story) / sizeof(story[0]); i++)
		TRACE_ON(t, story[i]);
	ASSERT_EQ(KEEL_EXIT_HYPERCALL, run_to_hypercall(&t->guest));
	TRACE_READ(t);
	ASSERT_LT(30, t->trace.nr_events);
	for (e = t->trace.events; e < t->trace.events + t->trace.nr_events; e++) {
		wrong = next_is_wrong(last, e, exit);
		ASSERT_EQ(NULL, wrong) {
			TH_LOG("event %zu, %s, after %s", e - t->trace.events,
			       e->point->name, wrong);
		}
		EXPECT_EQ(t->vm, tracefs_arg(e, KEEL_HW_EXIT_VM_ID));
		EXPECT_EQ(0, tracefs_arg(e, KEEL_HW_EXIT_VCPU_ID));
		EXPECT_EQ(getpid(), e->pid);
		if (tracefs_is(e, "keel_exit"))
			exit = e;
		last = e;
	}
}

/* What user space takes is keel_user_done's, and the rest keel_exit_done's. */
TEST_F(trace, cycles)
{
	const struct tracefs_event *exit, *done, *user;
	struct traced *t = &self->traced;
	__u64 khz = t->guest.info.tsc_khz, ns;

	GUEST_START(&t->guest, GUEST_LONG, known_exits);
	TRACE_ON(t, NULL);
	ASSERT_EQ(KEEL_EXIT_IO, guest_run(&t->guest));
	usleep(30000);
	ASSERT_EQ(KEEL_EXIT_IO, guest_run(&t->guest));
	TRACE_OFF(t, NULL);
	TRACE_READ(t);
	exit = traced_exit(t, EXIT_REASON_IO_INSTRUCTION, 0);
	user = traced_event(t, "keel_user_done", 0);
	ASSERT_NE(NULL, exit);
	ASSERT_NE(NULL, user);
	EXPECT_EQ(KEEL_EXIT_IO, tracefs_arg(user, KEEL_USER_DONE_USER_REASON));
	/* It is the last before it that this is about. */
	for (done = user; done > exit && !tracefs_is(done, "keel_exit_done"); done--)
		;
	ASSERT_TRUE(tracefs_is(done, "keel_exit_done"));
	EXPECT_GT(20 * khz, tracefs_arg(done, KEEL_EXIT_DONE_CYCLES));
	ns = tracefs_arg(user, KEEL_USER_DONE_CYCLES) * 1000000 / khz;
	EXPECT_LE(30000000, ns);
	/* By the clock of tracefs, which is not quite at the same places. */
	EXPECT_GT(user->ns - exit->ns, ns);
	EXPECT_LT(user->ns - done->ns, ns + ns / 10);
}

TEST_HARNESS_MAIN
