/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The exit log of keel run -v: a line on standard error for each exit.
 */
#ifndef EXIT_LOG_H
#define EXIT_LOG_H

struct vcpu;

void exit_log_begin(struct vcpu *vcpu);
void exit_log_flush(struct vcpu *vcpu);
void exit_log_vmcs(int vcpu);

#endif /* EXIT_LOG_H */
