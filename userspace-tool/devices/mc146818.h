/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The MC146818 real-time clock of a PC, and the memory beside it that a battery
 * keeps (CMOS).
 *
 * Data sheet: Motorola MC146818A.  The memory's layout is that of the PC/AT,
 * with QEMU's additions where SeaBIOS reads them.
 */
#ifndef MC146818_H
#define MC146818_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

#include "clock.h"
#include "irq.h"

struct bus;

/** define MC146818_PORT - first of its two ports: index, data */
#define MC146818_PORT		0x70
/** define MC146818_IRQ - the ISA interrupt that it drives */
#define MC146818_IRQ		8
/** define MC146818_CENTURY - index of the century; ACPI's FADT names it */
#define MC146818_CENTURY	0x32
/** define MC146818_SHUTDOWN - index of the PC's shutdown status byte */
#define MC146818_SHUTDOWN	0x0f
/** define MC146818_CPUS - index of the number of CPUs, less one (QEMU) */
#define MC146818_CPUS		0x5f

/**
 * enum mc146818_boot - what SeaBIOS boots from
 * @MC146818_BOOT_NONE: nothing further
 * @MC146818_BOOT_FLOPPY: the first floppy disk
 * @MC146818_BOOT_DISK: the first hard disk
 * @MC146818_BOOT_CDROM: the first CD-ROM
 * @MC146818_BOOT_NETWORK: an option ROM's network
 */
enum mc146818_boot {
	MC146818_BOOT_NONE,
	MC146818_BOOT_FLOPPY,
	MC146818_BOOT_DISK,
	MC146818_BOOT_CDROM,
	MC146818_BOOT_NETWORK,
};

/**
 * struct mc146818 - the clock and its memory
 * @lock: guards all that follows but @clock and @irq
 * @clock: the host's clocks; constant
 * @irq: the interrupt output; constant
 * @timer: runs out when the interrupt output may have to change
 * @index: of the byte that the data port shows
 * @bytes: the memory; the time in it is current only while the clock is set
 * @offset: nanoseconds by which the guest's time is ahead of the host's
 * @weekday: days by which the guest's weekday is ahead of its date's
 * @second: the second, since 1970, up to which updates and alarms were noticed
 * @period: number of the period up to which periodic interrupts were noticed
 */
struct mc146818 {
	pthread_mutex_t lock;
	struct clock *clock;
	struct irq_pin irq;
	struct timer timer;
	__u8 index;
	__u8 bytes[128];
	__s64 offset;
	unsigned int weekday;
	__s64 second;
	__s64 period;
};

void mc146818_init(struct mc146818 *rtc, struct clock *clock,
		   struct irq_pin irq);
void mc146818_destroy(struct mc146818 *rtc);
int mc146818_attach(struct mc146818 *rtc, struct bus *ports);
void mc146818_set_memory(struct mc146818 *rtc, __u64 below_4g, __u64 above_4g);
void mc146818_set_boot(struct mc146818 *rtc, const enum mc146818_boot order[3]);
__u8 mc146818_load(struct mc146818 *rtc, unsigned int index);
void mc146818_store(struct mc146818 *rtc, unsigned int index, __u8 value);

#endif /* MC146818_H */
