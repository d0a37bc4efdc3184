/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints, trace system "keel".
 *
 * uapi/linux/keel_trace.h has the ABI: what each is, and its arguments, which are
 * scalars alone.  Names and order do not change; new arguments go to the end.
 *
 * A tracepoint that is off is a no-op in the code.  Those about entries and exits
 * want work before they can be called, so that vmx_trace.c has one switch for them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM keel

#if !defined(KEEL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KEEL_TRACE_H

#include <linux/tracepoint.h>

#include "keel_trace_print.h"

/* So that tracefs shows numbers where tools could not know the enums. */
TRACE_DEFINE_ENUM(KEEL_TRACE_KERNEL);
TRACE_DEFINE_ENUM(KEEL_TRACE_USER);
TRACE_DEFINE_ENUM(KEEL_TRACE_KILLED);

int keel_trace_exits_on(void);
void keel_trace_exits_off(void);

TRACE_EVENT(keel_vm_create,
	TP_PROTO(u32 vm_id, u32 pid, u32 flags),
	TP_ARGS(vm_id, pid, flags),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, pid)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->pid = pid;
		__entry->flags = flags;
	),
	TP_printk("vm %u pid %u flags 0x%x", __entry->vm_id, __entry->pid, __entry->flags)
);

TRACE_EVENT(keel_vm_destroy,
	TP_PROTO(u32 vm_id),
	TP_ARGS(vm_id),
	TP_STRUCT__entry(
		__field(u32, vm_id)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
	),
	TP_printk("vm %u", __entry->vm_id)
);

TRACE_EVENT_FN(keel_entry,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u64 guest_rip, u32 intr_info, u32 error_code),
	TP_ARGS(vm_id, vcpu_id, guest_rip, intr_info, error_code),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u64, guest_rip)
		__field(u32, intr_info)
		__field(u32, error_code)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->guest_rip = guest_rip;
		__entry->intr_info = intr_info;
		__entry->error_code = error_code;
	),
	TP_printk("vm %u vcpu %u rip 0x%llx intr_info 0x%x error_code 0x%x",
		  __entry->vm_id, __entry->vcpu_id, __entry->guest_rip,
		  __entry->intr_info, __entry->error_code),
	keel_trace_exits_on, keel_trace_exits_off
);

TRACE_EVENT_FN(keel_exit,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 exit_reason, u64 guest_rip, u64 qualification,
		 u64 gpa, u32 intr_info, u32 error_code, u32 insn_len),
	TP_ARGS(vm_id, vcpu_id, exit_reason, guest_rip, qualification, gpa, intr_info,
		error_code, insn_len),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, exit_reason)
		__field(u64, guest_rip)
		__field(u64, qualification)
		__field(u64, gpa)
		__field(u32, intr_info)
		__field(u32, error_code)
		__field(u32, insn_len)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->exit_reason = exit_reason;
		__entry->guest_rip = guest_rip;
		__entry->qualification = qualification;
		__entry->gpa = gpa;
		__entry->intr_info = intr_info;
		__entry->error_code = error_code;
		__entry->insn_len = insn_len;
	),
	TP_printk("vm %u vcpu %u reason %s%s rip 0x%llx qualification 0x%llx gpa 0x%llx intr_info 0x%x error_code 0x%x insn_len %u",
		  __entry->vm_id, __entry->vcpu_id, keel_show_reason(__entry->exit_reason),
		  keel_show_failed(__entry->exit_reason), __entry->guest_rip,
		  __entry->qualification, __entry->gpa, __entry->intr_info,
		  __entry->error_code, __entry->insn_len),
	keel_trace_exits_on, keel_trace_exits_off
);

TRACE_EVENT_FN(keel_exit_done,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 exit_reason, u64 guest_rip, u32 outcome,
		 u64 cycles),
	TP_ARGS(vm_id, vcpu_id, exit_reason, guest_rip, outcome, cycles),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, exit_reason)
		__field(u64, guest_rip)
		__field(u32, outcome)
		__field(u64, cycles)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->exit_reason = exit_reason;
		__entry->guest_rip = guest_rip;
		__entry->outcome = outcome;
		__entry->cycles = cycles;
	),
	TP_printk("vm %u vcpu %u reason %s%s rip 0x%llx outcome %s cycles %llu",
		  __entry->vm_id, __entry->vcpu_id, keel_show_reason(__entry->exit_reason),
		  keel_show_failed(__entry->exit_reason), __entry->guest_rip,
		  keel_show_outcome(__entry->outcome), __entry->cycles),
	keel_trace_exits_on, keel_trace_exits_off
);

TRACE_EVENT_FN(keel_user_exit,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 user_reason, u32 exit_reason),
	TP_ARGS(vm_id, vcpu_id, user_reason, exit_reason),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, user_reason)
		__field(u32, exit_reason)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->user_reason = user_reason;
		__entry->exit_reason = exit_reason;
	),
	TP_printk("vm %u vcpu %u user_reason %s reason %s%s", __entry->vm_id, __entry->vcpu_id,
		  keel_show_user_reason(__entry->user_reason),
		  keel_show_reason(__entry->exit_reason),
		  keel_show_failed(__entry->exit_reason)),
	keel_trace_exits_on, keel_trace_exits_off
);

TRACE_EVENT_FN(keel_user_done,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 user_reason, u32 exit_reason, u64 guest_rip,
		 u64 cycles),
	TP_ARGS(vm_id, vcpu_id, user_reason, exit_reason, guest_rip, cycles),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, user_reason)
		__field(u32, exit_reason)
		__field(u64, guest_rip)
		__field(u64, cycles)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->user_reason = user_reason;
		__entry->exit_reason = exit_reason;
		__entry->guest_rip = guest_rip;
		__entry->cycles = cycles;
	),
	TP_printk("vm %u vcpu %u user_reason %s reason %s%s rip 0x%llx cycles %llu",
		  __entry->vm_id, __entry->vcpu_id,
		  keel_show_user_reason(__entry->user_reason),
		  keel_show_reason(__entry->exit_reason),
		  keel_show_failed(__entry->exit_reason), __entry->guest_rip,
		  __entry->cycles),
	keel_trace_exits_on, keel_trace_exits_off
);

TRACE_EVENT(keel_pio,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 write, u32 port, u32 size, u32 count, u32 val),
	TP_ARGS(vm_id, vcpu_id, write, port, size, count, val),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, write)
		__field(u32, port)
		__field(u32, size)
		__field(u32, count)
		__field(u32, val)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->write = write;
		__entry->port = port;
		__entry->size = size;
		__entry->count = count;
		__entry->val = val;
	),
	TP_printk("vm %u vcpu %u %s port 0x%x size %u count %u val 0x%x",
		  __entry->vm_id, __entry->vcpu_id, __entry->write ? "write" : "read",
		  __entry->port, __entry->size, __entry->count, __entry->val)
);

TRACE_EVENT(keel_mmio,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 access, u64 gpa, u32 size, u64 val),
	TP_ARGS(vm_id, vcpu_id, access, gpa, size, val),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, access)
		__field(u64, gpa)
		__field(u32, size)
		__field(u64, val)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->access = access;
		__entry->gpa = gpa;
		__entry->size = size;
		__entry->val = val;
	),
	TP_printk("vm %u vcpu %u %s gpa 0x%llx size %u val 0x%llx",
		  __entry->vm_id, __entry->vcpu_id, keel_show_access(__entry->access),
		  __entry->gpa, __entry->size, __entry->val)
);

TRACE_EVENT(keel_msr,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 write, u32 index, u64 data, u32 exception),
	TP_ARGS(vm_id, vcpu_id, write, index, data, exception),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, write)
		__field(u32, index)
		__field(u64, data)
		__field(u32, exception)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->write = write;
		__entry->index = index;
		__entry->data = data;
		__entry->exception = exception;
	),
	TP_printk("vm %u vcpu %u %s index 0x%x data 0x%llx%s",
		  __entry->vm_id, __entry->vcpu_id, __entry->write ? "write" : "read",
		  __entry->index, __entry->data, __entry->exception ? " #GP" : "")
);

TRACE_EVENT(keel_cpuid,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 function, u32 index, u32 eax, u32 ebx, u32 ecx,
		 u32 edx),
	TP_ARGS(vm_id, vcpu_id, function, index, eax, ebx, ecx, edx),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, function)
		__field(u32, index)
		__field(u32, eax)
		__field(u32, ebx)
		__field(u32, ecx)
		__field(u32, edx)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->function = function;
		__entry->index = index;
		__entry->eax = eax;
		__entry->ebx = ebx;
		__entry->ecx = ecx;
		__entry->edx = edx;
	),
	TP_printk("vm %u vcpu %u function 0x%x index 0x%x eax 0x%x ebx 0x%x ecx 0x%x edx 0x%x",
		  __entry->vm_id, __entry->vcpu_id, __entry->function, __entry->index,
		  __entry->eax, __entry->ebx, __entry->ecx, __entry->edx)
);

TRACE_EVENT(keel_cr,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 write, u32 cr, u64 val),
	TP_ARGS(vm_id, vcpu_id, write, cr, val),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, write)
		__field(u32, cr)
		__field(u64, val)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->write = write;
		__entry->cr = cr;
		__entry->val = val;
	),
	TP_printk("vm %u vcpu %u %s cr%u val 0x%llx", __entry->vm_id, __entry->vcpu_id,
		  __entry->write ? "write" : "read", __entry->cr, __entry->val)
);

TRACE_EVENT(keel_hypercall,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u64 nr, u64 a0, u64 a1, u64 a2, u64 a3),
	TP_ARGS(vm_id, vcpu_id, nr, a0, a1, a2, a3),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u64, nr)
		__field(u64, a0)
		__field(u64, a1)
		__field(u64, a2)
		__field(u64, a3)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->nr = nr;
		__entry->a0 = a0;
		__entry->a1 = a1;
		__entry->a2 = a2;
		__entry->a3 = a3;
	),
	TP_printk("vm %u vcpu %u nr 0x%llx a0 0x%llx a1 0x%llx a2 0x%llx a3 0x%llx",
		  __entry->vm_id, __entry->vcpu_id, __entry->nr, __entry->a0, __entry->a1,
		  __entry->a2, __entry->a3)
);

TRACE_EVENT(keel_inject,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 intr_info, u32 error_code),
	TP_ARGS(vm_id, vcpu_id, intr_info, error_code),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, intr_info)
		__field(u32, error_code)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->intr_info = intr_info;
		__entry->error_code = error_code;
	),
	TP_printk("vm %u vcpu %u %s vector %u error_code 0x%x", __entry->vm_id,
		  __entry->vcpu_id, keel_show_event_type(__entry->intr_info),
		  __entry->intr_info & 0xff, __entry->error_code)
);

TRACE_EVENT(keel_apic,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u32 write, u32 reg, u64 val),
	TP_ARGS(vm_id, vcpu_id, write, reg, val),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u32, write)
		__field(u32, reg)
		__field(u64, val)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->write = write;
		__entry->reg = reg;
		__entry->val = val;
	),
	TP_printk("vm %u vcpu %u %s reg 0x%x val 0x%llx", __entry->vm_id, __entry->vcpu_id,
		  __entry->write ? "write" : "read", __entry->reg, __entry->val)
);

TRACE_EVENT(keel_page_fault,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u64 guest_rip, u64 address, u32 error_code,
		 u32 shadow),
	TP_ARGS(vm_id, vcpu_id, guest_rip, address, error_code, shadow),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u64, guest_rip)
		__field(u64, address)
		__field(u32, error_code)
		__field(u32, shadow)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->guest_rip = guest_rip;
		__entry->address = address;
		__entry->error_code = error_code;
		__entry->shadow = shadow;
	),
	TP_printk("vm %u vcpu %u rip 0x%llx %s 0x%llx error_code 0x%x",
		  __entry->vm_id, __entry->vcpu_id, __entry->guest_rip,
		  __entry->shadow ? "gva" : "gpa", __entry->address, __entry->error_code)
);

TRACE_EVENT_FN(keel_insn,
	TP_PROTO(u32 vm_id, u32 vcpu_id, u64 guest_rip, u32 len, u32 bytes, u64 low, u64 high),
	TP_ARGS(vm_id, vcpu_id, guest_rip, len, bytes, low, high),
	TP_STRUCT__entry(
		__field(u32, vm_id)
		__field(u32, vcpu_id)
		__field(u64, guest_rip)
		__field(u32, len)
		__field(u32, bytes)
		__field(u64, low)
		__field(u64, high)
	),
	TP_fast_assign(
		__entry->vm_id = vm_id;
		__entry->vcpu_id = vcpu_id;
		__entry->guest_rip = guest_rip;
		__entry->len = len;
		__entry->bytes = bytes;
		__entry->low = low;
		__entry->high = high;
	),
	TP_printk("vm %u vcpu %u rip 0x%llx len %u bytes %u low 0x%llx high 0x%llx",
		  __entry->vm_id, __entry->vcpu_id, __entry->guest_rip, __entry->len,
		  __entry->bytes, __entry->low, __entry->high),
	keel_trace_exits_on, keel_trace_exits_off
);

#endif /* KEEL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE keel_trace

/* This part must be outside protection */
#include <trace/define_trace.h>
