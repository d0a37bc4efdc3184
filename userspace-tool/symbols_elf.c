// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols of an ELF file, such as vmlinux: its symbol table.
 */
#include <string.h>

#include <gelf.h>

#include "symbols_read.h"

/*
 * A kernel built with a section for each function has less; a small file with a
 * large number in its header is not to keep us busy.
 */
#define MAX_SECTIONS	(1U << 20)

static enum symbols_rank rank_of(const GElf_Sym *sym)
{
	unsigned char type = GELF_ST_TYPE(sym->st_info);

	/* Assembler code may lack a type. */
	if (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC)
		return SYMBOLS_BOUND;
	switch (GELF_ST_BIND(sym->st_info)) {
	case STB_GLOBAL:
		return SYMBOLS_GLOBAL;
	case STB_WEAK:
		return SYMBOLS_WEAK;
	default:
		return SYMBOLS_LOCAL;
	}
}

/* Whether an address in the guest has this name. */
static bool is_place(const GElf_Sym *sym)
{
	unsigned char type = GELF_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS &&
	       sym->st_shndx != SHN_COMMON && type != STT_FILE &&
	       type != STT_SECTION && type != STT_TLS;
}

static int add(struct symbols *symbols, Elf *elf, size_t strings,
	       const GElf_Sym *sym)
{
	struct symbol symbol = { .address = sym->st_value };
	const char *name;

	if (!is_place(sym))
		return 0;
	name = elf_strptr(elf, strings, sym->st_name);
	if (!name)
		return symbols_refuse(symbols,
				      "a symbol's name is outside of the ELF string table; the file is cut off or damaged");
	if (!*name)
		return 0;
	symbol.rank = rank_of(sym);
	if (sym->st_size <= ~0ULL - sym->st_value)
		symbol.end = sym->st_value + sym->st_size;
	return symbols_add(symbols, &symbol, name, strlen(name));
}

static int read_table(struct symbols *symbols, Elf *elf, Elf_Scn *section,
		      const GElf_Shdr *header)
{
	GElf_Sym sym;
	Elf_Data *data;
	size_t entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT), i, nr;
	int ret = 0;

	if (!entry || header->sh_size / entry > SYMBOLS_MAX)
		return symbols_refuse(symbols, "has more than %u symbols",
				      SYMBOLS_MAX);
	data = elf_getdata(section, NULL);
	if (!data)
		return symbols_refuse(symbols,
				      "the ELF symbol table is cut off or damaged");
	nr = data->d_size / entry;
	for (i = 0; i < nr && !ret; i++) {
		if (!gelf_getsym(data, i, &sym))
			return symbols_refuse(symbols,
					      "the ELF symbol table is cut off or damaged");
		ret = add(symbols, elf, header->sh_link, &sym);
	}
	return ret;
}

static int read_sections(struct symbols *symbols, Elf *elf)
{
	Elf_Scn *section = NULL;
	bool found = false;
	GElf_Shdr header;
	size_t count;
	int ret = 0;

	if (elf_kind(elf) != ELF_K_ELF || elf_getshdrnum(elf, &count) ||
	    count > MAX_SECTIONS)
		return symbols_refuse(symbols,
				      "the ELF header is cut off or damaged");
	while (!ret && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			return symbols_refuse(symbols,
					      "the ELF section headers are cut off or damaged");
		if (header.sh_type != SHT_SYMTAB)
			continue;
		/* Of many, each could be as large as the file, and cost as much memory. */
		if (found)
			return symbols_refuse(symbols,
					      "has more than one ELF symbol table; the file is damaged");
		found = true;
		ret = read_table(symbols, elf, section, &header);
	}
	return ret;
}

/**
 * symbols_read_elf() - read the symbol table of an ELF file
 * @symbols: gets them
 * @fd: the file; not closed
 *
 * Return: 0; -EINVAL with &symbols.error.
 */
int symbols_read_elf(struct symbols *symbols, int fd)
{
	Elf *elf = NULL;
	int ret;

	/* Not mapped: a file that becomes shorter must not kill us. */
	if (elf_version(EV_CURRENT) != EV_NONE)
		elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return symbols_refuse(symbols, "libelf: %s", elf_errmsg(-1));
	ret = read_sections(symbols, elf);
	elf_end(elf);
	return ret;
}
