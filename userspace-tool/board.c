// SPDX-License-Identifier: GPL-2.0
/*
 * The board: which devices a machine has, and which wire goes where.
 *
 * What the devices cannot know of each other is here and nowhere else.  Each of
 * them is a file in devices/.
 */
#include <string.h>

#include "acpi_loader.h"
#include "acpi_tables.h"
#include "board.h"
#include "cmd.h"
#include "e820.h"
#include "lib/keel.h"
#include "machine.h"

/*
 * Errors of the calls below are not looked at: a message that no local APIC
 * takes gets lost on a PC, too, and of a dead VM KEEL_RUN tells.
 */

/* A PC connects the 8259 to LINT0 of every local APIC; software chooses one. */
static void intr(void *opaque, bool level)
{
	struct board *board = opaque;

	keel_lint(board->machine->vm, KEEL_IRQ_LINT0, KEEL_VCPU_ALL, level);
}

static void msi(void *opaque, __u64 address, __u32 data)
{
	struct board *board = opaque;

	keel_msi(board->machine->vm, address, data);
}

static void reset(void *opaque)
{
	struct board *board = opaque;

	if (machine_stop(board->machine, MACHINE_RESET, 0))
		cmd_error("the guest reset the machine");
}

static void off(void *opaque)
{
	struct board *board = opaque;

	machine_stop(board->machine, MACHINE_POWER_OFF, 0);
}

static void kbc_irq(void *opaque, bool level)
{
	struct board *board = opaque;
	struct irq_pin pin = board_irq(board, I8042_IRQ);

	irq_set(&pin, level);
}

static void init(struct board *board)
{
	static const struct irqchip_ops irqchip_ops = {
		.intr = intr,
		.msi = msi,
	};
	static const struct acpi_pm_ops pm_ops = { .off = off, .reset = reset };
	static const struct i8042_ops kbc_ops = {
		.irq = kbc_irq,
		.reset = reset,
	};

	irqchip_init(&board->irqchip, &irqchip_ops, board);
	i8254_init(&board->pit, &board->clock, board_irq(board, I8254_IRQ));
	irqchip_watch(&board->irqchip, I8254_IRQ, i8254_ready, &board->pit);
	mc146818_init(&board->rtc, &board->clock,
		      board_irq(board, MC146818_IRQ));
	acpi_pm_init(&board->pm, &board->clock, board_irq(board, ACPI_PM_SCI),
		     &pm_ops, board);
	i8042_init(&board->kbc, &kbc_ops, board);
	port92_init(&board->port92, reset, board);
	pci_host_init(&board->pci);
	fw_cfg_init(&board->fw_cfg);
}

/* What firmware and operating systems read about memory and CPUs. */
static int describe(struct board *board)
{
	struct machine *machine = board->machine;
	struct fw_cfg *cfg = &board->fw_cfg;
	__u64 bytes = machine->memory.bytes;
	__u64 low = bytes < MEMORY_HOLE ? bytes : MEMORY_HOLE;
	struct e820 map;
	int ret;

	e820_ram(&map, &machine->memory);
	mc146818_set_memory(&board->rtc, low, bytes - low);
	mc146818_store(&board->rtc, MC146818_CPUS, machine->nr_vcpus - 1);
	ret = fw_cfg_add64(cfg, FW_CFG_RAM_SIZE, bytes);
	if (!ret)
		ret = fw_cfg_add16(cfg, FW_CFG_NR_CPUS, machine->nr_vcpus);
	if (!ret)
		ret = fw_cfg_add16(cfg, FW_CFG_MAX_CPUS, machine->nr_vcpus);
	if (!ret)
		ret = fw_cfg_add16(cfg, FW_CFG_NO_GRAPHIC, 1);
	if (!ret)
		ret = fw_cfg_add_file(cfg, "etc/e820", map.entries,
				      map.nr * sizeof(map.entries[0]));
	if (!ret)
		ret = acpi_loader_add(cfg, machine->nr_vcpus);
	return ret;
}

/*
 * Where a PC's firmware would put them; firmware of the guest's own covers them,
 * and has others in fw_cfg.  A machine without memory there has none.
 */
static void write_acpi(struct machine *machine)
{
	__u8 *memory = memory_at(&machine->memory, ACPI_TABLES,
				 ACPI_TABLES_BYTES);

	if (!memory)
		return;
	acpi_tables_write(memory, ACPI_TABLES, machine->nr_vcpus,
			  machine->memory.mailbox);
	machine->rsdp = ACPI_TABLES;
}

static int attach(struct board *board)
{
	struct bus *ports = &board->machine->ports;
	int ret;

	ret = irqchip_attach(&board->irqchip, ports, &board->machine->mmio);
	if (!ret)
		ret = i8254_attach(&board->pit, ports);
	if (!ret)
		ret = mc146818_attach(&board->rtc, ports);
	if (!ret)
		ret = acpi_pm_attach(&board->pm, ports);
	if (!ret)
		ret = i8042_attach(&board->kbc, ports);
	if (!ret)
		ret = port92_attach(&board->port92, ports);
	if (!ret)
		ret = acpi_reset_attach(&board->pm, &board->pci.narrow);
	if (!ret)
		ret = pci_host_attach(&board->pci, ports);
	if (!ret)
		ret = fw_cfg_attach(&board->fw_cfg, ports,
				    &board->machine->memory);
	if (!ret && wakeup_needed(board->machine))
		ret = wakeup_create(&board->wakeup, board->machine);
	return ret;
}

/**
 * board_create() - put the devices of a PC into a machine
 * @board: filled in; board_destroy() undoes it, also after an error
 * @machine: a machine that has not started
 *
 * Return: 0, or a negative errno after a message.
 */
int board_create(struct board *board, struct machine *machine)
{
	int ret;

	memset(board, 0, sizeof(*board));
	board->machine = machine;
	clock_init(&board->clock, NULL);
	init(board);
	board->built = true;
	ret = attach(board);
	if (!ret)
		ret = describe(board);
	if (ret) {
		cmd_error("devices: %s", strerror(-ret));
		return ret;
	}
	write_acpi(machine);
	machine->board = board;
	return 0;
}

/* In the clock's thread. */
static void begin(void *opaque)
{
	machine_thread(opaque, SANDBOX_CLOCK);
}

/**
 * board_start() - let time pass
 * @board: the board of a machine that starts its threads
 *
 * Return: 0, or a negative errno.
 */
int board_start(struct board *board)
{
	return clock_start(&board->clock, begin, board->machine);
}

/**
 * board_destroy() - take a board apart
 * @board: from board_create(); its machine's threads have been joined, and the
 *	machine is destroyed after it.  A second call does nothing.
 */
void board_destroy(struct board *board)
{
	if (!board->built)
		return;
	board->built = false;
	board->machine->board = NULL;
	wakeup_destroy(&board->wakeup);
	fw_cfg_destroy(&board->fw_cfg);
	pci_host_destroy(&board->pci);
	i8042_destroy(&board->kbc);
	acpi_pm_destroy(&board->pm);
	mc146818_destroy(&board->rtc);
	i8254_destroy(&board->pit);
	irqchip_destroy(&board->irqchip);
	clock_destroy(&board->clock);
}

/**
 * board_irq() - the wire of an interrupt
 * @board: the board
 * @irq: its number: 0 to 15 of the ISA bus, then the I/O APIC's own
 *
 * Return: the end for the device.
 */
struct irq_pin board_irq(struct board *board, unsigned int irq)
{
	return irqchip_pin(&board->irqchip, irq);
}
