// SPDX-License-Identifier: GPL-2.0
/*
 * The interrupt chips and their wiring, against the data sheets of the 8259A and
 * the 82093AA.  Ports, command words and entries are written out as numbers, as
 * a guest writes them.
 */
#include <errno.h>
#include <string.h>

#include "devices/bus.h"
#include "devices/irqchip.h"
#include "tests/tap.h"

/* A PC without CPUs: what they would see is kept here. */
struct pc {
	struct irqchip chip;
	struct bus ports;
	struct bus mmio;
	bool intr;
	unsigned int intr_changes;
	unsigned int messages;
	__u64 address;
	__u32 data;
	unsigned int ready;
};

static void pc_intr(void *opaque, bool level)
{
	struct pc *pc = opaque;

	pc->intr = level;
	pc->intr_changes++;
}

static void pc_msi(void *opaque, __u64 address, __u32 data)
{
	struct pc *pc = opaque;

	pc->messages++;
	pc->address = address;
	pc->data = data;
}

static void pc_ready(void *opaque)
{
	struct pc *pc = opaque;

	pc->ready++;
}

static void out(struct pc *pc, __u16 port, __u8 value)
{
	bus_write(&pc->ports, port, 1, value);
}

static __u8 in(struct pc *pc, __u16 port)
{
	__u64 value;

	bus_read(&pc->ports, port, 1, &value);
	return value;
}

static void set(struct pc *pc, unsigned int irq, bool level)
{
	struct irq_pin pin = irqchip_pin(&pc->chip, irq);

	irq_set(&pin, level);
}

static bool seen(struct pc *pc, unsigned int irq)
{
	struct irq_pin pin = irqchip_pin(&pc->chip, irq);

	return irq_seen(&pin);
}

static void pulse(struct pc *pc, unsigned int irq)
{
	set(pc, irq, false);
	set(pc, irq, true);
}

static __u8 ack(struct pc *pc)
{
	return irqchip_ack(&pc->chip);
}

static bool pc_power_on(struct pc *pc)
{
	static const struct irqchip_ops ops = {
		.intr = pc_intr, .msi = pc_msi,
	};

	memset(pc, 0, sizeof(*pc));
	irqchip_init(&pc->chip, &ops, pc);
	irqchip_watch(&pc->chip, 0, pc_ready, pc);
	return !irqchip_attach(&pc->chip, &pc->ports, &pc->mmio);
}

static void pc_power_off(struct pc *pc)
{
	irqchip_destroy(&pc->chip);
	bus_destroy(&pc->ports);
	bus_destroy(&pc->mmio);
}

/* Both chips as a PC's firmware sets them, with ICW4 of the caller's choice. */
static void pc_start(struct pc *pc, __u8 icw4)
{
	pc_power_on(pc);
	out(pc, 0x20, 0x11);
	out(pc, 0x21, 0x08);
	out(pc, 0x21, 0x04);
	out(pc, 0x21, icw4);
	out(pc, 0xa0, 0x11);
	out(pc, 0xa1, 0x70);
	out(pc, 0xa1, 0x02);
	out(pc, 0xa1, icw4 & ~0x10);
}

static void test_init(void)
{
	struct pc pc;

	ok(pc_power_on(&pc), "the chips take their addresses");
	set(&pc, 1, true);
	ok(!pc.intr && in(&pc, 0x21) == 0xff, "all is masked before ICW1");
	out(&pc, 0x21, 0x5a);
	ok(in(&pc, 0x21) == 0x5a && in(&pc, 0xa1) == 0xff,
	   "the mask registers read back");
	out(&pc, 0x20, 0x11);
	ok(in(&pc, 0x20) == 0, "ICW1 forgets the edge of a line that is high");
	pulse(&pc, 1);
	ok(!pc.intr, "no requests in the middle of the initialisation");
	out(&pc, 0x21, 0x2f);
	out(&pc, 0x21, 0x04);
	ok(!pc.intr, "nor before ICW4");
	out(&pc, 0x21, 0x01);
	ok(pc.intr && ack(&pc) == 0x29 && !pc.intr,
	   "ICW2 gives the upper five bits of the vector");
	ok(in(&pc, 0x21) == 0, "ICW1 clears the mask");
	out(&pc, 0x20, 0x0b);
	out(&pc, 0x20, 0x08);
	ok(in(&pc, 0x20) == 0x02, "in service; OCW3 without RR keeps that");
	out(&pc, 0x20, 0x12);
	out(&pc, 0x21, 0x40);
	pulse(&pc, 3);
	ok(pc.intr && ack(&pc) == 0x43, "without ICW3 and ICW4, if ICW1 says so");
	pc_power_off(&pc);
}

static void test_priority(void)
{
	struct pc pc;

	pc_start(&pc, 0x01);
	set(&pc, 5, true);
	set(&pc, 3, true);
	ok(in(&pc, 0x20) == 0x28, "IRR is what port 0 reads after ICW1");
	ok(ack(&pc) == 0x0b, "the lower number goes first");
	ok(!pc.intr && in(&pc, 0x20) == 0x20, "what is in service holds it off");
	set(&pc, 1, true);
	ok(pc.intr && ack(&pc) == 0x09, "but not what is of higher priority");
	out(&pc, 0x20, 0x0b);
	ok(in(&pc, 0x20) == 0x0a, "both are in service");
	out(&pc, 0x20, 0x20);
	ok(in(&pc, 0x20) == 0x08 && !pc.intr,
	   "an EOI ends that of highest priority");
	set(&pc, 0, true);
	out(&pc, 0x20, 0x63);
	ok(pc.intr && in(&pc, 0x20) == 0 && ack(&pc) == 0x08,
	   "a specific EOI ends the one it names");
	out(&pc, 0x20, 0x20);
	ok(ack(&pc) == 0x0d, "each is served in its turn");
	set(&pc, 5, true);
	out(&pc, 0x20, 0x0a);
	ok(!(in(&pc, 0x20) & 0x20), "a level that stays is no edge");
	set(&pc, 5, false);
	set(&pc, 5, true);
	ok(!pc.intr, "an edge during service waits");
	out(&pc, 0x20, 0x20);
	ok(pc.intr && ack(&pc) == 0x0d, "until the EOI");
	out(&pc, 0x20, 0x20);
	out(&pc, 0x21, 0x80);
	set(&pc, 7, true);
	ok(!pc.intr, "a masked input makes no request");
	out(&pc, 0x21, 0);
	ok(pc.intr && ack(&pc) == 0x0f, "it is remembered till the mask goes");
	pc_power_off(&pc);
}

static void test_rotation(void)
{
	struct pc pc;

	pc_start(&pc, 0x01);
	set(&pc, 4, true);
	set(&pc, 6, true);
	ok(ack(&pc) == 0x0c, "rotation: input 4 of 4 and 6");
	out(&pc, 0x20, 0xa0);
	set(&pc, 3, true);
	pulse(&pc, 4);
	ok(ack(&pc) == 0x0e, "after a rotating EOI of 4, 6 precedes 3 and 4");
	out(&pc, 0x20, 0x20);
	ok(ack(&pc) == 0x0b, "then 3");
	out(&pc, 0x20, 0xe5);
	ok(!pc.intr, "a rotating specific EOI names another input: 3 is served");
	out(&pc, 0x20, 0x63);
	set(&pc, 6, false);
	set(&pc, 6, true);
	ok(ack(&pc) == 0x0e, "5 is lowest now, so 6 is highest");
	out(&pc, 0x20, 0x66);
	out(&pc, 0x20, 0xc3);
	pulse(&pc, 3);
	ok(ack(&pc) == 0x0c, "set priority: 3 is lowest, 4 highest");
	pc_power_off(&pc);

	pc_start(&pc, 0x03);
	set(&pc, 0, true);
	set(&pc, 1, true);
	out(&pc, 0x20, 0x0b);
	ok(ack(&pc) == 0x08 && in(&pc, 0x20) == 0 && pc.intr && ack(&pc) == 0x09,
	   "automatic EOI");
	out(&pc, 0x20, 0x80);
	pulse(&pc, 1);
	ok(ack(&pc) == 0x09, "automatic EOI, rotating");
	pulse(&pc, 1);
	set(&pc, 6, true);
	ok(ack(&pc) == 0x0e && ack(&pc) == 0x09, "1 went to the end");
	out(&pc, 0x20, 0x00);
	set(&pc, 4, true);
	ok(ack(&pc) == 0x0c, "rotation is off");
	pulse(&pc, 0);
	pulse(&pc, 2 + 1);
	ok(ack(&pc) == 0x0b && ack(&pc) == 0x08,
	   "the order stays as it was: 2 is highest");
	pc_power_off(&pc);
}

static void test_special_mask(void)
{
	struct pc pc;

	pc_start(&pc, 0x01);
	set(&pc, 3, true);
	ack(&pc);
	set(&pc, 5, true);
	out(&pc, 0x21, 0x08);
	ok(!pc.intr, "masking what is in service does not let others through");
	out(&pc, 0x20, 0x68);
	ok(pc.intr && ack(&pc) == 0x0d, "in special mask mode it does");
	out(&pc, 0x20, 0x0b);
	out(&pc, 0x20, 0x20);
	ok(in(&pc, 0x20) == 0x08, "an EOI ends what is not masked");
	out(&pc, 0x20, 0x20);
	ok(in(&pc, 0x20) == 0x08, "and leaves what is");
	pulse(&pc, 5);
	ok(pc.intr, "5 again");
	out(&pc, 0x20, 0x08);
	ok(pc.intr, "SMM alone without ESMM changes nothing");
	out(&pc, 0x20, 0x48);
	ok(!pc.intr, "special mask mode off");
	pc_power_off(&pc);
}

static void test_poll(void)
{
	struct pc pc;

	pc_start(&pc, 0x01);
	out(&pc, 0x20, 0x0c);
	ok(!(in(&pc, 0x20) & 0x80), "poll: nothing");
	set(&pc, 6, true);
	out(&pc, 0x20, 0x0c);
	ok(in(&pc, 0x20) == 0x86 && !pc.intr, "poll: input 6, acknowledged");
	set(&pc, 7, true);
	ok(in(&pc, 0x20) == 0x80, "a poll is for one read");
	set(&pc, 7, false);
	out(&pc, 0x20, 0x0b);
	ok(in(&pc, 0x20) == 0x40, "it is in service");
	out(&pc, 0x20, 0x0a);
	ok(in(&pc, 0x20) == 0, "IRR again");
	pc_power_off(&pc);
}

static void test_spurious(void)
{
	struct pc pc;

	pc_start(&pc, 0x01);
	set(&pc, 4, true);
	ok(pc.intr, "a request");
	set(&pc, 4, false);
	ok(!pc.intr && in(&pc, 0x20) == 0, "taken back before the acknowledge");
	out(&pc, 0x20, 0x0b);
	ok(ack(&pc) == 0x0f && in(&pc, 0x20) == 0,
	   "spurious: vector of 7, nothing in service");
	set(&pc, 10, true);
	set(&pc, 10, false);
	ok(ack(&pc) == 0x0f, "of the slave, before the master's acknowledge");
	pc_power_off(&pc);

	/* The slave's request goes while the master's is being served. */
	pc_start(&pc, 0x01);
	set(&pc, 10, true);
	out(&pc, 0x20, 0x0c);
	ok(in(&pc, 0x20) == 0x82, "the master's part, as a poll");
	out(&pc, 0xa1, 0x04);
	out(&pc, 0xa0, 0x0c);
	ok(!(in(&pc, 0xa0) & 0x80), "the slave has nothing");
	pc_power_off(&pc);
}

static void test_cascade(void)
{
	struct pc pc;

	pc_start(&pc, 0x01);
	set(&pc, 9, true);
	out(&pc, 0x20, 0x0b);
	out(&pc, 0xa0, 0x0b);
	ok(pc.intr && ack(&pc) == 0x71, "the slave's vector");
	ok(in(&pc, 0x20) == 0x04 && in(&pc, 0xa0) == 0x02, "in service on both");
	set(&pc, 8, true);
	ok(!pc.intr, "fully nested: the master holds off the slave");
	set(&pc, 1, true);
	ok(pc.intr && ack(&pc) == 0x09, "but not its own inputs 0 and 1");
	out(&pc, 0x20, 0x20);
	out(&pc, 0x20, 0x20);
	ok(pc.intr && ack(&pc) == 0x70, "input 8 after the master's EOI");
	out(&pc, 0xa0, 0x20);
	out(&pc, 0xa0, 0x20);
	out(&pc, 0x20, 0x20);
	set(&pc, 3, true);
	set(&pc, 15, true);
	ok(ack(&pc) == 0x77, "the slave's inputs precede 3 to 7");
	out(&pc, 0xa0, 0x20);
	out(&pc, 0x20, 0x20);
	ok(ack(&pc) == 0x0b, "then 3");
	out(&pc, 0x20, 0x20);
	set(&pc, 12, true);
	out(&pc, 0x21, 0x04);
	ok(!pc.intr, "a masked cascade masks the slave");
	out(&pc, 0x21, 0x00);
	set(&pc, 14, true);
	ok(ack(&pc) == 0x74, "12 and 14");
	out(&pc, 0x20, 0x20);
	ok(!pc.intr, "14 waits for the slave's EOI");
	out(&pc, 0xa0, 0x64);
	ok(pc.intr && ack(&pc) == 0x76, "the slave asks anew for what is left");
	ok(!irqchip_pin(&pc.chip, 2).set, "IRQ 2 is no wire");
	i8259_set(&pc.chip.pic, 2, true);
	out(&pc, 0x20, 0x0a);
	ok(!(in(&pc, 0x20) & 4), "not even by force");
	pc_power_off(&pc);

	pc_start(&pc, 0x11);
	set(&pc, 9, true);
	ack(&pc);
	set(&pc, 8, true);
	ok(pc.intr && ack(&pc) == 0x70,
	   "special fully nested: a higher input of the slave interrupts");
	set(&pc, 3, true);
	set(&pc, 10, true);
	ok(!pc.intr, "lower ones of slave and master do not");
	pc_power_off(&pc);

	pc_start(&pc, 0x03);
	set(&pc, 9, true);
	set(&pc, 10, true);
	ok(ack(&pc) == 0x71 && pc.intr && ack(&pc) == 0x72 && !pc.intr,
	   "automatic EOI on both");
	pc_power_off(&pc);
}

static void test_elcr(void)
{
	struct pc pc;
	unsigned int changes;

	pc_start(&pc, 0x01);
	out(&pc, 0x4d0, 0xff);
	out(&pc, 0x4d1, 0xff);
	ok(in(&pc, 0x4d0) == 0xf8 && in(&pc, 0x4d1) == 0xde,
	   "inputs 0, 1, 2, 8 and 13 are always edges");
	set(&pc, 5, true);
	ok(ack(&pc) == 0x0d && !pc.intr, "a level");
	out(&pc, 0x20, 0x20);
	ok(pc.intr && ack(&pc) == 0x0d, "comes again after EOI while asserted");
	set(&pc, 5, false);
	out(&pc, 0x20, 0x20);
	ok(!pc.intr, "and not once it is gone");
	set(&pc, 11, true);
	ok(ack(&pc) == 0x73, "a level of the slave");
	out(&pc, 0xa0, 0x20);
	out(&pc, 0x20, 0x20);
	ok(pc.intr, "asserted still");
	set(&pc, 11, false);
	ok(!pc.intr, "gone");
	changes = pc.intr_changes;
	set(&pc, 11, false);
	ok(pc.intr_changes == changes, "INTR tells changes alone");
	set(&pc, 5, true);
	out(&pc, 0x4d0, 0x00);
	ok(!pc.intr, "made an edge, it waits for one");
	out(&pc, 0x4d0, 0x20);
	ok(pc.intr, "made a level, it asks at once");
	pc_power_off(&pc);
}

static void select_write(struct pc *pc, __u8 reg, __u32 value)
{
	bus_write(&pc->mmio, 0xfec00000, 4, reg);
	bus_write(&pc->mmio, 0xfec00010, 4, value);
}

static __u32 select_read(struct pc *pc, __u8 reg)
{
	__u64 value;

	bus_write(&pc->mmio, 0xfec00000, 4, reg);
	bus_read(&pc->mmio, 0xfec00010, 4, &value);
	return value;
}

static void entry(struct pc *pc, unsigned int pin, __u32 high, __u32 low)
{
	select_write(pc, 0x11 + 2 * pin, high);
	select_write(pc, 0x10 + 2 * pin, low);
}

static bool sent(struct pc *pc, unsigned int messages, __u64 address,
		 __u32 data)
{
	bool same = pc->messages == messages && pc->address == address &&
		    pc->data == data;

	if (!same)
		printf("# %u messages, the last %#llx %#x\n", pc->messages,
		       pc->address, pc->data);
	pc->messages = 0;
	return same;
}

static void test_ioapic_registers(void)
{
	struct pc pc;
	unsigned int pin;
	bool masked = true;
	__u64 value;

	pc_power_on(&pc);
	ok(select_read(&pc, 0) == 0 && select_read(&pc, 2) == 0, "ID 0 at reset");
	ok(select_read(&pc, 1) == 0x00170020, "version 0x20, 24 entries");
	for (pin = 0; pin < 24; pin++)
		masked &= select_read(&pc, 0x10 + 2 * pin) == 0x10000 &&
			  select_read(&pc, 0x11 + 2 * pin) == 0;
	ok(masked, "all pins are masked at reset");
	select_write(&pc, 0, 0xffffffff);
	ok(select_read(&pc, 0) == 0x0f000000 && select_read(&pc, 2) == 0x0f000000,
	   "the ID has four bits, and loads the arbitration ID");
	select_write(&pc, 2, 0);
	select_write(&pc, 1, 0);
	ok(select_read(&pc, 2) == 0x0f000000 && select_read(&pc, 1) == 0x170020,
	   "arbitration and version are read-only");
	entry(&pc, 23, 0xffffffff, 0xffffffff);
	ok(select_read(&pc, 0x3e) == 0x1afff && select_read(&pc, 0x3f) == 0xff000000,
	   "status bits and reserved ones are not writable");
	ok(select_read(&pc, 0x40) == 0 && select_read(&pc, 0xff) == 0 &&
	   select_read(&pc, 3) == 0, "no registers elsewhere");
	select_write(&pc, 0x40, 0);
	ok(bus_read(&pc.mmio, 0xfec00000, 4, &value) && value == 0x40,
	   "IOREGSEL reads back");
	bus_write(&pc.mmio, 0xfec00000, 1, 0x01);
	ok(bus_read(&pc.mmio, 0xfec00010, 1, &value) && value == 0x20 &&
	   bus_read(&pc.mmio, 0xfec00012, 2, &value) && value == 0x17,
	   "narrow reads");
	bus_write(&pc.mmio, 0xfec00000, 4, 0x10);
	bus_write(&pc.mmio, 0xfec00010, 2, 0x31);
	ok(select_read(&pc, 0x10) == 0x10000, "the window takes 32 bits only");
	pc_power_off(&pc);
}

static void test_ioapic_edge(void)
{
	struct pc pc;

	pc_power_on(&pc);
	entry(&pc, 4, 0x03000000, 0x10034);
	set(&pc, 4, true);
	entry(&pc, 4, 0x03000000, 0x00034);
	ok(!pc.messages, "an edge at a masked pin is lost");
	set(&pc, 4, true);
	ok(!pc.messages, "no edge, no message");
	pulse(&pc, 4);
	ok(sent(&pc, 1, 0xfee03000, 0x4034), "an edge, fixed, physical");
	pulse(&pc, 4);
	ok(sent(&pc, 1, 0xfee03000, 0x4034), "edges need no EOI");
	entry(&pc, 4, 0xff000000, 0x00934);
	pulse(&pc, 4);
	ok(sent(&pc, 1, 0xfeeff004, 0x4134), "lowest priority, logical");
	entry(&pc, 4, 0x01000000, 0x08400);
	pulse(&pc, 4);
	ok(sent(&pc, 1, 0xfee01000, 0x4400) &&
	   !(select_read(&pc, 0x18) & 0x4000), "an NMI is always an edge");
	entry(&pc, 4, 0x01000000, 0x02054);
	pulse(&pc, 4);
	ok(sent(&pc, 1, 0xfee01000, 0x4054), "polarity is the board's affair");
	entry(&pc, 4, 0, 0x0000f);
	pulse(&pc, 4);
	ok(!pc.messages, "no message with a vector that no local APIC takes");
	entry(&pc, 2, 0, 0x00030);
	set(&pc, 0, true);
	ok(sent(&pc, 1, 0xfee00000, 0x4030), "IRQ 0 is pin 2");
	entry(&pc, 0, 0, 0x00031);
	pulse(&pc, 0);
	ok(sent(&pc, 1, 0xfee00000, 0x4030), "and not pin 0");
	entry(&pc, 20, 0, 0x00041);
	set(&pc, 20, true);
	ok(sent(&pc, 1, 0xfee00000, 0x4041), "pins behind the ISA ones");
	ok(!irqchip_pin(&pc.chip, 24).set, "there are 24");
	pc_power_off(&pc);
}

static void test_ioapic_level(void)
{
	struct pc pc;

	pc_power_on(&pc);
	entry(&pc, 11, 0x02000000, 0x18040);
	set(&pc, 11, true);
	ok(!pc.messages, "a level at a masked pin sends nothing");
	select_write(&pc, 0x26, 0x08040);
	ok(sent(&pc, 1, 0xfee02000, 0xc040), "it does when the mask goes");
	ok(select_read(&pc, 0x26) == 0x0c040, "remote IRR is set");
	set(&pc, 11, true);
	select_write(&pc, 0x26, 0x18040);
	select_write(&pc, 0x26, 0x08040);
	ok(!pc.messages && select_read(&pc, 0x26) == 0x0c040,
	   "not again before the EOI");
	irqchip_eoi(&pc.chip, 0x41);
	ok(select_read(&pc, 0x26) == 0x0c040, "another vector's EOI");
	irqchip_eoi(&pc.chip, 0x40);
	ok(sent(&pc, 1, 0xfee02000, 0xc040), "asserted still: sent again");
	set(&pc, 11, false);
	ok(select_read(&pc, 0x26) == 0x0c040, "the EOI clears remote IRR, not the wire");
	irqchip_eoi(&pc.chip, 0x40);
	ok(!pc.messages && select_read(&pc, 0x26) == 0x08040, "it ends");
	set(&pc, 11, true);
	pc.messages = 0;
	set(&pc, 11, false);
	bus_write(&pc.mmio, 0xfec00040, 4, 0x40);
	ok(!pc.messages && select_read(&pc, 0x26) == 0x08040,
	   "the EOI register does the same");
	set(&pc, 11, true);
	pc.messages = 0;
	select_write(&pc, 0x26, 0x18040);
	irqchip_eoi(&pc.chip, 0x40);
	ok(!pc.messages && select_read(&pc, 0x26) == 0x18040,
	   "EOI at a masked pin");
	select_write(&pc, 0x26, 0x08040);
	pc.messages = 0;
	select_write(&pc, 0x26, 0x10040);
	ok(select_read(&pc, 0x26) == 0x10040, "an edge has no remote IRR");
	select_write(&pc, 0x26, 0x08040);
	ok(sent(&pc, 1, 0xfee02000, 0xc040), "a level again: sent anew");
	entry(&pc, 12, 0x01000000, 0x08040);
	set(&pc, 12, true);
	pc.messages = 0;
	irqchip_eoi(&pc.chip, 0x40);
	ok(pc.messages == 2, "two pins with one vector");
	pc_power_off(&pc);
}

static void test_seen(void)
{
	struct irq_pin none = { 0 };
	struct pc pc;

	irq_set(NULL, true);
	irq_set(&none, true);
	ok(!irq_seen(NULL) && !irq_seen(&none), "a loose wire");
	pc_start(&pc, 0x01);
	ok(seen(&pc, 0), "the 8259 waits for an edge");
	pulse(&pc, 0);
	ok(!seen(&pc, 0), "a latched request needs no further one");
	ack(&pc);
	ok(seen(&pc, 0) && pc.ready == 1, "an acknowledge frees the latch");
	out(&pc, 0x21, 0xff);
	ok(seen(&pc, 0), "a masked input latches, too");
	pulse(&pc, 0);
	ok(!seen(&pc, 0) && pc.ready == 1, "once");
	entry(&pc, 2, 0, 0x00030);
	ok(seen(&pc, 0) && pc.ready == 2, "the I/O APIC sees every edge");
	entry(&pc, 2, 0, 0x10030);
	ok(!seen(&pc, 0) && pc.ready == 2, "but not where it is masked");
	out(&pc, 0x20, 0x11);
	ok(seen(&pc, 0) && pc.ready == 3, "ICW1 frees the latch");
	out(&pc, 0x4d0, 0x20);
	set(&pc, 5, true);
	ok(seen(&pc, 5), "a level is always seen");
	ok(!seen(&pc, 16), "a masked pin of the I/O APIC alone");
	pc_power_off(&pc);
}

int main(void)
{
	test_init();
	test_priority();
	test_rotation();
	test_special_mask();
	test_poll();
	test_spurious();
	test_cascade();
	test_elcr();
	test_ioapic_registers();
	test_ioapic_edge();
	test_ioapic_level();
	test_seen();
	return tap_done();
}
