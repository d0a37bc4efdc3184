// SPDX-License-Identifier: GPL-2.0
/*
 * A 16550 serial port, after the data sheet of National's PC16550D.
 *
 * Time is left out: a byte that is sent has left at once, so the transmitter is
 * always empty; and a byte that waits below the trigger level has always waited
 * long enough for the time-out.  Baud rate, parity and word length are kept for
 * the guest to read and change nothing else.
 *
 * As on a PC, OUT2 gates the interrupt output, and loopback disconnects it.
 */
#include <string.h>

#include <linux/serial_reg.h>

#include "bus.h"
#include "serial.h"

/* A break in the FIFO: the byte 0 and this mark. */
#define SERIAL_BREAK	0x100

#define IER_ALL		(UART_IER_RDI | UART_IER_THRI | UART_IER_RLSI | \
			 UART_IER_MSI)
#define IIR_FIFOS	0xc0
#define MCR_ALL		(UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT1 | \
			 UART_MCR_OUT2 | UART_MCR_LOOP)
#define MSR_LINES	(UART_MSR_CTS | UART_MSR_DSR | UART_MSR_RI | \
			 UART_MSR_DCD)

static bool loop(const struct serial *serial)
{
	return serial->mcr & UART_MCR_LOOP;
}

static unsigned int depth(const struct serial *serial)
{
	return serial->fcr & UART_FCR_ENABLE_FIFO ? SERIAL_FIFO : 1;
}

static unsigned int trigger(const struct serial *serial)
{
	static const unsigned int levels[] = { 1, 4, 8, 14 };

	if (!(serial->fcr & UART_FCR_ENABLE_FIFO))
		return 1;
	return levels[serial->fcr >> 6];
}

static __u8 line_status(const struct serial *serial)
{
	__u8 lsr = serial->lsr | UART_LSR_THRE | UART_LSR_TEMT;
	unsigned int i;

	if (!serial->count)
		return lsr;
	lsr |= UART_LSR_DR;
	if (serial->fifo[serial->head] & SERIAL_BREAK)
		lsr |= UART_LSR_BI;
	if (!(serial->fcr & UART_FCR_ENABLE_FIFO))
		return lsr;
	for (i = 0; i < serial->count; i++)
		if (serial->fifo[(serial->head + i) % SERIAL_FIFO] &
		    SERIAL_BREAK)
			lsr |= UART_LSR_FIFOE;
	return lsr;
}

/* High half of the modem status: in loopback, the modem control lines. */
static __u8 modem_lines(const struct serial *serial)
{
	__u8 lines = 0;

	if (!loop(serial))
		return serial->lines;
	if (serial->mcr & UART_MCR_RTS)
		lines |= UART_MSR_CTS;
	if (serial->mcr & UART_MCR_DTR)
		lines |= UART_MSR_DSR;
	if (serial->mcr & UART_MCR_OUT1)
		lines |= UART_MSR_RI;
	if (serial->mcr & UART_MCR_OUT2)
		lines |= UART_MSR_DCD;
	return lines;
}

/* The pending interrupt of highest priority that is enabled. */
static __u8 interrupt_id(const struct serial *serial)
{
	if (serial->ier & UART_IER_RLSI &&
	    line_status(serial) & UART_LSR_BRK_ERROR_BITS)
		return UART_IIR_RLSI;
	if (serial->ier & UART_IER_RDI && serial->count >= trigger(serial))
		return UART_IIR_RDI;
	if (serial->ier & UART_IER_RDI && serial->count)
		return UART_IIR_RX_TIMEOUT;
	if (serial->ier & UART_IER_THRI && serial->thre)
		return UART_IIR_THRI;
	if (serial->ier & UART_IER_MSI && serial->msr_delta)
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

static void update_irq(struct serial *serial)
{
	bool level = interrupt_id(serial) != UART_IIR_NO_INT &&
		     serial->mcr & UART_MCR_OUT2 && !loop(serial);

	if (level == serial->level)
		return;
	serial->level = level;
	if (serial->ops->irq)
		serial->ops->irq(serial->opaque, level);
}

static void push(struct serial *serial, __u16 entry)
{
	if (serial->count < depth(serial)) {
		serial->fifo[(serial->head + serial->count++) % SERIAL_FIFO] =
			entry;
		return;
	}
	serial->lsr |= UART_LSR_OE;
	/* Without FIFO the byte in the register is lost, with it the new one. */
	if (depth(serial) == 1)
		serial->fifo[serial->head] = entry;
}

static void told_room(struct serial *serial)
{
	if (serial->ops->room && !loop(serial))
		serial->ops->room(serial->opaque);
}

static void clear_fifo(struct serial *serial)
{
	serial->head = 0;
	serial->count = 0;
	told_room(serial);
}

static __u8 pop(struct serial *serial)
{
	__u8 byte;

	if (!serial->count)
		return 0;
	byte = serial->fifo[serial->head];
	serial->head = (serial->head + 1) % SERIAL_FIFO;
	serial->count--;
	told_room(serial);
	return byte;
}

/* A write to the transmitter, as far as that is inside of the port. */
static void load_transmitter(struct serial *serial, __u8 byte)
{
	if (loop(serial))
		push(serial, byte);
	/* It was full for no time at all: empty again is a new event. */
	serial->thre = true;
}

static void write_fcr(struct serial *serial, __u8 value)
{
	bool was = serial->fcr & UART_FCR_ENABLE_FIFO;
	bool on = value & UART_FCR_ENABLE_FIFO;

	/* The other bits count only together with the enable bit. */
	if (was != on || (on && value & UART_FCR_CLEAR_RCVR))
		clear_fifo(serial);
	serial->fcr = on ? value & (UART_FCR_ENABLE_FIFO |
				    UART_FCR_TRIGGER_MASK) : 0;
}

static void write_ier(struct serial *serial, __u8 value)
{
	/* Enabling it while the transmitter is empty raises the interrupt. */
	if (value & UART_IER_THRI && !(serial->ier & UART_IER_THRI))
		serial->thre = true;
	serial->ier = value & IER_ALL;
}

static void write_mcr(struct serial *serial, __u8 value)
{
	__u8 before = modem_lines(serial), after;

	serial->mcr = value & MCR_ALL;
	after = modem_lines(serial);
	/* Deltas are the line bits moved down; RI counts when it goes off. */
	serial->msr_delta |= (before ^ after) >> 4 &
			     (UART_MSR_DCTS | UART_MSR_DDSR | UART_MSR_DDCD);
	if (before & ~after & UART_MSR_RI)
		serial->msr_delta |= UART_MSR_TERI;
	told_room(serial);
}

static __u8 read_iir(struct serial *serial)
{
	__u8 id = interrupt_id(serial);

	/* Reading it is what acknowledges this one. */
	if (id == UART_IIR_THRI)
		serial->thre = false;
	return serial->fcr & UART_FCR_ENABLE_FIFO ? id | IIR_FIFOS : id;
}

static __u8 read_lsr(struct serial *serial)
{
	__u8 lsr = line_status(serial);

	serial->lsr = 0;
	if (serial->count)
		serial->fifo[serial->head] &= ~SERIAL_BREAK;
	return lsr;
}

static __u8 read_msr(struct serial *serial)
{
	__u8 msr = modem_lines(serial) | serial->msr_delta;

	serial->msr_delta = 0;
	return msr;
}

static __u8 read_register(struct serial *serial, unsigned int reg)
{
	bool dlab = serial->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_RX:
		return dlab ? serial->divisor & 0xff : pop(serial);
	case UART_IER:
		return dlab ? serial->divisor >> 8 : serial->ier;
	case UART_IIR:
		return read_iir(serial);
	case UART_LCR:
		return serial->lcr;
	case UART_MCR:
		return serial->mcr;
	case UART_LSR:
		return read_lsr(serial);
	case UART_MSR:
		return read_msr(serial);
	default:
		return serial->scratch;
	}
}

static void write_register(struct serial *serial, unsigned int reg, __u8 value)
{
	bool dlab = serial->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_TX:
		if (dlab)
			serial->divisor = (serial->divisor & 0xff00) | value;
		else
			load_transmitter(serial, value);
		break;
	case UART_IER:
		if (dlab)
			serial->divisor = (serial->divisor & 0xff) | value << 8;
		else
			write_ier(serial, value);
		break;
	case UART_FCR:
		write_fcr(serial, value);
		break;
	case UART_LCR:
		serial->lcr = value;
		break;
	case UART_MCR:
		write_mcr(serial, value);
		break;
	case UART_SCR:
		serial->scratch = value;
		break;
	default:
		/* LSR and MSR are for reading; writing is for factory tests. */
		break;
	}
}

/**
 * serial_init() - make a serial port in its state after reset
 * @serial: the port
 * @ops: the other end; it must outlive the port
 * @opaque: given to @ops
 *
 * A terminal is there and ready: CTS, DSR and DCD are on.
 */
void serial_init(struct serial *serial, const struct serial_ops *ops,
		 void *opaque)
{
	memset(serial, 0, sizeof(*serial));
	pthread_mutex_init(&serial->order, NULL);
	pthread_mutex_init(&serial->lock, NULL);
	serial->ops = ops;
	serial->opaque = opaque;
	/* The data sheet leaves it open; firmware would leave 9600 baud. */
	serial->divisor = 12;
	serial->lines = UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD;
}

/**
 * serial_destroy() - undo serial_init()
 * @serial: the port; no thread uses it any more
 */
void serial_destroy(struct serial *serial)
{
	pthread_mutex_destroy(&serial->lock);
	pthread_mutex_destroy(&serial->order);
}

/**
 * serial_read() - read a register
 * @serial: the port
 * @reg: its number, 0 to 7
 *
 * Return: its value.
 */
__u8 serial_read(struct serial *serial, unsigned int reg)
{
	__u8 value;

	pthread_mutex_lock(&serial->lock);
	value = read_register(serial, reg);
	update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
	return value;
}

static bool leaves(struct serial *serial, unsigned int reg)
{
	bool yes;

	pthread_mutex_lock(&serial->lock);
	yes = reg == UART_TX && !(serial->lcr & UART_LCR_DLAB) && !loop(serial);
	pthread_mutex_unlock(&serial->lock);
	return yes && serial->ops->send;
}

/**
 * serial_write() - write a register
 * @serial: the port
 * @reg: its number, 0 to 7
 * @value: the value
 *
 * A byte that leaves has left when this returns, and only then the transmitter
 * is empty again: whoever reads slowly slows down the guest.  Meanwhile the
 * other registers, and the line towards the guest, work.
 */
void serial_write(struct serial *serial, unsigned int reg, __u8 value)
{
	if (reg == UART_TX)
		pthread_mutex_lock(&serial->order);
	if (leaves(serial, reg))
		serial->ops->send(serial->opaque, value);
	pthread_mutex_lock(&serial->lock);
	write_register(serial, reg, value);
	update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
	if (reg == UART_TX)
		pthread_mutex_unlock(&serial->order);
}

/**
 * serial_room() - how many bytes the port can take now without losing any
 * @serial: the port
 *
 * Return: bytes; 0 in loopback, where the line is disconnected.
 */
size_t serial_room(struct serial *serial)
{
	size_t room = 0;

	pthread_mutex_lock(&serial->lock);
	if (!loop(serial))
		room = depth(serial) - serial->count;
	pthread_mutex_unlock(&serial->lock);
	return room;
}

/**
 * serial_receive() - bytes arrive for the guest
 * @serial: the port
 * @bytes: the bytes
 * @nr: how many
 *
 * Return: how many were taken; the caller keeps the rest until &serial_ops.room.
 */
size_t serial_receive(struct serial *serial, const __u8 *bytes, size_t nr)
{
	size_t i;

	pthread_mutex_lock(&serial->lock);
	for (i = 0; i < nr; i++) {
		if (loop(serial) || serial->count >= depth(serial))
			break;
		push(serial, bytes[i]);
	}
	update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
	return i;
}

/**
 * serial_break() - a break arrives for the guest
 * @serial: the port
 *
 * Return: whether there was room for it.
 */
bool serial_break(struct serial *serial)
{
	bool taken;

	pthread_mutex_lock(&serial->lock);
	taken = !loop(serial) && serial->count < depth(serial);
	if (taken)
		push(serial, SERIAL_BREAK);
	update_irq(serial);
	pthread_mutex_unlock(&serial->lock);
	return taken;
}

static __u64 bus_serial_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)bytes;
	return serial_read(device, offset);
}

static void bus_serial_write(void *device, __u64 offset, unsigned int bytes,
			     __u64 value)
{
	(void)bytes;
	serial_write(device, offset, value);
}

/**
 * serial_attach() - put the port on a bus
 * @serial: the port
 * @ports: the bus
 * @first: its first address; it takes SERIAL_PORTS
 *
 * Return: as bus_add().
 */
int serial_attach(struct serial *serial, struct bus *ports, __u64 first)
{
	static const struct bus_ops ops = {
		.read = bus_serial_read,
		.write = bus_serial_write,
		.width = 1,
	};

	return bus_add(ports, first, SERIAL_PORTS, &ops, serial);
}
