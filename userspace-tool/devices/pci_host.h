/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host bridge of a PC: PCI configuration mechanism #1 and bus 0.
 */
#ifndef PCI_HOST_H
#define PCI_HOST_H

#include <pthread.h>
#include <linux/types.h>

#include "bus.h"

/** define PCI_CONFIG_ADDRESS - port of the address register */
#define PCI_CONFIG_ADDRESS	0xcf8
/** define PCI_CONFIG_DATA - port of the data register */
#define PCI_CONFIG_DATA		0xcfc
/** define PCI_CONFIG_PORTS - ports of both together */
#define PCI_CONFIG_PORTS	8
/** define PCI_CONFIG_BYTES - configuration space of a function, bytes */
#define PCI_CONFIG_BYTES	256
/** define PCI_FUNCTIONS - functions of all devices of a bus: 32 times 8 */
#define PCI_FUNCTIONS		256

/**
 * struct pci_function - a function of a device
 * @config: its configuration space
 * @writable: the bits in it that the guest can write
 * @written: NULL, or called after the guest wrote @bytes bytes at @offset, with
 *	the host's lock held
 *
 * While it is on a bus, @config is guarded by the host's lock.
 */
struct pci_function {
	__u8 config[PCI_CONFIG_BYTES];
	__u8 writable[PCI_CONFIG_BYTES];
	void (*written)(struct pci_function *function, unsigned int offset,
			unsigned int bytes);
};

/**
 * struct pci_host - a host bridge
 * @lock: guards @address and the configuration spaces
 * @address: the address register
 * @bridge: the bridge itself, device 0
 * @functions: what is on bus 0, by device * 8 + function; changed only while no
 *	vCPU runs
 * @narrow: who answers accesses to PCI_CONFIG_ADDRESS and the three ports behind
 *	that are not 32 bits wide: they do not reach the address register.  A
 *	PC's reset control register is among them.  Changed as @functions.
 */
struct pci_host {
	pthread_mutex_t lock;
	__u32 address;
	struct pci_function bridge;
	struct pci_function *functions[PCI_FUNCTIONS];
	struct bus narrow;
};

void pci_host_init(struct pci_host *host);
void pci_host_destroy(struct pci_host *host);
int pci_host_add(struct pci_host *host, unsigned int device,
		 unsigned int function, struct pci_function *what);
int pci_host_attach(struct pci_host *host, struct bus *ports);
void pci_config_set16(struct pci_function *function, unsigned int offset,
		      __u16 value);

#endif /* PCI_HOST_H */
