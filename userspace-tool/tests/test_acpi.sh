#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What ACPICA's own disassembler makes of the ACPI tables: it reads them without
# a complaint, compiles what it read without one, and gets the same bytes again.

dir=$(dirname "$0")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
if ! command -v iasl >/dev/null; then
	echo "ok 1 - ACPI tables by iasl # SKIP no iasl (Debian: acpica-tools)"
	echo "1..1"
	exit 0
fi
n=0
failed=0

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$work/log"
		failed=1
	fi
}

"$dir/test_acpi" -d "$work" >"$work/log" 2>&1
result $? 'tables as files'
cd "$work" || exit 1
for table in DSDT FACP APIC; do
	iasl -d $table.aml >log 2>&1 && ! grep -iE 'error|warning|invalid|unknown' log $table.dsl
	result $? "$table: read"
	iasl -p again $table.dsl >log 2>&1 && grep -q ' 0 Errors, 0 Warnings' log
	result $? "$table: compiled"
	# Compiler's name and version, and the checksum over them, are its own.
	cmp -l $table.aml again.aml | awk '$1 != 10 && ($1 < 29 || $1 > 36)' >log
	[ ! -s log ]
	result $? "$table: the same bytes"
done
echo "1..$n"
exit $failed
