// SPDX-License-Identifier: GPL-2.0
/*
 * keel trace: compose a record of each exit and send it.
 *
 * All tracepoints of a vCPU come from the thread that runs it, one after the other,
 * so that its state needs no lock.  What comes last sends the record: keel_exit_done,
 * or keel_user_done where user space was asked.
 */
#include "filter.bpf.h"

#include "trace.h"

#define MAX_VCPUS	4096
#define BASIC(reason)	((reason) & 0xffff)

/* Whether @reasons is to be looked at, a bit for each basic exit reason. */
const volatile bool some_reasons;
const volatile __u64 reasons[2];
/* Shorter ones are of no interest; host TSC ticks. */
const volatile __u64 min_cycles;
/* How much of a record is sent. */
const volatile __u32 record_bytes = sizeof(struct trace_record);
/* The reader sleeps until there is so much, or its time has come. */
const volatile __u64 wake_bytes;

/* What a new vCPU begins with; too large for the stack. */
static const struct trace_state no_state;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_VCPUS);
	__type(key, __u64);
	__type(value, struct trace_state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_counts);
} counts SEC(".maps");

static __always_inline struct trace_counts *my_counts(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counts, &zero);
}

static __always_inline void send(struct trace_state *state)
{
	struct trace_counts *mine = my_counts();
	__u64 flags = BPF_RB_NO_WAKEUP;

	state->open = 0;
	if (!mine ||
	    state->record.cycles + state->record.user_cycles < min_cycles)
		return;
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wake_bytes)
		flags = BPF_RB_FORCE_WAKEUP;
	state->record.lost = state->lost;
	if (bpf_ringbuf_output(&ring, &state->record,
			       record_bytes == sizeof(state->record) ?
			       sizeof(state->record) :
			       __builtin_offsetof(struct trace_record, insn), flags)) {
		mine->lost++;
		state->lost++;
	} else {
		mine->sent++;
		state->lost = 0;
	}
}

static __always_inline void send_unfinished(struct trace_state *state)
{
	state->record.has |= TRACE_UNFINISHED;
	send(state);
}

/* The exit that a vCPU is at, where it is of interest. */
static __always_inline struct trace_record *
record_of(const struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_state *state;
	__u64 key = vcpu_key(ctx);

	if (!wanted(ctx))
		return NULL;
	state = bpf_map_lookup_elem(&states, &key);
	return state && state->open ? &state->record : NULL;
}

static __always_inline bool reason_wanted(__u32 reason)
{
	__u32 basic = BASIC(reason);

	return !some_reasons ||
	       (basic < 128 && reasons[basic >> 6] >> (basic & 63) & 1);
}

/* Where a vCPU's state is; it is made at the first exit of interest. */
static __always_inline struct trace_state *get_state(__u64 key)
{
	struct trace_state *state = bpf_map_lookup_elem(&states, &key);

	if (state)
		return state;
	bpf_map_update_elem(&states, &key, &no_state, BPF_NOEXIST);
	return bpf_map_lookup_elem(&states, &key);
}

SEC("raw_tp/keel_pio")
int pio(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	/* String I/O may come in parts: the first is shown. */
	if (record->has & TRACE_PIO) {
		record->pio.events++;
		return 0;
	}
	record->has |= TRACE_PIO;
	record->pio.write = ctx->args[KEEL_PIO_WRITE];
	record->pio.port = ctx->args[KEEL_PIO_PORT];
	record->pio.size = ctx->args[KEEL_PIO_SIZE];
	record->pio.count = ctx->args[KEEL_PIO_COUNT];
	record->pio.val = ctx->args[KEEL_PIO_VAL];
	record->pio.events = 1;
	return 0;
}

SEC("raw_tp/keel_msr")
int msr(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_MSR;
	record->msr.write = ctx->args[KEEL_MSR_WRITE];
	record->msr.index = ctx->args[KEEL_MSR_INDEX];
	record->msr.data = ctx->args[KEEL_MSR_DATA];
	record->msr.exception = ctx->args[KEEL_MSR_EXCEPTION];
	return 0;
}

SEC("raw_tp/keel_cpuid")
int cpuid(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_CPUID;
	record->cpuid.function = ctx->args[KEEL_CPUID_FUNCTION];
	record->cpuid.index = ctx->args[KEEL_CPUID_INDEX];
	record->cpuid.eax = ctx->args[KEEL_CPUID_OUT_EAX];
	record->cpuid.ebx = ctx->args[KEEL_CPUID_OUT_EBX];
	record->cpuid.ecx = ctx->args[KEEL_CPUID_OUT_ECX];
	record->cpuid.edx = ctx->args[KEEL_CPUID_OUT_EDX];
	return 0;
}

SEC("raw_tp/keel_cr")
int cr(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_CR;
	record->cr.write = ctx->args[KEEL_CR_WRITE];
	record->cr.nr = ctx->args[KEEL_CR_NR];
	record->cr.val = ctx->args[KEEL_CR_VAL];
	return 0;
}

SEC("raw_tp/keel_hypercall")
int hypercall(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_HYPERCALL;
	record->hypercall.nr = ctx->args[KEEL_HYPERCALL_NR];
	record->hypercall.a[0] = ctx->args[KEEL_HYPERCALL_A0];
	record->hypercall.a[1] = ctx->args[KEEL_HYPERCALL_A1];
	record->hypercall.a[2] = ctx->args[KEEL_HYPERCALL_A2];
	record->hypercall.a[3] = ctx->args[KEEL_HYPERCALL_A3];
	return 0;
}

SEC("raw_tp/keel_mmio")
int mmio(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_MMIO;
	record->mmio.access = ctx->args[KEEL_MMIO_ACCESS];
	record->mmio.gpa = ctx->args[KEEL_MMIO_GPA];
	record->mmio.size = ctx->args[KEEL_MMIO_SIZE];
	record->mmio.val = ctx->args[KEEL_MMIO_VAL];
	return 0;
}

SEC("raw_tp/keel_apic")
int apic(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_APIC;
	record->apic.write = ctx->args[KEEL_APIC_WRITE];
	record->apic.reg = ctx->args[KEEL_APIC_REG];
	record->apic.val = ctx->args[KEEL_APIC_VAL];
	return 0;
}

SEC("raw_tp/keel_page_fault")
int page_fault(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_PAGE_FAULT;
	record->page_fault.address = ctx->args[KEEL_PAGE_FAULT_ADDRESS];
	record->page_fault.error_code = ctx->args[KEEL_PAGE_FAULT_ERROR_CODE];
	record->page_fault.shadow = ctx->args[KEEL_PAGE_FAULT_SHADOW];
	return 0;
}

SEC("raw_tp/keel_inject")
int inject(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_INJECT;
	record->inject.info = ctx->args[KEEL_INJECT_INTR_INFO];
	record->inject.error_code = ctx->args[KEEL_INJECT_ERROR_CODE];
	return 0;
}

SEC("raw_tp/keel_insn")
int insn(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record)
		return 0;
	record->has |= TRACE_INSN;
	record->insn.len = ctx->args[KEEL_INSN_LEN];
	record->insn.width = ctx->args[KEEL_INSN_BYTES];
	record->insn.low = ctx->args[KEEL_INSN_LOW];
	record->insn.high = ctx->args[KEEL_INSN_HIGH];
	return 0;
}

SEC("raw_tp/keel_user_exit")
int user_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_record *record = record_of(ctx);

	if (!record || (__u32)ctx->args[KEEL_USER_EXIT_REASON] == KEEL_TRACE_NO_EXIT)
		return 0;
	record->has |= TRACE_USER;
	record->user_reason = ctx->args[KEEL_USER_EXIT_USER_REASON];
	return 0;
}

SEC("raw_tp/keel_exit_done")
int exit_done(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_state *state;
	__u64 key = vcpu_key(ctx);

	if (!wanted(ctx))
		return 0;
	state = bpf_map_lookup_elem(&states, &key);
	if (!state || !state->open)
		return 0;
	state->record.cycles = ctx->args[KEEL_EXIT_DONE_CYCLES];
	state->record.outcome = ctx->args[KEEL_EXIT_DONE_OUTCOME];
	if (state->record.outcome != KEEL_TRACE_USER)
		send(state);
	return 0;
}

SEC("raw_tp/keel_user_done")
int user_done(struct bpf_raw_tracepoint_args *ctx)
{
	struct trace_state *state;
	__u64 key = vcpu_key(ctx);

	if (!wanted(ctx) || (__u32)ctx->args[KEEL_USER_DONE_REASON] == KEEL_TRACE_NO_EXIT)
		return 0;
	state = bpf_map_lookup_elem(&states, &key);
	if (!state || !state->open)
		return 0;
	state->record.user_cycles = ctx->args[KEEL_USER_DONE_CYCLES];
	send(state);
	return 0;
}

static long forget(void *map, const __u64 *key, struct trace_state *state,
		   const __u32 *vm)
{
	if (*key >> 32 != *vm)
		return 0;
	if (state->open)
		send_unfinished(state);
	bpf_map_delete_elem(map, key);
	return 0;
}

/* Its last exits were answered by nobody. */
SEC("raw_tp/keel_vm_destroy")
int vm_destroy(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 vm = ctx->args[KEEL_VM_DESTROY_VM_ID];

	bpf_for_each_map_elem(&states, forget, &vm, 0);
	return 0;
}

/* Attached last and detached last, so that no exit's end is missed. */
SEC("raw_tp/keel_exit")
int exit_begin(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 reason = ctx->args[KEEL_HW_EXIT_REASON];
	struct trace_counts *mine;
	struct trace_record *record;
	struct trace_state *state;

	if (!wanted(ctx) || !reason_wanted(reason))
		return 0;
	state = get_state(vcpu_key(ctx));
	if (!state) {
		mine = my_counts();
		if (mine)
			mine->untracked++;
		return 0;
	}
	if (state->open)
		send_unfinished(state);
	state->open = 1;
	record = &state->record;
	record->time = bpf_ktime_get_ns();
	record->rip = ctx->args[KEEL_HW_EXIT_RIP];
	record->qualification = ctx->args[KEEL_HW_EXIT_QUALIFICATION];
	record->gpa = ctx->args[KEEL_HW_EXIT_GPA];
	record->cycles = 0;
	record->user_cycles = 0;
	record->vm = ctx->args[KEEL_HW_EXIT_VM_ID];
	record->vcpu = ctx->args[KEEL_HW_EXIT_VCPU_ID];
	record->pid = bpf_get_current_pid_tgid() >> 32;
	record->cpu = bpf_get_smp_processor_id();
	record->reason = reason;
	record->intr_info = ctx->args[KEEL_HW_EXIT_INTR_INFO];
	record->error_code = ctx->args[KEEL_HW_EXIT_ERROR_CODE];
	record->insn_len = ctx->args[KEEL_HW_EXIT_INSN_LEN];
	record->outcome = KEEL_TRACE_KERNEL;
	record->has = 0;
	return 0;
}
