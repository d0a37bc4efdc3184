// SPDX-License-Identifier: GPL-2.0
/*
 * Format a VMCS.  See vmx_dump.h; names of bits are the SDM's.
 */
#include "vmx_dump.h"
#include "vmx_sdm.h"

#include <linux/kernel.h>
#include <linux/stdarg.h>
#include <linux/stddef.h>
#include <asm/vmx.h>

/* Text under construction.  All of it lives on the caller's stack. */
struct text {
	char *buf;	/* [C] may be NULL where size is 0 */
	size_t size;	/* [C] bytes at buf */
	size_t len;	/* bytes that the text has, or would have with room */
};

static __printf(2, 3) void put(struct text *t, const char *fmt, ...)
{
	size_t room = t->size > t->len ? t->size - t->len : 0;
	va_list args;

	va_start(args, fmt);
	t->len += vsnprintf(room ? t->buf + t->len : NULL, room, fmt, args);
	va_end(args);
}

struct bit_name {
	u8 bit;
	const char *name;
};

static const struct bit_name pin_bits[] = {
	{ 0, "external-interrupt exiting" }, { 3, "NMI exiting" },
	{ 5, "virtual NMIs" }, { 6, "activate VMX-preemption timer" },
	{ 7, "process posted interrupts" }, {}
};

static const struct bit_name proc_bits[] = {
	{ 2, "interrupt-window exiting" }, { 3, "use TSC offsetting" },
	{ 7, "HLT exiting" }, { 9, "INVLPG exiting" }, { 10, "MWAIT exiting" },
	{ 11, "RDPMC exiting" }, { 12, "RDTSC exiting" },
	{ 15, "CR3-load exiting" }, { 16, "CR3-store exiting" },
	{ 17, "activate tertiary controls" }, { 19, "CR8-load exiting" },
	{ 20, "CR8-store exiting" }, { 21, "use TPR shadow" },
	{ 22, "NMI-window exiting" }, { 23, "MOV-DR exiting" },
	{ 24, "unconditional I/O exiting" }, { 25, "use I/O bitmaps" },
	{ 27, "monitor trap flag" }, { 28, "use MSR bitmaps" },
	{ 29, "MONITOR exiting" }, { 30, "PAUSE exiting" },
	{ 31, "activate secondary controls" }, {}
};

static const struct bit_name proc2_bits[] = {
	{ 0, "virtualize APIC accesses" }, { 1, "enable EPT" },
	{ 2, "descriptor-table exiting" }, { 3, "enable RDTSCP" },
	{ 4, "virtualize x2APIC mode" }, { 5, "enable VPID" },
	{ 6, "WBINVD exiting" }, { 7, "unrestricted guest" },
	{ 8, "APIC-register virtualization" },
	{ 9, "virtual-interrupt delivery" }, { 10, "PAUSE-loop exiting" },
	{ 11, "RDRAND exiting" }, { 12, "enable INVPCID" },
	{ 13, "enable VM functions" }, { 14, "VMCS shadowing" },
	{ 15, "enable ENCLS exiting" }, { 16, "RDSEED exiting" },
	{ 17, "enable PML" }, { 18, "EPT-violation #VE" },
	{ 19, "conceal VMX from PT" }, { 20, "enable XSAVES/XRSTORS" },
	{ 21, "PASID translation" },
	{ 22, "mode-based execute control for EPT" },
	{ 23, "sub-page write permissions for EPT" },
	{ 24, "Intel PT uses guest physical addresses" },
	{ 25, "use TSC scaling" }, { 26, "enable user wait and pause" },
	{ 27, "enable PCONFIG" }, { 28, "enable ENCLV exiting" },
	{ 30, "VMM bus-lock detection" }, { 31, "instruction timeout" }, {}
};

static const struct bit_name proc3_bits[] = {
	{ 0, "LOADIWKEY exiting" }, { 1, "enable HLAT" },
	{ 2, "EPT paging-write control" }, { 3, "guest-paging verification" },
	{ 4, "IPI virtualization" }, { 6, "enable MSR-list instructions" },
	{ 7, "virtualize IA32_SPEC_CTRL" }, {}
};

static const struct bit_name exit_bits[] = {
	{ 2, "save debug controls" }, { 9, "host address-space size" },
	{ 12, "load IA32_PERF_GLOBAL_CTRL" },
	{ 15, "acknowledge interrupt on exit" }, { 18, "save IA32_PAT" },
	{ 19, "load IA32_PAT" }, { 20, "save IA32_EFER" },
	{ 21, "load IA32_EFER" }, { 22, "save VMX-preemption timer value" },
	{ 23, "clear IA32_BNDCFGS" }, { 24, "conceal VMX from PT" },
	{ 25, "clear IA32_RTIT_CTL" }, { 26, "clear IA32_LBR_CTL" },
	{ 27, "clear UINV" }, { 28, "load CET state" }, { 29, "load PKRS" },
	{ 30, "save IA32_PERF_GLOBAL_CTRL" },
	{ 31, "activate secondary controls" }, {}
};

static const struct bit_name exit2_bits[] = {
	{ 0, "save FRED state" }, { 1, "load FRED state" },
	{ 3, "prematurely busy shadow stack" }, {}
};

static const struct bit_name entry_bits[] = {
	{ 2, "load debug controls" }, { 9, "IA-32e mode guest" },
	{ 10, "entry to SMM" }, { 11, "deactivate dual-monitor treatment" },
	{ 13, "load IA32_PERF_GLOBAL_CTRL" }, { 14, "load IA32_PAT" },
	{ 15, "load IA32_EFER" }, { 16, "load IA32_BNDCFGS" },
	{ 17, "conceal VMX from PT" }, { 18, "load IA32_RTIT_CTL" },
	{ 19, "load UINV" }, { 20, "load CET state" },
	{ 21, "load guest IA32_LBR_CTL" }, { 22, "load PKRS" },
	{ 23, "load FRED state" }, {}
};

static const struct bit_name vmfunc_bits[] = { { 0, "EPTP switching" }, {} };

static const struct bit_name cr0_bits[] = {
	{ 0, "PE" }, { 1, "MP" }, { 2, "EM" }, { 3, "TS" }, { 4, "ET" },
	{ 5, "NE" }, { 16, "WP" }, { 18, "AM" }, { 29, "NW" }, { 30, "CD" },
	{ 31, "PG" }, {}
};

static const struct bit_name cr4_bits[] = {
	{ 0, "VME" }, { 1, "PVI" }, { 2, "TSD" }, { 3, "DE" }, { 4, "PSE" },
	{ 5, "PAE" }, { 6, "MCE" }, { 7, "PGE" }, { 8, "PCE" },
	{ 9, "OSFXSR" }, { 10, "OSXMMEXCPT" }, { 11, "UMIP" }, { 12, "LA57" },
	{ 13, "VMXE" }, { 14, "SMXE" }, { 16, "FSGSBASE" }, { 17, "PCIDE" },
	{ 18, "OSXSAVE" }, { 19, "KL" }, { 20, "SMEP" }, { 21, "SMAP" },
	{ 22, "PKE" }, { 23, "CET" }, { 24, "PKS" }, { 25, "UINTR" },
	{ 27, "LASS" }, { 28, "LAM_SUP" }, { 32, "FRED" }, {}
};

static const struct bit_name rflags_bits[] = {
	{ 0, "CF" }, { 2, "PF" }, { 4, "AF" }, { 6, "ZF" }, { 7, "SF" },
	{ 8, "TF" }, { 9, "IF" }, { 10, "DF" }, { 11, "OF" }, { 14, "NT" },
	{ 16, "RF" }, { 17, "VM" }, { 18, "AC" }, { 19, "VIF" },
	{ 20, "VIP" }, { 21, "ID" }, {}
};

static const struct bit_name efer_bits[] = {
	{ 0, "SCE" }, { 8, "LME" }, { 10, "LMA" }, { 11, "NXE" }, {}
};

static const struct bit_name debugctl_bits[] = {
	{ 0, "LBR" }, { 1, "BTF" }, { 2, "BLD" }, { 6, "TR" }, { 7, "BTS" },
	{ 8, "BTINT" }, { 9, "BTS_OFF_OS" }, { 10, "BTS_OFF_USR" },
	{ 11, "FREEZE_LBRS_ON_PMI" }, { 12, "FREEZE_PERFMON_ON_PMI" },
	{ 13, "ENABLE_UNCORE_PMI" }, { 14, "FREEZE_WHILE_SMM" },
	{ 15, "RTM_DEBUG" }, {}
};

static const struct bit_name blocking_bits[] = {
	{ 0, "blocking by STI" }, { 1, "blocking by MOV SS" },
	{ 2, "blocking by SMI" }, { 3, "blocking by NMI" },
	{ 4, "enclave interruption" }, {}
};

static const struct bit_name pending_dbg_bits[] = {
	{ 0, "B0" }, { 1, "B1" }, { 2, "B2" }, { 3, "B3" }, { 11, "BLD" },
	{ 12, "enabled breakpoint" }, { 14, "BS" }, { 16, "RTM" }, {}
};

/* Which fields are nothing but bits. */
static const struct bits_field {
	u32 field;
	const struct bit_name *bits;
	u64 mute;	/* bits that say nothing and are not shown */
} bits_fields[] = {
	/* Reserved bits that early CPUs fix to 1 (appendix on capabilities). */
	{ PIN_BASED_VM_EXEC_CONTROL, pin_bits, 0x16 },
	{ CPU_BASED_VM_EXEC_CONTROL, proc_bits, 0x0401e172 & ~0x18000 },
	{ VM_EXIT_CONTROLS, exit_bits, 0x36dff & ~4 },
	{ VM_ENTRY_CONTROLS, entry_bits, 0x11ff & ~4 },
	{ SECONDARY_VM_EXEC_CONTROL, proc2_bits },
	{ TERTIARY_VM_EXEC_CONTROL, proc3_bits },
	{ SDM_SECONDARY_EXIT_CONTROLS, exit2_bits },
	{ VM_FUNCTION_CONTROL, vmfunc_bits },
	{ GUEST_CR0, cr0_bits },
	{ HOST_CR0, cr0_bits },
	{ CR0_GUEST_HOST_MASK, cr0_bits },
	{ CR0_READ_SHADOW, cr0_bits },
	{ GUEST_CR4, cr4_bits },
	{ HOST_CR4, cr4_bits },
	{ CR4_GUEST_HOST_MASK, cr4_bits },
	{ CR4_READ_SHADOW, cr4_bits },
	{ GUEST_RFLAGS, rflags_bits, 2 },
	{ GUEST_IA32_EFER, efer_bits },
	{ HOST_IA32_EFER, efer_bits },
	{ GUEST_IA32_DEBUGCTL, debugctl_bits },
	{ GUEST_INTERRUPTIBILITY_INFO, blocking_bits },
	{ GUEST_PENDING_DBG_EXCEPTIONS, pending_dbg_bits },
};

static void put_bits(struct text *t, const struct bits_field *f, u64 value)
{
	const struct bit_name *b;
	const char *sep = "  ";

	value &= ~f->mute;
	for (b = f->bits; b->name; b++) {
		if (!(value & BIT_ULL(b->bit)))
			continue;
		put(t, "%s%s", sep, b->name);
		sep = ", ";
		value &= ~BIT_ULL(b->bit);
	}
	if (value)
		put(t, "%s0x%llx reserved", sep, value);
}

/* SDM, "Format of Access Rights". */
static void put_access_rights(struct text *t, u32 ar)
{
	static const char * const code_data[] = {
		"data", "data accessed", "data writable",
		"data writable accessed", "data expand-down",
		"data expand-down accessed", "data expand-down writable",
		"data expand-down writable accessed", "code",
		"code accessed", "code readable", "code readable accessed",
		"code conforming", "code conforming accessed",
		"code conforming readable", "code conforming readable accessed",
	};
	u32 type = ar & VMX_AR_TYPE_MASK;

	if (ar & VMX_AR_UNUSABLE_MASK)
		put(t, "  unusable,");
	if (ar & VMX_AR_S_MASK)
		put(t, "  %s", code_data[type]);
	else if (type == VMX_AR_TYPE_LDT)
		put(t, "  LDT");
	else if (type == VMX_AR_TYPE_BUSY_16_TSS)
		put(t, "  busy 16-bit TSS");
	else if (type == VMX_AR_TYPE_BUSY_64_TSS)
		put(t, "  busy TSS");
	else
		put(t, "  system type %u", type);
	put(t, ", DPL %u%s%s%s%s%s", VMX_AR_DPL(ar),
	    ar & VMX_AR_P_MASK ? ", P" : ", not present",
	    ar & BIT(12) ? ", AVL" : "", ar & VMX_AR_L_MASK ? ", L" : "",
	    ar & VMX_AR_DB_MASK ? ", D/B" : "", ar & VMX_AR_G_MASK ? ", G" : "");
	if (ar & VMX_AR_RESERVD_MASK)
		put(t, ", 0x%x reserved", ar & (u32)VMX_AR_RESERVD_MASK);
}

/* SDM, "Format of the VM-Entry Interruption-Information Field" and alike. */
static void put_event(struct text *t, u32 info)
{
	static const char * const types[] = {
		"external interrupt", "reserved type 1", "NMI",
		"hardware exception", "software interrupt",
		"privileged software exception", "software exception",
		"other event",
	};

	if (!(info & INTR_INFO_VALID_MASK)) {
		put(t, "  none");
		return;
	}
	put(t, "  %s, vector %u%s%s",
	    types[(info & INTR_INFO_INTR_TYPE_MASK) >> 8],
	    info & INTR_INFO_VECTOR_MASK,
	    info & INTR_INFO_DELIVER_CODE_MASK ? ", error code" : "",
	    info & INTR_INFO_UNBLOCK_NMI ? ", NMI unblocking due to IRET" : "");
}

/* SDM, "Format of Exit Reason". */
static void put_exit_reason(struct text *t, u32 reason)
{
	put(t, "  %s%s%s", vmx_exit_reason_name(reason),
	    reason & BIT(27) ? ", in enclave mode" : "",
	    reason & BIT(31) ? ", VM-entry failure" : "");
}

/* SDM, "Extended-Page-Table Pointer (EPTP)". */
static void put_eptp(struct text *t, u64 eptp)
{
	put(t, "  memory type %u, %u levels%s",
	    (u32)(eptp & VMX_EPTP_MT_MASK),
	    (u32)((eptp & VMX_EPTP_PWL_MASK) >> 3) + 1,
	    eptp & VMX_EPTP_AD_ENABLE_BIT ? ", accessed and dirty flags" : "");
}

static void put_activity(struct text *t, u32 state)
{
	static const char * const names[] = {
		"active", "HLT", "shutdown", "wait-for-SIPI",
	};

	put(t, "  %s", state < ARRAY_SIZE(names) ? names[state] : "reserved");
}

static void put_decoded(struct text *t, u32 field, u64 value)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits_fields); i++)
		if (bits_fields[i].field == field)
			put_bits(t, &bits_fields[i], value);

	switch (field) {
	case GUEST_ES_AR_BYTES:
	case GUEST_CS_AR_BYTES:
	case GUEST_SS_AR_BYTES:
	case GUEST_DS_AR_BYTES:
	case GUEST_FS_AR_BYTES:
	case GUEST_GS_AR_BYTES:
	case GUEST_LDTR_AR_BYTES:
	case GUEST_TR_AR_BYTES:
		put_access_rights(t, value);
		break;
	case VM_ENTRY_INTR_INFO_FIELD:
	case VM_EXIT_INTR_INFO:
	case IDT_VECTORING_INFO_FIELD:
		put_event(t, value);
		break;
	case VM_EXIT_REASON:
		put_exit_reason(t, value);
		break;
	case VM_INSTRUCTION_ERROR:
		if (value)
			put(t, "  %s", vmx_instruction_error_name(value));
		break;
	case GUEST_ACTIVITY_STATE:
		put_activity(t, value);
		break;
	case EPT_POINTER:
		put_eptp(t, value);
		break;
	default:
		break;
	}
}

static void put_field(struct text *t, u32 field, u64 value)
{
	/* The value as wide as the field: 32 bits are 8 digits. */
	put(t, "  %04x  %-47s  0x%0*llx", field, vmx_field_name(field),
	    (int)vmx_field_bytes(field) * 2, value);
	put_decoded(t, field, value);
	put(t, "\n");
}

/**
 * vmx_dump_field - format one VMCS field
 * @buf: room for the text; may be NULL with @size 0
 * @size: bytes at @buf
 * @field: encoding
 * @value: what the field holds
 *
 * Return: bytes of the text without its final NUL, as snprintf() counts: more
 * than fits where @size is too small.
 */
size_t vmx_dump_field(char *buf, size_t size, u32 field, u64 value)
{
	struct text t = { .buf = buf, .size = size };

	put_field(&t, field, value);
	return t.len;
}

/**
 * vmx_dump_format - format a whole VMCS
 * @buf: room for the text; may be NULL with @size 0
 * @size: bytes at @buf
 * @get: reads a field; called only for fields that exist on the CPU
 * @ctx: for @get
 * @caps: the CPU's capabilities
 *
 * Return: bytes of the text without its final NUL, as snprintf() counts: more
 * than fits where @size is too small.
 */
size_t vmx_dump_format(char *buf, size_t size, vmx_vmread_fn get, void *ctx,
		       const struct keel_vmx_msrs *caps)
{
	static const char * const groups[] = {
		[VMX_FIELD_CONTROL] = "Controls",
		[VMX_FIELD_EXIT_INFO] = "VM-exit information",
		[VMX_FIELD_GUEST] = "Guest state",
		[VMX_FIELD_HOST] = "Host state",
	};
	struct text t = { .buf = buf, .size = size };
	const struct vmx_field *f, *prev = NULL;

	for (f = vmx_field_next(NULL); f; f = vmx_field_next(f)) {
		if (!prev || vmx_field_type(prev->encoding) != vmx_field_type(f->encoding))
			put(&t, "%s\n", groups[vmx_field_type(f->encoding)]);
		prev = f;
		if (vmx_field_exists(f, caps))
			put_field(&t, f->encoding, get(ctx, f->encoding));
	}
	return t.len;
}
