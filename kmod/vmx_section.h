/* SPDX-License-Identifier: GPL-2.0 */
/* The fast section: see vmx_section.c. */
#ifndef KEEL_VMX_SECTION_H
#define KEEL_VMX_SECTION_H

#include <linux/types.h>

struct keel_vcpu;
struct vmx_host;

bool vmx_section_begin(struct keel_vcpu *vcpu);
void vmx_section_end(struct keel_vcpu *vcpu);
void vmx_section_init(void);
void vmx_read_host_msrs(struct vmx_host *h);

/* Bytes of an XSAVE area for what guests may use; and those components. */
extern u32 vmx_xsave_size;
extern u64 vmx_guest_xcr0;

#endif /* KEEL_VMX_SECTION_H */
