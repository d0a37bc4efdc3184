// SPDX-License-Identifier: GPL-2.0
/*
 * The counters that each vCPU keeps at all times: for its VMM, and for people.
 */
#include "keel_stats.h"

#include <linux/keel_trace.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>

#include "keel_vcpu.h"
#include "keel_vm.h"

#define REASON_NAME(nr, name, prose) \
	[nr] = #name,

static const char * const reason_names[KEEL_STATS_REASONS] = {
	KEEL_HW_REASONS(REASON_NAME)
};

/**
 * keel_stats_get - KEEL_GET_STATS
 * @obj: the vCPU, locked by the caller
 * @arg: struct keel_stats
 *
 * Return: 0.
 */
long keel_stats_get(void *obj, void *arg)
{
	struct keel_vcpu *vcpu = obj;
	struct keel_stats *stats = arg;
	u32 size = stats->size;

	*stats = vcpu->stats;
	stats->size = size;
	return 0;
}

static void show(struct seq_file *m, const struct keel_vcpu *vcpu, const char *kind,
		 const char *name, const u64 *counter)
{
	/* The vCPU may be counting. */
	u64 value = READ_ONCE(*counter);

	if (value)
		seq_printf(m, "%u %u %s%s %llu\n", vcpu->vm->id, vcpu->id, kind, name, value);
}

static void show_reasons(struct seq_file *m, const struct keel_vcpu *vcpu, const char *kind,
			 const u64 *counters)
{
	char number[12];
	int i;

	for (i = 0; i < KEEL_STATS_REASONS; i++) {
		snprintf(number, sizeof(number), "%d", i);
		show(m, vcpu, kind, reason_names[i] ?: number, &counters[i]);
	}
}

static void show_vcpu(struct seq_file *m, const struct keel_vcpu *vcpu)
{
	const struct keel_stats *stats = &vcpu->stats;

	show(m, vcpu, "", "entries", &stats->entries);
	show(m, vcpu, "", "user_exits", &stats->user_exits);
	show(m, vcpu, "", "injected", &stats->injected);
	show(m, vcpu, "", "halts", &stats->halts);
	show(m, vcpu, "", "page_faults", &stats->page_faults);
	show_reasons(m, vcpu, "exit:", stats->exits);
	show_reasons(m, vcpu, "user:", stats->to_user);
}

static void show_vm(const struct keel_vm *vm, void *m)
{
	const struct keel_vcpu *vcpu;
	int i;

	seq_printf(m, "vm %u pid %u flags 0x%x\n", vm->id, vm->pid, vm->flags);
	rcu_read_lock();
	for (i = 0; i < KEEL_MAX_VCPUS; i++) {
		vcpu = rcu_dereference(vm->vcpus[i]);
		if (vcpu)
			show_vcpu(m, vcpu);
	}
	rcu_read_unlock();
}

/**
 * keel_stats_show - all counters that are not zero, one a line
 * @m: where to
 *
 * "VM VCPU NAME VALUE", below a line with each VM's process.
 */
void keel_stats_show(struct seq_file *m)
{
	keel_vm_for_each(show_vm, m);
}
