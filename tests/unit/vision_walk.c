/*
 * The walk: order, accounting, and what must not be opened, followed or
 * believed.  Shards are written by hand (POSIX.1-1988 ustar), so that names
 * and lengths can lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "vision/walk.h"

#define PNG "\x89PNG\r\n\x1a\n"

static void
make(const char *path, const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_file_write(path, text, strlen(text), &err) < 0)
		fail_msg("%s", err.msg);
}

/* Walk paths and lists; what comes, a line each, into out: "= PATH TEXT" and
 * the caption in brackets, "+ URL", "- PATH RULE" (dropped), "! PATH RULE". */
static int
walk(const char *const *paths, const char *const *lists, bool captions,
    bool members, struct rdl_buf *out)
{
	struct rdl_walk_opts opts = { captions, members };
	struct rdl_strs p = { NULL, 0 }, l = { NULL, 0 };
	struct rdl_walk_item item;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_walk *w;
	const char *first;
	int rc;

	for (; paths != NULL && *paths != NULL; paths++)
		rdl_strs_add(&p, *paths);
	for (; lists != NULL && *lists != NULL; lists++)
		rdl_strs_add(&l, *lists);
	w = rdl_walk_new(&p, &l, &opts);
	rdl_buf_reset(out);
	while ((rc = rdl_walk_next(w, &item, &err)) > 0) {
		if (item.kind == RDL_WALK_URL)
			rdl_buf_addf(out, "+ %s", item.path);
		else if (item.kind == RDL_WALK_LOST)
			rdl_buf_addf(out, "%c %s %s", item.failed ? '!' : '-',
			    item.path, item.rule);
		else
			rdl_buf_addf(out, "= %s %.*s", item.path,
			    item.len > 20 ? 20 : (int)item.len, item.file);
		if (item.caption != NULL)
			rdl_buf_addf(out, " [%.*s]", (int)item.caption_len,
			    item.caption);
		rdl_buf_addc(out, '\n');
	}
	if (rdl_walk_passed_over(w, &first) > 0)
		rdl_buf_addf(out, "%d passed over, %s\n",
		    (int)rdl_walk_passed_over(w, &first), first);
	if (rc < 0)
		rdl_buf_addf(out, "error: %s\n", err.msg);
	rdl_walk_free(w);
	rdl_strs_release(&p);
	rdl_strs_release(&l);
	return rc;
}

static void
expect(const char *const *paths, const char *const *lists, bool captions,
    const char *want)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);

	(void)walk(paths, lists, captions, true, &out);
	rdl_buf_addc(&out, ' ');
	out.p[out.len - 1] = '\0';
	assert_string_equal(out.p, want);
	rdl_buf_release(&out);
}

#define PATHS(...) ((const char *const []){ __VA_ARGS__, NULL })

static void
test_folders_in_order_of_bytes(void **state)
{
	(void)state;
	assert_int_equal(mkdir("tree", 0777), 0);
	assert_int_equal(mkdir("tree/b", 0777), 0);
	assert_int_equal(mkdir("tree/B", 0777), 0);
	assert_int_equal(mkdir("tree/empty", 0777), 0);
	make("tree/b/2.png", "b2");
	make("tree/b/10.png", "b10");
	make("tree/B/x.PNG", "Bx");
	make("tree/a.jpg", "a");
	make("tree/c.jpeg", "c");
	make("tree/\xc3\xa9.gif", "e");
	make("tree/notes.md", "no image");
	make("tree/noending", PNG);
	make("tree/liar.txt", "\xff\xd8\xff");
	expect(PATHS("tree"), NULL, false,
	    "= tree/B/x.PNG Bx\n= tree/a.jpg a\n= tree/b/10.png b10\n"
	    "= tree/b/2.png b2\n= tree/c.jpeg c\n"
	    "= tree/liar.txt \xff\xd8\xff\n= tree/noending " PNG "\n"
	    "= tree/\xc3\xa9.gif e\n1 passed over, tree/notes.md\n");
	expect(PATHS("tree/b/"), NULL, false,
	    "= tree/b/10.png b10\n= tree/b/2.png b2\n");
}

static void
test_what_is_named_is_never_passed_over(void **state)
{
	(void)state;
	make("named.md", "words");
	expect(PATHS("named.md", "no-such-file", "named.md"), NULL, false,
	    "= named.md words\n! no-such-file read\n= named.md words\n");
	make("empty.png", "");
	expect(PATHS("empty.png"), NULL, false, "= empty.png \n");
}

/* Nothing that is no regular file is opened: a FIFO would wait for ever. */
static void
test_what_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkdir("odd", 0777), 0);
	assert_int_equal(mkdir("odd/folder.jpg", 0777), 0);
	assert_int_equal(mkfifo("odd/fifo.png", 0666), 0);
	assert_int_equal(symlink("fifo.png", "odd/link.png"), 0);
	assert_int_equal(symlink("nowhere", "odd/lost.png"), 0);
	assert_int_equal(symlink("..", "odd/up"), 0);
	assert_int_equal(symlink("../odd/folder.jpg/in.png", "odd/way.png"),
	    0);
	make("odd/folder.jpg/in.png", "in");
	expect(PATHS("odd"), NULL, false,
	    "- odd/fifo.png not-a-file\n- odd/folder.jpg not-a-file\n"
	    "= odd/folder.jpg/in.png in\n- odd/link.png not-a-file\n"
	    "! odd/lost.png read\n- odd/up not-a-file\n= odd/way.png in\n");
	expect(PATHS("odd/fifo.png", "/dev/zero", "odd/up/odd/way.png"), NULL,
	    false, "! odd/fifo.png not-a-file\n! /dev/zero not-a-file\n"
	    "= odd/up/odd/way.png in\n");
}

static void
test_a_file_that_is_too_large(void **state)
{
	(void)state;
	make("large.png", "");
	assert_int_equal(truncate("large.png", (off_t)RDL_IMAGE_MAX), 0);
	expect(PATHS("large.png"), NULL, false, "= large.png \n");
	assert_int_equal(truncate("large.png", (off_t)RDL_IMAGE_MAX + 1), 0);
	expect(PATHS("large.png"), NULL, false, "! large.png bytes\n");
	assert_int_equal(unlink("large.png"), 0);
}

static void
test_lists(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);

	(void)state;
	make("a b.png", "ab");
	make("-", "dash");
	make("list", "a b.png\n\n-\r\nhttp://h/x.png\nno-such\n");
	make("list2", "a b.png\n");
	expect(PATHS("a b.png"), PATHS("list", "list2"), false,
	    "= a b.png ab\n= a b.png ab\n= - dash\n+ http://h/x.png\n"
	    "! no-such read\n= a b.png ab\n");
	make("cut", "a b.png\na b.p");
	assert_int_equal(walk(NULL, PATHS("cut"), false, true, &out), -1);
	assert_non_null(strstr(out.p, "= a b.png ab\nerror: cut:2:"));
	assert_int_equal(walk(NULL, PATHS("no-list"), false, true, &out), -1);
	assert_int_equal(walk(NULL, PATHS("."), false, true, &out), -1);
	make("empty-list", "");
	expect(NULL, PATHS("empty-list"), false, "");
	rdl_buf_release(&out);
}

static void
test_a_list_with_nul(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);

	(void)state;
	assert_int_equal(rdl_file_write("nul", "a\0b\n", 4, &err), 0);
	assert_int_equal(walk(NULL, PATHS("nul"), false, true, &out), -1);
	assert_non_null(strstr(out.p, "nul:1:"));
	rdl_buf_release(&out);
}

static void
test_addresses(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);

	(void)state;
	expect(PATHS("HTTPS://h/a.tar", "ftp://h/x.png", "file:///etc/passwd",
	    "http://u:p@h/x", "http://h/x@y", "s3://b/k"), NULL, false,
	    "+ HTTPS://h/a.tar\n! ftp://h/x.png address\n"
	    "! file:///etc/passwd address\n! http://u:p@h/x address\n"
	    "+ http://h/x@y\n! s3://b/k address\n");
	make("any.tar", "");
	(void)walk(PATHS("http://h/x", "any.tar"), NULL, false, false, &out);
	assert_string_equal(out.p, "! http://h/x store\n! any.tar store\n");
	rdl_buf_release(&out);
}

static void
test_captions_in_folders(void **state)
{
	(void)state;
	assert_int_equal(mkdir("cap", 0777), 0);
	make("cap/a.png", "a");
	make("cap/a.txt", "an a\n");
	make("cap/b.x.png", "b");
	make("cap/b.x.txt", "");
	make("cap/b.txt", "not its");
	make("cap/c.png", "c");
	make("cap/d.png", "d");
	assert_int_equal(mkfifo("cap/d.txt", 0666), 0);
	expect(PATHS("cap"), NULL, true, "= cap/a.png a [an a\n]\n"
	    "= cap/b.x.png b []\n= cap/c.png c\n! cap/d.png caption\n"
	    "- cap/d.txt not-a-file\n");
	expect(PATHS("cap/a.png"), NULL, true, "= cap/a.png a [an a\n]\n");
	expect(PATHS("cap/a.png"), NULL, false, "= cap/a.png a\n");
}

/* -- Shards ----------------------------------------------------------------*/

struct tar {
	struct rdl_buf b;
};

/* Append an entry: its header says size, its data are len bytes. */
static void
entry(struct tar *t, const char *name, char type, const char *link,
    const char *data, size_t len, size_t size)
{
	char h[512], zero[512] = { 0 };
	unsigned sum = 0;
	size_t i;

	memset(h, 0, sizeof(h));
	for (i = 0; name[i] != '\0' && i < 100; i++)
		h[i] = name[i];
	(void)snprintf(h + 100, 8, "%07o", 0644U);
	(void)snprintf(h + 108, 8, "%07o", 0U);
	(void)snprintf(h + 116, 8, "%07o", 0U);
	(void)snprintf(h + 124, 12, "%011o", (unsigned)(size & 0xfffffff));
	(void)snprintf(h + 136, 12, "%011o", 0U);
	h[156] = type;
	(void)snprintf(h + 157, 100, "%s", link);
	memcpy(h + 257, "ustar\0" "00", 8);
	memset(h + 148, ' ', 8);
	for (i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", sum);
	rdl_buf_add(&t->b, h, sizeof(h));
	rdl_buf_add(&t->b, data, len);
	if (len % 512 != 0)
		rdl_buf_add(&t->b, zero, 512 - len % 512);
}

static void
file(struct tar *t, const char *name, const char *data)
{
	entry(t, name, '0', "", data, strlen(data), strlen(data));
}

/* Write the shard, without its end if it is to be damaged. */
static void
write_tar(struct tar *t, const char *path, bool whole)
{
	char zero[1024] = { 0 };
	struct rdl_err err = RDL_ERR_INIT;

	if (whole)
		rdl_buf_add(&t->b, zero, sizeof(zero));
	assert_false(rdl_buf_full(&t->b));
	if (rdl_file_write(path, t->b.p != NULL ? t->b.p : "", t->b.len,
	    &err) < 0)
		fail_msg("%s", err.msg);
	rdl_buf_release(&t->b);
}

#define TAR { RDL_BUF_INIT(RDL_MIB) }

static void
test_names_in_a_shard_are_words(void **state)
{
	struct tar t = TAR;

	(void)state;
	file(&t, "/etc/evil.png", "1");
	file(&t, "../../evil.png", "2");
	file(&t, "a/./b//c.png", "3");
	file(&t, "http://h/x.png", "4");
	file(&t, "-.png", "5");
	file(&t, "\xff\xfe.png", "6");
	entry(&t, "folder.png/", '5', "", "", 0, 0);
	entry(&t, "link.png", '2', "/etc/passwd", "", 0, 0);
	entry(&t, "hard.png", '1', "/etc/passwd", "", 0, 0);
	entry(&t, "fifo.png", '6', "", "", 0, 0);
	entry(&t, "dev.png", '3', "", "", 0, 0);
	file(&t, "words.txt", "words");
	file(&t, "image", PNG "x");
	write_tar(&t, "hostile.tar", true);
	expect(PATHS("hostile.tar"), NULL, false,
	    "= hostile.tar:/etc/evil.png 1\n= hostile.tar:../../evil.png 2\n"
	    "= hostile.tar:a/./b//c.png 3\n= hostile.tar:http://h/x.png 4\n"
	    "= hostile.tar:-.png 5\n= hostile.tar:\xff\xfe.png 6\n"
	    "- hostile.tar:link.png not-a-file\n"
	    "- hostile.tar:hard.png not-a-file\n"
	    "- hostile.tar:fifo.png not-a-file\n"
	    "- hostile.tar:dev.png not-a-file\n"
	    "= hostile.tar:image " PNG "x\n1 passed over, words.txt\n");
	assert_int_equal(access("evil.png", F_OK), -1);
	assert_int_equal(access("../../evil.png", F_OK), -1);
}

static void
test_webdataset_captions(void **state)
{
	struct tar t = TAR;

	(void)state;
	file(&t, "s/001.txt", "one");
	file(&t, "s/001.jpg", "1");
	file(&t, "s/001.json", "{}");
	file(&t, "s/002.jpg", "2");
	file(&t, "s/002.seg.png", "2s");
	file(&t, "s/002.txt", "two");
	file(&t, "s/003.jpg", "3");
	file(&t, "s.d/004.jpg", "4");
	file(&t, "s.d/004.txt", "four");
	file(&t, "005.txt", "five, without an image");
	file(&t, "006.jpg", "6");
	write_tar(&t, "wds.tar", true);
	expect(PATHS("wds.tar"), NULL, true,
	    "= wds.tar:s/001.jpg 1 [one]\n= wds.tar:s/002.jpg 2 [two]\n"
	    "= wds.tar:s/002.seg.png 2s [two]\n= wds.tar:s/003.jpg 3\n"
	    "= wds.tar:s.d/004.jpg 4 [four]\n= wds.tar:006.jpg 6\n"
	    "1 passed over, s/001.json\n");
}

/* A shard that ends early, at any byte, or is none, is one loss; what came
 * before it is there. */
static void
test_damaged_shards(void **state)
{
	struct tar t = TAR;
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	size_t len, cut;

	(void)state;
	make("none.tar", "this is no tar file at all, but some text");
	expect(PATHS("none.tar"), NULL, false, "! none.tar shard\n");
	make("empty.tar", "");
	expect(PATHS("empty.tar"), NULL, false, "! empty.tar shard\n");
	make("gz.tar.gz", "\x1f\x8b\x08");
	expect(PATHS("gz.tar.gz"), NULL, false, "! gz.tar.gz shard\n");
	file(&t, "1.png", "one");
	entry(&t, "2.png", '0', "", "two", 3, 3000);
	write_tar(&t, "lie.tar", false);
	expect(PATHS("lie.tar"), NULL, false,
	    "= lie.tar:1.png one\n! lie.tar:2.png shard\n");
	t.b = (struct rdl_buf)RDL_BUF_INIT(RDL_MIB);
	file(&t, "1.png", "one");
	file(&t, "2.png", "two");
	len = t.b.len;
	write_tar(&t, "cut.tar", false);
	for (cut = len - 1; cut > 0; cut -= cut > 1030 && cut < 1600 ? 100 :
	    cut > 7 ? 7 : 1) {
		assert_int_equal(truncate("cut.tar", (off_t)cut), 0);
		(void)walk(PATHS("cut.tar"), NULL, false, true, &out);
		if (cut != 1024 && strstr(out.p, "shard\n") == NULL &&
		    strstr(out.p, "2.png two") == NULL)
			fail_msg("%zu: %s", cut, out.p);
	}
	rdl_buf_release(&out);
}

static void
test_a_member_that_is_too_large(void **state)
{
	struct tar t = { RDL_BUF_INIT(64 * RDL_MIB) };
	char *zero = calloc(1, RDL_IMAGE_MAX + 1);

	(void)state;
	assert_non_null(zero);
	entry(&t, "large.png", '0', "", zero, RDL_IMAGE_MAX + 1,
	    RDL_IMAGE_MAX + 1);
	file(&t, "small.png", "small");
	write_tar(&t, "large.tar", true);
	free(zero);
	expect(PATHS("large.tar"), NULL, false,
	    "! large.tar:large.png bytes\n= large.tar:small.png small\n");
	assert_int_equal(unlink("large.tar"), 0);
}

static void
test_shards_in_folders(void **state)
{
	struct tar t = TAR;

	(void)state;
	assert_int_equal(mkdir("shards", 0777), 0);
	file(&t, "x.png", "x");
	write_tar(&t, "shards/1.tar", true);
	make("shards/0.png", "0");
	make("shards/2.png", "2");
	expect(PATHS("shards"), NULL, false, "= shards/0.png 0\n"
	    "= shards/1.tar:x.png x\n= shards/2.png 2\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders_in_order_of_bytes),
		cmocka_unit_test(test_what_is_named_is_never_passed_over),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_a_file_that_is_too_large),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_a_list_with_nul),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_captions_in_folders),
		cmocka_unit_test(test_names_in_a_shard_are_words),
		cmocka_unit_test(test_webdataset_captions),
		cmocka_unit_test(test_damaged_shards),
		cmocka_unit_test(test_a_member_that_is_too_large),
		cmocka_unit_test(test_shards_in_folders),
	};
	char folder[] = "/tmp/riddle-walk.XXXXXX";
	int rc;

	if (mkdtemp(folder) == NULL || chdir(folder) < 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	if (rc == 0 && chdir("/") == 0)
		(void)execlp("rm", "rm", "-rf", folder, (char *)NULL);
	return rc;
}
