/* SPDX-License-Identifier: GPL-2.0 */
/* A kernel that looks whether it runs on a PC.  See main.c. */
#ifndef PC_H
#define PC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void outb(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" :: "a"(value), "Nd"(port));
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t value;

	asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void outw(uint16_t port, uint16_t value)
{
	asm volatile("outw %0, %1" :: "a"(value), "Nd"(port));
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* Lets interrupts in while it waits for one. */
static inline void wait_for_interrupt(void)
{
	asm volatile("sti; hlt; cli" ::: "memory");
}

/**
 * struct boot - what the boot loader told, by whichever protocol
 * @command_line: empty where there is none
 * @upper_kib: memory from 1 MiB up to the first hole
 * @map_bytes: usable memory in the map
 * @map_top: end of the highest usable range below 4 GiB
 * @modules: how many
 * @module: start of the first
 * @module_size: its bytes
 * @module_line: its command line
 */
struct boot {
	const char *command_line;
	uint32_t upper_kib;
	uint64_t map_bytes;
	uint64_t map_top;
	uint32_t modules;
	const char *module;
	uint32_t module_size;
	const char *module_line;
};

/* boot.c: false where @magic is of no protocol that it knows */
bool boot_parse(struct boot *boot, uint32_t magic, const void *info);

/* text.c */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
size_t length(const char *text);
bool same(const void *a, const void *b, size_t len);
bool find_word(const char *line, const char *word, const char **behind);
uint32_t option(const char *line, const char *word, uint32_t otherwise);

/* main.c: one line, "ok" or "not ok" */
void check(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* interrupts.c */
extern volatile uint32_t interrupts[256];
void interrupts_init(void);
void interrupts_load(void);
bool wait_until(volatile uint32_t *counter, uint32_t least);

/**
 * struct acpi - what the tables told
 * @cpus: enabled local APICs in the MADT
 * @ioapic: address of the first, 0 where there is none
 * @timer_gsi: I/O APIC's input of the 8254
 * @pm_timer: port, 0 where there is none
 */
struct acpi {
	uint32_t cpus;
	uint32_t ioapic;
	uint32_t timer_gsi;
	uint16_t pm_timer;
};

/* The devices' own files. */
void acpi_check(struct acpi *acpi, uint32_t cpus);
void fw_cfg_check(uint32_t ram_mib, uint32_t cpus, const char *command_line);
void chips_check(const struct acpi *acpi);
void apic_check(uint32_t cpus);
void pit_delay(uint32_t microseconds);

#endif
