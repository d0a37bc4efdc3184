// SPDX-License-Identifier: GPL-2.0
/*
 * Exits by port I/O, with its string forms, and what becomes of user space's answers.
 *
 * String I/O begins inside the fast section, where registers can be read, and goes on
 * in a slow half with what was gathered in &keel_vcpu.walk and &keel_vcpu.strio.
 *
 * SDM: "Exit Qualification for I/O Instructions".
 */
#include "vmx_exit.h"

#include "keel_event.h"
#include "keel_log.h"
#include "keel_vm.h"
#include "vmx_cpu.h"
#include "vmx_event.h"
#include "vmx_fields.h"
#include "vmx_run.h"
#include "vmx_state.h"
#include "vmx_trace.h"

#define QUAL_IO_IN		BIT(3)
#define QUAL_IO_STRING		BIT(4)
#define QUAL_IO_REP		BIT(5)
#define BASIC_INS_OUTS_INFO	BIT_ULL(54)

static void *io_data(struct keel_vcpu *vcpu)
{
	return (u8 *)vcpu->run + KEEL_RUN_DATA;
}

/* What of 32 bits an access of 1, 2 or 4 bytes has. */
static u32 io_value(u32 value, unsigned int bytes)
{
	return bytes == 4 ? value : value & ((1U << (bytes * 8)) - 1);
}

static void fill_io(struct keel_vcpu *vcpu, u64 qual, u32 count)
{
	vcpu->run->io = (struct keel_exit_io) {
		.port = qual >> 16,
		.bytes = (qual & 7) + 1,
		.in = !!(qual & QUAL_IO_IN),
		.count = count,
		.data_offset = KEEL_RUN_DATA,
	};
	vcpu->run->exit_reason = KEEL_EXIT_IO;
}

static int strio_read(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	return keel_mem_read(ctx, gpa, buf, bytes);
}

static int strio_write(void *ctx, u64 gpa, const void *buf, unsigned int bytes)
{
	return keel_mem_write(ctx, gpa, buf, bytes);
}

static struct keel_strio_mem strio_mem(struct keel_vcpu *vcpu)
{
	return (struct keel_strio_mem) {
		.read = strio_read, .write = strio_write, .ctx = &vcpu->vm->mem,
	};
}

static void strio_registers(struct keel_vcpu *vcpu)
{
	vcpu->regs.gpr[KEEL_RCX] = vcpu->strio.rcx;
	vcpu->regs.gpr[vcpu->strio.in ? KEEL_RDI : KEEL_RSI] = vcpu->strio.index;
}

/* The memory behind the guest's buffer is not there: as with MMIO, say so. */
static enum keel_verdict strio_no_memory(struct keel_vcpu *vcpu)
{
	vcpu->run->mmio = (struct keel_exit_mmio) {
		.gpa = vcpu->strio.gpa[0],
		.gva = vcpu->strio.linear,
		.gva_valid = 1,
		.access = vcpu->strio.in ? KEEL_ACCESS_WRITE : 0,
	};
	vcpu->run->exit_reason = KEEL_EXIT_MEMORY_FAULT;
	return KEEL_TO_USER;
}

/* String I/O, with the data in the run page. */
static noinline __cold void trace_strio(struct keel_vcpu *vcpu)
{
	const struct keel_strio *io = &vcpu->strio;

	if (io->count)
		vmx_trace(vcpu, pio, !io->in, (u16)(vcpu->vmx.slow_qual >> 16), io->bytes,
			  io->count, io_value(READ_ONCE(*(u32 *)io_data(vcpu)), io->bytes));
}

static noinline __cold void trace_out(struct keel_vcpu *vcpu)
{
	u64 qual = vmcs_getl(EXIT_QUALIFICATION);
	unsigned int bytes = (qual & 7) + 1;

	vmx_trace(vcpu, pio, true, (u16)(qual >> 16), bytes, 1,
		  io_value(vcpu->regs.gpr[KEEL_RAX], bytes));
}

/* The port as it is in the run page, where user space can write: nothing else goes by it. */
static noinline __cold void trace_in(struct keel_vcpu *vcpu)
{
	vmx_trace(vcpu, pio, false, READ_ONCE(vcpu->run->io.port), vcpu->complete_len, 1,
		  io_value(READ_ONCE(*(u32 *)io_data(vcpu)), vcpu->complete_len));
}

static enum keel_verdict slow_strio(struct keel_vcpu *vcpu)
{
	struct keel_strio *io = &vcpu->strio;
	struct keel_strio_mem mem = strio_mem(vcpu);
	u32 count;

	/* Device data in the run page comes from user space. */
	vcpu->vmx.l1d_dirty = true;
	/* A CPU that does not tell the segment: the instruction does. */
	if (!io->addr_bytes) {
		u8 insn[VMX_INSN_MAX];
		unsigned int len = vmx_fetch(vcpu, insn);

		if (keel_strio_decode(insn, len, vcpu->code_bytes, io))
			return KEEL_RESUME;
		if (vmx_borrow(vcpu))
			return KEEL_KILL;
		vmx_get_segment(io->seg_index, &io->seg);
		vmx_return();
	}
	if (keel_strio_begin(io, &vcpu->walk, &mem, io_data(vcpu), KEEL_STRIO_MAX))
		return strio_no_memory(vcpu);
	if (io->fault.valid)
		return vmx_raise(vcpu, io->fault.vector,
				 io->fault.flags ? io->fault.error_code : KEEL_NO_ERROR_CODE,
				 io->fault.payload);
	/* keel_strio_end() clears it. */
	count = io->count;
	fill_io(vcpu, vcpu->vmx.slow_qual, count);
	if (io->in && count) {
		vcpu->complete = KEEL_COMPLETE_INS;
		return KEEL_TO_USER;
	}
	if (trace_keel_pio_enabled())
		trace_strio(vcpu);
	if (keel_strio_end(io, &mem, io_data(vcpu)))
		return strio_no_memory(vcpu);
	strio_registers(vcpu);
	if (!count)
		return KEEL_ADVANCE;
	return io->done ? KEEL_TO_USER_ADVANCE : KEEL_TO_USER;
}

static enum keel_verdict string_io(struct keel_vcpu *vcpu, u64 qual)
{
	struct keel_strio *io = &vcpu->strio;

	vmx_remember_code(vcpu);
	*io = (struct keel_strio) {
		.in = !!(qual & QUAL_IO_IN),
		.rep = !!(qual & QUAL_IO_REP),
		.bytes = (qual & 7) + 1,
		.code64 = vcpu->code_bytes == 8,
		.cpl = vcpu->cpl,
		.rcx = vcpu->regs.gpr[KEEL_RCX],
		.index = vcpu->regs.gpr[qual & QUAL_IO_IN ? KEEL_RDI : KEEL_RSI],
	};
	if (vmx_caps.basic & BASIC_INS_OUTS_INFO) {
		u32 info = vmcs_get32(VMX_INSTRUCTION_INFO);

		io->addr_bytes = 2 << ((info >> 7) & 7);
		io->seg_index = io->in ? KEEL_ES : (info >> 15) & 7;
		vmx_get_segment(io->seg_index, &io->seg);
	}
	vcpu->vmx.slow_qual = qual;
	vcpu->slow = slow_strio;
	return KEEL_SLOW;
}

enum keel_verdict exit_io(struct keel_vcpu *vcpu)
{
	u64 qual = vmcs_getl(EXIT_QUALIFICATION);

	if (unlikely(qual & QUAL_IO_STRING))
		return string_io(vcpu, qual);
	if (!(qual & QUAL_IO_IN)) {
		if (trace_keel_pio_enabled())
			trace_out(vcpu);
		/* Who listens is woken, no more: no data of others comes into the L1 cache. */
		if (keel_ioeventfd_port(&vcpu->vm->ioeventfds, qual >> 16, (qual & 7) + 1,
					vcpu->regs.gpr[KEEL_RAX]))
			return KEEL_ADVANCE;
	}
	fill_io(vcpu, qual, 1);
	if (qual & QUAL_IO_IN) {
		vcpu->complete = KEEL_COMPLETE_IN;
		vcpu->complete_len = (qual & 7) + 1;
	} else {
		*(u32 *)io_data(vcpu) = vcpu->regs.gpr[KEEL_RAX];
	}
	return KEEL_TO_USER_ADVANCE;
}

static void complete_in(struct keel_vcpu *vcpu)
{
	u32 value = READ_ONCE(*(u32 *)io_data(vcpu));
	u64 *rax = &vcpu->regs.gpr[KEEL_RAX];

	if (trace_keel_pio_enabled())
		trace_in(vcpu);
	switch (vcpu->complete_len) {
	case 1:
		*rax = (*rax & ~0xffULL) | (u8)value;
		break;
	case 2:
		*rax = (*rax & ~0xffffULL) | (u16)value;
		break;
	default:
		*rax = value;
	}
}

static int complete_ins(struct keel_vcpu *vcpu)
{
	struct keel_strio_mem mem = strio_mem(vcpu);
	int ret;

	if (trace_keel_pio_enabled())
		trace_strio(vcpu);
	ret = keel_strio_end(&vcpu->strio, &mem, io_data(vcpu));
	if (ret)
		return ret;
	strio_registers(vcpu);
	if (!vcpu->strio.done)
		return 0;
	ret = vmx_borrow(vcpu);
	if (ret)
		return ret;
	vmx_advance(vcpu);
	vmx_return();
	return 0;
}

/* The 8259 has acknowledged an interrupt, and it must be delivered. */
static int complete_extint(struct keel_vcpu *vcpu)
{
	u32 vector = READ_ONCE(vcpu->run->extint.vector);

	if (vector == KEEL_NO_VECTOR)
		return 0;
	if (vector > 255)
		return keel_refuse(-EINVAL, "KEEL_RUN: extint.vector is %u", vector);
	vcpu->events.interrupt = (struct keel_event) {
		.valid = 1,
		.type = KEEL_EVENT_INTERRUPT,
		.vector = vector,
	};
	vcpu->has_events = true;
	return 0;
}

/**
 * vmx_complete - finish the exit whose answer user space has given
 * @vcpu: locked by the caller; may sleep
 *
 * Return: 0; -EFAULT where the memory behind the buffer of INS went away.
 */
int vmx_complete(struct keel_vcpu *vcpu)
{
	enum keel_complete what = vcpu->complete;

	vcpu->complete = KEEL_COMPLETE_NONE;
	if (what == KEEL_COMPLETE_IN)
		complete_in(vcpu);
	if (what == KEEL_COMPLETE_EXTINT)
		return complete_extint(vcpu);
	if (what == KEEL_COMPLETE_INS)
		return complete_ins(vcpu);
	return 0;
}
