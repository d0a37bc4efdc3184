/* SPDX-License-Identifier: GPL-2.0 */
/* The smallest guest on /dev/kvm: shows that KVM has a working VMX. */
#ifndef SELFTESTS_KVM_GUEST_H
#define SELFTESTS_KVM_GUEST_H

/*
 * Open a VM on /dev/kvm, which makes KVM switch VMX on.
 * Return: its file descriptor, or a negative errno.
 */
int kvm_guest_create(void);

/*
 * Run a real-mode or, where that needs emulation, any guest that writes a byte
 * to a port.
 * Return: that byte, or a negative errno.
 */
int kvm_guest_run(int vm);

#endif /* SELFTESTS_KVM_GUEST_H */
