/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The confinement of keel run.
 *
 * A guest that subverts a device model has its process; this is about what that
 * process can still do then.  Files are open and threads are made before the
 * guest's first instruction.  From there on the process has no capabilities, no
 * descriptors but those it uses and no way to a file system (sandbox.c), and each
 * kind of thread has the system calls that it needs and no other
 * (sandbox_filter.c).  A refused one ends the process with a message
 * (sandbox_trap.c).
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stddef.h>
#include <linux/filter.h>

/**
 * enum sandbox_thread - kinds of threads, each with a filter
 * @SANDBOX_MAIN: serves the user; joins the others and takes the machine apart
 * @SANDBOX_VCPU: runs a vCPU, and the device models that the guest reaches
 * @SANDBOX_CLOCK: serves the devices' timers
 * @SANDBOX_THREADS: how many kinds there are
 */
enum sandbox_thread {
	SANDBOX_MAIN,
	SANDBOX_VCPU,
	SANDBOX_CLOCK,
	SANDBOX_THREADS,
};

/**
 * struct sandbox - the filters, ready to be installed
 * @programs: by kind of thread; constant
 */
struct sandbox {
	struct sock_fprog programs[SANDBOX_THREADS];
};

/* sandbox.c */
int sandbox_process(const int *keep, size_t nr);

/* sandbox_filter.c */
int sandbox_init(struct sandbox *sandbox);
void sandbox_destroy(struct sandbox *sandbox);
int sandbox_thread(const struct sandbox *sandbox, enum sandbox_thread kind);

/* sandbox_trap.c */
void sandbox_trap_init(void);
void sandbox_trap_thread(enum sandbox_thread kind);

#endif /* SANDBOX_H */
