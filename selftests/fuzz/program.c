// SPDX-License-Identifier: GPL-2.0
/* Programs and their text: see program.h. */
#include "program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "op.h"

/* Names for numbers that mean a place or a descriptor. */
struct place {
	const char *name;
	unsigned int nr;
	__u64 first;
	__u64 stride;
};

static const struct place areas[] = {
	{ "mem", NR_MEM, MEM(0), MEM_STRIDE },
	{ "run", NR_VCPUS, RUN(0), RUN_STRIDE },
	{ "arg", 0, ARG, ARG_STRIDE },
};

static const struct place fds[] = {
	{ "keel", 0, FD_KEEL, 1 },
	{ "vm", NR_VMS, FD_VM(0), 1 },
	{ "vcpu", NR_VCPUS, FD_VCPU(0), 1 },
	{ "event", NR_EVENTS, FD_EVENT(0), 1 },
	{ "socket", 2, FD_SOCKET(0), 1 },
	{ "null", 0, FD_NULL, 1 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool call_get(const struct call *c, unsigned int leaf, __u64 *value)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++) {
		if (c->values[i].leaf != leaf)
			continue;
		*value = c->values[i].value;
		return true;
	}
	return false;
}

void call_set(struct call *c, unsigned int leaf, __u64 value)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		if (c->values[i].leaf == leaf)
			break;
	if (i == MAX_VALUES)
		return;
	if (i == c->nr)
		c->nr++;
	c->values[i].leaf = leaf;
	c->values[i].value = value;
}

void call_unset(struct call *c, unsigned int i)
{
	c->nr--;
	memmove(&c->values[i], &c->values[i + 1], (c->nr - i) * sizeof(c->values[0]));
}

bool program_add(struct program *p, const struct call *c)
{
	if (p->nr == MAX_CALLS)
		return false;
	p->calls[p->nr++] = *c;
	return true;
}

void program_remove(struct program *p, unsigned int i)
{
	p->nr--;
	memmove(&p->calls[i], &p->calls[i + 1], (p->nr - i) * sizeof(p->calls[0]));
}

/* Whether the number is in one of the places, and its name and what is left. */
static bool print_place(const struct place *places, size_t nr, __u64 value, char *text,
			size_t size)
{
	const struct place *p;
	__u64 i, rest;
	int len;

	for (p = places; p < places + nr; p++) {
		i = (value - p->first) / p->stride;
		if (value < p->first || i >= (p->nr ? p->nr : 1))
			continue;
		rest = (value - p->first) % p->stride;
		len = p->nr ? snprintf(text, size, "%s%llu", p->name, i) :
			      snprintf(text, size, "%s", p->name);
		if (rest)
			snprintf(text + len, size - len, "+0x%llx", rest);
		return true;
	}
	return false;
}

static bool is_fd(enum abi_kind kind)
{
	return kind == KIND_EVENTFD || (kind >= KIND_TO_VM && kind <= KIND_TO_ANY);
}

static void print_value(const struct abi_leaf *leaf, __u64 value, char *text, size_t size)
{
	bool together = leaf->kind == KIND_FLAGS, first = true;
	unsigned int i;
	int len = 0;

	if (is_fd(leaf->kind) && print_place(fds, COUNT(fds), value, text, size))
		return;
	if (print_place(areas, COUNT(areas), value, text, size))
		return;
	for (i = 0; i < leaf->nr_values; i++) {
		const struct abi_constant *k = &leaf->values[i];

		if (!k->name || !(together ? k->value && (value & k->value) == k->value :
				  value == k->value))
			continue;
		len += snprintf(text + len, size - len, "%s%s", first ? "" : "|", k->name);
		first = false;
		value &= ~k->value;
	}
	if (value || first)
		snprintf(text + len, size - len, "%s0x%llx", first ? "" : "|", value);
}

void call_print(const struct call *c, char *text, size_t size)
{
	const struct op *op = &ops[c->op];
	char word[256];
	unsigned int i;
	int len;

	if (c->fd < 0 || !print_place(fds, COUNT(fds), c->fd, word, sizeof(word)))
		strcpy(word, "-");
	len = snprintf(text, size, "%u %s %s", c->thread, op->name, word);
	for (i = 0; i < c->nr && len < (int)size; i++) {
		const struct abi_leaf *leaf = op_leaf(op, c->values[i].leaf);

		print_value(leaf, c->values[i].value, word, sizeof(word));
		len += snprintf(text + len, size - len, " %s=%s", leaf->name, word);
	}
}

static bool parse_place(const struct place *places, size_t nr, const char *name, size_t len,
			__u64 *value)
{
	const struct place *p;
	size_t stem;

	for (p = places; p < places + nr; p++) {
		stem = strlen(p->name);
		if (len < stem || strncmp(name, p->name, stem))
			continue;
		if (!p->nr && len == stem) {
			*value = p->first;
			return true;
		}
		if (p->nr && len == stem + 1 && name[stem] >= '0' &&
		    (unsigned int)(name[stem] - '0') < p->nr) {
			*value = p->first + p->stride * (name[stem] - '0');
			return true;
		}
	}
	return false;
}

static bool parse_constant(const struct abi_constant *list, unsigned int nr, const char *name,
			   size_t len, __u64 *value)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!list[i].name || strlen(list[i].name) != len ||
		    strncmp(list[i].name, name, len))
			continue;
		*value = list[i].value;
		return true;
	}
	return false;
}

static unsigned int nr_constants(void)
{
	unsigned int i;

	for (i = 0; abi_constants[i].name; i++)
		;
	return i;
}

static bool parse_word(const struct abi_leaf *leaf, const char *word, size_t len, __u64 *value)
{
	char number[32], *end;

	if (parse_constant(leaf->values, leaf->nr_values, word, len, value) ||
	    parse_constant(abi_constants, nr_constants(), word, len, value) ||
	    parse_place(areas, COUNT(areas), word, len, value) ||
	    parse_place(fds, COUNT(fds), word, len, value))
		return true;
	if (!len || len >= sizeof(number))
		return false;
	memcpy(number, word, len);
	number[len] = 0;
	errno = 0;
	*value = strtoull(number, &end, 0);
	return !*end && !errno;
}

static bool parse_value(const struct abi_leaf *leaf, const char *text, size_t len, __u64 *value)
{
	char glue = '+';
	__u64 word;
	size_t n;

	*value = 0;
	while (len) {
		for (n = 0; n < len && text[n] != '+' && text[n] != '|'; n++)
			;
		if (!parse_word(leaf, text, n, &word))
			return false;
		*value = glue == '|' ? *value | word : *value + word;
		if (n == len)
			return true;
		glue = text[n];
		text += n + 1;
		len -= n + 1;
	}
	return false;
}

static const char *parse_assignment(struct call *c, const char *word)
{
	static char why[160];
	const struct op *op = &ops[c->op];
	const char *equals = strchr(word, '=');
	char name[64];
	__u64 value;
	int leaf;

	if (!equals || equals - word >= (int)sizeof(name))
		return "a word without '='";
	memcpy(name, word, equals - word);
	name[equals - word] = 0;
	leaf = op_find_leaf(op, name);
	if (leaf < 0) {
		snprintf(why, sizeof(why), "%s has no member %s", op->name, name);
		return why;
	}
	if (!parse_value(op_leaf(op, leaf), equals + 1, strlen(equals + 1), &value)) {
		snprintf(why, sizeof(why), "%s is neither a number nor a known name", word);
		return why;
	}
	if (c->nr == MAX_VALUES)
		return "too many values";
	call_set(c, leaf, value);
	return NULL;
}

const char *call_parse(struct call *c, const char *line)
{
	static char copy[2048];
	char *word, *save;
	const char *why = NULL;
	__u64 fd;
	int op;

	memset(c, 0, sizeof(*c));
	snprintf(copy, sizeof(copy), "%s", line);
	word = strtok_r(copy, " \t\n", &save);
	if (!word || word[1] || *word < '0' || *word >= '0' + MAX_THREADS)
		return "does not begin with the number of a thread";
	c->thread = *word - '0';
	word = strtok_r(NULL, " \t\n", &save);
	op = word ? op_find(word) : -1;
	if (op < 0)
		return "no such call";
	c->op = op;
	word = strtok_r(NULL, " \t\n", &save);
	c->fd = -1;
	if (word && parse_place(fds, COUNT(fds), word, strlen(word), &fd))
		c->fd = fd;
	else if (!word || strcmp(word, "-"))
		return "no such descriptor";
	while (!why && (word = strtok_r(NULL, " \t\n", &save)))
		why = parse_assignment(c, word);
	return why;
}

void program_write(const struct program *p, FILE *file)
{
	char line[2048];
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		call_print(&p->calls[i], line, sizeof(line));
		fprintf(file, "%s\n", line);
	}
}

int program_read(struct program *p, const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int number = 0;
	const char *why = NULL;
	char line[2048];
	struct call c;

	p->nr = 0;
	if (!file) {
		fprintf(stderr, "keel-fuzz: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while (!why && fgets(line, sizeof(line), file)) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		why = call_parse(&c, line);
		if (!why && !program_add(p, &c))
			why = "too many calls";
	}
	fclose(file);
	if (!why && !p->nr)
		why = "no call in the file";
	if (!why)
		return 0;
	fprintf(stderr, "keel-fuzz: %s:%u: %s\n", path, number, why);
	return -1;
}
