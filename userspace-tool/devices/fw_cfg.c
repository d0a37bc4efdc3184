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

/* A flag of the selector: the guest wants to write, which changes nothing. */
#define KEY_WRITE	0x4000

/* FW_CFG_ID: the port interface and nothing else. */
#define ID_TRADITIONAL	1

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

static __u64 cfg_read(void *device, __u64 offset, unsigned int bytes)
{
	struct fw_cfg *cfg = device;
	__u8 value = 0;

	/* The selector is for writing, and data comes byte by byte. */
	if (offset != 1 || bytes != 1)
		return ~0ULL;
	pthread_mutex_lock(&cfg->lock);
	if (cfg->selected && cfg->offset < cfg->selected->bytes)
		value = cfg->selected->data[cfg->offset++];
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
	cfg->selected = find(cfg, value & ~KEY_WRITE);
	cfg->offset = 0;
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
	struct fw_cfg_item *item = find(cfg, key);
	__u8 *copy;

	if (!item && cfg->nr == FW_CFG_ITEMS)
		return -ENOSPC;
	copy = malloc(bytes ? bytes : 1);
	if (!copy)
		return -ENOMEM;
	if (bytes)
		memcpy(copy, data, bytes);
	if (!item)
		item = &cfg->items[cfg->nr++];
	free(item->data);
	item->key = key;
	item->data = copy;
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
 * @name: its name, such as "etc/e820"; no file has it yet
 * @data: its contents, which are copied
 * @bytes: length
 *
 * Return: as fw_cfg_add(); -EINVAL where the name is empty or too long.
 */
int fw_cfg_add_file(struct fw_cfg *cfg, const char *name, const void *data,
		    __u32 bytes)
{
	enum fw_cfg_key key = FW_CFG_FIRST_FILE + cfg->files;
	int ret;

	if (!*name || strlen(name) >= FW_CFG_NAME)
		return -EINVAL;
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
 *
 * Return: as fw_cfg_add() and bus_add().
 */
int fw_cfg_attach(struct fw_cfg *cfg, struct bus *ports)
{
	static const struct bus_ops ops = {
		.read = cfg_read,
		.write = cfg_write,
		.width = 2,
	};
	int ret;

	ret = fw_cfg_add(cfg, FW_CFG_SIGNATURE, "QEMU", 4);
	if (!ret)
		ret = fw_cfg_add32(cfg, FW_CFG_ID, ID_TRADITIONAL);
	if (!ret)
		ret = bus_add(ports, FW_CFG_PORT, FW_CFG_PORTS, &ops, cfg);
	return ret;
}
