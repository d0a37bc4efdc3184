/* SPDX-License-Identifier: GPL-2.0 */
/* The fast section: see vmx_section.c. */
#ifndef KEEL_VMX_SECTION_H
#define KEEL_VMX_SECTION_H

#include <linux/types.h>

struct keel_vcpu;
struct vmx_host;

/* Where an XSAVE area has these: bytes from its start. */
#define XSAVE_FCW	0
#define XSAVE_MXCSR	24
#define XSAVE_HEADER	512
/* XSTATE_BV of what FXSAVE saves, too: x87 and SSE. */
#define XSTATE_LEGACY	3ULL

bool vmx_section_begin(struct keel_vcpu *vcpu);
void vmx_section_end(struct keel_vcpu *vcpu);
void vmx_section_init(void);
void vmx_section_efer(struct keel_vcpu *vcpu);
void vmx_read_host_msrs(struct vmx_host *h);

/* Bytes of an XSAVE area for what guests may use; and those components. */
extern u32 vmx_xsave_size;
extern u64 vmx_guest_xcr0;

#endif /* KEEL_VMX_SECTION_H */
