// SPDX-License-Identifier: GPL-2.0
/*
 * The mailbox that starts CPUs, against the ACPI Specification's "Multiprocessor
 * Wakeup Mailbox Structure": command at 0, APIC ID at 4, wakeup vector at 8, each
 * in the width of a guest that writes it.
 */
#include "devices/bus.h"
#include "devices/mp_mailbox.h"
#include "tests/tap.h"

#define AT	0xfec01000ULL

static struct bus memory;
static struct mp_mailbox box;
static unsigned int calls;
static enum mp_command called;
static __u32 called_id;
static __u64 called_vector;

static void ask(void *opaque, enum mp_command command, __u32 apic_id,
		__u64 vector)
{
	if (opaque != &calls)
		return;
	calls++;
	called = command;
	called_id = apic_id;
	called_vector = vector;
}

static void wr(__u64 offset, unsigned int bytes, __u64 value)
{
	bus_write(&memory, AT + offset, bytes, value);
}

static __u64 rd(__u64 offset, unsigned int bytes)
{
	__u64 value = ~0ULL;

	bus_read(&memory, AT + offset, bytes, &value);
	return value;
}

static void test_wake(void)
{
	wr(4, 4, 3);
	wr(8, 8, 0x123456789abcULL);
	ok(!calls, "an ID and a vector ask for nothing");
	wr(0, 2, 1);
	ok(calls == 1 && called == 1 && called_id == 3 &&
	   called_vector == 0x123456789abcULL,
	   "the command does");
	ok(rd(0, 2) == 1, "it stands until somebody has served it");
	mp_mailbox_done(&box);
	ok(rd(0, 2) == 0, "then it reads as 0");
	ok(rd(4, 4) == 3 && rd(8, 8) == 0x123456789abcULL,
	   "the rest stays as it was");
}

static void test_other(void)
{
	calls = 0;
	wr(0, 2, 0);
	wr(0, 2, 3);
	ok(!calls && rd(0, 2) == 3, "unknown commands do nothing");
	wr(0, 2, 2);
	ok(calls == 1 && called == 2 && called_id == 3, "a test");
	calls = 0;
	wr(2, 2, 1);
	wr(16, 2, 1);
	wr(2048, 2, 1);
	ok(!calls, "what is no command is none");
	wr(0, 8, 0x0000000500000001ULL);
	ok(calls == 1 && called_id == 5, "command and ID in one write");
	wr(16, 8, 0x1122334455667788ULL);
	wr(4088, 8, 99);
	ok(rd(16, 4) == 0x55667788 && rd(4088, 8) == 99,
	   "what the guest keeps in the page stays there");
}

int main(void)
{
	mp_mailbox_init(&box, ask, &calls);
	ok(!mp_mailbox_attach(&box, &memory, AT) && rd(0, 8) == 0 &&
	   rd(8, 8) == 0, "empty at first");
	test_wake();
	test_other();
	bus_destroy(&memory);
	mp_mailbox_destroy(&box);
	return tap_done();
}
