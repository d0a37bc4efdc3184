// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: where its samples come from: the BPF program of bpf/top.bpf.c, and
 * what top_proc.c adds.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "bpf/filter.h"
#include "bpf/top.h"
#include "bpf/top.skel.h"
#include "cmd.h"
#include "top_proc.h"
#include "top_source.h"
#include "watch.h"

/**
 * top_source_open() - begin to count
 * @watch: open; its filter is applied
 *
 * Return: for top_source_close(), or NULL after a message.
 */
struct top_bpf *top_source_open(struct watch *watch)
{
	struct top_bpf *bpf = top_bpf__open();

	if (!bpf) {
		cmd_error("BPF program of keel top: %s", strerror(errno));
		return NULL;
	}
	bpf->rodata->filter = watch->filter;
	if (!watch_attach(watch, bpf->skeleton))
		return bpf;
	top_bpf__destroy(bpf);
	return NULL;
}

/**
 * top_source_close() - end it
 * @bpf: from top_source_open(), or NULL
 */
void top_source_close(struct top_bpf *bpf)
{
	top_bpf__destroy(bpf);
}

/* The ids of all vCPUs.  Only we take some out, so the walk does not begin anew. */
static int read_ids(int fd, struct top_sample *sample)
{
	__u64 key, *previous = NULL;

	while (!bpf_map_get_next_key(fd, previous, &key)) {
		if (!top_sample_add(sample, key >> 32, key))
			return -ENOMEM;
		previous = &key;
	}
	return 0;
}

/* The end of a VM is told behind all that it counts: so look first whether it came. */
static int read_vcpus(struct top_bpf *bpf, struct top_sample *sample)
{
	int fd = bpf_map__fd(bpf->maps.vcpus), gone = bpf_map__fd(bpf->maps.gone);
	int ret = read_ids(fd, sample);
	struct top_state *state;
	__u32 vm;
	__u64 key;
	size_t i;

	for (i = 0; i < sample->nr && !ret; i++) {
		state = &sample->vcpus[i];
		key = (__u64)state->vm << 32 | state->vcpu;
		state->gone = !bpf_map_lookup_elem(gone, &state->vm, &vm);
		ret = bpf_map_lookup_elem(fd, &key, &state->counters);
		state->seen = true;
	}
	return ret;
}

/* Whether the VM has ended after we looked at one of its vCPUs. */
static bool ended_late(const struct top_sample *sample, __u32 vm)
{
	size_t i;

	for (i = 0; i < sample->nr; i++)
		if (sample->vcpus[i].vm == vm && !sample->vcpus[i].gone)
			return true;
	return false;
}

/*
 * VM ids are never used twice, and the last event of a VM is its end: nobody adds to
 * what is taken out here.
 */
static int remove_gone(struct top_bpf *bpf, const struct top_sample *sample)
{
	int gone = bpf_map__fd(bpf->maps.gone), vcpus = bpf_map__fd(bpf->maps.vcpus);
	const struct top_state *state;
	__u32 vm, next;
	bool more;
	__u64 key;
	size_t i;

	for (i = 0; i < sample->nr; i++) {
		state = &sample->vcpus[i];
		key = (__u64)state->vm << 32 | state->vcpu;
		if (state->gone && bpf_map_delete_elem(vcpus, &key))
			return -errno;
	}
	more = !bpf_map_get_next_key(gone, NULL, &vm);
	while (more) {
		more = !bpf_map_get_next_key(gone, &vm, &next);
		if (!ended_late(sample, vm) && bpf_map_delete_elem(gone, &vm))
			return -errno;
		vm = next;
	}
	return 0;
}

/**
 * top_source_sample() - look at all vCPUs, now
 * @bpf: from top_source_open()
 * @sample: filled in, sorted; all zero before
 *
 * Return: 0, or a negative errno.
 */
int top_source_sample(struct top_bpf *bpf, struct top_sample *sample)
{
	int ret;

	sample->ns = watch_now();
	ret = read_vcpus(bpf, sample);
	if (!ret)
		ret = remove_gone(bpf, sample);
	if (ret)
		return ret;
	sample->lost = bpf->bss->lost;
	top_sample_sort(sample);
	ret = top_read_vms(sample);
	top_read_cpu(sample);
	top_read_processes(sample);
	return ret;
}
