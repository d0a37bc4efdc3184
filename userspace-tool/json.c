// SPDX-License-Identifier: GPL-2.0
/*
 * A writer of JSON (RFC 8259).
 */
#include "json.h"

static void quote(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = *s;

		/* What is not ASCII may not be UTF-8 either: read Latin-1. */
		if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* All that stands before a value: comma, new line, indent, key. */
static void begin(struct json *json, const char *key)
{
	if (json->members)
		fputc(',', json->out);
	if (json->line)
		fputs(json->members ? " " : "", json->out);
	else if (json->depth)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	if (key) {
		quote(json->out, key);
		fputs(": ", json->out);
	}
	json->members = true;
}

/**
 * json_open() - begin an object or an array
 * @json: the writer
 * @key: key of the object or array itself, or NULL
 * @bracket: '{' or '['
 */
void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->members = false;
}

/**
 * json_close() - end an object or an array
 * @json: the writer
 * @bracket: '}' or ']'
 */
void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->members && !json->line)
		fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
	fputc(bracket, json->out);
	json->members = true;
	if (!json->depth)
		fputc('\n', json->out);
}

/**
 * json_string() - write a string
 * @json: the writer
 * @key: its key, or NULL in an array
 * @value: any bytes
 */
void json_string(struct json *json, const char *key, const char *value)
{
	begin(json, key);
	quote(json->out, value);
}

/**
 * json_number() - write a number
 * @json: the writer
 * @key: its key, or NULL in an array
 * @value: below 2^53, so that every reader of JSON gets it right
 */
void json_number(struct json *json, const char *key, __u64 value)
{
	begin(json, key);
	fprintf(json->out, "%llu", (unsigned long long)value);
}

/**
 * json_hex() - write a 64-bit value, as a string in hexadecimal
 * @json: the writer
 * @key: its key, or NULL in an array
 * @value: any value
 */
void json_hex(struct json *json, const char *key, __u64 value)
{
	begin(json, key);
	fprintf(json->out, "\"0x%016llx\"", (unsigned long long)value);
}

/**
 * json_bool() - write true or false
 * @json: the writer
 * @key: its key, or NULL in an array
 * @value: which
 */
void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->out);
}
