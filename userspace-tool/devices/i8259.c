// SPDX-License-Identifier: GPL-2.0
/*
 * The pair of 8259A interrupt controllers, after Intel's data sheet.
 *
 * What a PC fixes is fixed here: two chips, the slave on input 2, 8086 mode.
 * The LTIM bit of ICW1 has no effect, ELCR says for each input how it triggers,
 * as in Intel's chipsets.  ICW3 and the bits for buffered mode are taken and
 * change nothing.
 */
#include "bus.h"
#include "i8259.h"

/* Initialization command words; ICW1 is told from the others by bit 4. */
#define ICW1		0x10
#define ICW1_SINGLE	0x02
#define ICW1_ICW4	0x01
#define ICW4_NESTED	0x10
#define ICW4_AUTO_EOI	0x02

/* Operation command words. */
#define OCW3		0x08
#define OCW3_SMM_ENABLE	0x40
#define OCW3_SMM	0x20
#define OCW3_POLL	0x04
#define OCW3_READ	0x02
#define OCW3_READ_ISR	0x01

/* Bits 7:5 of OCW2: rotate, specific, end of interrupt. */
#define OCW2_EOI	0x20
#define OCW2_SPECIFIC	0x40
#define OCW2_ROTATE	0x80

#define POLL_REQUEST	0x80

/* The inputs of the slave that no chipset makes level-triggered: 8 and 13. */
#define ELCR_SLAVE	0xde
/* Those of the master: 0, 1, 2. */
#define ELCR_MASTER	0xf8

static const unsigned int spurious = 7;

/* In-service bits that hold off others. */
static __u8 blocking(const struct i8259_chip *chip)
{
	return chip->special_mask ? chip->isr & ~chip->imr : chip->isr;
}

/*
 * The input to be served next, or -1.
 *
 * In special fully nested mode the slave's input is not held off by itself: the
 * slave asks again only for an input of higher priority than the one in service.
 */
static int resolve(const struct i8259_chip *chip)
{
	__u8 requests = chip->irr & ~chip->imr;
	__u8 held = blocking(chip);
	unsigned int i;

	if (chip->expect)
		return -1;
	for (i = 1; i <= 8; i++) {
		unsigned int irq = (chip->lowest + i) & 7;
		bool nested = chip->nested && irq == I8259_CASCADE;

		if (requests >> irq & 1 && (!(held >> irq & 1) || nested))
			return irq;
		if (held >> irq & 1)
			return -1;
	}
	return -1;
}

/* Drive an input.  A request that is taken back before it is served is gone. */
static void set_line(struct i8259_chip *chip, unsigned int irq, bool level)
{
	__u8 bit = 1 << irq;

	if (!level) {
		chip->lines &= ~bit;
		chip->irr &= ~bit;
	} else if (!(chip->lines & bit) || chip->elcr & bit) {
		chip->lines |= bit;
		chip->irr |= bit;
	}
}

/*
 * Bring the outputs up to date.  The slave's is taken as a level: it drops with
 * each acknowledge and rises for what is left, so each request that is left is
 * an edge to the master.
 */
static void update(struct i8259 *pic)
{
	struct i8259_chip *master = &pic->chip[0];
	bool level;

	set_line(master, I8259_CASCADE, false);
	set_line(master, I8259_CASCADE, resolve(&pic->chip[1]) >= 0);
	level = resolve(master) >= 0;
	if (level == pic->level)
		return;
	pic->level = level;
	pic->ops->intr(pic->opaque, level);
}

/* The requests that are latched; the cascade is nobody's wire. */
static __u16 latched(const struct i8259 *pic)
{
	return (pic->chip[0].irr & ~(1 << I8259_CASCADE)) |
		pic->chip[1].irr << 8;
}

/* Begin and end what the CPU does to the pair. */
static __u16 begin(struct i8259 *pic)
{
	pthread_mutex_lock(&pic->lock);
	return latched(pic);
}

static void end(struct i8259 *pic, __u16 before)
{
	__u16 gone;

	update(pic);
	gone = before & ~latched(pic);
	pthread_mutex_unlock(&pic->lock);
	if (gone && pic->ops->ready)
		pic->ops->ready(pic->opaque, gone);
}

/* The acknowledge cycle of one chip: the input served, or -1. */
static int take(struct i8259_chip *chip)
{
	int irq = resolve(chip);

	if (irq < 0)
		return -1;
	if (!(chip->elcr >> irq & 1))
		chip->irr &= ~(1 << irq);
	if (!chip->auto_eoi)
		chip->isr |= 1 << irq;
	else if (chip->rotate)
		chip->lowest = irq;
	return irq;
}

/**
 * i8259_ack() - the CPU's interrupt acknowledge cycle
 * @pic: the pair
 *
 * Return: the vector; where no request is left, that of input 7 of the chip that
 * was asked, whose in-service bit is then not set.
 */
__u8 i8259_ack(struct i8259 *pic)
{
	struct i8259_chip *chip = &pic->chip[0];
	__u16 before = begin(pic);
	__u8 vector;
	int irq;

	irq = take(chip);
	if (irq == I8259_CASCADE) {
		chip = &pic->chip[1];
		irq = take(chip);
	}
	vector = chip->base + (irq < 0 ? spurious : (unsigned int)irq);
	end(pic, before);
	return vector;
}

/* The input of highest priority that is in service, or -1. */
static int in_service(const struct i8259_chip *chip)
{
	unsigned int i;

	for (i = 1; i <= 8; i++) {
		unsigned int irq = (chip->lowest + i) & 7;

		if (blocking(chip) >> irq & 1)
			return irq;
	}
	return -1;
}

static void operation_word2(struct i8259_chip *chip, __u8 value)
{
	int irq = value & 7;

	if (!(value & OCW2_EOI)) {
		if (!(value & OCW2_SPECIFIC))
			chip->rotate = value & OCW2_ROTATE;
		else if (value & OCW2_ROTATE)
			chip->lowest = irq;
		return;
	}
	if (!(value & OCW2_SPECIFIC))
		irq = in_service(chip);
	if (irq < 0)
		return;
	chip->isr &= ~(1 << irq);
	if (value & OCW2_ROTATE)
		chip->lowest = irq;
}

static void operation_word3(struct i8259_chip *chip, __u8 value)
{
	if (value & OCW3_SMM_ENABLE)
		chip->special_mask = value & OCW3_SMM;
	chip->poll = value & OCW3_POLL;
	if (value & OCW3_READ)
		chip->read_isr = value & OCW3_READ_ISR;
}

/* What ICW1 resets; see "Initialization Command Words 1 and 2". */
static void initialize(struct i8259_chip *chip, __u8 value)
{
	chip->icw1 = value;
	chip->expect = 2;
	chip->irr = chip->lines & chip->elcr;
	chip->isr = 0;
	chip->imr = 0;
	chip->lowest = 7;
	chip->rotate = false;
	chip->special_mask = false;
	chip->poll = false;
	chip->read_isr = false;
	chip->auto_eoi = false;
	chip->nested = false;
}

/* ICW2 to ICW4. */
static void initialize_next(struct i8259_chip *chip, __u8 value)
{
	unsigned int last = chip->icw1 & ICW1_ICW4 ? 4 : 0;

	switch (chip->expect) {
	case 2:
		chip->base = value & 0xf8;
		chip->expect = chip->icw1 & ICW1_SINGLE ? last : 3;
		break;
	case 3:
		chip->expect = last;
		break;
	case 4:
		chip->auto_eoi = value & ICW4_AUTO_EOI;
		chip->nested = value & ICW4_NESTED;
		chip->expect = 0;
		break;
	}
}

/**
 * i8259_write() - the CPU writes a port
 * @pic: the pair
 * @chip: 0: master, 1: slave
 * @a0: which of its two ports
 * @value: what it writes
 */
void i8259_write(struct i8259 *pic, unsigned int chip, unsigned int a0,
		 __u8 value)
{
	struct i8259_chip *at = &pic->chip[chip];
	__u16 before = begin(pic);

	if (a0 && at->expect)
		initialize_next(at, value);
	else if (a0)
		at->imr = value;
	else if (value & ICW1)
		initialize(at, value);
	else if (value & OCW3)
		operation_word3(at, value);
	else
		operation_word2(at, value);
	end(pic, before);
}

/* What a poll reads; it is an acknowledge as well. */
static __u8 poll(struct i8259_chip *chip)
{
	int irq = take(chip);

	chip->poll = false;
	return irq < 0 ? 0 : POLL_REQUEST | irq;
}

/**
 * i8259_read() - the CPU reads a port
 * @pic: the pair
 * @chip: 0: master, 1: slave
 * @a0: which of its two ports
 *
 * Return: what it reads.
 */
__u8 i8259_read(struct i8259 *pic, unsigned int chip, unsigned int a0)
{
	struct i8259_chip *at = &pic->chip[chip];
	__u16 before = begin(pic);
	__u8 value;

	if (at->poll)
		value = poll(at);
	else if (a0)
		value = at->imr;
	else
		value = at->read_isr ? at->isr : at->irr;
	end(pic, before);
	return value;
}

/**
 * i8259_set() - drive an input
 * @pic: the pair
 * @irq: 0 to 15; I8259_CASCADE is the slave's and is ignored
 * @level: whether it is asserted
 */
void i8259_set(struct i8259 *pic, unsigned int irq, bool level)
{
	if (irq == I8259_CASCADE)
		return;
	pthread_mutex_lock(&pic->lock);
	set_line(&pic->chip[irq / 8], irq % 8, level);
	update(pic);
	pthread_mutex_unlock(&pic->lock);
}

/**
 * i8259_seen() - whether an edge on an input would change anything
 * @pic: the pair
 * @irq: 0 to 15
 *
 * Return: false while a request of an edge-triggered input is latched: until it
 * is served, or reset with ICW1, further edges are the same request.
 */
bool i8259_seen(struct i8259 *pic, unsigned int irq)
{
	const struct i8259_chip *chip = &pic->chip[irq / 8];
	__u8 bit = 1 << irq % 8;
	bool seen;

	pthread_mutex_lock(&pic->lock);
	seen = chip->elcr & bit || !(chip->irr & bit);
	pthread_mutex_unlock(&pic->lock);
	return seen;
}

static __u64 elcr_read(void *device, __u64 offset, unsigned int bytes)
{
	struct i8259 *pic = device;
	__u8 value;

	(void)bytes;
	pthread_mutex_lock(&pic->lock);
	value = pic->chip[offset].elcr;
	pthread_mutex_unlock(&pic->lock);
	return value;
}

static void elcr_write(void *device, __u64 offset, unsigned int bytes,
		       __u64 value)
{
	struct i8259 *pic = device;
	struct i8259_chip *chip = &pic->chip[offset];
	__u16 before = begin(pic);
	__u8 changed;

	(void)bytes;
	value &= chip->elcr_mask;
	changed = chip->elcr ^ value;
	chip->elcr = value;
	chip->irr &= ~changed;
	chip->irr |= changed & chip->elcr & chip->lines;
	end(pic, before);
}

static __u64 master_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)bytes;
	return i8259_read(device, 0, offset);
}

static void master_write(void *device, __u64 offset, unsigned int bytes,
			 __u64 value)
{
	(void)bytes;
	i8259_write(device, 0, offset, value);
}

static __u64 slave_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)bytes;
	return i8259_read(device, 1, offset);
}

static void slave_write(void *device, __u64 offset, unsigned int bytes,
			__u64 value)
{
	(void)bytes;
	i8259_write(device, 1, offset, value);
}

/**
 * i8259_init() - make the pair
 * @pic: the pair
 * @ops: what it is connected to
 * @opaque: given to @ops
 *
 * The chips have no reset: until they are initialised, all inputs are masked.
 */
void i8259_init(struct i8259 *pic, const struct i8259_ops *ops, void *opaque)
{
	*pic = (struct i8259){
		.ops = ops,
		.opaque = opaque,
		.chip[0] = { .imr = 0xff, .lowest = 7,
			     .elcr_mask = ELCR_MASTER },
		.chip[1] = { .imr = 0xff, .lowest = 7,
			     .elcr_mask = ELCR_SLAVE },
	};
	pthread_mutex_init(&pic->lock, NULL);
}

/**
 * i8259_destroy() - release the pair
 * @pic: the pair
 */
void i8259_destroy(struct i8259 *pic)
{
	pthread_mutex_destroy(&pic->lock);
}

/**
 * i8259_attach() - put the pair on a bus
 * @pic: the pair
 * @ports: the bus
 *
 * Return: as bus_add(); after an error nothing is attached.
 */
int i8259_attach(struct i8259 *pic, struct bus *ports)
{
	static const struct bus_ops master = {
		.read = master_read, .write = master_write, .width = 1,
	};
	static const struct bus_ops slave = {
		.read = slave_read, .write = slave_write, .width = 1,
	};
	static const struct bus_ops elcr = {
		.read = elcr_read, .write = elcr_write, .width = 1,
	};
	int ret;

	ret = bus_add(ports, I8259_MASTER, 2, &master, pic);
	if (ret)
		return ret;
	ret = bus_add(ports, I8259_SLAVE, 2, &slave, pic);
	if (!ret) {
		ret = bus_add(ports, I8259_ELCR, 2, &elcr, pic);
		if (ret)
			bus_remove(ports, I8259_SLAVE);
	}
	if (ret)
		bus_remove(ports, I8259_MASTER);
	return ret;
}
