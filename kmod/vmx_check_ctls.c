// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on VMX Controls".  A CPU that finds one broken ends the entry
 * with VMfailValid and VM-instruction error 7.  See vmx_check.h.
 */
#include "vmx_check_ctx.h"
#include "vmx_caps.h"

/* Every bit of a 32-bit control field that a capability MSR fixes. */
static bool check_allowed(const struct vmx_check *c, u32 field, u64 ctls)
{
	u32 value = chk_get(c, field);

	if (vmx_allowed0(ctls) & ~value)
		return chk_fail(c, field,
				"a bit is 0 that this CPU requires to be 1 (allowed 0-settings)");
	if (value & ~vmx_allowed1(ctls))
		return chk_fail(c, field,
				"a bit is 1 that this CPU requires to be 0 (allowed 1-settings)");
	return true;
}

static bool check_allowed64(const struct vmx_check *c, u32 field, u64 allowed1)
{
	return vmx_check_zero(c, field, ~allowed1,
			      "a bit is 1 that this CPU requires to be 0 (allowed 1-settings)");
}

/* "VM-Execution Control Fields": reserved bits. */
static bool check_execution_bits(const struct vmx_check *c)
{
	const struct keel_vmx_msrs *caps = c->env->caps;

	return check_allowed(c, PIN_BASED_VM_EXEC_CONTROL, vmx_caps_pin(caps)) &&
		check_allowed(c, CPU_BASED_VM_EXEC_CONTROL, vmx_caps_proc(caps)) &&
		(!(c->proc & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS) ||
		 check_allowed(c, SECONDARY_VM_EXEC_CONTROL, caps->procbased_ctls2)) &&
		(!(c->proc & CPU_BASED_ACTIVATE_TERTIARY_CONTROLS) ||
		 check_allowed64(c, TERTIARY_VM_EXEC_CONTROL, caps->procbased_ctls3));
}

/* Fields that hold a physical address, where a control is 1. */
static bool check_addresses(const struct vmx_check *c)
{
	static const struct {
		u32 proc, proc2;	/* the control that uses it */
		u64 proc3;
		u32 field;
		u64 low;
	} rules[] = {
		{ .proc = CPU_BASED_USE_IO_BITMAPS,
		  .field = IO_BITMAP_A, .low = PAGE_OFFSET_BITS },
		{ .proc = CPU_BASED_USE_IO_BITMAPS,
		  .field = IO_BITMAP_B, .low = PAGE_OFFSET_BITS },
		{ .proc = CPU_BASED_USE_MSR_BITMAPS,
		  .field = MSR_BITMAP, .low = PAGE_OFFSET_BITS },
		{ .proc = CPU_BASED_TPR_SHADOW,
		  .field = VIRTUAL_APIC_PAGE_ADDR, .low = PAGE_OFFSET_BITS },
		{ .proc2 = SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES,
		  .field = APIC_ACCESS_ADDR, .low = PAGE_OFFSET_BITS },
		{ .proc2 = SECONDARY_EXEC_ENABLE_PML,
		  .field = PML_ADDRESS, .low = PAGE_OFFSET_BITS },
		{ .proc2 = SDM_PROC2_SPP,
		  .field = SDM_SPP_TABLE_POINTER, .low = PAGE_OFFSET_BITS },
		{ .proc2 = SECONDARY_EXEC_SHADOW_VMCS,
		  .field = VMREAD_BITMAP, .low = PAGE_OFFSET_BITS },
		{ .proc2 = SECONDARY_EXEC_SHADOW_VMCS,
		  .field = VMWRITE_BITMAP, .low = PAGE_OFFSET_BITS },
		{ .proc2 = SDM_PROC2_EPT_VIOLATION_VE,
		  .field = SDM_VE_INFORMATION_ADDRESS, .low = PAGE_OFFSET_BITS },
		{ .proc2 = SDM_PROC2_PASID_TRANSLATION,
		  .field = SDM_LOW_PASID_DIRECTORY, .low = PAGE_OFFSET_BITS },
		{ .proc2 = SDM_PROC2_PASID_TRANSLATION,
		  .field = SDM_HIGH_PASID_DIRECTORY, .low = PAGE_OFFSET_BITS },
		/* Bits 4:3 of the HLAT pointer are PWT and PCD. */
		{ .proc3 = SDM_PROC3_HLAT,
		  .field = SDM_HLATP, .low = PAGE_OFFSET_BITS & ~0x18ULL },
		{ .proc3 = SDM_PROC3_IPI_VIRTUALIZATION,
		  .field = PID_POINTER_TABLE, .low = 7 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!(c->proc & rules[i].proc) && !(c->proc2 & rules[i].proc2) &&
		    !(c->proc3 & rules[i].proc3))
			continue;
		if (!vmx_check_address(c, rules[i].field, rules[i].low))
			return false;
	}
	return true;
}

/* Controls that must not be 1 unless another one is. */
static bool check_dependencies(const struct vmx_check *c)
{
	bool tpr_shadow = c->proc & CPU_BASED_TPR_SHADOW;
	bool ept = c->proc2 & SECONDARY_EXEC_ENABLE_EPT;
	bool vid = c->proc2 & SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY;

	if ((c->pin & PIN_BASED_VIRTUAL_NMIS) && !(c->pin & PIN_BASED_NMI_EXITING))
		return chk_fail(c, PIN_BASED_VM_EXEC_CONTROL,
				"\"virtual NMIs\" is 1 while \"NMI exiting\" is 0");
	if ((c->proc & CPU_BASED_NMI_WINDOW_EXITING) &&
	    !(c->pin & PIN_BASED_VIRTUAL_NMIS))
		return chk_fail(c, CPU_BASED_VM_EXEC_CONTROL,
				"\"NMI-window exiting\" is 1 while \"virtual NMIs\" is 0");
	if (!tpr_shadow && (c->proc2 & SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"virtualize x2APIC mode\" is 1 while \"use TPR shadow\" is 0");
	if (!tpr_shadow && (c->proc2 & SECONDARY_EXEC_APIC_REGISTER_VIRT))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"APIC-register virtualization\" is 1 while \"use TPR shadow\" is 0");
	if (!tpr_shadow && vid)
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"virtual-interrupt delivery\" is 1 while \"use TPR shadow\" is 0");
	if (!tpr_shadow && (c->proc3 & SDM_PROC3_IPI_VIRTUALIZATION))
		return chk_fail(c, TERTIARY_VM_EXEC_CONTROL,
				"\"IPI virtualization\" is 1 while \"use TPR shadow\" is 0");
	if ((c->proc2 & SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE) &&
	    (c->proc2 & SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"both \"virtualize x2APIC mode\" and \"virtualize APIC accesses\" are 1");
	if (vid && !(c->pin & PIN_BASED_EXT_INTR_MASK))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"virtual-interrupt delivery\" is 1 while \"external-interrupt exiting\" is 0");
	if (!ept && (c->proc2 & SECONDARY_EXEC_ENABLE_PML))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"enable PML\" is 1 while \"enable EPT\" is 0");
	if (!ept && vmx_unrestricted(c))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"unrestricted guest\" is 1 while \"enable EPT\" is 0");
	if (!ept && (c->proc2 & SECONDARY_EXEC_MODE_BASED_EPT_EXEC))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"mode-based execute control for EPT\" is 1 while \"enable EPT\" is 0");
	if (!ept && (c->proc2 & SDM_PROC2_SPP))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"sub-page write permissions for EPT\" is 1 while \"enable EPT\" is 0");
	if (!ept && (c->proc3 & (SDM_PROC3_HLAT | SDM_PROC3_PAGING_WRITE |
				 SDM_PROC3_PAGING_VERIFICATION)))
		return chk_fail(c, TERTIARY_VM_EXEC_CONTROL,
				"a control of guest paging is 1 (bits 3:1) while \"enable EPT\" is 0");
	if ((c->proc2 & SECONDARY_EXEC_PT_USE_GPA) &&
	    (!ept || !(c->entry & VM_ENTRY_LOAD_IA32_RTIT_CTL) ||
	     !(c->exit & VM_EXIT_CLEAR_IA32_RTIT_CTL)))
		return chk_fail(c, SECONDARY_VM_EXEC_CONTROL,
				"\"Intel PT uses guest physical addresses\" lacks EPT, or load or clear of IA32_RTIT_CTL");
	return true;
}

/* "use TPR shadow" and the TPR threshold. */
static bool check_tpr_threshold(const struct vmx_check *c)
{
	u64 threshold, page, vtpr;

	if (!(c->proc & CPU_BASED_TPR_SHADOW) ||
	    (c->proc2 & SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY))
		return true;
	if (!vmx_check_zero(c, TPR_THRESHOLD, ~0xfULL,
			    "the TPR threshold is above 15 without virtual-interrupt delivery"))
		return false;
	if (!c->env->read_phys ||
	    (c->proc2 & SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES))
		return true;

	/* VTPR is the byte at offset 0x80 of the virtual-APIC page. */
	threshold = chk_get(c, TPR_THRESHOLD);
	page = chk_get(c, VIRTUAL_APIC_PAGE_ADDR);
	if (c->env->read_phys(c->env->ctx, page + 0x80, &vtpr) &&
	    threshold > ((vtpr >> 4) & 0xf))
		return chk_fail(c, TPR_THRESHOLD,
				"the TPR threshold is above bits 7:4 of VTPR");
	return true;
}

/* "process posted interrupts" */
static bool check_posted_interrupts(const struct vmx_check *c)
{
	if (!(c->pin & PIN_BASED_POSTED_INTR))
		return true;
	if (!(c->proc2 & SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY))
		return chk_fail(c, PIN_BASED_VM_EXEC_CONTROL,
				"\"process posted interrupts\" is 1 while \"virtual-interrupt delivery\" is 0");
	if (!(c->exit & VM_EXIT_ACK_INTR_ON_EXIT))
		return chk_fail(c, PIN_BASED_VM_EXEC_CONTROL,
				"\"process posted interrupts\" is 1 while \"acknowledge interrupt on exit\" is 0");
	return vmx_check_zero(c, POSTED_INTR_NV, 0xff00,
			      "the notification vector is above 255") &&
		vmx_check_address(c, POSTED_INTR_DESC_ADDR, 0x3f);
}

static bool eptp_walk_supported(u64 eptp, u64 cap)
{
	switch (eptp & VMX_EPTP_PWL_MASK) {
	case VMX_EPTP_PWL_4:
		return cap & VMX_EPT_PAGE_WALK_4_BIT;
	case VMX_EPTP_PWL_5:
		return cap & VMX_EPT_PAGE_WALK_5_BIT;
	default:
		return false;
	}
}

/* "enable EPT"; SDM, "Extended-Page-Table Pointer (EPTP)" */
static bool check_eptp(const struct vmx_check *c)
{
	u64 cap = c->env->caps->ept_vpid_cap;
	u64 eptp, type;

	if (!(c->proc2 & SECONDARY_EXEC_ENABLE_EPT))
		return true;
	eptp = chk_get(c, EPT_POINTER);
	type = eptp & VMX_EPTP_MT_MASK;
	if (!(type == 0 && (cap & VMX_EPTP_UC_BIT)) &&
	    !(type == 6 && (cap & VMX_EPTP_WB_BIT)))
		return chk_fail(c, EPT_POINTER,
				"this CPU does not support the EPT memory type (bits 2:0)");
	if (!eptp_walk_supported(eptp, cap))
		return chk_fail(c, EPT_POINTER,
				"this CPU does not support the EPT page-walk length (bits 5:3)");
	if ((eptp & VMX_EPTP_AD_ENABLE_BIT) && !(cap & VMX_EPT_AD_BIT))
		return chk_fail(c, EPT_POINTER,
				"this CPU does not support accessed and dirty flags for EPT (bit 6)");
	if ((eptp & BIT_ULL(7)) && !(cap & SDM_EPT_SUPERVISOR_SHADOW_STACK))
		return chk_fail(c, EPT_POINTER,
				"this CPU does not support supervisor shadow-stack control in EPT (bit 7)");
	return vmx_check_zero(c, EPT_POINTER, GENMASK_ULL(11, 8),
			      "a reserved bit of the EPT pointer is 1 (bits 11:8)") &&
		vmx_check_zero(c, EPT_POINTER, vmx_beyond_phys(c),
			       "the EPT pointer is beyond the physical-address width");
}

/* "enable VM functions" */
static bool check_vm_functions(const struct vmx_check *c)
{
	if (!(c->proc2 & SECONDARY_EXEC_ENABLE_VMFUNC))
		return true;
	if (!check_allowed64(c, VM_FUNCTION_CONTROL, c->env->caps->vmfunc))
		return false;
	if (!(chk_get(c, VM_FUNCTION_CONTROL) & VMX_VMFUNC_EPTP_SWITCHING))
		return true;
	if (!(c->proc2 & SECONDARY_EXEC_ENABLE_EPT))
		return chk_fail(c, VM_FUNCTION_CONTROL,
				"\"EPTP switching\" is 1 while \"enable EPT\" is 0");
	return vmx_check_address(c, EPTP_LIST_ADDRESS, PAGE_OFFSET_BITS);
}

/* Fields that hold a number. */
static bool check_numbers(const struct vmx_check *c)
{
	u64 last;

	if (chk_get(c, CR3_TARGET_COUNT) > vmx_misc_cr3_count(c->env->caps->misc))
		return chk_fail(c, CR3_TARGET_COUNT,
				"the CR3-target count is above what this CPU has (IA32_VMX_MISC bits 24:16)");
	if ((c->proc2 & SECONDARY_EXEC_ENABLE_VPID) &&
	    !chk_get(c, VIRTUAL_PROCESSOR_ID))
		return chk_fail(c, VIRTUAL_PROCESSOR_ID,
				"VPID is 0 while \"enable VPID\" is 1");
	if ((c->proc2 & SECONDARY_EXEC_TSC_SCALING) && !chk_get(c, TSC_MULTIPLIER))
		return chk_fail(c, TSC_MULTIPLIER,
				"the TSC multiplier is 0 while \"use TSC scaling\" is 1");
	if (c->proc3 & SDM_PROC3_IPI_VIRTUALIZATION) {
		last = chk_get(c, PID_POINTER_TABLE) +
			chk_get(c, LAST_PID_POINTER_INDEX) * 8;
		if (last & vmx_beyond_phys(c))
			return chk_fail(c, LAST_PID_POINTER_INDEX,
					"the last PID pointer is beyond the physical-address width");
	}
	return true;
}

/* An area of MSRs, 16 bytes each. */
static bool check_msr_area(const struct vmx_check *c, u32 count_field, u32 field)
{
	u64 count = chk_get(c, count_field);

	if (!count)
		return true;
	if (!vmx_check_address(c, field, 0xf))
		return false;
	if ((chk_get(c, field) + count * 16 - 1) & vmx_beyond_phys(c))
		return chk_fail(c, count_field,
				"the MSR area ends beyond the physical-address width");
	return true;
}

/* "VM-Exit Control Fields" */
static bool check_exit(const struct vmx_check *c)
{
	if (!check_allowed(c, VM_EXIT_CONTROLS, vmx_caps_exit(c->env->caps)))
		return false;
	if ((c->exit & SDM_EXIT_ACTIVATE_SECONDARY) &&
	    !check_allowed64(c, SDM_SECONDARY_EXIT_CONTROLS, c->env->caps->exit_ctls2))
		return false;
	if ((c->exit & VM_EXIT_SAVE_VMX_PREEMPTION_TIMER) &&
	    !(c->pin & PIN_BASED_VMX_PREEMPTION_TIMER))
		return chk_fail(c, VM_EXIT_CONTROLS,
				"\"save VMX-preemption timer value\" is 1 while the timer is not activated");
	return check_msr_area(c, VM_EXIT_MSR_STORE_COUNT, VM_EXIT_MSR_STORE_ADDR) &&
		check_msr_area(c, VM_EXIT_MSR_LOAD_COUNT, VM_EXIT_MSR_LOAD_ADDR);
}

/* Exceptions that push an error code on CPUs where VMX checks that. */
static bool has_error_code(u32 vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

/* "VM-Entry Control Fields": the error code that goes with an event. */
static bool check_event_error_code(const struct vmx_check *c)
{
	u32 vector = c->event & INTR_INFO_VECTOR_MASK;
	bool delivers = c->event & INTR_INFO_DELIVER_CODE_MASK;
	bool exception = vmx_injects(c, INTR_TYPE_HARD_EXCEPTION);
	bool real_mode = vmx_unrestricted(c) && !(chk_get(c, GUEST_CR0) & CR0_PE);

	if (delivers && !exception)
		return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
				"an error code is to be delivered with an event other than a hardware exception");
	if (delivers && real_mode)
		return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
				"an error code is to be delivered while CR0.PE is 0");
	if (!(c->env->caps->basic & SDM_BASIC_ANY_ERROR_CODE)) {
		if (delivers && !has_error_code(vector))
			return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
					"an error code is to be delivered with an exception that has none");
		if (!delivers && exception && !real_mode && has_error_code(vector))
			return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
					"an exception that has an error code is to be delivered without one");
	}
	return !delivers ||
		vmx_check_zero(c, VM_ENTRY_EXCEPTION_ERROR_CODE, GENMASK(31, 16),
			       "the error code has bits beyond 15 set");
}

/* "VM-Entry Control Fields": event injection. */
static bool check_event(const struct vmx_check *c)
{
	u32 proc1 = vmx_allowed1(vmx_caps_proc(c->env->caps));
	u32 entry1 = vmx_allowed1(vmx_caps_entry(c->env->caps));
	u32 vector = c->event & INTR_INFO_VECTOR_MASK;
	u32 type = c->event & INTR_INFO_INTR_TYPE_MASK;
	u64 reserved = GENMASK(30, 12);
	u64 length;

	if (!c->event)
		return true;
	if (type == INTR_TYPE_RESERVED)
		return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
				"the interruption type is reserved (1)");
	if (type == INTR_TYPE_OTHER_EVENT && !(proc1 & CPU_BASED_MONITOR_TRAP_FLAG))
		return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
				"the interruption type is 7 on a CPU without the monitor trap flag");
	if (type == INTR_TYPE_NMI_INTR && vector != 2)
		return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
				"an NMI has a vector other than 2");
	if (type == INTR_TYPE_HARD_EXCEPTION && vector > 31)
		return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
				"a hardware exception has a vector above 31");
	/* With FRED also 1 and 2, SYSCALL and SYSENTER. */
	if (type == INTR_TYPE_OTHER_EVENT &&
	    vector > (entry1 & SDM_ENTRY_LOAD_FRED ? 2 : 0))
		return chk_fail(c, VM_ENTRY_INTR_INFO_FIELD,
				"an event of type 7 has a vector other than 0");
	if (!check_event_error_code(c))
		return false;
	/* FRED gives bit 13 a meaning: nested exception. */
	if (entry1 & SDM_ENTRY_LOAD_FRED)
		reserved &= ~BIT(13);
	if (!vmx_check_zero(c, VM_ENTRY_INTR_INFO_FIELD, reserved,
			    "a reserved bit of the interruption information is 1 (bits 30:12)"))
		return false;
	if (type != INTR_TYPE_SOFT_INTR && type != INTR_TYPE_SOFT_EXCEPTION &&
	    type != INTR_TYPE_PRIV_SW_EXCEPTION)
		return true;
	length = chk_get(c, VM_ENTRY_INSTRUCTION_LEN);
	if (length > 15)
		return chk_fail(c, VM_ENTRY_INSTRUCTION_LEN,
				"the length of the instruction that raises the event is above 15");
	if (!length && !(c->env->caps->misc & SDM_MISC_ZERO_LENGTH_INJECTION))
		return chk_fail(c, VM_ENTRY_INSTRUCTION_LEN,
				"the length of the instruction that raises the event is 0");
	return true;
}

/* "VM-Entry Control Fields" */
static bool check_entry(const struct vmx_check *c)
{
	return check_allowed(c, VM_ENTRY_CONTROLS, vmx_caps_entry(c->env->caps)) &&
		check_event(c) &&
		check_msr_area(c, VM_ENTRY_MSR_LOAD_COUNT, VM_ENTRY_MSR_LOAD_ADDR) &&
		vmx_check_zero(c, VM_ENTRY_CONTROLS,
			       VM_ENTRY_SMM | VM_ENTRY_DEACT_DUAL_MONITOR,
			       "an SMM control is 1 (bits 11:10) outside system-management mode");
}

/**
 * vmx_check_controls - SDM, "Checks on VMX Controls"
 * @env: what to check
 * @result: filled where a rule is broken
 *
 * Return: true where a CPU would not fail the entry with VM-instruction error
 * 7.
 */
bool vmx_check_controls(const struct vmx_check_env *env,
			struct vmx_check_result *result)
{
	struct vmx_check c = vmx_check_begin(env, result);

	return check_execution_bits(&c) && check_numbers(&c) &&
		check_addresses(&c) && check_tpr_threshold(&c) &&
		check_dependencies(&c) && check_posted_interrupts(&c) &&
		check_eptp(&c) && check_vm_functions(&c) &&
		check_exit(&c) && check_entry(&c);
}
