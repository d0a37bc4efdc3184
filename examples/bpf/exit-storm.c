// SPDX-License-Identifier: GPL-2.0
/*
 * exit-storm LIMIT [SECONDS]: say when a vCPU has more than LIMIT exits in a second,
 * and what the exit was that went beyond it.
 */
#include <time.h>
#include <bpf/libbpf.h>
#include <linux/keel_trace.h>

#include "example.h"
#include "exit-storm.h"
#include "exit-storm.skel.h"

#define REASON(nr, name, prose) { nr, #name },

static const struct {
	unsigned int nr;
	const char *name;
} reasons[] = { KEEL_HW_REASONS(REASON) };

static const char *reason_name(unsigned int nr)
{
	for (unsigned int i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].nr == nr)
			return reasons[i].name;
	return "unknown";
}

static int alert(void *limit, void *data, size_t size)
{
	const struct storm *s = data;
	time_t now = time(NULL);

	printf("%.8s vm %u vcpu %u: more than %llu exits in a second, the last one %s at 0x%llx\n",
	       ctime(&now) + 11, s->vm, s->vcpu, *(unsigned long long *)limit,
	       reason_name(s->reason), (unsigned long long)s->rip);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long long limit = example_number(argc, argv, 1, "LIMIT", -1);
	unsigned int seconds = example_number(argc, argv, 2, "SECONDS", 0);
	struct ring_buffer *ring = NULL;
	struct exit_storm *skeleton;

	example_begin(seconds);
	skeleton = exit_storm__open();
	if (!skeleton)
		example_failed();
	skeleton->rodata->limit = limit;
	if (!exit_storm__load(skeleton))
		ring = ring_buffer__new(bpf_map__fd(skeleton->maps.storms), alert, &limit, NULL);
	if (!ring || exit_storm__attach(skeleton))
		example_failed();
	fprintf(stderr, "Watching; Ctrl-C ends it.\n");
	while (!example_over)
		ring_buffer__poll(ring, 100);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	exit_storm__destroy(skeleton);
	return 0;
}
