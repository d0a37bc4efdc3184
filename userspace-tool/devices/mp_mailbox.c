// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI's multiprocessor wakeup mailbox: memory, but for the command.
 *
 * The guest writes an APIC ID and an address, then the command; who serves it
 * clears the command when the CPU has taken it.  On hardware that is memory which a
 * CPU in the firmware's hands watches.  Here it is a device, so that the write
 * itself tells.
 */
#include <string.h>

#include "bus.h"
#include "mp_mailbox.h"

/* ACPI Specification, "Multiprocessor Wakeup Mailbox Structure". */
#define COMMAND		0
#define APIC_ID		4
#define VECTOR		8

static __u64 mailbox_read(void *device, __u64 offset, unsigned int bytes)
{
	struct mp_mailbox *box = device;
	__u64 value = 0;

	pthread_mutex_lock(&box->lock);
	memcpy(&value, box->page + offset, bytes);
	pthread_mutex_unlock(&box->lock);
	return value;
}

static void mailbox_write(void *device, __u64 offset, unsigned int bytes,
			  __u64 value)
{
	struct mp_mailbox *box = device;
	__u16 command;
	__u64 vector;
	__u32 id;

	pthread_mutex_lock(&box->lock);
	memcpy(box->page + offset, &value, bytes);
	memcpy(&command, box->page + COMMAND, sizeof(command));
	memcpy(&id, box->page + APIC_ID, sizeof(id));
	memcpy(&vector, box->page + VECTOR, sizeof(vector));
	pthread_mutex_unlock(&box->lock);
	if (offset == COMMAND && (command == MP_WAKEUP || command == MP_TEST))
		box->ask(box->opaque, command, id, vector);
}

/**
 * mp_mailbox_init() - make an empty mailbox
 * @box: the mailbox; mp_mailbox_destroy() undoes it
 * @ask: called when the guest asks for a CPU
 * @opaque: given to @ask
 */
void mp_mailbox_init(struct mp_mailbox *box,
		     void (*ask)(void *opaque, enum mp_command command,
				 __u32 apic_id, __u64 vector),
		     void *opaque)
{
	memset(box, 0, sizeof(*box));
	box->ask = ask;
	box->opaque = opaque;
	pthread_mutex_init(&box->lock, NULL);
}

/**
 * mp_mailbox_attach() - put the mailbox on a bus
 * @box: the mailbox
 * @memory: the bus
 * @gpa: where, a multiple of 4096
 *
 * Return: as bus_add().
 */
int mp_mailbox_attach(struct mp_mailbox *box, struct bus *memory, __u64 gpa)
{
	static const struct bus_ops ops = {
		.read = mailbox_read,
		.write = mailbox_write,
		.width = 8,
	};

	return bus_add(memory, gpa, MP_MAILBOX_BYTES, &ops, box);
}

/**
 * mp_mailbox_done() - the CPU has taken the command
 * @box: the mailbox; its command is cleared, which the guest waits for
 */
void mp_mailbox_done(struct mp_mailbox *box)
{
	const __u16 command = MP_NOOP;

	pthread_mutex_lock(&box->lock);
	memcpy(box->page + COMMAND, &command, sizeof(command));
	pthread_mutex_unlock(&box->lock);
}

/**
 * mp_mailbox_destroy() - take the mailbox apart
 * @box: from mp_mailbox_init(); off its bus, or its vCPUs no longer run
 */
void mp_mailbox_destroy(struct mp_mailbox *box)
{
	pthread_mutex_destroy(&box->lock);
}
