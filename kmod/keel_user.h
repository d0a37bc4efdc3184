/* SPDX-License-Identifier: GPL-2.0 */
/* What one user may have of the host: see keel_user.c. */
#ifndef KEEL_USER_H
#define KEEL_USER_H

#include <linux/types.h>

struct keel_user;
struct seq_file;

struct keel_user *keel_user_add_vm(void);
void keel_user_remove_vm(struct keel_user *user);
int keel_user_add_vcpu(struct keel_user *user);
void keel_user_remove_vcpu(struct keel_user *user);
int keel_user_charge(struct keel_user *user, unsigned long pages);
void keel_user_uncharge(struct keel_user *user, unsigned long pages);
void keel_users_show(struct seq_file *m);

#endif /* KEEL_USER_H */
