// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator by hand: modes, faults, and in what order memory is touched.
 *
 * That it computes what a CPU computes is test_emulate_cpu.c's.  Here the
 * guest's memory is 64 KBytes that repeat through the address space; each
 * access leaves a letter in a log: c for a check, r for a read, w for a write,
 * in upper case where it is for writing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulate/emulate.h"
#include "tests/tap.h"

#define MEMORY		0x10000
#define CR0_REAL	0x10ULL
#define CR0_PROTECTED	0x80000031ULL
#define CODE		0x5000ULL
#define RF		(1ULL << 16)
#define VM		(1ULL << 17)

enum mode { REAL, VIRTUAL_8086, PROTECTED_16, PROTECTED_32, LONG };

struct world {
	struct emulate_cpu cpu;
	struct emulate_cpu before;
	struct keel_event fault;
	struct emulate_ops ops;
	char log[64];
	unsigned int logged;
	__u64 last;		/* address of the last access, not check */
	unsigned int last_access;
	__u64 bad_page;		/* faults; 1 where none does */
	bool bad_write_only;
	int error;		/* what reads and writes return */
	__u8 vector[32][EMULATE_VECTOR_BYTES];
	__u8 memory[MEMORY];
};

static struct world w;

static void note(char letter, __u64 gva, unsigned int access)
{
	if (access & KEEL_ACCESS_WRITE)
		letter -= 'a' - 'A';
	if (w.logged < sizeof(w.log) - 1)
		w.log[w.logged++] = letter;
	w.log[w.logged] = '\0';
	w.last_access = access;
	if (letter != 'c' && letter != 'C')
		w.last = gva;
}

static int world_check(void *opaque, __u64 gva, unsigned int bytes,
		       unsigned int access, struct keel_event *fault)
{
	(void)opaque;
	note('c', gva, access);
	if (!bytes || gva % 4096 + bytes > 4096)
		abort();
	if ((gva & ~4095ULL) != w.bad_page ||
	    (w.bad_write_only && !(access & KEEL_ACCESS_WRITE)))
		return 0;
	*fault = (struct keel_event) {
		.valid = 1, .type = KEEL_EVENT_EXCEPTION, .vector = 14,
		.flags = KEEL_EVENT_ERROR_CODE, .payload = gva,
		.error_code = access & KEEL_ACCESS_WRITE ? 2 : 0,
	};
	return 1;
}

static int world_read(void *opaque, __u64 gva, void *data, unsigned int bytes,
		      unsigned int access, struct keel_event *fault)
{
	(void)opaque;
	(void)fault;
	note('r', gva, access);
	if (gva % 4096 + bytes > 4096)
		abort();
	memcpy(data, w.memory + gva % MEMORY, bytes);
	return w.error;
}

static int world_write(void *opaque, __u64 gva, const void *data,
		       unsigned int bytes, unsigned int access,
		       struct keel_event *fault)
{
	(void)opaque;
	(void)fault;
	note('w', gva, access);
	if (gva % 4096 + bytes > 4096)
		abort();
	memcpy(w.memory + gva % MEMORY, data, bytes);
	return w.error;
}

static int world_get(void *opaque, unsigned int index, void *value)
{
	(void)opaque;
	memcpy(value, w.vector[index], EMULATE_VECTOR_BYTES);
	return 0;
}

static int world_set(void *opaque, unsigned int index, const void *value)
{
	(void)opaque;
	memcpy(w.vector[index], value, EMULATE_VECTOR_BYTES);
	return 0;
}

static void start(enum mode mode)
{
	__u32 code = 0x9b, limit = 0xffffffff, data = 0xc093;
	unsigned int i;

	memset(&w, 0, sizeof(w));
	w.bad_page = 1;
	w.ops = (struct emulate_ops) {
		.check = world_check, .read = world_read, .write = world_write,
		.get_vector = world_get, .set_vector = world_set,
	};
	for (i = 0; i < MEMORY; i++)
		w.memory[i] = i * 7 + (i >> 8);
	w.cpu.control.cr0 = mode == REAL ? CR0_REAL : CR0_PROTECTED;
	w.cpu.control.cr4 = 0x40620;
	w.cpu.control.xcr0 = 0xe7;
	if (mode == LONG) {
		w.cpu.control.efer = 0xd00;
		code |= 0xa000;
	} else if (mode == PROTECTED_32) {
		code |= 0xc000;
	} else if (mode == PROTECTED_16) {
		data = 0x93;
	} else {
		data = mode == REAL ? 0x93 : 0xf3;
		code = data;
		limit = 0xffff;
	}
	for (i = 0; i < 8; i++)
		w.cpu.segments.seg[i] = (struct keel_segment) {
			.limit = limit, .attributes = data,
		};
	w.cpu.segments.seg[KEEL_CS].attributes = code;
	w.cpu.regs.rflags = mode == VIRTUAL_8086 ? 2 | VM : 2;
	w.cpu.regs.rip = CODE;
	w.cpu.regs.gpr[KEEL_RSP] = 0x8000;
}

static enum emulate_result run_bytes(const __u8 *insn, unsigned int len)
{
	w.before = w.cpu;
	w.logged = 0;
	w.log[0] = '\0';
	memset(&w.fault, 0, sizeof(w.fault));
	return emulate_insn(&w.cpu, insn, len, &w.ops, NULL, &w.fault);
}

#define run(...) ({						\
	static const __u8 bytes[] = { __VA_ARGS__ };		\
	run_bytes(bytes, sizeof(bytes)); })

#define REG(_name)	w.cpu.regs.gpr[KEEL_ ## _name]

static bool log_is(const char *log)
{
	bool same = !strcmp(w.log, log);

	if (!same)
		printf("# log %s, not %s\n", w.log, log);
	return same;
}

static bool unchanged(void)
{
	return !memcmp(&w.cpu, &w.before, sizeof(w.cpu));
}

/* The exception @vector, with error code 0 if any, and nothing has changed. */
static bool faulted(enum emulate_result ret, unsigned int vector, bool code)
{
	return ret == EMULATE_FAULT && w.fault.valid == 1 &&
	       w.fault.type == KEEL_EVENT_EXCEPTION &&
	       w.fault.vector == vector &&
	       w.fault.flags == (code ? KEEL_EVENT_ERROR_CODE : 0) &&
	       (vector == 14 || !w.fault.error_code) && unchanged();
}

static __u64 word_at(__u64 gva, unsigned int bytes)
{
	__u64 value = 0;

	memcpy(&value, w.memory + gva % MEMORY, bytes);
	return value;
}

static void test_order(void)
{
	start(LONG);
	REG(RBX) = 0x1000;
	ok(!run(0x01, 0x03) && log_is("CRW"),
	   "read-modify-write: one read, known to be followed by one write");
	ok(!run(0x39, 0x03) && log_is("cr"), "CMP only reads");
	ok(!run(0x89, 0x03) && log_is("CW"), "MOV to memory does not read");
	REG(RAX) = ~word_at(0x1000, 4) & 0xffffffff;
	ok(!run(0x0f, 0xb1, 0x0b) && log_is("CRW") &&
	   REG(RAX) == word_at(0x1000, 4),
	   "CMPXCHG writes back what was there");
	REG(RAX) = word_at(0x1000, 4);
	ok(!run(0x0f, 0xc7, 0x0b) && log_is("CRW") && REG(RDX) &&
	   !(w.cpu.regs.rflags & 0x40), "CMPXCHG8B: the upper half differs");
	REG(RBX) = 0x1ffd;
	REG(RAX) = 0x11223344;
	ok(!run(0x89, 0x03) && log_is("CCWW") && word_at(0x1ffd, 4) == 0x11223344 &&
	   w.last == 0x2000, "page crossing: each part to its page");
	ok(!run(0xf7, 0x13) && log_is("CCRRWW"), "page crossing, modified");

	w.bad_page = 0x2000;
	ok(faulted(run(0x89, 0x03), 14, true) && log_is("CC") &&
	   w.fault.payload == 0x2000 && w.fault.error_code == 2,
	   "page crossing: second page faults, first is not written");
	w.bad_page = 0x1000;
	w.bad_write_only = true;
	ok(faulted(run(0xff, 0x03), 14, true) && log_is("C"),
	   "read-modify-write of a read-only page does not read");
	REG(RSI) = 0x3000;
	REG(RDI) = 0x1000;
	ok(faulted(run(0xa4), 14, true) && log_is("cC"),
	   "MOVS: a fault of the destination comes before the read");
	REG(RBX) = 0x4000;
	REG(RSP) = 0x2000;
	ok(faulted(run(0xff, 0x33), 14, true) && log_is("cC"),
	   "PUSH: a fault of the stack comes before the read");
	REG(RSP) = 0x6000;
	REG(RBX) = 0x1000;
	ok(faulted(run(0x8f, 0x03), 14, true) && log_is("cC"),
	   "POP: a fault of the destination leaves RSP");
	w.bad_page = 1;
	w.error = -EIO;
	ok(run(0x8b, 0x03) == EMULATE_ERROR && unchanged(),
	   "an errno of a callback");
	w.error = 1;
	ok(run(0xff, 0x03) == EMULATE_FAULT && unchanged() && log_is("CR"),
	   "a fault found by the read itself");
	REG(RBX) = 0x1fff;
	ok(run(0x89, 0x03) == EMULATE_FAULT && unchanged() && log_is("CCW"),
	   "a fault found by the first of two writes");
}

static void test_rep(void)
{
	__u64 flags;

	start(LONG);
	REG(RCX) = 3000;
	REG(RSI) = 0x1001;
	REG(RDI) = 0x8000;
	ok(run(0xf3, 0xa4) == EMULATE_PARTIAL && REG(RCX) == 3000 - EMULATE_BATCH &&
	   REG(RSI) == 0x1001 + EMULATE_BATCH && REG(RDI) == 0x8000 + EMULATE_BATCH &&
	   w.cpu.regs.rip == CODE && w.cpu.regs.rflags & RF,
	   "REP: a batch shows its progress");
	ok(run(0xf3, 0xa4) == EMULATE_PARTIAL && !run(0xf3, 0xa4) && !REG(RCX) &&
	   w.cpu.regs.rip == CODE + 2 && !(w.cpu.regs.rflags & RF) &&
	   !memcmp(w.memory + 0x1001, w.memory + 0x8000, 3000),
	   "REP: and goes on to the end");
	REG(RCX) = EMULATE_BATCH;
	ok(!run(0xf3, 0xaa), "REP: exactly a batch is done at once");
	REG(RCX) = 0;
	ok(!run(0xf3, 0xaa) && log_is("") && w.cpu.regs.rip == CODE + 6,
	   "REP: nothing to do");

	w.bad_page = 0x9000;
	REG(RCX) = 100;
	REG(RDI) = 0x8ff0;
	REG(RAX) = 0x5a5a5a5a5a5a5a5aULL;
	ok(run(0xf3, 0x48, 0xab) == EMULATE_FAULT && REG(RCX) == 98 &&
	   REG(RDI) == 0x9000 && w.fault.payload == 0x9000 &&
	   w.cpu.regs.rip == CODE + 6 && word_at(0x8ff8, 8) == REG(RAX),
	   "REP: a fault keeps the progress");
	memset(w.memory + 0x2000, 1, 0x100);
	memset(w.memory + 0x8f00, 1, 0x100);
	REG(RCX) = 0x200;
	REG(RSI) = 0x2000;
	REG(RDI) = 0x8f00;
	flags = 0x897;
	w.cpu.regs.rflags = flags;
	ok(run(0xf3, 0xa6) == EMULATE_FAULT && REG(RCX) == 0x100 &&
	   w.cpu.regs.rflags == flags, "REPE: a fault restores the flags");
	w.bad_page = 1;
	w.memory[0x8f20] = 0;
	REG(RCX) = 0x200;
	REG(RSI) = 0x2000;
	REG(RDI) = 0x8f00;
	ok(!run(0xf3, 0xa6) && REG(RCX) == 0x200 - 0x21 && REG(RDI) == 0x8f21,
	   "REPE: ends at a difference");
	w.cpu.regs.rflags = 0x102;
	REG(RCX) = 2;
	ok(run(0xf3, 0xaa) == EMULATE_PARTIAL && REG(RCX) == 1 &&
	   !run(0xf3, 0xaa) && !REG(RCX), "REP: single step is one iteration");
	w.cpu.regs.rflags = 2;
	REG(RCX) = 0x500000002ULL;
	REG(RDI) = 0x7ffffffffULL;
	ok(!run(0x67, 0xf3, 0xaa) && !REG(RCX) && REG(RDI) == 1 && w.last == 0,
	   "REP: 32-bit counter and pointer, which goes round");
	w.cpu.segments.seg[KEEL_GS].base = 0x10;
	w.cpu.segments.seg[KEEL_DS].base = 0x40;
	REG(RSI) = 0x3000;
	ok(!run(0x65, 0xac) && w.last == 0x3010, "LODS: source in GS");
	ok(!run(0xac) && w.last == 0x3001, "LODS: DS has no base in 64-bit mode");
}

static void test_long_addresses(void)
{
	start(LONG);
	REG(RBX) = 0x7ffffffffffdULL;
	ok(faulted(run(0x8b, 0x03), 13, true) && log_is(""),
	   "the last byte is not canonical: #GP");
	REG(RBX) = 0xffff7fffffffffffULL;
	ok(faulted(run(0x8b, 0x03), 13, true), "the first byte is not: #GP");
	REG(RBP) = 1ULL << 47;
	ok(faulted(run(0x8b, 0x45, 0x00), 12, true), "by RBP: #SS");
	ok(faulted(run(0x3e, 0x8b, 0x45, 0x00), 12, true),
	   "a DS prefix does not count: #SS");
	ok(faulted(run(0x64, 0x8b, 0x45, 0x00), 13, true), "in FS: #GP");
	REG(RSP) = (1ULL << 47) + 8;
	ok(faulted(run(0xff, 0x34, 0x25, 0, 0x10, 0, 0), 12, true),
	   "stack not canonical: #SS");
	w.cpu.control.cr4 |= 1 << 12;
	ok(!run(0x8b, 0x45, 0x00), "57-bit addresses");
	w.cpu.segments.seg[KEEL_FS].base = 0xffff800000000000ULL;
	REG(RBX) = 0x10;
	ok(!run(0x64, 0x8b, 0x03) && w.last == 0xffff800000000010ULL, "FS base");
	w.cpu.segments.seg[KEEL_FS].base = 0x20;
	REG(RBX) = -0x10ULL;
	ok(!run(0x64, 0x8b, 0x03) && w.last == 0x10, "64-bit address goes round");
	REG(RBX) = -2ULL;
	ok(!run(0x8b, 0x03) && log_is("ccrr") && w.last == 0,
	   "an access goes round the end");
	REG(RBX) = 0x9fffffff0ULL;
	ok(!run(0x67, 0x8b, 0x43, 0x20) && w.last == 0x10,
	   "32-bit address goes round");
	w.cpu.regs.rip = 0x7000;
	ok(!run(0xc7, 0x05, 0x10, 0, 0, 0, 0x78, 0x56, 0x34, 0x12) &&
	   w.last == 0x701a && word_at(0x701a, 4) == 0x12345678,
	   "RIP-relative: from behind the immediate");
	w.cpu.regs.rip = 0xfffffffff0ULL;
	ok(!run(0x67, 0x8b, 0x05, 0x20, 0, 0, 0) && w.last == 0x17,
	   "EIP-relative");
	ok(!run(0x48, 0xa1, 8, 7, 6, 5, 4, 3, 0xff, 0xff) &&
	   w.last == 0xffff030405060708ULL, "moffs: 64 bits");
	ok(!run(0x67, 0xa2, 8, 7, 6, 0xf5) && w.last == 0xf5060708ULL,
	   "moffs: 32 bits, not extended by sign");
	REG(RBX) = 0x4000;
	REG(RAX) = -(1ULL << 40) - 1;
	ok(!run(0x48, 0x0f, 0xab, 0x03) && w.last == 0x4000 - (1ULL << 37) - 8,
	   "BTS: a far offset down");
	REG(RAX) = 0x12348000;
	ok(!run(0x66, 0x0f, 0xa3, 0x03) && w.last == 0x3000,
	   "BT: a 16-bit offset is signed");
	ok(!run(0x0f, 0xba, 0x23, 0xff) && w.last == 0x4000,
	   "BT: an immediate stays inside");
}

static void test_registers(void)
{
	start(LONG);
	w.memory[0x1000] = 0x99;
	REG(RBX) = 0x1000;
	REG(RAX) = REG(RSP) = ~0ULL;
	ok(!run(0x8a, 0x23) && REG(RAX) == 0xffffffffffff99ffULL, "AH");
	ok(!run(0x40, 0x8a, 0x23) && REG(RSP) == 0xffffffffffffff99ULL,
	   "with REX the same is SPL");
	ok(!run(0x88, 0x3b) && w.memory[0x1000] == 0x10, "BH");
	ok(!run(0x66, 0x8b, 0x03) && REG(RAX) >> 16 == 0xffffffffffffULL,
	   "16 bits leave the rest");
	ok(!run(0x8b, 0x03) && REG(RAX) >> 32 == 0, "32 bits clear the rest");
	REG(RDX) = ~0ULL;
	ok(!run(0x0f, 0x44, 0x13) && REG(RDX) == 0xffffffff,
	   "CMOV that does not move clears the rest");
	w.cpu.segments.seg[KEEL_ES].selector = 0x1234;
	ok(!run(0x48, 0x8c, 0x03) && word_at(0x1000, 2) == 0x1234 && log_is("CW"),
	   "segment register to memory: 16 bits");
	ok(run(0x8e, 0x03) == EMULATE_UNSUPPORTED && log_is("") && unchanged(),
	   "segment register from memory: refused, not read");
	w.cpu.regs.rflags |= RF;
	ok(!run(0x8b, 0x03) && !(w.cpu.regs.rflags & RF), "RF is over");
	REG(RBX) = 0x1008;
	ok(faulted(run(0x48, 0x0f, 0xc7, 0x0b), 13, true) && log_is("C"),
	   "CMPXCHG16B: misaligned");
	ok(!run(0x0f, 0xae, 0x3b) && log_is("c"), "CLFLUSH does not read");
	w.cpu.segments.seg[KEEL_SS].attributes |= 0x60;
	ok(!run(0x8b, 0x03) && w.last_access == KEEL_ACCESS_USER, "user access");
	w.cpu.control.cr0 |= 1 << 18;
	w.cpu.regs.rflags |= 1 << 18;
	REG(RBX) = 0x1002;
	ok(faulted(run(0x8b, 0x03), 17, true) && log_is("c"), "#AC");
	ok(!run(0x66, 0x8b, 0x03), "no #AC when aligned");
	w.cpu.segments.seg[KEEL_SS].attributes &= ~0x60;
	ok(!run(0x8b, 0x03), "no #AC in ring 0");
}

static void test_vectors(void)
{
	start(LONG);
	REG(RBX) = 0x1008;
	memset(w.vector, 0xee, sizeof(w.vector));
	ok(faulted(run(0x0f, 0x28, 0x03), 13, true), "MOVAPS: misaligned");
	ok(!run(0x0f, 0x10, 0x03) && !memcmp(w.vector[0], w.memory + 0x1008, 16) &&
	   w.vector[0][16] == 0xee, "MOVUPS keeps the upper part");
	ok(!run(0xc5, 0xf8, 0x10, 0x03) && !w.vector[0][16] && !w.vector[0][63],
	   "VMOVUPS clears it");
	ok(!run(0x62, 0xf1, 0x7c, 0x48, 0x10, 0x03) &&
	   !memcmp(w.vector[0], w.memory + 0x1008, 64), "VMOVUPS, 512 bits");
	ok(!run(0x62, 0xf1, 0x7c, 0x48, 0x11, 0x43, 0x01) &&
	   !memcmp(w.memory + 0x1048, w.memory + 0x1008, 64),
	   "VMOVUPS, 512 bits, scaled displacement");
	ok(run(0x62, 0xf1, 0x7c, 0x49, 0x10, 0x03) == EMULATE_UNSUPPORTED,
	   "VMOVUPS with a mask: refused");
	w.cpu.control.xcr0 = 7;
	ok(faulted(run(0x62, 0xf1, 0x7c, 0x48, 0x10, 0x03), 6, false),
	   "AVX-512 not enabled: #UD");
	w.cpu.control.cr0 |= 4;
	ok(faulted(run(0x0f, 0x10, 0x03), 6, false), "CR0.EM: #UD");
	w.cpu.control.cr0 ^= 12;
	ok(faulted(run(0x0f, 0x10, 0x03), 7, false), "CR0.TS: #NM");
	w.cpu.control.cr4 = 0;
	ok(faulted(run(0xc5, 0xf8, 0x10, 0x03), 6, false), "AVX not enabled: #UD");
	ok(faulted(run(0x0f, 0x10, 0x03), 6, false), "SSE not enabled: #UD");
	w.ops.get_vector = NULL;
	ok(run(0x0f, 0x10, 0x03) == EMULATE_UNSUPPORTED, "no vector registers");
	ok(run(0x0f, 0x6f, 0x03) == EMULATE_UNSUPPORTED, "MMX: refused");
}

static void test_segments(void)
{
	struct keel_segment *ds, *ss;

	start(PROTECTED_32);
	ds = &w.cpu.segments.seg[KEEL_DS];
	ss = &w.cpu.segments.seg[KEEL_SS];
	ds->base = 0xfffff000;
	REG(RBX) = 0x500001234ULL;
	ok(!run(0x8b, 0x03) && w.last == 0x234, "base, modulo 32 bits");
	ds->limit = 0x1237;
	ok(!run(0x8b, 0x03), "up to the limit");
	ok(faulted(run(0x8b, 0x43, 0x01), 13, true) && log_is(""), "beyond: #GP");
	ss->limit = 0x1236;
	ok(faulted(run(0x36, 0x8b, 0x03), 12, true), "beyond in SS: #SS");
	ds->attributes = 0xc091;
	ok(faulted(run(0x89, 0x03), 13, true) && !run(0x8b, 0x03), "read-only data");
	ds->attributes = 0xc099;
	ok(faulted(run(0x8b, 0x03), 13, true), "code that cannot be read");
	ds->attributes = 0xc09b;
	ok(faulted(run(0x01, 0x03), 13, true) && !run(0x8b, 0x03),
	   "code cannot be written");
	ds->attributes = 0x1c093;
	ok(faulted(run(0x8b, 0x03), 13, true), "unusable");
	ds->attributes = 0xc097;
	ok(faulted(run(0x8b, 0x03), 13, true) && !run(0x8b, 0x43, 0x04),
	   "expand-down: above the limit only");
	ds->attributes = 0x8097;
	REG(RBX) = 0xfffd;
	ok(faulted(run(0x8b, 0x03), 13, true) && !run(0x66, 0x8b, 0x03),
	   "expand-down: up to 64 KBytes");
	w.cpu.regs.rip = 0xfffffffe;
	ds->attributes = 0xc093;
	ds->limit = 0xffffffff;
	ds->base = 0;
	REG(RBX) = 0xfffffffe;
	ok(!run(0x8b, 0x03) && log_is("ccrr") && !w.last && !w.cpu.regs.rip,
	   "4 GBytes: address and EIP go round");
	REG(RBX) = 0x12345678;
	REG(RSI) = 0x98760010;
	ok(!run(0x67, 0x8b, 0x40, 0x7f) && w.last == 0x5707,
	   "16-bit addressing in 32-bit code");
	REG(RSP) = 0x2000;
	ss->limit = 0xffffffff;
	ok(!run(0x8f, 0x04, 0x24) && w.last == 0x2004 && REG(RSP) == 0x2004,
	   "POP: address with the new ESP");
	ss->attributes = 0x93;
	ss->limit = 0xffff;
	REG(RSP) = 0x12340002;
	ok(faulted(run(0xff, 0x35, 0, 0x10, 0, 0), 12, true),
	   "PUSH across the end of a 16-bit stack: #SS");
	REG(RSP) = 0x12340000;
	ok(!run(0xff, 0x35, 0, 0x10, 0, 0) && REG(RSP) == 0x1234fffc &&
	   w.last == 0xfffc, "PUSH: SP goes round, the rest stays");
}

static void test_small_modes(void)
{
	start(REAL);
	w.cpu.segments.seg[KEEL_DS].base = 0xf0000;
	REG(RBX) = 0x7777f000;
	REG(RSI) = 0x00001010;
	REG(RAX) = 0xaabbccdd;
	ok(!run(0x89, 0x00) && w.last == 0xf0010 && word_at(0x10, 2) == 0xccdd,
	   "real mode: BX + SI goes round, 16 bits");
	w.cpu.segments.seg[KEEL_SS].attributes |= 0x60;
	ok(!run(0xa1, 0x34, 0x12) && w.last == 0xf1234 && !w.last_access,
	   "real mode: moffs, and ring 0 whatever SS says");
	ok(faulted(run(0x8b, 0x06, 0xff, 0xff), 13, false),
	   "real mode: beyond 64 KBytes: #GP without error code");
	ok(!run(0x66, 0x8b, 0x06, 0xfc, 0xff), "real mode: 32-bit operand");
	REG(RBX) = 0x10000;
	ok(faulted(run(0x67, 0x8b, 0x03), 13, false),
	   "real mode: 32-bit address beyond");
	w.cpu.segments.seg[KEEL_DS].limit = 0xffffffff;
	ok(!run(0x67, 0x8b, 0x03) && w.last == 0x100000, "unreal mode");
	w.cpu.segments.seg[KEEL_CS].attributes = 0x99;
	ok(!run(0x2e, 0x89, 0x00), "real mode: types do not matter");
	REG(RDI) = 0x1234ffff;
	REG(RCX) = 0x56780002;
	ok(!run(0xf3, 0xaa) && REG(RDI) == 0x12340001 && REG(RCX) == 0x56780000,
	   "real mode: string registers are 16 bits");

	start(VIRTUAL_8086);
	w.cpu.segments.seg[KEEL_DS].base = 0x20000;
	ok(!run(0xa1, 0x34, 0x12) && w.last == 0x21234 &&
	   w.last_access == KEEL_ACCESS_USER, "virtual 8086: a user access");
	ok(faulted(run(0x8b, 0x06, 0xff, 0xff), 13, true),
	   "virtual 8086: error code");
	w.cpu.segments.seg[KEEL_CS].attributes = 0xf9;
	ok(!run(0x2e, 0x89, 0x00), "virtual 8086: types do not matter");

	start(PROTECTED_16);
	REG(RBX) = 0x10;
	ok(!run(0x89, 0x07) && log_is("CW") && w.last == 0x10, "16-bit code");
}

static void test_refusals(void)
{
	static const __u8 add[] = { 0x01, 0x03 };
	static const __u8 bad[] = { 0x06, 0xff };
	char text[64], tiny[4];

	start(LONG);
	ok(run(0x8b) == EMULATE_UNSUPPORTED && unchanged(), "cut short");
	ok(run_bytes(add, 0) == EMULATE_UNSUPPORTED, "no bytes");
	ok(run(0xd8, 0x03) == EMULATE_UNSUPPORTED && log_is("") && unchanged(),
	   "x87: refused, not read");
	ok(run(0xf0, 0x89, 0x03) == EMULATE_UNSUPPORTED, "LOCK MOV: refused");
	ok(run(0xc3) == EMULATE_UNSUPPORTED, "RET: refused");
	emulate_format(&w.cpu, add, 2, text, sizeof(text));
	ok(!strcmp(text, "add [rbx], eax"), "as text");
	emulate_format(&w.cpu, bad, 2, text, sizeof(text));
	ok(!strcmp(text, "06 ff"), "no instruction, as text");
	emulate_format(&w.cpu, bad, 2, tiny, sizeof(tiny));
	ok(!strcmp(tiny, "06 "), "no room");
	emulate_format(&w.cpu, add, 2, tiny, sizeof(tiny));
	ok(strlen(tiny) < sizeof(tiny), "no room for an instruction");
}

static __u64 random64(void)
{
	static __u64 state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Random bytes and registers: no crash, no access unchecked, no half-done. */
static void test_fuzz(unsigned int rounds)
{
	bool atomic = true, whole = true;
	unsigned int done = 0;
	unsigned int i, j;

	for (i = 0; i < rounds; i++) {
		enum emulate_result ret;
		__u8 insn[15];

		if (i % 64 == 0)
			start(i / 64 % 5);
		for (j = 0; j < sizeof(insn); j++)
			insn[j] = random64() >> 32;
		if (i & 1)
			insn[0] = 0x0f;
		for (j = 0; j < 16; j++)
			w.cpu.regs.gpr[j] = random64() >> random64() % 64;
		w.cpu.regs.rip = random64();
		w.bad_page = i & 2 ? random64() & 0xf000 : 1;
		ret = run_bytes(insn, random64() % 16);
		done += ret == EMULATE_DONE;
		if (ret == EMULATE_UNSUPPORTED && !unchanged())
			whole = false;
		/* A repeated instruction starts with a prefix. */
		if ((ret == EMULATE_FAULT || ret == EMULATE_UNSUPPORTED) &&
		    !memchr(insn, 0xf2, 14) && !memchr(insn, 0xf3, 14) &&
		    (!unchanged() || strpbrk(w.log, "rRW")))
			atomic = false;
	}
	ok(whole, "fuzz: what is refused changes nothing");
	ok(atomic, "fuzz: no access is done before a fault");
	ok(done > rounds / 50, "fuzz: some do something");
}

int main(int argc, char **argv)
{
	test_order();
	test_rep();
	test_long_addresses();
	test_registers();
	test_vectors();
	test_segments();
	test_small_modes();
	test_refusals();
	test_fuzz(argc > 1 ? atoi(argv[1]) : 300000);
	return tap_done();
}
