/*
 * What a file is by its name and by its first bytes.
 * Reads a few bytes.  Does not say that a file is sound: the decoder does.
 */
#include <string.h>
#include <strings.h>

#include "vision/walk_private.h"

static const char *const image_endings[] = { ".jpg", ".jpeg", ".jpe",
	".jfif", ".png", ".gif", ".bmp", ".webp", ".tga", ".psd", ".hdr",
	".pnm", ".ppm", ".pgm", NULL };

static const char *const shard_endings[] = { ".tar", ".tar.gz", ".tgz",
	".tar.zst", ".tar.xz", ".tar.bz2", NULL };

bool
rdl_walk_name_ends(const char *name, const char *ending)
{
	size_t n = strlen(name), e = strlen(ending);

	return n > e && strcasecmp(name + n - e, ending) == 0;
}

static bool
ends_in_any(const char *name, const char *const *endings)
{
	const char *slash = strrchr(name, '/');

	if (slash != NULL)
		name = slash + 1;
	for (; *endings != NULL; endings++)
		if (rdl_walk_name_ends(name, *endings))
			return true;
	return false;
}

bool
rdl_walk_name_is_image(const char *name)
{
	return ends_in_any(name, image_endings);
}

bool
rdl_walk_is_shard(const char *path)
{
	return ends_in_any(path, shard_endings);
}

bool
rdl_walk_is_url(const char *path)
{
	return strncasecmp(path, "http://", 7) == 0 ||
	    strncasecmp(path, "https://", 8) == 0;
}

/* TGA has no mark, and that of PNM is two letters: those go by name alone. */
bool
rdl_walk_name_is_magic(const void *head, size_t len)
{
	static const struct {
		size_t at, len;
		const char *bytes;
	} marks[] = {
		{ 0, 3, "\xff\xd8\xff" },		/* JPEG */
		{ 0, 8, "\x89PNG\r\n\x1a\n" },
		{ 0, 6, "GIF87a" },
		{ 0, 6, "GIF89a" },
		{ 8, 4, "WEBP" },			/* behind RIFF, size */
		{ 0, 4, "8BPS" },			/* Photoshop */
		{ 0, 10, "#?RADIANCE" },		/* HDR */
	};
	const char *p = head;
	size_t i;

	for (i = 0; i < RDL_NELEM(marks); i++)
		if (marks[i].at + marks[i].len <= len &&
		    memcmp(p + marks[i].at, marks[i].bytes,
		    marks[i].len) == 0)
			return marks[i].at == 0 || memcmp(p, "RIFF", 4) == 0;
	/* BMP: two letters, a size, and two fields that are zero. */
	return len >= 10 && p[0] == 'B' && p[1] == 'M' &&
	    memcmp(p + 6, "\0\0\0\0", 4) == 0;
}
