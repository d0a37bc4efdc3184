// SPDX-License-Identifier: GPL-2.0
/*
 * The table of VMCS fields, in the order in which a dump shows them.  See
 * vmx_names.h; exit reasons and instruction errors are in vmx_reasons.c.
 */
#include "vmx_names.h"
#include "vmx_caps.h"
#include "vmx_sdm.h"

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <asm/vmx.h>

#define PIN(bits)	{ VMX_CAP_PIN, bits }
#define PROC(bits)	{ VMX_CAP_PROC, bits }
#define PROC2(bits)	{ VMX_CAP_PROC2, bits }
#define PROC3(bits)	{ VMX_CAP_PROC3, bits }
#define EXIT(bits)	{ VMX_CAP_EXIT, bits }
#define EXIT2(bits)	{ VMX_CAP_EXIT2, bits }
#define ENTRY(bits)	{ VMX_CAP_ENTRY, bits }
#define VMFUNC(bits)	{ VMX_CAP_VMFUNC, bits }
#define CR3_TARGET(n)	{ VMX_CAP_CR3_TARGETS, n }
/*
 * The SDM lets these exist everywhere, but only an SMM-transfer monitor has a
 * use for them, and hypervisors below us leave them out.
 */
#define DUAL_MONITOR	{ VMX_CAP_DUAL_MONITOR, 0 }

#define F(field, name, ...) { field, name, { __VA_ARGS__ } }

#define VID		PROC2(SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY)
#define EPT		PROC2(SECONDARY_EXEC_ENABLE_EPT)
#define FRED_IN		ENTRY(SDM_ENTRY_LOAD_FRED)
#define FRED_OUT	EXIT2(SDM_EXIT2_SAVE_FRED)
#define HOST_FRED	EXIT2(SDM_EXIT2_LOAD_FRED)

static const struct vmx_field vmx_fields[] = {
	/* Guest-state area. */
	F(GUEST_CR0, "Guest CR0"),
	F(GUEST_CR3, "Guest CR3"),
	F(GUEST_CR4, "Guest CR4"),
	F(GUEST_PDPTR0, "Guest PDPTE0", EPT),
	F(GUEST_PDPTR1, "Guest PDPTE1", EPT),
	F(GUEST_PDPTR2, "Guest PDPTE2", EPT),
	F(GUEST_PDPTR3, "Guest PDPTE3", EPT),
	F(GUEST_DR7, "Guest DR7"),
	F(GUEST_RSP, "Guest RSP"),
	F(GUEST_RIP, "Guest RIP"),
	F(GUEST_RFLAGS, "Guest RFLAGS"),
	F(GUEST_ES_SELECTOR, "Guest ES selector"),
	F(GUEST_ES_BASE, "Guest ES base"),
	F(GUEST_ES_LIMIT, "Guest ES limit"),
	F(GUEST_ES_AR_BYTES, "Guest ES access rights"),
	F(GUEST_CS_SELECTOR, "Guest CS selector"),
	F(GUEST_CS_BASE, "Guest CS base"),
	F(GUEST_CS_LIMIT, "Guest CS limit"),
	F(GUEST_CS_AR_BYTES, "Guest CS access rights"),
	F(GUEST_SS_SELECTOR, "Guest SS selector"),
	F(GUEST_SS_BASE, "Guest SS base"),
	F(GUEST_SS_LIMIT, "Guest SS limit"),
	F(GUEST_SS_AR_BYTES, "Guest SS access rights"),
	F(GUEST_DS_SELECTOR, "Guest DS selector"),
	F(GUEST_DS_BASE, "Guest DS base"),
	F(GUEST_DS_LIMIT, "Guest DS limit"),
	F(GUEST_DS_AR_BYTES, "Guest DS access rights"),
	F(GUEST_FS_SELECTOR, "Guest FS selector"),
	F(GUEST_FS_BASE, "Guest FS base"),
	F(GUEST_FS_LIMIT, "Guest FS limit"),
	F(GUEST_FS_AR_BYTES, "Guest FS access rights"),
	F(GUEST_GS_SELECTOR, "Guest GS selector"),
	F(GUEST_GS_BASE, "Guest GS base"),
	F(GUEST_GS_LIMIT, "Guest GS limit"),
	F(GUEST_GS_AR_BYTES, "Guest GS access rights"),
	F(GUEST_LDTR_SELECTOR, "Guest LDTR selector"),
	F(GUEST_LDTR_BASE, "Guest LDTR base"),
	F(GUEST_LDTR_LIMIT, "Guest LDTR limit"),
	F(GUEST_LDTR_AR_BYTES, "Guest LDTR access rights"),
	F(GUEST_TR_SELECTOR, "Guest TR selector"),
	F(GUEST_TR_BASE, "Guest TR base"),
	F(GUEST_TR_LIMIT, "Guest TR limit"),
	F(GUEST_TR_AR_BYTES, "Guest TR access rights"),
	F(GUEST_GDTR_BASE, "Guest GDTR base"),
	F(GUEST_GDTR_LIMIT, "Guest GDTR limit"),
	F(GUEST_IDTR_BASE, "Guest IDTR base"),
	F(GUEST_IDTR_LIMIT, "Guest IDTR limit"),
	F(GUEST_IA32_EFER, "Guest IA32_EFER",
	  ENTRY(VM_ENTRY_LOAD_IA32_EFER), EXIT(VM_EXIT_SAVE_IA32_EFER)),
	F(GUEST_IA32_PAT, "Guest IA32_PAT",
	  ENTRY(VM_ENTRY_LOAD_IA32_PAT), EXIT(VM_EXIT_SAVE_IA32_PAT)),
	F(GUEST_IA32_DEBUGCTL, "Guest IA32_DEBUGCTL"),
	F(GUEST_SYSENTER_CS, "Guest IA32_SYSENTER_CS"),
	F(GUEST_SYSENTER_ESP, "Guest IA32_SYSENTER_ESP"),
	F(GUEST_SYSENTER_EIP, "Guest IA32_SYSENTER_EIP"),
	F(GUEST_IA32_PERF_GLOBAL_CTRL, "Guest IA32_PERF_GLOBAL_CTRL",
	  ENTRY(VM_ENTRY_LOAD_IA32_PERF_GLOBAL_CTRL),
	  EXIT(SDM_EXIT_SAVE_PERF_GLOBAL_CTRL)),
	F(GUEST_BNDCFGS, "Guest IA32_BNDCFGS",
	  ENTRY(VM_ENTRY_LOAD_BNDCFGS), EXIT(VM_EXIT_CLEAR_BNDCFGS)),
	F(GUEST_IA32_RTIT_CTL, "Guest IA32_RTIT_CTL",
	  ENTRY(VM_ENTRY_LOAD_IA32_RTIT_CTL), EXIT(VM_EXIT_CLEAR_IA32_RTIT_CTL)),
	F(SDM_GUEST_IA32_LBR_CTL, "Guest IA32_LBR_CTL",
	  ENTRY(SDM_ENTRY_LOAD_LBR_CTL), EXIT(SDM_EXIT_CLEAR_LBR_CTL)),
	F(SDM_GUEST_IA32_PKRS, "Guest IA32_PKRS", ENTRY(SDM_ENTRY_LOAD_PKRS)),
	F(SDM_GUEST_UINV, "Guest UINV",
	  ENTRY(SDM_ENTRY_LOAD_UINV), EXIT(SDM_EXIT_CLEAR_UINV)),
	F(SDM_GUEST_S_CET, "Guest IA32_S_CET", ENTRY(SDM_ENTRY_LOAD_CET)),
	F(SDM_GUEST_SSP, "Guest SSP", ENTRY(SDM_ENTRY_LOAD_CET)),
	F(SDM_GUEST_SSP_TABLE, "Guest IA32_INTERRUPT_SSP_TABLE_ADDR",
	  ENTRY(SDM_ENTRY_LOAD_CET)),
	F(SDM_GUEST_FRED_CONFIG, "Guest IA32_FRED_CONFIG", FRED_IN, FRED_OUT),
	F(SDM_GUEST_FRED_RSP1, "Guest IA32_FRED_RSP1", FRED_IN, FRED_OUT),
	F(SDM_GUEST_FRED_RSP2, "Guest IA32_FRED_RSP2", FRED_IN, FRED_OUT),
	F(SDM_GUEST_FRED_RSP3, "Guest IA32_FRED_RSP3", FRED_IN, FRED_OUT),
	F(SDM_GUEST_FRED_STKLVLS, "Guest IA32_FRED_STKLVLS", FRED_IN, FRED_OUT),
	F(SDM_GUEST_FRED_SSP1, "Guest IA32_FRED_SSP1", FRED_IN, FRED_OUT),
	F(SDM_GUEST_FRED_SSP2, "Guest IA32_FRED_SSP2", FRED_IN, FRED_OUT),
	F(SDM_GUEST_FRED_SSP3, "Guest IA32_FRED_SSP3", FRED_IN, FRED_OUT),
	F(SDM_GUEST_SMBASE, "Guest SMBASE", DUAL_MONITOR),
	F(GUEST_ACTIVITY_STATE, "Guest activity state"),
	F(GUEST_INTERRUPTIBILITY_INFO, "Guest interruptibility state"),
	F(GUEST_PENDING_DBG_EXCEPTIONS, "Guest pending debug exceptions"),
	F(VMCS_LINK_POINTER, "VMCS link pointer"),
	F(VMX_PREEMPTION_TIMER_VALUE, "VMX-preemption timer value",
	  PIN(PIN_BASED_VMX_PREEMPTION_TIMER)),
	F(GUEST_INTR_STATUS, "Guest interrupt status", VID),
	F(GUEST_PML_INDEX, "PML index", PROC2(SECONDARY_EXEC_ENABLE_PML)),

	/* Host-state area. */
	F(HOST_CR0, "Host CR0"),
	F(HOST_CR3, "Host CR3"),
	F(HOST_CR4, "Host CR4"),
	F(HOST_RSP, "Host RSP"),
	F(HOST_RIP, "Host RIP"),
	F(HOST_ES_SELECTOR, "Host ES selector"),
	F(HOST_CS_SELECTOR, "Host CS selector"),
	F(HOST_SS_SELECTOR, "Host SS selector"),
	F(HOST_DS_SELECTOR, "Host DS selector"),
	F(HOST_FS_SELECTOR, "Host FS selector"),
	F(HOST_GS_SELECTOR, "Host GS selector"),
	F(HOST_TR_SELECTOR, "Host TR selector"),
	F(HOST_FS_BASE, "Host FS base"),
	F(HOST_GS_BASE, "Host GS base"),
	F(HOST_TR_BASE, "Host TR base"),
	F(HOST_GDTR_BASE, "Host GDTR base"),
	F(HOST_IDTR_BASE, "Host IDTR base"),
	F(HOST_IA32_EFER, "Host IA32_EFER", EXIT(VM_EXIT_LOAD_IA32_EFER)),
	F(HOST_IA32_PAT, "Host IA32_PAT", EXIT(VM_EXIT_LOAD_IA32_PAT)),
	F(HOST_IA32_SYSENTER_CS, "Host IA32_SYSENTER_CS"),
	F(HOST_IA32_SYSENTER_ESP, "Host IA32_SYSENTER_ESP"),
	F(HOST_IA32_SYSENTER_EIP, "Host IA32_SYSENTER_EIP"),
	F(HOST_IA32_PERF_GLOBAL_CTRL, "Host IA32_PERF_GLOBAL_CTRL",
	  EXIT(VM_EXIT_LOAD_IA32_PERF_GLOBAL_CTRL)),
	F(SDM_HOST_IA32_PKRS, "Host IA32_PKRS", EXIT(SDM_EXIT_LOAD_PKRS)),
	F(SDM_HOST_S_CET, "Host IA32_S_CET", EXIT(SDM_EXIT_LOAD_CET)),
	F(SDM_HOST_SSP, "Host SSP", EXIT(SDM_EXIT_LOAD_CET)),
	F(SDM_HOST_SSP_TABLE, "Host IA32_INTERRUPT_SSP_TABLE_ADDR",
	  EXIT(SDM_EXIT_LOAD_CET)),
	F(SDM_HOST_FRED_CONFIG, "Host IA32_FRED_CONFIG", HOST_FRED),
	F(SDM_HOST_FRED_RSP1, "Host IA32_FRED_RSP1", HOST_FRED),
	F(SDM_HOST_FRED_RSP2, "Host IA32_FRED_RSP2", HOST_FRED),
	F(SDM_HOST_FRED_RSP3, "Host IA32_FRED_RSP3", HOST_FRED),
	F(SDM_HOST_FRED_STKLVLS, "Host IA32_FRED_STKLVLS", HOST_FRED),
	F(SDM_HOST_FRED_SSP1, "Host IA32_FRED_SSP1", HOST_FRED),
	F(SDM_HOST_FRED_SSP2, "Host IA32_FRED_SSP2", HOST_FRED),
	F(SDM_HOST_FRED_SSP3, "Host IA32_FRED_SSP3", HOST_FRED),

	/* VM-execution, VM-exit and VM-entry controls. */
	F(PIN_BASED_VM_EXEC_CONTROL, "Pin-based VM-execution controls"),
	F(CPU_BASED_VM_EXEC_CONTROL,
	  "Primary processor-based VM-execution controls"),
	F(SECONDARY_VM_EXEC_CONTROL,
	  "Secondary processor-based VM-execution controls",
	  PROC(CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)),
	F(TERTIARY_VM_EXEC_CONTROL,
	  "Tertiary processor-based VM-execution controls",
	  PROC(CPU_BASED_ACTIVATE_TERTIARY_CONTROLS)),
	F(VM_EXIT_CONTROLS, "Primary VM-exit controls"),
	F(SDM_SECONDARY_EXIT_CONTROLS, "Secondary VM-exit controls",
	  EXIT(SDM_EXIT_ACTIVATE_SECONDARY)),
	F(VM_ENTRY_CONTROLS, "VM-entry controls"),
	F(EXCEPTION_BITMAP, "Exception bitmap"),
	F(PAGE_FAULT_ERROR_CODE_MASK, "Page-fault error-code mask"),
	F(PAGE_FAULT_ERROR_CODE_MATCH, "Page-fault error-code match"),
	F(CR0_GUEST_HOST_MASK, "CR0 guest/host mask"),
	F(CR0_READ_SHADOW, "CR0 read shadow"),
	F(CR4_GUEST_HOST_MASK, "CR4 guest/host mask"),
	F(CR4_READ_SHADOW, "CR4 read shadow"),
	F(CR3_TARGET_COUNT, "CR3-target count"),
	F(CR3_TARGET_VALUE0, "CR3-target value 0", CR3_TARGET(0)),
	F(CR3_TARGET_VALUE1, "CR3-target value 1", CR3_TARGET(1)),
	F(CR3_TARGET_VALUE2, "CR3-target value 2", CR3_TARGET(2)),
	F(CR3_TARGET_VALUE3, "CR3-target value 3", CR3_TARGET(3)),
	F(IO_BITMAP_A, "Address of I/O bitmap A"),
	F(IO_BITMAP_B, "Address of I/O bitmap B"),
	F(MSR_BITMAP, "Address of MSR bitmaps", PROC(CPU_BASED_USE_MSR_BITMAPS)),
	F(TSC_OFFSET, "TSC offset"),
	F(TSC_MULTIPLIER, "TSC multiplier", PROC2(SECONDARY_EXEC_TSC_SCALING)),
	F(VIRTUAL_PROCESSOR_ID, "Virtual-processor identifier",
	  PROC2(SECONDARY_EXEC_ENABLE_VPID)),
	F(EPT_POINTER, "EPT pointer", EPT),
	F(PML_ADDRESS, "PML address", PROC2(SECONDARY_EXEC_ENABLE_PML)),
	F(VIRTUAL_APIC_PAGE_ADDR, "Virtual-APIC address",
	  PROC(CPU_BASED_TPR_SHADOW)),
	F(TPR_THRESHOLD, "TPR threshold", PROC(CPU_BASED_TPR_SHADOW)),
	F(APIC_ACCESS_ADDR, "APIC-access address",
	  PROC2(SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES)),
	F(EOI_EXIT_BITMAP0, "EOI-exit bitmap 0", VID),
	F(EOI_EXIT_BITMAP1, "EOI-exit bitmap 1", VID),
	F(EOI_EXIT_BITMAP2, "EOI-exit bitmap 2", VID),
	F(EOI_EXIT_BITMAP3, "EOI-exit bitmap 3", VID),
	F(POSTED_INTR_NV, "Posted-interrupt notification vector",
	  PIN(PIN_BASED_POSTED_INTR)),
	F(POSTED_INTR_DESC_ADDR, "Posted-interrupt descriptor address",
	  PIN(PIN_BASED_POSTED_INTR)),
	F(PID_POINTER_TABLE, "PID-pointer table address",
	  PROC3(SDM_PROC3_IPI_VIRTUALIZATION)),
	F(LAST_PID_POINTER_INDEX, "Last PID-pointer index",
	  PROC3(SDM_PROC3_IPI_VIRTUALIZATION)),
	F(PLE_GAP, "PLE_Gap", PROC2(SECONDARY_EXEC_PAUSE_LOOP_EXITING)),
	F(PLE_WINDOW, "PLE_Window", PROC2(SECONDARY_EXEC_PAUSE_LOOP_EXITING)),
	F(NOTIFY_WINDOW, "Instruction-timeout control",
	  PROC2(SECONDARY_EXEC_NOTIFY_VM_EXITING)),
	F(VM_FUNCTION_CONTROL, "VM-function controls",
	  PROC2(SECONDARY_EXEC_ENABLE_VMFUNC)),
	F(EPTP_LIST_ADDRESS, "EPTP-list address",
	  VMFUNC(VMX_VMFUNC_EPTP_SWITCHING)),
	F(SDM_EPTP_INDEX, "EPTP index", PROC2(SDM_PROC2_EPT_VIOLATION_VE)),
	F(SDM_VE_INFORMATION_ADDRESS,
	  "Virtualization-exception information address",
	  PROC2(SDM_PROC2_EPT_VIOLATION_VE)),
	F(VMREAD_BITMAP, "VMREAD-bitmap address",
	  PROC2(SECONDARY_EXEC_SHADOW_VMCS)),
	F(VMWRITE_BITMAP, "VMWRITE-bitmap address",
	  PROC2(SECONDARY_EXEC_SHADOW_VMCS)),
	F(XSS_EXIT_BITMAP, "XSS-exiting bitmap", PROC2(SDM_PROC2_XSAVES)),
	F(ENCLS_EXITING_BITMAP, "ENCLS-exiting bitmap",
	  PROC2(SECONDARY_EXEC_ENCLS_EXITING)),
	F(SDM_ENCLV_EXITING_BITMAP, "ENCLV-exiting bitmap",
	  PROC2(SDM_PROC2_ENCLV_EXITING)),
	F(SDM_PCONFIG_EXITING_BITMAP, "PCONFIG-exiting bitmap",
	  PROC2(SDM_PROC2_PCONFIG)),
	F(SDM_SPP_TABLE_POINTER, "Sub-page-permission-table pointer",
	  PROC2(SDM_PROC2_SPP)),
	F(SDM_LOW_PASID_DIRECTORY, "Low PASID directory address",
	  PROC2(SDM_PROC2_PASID_TRANSLATION)),
	F(SDM_HIGH_PASID_DIRECTORY, "High PASID directory address",
	  PROC2(SDM_PROC2_PASID_TRANSLATION)),
	F(SDM_HLATP, "HLAT pointer", PROC3(SDM_PROC3_HLAT)),
	F(SDM_HLAT_PREFIX_SIZE, "HLAT prefix size", PROC3(SDM_PROC3_HLAT)),
	F(SDM_SPEC_CTRL_MASK, "IA32_SPEC_CTRL mask",
	  PROC3(SDM_PROC3_VIRTUAL_SPEC_CTRL)),
	F(SDM_SPEC_CTRL_SHADOW, "IA32_SPEC_CTRL shadow",
	  PROC3(SDM_PROC3_VIRTUAL_SPEC_CTRL)),
	F(SDM_EXECUTIVE_VMCS_POINTER, "Executive-VMCS pointer", DUAL_MONITOR),
	F(VM_EXIT_MSR_STORE_COUNT, "VM-exit MSR-store count"),
	F(VM_EXIT_MSR_STORE_ADDR, "VM-exit MSR-store address"),
	F(VM_EXIT_MSR_LOAD_COUNT, "VM-exit MSR-load count"),
	F(VM_EXIT_MSR_LOAD_ADDR, "VM-exit MSR-load address"),
	F(VM_ENTRY_MSR_LOAD_COUNT, "VM-entry MSR-load count"),
	F(VM_ENTRY_MSR_LOAD_ADDR, "VM-entry MSR-load address"),
	F(VM_ENTRY_INTR_INFO_FIELD, "VM-entry interruption-information field"),
	F(VM_ENTRY_EXCEPTION_ERROR_CODE, "VM-entry exception error code"),
	F(VM_ENTRY_INSTRUCTION_LEN, "VM-entry instruction length"),
	F(SDM_INJECTED_EVENT_DATA, "Injected-event data", FRED_IN, FRED_OUT),

	/* VM-exit information. */
	F(VM_INSTRUCTION_ERROR, "VM-instruction error"),
	F(VM_EXIT_REASON, "Exit reason"),
	F(EXIT_QUALIFICATION, "Exit qualification"),
	F(GUEST_LINEAR_ADDRESS, "Guest-linear address"),
	F(GUEST_PHYSICAL_ADDRESS, "Guest-physical address", EPT),
	F(VM_EXIT_INTR_INFO, "VM-exit interruption information"),
	F(VM_EXIT_INTR_ERROR_CODE, "VM-exit interruption error code"),
	F(IDT_VECTORING_INFO_FIELD, "IDT-vectoring information field"),
	F(IDT_VECTORING_ERROR_CODE, "IDT-vectoring error code"),
	F(SDM_ORIGINAL_EVENT_DATA, "Original-event data", FRED_IN, FRED_OUT),
	F(VM_EXIT_INSTRUCTION_LEN, "VM-exit instruction length"),
	F(VMX_INSTRUCTION_INFO, "VM-exit instruction information"),
	F(SDM_IO_RCX, "I/O RCX", DUAL_MONITOR),
	F(SDM_IO_RSI, "I/O RSI", DUAL_MONITOR),
	F(SDM_IO_RDI, "I/O RDI", DUAL_MONITOR),
	F(SDM_IO_RIP, "I/O RIP", DUAL_MONITOR),
};

/**
 * vmx_field_next - walk over all VMCS fields that the SDM defines
 * @prev: the one before; NULL for the first
 *
 * Fields of a group (guest, host, controls, exit information) stand together.
 *
 * Return: the next field; NULL behind the last.
 */
const struct vmx_field *vmx_field_next(const struct vmx_field *prev)
{
	if (!prev)
		return vmx_fields;
	if (++prev == vmx_fields + ARRAY_SIZE(vmx_fields))
		return NULL;
	return prev;
}

static bool cap_has(const struct vmx_cap *cap, const struct keel_vmx_msrs *caps)
{
	switch (cap->word) {
	case VMX_CAP_PIN:
		return vmx_allowed1(vmx_caps_pin(caps)) & cap->bits;
	case VMX_CAP_PROC:
		return vmx_allowed1(vmx_caps_proc(caps)) & cap->bits;
	case VMX_CAP_PROC2:
		return vmx_allowed1(caps->procbased_ctls2) & cap->bits;
	case VMX_CAP_PROC3:
		return caps->procbased_ctls3 & cap->bits;
	case VMX_CAP_EXIT:
		return vmx_allowed1(vmx_caps_exit(caps)) & cap->bits;
	case VMX_CAP_EXIT2:
		return caps->exit_ctls2 & cap->bits;
	case VMX_CAP_ENTRY:
		return vmx_allowed1(vmx_caps_entry(caps)) & cap->bits;
	case VMX_CAP_VMFUNC:
		return caps->vmfunc & cap->bits;
	case VMX_CAP_DUAL_MONITOR:
		return caps->basic & SDM_BASIC_DUAL_MONITOR;
	case VMX_CAP_CR3_TARGETS:
		return vmx_misc_cr3_count(caps->misc) > cap->bits;
	default:
		return false;
	}
}

/**
 * vmx_field_exists - whether a CPU has a VMCS field
 * @field: from vmx_field_next() or vmx_field_find()
 * @caps: the CPU's capabilities
 *
 * The footnotes of the SDM's appendix "Field Encoding in VMCS": most fields
 * exist where the control that uses them may be 1.
 */
bool vmx_field_exists(const struct vmx_field *field,
		      const struct keel_vmx_msrs *caps)
{
	return field->exists[0].word == VMX_CAP_ALWAYS ||
		cap_has(&field->exists[0], caps) ||
		cap_has(&field->exists[1], caps);
}

/*
 * Where in vmx_fields each field was found last, plus 1.  Whoever looks checks it, so that
 * a stale or a lost store does no harm.  The key is the encoding without what is 0 in all
 * of the SDM's (appendix "Field Encoding in VMCS").
 */
static u8 found_at[1024];

static u8 *found_at_of(u32 field)
{
	return &found_at[((field >> 13) & 3) << 8 | ((field >> 10) & 3) << 6 | ((field >> 1) & 63)];
}

/**
 * vmx_field_find - look a VMCS field up
 * @field: encoding, of the full or the high access
 *
 * Return: the field; NULL where the SDM defines none.
 */
const struct vmx_field *vmx_field_find(u32 field)
{
	unsigned int i;
	u8 *found;

	BUILD_BUG_ON(ARRAY_SIZE(vmx_fields) > 255);
	/* Bit 0 chooses the high half of a 64-bit field. */
	if (((field >> 13) & 3) == 1)
		field &= ~1U;
	found = found_at_of(field);
	i = READ_ONCE(*found);
	if (i && vmx_fields[i - 1].encoding == field)
		return &vmx_fields[i - 1];
	for (i = 0; i < ARRAY_SIZE(vmx_fields); i++) {
		if (vmx_fields[i].encoding != field)
			continue;
		WRITE_ONCE(*found, i + 1);
		return &vmx_fields[i];
	}
	return NULL;
}

/**
 * vmx_field_name - the SDM's name of a VMCS field
 * @field: encoding
 *
 * Return: its name, never NULL.
 */
const char *vmx_field_name(u32 field)
{
	const struct vmx_field *f = vmx_field_find(field);

	return f ? f->name : "unknown VMCS field";
}
