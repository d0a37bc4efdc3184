// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of keel stat and the histograms of keel hist, fed with numbers made up
 * here; names of exit reasons; numbers and times on a command line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/keel_trace.h>

#include "hist_print.h"
#include "reason_names.h"
#include "stat_table.h"
#include "watch.h"
#include "tests/tap.h"

/* Ticks of 2 GHz: two in a nanosecond. */
#define TSC_KHZ	2000000

#define CPUID	10
#define HLT	12
#define IO	30

static struct stat_count counted(__u64 samples, __u64 to_user, __u64 kernel,
				 __u64 user, __u64 min, __u64 max)
{
	return (struct stat_count){
		.samples = samples, .to_user = to_user, .kernel = kernel,
		.user = user, .min = min, .max = max,
	};
}

static bool same(const struct stat_count *a, const struct stat_count *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void add(struct stat_table *table, __u64 key, struct stat_count count)
{
	if (!stat_table_add(table, key, &count))
		abort();
}

static void test_merge(void)
{
	struct stat_count sum = { 0 }, one = counted(2, 1, 100, 50, 60, 90);
	struct stat_count two = counted(1, 0, 20, 0, 20, 20), none = { 0 };
	struct stat_count want = counted(3, 1, 120, 50, 20, 90);

	stat_count_merge(&sum, &none);
	stat_count_merge(&sum, &one);
	ok(same(&sum, &one), "merge: the shortest of nothing is not 0");
	stat_count_merge(&sum, &none);
	stat_count_merge(&sum, &two);
	ok(same(&sum, &want), "merge: sums, the shortest, the longest");
}

static void test_sort(void)
{
	struct stat_table table = { .by = STAT_BY_REASON };
	struct stat_count want = counted(161, 50, 120500, 4000, 5, 50000);

	add(&table, IO, counted(30, 30, 80000, 8000, 2000, 4000));
	add(&table, CPUID, counted(100, 0, 10000, 0, 10, 200));
	add(&table, HLT, counted(1, 0, 100000, 0, 100000, 100000));
	add(&table, IO, counted(20, 20, 41000, 0, 1000, 3000));
	add(&table, 31, counted(10, 0, 10000, 0, 1000, 1000));
	ok(table.nr == 4, "table: counts of one key are one line");
	stat_table_finish(&table, TSC_KHZ, STAT_SORT_SAMPLE);
	ok(table.rows[0].key == CPUID && table.rows[1].key == IO &&
	   table.rows[2].key == 31 && table.rows[3].key == HLT,
	   "table: most samples first");
	ok(table.rows[1].count.kernel == 60500 &&
	   table.rows[1].count.user == 4000 &&
	   table.rows[1].count.min == 500 && table.rows[1].count.max == 2000,
	   "table: ticks have become nanoseconds");
	ok(same(&table.total.count, &want), "table: the total");
	stat_table_free(&table);

	add(&table, CPUID, counted(9, 0, 10, 0, 1, 2));
	add(&table, HLT, counted(1, 0, 8, 8, 16, 16));
	add(&table, 3, counted(9, 0, 10, 0, 1, 2));
	stat_table_finish(&table, TSC_KHZ, STAT_SORT_TIME);
	ok(table.rows[0].key == HLT && table.rows[1].key == 3 &&
	   table.rows[2].key == CPUID,
	   "table: most time first, user space's with it; then by key");
	stat_table_free(&table);
	ok(!table.nr && !table.rows, "table: freed");
}

/* More than fit at first, and times whose product with 10^6 needs 128 bits. */
static void test_large(void)
{
	struct stat_table table = { .by = STAT_BY_RIP };
	struct stat_count count = counted(1, 0, 1ULL << 60, 0, 1, 1);
	__u64 i, seen = 0;

	for (i = 0; i < 1000; i++)
		if (!stat_table_append(&table, i * 7919 % 1000, &count))
			abort();
	stat_table_finish(&table, TSC_KHZ, STAT_SORT_SAMPLE);
	for (i = 0; i < table.nr; i++)
		seen += table.rows[i].key == i;
	ok(table.nr == 1000 && seen == 1000, "table: 1000 lines in order");
	ok(table.rows[0].count.kernel == 1ULL << 59, "table: 18 years are no overflow");
	stat_table_free(&table);
}

static void test_percent(void)
{
	ok(stat_percent(1, 4) == 25 && stat_percent(4, 4) == 100 &&
	   stat_percent(0, 4) == 0, "percent");
	ok(stat_percent(0, 0) == 0, "percent of nothing");
}

static bool named(enum stat_by by, __u64 key, const char *want)
{
	char name[STAT_NAME_BYTES];
	const char *got = stat_row_name(by, key, name, sizeof(name));

	if (!strcmp(got, want))
		return true;
	printf("# '%s', not '%s'\n", got, want);
	return false;
}

static void test_names(void)
{
	ok(named(STAT_BY_REASON, CPUID, "CPUID") &&
	   named(STAT_BY_REASON, 35, "reason 35") &&
	   named(STAT_BY_REASON, 33 | KEEL_HW_REASON_FAILED,
		 "INVALID_STATE (failed)"), "names: reasons");
	ok(named(STAT_BY_RIP, ~0ULL, "0xffffffffffffffff") &&
	   named(STAT_BY_GPA, 0xfee00000, "0xfee00000") &&
	   named(STAT_BY_VCPU, 3ULL << 32 | 1, "vm 3 vcpu 1"),
	   "names: addresses and vCPUs");
	ok(named(STAT_BY_PORT, 0x3f8 | STAT_WRITE, "0x3f8 OUT") &&
	   named(STAT_BY_PORT, 0x3f8, "0x3f8 IN") &&
	   named(STAT_BY_MSR, 0xc0000080 | STAT_WRITE, "IA32_EFER WRMSR") &&
	   named(STAT_BY_MSR, 2, "0x2 RDMSR") &&
	   named(STAT_BY_MSR, STAT_UNKNOWN, "(unknown)"),
	   "names: ports and MSRs, read and written");
}

static bool prints(void (*print)(FILE *out, const struct stat_table *table),
		   const struct stat_table *table, const char *want)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool found;

	if (!out)
		abort();
	print(out, table);
	fclose(out);
	found = strstr(text, want);
	if (!found)
		printf("# no '%s' in:\n%s", want, text);
	free(text);
	return found;
}

static void print_csv(FILE *out, const struct stat_table *table)
{
	stat_print_csv(out, table, true);
}

static void test_print(void)
{
	struct stat_table table = { .by = STAT_BY_REASON, .end = 77 };

	add(&table, CPUID, counted(3, 0, 6000, 0, 1000, 4000));
	add(&table, IO, counted(1, 1, 4000, 10000, 14000, 14000));
	table.rest = (struct stat_rest){ .lost = 5, .returns = 2, .user = 600 };
	stat_table_finish(&table, TSC_KHZ, STAT_SORT_SAMPLE);
	ok(prints(stat_print_text, &table,
		  "               CPUID          3    75.00%    30.00%      0.50us      2.00us      1.00us          0\n"
		  "      IO_INSTRUCTION          1    25.00%    70.00%      7.00us      7.00us      7.00us          1\n"),
	   "text: lines");
	ok(prints(stat_print_text, &table,
		  "\nTotal Samples:4, Total events handled time:10.00us.\n"
		  "Handled in the kernel:3, to user space:1; time in the kernel:5.00us, in user space:5.00us.\n"
		  "Returns to user space without an exit:2, which took 0.30us more.\n"
		  "NOT COUNTED, no room:5;"), "text: what follows");
	ok(prints(print_csv, &table,
		  "begin_ns,end_ns,reason,samples,to_user,killed,kernel_ns,user_ns,min_ns,max_ns\n"
		  "0,77,CPUID,3,0,0,3000,0,500,2000\n"
		  "0,77,IO_INSTRUCTION,1,1,0,2000,5000,7000,7000\n"
		  "0,77,(total),4,1,0,5000,5000,500,7000\n"
		  "0,77,(no exit),2,2,0,0,300,0,0\n"
		  "0,77,(others),0,0,0,0,0,0,0\n"
		  "0,77,(lost),5,0,0,0,0,0,0\n"), "CSV");
	ok(prints(stat_print_json, &table,
		  "{\n      \"name\": \"IO_INSTRUCTION\",\n      \"reason\": 30,\n"
		  "      \"samples\": 1,\n      \"to_user\": 1,\n"
		  "      \"killed\": 0,\n      \"kernel_ns\": 2000,\n"
		  "      \"user_ns\": 5000,\n      \"min_ns\": 7000,\n"
		  "      \"max_ns\": 7000\n    }") &&
	   prints(stat_print_json, &table, "\"lost\": 5\n}\n"), "JSON");
	stat_table_free(&table);
	ok(prints(stat_print_text, &table,
		  "\nTotal Samples:0, Total events handled time:0.00us.\n"),
	   "text: nothing at all");
}

static void test_hist(void)
{
	static struct hist hists[2] = {
		{ .key = CPUID, .count.slots = { [9] = 3, [11] = 1 } },
		{ .key = IO | HIST_TO_USER, .count.slots = { [63] = 5 } },
	};
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	ok(hist_slot(0) == 0 && hist_slot(1) == 0 && hist_slot(2) == 1 &&
	   hist_slot(3) == 1 && hist_slot(4) == 2 && hist_slot(1023) == 9 &&
	   hist_slot(1024) == 10 && hist_slot(~0ULL) == 63,
	   "histogram: the slot of a time");
	hist_sort(hists, 2);
	ok(hists[0].samples == 5 && hists[1].samples == 4 &&
	   hists[1].key == CPUID, "histogram: most exits first");
	hist_print_text(out, hists, 2, 7);
	fclose(out);
	ok(strstr(text, "\nIO_INSTRUCTION, to user space: 5 exits\n") &&
	   strstr(text, "\n9223372036854775808 -> 18446744073709551615 : 5 "),
	   "histogram: the last slot");
	ok(strstr(text, "\nCPUID, in the kernel: 4 exits\n") &&
	   strstr(text, " 512 -> 1023         : 3          |****************************************|\n"
		  "        1024 -> 2047         : 0          |                                        |\n"
		  "        2048 -> 4095         : 1          |*************                           |\n"),
	   "histogram: bars");
	ok(strstr(text, "\nNOT COUNTED, no room:7.\n"), "histogram: what was lost");
	free(text);
}

static void test_reasons(void)
{
	char name[REASON_NAME_BYTES];
	__u32 basic = 0;

	ok(!strcmp(reason_name(0), "EXCEPTION_NMI") &&
	   !strcmp(reason_name(85), "MSR_WRITE_IMM") && !reason_name(35) &&
	   !reason_name(86) && !reason_name(0xffff), "reasons: names");
	ok(!strcmp(reason_prose(48), "EPT violation") && !reason_prose(35),
	   "reasons: prose");
	ok(!strcmp(reason_print(KEEL_TRACE_NO_EXIT, name, sizeof(name)),
		   "(no exit)") &&
	   !strcmp(reason_print(33 | KEEL_HW_REASON_FAILED, name,
				sizeof(name)), "INVALID_STATE"),
	   "reasons: no exit, and a failed entry");
	ok(!reason_find("cpuid", &basic) && basic == 10 &&
	   !reason_find("EPT_VIOLATION", &basic) && basic == 48 &&
	   !reason_find("0x1e", &basic) && basic == 30, "reasons: found");
	ok(reason_find("CPU", &basic) == -EINVAL &&
	   reason_find("", &basic) == -EINVAL &&
	   reason_find("-1", &basic) == -EINVAL &&
	   reason_find("65536", &basic) == -EINVAL &&
	   reason_find("30x", &basic) == -EINVAL, "reasons: not found");
}

static void test_parse(void)
{
	__u32 number = 0;
	__u64 ns = 0;

	ok(!watch_parse_number("0", &number) && !number &&
	   !watch_parse_number("0x10", &number) && number == 16 &&
	   !watch_parse_number("4294967294", &number) &&
	   number == 4294967294, "numbers");
	ok(watch_parse_number("4294967295", &number) == -EINVAL &&
	   watch_parse_number("-1", &number) == -EINVAL &&
	   watch_parse_number(" 1", &number) == -EINVAL &&
	   watch_parse_number("1s", &number) == -EINVAL &&
	   watch_parse_number("", &number) == -EINVAL, "no numbers");
	ok(!watch_parse_seconds("2", &ns) && ns == 2000000000 &&
	   !watch_parse_seconds("0.25", &ns) && ns == 250000000 &&
	   !watch_parse_seconds(".5", &ns) && ns == 500000000, "seconds");
	ok(watch_parse_seconds("0", &ns) == -EINVAL &&
	   watch_parse_seconds("-1", &ns) == -EINVAL &&
	   watch_parse_seconds("1e3", &ns) == -EINVAL &&
	   watch_parse_seconds("1.2.3", &ns) == -EINVAL &&
	   watch_parse_seconds("nan", &ns) == -EINVAL &&
	   watch_parse_seconds(".", &ns) == -EINVAL &&
	   watch_parse_seconds("", &ns) == -EINVAL &&
	   watch_parse_seconds("99999999999", &ns) == -EINVAL, "no seconds");
}

int main(void)
{
	test_merge();
	test_sort();
	test_large();
	test_percent();
	test_names();
	test_print();
	test_hist();
	test_reasons();
	test_parse();
	return tap_done();
}
