#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# keel run from outside, with a played module: see fake_guest.c.  How each way
# to end shows in message and status, and what happens to the terminal.

dir=$(dirname "$0")
keel=$dir/keel_fake
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0
failed=0
LC_ALL=C
export LC_ALL

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		echo "# status $status; output:"
		printf '%s\n' "$output" | sed 's/^/# /'
		failed=1
	fi
}

# play PART NAME STATUS PATTERN ARGUMENT...
play() {
	FAKE_KEEL=$1 name=$2 want=$3 pattern=$4
	export FAKE_KEEL
	shift 4
	output=$(timeout 20 "$keel" run "$@" 2>&1 </dev/null)
	status=$?
	[ $status = "$want" ] && printf '%s\n' "$output" | grep -qe "$pattern"
	result $? "$name"
}

# Bytes of several vCPUs mix.
# A guest whose one instruction is HLT; the played CPU does not look at more.
printf '\364' >"$work/hlt"
: >"$work/empty"
head -c 2000000 /dev/zero >"$work/large"
printf '\177ELF\002\001\001' >"$work/elf"

python3 -c '
import struct, sys
b = bytearray(3 * 512)
b[0x1f1] = 1
struct.pack_into("<H", b, 0x1fe, 0xaa55)
struct.pack_into("<BB4sH", b, 0x200, 0xeb, 0x2a, b"HdrS", 0x202)
b[0x211] = 1
open(sys.argv[1], "wb").write(b)
# Begins in 64-bit mode.
struct.pack_into("<H", b, 0x206, 0x20c)
struct.pack_into("<H", b, 0x236, 1)
b[0x201] = 0x70
open(sys.argv[2], "wb").write(b + bytes(512))
' "$work/bzimage" "$work/bzimage64"
# A Multiboot kernel: a header that says where it goes.
python3 -c '
import struct, sys
magic, flags = 0x1badb002, 0x10000
header = struct.pack("<8I", magic, flags, -(magic + flags) & 0xffffffff,
		     0x100000, 0x100000, 0, 0, 0x100020)
open(sys.argv[1], "wb").write(header + b"\xf4")
' "$work/multiboot"
head -c 65536 /dev/zero >"$work/bios"

play ok 'greeting and halt' 0 '^Hello' "$work/hlt"
play ok 'two vCPUs' 0 '^H' --cpus 2 "$work/hlt"
play ok 'sixty-four vCPUs' 0 '^H' --cpus 64 "$work/hlt"
play ok 'exit log: out' 0 '^cpu0 0x.* IO out port 0x3f8, 8-bit, 7 times: 0x48 0x65 ' \
	-v "$work/hlt"
play ok 'exit log: unclaimed port' 0 \
	'^cpu0 0x.* IO in port 0x1234, 16-bit: 0xffff (no device)$' -v "$work/hlt"
play ok 'exit log: halt' 0 '^cpu0 0x.* HLT$' -v "$work/hlt"
play debug-exit 'debug exit' 11 '^Hello' "$work/hlt"
play triple 'triple fault' 4 '^keel: vCPU 0: triple fault at 0x100000$' "$work/hlt"
play fail-entry 'failed entry names the field' 6 \
	'Guest CR0 (VMCS field 0x6800) is 0x10: bit 31 must be 1$' "$work/hlt"
play fail-entry 'failed entry, VMCS' 6 '^Guest CR0: 0x0$' -v "$work/hlt"
play dead 'dead VM' 10 "the kernel's log says why" "$work/hlt"
play task-switch 'task switch' 8 'hardware task switch at 0x100000' "$work/hlt"
play touch 'MMIO without device' 8 \
	'MMIO read 0xfed40020: .*; read 0xfed40020, 32-bit: 0xffffffff (no device)' \
	-v "$work/hlt"
play touch 'MMIO: page fault' 8 '^fake: vector 14 error 2 payload 0xdead008 into 0$' \
	"$work/hlt"
play touch 'MMIO: unknown instruction' 8 \
	'instruction at 0x100002 that Keel cannot perform on 0xfed40020.* (bytes 0f 01 13)$' \
	"$work/hlt"
play lapic 'MMIO: a local APIC' 0 'read 0xfee00030, 8-bit: 0x14$' -v "$work/hlt"
play lapic 'MMIO: a local APIC, written' 0 '^fake: local APIC timer: 4711$' "$work/hlt"
play eoi 'end of an interrupt' 0 '^cpu0 0x.* EOI vector 0x31$' -v "$work/hlt"
play extint 'interrupt of an 8259 that has none' 0 '^cpu0 0x.* EXTINT vector 0x[0-9a-f]*7$' \
	-v "$work/hlt"
play waits 'vCPUs that were never started' 0 '^Hello' --cpus 3 "$work/hlt"
play wakes 'a vCPU that is woken by another' 0 '^Hello.*' --cpus 2 "$work/hlt"
play reset 'reset by port 0x92' 14 '^keel: the guest reset the machine$' "$work/hlt"
play mark 'a mark without --timing' 0 '' "$work/hlt"
play mark 'a mark' 0 '^timing: .* ms .* ticks  mark 42$' --timing "$work/hlt"
play mark 'exits' 0 '^timing:  *42 IO_INSTRUCTION (30)$' --timing --cpus 2 "$work/hlt"
play mark 'timing as JSON' 0 '^timing: .* images loaded$' --timing="$work/json" "$work/hlt"
python3 -c '
import json, sys
t = json.load(open(sys.argv[1]))
what = [m["what"] for m in t["moments"]]
assert what == ["machine made", "images loaded", "mark", "ended"], what
ns = [m["ns"] for m in t["moments"]]
assert ns == sorted(ns) and t["moments"][2]["mark"] == 42, t
assert t["exits"]["total"] == t["exits"]["reasons"]["IO_INSTRUCTION"] == 21, t
' "$work/json"
result $? 'timing as JSON: its contents'
play mark 'timing to nowhere' 10 '/nowhere/json: No such' --timing="$work/nowhere/json" "$work/hlt"
play vector 'MMIO: vector register' 0 'movups xmm1, .*0xffffffffffffffff (no device)' \
	-v "$work/hlt"
play break-out 'a device that opens a file' 159 \
	"^keel: sandbox: a vCPU's thread called openat (system call 257) with 0x" "$work/hlt"
play break-out 'without a sandbox it can' 10 '^fake: broke out$' --no-sandbox "$work/hlt"
play abort "libc's own end" 134 '^double free or corruption' "$work/hlt"
play no-module 'no module' 10 'modprobe keel' "$work/hlt"
play old-module 'old module' 10 'from one version' "$work/hlt"
play other-abi 'other ABI' 10 '^keel: the module has ABI' "$work/hlt"
play busy 'VMX in use' 10 'making a VM: .*; another hypervisor uses VMX' "$work/hlt"
play quota-vms 'all VMs that a user may have' 10 'making a VM: .*max_vms_per_user' "$work/hlt"
play quota-vcpus 'all vCPUs that a user may have' 10 'making a vCPU: .*max_vcpus_per_user' \
	"$work/hlt"
play restricted 'real mode needs unrestricted guest' 10 \
	'cannot run guests in real mode' --mode real "$work/hlt"
play restricted 'protected mode does not' 0 '^Hello' --mode prot "$work/hlt"
play no-ept 'real mode needs it under shadow paging, too' 10 \
	'cannot run guests in real mode' --mode real "$work/hlt"
play restricted 'no paging needs it' 10 \
	'multiboot: begins without paging, .* under EPT .*use --paging shadow' \
	--kernel "$work/multiboot"
play restricted 'two vCPUs need it under EPT' 10 \
	'bzimage64: more than one vCPU needs real mode.*use --cpus 1, or --paging shadow' \
	--cpus 2 --kernel "$work/bzimage64"
play no-ept 'two vCPUs of Multiboot need it' 10 \
	'multiboot: starts further vCPUs in real mode.*use --cpus 1, or a 64-bit Linux' \
	--cpus 2 --kernel "$work/multiboot"
play no-ept 'two vCPUs of a 32-bit Linux need it' 10 \
	'bzimage: starts further vCPUs in real mode' --cpus 2 --kernel "$work/bzimage"
play no-ept 'firmware needs it under shadow paging, too' 10 \
	'bios: firmware begins in real mode.*boot a kernel by --kernel alone' \
	--firmware "$work/bios"
play mailbox 'a vCPU started by the mailbox' 0 \
	'^fake: vCPU 1 begins at 0x99000, CR0 0x80010031, CR3 0xf0000, EFER 0xd00$' \
	--cpus 2 --kernel "$work/bzimage64"
# One that runs is given back when it has halted, not before.
[ "$(printf '%s\n' "$output" | grep -A 1 -m 1 halts | tail -n 1)" = 'fake: taken' ] &&
	[ "$(printf '%s\n' "$output" | grep -c '^fake: vCPU 1 begins at 0x77000')" = 1 ] &&
	[ "$(printf '%s\n' "$output" | grep -c '^fake: vCPU . begins')" = 2 ]
result $? 'a vCPU given back, and started again'
play ok 'no such file' 10 'nowhere: No such file or directory$' "$work/nowhere"
play ok 'a folder' 10 'Is a directory$' "$work"
play ok 'empty file' 10 'empty: is empty$' "$work/empty"
play ok 'too large' 10 'do not fit into the guest' --mem 1 "$work/large"
play ok 'over the page tables' 10 'is needed for page tables$' --load-at 0x2000 "$work/hlt"
play ok 'end of memory' 10 'do not fit' --load-at 0xffffffffffffffff "$work/hlt"
play ok 'ELF cut off' 10 'elf: ' "$work/elf"
play ok 'ELF says where' 10 'leave out --load-at$' --load-at 0x1000 "$work/elf"
play ok 'entry outside' 10 'the entry is outside' --entry 0x80000000 "$work/hlt"
play ok 'more memory than addresses' 10 'too few physical address bits' --mem 65536 "$work/hlt"
play ok 'local APICs in software' 0 '^Hello' --apicv off "$work/hlt"
play ok 'a switch that is neither' 2 "apicv: 'maybe' is neither on nor off" --apicv maybe a
play flags 'EPT where the CPU has it' 0 '^fake: VM with flags 0x1$' "$work/hlt"
play flags 'EPT asked for' 0 '^fake: VM with flags 0x1$' --paging ept "$work/hlt"
play flags 'shadow paging asked for' 0 '^fake: VM with flags 0x5$' --paging shadow "$work/hlt"
play no-ept 'shadow paging where the CPU has nothing else' 0 '^fake: VM with flags 0x5$' "$work/hlt"
play no-ept 'EPT that the CPU lacks' 10 \
	'^keel: this CPU has no EPT; use --paging shadow' --paging ept "$work/hlt"
play ok 'neither of both' 2 "paging: 'both' is neither ept nor shadow" --paging both a
play ok 'no image' 2 'no image given'
play ok 'two images' 2 "unexpected argument 'b'" a b
play ok 'bad number' 2 "mem: '12q' is not a number" --mem 12q a
play ok 'negative number' 2 "mem: '-1' is not a number" --mem=-1 a
play ok 'too many vCPUs' 2 'cpus: 65 is not between 1 and 64' --cpus 65 a
play ok 'image and kernel' 2 'IMAGE excludes --kernel and --firmware' --kernel a b
play ok 'image and firmware' 2 'IMAGE excludes' --firmware a b
play ok 'initrd of firmware alone' 2 'initrd goes with --kernel only' --firmware a --initrd b
play ok 'load address of a kernel' 2 'go with IMAGE only' --firmware a --kernel b --load-at 0
play ok 'no such firmware' 10 'nowhere: No such file' --firmware "$work/nowhere" \
	--kernel "$work/hlt"
play ok 'a BIOS boots no flat binary' 10 'hlt: is no bzImage' --firmware "$work/hlt" \
	--kernel "$work/hlt"
play ok 'modules under a BIOS' 10 'bzimage: takes no modules' --firmware "$work/bios" \
	--kernel "$work/bzimage" --module "$work/hlt"
play ok 'a BIOS that is cut off' 10 'hlt: has 1 bytes; firmware is' --firmware "$work/hlt" \
	--kernel "$work/bzimage"
play ok 'initrd larger than the memory' 10 'large: 2000000 bytes do not fit' --mem 2 \
	--firmware "$work/bios" --kernel "$work/bzimage" --initrd "$work/large"
play ok 'our ROM is taken' 10 'fw_cfg: File exists' --firmware "$work/bios" \
	--kernel "$work/bzimage" --fw-cfg genroms/keel-kernel.rom="$work/hlt"
play restricted 'a BIOS needs unrestricted guest' 10 'bios: firmware begins in real mode' \
	--firmware "$work/bios" --kernel "$work/bzimage"
play ok 'a file for firmware twice' 10 'fw-cfg a/b: File exists' --fw-cfg a/b="$work/hlt" \
	--fw-cfg a/b="$work/hlt" "$work/hlt"
play ok 'no such mode' 2 "mode: 'virtual' is none of" --mode virtual a

# Pipes: what goes in comes out, all of it, and Ctrl-A means nothing.
FAKE_KEEL="echo"
output=$({ head -c 2000 /dev/zero | tr '\0' 'a'; printf '\001xq'; } |
	timeout 20 "$keel" run "$work/hlt" 2>&1 | tr -d '\n' | wc -c)
status=$?
[ "$output" -eq 2002 ]
result $? 'through pipes'

# A reader that leaves.
FAKE_KEEL=flood
{ timeout 20 "$keel" run "$work/hlt" 2>"$work/err"; echo $? >"$work/status"; } | head -c 3 >/dev/null
output=$(cat "$work/err") status=$(cat "$work/status")
[ "$status" = 10 ] && [ "$output" = 'keel: standard output: Broken pipe' ]
result $? 'standard output closed'

# A reader that stays and does not read: the guest waits, and a signal ends it.
FAKE_KEEL=pour
mkfifo "$work/fifo"
# shellcheck disable=SC2217 # it holds the pipe open
sleep 30 <"$work/fifo" &
reader=$!
timeout -s TERM 2 "$keel" run --cpus 2 "$work/hlt" >"$work/fifo" 2>"$work/err" <"$work/large"
status=$?
kill $reader 2>/dev/null
output=$(cat "$work/err")
[ $status = 124 ]
result $? 'SIGTERM ends a guest whose output nobody reads'

# A signal while the guest runs.
FAKE_KEEL=spin
timeout -s TERM 1 "$keel" run "$work/hlt" >"$work/err" 2>&1 </dev/null
status=$?
output=$(cat "$work/err")
[ $status = 124 ]
result $? 'SIGTERM ends a guest that runs'
timeout -k 5 -s TERM 1 "$keel" run --no-shutdown "$work/hlt" >"$work/err" 2>&1 </dev/null
status=$?
output=$(cat "$work/err")
[ $status = 124 ] && ! grep -q 'stays' "$work/err"
result $? '--no-shutdown: SIGTERM ends it all, as ever'
FAKE_KEEL=ok
timeout -k 5 -s TERM 1 "$keel" run --no-shutdown "$work/hlt" >"$work/err" 2>&1 </dev/null
status=$?
output=$(cat "$work/err")
[ $status = 124 ] && grep -q '^keel: the guest has ended; its VM stays' "$work/err"
result $? '--no-shutdown: stays behind the end of the guest'
FAKE_KEEL=interrupts-on
timeout -s TERM 1 "$keel" run "$work/hlt" >"$work/err" 2>&1 </dev/null
status=$?
output=$(cat "$work/err")
[ $status = 124 ]
result $? 'HLT with interrupts on waits'

if python3 -c 'import pty' 2>/dev/null; then
	output=$(python3 "$dir/test_terminal.py" "$keel" "$work/hlt" 2>&1)
	status=$?
	printf '%s\n' "$output" | sed 's/^/# /'
	result $status 'terminal: keys, and modes restored on every way out'
else
	n=$((n + 1))
	echo "ok $n - terminal # SKIP no python3"
fi
echo "1..$n"
exit $failed
