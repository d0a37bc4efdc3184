// SPDX-License-Identifier: GPL-2.0
/*
 * Flame graphs: the tree, folded text, and pictures that are well-formed and add up.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit_reasons.h"
#include "flame.h"
#include "flame_read.h"
#include "symbols.h"
#include "tests/tap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define INNER	1180.0
#define ROWS	8

static struct flame small(void)
{
	struct flame root = { 0 };

	flame_add(&root, "VM 1;idle;HLT", 10);
	flame_add(&root, "VM 1;io;IO_INSTRUCTION", 50);
	flame_add(&root, "VM 1;io;EPT_VIOLATION", 20);
	flame_add(&root, "VM 2;idle;HLT", 15);
	flame_add(&root, "VM 1;idle;HLT", 5);
	flame_sort(&root);
	return root;
}

static char *folded(const struct flame *root)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	flame_print_folded(out, root);
	fclose(out);
	return text;
}

static char *drawn(const struct flame *root, const char *title)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	flame_print_svg(out, root, title, "samples");
	fclose(out);
	return text;
}

static void test_tree(void)
{
	struct flame root = small();

	ok(root.total == 100 && root.nr == 2 && !strcmp(root.inner[0].name, "VM 1") &&
	   root.inner[0].total == 85 && root.inner[1].total == 15,
	   "weights add up, the heaviest first");
	ok(root.inner[0].nr == 2 && !strcmp(root.inner[0].inner[0].name, "io") &&
	   root.inner[0].inner[0].total == 70 && !root.inner[0].inner[0].self &&
	   root.inner[0].inner[1].inner[0].self == 15, "stacks with a common part");
	flame_free(&root);
	ok(!root.nr && !root.total, "freed");
}

static void test_depth(void)
{
	struct flame root = { 0 };
	char stack[2 * 70 + 1];
	unsigned int i;

	for (i = 0; i < sizeof(stack) - 1; i++)
		stack[i] = i & 1 ? ';' : 'a';
	stack[sizeof(stack) - 1] = '\0';
	ok(flame_add(&root, stack, 1) < 0 && !root.total, "a stack of 71 frames is refused");
	stack[2 * 63 + 1] = '\0';
	ok(!flame_add(&root, stack, 1) && root.total == 1, "one of 64 is not");
	flame_free(&root);
}

static void test_folded(void)
{
	struct flame root = small();
	char *text = folded(&root);

	ok(!strcmp(text, "VM 1;io;IO_INSTRUCTION 50\nVM 1;io;EPT_VIOLATION 20\n"
		   "VM 1;idle;HLT 15\nVM 2;idle;HLT 15\n"), "folded stacks");
	free(text);
	flame_free(&root);
}

/*
 * Whether a text is XML that opens and closes its elements in pairs, with attributes
 * in quotes and no '<' or '&' that is meant as itself.
 */
static bool well_formed(const char *text)
{
	char open[32][16];
	unsigned int depth = 0;
	size_t length;

	for (; *text; text++) {
		if (*text == '&') {
			length = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");
			if (!length || text[length + 1] != ';')
				return false;
		}
		if (*text != '<')
			continue;
		text++;
		if (*text == '?') {
			text = strstr(text, "?>");
			if (!text++)
				return false;
			continue;
		}
		if (*text == '/') {
			length = strcspn(text + 1, ">");
			if (!depth-- || strlen(open[depth]) != length ||
			    memcmp(open[depth], text + 1, length))
				return false;
			text += length + 1;
			continue;
		}
		length = strspn(text, "abcdefghijklmnopqrstuvwxyz");
		if (!length || length >= sizeof(open[0]) || depth == 32)
			return false;
		snprintf(open[depth++], sizeof(open[0]), "%.*s", (int)length, text);
		for (text += length; *text && *text != '>'; text++) {
			if (*text == '"')
				text += 1 + strcspn(text + 1, "\"<");
			if (!*text || *text == '<')
				return false;
			if (*text == '/')
				depth--;
		}
	}
	return !depth;
}

struct sums {
	double width[ROWS];
	double left[ROWS];
	unsigned int frames;
	bool inside;
};

/* The frames of a picture by row, the lowest first: they lie side by side. */
static struct sums measure(const char *text, unsigned int rows)
{
	struct sums sums = { .inside = true };
	double x, y, width;
	unsigned int row;

	for (; (text = strstr(text, "<rect x=")); text++) {
		if (sscanf(text, "<rect x=\"%lf\" y=\"%lf\" width=\"%lf\"", &x, &y,
			   &width) != 3)
			continue;
		row = rows - 1 - (unsigned int)(y - 56) / 20;
		sums.frames++;
		sums.inside &= x >= 9.99 && x + width <= 1190.01 && row < ROWS;
		sums.width[row] += width;
	}
	return sums;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 0.05;
}

static void test_svg(void)
{
	struct flame root = small();
	char *text = drawn(&root, "exits");
	struct sums sums = measure(text, 3);

	ok(well_formed(text) && !strncmp(text, "<?xml", 5) && strstr(text, "</svg>\n"),
	   "well-formed");
	ok(!strstr(text, "<script") && !strstr(text, "href"), "all in one file, no script");
	ok(sums.frames == 9 && sums.inside && near(sums.width[0], INNER) &&
	   near(sums.width[1], INNER) && near(sums.width[2], INNER),
	   "each row is as wide as all there is");
	ok(strstr(text, "<title>VM 1: 85 samples, 85.00%</title>") &&
	   strstr(text, "<title>IO_INSTRUCTION: 50 samples, 50.00%</title>") &&
	   strstr(text, "width=\"590.00\""), "names, shares and widths");
	free(text);
	flame_free(&root);
}

static void test_escapes(void)
{
	struct flame root = { 0 };
	char *text;

	flame_add(&root, "a<b>&\"c\033[2J\377", 1);
	text = drawn(&root, "</svg>&");
	ok(well_formed(text) && strstr(text, "a&lt;b&gt;&amp;&quot;c?[2J?: 1 samples") &&
	   strstr(text, "&lt;/svg&gt;&amp;"), "names that are not XML");
	free(text);
	flame_free(&root);
}

static void test_narrow(void)
{
	struct flame root = { 0 };
	char *text, name[32];
	struct sums sums;
	unsigned int i;

	flame_add(&root, "wide", 1000000);
	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "narrow%u", i);
		flame_add(&root, name, 1);
	}
	flame_sort(&root);
	text = drawn(&root, "exits");
	sums = measure(text, 1);
	ok(well_formed(text) && sums.frames == 1 && near(sums.width[0], INNER - 0.06) &&
	   strstr(text, ">50 frames are too narrow"), "what is too narrow is counted");
	free(text);
	flame_free(&root);
}

static void test_nothing(void)
{
	struct flame root = { 0 };
	char *text = drawn(&root, "exits");

	ok(well_formed(text) && strstr(text, ">nothing was seen<"), "nothing at all");
	free(text);
	text = folded(&root);
	ok(!*text, "nothing folded");
	free(text);
}

static struct flame_place place(__u32 vm, __u64 rip, __u32 reason, __u64 samples,
				__u64 cycles)
{
	return (struct flame_place){ { rip, vm, reason }, { samples, cycles } };
}

static void test_places(void)
{
	struct symbol list[] = { { 0x1000, 0x2000, 0, 1 }, { 0x2000, 0x3000, 6, 1 } };
	const struct symbols symbols = { .list = list, .nr = 2,
					 .names = (char *)"first\0second;odd" };
	struct flame_place places[] = {
		place(1, 0x2004, EXIT_REASON_CPUID, 3, 300),
		place(2, 0x1000, EXIT_REASON_HLT, 1, 1000),
		place(1, 0x1004, EXIT_REASON_HLT, 2, 20),
		place(1, 0x1008, EXIT_REASON_HLT, 5, 50),
		place(1, 0x9000, EXIT_REASON_HLT, 1, 10),
		place(1, 0, KEEL_TRACE_NO_EXIT, 0, 7),
	};
	struct flame root = { 0 };
	char *text;

	flame_add_places(&root, places, ARRAY_SIZE(places), &symbols, FLAME_SAMPLES);
	text = folded(&root);
	ok(!strcmp(text, "VM 1;first;HLT 7\nVM 1;second:odd;CPUID 3\nVM 1;0x9000;HLT 1\n"
		   "VM 2;first;HLT 1\n"), "places as stacks, by samples");
	free(text);
	flame_free(&root);
	flame_add_places(&root, places, ARRAY_SIZE(places), &symbols, FLAME_CYCLES);
	text = folded(&root);
	ok(!strcmp(text, "VM 2;first;HLT 1000\nVM 1;second:odd;CPUID 300\n"
		   "VM 1;first;HLT 70\nVM 1;0x9000;HLT 10\nVM 1;(no exit) 7\n"),
	   "by cycles");
	free(text);
	flame_free(&root);
}

/* The test must not believe everything. */
static void test_well_formed(void)
{
	ok(!well_formed("<a>") && !well_formed("<a></b>") && !well_formed("<a>&</a>") &&
	   !well_formed("<a x=\"1></a>") && !well_formed("</a>") && !well_formed("<a><</a>") &&
	   !well_formed("<a x=\"<\"/>") && well_formed("<a x=\"/\"/><b>&lt;</b>"), "what is not well-formed is seen");
}

int main(void)
{
	test_tree();
	test_depth();
	test_folded();
	test_well_formed();
	test_svg();
	test_escapes();
	test_narrow();
	test_nothing();
	test_places();
	return tap_done();
}
