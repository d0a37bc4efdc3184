# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's packages without touching the system's apt: a private state folder
# with its own list of sources. The mirror is the one that this machine's apt
# already uses; the signatures are checked against Debian's own keyring.
# Sourced after lib.sh, which sets tb_cache.

apt_state=${tb_cache:?}/apt
apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Run one of apt's tools on the private state.
apt_private()
{
	local tool=$1

	shift
	# A mirror that stands still, as snapshots do, has indexes that expired;
	# what they say is signed all the same.
	# As root apt would change to a user who may not write our folder.
	"$tool" -q -o APT::Sandbox::User=root \
		-o Dir::State="$apt_state" \
		-o Dir::State::Lists="$apt_state/lists" \
		-o Dir::State::Status=/dev/null \
		-o Dir::Cache="$apt_state/cache" \
		-o Dir::Etc::SourceList="$apt_state/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o Acquire::Languages=none \
		-o Acquire::Check-Valid-Until=false \
		-o Acquire::Retries=2 \
		"$@"
}

# apt_mirror LABEL: the address from which this machine's apt takes Debian.
apt_mirror()
{
	# apt expands the format, not the shell.
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' "Label: $1" |
		head -n 1
}

apt_sources()
{
	local main security suite

	main=$(apt_mirror Debian)
	security=$(apt_mirror Debian-Security)
	[[ -n $main ]] || return 1
	for suite in bookworm bookworm-backports unstable; do
		echo "deb [signed-by=$apt_keyring] $main $suite main"
	done
	echo "deb-src [signed-by=$apt_keyring] $main trixie main"
	if [[ -n $security ]]; then
		echo "deb [signed-by=$apt_keyring] $security bookworm-security main"
	fi
}

# Bring the private index up to date, at most once in an hour: several
# components are often made in one set-up.
apt_update()
{
	local stamp=$apt_state/updated

	if [[ -n $(find "$stamp" -mmin -60 2>/dev/null) ]]; then
		return 0
	fi
	mkdir -p -- "$apt_state/lists/partial" "$apt_state/cache/archives/partial"
	apt_sources >"$apt_state/sources.list" ||
		die "apt names no Debian mirror: run apt-get update first"
	# A mirror may lack one suite and still serve the others; who needs
	# the missing one says so.
	if ! apt_private apt-get update >&2; then
		say "apt could not read every suite; going on with what it has"
	fi
	touch -- "$stamp"
}

# deb_versions PACKAGE: its versions in all suites, newest first.
deb_versions()
{
	apt_private apt-cache madison "$1" |
		awk -F ' *[|] *' '$3 ~ /Packages$/ { print $2 }'
}

# deb_depends PACKAGE VERSION: names that the package depends on.
deb_depends()
{
	apt_private apt-cache show "$1=$2" |
		sed -n 's/^Depends: //p' | sed 's/[,|]/\n/g' |
		sed 's/^ *//; s/[ (:].*//'
}

# deb_unpack FOLDER PACKAGE[=VERSION]...: download and unpack, install nothing.
deb_unpack()
{
	local to=$1 debs deb

	shift
	debs=$(scratch debs)
	if ! (cd "$debs" && apt_private apt-get download "$@" >&2); then
		rm -rf -- "$debs"
		return 1
	fi
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$to"
	done
	rm -rf -- "$debs"
}
