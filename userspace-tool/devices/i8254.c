// SPDX-License-Identifier: GPL-2.0
/*
 * The 8254 programmable interval timer, after Intel's data sheet.
 *
 * Nothing moves by itself: what a counter shows is computed from the clock when
 * somebody looks.  Only the output of counter 0, an interrupt, needs a timer,
 * and only while somebody would see its next edge.
 *
 * An interrupt is the rising edge of the output.  Its level is not lowered at
 * the falling edges of modes 2 to 5 but just before the next rising one: a host
 * that is late would otherwise take requests back that the guest could not serve
 * in time.  Edges that the host was too late for are lost, not made up for.
 */
#include "bus.h"
#include "i8254.h"

/* Control word. */
#define CONTROL_COUNTER(value)	((value) >> 6)
#define CONTROL_READ_BACK	3
#define CONTROL_ACCESS(value)	((value) >> 4 & 3)
#define CONTROL_KEPT		0x3f
#define CONTROL_BCD		0x01

/* Access modes; 0 is the counter latch command. */
#define ACCESS_LATCH		0
#define ACCESS_LOW		1
#define ACCESS_HIGH		2
#define ACCESS_BOTH		3

/* Read-back command: what is latched where the bit is 0. */
#define READ_BACK_NO_COUNT	0x20
#define READ_BACK_NO_STATUS	0x10

#define STATUS_OUT		0x80
#define STATUS_NULL_COUNT	0x40

#define PORT_B_GATE		0x01
#define PORT_B_WRITABLE		0x0f
#define PORT_B_REFRESH		0x10
#define PORT_B_OUT		0x20
/* Memory refresh on a PC: each 18 ticks of the same input clock. */
#define REFRESH_TICKS		18

#define QUIET_TICKS		((__s64)I8254_MIN_NS * I8254_HZ / 1000000000 + 1)
#define NEVER			(-1)

static unsigned int mode(const struct i8254_counter *counter)
{
	unsigned int value = counter->control >> 1 & 7;

	return value > 5 ? value & 3 : value;
}

/* Modes 2 and 3 begin anew when the count is over. */
static bool is_periodic(const struct i8254_counter *counter)
{
	return mode(counter) == 2 || mode(counter) == 3;
}

/* Modes 1 and 5 begin with a rising gate alone. */
static bool is_triggered(const struct i8254_counter *counter)
{
	return mode(counter) == 1 || mode(counter) == 5;
}

static __u32 modulus(const struct i8254_counter *counter)
{
	return counter->control & CONTROL_BCD ? 10000 : 65536;
}

/* Ticks since the count was loaded; negative: it will be with the next tick. */
static __s64 elapsed(const struct i8254_counter *counter, __s64 now)
{
	return counter->counting ? now - counter->start : counter->frozen;
}

/* In mode 3 the output is high for so many ticks of a count. */
static __s64 high_ticks(__u32 count)
{
	return (count + 1) / 2;
}

/* The output at a tick; data sheet, "Mode Definitions". */
static bool output(const struct i8254_counter *counter, __s64 now)
{
	__s64 e = elapsed(counter, now), n = counter->count;

	if (!counter->written)
		return mode(counter) != 0;
	if (mode(counter) != 0 && e < 0)
		return true;
	switch (mode(counter)) {
	case 0:
		return e >= n;
	case 1:
		return !counter->counting || e >= n;
	case 2:
		return !counter->counting || n == 1 || e % n != n - 1;
	case 3:
		return !counter->counting || e % n < high_ticks(n);
	default:
		return e != n || (is_triggered(counter) && !counter->counting);
	}
}

/* Mode 3 counts down by two, an odd count from one less. */
static __s64 square_value(__s64 e, __s64 n)
{
	__s64 phase = e % n;

	if (phase >= high_ticks(n))
		phase -= high_ticks(n);
	return (n & ~1) - 2 * phase;
}

static __u16 to_bcd(__u32 value)
{
	return value / 1000 % 10 << 12 | value / 100 % 10 << 8 |
		value / 10 % 10 << 4 | value % 10;
}

/* The counting element as the guest reads it. */
static __u16 value_at(const struct i8254_counter *counter, __s64 now)
{
	__s64 e = elapsed(counter, now), n = counter->count;
	__s64 wrap = modulus(counter), value;

	if (e < 0 || !n)
		value = n;
	else if (mode(counter) == 2)
		value = n - e % n;
	else if (mode(counter) == 3)
		value = square_value(e, n);
	else
		value = ((n - e) % wrap + wrap) % wrap;
	value %= wrap;
	return counter->control & CONTROL_BCD ? to_bcd(value) : value;
}

/* A count that was written while another one ran takes its place. */
static void settle(struct i8254_counter *counter, __s64 now)
{
	if (!counter->switching || now < counter->switch_at)
		return;
	counter->count = counter->next;
	counter->start = counter->switch_start;
	counter->next = 0;
	counter->switching = false;
}

/* Load the counting element with the next tick. */
static void load(struct i8254_counter *counter, __s64 now)
{
	if (counter->next)
		counter->count = counter->next;
	counter->next = 0;
	counter->switching = false;
	counter->start = now + 1;
	counter->frozen = 0;
	counter->counting = counter->gate || is_triggered(counter);
}

/*
 * In modes 2 and 3 a new count waits for the end of the current cycle, in mode
 * 3 of the half-cycle: the new low half then follows the old high one.
 */
static void schedule(struct i8254_counter *counter, __s64 now)
{
	__s64 e = elapsed(counter, now), n = counter->count;
	__s64 begin = now - e % n;

	counter->switching = true;
	if (mode(counter) == 3 && e % n < high_ticks(n)) {
		counter->switch_at = begin + high_ticks(n);
		counter->switch_start = counter->switch_at -
					high_ticks(counter->next);
	} else {
		counter->switch_at = begin + n;
		counter->switch_start = counter->switch_at;
	}
}

/* A count is complete. */
static void write_count(struct i8254_counter *counter, __u16 raw, __s64 now)
{
	bool first = !counter->written;
	__u32 count = raw;

	if (counter->control & CONTROL_BCD)
		count = (raw >> 12) * 1000 + (raw >> 8 & 15) * 100 +
			(raw >> 4 & 15) * 10 + (raw & 15);
	count %= modulus(counter);
	counter->next = count ? count : modulus(counter);
	counter->written = true;
	if (is_triggered(counter))
		return;
	if (!is_periodic(counter) || first ||
	    (counter->counting && elapsed(counter, now) < 0))
		load(counter, now);
	else if (counter->counting)
		schedule(counter, now);
}

/* In mode 0 the first of two bytes stops the count and lowers the output. */
static void write_low(struct i8254_counter *counter, __u8 value, __s64 now)
{
	counter->low = value;
	counter->write_high = true;
	if (mode(counter) != 0)
		return;
	counter->frozen = elapsed(counter, now);
	counter->counting = false;
	counter->written = false;
}

static void write_byte(struct i8254_counter *counter, __u8 value, __s64 now)
{
	switch (CONTROL_ACCESS(counter->control)) {
	case ACCESS_LOW:
		write_count(counter, value, now);
		break;
	case ACCESS_HIGH:
		write_count(counter, value << 8, now);
		break;
	case ACCESS_BOTH:
		if (!counter->write_high) {
			write_low(counter, value, now);
			break;
		}
		counter->write_high = false;
		write_count(counter, value << 8 | counter->low, now);
		break;
	}
}

static __u8 read_byte(struct i8254_counter *counter, __s64 now)
{
	unsigned int access = CONTROL_ACCESS(counter->control);
	bool high = access == ACCESS_HIGH ||
		    (access == ACCESS_BOTH && counter->read_high);
	__u16 value;

	if (counter->status_latched) {
		counter->status_latched = false;
		return counter->status;
	}
	value = counter->latched ? counter->latch : value_at(counter, now);
	if (access == ACCESS_BOTH)
		counter->read_high = !high;
	if (access != ACCESS_BOTH || high)
		counter->latched = false;
	return high ? value >> 8 : value;
}

static void latch_count(struct i8254_counter *counter, __s64 now)
{
	if (counter->latched)
		return;
	counter->latched = true;
	counter->latch = value_at(counter, now);
}

static void latch_status(struct i8254_counter *counter, __s64 now)
{
	bool null = !counter->written || counter->next ||
		    elapsed(counter, now) < 0;

	if (counter->status_latched)
		return;
	counter->status_latched = true;
	counter->status = (output(counter, now) ? STATUS_OUT : 0) |
			  (null ? STATUS_NULL_COUNT : 0) | counter->control;
}

static void set_mode(struct i8254_counter *counter, __u8 control)
{
	*counter = (struct i8254_counter){
		.control = control & CONTROL_KEPT, .gate = counter->gate,
	};
}

/* Data sheet, "Gate Pin Operations Summary". */
static void set_gate(struct i8254_counter *counter, bool gate, __s64 now)
{
	bool rises = gate && !counter->gate;
	bool falls = !gate && counter->gate;

	counter->gate = gate;
	if (!counter->written)
		return;
	if (rises && (is_triggered(counter) || is_periodic(counter))) {
		load(counter, now);
	} else if (rises) {
		counter->start = now - counter->frozen;
		counter->counting = true;
	} else if (falls && !is_triggered(counter)) {
		counter->frozen = elapsed(counter, now);
		if (counter->frozen < 0)
			counter->frozen = 0;
		counter->counting = false;
		counter->switching = false;
	}
}

/* Ticks from the load to the first rising edge of the output. */
static __s64 edge_ticks(const struct i8254_counter *counter)
{
	return counter->count + (mode(counter) >= 4);
}

/* Counts of 1 are illegal in modes 2 and 3, and give no edges. */
static bool has_edges(const struct i8254_counter *counter)
{
	return counter->written && counter->counting &&
		!(is_periodic(counter) && counter->count == 1);
}

/* The last rising edge up to @now, or NEVER. */
static __s64 last_edge(const struct i8254_counter *counter, __s64 now)
{
	__s64 e = elapsed(counter, now), n = edge_ticks(counter);

	if (!has_edges(counter) || e < n)
		return NEVER;
	return counter->start + (is_periodic(counter) ? e / n * n : n);
}

/* The next one after @now, or NEVER. */
static __s64 next_edge(const struct i8254_counter *counter, __s64 now)
{
	__s64 e = elapsed(counter, now), n = edge_ticks(counter);

	if (!has_edges(counter))
		return NEVER;
	if (e < n)
		return counter->start + n;
	return is_periodic(counter) ? counter->start + (e / n + 1) * n : NEVER;
}

static __s64 tick(const struct i8254 *pit)
{
	return clock_ticks(clock_ns(pit->clock) - pit->epoch, I8254_HZ);
}

/*
 * Pass an edge on, if it is a new one that somebody sees.  One that comes too
 * early waits: the timer runs out when it may.
 */
static void pass_edge(struct i8254 *pit, __s64 edge, __s64 now)
{
	if (edge <= pit->edge || now < pit->quiet)
		return;
	pit->edge = edge;
	if (!irq_seen(&pit->irq))
		return;
	pit->quiet = now + QUIET_TICKS;
	irq_set(&pit->irq, false);
	irq_set(&pit->irq, true);
}

/*
 * Bring everything up to @now.  The last edge of a count that is replaced on the
 * way is known to that count alone.
 */
static void advance(struct i8254 *pit, __s64 now)
{
	struct i8254_counter *counter = &pit->counter[0];

	if (counter->switching && now >= counter->switch_at)
		pass_edge(pit, last_edge(counter, counter->switch_at), now);
	settle(counter, now);
	pass_edge(pit, last_edge(counter, now), now);
	settle(&pit->counter[1], now);
	settle(&pit->counter[2], now);
}

/* Let the timer run out at the next edge, or where the next count begins. */
static void arm(struct i8254 *pit, __s64 now)
{
	const struct i8254_counter *counter = &pit->counter[0];
	__s64 next = next_edge(counter, now);

	if (counter->switching && (next > counter->switch_at || next == NEVER))
		next = counter->switch_at;
	if (next != NEVER && next < pit->quiet)
		next = pit->quiet;
	pit->armed = next != NEVER && irq_seen(&pit->irq);
	if (pit->armed)
		timer_arm(&pit->timer,
			  pit->epoch + clock_ticks_ns(next, I8254_HZ));
	else
		timer_cancel(&pit->timer);
}

static void expire(void *opaque)
{
	struct i8254 *pit = opaque;
	__s64 now;

	pthread_mutex_lock(&pit->lock);
	now = tick(pit);
	advance(pit, now);
	arm(pit, now);
	pthread_mutex_unlock(&pit->lock);
}

/**
 * i8254_ready() - edges of counter 0's output may count again
 * @opaque: the timer; so this function can be given to irqchip_watch()
 *
 * Edges that nobody saw are gone; the next one is waited for.
 */
void i8254_ready(void *opaque)
{
	struct i8254 *pit = opaque;
	__s64 now;

	pthread_mutex_lock(&pit->lock);
	if (!pit->armed) {
		now = tick(pit);
		pit->edge = now;
		advance(pit, now);
		arm(pit, now);
	}
	pthread_mutex_unlock(&pit->lock);
}

static void read_back(struct i8254 *pit, __u8 value, __s64 now)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!(value >> (i + 1) & 1))
			continue;
		if (!(value & READ_BACK_NO_COUNT))
			latch_count(&pit->counter[i], now);
		if (!(value & READ_BACK_NO_STATUS))
			latch_status(&pit->counter[i], now);
	}
}

/* A count or mode of counter 0 has changed: so may its output and its timer. */
static void changed(struct i8254 *pit, __s64 now)
{
	const struct i8254_counter *counter = &pit->counter[0];

	pit->edge = now;
	if (mode(counter) == 0 || !counter->written)
		irq_set(&pit->irq, output(counter, now));
	arm(pit, now);
}

static void write_control(struct i8254 *pit, __u8 value, __s64 now)
{
	unsigned int i = CONTROL_COUNTER(value);

	if (i == CONTROL_READ_BACK) {
		read_back(pit, value, now);
	} else if (CONTROL_ACCESS(value) == ACCESS_LATCH) {
		latch_count(&pit->counter[i], now);
	} else {
		set_mode(&pit->counter[i], value);
		if (i == 0)
			changed(pit, now);
	}
}

/**
 * i8254_write() - the CPU writes a port
 * @pit: the timer
 * @reg: 0 to 2: a counter, 3: control word
 * @value: what it writes
 */
void i8254_write(struct i8254 *pit, unsigned int reg, __u8 value)
{
	__s64 now;

	pthread_mutex_lock(&pit->lock);
	now = tick(pit);
	advance(pit, now);
	if (reg == 3) {
		write_control(pit, value, now);
	} else {
		write_byte(&pit->counter[reg], value, now);
		if (reg == 0)
			changed(pit, now);
	}
	pthread_mutex_unlock(&pit->lock);
}

/**
 * i8254_read() - the CPU reads a port
 * @pit: the timer
 * @reg: 0 to 2: a counter; 3 has nothing to read
 *
 * Return: what it reads.
 */
__u8 i8254_read(struct i8254 *pit, unsigned int reg)
{
	__u8 value = 0xff;
	__s64 now;

	pthread_mutex_lock(&pit->lock);
	now = tick(pit);
	advance(pit, now);
	if (reg < 3)
		value = read_byte(&pit->counter[reg], now);
	pthread_mutex_unlock(&pit->lock);
	return value;
}

/**
 * i8254_port_b_read() - the CPU reads port 0x61
 * @pit: the timer
 *
 * Return: what was written in bits 3:0, memory refresh in bit 4, the output of
 * counter 2 in bit 5.
 */
__u8 i8254_port_b_read(struct i8254 *pit)
{
	__u8 value;
	__s64 now;

	pthread_mutex_lock(&pit->lock);
	now = tick(pit);
	advance(pit, now);
	value = pit->port_b;
	if (now / REFRESH_TICKS & 1)
		value |= PORT_B_REFRESH;
	if (output(&pit->counter[2], now))
		value |= PORT_B_OUT;
	pthread_mutex_unlock(&pit->lock);
	return value;
}

/**
 * i8254_port_b_write() - the CPU writes port 0x61
 * @pit: the timer
 * @value: bit 0: counter 2's gate; bit 1: the speaker, which nobody hears; bits
 *	2 and 3: error checks that memory here does not have
 */
void i8254_port_b_write(struct i8254 *pit, __u8 value)
{
	__s64 now;

	pthread_mutex_lock(&pit->lock);
	now = tick(pit);
	advance(pit, now);
	pit->port_b = value & PORT_B_WRITABLE;
	set_gate(&pit->counter[2], value & PORT_B_GATE, now);
	pthread_mutex_unlock(&pit->lock);
}

static __u64 bus_i8254_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)bytes;
	return i8254_read(device, offset);
}

static void bus_i8254_write(void *device, __u64 offset, unsigned int bytes,
			    __u64 value)
{
	(void)bytes;
	i8254_write(device, offset, value);
}

static __u64 bus_port_b_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)offset;
	(void)bytes;
	return i8254_port_b_read(device);
}

static void bus_port_b_write(void *device, __u64 offset, unsigned int bytes,
			     __u64 value)
{
	(void)offset;
	(void)bytes;
	i8254_port_b_write(device, value);
}

/**
 * i8254_init() - make a timer
 * @pit: the timer
 * @clock: its time base
 * @irq: where the output of counter 0 goes; whoever wired it calls
 *	i8254_ready() when edges may count again, see irqchip_watch()
 *
 * The data sheet leaves the state at power-up open: here no count is written.
 */
void i8254_init(struct i8254 *pit, struct clock *clock, struct irq_pin irq)
{
	unsigned int i;

	*pit = (struct i8254){
		.clock = clock, .epoch = clock_ns(clock), .irq = irq,
	};
	for (i = 0; i < 3; i++) {
		pit->counter[i].gate = i < 2;
		set_mode(&pit->counter[i], ACCESS_BOTH << 4);
	}
	pthread_mutex_init(&pit->lock, NULL);
	timer_init(&pit->timer, clock, expire, pit);
}

/**
 * i8254_destroy() - stop a timer
 * @pit: the timer; before its clock is destroyed
 */
void i8254_destroy(struct i8254 *pit)
{
	timer_destroy(&pit->timer);
	pthread_mutex_destroy(&pit->lock);
}

/**
 * i8254_attach() - put the timer and port 0x61 on a bus
 * @pit: the timer
 * @ports: the bus
 *
 * Return: as bus_add(); after an error neither is attached.
 */
int i8254_attach(struct i8254 *pit, struct bus *ports)
{
	static const struct bus_ops timer = {
		.read = bus_i8254_read, .write = bus_i8254_write, .width = 1,
	};
	static const struct bus_ops port_b = {
		.read = bus_port_b_read, .write = bus_port_b_write, .width = 1,
	};
	int ret;

	ret = bus_add(ports, I8254_PORT, I8254_PORTS, &timer, pit);
	if (ret)
		return ret;
	ret = bus_add(ports, I8254_PORT_B, 1, &port_b, pit);
	if (ret)
		bus_remove(ports, I8254_PORT);
	return ret;
}
