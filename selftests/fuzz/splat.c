// SPDX-License-Identifier: GPL-2.0
#include "splat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What begins a complaint; testbed/run, which judges in the end, knows more of them. */
static const char *const complaints[] = {
	"WARNING: ", "BUG: ", "BUG ", "kernel BUG at ", "Oops", "KASAN", "UBSAN: ", "INFO: rcu",
	"rcu: INFO: ", "INFO: task ", "INFO: possible recursive", "INFO: lockdep",
	"INFO: trying to register", "general protection fault", "list_del corruption",
	"list_add corruption", "refcount_t: ", "unchecked MSR access", "Bad page",
	"bad: scheduling", "DEBUG_LOCKS_WARN_ON", "ODEBUG: ",
};

static int log_fd = -1, note_fd = -1;
static char record[4096];

bool splat_init(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	note_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	return log_fd >= 0 && lseek(log_fd, 0, SEEK_END) >= 0;
}

/* "priority,number,time,flags;text" of the kernel's own, facility 0. */
static bool complains(void)
{
	const char *text = strchr(record, ';');
	unsigned int i;

	if (!text || record[1] != ',')
		return false;
	for (i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
		if (!strncmp(text + 1, complaints[i], strlen(complaints[i])))
			return true;
	return false;
}

const char *splat_find(void)
{
	ssize_t n;

	for (;;) {
		n = read(log_fd, record, sizeof(record) - 1);
		/* EPIPE: some of it was overwritten before it was read. */
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return NULL;
		record[n] = 0;
		if (complains())
			return strchr(record, ';') + 1;
	}
}

void splat_note(unsigned long number, const struct program *p)
{
	char line[1000];
	unsigned int i;
	int n;

	n = snprintf(line, sizeof(line), "<7>keel-fuzz: program %lu\n", number);
	if (write(note_fd, line, n) < 0)
		return;
	for (i = 0; i < p->nr; i++) {
		n = snprintf(line, sizeof(line), "<7>");
		call_print(&p->calls[i], line + n, sizeof(line) - n - 1);
		if (write(note_fd, line, strlen(line)) < 0)
			return;
	}
}
