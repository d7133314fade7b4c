/*
 * The bytes of an image: from a regular file or a data: URI (RFC 2397).
 * Reads files.  Does not fetch URLs and does not decode pixels.
 */
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/limits.h"
#include "model/base64.h"
#include "model/request.h"
#include "model/request_impl.h"

static bool
starts_with(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

/* data:[TYPE];base64,DIGITS with exactly one comma. */
static int
load_data(const char *uri, struct rdl_buf *out, struct rdl_err *err)
{
	static const char marker[] = ";base64";
	const size_t marker_len = sizeof(marker) - 1;
	const char *comma = strchr(uri, ',');
	size_t len, n;
	char *to;

	if (comma == NULL || strchr(comma + 1, ',') != NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "a data: URI must have exactly one comma");
	if ((size_t)(comma - uri) < marker_len ||
	    !starts_with(comma - marker_len, marker))
		return rdl_err_set(err, RDL_E_INPUT,
		    "a data: URI must be base64");
	len = strlen(comma + 1);
	to = rdl_buf_reserve(out, RDL_BASE64_BOUND(len));
	if (to == NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "data: URI is larger than %zu bytes", out->max);
	if (rdl_base64_decode((unsigned char *)to, &n, comma + 1, len) < 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the base64 of a data: URI is damaged");
	to[n] = '\0';
	out->len += n;
	return 0;
}

int
rdl_request_image_load(const char *uri, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct stat st;

	if (starts_with(uri, "data:"))
		return load_data(uri, out, err);
	if (strstr(uri, "://") != NULL)
		return rdl_err_set(err, RDL_E_INPUT, "%.*s: images are not "
		    "fetched here; riddle-image-ingest does that",
		    RDL_REQUEST_SHOWN, uri);
	/* A pipe could block for ever, and "-" is where records come from. */
	if (stat(uri, &st) < 0)
		return rdl_err_sys(err, RDL_E_INPUT, "%.*s",
		    RDL_REQUEST_SHOWN, uri);
	if (!S_ISREG(st.st_mode) || strcmp(uri, "-") == 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%.*s: not a regular file", RDL_REQUEST_SHOWN, uri);
	if (rdl_file_read(uri, out, err) < 0) {
		err->cls = RDL_E_INPUT;
		return -1;
	}
	return 0;
}

/* A BMP is told by its second header's size: "BM" alone is plain text. */
static bool
is_bmp(const unsigned char *s, size_t len)
{
	static const unsigned char sizes[] = { 12, 40, 52, 56, 64, 108, 124 };

	return len >= 26 && memcmp(s, "BM", 2) == 0 && s[15] == 0 &&
	    s[16] == 0 && s[17] == 0 &&
	    memchr(sizes, s[14], sizeof(sizes)) != NULL;
}

const char *
rdl_request_image_type(const char *p, size_t len)
{
	if (len >= 3 && memcmp(p, "\xff\xd8\xff", 3) == 0)
		return "image/jpeg";
	if (len >= 8 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0)
		return "image/png";
	if (len >= 6 && (memcmp(p, "GIF87a", 6) == 0 ||
	    memcmp(p, "GIF89a", 6) == 0))
		return "image/gif";
	if (len >= 12 && memcmp(p, "RIFF", 4) == 0 &&
	    memcmp(p + 8, "WEBP", 4) == 0)
		return "image/webp";
	return is_bmp((const unsigned char *)p, len) ? "image/bmp" : NULL;
}

int
rdl_request_image(const struct rdl_piece *p, struct rdl_buf *out,
    struct rdl_err *err)
{
	size_t start = out->len;
	struct rdl_sha256 now;

	if (rdl_request_image_load(p->uri, out, err) < 0)
		return -1;
	now = rdl_hash_sha256(out->p + start, out->len - start);
	if (memcmp(&now, &p->image, sizeof(now)) == 0)
		return 0;
	return rdl_err_set(err, RDL_E_INPUT,
	    "%.*s: the file was changed while riddle ran", RDL_REQUEST_SHOWN,
	    p->uri);
}
