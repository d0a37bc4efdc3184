// SPDX-License-Identifier: GPL-2.0
/*
 * The option ROM, as a BIOS looks at it: offsets and sums are those of the BIOS
 * Boot Specification and the Plug and Play BIOS Specification.
 */
#include <string.h>

#include "rom/kernel.h"
#include "tests/tap.h"

static __u8 rom[ROM_MAX];

static unsigned int word(unsigned int at)
{
	return rom[at] | rom[at + 1] << 8;
}

static __u8 sum(unsigned int at, size_t bytes)
{
	__u8 sum = 0;

	while (bytes--)
		sum += rom[at++];
	return sum;
}

static bool is_string(unsigned int at, size_t bytes)
{
	return at && at < bytes && rom[at] && memchr(rom + at, 0, bytes - at);
}

static void test_rom(const struct rom_kernel_params *params, const char *name)
{
	unsigned int pnp, boot;
	size_t bytes;

	memset(rom, 0xcc, sizeof(rom));
	bytes = rom_kernel(rom, params);
	printf("# %s: %zu bytes\n", name, bytes);
	ok(bytes && bytes <= sizeof(rom) && bytes % 512 == 0 &&
	   rom[2] == bytes / 512 && (bytes == sizeof(rom) || rom[bytes] == 0xcc),
	   "length");
	ok(rom[0] == 0x55 && rom[1] == 0xaa, "signature");
	ok(!sum(0, bytes), "sum of the ROM");
	/* mov ax, 0x20; retf: an IPL device is attached */
	ok(!memcmp(rom + 3, "\xb8\x20\0\xcb", 4), "initialization");
	pnp = word(0x1a);
	ok(pnp >= 0x1c && pnp % 16 == 0 && pnp + 0x20 <= bytes &&
	   !memcmp(rom + pnp, "$PnP\1\2\0\0", 8), "PnP header");
	ok(!sum(pnp, rom[pnp + 5] * 16), "its sum");
	ok(is_string(word(pnp + 0x0e), bytes) &&
	   is_string(word(pnp + 0x10), bytes), "its names");
	ok(rom[pnp + 0x15] & 4 && !word(pnp + 0x16) && !word(pnp + 0x18),
	   "it boots, and is no disk");
	boot = word(pnp + 0x1a);
	ok(boot >= ROM_PARAMS + sizeof(*params) && boot < bytes &&
	   rom[boot] == 0xfa, "bootstrap entry vector: cli");
	ok(!memcmp(rom + ROM_PARAMS, params, sizeof(*params)), "parameters");
}

int main(void)
{
	static const struct rom_kernel_params none;
	static const struct rom_kernel_params some = {
		.setup_bytes = 0x8200,
		.command_line_bytes = 1,
		.kernel_bytes = 0x12345678,
		.initrd_bytes = 0xffffffff,
		.initrd_lowest = 0x100001,
		.initrd_highest = 0x37ffffff,
	};

	test_rom(&none, "all zeros");
	test_rom(&some, "some");
	return tap_done();
}
