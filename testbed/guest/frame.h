/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one channel from the guest to the host is Bochs' debug port 0xe9, whose
 * bytes appear on Bochs' standard output. They come in frames: a mark, the
 * kind, the length (16 bit, little endian), and that many bytes. Bytes outside
 * a frame are Bochs' own chatter and are dropped.
 */
#ifndef TESTBED_FRAME_H
#define TESTBED_FRAME_H

#define FRAME_PORT		0xe9
#define FRAME_MARK		0xfe

#define FRAME_OUTPUT		'O'	/* what COMMAND prints */
#define FRAME_KMSG		'K'	/* the kernel's log, after COMMAND */
#define FRAME_FILE		'G'	/* number of the --get, then its tar */
#define FRAME_STATUS		'S'	/* decimal: COMMAND's status; the end */
#define FRAME_START		'A'	/* empty: COMMAND starts now */
#define FRAME_RESET		'R'	/* empty: the machine was reset */
#define FRAME_BAD_IMAGE		'B'	/* empty: memory holds not what it should */

/* Writing this word to this port ends Bochs. */
#define SHUTDOWN_PORT		0x8900
#define SHUTDOWN_WORD		"Shutdown"

#endif
