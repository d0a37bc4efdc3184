/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The board: the devices that make a machine a PC, and their wiring.
 *
 * Serial port and debug ports are the console's (console.h).
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>

#include "devices/acpi_pm.h"
#include "devices/clock.h"
#include "devices/fw_cfg.h"
#include "devices/i8042.h"
#include "devices/i8254.h"
#include "devices/irqchip.h"
#include "devices/mc146818.h"
#include "devices/pci_host.h"
#include "devices/port92.h"
#include "wakeup.h"

struct machine;

/** define BOARD_COM1_IRQ - the ISA interrupt of a PC's first serial port */
#define BOARD_COM1_IRQ	4

/**
 * struct board - the devices of a PC
 * @machine: the machine that they are in; constant
 * @built: there is something to destroy
 * @clock: the time base of the others
 * @irqchip: 8259 pair and I/O APIC
 * @pit: interval timer, and port 0x61
 * @rtc: real-time clock and CMOS memory
 * @pm: ACPI's fixed hardware and the reset register
 * @kbc: keyboard controller
 * @port92: system control port A
 * @pci: host bridge
 * @fw_cfg: what firmware and test kernels are told
 * @wakeup: starts vCPUs where start-up IPIs cannot
 *
 * They have locks of their own.
 */
struct board {
	struct machine *machine;
	bool built;
	struct clock clock;
	struct irqchip irqchip;
	struct i8254 pit;
	struct mc146818 rtc;
	struct acpi_pm pm;
	struct i8042 kbc;
	struct port92 port92;
	struct pci_host pci;
	struct fw_cfg fw_cfg;
	struct wakeup wakeup;
};

/** define BOARD_FILE_MAX - largest file for firmware, bytes */
#define BOARD_FILE_MAX	(64U << 20)

int board_create(struct board *board, struct machine *machine);
int board_add_file(struct board *board, const char *argument);
int board_start(struct board *board);
void board_destroy(struct board *board);
struct irq_pin board_irq(struct board *board, unsigned int irq);

#endif /* BOARD_H */
