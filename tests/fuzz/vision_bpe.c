/*
 * Fuzzes vision/bpe.h with the demo model's tokenizer.  The first byte is the
 * context, the rest the text: what is valid UTF-8 gives ids that the model
 * has, without start and end inside, and the same ids again; a smaller context
 * gives a prefix of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "vision/bpe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check(struct rdl_bpe *b, const char *text, size_t len, size_t context,
    bool specials)
{
	struct rdl_tokens all, cut;
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	must(rdl_bpe_encode(b, text, len, 256, specials, &all, &err) == 0);
	must(rdl_bpe_encode(b, text, len, context, specials, &cut, &err) == 0);
	must(all.n >= 2 && all.n <= 256 && cut.n >= 2 && cut.n <= context);
	must(all.ids[all.n - 1] == rdl_bpe_end(b));
	must(cut.ids[cut.n - 1] == rdl_bpe_end(b));
	must(cut.truncated == (all.truncated || all.n > context));
	must(memcmp(all.ids, cut.ids, (cut.n - 1) * sizeof(*cut.ids)) == 0);
	for (i = 1; i + 1 < all.n; i++)
		must(all.ids[i] >= 0 &&
		    (size_t)all.ids[i] < rdl_bpe_vocab(b) &&
		    (specials || (all.ids[i] != all.ids[0] &&
		    all.ids[i] != all.ids[all.n - 1])));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rdl_bpe *b;
	struct rdl_err err = RDL_ERR_INIT;
	const char *text = (const char *)data + 1;
	struct rdl_tokens t;
	size_t context;

	if (b == NULL) {
		b = rdl_bpe_open("samples/demo-clip", &err);
		must(b != NULL);
	}
	if (size == 0)
		return 0;
	context = data[0] < 2 ? 2 : data[0];
	if (rdl_utf8_valid(text, size - 1) < size - 1) {
		must(rdl_bpe_encode(b, text, size - 1, 77, false, &t, &err) <
		    0);
		return 0;
	}
	check(b, text, size - 1, context, false);
	check(b, text, size - 1, context, true);
	return 0;
}
