// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: the terminal, through ncurses.
 *
 * A process has one terminal, and so has ncurses: what is static here is that.
 * Changes of its size come by a descriptor, as keys do, so that none is seen late.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <term.h>
#include <unistd.h>

/* After term.h, which defines names that everybody uses. */
#include <curses.h>
#undef lines
#undef columns

#include "cmd.h"
#include "top_screen.h"
#include "top_text.h"

/* Lines around rows and reasons: three above, two heads, one between them. */
#define FRAME		6
/* How long a lone escape waits for the rest of a key. */
#define ESCAPE_MS	25

static SCREEN *screen;
static int resized = -1;	/* signalfd of SIGWINCH */
static int input = -1;		/* epoll of it and of the keyboard */

/**
 * top_screen_check() - whether there is a terminal that can be drawn on
 *
 * ncurses would say it in its own way, and exit.
 *
 * Return: 0, or a negative errno after a message.
 */
int top_screen_check(void)
{
	const char *term = getenv("TERM");
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		cmd_error("standard input and output are not a terminal; use 'keel top --batch'");
		return -ENOTTY;
	}
	if (!term || !*term) {
		cmd_error("TERM is not set; set it to the terminal's type, or use 'keel top --batch'");
		return -ENOTTY;
	}
	if (setupterm(term, STDOUT_FILENO, &err) == OK) {
		if (cursor_address && clear_screen)
			return 0;
		cmd_error("a terminal of type '%s' cannot move its cursor; use 'keel top --batch'",
			  term);
		return -ENOTTY;
	}
	cmd_error("TERM is '%s', of which the terminfo database knows nothing; set another, or use 'keel top --batch'",
		  term);
	return -ENOTTY;
}

static int open_input(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	resized = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	input = epoll_create1(EPOLL_CLOEXEC);
	if (resized >= 0 && input >= 0 &&
	    !epoll_ctl(input, EPOLL_CTL_ADD, resized, &event) &&
	    !epoll_ctl(input, EPOLL_CTL_ADD, STDIN_FILENO, &event))
		return 0;
	err = errno;
	cmd_error("waiting for keys: %s", strerror(err));
	return -err;
}

/**
 * top_screen_open() - take the terminal over
 *
 * Return: 0, or a negative errno after a message.
 */
int top_screen_open(void)
{
	int ret = open_input();

	if (ret)
		return ret;
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		cmd_error("the terminal cannot be set up; use 'keel top --batch'");
		return -ENOTTY;
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	/* Terminals that cannot hide it show it. */
	curs_set(0);
	return 0;
}

/**
 * top_screen_close() - give the terminal back; does nothing where it is
 */
void top_screen_close(void)
{
	if (screen) {
		endwin();
		delscreen(screen);
	}
	screen = NULL;
	if (resized >= 0)
		close(resized);
	if (input >= 0)
		close(input);
	resized = -1;
	input = -1;
}

/**
 * top_screen_fd() - what is readable when there is a key, or another size
 *
 * Return: the descriptor.
 */
int top_screen_fd(void)
{
	return input;
}

/**
 * top_screen_lost() - whether the terminal has gone away
 *
 * Return: true where nobody will ever press a key.
 */
bool top_screen_lost(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&fd, 1, 0) > 0 && fd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static void take_size(void)
{
	struct signalfd_siginfo info;
	struct winsize size;
	bool changed = false;

	while (read(resized, &info, sizeof(info)) == sizeof(info))
		changed = true;
	if (changed && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col) {
		resize_term(size.ws_row, size.ws_col);
		/* What the terminal did to its contents is its own business. */
		clearok(curscr, TRUE);
	}
}

/**
 * top_screen_key() - the next key, without waiting
 *
 * Return: a character or one of enum top_key, 0 for a key without a meaning, -1
 * when there is none.
 */
int top_screen_key(void)
{
	int key;

	take_size();
	key = getch();
	switch (key) {
	case ERR:
		return -1;
	case KEY_UP:
		return TOP_KEY_UP;
	case KEY_DOWN:
		return TOP_KEY_DOWN;
	case KEY_PPAGE:
		return TOP_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TOP_KEY_PAGE_DOWN;
	case KEY_HOME:
		return TOP_KEY_HOME;
	case KEY_END:
		return TOP_KEY_END;
	case KEY_ENTER:
	case '\r':
	case '\n':
		return TOP_KEY_ENTER;
	case 27:
		return TOP_KEY_ESCAPE;
	case KEY_BACKSPACE:
	case '\b':
	case 127:
		return TOP_KEY_BACKSPACE;
	default:
		return key < KEY_MIN ? key : 0;
	}
}

/* A line in @attributes to the end of the screen; it never wraps. */
static void put_line(int y, int attributes, const char *text)
{
	attrset(attributes);
	mvaddnstr(y, 0, text, COLS);
	/* Behind the last column the cursor is on the next line. */
	if ((int)strlen(text) < COLS) {
		if (attributes & A_REVERSE)
			hline(' ' | A_REVERSE, COLS - strlen(text));
		else
			clrtoeol();
	}
	attrset(A_NORMAL);
}

static void draw_help(void)
{
	const char *const *text = top_text_help();
	int y;

	for (y = 0; y < LINES && text[y]; y++)
		put_line(y, y ? A_NORMAL : A_BOLD, text[y]);
}

/* How many of @room lines the rows get: reasons want some, too, but no more than they are. */
static int rows_shown(const struct top_table *table, int room)
{
	int rows = table->nr_rows, reasons = table->nr_reasons;
	int half = room / 2;

	if (rows + reasons <= room || rows <= half)
		return rows;
	return reasons < room - half ? room - reasons : half;
}

static int draw_rows(const struct top_table *table, struct top_view *view, int y, int shown)
{
	size_t selected = top_view_selected(view, table), first = 0, i;
	char line[TOP_LINE];

	view->page = shown > 1 ? shown - 1 : 1;
	put_line(y++, A_REVERSE, top_text_rows_head(COLS));
	if (!table->nr_rows)
		put_line(y, A_NORMAL, "  no VMs");
	if (selected >= (size_t)shown)
		first = selected - shown + 1;
	for (i = first; i < table->nr_rows && i < first + shown; i++) {
		top_text_row(line, &table->rows[i], COLS);
		put_line(y + i - first, i == selected ? A_BOLD | A_UNDERLINE : A_NORMAL, line);
	}
	return y + shown;
}

static void draw_reasons(const struct top_table *table, int y)
{
	char line[TOP_LINE];
	size_t i;

	put_line(y++, A_REVERSE, top_text_reasons_head(COLS));
	for (i = 0; i < table->nr_reasons && y < LINES; i++) {
		top_text_reason(line, &table->reasons[i], COLS);
		put_line(y++, A_NORMAL, line);
	}
}

static void draw_tables(const struct top_table *table, struct top_view *view)
{
	char line[TOP_LINE];
	int y;

	top_text_summary(line, table, time(NULL));
	put_line(0, A_NORMAL, line);
	top_text_choice(line, table, view);
	put_line(1, A_NORMAL, line);
	top_text_prompt(line, view);
	put_line(2, A_BOLD, line);
	y = draw_rows(table, view, 3, table->nr_rows ? rows_shown(table, LINES - FRAME) : 1);
	draw_reasons(table, y + 1);
}

/**
 * top_screen_draw() - draw all of it
 * @table: what there is to show
 * @view: what of it; learns how long a page is
 */
void top_screen_draw(const struct top_table *table, struct top_view *view)
{
	char line[TOP_LINE];

	erase();
	if (LINES < TOP_MIN_ROWS || COLS < TOP_MIN_COLS) {
		snprintf(line, sizeof(line), "too small: %dx%d, need %dx%d", COLS, LINES,
			 TOP_MIN_COLS, TOP_MIN_ROWS);
		put_line(0, A_NORMAL, line);
	} else if (view->help) {
		draw_help();
	} else {
		draw_tables(table, view);
	}
	refresh();
}
