/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PC without a module: all devices of the tool on their buses, wired as board.c
 * wires them, and a clock that moves when the target says so.
 */
#ifndef FUZZ_PC_H
#define FUZZ_PC_H

#include "board.h"
#include "devices/debug.h"
#include "devices/serial.h"
#include "machine.h"

/** define PC_MEMORY - guest memory, bytes; from malloc(), so that its end is seen */
#define PC_MEMORY	(64U << 10)

/**
 * struct pc - a PC
 * @machine: memory and buses; one vCPU, which nobody runs
 * @vcpu: that
 * @board: the devices
 * @serial: COM1
 * @debug: the debug ports
 * @now: what time it is, ns
 * @wall: what time it was for people when @now was 0
 * @intr: level of the 8259's output
 * @messages: messages of the I/O APIC
 * @events: resets, bytes sent and whatever else devices tell
 */
struct pc {
	struct machine machine;
	struct vcpu vcpu;
	struct board board;
	struct serial serial;
	struct debug_ports debug;
	__u64 now;
	__u64 wall;
	bool intr;
	unsigned int messages;
	unsigned int events;
};

void pc_create(struct pc *pc, __u64 wall);
void pc_destroy(struct pc *pc);
void pc_wait(struct pc *pc, __u64 ns);

#endif /* FUZZ_PC_H */
