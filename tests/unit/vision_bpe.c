/*
 * CLIP's tokenizer: golden ids of the demo model, the rules by which it
 * splits, marks, truncation, hostile texts and folders of another make.
 * Ids that are not golden were given by transformers 5.23 for the demo model;
 * tests/peers/tokenizer.sh compares a million more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

#include <cmocka.h>

#include "core/file.h"
#include "core/mem.h"
#include "vision/bpe.h"

#define DEMO "samples/demo-clip"
#define START 4094
#define END 4095

static struct rdl_bpe *demo;
static char dir[64];

static const char *
in_dir(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/riddle-bpe-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "tokenizer.json", "vocab.json",
		"merges.txt", "special_tokens_map.json" };
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(names); i++)
		(void)unlink(in_dir(names[i]));
	return rmdir(dir);
}

static int
open_demo(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	demo = rdl_bpe_open(DEMO, &err);
	return demo == NULL ? -1 : 0;
}

static int
free_demo(void **state)
{
	(void)state;
	rdl_bpe_free(demo);
	rdl_bpe_free(NULL);
	return 0;
}

static void
encode(struct rdl_bpe *b, const char *text, size_t len, size_t context,
    bool specials, struct rdl_tokens *t)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_bpe_encode(b, text, len, context, specials, t, &err) < 0)
		fail_msg("%s", err.msg);
	assert_in_range(t->n, 2, context);
	assert_int_equal(t->ids[t->n - 1], rdl_bpe_end(b));
}

/* The ids between start and end must be these, as text. */
static void
must_give(struct rdl_bpe *b, const char *text, size_t len, bool specials,
    const char *want)
{
	struct rdl_buf got = RDL_BUF_INIT(64 * RDL_KIB);
	struct rdl_tokens t;
	size_t i;

	encode(b, text, len, 77, specials, &t);
	rdl_buf_adds(&got, "");
	for (i = 1; i + 1 < t.n; i++)
		rdl_buf_addf(&got, "%s%d", i > 1 ? " " : "", t.ids[i]);
	if (strcmp(got.p, want) != 0)
		fail_msg("\"%s\": %s, not %s", text, got.p, want);
	rdl_buf_release(&got);
}

static void
test_golden(void **state)
{
	FILE *f = fopen(DEMO "/golden.jsonl", "r");
	size_t i, max, n = 0, room = 0;
	char *line = NULL;
	ssize_t len;
	struct rdl_tokens t;
	yyjson_doc *doc;
	yyjson_val *root, *v;

	(void)state;
	assert_int_equal(rdl_bpe_vocab(demo), 4096);
	assert_int_equal(rdl_bpe_end(demo), END);
	assert_non_null(f);
	while ((len = getline(&line, &room, f)) > 0) {
		doc = yyjson_read(line, (size_t)len, 0);
		root = yyjson_doc_get_root(doc);
		v = yyjson_obj_get(root, "text");
		if (yyjson_equals_str(yyjson_obj_get(root, "kind"), "text")) {
			encode(demo, yyjson_get_str(v), yyjson_get_len(v), 77,
			    true, &t);
			root = yyjson_obj_get(root, "ids");
			assert_int_equal(t.n, yyjson_arr_size(root));
			yyjson_arr_foreach(root, i, max, v)
				assert_int_equal(t.ids[i], yyjson_get_int(v));
			n++;
		}
		yyjson_doc_free(doc);
	}
	assert_int_equal(n, 60);
	free(line);
	(void)fclose(f);
}

static void
test_rules(void **state)
{
	static const struct {
		const char *text, *ids;
	} cases[] = {
		{ "A CAT", "320 1329" },
		{ "don't I'LL 'S", "4091 6 339 328 6 1374 513" },
		{ "it''s", "821 6 262 338" },
		{ "a1b22", "320 272 321 273 273" },
		{ "x!!y", "343 0 256 344" },
		{ "!'s", "0 262 338" },
		{ "\304\260", "328 136 485" },
		{ "\316\221\316\243 \316\243", "138 109 139 481 139 481" },
		{ "\342\204\252 k", "330 330" },
		{ "e\314\201 \303\251", "127 358 127 358" },
		{ ">\314\270 \342\211\257", "158 231 363 158 231 363" },
		{ "a\302\205b\302\240c\342\200\250d\343\200\200e",
		    "320 321 322 323 324" },
		{ "a\034b", "320 472 321" },
		{ "a\342\200\213b\357\273\277c",
		    "320 158 222 489 321 171 119 379 322" },
		{ "\331\241\331\242", "149 350 149 351" },
		{ "\344\270\255\346\226\207", "160 116 255 162 244 485" },
		{ "<|ENDOFTEXT|>!!", "27 347 522 611 69 962 91 285 0 256" },
		{ "!<|ENDOFTEXT|>!", "0 27 347 522 611 69 962 91 29 256" },
		{ "<|endoftext|>\314\270", "4095 136 372" },
		{ "<|endoftext|", "27 347 522 611 69 962 347" },
		{ "a\337\275\314\201", "320 155 121 136 479" },
		{ "\352\237\213\352\237\216", "133 353 166 253 493" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++)
		must_give(demo, cases[i].text, strlen(cases[i].text), true,
		    cases[i].ids);
	must_give(demo, "", 0, true, "");
	must_give(demo, "\0a\1b", 4, true, "444 320 445 321");
}

/* Escaped, a mark gives what its upper case gives: plain tokens. */
static void
test_marks_are_escaped(void **state)
{
	static const char plain[] = "27 347 522 611 69 962 91 285";
	static const char text[] = "<|endoftext|>x<|startoftext|><|endoftext|>";
	struct rdl_tokens t;
	size_t i;

	(void)state;
	must_give(demo, "<|endoftext|>", 13, true, "4095");
	must_give(demo, "<|endoftext|>", 13, false, plain);
	must_give(demo, "<|ENDOFTEXT|>", 13, false, plain);
	must_give(demo, "<|ENDOFTEXT|>", 13, true, plain);
	must_give(demo, "<|startoftext|>", 15, true, "4094");
	must_give(demo, text, sizeof(text) - 1, true, "4095 343 4094 4095");
	encode(demo, text, sizeof(text) - 1, 77, false, &t);
	assert_true(t.n > 20);
	for (i = 1; i + 1 < t.n; i++)
		assert_true(t.ids[i] != START && t.ids[i] != END);
}

static void
test_truncation(void **state)
{
	struct rdl_tokens t, all;
	char text[1024];
	size_t n, i;

	(void)state;
	memset(text, ' ', sizeof(text));
	for (i = 0; i < sizeof(text); i += 2)
		text[i] = (char)('a' + i / 2 % 26);
	encode(demo, text, 2 * 75, 77, false, &all);
	assert_int_equal(all.n, 77);
	assert_false(all.truncated);
	encode(demo, text, 2 * 76, 77, false, &t);
	assert_int_equal(t.n, 77);
	assert_true(t.truncated);
	assert_memory_equal(t.ids, all.ids, 77 * sizeof(*t.ids));
	for (n = 2; n <= 256; n++) {
		encode(demo, text, sizeof(text), n, false, &t);
		assert_int_equal(t.n, n);
		assert_true(t.truncated);
		assert_int_equal(t.ids[0], START);
		assert_memory_equal(t.ids, all.ids,
		    (n < 77 ? n - 1 : 76) * sizeof(*t.ids));
	}
	/* A mark that finds no room is a cut, too. */
	encode(demo, "a<|endoftext|>", 14, 3, true, &t);
	assert_true(t.truncated);
	encode(demo, "a   ", 4, 3, true, &t);
	assert_false(t.truncated);
	encode(demo, "", 0, 2, true, &t);
	assert_false(t.truncated);
	assert_int_equal(t.n, 2);
}

static void
test_refused_texts(void **state)
{
	static const char *const bad[] = { "\xff", "ab\xc3", "\xc0\x80",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "a\xe2\x82",
		"\xf0\x9f\x98" };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tokens t;
	char *large;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		assert_int_equal(rdl_bpe_encode(demo, bad[i], strlen(bad[i]),
		    77, false, &t, &err), -1);
		assert_int_equal(err.cls, RDL_E_INPUT);
		assert_non_null(strstr(err.msg, "not UTF-8 at byte"));
	}
	assert_int_equal(rdl_bpe_encode(demo, "a", 1, 1, false, &t, &err), -1);
	assert_int_equal(rdl_bpe_encode(demo, "a", 1, 0, false, &t, &err), -1);
	assert_int_equal(rdl_bpe_encode(demo, "a", 1, 257, false, &t, &err),
	    -1);
	large = rdl_mem_calloc(RDL_LINE_MAX + 1, 1);
	assert_int_equal(rdl_bpe_encode(demo, large, RDL_LINE_MAX + 1, 77,
	    false, &t, &err), -1);
	assert_non_null(strstr(err.msg, "at most"));
	free(large);
	must_give(demo, "a cat", 5, false, "320 1329");
}

/* A megabyte of piece again and again: done in a moment, and cut. */
static void
swamp(const char *piece)
{
	size_t n = strlen(piece), at;
	char *text = rdl_mem_calloc(RDL_MIB + 16, 1);
	struct rdl_tokens t;

	for (at = 0; at < RDL_MIB; at += n)
		memcpy(text + at, piece, n);
	encode(demo, text, at, 77, true, &t);
	assert_int_equal(t.n, 77);
	assert_true(t.truncated);
	free(text);
}

static void
test_very_long_texts(void **state)
{
	(void)state;
	swamp("a");
	swamp("ing");
	swamp("!");
	swamp("7");
	swamp("a ");
	swamp("\xe4\xb8\xad");			/* a letter of three bytes */
	swamp("\xcc\x81\xcc\x96");		/* marks in the wrong order */
	swamp("\xe1\x84\x80\xe1\x85\xa1");	/* Hangul that composes */
	swamp("<|endoftext|>");
	swamp("<|endoftext");
	swamp("\xc4\xb0");			/* grows in lower case */
	must_give(demo, "a cat", 5, false, "320 1329");
}

/* The cache of words is small against these, and must not show. */
static void
test_the_cache_does_not_show(void **state)
{
	enum { WORDS = 40000 };
	uint64_t sums[2] = { 0, 0 };
	struct rdl_tokens t;
	char word[32];
	size_t i, k, pass;
	int n;

	(void)state;
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < WORDS; i++) {
			k = pass == 0 ? i : WORDS - 1 - i;
			n = snprintf(word, sizeof(word), "%c%zxing%c",
			    (int)('a' + k % 26), k, (int)('a' + k / 7 % 26));
			encode(demo, word, (size_t)n, 77, false, &t);
			for (k = k * 100, n = 0; n < (int)t.n; n++)
				sums[pass] += (uint64_t)t.ids[n] *
				    (2 * (k + (size_t)n) + 1);
		}
	assert_true(sums[0] == sums[1]);
}

/* -- Folders -------------------------------------------------------------- */

/* A vocabulary of all bytes as JSON members; the next id. */
static int
add_bytes(struct rdl_buf *out)
{
	unsigned byte, cp, others = 0;
	int id = 0;
	char text[8];
	size_t n;

	for (byte = 0; byte < 256; byte++) {
		cp = (byte >= 33 && byte <= 126) ||
		    (byte >= 161 && byte <= 172) || byte >= 174 ? byte :
		    256 + others++;
		n = 0;
		if (cp >= 0x80)
			text[n++] = (char)(0xc0 | cp >> 6);
		text[n++] = (char)(cp >= 0x80 ? 0x80 | (cp & 0x3f) : cp);
		memcpy(text + n, "</w>", 4);
		rdl_buf_addjson(out, text, n);
		rdl_buf_addf(out, ":%d,", id++);
		rdl_buf_addjson(out, text, n + 4);
		rdl_buf_addf(out, ":%d,", id++);
	}
	return id;
}

struct make {
	const char *type, *suffix, *normalizer, *vocab, *merges, *added;
};

#define BOTH "\"<|startoftext|>\":600,\"<|endoftext|>\":601"
#define GOOD { "BPE", "</w>", "{\"type\":\"Lowercase\"}", \
	"\"ab\":512,\"c</w>\":513,\"abc</w>\":514," BOTH, "[]", "[]" }

static void
put_tokenizer(const struct make *m)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;

	rdl_buf_addf(&out, "{\"normalizer\":%s,\"added_tokens\":%s,"
	    "\"model\":{\"type\":\"%s\",\"end_of_word_suffix\":\"%s\","
	    "\"merges\":%s,\"vocab\":{", m->normalizer, m->added, m->type,
	    m->suffix, m->merges);
	(void)add_bytes(&out);
	rdl_buf_addf(&out, "%s}}}", m->vocab);
	assert_int_equal(rdl_file_write(in_dir("tokenizer.json"), out.p,
	    out.len, &err), 0);
	rdl_buf_release(&out);
}

static void
must_refuse(const char *says)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_bpe *b = rdl_bpe_open(dir, &err);

	if (b != NULL)
		fail_msg("taken, but it should say: %s", says);
	if (strstr(err.msg, says) == NULL || strstr(err.msg, dir) == NULL)
		fail_msg("\"%s\" does not say: %s", err.msg, says);
}

#define VOCAB(more) "\"ab\":512,\"abc</w>\":514," more
#define MARK(text, id, normalized) "[{\"content\":\"" text "\",\"id\":" id \
	",\"normalized\":" normalized "}]"

static void
test_own_tokenizers(void **state)
{
	struct make m = GOOD;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_bpe *b;

	(void)state;
	m.vocab = VOCAB(BOTH);
	m.merges = "[\"a b\",[\"ab\",\"c</w>\"]]";
	m.added = "[{\"content\":\"<cat>\",\"id\":700,\"normalized\":true},"
	    "{\"content\":\"<cat>!\",\"id\":701,\"normalized\":false},"
	    "{\"content\":\"<cat>!!\",\"id\":702,\"normalized\":false}]";
	put_tokenizer(&m);
	b = rdl_bpe_open(dir, &err);
	if (b == NULL)
		fail_msg("%s", err.msg);
	assert_int_equal(rdl_bpe_vocab(b), 703);
	assert_int_equal(rdl_bpe_end(b), 601);
	must_give(b, "ABC ab", 6, true, "514 194 197");
	must_give(b, "abcabc", 6, true, "512 198 514");
	must_give(b, "<CAT>!<cat>!<cat>!!<cat>", 24, false,
	    "700 67 701 702 700");
	must_give(b, "<|endoftext|>", 13, true, "601");
	rdl_bpe_free(b);
}

static void
test_of_another_make(void **state)
{
	static const struct {
		struct make m;
		const char *says;
	} cases[] = {
#define L "{\"type\":\"Lowercase\"}"
		{ { "Unigram", "</w>", L, BOTH, "[]", "[]" },
		    "its model is Unigram, not BPE" },
		{ { "BPE", "", L, BOTH, "[]", "[]" }, "do not end in </w>" },
		{ { "BPE", "</w>", "null", BOTH, "[]", "[]" },
		    "keeps upper case" },
		{ { "BPE", "</w>", L, "\"<|startoftext|>\":600", "[]", "[]" },
		    "no token \"<|endoftext|>\"" },
		{ { "BPE", "</w>", L, "\"<|endoftext|>\":600", "[]", "[]" },
		    "no token \"<|startoftext|>\"" },
		{ { "BPE", "</w>", L, "\"x\":999," BOTH, "[]", "[]" },
		    "is there twice" },
		{ { "BPE", "</w>", L, "\"xy\":0," BOTH, "[]", "[]" },
		    "another one has its id" },
		{ { "BPE", "</w>", L, "\"xy\":-1," BOTH, "[]", "[]" },
		    "its id is no number" },
		{ { "BPE", "</w>", L, "\"xy\":\"1\"," BOTH, "[]", "[]" },
		    "its id is no number" },
		{ { "BPE", "</w>", L, "\"xy\":4294967296," BOTH, "[]", "[]" },
		    "its id is no number" },
		{ { "BPE", "</w>", L, BOTH, "{}", "[]" }, "has no merges" },
		{ { "BPE", "</w>", L, BOTH, "[\"a b\"]", "[]" },
		    "merge 1, \"a b\": not in the vocabulary" },
		{ { "BPE", "</w>", L, BOTH, "[\"ab\"]", "[]" },
		    "merge 1 is not two tokens" },
		{ { "BPE", "</w>", L, BOTH, "[\"a b c\"]", "[]" },
		    "merge 1 is not two tokens" },
		{ { "BPE", "</w>", L, BOTH, "[[\"a\"]]", "[]" },
		    "merge 1 is not two tokens" },
		{ { "BPE", "</w>", L, BOTH, "[7]", "[]" },
		    "merge 1 is not two tokens" },
		{ { "BPE", "</w>", L, BOTH, "[\" \"]", "[]" },
		    "merge 1, \" \": not in the vocabulary" },
		{ { "BPE", "</w>", L, "\"<|endoftext|\":599," BOTH,
		    "[\"<|endoftext| >\"]", "[]" }, "makes a special token" },
		{ { "BPE", "</w>", L, BOTH, "[]",
		    MARK("<|endoftext|>", "7", "false") }, "has two ids" },
		{ { "BPE", "</w>", L, BOTH, "[]", MARK("q", "7", "false") },
		    "two ids" },
		{ { "BPE", "</w>", L, BOTH, "[]", MARK("<m>", "7", "false") },
		    "another one has its id" },
		{ { "BPE", "</w>", L, BOTH, "[]", MARK("", "700", "false") },
		    "has no content" },
		{ { "BPE", "</w>", L, BOTH, "[]", MARK("a b", "700", "true") },
		    "holds a blank" },
		{ { "BPE", "</w>", L, BOTH, "[]", "[7]" }, "has no content" },
		{ { "BPE", "</w>", L, BOTH, "[]", "[{\"content\":\"<m>\","
		    "\"id\":700,\"single_word\":true}]" }, "single_word" },
#undef L
	};
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		put_tokenizer(&cases[i].m);
		must_refuse(cases[i].says);
	}
}

static void
put_text(const char *name, const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_file_write(in_dir(name), text, strlen(text),
	    &err), 0);
}

static void
test_broken_files(void **state)
{
	struct make m = GOOD;
	struct rdl_buf whole = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t n;

	(void)state;
	must_refuse("has neither");
	put_text("vocab.json", "{}");
	must_refuse("merges.txt: No such file");
	put_text("merges.txt", "");
	must_refuse("no token \"<|endoftext|>\"");
	put_text("vocab.json", "[]");
	must_refuse("vocab.json: its vocabulary is not an object");
	put_text("vocab.json", "{\"a\":0,\"b\":1,\"<|startoftext|>\":2,"
	    "\"<|endoftext|>\":3}");
	must_refuse("not CLIP's tokenizer: no token");
	put_text("merges.txt", "#version: 0.2\r\n\na b\n");
	must_refuse("merges.txt: merge 1, \"a b\"");
	put_text("tokenizer.json", "{}");
	must_refuse("tokenizer.json: has no model");
	put_text("tokenizer.json", "{\"model\":\"\xff\"}");
	must_refuse("tokenizer.json: byte");
	put_tokenizer(&m);
	assert_int_equal(rdl_file_read(in_dir("tokenizer.json"), &whole, &err),
	    0);
	for (n = whole.len; n > 100; n -= n / 16) {
		assert_int_equal(truncate(in_dir("tokenizer.json"),
		    (off_t)n - 1), 0);
		must_refuse("tokenizer.json: byte");
	}
	rdl_buf_release(&whole);
}

/* Copy a file of the demo model. */
static void
copy(const char *name)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	char path[128];

	(void)snprintf(path, sizeof(path), DEMO "/%s", name);
	assert_int_equal(rdl_file_read(path, &text, &err), 0);
	assert_int_equal(rdl_file_write(in_dir(name), text.p, text.len, &err),
	    0);
	rdl_buf_release(&text);
}

/* The older pair of files; with it the start mark is looked for in lower
 * case, if special_tokens_map.json says so. */
static void
test_two_files(void **state)
{
	static const char text[] = "A caf\xc3\xa9's 12 cats <|endoftext|>";
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tokens one, two;
	struct rdl_bpe *b;

	(void)state;
	copy("vocab.json");
	copy("merges.txt");
	b = rdl_bpe_open(dir, &err);
	assert_non_null(b);
	assert_int_equal(rdl_bpe_vocab(b), 4096);
	encode(demo, text, sizeof(text) - 1, 77, true, &one);
	encode(b, text, sizeof(text) - 1, 77, true, &two);
	assert_int_equal(one.n, two.n);
	assert_memory_equal(one.ids, two.ids, one.n * sizeof(*one.ids));
	must_give(b, "<|STARTOFTEXT|>", 15, true,
	    "27 347 1277 581 69 962 91 285");
	rdl_bpe_free(b);
	copy("special_tokens_map.json");
	b = rdl_bpe_open(dir, &err);
	assert_non_null(b);
	must_give(b, "<|STARTOFTEXT|>", 15, true, "4094");
	must_give(b, "<|STARTOFTEXT|>", 15, false,
	    "27 347 1277 581 69 962 91 285");
	must_give(b, "<|ENDOFTEXT|>", 13, true, "27 347 522 611 69 962 91 285");
	rdl_bpe_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_marks_are_escaped),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_refused_texts),
		cmocka_unit_test(test_very_long_texts),
		cmocka_unit_test(test_the_cache_does_not_show),
		cmocka_unit_test_setup_teardown(test_own_tokenizers, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_of_another_make, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_broken_files, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_two_files, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, open_demo, free_demo);
}
