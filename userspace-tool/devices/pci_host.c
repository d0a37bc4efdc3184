// SPDX-License-Identifier: GPL-2.0
/*
 * The host bridge, after Intel's data sheet of the 82441FX (440FX) and the PCI
 * Local Bus Specification, "Configuration Mechanism #1".
 *
 * The bridge keeps what firmware writes into its PAM and SMRAM registers, which
 * would choose between ROM and RAM below 1 MiB: all of it is RAM here already.
 */
#include <errno.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "pci_host.h"

#define ADDRESS_ENABLE	0x80000000U
/* Bits that the register has: enable, bus, device, function, register. */
#define ADDRESS_BITS	0x80fffffcU

/* The 440FX.  Firmware finds by the subsystem that this is a virtual machine. */
#define BRIDGE_VENDOR		0x8086
#define BRIDGE_DEVICE		0x1237
#define BRIDGE_REVISION		0x02
#define SUBSYSTEM_VENDOR	0x1af4
#define SUBSYSTEM_DEVICE	0x1100
#define CLASS_BRIDGE_HOST	0x0600
#define BRIDGE_PAM		0x59
#define BRIDGE_PAM_BYTES	7
#define BRIDGE_SMRAM		0x72

/**
 * pci_config_set16() - set a register of 16 bits, as the device's reset does
 * @function: the function
 * @offset: of the register
 * @value: its value
 */
void pci_config_set16(struct pci_function *function, unsigned int offset,
		      __u16 value)
{
	function->config[offset] = value;
	function->config[offset + 1] = value >> 8;
}

static void bridge_init(struct pci_function *bridge)
{
	memset(bridge, 0, sizeof(*bridge));
	pci_config_set16(bridge, PCI_VENDOR_ID, BRIDGE_VENDOR);
	pci_config_set16(bridge, PCI_DEVICE_ID, BRIDGE_DEVICE);
	pci_config_set16(bridge, PCI_COMMAND,
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	pci_config_set16(bridge, PCI_STATUS,
			 PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MEDIUM);
	bridge->config[PCI_REVISION_ID] = BRIDGE_REVISION;
	pci_config_set16(bridge, PCI_CLASS_DEVICE, CLASS_BRIDGE_HOST);
	pci_config_set16(bridge, PCI_SUBSYSTEM_VENDOR_ID, SUBSYSTEM_VENDOR);
	pci_config_set16(bridge, PCI_SUBSYSTEM_ID, SUBSYSTEM_DEVICE);
	memset(bridge->writable + BRIDGE_PAM, 0xff, BRIDGE_PAM_BYTES);
	bridge->writable[BRIDGE_SMRAM] = 0xff;
}

/* Whom the address register chooses, NULL where nobody is there. */
static struct pci_function *chosen(const struct pci_host *host)
{
	if (!(host->address & ADDRESS_ENABLE) || host->address >> 16 & 0xff)
		return NULL;
	return host->functions[host->address >> 8 & 0xff];
}

static unsigned int register_offset(const struct pci_host *host, __u64 offset)
{
	return (host->address & 0xfc) + offset;
}

static __u64 data_read(void *device, __u64 offset, unsigned int bytes)
{
	struct pci_host *host = device;
	struct pci_function *function;
	__u64 value = ~0ULL;
	unsigned int at;

	pthread_mutex_lock(&host->lock);
	function = chosen(host);
	if (function) {
		/* The bus keeps it within four bytes, so within the space. */
		at = register_offset(host, offset);
		value = 0;
		memcpy(&value, function->config + at, bytes);
	}
	pthread_mutex_unlock(&host->lock);
	return value;
}

static void data_write(void *device, __u64 offset, unsigned int bytes,
		       __u64 value)
{
	struct pci_host *host = device;
	struct pci_function *function;
	unsigned int at, i;
	__u8 mask;

	pthread_mutex_lock(&host->lock);
	function = chosen(host);
	at = register_offset(host, offset);
	for (i = 0; function && i < bytes; i++) {
		mask = function->writable[at + i];
		function->config[at + i] =
			(function->config[at + i] & ~mask) |
			(value >> i * 8 & mask);
	}
	if (function && function->written)
		function->written(function, at, bytes);
	pthread_mutex_unlock(&host->lock);
}

static __u64 address_read(void *device, __u64 offset, unsigned int bytes)
{
	struct pci_host *host = device;
	__u64 value;

	if (bytes != 4) {
		bus_read(&host->narrow, PCI_CONFIG_ADDRESS + offset, bytes,
			 &value);
		return value;
	}
	pthread_mutex_lock(&host->lock);
	value = host->address;
	pthread_mutex_unlock(&host->lock);
	return value;
}

static void address_write(void *device, __u64 offset, unsigned int bytes,
			  __u64 value)
{
	struct pci_host *host = device;

	if (bytes != 4) {
		bus_write(&host->narrow, PCI_CONFIG_ADDRESS + offset, bytes,
			  value);
		return;
	}
	pthread_mutex_lock(&host->lock);
	host->address = value & ADDRESS_BITS;
	pthread_mutex_unlock(&host->lock);
}

/**
 * pci_host_init() - make a host bridge with an empty bus
 * @host: the bridge
 */
void pci_host_init(struct pci_host *host)
{
	memset(host, 0, sizeof(*host));
	pthread_mutex_init(&host->lock, NULL);
	bridge_init(&host->bridge);
	host->functions[0] = &host->bridge;
}

/**
 * pci_host_destroy() - undo pci_host_init()
 * @host: the bridge; no thread uses it any more
 */
void pci_host_destroy(struct pci_host *host)
{
	bus_destroy(&host->narrow);
	pthread_mutex_destroy(&host->lock);
}

/**
 * pci_host_add() - put a function on bus 0
 * @host: the bridge
 * @device: 0 to 31
 * @function: 0 to 7; a device has function 0
 * @what: the function; it must outlive the bridge
 *
 * Return: 0; -EINVAL for a number out of range, -EEXIST where one is there.
 */
int pci_host_add(struct pci_host *host, unsigned int device,
		 unsigned int function, struct pci_function *what)
{
	if (device > 31 || function > 7)
		return -EINVAL;
	if (host->functions[device * 8 + function])
		return -EEXIST;
	host->functions[device * 8 + function] = what;
	return 0;
}

/**
 * pci_host_attach() - put the bridge's registers on a bus
 * @host: the bridge
 * @ports: the bus
 *
 * Return: as bus_add(); after an error nothing is attached.
 */
int pci_host_attach(struct pci_host *host, struct bus *ports)
{
	static const struct bus_ops address_ops = {
		.read = address_read,
		.write = address_write,
		.width = 4,
	};
	static const struct bus_ops data_ops = {
		.read = data_read,
		.write = data_write,
		.width = 4,
	};
	int ret;

	ret = bus_add(ports, PCI_CONFIG_ADDRESS, 4, &address_ops, host);
	if (ret)
		return ret;
	ret = bus_add(ports, PCI_CONFIG_DATA, 4, &data_ops, host);
	if (ret)
		bus_remove(ports, PCI_CONFIG_ADDRESS);
	return ret;
}
