// SPDX-License-Identifier: GPL-2.0
/*
 * A PC without a module.  It is made anew for each input, so it makes no threads
 * and takes little memory.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/eventfd.h>

#include "cmd.h"
#include "e820.h"
#include "fuzz/fuzz.h"
#include "fuzz/pc.h"

/* Messages go nowhere, but each has to be one line. */
void cmd_error(const char *fmt, ...)
{
	static char text[4096];
	va_list args;
	size_t i;

	va_start(args, fmt);
	CLAIM(vsnprintf(text, sizeof(text), fmt, args) < (int)sizeof(text));
	va_end(args);
	for (i = 0; text[i]; i++)
		CLAIM(text[i] >= ' ' && text[i] <= '~');
}

/* What makes and confines threads, of which there are none. */
int board_start(struct board *board)
{
	return -EAGAIN;
}

int sandbox_thread(const struct sandbox *sandbox, enum sandbox_thread kind)
{
	return -EAGAIN;
}

static __u64 monotonic(void *opaque)
{
	return ((struct pc *)opaque)->now;
}

static __u64 wall(void *opaque)
{
	return ((struct pc *)opaque)->wall + ((struct pc *)opaque)->now;
}

static void intr(void *opaque, bool level)
{
	((struct pc *)opaque)->intr = level;
}

static void msi(void *opaque, __u64 address, __u32 data)
{
	CLAIM(address >> 20 == 0xfee);
	((struct pc *)opaque)->messages++;
}

static void event(void *opaque)
{
	((struct pc *)opaque)->events++;
}

static void byte(void *opaque, __u8 value)
{
	event(opaque);
}

static void status(void *opaque, int value)
{
	CLAIM(value & 1 && value > 0 && value < 256);
	event(opaque);
}

static void ask(void *opaque, enum mp_command command, __u32 apic_id, __u64 vector)
{
	CLAIM(command != MP_NOOP);
	event(opaque);
}

static void serial_irq(void *opaque, bool level)
{
	struct irq_pin pin = irqchip_pin(&((struct pc *)opaque)->board.irqchip,
					 BOARD_COM1_IRQ);

	irq_set(&pin, level);
}

static void kbc_irq(void *opaque, bool level)
{
	struct irq_pin pin = irqchip_pin(&((struct pc *)opaque)->board.irqchip,
					 I8042_IRQ);

	irq_set(&pin, level);
}

static void make_devices(struct pc *pc)
{
	static const struct irqchip_ops irqchip_ops = { .intr = intr, .msi = msi };
	static const struct acpi_pm_ops pm_ops = { .off = event, .reset = event };
	static const struct i8042_ops kbc_ops = { .irq = kbc_irq, .reset = event };
	static const struct serial_ops serial_ops = {
		.send = byte, .irq = serial_irq, .room = event,
	};
	struct board *board = &pc->board;
	struct irqchip *chip = &board->irqchip;

	irqchip_init(chip, &irqchip_ops, pc);
	i8254_init(&board->pit, &board->clock, irqchip_pin(chip, I8254_IRQ));
	irqchip_watch(chip, I8254_IRQ, i8254_ready, &board->pit);
	mc146818_init(&board->rtc, &board->clock, irqchip_pin(chip, MC146818_IRQ));
	acpi_pm_init(&board->pm, &board->clock, irqchip_pin(chip, ACPI_PM_SCI),
		     &pm_ops, pc);
	i8042_init(&board->kbc, &kbc_ops, pc);
	port92_init(&board->port92, event, pc);
	pci_host_init(&board->pci);
	fw_cfg_init(&board->fw_cfg);
	mp_mailbox_init(&board->wakeup.mailbox, ask, pc);
	serial_init(&pc->serial, &serial_ops, pc);
	pc->debug = (struct debug_ports) {
		.exit = status, .mark = byte, .print = byte, .opaque = pc,
	};
}

static void attach_devices(struct pc *pc)
{
	struct board *board = &pc->board;
	struct bus *ports = &pc->machine.ports, *mmio = &pc->machine.mmio;
	int ret;

	ret = irqchip_attach(&board->irqchip, ports, mmio);
	ret |= i8254_attach(&board->pit, ports);
	ret |= mc146818_attach(&board->rtc, ports);
	ret |= acpi_pm_attach(&board->pm, ports);
	ret |= i8042_attach(&board->kbc, ports);
	ret |= port92_attach(&board->port92, ports);
	ret |= acpi_reset_attach(&board->pm, &board->pci.narrow);
	ret |= pci_host_attach(&board->pci, ports);
	ret |= fw_cfg_attach(&board->fw_cfg, ports, &pc->machine.memory);
	ret |= mp_mailbox_attach(&board->wakeup.mailbox, mmio, WAKEUP_MAILBOX);
	ret |= serial_attach(&pc->serial, ports, SERIAL_COM1);
	ret |= debug_ports_attach(&pc->debug, ports);
	CLAIM(!ret);
}

/**
 * pc_create() - make a PC
 * @pc: filled in
 * @wall: what time it is for people: nanoseconds since 1970
 */
void pc_create(struct pc *pc, __u64 wall_ns)
{
	const struct clock_source source = {
		.monotonic = monotonic, .wall = wall, .opaque = pc,
	};
	struct machine *machine = &pc->machine;
	static int done = -1;

	if (done < 0)
		done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	memset(pc, 0, sizeof(*pc));
	pc->wall = wall_ns;
	machine->vm = -1;
	machine->done = done;
	machine->memory.bytes = PC_MEMORY;
	machine->memory.base = calloc(1, PC_MEMORY);
	machine->vcpus = &pc->vcpu;
	machine->nr_vcpus = 1;
	machine->board = &pc->board;
	/* Its thread has none to wait for. */
	machine->running = true;
	pc->vcpu.machine = machine;
	pc->vcpu.fd = -1;
	pc->board.machine = machine;
	CLAIM(machine->memory.base);
	pthread_mutex_init(&machine->lock, NULL);
	pthread_cond_init(&machine->wake, NULL);
	clock_init(&pc->board.clock, &source);
	make_devices(pc);
	attach_devices(pc);
}

/**
 * pc_destroy() - take a PC apart
 * @pc: from pc_create()
 */
void pc_destroy(struct pc *pc)
{
	struct board *board = &pc->board;

	serial_destroy(&pc->serial);
	mp_mailbox_destroy(&board->wakeup.mailbox);
	fw_cfg_destroy(&board->fw_cfg);
	pci_host_destroy(&board->pci);
	i8042_destroy(&board->kbc);
	acpi_pm_destroy(&board->pm);
	mc146818_destroy(&board->rtc);
	i8254_destroy(&board->pit);
	irqchip_destroy(&board->irqchip);
	clock_destroy(&board->clock);
	bus_destroy(&pc->machine.ports);
	bus_destroy(&pc->machine.mmio);
	pthread_cond_destroy(&pc->machine.wake);
	pthread_mutex_destroy(&pc->machine.lock);
	free(pc->machine.memory.base);
}

/**
 * pc_wait() - let time pass
 * @pc: the PC
 * @ns: how much of it, nanoseconds; timers that run out meanwhile are served once
 *	it has passed, as where the host was busy
 */
void pc_wait(struct pc *pc, __u64 ns)
{
	pc->now += ns;
	clock_run(&pc->board.clock);
	/* What is due has been served, and asked for nothing of the past. */
	CLAIM(clock_next(&pc->board.clock) > pc->now);
}
