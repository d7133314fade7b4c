/*
 * Requests: how rendered messages and images become turns, which images are
 * refused, and base64 (RFC 4648, section 10 for its vectors).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"
#include "core/limits.h"
#include "model/base64.h"
#include "model/request.h"

#define PNG "\x89PNG\r\n\x1a\n-a picture-"
#define PNG_LEN (sizeof(PNG) - 1)

static char dir[64];

static char *
path(const char *name)
{
	static char out[4][128];
	static size_t turn;
	char *p = out[turn++ % 4];

	(void)snprintf(p, sizeof(out[0]), "%s/%s", dir, name);
	return p;
}

static const char *
write_file(const char *name, const char *bytes, size_t len)
{
	struct rdl_err err = RDL_ERR_INIT;
	const char *p = path(name);

	assert_int_equal(rdl_file_write(p, bytes, len, &err), 0);
	return p;
}

/* Fill a request from parts of one user message; 0 or -1. */
static int
fill(struct rdl_request *r, struct rdl_part *parts, size_t n,
    enum rdl_image_mode mode, struct rdl_arena *arena, struct rdl_err *err)
{
	struct rdl_message m = { RDL_ROLE_USER, parts, n };
	struct rdl_messages all = { &m, 1 };

	memset(r, 0, sizeof(*r));
	return rdl_request_fill(r, &all, mode, arena, err);
}

static struct rdl_part
text_part(const char *s)
{
	return (struct rdl_part){ false, s, strlen(s), NULL, 0 };
}

static struct rdl_part
media_part(const char *uri, const char *caption)
{
	return (struct rdl_part){ true, uri, strlen(uri), caption,
	    caption == NULL ? 0 : strlen(caption) };
}

static void
assert_text(const struct rdl_piece *p, const char *want)
{
	assert_non_null(p->text);
	assert_string_equal(p->text, want);
	assert_int_equal(p->len, strlen(want));
}

static void
test_fill_modes(void **state)
{
	struct rdl_arena arena = RDL_ARENA_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_sha256 want = rdl_hash_sha256(PNG, PNG_LEN);
	const char *file = write_file("a.png", PNG, PNG_LEN);
	struct rdl_part parts[] = { text_part("See "),
		media_part(file, "a red fox"), text_part(" and "),
		text_part("answer.") };
	struct rdl_piece *p;
	struct rdl_request r;

	(void)state;
	assert_int_equal(fill(&r, parts, 4, RDL_IMAGE_PIXELS, &arena, &err),
	    0);
	assert_int_equal(r.nturns, 1);
	assert_int_equal(r.turns[0].npieces, 3);
	p = r.turns[0].pieces;
	assert_text(&p[0], "See ");
	assert_null(p[1].text);
	assert_memory_equal(&p[1].image, &want, sizeof(want));
	assert_string_equal(p[1].media_type, "image/png");
	assert_string_equal(p[1].uri, file);
	assert_ptr_not_equal(p[1].uri, file);	/* a copy */
	assert_int_equal(p[1].bytes, PNG_LEN);
	assert_text(&p[2], " and answer.");

	assert_int_equal(fill(&r, parts, 4, RDL_IMAGE_BOTH, &arena, &err), 0);
	assert_int_equal(r.turns[0].npieces, 3);
	assert_null(r.turns[0].pieces[1].text);
	assert_text(&r.turns[0].pieces[2], "a red fox and answer.");

	/* With captions the file need not even be there. */
	parts[1] = media_part("no/such/file.png", "a red fox");
	assert_int_equal(fill(&r, parts, 4, RDL_IMAGE_CAPTION, &arena, &err),
	    0);
	assert_int_equal(r.turns[0].npieces, 1);
	assert_text(&r.turns[0].pieces[0], "See a red fox and answer.");
	rdl_arena_release(&arena);
}

static void
test_fill_empty_and_nul(void **state)
{
	struct rdl_arena arena = RDL_ARENA_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_part nul = { false, "a\0b", 3, NULL, 0 };
	struct rdl_messages none = { NULL, 0 };
	struct rdl_request r;

	(void)state;
	assert_int_equal(fill(&r, NULL, 0, RDL_IMAGE_PIXELS, &arena, &err),
	    0);
	assert_int_equal(r.turns[0].npieces, 1);
	assert_text(&r.turns[0].pieces[0], "");
	assert_int_equal(fill(&r, &nul, 1, RDL_IMAGE_PIXELS, &arena, &err),
	    0);
	assert_int_equal(r.turns[0].pieces[0].len, 3);
	assert_memory_equal(r.turns[0].pieces[0].text, "a\0b", 4);
	assert_int_equal(rdl_request_fill(&r, &none, RDL_IMAGE_PIXELS, &arena,
	    &err), 0);
	assert_int_equal(r.nturns, 0);
	rdl_request_add_text(&r, RDL_ROLE_MODEL, "no", 2, &arena);
	rdl_request_add_text(&r, RDL_ROLE_USER, "again", 5, &arena);
	assert_int_equal(r.nturns, 2);
	assert_int_equal(r.turns[0].role, RDL_ROLE_MODEL);
	assert_text(&r.turns[0].pieces[0], "no");
	assert_text(&r.turns[1].pieces[0], "again");
	rdl_arena_release(&arena);
}

static void
refuse_image(const char *uri, size_t len, const char *why)
{
	struct rdl_arena arena = RDL_ARENA_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_part part = { true, uri, len, NULL, 0 };
	struct rdl_request r;

	assert_int_equal(fill(&r, &part, 1, RDL_IMAGE_PIXELS, &arena, &err),
	    -1);
	assert_int_equal(err.cls, RDL_E_INPUT);
	if (strstr(err.msg, why) == NULL)
		fail_msg("'%s' is not in: %s", why, err.msg);
	rdl_arena_release(&arena);
}

static void
refuse_uri(const char *uri, const char *why)
{
	refuse_image(uri, strlen(uri), why);
}

static void
test_fill_refuses_images(void **state)
{
	struct rdl_arena arena = RDL_ARENA_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_part part = media_part("x", NULL);
	struct rdl_request r;
	const char *fifo = path("fifo");

	(void)state;
	refuse_uri(path("none.png"), "No such file");
	refuse_uri(dir, "not a regular file");
	refuse_uri("/dev/zero", "not a regular file");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	refuse_uri(fifo, "not a regular file");		/* and does not hang */
	refuse_uri("-", "");
	refuse_uri("", "empty");
	refuse_image("a\0b", 3, "NUL");
	refuse_uri("https://example.org/a.png", "not fetched");
	refuse_uri("file:///etc/passwd", "not fetched");
	refuse_uri(write_file("t.png", "just text", 9), "not a JPEG");
	refuse_uri(write_file("e.png", "", 0), "not a JPEG");
	refuse_uri(write_file("b.bmp", "BMs are plain words, not images", 31),
	    "not a JPEG");
	refuse_uri("data:image/png;base64", "exactly one comma");
	refuse_uri("data:image/png;base64,iVBORw0KGgo=,", "exactly one comma");
	refuse_uri("data:image/png,iVBORw0KGgo=", "must be base64");
	refuse_uri("data:,iVBORw0KGgo=", "must be base64");
	refuse_uri("data:image/png;base64,iVBORw0KGgo", "damaged");
	refuse_uri("data:image/png;base64,iVBO Rw0KGgo=", "damaged");
	refuse_uri("data:image/png;base64,", "not a JPEG");
	refuse_uri("data:image/png;base64,QUJD", "not a JPEG");
	assert_int_equal(fill(&r, &part, 1, RDL_IMAGE_BOTH, &arena, &err),
	    -1);
	assert_non_null(strstr(err.msg, "no caption"));
	part = media_part("x", "");
	assert_int_equal(fill(&r, &part, 1, RDL_IMAGE_CAPTION, &arena, &err),
	    -1);
	assert_non_null(strstr(err.msg, "no caption"));
	rdl_arena_release(&arena);
}

static void
test_image_larger_than_the_maximum(void **state)
{
	const char *p = write_file("huge.png", PNG, PNG_LEN);

	(void)state;
	assert_int_equal(truncate(p, (off_t)RDL_IMAGE_MAX + 1), 0);
	refuse_uri(p, "larger than");
	assert_int_equal(unlink(p), 0);
}

static void
test_media_types(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *type;
	} kinds[] = {
		{ "\xff\xd8\xff\xe0", 4, "image/jpeg" },
		{ PNG, PNG_LEN, "image/png" },
		{ "GIF87a", 6, "image/gif" }, { "GIF89a...", 9, "image/gif" },
		{ "RIFF\x10\0\0\0WEBPVP8 ", 16, "image/webp" },
		{ "BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\1\0\1\0\1\0\x18\0"
		    "\0\0\0\0", 30, "image/bmp" },
	};
	struct rdl_arena arena = RDL_ARENA_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_request r;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(kinds); i++) {
		/* The name lies; the bytes decide. */
		struct rdl_part part = media_part(write_file("k.tiff",
		    kinds[i].bytes, kinds[i].len), NULL);

		assert_int_equal(fill(&r, &part, 1, RDL_IMAGE_PIXELS, &arena,
		    &err), 0);
		assert_string_equal(r.turns[0].pieces[0].media_type,
		    kinds[i].type);
	}
	rdl_arena_release(&arena);
}

static void
test_image_bytes_come_back(void **state)
{
	struct rdl_arena arena = RDL_ARENA_INIT;
	struct rdl_buf out = RDL_BUF_INIT(RDL_IMAGE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	const char *file = write_file("c.png", PNG, PNG_LEN);
	struct rdl_part parts[] = { media_part(file, NULL),
		/* declared as JPEG, but it is a GIF */
		media_part("data:image/jpeg;BASE64,R0lGODlh", NULL) };
	struct rdl_request r;

	(void)state;
	assert_int_equal(fill(&r, parts, 2, RDL_IMAGE_PIXELS, &arena, &err),
	    0);
	assert_int_equal(rdl_request_image(&r.turns[0].pieces[0], &out, &err),
	    0);
	assert_int_equal(out.len, PNG_LEN);
	assert_memory_equal(out.p, PNG, PNG_LEN);
	assert_int_equal(rdl_request_image(&r.turns[0].pieces[1], &out, &err),
	    0);
	assert_memory_equal(out.p + PNG_LEN, "GIF89a", 6);
	assert_string_equal(r.turns[0].pieces[1].media_type, "image/gif");
	(void)write_file("c.png", PNG "!", PNG_LEN + 1);
	assert_int_equal(rdl_request_image(&r.turns[0].pieces[0], &out, &err),
	    -1);
	assert_non_null(strstr(err.msg, "changed"));
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rdl_request_image(&r.turns[0].pieces[0], &out, &err),
	    -1);
	rdl_buf_release(&out);
	rdl_arena_release(&arena);
}

static void
test_base64_is_rfc4648(void **state)
{
	static const char *const good[] = { "", "Zg==", "Zm8=", "Zm9v",
		"Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "+/+/" };
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zh==", "Zm9=",
		"Zm9v\n", "Zm9vYg==Zm9v", "====", "Z===", "=m9v", "Zm=v",
		"Zm-_", "Zm 9", "Zm9vYmF\x80" };
	unsigned char out[16];
	size_t i, n;

	(void)state;
	for (i = 0; i < RDL_NELEM(good); i++) {
		assert_int_equal(rdl_base64_decode(out, &n, good[i],
		    strlen(good[i])), 0);
		if (i < 7) {
			assert_int_equal(n, i);
			assert_memory_equal(out, "foobar", i);
		}
	}
	assert_memory_equal(out, "\xfb\xff\xbf", 3);
	for (i = 0; i < RDL_NELEM(bad); i++)
		if (rdl_base64_decode(out, &n, bad[i], strlen(bad[i])) == 0)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(rdl_base64_decode(out, &n, "Zg\0=", 4), -1);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/riddle-request-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "a.png", "fifo", "t.png",
		"e.png", "b.bmp", "k.tiff" };
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(names); i++)
		(void)unlink(path(names[i]));
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill_modes),
		cmocka_unit_test(test_fill_empty_and_nul),
		cmocka_unit_test(test_fill_refuses_images),
		cmocka_unit_test(test_image_larger_than_the_maximum),
		cmocka_unit_test(test_media_types),
		cmocka_unit_test(test_image_bytes_come_back),
		cmocka_unit_test(test_base64_is_rfc4648),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
