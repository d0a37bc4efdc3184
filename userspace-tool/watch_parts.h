/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the files that make up a watch call each other; commands want watch.h.
 */
#ifndef WATCH_PARTS_H
#define WATCH_PARTS_H

#include <signal.h>

#include "watch.h"

void watch_signals(sigset_t *signals);

void watch_quiet(void);
void watch_explain(const char *what, int err);

int watch_child_fork(struct watch *watch);
int watch_child_go(struct watch *watch);
bool watch_child_reap(struct watch *watch);
void watch_child_end(struct watch *watch);

int watch_vm_attach(struct watch *watch);
int watch_vm_fd(const struct watch *watch);
void watch_vm_detach(struct watch *watch);

#endif /* WATCH_PARTS_H */
