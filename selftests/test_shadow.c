// SPDX-License-Identifier: GPL-2.0
/*
 * What is shadow paging's own: how many shadow pages a VM may have, and that they give
 * way where the host is short of memory.  The guest must notice nothing of either.
 *
 * What the guest sees of paging is the same in both modes, and in test_paging.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <keel.h>

#include "kselftest_harness.h"
#include "lib/host.h"
#include "lib/memguest.h"

#define ALLOCATIONS	"/sys/kernel/debug/keel/allocations"
/* One page used in each 2 MiB: each takes a shadow page table of its own. */
#define REGION		0x200000
#define REGIONS		256
/* Host pages behind a shadow page table. */
#define PARTS		3
#define FEW		64

/* Write to ECX words, ESI apart from EDI on, where each is. */
MEMGUEST(fill, "1: mov %edi, (%edi)\n add %esi, %edi\n loop 1b\n hlt");
/* Count in EAX those that are something else. */
MEMGUEST(check, "xor %eax, %eax\n 1: cmp %edi, (%edi)\n je 2f\n inc %eax\n"
		"2: add %esi, %edi\n loop 1b\n hlt");

FIXTURE(shadow)
{
	struct memguest g;
	uint8_t *memory;
};

FIXTURE_VARIANT(shadow)
{
	const char *params;
	int most;
};

FIXTURE_VARIANT_ADD(shadow, usual)
{
	.params = "",
	.most = 4096,
};

FIXTURE_VARIANT_ADD(shadow, few)
{
	.params = "shadow_pages=64",
	.most = FEW,
};

FIXTURE_SETUP(shadow)
{
	const char *paging = getenv("KEEL_PAGING");
	char was[16];

	/* This one is about shadow paging in any case. */
	snprintf(was, sizeof(was), "%s", paging ? paging : "");
	setenv("KEEL_PAGING", "shadow", 1);
	host_unload_keel();
	ASSERT_EQ(0, host_load_keel(variant->params));
	MEMGUEST_OR_SKIP(&self->g);
	setenv("KEEL_PAGING", was, 1);
	self->memory = memguest_memory((uint64_t)REGIONS * REGION, PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->memory);
	ASSERT_EQ(0, keel_set_memory(self->g.fd, 1, 0, DATA_GPA, (uint64_t)REGIONS * REGION,
				     self->memory));
}

FIXTURE_TEARDOWN(shadow)
{
	memguest_close(&self->g);
	munmap(self->memory, (uint64_t)REGIONS * REGION);
	host_unload_keel();
	host_load_keel("");
}

static long allocations(void)
{
	char text[32];

	return host_read(ALLOCATIONS, text, sizeof(text)) ? -1 : atol(text);
}

#define FILL(g)		memguest_call(&(g)->cpu, fill, DATA_GPA, REGION, REGIONS, 0)
#define CHECK(g)	memguest_call(&(g)->cpu, check, DATA_GPA, REGION, REGIONS, 0)

TEST_F(shadow, pages_are_bounded)
{
	long before = allocations();
	int round;

	ASSERT_EQ(KEEL_EXIT_HLT, FILL(&self->g));
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(KEEL_EXIT_HLT, CHECK(&self->g));
		EXPECT_EQ(0, memguest_reg(&self->g.cpu, KEEL_RAX));
	}
	/* And a stock for the next ones. */
	EXPECT_GE(variant->most * PARTS + 32, allocations() - before);
	if (variant->most > REGIONS)
		EXPECT_LE(REGIONS * PARTS, allocations() - before);
}

/* The CPU's CR3 is one of the host's pages: not for those without CAP_SYSLOG. */
TEST_F(shadow, dump_has_the_guests_cr3)
{
	struct keel_state state = { .groups = KEEL_STATE_CONTROL };
	static char text[65536];
	__u32 bytes = sizeof(text) - 1;
	const char *at;
	int ret;

	ASSERT_EQ(KEEL_EXIT_HLT, FILL(&self->g));
	ASSERT_EQ(0, keel_get_state(self->g.cpu.fd, &state));
	ASSERT_EQ(0, setresuid(-1, 65534, -1));
	ret = keel_dump_vmcs(self->g.cpu.fd, text, &bytes);
	ASSERT_EQ(0, setresuid(-1, 0, -1));
	ASSERT_EQ(0, ret);
	at = strstr(text, "Guest CR3");
	ASSERT_NE(NULL, at);
	EXPECT_EQ(state.control.cr3, strtoull(strstr(at, "0x"), NULL, 16));
}

TEST_F(shadow, shrinker_takes_them)
{
	long full;
	int i;

	ASSERT_EQ(KEEL_EXIT_HLT, FILL(&self->g));
	full = allocations();
	/* Each time the kernel asks for no more than a part. */
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, host_write("/proc/sys/vm/drop_caches", "2"));
	EXPECT_GT(full - FEW / 2 * PARTS, allocations());
	ASSERT_EQ(KEEL_EXIT_HLT, CHECK(&self->g));
	EXPECT_EQ(0, memguest_reg(&self->g.cpu, KEEL_RAX));
}

/* While the guest runs, so that its root goes from under it. */
TEST_F(shadow, shrinker_meets_a_running_guest)
{
	int i;

	ASSERT_EQ(KEEL_EXIT_HLT, FILL(&self->g));
	memguest_load(&self->g.cpu, check);
	memguest_args(&self->g.cpu, DATA_GPA, REGION, REGIONS, 0);
	ASSERT_EQ(0, memguest_start(&self->g.cpu));
	for (i = 0; i < 50 && !self->g.cpu.done; i++)
		ASSERT_EQ(0, host_write("/proc/sys/vm/drop_caches", "2"));
	ASSERT_EQ(KEEL_EXIT_HLT, memguest_join(&self->g.cpu));
	EXPECT_EQ(0, memguest_reg(&self->g.cpu, KEEL_RAX));
}

TEST_HARNESS_MAIN
