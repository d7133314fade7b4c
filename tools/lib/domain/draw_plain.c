/*
 * A picture's file without what is no picture in it.
 * Reads PNG, JPEG and WebP that a decoder has found sound; writes the parts
 * that make the picture, byte for byte.  Decodes nothing.
 */
#include <string.h>

#include "domain/draw_impl.h"

static uint32_t
big(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
little(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[1] << 8 | p[0];
}

/* Is the name of a part in a list of names of four letters? */
static bool
listed(const unsigned char *name, const char *list)
{
	for (; *list != '\0'; list += 4)
		if (memcmp(name, list, 4) == 0)
			return true;
	return false;
}

/* Chunks by PNG (third edition), 11; other ones are texts, times, Exif,
 * credentials (caBX), or private. */
static bool
png(const unsigned char *p, size_t len, struct rdl_buf *out)
{
	const unsigned char *end = p + len;
	size_t n;

	if (len < 8)
		return false;
	rdl_buf_add(out, (const char *)p, 8);
	for (p += 8; (size_t)(end - p) >= 12; p += n) {
		n = (size_t)big(p) + 12;
		if (n > (size_t)(end - p))
			return false;
		if (listed(p + 4, "IHDRPLTEIDATIENDtRNSgAMAcHRMsRGBiCCPcICP"
		    "sBITbKGDpHYsacTLfcTLfdAT"))
			rdl_buf_add(out, (const char *)p, n);
		if (memcmp(p + 4, "IEND", 4) == 0)
			return true;
	}
	return false;
}

/* Segments by ITU-T T.81, B.1.  JFIF (APP0), profiles (APP2) and Adobe's
 * colour transform (APP14) change how a picture looks; comments and the other
 * applications' do not. */
static bool
jpeg(const unsigned char *p, size_t len, struct rdl_buf *out)
{
	const unsigned char *end = p + len;
	unsigned char m;
	size_t n;

	if (len < 4)
		return false;
	rdl_buf_add(out, (const char *)p, 2);
	for (p += 2; end - p >= 4; p += n) {
		n = 1;
		m = p[1];
		if (p[0] != 0xff)
			return false;
		if (m == 0xff)	/* fill */
			continue;
		if (m == 0xda) {
			rdl_buf_add(out, (const char *)p, (size_t)(end - p));
			return true;
		}
		n = ((size_t)p[2] << 8 | p[3]) + 2;
		if (n < 4 || n > (size_t)(end - p))
			return false;
		if (m != 0xfe && (m < 0xe0 || m > 0xef || m == 0xe0 ||
		    m == 0xe2 || m == 0xee))
			rdl_buf_add(out, (const char *)p, n);
	}
	return false;
}

/* Chunks by RFC 9649; VP8X says in its flags which others there are. */
static bool
webp(const unsigned char *p, size_t len, struct rdl_buf *out)
{
	const unsigned char *end = p + len;
	size_t n, at, i;

	if (len < 12)
		return false;
	rdl_buf_add(out, (const char *)p, 12);
	for (p += 12; (size_t)(end - p) >= 8; p += n) {
		n = (size_t)little(p + 4) + 8;
		n += n & 1;
		if (n > (size_t)(end - p))
			return false;
		at = out->len;
		if (listed(p, "VP8 VP8LVP8XALPHANIMANMFICCP"))
			rdl_buf_add(out, (const char *)p, n);
		if (memcmp(p, "VP8X", 4) == 0 && n > 8 && out->len == at + n)
			out->p[at + 8] &= (char)~0x0c;	/* Exif, XMP */
	}
	if (p != end || rdl_buf_full(out))
		return false;
	for (i = 0; i < 4; i++)
		out->p[4 + i] = (char)((out->len - 8) >> 8 * i & 0xff);
	return true;
}

void
rdl_draw_plain(const struct rdl_image_info *info, const char *file, size_t len,
    struct rdl_buf *out)
{
	const unsigned char *p = (const unsigned char *)file;
	bool done = false;

	rdl_buf_reset(out);
	/* Exif that turns the picture is a part of it. */
	if (info->orientation > 1)
		;
	else if (strcmp(info->format, "png") == 0)
		done = png(p, len, out);
	else if (strcmp(info->format, "jpeg") == 0)
		done = jpeg(p, len, out);
	else if (strcmp(info->format, "webp") == 0)
		done = webp(p, len, out);
	if (done && !rdl_buf_full(out))
		return;
	rdl_buf_reset(out);
	rdl_buf_add(out, file, len);
}
