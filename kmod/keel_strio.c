// SPDX-License-Identifier: GPL-2.0
/*
 * INS, OUTS and their REP forms.  See keel_strio.h; this file is pure and is
 * compiled into the unit tests too.
 */
#include "keel_strio.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#define PAGE_BITS	12
#define PAGE_BYTES	BIT_ULL(PAGE_BITS)
#define IN_PAGE(addr)	((addr) & (PAGE_BYTES - 1))

/* Access rights (SDM, "Guest Register State"). */
#define SEG_TYPE_CODE		BIT(3)
#define SEG_TYPE_EXPAND_DOWN	BIT(2)	/* data */
#define SEG_TYPE_WRITABLE	BIT(1)	/* data */
#define SEG_TYPE_READABLE	BIT(1)	/* code */
#define SEG_DB			BIT(14)
#define SEG_UNUSABLE		BIT(16)

/* How many bits of a register the address size uses. */
static u64 addr_mask(const struct keel_strio *io)
{
	return io->addr_bytes == 8 ? ~0ULL : BIT_ULL(8 * io->addr_bytes) - 1;
}

static u64 linear_mask(const struct keel_strio *io)
{
	return io->code64 ? ~0ULL : 0xffffffff;
}

static void queue_fault(struct keel_strio *io, const struct keel_walk_env *env,
			u8 vector, u32 error_code, u64 payload)
{
	io->fault = (struct keel_event){
		.valid = 1,
		.type = KEEL_EVENT_EXCEPTION,
		.vector = vector,
		/* Real mode has no error codes. */
		.flags = env->cr0 & X86_CR0_PE ? KEEL_EVENT_ERROR_CODE : 0,
		.error_code = env->cr0 & X86_CR0_PE ? error_code : 0,
		.payload = payload,
	};
}

/* SDM, "Limit Checking" and "Type Checking", without IA-32e's 64-bit mode. */
static bool segment_allows(const struct keel_strio *io, u64 offset)
{
	u32 rights = io->seg.attributes;
	u64 last = offset + io->bytes - 1;
	bool code = rights & SEG_TYPE_CODE;

	if (rights & SEG_UNUSABLE)
		return false;
	if (io->in && (code || !(rights & SEG_TYPE_WRITABLE)))
		return false;
	if (!io->in && code && !(rights & SEG_TYPE_READABLE))
		return false;
	if (!code && (rights & SEG_TYPE_EXPAND_DOWN))
		return offset > io->seg.limit &&
		       last <= (rights & SEG_DB ? 0xffffffff : 0xffff);
	return last <= io->seg.limit;
}

/* The linear address of the element at @offset; false: @io->fault has why not. */
static bool linear_of(struct keel_strio *io, const struct keel_walk_env *env,
		      u64 offset, u64 *linear)
{
	u8 vector = io->seg_index == KEEL_SS ? X86_TRAP_SS : X86_TRAP_GP;
	u64 base = io->seg.base;
	bool fits;

	if (io->code64) {
		/* Only FS and GS have a base there, and none has a limit. */
		if (io->seg_index != KEEL_FS && io->seg_index != KEEL_GS)
			base = 0;
		*linear = base + offset;
		fits = keel_walk_canonical(env, *linear) &&
		       keel_walk_canonical(env, *linear + io->bytes - 1);
	} else {
		*linear = (u32)(base + offset);
		fits = segment_allows(io, offset);
	}
	if (!fits) {
		queue_fault(io, env, vector, 0, 0);
		return false;
	}

	if (io->cpl == 3 && (env->cr0 & X86_CR0_AM) &&
	    (env->rflags & X86_EFLAGS_AC) && *linear % io->bytes) {
		queue_fault(io, env, X86_TRAP_AC, 0, 0);
		return false;
	}
	return true;
}

/* Where @linear is, of the pages that translate_page() has found. */
static bool find_gpa(const struct keel_strio *io, u64 linear, u64 *gpa)
{
	unsigned int i;

	for (i = 0; i < io->nr_pages; i++) {
		if (io->page[i] == linear >> PAGE_BITS) {
			*gpa = io->gpa[i] | IN_PAGE(linear);
			return true;
		}
	}
	return false;
}

/*
 * Walk to the page of @linear and keep it.  1: found; 0: it is not to be had
 * in this batch (@io->fault may have why not); negative: errno.
 */
static int translate_page(struct keel_strio *io, const struct keel_walk_env *env,
			  const struct keel_strio_mem *mem, u64 linear)
{
	struct keel_walk_result res;
	u32 access = 0;
	u64 gpa;
	int ret;

	if (find_gpa(io, linear, &gpa))
		return 1;
	if (io->nr_pages == ARRAY_SIZE(io->page))
		return 0;
	if (io->in)
		access |= KEEL_ACCESS_WRITE;
	if (io->cpl == 3)
		access |= KEEL_ACCESS_USER;
	ret = keel_walk(env, linear, access, &res);
	if (ret)
		return ret;
	if (res.fault) {
		queue_fault(io, env, X86_TRAP_PF, res.error_code, linear);
		return 0;
	}
	gpa = res.gpa & ~(PAGE_BYTES - 1);
	if (io->in && mem->writable) {
		ret = mem->writable(mem->ctx, gpa, PAGE_BYTES);
		if (ret)
			return ret;
	}
	io->page[io->nr_pages] = linear >> PAGE_BITS;
	io->gpa[io->nr_pages] = gpa;
	io->nr_pages++;
	return 1;
}

/* As translate_page(), for the one or two pages of the element at @offset. */
static int translate(struct keel_strio *io, const struct keel_walk_env *env,
		     const struct keel_strio_mem *mem, u64 offset)
{
	u64 linear, last;
	int ret;

	if (!linear_of(io, env, offset, &linear))
		return 0;
	last = (linear + io->bytes - 1) & linear_mask(io);
	ret = translate_page(io, env, mem, linear);
	/* The fault of an element's second page is at that page's start. */
	if (ret == 1 && last >> PAGE_BITS != linear >> PAGE_BITS)
		ret = translate_page(io, env, mem, last & ~(PAGE_BYTES - 1));
	return ret;
}

/* Move @bytes between @data and consecutive addresses from @linear on. */
static int copy_run(const struct keel_strio *io, const struct keel_strio_mem *mem,
		    u64 linear, u8 *data, unsigned int bytes, unsigned int *moved)
{
	while (bytes) {
		unsigned int n = PAGE_BYTES - IN_PAGE(linear);
		u64 gpa;
		int ret;

		if (n > bytes)
			n = bytes;
		if (!find_gpa(io, linear, &gpa))
			return -EINVAL;
		ret = io->in ? mem->write(mem->ctx, gpa, data, n) :
			       mem->read(mem->ctx, gpa, data, n);
		if (ret)
			return ret;
		linear = (linear + n) & linear_mask(io);
		data += n;
		bytes -= n;
		*moved += n;
	}
	return 0;
}

/*
 * Move the batch.  @moved bytes have been where it fails.  Rising addresses go
 * a page at a time; falling ones element by element, as the data is in the
 * order of the accesses.
 */
static int copy_batch(const struct keel_strio *io,
		      const struct keel_strio_mem *mem, u8 *data,
		      unsigned int *moved)
{
	u64 linear = io->linear;
	unsigned int i;
	int ret = 0;

	*moved = 0;
	if (!io->down)
		return copy_run(io, mem, linear, data, io->count * io->bytes,
				moved);
	for (i = 0; i < io->count && !ret; i++) {
		ret = copy_run(io, mem, linear, data + i * io->bytes, io->bytes,
			       moved);
		linear = (linear - io->bytes) & linear_mask(io);
	}
	return ret;
}

static bool sane(const struct keel_strio *io)
{
	return (io->bytes == 1 || io->bytes == 2 || io->bytes == 4) &&
	       (io->addr_bytes == 4 || io->addr_bytes == (io->code64 ? 8 : 2)) &&
	       io->seg_index <= KEEL_GS;
}

/**
 * keel_strio_begin - find out what a batch can move, and for OUTS get it
 * @io: the instruction, up to @index filled
 * @env: the guest
 * @mem: its memory
 * @data: for OUTS the elements go there, in the order of the accesses
 * @room: bytes at @data
 *
 * On success either @io->fault is valid, or @io->count elements can be moved;
 * @io->count is 0 without a fault only where REP finds a count of 0.  Then ask
 * the device, and call keel_strio_end().
 *
 * SDM, "INS/INSB/INSW/INSD-Input from Port to String", "OUTS/...".
 *
 * Return: 0; -EINVAL for a description that is of no such instruction or no
 * room for an element; what a function of @mem or @env returned for the first
 * element: it is not in memory.
 */
int keel_strio_begin(struct keel_strio *io, const struct keel_walk_env *env,
		     const struct keel_strio_mem *mem, void *data,
		     unsigned int room)
{
	u64 mask = addr_mask(io);
	u64 offset = io->index & mask;
	u64 left = io->rep ? io->rcx & mask : 1;
	unsigned int moved;
	int ret = 1;

	io->count = 0;
	io->done = false;
	io->fault = (struct keel_event){};
	io->nr_pages = 0;
	io->linear = 0;
	io->down = env->rflags & X86_EFLAGS_DF;
	if (!sane(io) || room < io->bytes)
		return -EINVAL;

	if (room > KEEL_STRIO_MAX)
		room = KEEL_STRIO_MAX;
	if (left > room / io->bytes)
		left = room / io->bytes;
	/* A single-step trap comes after each element. */
	if (left > 1 && (env->rflags & X86_EFLAGS_TF))
		left = 1;

	while (io->count < left) {
		u64 next;

		ret = translate(io, env, mem, offset);
		if (ret <= 0)
			break;
		if (!io->count)
			linear_of(io, env, offset, &io->linear);
		io->count++;
		next = (io->down ? offset - io->bytes : offset + io->bytes) & mask;
		/* Where the index wraps, addresses do not go on. */
		if (io->down ? next > offset : next < offset)
			break;
		offset = next;
	}
	if (io->count) {
		/* What stopped it is found again by the next batch. */
		io->fault = (struct keel_event){};
	} else if (ret < 0) {
		return ret;
	}
	if (io->in || !io->count)
		return 0;

	ret = copy_batch(io, mem, data, &moved);
	io->count = moved / io->bytes;
	return io->count ? 0 : ret;
}

/* A register after @value was written to as much of it as the address size is. */
static u64 merge(const struct keel_strio *io, u64 reg, u64 value)
{
	if (io->addr_bytes == 2)
		return (reg & ~0xffffULL) | (value & 0xffff);
	return value & addr_mask(io);
}

/**
 * keel_strio_end - finish a batch
 * @io: after keel_strio_begin() without a fault
 * @mem: the guest's memory
 * @data: for INS the @io->count elements that the device gave
 *
 * Moves @io->rcx and @io->index on and sets @io->done.
 *
 * Return: 0; what &keel_strio_mem.write returned, where memory went away in
 * between: the registers then stand at the element that was not written.
 */
int keel_strio_end(struct keel_strio *io, const struct keel_strio_mem *mem,
		   const void *data)
{
	u64 step;
	int ret = 0;

	if (io->in && io->count) {
		unsigned int moved;

		/* copy_batch() only reads the data of an INS. */
		ret = copy_batch(io, mem, (u8 *)data, &moved);
		io->count = moved / io->bytes;
	}
	if (!io->count) {
		/* Registers stay whole where REP found nothing to do. */
		io->done = !ret;
		return ret;
	}

	step = (u64)io->count * io->bytes;
	io->index = merge(io, io->index,
			  io->down ? io->index - step : io->index + step);
	if (io->rep)
		io->rcx = merge(io, io->rcx, io->rcx - io->count);
	io->done = !ret && (!io->rep || !(io->rcx & addr_mask(io)));
	io->count = 0;
	return ret;
}

/**
 * keel_strio_decode - find address size and segment in the instruction's bytes
 * @insn: the instruction
 * @len: how many bytes of it there are, at most
 * @addr_bytes: the code segment's default address size: 2, 4 or 8
 * @io: @addr_bytes, @seg_index, @rep, @in and, for the one-byte forms, @bytes
 *	are set
 *
 * For CPUs that do not say (bit 54 of IA32_VMX_BASIC is 0).  Operand size is in
 * the exit qualification, always.
 *
 * Return: 0; -EINVAL where it is not INS or OUTS.
 */
int keel_strio_decode(const u8 *insn, unsigned int len, u8 addr_bytes,
		      struct keel_strio *io)
{
	bool long_mode = addr_bytes == 8;
	u8 size = addr_bytes, seg = KEEL_DS;
	bool rep = false;
	unsigned int i;

	for (i = 0; i < len && i < 15; i++) {
		u8 byte = insn[i];

		switch (byte) {
		case 0x26: case 0x2e: case 0x36: case 0x3e:
			/* ES CS SS DS are 0 to 3, bits 4:3 of the prefix. */
			if (!long_mode)
				seg = (byte >> 3) & 3;
			break;
		case 0x64:
			seg = KEEL_FS;
			break;
		case 0x65:
			seg = KEEL_GS;
			break;
		case 0x67:
			size = addr_bytes == 4 ? 2 : 4;
			break;
		case 0xf2: case 0xf3:
			rep = true;
			break;
		case 0x66: case 0xf0:
			break;
		case 0x6c: case 0x6d: case 0x6e: case 0x6f:
			io->in = byte < 0x6e;
			if (!(byte & 1))
				io->bytes = 1;
			io->rep = rep;
			io->addr_bytes = size;
			io->seg_index = io->in ? KEEL_ES : seg;
			return 0;
		default:
			/* REX says nothing here. */
			if (long_mode && (byte & 0xf0) == 0x40)
				break;
			return -EINVAL;
		}
	}
	return -EINVAL;
}
