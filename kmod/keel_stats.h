/* SPDX-License-Identifier: GPL-2.0 */
/* Counters without tracing: see keel_stats.c. */
#ifndef KEEL_STATS_H
#define KEEL_STATS_H

struct seq_file;

long keel_stats_get(void *vcpu, void *arg);
void keel_stats_show(struct seq_file *m);

#endif /* KEEL_STATS_H */
