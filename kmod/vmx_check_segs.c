// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on Guest Segment Registers" and "Checks on Guest Descriptor-Table
 * Registers".  See vmx_check.h.
 *
 * The SDM goes through selectors, bases, limits and access rights in turn, and
 * in each through the registers; so does this.  The rule that is reported names
 * no register, since the field beside it does.
 */
#include "vmx_check_ctx.h"

/* In the order of the VMCS's encodings. */
enum { ES, CS, SS, DS, FS, GS, LDTR, TR, NR_SEGMENTS };

#define SELECTOR(n)	(GUEST_ES_SELECTOR + 2 * (n))
#define BASE(n)		(GUEST_ES_BASE + 2 * (n))
#define LIMIT(n)	(GUEST_ES_LIMIT + 2 * (n))
#define AR(n)		(GUEST_ES_AR_BYTES + 2 * (n))

/* Types of code segments and of the data segment that real mode has in CS. */
#define TYPE_DATA_WRITABLE	3
#define TYPE_DATA_DOWN_WRITABLE	7
#define TYPE_CODE		9
#define TYPE_CODE_READABLE	11
#define TYPE_CONFORMING		13
#define TYPE_CONFORMING_READABLE 15

#define RESERVED_LOW		GENMASK(11, 8)
#define RESERVED_HIGH		GENMASK(31, 17)

/* All of the guest's segment registers, as read from the VMCS. */
struct segments {
	const struct vmx_check *c;
	bool v8086;
	bool real_mode;		/* CR0.PE is 0 */
	struct {
		u64 base;
		u32 limit;
		u32 ar;
		u16 selector;
	} seg[NR_SEGMENTS];
};

static u32 type_of(const struct segments *s, int n)
{
	return s->seg[n].ar & VMX_AR_TYPE_MASK;
}

static u32 dpl_of(const struct segments *s, int n)
{
	return VMX_AR_DPL(s->seg[n].ar);
}

static u32 rpl_of(const struct segments *s, int n)
{
	return s->seg[n].selector & 3;
}

static bool usable(const struct segments *s, int n)
{
	return !(s->seg[n].ar & VMX_AR_UNUSABLE_MASK);
}

/* CS and TR are checked whether or not they are marked unusable. */
static bool counts(const struct segments *s, int n)
{
	return n == CS || n == TR || usable(s, n);
}

static void read_segments(struct segments *s, const struct vmx_check *c)
{
	int n;

	s->c = c;
	s->v8086 = chk_get(c, GUEST_RFLAGS) & RFLAGS_VM;
	s->real_mode = !(chk_get(c, GUEST_CR0) & CR0_PE);
	for (n = 0; n < NR_SEGMENTS; n++) {
		s->seg[n].selector = chk_get(c, SELECTOR(n));
		s->seg[n].base = chk_get(c, BASE(n));
		s->seg[n].limit = chk_get(c, LIMIT(n));
		s->seg[n].ar = chk_get(c, AR(n));
	}
}

/* Selector fields. */
static bool check_selectors(const struct segments *s)
{
	static const char ti[] = "TI is 1: the selector names the LDT (bit 2)";

	if (s->seg[TR].selector & BIT(2))
		return chk_fail(s->c, SELECTOR(TR), ti);
	if (usable(s, LDTR) && (s->seg[LDTR].selector & BIT(2)))
		return chk_fail(s->c, SELECTOR(LDTR), ti);
	if (!s->v8086 && !vmx_unrestricted(s->c) && rpl_of(s, SS) != rpl_of(s, CS))
		return chk_fail(s->c, SELECTOR(SS),
				"the RPL of SS is not the RPL of CS");
	return true;
}

/* Base-address fields. */
static bool check_bases(const struct segments *s)
{
	static const int is_long[] = { TR, FS, GS };
	static const int is_short[] = { SS, DS, ES };
	static const char high[] = "bits 63:32 of the base address are not 0";
	unsigned int i;
	int n;

	for (n = ES; s->v8086 && n <= GS; n++)
		if (s->seg[n].base != (u64)s->seg[n].selector << 4)
			return chk_fail(s->c, BASE(n),
					"in virtual-8086 mode the base address is not the selector times 16");
	for (i = 0; i < ARRAY_SIZE(is_long); i++)
		if (!vmx_check_canonical(s->c, BASE(is_long[i])))
			return false;
	if (usable(s, LDTR) && !vmx_check_canonical(s->c, BASE(LDTR)))
		return false;
	if (s->seg[CS].base & HIGH_HALF)
		return chk_fail(s->c, BASE(CS), high);
	for (i = 0; i < ARRAY_SIZE(is_short); i++)
		if (usable(s, is_short[i]) && (s->seg[is_short[i]].base & HIGH_HALF))
			return chk_fail(s->c, BASE(is_short[i]), high);
	return true;
}

/* Limit fields, and access rights in virtual-8086 mode. */
static bool check_v8086(const struct segments *s)
{
	int n;

	if (!s->v8086)
		return true;
	for (n = ES; n <= GS; n++)
		if (s->seg[n].limit != 0xffff)
			return chk_fail(s->c, LIMIT(n),
					"in virtual-8086 mode the limit is not 0xffff");
	for (n = ES; n <= GS; n++)
		if (s->seg[n].ar != 0xf3)
			return chk_fail(s->c, AR(n),
					"in virtual-8086 mode the access rights are not 0xf3");
	return true;
}

/* Access rights: bits 3:0, type. */
static bool check_code_data_types(const struct segments *s)
{
	u32 type = type_of(s, CS);
	int n;

	if (type == TYPE_DATA_WRITABLE && !vmx_unrestricted(s->c))
		return chk_fail(s->c, AR(CS),
				"CS is a data segment (type 3) while \"unrestricted guest\" is 0");
	if (type != TYPE_DATA_WRITABLE && (type & 9) != 9)
		return chk_fail(s->c, AR(CS),
				"the type of CS is not that of an accessed code segment");
	type = type_of(s, SS);
	if (usable(s, SS) && type != TYPE_DATA_WRITABLE &&
	    type != TYPE_DATA_DOWN_WRITABLE)
		return chk_fail(s->c, AR(SS),
				"the type of SS is not that of an accessed writable data segment (3 or 7)");
	for (n = ES; n <= GS; n++) {
		if (n == CS || n == SS || !usable(s, n))
			continue;
		type = type_of(s, n);
		if (!(type & BIT(0)))
			return chk_fail(s->c, AR(n),
					"the type of a usable segment is not accessed (bit 0)");
		if ((type & BIT(3)) && !(type & BIT(1)))
			return chk_fail(s->c, AR(n),
					"a data-segment register has a code segment that is not readable");
	}
	return true;
}

/* Access rights: bits 6:5, DPL. */
static bool check_dpl(const struct segments *s)
{
	bool strict = !vmx_unrestricted(s->c);
	int n;

	switch (type_of(s, CS)) {
	case TYPE_DATA_WRITABLE:
		if (dpl_of(s, CS))
			return chk_fail(s->c, AR(CS),
					"CS is a data segment (type 3) with a DPL other than 0");
		break;
	case TYPE_CODE:
	case TYPE_CODE_READABLE:
		if (dpl_of(s, CS) != dpl_of(s, SS))
			return chk_fail(s->c, AR(CS),
					"the DPL of a non-conforming CS is not the DPL of SS");
		break;
	case TYPE_CONFORMING:
	case TYPE_CONFORMING_READABLE:
		if (dpl_of(s, CS) > dpl_of(s, SS))
			return chk_fail(s->c, AR(CS),
					"the DPL of a conforming CS is above the DPL of SS");
		break;
	}

	if (strict && dpl_of(s, SS) != rpl_of(s, SS))
		return chk_fail(s->c, AR(SS), "the DPL of SS is not the RPL of its selector");
	if (dpl_of(s, SS) && s->real_mode)
		return chk_fail(s->c, AR(SS), "the DPL of SS is not 0 while CR0.PE is 0");
	if (dpl_of(s, SS) && type_of(s, CS) == TYPE_DATA_WRITABLE)
		return chk_fail(s->c, AR(SS),
				"the DPL of SS is not 0 while CS is a data segment (type 3)");

	for (n = ES; strict && n <= GS; n++) {
		if (n == CS || n == SS || !usable(s, n))
			continue;
		/* Conforming code segments are above. */
		if (type_of(s, n) <= TYPE_CODE_READABLE && dpl_of(s, n) < rpl_of(s, n))
			return chk_fail(s->c, AR(n),
					"the DPL of a data segment is below the RPL of its selector");
	}
	return true;
}

/* Access rights that mean the same in all registers: P, G, reserved bits. */
static bool check_common(const struct segments *s, int n)
{
	u32 ar = s->seg[n].ar;
	u32 limit = s->seg[n].limit;

	if (!(ar & VMX_AR_P_MASK))
		return chk_fail(s->c, AR(n), "the segment is not present (bit 7)");
	if (ar & RESERVED_LOW)
		return chk_fail(s->c, AR(n),
				"a reserved bit of the access rights is 1 (bits 11:8)");
	if ((limit & 0xfff) != 0xfff && (ar & VMX_AR_G_MASK))
		return chk_fail(s->c, AR(n),
				"G is 1 while a bit of 11:0 of the limit is 0");
	if ((limit & 0xfff00000) && !(ar & VMX_AR_G_MASK))
		return chk_fail(s->c, AR(n),
				"G is 0 while a bit of 31:20 of the limit is 1");
	if (ar & RESERVED_HIGH)
		return chk_fail(s->c, AR(n),
				"a reserved bit of the access rights is 1 (bits 31:17)");
	return true;
}

/* Access rights of CS, SS, DS, ES, FS and GS outside virtual-8086 mode. */
static bool check_code_data(const struct segments *s)
{
	int n;

	if (s->v8086)
		return true;
	if (!check_code_data_types(s))
		return false;
	for (n = ES; n <= GS; n++)
		if (counts(s, n) && !(s->seg[n].ar & VMX_AR_S_MASK))
			return chk_fail(s->c, AR(n),
					"S is 0: the descriptor is not that of a code or data segment (bit 4)");
	if (!check_dpl(s))
		return false;
	for (n = ES; n <= GS; n++)
		if (counts(s, n) && !check_common(s, n))
			return false;
	if (vmx_ia32e_guest(s->c) && (s->seg[CS].ar & VMX_AR_L_MASK) &&
	    (s->seg[CS].ar & VMX_AR_DB_MASK))
		return chk_fail(s->c, AR(CS), "both L and D/B of CS are 1 in IA-32e mode");
	return true;
}

/* Access rights of TR and LDTR. */
static bool check_system(const struct segments *s)
{
	static const char not_system[] =
		"S is 1: the descriptor is not that of a system segment (bit 4)";
	u32 type = type_of(s, TR);

	if (vmx_ia32e_guest(s->c) && type != VMX_AR_TYPE_BUSY_64_TSS)
		return chk_fail(s->c, AR(TR),
				"TR is not a busy 64-bit TSS (type 11) in IA-32e mode");
	if (type != VMX_AR_TYPE_BUSY_16_TSS && type != VMX_AR_TYPE_BUSY_32_TSS)
		return chk_fail(s->c, AR(TR), "TR is not a busy TSS (type 3 or 11)");
	if (s->seg[TR].ar & VMX_AR_S_MASK)
		return chk_fail(s->c, AR(TR), not_system);
	if (!usable(s, TR))
		return chk_fail(s->c, AR(TR), "TR is marked unusable (bit 16)");
	if (!check_common(s, TR))
		return false;

	if (!usable(s, LDTR))
		return true;
	if (type_of(s, LDTR) != VMX_AR_TYPE_LDT)
		return chk_fail(s->c, AR(LDTR), "LDTR is not an LDT (type 2)");
	if (s->seg[LDTR].ar & VMX_AR_S_MASK)
		return chk_fail(s->c, AR(LDTR), not_system);
	return check_common(s, LDTR);
}

/* "Checks on Guest Descriptor-Table Registers" */
static bool check_tables(const struct vmx_check *c)
{
	static const char high[] = "bits 31:16 of the limit are not 0";

	return vmx_check_canonical(c, GUEST_GDTR_BASE) &&
		vmx_check_canonical(c, GUEST_IDTR_BASE) &&
		vmx_check_zero(c, GUEST_GDTR_LIMIT, GENMASK(31, 16), high) &&
		vmx_check_zero(c, GUEST_IDTR_LIMIT, GENMASK(31, 16), high);
}

/* All rules on segment and descriptor-table registers. */
bool vmx_check_segments(const struct vmx_check *c)
{
	struct segments s;

	read_segments(&s, c);
	return check_selectors(&s) && check_bases(&s) && check_v8086(&s) &&
		check_code_data(&s) && check_system(&s) && check_tables(c);
}
