/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel top: what it reads from /proc and from Keel's list of VMs.
 */
#ifndef TOP_PROC_H
#define TOP_PROC_H

#include <stdio.h>

#include "top_model.h"

/** define TOP_VMS_FILE - the module's counters of all VMs, in debugfs */
#define TOP_VMS_FILE	"/sys/kernel/debug/keel/stats"

int top_parse_vms(FILE *file, struct top_sample *sample);
int top_parse_cpu(FILE *file, struct top_sample *sample);
enum top_thread top_parse_thread(const char *line);

int top_read_vms(struct top_sample *sample);
void top_read_cpu(struct top_sample *sample);
void top_read_processes(struct top_sample *sample);

#endif /* TOP_PROC_H */
