/* SPDX-License-Identifier: GPL-2.0 */
/* The counters of KEEL_GET_STATS as /sys/kernel/debug/keel/stats writes them. */
#ifndef SELFTESTS_STATS_H
#define SELFTESTS_STATS_H

#include <keel.h>
#include <stdio.h>

#define STATS_FILE	"/sys/kernel/debug/keel/stats"

/* One line for each counter that is not zero: "VM VCPU NAME VALUE". */
void stats_print(FILE *to, unsigned int vm, unsigned int vcpu, const struct keel_stats *stats);
/* The number of this process' VM that the file names first; 0 or a negative errno. */
int stats_vm_id(unsigned int *id);
/* The lines of one VM in the file; free() them.  NULL where it cannot be read. */
char *stats_of_vm(unsigned int vm);

#endif /* SELFTESTS_STATS_H */
