// SPDX-License-Identifier: GPL-2.0
/*
 * Names of exit reasons and VM-instruction errors.  See vmx_names.h.
 */
#include "vmx_names.h"

#include <linux/kernel.h>
#include <linux/keel_trace.h>

#define REASON_PROSE(nr, name, prose) \
	[nr] = prose,

static const char * const exit_reasons[] = {
	KEEL_HW_REASONS(REASON_PROSE)
};

/* SDM, "VM Instruction Error Numbers", in our words. */
static const char * const instruction_errors[] = {
	[1] = "VMCALL in VMX root operation",
	[2] = "VMCLEAR with an invalid physical address",
	[3] = "VMCLEAR with the VMXON pointer",
	[4] = "VMLAUNCH with a VMCS that is not clear",
	[5] = "VMRESUME with a VMCS that was not launched",
	[6] = "VMRESUME after VMXOFF",
	[7] = "VM entry with an invalid control field",
	[8] = "VM entry with an invalid host-state field",
	[9] = "VMPTRLD with an invalid physical address",
	[10] = "VMPTRLD with the VMXON pointer",
	[11] = "VMPTRLD with another VMCS revision identifier",
	[12] = "VMREAD or VMWRITE of a VMCS field that does not exist",
	[13] = "VMWRITE to a read-only VMCS field",
	[15] = "VMXON in VMX root operation",
	[16] = "VM entry with an invalid executive-VMCS pointer",
	[17] = "VM entry with an executive VMCS that was not launched",
	[18] = "VM entry with an executive-VMCS pointer other than the VMXON pointer",
	[19] = "VMCALL to the SMM monitor with a VMCS that is not clear",
	[20] = "VMCALL to the SMM monitor with an invalid VM-exit control field",
	[22] = "VMCALL to the SMM monitor with another MSEG revision identifier",
	[23] = "VMXOFF under dual-monitor treatment of SMIs and SMM",
	[24] = "VMCALL with invalid SMM-monitor features",
	[25] = "VM entry with an invalid execution control in the executive VMCS",
	[26] = "VM entry while events are blocked by MOV SS",
	[28] = "INVEPT or INVVPID with an invalid operand",
};

/**
 * vmx_exit_reason_name - name of a basic exit reason
 * @reason: bits 15:0 of the exit reason; the other bits are ignored
 *
 * Return: its name, never NULL.
 */
const char *vmx_exit_reason_name(u32 reason)
{
	reason &= 0xffff;
	if (reason < ARRAY_SIZE(exit_reasons) && exit_reasons[reason])
		return exit_reasons[reason];
	return "unknown exit reason";
}

/**
 * vmx_instruction_error_name - what a VM-instruction error number means
 * @error: the VM-instruction error field after VMfailValid
 *
 * Return: text, never NULL.
 */
const char *vmx_instruction_error_name(u32 error)
{
	if (error < ARRAY_SIZE(instruction_errors) && instruction_errors[error])
		return instruction_errors[error];
	return "unknown VM-instruction error";
}
