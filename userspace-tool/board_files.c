// SPDX-License-Identifier: GPL-2.0
/*
 * Files of the user's for firmware: keel run --fw-cfg NAME=FILE.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "cmd.h"
#include "image_file.h"

/* The item's copy of the file's bytes. */
static int add(struct fw_cfg *cfg, const char *name, const struct image_file *file)
{
	void *data = malloc(file->bytes ? file->bytes : 1);
	int ret;

	if (!data)
		return -ENOMEM;
	ret = image_file_load(file, 0, data, file->bytes);
	if (!ret)
		ret = fw_cfg_add_file(cfg, name, data, file->bytes);
	free(data);
	return ret;
}

/**
 * board_add_file() - give the guest's firmware a file by fw_cfg
 * @board: from board_create(), before its machine starts
 * @argument: the file's name in the guest, "=", its path here
 *
 * Return: 0, or a negative errno after a message.
 */
int board_add_file(struct board *board, const char *argument)
{
	size_t len = strcspn(argument, "=");
	char name[FW_CFG_NAME];
	struct image_file file;
	int ret;

	if (!len || len >= sizeof(name) || !argument[len]) {
		cmd_error("--fw-cfg %s: want NAME=FILE, NAME with 1 to %zu characters",
			  argument, sizeof(name) - 1);
		return -EINVAL;
	}
	memcpy(name, argument, len);
	name[len] = 0;
	ret = image_file_open(&file, argument + len + 1);
	if (ret) {
		cmd_error("--fw-cfg %s: %s: %s", name, argument + len + 1,
			  strerror(-ret));
		return ret;
	}
	ret = file.bytes > BOARD_FILE_MAX ? -EFBIG : add(&board->fw_cfg, name, &file);
	image_file_close(&file);
	if (ret)
		cmd_error("--fw-cfg %s: %s", name, strerror(-ret));
	return ret;
}
