/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VMCS as text, one decoded field a line.
 *
 * Pure: fields are read through a function that the caller gives.  Read
 * vmx_check.h next: it says which field of such a dump is wrong.
 */
#ifndef KEEL_VMX_DUMP_H
#define KEEL_VMX_DUMP_H

#include "vmx_names.h"

size_t vmx_dump_format(char *buf, size_t size, vmx_vmread_fn get, void *ctx,
		       const struct keel_vmx_msrs *caps);
size_t vmx_dump_field(char *buf, size_t size, u32 field, u64 value);

#endif /* KEEL_VMX_DUMP_H */
