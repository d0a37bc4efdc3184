# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script of the testbed shares: where the cache is, how to speak,
# and how a cached component is built once and put in place in one step.
# Sourced, never run. Reads no argument and starts nothing by itself.

# shellcheck disable=SC2034 # for those who source this
tb_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
tb_cache=${XDG_CACHE_HOME:-$HOME/.cache}/keel-testbed
# The kernels that Debian offers ready to boot, newest first.
# shellcheck disable=SC2034
tb_kernels=(6.12 6.1)

say()
{
	printf 'testbed: %s\n' "$*" >&2
}

die()
{
	say "$*"
	exit 126
}

# A hash over files and words: what a cached component was made from.
key_of()
{
	local file

	for file in "$@"; do
		if [[ -f $file ]]; then
			cat -- "$file"
		else
			printf '%s\n' "$file"
		fi
	done | sha256sum | cut -c1-16
}

# fresh COMPONENT KEY: is the cached component there and made from KEY?
fresh()
{
	[[ -f $tb_cache/$1/.key && $(<"$tb_cache/$1/.key") == "$2" ]]
}

# publish FOLDER COMPONENT KEY: the finished folder becomes the component.
# A reader sees the old one or the new one, never half of one.
publish()
{
	local from=$1 to=$tb_cache/$2

	printf '%s\n' "$3" >"$from/.key"
	mkdir -p -- "$(dirname -- "$to")"
	if [[ -e $to ]]; then
		mv -- "$to" "$from.old"
	fi
	mv -- "$from" "$to"
	rm -rf -- "$from.old"
}

# publish_once FOLDER COMPONENT KEY: for components that are named by their
# key. Whoever comes second finds the same content in place and drops his.
publish_once()
{
	printf '%s\n' "$3" >"$1/.key"
	mkdir -p -- "$(dirname -- "$tb_cache/$2")"
	mv -T -- "$1" "$tb_cache/$2" 2>/dev/null || fresh "$2" "$3"
}

# A scratch folder beside the cache, so that publish() is a rename.
scratch()
{
	mkdir -p -- "$tb_cache/tmp"
	mktemp -d -- "$tb_cache/tmp/$1.XXXXXX"
}

as_root()
{
	if [[ $(id -u) -eq 0 ]]; then
		"$@"
	else
		sudo -- "$@"
	fi
}
