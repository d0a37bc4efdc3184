/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libkeel: one function for each call of the ABI in <linux/keel.h>.
 *
 * A function fills in the size of its structure, makes the call, and returns
 * what came of it: 0 or a file descriptor, or a negative errno.  The library
 * never prints, never exits, starts no threads and keeps no state, so that
 * tests, tools and several VMs in one process can share it.  What an errno
 * means is documented beside the call in <linux/keel.h>.
 */
#ifndef KEEL_H
#define KEEL_H

#include <linux/keel.h>

#ifdef __cplusplus
extern "C" {
#endif

/** define KEEL_DEVICE - the device that offers Keel */
#define KEEL_DEVICE	"/dev/keel"

int keel_open(void);
int keel_load(void);
int keel_get_info(int fd, __u32 cpu, struct keel_info *info);
int keel_create_vm(int fd, __u32 flags);

#ifdef __cplusplus
}
#endif

#endif /* KEEL_H */
