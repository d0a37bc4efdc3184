// SPDX-License-Identifier: GPL-2.0
/*
 * vmx_names.c, vmx_reasons.c and vmx_dump.c.  Encodings and names are written
 * here from the SDM's appendices, with numbers.
 */
#include <stdio.h>
#include <linux/kernel.h>

#include "kselftest_harness.h"
#include "fake_vmcs.h"
#include "vmx_dump.h"

static bool table_has(__u32 field)
{
	const struct vmx_field *f = vmx_field_find(field);

	return f && vmx_field_exists(f, &cpu.caps);
}

static int count_fields(void)
{
	const struct vmx_field *f;
	int n = 0;

	for (f = vmx_field_next(NULL); f; f = vmx_field_next(f))
		n++;
	return n;
}

TEST(fields_have_the_names_of_the_sdm)
{
	static const struct {
		__u32 field;
		const char *name;
	} names[] = {
		{ 0x0000, "Virtual-processor identifier" },
		{ 0x0802, "Guest CS selector" },
		{ 0x0c0c, "Host TR selector" },
		{ 0x200a, "VM-entry MSR-load address" },
		{ 0x201a, "EPT pointer" },
		{ 0x2800, "VMCS link pointer" },
		{ 0x2806, "Guest IA32_EFER" },
		{ 0x2c02, "Host IA32_EFER" },
		{ 0x4000, "Pin-based VM-execution controls" },
		{ 0x4002, "Primary processor-based VM-execution controls" },
		{ 0x401e, "Secondary processor-based VM-execution controls" },
		{ 0x4402, "Exit reason" },
		{ 0x4816, "Guest CS access rights" },
		{ 0x4824, "Guest interruptibility state" },
		{ 0x6800, "Guest CR0" },
		{ 0x681e, "Guest RIP" },
		{ 0x6c16, "Host RIP" },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_STREQ(names[i].name, vmx_field_name(names[i].field));
	/* The high half of a 64-bit field is that field; a 32-bit one has none. */
	EXPECT_STREQ("EPT pointer", vmx_field_name(0x201b));
	EXPECT_STREQ("unknown VMCS field", vmx_field_name(0x4001));
	EXPECT_STREQ("unknown VMCS field", vmx_field_name(0xffffffff));
}

TEST(width_and_group_follow_from_the_encoding)
{
	EXPECT_EQ(2, vmx_field_bytes(0x0802));
	EXPECT_EQ(8, vmx_field_bytes(0x2800));
	EXPECT_EQ(4, vmx_field_bytes(0x4402));
	EXPECT_EQ(8, vmx_field_bytes(0x681e));
	EXPECT_EQ(VMX_FIELD_CONTROL, vmx_field_type(0x4000));
	EXPECT_EQ(VMX_FIELD_EXIT_INFO, vmx_field_type(0x4402));
	EXPECT_EQ(VMX_FIELD_GUEST, vmx_field_type(0x681e));
	EXPECT_EQ(VMX_FIELD_HOST, vmx_field_type(0x6c16));
}

TEST(no_field_stands_in_the_table_twice)
{
	const struct vmx_field *a, *b;

	for (a = vmx_field_next(NULL); a; a = vmx_field_next(a)) {
		EXPECT_EQ(a, vmx_field_find(a->encoding));
		EXPECT_EQ(0, a->encoding & 1);
		for (b = vmx_field_next(a); b; b = vmx_field_next(b))
			EXPECT_NE(0, strcmp(a->name, b->name)) {
				TH_LOG("%s", a->name);
			}
	}
}

TEST(existence_on_the_newest_and_the_oldest_cpu)
{
	int field;

	newest_cpu();
	for (field = 0; field < 0x8000; field += 2)
		EXPECT_EQ(cpu.exists[field], table_has(field)) {
			TH_LOG("newest: field 0x%x", field);
		}
	oldest_cpu();
	for (field = 0; field < 0x8000; field += 2)
		EXPECT_EQ(cpu.exists[field], table_has(field)) {
			TH_LOG("oldest: field 0x%x", field);
		}
}

/* Each control by itself brings its fields and no others. */
TEST(existence_follows_each_control)
{
	static const struct {
		size_t offset;
		int shift;
	} words[] = {
		{ offsetof(struct keel_vmx_msrs, pinbased_ctls), 32 },
		{ offsetof(struct keel_vmx_msrs, procbased_ctls), 32 },
		{ offsetof(struct keel_vmx_msrs, procbased_ctls2), 32 },
		{ offsetof(struct keel_vmx_msrs, procbased_ctls3), 0 },
		{ offsetof(struct keel_vmx_msrs, exit_ctls), 32 },
		{ offsetof(struct keel_vmx_msrs, exit_ctls2), 0 },
		{ offsetof(struct keel_vmx_msrs, entry_ctls), 32 },
		{ offsetof(struct keel_vmx_msrs, vmfunc), 0 },
	};
	int word, bit, field;

	for (word = 0; word < ARRAY_SIZE(words); word++)
		for (bit = 0; bit < 32; bit++) {
			memset(&cpu, 0, sizeof(cpu));
			*(__u64 *)((char *)&cpu.caps + words[word].offset) =
				1ULL << (bit + words[word].shift);
			fake_fields_appear();
			for (field = 0; field < 0x8000; field += 2)
				ASSERT_EQ(cpu.exists[field], table_has(field)) {
					TH_LOG("word %d bit %d field 0x%x",
					       word, bit, field);
				}
		}
}

TEST(smm_fields_come_with_dual_monitor_treatment)
{
	static const __u16 fields[] = { 0x200c, 0x4828, 0x6402, 0x6404, 0x6406, 0x6408 };
	int i;

	newest_cpu();
	for (i = 0; i < 6; i++)
		EXPECT_FALSE(table_has(fields[i]));
	cpu.caps.basic |= 1ULL << 49;
	for (i = 0; i < 6; i++)
		EXPECT_TRUE(table_has(fields[i]));
}

TEST(exit_reasons)
{
	EXPECT_STREQ("exception or NMI", vmx_exit_reason_name(0));
	EXPECT_STREQ("CPUID", vmx_exit_reason_name(10));
	EXPECT_STREQ("HLT", vmx_exit_reason_name(12));
	EXPECT_STREQ("I/O instruction", vmx_exit_reason_name(30));
	EXPECT_STREQ("VM-entry failure due to invalid guest state",
		     vmx_exit_reason_name(0x80000021));
	EXPECT_STREQ("EPT violation", vmx_exit_reason_name(48));
	EXPECT_STREQ("XRSTORS", vmx_exit_reason_name(64));
	EXPECT_STREQ("instruction timeout", vmx_exit_reason_name(75));
	EXPECT_STREQ("RDMSRLIST", vmx_exit_reason_name(78));
	EXPECT_STREQ("unknown exit reason", vmx_exit_reason_name(35));
	EXPECT_STREQ("unknown exit reason", vmx_exit_reason_name(0xffff));
}

TEST(instruction_errors)
{
	EXPECT_STREQ("VM entry with an invalid control field",
		     vmx_instruction_error_name(7));
	EXPECT_STREQ("VM entry with an invalid host-state field",
		     vmx_instruction_error_name(8));
	EXPECT_STREQ("INVEPT or INVVPID with an invalid operand",
		     vmx_instruction_error_name(28));
	EXPECT_STREQ("unknown VM-instruction error", vmx_instruction_error_name(0));
	EXPECT_STREQ("unknown VM-instruction error", vmx_instruction_error_name(29));
}

static char text[65536];

static const char *dump_field(__u32 field, __u64 value)
{
	vmx_dump_field(text, sizeof(text), field, value);
	return text;
}

static void expect_dump(struct __test_metadata *_metadata, __u32 field,
			__u64 value, const char *what)
{
	EXPECT_NE(NULL, strstr(dump_field(field, value), what)) {
		TH_LOG("no '%s' in %s", what, text);
	}
}

#define EXPECT_DUMP(field, value, what) expect_dump(_metadata, field, value, what)

TEST(fields_are_decoded)
{
	EXPECT_STREQ("  0802  Guest CS selector                                0x0010\n",
		     dump_field(0x802, 0x10));
	EXPECT_DUMP(0x4016, 0x80000b0e, "hardware exception, vector 14, error code\n");
	EXPECT_DUMP(0x4016, 0x00000b0e, "0x00000b0e  none\n");
	EXPECT_DUMP(0x4404, 0x80001202, "NMI, vector 2, NMI unblocking due to IRET\n");
	EXPECT_DUMP(0x4816, 0xa09b, "code readable accessed, DPL 0, P, L, G\n");
	EXPECT_DUMP(0x4818, 0xc0f3, "data writable accessed, DPL 3, P, D/B, G\n");
	EXPECT_DUMP(0x4820, 0x10082, "unusable,  LDT, DPL 0, P\n");
	EXPECT_DUMP(0x4822, 0x8b, "busy TSS, DPL 0, P\n");
	EXPECT_DUMP(0x4822, 0x2000b, "not present, 0x20000 reserved\n");
	EXPECT_DUMP(0x6800, 0x80000021, "0x0000000080000021  PE, NE, PG\n");
	EXPECT_DUMP(0x6804, 0x2020, "PAE, VMXE\n");
	EXPECT_DUMP(0x6820, 0x20202, "IF, VM\n");
	EXPECT_DUMP(0x2806, 0x1501, "SCE, LME, LMA, 0x1000 reserved\n");
	EXPECT_DUMP(0x4000, 0x3f, "external-interrupt exiting, NMI exiting, virtual NMIs\n");
	EXPECT_DUMP(0x4002, 0x8401e1f2,
		    "HLT exiting, CR3-load exiting, CR3-store exiting, activate secondary controls\n");
	EXPECT_DUMP(0x401e, 0x82, "enable EPT, unrestricted guest\n");
	EXPECT_DUMP(0x400c, 0x36fff, "save debug controls, host address-space size\n");
	EXPECT_DUMP(0x4012, 0x13ff, "load debug controls, IA-32e mode guest\n");
	EXPECT_DUMP(0x4402, 0x80000021, "invalid guest state, VM-entry failure\n");
	EXPECT_DUMP(0x4400, 7, "VM entry with an invalid control field\n");
	EXPECT_DUMP(0x4826, 1, "  HLT\n");
	EXPECT_DUMP(0x4826, 4, "  reserved\n");
	EXPECT_DUMP(0x4824, 9, "blocking by STI, blocking by NMI\n");
	EXPECT_DUMP(0x201a, 0x1000005e, "memory type 6, 4 levels, accessed and dirty flags\n");
}

TEST(a_dump_has_one_line_for_each_field_that_exists)
{
	int fields = 0, lines = 0, i;
	size_t bytes;
	char *p;

	newest_cpu();
	bytes = vmx_dump_format(text, sizeof(text), fake_get, NULL, &cpu.caps);
	ASSERT_LT(bytes, sizeof(text));
	EXPECT_EQ(bytes, strlen(text));
	for (i = 0; i < 0x8000; i++) {
		fields += cpu.exists[i];
		EXPECT_EQ(cpu.exists[i], cpu.was_read[i]);
	}
	for (p = text; (p = strchr(p, '\n')); p++)
		lines++;
	/* And the titles of four groups. */
	EXPECT_EQ(fields + 4, lines);
	EXPECT_EQ(0, strncmp(text, "Guest state\n", 12));
	EXPECT_LT(150, count_fields());

	oldest_cpu();
	vmx_dump_format(text, sizeof(text), fake_get, NULL, &cpu.caps);
	EXPECT_EQ(NULL, strstr(text, "EPT"));
}

TEST(a_dump_that_does_not_fit_is_cut_and_counted)
{
	static char small[100];
	size_t bytes;

	newest_cpu();
	bytes = vmx_dump_format(text, sizeof(text), fake_get, NULL, &cpu.caps);
	EXPECT_EQ(bytes, vmx_dump_format(NULL, 0, fake_get, NULL, &cpu.caps));
	memset(small, 'x', sizeof(small));
	EXPECT_EQ(bytes, vmx_dump_format(small, 50, fake_get, NULL, &cpu.caps));
	EXPECT_EQ(0, memcmp(small, text, 49));
	EXPECT_EQ(0, small[49]);
	EXPECT_EQ('x', small[50]);
}

TEST_HARNESS_MAIN
