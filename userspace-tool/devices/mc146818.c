// SPDX-License-Identifier: GPL-2.0
/*
 * The MC146818 real-time clock, after Motorola's data sheet, and CMOS memory.
 *
 * The time is the host's UTC plus an offset that the guest's settings make, so
 * it follows the host's clock where that is corrected.  Nothing moves by itself:
 * flags are brought up to date when somebody looks, and a timer runs only while
 * an interrupt is enabled and none is pending.  The interrupt stays until
 * register C is read, so further flags cannot change it.
 */
#include <stdint.h>
#include <time.h>

#include "bus.h"
#include "mc146818.h"

enum {
	SECONDS = 0,
	SECONDS_ALARM = 1,
	MINUTES = 2,
	MINUTES_ALARM = 3,
	HOURS = 4,
	HOURS_ALARM = 5,
	WEEKDAY = 6,
	DAY = 7,
	MONTH = 8,
	YEAR = 9,
	REG_A = 10,
	REG_B = 11,
	REG_C = 12,
	REG_D = 13,
};

#define A_UPDATE	0x80	/* UIP */
#define A_DIVIDER	0x70
#define A_RESET		0x60	/* divider held in reset: 11x */
#define A_32768_HZ	0x20
#define A_RATE		0x0f
#define A_1024_HZ	0x06

#define B_SET		0x80
#define B_UPDATE	0x10
#define B_BINARY	0x04
#define B_24_HOURS	0x02

/* In C as flags, in B as enables. */
#define PERIODIC	0x40
#define ALARM		0x20
#define ENDED		0x10
#define FLAGS		(PERIODIC | ALARM | ENDED)
#define C_REQUEST	0x80

#define D_VALID		0x80	/* the battery is good */

#define HOURS_PM	0x80
#define DONT_CARE	0xc0

#define INDEX_MASK	0x7f	/* bit 7 of the index port masks NMI */

/* CMOS memory; sizes are little-endian. */
#define BASE_KIB	0x15
#define EXTENDED_KIB	0x17
#define EXTENDED_KIB2	0x30
#define ABOVE_16M_64KIB	0x34
#define ABOVE_4G_64KIB	0x5b
#define BOOT_THIRD	0x38
#define BOOT_FIRST_TWO	0x3d

#define SECOND		((__s64)CLOCK_NS_PER_S)
#define DAY_SECONDS	86400
#define CYCLE		((__s64)146097 * DAY_SECONDS)	/* 400 years */
#define NEVER		INT64_MAX
#define HZ		32768
/*
 * How long UIP announces an update: 244 us before it, and 1984 us that it lasts
 * with a crystal of 32,768 Hz (data sheet, "Update Cycle").
 */
#define UPDATE_NS	2228000
/* The first update comes so long after the divider was released. */
#define RELEASE_NS	500000000

static __s64 floor_div(__s64 value, __s64 by)
{
	return value / by - (value % by < 0);
}

static __s64 floor_mod(__s64 value, __s64 by)
{
	return value - floor_div(value, by) * by;
}

/* Nanoseconds of the guest's time since 1970. */
static __s64 guest_ns(const struct mc146818 *rtc)
{
	return (__s64)clock_wall_ns(rtc->clock) + rtc->offset;
}

static bool divides(const struct mc146818 *rtc)
{
	return (rtc->bytes[REG_A] & A_RESET) != A_RESET;
}

/* Whether the time moves; else it is what was written. */
static bool runs(const struct mc146818 *rtc)
{
	return divides(rtc) && !(rtc->bytes[REG_B] & B_SET);
}

static __u8 encode(const struct mc146818 *rtc, unsigned int value)
{
	if (rtc->bytes[REG_B] & B_BINARY)
		return value;
	return value / 10 << 4 | value % 10;
}

static unsigned int decode(const struct mc146818 *rtc, __u8 byte)
{
	if (rtc->bytes[REG_B] & B_BINARY)
		return byte;
	return (byte >> 4) * 10 + (byte & 15);
}

static __u8 encode_hour(const struct mc146818 *rtc, unsigned int hour)
{
	if (rtc->bytes[REG_B] & B_24_HOURS)
		return encode(rtc, hour);
	return encode(rtc, hour % 12 ? hour % 12 : 12) |
		(hour >= 12 ? HOURS_PM : 0);
}

static unsigned int decode_hour(const struct mc146818 *rtc, __u8 byte)
{
	if (rtc->bytes[REG_B] & B_24_HOURS)
		return decode(rtc, byte);
	return decode(rtc, byte & ~HOURS_PM) % 12 + (byte & HOURS_PM ? 12 : 0);
}

/* Write the time into its bytes. */
static void store_time(struct mc146818 *rtc)
{
	time_t second = floor_div(guest_ns(rtc), SECOND);
	unsigned int year;
	struct tm tm;

	gmtime_r(&second, &tm);
	year = tm.tm_year + 1900;
	rtc->bytes[SECONDS] = encode(rtc, tm.tm_sec);
	rtc->bytes[MINUTES] = encode(rtc, tm.tm_min);
	rtc->bytes[HOURS] = encode_hour(rtc, tm.tm_hour);
	rtc->bytes[WEEKDAY] = (tm.tm_wday + rtc->weekday) % 7 + 1;
	rtc->bytes[DAY] = encode(rtc, tm.tm_mday);
	rtc->bytes[MONTH] = encode(rtc, tm.tm_mon + 1);
	rtc->bytes[YEAR] = encode(rtc, year % 100);
	rtc->bytes[MC146818_CENTURY] = encode(rtc, year / 100);
}

/*
 * The second that the bytes of the time say.  Nonsense gives some other time,
 * and a year far away the same day of another one: 400 years are a whole number
 * of weeks, and nanoseconds do not reach further.
 */
static __s64 load_time(struct mc146818 *rtc)
{
	const __u8 *bytes = rtc->bytes;
	struct tm tm = {
		.tm_sec = decode(rtc, bytes[SECONDS]),
		.tm_min = decode(rtc, bytes[MINUTES]),
		.tm_hour = decode_hour(rtc, bytes[HOURS]),
		.tm_mday = decode(rtc, bytes[DAY]),
		.tm_mon = (int)decode(rtc, bytes[MONTH]) - 1,
		.tm_year = decode(rtc, bytes[YEAR]) - 1900 +
			   decode(rtc, bytes[MC146818_CENTURY]) * 100,
	};
	__s64 second = timegm(&tm);

	rtc->weekday = floor_mod(bytes[WEEKDAY] - 1 - tm.tm_wday, 7);
	return floor_mod(second + CYCLE / 2, CYCLE) - CYCLE / 2;
}

/* Take the time from its bytes; the part of a second goes on. */
static void take_time(struct mc146818 *rtc)
{
	__s64 wall = clock_wall_ns(rtc->clock);
	__s64 part = floor_mod(wall + rtc->offset, SECOND);

	rtc->second = load_time(rtc);
	rtc->offset = rtc->second * SECOND + part - wall;
}

/* Ticks of a periodic interrupt, 0 none; data sheet, "Periodic Interrupt Rate". */
static unsigned int period_ticks(const struct mc146818 *rtc)
{
	unsigned int rate = rtc->bytes[REG_A] & A_RATE;

	if (!rate)
		return 0;
	return 1 << (rate < 3 ? rate + 6 : rate - 1);
}

/* Periods divide seconds, so they are counted within them. */
static __s64 period_at(const struct mc146818 *rtc, __s64 ns)
{
	unsigned int ticks = period_ticks(rtc);
	__s64 second = floor_div(ns, SECOND);

	if (!ticks)
		return 0;
	return second * (HZ / ticks) +
		(__s64)clock_ticks(ns - second * SECOND, HZ) / ticks;
}

static __s64 period_ns(const struct mc146818 *rtc, __s64 period)
{
	__s64 each = HZ / period_ticks(rtc);
	__s64 second = floor_div(period, each);

	return second * SECOND +
		(__s64)clock_ticks_ns((period - second * each) *
				      period_ticks(rtc), HZ);
}

static bool matches(__u8 alarm, __u8 byte)
{
	return (alarm & DONT_CARE) == DONT_CARE || alarm == byte;
}

/* Whether an alarm byte is one that some time has; else the search is long. */
static bool possible(const struct mc146818 *rtc, unsigned int index,
		     unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (matches(rtc->bytes[index], index == HOURS_ALARM ?
			    encode_hour(rtc, i) : encode(rtc, i)))
			return true;
	return false;
}

/* The first second after @second at which the alarm goes off, or NEVER. */
static __s64 next_alarm(const struct mc146818 *rtc, __s64 second)
{
	__s64 at = second + 1;

	if (!possible(rtc, HOURS_ALARM, 24) ||
	    !possible(rtc, MINUTES_ALARM, 60) ||
	    !possible(rtc, SECONDS_ALARM, 60))
		return NEVER;
	while (at <= second + DAY_SECONDS) {
		unsigned int time = floor_mod(at, DAY_SECONDS);

		if (!matches(rtc->bytes[HOURS_ALARM],
			     encode_hour(rtc, time / 3600)))
			at += 3600 - time % 3600;
		else if (!matches(rtc->bytes[MINUTES_ALARM],
				  encode(rtc, time / 60 % 60)))
			at += 60 - time % 60;
		else if (!matches(rtc->bytes[SECONDS_ALARM],
				  encode(rtc, time % 60)))
			at++;
		else
			return at;
	}
	return NEVER;
}

static void update_irq(struct mc146818 *rtc)
{
	__u8 *flags = &rtc->bytes[REG_C];
	bool before = *flags & C_REQUEST;
	bool now = *flags & rtc->bytes[REG_B] & FLAGS;

	*flags = (*flags & FLAGS) | (now ? C_REQUEST : 0);
	if (now != before)
		irq_set(&rtc->irq, now);
}

/* Set the flags for what has happened since the last time. */
static void advance(struct mc146818 *rtc)
{
	__s64 now = guest_ns(rtc), second = floor_div(now, SECOND);
	__u8 *flags = &rtc->bytes[REG_C];

	if (divides(rtc)) {
		__s64 period = period_at(rtc, now);

		if (period != rtc->period)
			*flags |= PERIODIC;
		rtc->period = period;
	}
	if (runs(rtc) && second != rtc->second) {
		*flags |= ENDED;
		if (next_alarm(rtc, rtc->second) <= second)
			*flags |= ALARM;
		rtc->second = second;
	}
	update_irq(rtc);
}

/* Let the timer run out when the next flag is set that makes an interrupt. */
static void arm(struct mc146818 *rtc)
{
	__s64 now = guest_ns(rtc), next = NEVER, at;
	__u8 enabled = rtc->bytes[REG_B];

	if (rtc->bytes[REG_C] & C_REQUEST)
		enabled = 0;
	if (enabled & PERIODIC && divides(rtc) && period_ticks(rtc))
		next = period_ns(rtc, rtc->period + 1);
	if (enabled & ENDED && runs(rtc) && next > (rtc->second + 1) * SECOND)
		next = (rtc->second + 1) * SECOND;
	if (enabled & ALARM && runs(rtc)) {
		at = next_alarm(rtc, rtc->second);
		if (at != NEVER && next > at * SECOND)
			next = at * SECOND;
	}
	if (next == NEVER)
		timer_cancel(&rtc->timer);
	else
		timer_arm(&rtc->timer, clock_ns(rtc->clock) +
			  (next > now ? next - now : 0));
}

static void expire(void *opaque)
{
	struct mc146818 *rtc = opaque;

	pthread_mutex_lock(&rtc->lock);
	advance(rtc);
	arm(rtc);
	pthread_mutex_unlock(&rtc->lock);
}

/* Write register A or B: either can stop the time and let it go on. */
static void write_control(struct mc146818 *rtc, unsigned int index, __u8 value)
{
	bool divided = divides(rtc), ran = runs(rtc);

	if (ran)
		store_time(rtc);
	if (index == REG_A)
		value &= ~A_UPDATE;
	else if (value & ~rtc->bytes[REG_B] & B_SET)
		value &= ~B_UPDATE;
	rtc->bytes[index] = value;
	if (divides(rtc) && !divided)
		rtc->offset += RELEASE_NS - floor_mod(guest_ns(rtc), SECOND);
	if (runs(rtc) && !ran)
		take_time(rtc);
	rtc->period = period_at(rtc, guest_ns(rtc));
	update_irq(rtc);
}

static void write_time(struct mc146818 *rtc, unsigned int index, __u8 value)
{
	if (runs(rtc))
		store_time(rtc);
	rtc->bytes[index] = value;
	if (runs(rtc))
		take_time(rtc);
}

static void write_byte(struct mc146818 *rtc, unsigned int index, __u8 value)
{
	switch (index) {
	case SECONDS:
	case MINUTES:
	case HOURS:
	case WEEKDAY:
	case DAY:
	case MONTH:
	case YEAR:
	case MC146818_CENTURY:
		write_time(rtc, index, value);
		break;
	case REG_A:
	case REG_B:
		write_control(rtc, index, value);
		break;
	case REG_C:
	case REG_D:
		break;
	default:
		rtc->bytes[index] = value;
	}
}

static __u8 read_byte(struct mc146818 *rtc, unsigned int index)
{
	__u8 value;

	switch (index) {
	case REG_A:
		value = rtc->bytes[REG_A];
		if (runs(rtc) && floor_mod(guest_ns(rtc), SECOND) >=
				 SECOND - UPDATE_NS)
			value |= A_UPDATE;
		return value;
	case REG_C:
		value = rtc->bytes[REG_C];
		rtc->bytes[REG_C] &= ~FLAGS;
		update_irq(rtc);
		return value;
	case REG_D:
		return D_VALID;
	default:
		if (runs(rtc))
			store_time(rtc);
		return rtc->bytes[index];
	}
}

/**
 * mc146818_load() - read a byte, as the guest does
 * @rtc: the clock
 * @index: 0 to 127
 *
 * Return: the byte; reading register C (12) ends its interrupt.
 */
__u8 mc146818_load(struct mc146818 *rtc, unsigned int index)
{
	__u8 value;

	index &= INDEX_MASK;
	pthread_mutex_lock(&rtc->lock);
	advance(rtc);
	value = read_byte(rtc, index);
	if (index == REG_C)
		arm(rtc);
	pthread_mutex_unlock(&rtc->lock);
	return value;
}

/**
 * mc146818_store() - write a byte, as the guest does
 * @rtc: the clock
 * @index: 0 to 127
 * @value: the byte
 */
void mc146818_store(struct mc146818 *rtc, unsigned int index, __u8 value)
{
	index &= INDEX_MASK;
	pthread_mutex_lock(&rtc->lock);
	advance(rtc);
	write_byte(rtc, index, value);
	if (index <= REG_D || index == MC146818_CENTURY)
		arm(rtc);
	pthread_mutex_unlock(&rtc->lock);
}

static void store_size(struct mc146818 *rtc, unsigned int index,
		       unsigned int bytes, __u64 value)
{
	__u64 most = (1ULL << bytes * 8) - 1;
	unsigned int i;

	if (value > most)
		value = most;
	for (i = 0; i < bytes; i++)
		mc146818_store(rtc, index + i, value >> i * 8);
}

/**
 * mc146818_set_memory() - tell firmware how much memory there is
 * @rtc: the clock
 * @below_4g: bytes from address 0 on
 * @above_4g: bytes from 4 GiB on, as QEMU tells SeaBIOS
 *
 * What a field cannot hold is cut off to the most it can.
 */
void mc146818_set_memory(struct mc146818 *rtc, __u64 below_4g, __u64 above_4g)
{
	__u64 kib = below_4g >> 10;
	__u64 extended = kib > 1024 ? kib - 1024 : 0;
	__u64 above = kib > 16384 ? (kib - 16384) / 64 : 0;

	store_size(rtc, BASE_KIB, 2, kib < 640 ? kib : 640);
	store_size(rtc, EXTENDED_KIB, 2, extended);
	store_size(rtc, EXTENDED_KIB2, 2, extended);
	store_size(rtc, ABOVE_16M_64KIB, 2, above);
	store_size(rtc, ABOVE_4G_64KIB, 3, above_4g >> 16);
}

/**
 * mc146818_set_boot() - tell SeaBIOS what to boot from
 * @rtc: the clock
 * @order: what to try, in this order
 */
void mc146818_set_boot(struct mc146818 *rtc, const enum mc146818_boot order[3])
{
	mc146818_store(rtc, BOOT_FIRST_TWO, order[0] | order[1] << 4);
	mc146818_store(rtc, BOOT_THIRD, order[2] << 4);
}

/* The index cannot be read back. */
static __u64 bus_mc146818_read(void *device, __u64 offset, unsigned int bytes)
{
	struct mc146818 *rtc = device;
	__u8 index;

	(void)bytes;
	if (!offset)
		return 0xff;
	pthread_mutex_lock(&rtc->lock);
	index = rtc->index;
	pthread_mutex_unlock(&rtc->lock);
	return mc146818_load(rtc, index);
}

static void bus_mc146818_write(void *device, __u64 offset, unsigned int bytes,
			       __u64 value)
{
	struct mc146818 *rtc = device;
	__u8 index;

	(void)bytes;
	pthread_mutex_lock(&rtc->lock);
	if (!offset)
		rtc->index = value & INDEX_MASK;
	index = rtc->index;
	pthread_mutex_unlock(&rtc->lock);
	if (offset)
		mc146818_store(rtc, index, value);
}

/**
 * mc146818_init() - make a clock that shows the host's UTC
 * @rtc: the clock
 * @clock: the host's clocks
 * @irq: its interrupt output
 */
void mc146818_init(struct mc146818 *rtc, struct clock *clock,
		   struct irq_pin irq)
{
	*rtc = (struct mc146818){ .clock = clock, .irq = irq };
	rtc->bytes[REG_A] = A_32768_HZ | A_1024_HZ;
	rtc->bytes[REG_B] = B_24_HOURS;
	rtc->second = floor_div(guest_ns(rtc), SECOND);
	rtc->period = period_at(rtc, guest_ns(rtc));
	pthread_mutex_init(&rtc->lock, NULL);
	timer_init(&rtc->timer, clock, expire, rtc);
}

/**
 * mc146818_destroy() - stop a clock
 * @rtc: the clock; before &mc146818.clock is destroyed
 */
void mc146818_destroy(struct mc146818 *rtc)
{
	timer_destroy(&rtc->timer);
	pthread_mutex_destroy(&rtc->lock);
}

/**
 * mc146818_attach() - put a clock on a bus
 * @rtc: the clock
 * @ports: the bus
 *
 * Return: as bus_add().
 */
int mc146818_attach(struct mc146818 *rtc, struct bus *ports)
{
	static const struct bus_ops ops = {
		.read = bus_mc146818_read,
		.write = bus_mc146818_write,
		.width = 1,
	};

	return bus_add(ports, MC146818_PORT, 2, &ops, rtc);
}
