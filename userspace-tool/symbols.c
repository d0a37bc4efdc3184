// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols of a guest's kernel: the list, and looking something up in it.
 *
 * Who reads which file: symbols_map.c lists of text, symbols_elf.c ELF.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols.h"
#include "symbols_read.h"

/* How far the last symbol reaches where nobody says. */
#define LAST_BYTES	4096
#define MAGIC		"\177ELF"
#define MAGIC_BYTES	4

/**
 * symbols_refuse() - remember what is wrong with a file
 * @symbols: gets it
 * @fmt: what; the file's name comes before it
 *
 * Return: -EINVAL.
 */
int symbols_refuse(struct symbols *symbols, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(symbols->error, sizeof(symbols->error), fmt, args);
	va_end(args);
	return -EINVAL;
}

/* Make room for one more symbol and its name. */
static bool grow(struct symbols *symbols, size_t bytes)
{
	size_t room;
	void *more;

	if (symbols->nr == symbols->room) {
		room = symbols->room ? 2 * symbols->room : 4096;
		more = reallocarray(symbols->list, room, sizeof(*symbols->list));
		if (!more)
			return false;
		symbols->list = more;
		symbols->room = room;
	}
	if (symbols->names_room - symbols->names_bytes < bytes) {
		room = 2 * symbols->names_room + (64U << 10);
		more = realloc(symbols->names, room);
		if (!more)
			return false;
		symbols->names = more;
		symbols->names_room = room;
	}
	return true;
}

/* Neither blanks nor bytes that a terminal obeys. */
static bool printable(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f)
			return false;
	return length;
}

/**
 * symbols_add() - add a symbol
 * @symbols: gets it
 * @symbol: all of it but the name
 * @name: its name, copied
 * @length: how long that is
 *
 * Return: 0; -EINVAL with &symbols.error.
 */
int symbols_add(struct symbols *symbols, const struct symbol *symbol,
		const char *name, size_t length)
{
	struct symbol *new;

	if (!printable(name, length) || length > SYMBOLS_NAME_MAX)
		return symbols_refuse(symbols,
				      "symbol %zu has a name that is empty, too long, or not printable",
				      symbols->nr + 1);
	if (symbols->nr == SYMBOLS_MAX)
		return symbols_refuse(symbols, "has more than %u symbols",
				      SYMBOLS_MAX);
	if (!grow(symbols, length + 1))
		return symbols_refuse(symbols, "out of memory for its symbols");
	new = &symbols->list[symbols->nr++];
	*new = *symbol;
	new->name = symbols->names_bytes;
	memcpy(symbols->names + symbols->names_bytes, name, length);
	symbols->names[symbols->names_bytes + length] = '\0';
	symbols->names_bytes += length + 1;
	return 0;
}

/* By address, then the one that is shown first, then as the file has them. */
static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void sort(struct symbols *symbols)
{
	struct symbol *list = symbols->list;
	size_t i, nr = 0;

	qsort(list, symbols->nr, sizeof(*list), compare);
	for (i = 0; i < symbols->nr; i++)
		if (!nr || list[i].address != list[nr - 1].address)
			list[nr++] = list[i];
	symbols->nr = nr;
	/* What does not say where it ends goes up to its neighbour. */
	for (i = 0; i < nr; i++) {
		if (list[i].end > list[i].address)
			continue;
		if (i + 1 < nr)
			list[i].end = list[i + 1].address;
		else
			list[i].end = list[i].address > ~0ULL - LAST_BYTES ?
				      ~0ULL : list[i].address + LAST_BYTES;
	}
}

static bool any_code(const struct symbols *symbols)
{
	size_t i;

	for (i = 0; i < symbols->nr; i++)
		if (symbols->list[i].rank && symbols->list[i].address)
			return true;
	return false;
}

/**
 * symbols_load_fd() - read symbols
 * @symbols: filled in; symbols_free() undoes it, also after an error
 * @fd: a regular file, or a pipe with a list of text; not closed
 *
 * Return: 0; -EINVAL with &symbols.error.
 */
int symbols_load_fd(struct symbols *symbols, int fd)
{
	char magic[MAGIC_BYTES];
	int ret;

	memset(symbols, 0, sizeof(*symbols));
	if (pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	    !memcmp(magic, MAGIC, sizeof(magic)))
		ret = symbols_read_elf(symbols, fd);
	else
		ret = symbols_read_map(symbols, fd);
	if (ret)
		return ret;
	if (!symbols->nr)
		return symbols_refuse(symbols,
				      "has no symbols; give a System.map, or a vmlinux that is not stripped");
	if (!any_code(symbols))
		return symbols_refuse(symbols,
				      "has no address of a function; as root in the guest, /proc/kallsyms shows them");
	sort(symbols);
	return 0;
}

/**
 * symbols_load() - read symbols from a file
 * @symbols: filled in; symbols_free() undoes it, also after an error
 * @path: its name
 *
 * Return: 0; -EINVAL with &symbols.error.
 */
int symbols_load(struct symbols *symbols, const char *path)
{
	struct stat stat;
	int fd, ret;

	memset(symbols, 0, sizeof(*symbols));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return symbols_refuse(symbols, "%s", strerror(errno));
	if (!fstat(fd, &stat) && S_ISDIR(stat.st_mode))
		ret = symbols_refuse(symbols, "%s", strerror(EISDIR));
	else
		ret = symbols_load_fd(symbols, fd);
	close(fd);
	return ret;
}

/**
 * symbols_free() - forget all symbols
 * @symbols: from symbols_load(), or zeroed
 */
void symbols_free(struct symbols *symbols)
{
	free(symbols->list);
	free(symbols->names);
	memset(symbols, 0, sizeof(*symbols));
}

/**
 * symbols_find() - what an address belongs to
 * @symbols: where to look
 * @address: the address
 * @offset: out: how far behind the symbol's first byte it is
 *
 * Return: the symbol's name, or NULL where no code is known.
 */
const char *symbols_find(const struct symbols *symbols, __u64 address,
			 __u64 *offset)
{
	size_t low = 0, high = symbols->nr, middle;
	const struct symbol *symbol;

	/* The first one that begins behind the address. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (symbols->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	symbol = &symbols->list[low - 1];
	if (!symbol->rank || address >= symbol->end)
		return NULL;
	*offset = address - symbol->address;
	return symbols->names + symbol->name;
}
