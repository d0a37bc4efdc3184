/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests do to the host they run on: modules, CPUs, files, the log.
 *
 * Functions return 0 or a negative errno where nothing else is said; they
 * leave judging to the test.
 */
#ifndef SELFTESTS_HOST_H
#define SELFTESTS_HOST_H

#include <keel.h>
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
 * The paging mode of the tests' VMs: KEEL_PAGING=shadow in the environment asks
 * for shadow paging, else it is the CPU's own.  All VMs of tests that say nothing
 * of the mode come from here: keel_create_vm() with that mode.
 */
int host_create_vm(int fd, __u32 flags);
int host_create_vm_at(int fd, __u32 flags, __u32 tsc_khz);
/* KEEL_VM_* with that mode. */
__u32 host_vm_flags(__u32 flags);
/* Whether the environment asks for shadow paging. */
bool host_wants_shadow(void);
/* Whether those VMs run on shadow page tables, asked for or for want of EPT. */
bool host_shadows(const struct keel_info *info);

/*
 * Whether keel.ko makes VMs on this CPU, in the paging mode that is asked for.
 * If not it refuses with -EOPNOTSUPP, and leaves VMX alone.
 */
bool host_has_guests(void);

/* In a fixture's setup: the harness of Linux 6.1 would go on to the test. */
#define SKIP_FIXTURE(...)	SKIP(longjmp(_metadata->env, 1), __VA_ARGS__)

/* Take a CPU offline or bring it online. */
int host_cpu_online(int cpu, bool online);
int host_nr_cpus(void);

/* Whether this is the debug kernel, which looks at each of its memory accesses. */
bool host_is_slow(void);
/* How often to try what takes @all tries on a kernel for use. */
unsigned int host_rounds(unsigned int all);
/* How many times as long to wait for what the kernel does. */
unsigned int host_patience(void);

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
