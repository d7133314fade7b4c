/*
 * Parquet files: Thrift's bytes, levels of nested rows, bounds, row groups,
 * and the check of files that were cut or changed.  Readers of others are
 * asked in tests/peers/parquet.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "core/file.h"
#include "publish/check.h"
#include "publish/parquet_private.h"
#include "record/rec.h"

#define END { NULL, 0, NULL }

static const struct rdl_parquet_node text_element[] = {
	{ "element", RDL_PARQUET_TEXT, NULL }, END
};
static const struct rdl_parquet_node list_element[] = {
	{ "element", RDL_PARQUET_LIST, text_element }, END
};
static const struct rdl_parquet_node nested[] = {
	{ "id", RDL_PARQUET_TEXT, NULL },
	{ "deep", RDL_PARQUET_LIST, list_element },
	{ "real", RDL_PARQUET_REAL, NULL },
	{ "flag", RDL_PARQUET_FLAG, NULL },
	{ "image", RDL_PARQUET_IMAGE, NULL }, END
};
static const struct rdl_parquet_node flat[] = {
	{ "id", RDL_PARQUET_TEXT, NULL }, END
};

static char path[64];
static unsigned said;

static void
count_faults(const char *fmt, ...)
{
	(void)fmt;
	said++;
}

static int
temporary(void **state)
{
	int fd;

	(void)state;
	memcpy(path, "/tmp/riddle-parquet.XXXXXX", 27);
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	return close(fd);
}

static int
gone(void **state)
{
	(void)state;
	return unlink(path);
}

static const struct rdl_format *
parquet(void)
{
	const struct rdl_format *f = rdl_item_formats;

	while (strcmp(f->name, "parquet") != 0)
		f++;
	return f;
}

/* 0 if the file passes; err says what the check said. */
static int
check_file(struct rdl_err *err)
{
	rdl_err_clear(err);
	said = 0;
	return rdl_check_dataset(parquet(), path, NULL, count_faults, err);
}

static int
add(struct rdl_parquet *w, const char *json, const struct rdl_buf *blobs,
    size_t n, struct rdl_err *err)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	int rc;

	assert_non_null(doc);
	rc = rdl_parquet_row(w, yyjson_doc_get_root(doc), blobs, n, err);
	yyjson_doc_free(doc);
	return rc;
}

/* The footer of the file, as JSON text; see parquet_thrift.h. */
static yyjson_doc *
footer(void)
{
	struct rdl_buf file = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_buf json = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	const unsigned char *le;
	yyjson_doc *doc;
	size_t len, used;

	assert_int_equal(rdl_file_read(path, &file, &err), 0);
	le = (const unsigned char *)file.p + file.len - 8;
	len = le[0] | (size_t)le[1] << 8 | (size_t)le[2] << 16;
	assert_int_equal(rdl_parquet_thrift_json(file.p + file.len - 8 - len,
	    len, &json, &used, &err), 0);
	assert_int_equal(used, len);
	doc = yyjson_read(json.p, json.len, 0);
	assert_non_null(doc);
	rdl_buf_release(&file);
	rdl_buf_release(&json);
	return doc;
}

static void
expect_text(yyjson_doc *doc, const char *at, const char *want)
{
	assert_string_equal(yyjson_get_str(rdl_rec_at(
	    yyjson_doc_get_root(doc), at)), want);
}

static void
expect_int(yyjson_doc *doc, const char *at, int64_t want)
{
	yyjson_val *v = rdl_rec_at(yyjson_doc_get_root(doc), at);

	if (!yyjson_is_int(v))
		fail_msg("no number at %s", at);
	assert_int_equal(yyjson_get_sint(v), want);
}

/* -- Thrift --------------------------------------------------------------- */

/* By hand from the specification of the protocol. */
static void
test_thrift_bytes(void **state)
{
	static const unsigned char want[] = {
		0x15, 0x02,			/* 1: i32 1 */
		0x26, 0x03,			/* 3: i64 -2 */
		0x11,				/* 4: true */
		0x12,				/* 5: false */
		0x18, 0x02, 'h', 'i',		/* 6: "hi" */
		0x19, 0x25, 0xac, 0x02, 0x01,	/* 7: [150, -1] */
		0x1c, 0x15, 0x00, 0x00,		/* 8: {1: 0} */
		0x00
	};
	struct rdl_buf b = RDL_BUF_INIT(RDL_KIB), json = RDL_BUF_INIT(RDL_KIB);
	struct rdl_parquet_thrift t = RDL_PARQUET_THRIFT_INIT(&b);
	struct rdl_err err = RDL_ERR_INIT;
	size_t used;

	(void)state;
	rdl_parquet_thrift_begin(&t, 0);
	rdl_parquet_thrift_i32(&t, 1, 1);
	rdl_parquet_thrift_i64(&t, 3, -2);
	rdl_parquet_thrift_bool(&t, 4, true);
	rdl_parquet_thrift_bool(&t, 5, false);
	rdl_parquet_thrift_bytes(&t, 6, "hi", 2);
	rdl_parquet_thrift_list(&t, 7, RDL_THRIFT_I32, 2);
	rdl_parquet_thrift_item(&t, 150);
	rdl_parquet_thrift_item(&t, -1);
	rdl_parquet_thrift_begin(&t, 8);
	rdl_parquet_thrift_i32(&t, 1, 0);
	rdl_parquet_thrift_end(&t);
	rdl_parquet_thrift_end(&t);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.p, want, sizeof(want));
	assert_int_equal(rdl_parquet_thrift_json(b.p, b.len, &json, &used,
	    &err), 0);
	assert_int_equal(used, sizeof(want));
	assert_string_equal(json.p, "{\"1\":1,\"3\":-2,\"4\":true,\"5\":false,"
	    "\"6\":\"hi\",\"7\":[150,-1],\"8\":{\"1\":0}}");
	rdl_buf_release(&b);
	rdl_buf_release(&json);
}

static void
test_thrift_numbers(void **state)
{
	static const int64_t hard[] = { 0, 1, -1, 63, -64, 64, INT32_MAX,
		INT32_MIN, INT64_MAX, INT64_MIN };
	struct rdl_buf b = RDL_BUF_INIT(RDL_KIB), json = RDL_BUF_INIT(RDL_KIB);
	struct rdl_parquet_thrift t = RDL_PARQUET_THRIFT_INIT(&b);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i, used;

	(void)state;
	rdl_parquet_thrift_begin(&t, 0);
	for (i = 0; i < RDL_NELEM(hard); i++)
		rdl_parquet_thrift_i64(&t, (int)i + 1, hard[i]);
	rdl_parquet_thrift_list(&t, 11, RDL_THRIFT_TRUE, 20);
	for (i = 0; i < 20; i++)
		rdl_parquet_thrift_item_bool(&t, i == 7);
	rdl_parquet_thrift_end(&t);
	assert_int_equal(rdl_parquet_thrift_json(b.p, b.len, &json, &used,
	    &err), 0);
	assert_non_null(strstr(json.p, "{\"1\":0,\"2\":1,\"3\":-1,\"4\":63,"
	    "\"5\":-64,\"6\":64,\"7\":2147483647,\"8\":-2147483648,"
	    "\"9\":9223372036854775807,\"10\":-9223372036854775808,\"11\":["));
	/* Cut anywhere, it is an error, never a read behind the end. */
	for (i = 0; i < b.len; i++) {
		char *copy = malloc(i + 1);

		assert_non_null(copy);
		memcpy(copy, b.p, i);
		rdl_buf_reset(&json);
		assert_int_equal(rdl_parquet_thrift_json(copy, i, &json,
		    &used, &err), -1);
		free(copy);
	}
	rdl_buf_release(&b);
	rdl_buf_release(&json);
}

static void
test_thrift_hostile(void **state)
{
	static const struct {
		const char *p;
		size_t len;
	} bad[] = {
		{ "\x19\xfc\xff\xff\xff\xff\x0f", 7 },	/* 4 G structs */
		{ "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
		{ "\x16\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 13 },
		{ "\x1d\x00", 2 },			/* no such type */
		{ "\x1b\x01\x00", 3 },			/* a map */
		{ "\x05\x80\x80\x80\x80\x10\x02", 7 }	/* id of 32 bits */
	};
	struct rdl_buf json = RDL_BUF_INIT(RDL_KIB);
	struct rdl_err err = RDL_ERR_INIT;
	char deep[200];
	size_t i, used;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		rdl_buf_reset(&json);
		assert_int_equal(rdl_parquet_thrift_json(bad[i].p, bad[i].len,
		    &json, &used, &err), -1);
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
	memset(deep, 0x1c, sizeof(deep));
	assert_int_equal(rdl_parquet_thrift_json(deep, sizeof(deep), &json,
	    &used, &err), -1);
	rdl_buf_release(&json);
}

/* -- rows ----------------------------------------------------------------- */

/*
 * Levels by hand from the paper's rules (Dremel, VLDB 2010, section 4.1):
 * a list of lists of texts has definition levels 0 (null), 1 (empty), 2 (null
 * list in it), 3 (empty one), 4 (null text) and 5.
 */
static void
test_levels(void **state)
{
	static const char *const rows[] = { "{\"deep\":null}",
		"{\"deep\":[]}", "{\"deep\":[null,[],[null,\"a\"],[\"b\"]]}",
		"{\"deep\":[[\"c\",\"d\"]]}" };
	static const char defs[] = { 0, 1, 2, 3, 4, 5, 5, 5, 5 };
	static const char reps[] = { 0, 0, 0, 1, 1, 2, 1, 0, 2 };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_parquet *w = rdl_parquet_open(path, nested, 0, &err);
	const struct rdl_parquet_leaf *c;
	size_t i;

	(void)state;
	assert_non_null(w);
	for (i = 0; i < RDL_NELEM(rows); i++)
		assert_int_equal(add(w, rows[i], NULL, 0, &err), 0);
	c = &w->leaves[1];
	assert_int_equal(c->max_def, 5);
	assert_int_equal(c->max_rep, 2);
	assert_int_equal(c->defs.len, sizeof(defs));
	assert_memory_equal(c->defs.p, defs, sizeof(defs));
	assert_memory_equal(c->reps.p, reps, sizeof(reps));
	assert_memory_equal(c->values.p,
	    "\1\0\0\0a\1\0\0\0b\1\0\0\0c\1\0\0\0d", 20);
	assert_int_equal(rdl_parquet_close(w, &err), 0);
}

static void
test_bad_rows(void **state)
{
	static const char *const bad[] = { "{\"id\":1}", "{\"deep\":\"a\"}",
		"{\"deep\":[\"a\"]}", "{\"deep\":[[1]]}", "{\"real\":\"1\"}",
		"{\"flag\":0}", "{\"image\":{}}", "{\"image\":\"a.png\"}" };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf blob = RDL_BUF_INIT(RDL_KIB);
	struct rdl_parquet *w = rdl_parquet_open(path, nested, 0, &err);
	yyjson_doc *doc;
	size_t i;

	(void)state;
	assert_non_null(w);
	rdl_buf_adds(&blob, "\x89PNG\r\n\x1a\n");
	for (i = 0; i < RDL_NELEM(bad); i++) {
		rdl_err_clear(&err);
		assert_int_equal(add(w, bad[i], NULL, 0, &err), -1);
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
	assert_int_equal(add(w, "{}", &blob, 1, &err), -1);
	assert_int_equal(add(w, "{\"id\":\"x\",\"image\":\"a\",\"else\":1}",
	    &blob, 1, &err), 0);
	assert_int_equal(rdl_parquet_close(w, &err), 0);
	doc = footer();
	expect_int(doc, "3", 1);
	expect_int(doc, "4/0/1/0/3/5", 1);	/* values of the first leaf */
	yyjson_doc_free(doc);
	rdl_buf_release(&blob);
}

static void
test_no_rows(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_parquet *w = rdl_parquet_open(path, nested, 0, &err);
	yyjson_doc *doc;

	(void)state;
	assert_non_null(w);
	assert_int_equal(rdl_parquet_close(w, &err), 0);
	assert_int_equal(check_file(&err), 0);
	doc = footer();
	expect_int(doc, "3", 0);
	expect_text(doc, "5/0/1", "huggingface");
	expect_text(doc, "5/0/2", "{\"info\":{\"features\":{"
	    "\"id\":{\"dtype\":\"string\",\"_type\":\"Value\"},"
	    "\"deep\":[[{\"dtype\":\"string\",\"_type\":\"Value\"}]],"
	    "\"real\":{\"dtype\":\"float64\",\"_type\":\"Value\"},"
	    "\"flag\":{\"dtype\":\"bool\",\"_type\":\"Value\"},"
	    "\"image\":{\"_type\":\"Image\"}}}}");
	yyjson_doc_free(doc);
}

static void
test_no_place(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_null(rdl_parquet_open("/nowhere/at/all", flat, 0, &err));
	assert_int_equal(err.cls, RDL_E_IO);
	rdl_parquet_abandon(NULL);
}

/* 250 rows with pictures: groups of 100, 100 and 50. */
static void
test_groups(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf blob = RDL_BUF_INIT(RDL_KIB);
	struct rdl_buf row = RDL_BUF_INIT(RDL_KIB);
	struct rdl_parquet *w = rdl_parquet_open(path, nested, 0, &err);
	yyjson_doc *doc;
	int i;

	(void)state;
	assert_non_null(w);
	rdl_buf_adds(&blob, "GIF89a");
	rdl_buf_add(&blob, "\1\0\1\0\0\0\0", 7);
	for (i = 0; i < 250; i++) {
		rdl_buf_reset(&row);
		rdl_buf_addf(&row, "{\"id\":\"%03d\",\"image\":\"p/%d\","
		    "\"real\":%d.5,\"flag\":%s}", i, i, i - 100,
		    i % 3 == 0 ? "true" : "false");
		assert_int_equal(add(w, row.p, &blob, 1, &err), 0);
	}
	assert_int_equal(rdl_parquet_close(w, &err), 0);
	doc = footer();
	expect_int(doc, "3", 250);
	expect_int(doc, "4/0/3", 100);
	expect_int(doc, "4/1/3", 100);
	expect_int(doc, "4/2/3", 50);
	expect_text(doc, "4/1/1/0/3/12/6", "100");	/* least id */
	expect_text(doc, "4/1/1/0/3/12/5", "199");
	expect_int(doc, "4/1/1/4/3/4", RDL_PARQUET_NONE);
	expect_int(doc, "4/1/1/5/3/4", RDL_PARQUET_ZSTD);
	yyjson_doc_free(doc);
	rdl_buf_release(&blob);
	rdl_buf_release(&row);
}

/* The bounds of one text column: what the footer says, for one text. */
static void
bounds_of(const char *text, const char *least, const char *greatest)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_parquet *w = rdl_parquet_open(path, flat, 0, &err);
	struct rdl_buf row = RDL_BUF_INIT(RDL_KIB);
	yyjson_doc *doc;

	assert_non_null(w);
	rdl_buf_adds(&row, "{\"id\":");
	rdl_buf_addjson(&row, text, strlen(text));
	rdl_buf_addc(&row, '}');
	assert_int_equal(add(w, row.p, NULL, 0, &err), 0);
	assert_int_equal(add(w, "{}", NULL, 0, &err), 0);
	assert_int_equal(rdl_parquet_close(w, &err), 0);
	doc = footer();
	expect_text(doc, "4/0/1/0/3/12/6", least);
	expect_text(doc, "4/0/1/0/3/12/5", greatest);
	expect_int(doc, "4/0/1/0/3/12/3", 1);
	assert_int_equal(yyjson_get_bool(rdl_rec_at(yyjson_doc_get_root(doc),
	    "4/0/1/0/3/12/8")), strcmp(text, least) == 0);
	yyjson_doc_free(doc);
	rdl_buf_release(&row);
	assert_int_equal(check_file(&err), 0);
}

#define S10 "0123456789"
#define S60 S10 S10 S10 S10 S10 S10
#define LAST "\xf4\x8f\xbf\xbf"		/* U+10FFFF */
#define LAST4 LAST LAST LAST LAST
#define LAST16 LAST4 LAST4 LAST4 LAST4

static void
test_bounds(void **state)
{
	(void)state;
	bounds_of("", "", "");
	bounds_of(S60 "abcd", S60 "abcd", S60 "abcd");
	bounds_of(S60 "abcde", S60 "abcd", S60 "abce");
	/* No character is cut in two. */
	bounds_of(S60 "abc\xc3\xa9", S60 "abc", S60 "abd");
	bounds_of(S60 "a\xc3\xa9x", S60 "a\xc3\xa9x", S60 "a\xc3\xa9x");
	/* The greatest before the surrogates is followed by that behind. */
	bounds_of(S60 "\xed\x9f\xbf" "aa", S60 "\xed\x9f\xbf" "a",
	    S60 "\xed\x9f\xbf" "b");
	bounds_of(S60 "a\xed\x9f\xbf" "b", S60 "a\xed\x9f\xbf",
	    S60 "a\xee\x80\x80");
	/* A character without a successor is left out, or the text is kept. */
	bounds_of(S60 LAST "a", S60 LAST, "012345678901234567890123456789"
	    "01234567890123456789012345678:");
	bounds_of(LAST16 "a", LAST16, LAST16 "a");
}

/* Pages of a column that rises, and the index of them. */
static void
test_pages(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_parquet *w = rdl_parquet_open(path, flat, 0, &err);
	struct rdl_buf row = RDL_BUF_INIT(RDL_KIB);
	struct rdl_buf file = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_buf json = RDL_BUF_INIT(RDL_FILE_MAX);
	yyjson_doc *doc, *index;
	yyjson_val *root;
	size_t at, len, used;
	int i;

	(void)state;
	assert_non_null(w);
	for (i = 0; i < 50000; i++) {
		rdl_buf_reset(&row);
		rdl_buf_addf(&row, "{\"id\":\"%06d\"}", i);
		assert_int_equal(add(w, i >= 20000 && i < 40000 ? "{}" :
		    row.p, NULL, 0, &err), 0);
	}
	assert_int_equal(rdl_parquet_close(w, &err), 0);
	doc = footer();
	root = rdl_rec_at(yyjson_doc_get_root(doc), "4/0/1/0");
	assert_int_equal(rdl_file_read(path, &file, &err), 0);
	at = yyjson_get_uint(yyjson_obj_get(root, "6"));
	len = yyjson_get_uint(yyjson_obj_get(root, "7"));
	assert_int_equal(rdl_parquet_thrift_json(file.p + at, len, &json,
	    &used, &err), 0);
	assert_int_equal(used, len);
	assert_string_equal(json.p, "{\"1\":[false,true,false],"
	    "\"2\":[\"000000\",\"\",\"040000\"],"
	    "\"3\":[\"019999\",\"\",\"049999\"],\"4\":1,\"5\":[0,20000,0]}");
	rdl_buf_reset(&json);
	at = yyjson_get_uint(yyjson_obj_get(root, "4"));
	len = yyjson_get_uint(yyjson_obj_get(root, "5"));
	assert_int_equal(rdl_parquet_thrift_json(file.p + at, len, &json,
	    &used, &err), 0);
	index = yyjson_read(json.p, json.len, 0);
	expect_int(index, "1/0/1", 4);
	expect_int(index, "1/1/3", 20000);
	expect_int(index, "1/2/3", 40000);
	expect_int(index, "2/0", 120000);
	expect_int(index, "2/1", 0);
	yyjson_doc_free(index);
	yyjson_doc_free(doc);
	rdl_buf_release(&row);
	rdl_buf_release(&file);
	rdl_buf_release(&json);
	assert_int_equal(check_file(&err), 0);
}

/* -- the check ------------------------------------------------------------ */

/* A small whole file; returns the number of bytes before its footer. */
static size_t
whole(struct rdl_buf *file)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf blob = RDL_BUF_INIT(RDL_KIB);
	struct rdl_parquet *w = rdl_parquet_open(path, nested, 0, &err);
	const unsigned char *le;

	assert_non_null(w);
	rdl_buf_adds(&blob, "GIF89a");
	rdl_buf_add(&blob, "\1\0\1\0\0\0\0", 7);
	assert_int_equal(add(w, "{\"id\":\"a\",\"deep\":[[\"x\"],[]],"
	    "\"real\":1,\"flag\":true,\"image\":\"a.gif\"}", &blob, 1, &err),
	    0);
	assert_int_equal(add(w, "{\"id\":\"b\"}", NULL, 0, &err), 0);
	assert_int_equal(rdl_parquet_close(w, &err), 0);
	assert_int_equal(check_file(&err), 0);
	rdl_buf_release(&blob);
	assert_int_equal(rdl_file_read(path, file, &err), 0);
	le = (const unsigned char *)file->p + file->len - 8;
	return file->len - 8 - (le[0] | (size_t)le[1] << 8);
}

static void
put_file(const char *p, size_t len)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_file_write(path, p, len, &err), 0);
}

static void
test_cut(void **state)
{
	struct rdl_buf file = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	(void)whole(&file);
	for (i = 0; i < file.len; i += i < 64 || i + 64 > file.len ? 1 : 17) {
		put_file(file.p, i);
		if (check_file(&err) == 0)
			fail_msg("passes when cut to %zu bytes", i);
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
	rdl_buf_release(&file);
}

/* A changed byte of a page's body is found; one anywhere harms nobody. */
static void
test_changed(void **state)
{
	struct rdl_buf file = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i, end = whole(&file), found = 0;

	(void)state;
	for (i = 0; i < file.len; i++) {
		file.p[i] = (char)(file.p[i] ^ 0x11);
		put_file(file.p, file.len);
		found += check_file(&err) < 0;
		file.p[i] = (char)(file.p[i] ^ 0x11);
	}
	/* Not found: changes of statistics, indexes and names. */
	if (found < end / 2)
		fail_msg("%zu of %zu changes found", found, file.len);
	rdl_buf_release(&file);
}

static void
test_same_id(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf blob = RDL_BUF_INIT(RDL_KIB);
	struct rdl_parquet *w = rdl_parquet_open(path, nested, 0, &err);

	(void)state;
	assert_non_null(w);
	rdl_buf_adds(&blob, "no picture");
	assert_int_equal(add(w, "{\"id\":\"a\"}", NULL, 0, &err), 0);
	assert_int_equal(add(w, "{\"id\":\"a\",\"image\":\"x\"}", &blob, 1,
	    &err), 0);
	assert_int_equal(rdl_parquet_close(w, &err), 0);
	assert_int_equal(check_file(&err), -1);
	assert_int_equal(said, 2);
	rdl_buf_release(&blob);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thrift_bytes),
		cmocka_unit_test(test_thrift_numbers),
		cmocka_unit_test(test_thrift_hostile),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_bad_rows),
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_same_id),
	};

	return cmocka_run_group_tests(tests, temporary, gone);
}
