// SPDX-License-Identifier: GPL-2.0
/*
 * VMCS regions: allocate, make current, move between CPUs.
 *
 * A VMCS may be active on one CPU at a time, and that CPU may hold parts of it
 * in places that only VMCLEAR there writes back.  So each CPU has a list of the
 * VMCSs active on it.  It is walked when VMX goes off there, a crash included:
 * an NMI may find the list half changed, so it is only changed in steps that
 * leave a walker something to follow.
 *
 * SDM: "Organization of VMCS Data", "Software Use of Virtual-Machine Control
 * Structures".
 */
#include "vmx_vmcs.h"

#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "keel_alloc.h"
#include "vmx_cpu.h"
#include "vmx_fields.h"
#include "vmx_insn.h"

static DEFINE_PER_CPU(struct list_head, active_vmcss);
/* The region last loaded by VMPTRLD on this CPU; not valid once VMX went off. */
static DEFINE_PER_CPU(void *, current_region);

/**
 * vmx_field_failed - a VMREAD or VMWRITE went wrong
 * @field: its encoding
 * @write: which of the two
 */
noinline void vmx_field_failed(u32 field, bool write)
{
	/* Without VMX every access fails, and the crash that took it is known. */
	if (vmx_cpu_ready())
		WARN_ONCE(1, "keel: VM%s of field 0x%x failed\n", write ? "WRITE" : "READ", field);
}

/** vmx_vmcs_init_cpus - before the first VMCS */
void vmx_vmcs_init_cpus(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		INIT_LIST_HEAD(&per_cpu(active_vmcss, cpu));
}

/**
 * vmx_vmcs_alloc - get a region for a VMCS
 * @vmcs: zeroed by the caller
 *
 * Return: 0 or -ENOMEM.
 */
int vmx_vmcs_alloc(struct vmx_vmcs *vmcs)
{
	vmcs->cpu = -1;
	INIT_LIST_HEAD(&vmcs->link);
	vmcs->region = keel_alloc(get_zeroed_page(GFP_KERNEL_ACCOUNT));
	if (!vmcs->region)
		return -ENOMEM;
	*(u32 *)vmcs->region = (u32)vmx_caps.basic & ~BIT(31);
	return 0;
}

/* On the CPU where it is active, interrupts off. */
static void clear_here(struct vmx_vmcs *vmcs)
{
	vmclear(__pa(vmcs->region));
	if (this_cpu_read(current_region) == vmcs->region)
		this_cpu_write(current_region, NULL);
	list_del_init(&vmcs->link);
	vmcs->launched = false;
	/* Pairs with clear_anywhere(): who sees -1 may load it elsewhere. */
	smp_store_release(&vmcs->cpu, -1);
}

static void clear_ipi(void *arg)
{
	struct vmx_vmcs *vmcs = arg;

	/* The CPU may have gone offline, and back, since the IPI was meant. */
	if (vmcs->cpu == smp_processor_id())
		clear_here(vmcs);
}

static void clear_anywhere(struct vmx_vmcs *vmcs)
{
	/* Pairs with clear_here(). */
	int cpu = smp_load_acquire(&vmcs->cpu);

	if (cpu >= 0)
		smp_call_function_single(cpu, clear_ipi, vmcs, 1);
}

/**
 * vmx_vmcs_free - give back what vmx_vmcs_alloc() got
 * @vmcs: may be half made; not in use by any vCPU; may sleep
 */
void vmx_vmcs_free(struct vmx_vmcs *vmcs)
{
	if (!vmcs->region)
		return;
	clear_anywhere(vmcs);
	free_page((unsigned long)keel_freed(vmcs->region));
	vmcs->region = NULL;
}

/**
 * vmx_vmcs_load - make a VMCS current on this CPU
 * @vmcs: which
 *
 * Preemption is off, interrupts are on.
 *
 * Return: true where the VMCS came from elsewhere (another CPU, or nowhere): the
 * host state that belongs to a CPU must be written.
 */
bool vmx_vmcs_load(struct vmx_vmcs *vmcs)
{
	int cpu = smp_processor_id();
	bool moved = vmcs->cpu != cpu;
	unsigned long flags;

	if (!moved && this_cpu_read(current_region) == vmcs->region)
		return false;
	if (moved)
		clear_anywhere(vmcs);

	local_irq_save(flags);
	if (moved) {
		/* A fresh region must be VMCLEARed once. */
		vmclear(__pa(vmcs->region));
		vmcs->cpu = cpu;
		list_add(&vmcs->link, this_cpu_ptr(&active_vmcss));
	}
	vmptrld(__pa(vmcs->region));
	this_cpu_write(current_region, vmcs->region);
	local_irq_restore(flags);
	return moved;
}

/**
 * vmx_vmcs_clear_cpu - write back every VMCS that is active on this CPU
 *
 * Interrupts off; also from an NMI, see the top of the file.
 */
void vmx_vmcs_clear_cpu(void)
{
	struct list_head *list = this_cpu_ptr(&active_vmcss);
	struct vmx_vmcs *vmcs, *next;

	list_for_each_entry_safe(vmcs, next, list, link)
		clear_here(vmcs);
	this_cpu_write(current_region, NULL);
}
