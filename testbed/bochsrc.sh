# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The PC's description for Bochs. Sourced by run, whose options it reads.

# Instructions in a second of guest time; see docs/testbed.md for the choice.
bochs_ips=100000000

# make_bios FILE VALUE: the BIOS, which leaves VALUE in IA32_FEATURE_CONTROL.
# It has the instructions "or $5, %eax; wrmsr" for that twice, once for the
# boot CPU and once for the others; no option changes the 5.
make_bios()
{
	local value different
	local stock=/usr/share/bochs/BIOS-bochs-latest

	value=$(printf '\\x%02x' $(($2)))
	LC_ALL=C sed "s/\x83\xc8\x05\x0f\x30/\x83\xc8$value\x0f\x30/g" "$stock" >"$1"
	different=$({ cmp -l -- "$stock" "$1" || true; } | wc -l)
	[[ $(($2)) -eq 5 || $different -eq 2 ]] ||
		die "this BIOS sets IA32_FEATURE_CONTROL in an unknown way"
}

# Is it the Bochs that testbed/setup builds, or the packaged one?
own_bochs()
{
	[[ ${bochs:?} == "${tb_cache:?}"/* ]]
}

# Print the configuration. Paths are relative to the run's folder.
bochsrc()
{
	# The packaged Bochs has no display that shows nothing.
	local display='rfb, options="timeout=0"'

	if own_bochs; then
		display=nogui
	fi
	cat <<-END
	display_library: $display
	cpu: model=${cpu:?}, count=${cpus:?}, ips=$bochs_ips, reset_on_triple_fault=1, ignore_bad_msrs=1
	memory: guest=${mem:?}, host=$mem
	romimage: file=bios
	vgaromimage: file=/usr/share/vgabios/vgabios.bin
	vga: extension=none, update_freq=1
	optromimage1: file=boot.rom, address=0xd0000
	pci: enabled=1, chipset=i440fx
	ata0: enabled=0
	ata1: enabled=0
	boot: floppy
	clock: sync=none
	port_e9_hack: enabled=1
	com1: enabled=1, mode=file, dev=console
	log: bochs.log
	panic: action=fatal
	error: action=ignore
	info: action=report
	debug: action=ignore
	END
}

# load_images ADDRESS: print which files Bochs reads into memory.
load_images()
{
	cat <<-END
	optramimage1: file=low, address=0x10000
	optramimage2: file=high, address=$1
	END
}
