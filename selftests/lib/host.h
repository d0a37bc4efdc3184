/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests do to the host they run on: modules, CPUs, files, the log.
 *
 * Functions return 0 or a negative errno where nothing else is said; they
 * leave judging to the test.
 */
#ifndef SELFTESTS_HOST_H
#define SELFTESTS_HOST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

/* Run a shell command quietly; its exit status, or -errno. */
int host_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Load keel.ko with @params ("" for none); 0 if it is loaded afterwards. */
int host_load_keel(const char *params);
/* Unload keel.ko as rmmod does; 0 if it is gone. */
int host_unload_keel(void);

/* Read a small file as a string without its last newline. */
int host_read(const char *path, char *buf, size_t size);
int host_write(const char *path, const char *text);

/*
 * Whether keel.ko makes VMs on this CPU.  Without EPT it refuses with
 * -EOPNOTSUPP, and leaves VMX alone.
 */
bool host_has_guests(void);

/* In a fixture's setup: the harness of Linux 6.1 would go on to the test. */
#define SKIP_FIXTURE(...)	SKIP(longjmp(_metadata->env, 1), __VA_ARGS__)

/* Take a CPU offline or bring it online. */
int host_cpu_online(int cpu, bool online);
int host_nr_cpus(void);

/*
 * What keel.ko says of a CPU in debugfs: "on", "off", "failed: why".
 */
int host_cpu_state(int cpu, char *buf, size_t size);
bool host_all_cpus(const char *state);

/* The kernel log from now on. */
int host_log_open(void);
/* Whether a line since host_log_open() or the last call contains @text. */
bool host_log_has(int fd, const char *text);

#endif /* SELFTESTS_HOST_H */
