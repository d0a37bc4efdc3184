/* SPDX-License-Identifier: GPL-2.0 */
/* The I/O ports that our part of Bochs serves: bochs/instrument.cc. */
#ifndef TESTBED_PORTS_H
#define TESTBED_PORTS_H

#define SNAPSHOT_PORT		0x8902
#define PAYLOAD_PORT		0x8904

#endif
