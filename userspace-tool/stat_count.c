// SPDX-License-Identifier: GPL-2.0
/*
 * keel stat: the BPF program that counts, and how a table is taken from it.
 *
 * The program counts in one of two phases.  Taking a table switches to the other,
 * waits until no CPU is still in the program with the old one, and empties that.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/keel_trace.h>

#include "cmd.h"
#include "stat_count.h"
#include "bpf/stat.skel.h"

static int prepare(struct stat_bpf *skel, const struct watch *watch,
		   enum stat_by by, __u32 entries)
{
	skel->rodata->filter = watch->filter;
	skel->rodata->by = by;
	bpf_program__set_autoload(skel->progs.vm_exit,
				  by == STAT_BY_PORT || by == STAT_BY_GPA);
	bpf_program__set_autoload(skel->progs.msr, by == STAT_BY_MSR);
	/* A line may be in both phases. */
	return by == STAT_BY_REASON ? 0 :
	       bpf_map__set_max_entries(skel->maps.counts, 2 * entries);
}

/**
 * stat_count_begin() - start counting
 * @watch: an open watch, to which the program is attached
 * @by: what a line of the table stands for
 * @entries: how many lines there may be, except by exit reason
 *
 * Return: for stat_count_end(); NULL after a message.
 */
struct stat_bpf *stat_count_begin(struct watch *watch, enum stat_by by,
				  __u32 entries)
{
	struct stat_bpf *skel = stat_bpf__open();
	int err = skel ? prepare(skel, watch, by, entries) : -errno;

	if (err) {
		cmd_error("preparing a BPF program: %s", strerror(-err));
		watch->failed = true;
		stat_bpf__destroy(skel);
		return NULL;
	}
	if (!watch_attach(watch, skel->skeleton))
		return skel;
	stat_bpf__destroy(skel);
	return NULL;
}

/**
 * stat_count_end() - free what stat_count_begin() made
 * @skel: from there, after watch_stop(); NULL does nothing
 */
void stat_count_end(struct stat_bpf *skel)
{
	stat_bpf__destroy(skel);
}

/* Which phase is over, when no CPU counts in it any more. */
static __u32 switch_phase(struct stat_bpf *skel)
{
	__u32 old = skel->bss->phase;

	__atomic_store_n(&skel->bss->phase, old ^ 1, __ATOMIC_SEQ_CST);
	/* BPF programs of tracepoints run with preemption off: this waits for them. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		usleep(10000);	/* refused with nohz_full=; none of them takes that long */
	return old;
}

/* Take the line with @key, whose copies of all CPUs fit in @copies. */
static int take_row(int map, const struct stat_key *key,
		    struct stat_count *copies, int cpus,
		    struct stat_table *table)
{
	struct stat_count count = { 0 };
	int i;

	if (bpf_map_lookup_elem(map, key, copies) < 0)
		return -errno;
	for (i = 0; i < cpus; i++)
		stat_count_merge(&count, &copies[i]);
	if (bpf_map_delete_elem(map, key) < 0)
		return -errno;
	/* Made by a CPU that had nothing to count in the end. */
	if (!count.samples)
		return 0;
	return stat_table_append(table, key->key, &count) ? 0 : -ENOMEM;
}

/*
 * The key that follows one that is deleted is the first again: so the next key is
 * asked for before, while the other phase may add and remove none of this one.
 */
static int take_rows(struct stat_bpf *skel, __u32 phase, int cpus,
		     struct stat_table *table)
{
	struct stat_count *copies = calloc(cpus, sizeof(*copies));
	int map = bpf_map__fd(skel->maps.counts);
	struct stat_key key, next;
	int more, ret = 0;

	if (!copies)
		return -ENOMEM;
	more = bpf_map_get_next_key(map, NULL, &key);
	while (!more && !ret) {
		more = bpf_map_get_next_key(map, &key, &next);
		if (key.phase == phase)
			ret = take_row(map, &key, copies, cpus, table);
		key = next;
	}
	free(copies);
	return ret;
}

static int take_reason(int map, __u32 index, __u32 reason,
		       struct stat_count *copies,
		       const struct stat_count *zeroes, int cpus,
		       struct stat_table *table)
{
	struct stat_count count = { 0 };
	int i;

	if (bpf_map_lookup_elem(map, &index, copies) < 0)
		return -errno;
	for (i = 0; i < cpus; i++)
		stat_count_merge(&count, &copies[i]);
	if (!count.samples)
		return 0;
	if (bpf_map_update_elem(map, &index, zeroes, BPF_ANY) < 0)
		return -errno;
	return stat_table_append(table, reason, &count) ? 0 : -ENOMEM;
}

static int take_reasons(struct stat_bpf *skel, __u32 phase, int cpus,
			struct stat_table *table)
{
	struct stat_count *copies = calloc(2 * cpus, sizeof(*copies));
	const struct stat_count *zeroes = copies + cpus;
	int map = bpf_map__fd(skel->maps.reasons);
	__u32 reason, index;
	int i, ret = 0;

	if (!copies)
		return -ENOMEM;
	for (i = 0; i < STAT_REASONS && !ret; i++) {
		index = phase * STAT_REASONS + i;
		reason = (i & 0x7f) | (i & 0x80 ? KEEL_HW_REASON_FAILED : 0);
		ret = take_reason(map, index, reason, copies, zeroes, cpus,
				  table);
	}
	free(copies);
	return ret;
}

static int take_rest(struct stat_bpf *skel, __u32 phase, int cpus,
		     struct stat_rest *rest)
{
	struct stat_rest *copies = calloc(cpus, sizeof(*copies));
	int map = bpf_map__fd(skel->maps.rests);
	int i, ret = 0;

	if (!copies)
		return -ENOMEM;
	if (bpf_map_lookup_elem(map, &phase, copies) < 0)
		ret = -errno;
	for (i = 0; i < cpus; i++) {
		rest->others += copies[i].others;
		rest->lost += copies[i].lost;
		rest->returns += copies[i].returns;
		rest->user += copies[i].user;
	}
	memset(copies, 0, cpus * sizeof(*copies));
	if (!ret && bpf_map_update_elem(map, &phase, copies, BPF_ANY) < 0)
		ret = -errno;
	free(copies);
	return ret;
}

static int say(int ret)
{
	if (ret < 0)
		cmd_error("reading what was counted: %s", strerror(-ret));
	return ret;
}

/**
 * stat_count_take() - take what has been counted since the last time
 * @skel: from stat_count_begin()
 * @table: an empty table
 *
 * Return: 0, or a negative errno after a message.
 */
int stat_count_take(struct stat_bpf *skel, struct stat_table *table)
{
	int cpus = libbpf_num_possible_cpus();
	__u32 phase = switch_phase(skel);
	int ret;

	if (cpus < 0)
		return say(cpus);
	ret = take_rest(skel, phase, cpus, &table->rest);
	if (!ret)
		ret = table->by == STAT_BY_REASON ?
			take_reasons(skel, phase, cpus, table) :
			take_rows(skel, phase, cpus, table);
	return say(ret);
}

/**
 * stat_count_take_waiting() - the exits that wait for user space still
 * @skel: from stat_count_begin(), detached
 * @table: a table that is not finished
 *
 * They count with the time that the kernel had them.
 *
 * Return: 0, or a negative errno after a message.
 */
int stat_count_take_waiting(struct stat_bpf *skel, struct stat_table *table)
{
	int map = bpf_map__fd(skel->maps.vcpus);
	struct stat_count count = { .samples = 1, .to_user = 1 };
	struct exit_note note;
	__u64 *last = NULL;
	__u64 vcpu;

	while (!bpf_map_get_next_key(map, last, &vcpu)) {
		last = &vcpu;
		if (bpf_map_lookup_elem(map, &vcpu, &note) < 0)
			return say(-errno);
		count.kernel = note.kernel;
		count.min = note.kernel;
		count.max = note.kernel;
		if (note.waits && !stat_table_add(table, note.key, &count))
			return say(-ENOMEM);
	}
	return 0;
}
