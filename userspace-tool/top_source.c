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

static int read_vcpus(int fd, struct top_sample *sample)
{
	int ret = read_ids(fd, sample);
	struct top_state *state;
	__u64 key;
	size_t i;

	for (i = 0; i < sample->nr && !ret; i++) {
		state = &sample->vcpus[i];
		key = (__u64)state->vm << 32 | state->vcpu;
		ret = bpf_map_lookup_elem(fd, &key, &state->counters);
		state->seen = true;
	}
	return ret;
}

/*
 * VM ids are never used twice, and the last event of a VM is its end: nobody adds to
 * what is taken out here.
 */
static int remove_gone(struct top_bpf *bpf)
{
	int gone = bpf_map__fd(bpf->maps.gone), vcpus = bpf_map__fd(bpf->maps.vcpus);
	struct top_sample ids;
	int ret = 0;
	__u64 key;
	__u32 vm;
	size_t i;

	while (!ret && !bpf_map_get_next_key(gone, NULL, &vm)) {
		memset(&ids, 0, sizeof(ids));
		ret = read_ids(vcpus, &ids);
		for (i = 0; i < ids.nr && !ret; i++) {
			key = (__u64)vm << 32 | ids.vcpus[i].vcpu;
			if (ids.vcpus[i].vm == vm)
				ret = bpf_map_delete_elem(vcpus, &key);
		}
		top_sample_clear(&ids);
		if (!ret)
			ret = bpf_map_delete_elem(gone, &vm);
	}
	return ret;
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
	int ret = remove_gone(bpf);

	sample->ns = watch_now();
	if (!ret)
		ret = read_vcpus(bpf_map__fd(bpf->maps.vcpus), sample);
	if (ret)
		return ret;
	sample->lost = bpf->bss->lost;
	top_sample_sort(sample);
	ret = top_read_vms(sample);
	top_read_cpu(sample);
	top_read_processes(sample);
	return ret;
}
