/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pair of 8259A interrupt controllers of a PC, and the edge/level control
 * registers that chipsets put beside them.
 *
 * Data sheets: Intel 8259A/8259A-2; for ELCR, Intel 82371SB (PIIX3).
 */
#ifndef I8259_H
#define I8259_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

struct bus;

/** define I8259_MASTER - first of the two ports of the master, IRQ 0 to 7 */
#define I8259_MASTER	0x20
/** define I8259_SLAVE - first of the two ports of the slave, IRQ 8 to 15 */
#define I8259_SLAVE	0xa0
/** define I8259_ELCR - first of the two ports of the edge/level registers */
#define I8259_ELCR	0x4d0
/** define I8259_CASCADE - the master's input that the slave's output drives */
#define I8259_CASCADE	2

/**
 * struct i8259_ops - what the pair is connected to
 * @intr: the INTR output changed.  Called with the pair's lock held; must not
 *	call back into it.
 * @ready: inputs whose bit is set in @irqs have no request latched any more, so
 *	that the next edge on them counts.  Called without locks, and never from
 *	i8259_set().  May be NULL.
 */
struct i8259_ops {
	void (*intr)(void *opaque, bool level);
	void (*ready)(void *opaque, __u16 irqs);
};

/**
 * struct i8259_chip - one 8259A
 * @lines: levels of the inputs
 * @irr: interrupt request register
 * @isr: in-service register
 * @imr: interrupt mask register
 * @elcr: inputs that are level-triggered
 * @elcr_mask: inputs that can be
 * @base: vector of input 0 (ICW2)
 * @lowest: the input of lowest priority
 * @icw1: ICW1, which says which words follow it
 * @expect: number of the ICW that comes next; 0: initialisation is over
 * @auto_eoi: ICW4: an interrupt ends with its acknowledge
 * @nested: ICW4: special fully nested mode
 * @rotate: rotate in automatic EOI mode
 * @special_mask: special mask mode
 * @poll: the next read is a poll
 * @read_isr: port 0 reads ISR rather than IRR
 */
struct i8259_chip {
	__u8 lines;
	__u8 irr;
	__u8 isr;
	__u8 imr;
	__u8 elcr;
	__u8 elcr_mask;
	__u8 base;
	__u8 lowest;
	__u8 icw1;
	__u8 expect;
	bool auto_eoi;
	bool nested;
	bool rotate;
	bool special_mask;
	bool poll;
	bool read_isr;
};

/**
 * struct i8259 - the pair
 * @lock: guards all that follows but @ops and @opaque
 * @ops: what it is connected to; constant
 * @opaque: given to @ops; constant
 * @chip: master and slave
 * @level: of the INTR output
 */
struct i8259 {
	pthread_mutex_t lock;
	const struct i8259_ops *ops;
	void *opaque;
	struct i8259_chip chip[2];
	bool level;
};

void i8259_init(struct i8259 *pic, const struct i8259_ops *ops, void *opaque);
void i8259_destroy(struct i8259 *pic);
int i8259_attach(struct i8259 *pic, struct bus *ports);
void i8259_set(struct i8259 *pic, unsigned int irq, bool level);
bool i8259_seen(struct i8259 *pic, unsigned int irq);
__u8 i8259_ack(struct i8259 *pic);
__u8 i8259_read(struct i8259 *pic, unsigned int chip, unsigned int a0);
void i8259_write(struct i8259 *pic, unsigned int chip, unsigned int a0,
		 __u8 value);

#endif /* I8259_H */
