// SPDX-License-Identifier: GPL-2.0
/*
 * The list for KEEL_GET_SUPPORTED_CPUID: all that a guest can be told, put
 * together from the host's CPUID as keel_cpuid_policy.c lets it through, and of
 * what Keel itself has to tell.  Also what a vCPU starts with.
 */
#include "keel_cpuid_policy.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <uapi/asm/kvm_para.h>

#include "keel_lapic.h"

struct list {
	struct keel_cpuid_leaf *leaves;
	u32 room;
	u32 nr;
	const struct keel_cpuid_host *host;
};

static void put(struct list *list, u32 leaf, u32 subleaf, const u32 out[4])
{
	if (list->nr < list->room)
		list->leaves[list->nr] = (struct keel_cpuid_leaf){
			.leaf = leaf,
			.subleaf = subleaf,
			.flags = keel_cpuid_indexed(leaf) ? KEEL_CPUID_INDEXED : 0,
			.eax = out[0],
			.ebx = out[1],
			.ecx = out[2],
			.edx = out[3],
		};
	list->nr++;
}

/* Each vCPU is a package of its own until the caller says otherwise. */
static void put_caches(struct list *list)
{
	u32 out[4], i;

	for (i = 0; i < 8; i++) {
		keel_cpuid_filter(4, i, out, list->host);
		if (!(out[KEEL_CPUID_EAX] & 0x1f))
			return;
		out[KEEL_CPUID_EAX] &= 0x3ff;	/* shared with nobody */
		put(list, 4, i, out);
	}
}

static void put_topology(struct list *list, u32 leaf)
{
	/* One thread (type 1) in a core, one core (type 2) in a package. */
	static const u32 thread[4] = { 0, 1, 1 << 8 | 0, 0 };
	static const u32 core[4] = { 0, 1, 2 << 8 | 1, 0 };

	put(list, leaf, 0, thread);
	put(list, leaf, 1, core);
}

static void put_xsave(struct list *list)
{
	u64 xcr0 = keel_cpuid_xcr0_trim(list->host->xcr0);
	u32 out[4], i, size = XSAVE_HEADER_END;

	if (!list->host->xcr0)
		return;
	for (i = 2; i < 64; i++) {
		if (!(xcr0 & BIT_ULL(i)))
			continue;
		keel_cpuid_filter(0xd, i, out, list->host);
		if (size < out[KEEL_CPUID_EBX] + out[KEEL_CPUID_EAX])
			size = out[KEEL_CPUID_EBX] + out[KEEL_CPUID_EAX];
	}
	for (i = 0; i < 64; i++) {
		if (i >= 2 && !(xcr0 & BIT_ULL(i)))
			continue;
		keel_cpuid_filter(0xd, i, out, list->host);
		/* As after reset; the host's sizes count what no guest gets. */
		if (i < 2)
			out[KEEL_CPUID_EBX] = XSAVE_HEADER_END;
		if (i == 0)
			out[KEEL_CPUID_ECX] = size;
		put(list, 0xd, i, out);
	}
}

/*
 * TSC over crystal as a small fraction: the continued fraction of @khz over
 * KEEL_APIC_KHZ, as far as the numerator fits.  Linux multiplies it with the
 * crystal's kHz in 32 bits.
 */
static void tsc_ratio(u32 khz, u32 *numerator, u32 *denominator)
{
	u32 n = khz, d = KEEL_APIC_KHZ, rest, a;
	u32 p = 1, q = 0, p_before = 0, q_before = 1;

	for (; d; n = d, d = rest) {
		a = n / d;
		rest = n % d;
		if ((u64)a * p + p_before > U32_MAX / KEEL_APIC_KHZ)
			break;
		swap(p, p_before);
		swap(q, q_before);
		p += a * p_before;
		q += a * q_before;
	}
	*numerator = p;
	*denominator = q;
}

/*
 * TSC = ECX * EBX / EAX exactly.  What the fraction lacks goes into the crystal:
 * it is off by less than real ones are, and the TSC is what guests keep time by.
 */
static void put_clocks(struct list *list, u32 leaf)
{
	u32 khz = list->host->tsc_khz, out[4] = {};
	u64 hz = khz * 1000ULL;

	if (!khz) {
		keel_cpuid_filter(leaf, 0, out, list->host);
	} else if (leaf == 0x15) {
		tsc_ratio(khz, &out[KEEL_CPUID_EBX], &out[KEEL_CPUID_EAX]);
		out[KEEL_CPUID_ECX] = (hz * out[KEEL_CPUID_EAX] + out[KEEL_CPUID_EBX] / 2) /
				      out[KEEL_CPUID_EBX];
	} else {
		out[KEEL_CPUID_EAX] = (khz + 500) / 1000;	/* base, MHz */
		out[KEEL_CPUID_EBX] = out[KEEL_CPUID_EAX];	/* at most */
		out[KEEL_CPUID_ECX] = 100;			/* bus */
	}
	put(list, leaf, 0, out);
}

static bool has_lapic(const struct list *list)
{
	return list->host->offers & KEEL_CPUID_APIC;
}

static void put_basic(struct list *list, u32 host_max)
{
	u32 out[4], leaf, max = host_max;

	/* Such a guest is told its frequencies. */
	if (has_lapic(list) && max < 0x16)
		max = 0x16;

	for (leaf = 0; leaf <= max && leaf < KEEL_CPUID_BASIC; leaf++) {
		switch (leaf) {
		case 0:
			keel_cpuid_filter(0, 0, out, list->host);
			out[KEEL_CPUID_EAX] = min_t(u32, max, KEEL_CPUID_BASIC - 1);
			put(list, 0, 0, out);
			break;
		case 1:
			keel_cpuid_filter(1, 0, out, list->host);
			/* APIC ID: per vCPU; one logical processor. */
			out[KEEL_CPUID_EBX] &= 0xff00;
			out[KEEL_CPUID_EBX] |= 1 << 16;
			put(list, 1, 0, out);
			break;
		case 4:
			put_caches(list);
			break;
		case 7:
			keel_cpuid_filter(7, 0, out, list->host);
			if (out[KEEL_CPUID_EAX] > 1)
				out[KEEL_CPUID_EAX] = 1;
			put(list, 7, 0, out);
			if (out[KEEL_CPUID_EAX]) {
				keel_cpuid_filter(7, 1, out, list->host);
				put(list, 7, 1, out);
			}
			break;
		case 0xb:
		case 0x1f:
			put_topology(list, leaf);
			break;
		case 0xd:
			put_xsave(list);
			break;
		case 0x15:
		case 0x16:
			put_clocks(list, leaf);
			break;
		case 2:
		case 6:
			keel_cpuid_filter(leaf, 0, out, list->host);
			put(list, leaf, 0, out);
			break;
		}
	}
}

static void put_hypervisor(struct list *list)
{
	u32 out[4];

	out[KEEL_CPUID_EAX] = has_lapic(list) ? KEEL_CPUID_HV_TIMING : KEEL_CPUID_HV_BASE;
	memcpy(&out[KEEL_CPUID_EBX], "KEELKEELKEEL", 12);
	put(list, KEEL_CPUID_HV_BASE, 0, out);
	if (!has_lapic(list))
		return;

	memset(out, 0, sizeof(out));
	out[KEEL_CPUID_EAX] = list->host->tsc_khz;
	out[KEEL_CPUID_EBX] = KEEL_APIC_KHZ;
	put(list, KEEL_CPUID_HV_TIMING, 0, out);

	out[KEEL_CPUID_EAX] = KEEL_CPUID_KVM_BASE + 1;
	memcpy(&out[KEEL_CPUID_EBX], KVM_SIGNATURE, 12);
	put(list, KEEL_CPUID_KVM_BASE, 0, out);

	memset(out, 0, sizeof(out));
	out[KEEL_CPUID_EAX] = keel_cpuid_kvm(list->host);
	put(list, KEEL_CPUID_KVM_BASE + 1, 0, out);
}

static void put_extended(struct list *list)
{
	u32 out[4], leaf, max;

	list->host->cpuid(KEEL_CPUID_EXT_BASE, 0, out);
	max = out[KEEL_CPUID_EAX];
	if (max < KEEL_CPUID_EXT_BASE)
		return;
	if (max > 0x80000008)
		max = 0x80000008;
	for (leaf = KEEL_CPUID_EXT_BASE; leaf <= max; leaf++) {
		keel_cpuid_filter(leaf, 0, out, list->host);
		if (leaf == KEEL_CPUID_EXT_BASE)
			out[KEEL_CPUID_EAX] = max;
		if (leaf == 0x80000008)
			out[KEEL_CPUID_EAX] = keel_cpuid_widths(list->host);
		put(list, leaf, 0, out);
	}
}

/**
 * keel_cpuid_supported - all that a guest can be told on this host
 * @leaves: filled; sorted by leaf and sub-leaf
 * @nr: in: room in @leaves; out: what was filled or is needed
 * @host: what this host can do
 *
 * Return: 0, or -E2BIG where the room does not suffice.
 */
int keel_cpuid_supported(struct keel_cpuid_leaf *leaves, u32 *nr,
			 const struct keel_cpuid_host *host)
{
	struct list list = { .leaves = leaves, .room = *nr, .host = host };
	u32 out[4];

	host->cpuid(0, 0, out);
	put_basic(&list, out[KEEL_CPUID_EAX]);
	put_hypervisor(&list);
	put_extended(&list);

	*nr = list.nr;
	return list.nr > list.room ? -E2BIG : 0;
}
