// SPDX-License-Identifier: GPL-2.0
/*
 * Why a BPF program could not be loaded or attached, and what helps.
 *
 * libbpf tells much and to whom it may concern.  It is kept here, and shown only
 * where there is nothing better to say.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#include "cmd.h"
#include "watch_parts.h"

/* The last of it, a verifier's log included. */
static char said[16384];

static int keep(enum libbpf_print_level level, const char *fmt, va_list args)
{
	size_t used = strlen(said);
	int n;

	if (level != LIBBPF_WARN)
		return 0;
	/* The last message is the one that counts: the first give way to it. */
	if (used > sizeof(said) / 2)
		used = 0;
	n = vsnprintf(said + used, sizeof(said) - used, fmt, args);
	return n;
}

/**
 * watch_quiet() - keep libbpf's messages for watch_explain()
 */
void watch_quiet(void)
{
	said[0] = 0;
	libbpf_set_print(keep);
}

static const char *remedy(int err)
{
	switch (err) {
	case EPERM:
		if (geteuid())
			return "be root, or have the capabilities CAP_BPF and CAP_PERFMON";
		return "root lacks CAP_BPF and CAP_PERFMON here (a container?), or /sys/kernel/security/lockdown forbids it";
	case ENOENT:
		if (access("/sys/module/keel", F_OK))
			return "load the module with 'modprobe keel'";
		return "the module lacks a tracepoint; install module and tool from one version, for a kernel with CONFIG_TRACEPOINTS=y";
	case EACCES:
		return "this kernel's verifier refuses the program; please report what it says";
	case ENOMEM:
	case E2BIG:
		return "free some memory; maps of BPF programs count against the cgroup's limit";
	default:
		return "use a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_BPF_EVENTS=y; counts without BPF are in /sys/kernel/debug/keel/stats";
	}
}

/**
 * watch_explain() - say why a BPF program cannot do its work
 * @what: what was tried
 * @err: the errno
 */
void watch_explain(const char *what, int err)
{
	cmd_error("%s: %s; %s", what, strerror(err), remedy(err));
	/* Of these the cause is plain, and it is not in the program. */
	if (err != EPERM && err != ENOENT && said[0])
		fprintf(stderr, "%s%s", said,
			said[strlen(said) - 1] == '\n' ? "" : "\n");
}
