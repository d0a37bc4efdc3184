// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC under any sequence of register and MSR accesses, messages, pins
 * and time.  That it does what the SDM says is test_keel_lapic.c's; here it is that
 * nothing reaches beyond its page, and that what it gives to the CPU is possible.
 */
#include "fuzz.h"
#include "keel_lapic.h"

#define MOST_STEPS	256
#define TSC_KHZ		2500000

struct box {
	struct keel_lapic apic;
	u32 *page;
	u64 tsc;
};

static void check_vectors(struct box *box)
{
	int highest = keel_lapic_highest(&box->apic);

	CLAIM(highest >= -1 && highest <= 255);
	CLAIM(keel_lapic_irr(&box->apic) >= highest);
	/* Vectors below 16 cannot be had (SDM, "Valid Interrupt Vectors"). */
	CLAIM(highest < 0 || highest >= 16);
	CLAIM(keel_lapic_isr(&box->apic) >= -1 && keel_lapic_isr(&box->apic) <= 255);
}

static void access_msr(struct input *input, struct box *box, bool write)
{
	static const u32 others[] = { 0x1b, 0x6e0 };
	u32 msr = input_number(input, 1), effects;
	u64 value;

	msr = msr >= 0xfc ? others[msr & 1] : 0x800 + msr;
	if (write)
		keel_lapic_wrmsr(&box->apic, msr, input_value(input), box->tsc, &effects);
	else
		keel_lapic_rdmsr(&box->apic, msr, box->tsc, &value);
}

static void send(struct input *input, struct box *box)
{
	u64 address = 0xfee00000 | input_value(input);
	struct keel_irq_msg msg;

	if (!keel_msi_decode(address, input_value(input), &msg))
		keel_lapic_match(&box->apic, &msg, input_below(input, 2) ? &box->apic : NULL);
}

static void step(struct input *input, struct box *box)
{
	u8 what = input_number(input, 1);
	u32 value;
	int vector;

	switch (what & 15) {
	case 0 ... 3:
		value = input_number(input, 1) * 16;
		keel_lapic_write(&box->apic, value, input_value(input), box->tsc);
		break;
	case 4 ... 5:
		keel_lapic_read(&box->apic, input_number(input, 1) * 16, box->tsc, &value);
		break;
	case 6 ... 7:
		access_msr(input, box, what & 16);
		break;
	case 8:
		/* The sender has refused what is below 16. */
		value = input_number(input, 1);
		keel_lapic_accept(&box->apic, value < 16 ? 16 : value, what & 16);
		break;
	case 9:
		keel_lapic_set_lint(&box->apic, what >> 4 & 1, what & 32);
		break;
	case 10:
		vector = keel_lapic_highest(&box->apic);
		if (vector >= 0)
			keel_lapic_ack(&box->apic, vector);
		break;
	case 11:
		keel_lapic_eoi(&box->apic);
		break;
	case 12:
		box->tsc += input_value(input);
		keel_lapic_expire(&box->apic, box->tsc);
		break;
	case 13:
		keel_lapic_extint(&box->apic);
		break;
	default:
		send(input, box);
	}
	check_vectors(box);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	struct input input = { .at = data, .left = bytes };
	struct box box = { .tsc = 1000 };
	unsigned int steps;

	box.page = malloc(4096);
	CLAIM(box.page);
	keel_lapic_init(&box.apic, box.page, input_number(&input, 1) & 1, TSC_KHZ);
	for (steps = 0; input.left && steps < MOST_STEPS; steps++)
		step(&input, &box);
	free(box.page);
	return 0;
}
