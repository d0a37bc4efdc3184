/* SPDX-License-Identifier: GPL-2.0 */
/* Shadow pages give way where the host is short of memory: see shadow_shrink.c. */
#ifndef KEEL_SHADOW_SHRINK_H
#define KEEL_SHADOW_SHRINK_H

struct keel_mem;

int shadow_shrink_init(void);
void shadow_shrink_exit(void);
void shadow_shrink_add(struct keel_mem *mem);
void shadow_shrink_remove(struct keel_mem *mem);

#endif /* KEEL_SHADOW_SHRINK_H */
