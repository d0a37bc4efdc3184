// SPDX-License-Identifier: GPL-2.0
/* keel-bench: what it prints, for people or as JSON.  Measures nothing. */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

/**
 * read_line - the first line of a file
 * @path: which
 * @line: filled in, without the end of the line
 * @bytes: its size
 *
 * Return: false if there is no such line.
 */
bool read_line(const char *path, char *line, size_t bytes)
{
	FILE *f = fopen(path, "r");
	bool ok;

	if (!f)
		return false;
	ok = fgets(line, bytes, f);
	fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = 0;
	return ok;
}

static bool mitigations_off(void)
{
	char line[4096];

	return read_line("/proc/cmdline", line, sizeof(line)) && strstr(line, "mitigations=off");
}

/* JSON strings: the files printed here have no control characters but tabs. */
static void print_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar((unsigned char)*s < ' ' ? ' ' : *s);
	}
	putchar('"');
}

static void print_fact(bool json, const char *side, const char *name, const char *value,
		       bool *first)
{
	if (!json) {
		printf("mitigation: %s %s: %s\n", side, name, value);
		return;
	}
	printf("%s\n    {\"of\": \"%s\", \"name\": ", *first ? "" : ",", side);
	*first = false;
	print_string(name);
	printf(", \"value\": ");
	print_string(value);
	putchar('}');
}

static void print_mitigations(bool json)
{
	static const char keel_file[] = "/sys/kernel/debug/keel/mitigations";
	static const char kvm_file[] = "/sys/module/kvm_intel/parameters/vmentry_l1d_flush";
	char line[256];
	bool first = true;
	glob_t files;
	size_t i;
	FILE *f;

	if (!glob("/sys/devices/system/cpu/vulnerabilities/*", 0, NULL, &files)) {
		for (i = 0; i < files.gl_pathc; i++)
			if (read_line(files.gl_pathv[i], line, sizeof(line)))
				print_fact(json, "host", strrchr(files.gl_pathv[i], '/') + 1,
					   line, &first);
		globfree(&files);
	}
	if (read_line(kvm_file, line, sizeof(line)))
		print_fact(json, "kvm", "vmentry_l1d_flush", line, &first);
	f = fopen(keel_file, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		char *value = strchr(line, ':');

		if (!value)
			continue;
		*value = 0;
		value += 1 + strspn(value + 1, " ");
		value[strcspn(value, "\n")] = 0;
		print_fact(json, "keel", line, value, &first);
	}
	fclose(f);
}

/* "" where interrupts are user space's, who then has no use for it. */
static const char *apicv_word(const struct setting *setting, const struct bench *bench)
{
	if (bench->group != INTERRUPTS && bench->group != IPI)
		return "";
	return setting->apicv ? " apicv=on" : " apicv=off";
}

/* The rows about paging exist to compare the two; elsewhere EPT goes without saying. */
static const char *paging_word(const struct setting *setting, const struct bench *bench)
{
	if (setting->shadow)
		return " paging=shadow";
	return bench->group == PAGING ? " paging=ept" : "";
}

/* @missing: what stands for a figure that is not there */
static void print_figure(const char *format, double figure, bool there, const char *missing)
{
	if (there)
		printf(format, figure);
	else
		fputs(missing, stdout);
}

static void print_results(const struct bench *bench, bool json)
{
	static const char * const names[] = { "keel", "kvm" };
	const struct result *result = bench->result;
	const char *none = json ? "null" : "-";
	unsigned int i;

	for (i = 0; i < 2; i++) {
		printf(json ? ", \"%s\": " : " %s=", names[i]);
		print_figure(json ? "%.1f" : "%.0f", result[i].ticks, result[i].ticks, none);
	}
	printf(json ? ", \"ratio\": " : " ratio=");
	print_figure("%.3f", result[1].ticks ? result[0].ticks / result[1].ticks : 0,
		     result[0].ticks && result[1].ticks, none);
	for (i = 0; bench->group == PAGING && i < 2; i++) {
		printf(json ? ", \"%s_exits\": " : " %s_exits=", names[i]);
		print_figure("%.2f", result[i].exits, result[i].ticks && result[i].exits >= 0,
			     none);
	}
}

static void print_bench(const struct setting *setting, const struct bench *bench,
			const char *mitigations, bool *first)
{
	if (setting->json)
		printf("%s\n    {\"name\": \"%s\"", *first ? "" : ",", bench->name);
	else
		printf("bench: %s mitigations=%s%s%s", bench->name, mitigations,
		       apicv_word(setting, bench), paging_word(setting, bench));
	print_results(bench, setting->json);
	fputs(setting->json ? "}" : "\n", stdout);
	*first = false;
}

/* What Keel says of itself: a kind a line, as "memory: KIND: BYTES". */
static void print_memory_kinds(bool json, bool *first)
{
	FILE *f = fopen("/sys/kernel/debug/keel/memory", "r");
	char line[128], kind[64];
	unsigned int bytes;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %63[^:]: %u", kind, &bytes) != 2)
			continue;
		if (json)
			printf("%s\n    {\"name\": \"%s\", \"keel\": %u}",
			       *first ? "" : ",", kind, bytes);
		else
			printf("memory: %s: keel=%u\n", kind, bytes);
		*first = false;
	}
	fclose(f);
}

static void print_memory_row(bool json, const char *name, double keel, double kvm,
			     bool *first)
{
	if (json)
		printf("%s\n    {\"name\": \"%s\", \"keel\": %.0f, \"kvm\": %.0f}",
		       *first ? "" : ",", name, keel, kvm);
	else
		printf("memory: %s: keel=%.0f kvm=%.0f\n", name, keel, kvm);
	*first = false;
}

static void print_memory(bool json, const struct memory memory[2])
{
	bool first = true;

	print_memory_row(json, "measured: VM", memory[0].vm, memory[1].vm, &first);
	print_memory_row(json, "measured: vCPU", memory[0].vcpu, memory[1].vcpu, &first);
	print_memory_kinds(json, &first);
}

/**
 * print_report - print all that was wanted
 * @setting: what that is
 * @benches: the rows, with what was measured
 * @nr: of them
 * @memory: of Keel, of KVM
 */
void print_report(const struct setting *setting, const struct bench *benches,
		  unsigned int nr, const struct memory memory[2])
{
	const char *mitigations = mitigations_off() ? "off" : "default";
	bool json = setting->json, first = true;
	unsigned int i;

	if (json)
		printf("{\n  \"mitigations\": \"%s\",\n  \"apicv\": %s,\n  \"paging\": \"%s\",\n"
		       "  \"in_force\": [", mitigations, setting->apicv ? "true" : "false",
		       setting->shadow ? "shadow" : "ept");
	if (setting->wanted[EXITS])
		print_mitigations(json);
	if (json)
		printf("\n  ],\n  \"bench\": [");
	for (i = 0; i < nr; i++)
		if (setting->wanted[benches[i].group])
			print_bench(setting, &benches[i], mitigations, &first);
	if (json)
		printf("\n  ],\n  \"memory\": [");
	if (setting->wanted[MEMORY])
		print_memory(json, memory);
	if (json)
		printf("\n  ]\n}\n");
}
