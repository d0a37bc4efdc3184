// SPDX-License-Identifier: GPL-2.0
#include "recipes.h"

#define MACHINE(flags, mode, code)					\
	"0 KEEL_CREATE_VM keel to=vm0 flags=" flags "\n"		\
	"0 KEEL_SET_MEMORY vm0 bytes=0x200000 user_addr=mem0\n"		\
	"0 KEEL_CREATE_VCPU vm0 to=vcpu0\n"				\
	"0 map vcpu0\n"							\
	"0 start vcpu0 mode=" mode " code=" code "\n"
#define SECOND_VCPU(mode, code)						\
	"0 KEEL_CREATE_VCPU vm0 to=vcpu1 id=1\n"			\
	"0 map vcpu1\n"							\
	"0 start vcpu1 mode=" mode " code=" code "\n"
#define SECOND_SLOT(flags)						\
	"0 KEEL_SET_MEMORY vm0 slot=1 gpa=0x200000 bytes=0x200000 user_addr=mem1 flags=" flags "\n"
#define SECOND_VM(flags)						\
	"0 KEEL_CREATE_VM keel to=vm1 flags=" flags "\n"		\
	"0 KEEL_SET_MEMORY vm1 bytes=0x200000 user_addr=mem0\n"		\
	"0 KEEL_CREATE_VCPU vm1 to=vcpu2 id=2\n"			\
	"0 map vcpu2\n"							\
	"0 start vcpu2 mode=paged code=touch\n"

const char *const openings[] = {
	MACHINE("0", "long", "touch") SECOND_SLOT("KEEL_MEMORY_LOG_DIRTY"),
	MACHINE("KEEL_VM_LAPIC", "long", "apic") SECOND_VCPU("long", "sti_halt"),
	MACHINE("KEEL_VM_LAPIC|KEEL_VM_NO_APICV", "paged", "apic") SECOND_VCPU("long", "x2apic"),
	MACHINE("KEEL_VM_SHADOW", "long", "tables") SECOND_SLOT("KEEL_MEMORY_LOG_DIRTY"),
	MACHINE("KEEL_VM_SHADOW", "pae", "tables") SECOND_VCPU("paged", "touch"),
	MACHINE("KEEL_VM_SHADOW|KEEL_VM_LAPIC", "real", "strings") SECOND_VCPU("long", "invalidate"),
	MACHINE("0", "real", "ports"),
	MACHINE("0", "prot", "mmio") SECOND_VM("KEEL_VM_SHADOW"),
	MACHINE("0", "user", "faults") SECOND_SLOT("KEEL_MEMORY_READONLY"),
	MACHINE("KEEL_VM_LAPIC", "long", "random") SECOND_SLOT("0"),
};
const unsigned int nr_openings = sizeof(openings) / sizeof(openings[0]);

const char *const recipes[] = {
	"1 KEEL_GET_INFO keel cpu=KEEL_CPU_ALL",
	"1 KEEL_CREATE_VM keel to=vm1",
	"1 KEEL_GET_SUPPORTED_CPUID keel nr=128",
	"1 KEEL_SET_MEMORY vm0 slot=2 gpa=0x400000 bytes=0x100000 user_addr=mem1 flags=KEEL_MEMORY_LOG_DIRTY",
	"1 KEEL_SET_MEMORY vm0 slot=2",
	"1 KEEL_SET_MEMORY vm0 slot=1",
	"1 KEEL_SET_MEMORY vm0 slot=1 gpa=0x200000 bytes=0x200000 user_addr=mem1 flags=KEEL_MEMORY_LOG_DIRTY",
	"1 KEEL_SET_MEMORY vm0 slot=1 gpa=0x200000 bytes=0x200000 user_addr=mem1",
	"1 KEEL_SET_MEMORY vm0 slot=0",
	"1 KEEL_SET_MEMORY vm0 bytes=0x200000 user_addr=mem0 flags=KEEL_MEMORY_LOG_DIRTY",
	"1 KEEL_SET_MEMORY vm0 slot=3 gpa=0xd0000000 bytes=0x10000 user_addr=mem2",
	"1 KEEL_CREATE_VCPU vm0 to=vcpu3 id=3",
	"1 KEEL_IRQ vm0 address=0xfee00000 data=0x40",
	"1 KEEL_IRQ vm0 address=0xfee01000 data=0x41",
	"1 KEEL_IRQ vm0 address=0xfee00000 data=0x400",
	"1 KEEL_IRQ vm0 kind=KEEL_IRQ_LINT0 vcpu=KEEL_VCPU_ALL level=1",
	"1 KEEL_IRQ vm0 address=0xfee01000 data=0x500",
	"1 KEEL_IRQ vm0 address=0xfee01000 data=0x610",
	"1 KEEL_IRQFD vm0 fd=event0 address=0xfee00000 data=0x42",
	"1 KEEL_IRQFD vm0 fd=event0 flags=KEEL_IRQFD_DEASSIGN",
	"1 signal event0",
	"1 signal event1",
	"1 close event0",
	"1 event - to=event0",
	"1 KEEL_IOEVENTFD vm0 fd=event1 flags=KEEL_IOEVENTFD_PORT bytes=1 address=0x3f8",
	"1 KEEL_IOEVENTFD vm0 fd=event1 flags=KEEL_IOEVENTFD_PORT|KEEL_IOEVENTFD_DEASSIGN bytes=1 address=0x3f8",
	"1 KEEL_IOEVENTFD vm0 fd=event1 bytes=4 address=0xd0000000",
	"1 KEEL_IOEVENTFD vm0 fd=event1 flags=KEEL_IOEVENTFD_DEASSIGN bytes=4 address=0xd0000000",
	"1 KEEL_GET_DIRTY_LOG vm0 slot=1 nr_pages=512",
	"1 KEEL_GET_DIRTY_LOG vm0 nr_pages=512",
	"1 KEEL_GET_DIRTY_LOG vm0 slot=1 first_page=64 nr_pages=64",
	"1 KEEL_RUN vcpu0 times=20",
	"1 KEEL_RUN vcpu0",
	"1 KEEL_RUN vcpu1 times=20",
	"1 KEEL_RUN vcpu2 times=20",
	"1 KEEL_GET_STATE vcpu0 groups=KEEL_STATE_RUN",
	"1 KEEL_GET_STATE vcpu0 groups=KEEL_STATE_XSAVE xsave_size=4096",
	"1 KEEL_GET_STATE vcpu0 groups=KEEL_STATE_MSRS nr_msrs=2 msrs[0].index=0xc0000080 msrs[1].index=0x10",
	"1 KEEL_SET_STATE vcpu0 get=1 groups=KEEL_STATE_REGS|KEEL_STATE_SEGMENTS",
	"1 KEEL_SET_STATE vcpu0 get=1 groups=KEEL_STATE_RUN",
	"1 KEEL_SET_STATE vcpu0 get=1 groups=KEEL_STATE_CONTROL",
	"1 KEEL_SET_STATE vcpu1 get=1 groups=KEEL_STATE_EVENTS",
	"1 KEEL_SET_STATE vcpu0 groups=KEEL_STATE_XSAVE xsave_size=4096",
	"1 KEEL_SET_STATE vcpu0 groups=KEEL_STATE_MSRS nr_msrs=1 msrs[0].index=0x277 msrs[0].value=0x0007040600070406",
	"1 KEEL_SET_CPUID vcpu0 get=1",
	"0 KEEL_SET_CPUID vcpu0 get=1",
	"1 KEEL_INJECT vcpu0 event.valid=1 event.vector=0x31",
	"1 KEEL_INJECT vcpu0 event.valid=1 event.type=KEEL_EVENT_NMI event.vector=2",
	"1 KEEL_INJECT vcpu0 event.valid=1 event.type=KEEL_EVENT_EXCEPTION event.vector=14 event.flags=KEEL_EVENT_ERROR_CODE event.error_code=2 event.payload=0x1000",
	"1 KEEL_TRANSLATE vcpu0 gva=0x10000",
	"1 KEEL_TRANSLATE vcpu0 gva=0x20000 access=KEEL_ACCESS_WRITE|KEEL_ACCESS_USER",
	"1 KEEL_GET_STATS vcpu0",
	"1 KEEL_SET_INTERCEPTS vcpu0 exits=KEEL_INTERCEPT_CPUID|KEEL_INTERCEPT_CR3|KEEL_INTERCEPT_INVLPG",
	"1 KEEL_SET_INTERCEPTS vcpu0 exceptions=0x6042",
	"1 KEEL_SET_INTERCEPTS vcpu0 exits=KEEL_INTERCEPT_STEP",
	"1 KEEL_SET_INTERCEPTS vcpu0 nr_msrs=2 msrs[0]=0x10 msrs[1]=0xc0000080",
	"1 KEEL_DUMP_VMCS vcpu0 bytes=0x9000",
	"1 KEEL_LAPIC vcpu0 offset=0xf0 write=1 value=0x1ff",
	"1 KEEL_LAPIC vcpu0 offset=0x300 write=1 value=0xc0431",
	"1 KEEL_LAPIC vcpu1 offset=0x20",
	"1 KEEL_LAPIC vcpu0 offset=0x320 write=1 value=0x20031",
	"1 KEEL_LAPIC vcpu0 offset=0x380 write=1 value=0x100",
	"1 start vcpu0 mode=long code=touch",
	"1 start vcpu0 mode=pae code=tables",
	"1 start vcpu1 mode=real code=ports",
	"1 start vcpu0 mode=long code=random seed=1",
	"1 code - code=mmio mode=long",
	"1 code - code=random mode=long seed=2",
	"1 runpage - state_wanted=KEEL_STATE_RUN",
	"1 runpage - state_dirty=KEEL_STATE_REGS regs.rip=0x10000 regs.rflags=2",
	"1 runpage - state_dirty=KEEL_STATE_CONTROL",
	"1 runpage - state_dirty=KEEL_STATE_SEGMENTS|KEEL_STATE_EVENTS",
	"1 runpage - immediate_exit=1",
	"1 runpage - immediate_exit=0 request_intr_window=1",
	"1 runpage - extint.vector=0x31",
	"1 runpage - deadline=1",
	"1 map vcpu0",
	"1 munmap - addr=mem0+0x20000 bytes=0x1000",
	"1 munmap - addr=mem1 bytes=0x400000",
	"1 mmap - addr=mem0+0x20000 bytes=0x1000",
	"1 mmap - addr=mem0 bytes=0x400000",
	"1 mprotect - addr=mem0+0x20000 bytes=0x10000 prot=1",
	"1 mprotect - addr=mem0 bytes=0x400000 prot=3",
	"1 madvise - addr=mem0+0x20000 bytes=0x10000 advice=DONTNEED",
	"1 madvise - addr=mem0 bytes=0x400000 advice=HUGEPAGE",
	"1 madvise - addr=mem0 bytes=0x200000 advice=COLLAPSE",
	"1 madvise - addr=mem1 bytes=0x200000 advice=PAGEOUT",
	"1 madvise - addr=mem0 bytes=0x200000 advice=MERGEABLE",
	"1 mremap - addr=mem1 bytes=0x200000 new=mem0 new_bytes=0x200000",
	"1 mremap - addr=mem0+0x10000 bytes=0x1000 new=mem2 new_bytes=0x1000",
	"1 poke - addr=mem0+0x9080",
	"1 poke - addr=mem0+0x6000 value=0",
	"1 fill - addr=mem0+0x9000 bytes=0x1000 seed=3",
	"1 close vcpu0",
	"1 close vm0",
	"1 dup vcpu0 to=vm2",
	"1 pass vm0 to=vm2",
	"1 pass vcpu0 to=0xff",
	"1 kick - number=2",
	"1 cpu - number=1",
	"1 cpu - number=2",
	"1 cpu - number=3",
	"1 sleep - us=300",
	"1 fork - number=3",
};
const unsigned int nr_recipes = sizeof(recipes) / sizeof(recipes[0]);
