/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walk of the guest's page tables, as the CPU does it.
 *
 * Pure: it sees the guest through the registers in struct keel_walk_env and one
 * function that reads guest physical memory.  It never writes: accessed and
 * dirty flags are reported, not set.  It does not care how guest physical
 * addresses are mapped, so EPT and shadow paging use it alike.
 *
 * Left to the caller: segmentation and canonicality (they come before paging),
 * loading the PDPTEs of PAE paging (MOV to CR3 does that, and may fault there).
 */
#ifndef KEEL_WALK_H
#define KEEL_WALK_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/keel.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

/**
 * define KEEL_ACCESS_IMPLICIT - an implicit supervisor access
 *
 * Beside the KEEL_ACCESS_* of the ABI: as to a descriptor table or the TSS.  It
 * is a supervisor access at any CPL, and RFLAGS.AC does not open user pages to
 * it (SDM, "Determination of Access Rights").
 */
#define KEEL_ACCESS_IMPLICIT	BIT(31)

/** define KEEL_WALK_MAX_LEVELS - entries that a walk can use: PML5 to PT */
#define KEEL_WALK_MAX_LEVELS	5

/**
 * struct keel_walk_env - the guest as far as paging looks at it
 * @cr0: CR0: PG, WP
 * @cr3: CR3; unused with PAE paging, but for the address of the PDPTEs
 * @cr4: CR4: PSE, PAE, LA57, SMEP, SMAP, PKE
 * @efer: IA32_EFER: LMA, NXE
 * @rflags: RFLAGS: AC
 * @pdpte: the PDPTE registers; used with PAE paging only
 * @pkru: PKRU; used with CR4.PKE only
 * @phys_bits: MAXPHYADDR of the guest, 32 to 52
 * @pse36: 4-MByte pages reach above 4 GByte (CPUID.1:EDX.PSE-36)
 * @gbpages: there are 1-GByte pages (CPUID.80000001H:EDX.Page1GB)
 * @read: reads @bytes (4 or 8, naturally aligned, so that one access can do
 *	it) at guest physical address @gpa; 0 or a negative errno
 * @ctx: first argument of @read
 *
 * Lives as long as one call, usually on the stack.
 */
struct keel_walk_env {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 rflags;
	u64 pdpte[4];
	u32 pkru;
	u8 phys_bits;
	bool pse36;
	bool gbpages;
	int (*read)(void *ctx, u64 gpa, void *buf, unsigned int bytes);
	void *ctx;
};

/**
 * struct keel_walk_level - a paging-structure entry that the walk used
 * @gpa: its guest physical address
 * @value: what was read there (32-bit paging: in bits 31:0)
 * @set: the accessed and dirty flags that a CPU would set in it now; 0 where
 *	the access faults, and for the PDPTEs of PAE paging, which have none
 * @shift: log2 of the bytes that one entry of this level maps
 */
struct keel_walk_level {
	u64 gpa;
	u64 value;
	u64 set;
	u8 shift;
};

/**
 * struct keel_walk_result - where a walk ended
 * @gpa: guest physical address; valid unless @fault
 * @page_size: bytes of the page; 4096 without paging; valid where the walk
 *	found a page, even if the access to it is a fault
 * @error_code: of the page fault (SDM, "Page-Fault Exceptions")
 * @fault: the access is a page fault
 * @present: a page was found; a @fault is then about its permissions
 * @writable: R/W is 1 in each entry
 * @user: U/S is 1 in each entry: a user-mode address
 * @exec: XD is 0 in each entry, or not in use
 * @global: the page's entry has G; whether CR4.PGE heeds it is the caller's
 * @pkey: protection key, where CR4.PKE is 1, else 0
 * @nr_levels: entries of @level that are valid: those that were read
 * @level: from the root down
 *
 * @writable, @user and @exec say what the tables say; CR0.WP, SMEP, SMAP and
 * protection keys are not in them.  They are valid where @present.
 */
struct keel_walk_result {
	u64 gpa;
	u64 page_size;
	u32 error_code;
	bool fault;
	bool present;
	bool writable;
	bool user;
	bool exec;
	bool global;
	u8 pkey;
	u8 nr_levels;
	struct keel_walk_level level[KEEL_WALK_MAX_LEVELS];
};

/**
 * keel_walk_pse_bits - how many physical-address bits a 4-MByte page has
 * @phys_bits: &keel_walk_env.phys_bits
 * @pse36: &keel_walk_env.pse36
 */
static inline unsigned int keel_walk_pse_bits(unsigned int phys_bits, bool pse36)
{
	if (!pse36)
		return 32;
	return phys_bits < 40 ? phys_bits : 40;
}

/**
 * keel_walk_pse_frame - address of a 4-MByte page
 * @pde: the entry that maps it; bits from 13 upwards hold address bits from 32 on
 * @pse_bits: keel_walk_pse_bits()
 */
static inline u64 keel_walk_pse_frame(u64 pde, unsigned int pse_bits)
{
	u64 high = pse_bits > 32 ? pde & GENMASK_ULL(pse_bits - 20, 13) : 0;

	return (pde & GENMASK_ULL(31, 22)) | high << (32 - 13);
}

int keel_walk(const struct keel_walk_env *env, u64 gva, u32 access,
	      struct keel_walk_result *res);

/**
 * keel_walk_linear_bits - width of linear addresses
 * @env: the guest
 *
 * Return: 32, 48 or 57
 */
static inline unsigned int keel_walk_linear_bits(const struct keel_walk_env *env)
{
	if (!(env->efer & EFER_LMA))
		return 32;
	return env->cr4 & X86_CR4_LA57 ? 57 : 48;
}

/**
 * keel_walk_canonical - is it an address that paging can translate
 * @env: the guest
 * @gva: linear address
 *
 * Return: true where bits 63:47 (or 63:56) are all the same, and outside IA-32e
 * mode always: linear addresses are cut to 32 bits there.
 */
static inline bool keel_walk_canonical(const struct keel_walk_env *env, u64 gva)
{
	unsigned int bits = keel_walk_linear_bits(env);

	return bits == 32 || (u64)((s64)(gva << (64 - bits)) >> (64 - bits)) == gva;
}

#endif /* KEEL_WALK_H */
