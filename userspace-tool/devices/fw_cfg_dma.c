// SPDX-License-Identifier: GPL-2.0
/*
 * fw_cfg's DMA interface: a command in guest memory moves a whole item there.
 *
 * After QEMU's "Firmware Configuration (fw_cfg) Device".  A write of the lower
 * half of the command's address starts it, and it is done when that write is.
 * The guest's addresses are checked against its memory; what is not memory gives
 * the command's error, as does an attempt to write to an item.
 */
#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "bus.h"
#include "fw_cfg.h"
#include "memory.h"

/* The commands, and what the guest finds in their place when they are done. */
#define DMA_ERROR	(1U << 0)
#define DMA_READ	(1U << 1)
#define DMA_SKIP	(1U << 2)
#define DMA_SELECT	(1U << 3)
#define DMA_WRITE	(1U << 4)

/* What the address reads as: "QEMU CFG". */
#define SIGNATURE	0x51454d5520434647ULL

/* In guest memory, big-endian. */
struct dma_command {
	__u32 control;
	__u32 length;
	__u64 address;
};

/* Perform a command, which is a copy; returns whether it could be done. */
static bool perform(struct fw_cfg *cfg, const struct dma_command *command)
{
	__u32 control = be32toh(command->control);
	__u32 length = be32toh(command->length);
	void *dest;

	if (control & DMA_SELECT)
		__fw_cfg_select(cfg, control >> 16);
	if (control & DMA_READ) {
		dest = memory_at(cfg->memory, be64toh(command->address),
				 length);
		return dest && !__fw_cfg_read(cfg, dest, length);
	}
	if (control & DMA_WRITE)
		return false;
	if (control & DMA_SKIP)
		__fw_cfg_skip(cfg, length);
	return true;
}

/* Without a place for the command there is none for its error, either. */
static void start(struct fw_cfg *cfg, __u64 address)
{
	struct dma_command *place = memory_at(cfg->memory, address,
					      sizeof(*place));
	struct dma_command command;
	__u32 result;

	if (!place)
		return;
	/* The guest may write to it meanwhile, and has aligned it or not. */
	memcpy(&command, place, sizeof(command));
	result = htobe32(perform(cfg, &command) ? 0 : DMA_ERROR);
	memcpy(place, &result, sizeof(result));
}

static __u64 dma_read(void *device, __u64 offset, unsigned int bytes)
{
	__u8 signature[8];
	__u64 value = htobe64(SIGNATURE);

	(void)device;
	memcpy(signature, &value, sizeof(signature));
	value = 0;
	memcpy(&value, signature + offset, bytes);
	return value;
}

static void dma_write(void *device, __u64 offset, unsigned int bytes,
		      __u64 value)
{
	struct fw_cfg *cfg = device;

	if (bytes != 4)
		return;
	pthread_mutex_lock(&cfg->lock);
	if (!offset) {
		cfg->dma = be32toh(value);
	} else if (offset == 4) {
		start(cfg, (__u64)cfg->dma << 32 | be32toh(value));
		cfg->dma = 0;
	}
	pthread_mutex_unlock(&cfg->lock);
}

/**
 * fw_cfg_dma_attach() - put the DMA interface on a bus
 * @cfg: the device
 * @ports: the bus
 *
 * Return: as bus_add().
 */
int fw_cfg_dma_attach(struct fw_cfg *cfg, struct bus *ports)
{
	static const struct bus_ops ops = {
		.read = dma_read,
		.write = dma_write,
		.width = 4,
	};

	return bus_add(ports, FW_CFG_DMA_PORT, FW_CFG_DMA_PORTS, &ops, cfg);
}
