// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols: look-ups, and files that are whole, cut off and damaged.  Built with the
 * address sanitizer.
 */
#include <elf.h>
#include <stddef.h>

#include "symbols.h"
#include "tests/image_test.h"

#define KERNEL		0xffffffff81000000ULL

static int load(struct symbols *symbols, const void *bytes, size_t nr)
{
	const struct image_file file = test_file(bytes, nr);

	lseek(file.fd, 0, SEEK_SET);
	return symbols_load_fd(symbols, file.fd);
}

static bool refused(const void *bytes, size_t nr, const char *why)
{
	struct symbols symbols;
	int ret = load(&symbols, bytes, nr);
	bool right = ret == -EINVAL && strstr(symbols.error, why) &&
		     !strchr(symbols.error, '\n');

	if (!right)
		printf("# %d: %s\n", ret, symbols.error);
	symbols_free(&symbols);
	return right;
}

static bool refused_text(const char *text, const char *why)
{
	return refused(text, strlen(text), why);
}

/* @name NULL: no symbol. */
static bool finds(const struct symbols *symbols, __u64 address, const char *name,
		  __u64 offset)
{
	__u64 got = 0;
	const char *found = symbols_find(symbols, address, &got);

	if (!name ? !found : found && !strcmp(found, name) && got == offset)
		return true;
	printf("# 0x%llx: %s+0x%llx\n", address, found ? found : "(none)", got);
	return false;
}

static const char map[] =
	"0000000000000000 D __per_cpu_start\n"
	"0000000000001000 A absolute\n"
	"ffffffff81000100 t beta\n"
	"ffffffff81000000 T _text\n"
	"ffffffff81000000 t alias\n"
	"ffffffff81000100 T beta_global\n"
	"ffffffff81000100 W beta_weak\n"
	"ffffffff81000200 D some_data\n"
	"ffffffff82000000 t last\t[module]\n";

static void test_map(void)
{
	struct symbols symbols;

	ok(!load(&symbols, map, strlen(map)) && symbols.nr == 5,
	   "a System.map: one symbol for each address, absolute ones left out");
	ok(finds(&symbols, KERNEL, "_text", 0) &&
	   finds(&symbols, KERNEL + 0xff, "_text", 0xff), "first and last byte");
	ok(finds(&symbols, KERNEL + 0x142, "beta_global", 0x42),
	   "of several names the global one");
	ok(finds(&symbols, KERNEL + 0x200, NULL, 0) &&
	   finds(&symbols, KERNEL + 0x20000, NULL, 0), "data is not code");
	ok(finds(&symbols, 0, NULL, 0) && finds(&symbols, 0x2000, NULL, 0) &&
	   finds(&symbols, KERNEL - 1, NULL, 0), "before the first function");
	ok(finds(&symbols, 0xffffffff82000fffULL, "last", 0xfff) &&
	   finds(&symbols, 0xffffffff82001000ULL, NULL, 0) &&
	   finds(&symbols, ~0ULL, NULL, 0), "the last one has an end, too");
	symbols_free(&symbols);
}

static void test_top(void)
{
	struct symbols symbols;

	ok(!load(&symbols, "ffffffffffffff00 T top", 22) &&
	   finds(&symbols, ~0ULL - 1, "top", 0xfe), "the top of the address space");
	symbols_free(&symbols);
}

static void test_many(void)
{
	struct symbols symbols;
	unsigned int i, nr = 30000, right = 0;
	char *text = NULL, name[32];
	size_t bytes;
	FILE *file = open_memstream(&text, &bytes);

	for (i = nr; i--; )
		fprintf(file, "%016llx T f%u\n", KERNEL + i * 16ULL, i);
	fclose(file);
	ok(!load(&symbols, text, bytes) && symbols.nr == nr, "30,000 symbols, upside down");
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		right += finds(&symbols, KERNEL + i * 16ULL, name, 0) &&
			 finds(&symbols, KERNEL + i * 16ULL + 15, name, 15);
	}
	ok(right == nr, "each is found");
	symbols_free(&symbols);
	free(text);
}

static void test_bad_maps(void)
{
	struct symbols symbols;
	char line[1200];

	ok(refused_text("", "has no symbols"), "an empty file");
	ok(refused_text("\n", "line 1"), "an empty line");
	ok(refused_text("ffffffff81000000 T a\nhello world\n", "line 2"), "text");
	ok(refused_text("-1 T a\n", "line 1") && refused_text(" 1 T a\n", "line 1") &&
	   refused_text("0x1 T a\n", "line 1"), "what strtoull() would take");
	ok(refused_text("11111111111111111 T a\n", "line 1"), "17 digits");
	ok(refused_text("1 T\n", "line 1") && refused_text("1\n", "line 1") &&
	   refused_text("1 TT a\n", "line 1"), "columns missing");
	ok(refused_text("1 T ", "name") && refused_text("1 T a\033[2Jb\n", "name"),
	   "no name, and one that clears the screen");
	ok(refused_text("0 T a\n0 t b\n", "as root in the guest"), "addresses hidden");
	ok(refused_text("1 D a\n", "no address of a function"), "no code");
	ok(refused("1 T a\0b\n2 T c\n", 14, "line 1"), "a NUL");
	snprintf(line, sizeof(line), "1 T %01000d\n", 0);
	ok(refused_text(line, "line 1"), "a line too long");
	snprintf(line, sizeof(line), "1 T %0513d\n", 0);
	ok(refused_text(line, "name"), "a name too long");
	line[4 + 512] = '\n';
	line[4 + 513] = '\0';
	ok(!load(&symbols, line, strlen(line)), "the longest name");
	symbols_free(&symbols);
}

struct elf {
	Elf64_Ehdr header;
	Elf64_Shdr sections[4];
	Elf64_Sym symbols[6];
	char names[32];
	char section_names[8];
};

#define SYM(_name, _type, _bind, _at, _size) { .st_name = _name, \
	.st_info = ELF64_ST_INFO(_bind, _type), .st_shndx = 3, \
	.st_value = _at, .st_size = _size }

/* Symbols, their names, names of sections, and a section that they are in. */
static struct elf good(void)
{
	static const char names[] = "\0one\0two\0data\0three";
	struct elf elf = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_shoff = offsetof(struct elf, sections),
			.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 4,
		},
		.sections = {
			{ 0 },
			{ .sh_type = SHT_SYMTAB, .sh_link = 2,
			  .sh_offset = offsetof(struct elf, symbols),
			  .sh_size = sizeof(elf.symbols),
			  .sh_entsize = sizeof(Elf64_Sym) },
			{ .sh_type = SHT_STRTAB,
			  .sh_offset = offsetof(struct elf, names),
			  .sh_size = sizeof(elf.names) },
			{ .sh_type = SHT_NOBITS, .sh_size = 0x1000 },
		},
		.symbols = {
			{ 0 },
			SYM(1, STT_FUNC, STB_GLOBAL, KERNEL, 0x10),
			SYM(5, STT_NOTYPE, STB_LOCAL, KERNEL + 0x20, 0),
			SYM(9, STT_OBJECT, STB_GLOBAL, KERNEL + 0x40, 8),
			SYM(14, STT_FUNC, STB_WEAK, KERNEL + 0x50, 0x10),
			SYM(0, STT_SECTION, STB_LOCAL, KERNEL + 0x55, 0),
		},
	};

	memcpy(elf.names, names, sizeof(names));
	return elf;
}

static void test_elf(void)
{
	struct elf elf = good();
	struct symbols symbols;

	ok(!load(&symbols, &elf, sizeof(elf)) && symbols.nr == 4, "an ELF file");
	ok(finds(&symbols, KERNEL + 0xf, "one", 0xf) &&
	   finds(&symbols, KERNEL + 0x10, NULL, 0), "a function with a size");
	ok(finds(&symbols, KERNEL + 0x3f, "two", 0x1f) &&
	   finds(&symbols, KERNEL + 0x40, NULL, 0), "one without, up to the next");
	ok(finds(&symbols, KERNEL + 0x57, "three", 7), "a section's symbol does not count");
	symbols_free(&symbols);
	elf.symbols[4].st_shndx = SHN_UNDEF;
	elf.symbols[2].st_shndx = SHN_ABS;
	ok(!load(&symbols, &elf, sizeof(elf)) && symbols.nr == 2 &&
	   finds(&symbols, KERNEL + 0x50, NULL, 0), "neither undefined nor absolute ones");
	symbols_free(&symbols);
}

static void test_bad_elf(void)
{
	struct elf elf = good();
	unsigned int cut, silent = 0;
	struct symbols symbols;

	elf.sections[1].sh_type = SHT_PROGBITS;
	ok(refused(&elf, sizeof(elf), "has no symbols"), "stripped");
	elf = good();
	elf.symbols[1].st_name = 0x7fffffff;
	ok(refused(&elf, sizeof(elf), "damaged"), "a name outside of the table");
	elf = good();
	elf.sections[1].sh_link = 77;
	ok(refused(&elf, sizeof(elf), "damaged"), "no string table");
	elf = good();
	elf.sections[1].sh_size = ~0ULL / 2;
	ok(refused(&elf, sizeof(elf), "more than"), "a huge table");
	elf = good();
	elf.sections[3] = elf.sections[1];
	ok(refused(&elf, sizeof(elf), "more than one"), "two tables");
	elf = good();
	elf.names[2] = '\033';
	ok(refused(&elf, sizeof(elf), "printable"), "a name that a terminal obeys");
	elf = good();
	elf.symbols[1].st_size = ~0ULL;
	ok(!load(&symbols, &elf, sizeof(elf)) &&
	   finds(&symbols, KERNEL + 0x1f, "one", 0x1f), "a size that wraps around");
	symbols_free(&symbols);
	elf = good();
	for (cut = 0; cut < sizeof(elf); cut++) {
		silent += load(&symbols, &elf, cut) && !symbols.error[0];
		symbols_free(&symbols);
	}
	ok(!silent, "cut off at every byte: read, or refused with a line");
}

static void test_paths(void)
{
	struct symbols symbols;

	ok(symbols_load(&symbols, "/nowhere") == -EINVAL &&
	   strstr(symbols.error, "No such file"), "no such file");
	symbols_free(&symbols);
	ok(symbols_load(&symbols, "/") == -EINVAL &&
	   strstr(symbols.error, "Is a directory"), "a folder");
	symbols_free(&symbols);
}

int main(void)
{
	test_map();
	test_top();
	test_many();
	test_bad_maps();
	test_elf();
	test_bad_elf();
	test_paths();
	return tap_done();
}
