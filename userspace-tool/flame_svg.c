// SPDX-License-Identifier: GPL-2.0
/*
 * A flame graph as SVG: one file that any browser shows, without a script.
 *
 * A frame is as wide as what it weighs; what it was called from is below it.  The
 * pointer on a frame shows all of its name and its share: that is an SVG <title>.
 * Left and right mean nothing: the heaviest frames come first.
 */
#include <string.h>

#include "flame.h"

#define WIDTH		1200.0
#define MARGIN		10.0
#define INNER		(WIDTH - 2 * MARGIN)
#define ROW		20
#define HEAD		56
#define FOOT		28
#define FONT		12
/* About what a character of that font takes. */
#define CHARACTER	7.2
/* What is narrower cannot be seen, and would make the file large. */
#define NARROWEST	0.1

/**
 * struct picture - a picture on its way
 * @out: where to
 * @unit: what weights are in
 * @total: weight of all stacks
 * @depth: how many rows of frames there are
 * @hidden: frames that were too narrow to be drawn
 */
struct picture {
	FILE *out;
	const char *unit;
	__u64 total;
	unsigned int depth;
	unsigned int hidden;
};

/* Text as XML has it; what is neither ASCII nor printable becomes '?'. */
static void print_text(FILE *out, const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length && text[i]; i++) {
		switch (text[i]) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(text[i] < ' ' || text[i] > '~' ? '?' : text[i], out);
		}
	}
}

/* A warm colour that a name always has. */
static unsigned int colour(const char *name)
{
	unsigned int hash = 2166136261U, red, green, blue;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	red = 225 + hash % 28;
	green = 90 + (hash >> 8) % 130;
	blue = 50 + (hash >> 16) % 40;
	return red << 16 | green << 8 | blue;
}

static void print_label(struct picture *picture, const struct flame *frame,
			double x, double y, double width)
{
	size_t room, length = strlen(frame->name);

	if (width < 6 + 3 * CHARACTER)
		return;
	room = (width - 6) / CHARACTER;
	fprintf(picture->out, "<text x=\"%.2f\" y=\"%.0f\">", x + 3, y + 14);
	if (length <= room) {
		print_text(picture->out, frame->name, length);
	} else {
		print_text(picture->out, frame->name, room - 2);
		fputs("..", picture->out);
	}
	fputs("</text>", picture->out);
}

static void print_frame(struct picture *picture, const struct flame *frame,
			double x, double width, unsigned int depth)
{
	double y = HEAD + (picture->depth - 1 - depth) * ROW;

	fputs("<g><title>", picture->out);
	print_text(picture->out, frame->name, strlen(frame->name));
	fprintf(picture->out, ": %llu %s, %.2f%%</title>",
		(unsigned long long)frame->total, picture->unit,
		100.0 * frame->total / picture->total);
	fprintf(picture->out,
		"<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%u\" fill=\"#%06x\"/>",
		x, y, width, ROW - 1, colour(frame->name));
	print_label(picture, frame, x, y, width);
	fputs("</g>\n", picture->out);
}

static double width_of(const struct picture *picture, __u64 weight)
{
	return INNER * weight / picture->total;
}

static void print_frames(struct picture *picture, const struct flame *frame,
			 double x, unsigned int depth)
{
	double width;
	size_t i;

	for (i = 0; i < frame->nr; i++) {
		width = width_of(picture, frame->inner[i].total);
		if (width < NARROWEST) {
			picture->hidden++;
			continue;
		}
		print_frame(picture, &frame->inner[i], x, width, depth);
		print_frames(picture, &frame->inner[i], x, depth + 1);
		x += width;
	}
}

static unsigned int depth_of(const struct flame *frame)
{
	unsigned int depth, deepest = 0;
	size_t i;

	for (i = 0; i < frame->nr; i++) {
		depth = 1 + depth_of(&frame->inner[i]);
		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

static void print_head(struct picture *picture, const char *title,
		       unsigned int height)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", picture->out);
	fprintf(picture->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%u\" viewBox=\"0 0 %.0f %u\">\n",
		WIDTH, height, WIDTH, height);
	fprintf(picture->out,
		"<style>text{font:%upx monospace;fill:#111}rect{rx:2px}g:hover rect{stroke:#111}</style>\n",
		FONT);
	fprintf(picture->out,
		"<rect width=\"%.0f\" height=\"%u\" fill=\"#fffdf5\"/>\n", WIDTH,
		height);
	fprintf(picture->out, "<text x=\"%.0f\" y=\"24\" style=\"font-size:16px\">",
		MARGIN);
	print_text(picture->out, title, strlen(title));
	fprintf(picture->out,
		"</text>\n<text x=\"%.0f\" y=\"42\">%llu %s; the pointer on a frame shows its share</text>\n",
		MARGIN, (unsigned long long)picture->total, picture->unit);
}

/**
 * flame_print_svg() - draw a flame graph
 * @out: where to
 * @root: the tree, sorted
 * @title: what it shows
 * @unit: what the weights are in, such as "samples"
 */
void flame_print_svg(FILE *out, const struct flame *root, const char *title,
		     const char *unit)
{
	struct picture picture = { .out = out, .unit = unit, .total = root->total };
	unsigned int height;

	picture.depth = depth_of(root);
	height = HEAD + picture.depth * ROW + FOOT;
	print_head(&picture, title, height);
	if (root->total)
		print_frames(&picture, root, MARGIN, 0);
	else
		fprintf(out, "<text x=\"%.0f\" y=\"%u\">nothing was seen</text>\n",
			MARGIN, height - 10);
	if (picture.hidden)
		fprintf(out,
			"<text x=\"%.0f\" y=\"%u\">%u frames are too narrow to be shown</text>\n",
			MARGIN, height - 10, picture.hidden);
	fputs("</svg>\n", out);
}
