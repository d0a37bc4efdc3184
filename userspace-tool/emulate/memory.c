// SPDX-License-Identifier: GPL-2.0
/*
 * From a segment and an offset to checked linear addresses, and the accesses.
 *
 * An access is opened, which makes all checks that can fault, before any access
 * of the instruction is done: a device must not see a read of an instruction
 * that then faults and comes again.
 */
#include <string.h>

#include "emulate/insn.h"

#define PAGE_BYTES	4096U

#define SEG_CODE	BIT(3)
#define SEG_EXPAND_DOWN	BIT(2)
#define SEG_RW		BIT(1)
#define SEG_BIG		BIT(14)
#define SEG_UNUSABLE	BIT(16)

/* An exception with error code 0 where it has one, ready to be injected. */
enum emulate_result insn_fault(struct insn *in, unsigned int vector)
{
	bool has_code = vector == VECTOR_SS || vector == VECTOR_GP ||
			vector == VECTOR_AC;

	*in->fault = (struct keel_event) {
		.valid = 1,
		.type = KEEL_EVENT_EXCEPTION,
		.vector = vector,
	};
	/* Real mode has no error codes, and VM entry refuses them there. */
	if (has_code && in->cpu->control.cr0 & CR0_PE)
		in->fault->flags = KEEL_EVENT_ERROR_CODE;
	return EMULATE_FAULT;
}

static enum emulate_result op_result(int ret)
{
	if (ret > 0)
		return EMULATE_FAULT;
	return ret ? EMULATE_ERROR : EMULATE_DONE;
}

static bool canonical(const struct insn *in, __u64 gva)
{
	unsigned int bits = in->cpu->control.cr4 & CR4_LA57 ? 57 : 48;

	return sign_extend(gva, bits) == gva;
}

/* SDM, "Limit Checking" and "Type Checking". */
static bool segment_allows(const struct insn *in, unsigned int seg,
			   __u64 offset, unsigned int bytes, bool write)
{
	const struct keel_segment *s = &in->cpu->segments.seg[seg];
	bool virtual8086 = in->cpu->regs.rflags & FLAG_VM;
	__u64 last = offset + bytes - 1;
	__u64 top = 0xffffffff;

	if (in->cpu->control.cr0 & CR0_PE && !virtual8086) {
		bool code = s->attributes & SEG_CODE;
		bool rw = s->attributes & SEG_RW;

		if (s->attributes & SEG_UNUSABLE)
			return false;
		/* The bit is "writable" for data and "readable" for code. */
		if (write ? code || !rw : code && !rw)
			return false;
		if (!code && s->attributes & SEG_EXPAND_DOWN) {
			if (!(s->attributes & SEG_BIG))
				top = 0xffff;
			return offset > s->limit && last <= top;
		}
	}
	/* With the largest limit an access may go round; most CPUs let it. */
	return s->limit == top || last <= s->limit;
}

/*
 * Check an access of @bytes at @offset of segment @seg: against the segment,
 * for being canonical, for the guest's page tables, and for alignment.
 */
enum emulate_result mem_open(struct insn *in, struct mem *mem,
			     unsigned int seg, __u64 offset,
			     unsigned int bytes, unsigned int access)
{
	unsigned int vector = seg == KEEL_SS ? VECTOR_SS : VECTOR_GP;
	__u64 base = in->cpu->segments.seg[seg].base;
	__u64 mask = in->long64 ? ~0ULL : 0xffffffff;
	unsigned int room;
	__u64 gva;
	int i;

	if (in->long64) {
		gva = offset;
		if (seg == KEEL_FS || seg == KEEL_GS)
			gva += base;
		if (!canonical(in, gva) || !canonical(in, gva + bytes - 1))
			return insn_fault(in, vector);
	} else {
		if (!segment_allows(in, seg, offset, bytes,
				    access & KEEL_ACCESS_WRITE))
			return insn_fault(in, vector);
		gva = (base + offset) & mask;
	}

	if (in->cpl == 3)
		access |= KEEL_ACCESS_USER;
	room = PAGE_BYTES - gva % PAGE_BYTES;
	mem->access = access;
	mem->gva[0] = gva;
	mem->bytes[0] = bytes < room ? bytes : room;
	mem->gva[1] = (gva + room) & mask;
	mem->bytes[1] = bytes - mem->bytes[0];

	for (i = 0; i < 2 && mem->bytes[i]; i++) {
		int ret = in->ops->check(in->opaque, mem->gva[i], mem->bytes[i],
					 access, in->fault);

		if (ret)
			return op_result(ret);
	}

	if (in->cpl == 3 && in->cpu->control.cr0 & CR0_AM &&
	    in->cpu->regs.rflags & FLAG_AC && gva & (bytes - 1))
		return insn_fault(in, VECTOR_AC);
	return EMULATE_DONE;
}

enum emulate_result mem_read(struct insn *in, const struct mem *mem, void *data)
{
	int ret;

	ret = in->ops->read(in->opaque, mem->gva[0], data, mem->bytes[0],
			    mem->access, in->fault);
	if (!ret && mem->bytes[1])
		ret = in->ops->read(in->opaque, mem->gva[1],
				    (char *)data + mem->bytes[0],
				    mem->bytes[1], mem->access, in->fault);
	return op_result(ret);
}

enum emulate_result mem_write(struct insn *in, const struct mem *mem,
			      const void *data)
{
	int ret;

	ret = in->ops->write(in->opaque, mem->gva[0], data, mem->bytes[0],
			     mem->access, in->fault);
	if (!ret && mem->bytes[1])
		ret = in->ops->write(in->opaque, mem->gva[1],
				     (const char *)data + mem->bytes[0],
				     mem->bytes[1], mem->access, in->fault);
	return op_result(ret);
}
