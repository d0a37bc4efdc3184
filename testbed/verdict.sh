# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run sets what is read here
#
# How a run ended: the status to exit with, what to tell, which files to hand
# out. Sourced by run.

# What a kernel says when something is wrong with it. Each is matched behind
# the time stamp, so that a program's own words do not count as the kernel's.
splats=(
	'WARNING: ' 'BUG: ' 'kernel BUG at ' 'Oops' 'Kernel panic'
	'general protection fault' 'unable to handle' 'Unable to handle'
	'INFO: rcu' 'rcu: INFO: .*(stall|detected)' 'INFO: task .* blocked'
	'INFO: possible recursive locking' 'INFO: lockdep' 'INFO: trying to register'
	'UBSAN: ' 'KASAN' 'KCSAN' 'kmemleak: [1-9][0-9]* new'
	'.*[Oo]bjects remaining' 'scheduling while atomic' 'watchdog: .*(BUG|detected)'
	'.*sleeping function called from invalid' 'list_(add|del) corruption'
	'refcount_t: ' 'unchecked MSR access' 'Bad page' 'bad: scheduling'
	'irq [0-9]+: nobody cared' 'NMI watchdog: .*(detected|BUG)' 'double fault' 'traps: PANIC'
	'unregister_netdevice' 'page allocation failure' 'DEBUG_LOCKS_WARN_ON'
	'.*leaked' 'VFS: Busy inodes' '=+ *BUG '
)

# What sounds like them and is no fault of anybody's.
innocent=(
	# a test makes page allocations fail, also a page fault's; it is tried again
	'Huh VM_FAULT_OOM leaked out to the #PF handler'
)

kernel_log()
{
	if [[ -s $run/kmsg ]]; then
		cat -- "$run/kmsg"
	elif [[ -f $run/console ]]; then
		tr -d '\r' <"$run/console"
	fi
}

# Some CPU models make a stock kernel warn while it boots; that is between
# Bochs and the kernel. Without the mark, everything counts.
since_command()
{
	local mark='testbed: the command starts'

	if grep -qaF -- "$mark" "$1"; then
		sed "1,/$mark/d" "$1"
	else
		cat -- "$1"
	fi | tr -d '\r'
}

# The console as well: the log's ring may have wrapped, and what came after
# the agent read it is there alone.
find_splats()
{
	local pattern file

	pattern=$(IFS='|'; echo "${splats[*]}")
	for file in "$run/kmsg" "$run/console"; do
		# A panic that is meant is on the console; the next kernel's log counts.
		[[ -z $panic_ok || $file == */kmsg ]] || continue
		[[ ! -f $file ]] || since_command "$file"
	done |
		grep -aE "^(<[0-9]>)?\[ *[0-9]+\.[0-9]+\] ($pattern)" |
		grep -vaE "$(IFS='|'; echo "${innocent[*]}")" | head -n 5
}

hand_out_files()
{
	local i path file unpacked=$run/unpacked

	for i in "${!gets[@]}"; do
		path=${gets[i]%:*}
		file=${gets[i]##*:}
		rm -rf -- "$unpacked"
		mkdir -- "$unpacked"
		if [[ -s $run/get.$i ]] && tar -C "$unpacked" -xf "$run/get.$i" 2>/dev/null &&
			[[ -e $unpacked/$path ]]; then
			rm -rf -- "$file"
			cp -a -- "$unpacked/$path" "$file" || return 1
		else
			say "--get: the guest has no $path"
			return 1
		fi
	done
}

# fail STATUS WORDS...: tell, show the log's tail, and end.
fail()
{
	local status=$1

	shift
	say "$*"
	kernel_log | tail -n "${tail_lines:-60}" >&2
	exit "$status"
}

verdict()
{
	local result status splats_found

	result=$(cat -- "$run/result" 2>/dev/null || true)
	[[ -z $log ]] || kernel_log >"$log"
	status=${result#status }
	if [[ $result == status\ * ]] && ! hand_out_files; then
		[[ $status -ne 0 ]] || status=126
	fi
	splats_found=$(find_splats || true)
	if [[ -n $splats_found ]]; then
		say "the guest's kernel complained:"
		printf '%s\n' "$splats_found" >&2
		fail 125 "the end of its log:"
	fi
	case $result in
	status\ *) exit "$status" ;;
	timeout) fail 124 "no end within $timeout s of CPU time; the end of the kernel's log:" ;;
	panic) fail 125 "the guest's kernel panicked:" ;;
	reset) fail 123 "the machine was reset before the command ended" ;;
	bad-image) fail 126 "Bochs did not load the kernel as it should" ;;
	esac
	if grep -qs 'soft power off' "$run/bochs.log"; then
		fail 123 "the machine was switched off before the command ended"
	fi
	tail -n 20 -- "$run/bochs.err" "$run/bochs.log" >&2 || true
	fail 126 "Bochs ended by itself"
}
