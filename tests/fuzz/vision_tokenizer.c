/*
 * Fuzzes the tokenizer's files, vision/bpe_load.c.  The first byte says which:
 * bit 0: vocab.json, merges.txt and special_tokens_map.json, parted by the
 * byte 0xff, else tokenizer.json; bit 1: the input is only what stands behind
 * the 514 tokens that every such tokenizer has, so that it need not guess
 * them.  What is taken must encode, with ids that it has.
 */
#include "core/buf.h"
#include "vision/bpe.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The members that find_bytes() in vision/bpe_build.c wants. */
static void
add_base(struct rdl_buf *out)
{
	unsigned byte, cp, others = 0, id = 0;
	int i;

	for (byte = 0; byte < 256; byte++) {
		cp = (byte >= 33 && byte <= 126) ||
		    (byte >= 161 && byte <= 172) || byte >= 174 ? byte :
		    0x100 + others++;
		for (i = 0; i < 2; i++)
			rdl_buf_addf(out, "\"\\u%04x%s\":%u,", cp,
			    i == 1 ? "</w>" : "", id++);
	}
	rdl_buf_addf(out, "\"<|startoftext|>\":%u,\"<|endoftext|>\":%u", id,
	    id + 1);
}

/* A part as it is, or as members behind the base; the members end with the
 * brace that closes the object. */
static void
write_vocab(const char *name, bool base, const uint8_t *p, size_t len)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);

	if (base) {
		rdl_buf_adds(&out, "{");
		add_base(&out);
	}
	rdl_buf_add(&out, p, len);
	if (base)
		rdl_buf_adds(&out, "}");
	scratch_write(name, out.p != NULL ? out.p : "", out.len);
	rdl_buf_release(&out);
}

/* tokenizer.json: of base, the input is what follows the vocabulary. */
static void
write_one(bool base, const uint8_t *p, size_t len)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);

	if (base) {
		rdl_buf_adds(&out, "{\"normalizer\":{\"type\":\"Lowercase\"},"
		    "\"model\":{\"type\":\"BPE\",\"end_of_word_suffix\":"
		    "\"</w>\",\"vocab\":{");
		add_base(&out);
	}
	rdl_buf_add(&out, p, len);
	scratch_write("tokenizer.json", out.p != NULL ? out.p : "", out.len);
	rdl_buf_release(&out);
}

static void
encode(struct rdl_bpe *b)
{
	static const char text[] = "A photo of   abcabc, <|endoftext|> "
	    "don't x\xcc\x81 12";
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tokens t;
	size_t i;
	int specials;

	for (specials = 0; specials < 2; specials++) {
		must(rdl_bpe_encode(b, text, sizeof(text) - 1, 77,
		    specials != 0, &t, &err) == 0);
		must(t.n >= 2 && t.n <= 77 &&
		    t.ids[t.n - 1] == rdl_bpe_end(b));
		for (i = 0; i < t.n; i++)
			must(t.ids[i] >= 0 &&
			    (size_t)t.ids[i] < rdl_bpe_vocab(b));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rdl_err err = RDL_ERR_INIT;
	const uint8_t *part;
	struct rdl_bpe *b;
	uint8_t how;
	size_t n;

	if (size == 0)
		return 0;
	how = *data++;
	size--;
	scratch_begin();
	scratch_empty();
	if ((how & 1) == 0)
		write_one((how & 2) != 0, data, size);
	else {
		n = scratch_part(&data, &size, &part);
		write_vocab("vocab.json", (how & 2) != 0, part, n);
		n = scratch_part(&data, &size, &part);
		scratch_write("merges.txt", part, n);
		if (size > 0)
			scratch_write("special_tokens_map.json", data, size);
	}
	b = rdl_bpe_open(scratch_dir, &err);
	if (b == NULL) {
		must(err.msg[0] != '\0');
		return 0;
	}
	encode(b);
	rdl_bpe_free(b);
	return 0;
}
