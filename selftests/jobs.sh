# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What `make check` runs, one line a job; see selftests/check.  The long ones
# come first, so that the cores stay busy to the end.

# Whole guests; selftests/guests/guests says what the words mean.
for kernel in 6.1 6.12; do
	job "guests-linux-$kernel-two-cpus" selftests/guests/run --cpus 2 -- \
		linux "$kernel" 2 on linux "$kernel" 2 off
	job "guests-linux-$kernel" selftests/guests/run -- linux "$kernel" 1 on linux "$kernel" 1 off
done
job guests-pc-two-cpus selftests/guests/run --cpus 2 -- pc 2 on pc 2 off
job guests-pc selftests/guests/run -- pc 1 on pc 1 off
job guests-others selftests/guests/run -- shell firmware memtest ends

# The same under shadow paging: where the CPU has EPT and starts vCPUs as a PC
# does, and where it has neither EPT nor real mode for guests.
job guests-shadow-two-cpus selftests/guests/run --cpus 2 -- \
	shadow linux 6.1 2 off linux 6.12 2 off pc 2 off
job guests-shadow-linux selftests/guests/run -- shadow linux 6.1 1 off linux 6.12 1 off
job guests-shadow-others selftests/guests/run -- shadow pc 1 off shell firmware memtest ends
job guests-penryn-two-cpus selftests/guests/run --cpu core2_penryn_t9600 --cpus 2 -- \
	linux 6.1 2 off linux 6.12 2 off
job guests-penryn selftests/guests/run --cpu core2_penryn_t9600 -- \
	linux 6.1 1 off linux 6.12 1 off pc 1 off shell memtest refused

# Watching exits; selftests/trace/run says what the words mean.
for kernel in 6.1 6.12; do
	job "trace-stat-$kernel" selftests/trace/run --kernel "$kernel" --cpus 2 -- stat
	job "trace-top-$kernel" selftests/trace/run --kernel "$kernel" -- top
	job "trace-examples-$kernel" selftests/trace/run --kernel "$kernel" -- examples
done
# Debian's 6.1 warns of itself when bpftrace reads available_filter_functions.
job trace-bpftrace-6.12 selftests/trace/run -- bpftrace
job trace-exits-6.1-two-cpus selftests/trace/run --kernel 6.1 --cpus 2 -- trace flame
job trace-totals-6.12 selftests/trace/run --cpus 2 -- totals
job trace-watch-linux selftests/trace/watch-linux

# keel run confines itself; around a guest that runs.
for kernel in 6.1 6.12; do
	job "sandbox-$kernel" selftests/sandbox/run --kernel "$kernel"
done

# Wrong calls; here nothing guides them, and a seed gives the same ones each time.
job fuzz-ioctl selftests/fuzz/run --timeout 300 -- --runs 60

boot kernel-6.1-two-cpus corei7_skylake_x --kernel 6.1 --cpus 2 -- keel-selftests
boot kernel-6.1 core2_penryn_t9600 --kernel 6.1 -- keel-selftests
boot kernel-6.12-two-cpus corei7_skylake_x --cpus 2 -- keel-selftests
boot shadow-two-cpus corei7_skylake_x --cpus 2 -- keel-selftests --paging shadow
boot shadow corei7_skylake_x -- keel-selftests --paging shadow
for model in core2_penryn_t9600 corei5_lynnfield_750 corei7_sandy_bridge_2600k \
	     corei7_haswell_4770 corei7_skylake_x tigerlake; do
	boot "$model" "$model" -- keel-selftests
done

# Long loops on a busy host, here short ones.
boot load-two-cpus corei7_skylake_x --cpus 2 -- keel-load --short

# Random states of a vCPU; a million of them by hand, see docs/testing.md.
for model in core2_penryn_t9600 corei5_lynnfield_750 corei7_haswell_4770 corei7_skylake_x \
	     tigerlake; do
	job "entry-states-$model" testbed/run --cpu "$model" --timeout 300 -- \
		entry_states --states 20000
done

# Random instruction streams; docs/testing.md has longer ones.
job streams testbed/run --timeout 300 -- sh -c 'hostile_streams --seed 1 --batches 10 &&
	hostile_streams --lapic --seed 2 --batches 10 &&
	KEEL_PAGING=shadow hostile_streams --seed 3 --batches 10'

# A kernel that leaves it to Keel to zero what Keel shows.
boot remains corei7_skylake_x --cmdline init_on_alloc=0 -- keel-selftests test_remains

# Firmware that locked VMX off on the boot CPU, and firmware that left it on.
boot locked corei7_skylake_x --feature-control 1 -- boot_locked
boot locked-on-one-cpu corei7_skylake_x --cpus 2 --feature-control 1 -- boot_locked
boot firmware-enabled corei7_skylake_x --feature-control 5 -- test_vm

# Another kernel is started from under a Keel that holds VMX.
job kexec selftests/kexec orderly
job kexec-two-cpus selftests/kexec orderly --cpus 2
job crash-kexec selftests/kexec crash
job crash-kexec-two-cpus selftests/kexec crash --cpus 2

job caps selftests/caps
job testbed testbed/selftest
job unit make -s -C selftests check
job tool make -s -C userspace-tool check
job fuzz make -s -C userspace-tool fuzz-check
job fuzz-unit make -s -C selftests/unit fuzz-check
job static selftests/static
