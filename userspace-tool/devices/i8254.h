/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The 8254 programmable interval timer of a PC, and port 0x61, which holds the
 * gate and shows the output of its counter 2.
 *
 * Data sheet: Intel 8254.
 */
#ifndef I8254_H
#define I8254_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

#include "clock.h"
#include "irq.h"

struct bus;

/** define I8254_PORT - first of its four ports: counters 0 to 2, control */
#define I8254_PORT	0x40
/** define I8254_PORTS - how many ports it takes */
#define I8254_PORTS	4
/** define I8254_PORT_B - the port with counter 2's gate and output */
#define I8254_PORT_B	0x61
/** define I8254_HZ - frequency of its input clock */
#define I8254_HZ	1193182
/** define I8254_IRQ - the ISA interrupt that counter 0 drives */
#define I8254_IRQ	0
/**
 * define I8254_MIN_NS - interrupts of counter 0 are no closer than this; edges
 * in between are lost, so that no guest makes the host do nothing else
 */
#define I8254_MIN_NS	50000

/**
 * struct i8254_counter - one of the three counters
 * @control: low six bits of its last control word: access, mode, BCD
 * @low: first byte of a count of two that is being written
 * @write_high: the next byte written is the high one
 * @read_high: the next byte read is the high one
 * @written: a count was written since the control word
 * @gate: level of the gate input
 * @counting: the count moves; @start says since when, else @frozen where it is
 * @start: tick at which @count was loaded, moved by the time it was frozen; in
 *	the future just after a write
 * @frozen: ticks since @count was loaded
 * @count: what was loaded, 1 to 65536
 * @next: what will be loaded at @switch_at, or at the next trigger; 0: none
 * @switch_at: tick at which @next replaces @count, where @switching
 * @switch_start: what @start becomes then
 * @switching: the counter runs towards @switch_at
 * @latched: reads give @latch until all its bytes were read
 * @latch: a latched count, as it is read
 * @status_latched: @status is read next
 * @status: a latched status
 */
struct i8254_counter {
	__u8 control;
	__u8 low;
	bool write_high;
	bool read_high;
	bool written;
	bool gate;
	bool counting;
	__s64 start;
	__s64 frozen;
	__u32 count;
	__u32 next;
	__s64 switch_at;
	__s64 switch_start;
	bool switching;
	bool latched;
	__u16 latch;
	bool status_latched;
	__u8 status;
};

/**
 * struct i8254 - the timer
 * @lock: guards all that follows but @clock, @epoch and @irq
 * @clock: its time base; constant
 * @epoch: clock_ns() of its tick 0; constant
 * @irq: the output of counter 0; constant
 * @timer: runs out at the next rising edge of that output
 * @armed: @timer runs
 * @edge: tick up to which rising edges of that output were noticed
 * @quiet: tick before which @irq gets no further one, see I8254_MIN_NS
 * @counter: the counters
 * @port_b: low four bits of port 0x61
 */
struct i8254 {
	pthread_mutex_t lock;
	struct clock *clock;
	__u64 epoch;
	struct irq_pin irq;
	struct timer timer;
	bool armed;
	__s64 edge;
	__s64 quiet;
	struct i8254_counter counter[3];
	__u8 port_b;
};

void i8254_init(struct i8254 *pit, struct clock *clock, struct irq_pin irq);
void i8254_destroy(struct i8254 *pit);
int i8254_attach(struct i8254 *pit, struct bus *ports);
void i8254_ready(void *opaque);
__u8 i8254_read(struct i8254 *pit, unsigned int reg);
void i8254_write(struct i8254 *pit, unsigned int reg, __u8 value);
__u8 i8254_port_b_read(struct i8254 *pit);
void i8254_port_b_write(struct i8254 *pit, __u8 value);

#endif /* I8254_H */
