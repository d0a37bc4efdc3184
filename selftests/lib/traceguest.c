// SPDX-License-Identifier: GPL-2.0
#include "traceguest.h"

#include <errno.h>
#include <unistd.h>

#include "host.h"

int traced_init(struct traced *t, __u32 vm_flags)
{
	struct guest none = { .keel = -1, .vm = -1, .vcpu = -1 };
	const struct tracefs_event *made;
	int ret;

	t->guest = none;
	t->trace.dir[0] = 0;
	t->trace.events = NULL;
	host_load_keel("");
	if (!host_has_guests())
		return -EOPNOTSUPP;
	ret = tracefs_open(&t->trace);
	if (ret)
		return ret;
	ret = tracefs_enable(&t->trace, "keel_vm_create", true);
	ret = ret ?: guest_init_vm(&t->guest, vm_flags, 0);
	ret = ret ?: tracefs_enable(&t->trace, NULL, false);
	ret = ret ?: tracefs_read(&t->trace);
	if (ret)
		return ret;
	/* Others may have made VMs meanwhile. */
	for (made = t->trace.events; made < t->trace.events + t->trace.nr_events; made++) {
		if (tracefs_arg(made, KEEL_VM_CREATE_PID) == getpid()) {
			t->vm = tracefs_arg(made, KEEL_VM_CREATE_VM_ID);
			return 0;
		}
	}
	return -ENOENT;
}

void traced_free(struct traced *t)
{
	tracefs_close(&t->trace);
	guest_free(&t->guest);
}

static bool is_about(const struct traced *t, const struct tracefs_event *e, const char *name)
{
	return tracefs_is(e, name) && tracefs_arg(e, KEEL_HW_EXIT_VM_ID) == t->vm;
}

const struct tracefs_event *traced_event(const struct traced *t, const char *name,
					 unsigned int n)
{
	const struct tracefs_event *e;

	for (e = t->trace.events; e < t->trace.events + t->trace.nr_events; e++)
		if (is_about(t, e, name) && !n--)
			return e;
	return NULL;
}

unsigned int traced_count(const struct traced *t, const char *name)
{
	unsigned int n = 0;

	while (traced_event(t, name, n))
		n++;
	return n;
}

static bool has_reason(const struct tracefs_event *e, unsigned int reason)
{
	unsigned int arg = tracefs_is(e, "keel_exit") ? KEEL_HW_EXIT_REASON :
							KEEL_EXIT_DONE_REASON;

	return tracefs_arg(e, arg) == reason;
}

unsigned int traced_exits(const struct traced *t, const char *name, unsigned int reason)
{
	const struct tracefs_event *e;
	unsigned int nr = 0;

	for (e = t->trace.events; e < t->trace.events + t->trace.nr_events; e++)
		nr += is_about(t, e, name) && has_reason(e, reason);
	return nr;
}

const struct tracefs_event *traced_exit(const struct traced *t, unsigned int reason,
					unsigned int n)
{
	const struct tracefs_event *e;

	for (e = t->trace.events; e < t->trace.events + t->trace.nr_events; e++)
		if (is_about(t, e, "keel_exit") && has_reason(e, reason) && !n--)
			return e;
	return NULL;
}
