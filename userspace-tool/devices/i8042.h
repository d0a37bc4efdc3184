/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The keyboard controller of a PC/AT and a keyboard behind it.
 *
 * The keyboard answers its commands and no key is ever pressed: firmware and
 * test programs that look for it find it, and its reset line works.
 */
#ifndef I8042_H
#define I8042_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

struct bus;

/** define I8042_DATA - the data port */
#define I8042_DATA	0x60
/** define I8042_COMMAND - status when read, commands when written */
#define I8042_COMMAND	0x64
/** define I8042_IRQ - the interrupt of a PC's keyboard */
#define I8042_IRQ	1
/** define I8042_RAM - bytes of memory in the controller; the first is its mode */
#define I8042_RAM	32
/** define I8042_QUEUE - bytes that the keyboard keeps until they are read */
#define I8042_QUEUE	16

/**
 * struct i8042_ops - what the controller's outputs do
 * @irq: the interrupt output changed
 * @reset: the reset line was pulsed
 *
 * They are called with the controller's lock held and must not call back.
 */
struct i8042_ops {
	void (*irq)(void *opaque, bool level);
	void (*reset)(void *opaque);
};

/**
 * struct i8042 - a keyboard controller with a keyboard
 * @lock: guards all that follows but @ops and @opaque
 * @ops: its outputs; constant
 * @opaque: given to @ops; constant
 * @ram: its memory; @ram[0] is the command byte
 * @outputs: the output port
 * @status: the status register, but for the bit "output buffer full"
 * @command: the command that waits for its data byte, 0 none
 * @data: the output buffer; it keeps its byte after that was read
 * @full: @data has not been read
 * @level: of the interrupt output
 * @queue: what the keyboard has to say, oldest first
 * @queued: how many bytes
 * @keyboard_command: the keyboard's command that waits for its data byte
 */
struct i8042 {
	pthread_mutex_t lock;
	const struct i8042_ops *ops;
	void *opaque;
	__u8 ram[I8042_RAM];
	__u8 outputs;
	__u8 status;
	__u8 command;
	__u8 data;
	bool full;
	bool level;
	__u8 queue[I8042_QUEUE];
	unsigned int queued;
	__u8 keyboard_command;
};

void i8042_init(struct i8042 *kbc, const struct i8042_ops *ops, void *opaque);
void i8042_destroy(struct i8042 *kbc);
int i8042_attach(struct i8042 *kbc, struct bus *ports);

#endif /* I8042_H */
