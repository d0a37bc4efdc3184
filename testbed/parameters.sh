# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernel's command line. Nothing here changes what a test of Keel sees of
# the kernel: mitigations, page-table isolation, SMP, ACPI stay as they are.
# docs/testbed.md says what each saves. Sourced by run, after bochsrc.sh.

# Initcalls that cost much and serve nobody in the testbed:
skipped_initcalls=(
	# measures jitter for random numbers
	jent_mod_init
	# names of enums in the kernel's own tracepoints; modules have theirs
	trace_eval_init
	# keys for module signatures, which are not enforced: modules load
	# with the taint E, as a module of one's own does anyway
	load_system_certificate_list
	# tidies available_filter_functions
	ftrace_check_for_weak_functions
)

kernel_parameters()
{
	local IFS=,

	# Warnings and worse go to the console at once, in case the kernel dies.
	# The rest is read from the log at the end: a serial port costs more
	# than anything else.
	printf 'console=ttyS0 loglevel=5 '
	# A panic resets the machine, which ends the run.
	printf 'panic=-1 '
	# The TSC counts instructions. What CPUID says of it would be wrong, and
	# the local APIC's timer, calibrated by it, would fire all the time.
	printf 'tsc_early_khz=%d ' $((${bochs_ips:?} / 1000))
	printf 'cryptomgr.notests initcall_blacklist=%s' "${skipped_initcalls[*]}"
}
