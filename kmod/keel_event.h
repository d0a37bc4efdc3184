/* SPDX-License-Identifier: GPL-2.0 */
/* Events on their way to the guest: see keel_event.c. */
#ifndef KEEL_EVENT_H
#define KEEL_EVENT_H

#include <linux/keel.h>
#include <linux/types.h>

#define KEEL_NO_ERROR_CODE	(-1LL)

enum keel_merge {
	KEEL_MERGE_OK,
	KEEL_MERGE_TRIPLE_FAULT,
};

bool keel_exception_has_error_code(u8 vector);
enum keel_merge keel_event_raise(struct keel_events *events, u8 vector, s64 error_code,
				 u64 payload);
int keel_event_queue(struct keel_events *events, const struct keel_event *event);
bool keel_events_any(const struct keel_events *events);

#endif /* KEEL_EVENT_H */
