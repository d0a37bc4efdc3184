// SPDX-License-Identifier: GPL-2.0
/*
 * No memory, at each place in turn where Keel asks for some, through the whole
 * life of a VM: the call says so, everything comes back, and the next try works.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/memguest.h"

#define FAIL_ALLOC	"/sys/kernel/debug/keel/fail_alloc"
#define ALLOCATIONS	"/sys/kernel/debug/keel/allocations"

/* More than a life can have. */
#define MANY	500

MEMGUEST(store_many, "1: mov %eax, (%edi)\n add %esi, %edi\n loop 1b\n hlt");

static long number(const char *path)
{
	char text[32];

	return host_read(path, text, sizeof(text)) ? -1 : atol(text);
}

/* The calls that copy lists and areas. */
static int lists(struct memguest *g)
{
	struct keel_cpuid_leaf leaves[KEEL_MAX_CPUID];
	struct keel_msr msr = { .index = 0x174 };
	struct keel_state state = {
		.groups = KEEL_STATE_MSRS, .nr_msrs = 1, .msrs = (uintptr_t)&msr,
	};
	static char text[65536];
	__u32 nr = KEEL_MAX_CPUID, bytes = sizeof(text);
	int ret;

	ret = keel_get_supported_cpuid(g->keel, host_vm_flags(0), 0, leaves, &nr);
	if (!ret)
		ret = keel_set_cpuid(g->cpu.fd, leaves, nr);
	if (!ret)
		ret = keel_get_state(g->cpu.fd, &state);
	if (!ret)
		ret = keel_dump_vmcs(g->cpu.fd, text, &bytes);
	return ret;
}

/* Two bindings at once, so that taking one back makes a new table. */
static int eventfds(struct memguest *g)
{
	struct keel_ioeventfd b = { .flags = KEEL_IOEVENTFD_PORT, .bytes = 1 };
	int ret, vm;

	b.fd = eventfd(0, EFD_CLOEXEC);
	ret = keel_ioeventfd(g->fd, &b);
	b.address = 1;
	if (!ret)
		ret = keel_ioeventfd(g->fd, &b);
	b.flags |= KEEL_IOEVENTFD_DEASSIGN;
	if (!ret)
		ret = keel_ioeventfd(g->fd, &b);
	vm = ret ?: host_create_vm(g->keel, KEEL_VM_LAPIC);
	if (vm >= 0) {
		ret = keel_irqfd(vm, b.fd, 0, 0xfee00000, 0x40);
		close(vm);
	}
	close(b.fd);
	return vm < 0 ? vm : ret;
}

/* A life of a VM; 0 or what went wrong, a missing page as -ENOMEM. */
static int life(struct memguest *g, void *memory)
{
	int ret = memguest_open(g);

	if (!ret)
		ret = lists(g);
	if (!ret)
		ret = eventfds(g);
	if (!ret)
		ret = keel_set_memory(g->fd, 1, 0, DATA_GPA, 64 * PAGE, memory);
	if (!ret) {
		ret = memguest_call(&g->cpu, store_many, DATA_GPA, PAGE, 64, 1);
		ret = ret == KEEL_EXIT_HLT ? 0 :
		      ret == KEEL_EXIT_MEMORY_FAULT ? -ENOMEM : ret ?: -EIO;
	}
	if (!ret)
		ret = keel_set_memory(g->fd, 1, KEEL_MEMORY_READONLY, DATA_GPA, 64 * PAGE,
				      memory);
	if (!ret)
		ret = keel_set_memory(g->fd, 1, KEEL_MEMORY_LOG_DIRTY, DATA_GPA, 64 * PAGE,
				      memory);
	if (!ret)
		ret = keel_set_memory(g->fd, 1, 0, 0, 0, NULL);
	return ret;
}

TEST(at_each_allocation)
{
	void *memory = memguest_memory(64 * PAGE, PAGE);
	int n, ret, failed = 0;
	struct memguest g;
	char text[16];

	ASSERT_EQ(0, host_unload_keel());
	ASSERT_EQ(0, host_load_keel(""));
	for (n = 1; n < MANY; n++) {
		snprintf(text, sizeof(text), "%d", n);
		ASSERT_EQ(0, host_write(FAIL_ALLOC, text));
		ret = life(&g, memory);
		memguest_close(&g);
		if (ret == -EOPNOTSUPP) {
			host_write(FAIL_ALLOC, "0");
			SKIP(return, "no guests in this paging mode on this CPU");
		}
		EXPECT_TRUE(host_all_cpus("off"));
		/* The regions for VMXON stay until the module goes. */
		EXPECT_GE(host_nr_cpus(), number(ALLOCATIONS));
		if (number(FAIL_ALLOC) > 0)
			break;
		/* 0: where Keel can do without. */
		if (ret)
			EXPECT_EQ(-ENOMEM, ret) TH_LOG("allocation %d", n);
		failed += ret == -ENOMEM;
	}
	EXPECT_EQ(0, ret);
	EXPECT_LT(n, MANY);
	EXPECT_LT(20, failed);
	TH_LOG("%d allocations, %d of them needed", n - 1, failed);
	ASSERT_EQ(0, host_write(FAIL_ALLOC, "0"));
	/* And with memory it works as ever. */
	EXPECT_EQ(0, life(&g, memory));
	memguest_close(&g);
	EXPECT_EQ(0, host_unload_keel());
}

TEST_HARNESS_MAIN
