// SPDX-License-Identifier: GPL-2.0
/*
 * trace_guest: a VM whose exits are known beforehand, for tests of what counts them.
 *
 *	trace_guest [--wait-first] [--wait] [--loop] [--vcpus N] KIND=N...
 *
 * Each vCPU's guest does each KIND exactly N times, in the order of the table below,
 * and ends with a triple fault, which no kind has.  It prints
 *
 *	vm ID
 *	ID VCPU NAME VALUE	one line for each counter of KEEL_GET_STATS that is not 0
 *	done
 *
 * in the format of /sys/kernel/debug/keel/stats.  Beside what was asked for there are
 * the exits that hosts cause (EXTERNAL_INTERRUPT), and those for memory that
 * the guest touches first (EPT_VIOLATION, on shadow page tables EXCEPTION_NMI): as
 * many as "page_faults" says, and one for each "mmio".  To user space go all of out, in,
 * hlt, mmio and vmcall.
 */
#include <argp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/guest.h"
#include "lib/stats.h"

#define MAX_VCPUS	8
#define PAGE		4096

/* Page-aligned memory that nobody has touched, and no memory. */
#define FRESH_AT	0x1000000
#define FRESH_PAGES	4096
#define NOWHERE		"0x20000000"
#define MMIO_BYTES	2		/* of "mov %eax, (%rsi)" */

/* Counts by enum kind, and the zeroes that LIDT takes. */
#define PARAMS_AT	GUEST_DATA_AT
#define NO_IDT_AT	"0x20100"

enum kind { CPUID, OUT, IN, WRMSR, RDMSR, HLT, MMIO, VMCALL, TOUCH, NR_KINDS };

static const char * const kinds[NR_KINDS] = {
	[CPUID] = "cpuid", [OUT] = "out", [IN] = "in", [WRMSR] = "wrmsr", [RDMSR] = "rdmsr",
	[HLT] = "hlt", [MMIO] = "mmio", [VMCALL] = "vmcall", [TOUCH] = "touch",
};

#define KINDS	"cpuid out in wrmsr rdmsr hlt mmio vmcall touch"

/* R13 counts down from N; R12 is at the counts, R15 at fresh pages. */
#define REPEAT(kind, text)			\
	"	mov	8 * " #kind "(%r12), %r13\n"	\
	"1:	test	%r13, %r13\n"		\
	"	jz	2f\n"			\
	text "\n"				\
	"	dec	%r13\n"			\
	"	jmp	1b\n"			\
	"2:\n"

/*
 * CPUID asks for leaf 0, OUT writes to port 0xe9, IN reads 0xea.  WRMSR writes R13, so
 * that the values are N to 1, to IA32_MISC_ENABLE; RDMSR reads IA32_TSC_ADJUST.
 */
GUEST_CODE(all_kinds,
	".set K_CPUID, 0; .set K_OUT, 1; .set K_IN, 2; .set K_WRMSR, 3; .set K_RDMSR, 4\n"
	".set K_HLT, 5; .set K_MMIO, 6; .set K_VMCALL, 7; .set K_TOUCH, 8\n"
	REPEAT(K_CPUID, "xor %eax, %eax; xor %ecx, %ecx; cpuid")
	REPEAT(K_OUT, "mov %r13d, %eax; out %al, $0xe9")
	REPEAT(K_IN, "in $0xea, %al")
	REPEAT(K_WRMSR, "mov $0x1a0, %ecx; mov %r13d, %eax; xor %edx, %edx; wrmsr")
	REPEAT(K_RDMSR, "mov $0x3b, %ecx; rdmsr")
	REPEAT(K_HLT, "hlt")
	REPEAT(K_MMIO, "mov $" NOWHERE ", %esi; mov %r13d, %eax; mov %eax, (%rsi)")
	REPEAT(K_VMCALL, "mov %r13d, %eax; vmcall")
	REPEAT(K_TOUCH, "movb $1, (%r15); add $4096, %r15")
	"lidt	" NO_IDT_AT "\n"
	"ud2");

_Static_assert(CPUID == 0 && OUT == 1 && IN == 2 && WRMSR == 3 && RDMSR == 4 && HLT == 5 &&
	       MMIO == 6 && VMCALL == 7 && TOUCH == 8, "the guest has these numbers, too");

struct options {
	unsigned int vcpus;
	bool wait_first;
	bool wait;
	bool loop;
	unsigned long counts[NR_KINDS];
};

static const struct argp_option option_list[] = {
	{ "vcpus", 'n', "N", 0, "So many vCPUs, each in a thread of its own (1)", 0 },
	{ "wait-first", 'f', NULL, 0, "Print the VM's number and wait for a line on stdin", 0 },
	{ "wait", 'w', NULL, 0, "Keep the VM until stdin ends", 0 },
	{ "loop", 'l', NULL, 0, "Run the guest again and again until stdin ends", 0 },
	{ 0 },
};

static unsigned long number(struct argp_state *state, const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (end == text || *end || value > max)
		argp_error(state, "'%s' is not a number up to %lu", text, max);
	return value;
}

static void parse_count(struct argp_state *state, const char *arg)
{
	struct options *options = state->input;
	const char *value = strchr(arg, '=');
	unsigned int i;

	for (i = 0; value && i < NR_KINDS; i++) {
		if (strlen(kinds[i]) != value - arg || strncmp(kinds[i], arg, value - arg))
			continue;
		options->counts[i] = number(state, value + 1, 1000000000);
		return;
	}
	argp_error(state, "'%s' is not KIND=N with a kind of: " KINDS, arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'n':
		options->vcpus = number(state, arg, MAX_VCPUS);
		return 0;
	case 'f':
		options->wait_first = true;
		return 0;
	case 'w':
		options->wait = true;
		return 0;
	case 'l':
		options->loop = true;
		return 0;
	case ARGP_KEY_ARG:
		parse_count(state, arg);
		return 0;
	case ARGP_KEY_END:
		if (!options->vcpus)
			argp_error(state, "a VM has at least one vCPU");
		if (options->counts[TOUCH] * options->vcpus > FRESH_PAGES)
			argp_error(state, "touch: there are %u pages for all vCPUs", FRESH_PAGES);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_list,
	.parser = parse,
	.args_doc = "KIND=N...",
	.doc = "Run a guest with exactly N exits of each KIND: " KINDS ".",
};

static struct options options = { .vcpus = 1 };
static struct guest guests[MAX_VCPUS];
static char *fresh;
static atomic_bool stop;

static void check(const char *what, int ret)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "trace_guest: %s: %s\n", what, strerror(-ret));
	exit(1);
}

static void start(struct guest *g)
{
	unsigned long first = g->id * options.counts[TOUCH];

	check("start", guest_start(g, GUEST_LONG, all_kinds_begin,
				   all_kinds_end - all_kinds_begin));
	memcpy(g->mem + PARAMS_AT, options.counts, sizeof(options.counts));
	g->run->regs.gpr[12] = PARAMS_AT;
	g->run->regs.gpr[15] = FRESH_AT + first * PAGE;
	g->run->state_dirty = KEEL_STATE_REGS;
	g->run->state_wanted = KEEL_STATE_REGS;
}

/* Until the triple fault. */
static void run(struct guest *g)
{
	struct keel_run *page = g->run;

	for (;;) {
		check("KEEL_RUN", keel_run(g->vcpu));
		switch (page->exit_reason) {
		case KEEL_EXIT_SHUTDOWN:
			return;
		case KEEL_EXIT_INTR:
		case KEEL_EXIT_HLT:
		case KEEL_EXIT_HYPERCALL:
			break;
		case KEEL_EXIT_IO:
			if (page->io.port == 0xea)
				((char *)page)[page->io.data_offset] = 0x5a;
			break;
		case KEEL_EXIT_MMIO:
			page->regs.rip += MMIO_BYTES;
			page->state_dirty = KEEL_STATE_REGS;
			break;
		default:
			fprintf(stderr, "trace_guest: vCPU %u: %s\n", g->id, guest_describe(g));
			exit(1);
		}
	}
}

static void *vcpu_thread(void *arg)
{
	struct guest *g = arg;

	do {
		start(g);
		run(g);
	} while (options.loop && !stop);
	return NULL;
}

static void print_stats(unsigned int vm, const struct guest *g)
{
	struct keel_stats stats;

	check("KEEL_GET_STATS", keel_get_stats(g->vcpu, &stats));
	stats_print(stdout, vm, g->id, &stats);
}

static void make_machine(void)
{
	unsigned int i;

	check("VM", guest_init(&guests[0]));
	for (i = 1; i < options.vcpus; i++)
		check("vCPU", guest_init_vcpu(&guests[i], &guests[0], i));
	fresh = mmap(NULL, FRESH_PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		check("memory", -errno);
	/* Each page is to be a fault of its own. */
	madvise(fresh, FRESH_PAGES * PAGE, MADV_NOHUGEPAGE);
	check("memory", keel_set_memory(guests[0].vm, 1, 0, FRESH_AT, FRESH_PAGES * PAGE, fresh));
}

static void wait_for_end(void)
{
	while (getchar() != EOF)
		;
}

static void run_all(void)
{
	pthread_t threads[MAX_VCPUS];
	unsigned int i;

	for (i = 0; i < options.vcpus; i++)
		if (pthread_create(&threads[i], NULL, vcpu_thread, &guests[i]))
			check("thread", -EAGAIN);
	if (options.loop)
		wait_for_end();
	stop = true;
	for (i = 0; i < options.vcpus; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	unsigned int vm = 0, i;
	int c;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_machine();
	check(STATS_FILE, stats_vm_id(&vm));
	printf("vm %u\n", vm);
	if (options.wait_first)
		while ((c = getchar()) != '\n' && c != EOF)
			;
	run_all();
	for (i = 0; i < options.vcpus; i++)
		print_stats(vm, &guests[i]);
	printf("done\n");
	if (options.wait)
		wait_for_end();
	return 0;
}
