/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A writer of JSON: puts the commas, the indents and the quotes.
 *
 * Whoever calls it opens and closes objects and arrays in pairs.  In an
 * object each value has a key, in an array the key is NULL.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

/**
 * struct json - where the writer stands
 * @out: where to write
 * @depth: how many objects and arrays are open
 * @members: whether the innermost of them has a member already
 * @line: all in one line, for output that has one value a line
 */
struct json {
	FILE *out;
	unsigned int depth;
	bool members;
	bool line;
};

void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, __u64 value);
void json_hex(struct json *json, const char *key, __u64 value);
void json_bool(struct json *json, const char *key, bool value);

#endif /* JSON_H */
