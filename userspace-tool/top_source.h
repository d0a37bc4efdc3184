/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel top: where its samples come from.
 */
#ifndef TOP_SOURCE_H
#define TOP_SOURCE_H

#include "top_model.h"

struct top_bpf;
struct watch;

struct top_bpf *top_source_open(struct watch *watch);
int top_source_sample(struct top_bpf *bpf, struct top_sample *sample);
void top_source_close(struct top_bpf *bpf);

#endif /* TOP_SOURCE_H */
