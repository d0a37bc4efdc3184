# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What the PART-test scripts share.  They run in the testbed, under busybox' shell.
#
#   . ./lib.sh
#   check "a name" test 1 -eq 1		passes when the command succeeds
#   report ok|bad NAME [WHY [FILE]]	the same by hand; FILE is shown when it is bad
#   wait_for SECONDS COMMAND...		until COMMAND succeeds
#   start_guest IMAGE...		keel run, in the background; its process is $guest
#   stop_guest				the last one that was started
#   finish				last: the plan, and the status
#
# Seconds are the machine's: in the testbed so many instructions.
work=$(mktemp -d /tmp/trace.XXXXXX)
number=0
failed=0
guest=

clean_up()
{
	[ -z "$guest" ] || kill -9 "$guest" 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT

report()
{
	number=$((number + 1))
	if [ "$1" = ok ]; then
		echo "ok $number - $2"
	else
		failed=1
		echo "not ok $number - $2${3:+: $3}"
		[ -z "$4" ] || tail -n 40 "$4" | tr -d '\r\033' | sed 's/^/# | /'
	fi
}

# What the command says is shown when it fails.
check()
{
	local name=$1

	shift
	if "$@" >"$work/check" 2>&1; then
		report ok "$name"
	else
		report bad "$name" "$*" "$work/check"
	fi
}

uptime_seconds() { cut -d . -f 1 /proc/uptime; }

# By the clock: where the CPU is busy a try takes long.
wait_for()
{
	local end=$(($(uptime_seconds) + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(uptime_seconds)" -lt $end ] || return 1
		sleep 0.1
	done
}

start_guest()
{
	keel run "$@" </dev/null >"$work/guest.out" 2>"$work/guest.err" &
	guest=$!
}

stop_guest()
{
	kill "$guest" 2>/dev/null
	wait "$guest" 2>/dev/null
	guest=
}

finish()
{
	echo "1..$number"
	exit $failed
}
