/*
 * The pictures of a report: each decoded once, in the sandbox of
 * vision/pool.h, cut to a square, and written inline as PNG or JPEG, whichever
 * is smaller.  Reads regular files only; what cannot be read is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/mem.h"
#include "publish/html.h"
#include "publish/report_private.h"

#define SIDE 192
#define QUALITY 82
#define COLOURS 500		/* of a drawing */
#define URI_MAX 4096
#define SHOWN_MAX (12 * RDL_MIB)	/* bytes of all pictures in the page */

void
rdl_report_picture_want(struct rdl_report *r, yyjson_val *uri)
{
	struct rdl_map_entry *e;
	int made;

	if (r->o->no_images || !yyjson_is_str(uri) ||
	    yyjson_get_len(uri) > URI_MAX ||
	    strlen(yyjson_get_str(uri)) != yyjson_get_len(uri))
		return;
	e = rdl_map_put(&r->pictures.uris, yyjson_get_str(uri),
	    yyjson_get_len(uri), &made);
	if (made)
		e->value = r->pictures.uris.count - 1;
}

static void
add_png(const uint8_t *rgb, struct rdl_buf *out)
{
	png_image png = { .version = PNG_IMAGE_VERSION, .width = SIDE,
		.height = SIDE, .format = PNG_FORMAT_RGB };
	png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
	char *p = rdl_buf_reserve(out, size);

	if (p != NULL && png_image_write_to_memory(&png, p, &size, 0, rgb, 0,
	    NULL))
		out->len += size;
	png_image_free(&png);
}

struct failure {
	struct jpeg_error_mgr mgr;
	jmp_buf at;
};

static void
on_error(j_common_ptr c)
{
	longjmp(((struct failure *)(void *)c->err)->at, 1);
}

/* The JPEG file, to be freed with free(); NULL if it failed. */
static unsigned char *
make_jpeg(uint8_t *rgb, unsigned long *size)
{
	struct jpeg_compress_struct c;
	struct failure failure;
	unsigned char *volatile file = NULL;
	unsigned char *made = NULL;
	JSAMPROW row;

	*size = 0;
	memset(&c, 0, sizeof(c));	/* may be destroyed, not yet created */
	c.err = jpeg_std_error(&failure.mgr);
	failure.mgr.error_exit = on_error;
	if (setjmp(failure.at) == 0) {
		jpeg_create_compress(&c);
		jpeg_mem_dest(&c, &made, size);
		c.image_width = c.image_height = SIDE;
		c.input_components = 3;
		c.in_color_space = JCS_RGB;
		jpeg_set_defaults(&c);
		jpeg_set_quality(&c, QUALITY, TRUE);
		c.optimize_coding = TRUE;
		jpeg_start_compress(&c, TRUE);
		while (c.next_scanline < SIDE) {
			row = rgb + (size_t)c.next_scanline * SIDE * 3;
			(void)jpeg_write_scanlines(&c, &row, 1);
		}
		jpeg_finish_compress(&c);
		file = made;
	}
	jpeg_destroy_compress(&c);
	return file;
}

/* A drawing rather than a photograph: of most pixels the left neighbour is the
 * same.  Only these are worth the time to try a PNG. */
static bool
is_flat(const uint8_t *rgb)
{
	size_t i, n = 0;

	for (i = 1; i < (size_t)SIDE * SIDE; i++, rgb += 3)
		n += memcmp(rgb, rgb + 3, 3) == 0;
	return 2 * n > (size_t)SIDE * SIDE;
}

static void
keep(struct rdl_report_picture *p, const uint8_t *rgb)
{
	struct rdl_buf png = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf text = RDL_BUF_INIT(2 * RDL_MIB);
	uint8_t *copy = rdl_mem_calloc((size_t)SIDE * SIDE, 3);
	unsigned long size;
	unsigned char *jpeg;

	memcpy(copy, rgb, (size_t)SIDE * SIDE * 3);
	if (is_flat(rgb))
		add_png(rgb, &png);
	jpeg = make_jpeg(copy, &size);
	p->jpeg = jpeg != NULL && (png.len == 0 || size < png.len);
	if (p->jpeg)
		rdl_buf_addbase64(&text, jpeg, size);
	else
		rdl_buf_addbase64(&text, png.p, png.len);
	p->html = rdl_buf_detach(&text, &p->len);
	free(jpeg);
	free(copy);
	rdl_buf_release(&png);
}

/* Take one result out of the pool. */
static int
take(struct rdl_report *r, struct rdl_pool *pool, struct rdl_err *err)
{
	struct rdl_pool_result res;
	int rc = rdl_pool_take(pool, &res, err);

	if (rc > 0 && res.ok && res.crop != NULL)
		keep(&r->pictures.v[res.tag], res.crop);
	return rc < 0 ? -1 : 0;
}

/* Hand a file in, if it is one. */
static int
submit(struct rdl_report *r, struct rdl_pool *pool, size_t i,
    struct rdl_buf *file, struct rdl_err *err)
{
	const char *path = r->pictures.uris.entries[i].key;
	struct rdl_err ignored = RDL_ERR_INIT;
	struct stat st;

	rdl_buf_reset(file);
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    (uintmax_t)st.st_size > RDL_IMAGE_MAX ||
	    rdl_file_read(path, file, &ignored) < 0 || file->len == 0)
		return 0;
	while (!rdl_pool_room(pool))
		if (take(r, pool, err) < 0)
			return -1;
	return rdl_pool_submit(pool, i, file->p, file->len, err);
}

int
rdl_report_picture_get(struct rdl_report *r, struct rdl_err *err)
{
	struct rdl_pool_opts o = { .image = RDL_IMAGE_OPTS_DEFAULT,
		.crop = { .size = SIDE } };
	struct rdl_buf file = RDL_BUF_INIT(RDL_IMAGE_MAX + 1);
	struct rdl_pool *pool;
	size_t i, n = r->pictures.uris.count;
	int rc = 0;

	if (n == 0)
		return 0;
	o.image.shrink_to = SIDE;
	pool = rdl_pool_new(&o, err);
	if (pool == NULL)
		return -1;
	r->pictures.v = rdl_mem_calloc(n, sizeof(*r->pictures.v));
	for (i = 0; i < n && rc == 0; i++)
		rc = submit(r, pool, i, &file, err);
	while (rc == 0 && rdl_pool_pending(pool) > 0)
		rc = take(r, pool, err);
	rdl_pool_free(pool);
	rdl_buf_release(&file);
	return rc;
}

void
rdl_report_picture_img(struct rdl_report *r, yyjson_val *uri,
    const char *alt, struct rdl_buf *out)
{
	struct rdl_report_pictures *p = &r->pictures;
	const struct rdl_map_entry *e;
	const struct rdl_report_picture *v = NULL;

	e = yyjson_is_str(uri) ? rdl_map_get(&p->uris, yyjson_get_str(uri),
	    yyjson_get_len(uri)) : NULL;
	if (e != NULL && p->v != NULL)
		v = &p->v[e->value];
	if (v == NULL || v->html == NULL)
		return;
	if (p->shown + v->len > SHOWN_MAX) {
		p->left_out++;
		return;
	}
	p->shown += v->len;
	rdl_buf_adds(out, "<img alt=\"");
	rdl_html_short(out, alt != NULL ? alt : "", alt != NULL ? strlen(alt) :
	    0, 200);
	rdl_buf_addf(out, "\" src=\"data:image/%s;base64,", v->jpeg ? "jpeg" :
	    "png");
	rdl_buf_add(out, v->html, v->len);
	rdl_buf_adds(out, "\">");
}

void
rdl_report_picture_release(struct rdl_report_pictures *p)
{
	size_t i;

	for (i = 0; p->v != NULL && i < p->uris.count; i++)
		free(p->v[i].html);
	free(p->v);
	rdl_map_release(&p->uris);
}
