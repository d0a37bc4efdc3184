// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC: timer, IPIs, the start of the second CPU.  SDM, "Local APIC"
 * and "Extended xAPIC (x2APIC)"; the start is that of "MP Initialization
 * Protocol Algorithm for MP Systems".
 */
#include "apic.h"
#include "pc.h"

#define APIC_BASE	0xfee00000
#define MSR_APIC_BASE	0x1b
#define APIC_BASE_X2	(1 << 10)
#define MSR_X2		0x800

/* Offsets in the page; x2APIC has them divided by 16. */
#define REG_ID		0x020
#define REG_EOI		0x0b0
#define REG_SPURIOUS	0x0f0
#define REG_ICR_LOW	0x300
#define REG_ICR_HIGH	0x310
#define REG_TIMER	0x320
#define REG_LINT0	0x350
#define REG_INITIAL	0x380
#define REG_CURRENT	0x390
#define REG_DIVIDE	0x3e0

#define ICR_INIT	0x4500
#define ICR_SIPI	0x4600
#define ICR_FIXED	0x4000
#define ICR_SELF	0x40000
#define ICR_PENDING	0x1000

#define TIMER_PERIODIC	0x20000
#define MASKED		0x10000

extern const char ap_start[], ap_start_end[];

/* What the second CPU reports, and what it is asked to do. */
static volatile uint32_t ap_runs, ap_id, ap_wants_x2, ap_in_x2;
static uint32_t apic_id;
static bool x2_mode;

static uint64_t rdmsr(uint32_t msr)
{
	uint64_t value;

	asm volatile("rdmsr" : "=A"(value) : "c"(msr));
	return value;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr" :: "A"(value), "c"(msr));
}

/* Each CPU has its own mode, and handlers run on both. */
static bool in_x2(void)
{
	return rdmsr(MSR_APIC_BASE) & APIC_BASE_X2;
}

static uint32_t apic_read(uint32_t reg)
{
	if (in_x2())
		return rdmsr(MSR_X2 + reg / 16);
	return *(volatile uint32_t *)(APIC_BASE + reg);
}

static void apic_write(uint32_t reg, uint32_t value)
{
	if (in_x2())
		wrmsr(MSR_X2 + reg / 16, value);
	else
		*(volatile uint32_t *)(APIC_BASE + reg) = value;
}

void apic_end_of_interrupt(void)
{
	apic_write(REG_EOI, 0);
}

void apic_enable(void)
{
	apic_write(REG_SPURIOUS, 0x100 | VECTOR_SPURIOUS);
}

static void send(uint32_t to, uint32_t command)
{
	if (x2_mode) {
		wrmsr(MSR_X2 + REG_ICR_LOW / 16, (uint64_t)to << 32 | command);
		return;
	}
	apic_write(REG_ICR_HIGH, to << 24);
	apic_write(REG_ICR_LOW, command);
	while (apic_read(REG_ICR_LOW) & ICR_PENDING)
		;
}

/* The second CPU, in protected mode, from entry.S. */
void ap_main(void)
{
	interrupts_load();
	if (ap_wants_x2)
		wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2);
	apic_enable();
	ap_id = in_x2() ? apic_read(REG_ID) : apic_read(REG_ID) >> 24;
	ap_in_x2 = in_x2();
	ap_runs++;
	for (;;)
		wait_for_interrupt();
}

static void start_ap(uint32_t to)
{
	const char *from = ap_start;
	char *at = (char *)AP_START;

	while (from < ap_start_end)
		*at++ = *from++;
	send(to, ICR_INIT);
	pit_delay(10000);
	send(to, ICR_SIPI | AP_START >> 12);
	pit_delay(200);
	send(to, ICR_SIPI | AP_START >> 12);
}

static void check_timer(const char *mode)
{
	uint32_t before = interrupts[VECTOR_TIMER], first;

	apic_write(REG_DIVIDE, 0xb);		/* by 1 */
	apic_write(REG_TIMER, MASKED | VECTOR_TIMER);
	apic_write(REG_INITIAL, 0xffffffff);
	first = apic_read(REG_CURRENT);
	pit_delay(100);
	check(apic_read(REG_CURRENT) < first && apic_read(REG_CURRENT),
	      "%s: timer counts down", mode);

	apic_write(REG_TIMER, VECTOR_TIMER);
	apic_write(REG_INITIAL, 100000);
	check(wait_until(&interrupts[VECTOR_TIMER], before + 1), "%s: timer, one shot", mode);
	pit_delay(5000);
	check(interrupts[VECTOR_TIMER] == before + 1, "%s: timer, one shot is one", mode);

	apic_write(REG_TIMER, TIMER_PERIODIC | VECTOR_TIMER);
	apic_write(REG_INITIAL, 100000);
	check(wait_until(&interrupts[VECTOR_TIMER], before + 4), "%s: timer, periodic", mode);
	apic_write(REG_TIMER, MASKED | VECTOR_TIMER);
	apic_write(REG_INITIAL, 0);
}

static void check_ipis(const char *mode, uint32_t cpus)
{
	uint32_t before = interrupts[VECTOR_SELF], other = interrupts[VECTOR_OTHER];
	uint32_t runs = ap_runs;

	send(apic_id, ICR_FIXED | ICR_SELF | VECTOR_SELF);
	check(wait_until(&interrupts[VECTOR_SELF], before + 1), "%s: IPI to itself", mode);
	if (cpus < 2)
		return;
	start_ap(1);
	check(wait_until(&ap_runs, runs + 1), "%s: INIT and SIPI start CPU 1", mode);
	pit_delay(1000);
	check(ap_runs == runs + 1, "%s: the second SIPI does not start it again", mode);
	check(ap_id == 1 && ap_in_x2 == x2_mode, "%s: its APIC's ID and mode", mode);
	send(1, ICR_FIXED | VECTOR_OTHER);
	check(wait_until(&interrupts[VECTOR_OTHER], other + 1), "%s: IPI to CPU 1, in HLT", mode);
}

static bool has_x2(void)
{
	uint32_t eax = 1, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ecx & 1 << 21;
}

void apic_check(uint32_t cpus)
{
	apic_id = apic_read(REG_ID) >> 24;
	check(apic_id == 0, "the boot CPU's APIC is 0");
	check_timer("xAPIC");
	check_ipis("xAPIC", cpus);
	if (!has_x2()) {
		print("# no x2APIC\n");
		return;
	}
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2);
	x2_mode = true;
	ap_wants_x2 = 1;
	check(apic_read(REG_ID) == 0, "x2APIC: ID");
	check_timer("x2APIC");
	check_ipis("x2APIC", cpus);
}
