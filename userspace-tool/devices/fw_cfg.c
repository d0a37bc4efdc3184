// SPDX-License-Identifier: GPL-2.0
/*
 * fw_cfg, after QEMU's "Firmware Configuration (fw_cfg) Device".
 *
 * A guest reads an item from its first byte to its last and zeros behind it; a
 * number that is nobody's reads as zeros.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "fw_cfg.h"
#include "image_file.h"

/* A flag of the selector: the guest wants to write, which changes nothing. */
#define KEY_WRITE	0x4000

/* FW_CFG_ID: the port interface, DMA. */
#define ID_TRADITIONAL	1
#define ID_DMA		2

/* Nobody is shown how far a file is: the terminal is the guest's by then. */
#define PIECE		(1U << 20)

/* An entry of the directory, which begins with their number. */
struct directory_entry {
	__u32 bytes;
	__u16 key;
	__u16 reserved;
	char name[FW_CFG_NAME];
};

static struct fw_cfg_item *find(struct fw_cfg *cfg, __u16 key)
{
	unsigned int i;

	for (i = 0; i < cfg->nr; i++)
		if (cfg->items[i].key == key)
			return &cfg->items[i];
	return NULL;
}

static int read_item(const struct fw_cfg_item *item, __u32 offset, __u8 *dest,
		     __u32 bytes)
{
	__u32 done, part;
	int ret = 0;

	if (item->data) {
		memcpy(dest, item->data + offset, bytes);
		return 0;
	}
	for (done = 0; done < bytes && !ret; done += part) {
		part = bytes - done < PIECE ? bytes - done : PIECE;
		ret = image_file_read(item->file, item->file_at + offset + done,
				      dest + done, part);
	}
	return ret;
}

/**
 * __fw_cfg_select() - choose the item that is read next, from its first byte
 * @cfg: the device; locked
 * @key: its number
 */
void __fw_cfg_select(struct fw_cfg *cfg, __u16 key)
{
	cfg->selected = find(cfg, key & ~KEY_WRITE);
	cfg->offset = 0;
}

/**
 * __fw_cfg_read() - read on in the item
 * @cfg: the device; locked
 * @dest: where the bytes go; zeros behind the item's end
 * @bytes: how many
 *
 * Return: 0; a negative errno of image_file_read().
 */
int __fw_cfg_read(struct fw_cfg *cfg, void *dest, __u32 bytes)
{
	const struct fw_cfg_item *item = cfg->selected;
	__u32 left = item ? item->bytes - cfg->offset : 0;
	__u32 part = bytes < left ? bytes : left;
	int ret = 0;

	if (part)
		ret = read_item(item, cfg->offset, dest, part);
	memset((__u8 *)dest + part, 0, bytes - part);
	cfg->offset += part;
	return ret;
}

/**
 * __fw_cfg_skip() - leave out a part of the item
 * @cfg: the device; locked
 * @bytes: how much; not beyond its end
 */
void __fw_cfg_skip(struct fw_cfg *cfg, __u32 bytes)
{
	__u32 left = cfg->selected ? cfg->selected->bytes - cfg->offset : 0;

	cfg->offset += bytes < left ? bytes : left;
}

static __u64 cfg_read(void *device, __u64 offset, unsigned int bytes)
{
	struct fw_cfg *cfg = device;
	__u8 value = 0;

	/* The selector is for writing, and data comes byte by byte. */
	if (offset != 1 || bytes != 1)
		return ~0ULL;
	pthread_mutex_lock(&cfg->lock);
	/* There is nobody to tell of an error. */
	if (__fw_cfg_read(cfg, &value, 1))
		value = 0;
	pthread_mutex_unlock(&cfg->lock);
	return value;
}

static void cfg_write(void *device, __u64 offset, unsigned int bytes,
		      __u64 value)
{
	struct fw_cfg *cfg = device;

	if (offset || bytes != 2)
		return;
	pthread_mutex_lock(&cfg->lock);
	__fw_cfg_select(cfg, value);
	pthread_mutex_unlock(&cfg->lock);
}

/**
 * fw_cfg_init() - make the device without items
 * @cfg: the device
 */
void fw_cfg_init(struct fw_cfg *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	pthread_mutex_init(&cfg->lock, NULL);
}

/**
 * fw_cfg_destroy() - give its items back
 * @cfg: the device; no thread uses it any more
 */
void fw_cfg_destroy(struct fw_cfg *cfg)
{
	unsigned int i;

	for (i = 0; i < cfg->nr; i++)
		free(cfg->items[i].data);
	cfg->nr = 0;
	pthread_mutex_destroy(&cfg->lock);
}

/* The item with this number, made where there is none; NULL: no room. */
static struct fw_cfg_item *make(struct fw_cfg *cfg, __u16 key)
{
	struct fw_cfg_item *item = find(cfg, key);

	if (item || cfg->nr == FW_CFG_ITEMS)
		return item;
	item = &cfg->items[cfg->nr++];
	item->key = key;
	return item;
}

/**
 * fw_cfg_add() - add an item, or give one that is there another value
 * @cfg: the device; no vCPU runs
 * @key: its number
 * @data: its value, which is copied
 * @bytes: length, may be 0
 *
 * Return: 0; -ENOSPC where there are FW_CFG_ITEMS already, -ENOMEM.
 */
int fw_cfg_add(struct fw_cfg *cfg, enum fw_cfg_key key, const void *data,
	       __u32 bytes)
{
	__u8 *copy = malloc(bytes ? bytes : 1);
	struct fw_cfg_item *item;

	if (!copy)
		return -ENOMEM;
	item = make(cfg, key);
	if (!item) {
		free(copy);
		return -ENOSPC;
	}
	if (bytes)
		memcpy(copy, data, bytes);
	free(item->data);
	item->data = copy;
	item->bytes = bytes;
	return 0;
}

/**
 * fw_cfg_add_part() - add an item that is read from a file
 * @cfg: the device; no vCPU runs, and nobody has the number yet
 * @key: its number
 * @file: an open file, which outlives the device
 * @at: offset of its first byte
 * @bytes: length
 *
 * What the file has when the guest reads it is what the guest gets.
 *
 * Return: 0; -ENOSPC where there are FW_CFG_ITEMS already.
 */
int fw_cfg_add_part(struct fw_cfg *cfg, enum fw_cfg_key key,
		    const struct image_file *file, __u64 at, __u32 bytes)
{
	struct fw_cfg_item *item = make(cfg, key);

	if (!item)
		return -ENOSPC;
	item->file = file;
	item->file_at = at;
	item->bytes = bytes;
	return 0;
}

/**
 * fw_cfg_add16() - add an item that is a number of 16 bits
 * @cfg: the device
 * @key: its number
 * @value: its value
 *
 * Return: as fw_cfg_add().
 */
int fw_cfg_add16(struct fw_cfg *cfg, enum fw_cfg_key key, __u16 value)
{
	__u16 le = htole16(value);

	return fw_cfg_add(cfg, key, &le, sizeof(le));
}

/**
 * fw_cfg_add32() - add an item that is a number of 32 bits
 * @cfg: the device
 * @key: its number
 * @value: its value
 *
 * Return: as fw_cfg_add().
 */
int fw_cfg_add32(struct fw_cfg *cfg, enum fw_cfg_key key, __u32 value)
{
	__u32 le = htole32(value);

	return fw_cfg_add(cfg, key, &le, sizeof(le));
}

/**
 * fw_cfg_add64() - add an item that is a number of 64 bits
 * @cfg: the device
 * @key: its number
 * @value: its value
 *
 * Return: as fw_cfg_add().
 */
int fw_cfg_add64(struct fw_cfg *cfg, enum fw_cfg_key key, __u64 value)
{
	__u64 le = htole64(value);

	return fw_cfg_add(cfg, key, &le, sizeof(le));
}

static int by_name(const void *a, const void *b)
{
	const struct directory_entry *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* The directory anew; its entries are sorted, as firmware may count on. */
static int write_directory(struct fw_cfg *cfg)
{
	struct {
		__u32 nr;
		struct directory_entry entries[FW_CFG_ITEMS];
	} directory;
	struct directory_entry *entry = directory.entries;
	unsigned int i;

	memset(&directory, 0, sizeof(directory));
	for (i = 0; i < cfg->nr; i++) {
		if (!cfg->items[i].name[0])
			continue;
		entry->bytes = htobe32(cfg->items[i].bytes);
		entry->key = htobe16(cfg->items[i].key);
		memcpy(entry->name, cfg->items[i].name, FW_CFG_NAME);
		entry++;
	}
	directory.nr = htobe32(cfg->files);
	qsort(directory.entries, cfg->files, sizeof(*entry), by_name);
	return fw_cfg_add(cfg, FW_CFG_FILE_DIR, &directory,
			  (__u8 *)entry - (__u8 *)&directory);
}

/**
 * fw_cfg_add_file() - add a file
 * @cfg: the device; no vCPU runs
 * @name: its name, such as "etc/e820"
 * @data: its contents, which are copied
 * @bytes: length
 *
 * Return: as fw_cfg_add(); -EINVAL where the name is empty or too long, -EEXIST
 * where a file has it.
 */
int fw_cfg_add_file(struct fw_cfg *cfg, const char *name, const void *data,
		    __u32 bytes)
{
	enum fw_cfg_key key = FW_CFG_FIRST_FILE + cfg->files;
	unsigned int i;
	int ret;

	if (!*name || strlen(name) >= FW_CFG_NAME)
		return -EINVAL;
	for (i = 0; i < cfg->nr; i++)
		if (!strcmp(cfg->items[i].name, name))
			return -EEXIST;
	ret = fw_cfg_add(cfg, key, data, bytes);
	if (ret)
		return ret;
	strcpy(find(cfg, key)->name, name);
	cfg->files++;
	return write_directory(cfg);
}

/**
 * fw_cfg_attach() - put the device on a bus
 * @cfg: the device; signature and ID are added here
 * @ports: the bus
 * @memory: where DMA goes; NULL: no DMA
 *
 * Return: as fw_cfg_add() and bus_add().
 */
int fw_cfg_attach(struct fw_cfg *cfg, struct bus *ports,
		  const struct memory *memory)
{
	static const struct bus_ops ops = {
		.read = cfg_read,
		.write = cfg_write,
		.width = 2,
	};
	__u32 id = ID_TRADITIONAL | (memory ? ID_DMA : 0);
	int ret;

	cfg->memory = memory;
	ret = fw_cfg_add(cfg, FW_CFG_SIGNATURE, "QEMU", 4);
	if (!ret)
		ret = fw_cfg_add32(cfg, FW_CFG_ID, id);
	if (!ret)
		ret = bus_add(ports, FW_CFG_PORT, FW_CFG_PORTS, &ops, cfg);
	if (!ret && memory)
		ret = fw_cfg_dma_attach(cfg, ports);
	return ret;
}
