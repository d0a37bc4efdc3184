// SPDX-License-Identifier: GPL-2.0
/*
 * The VM of --vm: whether it is there, and when it ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cmd.h"
#include "watch_parts.h"
#include "bpf/watch_vm.skel.h"

#define STATS	"/sys/kernel/debug/keel/stats"

static int ended(void *ctx, void *data, size_t size)
{
	struct watch *watch = ctx;

	(void)data;
	(void)size;
	watch->ended = true;
	return 0;
}

/* The numbers of all VMs in @list; whether @vm is one of them, or unknown. */
static bool there(__u32 vm, char *list, size_t size)
{
	bool found = false;
	char *line = NULL;
	size_t room = 0, used = 0;
	unsigned int id;
	FILE *file = fopen(STATS, "re");

	if (!file)
		return true;
	while (getline(&line, &room, file) > 0) {
		if (sscanf(line, "vm %u", &id) != 1)
			continue;
		found |= id == vm;
		if (used < size)
			used += snprintf(list + used, size - used, " %u", id);
	}
	free(line);
	fclose(file);
	return found;
}

/**
 * watch_vm_attach() - make sure of the VM's end, and that it has not come yet
 * @watch: a watch whose filter has a VM
 *
 * Return: 0, or a negative errno after a message.
 */
int watch_vm_attach(struct watch *watch)
{
	struct watch_vm_bpf *skel = watch_vm_bpf__open();
	char list[256] = "";
	int err = skel ? 0 : -errno;

	watch->vm_end_skel = skel;
	if (!err) {
		skel->rodata->filter = watch->filter;
		err = watch_vm_bpf__load(skel);
	}
	if (!err)
		err = watch_vm_bpf__attach(skel);
	if (!err) {
		watch->vm_end = ring_buffer__new(bpf_map__fd(skel->maps.ended),
						 ended, watch, NULL);
		err = watch->vm_end ? 0 : -errno;
	}
	if (err) {
		watch_explain("watching for the VM's end", -err);
		return err;
	}
	/* Only now: one that ends from here on is told. */
	if (there(watch->filter.vm, list, sizeof(list)))
		return 0;
	cmd_error("no VM %u; %s%s", watch->filter.vm,
		  *list ? "there are:" : "there is none", list);
	return -ENOENT;
}

/**
 * watch_vm_fd() - what becomes readable when the VM ends
 * @watch: a watch
 *
 * Return: a descriptor for poll(), which ignores -1.
 */
int watch_vm_fd(const struct watch *watch)
{
	return watch->vm_end ? ring_buffer__epoll_fd(watch->vm_end) : -1;
}

/**
 * watch_vm_detach() - undo watch_vm_attach()
 * @watch: a watch, attached or not
 */
void watch_vm_detach(struct watch *watch)
{
	ring_buffer__free(watch->vm_end);
	watch->vm_end = NULL;
	watch_vm_bpf__destroy(watch->vm_end_skel);
	watch->vm_end_skel = NULL;
}
