/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fw_cfg: how QEMU tells firmware and test kernels about the machine.
 *
 * A list of items, each with a number; some have a name, too, and are files of a
 * directory.  Numbers in items are little-endian, those in the directory are
 * big-endian.  A guest reads byte by byte, or has whole items put into its
 * memory: DMA.
 */
#ifndef FW_CFG_H
#define FW_CFG_H

#include <pthread.h>
#include <linux/types.h>

struct bus;
struct image_file;
struct memory;

/** define FW_CFG_PORT - selector; the port behind it is the data */
#define FW_CFG_PORT	0x510
/** define FW_CFG_PORTS - how many ports these are */
#define FW_CFG_PORTS	2
/** define FW_CFG_DMA_PORT - address of a DMA command, big-endian */
#define FW_CFG_DMA_PORT	0x514
/** define FW_CFG_DMA_PORTS - how many ports it takes */
#define FW_CFG_DMA_PORTS 8
/** define FW_CFG_NAME - longest name of a file with its final NUL */
#define FW_CFG_NAME	56
/** define FW_CFG_ITEMS - most items */
#define FW_CFG_ITEMS	64

/** enum fw_cfg_key - numbers of items, as QEMU's documentation has them */
enum fw_cfg_key {
	FW_CFG_SIGNATURE = 0x00,
	FW_CFG_ID = 0x01,
	FW_CFG_UUID = 0x02,
	FW_CFG_RAM_SIZE = 0x03,
	FW_CFG_NO_GRAPHIC = 0x04,
	FW_CFG_NR_CPUS = 0x05,
	FW_CFG_KERNEL_ADDRESS = 0x07,
	FW_CFG_KERNEL_BYTES = 0x08,
	FW_CFG_INITRD_ADDRESS = 0x0a,
	FW_CFG_INITRD_BYTES = 0x0b,
	FW_CFG_BOOT_MENU = 0x0e,
	FW_CFG_MAX_CPUS = 0x0f,
	FW_CFG_KERNEL_ENTRY = 0x10,
	FW_CFG_KERNEL_DATA = 0x11,
	FW_CFG_INITRD_DATA = 0x12,
	FW_CFG_CMDLINE_ADDRESS = 0x13,
	FW_CFG_CMDLINE_BYTES = 0x14,
	FW_CFG_CMDLINE_DATA = 0x15,
	FW_CFG_SETUP_ADDRESS = 0x16,
	FW_CFG_SETUP_BYTES = 0x17,
	FW_CFG_SETUP_DATA = 0x18,
	FW_CFG_FILE_DIR = 0x19,
	FW_CFG_FIRST_FILE = 0x20,
};

/**
 * struct fw_cfg_item - an item
 * @key: its number
 * @bytes: length
 * @data: a copy that the item owns; NULL where @file has the bytes
 * @file: an open file, which outlives the device
 * @file_at: offset of the item in it
 * @name: of a file; empty otherwise
 */
struct fw_cfg_item {
	__u16 key;
	__u32 bytes;
	__u8 *data;
	const struct image_file *file;
	__u64 file_at;
	char name[FW_CFG_NAME];
};

/**
 * struct fw_cfg - the device
 * @lock: guards @selected, @offset and @dma
 * @memory: where DMA goes; NULL: there is none; constant
 * @items: what there is; changed only while no vCPU runs
 * @nr: how many
 * @files: how many of them are files
 * @selected: the item being read, NULL where the number chosen is nobody's
 * @offset: of the next byte in it
 * @dma: the upper half of a DMA command's address
 */
struct fw_cfg {
	pthread_mutex_t lock;
	const struct memory *memory;
	struct fw_cfg_item items[FW_CFG_ITEMS];
	unsigned int nr;
	unsigned int files;
	const struct fw_cfg_item *selected;
	__u32 offset;
	__u32 dma;
};

void fw_cfg_init(struct fw_cfg *cfg);
void fw_cfg_destroy(struct fw_cfg *cfg);
int fw_cfg_add(struct fw_cfg *cfg, enum fw_cfg_key key, const void *data,
	       __u32 bytes);
int fw_cfg_add16(struct fw_cfg *cfg, enum fw_cfg_key key, __u16 value);
int fw_cfg_add32(struct fw_cfg *cfg, enum fw_cfg_key key, __u32 value);
int fw_cfg_add64(struct fw_cfg *cfg, enum fw_cfg_key key, __u64 value);
int fw_cfg_add_file(struct fw_cfg *cfg, const char *name, const void *data,
		    __u32 bytes);
int fw_cfg_add_part(struct fw_cfg *cfg, enum fw_cfg_key key,
		    const struct image_file *file, __u64 at, __u32 bytes);
int fw_cfg_attach(struct fw_cfg *cfg, struct bus *ports,
		  const struct memory *memory);

/* Of an item, for fw_cfg_dma.c; under the lock. */
void __fw_cfg_select(struct fw_cfg *cfg, __u16 key);
int __fw_cfg_read(struct fw_cfg *cfg, void *dest, __u32 bytes);
void __fw_cfg_skip(struct fw_cfg *cfg, __u32 bytes);

/* fw_cfg_dma.c */
int fw_cfg_dma_attach(struct fw_cfg *cfg, struct bus *ports);

#endif /* FW_CFG_H */
