/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Symbols of a guest's kernel: from an address to the function that holds it.
 *
 * They come from a System.map, from what /proc/kallsyms of the guest showed, or from
 * the symbol table of an ELF file such as vmlinux.  The file is anyone's: its size,
 * the number of its symbols and the length of their names are bounded, and a name
 * that could do something to a terminal is refused.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/** define SYMBOLS_MAX - most symbols that are read; a kernel has 200,000 */
#define SYMBOLS_MAX	4000000U
/** define SYMBOLS_NAME_MAX - longest name, as Linux' KSYM_NAME_LEN */
#define SYMBOLS_NAME_MAX 512U

/**
 * struct symbol - a symbol
 * @address: of its first byte
 * @end: address behind its last byte
 * @name: where its name begins in &symbols.names
 * @rank: which of several at one address is shown: the highest; 0 for what is not code
 *	and only tells where the code before it ends
 */
struct symbol {
	__u64 address;
	__u64 end;
	__u32 name;
	__u32 rank;
};

/**
 * struct symbols - the symbols of a guest
 * @list: these, by address; no two have the same
 * @nr: how many
 * @room: for how many there is room
 * @names: their names, each with a NUL behind it
 * @names_bytes: how long all of that is
 * @names_room: for how much there is room
 * @error: after an error: what is wrong, without the file's name
 */
struct symbols {
	struct symbol *list;
	size_t nr;
	size_t room;
	char *names;
	size_t names_bytes;
	size_t names_room;
	char error[160];
};

int symbols_load(struct symbols *symbols, const char *path);
int symbols_load_fd(struct symbols *symbols, int fd);
void symbols_free(struct symbols *symbols);
const char *symbols_find(const struct symbols *symbols, __u64 address,
			 __u64 *offset);

#endif /* SYMBOLS_H */
