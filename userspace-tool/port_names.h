/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of a PC's ports.
 */
#ifndef PORT_NAMES_H
#define PORT_NAMES_H

#include <linux/types.h>

const char *port_name(__u16 port);

#endif /* PORT_NAMES_H */
