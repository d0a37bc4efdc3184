/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of MSRs and of the local APIC's registers.
 *
 * The names are the SDM's (volume 4, "Model-Specific Registers"; volume 3, "Local
 * APIC Register Address Map"), without the MSR_ that begins those of one model or
 * another; of paravirtual MSRs they are those of Linux' documentation.
 */
#ifndef MSR_NAMES_H
#define MSR_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/** define MSR_NAME_BYTES - room that msr_name() needs at most */
#define MSR_NAME_BYTES	40

bool msr_name(__u32 index, char *name, size_t size);
bool msr_find(const char *name, __u32 *index);
bool apic_register_name(__u32 offset, char *name, size_t size);

#endif /* MSR_NAMES_H */
