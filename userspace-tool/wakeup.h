/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Starting vCPUs without real mode, where the CPU has none for guests.
 */
#ifndef WAKEUP_H
#define WAKEUP_H

#include <stdbool.h>

#include "devices/mp_mailbox.h"

struct machine;
struct vcpu;

/** define WAKEUP_MAILBOX - where the mailbox is: behind the I/O APIC */
#define WAKEUP_MAILBOX		0xfec01000ULL
/**
 * define WAKEUP_PAGES - where the page tables are with which a vCPU begins, in
 * what the memory map gives to the BIOS
 */
#define WAKEUP_PAGES		0xf0000
/** define WAKEUP_GDT - where its segment descriptors are */
#define WAKEUP_GDT		0xf8000
/** define WAKEUP_RESET - where a vCPU goes that the guest does not want any more */
#define WAKEUP_RESET		0xf8800
/** define WAKEUP_END - what all of that does not reach */
#define WAKEUP_END		0xf9000

/**
 * struct wakeup - what starts the vCPUs of a machine
 * @machine: the machine; constant
 * @built: there is a mailbox; constant while vCPUs run
 * @mailbox: by which the guest asks for it
 */
struct wakeup {
	struct machine *machine;
	bool built;
	struct mp_mailbox mailbox;
};

bool wakeup_needed(const struct machine *machine);
int wakeup_create(struct wakeup *wakeup, struct machine *machine);
void wakeup_destroy(struct wakeup *wakeup);
void wakeup_serve(struct vcpu *vcpu);

#endif /* WAKEUP_H */
