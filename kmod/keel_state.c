// SPDX-License-Identifier: GPL-2.0
/*
 * Register groups read and written by mask, and two looks into a vCPU that go
 * with them: KEEL_TRANSLATE and KEEL_DUMP_VMCS.
 *
 * MSRs and the XSAVE area lie in the caller's memory, so they are copied outside
 * the stretch in which the VMCS is current.
 */
#include "keel_state.h"

#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "keel_alloc.h"
#include "keel_log.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_cpu.h"
#include "vmx_dump.h"
#include "vmx_exit.h"
#include "vmx_fields.h"
#include "vmx_msr.h"
#include "vmx_run.h"
#include "vmx_sdm.h"
#include "vmx_section.h"
#include "vmx_setup.h"
#include "vmx_paging.h"
#include "vmx_state.h"

#define STATE_ALL	(KEEL_STATE_RUN | KEEL_STATE_MSRS | KEEL_STATE_XSAVE)
#define ACCESS_ALL	(KEEL_ACCESS_WRITE | KEEL_ACCESS_EXEC | KEEL_ACCESS_USER)

static int check_state_args(const struct keel_state *s)
{
	if (s->reserved || s->groups & ~STATE_ALL)
		return keel_refuse(-EINVAL, "unknown register group in 0x%llx", s->groups);
	if ((s->groups & KEEL_STATE_MSRS) && s->nr_msrs > KEEL_MAX_STATE_MSRS)
		return keel_refuse(-E2BIG, "%u MSRs in one call, at most %u are possible",
				   s->nr_msrs, KEEL_MAX_STATE_MSRS);
	if ((s->groups & KEEL_STATE_XSAVE) && s->xsave_size < vmx_xsave_size)
		return keel_refuse(-E2BIG, "an XSAVE area of %u bytes, %u are needed",
				   s->xsave_size, vmx_xsave_size);
	return 0;
}

/*
 * Reads or writes the MSRs in order until one fails; @s->nr_msrs then says
 * which.  The list is copied in and, reading, out again.
 */
static int transfer_msrs(struct keel_vcpu *vcpu, struct keel_state *s, bool write)
{
	void __user *uptr = u64_to_user_ptr(s->msrs);
	size_t bytes = s->nr_msrs * sizeof(struct keel_msr);
	struct keel_msr *msrs;
	int ret;
	u32 i;

	if (!s->nr_msrs)
		return 0;
	msrs = keel_alloc_err(memdup_user(uptr, bytes));
	if (IS_ERR(msrs))
		return PTR_ERR(msrs);
	ret = vmx_borrow(vcpu);
	for (i = 0; !ret && i < s->nr_msrs; i++) {
		if (msrs[i].reserved)
			ret = -EINVAL;
		else if (write)
			ret = vmx_msr_write(vcpu, msrs[i].index, msrs[i].value);
		else
			ret = vmx_msr_read(vcpu, msrs[i].index, &msrs[i].value);
		if (ret)
			break;
	}
	if (ret != -ESHUTDOWN)
		vmx_return();
	if (ret) {
		keel_refuse(ret, "MSR 0x%x, number %u of the list: %s", msrs[i].index, i,
			    ret == -ENOENT ? "not known" : "does not take this value");
		s->nr_msrs = i;
	} else if (!write && copy_to_user(uptr, msrs, bytes)) {
		ret = -EFAULT;
	}
	kfree(keel_freed(msrs));
	return ret;
}

static int get_xsave(struct keel_vcpu *vcpu, const struct keel_state *s)
{
	return copy_to_user(u64_to_user_ptr(s->xsave), vcpu->vmx.guest_fpu, vmx_xsave_size) ?
		-EFAULT : 0;
}

/* What XRSTOR would fault on. */
static const char *xsave_wrong(const u8 *area)
{
	const u64 *header = (const u64 *)(area + XSAVE_HEADER);
	int i;

	if (header[0] & ~(vmx_guest_xcr0 ?: XSTATE_LEGACY))
		return "XSTATE_BV has components that guests cannot have";
	for (i = 1; i < 8; i++)
		if (header[i])
			return "the header has reserved bytes set, or the compacted format";
	if (*(const u32 *)(area + XSAVE_MXCSR) & 0xffff0000)
		return "MXCSR has reserved bits set";
	return NULL;
}

static int set_xsave(struct keel_vcpu *vcpu, const struct keel_state *s)
{
	const char *wrong;
	u8 *area;

	area = keel_alloc_err(memdup_user(u64_to_user_ptr(s->xsave), vmx_xsave_size));
	if (IS_ERR(area))
		return PTR_ERR(area);
	wrong = xsave_wrong(area);
	if (!wrong)
		memcpy(vcpu->vmx.guest_fpu, area, vmx_xsave_size);
	kfree(keel_freed(area));
	return wrong ? keel_refuse(-EINVAL, "XSAVE area: %s", wrong) : 0;
}

/** keel_vcpu_get_state - KEEL_GET_STATE */
long keel_vcpu_get_state(void *obj, void *arg)
{
	struct keel_vcpu *vcpu = obj;
	struct keel_state *s = arg;
	int ret = check_state_args(s);

	if (!ret)
		ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	vmx_state_get(vcpu, s->groups, &KEEL_GROUPS_OF(s));
	vmx_return();
	if (s->groups & KEEL_STATE_MSRS)
		ret = transfer_msrs(vcpu, s, false);
	if (!ret && (s->groups & KEEL_STATE_XSAVE))
		ret = get_xsave(vcpu, s);
	return ret;
}

static int put_groups(struct keel_vcpu *vcpu, u64 groups, const struct keel_groups *from)
{
	int ret = vmx_state_check(vcpu, groups, from);

	if (!ret)
		ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	vmx_state_set(vcpu, groups, from);
	vmx_return();
	return 0;
}

/** keel_vcpu_set_state - KEEL_SET_STATE */
long keel_vcpu_set_state(void *obj, void *arg)
{
	struct keel_vcpu *vcpu = obj;
	struct keel_state *s = arg;
	int ret = check_state_args(s);

	/* The copy from user space may fail, so it comes first. */
	if (!ret && (s->groups & KEEL_STATE_XSAVE))
		ret = vmx_state_check(vcpu, s->groups, &KEEL_GROUPS_OF(s)) ?: set_xsave(vcpu, s);
	if (!ret)
		ret = put_groups(vcpu, s->groups, &KEEL_GROUPS_OF(s));
	if (!ret && (s->groups & KEEL_STATE_MSRS))
		ret = transfer_msrs(vcpu, s, true);
	return ret;
}

/**
 * keel_state_load_run - load the groups that the run page says are dirty
 * @vcpu: the vCPU
 * @groups: which, checked
 *
 * User space may write to the page all the time, so it is copied first.
 *
 * Return: 0 or -EINVAL, and nothing is loaded then.
 */
int keel_state_load_run(struct keel_vcpu *vcpu, u64 groups)
{
	struct keel_run *run = vcpu->run;
	struct keel_regs regs;
	struct keel_segments segments;
	struct keel_control control;
	struct keel_debug debug;
	struct keel_events events;
	struct keel_groups copy = { &regs, &segments, &control, &debug, &events };
	int ret;

	if (groups & KEEL_STATE_REGS)
		memcpy(&regs, &run->regs, sizeof(regs));
	if (groups & KEEL_STATE_SEGMENTS)
		memcpy(&segments, &run->segments, sizeof(segments));
	if (groups & KEEL_STATE_CONTROL)
		memcpy(&control, &run->control, sizeof(control));
	if (groups & KEEL_STATE_DEBUG)
		memcpy(&debug, &run->debug, sizeof(debug));
	if (groups & KEEL_STATE_EVENTS)
		memcpy(&events, &run->events, sizeof(events));
	barrier();	/* what is checked is the copy */
	ret = put_groups(vcpu, groups, &copy);
	if (!ret)
		WRITE_ONCE(run->state_dirty, 0);
	return ret;
}

/**
 * keel_state_cpuid_changed - let the registers follow a new CPUID
 * @vcpu: has not run yet
 *
 * Return: 0 or -ESHUTDOWN.
 */
int keel_state_cpuid_changed(struct keel_vcpu *vcpu)
{
	int ret = vmx_borrow(vcpu);

	if (ret)
		return ret;
	vmx_setup_cpuid(vcpu);
	/* The new table starts as after reset and with APIC ID 0. */
	keel_cpuid_update(&vcpu->cpuid, vmx_get_cr4(), vcpu->xcr0, 0, vcpu->id);
	vmx_return();
	return 0;
}

/** keel_vcpu_translate - KEEL_TRANSLATE */
long keel_vcpu_translate(void *obj, void *arg)
{
	struct keel_vcpu *vcpu = obj;
	struct keel_translate *t = arg;
	struct keel_walk_result res = {};
	struct keel_walk_env env;
	int ret;

	if (t->access & ~ACCESS_ALL)
		return keel_refuse(-EINVAL, "KEEL_TRANSLATE: unknown bits in access 0x%x",
				   t->access);
	ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	vmx_walk_env(vcpu, &env);
	vmx_return();
	if (!keel_walk_canonical(&env, t->gva)) {
		t->fault = 1;
		t->error_code = 0;
		return 0;
	}
	ret = keel_walk(&env, t->gva, t->access, &res);
	if (ret)	/* a table where no memory is */
		return ret;
	t->gpa = res.fault ? 0 : res.gpa;
	t->fault = res.fault;
	t->error_code = res.fault ? res.error_code : 0;
	t->page_size = res.present || !res.fault ? res.page_size : 0;
	return 0;
}

/* 64-bit controls without an address in them. */
static bool is_plain_control(u32 field)
{
	switch (field) {
	case TSC_OFFSET:
	case TSC_MULTIPLIER:
	case EOI_EXIT_BITMAP0:
	case EOI_EXIT_BITMAP1:
	case EOI_EXIT_BITMAP2:
	case EOI_EXIT_BITMAP3:
	case XSS_EXIT_BITMAP:
	case ENCLS_EXITING_BITMAP:
	case SDM_ENCLV_EXITING_BITMAP:
	case VM_FUNCTION_CONTROL:
	case TERTIARY_VM_EXEC_CONTROL:
		return true;
	}
	return false;
}

/*
 * Where the kernel is, and where Keel's pages are in its memory, is not for everyone
 * who may have a VM: the host state; addresses among the controls, whose lowest bits
 * are flags; and, on shadow page tables, CR3.
 */
static u64 dump_field_without_addresses(void *vcpu, u32 field)
{
	u64 value = __vmcs_get(field);

	if (vmx_field_type(field) == VMX_FIELD_HOST)
		return 0;
	if (field == GUEST_CR3)
		return vmx_get_cr3(vcpu);
	if (vmx_field_type(field) == VMX_FIELD_CONTROL && vmx_field_is_64bit(field) &&
	    !is_plain_control(field))
		return offset_in_page(value);
	return value;
}

static u64 dump_field(void *vcpu, u32 field)
{
	return __vmcs_get(field);
}

/** keel_vcpu_dump - KEEL_DUMP_VMCS */
long keel_vcpu_dump(void *obj, void *arg)
{
	const size_t room = 64 * 1024;
	struct keel_vcpu *vcpu = obj;
	struct keel_dump *dump = arg;
	/* Not a refusal, so nothing for the audit log. */
	bool all = ns_capable_noaudit(&init_user_ns, CAP_SYSLOG);
	size_t bytes;
	char *text;
	int ret;

	text = keel_alloc(kvzalloc(room, GFP_KERNEL_ACCOUNT));
	if (!text)
		return -ENOMEM;
	ret = vmx_borrow(vcpu);
	if (ret) {
		kvfree(keel_freed(text));
		return ret;
	}
	bytes = vmx_dump_format(text, room, all ? dump_field : dump_field_without_addresses,
				vcpu, &vmx_caps);
	vmx_return();
	bytes = min(bytes, room - 1);
	if (bytes > dump->bytes)
		ret = keel_refuse(-E2BIG, "KEEL_DUMP_VMCS: %zu bytes are needed", bytes);
	else if (copy_to_user(u64_to_user_ptr(dump->text), text, bytes))
		ret = -EFAULT;
	dump->bytes = bytes;
	kvfree(keel_freed(text));
	return ret;
}
