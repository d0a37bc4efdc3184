// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols of a guest's kernel, from a file that is anyone's: looked up, and on
 * their way into a flame graph as text and as a picture.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flame.h"
#include "flame_read.h"
#include "fuzz/fuzz.h"
#include "symbols.h"

#define MAX_FILE	(64U << 10)
#define PLACES		32
#define LOOKUPS		8

static void check_refusal(const struct symbols *symbols, int ret)
{
	const char *c;

	CLAIM(ret == -EINVAL && symbols->error[0]);
	CLAIM(strnlen(symbols->error, sizeof(symbols->error)) < sizeof(symbols->error));
	for (c = symbols->error; *c; c++)
		CLAIM(*c >= ' ' && *c <= '~');
}

static void check_list(const struct symbols *symbols)
{
	const struct symbol *symbol;
	const char *name;
	size_t i;

	for (i = 0; i < symbols->nr; i++) {
		symbol = &symbols->list[i];
		CLAIM(symbol->name < symbols->names_bytes);
		name = symbols->names + symbol->name;
		CLAIM(strlen(name) && strlen(name) <= SYMBOLS_NAME_MAX);
		CLAIM(!i || symbol->address > symbols->list[i - 1].address);
	}
}

/* The last one that begins there or before, by looking at each. */
static const char *find(const struct symbols *symbols, __u64 address)
{
	const struct symbol *found = NULL;
	size_t i;

	for (i = 0; i < symbols->nr; i++)
		if (symbols->list[i].address <= address)
			found = &symbols->list[i];
	return found && found->rank && address < found->end ?
	       symbols->names + found->name : NULL;
}

static void look_up(const struct symbols *symbols, __u64 address)
{
	__u64 offset = ~0ULL;
	const char *name = symbols_find(symbols, address, &offset);

	CLAIM(name == find(symbols, address));
	CLAIM(!name || offset <= address);
}

/* Each line is a stack, as flame_add() takes it, and its weight. */
static __u64 sum_folded(char *text)
{
	char *line, *rest = text, *blank;
	__u64 sum = 0;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		blank = strrchr(line, ' ');
		CLAIM(blank && blank > line);
		sum += strtoull(blank + 1, NULL, 10);
	}
	return sum;
}

/* Brackets go in pairs, and nothing else breaks out of the text. */
static void check_svg(const char *text)
{
	bool inside = false;

	for (; *text; text++) {
		CLAIM(*text == '\n' || *text == '\t' || *text >= ' ' || *text < 0);
		CLAIM(*text != '<' || !inside);
		if (*text == '<')
			inside = true;
		else if (*text == '>')
			inside = false;
	}
	CLAIM(!inside);
}

static void draw(const struct symbols *symbols, struct input *input)
{
	struct flame_place places[PLACES];
	unsigned int nr = input_below(input, PLACES + 1), i;
	struct flame root = { 0 };
	size_t bytes = 0;
	char *text = NULL;
	__u64 sum = 0;
	FILE *out;

	for (i = 0; i < nr; i++) {
		memset(&places[i], 0, sizeof(places[i]));
		places[i].key.vm = input_below(input, 3);
		places[i].key.rip = symbols->nr && i & 1 ?
			symbols->list[i % symbols->nr].address : input_value(input);
		places[i].key.reason = input_value(input);
		places[i].value.samples = input_number(input, 1);
		sum += places[i].value.samples;
	}
	CLAIM(!flame_add_places(&root, places, nr, symbols, FLAME_SAMPLES));
	CLAIM(root.total == sum);
	out = open_memstream(&text, &bytes);
	flame_print_folded(out, &root);
	fclose(out);
	CLAIM(sum_folded(text) == sum);
	free(text);
	out = open_memstream(&text, &bytes);
	flame_print_svg(out, &root, "title", "exits");
	fclose(out);
	CLAIM(strlen(text) == bytes);
	check_svg(text);
	free(text);
	flame_free(&root);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	static int fd = -1;
	struct input input = { .at = data, .left = bytes };
	struct input addresses = input;
	struct symbols symbols;
	unsigned int i;
	int ret;

	if (fd < 0)
		fd = memfd_create("symbols", MFD_CLOEXEC);
	if (bytes > MAX_FILE || ftruncate(fd, 0) ||
	    pwrite(fd, data, bytes, 0) != (ssize_t)bytes || lseek(fd, 0, SEEK_SET))
		return 0;
	ret = symbols_load_fd(&symbols, fd);
	if (ret) {
		check_refusal(&symbols, ret);
		symbols_free(&symbols);
		return 0;
	}
	check_list(&symbols);
	for (i = 0; i < LOOKUPS; i++)
		look_up(&symbols, input_value(&addresses));
	for (i = 0; i < LOOKUPS && i < symbols.nr; i++) {
		look_up(&symbols, symbols.list[i].end);
		look_up(&symbols, symbols.list[i].address - 1);
	}
	draw(&symbols, &addresses);
	symbols_free(&symbols);
	return 0;
}
