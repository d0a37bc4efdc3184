// SPDX-License-Identifier: GPL-2.0
/*
 * The checker of vmx_check.h on a live VMCS: which rule made the CPU refuse an entry;
 * and with the module parameter check_entry whether the two agree on each entry, also
 * on those that succeed.  For people who change what is in the VMCS, and for tests.
 *
 * The check before an entry hangs on the tracepoints' switch, so that the run loop has
 * no branch for it.
 */
#include "vmx_entry_check.h"

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <asm/processor.h>
#include <asm/vmx.h>

#include "host.h"
#include "keel_vcpu.h"
#include "keel_vm.h"
#include "vmx_cpu.h"
#include "vmx_fields.h"
#include "vmx_names.h"
#include "vmx_trace.h"

/*
 * IA32_DEBUGCTL: what CPUs of today have (SDM, "IA32_DEBUGCTL MSR"); that of an older one
 * may lack some, and then refuse an entry for what the check does not name.
 */
#define DEBUGCTL_ALL	0x7fc3ULL
#define DEBUGCTL_BLD	BIT_ULL(2)
#define DEBUGCTL_RTM	BIT_ULL(15)
/* CPUID.7: ECX */
#define BUS_LOCK_DETECT	BIT(24)

DEFINE_STATIC_KEY_FALSE(vmx_entry_checks);

static struct vmx_check_env cpu_env;	/* [C] after init */

static atomic64_t checked, refused, disagreed;

static DEFINE_RAW_SPINLOCK(last_lock);
static char last_words[256];		/* last_lock: the last disagreement */

static u64 read_field(void *unused, u32 field)
{
	return __vmcs_get(field);
}

/* What the VMCS leads to is memory of ours; a wrong address need not be. */
static bool read_phys(void *unused, u64 addr, u64 *value)
{
	return pfn_valid(PHYS_PFN(addr)) &&
	       !copy_from_kernel_nofault(value, __va(addr), sizeof(*value));
}

/** vmx_entry_check_init - note what of the host's CPU the checker has to know */
void vmx_entry_check_init(void)
{
	cpu_env = (struct vmx_check_env) {
		.get = read_field,
		.caps = &vmx_caps,
		.read_phys = read_phys,
		.debugctl_bits = DEBUGCTL_ALL,
		.phys_bits = boot_cpu_data.x86_phys_bits,
		.linear_bits = boot_cpu_data.x86_virt_bits,
		.lam = host_has_lam(),
		.rtm = boot_cpu_has(X86_FEATURE_RTM),
		.sgx = boot_cpu_has(X86_FEATURE_SGX),
	};
	if (boot_cpu_data.cpuid_level >= 7 && (cpuid_ecx(7) & BUS_LOCK_DETECT))
		cpu_env.debugctl_bits |= DEBUGCTL_BLD;
	if (cpu_env.rtm)
		cpu_env.debugctl_bits |= DEBUGCTL_RTM;
}

static struct vmx_check_env env_of(const struct keel_vcpu *vcpu)
{
	struct vmx_check_env env = cpu_env;

	env.vmcs_pa = __pa(vcpu->vmx.vmcs.region);
	return env;
}

/*
 * A CPU may make the checks on controls and on host state in any order, so both are
 * made; the guest's state comes after them.
 */
static void check(struct keel_vcpu *vcpu, struct vmx_forecast *f, u64 entry)
{
	struct vmx_check_env env = env_of(vcpu);
	struct vmx_check_result host;

	*f = (struct vmx_forecast) { .entry = entry };
	f->controls = vmx_check_controls(&env, &f->result);
	f->host = vmx_check_host(&env, &host);
	if (f->controls && !f->host)
		f->result = host;
	f->guest = f->controls && f->host && vmx_check_guest(&env, &f->result);
}

/*
 * Some CPUs inject no NMI under blocking by STI, which the SDM leaves to them and no
 * capability tells.  Only a refusal can.
 */
static void look_again(struct keel_vcpu *vcpu, struct vmx_forecast *f)
{
	struct vmx_check_env env = env_of(vcpu);

	env.nmi_needs_no_sti = true;
	f->guest = vmx_check_guest(&env, &f->result);
}

static void disagree(struct keel_vcpu *vcpu, const char *cpu, const struct vmx_forecast *f)
{
	char words[sizeof(last_words)];
	unsigned long flags;

	if (f->controls && f->host && f->guest)
		scnprintf(words, sizeof(words), "%s; the check finds nothing", cpu);
	else
		scnprintf(words, sizeof(words), "%s; the check finds %s: %s (0x%llx)", cpu,
			  vmx_field_name(f->result.field), f->result.rule, f->result.value);
	atomic64_inc(&disagreed);
	raw_spin_lock_irqsave(&last_lock, flags);
	memcpy(last_words, words, sizeof(words));
	raw_spin_unlock_irqrestore(&last_lock, flags);
	pr_warn_ratelimited("VM %u vCPU %u: check_entry: %s\n", vcpu->vm->id, vcpu->id, words);
}

/**
 * vmx_entry_forecast - check an entry before it is done
 * @vcpu: in the fast section, interrupts off; everything is in the VMCS
 */
void vmx_entry_forecast(struct keel_vcpu *vcpu)
{
	check(vcpu, &vcpu->vmx.forecast, vcpu->stats.entries + 1);
	atomic64_inc(&checked);
}

/* The parameter may have changed since the entry. */
static bool has_forecast(const struct keel_vcpu *vcpu)
{
	return vmx_checks_entries() && vcpu->vmx.forecast.entry == vcpu->stats.entries;
}

/**
 * vmx_entry_done - the CPU has entered the guest
 * @vcpu: in the fast section, right after the exit
 */
void vmx_entry_done(struct keel_vcpu *vcpu)
{
	const struct vmx_forecast *f = &vcpu->vmx.forecast;

	if (has_forecast(vcpu) && !f->guest)
		disagree(vcpu, "the CPU enters", f);
}

/* Whether the CPU may refuse an entry in this way. */
static bool agrees(const struct vmx_forecast *f, u32 reason, u32 error)
{
	switch (error) {
	case VMXERR_ENTRY_INVALID_CONTROL_FIELD:
		return !f->controls;
	case VMXERR_ENTRY_INVALID_HOST_STATE_FIELD:
		return !f->host;
	case 0:
		break;
	default:	/* not for what is in the VMCS */
		return true;
	}
	if ((reason & 0xffff) == EXIT_REASON_INVALID_STATE)
		return f->controls && f->host && !f->guest;
	return f->guest;	/* it got to the MSRs */
}

/**
 * vmx_entry_explain - name the field and the rule for which the CPU refused an entry
 * @vcpu: in the fast section, interrupts off; nothing has changed in the VMCS
 * @error: VM-instruction error; 0 where the refusal is an exit
 * @fail: field, value and rule are filled in
 */
void vmx_entry_explain(struct keel_vcpu *vcpu, u32 error, struct keel_exit_fail_entry *fail)
{
	struct vmx_forecast *f = &vcpu->vmx.forecast;
	u32 reason = vcpu->vmx.exit_reason;

	if (!has_forecast(vcpu))
		check(vcpu, f, vcpu->stats.entries);
	if (f->guest && !error && (reason & 0xffff) == EXIT_REASON_INVALID_STATE)
		look_again(vcpu, f);
	if (vmx_checks_entries()) {
		atomic64_inc(&refused);
		if (!agrees(f, reason, error))
			disagree(vcpu, error ? vmx_instruction_error_name(error) :
				 vmx_exit_reason_name(reason & 0xffff), f);
	}
	if (f->guest) {
		scnprintf(fail->rule, sizeof(fail->rule), "no rule of the checker is broken: %s",
			  error ? vmx_instruction_error_name(error) :
				  vmx_exit_reason_name(reason & 0xffff));
		return;
	}
	fail->field = f->result.field;
	fail->value = f->result.value;
	scnprintf(fail->rule, sizeof(fail->rule), "%s: %s", vmx_field_name(f->result.field),
		  f->result.rule);
}

/**
 * vmx_entry_checks_show - how often check and CPU agreed since the module was loaded
 * @m: where to
 */
void vmx_entry_checks_show(struct seq_file *m)
{
	char words[sizeof(last_words)];
	unsigned long flags;

	raw_spin_lock_irqsave(&last_lock, flags);
	memcpy(words, last_words, sizeof(words));
	raw_spin_unlock_irqrestore(&last_lock, flags);
	seq_printf(m, "disagreed %lld\nrefused %lld\nchecked %lld\n%s%s", atomic64_read(&disagreed),
		   atomic64_read(&refused), atomic64_read(&checked), words, words[0] ? "\n" : "");
}

static bool check_entry;

/* The parameters of a module are set one at a time. */
static int set_check_entry(const char *val, const struct kernel_param *kp)
{
	bool was = check_entry;
	int ret = param_set_bool(val, kp);

	if (ret || check_entry == was)
		return ret;
	if (check_entry) {
		static_branch_enable(&vmx_entry_checks);
		static_branch_inc(&vmx_trace_switch);
	} else {
		static_branch_dec(&vmx_trace_switch);
		static_branch_disable(&vmx_entry_checks);
	}
	return 0;
}

static const struct kernel_param_ops check_entry_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_check_entry,
	.get = param_get_bool,
};

module_param_cb(check_entry, &check_entry_ops, &check_entry, 0644);
MODULE_PARM_DESC(check_entry, "make the VM-entry checks before each entry, too, and tell where the CPU disagrees");
