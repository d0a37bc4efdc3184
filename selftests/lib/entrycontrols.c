// SPDX-License-Identifier: GPL-2.0
/*
 * Changes to what a VMM cannot reach: controls, the addresses that they use, host state,
 * the VMCS link pointer, MSR areas, and guest state that needs a control.
 *
 * The host must live.  Host state and MSR areas only get values that no CPU takes, and
 * so do VM-exit controls, apart from some that save state.  Other controls go with a
 * kick: see entry_settle() in entrystate.c.  Not changed where an entry could succeed:
 * "external-interrupt exiting" and "acknowledge interrupt on exit", on which the kick
 * depends.
 */
#include "entrycontrols.h"
#include "entrystate.h"

#define BIT(n)		(1ULL << (n))
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define NOT_CANONICAL	BIT(47)
#define ALLOWED1(msr)	((msr) >> 32)

static const struct keel_vmx_msrs *msrs(const struct entry_state *s)
{
	return &s->cpu->info.msrs;
}

/* With the "true" capabilities where the CPU has them. */
static __u64 capability(const struct entry_state *s, __u64 plain, __u64 exact)
{
	return msrs(s)->basic & BIT(55) ? exact : plain;
}

static __u64 proc_cap(const struct entry_state *s)
{
	return capability(s, msrs(s)->procbased_ctls, msrs(s)->true_procbased_ctls);
}

static bool has_proc(const struct entry_state *s, __u32 bits)
{
	return (ALLOWED1(proc_cap(s)) & bits) == bits;
}

static bool has_proc2(const struct entry_state *s, __u32 bits)
{
	return has_proc(s, PROC_SECONDARY) &&
		(ALLOWED1(msrs(s)->procbased_ctls2) & bits) == bits;
}

static bool has_pin(const struct entry_state *s, __u32 bits)
{
	return (ALLOWED1(capability(s, msrs(s)->pinbased_ctls, msrs(s)->true_pinbased_ctls)) &
		bits) == bits;
}

static bool has_exit(const struct entry_state *s, __u32 bits)
{
	return (ALLOWED1(capability(s, msrs(s)->exit_ctls, msrs(s)->true_exit_ctls)) & bits) ==
		bits;
}

static bool has_entry(const struct entry_state *s, __u32 bits)
{
	return (ALLOWED1(capability(s, msrs(s)->entry_ctls, msrs(s)->true_entry_ctls)) & bits) ==
		bits;
}

/* A control that the CPU may take: nothing of the guest's runs with it. */
static void set_proc2(struct entry_state *s, __u32 bits)
{
	s->kick = true;
	entry_poke(s, PROC_CONTROLS, KEEL_POKE_OR, PROC_SECONDARY);
	entry_poke(s, PROC2_CONTROLS, KEEL_POKE_OR, bits);
}

/* Guest-physical addresses are the host's now. */
static void without_ept(struct entry_state *s)
{
	s->kick = true;
	s->no_events = true;
	s->own_cr3 = true;
}

static void put_addresses(struct entry_state *s)
{
	static const __u32 writable[] = {
		VIRTUAL_APIC_ADDRESS, PML_ADDRESS, VE_INFORMATION, APIC_ACCESS_ADDRESS,
	};
	unsigned int i;

	for (i = 0; i < COUNT(writable); i++)
		if (has_proc(s, PROC_TPR_SHADOW) && (i == 0 || (i == 3 && has_proc2(s, 1)) ||
		    (i == 1 && has_proc2(s, PROC2_PML)) || (i == 2 && has_proc2(s, PROC2_VE))))
			entry_poke(s, writable[i], KEEL_POKE_SET, s->cpu->pages.scratch);
}

/* One bit of a control field. */
static void change_bit(struct entry_state *s)
{
	static const __u32 exit_safe = EXIT_SAVE_DEBUG | EXIT_HOST_64 | EXIT_SAVE_PAT |
		EXIT_SAVE_EFER | EXIT_SAVE_TIMER;
	__u32 bit = 1U << entry_below(s, 32);
	__u64 cap;

	s->kick = true;
	switch (entry_below(s, 5)) {
	case 0:
		if (bit != PIN_EXT_INTR)
			entry_poke(s, PIN_CONTROLS, KEEL_POKE_XOR, bit);
		return;
	case 1:
		put_addresses(s);
		entry_poke(s, PROC_CONTROLS, KEEL_POKE_XOR, bit);
		if (bit == PROC_SECONDARY)
			without_ept(s);
		return;
	case 2:
		if (!has_proc(s, PROC_SECONDARY))
			return;
		put_addresses(s);
		entry_poke(s, PROC2_CONTROLS, KEEL_POKE_XOR, bit);
		/* Guest-physical addresses become others, too, or EPT comes to nothing. */
		if (bit == PROC2_EPT || s->cpu->shadow)
			without_ept(s);
		return;
	case 3:
		cap = capability(s, msrs(s)->exit_ctls, msrs(s)->true_exit_ctls);
		if ((bit & exit_safe) || !(ALLOWED1(cap) & bit) || (cap & bit))
			entry_poke(s, EXIT_CONTROLS, KEEL_POKE_XOR, bit);
		return;
	default:
		/*
		 * "entry to SMM" Bochs 3.0 takes outside SMM and then gives up.  SDM: "Checks on
		 * VMX Controls", "VM-Entry Control Fields".
		 */
		if ((bit & (ENTRY_LOAD_PERF | ENTRY_TO_SMM)) && has_entry(s, bit))
			return;
		entry_poke(s, ENTRY_CONTROLS, KEEL_POKE_XOR, bit);
		if (s->cpu->shadow)
			without_ept(s);
	}
}

static void change_needs_tpr_shadow(struct entry_state *s)
{
	static const __u32 bits[] = { PROC2_X2APIC, PROC2_APIC_REGISTERS, PROC2_VIRTUAL_INTR };
	__u32 bit = bits[entry_below(s, COUNT(bits))];

	if (!has_proc2(s, bit))
		return;
	put_addresses(s);
	set_proc2(s, bit);
	if (entry_below(s, 2))
		entry_poke(s, PROC_CONTROLS, KEEL_POKE_OR, PROC_TPR_SHADOW);
	if (entry_below(s, 2) && has_proc2(s, PROC2_APIC_ACCESSES))
		entry_poke(s, PROC2_CONTROLS, KEEL_POKE_OR, PROC2_APIC_ACCESSES);
}

static bool has_ept(const struct entry_state *s)
{
	return has_proc2(s, PROC2_EPT) && !s->cpu->shadow;
}

/* As on a CPU without. */
static void change_ept_off(struct entry_state *s)
{
	if (!has_ept(s))
		return;
	entry_poke(s, PROC2_CONTROLS, KEEL_POKE_XOR, PROC2_EPT |
		   (has_proc2(s, PROC2_UNRESTRICTED) ? PROC2_UNRESTRICTED : 0));
	without_ept(s);
}

static void change_needs_ept(struct entry_state *s)
{
	static const __u32 bits[] = {
		PROC2_PML, PROC2_UNRESTRICTED, PROC2_MODE_BASED, PROC2_SPP, PROC2_PT_GPA,
	};
	__u32 bit = bits[entry_below(s, COUNT(bits))];

	if (!has_proc2(s, bit) || !has_ept(s))
		return;
	put_addresses(s);
	without_ept(s);
	/* XOR alone would switch "unrestricted guest" off. */
	entry_poke(s, PROC2_CONTROLS, KEEL_POKE_OR, PROC2_EPT | PROC2_UNRESTRICTED | bit);
	entry_poke(s, PROC2_CONTROLS, KEEL_POKE_XOR,
		   PROC2_EPT | (bit == PROC2_UNRESTRICTED ? 0 : PROC2_UNRESTRICTED));
}

/* Virtual-interrupt delivery without external-interrupt exiting: refused. */
static void change_needs_ext_intr(struct entry_state *s)
{
	if (!has_proc2(s, PROC2_VIRTUAL_INTR))
		return;
	put_addresses(s);
	set_proc2(s, PROC2_VIRTUAL_INTR);
	entry_poke(s, PROC_CONTROLS, KEEL_POKE_OR, PROC_TPR_SHADOW);
	entry_poke(s, PIN_CONTROLS, KEEL_POKE_XOR, PIN_EXT_INTR);
}

/* Posted interrupts without one of what they need: refused. */
static void change_posted(struct entry_state *s)
{
	if (!has_pin(s, PIN_POSTED))
		return;
	entry_poke(s, PIN_CONTROLS, KEEL_POKE_OR, PIN_POSTED);
	if (entry_below(s, 2))
		return;
	put_addresses(s);
	set_proc2(s, PROC2_VIRTUAL_INTR);
	entry_poke(s, PROC_CONTROLS, KEEL_POKE_OR, PROC_TPR_SHADOW);
	if (entry_below(s, 2))
		return;
	entry_poke(s, EXIT_CONTROLS, KEEL_POKE_OR, EXIT_ACK);
	if (entry_below(s, 2))
		entry_poke(s, POSTED_VECTOR, KEEL_POKE_SET, 0x100 + entry_below(s, 0x100));
	else
		entry_poke(s, POSTED_DESCRIPTOR, KEEL_POKE_SET,
			   entry_below(s, 2) ? s->cpu->pages.scratch + 8 : BIT(51));
}

/* Controls that need each other. */
static void change_dependent(struct entry_state *s)
{
	s->kick = true;
	switch (entry_below(s, 9)) {
	case 0:	/* "unrestricted guest" off: the stricter rules */
		if (has_proc2(s, PROC2_UNRESTRICTED) && !s->cpu->shadow)
			entry_poke(s, PROC2_CONTROLS, KEEL_POKE_XOR, PROC2_UNRESTRICTED);
		return;
	case 1:
		change_ept_off(s);
		return;
	case 2:
		change_needs_tpr_shadow(s);
		return;
	case 3:
		change_needs_ept(s);
		return;
	case 4:
		change_needs_ext_intr(s);
		return;
	case 5:
		change_posted(s);
		return;
	case 6:
		entry_poke(s, PIN_CONTROLS, KEEL_POKE_XOR,
			   entry_below(s, 2) ? PIN_NMI : PIN_NMI | PIN_VIRTUAL_NMIS);
		entry_poke(s, PROC_CONTROLS, KEEL_POKE_XOR, PROC_NMI_WINDOW);
		return;
	case 7:
		entry_poke(s, PROC_CONTROLS, KEEL_POKE_XOR, PROC_NMI_WINDOW);
		entry_poke(s, PIN_CONTROLS, KEEL_POKE_XOR, PIN_VIRTUAL_NMIS);
		return;
	default:
		if (has_exit(s, EXIT_SAVE_TIMER))
			entry_poke(s, EXIT_CONTROLS, KEEL_POKE_OR, EXIT_SAVE_TIMER);
	}
}

/* A field that a control uses, with a value that the control may refuse. */
static void change_used(struct entry_state *s)
{
	static const struct {
		__u32 proc, proc2, field;
	} addresses[] = {
		{ PROC_IO_BITMAPS, 0, IO_BITMAP_A }, { PROC_IO_BITMAPS, 0, IO_BITMAP_B },
		{ PROC_MSR_BITMAPS, 0, MSR_BITMAPS },
		{ PROC_TPR_SHADOW, 0, VIRTUAL_APIC_ADDRESS },
		{ 0, PROC2_APIC_ACCESSES, APIC_ACCESS_ADDRESS }, { 0, PROC2_PML, PML_ADDRESS },
		{ 0, PROC2_SPP, SPP_TABLE }, { 0, PROC2_SHADOWING, VMREAD_BITMAP },
		{ 0, PROC2_SHADOWING, VMWRITE_BITMAP }, { 0, PROC2_VE, VE_INFORMATION },
	};
	unsigned int i = entry_below(s, COUNT(addresses));
	unsigned int phys_bits = s->cpu->info.phys_bits;
	__u64 address = s->cpu->pages.scratch;

	if (!has_proc(s, addresses[i].proc) ||
	    (addresses[i].proc2 && !has_proc2(s, addresses[i].proc2)))
		return;
	s->kick = true;
	put_addresses(s);
	/* Both bitmaps of a control have a place before one gets a bad one. */
	if (addresses[i].proc & PROC_IO_BITMAPS) {
		entry_poke(s, IO_BITMAP_A, KEEL_POKE_SET, address);
		entry_poke(s, IO_BITMAP_B, KEEL_POKE_SET, address);
	}
	if (addresses[i].proc2 & PROC2_SHADOWING) {
		entry_poke(s, VMREAD_BITMAP, KEEL_POKE_SET, address);
		entry_poke(s, VMWRITE_BITMAP, KEEL_POKE_SET, address);
	}
	entry_poke(s, PROC_CONTROLS, KEEL_POKE_OR, addresses[i].proc);
	if (addresses[i].proc2)
		set_proc2(s, addresses[i].proc2);
	if (s->cpu->shadow && (addresses[i].proc2 & (PROC2_PML | PROC2_SPP | PROC2_VE)))
		s->no_events = true;
	if (entry_below(s, 3))
		address |= entry_below(s, 2) ? BIT(entry_below(s, 12)) :
			BIT(phys_bits + entry_below(s, 64 - phys_bits));
	entry_poke(s, addresses[i].field, KEEL_POKE_SET, address);
}

/* Numbers in control fields, and the EPT pointer's flags. */
static void change_number(struct entry_state *s)
{
	unsigned int phys_bits = s->cpu->info.phys_bits;

	s->kick = true;
	switch (entry_below(s, 7)) {
	case 0:
		entry_poke(s, CR3_TARGET_COUNT, KEEL_POKE_SET, entry_below(s, 9));
		return;
	case 1:
		if (!has_proc2(s, PROC2_VPID))
			return;
		set_proc2(s, PROC2_VPID);
		entry_poke(s, VPID, KEEL_POKE_SET, 0);
		return;
	case 2:
		if (!has_proc2(s, PROC2_TSC_SCALING))
			return;
		set_proc2(s, PROC2_TSC_SCALING);
		entry_poke(s, TSC_MULTIPLIER, KEEL_POKE_SET,
			   entry_below(s, 2) ? 0 : entry_random(s));
		return;
	case 3:	/* the threshold, against 0 in the virtual-APIC page */
		if (!has_proc(s, PROC_TPR_SHADOW))
			return;
		put_addresses(s);
		entry_poke(s, PROC_CONTROLS, KEEL_POKE_OR, PROC_TPR_SHADOW);
		entry_poke(s, VIRTUAL_APIC_ADDRESS, KEEL_POKE_SET, s->cpu->pages.zero);
		entry_poke(s, TPR_THRESHOLD, KEEL_POKE_SET, entry_below(s, 20));
		return;
	case 4:
		if (!has_proc2(s, PROC2_VMFUNC))
			return;
		set_proc2(s, PROC2_VMFUNC);
		entry_poke(s, VM_FUNCTIONS, KEEL_POKE_SET, BIT(entry_below(s, 2)));
		if (msrs(s)->vmfunc & 1)
			entry_poke(s, EPTP_LIST, KEEL_POKE_SET, entry_below(s, 2) ?
				   s->cpu->pages.scratch : s->cpu->pages.scratch + 8);
		return;
	default:
		if (!has_proc2(s, PROC2_EPT) || s->cpu->shadow)
			return;
		s->no_events = true;
		entry_poke(s, EPT_POINTER, KEEL_POKE_XOR, entry_below(s, 4) ?
			   BIT(entry_below(s, 12)) :
			   BIT(phys_bits + entry_below(s, 64 - phys_bits)));
	}
}

/* Areas of MSRs where none can be. */
static void change_msr_area(struct entry_state *s)
{
	static const struct {
		__u32 count, address;
	} areas[] = {
		{ EXIT_STORE_COUNT, EXIT_STORE_ADDRESS }, { EXIT_LOAD_COUNT, EXIT_LOAD_ADDRESS },
		{ ENTRY_LOAD_COUNT, ENTRY_LOAD_ADDRESS },
	};
	unsigned int i = entry_below(s, COUNT(areas));
	unsigned int phys_bits = s->cpu->info.phys_bits;
	__u64 address = s->cpu->pages.scratch + 8;
	__u32 count = 1 + entry_below(s, 8);

	switch (entry_below(s, 3)) {
	case 0:
		address = BIT(phys_bits + entry_below(s, 64 - phys_bits));
		break;
	case 1:
		address = BIT(phys_bits) - 16;
		count++;
		break;
	}
	s->kick = true;
	entry_poke(s, areas[i].count, KEEL_POKE_SET, count);
	entry_poke(s, areas[i].address, KEEL_POKE_SET, address);
}

/* Host state that no CPU takes. */
static void change_host(struct entry_state *s)
{
	static const __u8 cr0[] = { 0, 5, 31 }, cr4[] = { 5, 13, 31 }, efer[] = { 1, 8, 10 };
	unsigned int phys_bits = s->cpu->info.phys_bits;

	s->kick = true;
	switch (entry_below(s, 12)) {
	case 0:
		entry_poke(s, HOST_CR0, KEEL_POKE_XOR, BIT(cr0[entry_below(s, COUNT(cr0))]));
		return;
	case 1:
		entry_poke(s, HOST_CR4, KEEL_POKE_XOR, BIT(cr4[entry_below(s, COUNT(cr4))]));
		return;
	case 2:	/* below the bits that linear-address masking uses */
		entry_poke(s, HOST_CR3, KEEL_POKE_OR,
			   BIT(phys_bits + entry_below(s, 60 - phys_bits)));
		return;
	case 3:
	case 4:
		entry_poke(s, HOST_ES_SELECTOR + 2 * entry_below(s, 7), KEEL_POKE_OR,
			   BIT(entry_below(s, 3)));
		return;
	case 5:
		entry_poke(s, entry_below(s, 2) ? HOST_CS_SELECTOR : HOST_TR_SELECTOR,
			   KEEL_POKE_SET, 0);
		return;
	case 6:
	case 7:
		entry_poke(s, HOST_FS_BASE + 2 * entry_below(s, 7), KEEL_POKE_SET, NOT_CANONICAL);
		return;
	case 8:
		entry_poke(s, HOST_RIP, KEEL_POKE_SET, NOT_CANONICAL);
		return;
	case 9:
		if (has_exit(s, 1U << 21))
			entry_poke(s, HOST_EFER, KEEL_POKE_XOR,
				   BIT(efer[entry_below(s, COUNT(efer))]));
		return;
	case 10:
		if (has_exit(s, 1U << 19))
			entry_poke(s, HOST_PAT, KEEL_POKE_SET, 2ULL << 8 * entry_below(s, 8));
		return;
	default:
		entry_poke(s, EXIT_CONTROLS, KEEL_POKE_XOR, EXIT_HOST_64);
	}
}

/* The VMCS link pointer: at what looks like a VMCS, or does not, or is this one. */
static void change_link(struct entry_state *s)
{
	const struct keel_poke_pages *pages = &s->cpu->pages;
	unsigned int phys_bits = s->cpu->info.phys_bits;
	const __u64 links[] = {
		pages->zero, pages->vmcs, pages->shadow_vmcs, pages->vmcs + 8,
		BIT(phys_bits + entry_below(s, 63 - phys_bits)),
	};
	unsigned int i = entry_below(s, COUNT(links) + 1);

	s->kick = true;
	if (has_proc2(s, PROC2_SHADOWING) && entry_below(s, 3) == 0) {
		set_proc2(s, PROC2_SHADOWING);
		entry_poke(s, VMREAD_BITMAP, KEEL_POKE_SET, pages->zero);
		entry_poke(s, VMWRITE_BITMAP, KEEL_POKE_SET, pages->zero);
	}
	if (i == COUNT(links))
		entry_poke(s, LINK_POINTER, KEEL_POKE_OWN, 0);
	else
		entry_poke(s, LINK_POINTER, KEEL_POKE_SET, links[i]);
}

/* CET state and protection keys; what the host has of them stays whole. */
static void change_loaded(struct entry_state *s)
{
	static const __u64 s_cet[] = { 0, BIT(6), BIT(9), 3 << 10, NOT_CANONICAL };
	/* Not SSPs above 4 GiB: for those outside 64-bit mode Bochs has rules of its own. */
	static const __u64 ssp[] = { 0, 4, 1, 2 };

	s->kick = true;
	if (has_entry(s, ENTRY_LOAD_CET)) {
		entry_poke(s, ENTRY_CONTROLS, KEEL_POKE_OR, ENTRY_LOAD_CET);
		entry_poke(s, GUEST_S_CET, KEEL_POKE_SET, s_cet[entry_below(s, COUNT(s_cet))]);
		entry_poke(s, GUEST_SSP, KEEL_POKE_SET, ssp[entry_below(s, COUNT(ssp))]);
		if (entry_below(s, 4) == 0)
			entry_poke(s, GUEST_SSP_TABLE, KEEL_POKE_SET, NOT_CANONICAL);
	}
	if (has_entry(s, ENTRY_LOAD_PKRS) && entry_below(s, 2)) {
		entry_poke(s, ENTRY_CONTROLS, KEEL_POKE_OR, ENTRY_LOAD_PKRS);
		entry_poke(s, GUEST_PKRS, KEEL_POKE_SET, entry_below(s, 2) ? 0 : BIT(32));
	}
	if (has_exit(s, EXIT_LOAD_CET) && entry_below(s, 4) == 0) {
		entry_poke(s, EXIT_CONTROLS, KEEL_POKE_OR, EXIT_LOAD_CET);
		switch (entry_below(s, 3)) {
		case 0:
			entry_poke(s, HOST_S_CET, KEEL_POKE_SET, BIT(6 + entry_below(s, 4)));
			break;
		case 1:
			entry_poke(s, HOST_SSP, KEEL_POKE_SET,
				   entry_below(s, 2) ? 1 : NOT_CANONICAL);
			break;
		default:
			entry_poke(s, HOST_SSP_TABLE, KEEL_POKE_SET, NOT_CANONICAL);
		}
	}
	if (has_exit(s, EXIT_LOAD_PKRS) && entry_below(s, 4) == 0) {
		entry_poke(s, EXIT_CONTROLS, KEEL_POKE_OR, EXIT_LOAD_PKRS);
		entry_poke(s, HOST_PKRS, KEEL_POKE_SET, BIT(32));
	}
}

/* One change. */
void entry_change_controls(struct entry_state *s)
{
	static void (*const changes[])(struct entry_state *s) = {
		change_bit, change_bit, change_bit, change_dependent, change_dependent,
		change_dependent, change_used, change_used, change_number, change_msr_area,
		change_host, change_host, change_link, change_loaded,
	};

	s->controls = true;
	changes[entry_below(s, COUNT(changes))](s);
}
