/*
 * What a worker says of a file, written and read with care.
 * Reads memory that a hostile process may change at any moment.  Does not
 * look at pixels: any bytes are pixels.
 */
#include <stdio.h>
#include <string.h>

#include "vision/pool_private.h"

/* Copy text that may lack its NUL; what is not printable becomes '?'. */
static void
copy_text(char *out, size_t size, const char *from)
{
	size_t i;

	for (i = 0; i + 1 < size && from[i] != '\0'; i++)
		out[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	out[i] = '\0';
}

void
rdl_pool_reply_fail(struct rdl_pool_reply *reply, const char *rule,
    const char *why)
{
	reply->ok = 0;
	(void)snprintf(reply->rule, sizeof(reply->rule), "%s", rule);
	(void)snprintf(reply->why, sizeof(reply->why), "%s", why);
}

static bool
is_word(const char *p, size_t size)
{
	size_t n = strnlen(p, size);

	return n > 0 && n < size &&
	    strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

static bool
is_rule(const char *rule)
{
	static const char *const rules[] = { "decode", "memory", "pixels" };
	size_t i;

	for (i = 0; i < RDL_NELEM(rules); i++)
		if (strcmp(rules[i], rule) == 0)
			return true;
	return false;
}

/* Can this be an image that the job was asked for? */
static bool
is_sane(const struct rdl_pool_reply *r, const struct rdl_pool_opts *opts)
{
	return is_word(r->format, sizeof(r->format)) &&
	    r->width > 0 && r->height > 0 &&
	    (uint64_t)r->width * r->height <= opts->image.max_pixels &&
	    r->orientation >= 1 && r->orientation <= 8 &&
	    (r->has_crop != 0) == (opts->crop.size > 0);
}

void
rdl_pool_reply_read(const struct rdl_pool_slot *slot,
    const struct rdl_pool_opts *opts, struct rdl_pool_result *r)
{
	struct rdl_pool_reply reply;

	memcpy(&reply, &slot->reply, sizeof(reply));
	memset(&r->info, 0, sizeof(r->info));
	r->phash = 0;
	r->ok = reply.ok != 0;
	if (!r->ok) {
		copy_text(r->rule, sizeof(r->rule), reply.rule);
		copy_text(r->why, sizeof(r->why), reply.why);
	}
	if (r->ok ? !is_sane(&reply, opts) : !is_rule(r->rule)) {
		r->ok = false;
		(void)snprintf(r->rule, sizeof(r->rule), "crash");
		(void)snprintf(r->why, sizeof(r->why),
		    "the decoder gave an answer that cannot be true");
	}
	if (!r->ok)
		return;
	memcpy(r->info.format, reply.format, sizeof(r->info.format));
	r->info.width = reply.width;
	r->info.height = reply.height;
	r->info.orientation = reply.orientation;
	r->info.alpha = reply.alpha != 0;
	r->phash = reply.phash;
}
