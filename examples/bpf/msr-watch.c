// SPDX-License-Identifier: GPL-2.0
/*
 * msr-watch THRESHOLD [SECONDS]: show each WRMSR whose value is above THRESHOLD.
 *
 * For instance 0xffffffff: addresses, and deadlines of timers.  Until Ctrl-C, or for
 * so many seconds.  What was too fast to be shown is counted.
 */
#include <errno.h>
#include <bpf/libbpf.h>

#include "example.h"
#include "msr-watch.h"
#include "msr-watch.skel.h"

static int show(void *unused, void *data, size_t size)
{
	const struct msr_write *w = data;

	printf("vm %u vcpu %u msr 0x%x value 0x%llx%s\n", w->vm, w->vcpu, w->msr,
	       (unsigned long long)w->value, w->refused ? " refused" : "");
	/* Else a guest that is faster than this would keep us here. */
	return example_over ? -EINTR : 0;
}

int main(int argc, char **argv)
{
	__u64 threshold = example_number(argc, argv, 1, "THRESHOLD", -1);
	unsigned int seconds = example_number(argc, argv, 2, "SECONDS", 0);
	struct ring_buffer *ring = NULL;
	struct msr_watch *skeleton;

	example_begin(seconds);
	skeleton = msr_watch__open();
	if (!skeleton)
		example_failed();
	skeleton->rodata->threshold = threshold;
	if (!msr_watch__load(skeleton))
		ring = ring_buffer__new(bpf_map__fd(skeleton->maps.writes), show, NULL, NULL);
	if (!ring || msr_watch__attach(skeleton))
		example_failed();
	fprintf(stderr, "Watching; Ctrl-C ends it.\n");
	while (!example_over)
		ring_buffer__poll(ring, 100);
	/* What came in the last moment. */
	ring_buffer__consume(ring);
	if (skeleton->bss->lost)
		printf("%llu lost\n", (unsigned long long)skeleton->bss->lost);
	ring_buffer__free(ring);
	msr_watch__destroy(skeleton);
	return 0;
}
