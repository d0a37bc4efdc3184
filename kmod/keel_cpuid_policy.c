// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest may be told by CPUID: a table of features per register, and a
 * short list of the leaves that describe rather than promise.  What is in
 * neither reads as zeros and cannot be given.  See keel_cpuid.h; read
 * keel_cpuid.c next.
 *
 * A feature belongs here only if a guest that uses it is served completely: its
 * state switched, its MSRs answered, its instructions not intercepted without
 * an answer.
 */
#include "keel_cpuid_policy.h"

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/cpufeatures.h>
#include <uapi/asm/kvm_para.h>

#define ANY_SUBLEAF	0xffffffffU

/* Beyond the ABI's "offers": what follows from the XCR0 that a guest can have. */
#define NEEDS_XSAVE	BIT(29)
#define NEEDS_AVX	BIT(30)
#define NEEDS_AVX512	BIT(31)

#define XCR0_X87	BIT_ULL(0)
#define XCR0_SSE	BIT_ULL(1)
#define XCR0_AVX	BIT_ULL(2)
#define XCR0_AVX512	(BIT_ULL(5) | BIT_ULL(6) | BIT_ULL(7))

/* Bit of a feature in its register; the word is checked when compiling. */
#define F(word, name)	(BIT(X86_FEATURE_##name & 31) + \
			 BUILD_BUG_ON_ZERO((X86_FEATURE_##name >> 5) != (word)))

#define F1D(name)	F(0, name)
#define FXD(name)	F(1, name)
#define F1C(name)	F(4, name)
#define FXC(name)	F(6, name)
#define F7B(name)	F(9, name)
#define F7C(name)	F(16, name)
#define F7D(name)	F(18, name)

/*
 * One register of features, by the kernel's number of its word.  @allow: given
 * where the host has it.  @serve: and where it does not, because Keel serves it
 * in software.  @accept: the caller may set it though the host lacks it, as it
 * says something about the VM.  @always: and it is set by default.
 */
struct feature_word {
	u32 leaf;
	u32 subleaf;
	u8 reg;
	u8 word;
	u32 allow;
	u32 serve;
	u32 accept;
	u32 always;
};

/* For words that the kernel has not got as such. */
#define NO_WORD	0xff

static const struct feature_word words[] = {
	{ 1, 0, KEEL_CPUID_ECX, 4,
	  .allow = F1C(XMM3) | F1C(PCLMULQDQ) | F1C(SSSE3) | F1C(FMA) |
		F1C(CX16) | F1C(PCID) | F1C(XMM4_1) | F1C(XMM4_2) |
		F1C(X2APIC) | F1C(MOVBE) | F1C(POPCNT) |
		F1C(TSC_DEADLINE_TIMER) | F1C(AES) | F1C(XSAVE) | F1C(AVX) |
		F1C(F16C) | F1C(RDRAND),
	  .serve = F1C(X2APIC) | F1C(TSC_DEADLINE_TIMER),
	  .accept = F1C(HYPERVISOR) | F1C(OSXSAVE),
	  .always = F1C(HYPERVISOR) },
	{ 1, 0, KEEL_CPUID_EDX, 0,
	  .allow = F1D(FPU) | F1D(VME) | F1D(DE) | F1D(PSE) | F1D(TSC) |
		F1D(MSR) | F1D(PAE) | F1D(MCE) | F1D(CX8) | F1D(APIC) |
		F1D(SEP) | F1D(MTRR) | F1D(PGE) | F1D(MCA) | F1D(CMOV) |
		F1D(PAT) | F1D(PSE36) | F1D(CLFLUSH) | F1D(MMX) | F1D(FXSR) |
		F1D(XMM) | F1D(XMM2) | F1D(SELFSNOOP),
	  .serve = F1D(APIC),
	  .accept = F1D(HT) },		/* more than one vCPU in a package */
	/* The APIC timer runs on while the guest sleeps. */
	{ 6, 0, KEEL_CPUID_EAX, 14, .allow = F(14, ARAT), .serve = F(14, ARAT) },
	{ 7, 0, KEEL_CPUID_EBX, 9,
	  .allow = F7B(FSGSBASE) | F7B(TSC_ADJUST) | F7B(BMI1) | F7B(AVX2) |
		F7B(FDP_EXCPTN_ONLY) | F7B(SMEP) | F7B(BMI2) | F7B(ERMS) |
		F7B(INVPCID) | F7B(ZERO_FCS_FDS) | F7B(AVX512F) |
		F7B(AVX512DQ) | F7B(RDSEED) | F7B(ADX) | F7B(SMAP) |
		F7B(AVX512IFMA) | F7B(CLFLUSHOPT) | F7B(CLWB) |
		F7B(AVX512PF) | F7B(AVX512ER) | F7B(AVX512CD) | F7B(SHA_NI) |
		F7B(AVX512BW) | F7B(AVX512VL),
	  .serve = F7B(TSC_ADJUST) },
	{ 7, 0, KEEL_CPUID_ECX, 16,
	  .allow = F7C(AVX512VBMI) | F7C(UMIP) | F7C(AVX512_VBMI2) |
		F7C(GFNI) | F7C(VAES) | F7C(VPCLMULQDQ) | F7C(AVX512_VNNI) |
		F7C(AVX512_BITALG) | F7C(AVX512_VPOPCNTDQ) | F7C(LA57) |
		F7C(RDPID) | F7C(CLDEMOTE) | F7C(MOVDIRI) | F7C(MOVDIR64B),
	  .accept = F7C(OSPKE) },
	{ 7, 0, KEEL_CPUID_EDX, 18,
	  .allow = F7D(AVX512_4VNNIW) | F7D(AVX512_4FMAPS) | F7D(FSRM) |
		F7D(AVX512_VP2INTERSECT) | F7D(MD_CLEAR) | F7D(SERIALIZE) |
		F7D(AVX512_FP16) | F7D(SPEC_CTRL) | F7D(INTEL_STIBP) |
		F7D(FLUSH_L1D) | F7D(ARCH_CAPABILITIES) | F7D(SPEC_CTRL_SSBD) },
	{ 7, 1, KEEL_CPUID_EAX, 12,
	  .allow = F(12, AVX_VNNI) | F(12, AVX512_BF16) },
	{ 0xd, 0, KEEL_CPUID_EAX, NO_WORD,
	  .allow = XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512 },
	{ 0xd, 1, KEEL_CPUID_EAX, 10,
	  .allow = F(10, XSAVEOPT) | F(10, XSAVEC) | F(10, XGETBV1) |
		F(10, XSAVES) },
	{ 0x80000001, 0, KEEL_CPUID_ECX, 6,
	  .allow = FXC(LAHF_LM) | FXC(ABM) | FXC(3DNOWPREFETCH) },
	{ 0x80000001, 0, KEEL_CPUID_EDX, 1,
	  .allow = FXD(SYSCALL) | FXD(NX) | FXD(GBPAGES) | FXD(RDTSCP) |
		FXD(LM) },
	/* Invariant TSC. */
	{ 0x80000007, 0, KEEL_CPUID_EDX, NO_WORD, .allow = BIT(8) },
	{ 0x80000008, 0, KEEL_CPUID_EBX, 13, .allow = F(13, WBNOINVD) },
};

/* Features of a word that go only with something else. */
static const struct {
	u8 word;
	u32 needs;
	u32 bits;
} conditions[] = {
	{ 0, KEEL_CPUID_APIC, F1D(APIC) },
	{ 0, KEEL_CPUID_MTRR, F1D(MTRR) },
	{ 0, KEEL_CPUID_MCE, F1D(MCE) | F1D(MCA) },
	{ 1, KEEL_CPUID_RDTSCP, FXD(RDTSCP) },
	{ 4, KEEL_CPUID_X2APIC, F1C(X2APIC) },
	{ 4, KEEL_CPUID_TSC_DEADLINE, F1C(TSC_DEADLINE_TIMER) },
	{ 4, NEEDS_XSAVE, F1C(XSAVE) },
	{ 4, NEEDS_AVX, F1C(AVX) | F1C(FMA) | F1C(F16C) },
	{ 9, KEEL_CPUID_INVPCID, F7B(INVPCID) },
	{ 9, NEEDS_AVX, F7B(AVX2) },
	{ 9, NEEDS_AVX512, F7B(AVX512F) | F7B(AVX512DQ) | F7B(AVX512IFMA) |
		F7B(AVX512PF) | F7B(AVX512ER) | F7B(AVX512CD) |
		F7B(AVX512BW) | F7B(AVX512VL) },
	{ 10, KEEL_CPUID_XSAVES, F(10, XSAVES) },
	{ 12, NEEDS_AVX, F(12, AVX_VNNI) },
	{ 12, NEEDS_AVX512, F(12, AVX512_BF16) },
	{ 14, KEEL_CPUID_APIC, F(14, ARAT) },
	/* Shadow page tables have four levels. */
	{ 16, KEEL_CPUID_EPT, F7C(LA57) },
	{ 16, KEEL_CPUID_RDTSCP, F7C(RDPID) },
	{ 16, NEEDS_AVX, F7C(VAES) | F7C(VPCLMULQDQ) },
	{ 16, NEEDS_AVX512, F7C(AVX512VBMI) | F7C(AVX512_VBMI2) |
		F7C(AVX512_VNNI) | F7C(AVX512_BITALG) |
		F7C(AVX512_VPOPCNTDQ) },
	{ 18, NEEDS_AVX512, F7D(AVX512_4VNNIW) | F7D(AVX512_4FMAPS) |
		F7D(AVX512_VP2INTERSECT) | F7D(AVX512_FP16) },
	{ 18, KEEL_CPUID_SPEC_CTRL, F7D(SPEC_CTRL) | F7D(INTEL_STIBP) |
		F7D(SPEC_CTRL_SSBD) },
	{ 18, KEEL_CPUID_ARCH_CAPS, F7D(ARCH_CAPABILITIES) | F7D(FLUSH_L1D) },
};

/*
 * Registers that describe: the caller may put anything there.  Those that Keel
 * computes (sizes of XSAVE areas, topology's APIC ID) are among them, as what
 * the caller says is not used.
 */
#define R(reg)		BIT(KEEL_CPUID_##reg)
#define R_ALL		(R(EAX) | R(EBX) | R(ECX) | R(EDX))

static const struct {
	u32 leaf;
	u32 subleaf;
	u8 regs;
} descriptive[] = {
	{ 0, 0, R_ALL },		/* highest leaf and vendor */
	{ 1, 0, R(EAX) | R(EBX) },	/* family, model; brand, APIC ID */
	{ 2, 0, R_ALL },		/* caches and TLBs */
	{ 4, ANY_SUBLEAF, R_ALL },	/* caches */
	{ 7, 0, R(EAX) },		/* highest sub-leaf */
	{ 0xb, ANY_SUBLEAF, R_ALL },	/* topology */
	{ 0xd, 0, R(EBX) | R(ECX) },
	{ 0xd, 1, R(EBX) },
	{ 0x15, 0, R_ALL },		/* TSC and crystal clock */
	{ 0x16, 0, R_ALL },		/* frequencies */
	{ 0x1f, ANY_SUBLEAF, R_ALL },	/* topology, second version */
	{ 0x80000000, 0, R_ALL },	/* highest extended leaf */
	{ 0x80000001, 0, R(EAX) },	/* signature */
	{ 0x80000002, 0, R_ALL },	/* brand string */
	{ 0x80000003, 0, R_ALL },
	{ 0x80000004, 0, R_ALL },
	{ 0x80000006, 0, R_ALL },	/* L2 cache */
};

static const char * const reg_names[] = { "EAX", "EBX", "ECX", "EDX" };

/**
 * keel_cpuid_xcr0_trim - the greatest legal XCR0 within a mask
 * @xcr0: bits to choose from
 *
 * AVX needs SSE, and the three parts of AVX-512 need each other and AVX (SDM,
 * "Enabling the XSAVE Feature Set and XSAVE-Enabled Features").
 *
 * Return: those of x87, SSE, AVX and AVX-512 that can be set together; x87 is
 * always among them.
 */
u64 keel_cpuid_xcr0_trim(u64 xcr0)
{
	xcr0 &= XCR0_SSE | XCR0_AVX | XCR0_AVX512;
	if (!(xcr0 & XCR0_SSE))
		xcr0 = 0;
	if (!(xcr0 & XCR0_AVX) || (xcr0 & XCR0_AVX512) != XCR0_AVX512)
		xcr0 &= ~XCR0_AVX512;
	return xcr0 | XCR0_X87;
}

/**
 * keel_cpuid_word - which register the kernel numbers as a word of features
 * @word: X86_FEATURE_* / 32
 * @leaf: where the leaf goes
 * @subleaf: where the sub-leaf goes
 * @reg: where KEEL_CPUID_EAX or the like goes
 *
 * Return: false where no guest is ever told anything of that word.
 */
bool keel_cpuid_word(unsigned int word, u32 *leaf, u32 *subleaf, u32 *reg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].word != word || word == NO_WORD)
			continue;
		*leaf = words[i].leaf;
		*subleaf = words[i].subleaf;
		*reg = words[i].reg;
		return true;
	}
	return false;
}

static u32 offers(const struct keel_cpuid_host *host)
{
	u64 xcr0 = keel_cpuid_xcr0_trim(host->xcr0);
	u32 all = host->offers;

	if (host->xcr0)
		all |= NEEDS_XSAVE;
	if (xcr0 & XCR0_AVX)
		all |= NEEDS_AVX;
	if (xcr0 & XCR0_AVX512)
		all |= NEEDS_AVX512;
	return all;
}

/**
 * keel_cpuid_kvm - the subset of KVM's paravirtual features that Keel serves
 * @host: what this host can do
 *
 * Return: KVM_FEATURE_* as bit numbers
 */
u32 keel_cpuid_kvm(const struct keel_cpuid_host *host)
{
	u32 features = BIT(KVM_FEATURE_NOP_IO_DELAY);

	if (host->offers & KEEL_CPUID_APIC)
		features |= BIT(KVM_FEATURE_PV_EOI);
	if (host->offers & KEEL_CPUID_CLOCK)
		features |= BIT(KVM_FEATURE_CLOCKSOURCE2) |
			    BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT);
	if (host->offers & KEEL_CPUID_STEAL)
		features |= BIT(KVM_FEATURE_STEAL_TIME);
	return features;
}

/* What of @word the guest can have, where the host's register is @raw. */
static u32 grant(const struct feature_word *word, u32 raw,
		 const struct keel_cpuid_host *host)
{
	u32 mask = (raw & word->allow) | word->serve;
	unsigned int i;

	if (word->leaf == 0xd && word->subleaf == 0)
		return host->xcr0 ? raw & keel_cpuid_xcr0_trim(host->xcr0) : 0;
	for (i = 0; i < ARRAY_SIZE(conditions); i++)
		if (conditions[i].word == word->word &&
		    !(offers(host) & conditions[i].needs))
			mask &= ~conditions[i].bits;
	return mask;
}

static const struct feature_word *word_of(u32 leaf, u32 subleaf, u32 reg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].leaf == leaf && words[i].subleaf == subleaf &&
		    words[i].reg == reg)
			return &words[i];
	return NULL;
}

static bool is_descriptive(u32 leaf, u32 subleaf, u32 reg)
{
	unsigned int i;

	if (leaf >= KEEL_CPUID_HV_BASE && leaf <= KEEL_CPUID_HV_LAST)
		return true;
	for (i = 0; i < ARRAY_SIZE(descriptive); i++)
		if (descriptive[i].leaf == leaf &&
		    (descriptive[i].subleaf == subleaf ||
		     descriptive[i].subleaf == ANY_SUBLEAF) &&
		    (descriptive[i].regs & BIT(reg)))
			return true;
	return false;
}

/**
 * keel_cpuid_indexed - does ECX choose a sub-leaf
 * @leaf: a leaf, not a hypervisor's
 *
 * Return: true where it does, of the leaves that a guest can have.
 */
bool keel_cpuid_indexed(u32 leaf)
{
	return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd ||
	       leaf == 0x1f;
}

/* Part of the XSAVE area that a guest can have: its place is the hardware's. */
static bool is_xsave_part(u32 leaf, u32 subleaf,
			  const struct keel_cpuid_host *host)
{
	return leaf == 0xd && subleaf >= 2 && subleaf < 64 && host->xcr0 &&
	       (keel_cpuid_xcr0_trim(host->xcr0) & BIT_ULL(subleaf));
}

static bool host_has_leaf(u32 leaf, const struct keel_cpuid_host *host)
{
	u32 max[4];

	host->cpuid(leaf & KEEL_CPUID_EXT_BASE, 0, max);
	return leaf <= max[KEEL_CPUID_EAX];
}

/**
 * keel_cpuid_widths - the greatest address widths for a guest
 * @host: what this host can do
 *
 * Return: as in EAX of leaf 0x80000008: MAXPHYADDR in bits 7:0, width of linear
 * addresses in bits 15:8.
 */
u32 keel_cpuid_widths(const struct keel_cpuid_host *host)
{
	u32 raw[4] = { 36 | 48 << 8 }, seven[4] = {};
	u32 phys, linear = 48;

	if (host_has_leaf(0x80000008, host))
		host->cpuid(0x80000008, 0, raw);
	if (host_has_leaf(7, host))
		host->cpuid(7, 0, seven);
	phys = raw[0] & 0xff;
	if (phys > host->phys_bits)
		phys = host->phys_bits;
	if (grant(word_of(7, 0, KEEL_CPUID_ECX), seven[2], host) & F7C(LA57))
		linear = (raw[0] >> 8) & 0xff;
	return phys | linear << 8;
}

static bool widths_fit(u32 want, u32 best)
{
	u32 phys = want & 0xff, linear = want >> 8;

	return phys >= 32 && phys <= (best & 0xff) &&
	       (linear == 48 || linear == best >> 8);
}

static int refuse(struct keel_cpuid_bad *bad, const struct keel_cpuid_leaf *leaf,
		  u32 reg, u32 wrong, const char *why)
{
	*bad = (struct keel_cpuid_bad){
		.leaf = leaf->leaf,
		.subleaf = leaf->subleaf,
		.reg = wrong ? reg_names[reg] : NULL,
		.bit = wrong ? __builtin_ctz(wrong) : 0,
		.why = why,
	};
	return -EINVAL;
}

/* Why the lowest bit of @wrong is refused. */
static const char *reason(const struct feature_word *word, u32 wrong,
			  const struct keel_cpuid_host *host)
{
	unsigned int i;

	for (i = 0; word && i < ARRAY_SIZE(conditions); i++)
		if (conditions[i].word == word->word &&
		    (conditions[i].bits & wrong & -wrong) &&
		    (conditions[i].needs & KEEL_CPUID_LAPIC & ~host->offers))
			return "this needs KEEL_VM_LAPIC";
	return "the guest cannot be given this";
}

/**
 * keel_cpuid_check - can a guest be told this
 * @leaf: a leaf as the caller gives it
 * @host: what this host can do
 * @bad: filled where not
 *
 * Return: 0, or -EINVAL with @bad filled.
 */
int keel_cpuid_check(const struct keel_cpuid_leaf *leaf,
		     const struct keel_cpuid_host *host,
		     struct keel_cpuid_bad *bad)
{
	bool hypervisor = leaf->leaf >= KEEL_CPUID_HV_BASE &&
			  leaf->leaf <= KEEL_CPUID_HV_LAST;
	bool indexed = leaf->flags & KEEL_CPUID_INDEXED;
	u32 raw[4] = {}, reg;

	if (leaf->flags & ~KEEL_CPUID_INDEXED || leaf->reserved)
		return refuse(bad, leaf, 0, 0, "unknown flags, or reserved is not 0");
	if (!indexed && leaf->subleaf)
		return refuse(bad, leaf, 0, 0, "a sub-leaf without KEEL_CPUID_INDEXED");
	if (!hypervisor && indexed != keel_cpuid_indexed(leaf->leaf))
		return refuse(bad, leaf, 0, 0, indexed ?
			      "KEEL_CPUID_INDEXED, but this leaf has no sub-leaves" :
			      "no KEEL_CPUID_INDEXED, but this leaf has sub-leaves");

	if (!hypervisor && host_has_leaf(leaf->leaf, host))
		host->cpuid(leaf->leaf, leaf->subleaf, raw);
	for (reg = 0; reg < 4; reg++) {
		const struct feature_word *word = word_of(leaf->leaf, leaf->subleaf, reg);
		u32 value = keel_cpuid_reg(leaf, reg), wrong = value;

		if (is_descriptive(leaf->leaf, leaf->subleaf, reg))
			continue;
		if (word) {
			wrong = value & ~(grant(word, raw[reg], host) | word->accept);
		} else if (is_xsave_part(leaf->leaf, leaf->subleaf, host)) {
			wrong = value ^ raw[reg];
		} else if (leaf->leaf == 0x80000008 && reg == KEEL_CPUID_EAX) {
			u32 best = keel_cpuid_widths(host);

			wrong = widths_fit(value, best) ? 0 : value ^ best;
		}
		if (wrong)
			return refuse(bad, leaf, reg, wrong, reason(word, wrong, host));
	}
	return 0;
}

/**
 * keel_cpuid_filter - a leaf of the host, less what a guest cannot be told, and
 * with what Keel serves
 * @leaf: the leaf
 * @subleaf: the sub-leaf
 * @out: filled
 * @host: what this host can do
 */
void keel_cpuid_filter(u32 leaf, u32 subleaf, u32 out[4],
		       const struct keel_cpuid_host *host)
{
	u32 reg;

	/* Above its highest leaf the host would answer with another one. */
	if (host_has_leaf(leaf, host))
		host->cpuid(leaf, subleaf, out);
	else
		memset(out, 0, 4 * sizeof(u32));
	for (reg = 0; reg < 4; reg++) {
		const struct feature_word *word = word_of(leaf, subleaf, reg);

		if (word)
			out[reg] = grant(word, out[reg], host) | word->always;
		else if (!is_descriptive(leaf, subleaf, reg) &&
			 !is_xsave_part(leaf, subleaf, host))
			out[reg] = 0;
	}
}
