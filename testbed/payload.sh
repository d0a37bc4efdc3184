# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # shares variables with run
#
# What one run adds to the guest's files: keel, the selftests, what --put
# names, the shared libraries of all of these, the command. Sourced by run.

# put_file FILE DEST: copy a file or folder to DEST under the payload's root.
# In the guest /bin, /sbin, /lib and /lib64 are links to those in /usr; a
# folder of that name in the payload would take the link's place.
put_file()
{
	local dest=/${2#/} to

	case $dest in
	/bin/* | /sbin/* | /lib/* | /lib64/*) dest=/usr$dest ;;
	esac
	to=$payload$dest

	mkdir -p -- "$(dirname -- "$to")"
	if [[ -d $1 ]]; then
		mkdir -p -- "$to"
		cp -rL -- "$1/." "$to/"
	else
		cp -L -- "$1" "$to"
	fi
}

# put_argument FILE[:DEST]: as --put takes it. A colon in FILE itself is fine
# as long as FILE exists.
put_argument()
{
	local file=$1 dest=

	if [[ ! -e $file && $file == *:* ]]; then
		dest=${file##*:}
		file=${file%:*}
	fi
	[[ -e $file ]] || die "--put $1: there is no $file"
	[[ -n $dest ]] || dest=/root/
	[[ $dest == /* ]] || dest=/root/$dest
	[[ $dest != */ ]] || dest+=$(basename -- "$(realpath -s -- "$file")")
	put_file "$file" "$dest"
}

# What the build made of Keel; what is not there is left out.
put_keel()
{
	local top=$1 release=$2 module program to

	for module in "$top/build/$release"/{kmod/keel.ko,probe/keel_probe.ko,probe/keel_poke.ko}; do
		if [[ -n $release && -f $module ]]; then
			to=/usr/lib/modules/$release/extra/${module##*/}
			put_file "$module" "$to"
			# The guest has no use for the larger part of it, and copies it slowly.
			strip --strip-debug "$payload$to"
		fi
	done
	if [[ -x $top/userspace-tool/keel ]]; then
		put_file "$top/userspace-tool/keel" /usr/bin/keel
	fi
	# Guests to run; COMMAND starts in /root.
	for program in "$top"/examples/*.bin "$top"/examples/hello; do
		if [[ -f $program ]]; then
			put_file "$program" "/root/examples/${program##*/}"
		fi
	done
	for program in "$top"/selftests/*; do
		if [[ -f $program && -x $program ]]; then
			put_file "$program" "/usr/libexec/keel/selftests/${program##*/}"
		fi
	done
}

is_elf()
{
	local magic

	LC_ALL=C IFS= read -r -d '' -n 4 magic <"$1" 2>/dev/null || true
	[[ $magic == $'\x7fELF' ]]
}

# The loader and the libraries of every program in the payload, at the paths
# where they lie on this machine.
put_libraries()
{
	local file programs=() library

	while read -r -d '' file; do
		if [[ $file != *.ko && $file != *.o ]] && is_elf "$file"; then
			programs+=("$file")
		fi
	done < <(find "$payload" -type f -print0)
	[[ ${#programs[@]} -gt 0 ]] || return 0
	# ldd fails when one of them is static; that one needs nothing.
	{ ldd "${programs[@]}" 2>/dev/null || true; } |
		sed -nE 's#^[^/]*(/[^ ]+) \(0x.*#\1#p' | grep -v ':$' | sort -u |
		while read -r library; do
			put_file "$library" "$library"
		done
}

# They depend on no other module, so that depmod is not needed.
add_keel_to_dependencies()
{
	local modules_in_guest=$payload/usr/lib/modules/$release module

	[[ -d $modules_in_guest/extra ]] || return 0
	{
		cat -- "${base%/*}/modules.dep"
		for module in "$modules_in_guest"/extra/*.ko; do
			echo "extra/${module##*/}:"
		done
	} >"$modules_in_guest/modules.dep"
}

# make_payload COMMAND...: all of it, as one archive, $run/payload.
make_payload()
{
	local put get

	payload=$run/files
	mkdir -p -- "$payload/testbed"
	put_keel "$top" "$release"
	add_keel_to_dependencies
	for put in ${puts[@]+"${puts[@]}"}; do
		put_argument "$put"
	done
	put_libraries
	printf '%s\0' "$@" >"$payload/testbed/argv"
	for get in ${gets[@]+"${gets[@]}"}; do
		printf '%s\0' "${get%:*}"
	done >"$payload/testbed/get"
	(cd "$payload" && find . | cpio --quiet -o -H newc -R 0:0) >"$run/payload"
	rm -rf -- "$payload"
}
