/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between host kernels, and what of the host is awkward to reach
 * from a module.  All kernel-version tests of Keel are here and in host.c.
 *
 * This is the lowest layer: it knows nothing of VMX and nothing of Keel.
 */
#ifndef KEEL_HOST_H
#define KEEL_HOST_H

#include <linux/entry-kvm.h>
#include <linux/eventfd.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/jump_label.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/version.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>

/**
 * typedef host_emergency_fn - take a CPU out of VMX operation, now
 *
 * Runs with interrupts off, maybe in an NMI, maybe while this CPU was in the
 * middle of anything.  It must take no lock.
 *
 * Return: true if the CPU was in VMX operation.
 */
typedef bool (*host_emergency_fn)(void);

int host_emergency_register(host_emergency_fn off);
void host_emergency_unregister(void);
void host_emergency_arm(void);
void host_emergency_disarm(void);

/**
 * struct host_power_ops - what to do when the host sleeps or goes down
 * @suspend: the last CPU is about to sleep; interrupts off, no other CPU online
 * @resume: that CPU woke up; interrupts off
 * @shutdown: the host restarts, powers off or starts another kernel; may
 *	sleep, all CPUs online
 */
struct host_power_ops {
	void (*suspend)(void);
	void (*resume)(void);
	void (*shutdown)(void);
};

int host_power_register(const struct host_power_ops *ops);
void host_power_unregister(void);

/* Mitigations, as the host's kernel has chosen them. */
struct seq_file;

void host_mitigations_init(void);
void host_mitigations_exit(void);
void host_show_mitigations(struct seq_file *m);
void host_branch_barrier(void);
void host_guest_ran(void);

/** host_has_lam - the CPU has linear-address masking, and the host's kernel knows of it */
static inline bool host_has_lam(void)
{
#ifdef X86_FEATURE_LAM
	return boot_cpu_has(X86_FEATURE_LAM);
#else
	return false;
#endif
}

DECLARE_STATIC_KEY_FALSE(host_l1tf);
void __host_flush_l1d(bool *dirty);

/**
 * host_flush_l1d - before an entry: clear the L1 data cache if need be
 * @dirty: code has run that may have brought other data than the guest's own
 *	VM's into the cache; cleared with it.  What interrupt handlers did is seen to
 *	here.
 *
 * Interrupts off, and they stay off until the entry.
 */
static inline void host_flush_l1d(bool *dirty)
{
	if (static_branch_unlikely(&host_l1tf))
		__host_flush_l1d(dirty);
}

/*
 * MSRs, straight: the kernel's rdmsrl() takes a detour for Xen PV guests, and in
 * those there is no VMX.  A #GP is reported as it is there.
 */
static __always_inline u64 host_rdmsr(u32 msr)
{
	return __rdmsr(msr);
}

static __always_inline void host_wrmsr(u32 msr, u64 value)
{
	__wrmsr(msr, (u32)value, value >> 32);
}

/** host_eventfd_signal - add 1 to an eventfd's count, from any context but an NMI */
static inline void host_eventfd_signal(struct eventfd_ctx *eventfd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	eventfd_signal(eventfd);
#else
	eventfd_signal(eventfd, 1);
#endif
}

/** host_run_delay - nanoseconds that this thread has waited for a CPU so far */
static inline u64 host_run_delay(void)
{
#ifdef CONFIG_SCHED_INFO
	return current->sched_info.run_delay;
#else
	return 0;
#endif
}

/**
 * struct host_shrinker_ops - a cache that the host can make smaller
 * @count: objects that could go
 * @scan: let up to @nr of them go; returns how many went, 0 where it cannot now
 *
 * Both may be called where memory is short, from any task: they must not wait for
 * memory, nor for what waits for it.
 */
struct host_shrinker_ops {
	unsigned long (*count)(void);
	unsigned long (*scan)(unsigned long nr);
};

int host_shrinker_register(const struct host_shrinker_ops *ops);
void host_shrinker_unregister(void);

/* Work that the kernel wants done before a thread goes on in a guest. */
void host_take_interrupt(void);
void host_take_acked_interrupt(unsigned int vector);
void host_take_machine_check(void);
int host_do_work(void);

/**
 * host_work_pending - signals, rescheduling, task work
 *
 * Interrupts off, in the fast section.  On kernels whose kernel_fpu_begin() holds
 * softirqs back, they are work, too.
 */
static inline bool host_work_pending(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	if (local_softirq_pending())
		return true;
#endif
	return xfer_to_guest_mode_work_pending();
}

/* Interrupts for another CPU: to look, or to take posted interrupts over. */
unsigned int host_posted_vector(void);
void host_notify_cpu(int cpu, bool posted);

enum hrtimer_restart;
struct hrtimer;
void host_timer_init(struct hrtimer *timer, enum hrtimer_restart (*fn)(struct hrtimer *timer));

#endif /* KEEL_HOST_H */
