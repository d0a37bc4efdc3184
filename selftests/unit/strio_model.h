/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model that performs INS and OUTS as the SDM describes them: one element after
 * another, one byte after another, registers moved after each.  The guest's page
 * tables are made up from an array of PAGES pages, over and over, so that every
 * linear address is some page's.
 */
#ifndef STRIO_MODEL_H
#define STRIO_MODEL_H

#include <errno.h>
#include <string.h>

#include "keel_strio.h"

#define B(n)	(1ULL << (n))
#ifndef PAGES
#define PAGES	64
#endif
#define RAM	0x10000000ULL
#define PT	0x400000ULL

static struct {
	u8 ram[PAGES * 4096];
	struct { bool p, w, u; u8 to; } map[PAGES];
} guest;

/* Directories at 0x1000 (32-bit), 0x2000, 0x3000, 0x4000 (64-bit). */
static int table_read(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	u64 e;

	switch (gpa >> 12) {
	case 2: case 3:
		e = (gpa & ~0xfffULL) + 0x1007;
		break;
	case 1: case 4:
		e = PT | 7;
		break;
	default: {
		unsigned int i = (gpa & 0xfff) / bytes % PAGES;

		e = (RAM + guest.map[i].to * 4096) | guest.map[i].p |
		    guest.map[i].w * 2 | guest.map[i].u * 4;
	}
	}
	memcpy(buf, &e, bytes);
	return 0;
}

static u8 *at(u64 gpa, unsigned int bytes)
{
	if (gpa < RAM || gpa + bytes > RAM + sizeof(guest.ram))
		return NULL;
	return guest.ram + (gpa - RAM);
}

static int mem_read(void *ctx, u64 gpa, void *buf, unsigned int bytes)
{
	if (!at(gpa, bytes))
		return -EFAULT;
	memcpy(buf, at(gpa, bytes), bytes);
	return 0;
}

static int mem_write(void *ctx, u64 gpa, const void *buf, unsigned int bytes)
{
	if (!at(gpa, bytes))
		return -EFAULT;
	memcpy(at(gpa, bytes), buf, bytes);
	return 0;
}

static int mem_writable(void *ctx, u64 gpa, unsigned int bytes)
{
	return at(gpa, bytes) ? 0 : -EFAULT;
}

static const struct keel_strio_mem mem = {
	mem_read, mem_write, mem_writable, NULL
};

/* ---- the device: what it gives is counted, what it gets is kept ---- */

struct device {
	u32 next;
	unsigned int got;
	u8 log[1 << 17];
};

static u32 device_in(struct device *d)
{
	return d->next++ * 2654435761u;
}

/* ---- the model ---- */

struct outcome {
	u64 rcx, index;
	int vector;		/* -1: done */
	u32 code;
	u64 cr2;
};

static u64 sized(u64 old, u64 new, int bytes)
{
	switch (bytes) {
	case 2: return (old & 0xffffffffffff0000ULL) | (new & 0xffff);
	case 4: return new & 0xffffffff;
	default: return new;
	}
}

static u64 part(u64 value, int bytes)
{
	return sized(0, value, bytes);
}

static bool canonical(u64 a)
{
	return a < B(47) || a >= -B(47);
}

static bool model_element(const struct keel_strio *io,
			  const struct keel_walk_env *env, u64 offset,
			  struct device *dev, struct outcome *o)
{
	u32 type = io->seg.attributes & 15;
	u64 linear[4];
	u8 *where[4], value[4];
	u32 in;
	int i;

	o->vector = io->seg_index == KEEL_SS ? 12 : 13;
	for (i = 0; i < io->bytes; i++) {
		u64 o_i = offset + i;

		if (io->code64) {
			linear[i] = o_i + (io->seg_index >= KEEL_FS ? io->seg.base : 0);
			if (!canonical(linear[i]))
				return false;
			continue;
		}
		linear[i] = (io->seg.base + o_i) & 0xffffffff;
		if (io->seg.attributes & B(16))
			return false;
		if (io->in && type != 2 && type != 3 && type != 6 && type != 7)
			return false;
		if (!io->in && (type == 8 || type == 9 || type == 12 || type == 13))
			return false;
		if (type >= 4 && type <= 7) {
			if (o_i <= io->seg.limit)
				return false;
			if (o_i > (io->seg.attributes & B(14) ? 0xffffffffULL : 0xffff))
				return false;
		} else if (o_i > io->seg.limit) {
			return false;
		}
	}
	if (io->cpl == 3 && (env->cr0 & B(18)) && (env->rflags & B(18)) &&
	    linear[0] % io->bytes) {
		o->vector = 17;
		return false;
	}
	o->vector = 14;
	for (i = 0; i < io->bytes; i++) {
		int page = linear[i] / 4096 % PAGES;
		bool p = guest.map[page].p, w = guest.map[page].w;
		bool u = guest.map[page].u;
		u64 gpa = RAM + guest.map[page].to * 4096 + linear[i] % 4096;

		if (!(env->cr0 & B(31))) {
			gpa = linear[i];
		} else if (!p || (io->cpl == 3 && !u) ||
			   (io->in && !w && (io->cpl == 3 || (env->cr0 & B(16))))) {
			o->code = p | io->in * 2 | (io->cpl == 3) * 4;
			o->cr2 = linear[i];
			return false;
		}
		where[i] = at(gpa, 1);
	}
	o->vector = -1;
	if (io->in) {
		in = device_in(dev);
		memcpy(value, &in, 4);
	}
	for (i = 0; i < io->bytes; i++) {
		if (io->in)
			*where[i] = value[i];
		else
			dev->log[dev->got++] = *where[i];
	}
	return true;
}

static struct outcome model(const struct keel_strio *io,
			    const struct keel_walk_env *env, struct device *dev)
{
	struct outcome o = { io->rcx, io->index, -1 };
	int a = io->addr_bytes;

	for (;;) {
		if (io->rep && !part(o.rcx, a))
			return o;
		if (!model_element(io, env, part(o.index, a), dev, &o))
			return o;
		o.index = sized(o.index, env->rflags & B(10) ?
				o.index - io->bytes : o.index + io->bytes, a);
		if (!io->rep)
			return o;
		o.rcx = sized(o.rcx, o.rcx - 1, a);
	}
}

/* ---- what is tested, as the run loop would use it ---- */

static unsigned int batches, elements;

static int drive(struct keel_strio *io, const struct keel_walk_env *env,
		 struct device *dev, struct outcome *o)
{
	static u8 data[4096];
	u32 i, in;
	int ret;

	*o = (struct outcome){ .vector = -1 };
	do {
		ret = keel_strio_begin(io, env, &mem, data, sizeof(data));
		if (ret)
			return ret;
		batches++;
		elements += io->count;
		if (io->fault.valid) {
			if (io->count || io->fault.type != KEEL_EVENT_EXCEPTION)
				return -1;
			o->vector = io->fault.vector;
			o->code = io->fault.error_code;
			o->cr2 = io->fault.payload;
			break;
		}
		for (i = 0; i < io->count; i++) {
			if (io->in) {
				in = device_in(dev);
				memcpy(data + i * io->bytes, &in, io->bytes);
				continue;
			}
			memcpy(dev->log + dev->got, data + i * io->bytes, io->bytes);
			dev->got += io->bytes;
		}
		if (!io->count && !io->done && io->rep &&
		    part(io->rcx, io->addr_bytes))
			return -2;	/* no progress */
		ret = keel_strio_end(io, &mem, data);
		if (ret)
			return ret;
	} while (!io->done);
	o->rcx = io->rcx;
	o->index = io->index;
	return 0;
}

#endif /* STRIO_MODEL_H */
