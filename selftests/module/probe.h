/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of keel_probe.ko. */
#ifndef KEEL_PROBE_H
#define KEEL_PROBE_H

struct dentry;

void probe_state_init(struct dentry *dir);
void probe_canary_init(struct dentry *dir);
void probe_canary_exit(void);

#endif /* KEEL_PROBE_H */
