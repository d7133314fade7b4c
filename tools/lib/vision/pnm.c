/*
 * PNM files of raw samples: P4, P5 and P6 (netpbm's pbm(5), pgm(5), ppm(5)).
 * Reads a file in memory, writes RGB; of several pictures the first.
 */
#include <string.h>

#include "vision/image_impl.h"

struct layout {
	uint32_t width, height, max;
	size_t channels;
	size_t bits;		/* of a sample: 1, 8 or 16 */
	size_t row;		/* bytes of a row */
	size_t at;		/* where the first is */
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The number after blanks and comments at *at, 1 to 2^31 - 1; 0 for none. */
static uint32_t
number(const uint8_t *p, size_t len, size_t *at)
{
	size_t i = *at;
	uint32_t v = 0;

	while (i < len && (is_blank(p[i]) || p[i] == '#'))
		if (p[i] == '#')
			while (i < len && p[i] != '\n')
				i++;
		else
			i++;
	for (; i < len && p[i] >= '0' && p[i] <= '9'; i++) {
		if (v > (INT32_MAX - 9) / 10)
			return 0;
		v = v * 10 + (uint32_t)(p[i] - '0');
	}
	*at = i;
	return v;
}

static int
read_layout(const uint8_t *p, size_t len, struct layout *l,
    struct rdl_err *err)
{
	*l = (struct layout){ .at = 2, .max = 1, .bits = 1, .channels = 1 };
	l->width = number(p, len, &l->at);
	l->height = number(p, len, &l->at);
	if (p[1] != '4') {
		l->max = number(p, len, &l->at);
		l->bits = l->max > 255 ? 16 : 8;
	}
	if (p[1] == '6')
		l->channels = 3;
	if (l->width == 0 || l->height == 0 || l->max == 0 ||
	    l->max > 65535 || l->at >= len || !is_blank(p[l->at]))
		return rdl_err_set(err, RDL_E_INPUT, "PNM: a broken head");
	l->at++;
	l->row = ((size_t)l->width * l->channels * l->bits + 7) / 8;
	return 0;
}

static int
head(const uint8_t *p, size_t len, struct rdl_image_info *info,
    struct rdl_err *err)
{
	struct layout l;

	if (read_layout(p, len, &l, err) < 0)
		return -1;
	info->width = l.width;
	info->height = l.height;
	return 0;
}

/* Sample i of a row as a byte, rounded. */
static uint8_t
sample(const struct layout *l, const uint8_t *row, size_t i)
{
	uint32_t v;

	if (l->bits == 1)
		return row[i / 8] >> (7 - i % 8) & 1 ? 0 : 255;
	v = l->bits == 8 ? row[i] :
	    (uint32_t)row[2 * i] << 8 | row[2 * i + 1];
	if (v > l->max)
		v = l->max;
	return (uint8_t)((v * 255 + l->max / 2) / l->max);
}

static void
read_row(const struct layout *l, const uint8_t *row, uint8_t *out)
{
	size_t x;

	if (l->channels == 3 && l->max == 255)
		memcpy(out, row, l->row);
	else if (l->channels == 3)
		for (x = 0; x < (size_t)l->width * 3; x++)
			out[x] = sample(l, row, x);
	else
		for (x = 0; x < l->width; x++)
			memset(out + 3 * x, sample(l, row, x), 3);
}

static int
pixels(const uint8_t *p, size_t len, const struct rdl_image_opts *opts,
    const struct rdl_image_info *info, struct rdl_image *im,
    struct rdl_err *err)
{
	struct layout l;
	size_t y;

	(void)opts;
	(void)info;
	if (read_layout(p, len, &l, err) < 0)
		return -1;
	if ((len - l.at) / l.row < l.height)
		return rdl_err_set(err, RDL_E_INPUT,
		    "PNM: the file ends early");
	if (rdl_pixels_alloc(im, l.width, l.height, 3, err) < 0)
		return -1;
	for (y = 0; y < l.height; y++)
		read_row(&l, p + l.at + y * l.row,
		    im->rgb + y * l.width * 3);
	return 0;
}

const struct rdl_codec rdl_pnm_codec = { head, pixels };
