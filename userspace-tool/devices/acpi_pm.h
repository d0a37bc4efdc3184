/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ACPI's fixed hardware: power button, power-off, power management timer, and
 * the reset register.
 *
 * ACPI Specification, "ACPI Hardware Specification".  There is no legacy mode:
 * SCI_EN is set from the start, so the FADT has no SMI_CMD.  There are no
 * general-purpose events.
 */
#ifndef ACPI_PM_H
#define ACPI_PM_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

#include "clock.h"
#include "irq.h"

struct bus;

/** define ACPI_PM_BASE - first port of the fixed hardware */
#define ACPI_PM_BASE		0x600
/** define ACPI_PM_PORTS - how many ports it takes */
#define ACPI_PM_PORTS		16
/** define ACPI_PM1_EVT - PM1a_EVT_BLK: status, enable */
#define ACPI_PM1_EVT		(ACPI_PM_BASE + 0)
/** define ACPI_PM1_EVT_LEN - PM1_EVT_LEN */
#define ACPI_PM1_EVT_LEN	4
/** define ACPI_PM1_CNT - PM1a_CNT_BLK */
#define ACPI_PM1_CNT		(ACPI_PM_BASE + 4)
/** define ACPI_PM1_CNT_LEN - PM1_CNT_LEN */
#define ACPI_PM1_CNT_LEN	2
/** define ACPI_PM_TMR - PM_TMR_BLK; 32 bits, so the FADT sets TMR_VAL_EXT */
#define ACPI_PM_TMR		(ACPI_PM_BASE + 8)
/** define ACPI_PM_TMR_LEN - PM_TMR_LEN */
#define ACPI_PM_TMR_LEN		4
/** define ACPI_PM_TMR_HZ - frequency of the timer */
#define ACPI_PM_TMR_HZ		3579545
/** define ACPI_PM_SCI - the interrupt of the fixed hardware, level-triggered */
#define ACPI_PM_SCI		9
/** define ACPI_PM_S5 - SLP_TYP that switches off: what \_S5 in the DSDT says */
#define ACPI_PM_S5		5
/** define ACPI_RESET_PORT - RESET_REG: the chipset's reset control register */
#define ACPI_RESET_PORT		0xcf9
/** define ACPI_RESET_VALUE - RESET_VALUE: reset the whole machine */
#define ACPI_RESET_VALUE	0x06

/**
 * struct acpi_pm_ops - what the guest can do to its machine; each may be NULL
 * @off: the guest switched its machine off
 * @reset: the guest reset its machine
 *
 * Called in the thread of the vCPU that did it, without locks.
 */
struct acpi_pm_ops {
	void (*off)(void *opaque);
	void (*reset)(void *opaque);
};

/**
 * struct acpi_pm - the fixed hardware
 * @lock: guards all that follows but the constant ones
 * @ops: the machine; constant
 * @opaque: given to @ops; constant
 * @clock: time base of the timer; constant
 * @epoch: clock_ns() when the timer was 0; constant
 * @sci: the interrupt output; constant
 * @timer: runs out when TMR_STS will be set, while somebody waits for it
 * @status: PM1 status
 * @enable: PM1 enable
 * @control: PM1 control, but for SCI_EN and the bits that read as 0
 * @half: number of the half-period of the timer up to which TMR_STS was noticed
 * @reset: the reset control register
 */
struct acpi_pm {
	pthread_mutex_t lock;
	const struct acpi_pm_ops *ops;
	void *opaque;
	struct clock *clock;
	__u64 epoch;
	struct irq_pin sci;
	struct timer timer;
	__u16 status;
	__u16 enable;
	__u16 control;
	__u64 half;
	__u8 reset;
};

void acpi_pm_init(struct acpi_pm *pm, struct clock *clock, struct irq_pin sci,
		  const struct acpi_pm_ops *ops, void *opaque);
void acpi_pm_destroy(struct acpi_pm *pm);
int acpi_pm_attach(struct acpi_pm *pm, struct bus *ports);
void acpi_pm_power_button(struct acpi_pm *pm);

/*
 * The reset register lies inside the configuration address register of a PCI
 * host bridge, which claims all its four ports: the bridge passes on accesses of
 * one byte at ACPI_RESET_PORT.  Without a bridge, acpi_reset_attach() puts the
 * register on the bus.
 */
int acpi_reset_attach(struct acpi_pm *pm, struct bus *ports);
__u8 acpi_reset_read(struct acpi_pm *pm);
void acpi_reset_write(struct acpi_pm *pm, __u8 value);

#endif /* ACPI_PM_H */
