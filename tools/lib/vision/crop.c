/*
 * Resizing and cutting as Pillow 13 does it, for the part that is wanted.
 * Reads an image, writes pixels.  Each pass rounds to bytes, so the order of
 * the passes is part of the result.
 */
#include "vision/crop.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/crop_impl.h"

/* Rows of bytes, stride apart, in memory of size bytes from the first on. */
struct plane {
	const uint8_t *p;
	size_t stride, rows, size;
};

/*
 * All rows through t: to is [rows][to_stride], with room behind each row.
 * Rows near the end of the memory are copied first, as a set may read a few
 * bytes past a row.
 */
static void
across(const struct rdl_crop_set *set, struct rdl_crop_taps *t,
    const struct plane *from, uint8_t *to, size_t to_stride)
{
	const uint8_t *in[RDL_CROP_ROWS];
	uint8_t *out[RDL_CROP_ROWS], *spare, *row;
	uint32_t lo, hi;
	size_t y, i, used, room;

	rdl_crop_taps_span(t, &lo, &hi);
	used = (size_t)hi * 3;
	room = used + RDL_CROP_PAD;
	spare = rdl_mem_calloc(RDL_CROP_ROWS, room + to_stride);
	if (set->pack != NULL)
		set->pack(t);
	for (y = 0; y < from->rows; y += RDL_CROP_ROWS) {
		for (i = 0; i < RDL_CROP_ROWS; i++) {
			row = spare + i * (room + to_stride);
			in[i] = row;
			out[i] = row + room;
			if (y + i >= from->rows)
				continue;
			out[i] = to + (y + i) * to_stride;
			in[i] = from->p + (y + i) * from->stride;
			if ((y + i) * from->stride + room > from->size)
				in[i] = memcpy(row, in[i], used);
		}
		set->rows(t, in, out);
	}
	free(spare);
}

/* All rows of t from the rows of from, bytes of each. */
static void
down(const struct rdl_crop_set *set, const struct rdl_crop_taps *t,
    const struct plane *from, size_t bytes, uint8_t *to, size_t to_stride)
{
	size_t y;

	for (y = 0; y < t->n; y++)
		set->column(t->k + y * t->stride, t->count[y],
		    from->p + t->first[y] * from->stride, from->stride,
		    to + y * to_stride, bytes);
}

static void
copy(const struct plane *from, uint8_t *out, size_t bytes)
{
	size_t y;

	for (y = 0; y < from->rows; y++)
		memcpy(out + y * bytes, from->p + y * from->stride, bytes);
}

/* The bytes of columns [x, x + w) and rows [y, y + h) of im. */
static struct plane
part(const struct rdl_image *im, size_t x, size_t y, size_t h)
{
	size_t at = (y * im->width + x) * 3;
	struct plane p = { im->rgb + at, (size_t)im->width * 3, h,
	    (size_t)im->width * im->height * 3 - at };

	return p;
}

/* Across, then down; v has no rows if the height stays. */
static void
across_down(const struct rdl_crop_set *set, const struct rdl_image *im,
    const struct rdl_crop_window *win, struct rdl_crop_taps *h,
    struct rdl_crop_taps *v, uint8_t *out)
{
	size_t bytes = (size_t)win->w * 3;
	uint32_t lo = (uint32_t)win->y, hi = lo + win->h;
	struct plane from, mid;
	uint8_t *tmp = NULL;

	if (v->n > 0) {
		rdl_crop_taps_span(v, &lo, &hi);
		rdl_crop_taps_shift(v, lo);
	}
	from = part(im, h->n > 0 ? 0 : (size_t)win->x, lo, hi - lo);
	mid = from;
	if (h->n > 0) {
		mid.stride = bytes + RDL_CROP_PAD;
		mid.size = mid.rows * mid.stride;
		tmp = rdl_mem_realloc(NULL, mid.rows, mid.stride);
		across(set, h, &from, tmp, mid.stride);
		mid.p = tmp;
	}
	if (v->n > 0)
		down(set, v, &mid, bytes, out, bytes);
	else
		copy(&mid, out, bytes);
	free(tmp);
}

/* Down, then across. */
static void
down_across(const struct rdl_crop_set *set, const struct rdl_image *im,
    const struct rdl_crop_window *win, struct rdl_crop_taps *h,
    struct rdl_crop_taps *v, uint8_t *out)
{
	size_t bytes = (size_t)win->w * 3;
	uint32_t lo = (uint32_t)win->x, hi = lo + win->w;
	struct plane from, mid, end;
	uint8_t *tmp, *last = NULL;

	if (h->n > 0) {
		rdl_crop_taps_span(h, &lo, &hi);
		rdl_crop_taps_shift(h, lo);
	}
	from = part(im, lo, 0, im->height);
	mid.stride = (size_t)(hi - lo) * 3;
	mid.rows = win->h;
	mid.size = mid.rows * mid.stride;
	tmp = rdl_mem_realloc(NULL, mid.rows, mid.stride);
	mid.p = tmp;
	down(set, v, &from, mid.stride, tmp, mid.stride);
	end = mid;
	if (h->n > 0) {
		end.stride = bytes + RDL_CROP_PAD;
		last = rdl_mem_realloc(NULL, end.rows, end.stride);
		end.p = last;
		across(set, h, &mid, last, end.stride);
	}
	copy(&end, out, bytes);
	free(last);
	free(tmp);
}

void
rdl_crop_with(const struct rdl_crop_set *set, const struct rdl_image *im,
    const struct rdl_crop_window *win, uint8_t *out)
{
	struct rdl_crop_taps h = RDL_CROP_TAPS_INIT, v = RDL_CROP_TAPS_INIT;
	int64_t fewer_rows = (int64_t)im->height - (int64_t)win->height;
	int64_t fewer_columns = (int64_t)im->width - (int64_t)win->width;

	if (fewer_columns != 0)
		rdl_crop_taps_make(&h, im->width, win->width, win->x, win->w,
		    win->filter);
	if (fewer_rows != 0)
		rdl_crop_taps_make(&v, im->height, win->height, win->y, win->h,
		    win->filter);
	if (fewer_rows > 0 && fewer_rows > 2 * fewer_columns)
		down_across(set, im, win, &h, &v, out);
	else
		across_down(set, im, win, &h, &v, out);
	rdl_crop_taps_release(&h);
	rdl_crop_taps_release(&v);
}

static int
check(const struct rdl_image *im, uint32_t width, uint32_t height, int filter,
    struct rdl_err *err)
{
	if (im->rgb == NULL || im->width == 0 || im->height == 0)
		return rdl_err_set(err, RDL_E_INPUT, "an image of no size");
	if (width == 0 || height == 0)
		return rdl_err_set(err, RDL_E_USAGE, "resizing to no size");
	if (filter != RDL_RESIZE_BICUBIC && filter != RDL_RESIZE_BILINEAR)
		return rdl_err_set(err, RDL_E_USAGE, "no such filter: %d",
		    filter);
	return 0;
}

int
rdl_crop_resize(const struct rdl_image *im, uint32_t width, uint32_t height,
    int filter, uint8_t *out, struct rdl_err *err)
{
	struct rdl_crop_window win = { width, height, 0, 0, width, height,
	    filter };

	if (check(im, width, height, filter, err) < 0)
		return -1;
	rdl_crop_with(rdl_crop_best(), im, &win, out);
	return 0;
}

/* Where the middle size of total begins; margins are halves, floored or
 * rounded to even. */
static uint64_t
margin(uint64_t total, uint64_t size, bool half_even)
{
	uint64_t spare = total - size, half = spare / 2;

	return half + (half_even && spare % 2 == 1 && half % 2 == 1);
}

int
rdl_crop_square(const struct rdl_image *im, const struct rdl_crop *c,
    uint8_t *out, struct rdl_err *err)
{
	struct rdl_crop_window win = { c->size, c->size, 0, 0, c->size,
	    c->size, c->filter };

	if (check(im, c->size, c->size, c->filter, err) < 0)
		return -1;
	if (!c->squash && im->width < im->height)
		win.height = (uint64_t)c->size * im->height / im->width;
	if (!c->squash && im->width > im->height)
		win.width = (uint64_t)c->size * im->width / im->height;
	win.x = margin(win.width, c->size, c->half_even);
	win.y = margin(win.height, c->size, c->half_even);
	rdl_crop_with(rdl_crop_best(), im, &win, out);
	return 0;
}
