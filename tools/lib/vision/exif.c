/*
 * The orientation that EXIF data give (EXIF 2.32, 4.6.4.1.F; TIFF 6.0,
 * section 2).  Reads one tag of the first directory, nothing outside the given
 * bytes, and calls anything odd upright.
 */
#include <string.h>

#include "vision/image_impl.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3
#define ENTRY_LEN 12

struct tiff {
	const uint8_t *p;
	size_t len;
	bool big;		/* big-endian */
};

static uint32_t
get16(const struct tiff *t, size_t at)
{
	const uint8_t *p = t->p + at;

	return t->big ? (uint32_t)p[0] << 8 | p[1] :
	    (uint32_t)p[1] << 8 | p[0];
}

static uint32_t
get32(const struct tiff *t, size_t at)
{
	uint32_t a = get16(t, at), b = get16(t, at + 2);

	return t->big ? a << 16 | b : b << 16 | a;
}

/* Entries end where their number or the data end. */
static int
directory(const struct tiff *t, size_t at)
{
	uint32_t n, value;

	if (at > t->len - 2)
		return 1;
	n = get16(t, at);
	for (at += 2; n > 0 && t->len - at >= ENTRY_LEN; n--, at += ENTRY_LEN)
		if (get16(t, at) == TAG_ORIENTATION) {
			value = get16(t, at + 8);
			return get16(t, at + 2) == TYPE_SHORT &&
			    get32(t, at + 4) == 1 && value >= 1 &&
			    value <= 8 ? (int)value : 1;
		}
	return 1;
}

int
rdl_exif_orientation(const uint8_t *p, size_t len)
{
	struct tiff t = { p, len, false };

	if (len >= 6 && memcmp(p, "Exif\0", 5) == 0) {
		t.p += 6;
		t.len -= 6;
	}
	if (t.len < 8)
		return 1;
	t.big = t.p[0] == 'M';
	if (memcmp(t.p, t.big ? "MM\0*" : "II*\0", 4) != 0)
		return 1;
	return directory(&t, get32(&t, 4));
}
