#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The keel command from outside: messages and exit statuses.  Needs neither
# /dev/keel nor VMX: where a module is needed, one is played.

keel=$(dirname "$0")/../keel
n=0
failed=0
LC_ALL=C
export LC_ALL

# expect NAME STATUS PATTERN ARGUMENT...: run keel, compare status and output
expect() {
	name=$1 want=$2 pattern=$3
	shift 3
	n=$((n + 1))
	output=$("$keel" "$@" 2>&1)
	status=$?
	if [ "$status" = "$want" ] &&
	   printf '%s\n' "$output" | grep -qe "$pattern"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "# keel $*: status $status, expected $want; output:"
		printf '%s\n' "$output" | sed 's/^/# /'
		failed=1
	fi
}

expect 'version' 0 '^keel [0-9.]* (ABI [0-9]*)$' --version
expect 'help lists commands' 0 '^  caps  *show what' --help
expect 'help of a command' 0 '^Usage: keel caps ' caps --help
expect 'no command' 2 '^keel: no command given; '
expect 'unknown command' 2 "^keel: unknown command 'frob'; " frob
expect 'unknown option' 2 "^keel: unrecognized option '--frob'" --frob
expect 'unknown option of a command' 2 \
	"^keel caps: unrecognized option '--frob'" caps --frob
expect 'stray argument' 2 "unexpected argument 'x'" caps x
expect 'bad CPU' 2 "'x' is not the number of a CPU" caps --cpu x
expect 'list of CPUs' 2 "'0-1' is not the number of a CPU" caps --cpu 0-1
expect 'negative CPU' 2 "'-1' is not the number of a CPU" caps --cpu -1
expect 'top: a delay that is none' 2 "'x' is not a number of seconds from 0.1 to 86400" top -d x
expect 'top: too short a delay' 2 "'0.01' is not a number of seconds" top -d 0.01
expect 'top: no tables' 2 "'0' is not a number of tables" top -b -n 0
expect 'top: a count without tables' 2 'keel top: --count goes with --batch' top -n 1
expect 'top: a file without tables' 2 'keel top: --output goes with --batch' top -o x
expect 'top: a command on the screen' 2 'would write over the screen; use --batch' top -- true
expect 'top: no terminal' 1 "^keel: .* are not a terminal; use 'keel top --batch'" top
expect 'stat: what is not there to count by' 2 \
	"'colour' is nothing that --by takes" stat --by colour
expect 'stat: two formats' 2 '--json and --csv: choose one' stat --json --csv
expect 'stat: no time' 2 "'0' is not a number of seconds" stat 0
expect 'stat: no interval' 2 "'1s' is not a number of seconds" stat -i 1s
expect 'stat: a command without --' 2 \
	"'ls' is not a number of seconds; a command comes after '--'" stat ls
expect 'stat: two times' 2 "unexpected argument '2'; a command comes after '--'" \
	stat 1 2
expect 'stat: -- without a command' 2 "no command after '--'" stat --
expect 'stat: two to watch' 2 '--pid and a command: only one' stat -p 1 -- ls
expect 'stat: no room' 2 "'0' is not a number of lines" stat --entries 0
expect 'stat: no number of a VM' 2 "'x' is not the number of a VM" stat --vm x
expect 'hist: all of nothing' 2 '--all goes with a command' hist --all

expect 'trace: help' 0 '^Usage: keel trace ' trace --help
expect 'trace: no such reason' 2 "'frob' is not an exit reason" trace --reason cpuid,frob
expect 'trace: a time in seconds' 2 "'5s' is not a time such as" trace --longer-than 5s
expect 'trace: no time' 2 "'0' is not a time such as" trace --longer-than 0
expect 'trace: a buffer of no bytes' 2 "'0' is not a size up to 1024M" trace --buffer 0
expect 'trace: a buffer too large' 2 "'1025M' is not a size up to 1024M" trace --buffer 1025M
expect 'trace: unknown syntax' 2 "'masm' is neither intel nor att" trace --insn=masm
expect 'trace: a count of 0' 2 "'0' is not a number above 0" trace -n 0
expect 'trace: no such file' 1 '^keel trace: /nowhere: No such file or directory$' \
	trace --symbols /nowhere
expect 'trace: no symbol file' 1 "^keel trace: /dev/null: has no symbols; give a System.map" \
	trace --symbols /dev/null
expect 'flame: unknown weight' 2 "'time' is neither samples nor cycles" flame --by time
expect 'flame: room for nothing' 2 "'0' is not a number from 1 to 16777216" flame --stacks 0

# From here on with a played module: see fake_keel.c.
keel=$(dirname "$0")/keel_fake

# play PART NAME STATUS PATTERN ARGUMENT...: expect, with FAKE_KEEL=PART
play() {
	FAKE_KEEL=$1
	export FAKE_KEEL
	shift
	expect "$@"
}

play no-module 'missing device' 1 \
	"^keel: /dev/keel: No such file or directory; load the module with 'modprobe keel'\$" \
	caps
if [ "$(id -u)" -eq 0 ]; then
	play loads 'root gets the module loaded' 0 '^CPUs* 0' caps
fi
play no-permission 'no permission' 1 \
	'^keel: /dev/keel: Permission denied; be root, or join group keel: ' caps
play odd-error 'another error' 1 \
	'^keel: /dev/keel: Input/output error$' caps
play old-module 'module of another version' 1 \
	'^keel: /dev/keel: Invalid argument; install module and tool from one version$' \
	caps
play other-abi 'module of another ABI' 1 \
	'^keel: the module has ABI [0-9]*, the tool [0-9]*; install both from one version$' \
	caps
play all-offline 'every CPU went offline' 1 '^keel: no CPU answered$' caps
play ok 'CPU that is not online' 1 \
	'^keel: CPU 4711: not online; /sys/devices/system/cpu/online lists ' \
	caps --cpu 4711
play ok 'all CPUs' 0 '^CPUs* 0' caps
play ok 'one CPU' 0 '^CPU 0$' caps --cpu 0
play ok 'no EPT' 0 \
	'EPT: absent (extended page tables: not offered by this CPU)' caps
play ok 'paging modes' 0 '^Paging modes of guests: ept shadow$' caps
play no-ept 'paging modes without EPT' 0 '^Paging modes of guests: shadow$' caps
play ok 'JSON' 0 '"IA32_VMX_BASIC": "0x005a08000000000d"' caps --json
play ok 'raw' 0 '^  IA32_VMX_BASIC  *0x480  0x005a08000000000d$' caps --raw

n=$((n + 1))
if [ -c /dev/full ] && ! "$keel" caps >/dev/full 2>/dev/null; then
	echo "ok $n - full disk"
else
	echo "not ok $n - full disk"
	failed=1
fi
echo "1..$n"
exit $failed
