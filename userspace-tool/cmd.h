/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of keel, and what they share.
 *
 * Each command is one file, cmd_NAME.c, and one line in the table in keel.c.
 */
#ifndef CMD_H
#define CMD_H

/**
 * enum cmd_status - exit statuses, documented in keel(1); keel run has more of
 * them, see enum machine_end
 * @CMD_OK: it worked
 * @CMD_FAILED: it did not; a message on standard error says why
 * @CMD_USAGE: it was asked for in a way that is not understood
 */
enum cmd_status {
	CMD_OK = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2,
};

/**
 * struct cmd - a command
 * @name: how it is called
 * @summary: what it does, in a line
 * @run: does it; argv[0] is "keel NAME"; returns an enum cmd_status
 */
struct cmd {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

int cmd_caps(int argc, char **argv);
int cmd_flame(int argc, char **argv);
int cmd_hist(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_trace(int argc, char **argv);

void cmd_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *cmd_open_remedy(int err);
int cmd_open(void);
int cmd_flush(void);

#endif /* CMD_H */
