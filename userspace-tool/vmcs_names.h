/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of VMCS fields.
 */
#ifndef VMCS_NAMES_H
#define VMCS_NAMES_H

#include <linux/types.h>

const char *vmcs_field_name(__u32 encoding);

#endif /* VMCS_NAMES_H */
