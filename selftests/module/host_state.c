// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs keel_probe/state: the registers of the CPU that the file is opened on,
 * one a line as "name value", for a test that compares before and after.
 *
 * All MSRs of the two ranges that an MSR bitmap covers are read; those that are
 * not there, or zero, are left out.  Which of them move by themselves is for the
 * reader to know.  The thread's own (FS, GS, LDT) are the reader's.
 *
 * Not there: CR2 and DR0 to DR3, which mean nothing while no fault and no
 * breakpoint is on; TR's limit, which the kernel itself repairs when it is wanted;
 * what IDTR's limit says beyond the 256th vector; DR7.LE and GE, which no CPU since
 * the P6 looks at.
 */
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>
#include <asm/segment.h>

#include "probe.h"

#define MSRS		0x2000	/* in each of the two ranges */
#define HIGH_MSRS	0xc0000000U
#define DR_SLOWDOWNS	(DR_LOCAL_SLOWDOWN | DR_GLOBAL_SLOWDOWN)

enum {
	CR0, CR3, CR4, CR8, XCR0, DR6, DR7, GDT_BASE, GDT_LIMIT, IDT_BASE, IDT_LIMIT,
	LDTR, TR, CS, SS, DS, ES, FS, GS, REGS,
};

static const char * const names[REGS] = {
	"CR0", "CR3", "CR4", "CR8", "XCR0", "DR6", "DR7", "GDTR.base", "GDTR.limit",
	"IDTR.base", "IDTR.limit", "LDTR", "TR", "CS", "SS", "DS", "ES", "FS", "GS",
};

/* Those that a first look did not find: each takes a fault, and there are thousands. */
static DECLARE_BITMAP(absent, 2 * MSRS);

struct state {
	u64 reg[REGS];
	u64 msr[2 * MSRS];
};

static u32 msr_number(unsigned int i)
{
	return i < MSRS ? i : HIGH_MSRS + i - MSRS;
}

static void read_tables(struct state *s)
{
	struct desc_ptr table;

	native_store_gdt(&table);
	s->reg[GDT_BASE] = table.address;
	s->reg[GDT_LIMIT] = table.size;
	store_idt(&table);
	s->reg[IDT_BASE] = table.address;
	s->reg[IDT_LIMIT] = min_t(u16, table.size, IDT_ENTRIES * sizeof(gate_desc) - 1);
	store_ldt(s->reg[LDTR]);
	store_tr(s->reg[TR]);
}

static void read_segments(struct state *s)
{
	savesegment(cs, s->reg[CS]);
	savesegment(ss, s->reg[SS]);
	savesegment(ds, s->reg[DS]);
	savesegment(es, s->reg[ES]);
	savesegment(fs, s->reg[FS]);
	savesegment(gs, s->reg[GS]);
}

static void read_state(struct state *s)
{
	unsigned int i;

	s->reg[CR0] = read_cr0();
	/* The rest is the TLB's tag, which changes from switch to switch. */
	s->reg[CR3] = __native_read_cr3() & PHYSICAL_PAGE_MASK;
	s->reg[CR4] = native_read_cr4();
	asm volatile("mov %%cr8, %0" : "=r"(s->reg[CR8]));
	s->reg[XCR0] = cpu_feature_enabled(X86_FEATURE_OSXSAVE) ?
		xgetbv(XCR_XFEATURE_ENABLED_MASK) : 0;
	s->reg[DR6] = native_get_debugreg(6);
	s->reg[DR7] = native_get_debugreg(7) & ~(u64)DR_SLOWDOWNS;
	read_tables(s);
	read_segments(s);
	for (i = 0; i < 2 * MSRS; i++)
		if (test_bit(i, absent) || rdmsrl_safe(msr_number(i), &s->msr[i]))
			s->msr[i] = 0;
}

static int state_show(struct seq_file *m, void *unused)
{
	const struct state *s = m->private;
	unsigned int i;

	for (i = 0; i < REGS; i++)
		seq_printf(m, "%s 0x%llx\n", names[i], s->reg[i]);
	for (i = 0; i < 2 * MSRS; i++)
		if (s->msr[i])
			seq_printf(m, "0x%x 0x%llx\n", msr_number(i), s->msr[i]);
	return 0;
}

static int state_open(struct inode *inode, struct file *file)
{
	struct state *s = vzalloc(sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	preempt_disable();
	read_state(s);
	preempt_enable();
	ret = single_open(file, state_show, s);
	if (ret)
		vfree(s);
	return ret;
}

static int state_release(struct inode *inode, struct file *file)
{
	vfree(((struct seq_file *)file->private_data)->private);
	return single_release(inode, file);
}

static const struct file_operations state_fops = {
	.owner = THIS_MODULE,
	.open = state_open,
	.release = state_release,
	.read = seq_read,
	.llseek = seq_lseek,
};

void probe_state_init(struct dentry *dir)
{
	unsigned int i;
	u64 value;

	for (i = 0; i < 2 * MSRS; i++)
		if (rdmsrl_safe(msr_number(i), &value))
			__set_bit(i, absent);
	debugfs_create_file("state", 0400, dir, NULL, &state_fops);
}
