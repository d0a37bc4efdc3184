// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual machine in one page: a guest of a dozen instructions adds two
 * numbers, prints the sum through a port that we make up, and halts.
 *
 * What a real program would add stands in userspace-tool/: devices, loaders, a
 * thread for each vCPU.  What each call means stands in uapi/linux/keel.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <keel.h>

#define MEMORY	0x10000		/* of the guest: 64 KiB, from address 0 on */
#define PORT	0xe9

/* 32-bit code.  A guest is bytes in its memory; no compiler is needed. */
static const unsigned char code[] = {
	0xb8, 0x02, 0x00, 0x00, 0x00,	/* mov   eax, 2		*/
	0xbb, 0x03, 0x00, 0x00, 0x00,	/* mov   ebx, 3		*/
	0x01, 0xd8,			/* add   eax, ebx	*/
	0x04, '0',			/* add   al, '0'	*/
	0xe6, PORT,			/* out   PORT, al	*/
	0xb0, '\n',			/* mov   al, '\n'	*/
	0xe6, PORT,			/* out   PORT, al	*/
	0xf4,				/* hlt			*/
};

/* Every call returns what it made, or a negative errno. */
static int check(const char *what, int ret)
{
	if (ret >= 0)
		return ret;
	fprintf(stderr, "hello: %s: %s\n", what, strerror(-ret));
	exit(1);
}

int main(void)
{
	struct keel_state state;
	struct keel_info info;
	struct keel_run *run;
	int keel, vm, vcpu;
	char *memory;

	keel = check("/dev/keel (is the module loaded?)", keel_open());
	check("asking the host", keel_get_info(keel, KEEL_CPU_ALL, &info));

	/* A machine: memory of ours that the guest sees, and a CPU. */
	vm = check("making a VM", keel_create_vm(keel, 0));
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check("mapping", keel_set_memory(vm, 0, 0, 0, MEMORY, memory));
	vcpu = check("making a vCPU", keel_create_vcpu(vm, 0));
	check("run area", keel_map_run(vcpu, info.run_size, &run));

	/* What a boot loader does: code, tables, registers. */
	memcpy(memory + 0x8000, code, sizeof(code));
	keel_write_gdt(memory + 0x1000, 0);
	keel_write_page_directory(memory + 0x2000);
	keel_start_paged(&state, 0x8000, 0x1000, 0x2000);
	check("registers", keel_set_state(vcpu, &state));

	/* Run until the guest needs us, answer, run on. */
	for (;;) {
		check("running", keel_run(vcpu));
		if (run->exit_reason == KEEL_EXIT_HLT)
			return 0;
		if (run->exit_reason != KEEL_EXIT_IO || run->io.port != PORT)
			break;
		putchar(((char *)run)[run->io.data_offset]);
	}
	fprintf(stderr, "hello: exit %s\n", keel_exit_name(run->exit_reason));
	return 1;
}
