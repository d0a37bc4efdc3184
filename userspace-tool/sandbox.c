// SPDX-License-Identifier: GPL-2.0
/*
 * What the whole process gives up before the guest runs: descriptors, access to
 * file systems and networks, capabilities, core dumps.
 *
 * Threads made afterwards inherit it.  It stands behind the filters of system
 * calls, which refuse the calls that could use any of this.  Next to read:
 * sandbox_filter.c.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "sandbox.h"
#include "vmx_names.h"

/*
 * What a kernel's Landlock can refuse, by the version of its ABI.  The header
 * that Keel is built with may be older than the kernel it runs on, so the bits
 * are counted here and not named: the kernel's documentation, "Landlock:
 * unprivileged access control", lists them.
 */
struct ruleset {
	__u64 fs;
	__u64 net;
	__u64 scoped;
};

#define BITS(n)	((1ULL << (n)) - 1)

static const struct {
	struct ruleset ruleset;
	size_t size;
} landlock_abis[] = {
	/* 13 rights to files and folders */
	{ { BITS(13), 0, 0 }, offsetof(struct ruleset, net) },
	/* renaming and linking between folders */
	{ { BITS(14), 0, 0 }, offsetof(struct ruleset, net) },
	/* truncating */
	{ { BITS(15), 0, 0 }, offsetof(struct ruleset, net) },
	/* binding and connecting TCP */
	{ { BITS(15), BITS(2), 0 }, offsetof(struct ruleset, scoped) },
	/* ioctl() on devices that are opened from now on */
	{ { BITS(16), BITS(2), 0 }, offsetof(struct ruleset, scoped) },
	/* signals and abstract sockets of processes outside */
	{ { BITS(16), BITS(2), BITS(2) }, sizeof(struct ruleset) },
};

static int fail(const char *what)
{
	int ret = -errno;

	cmd_error("sandbox: %s: %s; --no-sandbox runs the guest without one", what,
		  strerror(-ret));
	return ret;
}

static int compare(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int close_others(const int *keep, size_t nr)
{
	unsigned int first = STDERR_FILENO + 1;
	int *sorted = malloc((nr + 1) * sizeof(*sorted));
	int ret = 0;
	size_t i;

	if (!sorted)
		return fail("descriptors");
	memcpy(sorted, keep, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), compare);
	for (i = 0; i <= nr && !ret; i++) {
		unsigned int last = i < nr ? (unsigned int)sorted[i] : ~0U;

		/* Standard input and output are not in the way. */
		if (i < nr && sorted[i] < (int)first)
			continue;
		if (i == nr || last > first)
			ret = syscall(SYS_close_range, first, i == nr ? last : last - 1, 0);
		first = last + 1;
	}
	free(sorted);
	return ret ? fail("closing descriptors") : 0;
}

static void no_landlock(int error)
{
	const char *rest = "going on, since the filters of system calls refuse the same";

	if (error == ENOSYS)
		cmd_error("sandbox: this kernel has no Landlock (CONFIG_SECURITY_LANDLOCK); %s",
			  rest);
	else if (error == EOPNOTSUPP)
		cmd_error("sandbox: this kernel was booted without Landlock (lsm=landlock,...); %s",
			  rest);
	else
		cmd_error("sandbox: asking for Landlock: %s; does a container refuse it? %s",
			  strerror(error), rest);
}

/* No rule allows anything: what is open stays usable, nothing else is. */
static int no_files(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);
	int fd, ret;

	if (abi < 1) {
		no_landlock(errno);
		return 0;
	}
	if (abi > (long)ARRAY_SIZE(landlock_abis))
		abi = ARRAY_SIZE(landlock_abis);
	fd = syscall(SYS_landlock_create_ruleset, &landlock_abis[abi - 1].ruleset,
		     landlock_abis[abi - 1].size, 0);
	if (fd < 0)
		return fail("Landlock");
	ret = syscall(SYS_landlock_restrict_self, fd, 0);
	if (ret)
		ret = fail("Landlock");
	close(fd);
	return ret;
}

static int no_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) ? fail("capabilities") : 0;
}

/*
 * Whatever handles core dumps on the host would read memory that the guest may
 * have written, often as root.
 */
static int no_core_dumps(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? fail("core dumps") : 0;
}

/* Where reading implies it, memory without PROT_EXEC could be executed. */
static int no_implied_execution(void)
{
	int old = personality(~0U);

	if (old < 0 || !(old & READ_IMPLIES_EXEC))
		return 0;
	return personality(old & ~READ_IMPLIES_EXEC) < 0 ? fail("personality") : 0;
}

/* What libc would do later, behind functions that do not look like it. */
static void settle_libc(void)
{
	/*
	 * Further arenas would be one for each thread: to make one malloc(3) asks
	 * how many CPUs there are, and to shrink one it opens a file.
	 */
	mallopt(M_ARENA_MAX, 1);
	/* gmtime_r(3), for the guest's clock, reads the time zone the first time. */
	tzset();
}

/**
 * sandbox_process() - give up what the process does not need to run a guest
 * @keep: descriptors that stay open, in any order, beside standard input, output
 *	and error; negative ones are none
 * @nr: how many
 *
 * Called before threads are made: they inherit it.
 *
 * Return: 0, or a negative errno after a message.
 */
int sandbox_process(const int *keep, size_t nr)
{
	int ret;

	settle_libc();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fail("no new privileges");
	ret = close_others(keep, nr);
	if (!ret)
		ret = no_files();
	if (!ret)
		ret = no_implied_execution();
	if (!ret)
		ret = no_capabilities();
	/* Last: it makes the process' files in /proc root's. */
	if (!ret)
		ret = no_core_dumps();
	return ret;
}
