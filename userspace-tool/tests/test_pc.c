// SPDX-License-Identifier: GPL-2.0
/*
 * What a PC has beside its interrupt controllers and clocks: port 92, keyboard
 * controller, host bridge, fw_cfg.  Expected values are those of IBM's technical
 * references, Intel's data sheet of the 440FX and QEMU's documentation.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/bus.h"
#include "devices/fw_cfg.h"
#include "devices/i8042.h"
#include "devices/pci_host.h"
#include "devices/port92.h"
#include "image_file.h"
#include "memory.h"
#include "tests/tap.h"

/* What the devices' outputs did. */
struct wires {
	unsigned int resets;
	unsigned int edges;
	bool level;
};

static void wire_reset(void *opaque)
{
	struct wires *wires = opaque;

	wires->resets++;
}

static void wire_irq(void *opaque, bool level)
{
	struct wires *wires = opaque;

	wires->edges += level && !wires->level;
	wires->level = level;
}

static const struct i8042_ops kbc_ops = { .irq = wire_irq, .reset = wire_reset };

static __u64 in(const struct bus *ports, __u64 port, unsigned int bytes)
{
	__u64 value;

	bus_read(ports, port, bytes, &value);
	return value;
}

static void test_port92(void)
{
	struct wires wires = { 0 };
	struct bus ports = { 0 };
	struct port92 port;

	port92_init(&port, wire_reset, &wires);
	ok(!port92_attach(&port, &ports) && in(&ports, 0x92, 1) == 2,
	   "port 92: address line 20 is on");
	bus_write(&ports, 0x92, 1, 0);
	ok(in(&ports, 0x92, 1) == 0 && !wires.resets,
	   "port 92: it keeps what is written");
	bus_write(&ports, 0x92, 1, 3);
	ok(wires.resets == 1 && in(&ports, 0x92, 1) == 3, "port 92: reset");
	bus_write(&ports, 0x92, 1, 3);
	ok(wires.resets == 1, "port 92: only the edge resets");
	bus_destroy(&ports);
}

static void kbc_command(struct bus *ports, __u8 command)
{
	bus_write(ports, 0x64, 1, command);
}

/* A command with data, or, where @command is 0, a byte to the keyboard. */
static void kbc_write(struct bus *ports, __u8 command, __u8 data)
{
	if (command)
		kbc_command(ports, command);
	bus_write(ports, 0x60, 1, data);
}

/* Whether exactly these bytes wait to be read. */
static bool kbc_says(struct bus *ports, const char *bytes, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!(in(ports, 0x64, 1) & 1))
			return false;
		if (in(ports, 0x60, 1) != (__u8)bytes[i])
			return false;
	}
	return !(in(ports, 0x64, 1) & 1);
}

static void test_kbc_controller(struct bus *ports, struct wires *wires)
{
	ok((in(ports, 0x64, 1) & 0x37) == 0x10,
	   "8042: buffers empty, self test not done, keyboard not locked");
	kbc_command(ports, 0xaa);
	ok(kbc_says(ports, "\x55", 1) && in(ports, 0x64, 1) & 4,
	   "8042: self test");
	kbc_command(ports, 0xab);
	ok(kbc_says(ports, "\0", 1), "8042: keyboard test");
	kbc_command(ports, 0xa9);
	ok(in(ports, 0x64, 1) & 1 && in(ports, 0x60, 1) != 0,
	   "8042: nothing on a second port");
	kbc_write(ports, 0x60, 0x45);
	kbc_command(ports, 0x20);
	ok((in(ports, 0x60, 1) & 0xdf) == 0x45, "8042: command byte");
	kbc_write(ports, 0x61, 0x99);
	kbc_command(ports, 0x21);
	ok(kbc_says(ports, "\x99", 1), "8042: its memory");
	kbc_write(ports, 0xd2, 0x77);
	ok(wires->level && kbc_says(ports, "\x77", 1) && !wires->level,
	   "8042: output buffer and its interrupt");
	kbc_write(ports, 0xd1, 0xdd);
	kbc_command(ports, 0xd0);
	ok((in(ports, 0x60, 1) & 3) == 1, "8042: address line 20 off");
	kbc_write(ports, 0xd1, 0xdf);
	ok(!wires->resets, "8042: nothing has reset yet");
	kbc_command(ports, 0xff);
	ok(!wires->resets, "8042: a pulse of no line");
	kbc_command(ports, 0xfe);
	ok(wires->resets == 1, "8042: a pulse of the reset line");
	kbc_write(ports, 0xd1, 0xde);
	ok(wires->resets == 2, "8042: reset by the output port");
}

static void test_kbc_keyboard(struct bus *ports, struct wires *wires)
{
	unsigned int edges;

	kbc_write(ports, 0x60, 0x01);
	kbc_write(ports, 0, 0xff);
	ok(kbc_says(ports, "\xfa\xaa", 2), "keyboard: reset");
	edges = wires->edges;
	kbc_write(ports, 0, 0xf2);
	ok(kbc_says(ports, "\xfa\xab\x83", 3) && wires->edges == edges + 3,
	   "keyboard: identify, an edge for each byte");
	kbc_write(ports, 0, 0xed);
	ok(kbc_says(ports, "\xfa", 1), "keyboard: lights");
	kbc_write(ports, 0, 0x02);
	ok(kbc_says(ports, "\xfa", 1), "keyboard: which");
	kbc_write(ports, 0, 0xf0);
	kbc_write(ports, 0, 0x00);
	ok(kbc_says(ports, "\xfa\xfa\x02", 3), "keyboard: scan code set");
	kbc_write(ports, 0, 0xee);
	ok(kbc_says(ports, "\xee", 1), "keyboard: echo");
	kbc_write(ports, 0, 0xf4);
	ok(kbc_says(ports, "\xfa", 1), "keyboard: enable");
	kbc_write(ports, 0, 0x10);
	ok(kbc_says(ports, "\xfe", 1), "keyboard: no such command");
	kbc_write(ports, 0x60, 0x41);
	kbc_write(ports, 0, 0xf2);
	ok(kbc_says(ports, "\xfa\xab\x41", 3), "keyboard: translated");
	kbc_write(ports, 0, 0xee);
	kbc_command(ports, 0xad);
	in(ports, 0x60, 1);
	kbc_write(ports, 0, 0xee);
	kbc_command(ports, 0xad);
	kbc_command(ports, 0x20);
	ok(in(ports, 0x60, 1) & 0x10, "8042: an answer while it is off");
	kbc_command(ports, 0xae);
	ok(!(in(ports, 0x64, 1) & 0x20), "8042: and on");
	for (edges = 0; edges < 1000; edges++)
		kbc_write(ports, 0, edges);
	for (edges = 0; edges < 100 && in(ports, 0x64, 1) & 1; edges++)
		in(ports, 0x60, 1);
	ok(edges <= I8042_QUEUE + 1, "keyboard: its queue has an end");
}

static void test_i8042(void)
{
	struct wires wires = { 0 };
	struct bus ports = { 0 };
	struct i8042 kbc;

	i8042_init(&kbc, &kbc_ops, &wires);
	ok(!i8042_attach(&kbc, &ports), "8042: attach");
	test_kbc_controller(&ports, &wires);
	test_kbc_keyboard(&ports, &wires);
	bus_destroy(&ports);
	i8042_destroy(&kbc);
}

static __u64 config_read(const struct bus *ports, __u32 address,
			 unsigned int bytes)
{
	bus_write((struct bus *)ports, 0xcf8, 4, 0x80000000 | (address & ~3));
	return in(ports, 0xcfc + (address & 3), bytes);
}

static void config_write(struct bus *ports, __u32 address, unsigned int bytes,
			 __u64 value)
{
	bus_write(ports, 0xcf8, 4, 0x80000000 | (address & ~3));
	bus_write(ports, 0xcfc + (address & 3), bytes, value);
}

static unsigned int writes;

static void written(struct pci_function *function, unsigned int offset,
		    unsigned int bytes)
{
	(void)function;
	writes += offset == 0x10 && bytes == 4;
}

static __u8 narrow_value;

static __u64 narrow_read(void *device, __u64 offset, unsigned int bytes)
{
	(void)device;
	(void)offset;
	(void)bytes;
	return narrow_value;
}

static void narrow_write(void *device, __u64 offset, unsigned int bytes,
			 __u64 value)
{
	(void)device;
	(void)offset;
	(void)bytes;
	narrow_value = value;
}

static void test_pci(void)
{
	static const struct bus_ops narrow = {
		.read = narrow_read, .write = narrow_write, .width = 1,
	};
	struct pci_function function = { .written = written };
	struct bus ports = { 0 };
	struct pci_host host;

	pci_host_init(&host);
	ok(!pci_host_attach(&host, &ports), "PCI: attach");
	bus_write(&ports, 0xcf8, 4, 0x80000000);
	ok(in(&ports, 0xcf8, 4) == 0x80000000, "PCI: mechanism 1 is found");
	ok(config_read(&ports, 0, 4) == 0x12378086 &&
	   config_read(&ports, 8, 4) >> 8 == 0x060000 &&
	   config_read(&ports, 0xe, 1) == 0, "PCI: the 440FX");
	ok(config_read(&ports, 2, 2) == 0x1237 &&
	   config_read(&ports, 0xb, 1) == 6, "PCI: parts of registers");
	config_write(&ports, 0, 4, 0);
	config_write(&ports, 0x59, 1, 0x30);
	config_write(&ports, 0x5c, 4, 0x33333333);
	ok(config_read(&ports, 0, 2) == 0x8086 &&
	   config_read(&ports, 0x58, 4) == 0x3000 &&
	   config_read(&ports, 0x5c, 4) == 0x33333333,
	   "PCI: PAM registers can be written, IDs cannot");
	ok(config_read(&ports, 0x800, 4) == 0xffffffff &&
	   config_read(&ports, 0x10000, 4) == 0xffffffff &&
	   config_read(&ports, 0x100, 2) == 0xffff,
	   "PCI: no other device, bus or function");
	bus_write(&ports, 0xcf8, 4, 0);
	ok(in(&ports, 0xcfc, 4) == 0xffffffff, "PCI: disabled");
	ok(!bus_add(&host.narrow, 0xcf9, 1, &narrow, NULL), "PCI: port 0xcf9");
	bus_write(&ports, 0xcf8, 4, 0x80000600);
	bus_write(&ports, 0xcf9, 1, 0x0e);
	ok(narrow_value == 0x0e && in(&ports, 0xcf9, 1) == 0x0e &&
	   in(&ports, 0xcf8, 4) == 0x80000600 && in(&ports, 0xcf8, 1) == 0xff,
	   "PCI: narrow accesses do not reach the address register");
	function.writable[0x11] = 0xf0;
	ok(!pci_host_add(&host, 3, 0, &function) &&
	   pci_host_add(&host, 3, 0, &function) == -EEXIST &&
	   pci_host_add(&host, 0, 0, &function) == -EEXIST &&
	   pci_host_add(&host, 32, 0, &function) == -EINVAL &&
	   pci_host_add(&host, 1, 8, &function) == -EINVAL, "PCI: a device");
	config_write(&ports, 0x1810, 4, 0xffffffff);
	ok(config_read(&ports, 0x1810, 4) == 0xf000 && writes == 1,
	   "PCI: its registers");
	config_write(&ports, 0x18ff, 4, 0xffffffff);
	ok(config_read(&ports, 0x18fc, 4) == 0,
	   "PCI: an access over the end of the data register");
	bus_destroy(&ports);
	pci_host_destroy(&host);
}

static void cfg_select(struct bus *ports, __u16 key)
{
	bus_write(ports, 0x510, 2, key);
}

static bool cfg_says(struct bus *ports, __u16 key, const char *bytes, size_t nr)
{
	size_t i;

	cfg_select(ports, key);
	for (i = 0; i < nr; i++)
		if (in(ports, 0x511, 1) != (__u8)bytes[i])
			return false;
	return true;
}

static void test_fw_cfg(void)
{
	char name[FW_CFG_NAME + 1] = "";
	struct bus ports = { 0 };
	unsigned int i, added;
	struct fw_cfg cfg;

	fw_cfg_init(&cfg);
	ok(!fw_cfg_attach(&cfg, &ports, NULL), "fw_cfg: attach");
	ok(cfg_says(&ports, 0, "QEMU\0\0", 6), "fw_cfg: signature, zeros behind");
	ok(cfg_says(&ports, 1, "\1\0\0\0", 4), "fw_cfg: no DMA");
	ok(cfg_says(&ports, 0x1234, "\0\0", 2), "fw_cfg: nobody's number");
	ok(!fw_cfg_add16(&cfg, FW_CFG_NR_CPUS, 0x1234) &&
	   !fw_cfg_add64(&cfg, FW_CFG_RAM_SIZE, 0x102030405ULL) &&
	   cfg_says(&ports, 5, "\x34\x12\0", 3) &&
	   cfg_says(&ports, 3, "\5\4\3\2\1\0\0\0\0", 9), "fw_cfg: numbers");
	ok(!fw_cfg_add16(&cfg, FW_CFG_NR_CPUS, 2) &&
	   cfg_says(&ports, 5, "\2\0\0", 3), "fw_cfg: another value");
	ok(!fw_cfg_add_file(&cfg, "etc/e820", "abc", 3) &&
	   !fw_cfg_add_file(&cfg, "bootorder", "x", 1), "fw_cfg: files");
	ok(cfg_says(&ports, 0x19, "\0\0\0\2\0\0\0\1\0\x21\0\0bootorder\0", 22),
	   "fw_cfg: directory");
	cfg_select(&ports, 0x19);
	for (i = 0; i < 4 + 64; i++)
		in(&ports, 0x511, 1);
	ok(in(&ports, 0x511, 1) == 0 && in(&ports, 0x511, 1) == 0 &&
	   in(&ports, 0x511, 1) == 0 && in(&ports, 0x511, 1) == 3 &&
	   in(&ports, 0x511, 1) == 0 && in(&ports, 0x511, 1) == 0x20,
	   "fw_cfg: its second entry");
	ok(cfg_says(&ports, 0x4020, "abc\0", 4), "fw_cfg: a file's contents");
	memset(name, 'n', FW_CFG_NAME);
	ok(fw_cfg_add_file(&cfg, name, "", 0) == -EINVAL &&
	   fw_cfg_add_file(&cfg, "", "", 0) == -EINVAL &&
	   fw_cfg_add_file(&cfg, "bootorder", "", 0) == -EEXIST,
	   "fw_cfg: bad names");
	for (added = 0; added < 1000; added++)
		if (fw_cfg_add(&cfg, 0x1000 + added, "", 0))
			break;
	ok(added < FW_CFG_ITEMS && fw_cfg_add(&cfg, 0x2000, "", 0) == -ENOSPC,
	   "fw_cfg: its list has an end");
	bus_destroy(&ports);
	fw_cfg_destroy(&cfg);
}

/*
 * A DMA command as bytes, big-endian; then the lower half of its address, which
 * starts it.  The upper one is 0 at first and after each command.
 */
#define COMMAND_AT	0x1001

static const __u8 *cfg_dma(struct bus *ports, const struct memory *memory,
			   const char *command)
{
	__u8 *place = memory->base + COMMAND_AT;

	memcpy(place, command, 16);
	bus_write(ports, 0x518, 4, __builtin_bswap32(COMMAND_AT));
	return place;
}

static bool dma_done(struct bus *ports, const struct memory *memory,
		     const char *command)
{
	return !memcmp(cfg_dma(ports, memory, command), "\0\0\0\0", 4);
}

static bool dma_failed(struct bus *ports, const struct memory *memory,
		       const char *command)
{
	return !memcmp(cfg_dma(ports, memory, command), "\0\0\0\1", 4);
}

static struct image_file cfg_file(const char *text)
{
	int fd = memfd_create("part", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		abort();
	return (struct image_file) { .path = "part", .fd = fd,
				     .bytes = strlen(text) };
}

static void test_fw_cfg_part(struct fw_cfg *cfg, struct bus *ports,
			     const struct memory *memory)
{
	struct image_file file = cfg_file("before, part, behind");

	ok(!fw_cfg_add_part(cfg, FW_CFG_KERNEL_DATA, &file, 8, 4) &&
	   cfg_says(ports, 0x11, "part\0\0", 6), "fw_cfg: a part of a file");
	memset(memory->base + 0x3000, 0xcc, 16);
	ok(dma_done(ports, memory, "\0\x11\0\x0a\0\0\0\6\0\0\0\0\0\0\x30\0") &&
	   !memcmp(memory->base + 0x3000, "part\0\0\xcc", 7), "fw_cfg: by DMA");
	if (ftruncate(file.fd, 9))
		abort();
	ok(dma_failed(ports, memory, "\0\x11\0\x0a\0\0\0\4\0\0\0\0\0\0\x30\0") &&
	   cfg_says(ports, 0x11, "p\0", 2), "fw_cfg: of a file made shorter");
	close(file.fd);
}

/* One MiB of the memory lies behind the room for devices. */
static void test_fw_cfg_dma(void)
{
	struct memory memory;
	struct bus ports = { 0 };
	struct fw_cfg cfg;

	if (memory_create(&memory, (3ULL << 30) + (1 << 20)))
		abort();
	fw_cfg_init(&cfg);
	ok(!fw_cfg_attach(&cfg, &ports, &memory) &&
	   cfg_says(&ports, 1, "\3\0\0\0", 4), "fw_cfg: DMA");
	ok(in(&ports, 0x514, 4) == 0x554d4551 &&
	   in(&ports, 0x518, 4) == 0x47464320 && in(&ports, 0x514, 1) == 'Q' &&
	   in(&ports, 0x51b, 1) == 'G', "fw_cfg: DMA: signature");
	fw_cfg_add(&cfg, FW_CFG_UUID, "0123456789", 10);
	memset(memory.base + 0x2000, 0xcc, 16);
	ok(dma_done(&ports, &memory, "\0\2\0\x0a\0\0\0\3\0\0\0\0\0\0\x20\0") &&
	   !memcmp(memory.base + 0x2000, "012\xcc", 4), "fw_cfg: DMA: select, read");
	ok(dma_done(&ports, &memory, "\0\0\0\4\0\0\0\2\0\0\0\0\0\0\0\0") &&
	   dma_done(&ports, &memory, "\0\0\0\2\0\0\0\7\0\0\0\0\0\0\x20\0") &&
	   !memcmp(memory.base + 0x2000, "56789\0\0\xcc", 8),
	   "fw_cfg: DMA: skip, read on, zeros behind the end");
	ok(dma_done(&ports, &memory, "\0\2\0\x0c\xff\xff\xff\xff\0\0\0\0\0\0\0\0") &&
	   in(&ports, 0x511, 1) == 0, "fw_cfg: DMA: skip what is not there");
	ok(dma_done(&ports, &memory, "\x12\x34\0\x0a\0\0\0\1\0\0\0\0\0\0\x20\0") &&
	   memory.base[0x2000] == 0, "fw_cfg: DMA: nobody's number");
	ok(dma_done(&ports, &memory, "\0\2\0\x0a\0\0\0\1\0\0\0\1\0\x0f\xff\xff") &&
	   memory.base[memory.bytes - 1] == '0', "fw_cfg: DMA: the last byte of memory");
	ok(dma_failed(&ports, &memory, "\0\2\0\x0a\0\0\0\2\0\0\0\1\0\x0f\xff\xff") &&
	   dma_failed(&ports, &memory, "\0\2\0\x0a\xff\xff\xff\xff\0\0\0\0\0\0\0\0") &&
	   dma_failed(&ports, &memory, "\0\2\0\x0a\0\0\0\1\0\0\0\0\xc0\0\0\0") &&
	   dma_failed(&ports, &memory, "\0\2\0\x0a\0\0\0\2\xff\xff\xff\xff\xff\xff\xff\xff"),
	   "fw_cfg: DMA: not memory");
	ok(dma_failed(&ports, &memory, "\0\2\0\x18\0\0\0\1\0\0\0\0\0\0\x20\0"),
	   "fw_cfg: DMA: nothing can be written");
	bus_write(&ports, 0x514, 4, 0xffffffff);
	bus_write(&ports, 0x518, 4, 0xffffffff);
	bus_write(&ports, 0x518, 4, __builtin_bswap32(0xbffffff1));
	bus_write(&ports, 0x518, 1, 0);
	ok(dma_done(&ports, &memory, "\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0"),
	   "fw_cfg: DMA: commands that are not in memory");
	test_fw_cfg_part(&cfg, &ports, &memory);
	bus_destroy(&ports);
	fw_cfg_destroy(&cfg);
	memory_destroy(&memory);
}

int main(void)
{
	test_port92();
	test_i8042();
	test_pci();
	test_fw_cfg();
	test_fw_cfg_dma();
	return tap_done();
}
