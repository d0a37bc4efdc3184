// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI's fixed hardware, after the ACPI Specification, chapter "ACPI Hardware
 * Specification".
 *
 * The timer is computed from the clock when somebody reads it.  Its status bit
 * needs one of the machine's timers only while its interrupt is enabled.
 */
#include "acpi_pm.h"
#include "bus.h"

/* PM1 status and enable. */
#define PM1_TIMER		(1 << 0)
#define PM1_GLOBAL		(1 << 5)
#define PM1_POWER_BUTTON	(1 << 8)
#define PM1_SLEEP_BUTTON	(1 << 9)
#define PM1_RTC			(1 << 10)
#define PM1_EVENTS		(PM1_TIMER | PM1_GLOBAL | PM1_POWER_BUTTON | \
				 PM1_SLEEP_BUTTON | PM1_RTC)

/* PM1 control. */
#define CONTROL_SCI		(1 << 0)
#define CONTROL_BM_RLD		(1 << 1)
#define CONTROL_TYPE_SHIFT	10
#define CONTROL_TYPE		(7 << CONTROL_TYPE_SHIFT)
#define CONTROL_SLEEP		(1 << 13)
#define CONTROL_KEPT		(CONTROL_BM_RLD | CONTROL_TYPE)

/* Offsets of the bytes of the registers. */
enum {
	STATUS = 0,
	ENABLE = 2,
	CONTROL = 4,
	TIMER = ACPI_PM_TMR - ACPI_PM_BASE,
};

/* The timer's status is set where its highest bit changes. */
#define HALF_SHIFT		31

/* The reset control register: how, and the bit that does it as it is set. */
#define RESET_CPU		(1 << 2)
#define RESET_KEPT		0x0e

static __u64 timer_ticks(const struct acpi_pm *pm)
{
	return clock_ticks(clock_ns(pm->clock) - pm->epoch, ACPI_PM_TMR_HZ);
}

/* Bring status, interrupt and timer up to date. */
static void update(struct acpi_pm *pm)
{
	__u64 half = timer_ticks(pm) >> HALF_SHIFT;

	if (half != pm->half)
		pm->status |= PM1_TIMER;
	pm->half = half;
	irq_set(&pm->sci, pm->status & pm->enable & PM1_EVENTS);
	if (pm->enable & ~pm->status & PM1_TIMER)
		timer_arm(&pm->timer, pm->epoch +
			  clock_ticks_ns((half + 1) << HALF_SHIFT,
					 ACPI_PM_TMR_HZ));
	else
		timer_cancel(&pm->timer);
}

static void expire(void *opaque)
{
	struct acpi_pm *pm = opaque;

	pthread_mutex_lock(&pm->lock);
	update(pm);
	pthread_mutex_unlock(&pm->lock);
}

/**
 * acpi_pm_power_button() - somebody presses the power button
 * @pm: the fixed hardware
 *
 * A guest that listens to the SCI switches itself off.
 */
void acpi_pm_power_button(struct acpi_pm *pm)
{
	pthread_mutex_lock(&pm->lock);
	pm->status |= PM1_POWER_BUTTON;
	update(pm);
	pthread_mutex_unlock(&pm->lock);
}

/* The registers before the timer, as bytes in their order. */
static __u64 registers(const struct acpi_pm *pm)
{
	return pm->status | (__u64)pm->enable << ENABLE * 8 |
		(__u64)(pm->control | CONTROL_SCI) << CONTROL * 8;
}

static __u64 bus_acpi_pm_read(void *device, __u64 offset, unsigned int bytes)
{
	struct acpi_pm *pm = device;
	__u64 value;

	(void)bytes;
	if (offset >= TIMER + ACPI_PM_TMR_LEN)
		return 0;
	if (offset >= TIMER)
		return (timer_ticks(pm) & 0xffffffff) >> (offset - TIMER) * 8;
	pthread_mutex_lock(&pm->lock);
	update(pm);
	value = registers(pm) >> offset * 8;
	pthread_mutex_unlock(&pm->lock);
	return value;
}

/* Write one byte; returns whether it was the one that puts the machine to sleep. */
static bool write_byte(struct acpi_pm *pm, unsigned int offset, __u8 value)
{
	unsigned int shift = offset % 2 * 8;
	__u16 mask = 0xff << shift, bits = value << shift;

	switch (offset & ~1) {
	case STATUS:
		pm->status &= ~bits;
		break;
	case ENABLE:
		pm->enable = (pm->enable & ~mask) | (bits & PM1_EVENTS);
		break;
	case CONTROL:
		pm->control = (pm->control & ~mask) | (bits & CONTROL_KEPT);
		return bits & CONTROL_SLEEP;
	}
	return false;
}

/*
 * Sleeping states but S5 are not offered: a guest that asks for another one goes
 * on.
 */
static void bus_acpi_pm_write(void *device, __u64 offset, unsigned int bytes,
			      __u64 value)
{
	struct acpi_pm *pm = device;
	bool sleep = false, off;
	unsigned int i;

	pthread_mutex_lock(&pm->lock);
	update(pm);
	for (i = 0; i < bytes; i++)
		sleep |= write_byte(pm, offset + i, value >> i * 8);
	update(pm);
	off = sleep && (pm->control & CONTROL_TYPE) ==
		       ACPI_PM_S5 << CONTROL_TYPE_SHIFT;
	pthread_mutex_unlock(&pm->lock);
	if (off && pm->ops->off)
		pm->ops->off(pm->opaque);
}

/**
 * acpi_reset_read() - the CPU reads the reset control register
 * @pm: the fixed hardware
 *
 * Return: what it reads.
 */
__u8 acpi_reset_read(struct acpi_pm *pm)
{
	__u8 value;

	pthread_mutex_lock(&pm->lock);
	value = pm->reset;
	pthread_mutex_unlock(&pm->lock);
	return value;
}

/**
 * acpi_reset_write() - the CPU writes the reset control register
 * @pm: the fixed hardware
 * @value: bit 2, where it was not set, resets; bit 1 says how thoroughly, which
 *	makes no difference here
 */
void acpi_reset_write(struct acpi_pm *pm, __u8 value)
{
	bool reset;

	pthread_mutex_lock(&pm->lock);
	reset = value & ~pm->reset & RESET_CPU;
	pm->reset = value & RESET_KEPT;
	pthread_mutex_unlock(&pm->lock);
	if (reset && pm->ops->reset)
		pm->ops->reset(pm->opaque);
}

static __u64 bus_reset_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)offset;
	(void)bytes;
	return acpi_reset_read(device);
}

static void bus_reset_write(void *device, __u64 offset, unsigned int bytes,
			    __u64 value)
{
	(void)offset;
	(void)bytes;
	acpi_reset_write(device, value);
}

/**
 * acpi_pm_init() - make the fixed hardware
 * @pm: the fixed hardware
 * @clock: time base of its timer
 * @sci: its interrupt output, a level
 * @ops: the machine
 * @opaque: given to @ops
 */
void acpi_pm_init(struct acpi_pm *pm, struct clock *clock, struct irq_pin sci,
		  const struct acpi_pm_ops *ops, void *opaque)
{
	*pm = (struct acpi_pm){
		.ops = ops,
		.opaque = opaque,
		.clock = clock,
		.epoch = clock_ns(clock),
		.sci = sci,
	};
	pthread_mutex_init(&pm->lock, NULL);
	timer_init(&pm->timer, clock, expire, pm);
}

/**
 * acpi_pm_destroy() - release the fixed hardware
 * @pm: the fixed hardware; before its clock is destroyed
 */
void acpi_pm_destroy(struct acpi_pm *pm)
{
	timer_destroy(&pm->timer);
	pthread_mutex_destroy(&pm->lock);
}

/**
 * acpi_pm_attach() - put the fixed hardware at ACPI_PM_BASE
 * @pm: the fixed hardware
 * @ports: the bus
 *
 * Return: as bus_add().
 */
int acpi_pm_attach(struct acpi_pm *pm, struct bus *ports)
{
	static const struct bus_ops ops = {
		.read = bus_acpi_pm_read,
		.write = bus_acpi_pm_write,
		.width = 4,
	};

	return bus_add(ports, ACPI_PM_BASE, ACPI_PM_PORTS, &ops, pm);
}

/**
 * acpi_reset_attach() - put the reset control register at ACPI_RESET_PORT
 * @pm: the fixed hardware
 * @ports: the bus, without a PCI host bridge
 *
 * Return: as bus_add().
 */
int acpi_reset_attach(struct acpi_pm *pm, struct bus *ports)
{
	static const struct bus_ops ops = {
		.read = bus_reset_read,
		.write = bus_reset_write,
		.width = 1,
	};

	return bus_add(ports, ACPI_RESET_PORT, 1, &ops, pm);
}
