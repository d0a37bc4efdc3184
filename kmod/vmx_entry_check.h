/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checker of vmx_check.h on a VMCS that is about to be used, or has been: see
 * vmx_entry_check.c.
 */
#ifndef KEEL_VMX_ENTRY_CHECK_H
#define KEEL_VMX_ENTRY_CHECK_H

#include <linux/jump_label.h>
#include <linux/types.h>

#include "vmx_check.h"

struct keel_exit_fail_entry;
struct keel_vcpu;
struct seq_file;

/**
 * struct vmx_forecast - what the checker says of an entry before the CPU does
 * @entry: which it is about, by &keel_stats.entries; the CPU has not told of an older one
 * @controls: the VMX controls are sound
 * @host: the host state is
 * @guest: the guest state is, where the former two are
 * @result: the first rule that is broken
 */
struct vmx_forecast {
	u64 entry;
	bool controls;
	bool host;
	bool guest;
	struct vmx_check_result result;
};

DECLARE_STATIC_KEY_FALSE(vmx_entry_checks);

/** vmx_checks_entries - whether each entry is checked before the CPU does it */
static __always_inline bool vmx_checks_entries(void)
{
	return static_branch_unlikely(&vmx_entry_checks);
}

void vmx_entry_check_init(void);
void vmx_entry_forecast(struct keel_vcpu *vcpu);
void vmx_entry_done(struct keel_vcpu *vcpu);
void vmx_entry_explain(struct keel_vcpu *vcpu, u32 error, struct keel_exit_fail_entry *fail);
void vmx_entry_checks_show(struct seq_file *m);

#endif /* KEEL_VMX_ENTRY_CHECK_H */
