// SPDX-License-Identifier: GPL-2.0
/*
 * VMs and vCPUs without a module: each call of KEEL_RUN plays the next exit of
 * a short script, which FAKE_KEEL chooses, and each vCPU plays the script anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/keel.h"

#define MAX_FDS	128

/* Where a script's OUT instructions get their bytes, and IN leave them. */
static const char greeting[] = "Hello\r\n";

static struct vcpu {
	struct keel_run *run;
	struct keel_state state;
	__u8 xsave[832];
	__u32 id;
	unsigned int step;
} vcpus[MAX_FDS];

static __u8 *guest_memory;
/* What the VM was made with. */
static __u32 vm_flags;
/* Descriptor of vCPU 0. */
static int boot_fd;

static bool play(const char *part)
{
	const char *what = getenv("FAKE_KEEL");

	return what && !strcmp(what, part);
}

static int new_fd(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int keel_create_vm(int fd, __u32 flags)
{
	(void)fd;
	vm_flags = flags;
	if (play("flags") || play("no-ept"))
		fprintf(stderr, "fake: VM with flags 0x%x\n", flags);
	if (play("busy"))
		return -EBUSY;
	if (play("quota-vms"))
		return -EDQUOT;
	return new_fd();
}

int keel_get_supported_cpuid(int fd, __u32 flags, __u32 tsc_khz,
			     struct keel_cpuid_leaf *leaves, __u32 *nr)
{
	(void)fd;
	(void)tsc_khz;
	if (flags != vm_flags)
		return -EINVAL;
	memset(leaves, 0, 2 * sizeof(*leaves));
	leaves[0].eax = 1;
	leaves[1].leaf = 1;
	*nr = 2;
	return 0;
}

int keel_set_cpuid(int vcpu, const struct keel_cpuid_leaf *leaves, __u32 nr)
{
	return nr == 2 && leaves[1].ebx >> 24 == vcpus[vcpu].id ? 0 : -EINVAL;
}

int keel_get_stats(int vcpu, struct keel_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->user_exits = vcpus[vcpu].step;
	stats->exits[30] = 21;
	return 0;
}

int keel_msi(int vm, __u64 address, __u32 data)
{
	(void)vm;
	fprintf(stderr, "fake: message 0x%llx 0x%x\n", address, data);
	return 1;
}

int keel_lint(int vm, __u32 kind, __u32 vcpu, __u32 level)
{
	(void)vm;
	fprintf(stderr, "fake: pin %u of %d is %u\n", kind, (int)vcpu, level);
	return 1;
}

int keel_lapic_read(int vcpu, __u32 offset, __u32 *value)
{
	(void)vcpu;
	*value = offset == 0x30 ? 0x50014 : 0;
	return 0;
}

int keel_lapic_write(int vcpu, __u32 offset, __u32 value)
{
	(void)vcpu;
	if (offset == 0x380)
		fprintf(stderr, "fake: local APIC timer: %u\n", value);
	return 0;
}

int keel_set_memory(int vm, __u32 slot, __u32 flags, __u64 gpa, __u64 bytes,
		    void *memory)
{
	(void)vm;
	(void)flags;
	(void)gpa;
	(void)bytes;
	if (!slot)
		guest_memory = memory;
	return 0;
}

int keel_create_vcpu(int vm, __u32 id)
{
	int fd = new_fd();

	(void)vm;
	if (play("quota-vcpus"))
		return -EDQUOT;
	if (fd >= MAX_FDS)
		return -EMFILE;
	if (fd >= 0)
		vcpus[fd].id = id;
	if (!id)
		boot_fd = fd;
	if (id && fd >= 0 && play("mailbox"))
		vcpus[fd].state.events.activity = KEEL_ACTIVITY_WAIT_SIPI;
	return fd;
}

int keel_map_run(int vcpu, __u32 run_size, struct keel_run **run)
{
	*run = calloc(1, run_size);
	vcpus[vcpu].run = *run;
	return *run ? 0 : -ENOMEM;
}

void keel_unmap_run(struct keel_run *run, __u32 run_size)
{
	(void)run_size;
	free(run);
}

int keel_get_state(int vcpu, struct keel_state *state)
{
	struct keel_state *have = &vcpus[vcpu].state;

	if (state->groups & KEEL_STATE_XSAVE) {
		memcpy((void *)(uintptr_t)state->xsave, vcpus[vcpu].xsave,
		       sizeof(vcpus[vcpu].xsave));
		return 0;
	}
	state->regs = have->regs;
	state->segments = have->segments;
	state->control = have->control;
	state->events = have->events;
	return 0;
}

int keel_set_state(int vcpu, struct keel_state *state)
{
	if (state->groups & KEEL_STATE_XSAVE) {
		memcpy(vcpus[vcpu].xsave, (void *)(uintptr_t)state->xsave,
		       sizeof(vcpus[vcpu].xsave));
		return 0;
	}
	/* As a CPU without them. */
	if (state->groups & KEEL_STATE_MSRS)
		return -ENOENT;
	if (state->regs.rflags == 0)
		return -EINVAL;
	vcpus[vcpu].state = *state;
	if (play("waits") && vcpus[vcpu].id)
		vcpus[vcpu].state.events.activity = KEEL_ACTIVITY_WAIT_SIPI;
	return 0;
}

int keel_inject(int vcpu, const struct keel_event *event)
{
	fprintf(stderr, "fake: vector %u error %u payload 0x%llx into %u\n",
		event->vector, event->error_code, event->payload,
		vcpus[vcpu].id);
	return 0;
}

/* Identity; the page at 0xdead000 faults. */
int keel_translate(int vcpu, __u64 gva, __u32 access,
		   struct keel_translate *result)
{
	(void)vcpu;
	memset(result, 0, sizeof(*result));
	result->gpa = gva;
	result->fault = gva >> 12 == 0xdead;
	result->error_code = access & KEEL_ACCESS_WRITE ? 2 : 0;
	return 0;
}

int keel_dump_vmcs(int vcpu, char *text, __u32 *bytes)
{
	static const char dump[] = "Guest CR0: 0x0\n";
	__u32 room = *bytes;

	(void)vcpu;
	*bytes = sizeof(dump) - 1;
	if (room < *bytes)
		return -E2BIG;
	memcpy(text, dump, *bytes);
	return 0;
}

static int io(struct keel_run *run, __u16 port, unsigned int bytes, bool in,
	      const void *data, unsigned int count)
{
	run->exit_reason = KEEL_EXIT_IO;
	run->io.port = port;
	run->io.bytes = bytes;
	run->io.in = in;
	run->io.count = count;
	run->io.data_offset = KEEL_RUN_DATA;
	if (!in)
		memcpy((char *)run + KEEL_RUN_DATA, data, bytes * count);
	return 0;
}

static int leave(struct keel_run *run, __u32 reason)
{
	run->exit_reason = reason;
	return 0;
}

/* With interrupts off: it comes out once and then sleeps. */
static int halt(struct vcpu *vcpu)
{
	vcpu->state.events.activity = KEEL_ACTIVITY_HLT;
	return leave(vcpu->run, KEEL_EXIT_HLT);
}

static int mmio(struct vcpu *vcpu, __u64 gpa, __u32 access, const char *insn,
		unsigned int len)
{
	struct keel_run *run = vcpu->run;

	run->mmio.gpa = gpa;
	run->mmio.access = access;
	run->mmio.insn_len = len;
	memcpy(run->mmio.insn, insn, len);
	return leave(run, KEEL_EXIT_MMIO);
}

/* Until the user does something; as the module, which sees it first. */
static int block(struct keel_run *run)
{
	while (!__atomic_load_n(&run->immediate_exit, __ATOMIC_RELAXED))
		if (poll(NULL, 0, 10000) < 0)
			break;
	leave(run, KEEL_EXIT_INTR);
	return -EINTR;
}

static int fail_entry(struct keel_run *run)
{
	run->fail_entry.hw_reason = 0x80000021;
	run->fail_entry.field = 0x6800;
	run->fail_entry.value = 0x10;
	strcpy(run->fail_entry.rule, "bit 31 must be 1");
	return leave(run, KEEL_EXIT_FAIL_ENTRY);
}

/* Send back what comes in, until a 'q'. */
static int echo(struct vcpu *vcpu, struct keel_run *run)
{
	__u8 got = *((__u8 *)run + KEEL_RUN_DATA);

	switch (vcpu->step++ % 3) {
	case 0:
		return io(run, 0x3fd, 1, true, NULL, 1);
	case 1:
		if (got & 1)
			return io(run, 0x3f8, 1, true, NULL, 1);
		vcpu->step = 0;
		poll(NULL, 0, 1);
		return leave(run, KEEL_EXIT_INTR);
	default:
		if (got == 'q')
			return halt(vcpu);
		return io(run, 0x3f8, 1, false, &got, 1);
	}
}

/* A vector register: XMM1 in the area, and the bit that says SSE is there. */
static int touch_vector(struct vcpu *vcpu)
{
	static const __u8 zeros[16];
	__u8 ones[16];

	memset(ones, 0xff, sizeof(ones));
	switch (vcpu->step++) {
	case 0:		/* movups xmm1, [rbx] */
		vcpu->state.regs.gpr[KEEL_RBX] = 0xfed40020;
		return mmio(vcpu, 0xfed40020, 0, "\x0f\x10\x0b", 3);
	default:
		if (vcpu->xsave[512] != 2 ||
		    memcmp(vcpu->xsave + 160, zeros, 16) ||
		    memcmp(vcpu->xsave + 176, ones, 16) ||
		    memcmp(vcpu->xsave + 192, zeros, 16))
			return -EIO;
		return halt(vcpu);
	}
}

/* Device at no address: reads give ones, a fault goes to the guest. */
static int touch(struct vcpu *vcpu, struct keel_run *run)
{
	switch (vcpu->step++) {
	case 0:		/* mov eax, [rbx] */
		vcpu->state.regs.gpr[KEEL_RBX] = 0xfed40020;
		return mmio(vcpu, 0xfed40020, 0, "\x8b\x03", 2);
	case 1:
		vcpu->state.regs = run->regs;
		if (run->regs.gpr[KEEL_RAX] != 0xffffffff ||
		    run->regs.rip != 0x100002 ||
		    run->state_dirty != KEEL_STATE_REGS)
			return -EIO;
		run->state_dirty = 0;
		/* mov [rbx], eax: a page fault */
		vcpu->state.regs.gpr[KEEL_RBX] = 0xdead008;
		run->regs = vcpu->state.regs;
		run->segments = vcpu->state.segments;
		run->control = vcpu->state.control;
		return mmio(vcpu, 0xdead008, KEEL_ACCESS_WRITE, "\x89\x03", 2);
	default:	/* an instruction that nobody performs: LGDT [rbx] */
		return mmio(vcpu, 0xfed40020, 0, "\x0f\x01\x13", 3);
	}
}

/* The local APIC by instructions that the module leaves to the tool. */
static int touch_lapic(struct vcpu *vcpu, struct keel_run *run)
{
	switch (vcpu->step++) {
	case 0:		/* movzx eax, byte ptr [rbx] */
		vcpu->state.regs.gpr[KEEL_RBX] = 0xfee00030;
		return mmio(vcpu, 0xfee00030, 0, "\x0f\xb6\x03", 3);
	case 1:		/* mov [rbx], eax */
		vcpu->state.regs = run->regs;
		if (run->regs.gpr[KEEL_RAX] != 0x14)
			return -EIO;
		vcpu->state.regs.gpr[KEEL_RAX] = 4711;
		vcpu->state.regs.gpr[KEEL_RBX] = 0xfee00380;
		run->state_dirty = 0;
		run->regs = vcpu->state.regs;
		run->segments = vcpu->state.segments;
		run->control = vcpu->state.control;
		return mmio(vcpu, 0xfee00380, KEEL_ACCESS_WRITE, "\x89\x03", 2);
	default:
		return halt(vcpu);
	}
}

/* vCPU 0 writes to the mailbox; the run area has what its last access left. */
static int mail(struct vcpu *vcpu, __u64 offset, __u64 rax, const char *insn,
		unsigned int len)
{
	const __u64 mailbox = 0xfec01000;

	vcpu->state.regs.gpr[KEEL_RAX] = rax;
	vcpu->state.regs.gpr[KEEL_RBX] = mailbox + offset;
	vcpu->run->state_dirty = 0;
	vcpu->run->regs = vcpu->state.regs;
	vcpu->run->segments = vcpu->state.segments;
	vcpu->run->control = vcpu->state.control;
	return mmio(vcpu, mailbox + offset, KEEL_ACCESS_WRITE, insn, len);
}

/* vCPU 1 says where it begins, runs with an exit now and then, and halts. */
static int begun_by_mail(struct vcpu *vcpu)
{
	const struct keel_state *state = &vcpu->state;

	switch (vcpu->step++ % 6) {
	case 0:
		fprintf(stderr, "fake: vCPU %u begins at 0x%llx, CR0 0x%llx, CR3 0x%llx, EFER 0x%llx\n",
			vcpu->id, state->regs.rip, state->control.cr0,
			state->control.cr3, state->control.efer);
		return leave(vcpu->run, KEEL_EXIT_INTR_WINDOW);
	case 5:
		fprintf(stderr, "fake: vCPU %u halts\n", vcpu->id);
		return halt(vcpu);
	default:
		poll(NULL, 0, 10);
		return leave(vcpu->run, KEEL_EXIT_INTR_WINDOW);
	}
}

/*
 * vCPU 0 starts vCPU 1 as Linux does, asks for it back, and starts it again;
 * vCPU 7, which is not there, is asked for last.
 */
static int start_by_mail(struct vcpu *vcpu, struct keel_run *run)
{
	static const struct {
		__u64 offset;
		__u64 value;
		const char *insn;
		unsigned int len;
	} script[] = {
		{ 4, 1, "\x89\x03", 2 },		/* mov [rbx], eax */
		{ 8, 0x99000, "\x48\x89\x03", 3 },	/* mov [rbx], rax */
		{ 0, 1, "\x66\x89\x03", 3 },		/* mov [rbx], ax */
		{ 0, 2, "\x66\x89\x03", 3 },
		{ 8, 0x77000, "\x48\x89\x03", 3 },
		{ 0, 1, "\x66\x89\x03", 3 },
		{ 4, 7, "\x89\x03", 2 },
		{ 0, 1, "\x66\x89\x03", 3 },
	};
	static bool waits, asked;
	unsigned int step;

	if (waits && asked && !run->regs.gpr[KEEL_RAX]) {
		fprintf(stderr, "fake: taken\n");
		waits = false;
	}
	if (waits) {
		/* movzx eax, word ptr [rbx], until it gives 0 */
		asked = true;
		poll(NULL, 0, 1);
		mail(vcpu, 0, 1, "\x0f\xb7\x03", 3);
		run->mmio.access = 0;
		return 0;
	}
	step = vcpu->step++;
	if (step == sizeof(script) / sizeof(script[0]))
		return halt(vcpu);
	waits = !script[step].offset && step < 6;
	asked = false;
	return mail(vcpu, script[step].offset, script[step].value,
		    script[step].insn, script[step].len);
}

/* An exit of the interrupt controllers, and HLT. */
static int interrupt(struct vcpu *vcpu, struct keel_run *run, __u32 reason)
{
	if (vcpu->step++)
		return halt(vcpu);
	run->eoi.vector = reason == KEEL_EXIT_EOI ? 0x31 : KEEL_NO_VECTOR;
	return leave(run, reason);
}

/*
 * vCPU 0 halts at once; vCPU 1 runs for a while, wakes it, and halts too.  vCPU
 * 0 then has something to say, which must not get lost.
 */
static int wake(struct vcpu *vcpu, struct keel_run *run)
{
	static bool woken;

	if (vcpu->id) {
		if (vcpu->step++)
			return halt(vcpu);
		if (poll(NULL, 0, 50) < 0) {
			vcpu->step = 0;
			return block(run);
		}
		vcpus[boot_fd].state.events.activity = KEEL_ACTIVITY_ACTIVE;
		__atomic_store_n(&woken, true, __ATOMIC_SEQ_CST);
		return leave(run, KEEL_EXIT_INTR_WINDOW);
	}
	if (!vcpu->step++)
		return halt(vcpu);
	if (!__atomic_load_n(&woken, __ATOMIC_SEQ_CST))
		return block(run);
	if (vcpu->step++ < 8)
		return io(run, 0x3f8, 1, false, greeting, strlen(greeting));
	return halt(vcpu);
}

/* A device model that a guest made do what it wants. */
static int break_out(void)
{
	int fd = open("/dev/null", O_RDONLY);

	fprintf(stderr, "fake: %s\n", fd < 0 ? strerror(errno) : "broke out");
	return -EIO;
}

/* The memory of malloc(3) is found damaged: it says so and aborts. */
static int abort_in_libc(void)
{
	char *volatile freed = malloc(100000);

	free(freed);
	free(freed);
	return -EIO;
}

/* The first instruction of all: everybody stops, to be looked at from outside. */
static int stop_at_first(struct keel_run *run)
{
	static bool stopped, looked_at;

	if (!__atomic_exchange_n(&stopped, true, __ATOMIC_SEQ_CST)) {
		raise(SIGSTOP);
		__atomic_store_n(&looked_at, true, __ATOMIC_SEQ_CST);
	}
	/* Nobody ends before that: a stop takes a while to reach all. */
	while (!__atomic_load_n(&looked_at, __ATOMIC_SEQ_CST))
		;
	return leave(run, KEEL_EXIT_SHUTDOWN);
}

int keel_run(int fd)
{
	struct vcpu *vcpu = &vcpus[fd];
	struct keel_run *run = vcpu->run;
	const __u32 status = 5;

	if (run->immediate_exit || vcpu->state.events.activity)
		return block(run);
	if (play("wakes"))
		return wake(vcpu, run);
	if (play("mailbox"))
		return vcpu->id ? begun_by_mail(vcpu) : start_by_mail(vcpu, run);
	if (play("lapic"))
		return touch_lapic(vcpu, run);
	if (play("eoi"))
		return interrupt(vcpu, run, KEEL_EXIT_EOI);
	if (play("extint"))
		return interrupt(vcpu, run, KEEL_EXIT_EXTINT);
	if (play("mark"))
		return vcpu->step++ ? halt(vcpu) :
				      io(run, 0xf5, 1, false, "\x2a", 1);
	if (play("reset"))
		return io(run, 0x92, 1, false, "\1", 1);
	if (play("echo"))
		return echo(vcpu, run);
	if (play("touch"))
		return touch(vcpu, run);
	if (play("vector"))
		return touch_vector(vcpu);
	if (play("spin"))
		return block(run);
	if (play("fail-entry"))
		return fail_entry(run);
	if (play("triple"))
		return leave(run, KEEL_EXIT_SHUTDOWN);
	if (play("stops"))
		return stop_at_first(run);
	if (play("dead"))
		return -EIO;
	if (play("break-out"))
		return break_out();
	if (play("abort"))
		return abort_in_libc();
	if (play("task-switch"))
		return leave(run, KEEL_EXIT_TASK_SWITCH);
	if (play("flood"))
		return io(run, 0xe9, 1, false, "x", 1);
	if (play("pour"))
		return io(run, 0x3f8, 1, false, greeting, strlen(greeting));
	/* The first byte of the image says that it came where it belongs. */
	if (guest_memory[0x100000] != 0xf4)
		return -EIO;
	switch (vcpu->step++) {
	case 0:
		return io(run, 0x3f8, 1, false, greeting, strlen(greeting));
	case 1:
		return io(run, 0x1234, 2, true, NULL, 1);
	case 2:
		if (play("debug-exit"))
			return io(run, 0xf4, 4, false, &status, 1);
		if (play("interrupts-on"))
			return block(run);
		return halt(vcpu);
	default:
		return -EIO;
	}
}
