/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mailbox by which an operating system asks firmware to start a CPU, and
 * whether it has one back.
 *
 * ACPI Specification, "Multiprocessor Wakeup Mailbox Structure".
 */
#ifndef MP_MAILBOX_H
#define MP_MAILBOX_H

#include <pthread.h>
#include <linux/types.h>

struct bus;

/** define MP_MAILBOX_BYTES - bytes of address space it takes */
#define MP_MAILBOX_BYTES	4096

/**
 * enum mp_command - commands of the mailbox
 * @MP_NOOP: none
 * @MP_WAKEUP: the CPU is to begin at the vector
 * @MP_TEST: is the CPU in the firmware's hands?
 */
enum mp_command {
	MP_NOOP,
	MP_WAKEUP,
	MP_TEST,
};

/**
 * struct mp_mailbox - the mailbox
 * @ask: the guest gives the CPU with that APIC ID a command other than MP_NOOP;
 *	called without the lock, by a vCPU's thread; constant
 * @opaque: given to @ask; constant
 * @lock: guards what follows
 * @page: what a guest reads
 */
struct mp_mailbox {
	void (*ask)(void *opaque, enum mp_command command, __u32 apic_id,
		    __u64 vector);
	void *opaque;
	pthread_mutex_t lock;
	__u8 page[MP_MAILBOX_BYTES];
};

void mp_mailbox_init(struct mp_mailbox *box,
		     void (*ask)(void *opaque, enum mp_command command,
				 __u32 apic_id, __u64 vector),
		     void *opaque);
int mp_mailbox_attach(struct mp_mailbox *box, struct bus *memory, __u64 gpa);
void mp_mailbox_done(struct mp_mailbox *box);
void mp_mailbox_destroy(struct mp_mailbox *box);

#endif /* MP_MAILBOX_H */
