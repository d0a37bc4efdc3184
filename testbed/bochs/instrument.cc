// SPDX-License-Identifier: GPL-2.0
/*
 * Two services for the agent in the guest, by writes to two I/O ports.
 *
 * Snapshot: save the whole machine into the folder that the environment names,
 * if it names one. A machine restored from it goes on behind that write, as
 * the saved one does, and asks for what its own run wants it to do.
 *
 * Payload: the next piece of the file "payload" is put into the guest's
 * memory. The value written is the frame number of a page of 64-bit words:
 * first how many frame numbers follow; it becomes the number of bytes that
 * they now hold.
 */
#include "bochs.h"
#include "gui/siminterface.h"
#include "cpu/cpu.h"
#include "memory/memory-bochs.h"

#include "ports.h"

static const unsigned int frame_size = 4096;

static Bit8u *guest_frame(Bit64u frame)
{
	if (frame >= BX_MEM(0)->get_memory_len() / frame_size)
		return NULL;
	return BX_MEM(0)->get_vector(frame * frame_size);
}

static void give_payload(unsigned int list_frame)
{
	static FILE *file;
	Bit64u *list = (Bit64u *)guest_frame(list_frame);
	Bit64u count, i, given = 0;

	if (!list)
		return;
	if (!file)
		file = fopen("payload", "rb");
	count = list[0] < frame_size / 8 ? list[0] : 0;
	for (i = 1; file && i <= count; i++) {
		Bit8u *frame = guest_frame(list[i]);

		if (!frame)
			break;
		given += fread(frame, 1, frame_size, file);
	}
	list[0] = given;
}

static void save_snapshot(void)
{
	const char *folder = getenv("TESTBED_SNAPSHOT");
	FILE *mark;
	char path[BX_PATHNAME_LEN];

	/* Once: the variable is there for a restored machine as well. */
	if (!folder || !*folder)
		return;
	if (!SIM->save_state(folder))
		return;
	snprintf(path, sizeof(path), "%s/complete", folder);
	mark = fopen(path, "w");
	if (mark)
		fclose(mark);
}

void testbed_port_write(unsigned int port, unsigned int value)
{
	if (port == SNAPSHOT_PORT)
		save_snapshot();
	else if (port == PAYLOAD_PORT)
		give_payload(value);
}
