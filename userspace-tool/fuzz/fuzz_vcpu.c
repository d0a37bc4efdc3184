// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU's thread: KEEL_RUN comes back with any exit that a guest can cause, and
 * it is served by all there is: ports, memory-mapped I/O, devices, messages.
 *
 * In the module's place the input answers.  The run area is from malloc().
 */
#include <errno.h>

#include "fuzz/fuzz.h"
#include "fuzz/pc.h"
#include "lib/keel.h"

#define MOST_EXITS	64
#define XSAVE_BYTES	2696
#define ROOM		(KEEL_RUN_SIZE - KEEL_RUN_DATA)

static struct input input;
static struct pc pc;
static unsigned int exits;

/* Where a guest that means harm reaches to. */
static __u64 take_gpa(void)
{
	static const __u64 bases[] = {
		0xfec00000, 0xfec01000, 0xfee00000, 0, PC_MEMORY - 16, 0xc0000000,
		0xfffffff8,
	};
	unsigned int base = input_number(&input, 1);

	if (base >= 0xf0)
		return input_number(&input, 8);
	return bases[base % 7] + input_number(&input, 1) * 4;
}

static void take_io(struct keel_run *run)
{
	static const __u16 ports[] = {
		0x20, 0x21, 0xa0, 0x40, 0x43, 0x61, 0x60, 0x64, 0x70, 0x71, 0x92, 0x3f8,
		0x3fd, 0xcf8, 0xcfc, 0x510, 0x514, 0x518, 0x600, 0x604, 0xf4, 0xe9,
	};
	__u8 form = input_number(&input, 1);
	struct keel_exit_io *io = &run->io;

	io->bytes = 1 << (form & 3) % 3;
	io->in = form >> 2 & 1;
	io->data_offset = KEEL_RUN_DATA;
	io->port = ports[input_below(&input, sizeof(ports) / sizeof(ports[0]))];
	if (form & 8)
		io->port = input_number(&input, 2);
	io->count = form & 16 ? input_number(&input, 2) % (ROOM / io->bytes + 1) : 1;
	input_bytes(&input, (__u8 *)run + KEEL_RUN_DATA,
		    io->count * io->bytes < 32 ? io->count * io->bytes : 32);
}

static void take_mmio(struct keel_run *run)
{
	struct keel_exit_mmio *mmio = &run->mmio;
	__u8 form = input_number(&input, 1);

	mmio->gpa = take_gpa();
	mmio->access = form >> 4 & (form & 0x80 ? 7 : 1);
	mmio->insn_len = form & 15;
	input_bytes(&input, mmio->insn, mmio->insn_len);
}

static void take_registers(struct keel_regs *regs, struct keel_segments *segments,
			   struct keel_control *control, struct keel_events *events)
{
	__u8 mode = input_number(&input, 1);
	unsigned int i;

	for (i = 0; i < 16; i++)
		regs->gpr[i] = input_value(&input);
	regs->rip = 0x1000;
	regs->rflags = 2 | (mode & 1 ? 0x100 : 0) | (mode & 2 ? 0x400 : 0);
	control->cr0 = mode & 4 ? 0x31 : 0x80000031;
	control->cr4 = 0x40620;
	control->xcr0 = 0xe7;
	control->efer = mode & 8 ? 0 : 0xd00;
	for (i = 0; i < 6; i++) {
		segments->seg[i].limit = 0xffffffff;
		segments->seg[i].attributes = 0xc093;
	}
	segments->seg[KEEL_CS].attributes = mode & 8 ? 0xc09b : 0xa09b;
	events->blocking = mode >> 4 & 3;
}

int keel_run(int vcpu)
{
	static const __u32 reasons[] = {
		KEEL_EXIT_IO, KEEL_EXIT_MMIO, KEEL_EXIT_IO, KEEL_EXIT_MMIO, KEEL_EXIT_MMIO,
		KEEL_EXIT_EOI, KEEL_EXIT_EXTINT, KEEL_EXIT_HYPERCALL, KEEL_EXIT_INTR,
		KEEL_EXIT_HLT, KEEL_EXIT_SHUTDOWN, KEEL_EXIT_FAIL_ENTRY,
		KEEL_EXIT_MEMORY_FAULT, KEEL_EXIT_TASK_SWITCH, KEEL_EXIT_INTERNAL_ERROR,
	};
	static const int errors[] = { -EIO, -EINVAL, -EOPNOTSUPP, -EFAULT, -ENOMEM };
	struct keel_run *run = pc.vcpu.run;
	__u8 what = input_number(&input, 1);

	CLAIM(!(run->state_dirty & ~(KEEL_STATE_REGS | KEEL_STATE_EVENTS)));
	run->state_dirty = 0;
	if (!input.left || ++exits > MOST_EXITS)
		return errors[what % 5];
	pc_wait(&pc, 1ULL << (what >> 3));
	run->exit_reason = what < 0xf0 ? reasons[what % 15] : input_number(&input, 4);
	run->hw_reason = what;
	if (run->state_wanted)
		take_registers(&run->regs, &run->segments, &run->control, &run->events);
	switch (run->exit_reason) {
	case KEEL_EXIT_IO:
		take_io(run);
		break;
	case KEEL_EXIT_MMIO:
		take_mmio(run);
		break;
	case KEEL_EXIT_INTR:
		return what & 0x80 ? -EINTR : 0;
	default:
		/* What the module says of a failure is text of its own. */
		memset(&run->fail_entry, 0, sizeof(run->fail_entry));
		run->fail_entry.field = input_number(&input, 2);
		memset(run->fail_entry.rule, 'r', sizeof(run->fail_entry.rule));
	}
	return 0;
}

int keel_get_state(int vcpu, struct keel_state *state)
{
	if (state->groups & KEEL_STATE_XSAVE) {
		CLAIM(state->xsave && state->xsave_size == XSAVE_BYTES);
		memset((void *)(uintptr_t)state->xsave, input_number(&input, 1),
		       XSAVE_BYTES);
		return input_number(&input, 1) == 0xff ? -ENOMEM : 0;
	}
	take_registers(&state->regs, &state->segments, &state->control, &state->events);
	return input_number(&input, 1) == 0xff ? -EIO : 0;
}

int keel_set_state(int vcpu, struct keel_state *state)
{
	volatile __u8 sum = 0;
	__u32 i;

	CLAIM(state->groups == KEEL_STATE_XSAVE && state->xsave_size == XSAVE_BYTES);
	for (i = 0; i < XSAVE_BYTES; i++)
		sum ^= ((__u8 *)(uintptr_t)state->xsave)[i];
	(void)sum;
	return 0;
}

int keel_translate(int vcpu, __u64 gva, __u32 access, struct keel_translate *result)
{
	__u8 how = input_number(&input, 1);

	memset(result, 0, sizeof(*result));
	result->fault = how >= 0xf8;
	result->error_code = how;
	result->gpa = (take_gpa() & ~0xfffULL) | (gva & 0xfff);
	return how == 0xf7 ? -EFAULT : 0;
}

int keel_inject(int vcpu, const struct keel_event *event)
{
	CLAIM(event->valid == 1 && event->type == KEEL_EVENT_EXCEPTION &&
	      event->vector < 32);
	return 0;
}

int keel_lapic_read(int vcpu, __u32 offset, __u32 *value)
{
	CLAIM(offset < 4096 && offset % 4 == 0);
	*value = input_number(&input, 4);
	return offset & 0x800 ? -EINVAL : 0;
}

int keel_lapic_write(int vcpu, __u32 offset, __u32 value)
{
	CLAIM(offset < 4096 && offset % 4 == 0);
	return offset & 0x800 ? -EINVAL : 0;
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t bytes)
{
	static bool quiet;

	/* The exit log is there too, but nobody reads it. */
	if (!quiet)
		stderr = fopen("/dev/null", "w");
	quiet = true;
	input = (struct input) { .at = data, .left = bytes };
	exits = 0;
	pc_create(&pc, 1000000000000000000ULL);
	pc.machine.verbose = input_number(&input, 1) & 1;
	pc.machine.info.run_size = KEEL_RUN_SIZE;
	pc.machine.info.xsave_size = XSAVE_BYTES;
	pc.machine.info.supported_xcr0 = 0xe7;
	pc.vcpu.run = calloc(1, KEEL_RUN_SIZE);
	CLAIM(pc.vcpu.run);
	vcpu_thread(&pc.vcpu);
	CLAIM(pc.machine.stopping);
	free(pc.vcpu.run);
	pc_destroy(&pc);
	return 0;
}
