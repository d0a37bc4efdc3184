// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel says no, at each place in turn where a call of Keel's asks it for
 * something: slab memory, pages, a copy from or to user space.
 *
 * Wants a kernel with failslab, fail_page_alloc and fail_usercopy, as the debug
 * kernel is: see docs/testing.md.  /proc/self/fail-nth makes the n-th question of
 * this task fail, whichever of the three it is.  Each call is tried with n = 1, 2,
 * ... until it gets through without a failure.  A call that failed must say so
 * with the errno that <linux/keel.h> lists for what was refused, and have changed
 * nothing: the same call then succeeds.  What leaks, kmemleak says at the end.
 *
 * test_oom.c does the same on any kernel for what Keel itself allocates.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/memguest.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define DEBUGFS		"/sys/kernel/debug/"
#define DATA_BYTES	(16UL * PAGE)
/* More than a call, and more than a life, can ask for. */
#define MANY		2000
#define MANY_IN_LIFE	20000
/* debugfs' `times` counts down from here. */
#define TIMES		1000000000L

static const struct {
	const char *name;
	int ret;
} kinds[] = {
	{ "failslab", -ENOMEM }, { "fail_page_alloc", -ENOMEM }, { "fail_usercopy", -EFAULT },
};

#define NR_KINDS	((int)(sizeof(kinds) / sizeof(kinds[0])))

MEMGUEST(store_many, "1: mov %eax, (%edi)\n add %esi, %edi\n loop 1b\n hlt");
MEMGUEST(out_string, "rep outsb\n hlt");
MEMGUEST(nothing, "hlt");

/**
 * struct world - what the calls are made on
 * @g: a VM without local APICs, its memory and vCPU 0
 * @apic_vm: a VM with them
 * @apic_cpu: its vCPU 0
 * @data: DATA_BYTES of memory, touched
 * @event: an eventfd
 * @fd: made by the call under test; closed with the world
 */
struct world {
	struct memguest g;
	int apic_vm;
	int apic_cpu;
	void *data;
	int event;
	int fd;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void world_close(struct world *w)
{
	close_fd(&w->fd);
	close_fd(&w->apic_cpu);
	close_fd(&w->apic_vm);
	close_fd(&w->event);
	memguest_close(&w->g);
	if (w->data)
		munmap(w->data, DATA_BYTES);
	w->data = NULL;
}

static int world_open(struct world *w)
{
	int ret;

	*w = (struct world){ .apic_vm = -1, .apic_cpu = -1, .event = -1, .fd = -1 };
	ret = memguest_open(&w->g);
	if (ret)
		return ret;
	w->data = memguest_memory(DATA_BYTES, PAGE);
	if (!w->data)
		return -ENOMEM;
	memset(w->data, 1, DATA_BYTES);
	w->event = eventfd(0, EFD_CLOEXEC);
	if (w->event < 0)
		return -errno;
	w->apic_vm = host_create_vm(w->g.keel, KEEL_VM_LAPIC);
	if (w->apic_vm < 0)
		return w->apic_vm;
	w->apic_cpu = keel_create_vcpu(w->apic_vm, 0);
	return w->apic_cpu < 0 ? w->apic_cpu : 0;
}

/* A call that makes a file descriptor. */
static int made(struct world *w, int fd)
{
	close_fd(&w->fd);
	w->fd = fd;
	return fd < 0 ? fd : 0;
}

static int map_data(struct world *w)
{
	return keel_set_memory(w->g.fd, 1, 0, DATA_GPA, DATA_BYTES, w->data);
}

static int log_data(struct world *w)
{
	return keel_set_memory(w->g.fd, 1, KEEL_MEMORY_LOG_DIRTY, DATA_GPA, DATA_BYTES,
			       w->data);
}

static int no_data(struct world *w)
{
	return keel_set_memory(w->g.fd, 1, 0, 0, 0, NULL);
}

/* Ends in HLT; where memory was refused, perhaps in KEEL_EXIT_MEMORY_FAULT. */
static int run_to_hlt(struct world *w)
{
	int ret = memguest_run(&w->g.cpu);

	return ret == KEEL_EXIT_HLT ? 0 : ret;
}

static int load_nothing(struct world *w)
{
	memguest_load(&w->g.cpu, nothing);
	return 0;
}

static int load_stores(struct world *w)
{
	int ret = map_data(w);

	memguest_load(&w->g.cpu, store_many);
	memguest_args(&w->g.cpu, DATA_GPA, PAGE, DATA_BYTES / PAGE, 1);
	return ret;
}

static int load_logged_stores(struct world *w)
{
	return load_stores(w) ?: log_data(w);
}

static int load_outs(struct world *w)
{
	memguest_load(&w->g.cpu, out_string);
	memguest_args(&w->g.cpu, 0, LOW_OUT, 64, 0);
	w->g.cpu.run->regs.gpr[KEEL_RDX] = 0x80;
	return 0;
}

static int load_stores_and_run(struct world *w)
{
	return load_logged_stores(w) ?: run_to_hlt(w);
}

static int run_outs(struct world *w)
{
	int ret = memguest_run(&w->g.cpu);

	return ret == KEEL_EXIT_IO ? 0 : ret;
}

/*
 * The calls.  What they do again when they are made a second time is no change,
 * so that an -EEXIST would show a first try that was half done.
 */
static int call_open(struct world *w)
{
	return made(w, keel_open());
}

static int call_get_info(struct world *w)
{
	struct keel_info info;

	return keel_get_info(w->g.keel, KEEL_CPU_ALL, &info);
}

static int call_create_vm(struct world *w)
{
	return made(w, host_create_vm(w->g.keel, KEEL_VM_LAPIC));
}

static int call_create_shadow_vm(struct world *w)
{
	return made(w, keel_create_vm(w->g.keel, KEEL_VM_SHADOW));
}

/*
 * What calls write to.  It is there before them: a page fault in a copy asks for a
 * page, too, and where that is refused the copy fails, with EFAULT.
 */
static struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
static unsigned char xsave_area[16384] __attribute__((aligned(64)));
static char vmcs_text[65536];

static void touch_buffers(void)
{
	memset(leaves, 1, sizeof(leaves));
	memset(xsave_area, 1, sizeof(xsave_area));
	memset(vmcs_text, 1, sizeof(vmcs_text));
}

static int call_get_supported_cpuid(struct world *w)
{
	__u32 nr = KEEL_MAX_CPUID;

	return keel_get_supported_cpuid(w->g.keel, host_vm_flags(0), 0, leaves, &nr);
}

static int call_create_vcpu(struct world *w)
{
	return made(w, keel_create_vcpu(w->g.fd, 5));
}

static int call_create_apic_vcpu(struct world *w)
{
	return made(w, keel_create_vcpu(w->apic_vm, 5));
}

static int call_map_run(struct world *w)
{
	struct keel_run *run;
	int ret = keel_map_run(w->apic_cpu, w->g.run_size, &run);

	if (!ret)
		keel_unmap_run(run, w->g.run_size);
	return ret;
}

static int call_msi(struct world *w)
{
	int ret = keel_msi(w->apic_vm, 0xfee00000, 0x40);

	return ret < 0 ? ret : 0;
}

static int call_lint(struct world *w)
{
	int ret = keel_lint(w->apic_vm, KEEL_IRQ_LINT0, 0, 1);

	return ret < 0 ? ret : 0;
}

static int call_irqfd(struct world *w)
{
	return keel_irqfd(w->apic_vm, w->event, 0, 0xfee00000, 0x40);
}

static int call_irqfd_back(struct world *w)
{
	return keel_irqfd(w->apic_vm, w->event, KEEL_IRQFD_DEASSIGN, 0xfee00000, 0x40);
}

static int ioeventfd(struct world *w, __u64 port, __u32 flags)
{
	struct keel_ioeventfd b = {
		.fd = w->event, .address = port, .bytes = 1,
		.flags = KEEL_IOEVENTFD_PORT | flags,
	};

	return keel_ioeventfd(w->g.fd, &b);
}

static int call_ioeventfd(struct world *w)
{
	return ioeventfd(w, 1, 0);
}

static int two_ioeventfds(struct world *w)
{
	return ioeventfd(w, 1, 0) ?: ioeventfd(w, 2, 0);
}

static int call_ioeventfd_back(struct world *w)
{
	return ioeventfd(w, 1, KEEL_IOEVENTFD_DEASSIGN);
}

static int call_get_dirty_log(struct world *w)
{
	__u64 bits;

	return keel_get_dirty_log(w->g.fd, 1, 0, DATA_BYTES / PAGE, &bits);
}

static void all_state(struct keel_state *state, struct keel_msr *msr, void *xsave)
{
	*state = (struct keel_state){
		.groups = KEEL_STATE_REGS | KEEL_STATE_SEGMENTS | KEEL_STATE_CONTROL |
			  KEEL_STATE_DEBUG | KEEL_STATE_EVENTS | KEEL_STATE_MSRS |
			  KEEL_STATE_XSAVE,
		.nr_msrs = 1, .msrs = (uintptr_t)msr,
		.xsave = (uintptr_t)xsave, .xsave_size = 16384,
	};
	*msr = (struct keel_msr){ .index = 0x174 };
}

static int call_get_state(struct world *w)
{
	struct keel_state state;
	struct keel_msr msr;

	all_state(&state, &msr, xsave_area);
	return keel_get_state(w->g.cpu.fd, &state);
}

static struct keel_state saved;
static struct keel_msr saved_msr;

static int save_state(struct world *w)
{
	all_state(&saved, &saved_msr, xsave_area);
	return keel_get_state(w->g.cpu.fd, &saved);
}

static int call_set_state(struct world *w)
{
	return keel_set_state(w->g.cpu.fd, &saved);
}

static struct keel_cpuid_leaf cpuid[KEEL_MAX_CPUID];
static __u32 nr_cpuid;

static int get_cpuid(struct world *w)
{
	nr_cpuid = KEEL_MAX_CPUID;
	return keel_get_supported_cpuid(w->g.keel, host_vm_flags(0), 0, cpuid, &nr_cpuid);
}

static int call_set_cpuid(struct world *w)
{
	return keel_set_cpuid(w->g.cpu.fd, cpuid, nr_cpuid);
}

static int call_inject(struct world *w)
{
	struct keel_event nmi = { .valid = 1, .type = KEEL_EVENT_NMI, .vector = 2 };

	return keel_inject(w->g.cpu.fd, &nmi);
}

static int call_translate(struct world *w)
{
	struct keel_translate result;

	return keel_translate(w->g.cpu.fd, LOW_CODE, 0, &result);
}

static int call_get_stats(struct world *w)
{
	struct keel_stats stats;

	return keel_get_stats(w->g.cpu.fd, &stats);
}

static int call_set_intercepts(struct world *w)
{
	struct keel_intercepts i = {
		.exceptions = 1 << 6, .nr_msrs = 1, .msrs = { 0x174 },
	};

	return keel_set_intercepts(w->g.cpu.fd, &i);
}

static int call_dump_vmcs(struct world *w)
{
	__u32 bytes = sizeof(vmcs_text);

	return keel_dump_vmcs(w->g.cpu.fd, vmcs_text, &bytes);
}

static int call_lapic_write(struct world *w)
{
	return keel_lapic_write(w->apic_cpu, 0x80, 0x10);
}

static int call_lapic_read(struct world *w)
{
	__u32 value;

	return keel_lapic_read(w->apic_cpu, 0x80, &value);
}

/* Reading what debugfs says of a VM; a short read is no failure of Keel's. */
static int call_debugfs(struct world *w)
{
	char text[64];
	int ret = host_read(DEBUGFS "keel/stats", text, sizeof(text));

	return ret < 0 ? ret : 0;
}

/**
 * struct call - a call of the ABI under test
 * @name: says which
 * @before: makes what it needs; nothing fails then
 * @call: makes it
 * @runs: KEEL_RUN, which may also end with KEEL_EXIT_MEMORY_FAULT: to it, memory that
 *	the host cannot give now is memory that the VMM has not given
 */
static const struct call {
	const char *name;
	int (*before)(struct world *w);
	int (*call)(struct world *w);
	bool runs;
} calls[] = {
	{ "open", NULL, call_open },
	{ "KEEL_GET_INFO", NULL, call_get_info },
	{ "KEEL_CREATE_VM", NULL, call_create_vm },
	{ "KEEL_CREATE_VM, shadow", NULL, call_create_shadow_vm },
	{ "KEEL_GET_SUPPORTED_CPUID", NULL, call_get_supported_cpuid },
	{ "KEEL_SET_MEMORY, a slot", NULL, map_data },
	{ "KEEL_SET_MEMORY, log", map_data, log_data },
	{ "KEEL_SET_MEMORY, no log", load_stores_and_run, map_data },
	{ "KEEL_SET_MEMORY, no slot", load_stores_and_run, no_data },
	{ "KEEL_CREATE_VCPU", NULL, call_create_vcpu },
	{ "KEEL_CREATE_VCPU, local APIC", NULL, call_create_apic_vcpu },
	{ "mmap of the run area", NULL, call_map_run },
	{ "KEEL_IRQ, MSI", NULL, call_msi },
	{ "KEEL_IRQ, pin", NULL, call_lint },
	{ "KEEL_IRQFD", NULL, call_irqfd },
	{ "KEEL_IRQFD, back", call_irqfd, call_irqfd_back },
	{ "KEEL_IOEVENTFD", NULL, call_ioeventfd },
	{ "KEEL_IOEVENTFD, back", two_ioeventfds, call_ioeventfd_back },
	{ "KEEL_GET_DIRTY_LOG", load_stores_and_run, call_get_dirty_log },
	{ "KEEL_RUN, HLT", load_nothing, run_to_hlt, true },
	{ "KEEL_RUN, memory", load_stores, run_to_hlt, true },
	{ "KEEL_RUN, memory with a log", load_logged_stores, run_to_hlt, true },
	{ "KEEL_RUN, OUTS", load_outs, run_outs, true },
	{ "KEEL_GET_STATE", NULL, call_get_state },
	{ "KEEL_SET_STATE", save_state, call_set_state },
	{ "KEEL_SET_CPUID", get_cpuid, call_set_cpuid },
	{ "KEEL_INJECT", NULL, call_inject },
	{ "KEEL_TRANSLATE", NULL, call_translate },
	{ "KEEL_GET_STATS", NULL, call_get_stats },
	{ "KEEL_SET_INTERCEPTS", NULL, call_set_intercepts },
	{ "KEEL_DUMP_VMCS", load_nothing, call_dump_vmcs },
	{ "KEEL_LAPIC, write", NULL, call_lapic_write },
	{ "KEEL_LAPIC, read", NULL, call_lapic_read },
	{ "debugfs", NULL, call_debugfs },
};

#define NR_CALLS	((int)(sizeof(calls) / sizeof(calls[0])))

static long number(const char *dir, const char *file)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", dir, file);
	return host_read(path, text, sizeof(text)) ? -1 : atol(text);
}

static int set(const char *dir, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", dir, file);
	return host_write(path, text);
}

/* Nothing fails but by fail-nth, then any allocation does, and silently. */
static int arm(void)
{
	int i, ret = 0;

	for (i = 0; i < NR_KINDS && !ret; i++) {
		ret = set(kinds[i].name, "probability", "0") ?: set(kinds[i].name, "verbose", "0");
		ret = ret ?: set(kinds[i].name, "times", "1000000000");
	}
	ret = ret ?: set("failslab", "ignore-gfp-wait", "N");
	ret = ret ?: set("fail_page_alloc", "ignore-gfp-wait", "N");
	ret = ret ?: set("fail_page_alloc", "ignore-gfp-highmem", "N");
	return ret ?: set("fail_page_alloc", "min-order", "0");
}

/* How many failures of each kind there were since arm(). */
static long failures(int kind)
{
	return TIMES - number(kinds[kind].name, "times");
}

static int fail_fd = -1;

static bool fail_at(int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	return pwrite(fail_fd, text, len, 0) == len;
}

/* How many are still to be granted before one is refused; 0 when one was. */
static int questions_left(void)
{
	char text[16] = "";

	return pread(fail_fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -1;
}

/* Whether there was a failure; none is to come any more. */
static bool failed(void)
{
	int left = questions_left();

	fail_at(0);
	return !left;
}

FIXTURE(faults) {
	struct world w;
};

FIXTURE_SETUP(faults)
{
	if (access(FAIL_NTH, W_OK))
		SKIP_FIXTURE("this kernel has no fault injection; the debug kernel has");
	ASSERT_EQ(0, host_load_keel(""));
	if (!host_has_guests())
		SKIP_FIXTURE("no guests in this paging mode on this CPU");
	fail_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fail_fd);
	touch_buffers();
	ASSERT_EQ(0, arm());
}

FIXTURE_TEARDOWN(faults)
{
	world_close(&self->w);
	close(fail_fd);
}

/* Which of the kinds has had one failure more than before, or -1. */
static int refused_kind(const long *before)
{
	int kind;

	for (kind = 0; kind < NR_KINDS; kind++)
		if (failures(kind) == before[kind] + 1)
			return kind;
	return -1;
}

static bool says(const struct call *c, int ret, int kind)
{
	return ret == kinds[kind].ret || (c->runs && ret == KEEL_EXIT_MEMORY_FAULT);
}

/* One call with its n-th question refused; whether there was an n-th. */
static bool try_call(struct __test_metadata *_metadata, struct world *w, const struct call *c,
		     int n, int *refused)
{
	long before[NR_KINDS];
	int ret, kind;
	bool hit;

	ASSERT_EQ(0, world_open(w));
	ASSERT_EQ(0, c->before ? c->before(w) : 0) TH_LOG("%s: before", c->name);
	for (kind = 0; kind < NR_KINDS; kind++)
		before[kind] = failures(kind);
	ASSERT_TRUE(fail_at(n));
	ret = c->call(w);
	hit = failed();
	if (ret) {
		kind = refused_kind(before);
		EXPECT_TRUE(hit && kind >= 0 && says(c, ret, kind))
			TH_LOG("%s: %d at %d, which was %s", c->name, ret, n,
			       kind < 0 ? "nothing" : kinds[kind].name);
		++*refused;
		EXPECT_EQ(0, c->call(w)) TH_LOG("%s: again, after %d at %d", c->name, ret, n);
	}
	world_close(w);
	return hit;
}

TEST_F_TIMEOUT(faults, each_call, 600)
{
	int i, n, kind, refused, all = 0;

	for (i = 0; i < NR_CALLS; i++) {
		refused = 0;
		for (n = 1; n < MANY; n++) {
			if (!try_call(_metadata, &self->w, &calls[i], n, &refused))
				break;
		}
		EXPECT_LT(n, MANY) TH_LOG("%s: no end", calls[i].name);
		TH_LOG("%s: %d failures, %d of them refused it", calls[i].name, n - 1, refused);
		all += n - 1;
	}
	for (kind = 0; kind < NR_KINDS; kind++) {
		TH_LOG("%s: %ld", kinds[kind].name, failures(kind));
		EXPECT_LT(0, failures(kind)) TH_LOG("%s: never", kinds[kind].name);
	}
	EXPECT_LT(100, all);
}

/* munmap() may be refused, too, and would keep the vCPU and its VM: that is no part. */
static void unmap_run_area(struct world *w)
{
	int left = questions_left();

	fail_at(0);
	keel_unmap_run(w->g.cpu.run, w->g.run_size);
	w->g.cpu.run = NULL;
	fail_at(left);
}

/* All of it in one go, the ends of the objects included; 0 or what went wrong. */
static int life(struct world *w)
{
	int ret = world_open(w);

	ret = ret ?: map_data(w);
	ret = ret ?: load_stores_and_run(w);
	ret = ret ?: call_get_dirty_log(w);
	ret = ret ?: call_irqfd(w);
	ret = ret ?: two_ioeventfds(w);
	ret = ret ?: call_create_apic_vcpu(w);
	ret = ret ?: save_state(w);
	ret = ret ?: no_data(w);
	unmap_run_area(w);
	world_close(w);
	return ret;
}

/* From no VMX at all, so that switching it on and off is part of it. */
TEST_F_TIMEOUT(faults, a_life, 900)
{
	int n, ret = 0, refused = 0;

	for (n = 1; n < MANY_IN_LIFE; n++) {
		bool hit;

		ASSERT_TRUE(fail_at(n));
		ret = life(&self->w);
		hit = failed();
		refused += ret != 0;
		EXPECT_TRUE(host_all_cpus("off")) TH_LOG("VMX is on after %d at %d", ret, n);
		if (!hit)
			break;
	}
	EXPECT_EQ(0, ret);
	EXPECT_LT(n, MANY_IN_LIFE);
	TH_LOG("%d failures, %d of them ended the life", n - 1, refused);
	EXPECT_EQ(0, life(&self->w));
	EXPECT_EQ(0, host_unload_keel());
}

TEST_HARNESS_MAIN
