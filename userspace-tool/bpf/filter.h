/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which exits a BPF program looks at: shared by the programs and the commands.
 */
#ifndef BPF_FILTER_H
#define BPF_FILTER_H

#include <linux/types.h>

/** define WATCH_ANY - in a filter: whichever */
#define WATCH_ANY	0xffffffffU

/**
 * struct watch_filter - which exits are looked at; WATCH_ANY leaves one open
 * @tgid: process that runs the VM, in the first PID namespace
 * @vm: VM id
 * @vcpu: vCPU id
 */
struct watch_filter {
	__u32 tgid;
	__u32 vm;
	__u32 vcpu;
};

#endif /* BPF_FILTER_H */
