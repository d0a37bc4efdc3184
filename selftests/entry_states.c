// SPDX-License-Identifier: GPL-2.0
/*
 * Random states of a vCPU: each is entered, or refused with a field and a rule, and
 * Keel's checker says the same as the CPU, which it is asked before the entry.
 *
 *	entry_states [--states N] [--first N] [--seed N] [--rules] [--each]
 *
 * --rules tells how often each rule refused an entry; --each tells each state before it
 * is tried, for the one that takes the host down.
 *
 * States are made by lib/entrystate.c.  One that KEEL_RUN refuses with -EINVAL, "a value
 * that no CPU takes", is not tried and does not count.
 *
 * Wants one CPU, keel.ko and keel_poke.ko; switches keel's parameter check_entry on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "lib/entrylax.h"
#include "lib/entrystate.h"
#include "lib/host.h"

#define CHECK_ENTRY	"/sys/module/keel/parameters/check_entry"
#define CHECKS		"/sys/kernel/debug/keel/entry_checks"
#define MEMORY_BYTES	0x10000
#define MAX_RULES	1024
#define MAX_REPORTS	10

static struct {
	__u64 states, first, seed;
	bool rules, each;
} options = { .states = 20000, .seed = 1 };

static struct entry_cpu cpu;
static struct keel_run *run;
static int vcpu, poke, checks;

static struct {
	__u64 entered, failed, refused, lax, bad;
	__u64 by_mode[ENTRY_MODES][2];
} counts;

/* How often each rule refused an entry. */
static struct {
	char words[sizeof(((struct keel_exit_fail_entry *)0)->rule)];
	__u64 hits;
} rules[MAX_RULES];
static unsigned int nr_rules;

static void die(const char *what)
{
	printf("not ok 1 entry states: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void count_rule(const char *words)
{
	unsigned int i;

	for (i = 0; i < nr_rules; i++)
		if (!strcmp(rules[i].words, words))
			break;
	if (i == MAX_RULES)
		return;
	if (i == nr_rules)
		snprintf(rules[nr_rules++].words, sizeof(rules[i].words), "%s", words);
	rules[i].hits++;
	/* Those that come often come first. */
	if (i && rules[i].hits > rules[i - 1].hits) {
		typeof(rules[0]) rule = rules[i];

		rules[i] = rules[i - 1];
		rules[i - 1] = rule;
	}
}

/* All that is needed to see it again. */
static void describe(const struct entry_state *s, __u64 number, const char *what)
{
	unsigned int i;

	printf("# state %llu: %s\n", number, what);
	printf("#   again: entry_states --seed %llu --first %llu --states 1\n", options.seed,
	       number);
	printf("#   %s, rip 0x%llx rflags 0x%llx cr0 0x%llx cr3 0x%llx cr4 0x%llx efer 0x%llx\n",
	       entry_mode_names[s->mode], run->regs.rip, run->regs.rflags, run->control.cr0,
	       run->control.cr3, run->control.cr4, run->control.efer);
	for (i = 0; i < 8; i++)
		printf("#   segment %u: 0x%x 0x%llx 0x%x 0x%x\n", i, run->segments.seg[i].selector,
		       run->segments.seg[i].base, run->segments.seg[i].limit,
		       run->segments.seg[i].attributes);
	printf("#   blocking 0x%x activity %u pending 0x%llx exception %u:%u:%u:%u nmi %u\n",
	       run->events.blocking, run->events.activity, run->events.pending_dbg,
	       run->events.exception.valid, run->events.exception.type,
	       run->events.exception.vector, run->events.exception.flags,
	       run->events.nmi_pending);
	for (i = 0; i < s->nr; i++)
		printf("#   poke 0x%04x op %u 0x%llx\n", s->pokes[i].field, s->pokes[i].op,
		       s->pokes[i].value);
	fflush(stdout);
}

static void report(const struct entry_state *s, __u64 number, const char *what)
{
	if (++counts.bad <= MAX_REPORTS)
		describe(s, number, what);
}

/* Whether check and CPU have disagreed since the last call; @words: how. */
static bool disagreed(char *words, size_t size)
{
	static long long before = -1;
	char text[512], *last;
	long long now;
	ssize_t len;

	len = pread(checks, text, sizeof(text) - 1, 0);
	if (len <= 0)
		die("cannot read " CHECKS);
	text[len] = 0;
	now = strtoll(text + strlen("disagreed "), NULL, 10);
	last = strstr(text, "checked ");
	last = last ? strchr(last, '\n') : NULL;
	snprintf(words, size, "%s", last ? last + 1 : "");
	words[strcspn(words, "\n")] = 0;
	if (before < 0)
		before = now;
	last = now > before ? words : NULL;
	before = now;
	return last;
}

static void judge_refusal(const struct entry_state *s, __u64 number, bool told)
{
	struct keel_exit_fail_entry fail = run->fail_entry;

	fail.rule[sizeof(fail.rule) - 1] = 0;
	counts.failed++;
	counts.by_mode[s->mode][1]++;
	/* Encoding 0 is the VPID. */
	if (!told && !fail.field && strncmp(fail.rule, "Virtual-processor", 17))
		report(s, number, fail.rule);
	count_rule(fail.rule);
}

static void try_state(__u64 number)
{
	struct entry_state s = { .cpu = &cpu, .run = run };
	struct keel_run before;
	char words[256];
	bool told;
	int ret;

	entry_make(&s, options.seed, number);
	before = *run;
	if (options.each)
		describe(&s, number, "next");
	if (write(poke, s.pokes, s.nr * sizeof(s.pokes[0])) < 0)
		die("cannot write to /dev/keel_poke");
	ret = ioctl(vcpu, KEEL_RUN, 0) ? -errno : 0;
	if (ret == -EINVAL || ret == -EOPNOTSUPP) {
		counts.refused++;
		return;
	}
	told = disagreed(words, sizeof(words));
	if (told) {
		run->regs = before.regs;
		run->segments = before.segments;
		run->control = before.control;
		run->events = before.events;
		if (entry_cpu_is_lax(&s, words)) {
			counts.lax++;
			return;
		}
		report(&s, number, words);
	}
	if (ret && ret != -EINTR) {
		report(&s, number, strerror(-ret));
		die("KEEL_RUN failed");
	}
	if (!ret && run->exit_reason == KEEL_EXIT_FAIL_ENTRY) {
		judge_refusal(&s, number, told);
		return;
	}
	if (!ret && run->exit_reason == KEEL_EXIT_INTERNAL_ERROR)
		report(&s, number, run->fail_entry.rule);
	counts.entered++;
	counts.by_mode[s.mode][0]++;
}

static void set_up(void)
{
	int keel, vm;
	char *memory;

	if (host_load_keel("") || host_run("modprobe keel_poke"))
		die("cannot load keel.ko and keel_poke.ko");
	keel = keel_open();
	if (keel < 0 || keel_get_info(keel, KEEL_CPU_ALL, &cpu.info))
		die("cannot open /dev/keel");
	vm = host_create_vm(keel, 0);
	if (vm < 0)
		die("cannot make a VM");
	vcpu = keel_create_vcpu(vm, 0);
	if (vcpu < 0 || keel_map_run(vcpu, cpu.info.run_size, &run))
		die("cannot make a vCPU");
	cpu.shadow = host_shadows(&cpu.info);
	cpu.unrestricted = cpu.info.features & KEEL_FEATURE_UNRESTRICTED_GUEST;
	if (cpu.shadow) {
		memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED || keel_set_memory(vm, 0, 0, 0, MEMORY_BYTES, memory))
			die("cannot give the guest memory");
	}
	poke = open("/dev/keel_poke", O_RDWR);
	if (poke < 0 || read(poke, &cpu.pages, sizeof(cpu.pages)) != sizeof(cpu.pages))
		die("cannot open /dev/keel_poke");
	host_run("mount -t debugfs none /sys/kernel/debug");
	checks = open(CHECKS, O_RDONLY);
	if (checks < 0 || host_write(CHECK_ENTRY, "1"))
		die("cannot switch check_entry on");
}

static void usage(const char *what, const char *why)
{
	fprintf(stderr, "entry_states: %s: %s\n"
		"usage: entry_states [--states N] [--first N] [--seed N] [--rules] [--each]\n",
		what, why);
	exit(2);
}

static __u64 *number_option(const char *name)
{
	if (!strcmp(name, "--states"))
		return &options.states;
	if (!strcmp(name, "--first"))
		return &options.first;
	if (!strcmp(name, "--seed"))
		return &options.seed;
	usage(name, "unknown option");
	return NULL;
}

static void parse(int argc, char **argv)
{
	__u64 *value;
	char *end;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--rules") || !strcmp(argv[i], "--each")) {
			*(argv[i][2] == 'r' ? &options.rules : &options.each) = true;
			continue;
		}
		value = number_option(argv[i]);
		if (++i == argc)
			usage(argv[i - 1], "wants a number");
		*value = strtoull(argv[i], &end, 0);
		if (end == argv[i] || *end)
			usage(argv[i], "no number");
	}
}

static void tell(void)
{
	unsigned int i;

	printf("# tried %llu: entered %llu, refused by the CPU %llu, by %u rules\n",
	       counts.entered + counts.failed, counts.entered, counts.failed, nr_rules);
	printf("# not tried: refused by Keel %llu, the CPU known not to look %llu\n",
	       counts.refused, counts.lax);
	for (i = 0; i < ENTRY_MODES; i++)
		printf("# %s: entered %llu, refused %llu\n", entry_mode_names[i],
		       counts.by_mode[i][0], counts.by_mode[i][1]);
	for (i = 0; options.rules && i < nr_rules; i++)
		printf("# rule %llu %s\n", rules[i].hits, rules[i].words);
}

int main(int argc, char **argv)
{
	__u64 number, tried, begin;
	char words[256];
	bool both;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..2\n");
	printf("# seed %llu, states %llu to %llu\n", options.seed, options.first,
	       options.first + options.states - 1);
	set_up();
	disagreed(words, sizeof(words));
	begin = __rdtsc();
	for (number = options.first; number < options.first + options.states; number++)
		try_state(number);
	begin = (__rdtsc() - begin) / (options.states ?: 1);
	host_write(CHECK_ENTRY, "0");
	tell();
	printf("# TSC ticks a state: %llu\n", begin);
	tried = counts.entered + counts.failed;
	printf("%sok 1 the checker agrees with the CPU on each state\n", counts.bad ? "not " : "");
	/* Both kinds must be there, or nothing was shown. */
	both = options.states < 1000 ||
	       (counts.entered > tried / 5 && counts.failed > tried / 5);
	printf("%sok 2 states are entered, and refused\n", both ? "" : "not ");
	return counts.bad || !both ? 1 : 0;
}
