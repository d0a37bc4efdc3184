# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What `make check-debug` runs, one line a job; see selftests/check. On the debug
# kernel, whose log fails a run when a lock, a pointer or a reference was used
# wrongly, and when memory has leaked at its end. Long ones first.

counters=${top:?}/build/coverage-jobs
rm -rf "$counters"
debug_boot() { job "$1" selftests/debug-boot "$counters/$1" "${@:2}"; }

# All selftests, in two boots: one would be longer than all else together.
debug_boot debug-a-to-i --cpus 2 -- sh -c 'keel-selftests /usr/libexec/keel/selftests/test_[a-i]*'
debug_boot debug-j-to-z --cpus 2 -- sh -c 'keel-selftests /usr/libexec/keel/selftests/test_[!a-i]*'
debug_boot debug-faults --cpus 2 -- sh -c 'debug_faults; status=$?
	KEEL_PAGING=shadow debug_faults && exit $status'
# Under shadow paging, those that know of it; `make check` runs all of them. Leaks of the
# shadow code are looked for behind debug-faults, all of a VM's life.
debug_boot debug-shadow --cmdline kmemleak=off --cpus 2 -- keel-selftests --paging shadow \
	test_dirty_log test_lifetime test_memory test_modes test_oom test_paging \
	test_paging_flush test_paging_modes test_paging_torture test_races test_shadow \
	test_two_vms test_zap
# One boot for two of the shorter ones: kmemleak's look at the end of a run takes as
# long as some of them.
debug_boot debug-load-and-streams --cpus 2 -- sh -c '
	keel-load --short load_vms load_kill load_suspend; status=$?
	hostile_streams --lapic --seed 11 --batches 8 &&
	KEEL_PAGING=shadow hostile_streams --seed 12 --batches 8 && exit $status'
job debug-fuzz selftests/fuzz/run --kernel debug --timeout 1500 -- --seconds 30
