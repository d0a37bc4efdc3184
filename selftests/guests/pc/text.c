// SPDX-License-Identifier: GPL-2.0
/* Text to the debug console, and what of a C library the rest needs. */
#include <stdarg.h>

#include "pc.h"

#define DEBUG_CONSOLE	0xe9

static void put(char c)
{
	outb(DEBUG_CONSOLE, c);
}

static void put_number(uint32_t value, uint32_t base)
{
	char digits[12];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		put(digits[--n]);
}

static void print_list(const char *format, va_list list)
{
	const char *text;

	for (; *format; format++) {
		if (*format != '%') {
			put(*format);
			continue;
		}
		switch (*++format) {
		case 's':
			for (text = va_arg(list, const char *); *text; text++)
				put(*text);
			break;
		case 'u':
			put_number(va_arg(list, uint32_t), 10);
			break;
		case 'x':
			put_number(va_arg(list, uint32_t), 16);
			break;
		}
	}
}

void print(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	print_list(format, list);
	va_end(list);
}

static uint32_t bad;

void check(bool good, const char *format, ...)
{
	va_list list;

	bad += !good;
	print(good ? "ok - " : "not ok - ");
	va_start(list, format);
	print_list(format, list);
	va_end(list);
	put('\n');
}

uint32_t checks_failed(void)
{
	return bad;
}

size_t length(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	return len;
}

bool same(const void *a, const void *b, size_t len)
{
	const char *x = a, *y = b;

	while (len && *x == *y) {
		x++;
		y++;
		len--;
	}
	return !len;
}

/* Where on the line begins what comes behind @word? */
bool find_word(const char *line, const char *word, const char **behind)
{
	size_t len = length(word);

	for (; *line; line++) {
		if (same(line, word, len)) {
			*behind = line + len;
			return true;
		}
	}
	return false;
}

/* The number behind @word on the line. */
uint32_t option(const char *line, const char *word, uint32_t otherwise)
{
	uint32_t value = 0;

	if (!find_word(line, word, &line))
		return otherwise;
	while (*line >= '0' && *line <= '9')
		value = value * 10 + *line++ - '0';
	return value;
}
