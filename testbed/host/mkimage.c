// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the memory images that Bochs loads before the first instruction: the
 * low one and the high one, which is the kernel's segments as they lie in
 * physical memory with the initramfs behind them. Both are described in
 * guest/handoff.h. Prints the high image's address.
 *
 * mkimage -c COMMAND-LINE -k VMLINUX -l LOW -h HIGH -m MEMORY-MIB INITRAMFS...
 * mkimage -r ROM: fill in the option ROM's checksum instead.
 *
 * Several INITRAMFS files are joined; the kernel unpacks one after the other.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../guest/handoff.h"

#define ALIGN(x, a)	(((x) + (a) - 1) & ~((uint64_t)(a) - 1))

/* struct boot_params: the fields that the kernel itself still reads. */
#define HDR_BOOT_FLAG		0x1fe
#define HDR_MAGIC		0x202
#define HDR_VERSION		0x206
#define HDR_LOADER		0x210
#define HDR_LOADFLAGS		0x211
#define HDR_RAMDISK		0x218
#define HDR_RAMDISK_SIZE	0x21c
#define HDR_COMMAND_LINE	0x228

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("testbed: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(126);
}

static void put(void *at, uint64_t value, size_t len)
{
	memcpy(at, &value, len);	/* both sides are little endian */
}

static const void *map_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	close(fd);
	*len = st.st_size;
	return map;
}

static void write_at(int fd, const void *data, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t done = pwrite(fd, data, len, offset);

		if (done <= 0)
			die("cannot write the memory image: %s", strerror(errno));
		data = (const char *)data + done;
		offset += done;
		len -= done;
	}
}

/* Where in the image what belongs to a physical address lies. */
static uint64_t image_offset(uint64_t address, uint64_t kernel_start)
{
	return SPARE_BLOCKS * BLOCK_SIZE + address - kernel_start;
}

struct kernel {
	uint64_t entry;
	uint64_t start;		/* lowest physical address */
	uint64_t end;		/* behind the highest, bss included */
};

static struct kernel load_kernel(const char *path, int fd)
{
	struct kernel kernel = { .start = UINT64_MAX };
	size_t len;
	const char *file = map_file(path, &len);
	const Elf64_Ehdr *elf = (const void *)file;
	const Elf64_Phdr *seg;
	int i;

	if (len < sizeof(*elf) || memcmp(elf->e_ident, ELFMAG, SELFMAG) ||
	    elf->e_machine != EM_X86_64 ||
	    elf->e_phoff + elf->e_phnum * sizeof(*seg) > len)
		die("%s: no x86-64 ELF", path);
	seg = (const void *)(file + elf->e_phoff);
	for (i = 0; i < elf->e_phnum; i++) {
		if (seg[i].p_type == PT_LOAD && seg[i].p_paddr < kernel.start)
			kernel.start = seg[i].p_paddr;
	}
	if (kernel.start < KERNEL_ADDR)
		die("%s: wants to lie below 16 MiB", path);
	for (i = 0; i < elf->e_phnum; i++) {
		if (seg[i].p_type != PT_LOAD)
			continue;
		if (seg[i].p_offset + seg[i].p_filesz > len)
			die("%s: cut off", path);
		write_at(fd, file + seg[i].p_offset, seg[i].p_filesz,
			 image_offset(seg[i].p_paddr, kernel.start));
		if (seg[i].p_paddr + seg[i].p_memsz > kernel.end)
			kernel.end = seg[i].p_paddr + seg[i].p_memsz;
	}
	kernel.entry = elf->e_entry;
	return kernel;
}

/* Appends a file; the next one starts at a multiple of four, as cpio wants. */
static uint64_t append(int fd, const char *path, uint64_t offset)
{
	int from = open(path, O_RDONLY);
	struct stat st;
	off_t left;

	if (from < 0 || fstat(from, &st))
		die("%s: %s", path, strerror(errno));
	if (lseek(fd, offset, SEEK_SET) < 0)
		die("memory image: %s", strerror(errno));
	for (left = st.st_size; left > 0;) {
		ssize_t done = sendfile(fd, from, NULL, left);

		if (done <= 0)
			die("%s: %s", path, strerror(errno));
		left -= done;
	}
	close(from);
	return ALIGN(offset + st.st_size, 4);
}

static void make_low(const char *path, const struct kernel *kernel,
		     uint64_t ramdisk, uint64_t ramdisk_size, const char *command_line)
{
	static unsigned char low[LOW_IMAGE_SIZE];
	unsigned char *params = low + BOOT_PARAMS_ADDR - HANDOFF_ADDR;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	put(low, HANDOFF_MAGIC, 4);
	put(low + HANDOFF_ENTRY, kernel->entry, 8);
	put(low + HANDOFF_START, kernel->start, 4);
	put(low + HANDOFF_END, ramdisk + ramdisk_size, 4);
	put(params + HDR_BOOT_FLAG, 0xaa55, 2);
	memcpy(params + HDR_MAGIC, "HdrS", 4);
	put(params + HDR_VERSION, 0x20f, 2);
	put(params + HDR_LOADER, 0xff, 1);
	put(params + HDR_LOADFLAGS, 1, 1);
	put(params + HDR_RAMDISK, ramdisk, 4);
	put(params + HDR_RAMDISK_SIZE, ramdisk_size, 4);
	put(params + HDR_COMMAND_LINE, COMMAND_LINE_ADDR, 4);
	if (strlen(command_line) >= COMMAND_LINE_SIZE)
		die("the kernel command line is longer than %d bytes", COMMAND_LINE_SIZE - 1);
	strcpy((char *)low + COMMAND_LINE_ADDR - HANDOFF_ADDR, command_line);
	write_at(fd, low, sizeof(low), 0);
	close(fd);
}

static void finish_rom(const char *path)
{
	int fd = open(path, O_RDWR);
	unsigned char rom[65536];
	unsigned char sum = 0;
	ssize_t len, i;

	len = fd < 0 ? -1 : read(fd, rom, sizeof(rom));
	if (len <= 0)
		die("%s: %s", path, strerror(errno));
	for (i = 0; i < len - 1; i++)
		sum += rom[i];
	sum = -sum;
	write_at(fd, &sum, 1, len - 1);
	close(fd);
}

int main(int argc, char **argv)
{
	const char *command_line = "", *vmlinux = NULL, *low = NULL, *high = NULL;
	uint64_t memory = 0, ramdisk, ramdisk_size, offset;
	uint32_t magic = HANDOFF_MAGIC;
	struct kernel kernel;
	int fd, opt;

	while ((opt = getopt(argc, argv, "c:h:k:l:m:r:")) != -1) {
		switch (opt) {
		case 'c':
			command_line = optarg;
			break;
		case 'h':
			high = optarg;
			break;
		case 'k':
			vmlinux = optarg;
			break;
		case 'l':
			low = optarg;
			break;
		case 'm':
			memory = strtoull(optarg, NULL, 0) << 20;
			break;
		case 'r':
			finish_rom(optarg);
			return 0;
		default:
			return 126;
		}
	}
	if (!vmlinux || !low || !high)
		die("mkimage needs -k, -l and -h");
	fd = open(high, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		die("%s: %s", high, strerror(errno));
	kernel = load_kernel(vmlinux, fd);
	write_at(fd, &magic, sizeof(magic), (SPARE_BLOCKS - 1) * BLOCK_SIZE);
	ramdisk = ALIGN(kernel.end, 0x200000);
	offset = image_offset(ramdisk, kernel.start);
	for (; optind < argc; optind++)
		offset = append(fd, argv[optind], offset);
	write_at(fd, &magic, sizeof(magic), offset);
	ramdisk_size = offset - image_offset(ramdisk, kernel.start);
	/* The kernel wants room to unpack what it was given. */
	if (ramdisk + 2 * ramdisk_size > memory)
		die("%llu MiB of memory are too few for kernel and initramfs",
		    (unsigned long long)memory >> 20);
	make_low(low, &kernel, ramdisk, ramdisk_size, command_line);
	printf("0x%x\n", IMAGE_ADDR);
	return 0;
}
