/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the readers of symbol files share; for symbols*.c alone.
 */
#ifndef SYMBOLS_READ_H
#define SYMBOLS_READ_H

#include "symbols.h"

/**
 * enum symbols_rank - &symbol.rank
 * @SYMBOLS_BOUND: not code: tells where code ends
 * @SYMBOLS_LOCAL: code that one file knows
 * @SYMBOLS_WEAK: code that another may have replaced
 * @SYMBOLS_GLOBAL: code that all know
 */
enum symbols_rank {
	SYMBOLS_BOUND,
	SYMBOLS_LOCAL,
	SYMBOLS_WEAK,
	SYMBOLS_GLOBAL,
};

int symbols_refuse(struct symbols *symbols, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int symbols_add(struct symbols *symbols, const struct symbol *symbol,
		const char *name, size_t length);
int symbols_read_map(struct symbols *symbols, int fd);
int symbols_read_elf(struct symbols *symbols, int fd);

#endif /* SYMBOLS_READ_H */
