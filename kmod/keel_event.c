// SPDX-License-Identifier: GPL-2.0
/*
 * Events on their way to the guest: what is queued, and what becomes of an
 * exception raised while another is being delivered.  Pure; the delivery itself
 * is in vmx_event.c.
 *
 * There is at most one exception (or software interrupt) at a time: either
 * raised by Keel, or interrupted in its delivery by an exit.  A second one is
 * merged at once.  NMIs and interrupts wait beside it.
 *
 * SDM: "Interrupt 8 - Double Fault Exception (#DF)", "Priority Among Concurrent
 * Events".
 */
#include "keel_event.h"

#include <linux/errno.h>

#define VECTOR_DE	0
#define VECTOR_DB	1
#define VECTOR_NMI	2
#define VECTOR_BP	3
#define VECTOR_OF	4
#define VECTOR_DF	8
#define VECTOR_TS	10
#define VECTOR_GP	13
#define VECTOR_PF	14
#define VECTOR_AC	17
#define VECTOR_VE	20
#define VECTOR_CP	21

/**
 * keel_exception_has_error_code - whether an exception delivers an error code
 * @vector: 0 to 31
 *
 * In protected and long mode; in real mode none does.
 */
bool keel_exception_has_error_code(u8 vector)
{
	return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) ||
		vector == VECTOR_AC || vector == VECTOR_CP;
}

static bool contributory(const struct keel_event *event)
{
	if (event->type != KEEL_EVENT_EXCEPTION)
		return false;
	return event->vector == VECTOR_DE || event->vector == VECTOR_CP ||
		(event->vector >= VECTOR_TS && event->vector <= VECTOR_GP);
}

static bool page_fault(const struct keel_event *event)
{
	return event->type == KEEL_EVENT_EXCEPTION &&
		(event->vector == VECTOR_PF || event->vector == VECTOR_VE);
}

/**
 * keel_event_raise - an exception that the guest's instruction causes
 * @events: of the vCPU
 * @vector: of the exception
 * @error_code: its error code, or KEEL_NO_ERROR_CODE
 * @payload: for #PF the address, for #DB the bits for DR6
 *
 * Return: KEEL_MERGE_TRIPLE_FAULT where the guest shuts down.
 */
enum keel_merge keel_event_raise(struct keel_events *events, u8 vector, s64 error_code,
				 u64 payload)
{
	struct keel_event *first = &events->exception;
	struct keel_event second = {
		.valid = 1,
		.type = KEEL_EVENT_EXCEPTION,
		.vector = vector,
		.flags = error_code == KEEL_NO_ERROR_CODE ? 0 : KEEL_EVENT_ERROR_CODE,
		.error_code = error_code == KEEL_NO_ERROR_CODE ? 0 : (u32)error_code,
		.payload = payload,
	};

	if (first->valid) {
		if (first->type == KEEL_EVENT_EXCEPTION && first->vector == VECTOR_DF &&
		    (contributory(&second) || page_fault(&second)))
			return KEEL_MERGE_TRIPLE_FAULT;
		if ((contributory(first) && contributory(&second)) ||
		    (page_fault(first) && (contributory(&second) || page_fault(&second)))) {
			second.vector = VECTOR_DF;
			second.flags = KEEL_EVENT_ERROR_CODE;
			second.error_code = 0;
			second.payload = 0;
		}
		/*
		 * Otherwise the second is handled first; the instruction that
		 * caused the first runs again and causes it anew.
		 */
	}
	*first = second;
	return KEEL_MERGE_OK;
}

static int check_exception(const struct keel_event *event)
{
	bool has = event->flags & KEEL_EVENT_ERROR_CODE;

	if (event->vector > 31 || event->vector == VECTOR_NMI)
		return -EINVAL;
	return has && !keel_exception_has_error_code(event->vector) ? -EINVAL : 0;
}

/**
 * keel_event_queue - queue an event for the VMM
 * @events: of the vCPU
 * @event: KEEL_EVENT_INTERRUPT, KEEL_EVENT_NMI or KEEL_EVENT_EXCEPTION
 *
 * Return: 0; -EINVAL where the event makes no sense; -EEXIST where one of its
 * type waits already.
 */
int keel_event_queue(struct keel_events *events, const struct keel_event *event)
{
	int ret;

	if (event->valid != 1 || event->reserved || event->insn_len ||
	    (event->flags & ~KEEL_EVENT_ERROR_CODE))
		return -EINVAL;
	switch (event->type) {
	case KEEL_EVENT_INTERRUPT:
		if (event->flags)
			return -EINVAL;
		if (events->interrupt.valid)
			return -EEXIST;
		events->interrupt = *event;
		return 0;
	case KEEL_EVENT_NMI:
		if (event->flags || event->vector != VECTOR_NMI)
			return -EINVAL;
		if (events->nmi_pending)
			return -EEXIST;
		events->nmi_pending = 1;
		return 0;
	case KEEL_EVENT_EXCEPTION:
		ret = check_exception(event);
		if (ret)
			return ret;
		if (events->exception.valid)
			return -EEXIST;
		events->exception = *event;
		return 0;
	default:
		return -EINVAL;
	}
}

/** keel_events_any - whether an entry has to look at @events */
bool keel_events_any(const struct keel_events *events)
{
	return events->exception.valid || events->interrupt.valid || events->nmi_pending;
}
