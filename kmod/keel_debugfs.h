/* SPDX-License-Identifier: GPL-2.0 */
/* Keel's folder in debugfs: see keel_debugfs.c. */
#ifndef KEEL_DEBUGFS_H
#define KEEL_DEBUGFS_H

void keel_debugfs_init(void);
void keel_debugfs_exit(void);

#endif /* KEEL_DEBUGFS_H */
