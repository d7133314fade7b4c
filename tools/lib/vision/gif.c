/*
 * What the head of a GIF file says of its first frame (GIF89a, W3C).
 * Reads a file in memory; decodes nothing.
 */
#include "vision/image_impl.h"

#define SCREEN_LEN 13		/* signature and logical screen descriptor */
#define EXTENSION 0x21
#define IMAGE 0x2c
#define GRAPHIC_CONTROL 0xf9

static uint32_t
get16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

/* Behind the sub-blocks at at. */
static size_t
skip_blocks(const uint8_t *p, size_t len, size_t at)
{
	while (at < len && p[at] != 0)
		at += (size_t)p[at] + 1;
	return at + 1;
}

/* A frame that does not cover the screen leaves the rest transparent. */
static bool
covers(const uint8_t *p, const uint8_t *frame)
{
	return get16(frame + 1) == 0 && get16(frame + 3) == 0 &&
	    get16(frame + 5) >= get16(p + 6) &&
	    get16(frame + 7) >= get16(p + 8);
}

bool
rdl_gif_alpha(const uint8_t *p, size_t len)
{
	size_t at = SCREEN_LEN;
	bool clear = false;

	if (len < SCREEN_LEN)
		return false;
	if (p[10] & 0x80)
		at += (size_t)3 << ((p[10] & 7) + 1);
	while (at < len && len - at > 9) {
		if (p[at] == IMAGE)
			return clear || !covers(p, p + at);
		if (p[at] != EXTENSION)
			break;
		if (p[at + 1] == GRAPHIC_CONTROL)
			clear = (p[at + 3] & 1) != 0;
		at = skip_blocks(p, len, at + 2);
	}
	return false;
}
