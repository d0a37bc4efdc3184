# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run sets what is read here
#
# A booted machine is saved once for each kernel, CPU model, number of CPUs,
# memory and command line, and later runs start from it. What differs from
# run to run, the agent fetches after that point. Sourced by run.

# Of so many, the ones not used for longest go first.
snapshots_kept=16

# Everything that shapes the machine up to the point where it is saved.
snapshot_key()
{
	key_of "$(bochsrc)" "$parameters" "$base" "$programs" "$here/snapshot.sh" \
		"$(stat -L -c '%n %s %Y' -- "$vmlinux" "$bochs")" "$(cksum <"$run/bios")"
}

# boot_or_restore: run Bochs until its end, the shortest way.
boot_or_restore()
{
	local key folder lock

	key=$(snapshot_key)
	folder=$tb_cache/snapshots/$key
	# A snapshot of much memory takes longer to read than the kernel to boot.
	if [[ -n $no_snapshot || $mem -gt 2048 ]]; then
		boot
		return
	fi
	if fresh "snapshots/$key" "$key"; then
		touch -- "$folder/.key"
		monitor -r "$folder"
		case $(cat -- "$run/result" 2>/dev/null) in
		gone | reset | panic)
			[[ ! -f $run/started ]] || return 0
			# It never came to life: throw it away and boot.
			say "the snapshot is of no use: booting"
			rm -rf -- "$folder"
			rm -f -- "$run"/{result,kmsg,console,bochs.log,bochs.err}
			boot
			;;
		esac
		return
	fi
	mkdir -p -- "$tb_cache/snapshots"
	exec {lock}>"$tb_cache/snapshots/$key.lock"
	if ! flock -n "$lock"; then
		exec {lock}>&-
		boot
		return
	fi
	mkdir -- "$run/snapshot"
	TESTBED_SNAPSHOT=$run/snapshot boot
	keep_snapshot "$key"
	exec {lock}>&-
	rm -f -- "$tb_cache/snapshots/$key.lock"
}

# The snapshot is made where the run's files are, on another file system
# perhaps, and full of noughts.
keep_snapshot()
{
	local key=$1 dir old

	[[ -f $run/snapshot/complete ]] || return 0
	# Memory comes from the snapshot, not from the images.
	sed -i '/^optramimage/d' "$run/snapshot/config"
	dir=$(scratch snapshot)
	chmod 755 -- "$dir"
	if cp --sparse=always -- "$run/snapshot"/* "$dir/"; then
		publish_once "$dir" "snapshots/$key" "$key" || true
	fi
	rm -rf -- "$dir"
	# shellcheck disable=SC2012 # our names are hexadecimal
	ls -1t -- "$tb_cache"/snapshots/*/.key 2>/dev/null | tail -n "+$((snapshots_kept + 1))" |
		while read -r old; do
			rm -rf -- "${old%/.key}"
		done
}
