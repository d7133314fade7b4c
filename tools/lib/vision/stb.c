/*
 * GIF (first frame), BMP, PSD, HDR and TGA files, by stb_image.
 * Reads a file in memory, writes RGB.  stb_image goes on with zeros behind the
 * end of a file, for ever if they never add up to a picture; here it is left
 * by longjmp() and what it holds is freed.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/image_impl.h"

/* Of the buffer that stb_image fills for itself. */
#define BUFFER_LEN 128

/* More pieces of memory than it ever holds. */
#define HELD_MAX 16

struct reader {
	const uint8_t *p;
	size_t len, at;
	jmp_buf jump;
	const char *why;	/* it was left */
	void *held[HELD_MAX];
	int w, h, channels;
};

/* stb_image's allocator knows no context. */
static _Thread_local struct reader *current;

RDL_NORETURN static void
leave(const char *why)
{
	current->why = why;
	longjmp(current->jump, 1);
}

/* Where p stands among the pieces; a free place for NULL. */
static void **
place_of(const void *p)
{
	size_t i;

	for (i = 0; i < HELD_MAX; i++)
		if (current->held[i] == p)
			return &current->held[i];
	leave("more pieces of memory than expected");
}

static void *
hold(size_t size)
{
	void **place = place_of(NULL);

	*place = malloc(size);
	return *place;
}

static void
let_go(void *p)
{
	if (p == NULL)
		return;
	*place_of(p) = NULL;
	free(p);
}

static void *
hold_more(void *p, size_t size)
{
	void **place = place_of(p), *q = realloc(p, size);

	if (q != NULL)
		*place = q;
	return q;
}

/* Warned of at the end of the file. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wsign-compare"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_JPEG
#define STBI_NO_PNG
#define STBI_NO_PIC
#define STBI_NO_PNM
#define STBI_MALLOC hold
#define STBI_REALLOC hold_more
#define STBI_FREE let_go
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

/* Its own buffer may come back half full; a picture may not. */
static int
get_bytes(void *user, char *out, int size)
{
	struct reader *r = user;
	size_t n = r->len - r->at;

	if (size <= 0)
		return 0;
	if (n > (size_t)size)
		n = (size_t)size;
	if (n == 0 || (n < (size_t)size && size != BUFFER_LEN))
		leave("the file ends early");
	memcpy(out, r->p + r->at, n);
	r->at += n;
	return (int)n;
}

static void
skip_bytes(void *user, int n)
{
	struct reader *r = user;
	size_t left = r->len - r->at, back;

	if (n >= 0) {
		r->at += (size_t)n < left ? (size_t)n : left;
		return;
	}
	back = (size_t)-(long)n;
	r->at -= back < r->at ? back : r->at;
}

static int
at_end(void *user)
{
	struct reader *r = user;

	return r->at >= r->len;
}

static const stbi_io_callbacks calls = { get_bytes, skip_bytes, at_end };

static uint32_t
get16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

/*
 * TGA has no mark at its beginning; version 2 has one at its end.  Without it
 * the header must make sense, and the pixels it speaks of have room.
 */
static bool
is_tga(const uint8_t *p, size_t len)
{
	static const char footer[] = "TRUEVISION-XFILE.";
	bool map, packed;
	uint64_t n, need;

	if (len < 18 + 1)
		return false;
	map = p[1] == 1;
	packed = p[2] >= 9;
	n = (uint64_t)get16(p + 12) * get16(p + 14);
	if (p[1] > 1 || (p[2] & ~8) < 1 || (p[2] & ~8) > 3 || n == 0 ||
	    (p[16] != 8 && p[16] != 15 && p[16] != 16 && p[16] != 24 &&
	    p[16] != 32))
		return false;
	if (len >= 26 && memcmp(p + len - sizeof(footer), footer,
	    sizeof(footer)) == 0)
		return true;
	if (map != ((p[2] & ~8) == 1) || (p[17] & 0xc0) != 0 ||
	    (!map && memcmp(p + 3, "\0\0\0\0", 4) != 0))
		return false;
	/* A packet of up to 128 equal pixels takes one and a byte. */
	need = packed ? (n + 127) / 128 * (1 + (p[16] + 7u) / 8) :
	    n * ((p[16] + 7u) / 8);
	return need + 18 + p[0] <= len;
}

const char *
rdl_stb_format(const uint8_t *p, size_t len)
{
	static const struct {
		const char *magic, *format;
	} known[] = { { "GIF87a", "gif" }, { "GIF89a", "gif" }, { "BM", "bmp" },
		{ "8BPS", "psd" }, { "#?RADIANCE\n", "hdr" },
		{ "#?RGBE\n", "hdr" } };
	size_t i, n;

	for (i = 0; i < RDL_NELEM(known); i++) {
		n = strlen(known[i].magic);
		if (len >= n && memcmp(p, known[i].magic, n) == 0)
			return known[i].format;
	}
	return is_tga(p, len) ? "tga" : NULL;
}

/* stb_image calls some pixels transparent that the format says are not. */
static bool
has_alpha(const uint8_t *p, size_t len, int channels)
{
	const char *format = rdl_stb_format(p, len);

	if (format[0] == 'g')
		return rdl_gif_alpha(p, len);
	/* BMP of 32 bits without masks: the fourth byte means nothing. */
	if (format[0] == 'b' && len >= 34 && get16(p + 28) == 32 &&
	    get16(p + 30) == 0)
		return false;
	if (format[0] == 'p')
		return len >= 14 && p[13] >= 4;
	return channels == 2 || channels == 4;
}

static int
fail(const struct reader *r, struct rdl_err *err)
{
	const char *why = r->why != NULL ? r->why : stbi_failure_reason();

	return rdl_err_set(err, RDL_E_INPUT, "%s: %s",
	    rdl_stb_format(r->p, r->len), why != NULL ? why : "damaged data");
}

/* Call what with a reader of the file; all it left behind is freed. */
static int
with_reader(int (*what)(struct reader *, const struct rdl_image_info *,
    struct rdl_image *), const uint8_t *p, size_t len,
    struct rdl_image_info *info, struct rdl_image *im, struct rdl_err *err)
{
	struct reader *r = rdl_mem_calloc(1, sizeof(*r));
	int rc = -1;
	size_t i;

	r->p = p;
	r->len = len;
	current = r;
	if (setjmp(r->jump) != 0 || what(r, info, im) < 0)
		fail(r, err);
	else {
		info->width = (uint32_t)r->w;
		info->height = (uint32_t)r->h;
		info->alpha = has_alpha(p, len, r->channels);
		rc = 0;
	}
	for (i = 0; i < HELD_MAX; i++)
		free(r->held[i]);
	current = NULL;
	free(r);
	return rc;
}

static int
read_head(struct reader *r, const struct rdl_image_info *info,
    struct rdl_image *im)
{
	(void)info;
	(void)im;
	if (!stbi_info_from_callbacks(&calls, r, &r->w, &r->h, &r->channels))
		return -1;
	return r->w > 0 && r->h > 0 ? 0 : -1;
}

static int
head(const uint8_t *p, size_t len, struct rdl_image_info *info,
    struct rdl_err *err)
{
	return with_reader(read_head, p, len, info, NULL, err);
}

/* n samples of 16 bits to bytes, in place: v / 257, rounded. */
static uint8_t *
to_bytes(uint16_t *v, size_t n)
{
	uint8_t *out = (uint8_t *)v;
	size_t i;
	uint32_t s;

	for (i = 0; i < n; i++) {
		s = v[i];
		out[i] = (uint8_t)((s * 255 + 32895) >> 16);
	}
	return out;
}

/* im takes the pixels over: three or four bytes each. */
static int
read_pixels(struct reader *r, const struct rdl_image_info *info,
    struct rdl_image *im)
{
	int want = info->alpha ? 4 : 3;
	uint16_t *wide;
	uint8_t *px;
	bool is_wide = stbi_is_16_bit_from_callbacks(&calls, r) != 0;

	r->at = 0;
	if (is_wide) {
		wide = stbi_load_16_from_callbacks(&calls, r, &r->w, &r->h,
		    &r->channels, want);
		px = wide == NULL ? NULL : to_bytes(wide, (size_t)r->w *
		    (size_t)r->h * (size_t)want);
	} else
		px = stbi_load_from_callbacks(&calls, r, &r->w, &r->h,
		    &r->channels, want);
	if (px == NULL || r->w != (int)info->width ||
	    r->h != (int)info->height)
		return -1;
	*place_of(px) = NULL;
	im->rgb = px;
	im->width = info->width;
	im->height = info->height;
	return 0;
}

static int
pixels(const uint8_t *p, size_t len, const struct rdl_image_opts *opts,
    const struct rdl_image_info *info, struct rdl_image *im,
    struct rdl_err *err)
{
	struct rdl_image_info again = *info;

	if (with_reader(read_pixels, p, len, &again, im, err) < 0)
		return -1;
	if (info->alpha)
		rdl_pixels_flatten(im, opts->alpha);
	else
		im->rgb = rdl_mem_realloc(im->rgb, (size_t)im->width *
		    im->height, 3);
	return 0;
}

const struct rdl_codec rdl_stb_codec = { head, pixels };
