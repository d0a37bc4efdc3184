// SPDX-License-Identifier: GPL-2.0
/*
 * The keyboard controller, after IBM's PC/AT technical reference ("Keyboard
 * Controller", "Keyboard").
 *
 * There is no second (mouse) port: a driver that tests it is told at once that
 * nothing is connected.  Time is left out: the input buffer is always empty, and
 * an answer is there as soon as the command is written.
 */
#include <string.h>

#include "bus.h"
#include "i8042.h"

/* Status register. */
#define STATUS_FULL	0x01
#define STATUS_SYSTEM	0x04
#define STATUS_COMMAND	0x08
#define STATUS_UNLOCKED	0x10

/* Command byte. */
#define MODE_IRQ	0x01
#define MODE_SYSTEM	0x04
#define MODE_DISABLED	0x10
#define MODE_NO_AUX	0x20
#define MODE_TRANSLATE	0x40

/* Output port. */
#define OUT_NO_RESET	0x01
#define OUT_A20		0x02
#define OUT_FULL	0x10

/* Input port: the keyboard is not locked, a colour display, no more RAM. */
#define INPUTS		0xa0

/* Commands to the controller; READ_RAM and WRITE_RAM have an address added. */
enum {
	READ_RAM = 0x20,
	WRITE_RAM = 0x60,
	TEST_AUX = 0xa9,
	SELF_TEST = 0xaa,
	TEST_KEYBOARD = 0xab,
	DISABLE_KEYBOARD = 0xad,
	ENABLE_KEYBOARD = 0xae,
	READ_INPUTS = 0xc0,
	READ_OUTPUTS = 0xd0,
	WRITE_OUTPUTS = 0xd1,
	WRITE_BUFFER = 0xd2,
	WRITE_AUX_BUFFER = 0xd3,
	WRITE_AUX = 0xd4,
	READ_TESTS = 0xe0,
	PULSE = 0xf0,
};

#define SELF_TEST_GOOD	0x55
#define TEST_GOOD	0x00
/* "Clock line stuck high": what a port without a device looks like. */
#define TEST_NO_DEVICE	0x02

/* Commands to the keyboard, and its answers. */
enum {
	KBD_LEDS = 0xed,
	KBD_ECHO = 0xee,
	KBD_SCAN_SET = 0xf0,
	KBD_IDENTIFY = 0xf2,
	KBD_RATE = 0xf3,
	KBD_ENABLE = 0xf4,
	KBD_KEY_TYPES_LAST = 0xfd,
	KBD_RESEND = 0xfe,
	KBD_RESET = 0xff,
};

#define KBD_ACK		0xfa
#define KBD_PASSED	0xaa
#define KBD_ID_1	0xab
#define KBD_ID_2	0x83
/* The second byte of its ID as a scan code of set 2 becomes this one of set 1. */
#define KBD_ID_2_SET_1	0x41
#define KBD_SET		2

/* The keyboard's next byte moves up when there is room and it may send. */
static void update(struct i8042 *kbc)
{
	bool level;

	if (!kbc->full && kbc->queued && !(kbc->ram[0] & MODE_DISABLED)) {
		kbc->data = kbc->queue[0];
		kbc->full = true;
		kbc->queued--;
		memmove(kbc->queue, kbc->queue + 1, kbc->queued);
	}
	level = kbc->full && kbc->ram[0] & MODE_IRQ;
	if (level == kbc->level)
		return;
	kbc->level = level;
	kbc->ops->irq(kbc->opaque, level);
}

/* An answer of the controller itself replaces what was not read. */
static void answer(struct i8042 *kbc, __u8 byte)
{
	kbc->data = byte;
	kbc->full = true;
}

static void say(struct i8042 *kbc, __u8 byte)
{
	if (kbc->ram[0] & MODE_TRANSLATE && byte == KBD_ID_2)
		byte = KBD_ID_2_SET_1;
	if (kbc->queued < sizeof(kbc->queue))
		kbc->queue[kbc->queued++] = byte;
}

/* The data byte of a command to the keyboard. */
static void keyboard_data(struct i8042 *kbc, __u8 byte)
{
	__u8 command = kbc->keyboard_command;

	kbc->keyboard_command = 0;
	say(kbc, KBD_ACK);
	if (command == KBD_SCAN_SET && !byte)
		say(kbc, KBD_SET);
}

static void keyboard_write(struct i8042 *kbc, __u8 byte)
{
	/* A command takes the place of one that waits for its data. */
	if (kbc->keyboard_command && byte < KBD_LEDS) {
		keyboard_data(kbc, byte);
		return;
	}
	kbc->keyboard_command = 0;
	switch (byte) {
	case KBD_LEDS:
	case KBD_SCAN_SET:
	case KBD_RATE:
		kbc->keyboard_command = byte;
		say(kbc, KBD_ACK);
		break;
	case KBD_ECHO:
		say(kbc, KBD_ECHO);
		break;
	case KBD_IDENTIFY:
		say(kbc, KBD_ACK);
		say(kbc, KBD_ID_1);
		say(kbc, KBD_ID_2);
		break;
	case KBD_RESET:
		kbc->queued = 0;
		say(kbc, KBD_ACK);
		say(kbc, KBD_PASSED);
		break;
	default:
		if (byte >= KBD_ENABLE && byte <= KBD_KEY_TYPES_LAST)
			say(kbc, KBD_ACK);
		else
			say(kbc, KBD_RESEND);
	}
}

static void write_outputs(struct i8042 *kbc, __u8 value)
{
	__u8 old = kbc->outputs;

	kbc->outputs = value;
	if (old & ~value & OUT_NO_RESET)
		kbc->ops->reset(kbc->opaque);
}

static void self_test(struct i8042 *kbc)
{
	kbc->ram[0] |= MODE_DISABLED | MODE_SYSTEM;
	kbc->status |= STATUS_SYSTEM;
	kbc->outputs = OUT_NO_RESET | OUT_A20;
	answer(kbc, SELF_TEST_GOOD);
}

static void write_mode(struct i8042 *kbc, __u8 value)
{
	/* The bit says that the second port is off: it stays so. */
	kbc->ram[0] = value | MODE_NO_AUX;
	kbc->status &= ~STATUS_SYSTEM;
	if (value & MODE_SYSTEM)
		kbc->status |= STATUS_SYSTEM;
}

static void write_command(struct i8042 *kbc, __u8 command)
{
	kbc->status |= STATUS_COMMAND;
	kbc->command = 0;
	switch (command) {
	case READ_RAM ... READ_RAM + I8042_RAM - 1:
		answer(kbc, kbc->ram[command - READ_RAM]);
		break;
	case WRITE_RAM ... WRITE_RAM + I8042_RAM - 1:
	case WRITE_OUTPUTS ... WRITE_AUX:
		kbc->command = command;
		break;
	case TEST_AUX:
		answer(kbc, TEST_NO_DEVICE);
		break;
	case SELF_TEST:
		self_test(kbc);
		break;
	case TEST_KEYBOARD:
		answer(kbc, TEST_GOOD);
		break;
	case DISABLE_KEYBOARD:
		kbc->ram[0] |= MODE_DISABLED;
		break;
	case ENABLE_KEYBOARD:
		kbc->ram[0] &= ~MODE_DISABLED;
		break;
	case READ_INPUTS:
		answer(kbc, INPUTS);
		break;
	case READ_OUTPUTS:
		answer(kbc, kbc->outputs | (kbc->full ? OUT_FULL : 0));
		break;
	case READ_TESTS:
		answer(kbc, 0);
		break;
	case PULSE ... 0xff:
		/* A clear bit pulses its line; the others do nothing here. */
		if (!(command & OUT_NO_RESET))
			kbc->ops->reset(kbc->opaque);
		break;
	default:
		break;
	}
}

static void write_data(struct i8042 *kbc, __u8 value)
{
	__u8 command = kbc->command;

	kbc->status &= ~STATUS_COMMAND;
	kbc->command = 0;
	switch (command) {
	case WRITE_RAM:
		write_mode(kbc, value);
		break;
	case WRITE_RAM + 1 ... WRITE_RAM + I8042_RAM - 1:
		kbc->ram[command - WRITE_RAM] = value;
		break;
	case WRITE_OUTPUTS:
		write_outputs(kbc, value);
		break;
	case WRITE_BUFFER:
	case WRITE_AUX_BUFFER:
		answer(kbc, value);
		break;
	case WRITE_AUX:
		/* Nobody is there. */
		break;
	default:
		/* Data to the keyboard turns its interface on. */
		kbc->ram[0] &= ~MODE_DISABLED;
		keyboard_write(kbc, value);
	}
}

static __u64 data_read(void *device, __u64 offset, unsigned int bytes)
{
	struct i8042 *kbc = device;
	__u8 value;

	(void)offset;
	(void)bytes;
	pthread_mutex_lock(&kbc->lock);
	value = kbc->data;
	if (kbc->full) {
		kbc->full = false;
		/* The line falls with each byte, so that the next is an edge. */
		if (kbc->level)
			kbc->ops->irq(kbc->opaque, false);
		kbc->level = false;
	}
	update(kbc);
	pthread_mutex_unlock(&kbc->lock);
	return value;
}

static void data_write(void *device, __u64 offset, unsigned int bytes,
		       __u64 value)
{
	struct i8042 *kbc = device;

	(void)offset;
	(void)bytes;
	pthread_mutex_lock(&kbc->lock);
	write_data(kbc, value);
	update(kbc);
	pthread_mutex_unlock(&kbc->lock);
}

static __u64 status_read(void *device, __u64 offset, unsigned int bytes)
{
	struct i8042 *kbc = device;
	__u8 value;

	(void)offset;
	(void)bytes;
	pthread_mutex_lock(&kbc->lock);
	value = kbc->status | (kbc->full ? STATUS_FULL : 0);
	pthread_mutex_unlock(&kbc->lock);
	return value;
}

static void command_write(void *device, __u64 offset, unsigned int bytes,
			  __u64 value)
{
	struct i8042 *kbc = device;

	(void)offset;
	(void)bytes;
	pthread_mutex_lock(&kbc->lock);
	write_command(kbc, value);
	update(kbc);
	pthread_mutex_unlock(&kbc->lock);
}

/**
 * i8042_init() - make a keyboard controller in its state after reset
 * @kbc: the controller
 * @ops: its outputs; they must outlive it
 * @opaque: given to @ops
 */
void i8042_init(struct i8042 *kbc, const struct i8042_ops *ops, void *opaque)
{
	memset(kbc, 0, sizeof(*kbc));
	pthread_mutex_init(&kbc->lock, NULL);
	kbc->ops = ops;
	kbc->opaque = opaque;
	kbc->ram[0] = MODE_NO_AUX | MODE_DISABLED;
	kbc->outputs = OUT_NO_RESET | OUT_A20;
	kbc->status = STATUS_UNLOCKED;
}

/**
 * i8042_destroy() - undo i8042_init()
 * @kbc: the controller; no thread uses it any more
 */
void i8042_destroy(struct i8042 *kbc)
{
	pthread_mutex_destroy(&kbc->lock);
}

/**
 * i8042_attach() - put the controller on a bus
 * @kbc: the controller
 * @ports: the bus
 *
 * Return: as bus_add(); after an error nothing is attached.
 */
int i8042_attach(struct i8042 *kbc, struct bus *ports)
{
	static const struct bus_ops data_ops = {
		.read = data_read,
		.write = data_write,
		.width = 1,
	};
	static const struct bus_ops command_ops = {
		.read = status_read,
		.write = command_write,
		.width = 1,
	};
	int ret;

	ret = bus_add(ports, I8042_DATA, 1, &data_ops, kbc);
	if (ret)
		return ret;
	ret = bus_add(ports, I8042_COMMAND, 1, &command_ops, kbc);
	if (ret)
		bus_remove(ports, I8042_DATA);
	return ret;
}
