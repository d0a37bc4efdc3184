// SPDX-License-Identifier: GPL-2.0
/*
 * vmx_check*.c: valid guests pass, and each broken rule of the SDM's chapter
 * "VM Entries" is reported with its field.
 *
 * Guests and rules are written here with the SDM's numbers.  Each line of the
 * tables takes a valid guest, writes one or a few fields so that exactly one
 * rule is broken, and says which field and what words are to be reported.
 */
#include <stdio.h>
#include <linux/kernel.h>

#include "kselftest_harness.h"
#include "fake_vmcs.h"
#include "vmx_check.h"

static struct vmx_check_env env;
static struct vmx_check_result result;

#define ALL_ONES	0xffffffffffffffffULL

/* Places that a mutation can write beside VMCS fields. */
#define CAP(member)	(0x10000 + offsetof(struct keel_vmx_msrs, member))
#define ENV(member)	(0x20000 + offsetof(struct vmx_check_env, member))
#define VPID		0x8000	/* encoding 0, which would end a list of changes */
#define MEM(addr)	(0x80000000 + (addr))

static bool fake_read_phys(void *ctx, __u64 addr, __u64 *value)
{
	int i;

	if (addr & 7)
		abort();
	*value = 0;
	for (i = 0; i < 16; i++)
		if (cpu.memory[i].addr == addr)
			*value = cpu.memory[i].value;
	return true;
}

static void set_memory(__u64 addr, __u64 value)
{
	int i = 0;

	while (cpu.memory[i].addr && cpu.memory[i].addr != addr)
		i++;
	cpu.memory[i].addr = addr;
	cpu.memory[i].value = value;
}

static void set(__u32 where, __u64 value)
{
	if (where >= 0x80000000)
		set_memory(where - 0x80000000, value);
	else if (where >= 0x20000)
		memcpy((char *)&env + where - 0x20000, &value,
		       where >= ENV(phys_bits) ? 1 : 8);
	else if (where >= 0x10000)
		memcpy((char *)&cpu.caps + where - 0x10000, &value, 8);
	else
		cpu.field[where & 0x7fff] = value;
}

static void set_segment(int n, __u16 selector, __u64 base, __u32 limit, __u32 ar)
{
	set(0x800 + 2 * n, selector);
	set(0x6806 + 2 * n, base);
	set(0x4800 + 2 * n, limit);
	set(0x4814 + 2 * n, ar);
}

/* A host in 64-bit mode; what all guests have in common. */
static void any_guest(void)
{
	int i;

	env = (struct vmx_check_env){
		.get = fake_get,
		.caps = &cpu.caps,
		.read_phys = fake_read_phys,
		.vmcs_pa = 0x5000,
		.phys_bits = 39,
		.linear_bits = 48,
	};
	set(0x4000, 0x16 | 9);			/* external interrupts, NMIs */
	set(0x4002, 0x0401e172 | 1 << 7);
	set(0x400c, 0x36dff | 1 << 9);
	set(0x4012, 0x11ff);
	set(0x6c00, 0x80050033);
	set(0x6c02, 0x1000);
	set(0x6c04, 0x26a0);
	for (i = 0; i < 7; i++)
		set(0xc00 + 2 * i, 0x18);
	set(0xc02, 0x10);
	set(0xc0c, 0x40);
	for (i = 0x6c06; i <= 0x6c12; i += 2)
		set(i, 0xffff800000000000ULL);
	set(0x6c16, 0xffffffff81000000ULL);
	set(0x6c14, 0xffffc90000000000ULL);
	set(0x2800, ALL_ONES);
	set(0x6820, 2);
	set(0x681a, 0x400);
	set(0x6800, 0x80000031);
	set(0x6804, 0x2000);
	set(0x6802, 0x3000);
	set_segment(0, 0x10, 0, 0xffffffff, 0xc093);
	set_segment(1, 0x08, 0, 0xffffffff, 0xc09b);
	set_segment(2, 0x10, 0, 0xffffffff, 0xc093);
	set_segment(3, 0x10, 0, 0xffffffff, 0xc093);
	set_segment(4, 0, 0, 0, 0x10000);
	set_segment(5, 0, 0, 0, 0x10000);
	set_segment(6, 0, 0, 0, 0x10000);
	set_segment(7, 0x20, 0, 0x67, 0x8b);
	set(0x4810, 0x27);
	set(0x4812, 0xffff);
	set(0x681e, 0x7c00);
}

/* 32-bit protected mode with paging on the first CPUs. */
static void prot(void)
{
	oldest_cpu();
	any_guest();
}

/* The same with PAE paging; the PDPTEs are in memory. */
static void pae(void)
{
	prot();
	set(0x6804, 0x2020);
	set_memory(0x3000, 0x4001);
	set_memory(0x3018, 0x1e6);	/* not present: the rest is not looked at */
}

/* Virtual-8086 mode. */
static void v8086(void)
{
	int i;

	prot();
	set(0x6820, 0x20002);
	for (i = 0; i < 6; i++)
		set_segment(i, 0x1230, 0x12300, 0xffff, 0xf3);
}

/* The newest CPU, with EPT and unrestricted guest. */
static void modern(void)
{
	newest_cpu();
	any_guest();
	set(0x4002, 0x04006172 | 1u << 31);
	set(0x401e, 0x2 | 0x80);
	set(0x201a, 0x1000005e);
}

/* PAE paging with EPT. */
static void pae_ept(void)
{
	modern();
	set(0x6804, 0x2020);
	set(0x280a, 0x4001);
	set(0x280c, 0x1e6);
}

/* After a reset. */
static void real(void)
{
	modern();
	set(0x6800, 0x60000030);
	set_segment(1, 0xf000, 0xffff0000, 0xffff, 0x9b);
	set_segment(0, 0, 0, 0xffff, 0x93);
	set_segment(2, 0, 0, 0xffff, 0x93);
	set_segment(3, 0, 0, 0xffff, 0x93);
	set(0x681e, 0xfff0);
}

/* 64-bit mode, with each control on that the others allow. */
static void lmode(void)
{
	modern();
	set(0x4000, 0xff);
	set(0x4002, 0x04006172 | 1 << 7 | 1 << 17 | 1 << 21 | 1 << 22 | 1 << 25 |
		    1 << 28 | 1u << 31);
	set(0x401e, 1 | 1 << 1 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 13 | 1 << 14 |
		    1 << 17 | 1 << 18 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 24 | 1 << 25);
	set(0x2034, 0x9e);
	set(0x2018, 1);
	set(0x2032, 1ULL << 48);
	set(0x0000, 1);
	set(0x400c, 0x36dfb | 1 << 2 | 1 << 9 | 1 << 12 | 1 << 15 | 1 << 19 | 1 << 21 |
		    1 << 22 | 1 << 25 | 1 << 28 | 1 << 29 | 1u << 31);
	set(0x4012, 0x11fb | 1 << 2 | 1 << 9 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 16 |
		    1 << 18 | 1 << 19 | 1 << 20 | 1 << 21 | 1 << 22);
	set(ENV(perf_global_bits), 0x70000000f);
	set(ENV(rtit_ctl_bits), 0xffff);
	set(ENV(lbr_ctl_bits), 0x7f000f);
	set(0x2c00, 0x0007040600070406);
	set(0x2c02, 0xd01);
	set(0x2804, 0x0007040600070406);
	set(0x2806, 0x500);
	set(0x6804, 0x20a0 | 1 << 17);
	set_segment(1, 0x08, 0, 0xffffffff, 0xa09b);
	set_segment(4, 0, 0xffff800000000000ULL, 0, 0x10000);
	set_segment(6, 0x30, 0x1000, 0xfff, 0x82);
	set(0x681e, 0x00007fffffffffffULL);
}

struct change {
	__u32 where;
	__u64 value;
};

struct mutation {
	void (*guest)(void);
	__u32 field;			/* that is reported */
	const char *rule;		/* part of what is reported */
	struct change changes[5];
};

/* 0: passes; 7, 8, 33: which of the three functions refuses. */
static int check_each(void)
{
	memset(&result, 0, sizeof(result));
	fake_fields_appear();
	if (!vmx_check_controls(&env, &result))
		return 7;
	if (!vmx_check_host(&env, &result))
		return 8;
	if (!vmx_check_guest(&env, &result))
		return 33;
	return 0;
}

/* All of them, in the order in which a CPU may make them. */
static bool vmx_check_all(const struct vmx_check_env *e, struct vmx_check_result *r)
{
	return vmx_check_controls(e, r) && vmx_check_host(e, r) && vmx_check_guest(e, r);
}

static void change(const struct change *c)
{
	int i;

	for (i = 0; i < 5 && (c[i].where || c[i].value); i++)
		set(c[i].where, c[i].value);
	fake_fields_appear();
}

static void run(struct __test_metadata *_metadata, const struct mutation *m, int n,
		int error)
{
	struct vmx_check_result all;
	int i;

	for (i = 0; i < n; i++) {
		m[i].guest();
		change(m[i].changes);
		EXPECT_EQ(error, check_each()) {
			TH_LOG("line %d: %s; got 0x%x %s", i, m[i].rule,
			       result.field, result.rule);
			continue;
		}
		EXPECT_EQ(m[i].field, result.field) {
			TH_LOG("line %d: %s; got %s", i, m[i].rule, result.rule);
		}
		EXPECT_NE(NULL, strstr(result.rule, m[i].rule)) {
			TH_LOG("line %d: %s; got %s", i, m[i].rule, result.rule);
		}
		EXPECT_EQ(cpu.field[m[i].field], result.value);
		/* With the field's name it must fit into &keel_exit_fail_entry.rule. */
		EXPECT_GT(160, strlen(vmx_field_name(result.field)) + strlen(": ") +
			  strlen(result.rule));
		EXPECT_FALSE(vmx_check_all(&env, &all));
		EXPECT_EQ(result.field, all.field);
		EXPECT_EQ(result.rule, all.rule);
	}
}

TEST(valid_guests_pass)
{
	static void (*const guests[])(void) = {
		prot, pae, v8086, modern, pae_ept, real, lmode,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		guests[i]();
		EXPECT_EQ(0, check_each()) {
			TH_LOG("guest %d: 0x%x %s", i, result.field, result.rule);
		}
		EXPECT_TRUE(vmx_check_all(&env, &result));
	}
}

/* "VM-Execution Control Fields" */
static const struct mutation execution[] = {
	{ prot, 0x4000, "requires to be 1", { { 0x4000, 0x14 | 9 } } },
	{ prot, 0x4000, "requires to be 0", { { 0x4000, 0x56 | 9 } } },
	/* Bits 1 and 15 of the primary controls: only one may be 0 by TRUE. */
	{ prot, 0x4002, "requires to be 1", { { 0x4002, 0x04006172 } } },
	{ lmode, 0x4002, "requires to be 1", { { 0x4002, 0x80000000 } } },
	{ lmode, 0x4002, "requires to be 0", { { 0x4002, 0x84006173 } } },
	{ lmode, 0x401e, "requires to be 0", { { 0x401e, 1 << 29 } } },
	{ lmode, 0x401e, "requires to be 1", { { CAP(procbased_ctls2), 0xdfffffff00000400 } } },
	{ lmode, 0x2034, "requires to be 0", { { 0x2034, 1 << 5 } } },
	{ lmode, 0x2034, "requires to be 0", { { 0x2034, 1ULL << 63 } } },
	{ prot, 0x400a, "CR3-target count", { { 0x400a, 5 } } },
	{ lmode, 0x2000, "not aligned", { { 0x2000, 0x800 } } },
	{ lmode, 0x2000, "beyond", { { 0x2000, 1ULL << 39 } } },
	{ lmode, 0x2002, "not aligned", { { 0x2002, 1 } } },
	{ lmode, 0x2002, "beyond", { { 0x2002, 1ULL << 63 } } },
	{ lmode, 0x2004, "not aligned", { { 0x2004, 0x10 } } },
	{ lmode, 0x2004, "beyond", { { 0x2004, 1ULL << 40 } } },
	{ lmode, 0x2012, "not aligned", { { 0x2012, 0x10 } } },
	{ lmode, 0x2012, "beyond", { { 0x2012, 1ULL << 40 } } },
	{ lmode, 0x2014, "not aligned", { { 0x2014, 0x10 } } },
	{ lmode, 0x200e, "not aligned", { { 0x200e, 0x10 } } },
	{ lmode, 0x200e, "beyond", { { 0x200e, 1ULL << 39 } } },
	{ lmode, 0x2030, "not aligned", { { 0x2030, 0x10 } } },
	{ lmode, 0x2026, "not aligned", { { 0x2026, 0x10 } } },
	{ lmode, 0x2028, "not aligned", { { 0x2028, 0x10 } } },
	{ lmode, 0x202a, "not aligned", { { 0x202a, 0x10 } } },
	{ lmode, 0x2038, "not aligned", { { 0x2038, 0x10 } } },
	{ lmode, 0x203a, "not aligned", { { 0x203a, 0x10 } } },
	{ lmode, 0x2040, "not aligned", { { 0x2040, 0x20 } } },
	{ lmode, 0x2040, "not aligned", { { 0x2040, 0x4 } } },
	{ lmode, 0x2042, "not aligned", { { 0x2042, 4 } } },
	{ lmode, 0x0008, "last PID pointer", { { 0x2042, 0x7fffffffe0 }, { 8, 4 } } },
	{ lmode, 0x2024, "not aligned", { { 0x2024, 0x10 } } },
	{ lmode, 0x2024, "beyond", { { 0x2024, 1ULL << 39 } } },
	{ lmode, 0x2018, "requires to be 0", { { 0x2018, 2 } } },
	{ lmode, 0x2032, "TSC multiplier is 0", { { 0x2032, 0 } } },
	{ lmode, 0x0000, "VPID is 0", { { VPID, 0 } } },
	/* TPR threshold */
	{ modern, 0x401c, "above 15", { { 0x4002, 0x84206172 }, { 0x401c, 0x10 } } },
	{ modern, 0x401c, "VTPR", { { 0x4002, 0x84206172 }, { 0x401c, 5 },
				    { 0x2012, 0x7000 }, { MEM(0x7080), 0x4f } } },
	/* NMIs */
	{ prot, 0x4000, "virtual NMIs", { { 0x4000, 0x36 | 1 },
		{ CAP(pinbased_ctls), 0x3f00000016 } } },
	{ modern, 0x4002, "NMI-window exiting", { { 0x4002, 0x84406172 } } },
	/* APIC */
	{ modern, 0x401e, "virtualize x2APIC mode\" is 1 while \"use TPR", { { 0x401e, 0x12 } } },
	{ modern, 0x401e, "APIC-register virtualization", { { 0x401e, 0x102 } } },
	{ modern, 0x401e, "virtual-interrupt delivery\" is 1 while \"use TPR",
		{ { 0x401e, 0x202 } } },
	{ modern, 0x2034, "IPI virtualization", { { 0x4002, 0x84026172 }, { 0x2034, 0x10 } } },
	{ modern, 0x401e, "both \"virtualize x2APIC",
		{ { 0x4002, 0x84206172 }, { 0x401e, 0x13 } } },
	{ modern, 0x401e, "external-interrupt exiting", { { 0x4002, 0x84206172 },
		{ 0x401e, 0x202 }, { 0x4000, 0x1e } } },
	{ modern, 0x4000, "\"virtual-interrupt delivery\" is 0", { { 0x4000, 0x9f } } },
	{ lmode, 0x4000, "acknowledge", { { 0x400c, 0x36dfb | 1 << 9 | 1 << 22 | 1 << 25 } } },
	{ lmode, 0x0002, "notification vector", { { 2, 0x100 } } },
	{ lmode, 0x0002, "notification vector", { { 2, 0x8000 } } },
	{ lmode, 0x2016, "not aligned", { { 0x2016, 0x20 } } },
	{ lmode, 0x2016, "beyond", { { 0x2016, 1ULL << 39 } } },
	/* EPT */
	{ modern, 0x201a, "memory type", { { 0x201a, 0x1000005c } } },
	{ modern, 0x201a, "memory type", { { 0x201a, 0x1000005e },
		{ CAP(ept_vpid_cap), 0x200140 } } },
	{ modern, 0x201a, "memory type", { { 0x201a, 0x10000058 },
		{ CAP(ept_vpid_cap), 0x204040 } } },
	{ modern, 0x201a, "page-walk", { { 0x201a, 0x10000056 } } },
	{ modern, 0x201a, "page-walk", { { 0x201a, 0x10000066 } } },
	{ modern, 0x201a, "page-walk", { { CAP(ept_vpid_cap), 0x2040c0 & ~0x40 } } },
	{ modern, 0x201a, "accessed and dirty", { { CAP(ept_vpid_cap), 0x4040 } } },
	{ modern, 0x201a, "shadow-stack", { { 0x201a, 0x100000de } } },
	{ modern, 0x201a, "bits 11:8", { { 0x201a, 0x1000085e } } },
	{ modern, 0x201a, "bits 11:8", { { 0x201a, 0x1000015e } } },
	{ modern, 0x201a, "beyond", { { 0x201a, 0x800000005e } } },
	{ modern, 0x401e, "enable PML", { { 0x401e, 1 << 17 } } },
	{ modern, 0x401e, "unrestricted guest", { { 0x401e, 1 << 7 } } },
	{ modern, 0x401e, "mode-based", { { 0x401e, 1 << 22 } } },
	{ modern, 0x401e, "sub-page", { { 0x401e, 1 << 23 } } },
	{ modern, 0x2034, "bits 3:1", { { 0x401e, 0 }, { 0x4002, 0x84026172 }, { 0x2034, 2 } } },
	{ modern, 0x2034, "bits 3:1", { { 0x401e, 0 }, { 0x4002, 0x84026172 }, { 0x2034, 4 } } },
	{ modern, 0x2034, "bits 3:1", { { 0x401e, 0 }, { 0x4002, 0x84026172 }, { 0x2034, 8 } } },
	{ modern, 0x2018, "EPTP switching", { { 0x401e, 1 << 13 }, { 0x2018, 1 } } },
	{ modern, 0x401e, "Intel PT", { { 0x401e, 0x82 | 1 << 24 } } },
	{ modern, 0x401e, "Intel PT", { { 0x401e, 1 << 24 }, { 0x4012, 0x11ff | 1 << 18 },
		{ 0x400c, 0x36dff | 1 << 9 | 1 << 25 } } },
	{ lmode, 0x401e, "Intel PT", { { 0x400c, 0x36dfb | 1 << 9 | 1 << 15 | 1 << 22 } } },
};

TEST(vm_execution_controls)
{
	run(_metadata, execution, ARRAY_SIZE(execution), 7);
}

/* "VM-Exit Control Fields" */
static const struct mutation exit_ctls[] = {
	{ prot, 0x400c, "requires to be 1", { { 0x400c, 0x36dfe } } },
	{ prot, 0x400c, "requires to be 0", { { 0x400c, 0x76fff } } },
	{ lmode, 0x2044, "requires to be 0", { { 0x2044, 4 } } },
	{ modern, 0x400c, "timer is not activated", { { 0x400c, 0x36dff | 1 << 9 | 1 << 22 } } },
	{ prot, 0x2006, "not aligned", { { 0x400e, 1 }, { 0x2006, 8 } } },
	{ prot, 0x2006, "beyond", { { 0x400e, 1 }, { 0x2006, 1ULL << 39 } } },
	{ prot, 0x400e, "area ends", { { 0x400e, 2 }, { 0x2006, 0x7ffffffff0 } } },
	{ prot, 0x2008, "not aligned", { { 0x4010, 1 }, { 0x2008, 8 } } },
	{ prot, 0x4010, "area ends", { { 0x4010, 2 }, { 0x2008, 0x7ffffffff0 } } },
};

TEST(vm_exit_controls)
{
	run(_metadata, exit_ctls, ARRAY_SIZE(exit_ctls), 7);
}

/* "VM-Entry Control Fields" */
static const struct mutation entry_ctls[] = {
	{ prot, 0x4012, "requires to be 1", { { 0x4012, 0x11fe } } },
	{ prot, 0x4012, "requires to be 0", { { 0x4012, 0x31ff } } },
	{ prot, 0x200a, "not aligned", { { 0x4014, 1 }, { 0x200a, 8 } } },
	{ prot, 0x4014, "area ends", { { 0x4014, 2 }, { 0x200a, 0x7ffffffff0 } } },
	{ prot, 0x4012, "SMM", { { 0x4012, 0x15ff } } },
	{ prot, 0x4012, "SMM", { { 0x4012, 0x19ff } } },
	/* event injection */
	{ prot, 0x4016, "reserved (1)", { { 0x4016, 0x80000100 } } },
	{ prot, 0x4016, "monitor trap flag", { { 0x4016, 0x80000700 },
		{ CAP(procbased_ctls), 0x77b9fffe0401e172 & ~(1ULL << 59) } } },
	{ prot, 0x4016, "vector other than 2", { { 0x4016, 0x80000203 } } },
	{ prot, 0x4016, "above 31", { { 0x4016, 0x80000320 } } },
	{ modern, 0x4016, "type 7 has", { { 0x4016, 0x80000701 } } },
	{ prot, 0x4016, "other than a hardware", { { 0x4016, 0x80000a02 } } },
	{ prot, 0x4016, "other than a hardware", { { 0x4016, 0x8000080d } } },
	{ real, 0x4016, "while CR0.PE is 0", { { 0x4016, 0x80000b0d } } },
	{ prot, 0x4016, "that has none", { { 0x4016, 0x80000b06 } } },
	{ prot, 0x4016, "that has none", { { 0x4016, 0x80000b09 } } },
	{ prot, 0x4016, "that has none", { { 0x4016, 0x80000b0f } } },
	{ prot, 0x4016, "that has none", { { 0x4016, 0x80000b10 } } },
	{ prot, 0x4016, "that has none", { { 0x4016, 0x80000b12 } } },
	{ prot, 0x4016, "without one", { { 0x4016, 0x80000308 } } },
	{ modern, 0x4016, "without one", { { 0x4016, 0x80000308 } } },
	{ prot, 0x4016, "without one", { { 0x4016, 0x8000030a } } },
	{ prot, 0x4016, "without one", { { 0x4016, 0x8000030e } } },
	{ prot, 0x4016, "without one", { { 0x4016, 0x80000311 } } },
	{ prot, 0x4018, "beyond 15", { { 0x4016, 0x80000b0d }, { 0x4018, 0x10000 } } },
	{ prot, 0x4018, "beyond 15", { { 0x4016, 0x80000b0d }, { 0x4018, 1u << 31 } } },
	{ prot, 0x4016, "bits 30:12", { { 0x4016, 0x80001030 } } },
	{ prot, 0x4016, "bits 30:12", { { 0x4016, 0xc0000030 } } },
	{ prot, 0x4016, "bits 30:12", { { 0x4016, 0x80002030 } } },
	{ prot, 0x401a, "above 15", { { 0x4016, 0x80000430 }, { 0x401a, 16 } } },
	{ prot, 0x401a, "event is 0", { { 0x4016, 0x80000430 } } },
	{ prot, 0x401a, "event is 0", { { 0x4016, 0x80000501 } } },
	{ prot, 0x401a, "event is 0", { { 0x4016, 0x80000603 } } },
};

TEST(vm_entry_controls)
{
	run(_metadata, entry_ctls, ARRAY_SIZE(entry_ctls), 7);
}

/* "Checks on Host Control Registers, MSRs, and SSP" and the two after it. */
static const struct mutation host[] = {
	{ prot, 0x6c00, "FIXED0", { { 0x6c00, 0x80050013 } } },
	{ prot, 0x6c00, "FIXED0", { { 0x6c00, 0x00050033 } } },
	{ prot, 0x6c00, "FIXED1", { { 0x6c00, 0x180050033 } } },
	{ prot, 0x6c04, "FIXED0", { { 0x6c04, 0x06a0 } } },
	{ prot, 0x6c04, "FIXED1", { { 0x6c04, 0x400026a0 } } },
	{ modern, 0x6c04, "CET is 1 while CR0.WP",
		{ { 0x6c04, 0x8026a0 }, { 0x6c00, 0x80040033 } } },
	{ prot, 0x6c02, "beyond", { { 0x6c02, 1ULL << 39 } } },
	{ prot, 0x6c02, "beyond", { { 0x6c02, 1ULL << 62 } } },
	{ prot, 0x6c02, "beyond", { { 0x6c02, 1ULL << 63 }, { ENV(lam), 1 } } },
	{ prot, 0x6c10, "canonical", { { 0x6c10, 0x800000000000 } } },
	{ prot, 0x6c12, "canonical", { { 0x6c12, 0x800000000000 } } },
	{ lmode, 0x2c04, "PERF_GLOBAL", { { 0x2c04, 0x10 } } },
	{ lmode, 0x2c00, "PAT", { { 0x2c00, 0x0207040600070406 } } },
	{ lmode, 0x2c00, "PAT", { { 0x2c00, 0x0003040600070406 } } },
	{ lmode, 0x2c00, "PAT", { { 0x2c00, 0x0007040600070408 } } },
	{ lmode, 0x2c02, "reserved bit of IA32_EFER", { { 0x2c02, 0xd03 } } },
	{ lmode, 0x2c02, "LMA or LME", { { 0x2c02, 0x901 } } },
	{ lmode, 0x2c02, "LMA or LME", { { 0x2c02, 0xc01 } } },
	{ lmode, 0x2c06, "PKRS", { { 0x2c06, 1ULL << 32 } } },
	{ lmode, 0x6c18, "bits 9:6", { { 0x6c18, 0x40 } } },
	{ lmode, 0x6c18, "SUPPRESS and TRACKER", { { 0x6c18, 0xc00 } } },
	{ lmode, 0x6c18, "canonical", { { 0x6c18, 0x800000000000 } } },
	{ lmode, 0x6c1c, "canonical", { { 0x6c1c, 0x800000000000 } } },
	{ lmode, 0x6c1a, "aligned to 4", { { 0x6c1a, 2 } } },
	{ lmode, 0x6c1a, "canonical", { { 0x6c1a, 0x800000000000 } } },
	{ prot, 0x0c00, "RPL or TI", { { 0xc00, 0x1b } } },
	{ prot, 0x0c02, "RPL or TI", { { 0xc02, 0x14 } } },
	{ prot, 0x0c04, "RPL or TI", { { 0xc04, 0x19 } } },
	{ prot, 0x0c06, "RPL or TI", { { 0xc06, 0x1a } } },
	{ prot, 0x0c08, "RPL or TI", { { 0xc08, 0x1c } } },
	{ prot, 0x0c0a, "RPL or TI", { { 0xc0a, 0x1c } } },
	{ prot, 0x0c0c, "RPL or TI", { { 0xc0c, 0x44 } } },
	{ prot, 0x0c02, "CS selector is 0", { { 0xc02, 0 } } },
	{ prot, 0x0c0c, "TR selector is 0", { { 0xc0c, 0 } } },
	{ prot, 0x6c06, "canonical", { { 0x6c06, 0x800000000000 } } },
	{ prot, 0x6c08, "canonical", { { 0x6c08, 0x800000000000 } } },
	{ prot, 0x6c0a, "canonical", { { 0x6c0a, 0x800000000000 } } },
	{ prot, 0x6c0c, "canonical", { { 0x6c0c, 0x800000000000 } } },
	{ prot, 0x6c0e, "canonical", { { 0x6c0e, 0x800000000000 } } },
	{ prot, 0x400c, "host address-space size\" is 0", { { 0x400c, 0x36dff } } },
	{ prot, 0x6c04, "CR4.PAE is 0", { { 0x6c04, 0x2680 } } },
	{ prot, 0x6c16, "canonical", { { 0x6c16, 0x800000000000 } } },
};

TEST(host_state)
{
	run(_metadata, host, ARRAY_SIZE(host), 8);
}

/* "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static const struct mutation registers[] = {
	{ prot, 0x6800, "FIXED0", { { 0x6800, 0x80000011 } } },
	{ prot, 0x6800, "FIXED0", { { 0x6800, 0x00000031 } } },
	{ prot, 0x6800, "FIXED0", { { 0x6800, 0x80000030 } } },
	{ prot, 0x6800, "FIXED1", { { 0x6800, 0x180000031 } } },
	{ real, 0x6800, "FIXED0", { { 0x6800, 0x10 } } },
	{ real, 0x6800, "PG is 1 while CR0.PE", { { 0x6800, 0x80000030 } } },
	{ prot, 0x6804, "FIXED0", { { 0x6804, 0 } } },
	{ prot, 0x6804, "FIXED1", { { 0x6804, 0x2800 } } },
	{ modern, 0x6804, "CET is 1 while CR0.WP", { { 0x6804, 0x802000 } } },
	{ lmode, 0x6800, "CR0.PG is 0", { { 0x6800, 0x31 } } },
	{ lmode, 0x6804, "CR4.PAE is 0", { { 0x6804, 0x2080 } } },
	{ modern, 0x6804, "PCIDE", { { 0x6804, 0x22000 } } },
	{ prot, 0x6802, "beyond", { { 0x6802, 1ULL << 39 } } },
	{ lmode, 0x2802, "DEBUGCTL", { { 0x2802, 8 } } },
	{ lmode, 0x2802, "DEBUGCTL", { { 0x2802, 1 << 16 } } },
	{ lmode, 0x2802, "DEBUGCTL", { { 0x2802, 0x80 }, { ENV(debugctl_bits), 3 } } },
	{ lmode, 0x681a, "DR7", { { 0x681a, 1ULL << 32 } } },
	{ prot, 0x6824, "canonical", { { 0x6824, 0x800000000000 } } },
	{ prot, 0x6826, "canonical", { { 0x6826, 0x800000000000 } } },
	{ lmode, 0x6828, "bits 9:6", { { 0x6828, 0x200 } } },
	{ lmode, 0x682c, "canonical", { { 0x682c, 0x800000000000 } } },
	{ lmode, 0x2804, "PAT", { { 0x2804, 0x0207040600070406 } } },
	{ lmode, 0x2806, "reserved bit", { { 0x2806, 0x1500 } } },
	{ lmode, 0x2806, "reserved bit", { { 0x2806, 0xd00 }, { 0x2c02, 0x500 },
		{ ENV(efer_bits), 0x500 } } },
	{ lmode, 0x2806, "LMA is not equal to \"IA-32e", { { 0x2806, 0x100 } } },
	{ modern, 0x2806, "LMA is not equal to \"IA-32e",
		{ { 0x4012, 0x91ff }, { 0x2806, 0x500 } } },
	{ lmode, 0x2806, "LMA is not equal to LME", { { 0x2806, 0x400 } } },
	{ modern, 0x2806, "LMA is not equal to LME", { { 0x4012, 0x91ff }, { 0x2806, 0x100 } } },
	{ lmode, 0x2808, "PERF_GLOBAL", { { 0x2808, 0x10 } } },
	{ lmode, 0x2812, "bits 11:2", { { 0x2812, 4 } } },
	{ lmode, 0x2812, "bits 11:2", { { 0x2812, 0x800 } } },
	{ lmode, 0x2812, "canonical", { { 0x2812, 0x800000000000 } } },
	{ lmode, 0x2814, "RTIT", { { 0x2814, 0x10000 } } },
	{ lmode, 0x2816, "LBR_CTL", { { 0x2816, 0x10 } } },
	{ lmode, 0x2818, "PKRS", { { 0x2818, 1ULL << 32 } } },
	{ lmode, 0x0814, "UINV", { { 0x814, 0x100 } } },
};

TEST(guest_registers)
{
	run(_metadata, registers, ARRAY_SIZE(registers), 33);
}

/* "Checks on Guest Segment Registers"; fields of register n are + 2 * n. */
static const struct mutation segments[] = {
	/* selectors */
	{ prot, 0x80e, "TI is 1", { { 0x80e, 0x24 } } },
	{ lmode, 0x80c, "TI is 1", { { 0x80c, 0x34 } } },
	{ prot, 0x804, "RPL of CS", { { 0x804, 0x13 } } },
	/* bases */
	{ v8086, 0x6806, "times 16", { { 0x6806, 0x12301 } } },
	{ v8086, 0x6810, "times 16", { { 0x6810, 0 } } },
	{ prot, 0x6814, "canonical", { { 0x6814, 0x800000000000 } } },
	{ prot, 0x680e, "canonical", { { 0x680e, 0x800000000000 } } },
	{ prot, 0x6810, "canonical", { { 0x6810, 0x800000000000 } } },
	{ lmode, 0x6812, "canonical", { { 0x6812, 0x800000000000 } } },
	{ lmode, 0x6808, "bits 63:32 of the base", { { 0x6808, 1ULL << 32 } } },
	{ prot, 0x6806, "bits 63:32 of the base", { { 0x6806, 1ULL << 32 } } },
	{ prot, 0x680a, "bits 63:32 of the base", { { 0x680a, 1ULL << 32 } } },
	{ prot, 0x680c, "bits 63:32 of the base", { { 0x680c, 1ULL << 32 } } },
	/* virtual-8086 mode */
	{ v8086, 0x4804, "not 0xffff", { { 0x4804, 0xfffff } } },
	{ v8086, 0x480a, "not 0xffff", { { 0x480a, 0xfffe } } },
	{ v8086, 0x481e, "not 0xf3", { { 0x481e, 0x93 } } },
	{ v8086, 0x4816, "not 0xf3", { { 0x4816, 0xfb } } },
	/* types */
	{ prot, 0x4816, "(type 3) while", { { 0x4816, 0xc093 } } },
	{ prot, 0x4816, "accessed code", { { 0x4816, 0xc09a } } },
	{ modern, 0x4816, "accessed code", { { 0x4816, 0xc097 } } },
	{ prot, 0x4818, "type of SS", { { 0x4818, 0xc09b } } },
	{ prot, 0x4818, "type of SS", { { 0x4818, 0xc092 } } },
	{ prot, 0x4818, "type of SS", { { 0x4818, 0xc091 } } },
	{ prot, 0x4814, "not accessed", { { 0x4814, 0xc092 } } },
	{ prot, 0x481e, "not accessed", { { 0x481e, 0x92 } } },
	{ prot, 0x481a, "not readable", { { 0x481a, 0xc099 } } },
	/* S */
	{ prot, 0x4816, "S is 0", { { 0x4816, 0xc08b } } },
	{ prot, 0x4818, "S is 0", { { 0x4818, 0xc083 } } },
	{ prot, 0x4814, "S is 0", { { 0x4814, 0xc083 } } },
	{ prot, 0x481e, "S is 0", { { 0x481e, 0x83 } } },
	/* DPL */
	{ modern, 0x4816, "other than 0", { { 0x4816, 0xc0f3 } } },
	{ prot, 0x4816, "non-conforming", { { 0x4816, 0xc0fb } } },
	{ prot, 0x4816, "non-conforming", { { 0x4816, 0xc0b9 } } },
	{ prot, 0x4816, "of a conforming", { { 0x4816, 0xc0bf } } },
	{ prot, 0x4816, "of a conforming", { { 0x4816, 0xc0bd } } },
	{ prot, 0x4818, "RPL of its selector", { { 0x802, 0x0b }, { 0x804, 0x13 } } },
	{ real, 0x4818, "while CR0.PE is 0", { { 0x4818, 0xf3 }, { 0x4816, 0xfb } } },
	{ modern, 0x4818, "while CS is a data", { { 0x4816, 0xc093 }, { 0x4818, 0xc0f3 } } },
	{ prot, 0x4814, "below the RPL", { { 0x800, 0x13 } } },
	{ prot, 0x481e, "below the RPL", { { 0x80a, 0x13 }, { 0x481e, 0x93 } } },
	{ prot, 0x481a, "below the RPL", { { 0x806, 0x0b }, { 0x481a, 0xc0bb } } },
	/* P, reserved bits, G, D/B */
	{ prot, 0x4816, "not present", { { 0x4816, 0xc01b } } },
	{ prot, 0x4816, "not present", { { 0x4816, 0x1c01b } } },
	{ prot, 0x481e, "not present", { { 0x481e, 0x13 } } },
	{ prot, 0x481a, "not present", { { 0x481a, 0xc013 } } },
	{ prot, 0x4816, "bits 11:8", { { 0x4816, 0xc49b } } },
	{ prot, 0x4816, "bits 31:17", { { 0x4816, 0x2c09b } } },
	{ prot, 0x4814, "bits 31:17", { { 0x4814, 0x8000c093 } } },
	{ prot, 0x4816, "G is 1", { { 0x4802, 0xffffeffe } } },
	{ prot, 0x4816, "G is 0", { { 0x4816, 0x409b } } },
	{ prot, 0x4816, "G is 0", { { 0x4816, 0x409b }, { 0x4802, 0x100fff } } },
	{ lmode, 0x4816, "both L and D/B", { { 0x4816, 0xe09b } } },
	/* TR */
	{ prot, 0x4822, "type 3 or 11", { { 0x4822, 0x89 } } },
	{ lmode, 0x4822, "64-bit TSS", { { 0x4822, 0x83 } } },
	{ prot, 0x4822, "S is 1", { { 0x4822, 0x9b } } },
	{ prot, 0x4822, "not present", { { 0x4822, 0x0b } } },
	{ prot, 0x4822, "unusable", { { 0x4822, 0x1008b } } },
	{ prot, 0x4822, "bits 11:8", { { 0x4822, 0x18b } } },
	{ prot, 0x4822, "G is 1", { { 0x4822, 0x808b } } },
	{ prot, 0x4822, "G is 0", { { 0x480e, 0x100067 } } },
	{ prot, 0x4822, "bits 31:17", { { 0x4822, 0x4008b } } },
	/* LDTR */
	{ lmode, 0x4820, "type 2", { { 0x4820, 0x83 } } },
	{ lmode, 0x4820, "S is 1", { { 0x4820, 0x92 } } },
	{ lmode, 0x4820, "not present", { { 0x4820, 0x02 } } },
	{ lmode, 0x4820, "bits 11:8", { { 0x4820, 0x882 } } },
	{ lmode, 0x4820, "G is 1", { { 0x4820, 0x8082 }, { 0x480c, 0 } } },
	{ lmode, 0x4820, "bits 31:17", { { 0x4820, 0x20082 } } },
	/* "Checks on Guest Descriptor-Table Registers" */
	{ prot, 0x6816, "canonical", { { 0x6816, 0x800000000000 } } },
	{ prot, 0x6818, "canonical", { { 0x6818, 0x800000000000 } } },
	{ prot, 0x4810, "bits 31:16", { { 0x4810, 0x10000 } } },
	{ prot, 0x4810, "bits 31:16", { { 0x4810, 1u << 31 } } },
	{ prot, 0x4812, "bits 31:16", { { 0x4812, 0x10000 } } },
	{ prot, 0x4812, "bits 31:16", { { 0x4812, 1u << 31 } } },
};

TEST(guest_segments)
{
	run(_metadata, segments, ARRAY_SIZE(segments), 33);
}

/* "Checks on Guest RIP, RFLAGS, and SSP" */
static const struct mutation rip[] = {
	{ prot, 0x681e, "bits 63:32", { { 0x681e, 1ULL << 32 } } },
	{ lmode, 0x681e, "bits 63:32", { { 0x4816, 0xc09b } } },
	{ lmode, 0x681e, "not all the same", { { 0x681e, 1ULL << 48 } } },
	{ prot, 0x6820, "reserved bit", { { 0x6820, 0x0a } } },
	{ prot, 0x6820, "reserved bit", { { 0x6820, 0x22 } } },
	{ prot, 0x6820, "reserved bit", { { 0x6820, 0x8002 } } },
	{ prot, 0x6820, "reserved bit", { { 0x6820, 0x400002 } } },
	{ prot, 0x6820, "reserved bit", { { 0x6820, 1ULL << 63 | 2 } } },
	{ prot, 0x6820, "bit 1", { { 0x6820, 0 } } },
	{ prot, 0x6820, "RFLAGS.IF is 0", { { 0x4016, 0x80000030 } } },
	{ lmode, 0x682a, "aligned to 4", { { 0x682a, 1 } } },
	{ lmode, 0x682a, "not all the same", { { 0x682a, 1ULL << 48 } } },
};

TEST(guest_rip_and_rflags)
{
	run(_metadata, rip, ARRAY_SIZE(rip), 33);

	/* RFLAGS.VM needs virtual-8086 segments, to come as far as that. */
	v8086();
	set(0x4012, 0x13ff);
	set(0x6804, 0x2020);
	set(0x4822, 0x8b);
	EXPECT_EQ(33, check_each());
	EXPECT_STREQ("RFLAGS.VM is 1 while \"IA-32e mode guest\" is 1", result.rule);
	v8086();
	newest_cpu();
	any_guest();
	set(0x4002, 0x84006172);
	set(0x401e, 0x82);
	set(0x201a, 0x1000005e);
	set(0x6800, 0x30);
	set(0x6820, 0x20002);
	{
		int i;

		for (i = 0; i < 6; i++)
			set_segment(i, 0x1230, 0x12300, 0xffff, 0xf3);
	}
	EXPECT_EQ(33, check_each());
	EXPECT_STREQ("RFLAGS.VM is 1 while CR0.PE is 0", result.rule);
	EXPECT_EQ(0x6820, result.field);
}

/* "Checks on Guest Non-Register State" */
static const struct mutation non_register[] = {
	/* activity: 1 is HLT, 2 shutdown, 3 wait-for-SIPI */
	{ prot, 0x4826, "reserved (above 3)", { { 0x4826, 4 } } },
	{ prot, 0x4826, "does not support", { { 0x4826, 1 }, { CAP(misc), 0x180 } } },
	{ prot, 0x4826, "does not support", { { 0x4826, 2 }, { CAP(misc), 0x140 } } },
	{ prot, 0x4826, "does not support", { { 0x4826, 3 }, { CAP(misc), 0x0c0 } } },
	{ modern, 0x4826, "DPL of SS", { { 0x4826, 1 }, { 0x4818, 0xc0f3 }, { 0x4816, 0xc0fb } } },
	{ prot, 0x4826, "not active under", { { 0x4826, 1 }, { 0x4824, 2 } } },
	{ prot, 0x4826, "not active under", { { 0x4826, 2 }, { 0x4824, 1 }, { 0x6820, 0x202 } } },
	{ prot, 0x4826, "cannot be delivered", { { 0x4826, 1 }, { 0x4016, 0x80000306 } } },
	{ prot, 0x4826, "cannot be delivered", { { 0x4826, 1 }, { 0x4016, 0x80000300 } } },
	{ prot, 0x4826, "cannot be delivered",
		{ { 0x4826, 1 }, { 0x4016, 0x80000430 }, { 0x401a, 2 } } },
	{ prot, 0x4826, "cannot be delivered", { { 0x4826, 2 }, { 0x4016, 0x80000301 } } },
	{ prot, 0x4826, "cannot be delivered",
		{ { 0x4826, 2 }, { 0x4016, 0x80000030 }, { 0x6820, 0x202 } } },
	{ prot, 0x4826, "cannot be delivered", { { 0x4826, 3 }, { 0x4016, 0x80000202 } } },
	/* interruptibility: bit 0 STI, 1 MOV SS, 2 SMI, 3 NMI, 4 enclave */
	{ prot, 0x4824, "bits 31:5", { { 0x4824, 0x20 } } },
	{ prot, 0x4824, "bits 31:5", { { 0x4824, 1u << 31 } } },
	{ prot, 0x4824, "are both 1", { { 0x4824, 3 }, { 0x6820, 0x202 } } },
	{ prot, 0x4824, "RFLAGS.IF is 0", { { 0x4824, 1 } } },
	{ prot, 0x4824, "external interrupt",
		{ { 0x4824, 1 }, { 0x6820, 0x202 }, { 0x4016, 0x80000030 } } },
	{ prot, 0x4824, "external interrupt",
		{ { 0x4824, 2 }, { 0x6820, 0x202 }, { 0x4016, 0x80000030 } } },
	{ prot, 0x4824, "NMI is injected under blocking by MOV",
		{ { 0x4824, 2 }, { 0x4016, 0x80000202 } } },
	{ prot, 0x4824, "this CPU refuses", { { 0x4824, 1 }, { 0x6820, 0x202 },
		{ 0x4016, 0x80000202 }, { ENV(nmi_needs_no_sti), 1 } } },
	{ prot, 0x4824, "blocking by SMI", { { 0x4824, 4 } } },
	{ modern, 0x4824, "blocking by NMI",
		{ { 0x4824, 8 }, { 0x4016, 0x80000202 }, { 0x4000, 0x3f } } },
	{ prot, 0x4824, "without SGX", { { 0x4824, 0x10 } } },
	{ prot, 0x4824, "enclave interruption and", { { 0x4824, 0x12 }, { ENV(sgx), 1 } } },
	/* pending debug exceptions: bit 12 enabled breakpoint, 14 BS, 16 RTM */
	{ prot, 0x6822, "reserved bit", { { 0x6822, 0x10 } } },
	{ prot, 0x6822, "reserved bit", { { 0x6822, 0x400 } } },
	{ prot, 0x6822, "reserved bit", { { 0x6822, 0x2000 } } },
	{ prot, 0x6822, "reserved bit", { { 0x6822, 0x8000 } } },
	{ prot, 0x6822, "reserved bit", { { 0x6822, 0x20000 } } },
	{ prot, 0x6822, "reserved bit", { { 0x6822, 1ULL << 63 } } },
	{ prot, 0x6822, "reserved bit", { { 0x6822, 0x800 }, { ENV(debugctl_bits), 3 } } },
	{ prot, 0x6822, "BS is 0", { { 0x6820, 0x302 }, { 0x4824, 1 } } },
	{ prot, 0x6822, "BS is 0", { { 0x6820, 0x102 }, { 0x4824, 2 } } },
	{ prot, 0x6822, "BS is 0", { { 0x6820, 0x102 }, { 0x4826, 1 } } },
	{ prot, 0x6822, "BS is 1", { { 0x6822, 0x4000 }, { 0x4824, 2 } } },
	{ prot, 0x6822, "BS is 1", { { 0x6822, 0x4000 }, { 0x6820, 0x102 }, { 0x2802, 2 },
				     { 0x4824, 2 } } },
	{ prot, 0x6822, "without RTM", { { 0x6822, 0x11000 } } },
	{ prot, 0x6822, "other than 12", { { 0x6822, 0x10000 }, { ENV(rtm), 1 } } },
	{ prot, 0x6822, "other than 12", { { 0x6822, 0x15000 }, { ENV(rtm), 1 } } },
	{ prot, 0x6822, "RTM is 1 under", { { 0x6822, 0x11000 }, { ENV(rtm), 1 }, { 0x4824, 2 } } },
	/* VMCS link pointer */
	{ prot, 0x2800, "not aligned", { { 0x2800, 0x6800 } } },
	{ prot, 0x2800, "beyond", { { 0x2800, 1ULL << 39 } } },
	{ prot, 0x2800, "revision", { { 0x2800, 0x6000 }, { MEM(0x6000), 5 } } },
	{ prot, 0x2800, "revision", { { 0x2800, 0x6000 }, { MEM(0x6000), 0x40000004 } } },
	{ prot, 0x2800, "shadow indicator", { { 0x2800, 0x6000 }, { MEM(0x6000), 0x80000004 } } },
	{ lmode, 0x2800, "shadow indicator", { { 0x2800, 0x6000 }, { MEM(0x6000), 4 } } },
	{ prot, 0x2800, "itself", { { 0x2800, 0x5000 }, { MEM(0x5000), 4 } } },
	/* "Checks on Guest Page-Directory-Pointer-Table Entries" */
	{ pae, 0x6802, "PDPTE", { { MEM(0x3008), 0x8000000001 } } },
	{ pae, 0x6802, "PDPTE", { { MEM(0x3018), 3 } } },
	{ pae, 0x6802, "PDPTE", { { 0x6802, 0x3020 }, { MEM(0x3020), 3 } } },
	{ pae_ept, 0x280a, "PDPTE", { { 0x280a, 0x4003 } } },
	{ pae_ept, 0x280a, "PDPTE", { { 0x280a, 0x4005 } } },
	{ pae_ept, 0x280c, "PDPTE", { { 0x280c, 0x4021 } } },
	{ pae_ept, 0x280e, "PDPTE", { { 0x280e, 0x4101 } } },
	{ pae_ept, 0x2810, "PDPTE", { { 0x2810, 0x8000004001 } } },
};

TEST(guest_non_register_state)
{
	run(_metadata, non_register, ARRAY_SIZE(non_register), 33);
}

/* What looks wrong and is not: a checker that is too strict misleads, too. */
static const struct mutation fine[] = {
	/* Without the control, its field does not matter. */
	{ prot, 0, "", { { 0x2000, 1 }, { 0x2002, 1 }, { 0x2004, 1 }, { 0x4018, ALL_ONES } } },
	{ prot, 0, "", { { 0x2006, 1 }, { 0x2008, 1 }, { 0x200a, 1 }, { 0x4016, 0x7fffffff } } },
	{ modern, 0, "", { { 0x4012, 0x11fb }, { 0x2802, ALL_ONES & ~2 }, { 0x681a, ALL_ONES } } },
	{ modern, 0, "", { { 0x2806, ALL_ONES }, { 0x2804, ALL_ONES }, { 0x2032, 0 } } },
	{ modern, 0, "", { { 0x2034, ALL_ONES }, { 0x2044, ALL_ONES } } },
	{ modern, 0, "", { { 0x4002, 0x0401e172 }, { 0x401e, ALL_ONES } } },
	/* Areas that end with the last byte. */
	{ prot, 0, "", { { 0x400e, 1 }, { 0x2006, 0x7ffffffff0 } } },
	{ lmode, 0, "", { { 0x2042, 0x7fffffffe0 }, { 8, 3 } } },
	{ lmode, 0, "", { { 0x2040, 0x1018 } } },
	{ lmode, 0, "", { { 0x2018, 0 }, { 0x2024, 1 } } },
	{ prot, 0, "", { { 0x400a, 4 } } },
	/* NW and CD are not checked. */
	{ prot, 0, "", { { 0x6800, 0xe0000031 }, { 0x6c00, 0xe0050033 },
			 { CAP(cr0_fixed1), 0x8005003f } } },
	{ prot, 0, "", { { 0x6c02, 3ULL << 61 }, { 0x6802, 1ULL << 62 }, { ENV(lam), 1 } } },
	/* Events. */
	{ prot, 0, "", { { 0x4016, 0x80000b0d }, { 0x4018, 0xffff } } },
	{ prot, 0, "", { { 0x4016, 0x80000306 } } },
	{ prot, 0, "", { { 0x4016, 0x8000031f } } },
	{ real, 0, "", { { 0x4016, 0x8000030d } } },
	{ prot, 0, "", { { 0x4016, 0x8000030d }, { CAP(basic), 0x0118100000000004 } } },
	{ prot, 0, "", { { 0x4016, 0x80000b15 }, { CAP(basic), 0x0118100000000004 } } },
	{ prot, 0, "", { { 0x4016, 0x80000603 }, { 0x401a, 15 } } },
	{ modern, 0, "", { { 0x4016, 0x80000603 }, { CAP(misc), 0x400401e0 } } },
	{ modern, 0, "", { { 0x4016, 0x80000700 } } },
	{ modern, 0, "", { { 0x4016, 0x80002701 }, { CAP(entry_ctls), 0x00ffffff000011fb },
			   { CAP(true_entry_ctls), 0x00ffffff000011fb } } },
	{ prot, 0, "", { { 0x4016, 0x80000030 }, { 0x6820, 0x202 } } },
	{ prot, 0, "", { { 0x4016, 0x80000202 }, { 0x6820, 0x202 }, { 0x4824, 1 } } },
	{ prot, 0, "", { { 0x4016, 0x80000202 }, { 0x4824, 8 } } },
	{ prot, 0, "", { { 0x4826, 1 }, { 0x4016, 0x80000030 }, { 0x6820, 0x202 } } },
	{ prot, 0, "", { { 0x4826, 1 }, { 0x4016, 0x80000202 } } },
	{ prot, 0, "", { { 0x4826, 1 }, { 0x4016, 0x80000301 } } },
	{ prot, 0, "", { { 0x4826, 1 }, { 0x4016, 0x80000312 } } },
	{ modern, 0, "", { { 0x4826, 1 }, { 0x4016, 0x80000700 } } },
	{ prot, 0, "", { { 0x4826, 2 }, { 0x4016, 0x80000312 } } },
	{ prot, 0, "", { { 0x4826, 2 }, { 0x4016, 0x80000202 } } },
	{ prot, 0, "", { { 0x4826, 3 } } },
	/* Segments: unusable ones are not looked at. */
	{ prot, 0, "", { { 0x4814, 0xfffff000 }, { 0x800, 0xffff }, { 0x6806, ALL_ONES } } },
	{ prot, 0, "", { { 0x4820, ALL_ONES }, { 0x80c, 0xffff }, { 0x6812, 0x800000000000 } } },
	{ prot, 0, "", { { 0x4818, 0xc097 } } },
	{ prot, 0, "", { { 0x4816, 0xc09f } } },
	{ prot, 0, "", { { 0x4816, 0xc099 } } },
	{ prot, 0, "", { { 0x481a, 0xc09f }, { 0x806, 0x0b } } },
	{ prot, 0, "", { { 0x4822, 0x83 } } },
	{ modern, 0, "", { { 0x804, 0x13 }, { 0x800, 0x13 } } },
	{ modern, 0, "", { { 0x4816, 0xc093 } } },
	{ modern, 0, "", { { 0x4818, 0xc0f3 }, { 0x4816, 0xc09f } } },
	{ prot, 0, "", { { 0x4816, 0x109b }, { 0x4802, 0xfffff } } },
	{ lmode, 0, "", { { 0x4816, 0xc09b }, { 0x681e, 0xffffffff } } },
	/* RIP: bit 47 may differ from those above it. */
	{ lmode, 0, "", { { 0x681e, 0x0000800000000000 } } },
	{ lmode, 0, "", { { 0x681e, 0xffff000000000000 } } },
	{ lmode, 0, "", { { 0x681e, 0x00ff800000000000 }, { ENV(linear_bits), 57 },
			  { 0x6c16, 0xff00000000000000 } } },
	/* Without paging EFER.LME may wait for it. */
	{ real, 0, "", { { 0x4012, 0x91ff }, { 0x2806, 0x100 } } },
	/* Pending debug exceptions. */
	{ prot, 0, "", { { 0x6822, 0x580f } } },
	{ prot, 0, "", { { 0x6822, 0x4000 }, { 0x6820, 0x102 }, { 0x4824, 2 } } },
	{ prot, 0, "", { { 0x6820, 0x102 }, { 0x2802, 2 }, { 0x4824, 2 } } },
	{ prot, 0, "", { { 0x6822, 0x11000 }, { ENV(rtm), 1 } } },
	{ prot, 0, "", { { 0x4824, 0x10 }, { ENV(sgx), 1 } } },
	/* Link pointer, TPR threshold, PDPTEs: what memory says. */
	{ prot, 0, "", { { 0x2800, 0x6000 }, { MEM(0x6000), 4 } } },
	{ lmode, 0, "", { { 0x2800, 0x6000 }, { MEM(0x6000), 0x80000004 } } },
	{ prot, 0, "", { { 0x2800, 0x6000 }, { ENV(read_phys), 0 } } },
	{ prot, 0, "", { { 0x2800, 0x5000 }, { MEM(0x5000), 4 }, { ENV(vmcs_pa), 0 } } },
	{ modern, 0, "", { { 0x4002, 0x84206172 }, { 0x401c, 5 }, { 0x2012, 0x7000 },
			   { MEM(0x7080), 0x50 } } },
	{ modern, 0, "", { { 0x4002, 0x84206172 }, { 0x401c, 5 }, { ENV(read_phys), 0 } } },
	{ modern, 0, "", { { 0x4002, 0x84206172 }, { 0x401c, 5 }, { 0x401e, 0x83 } } },
	{ lmode, 0, "", { { 0x401c, 0xff } } },
	{ modern, 0, "", { { 0x4002, 0x84206172 }, { 0x401c, 9 }, { 0x2012, 0x7000 },
			   { MEM(0x7080), 0x90 } } },
	{ lmode, 0, "", { { 0x2802, 0xffc7 }, { 0x814, 0xff } } },
	{ pae, 0, "", { { MEM(0x3000), 0x8000000001 }, { ENV(read_phys), 0 } } },
	{ lmode, 0, "", { { 0x280a, ALL_ONES } } },
	{ prot, 0, "", { { MEM(0x3000), ALL_ONES } } },
	{ lmode, 0, "",
		{ { ENV(perf_global_bits), 0 }, { 0x2808, ALL_ONES }, { 0x2c04, ALL_ONES } } },
	{ lmode, 0, "", { { ENV(rtit_ctl_bits), 0 }, { 0x2814, ALL_ONES } } },
	{ lmode, 0, "", { { ENV(lbr_ctl_bits), 0 }, { 0x2816, ALL_ONES } } },
	/* EPT. */
	{ modern, 0, "", { { 0x201a, 0x10000058 } } },
	{ modern, 0, "", { { 0x201a, 0x10000066 }, { CAP(ept_vpid_cap), 0x2040c0 } } },
	{ modern, 0, "", { { 0x201a, 0x1000009e }, { CAP(ept_vpid_cap), 0x804040 } } },
};

TEST(what_the_sdm_allows_passes)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(fine); i++) {
		fine[i].guest();
		change(fine[i].changes);
		EXPECT_EQ(0, check_each()) {
			TH_LOG("line %d: 0x%x = 0x%llx: %s", i, result.field,
			       (unsigned long long)result.value, result.rule);
		}
	}
}

TEST(the_first_broken_rule_is_the_cpus)
{
	prot();
	set(0x6800, 0);
	set(0x6c00, 0);
	set(0x4000, 0);
	EXPECT_FALSE(vmx_check_all(&env, &result));
	EXPECT_EQ(0x4000, result.field);
	set(0x4000, 0x1f);
	EXPECT_FALSE(vmx_check_all(&env, &result));
	EXPECT_EQ(0x6c00, result.field);
	set(0x6c00, 0x80050033);
	EXPECT_FALSE(vmx_check_all(&env, &result));
	EXPECT_EQ(0x6800, result.field);
}

/* Every control on, every CPU: fake_get() aborts on a field that is not there. */
TEST(only_fields_that_exist_are_read)
{
	static const __u16 ctls[] = { 0x4000, 0x4002, 0x401e, 0x2034, 0x400c, 0x4012, 0x2044 };
	int bit, i;

	for (i = 0; i < ARRAY_SIZE(ctls); i++)
		for (bit = 0; bit < 64; bit++) {
			prot();
			set(ctls[i], cpu.field[ctls[i]] | 1ULL << bit);
			vmx_check_controls(&env, &result);
			vmx_check_host(&env, &result);
			vmx_check_guest(&env, &result);
		}
	prot();
	for (i = 0; i < ARRAY_SIZE(ctls); i++)
		set(ctls[i], ALL_ONES);
	vmx_check_controls(&env, &result);
	vmx_check_host(&env, &result);
	vmx_check_guest(&env, &result);
}

TEST_HARNESS_MAIN
