/*
 * Unicode as Hugging Face's tokenizers 0.23 knows it: letters and numbers of
 * version 16, lower case of 17, and NFC of version 9.
 * Reads utf8proc (15.0 or later) and, where its version would show, tables of
 * our own, so that ids are the same on every machine.  tests/peers compares
 * all code points.
 */
#include <utf8proc.h>

#include "core/compiler.h"
#include "vision/bpe_impl.h"

#define L RDL_BPE_LETTER
#define N RDL_BPE_NUMBER
#define O RDL_BPE_OTHER

struct range {
	int32_t first, last;
	enum rdl_bpe_class class;
};

/* Letters, numbers and marks that came after Unicode 15.0 and up to 18; those
 * that came after 16 are not letters yet. */
static const struct range later[] = {
	{ 0x0558, 0x0558, O }, { 0x058b, 0x058c, O }, { 0x05c8, 0x05c9, O },
	{ 0x088f, 0x088f, O }, { 0x0897, 0x0897, O }, { 0x0b53, 0x0b54, O },
	{ 0x0c5c, 0x0c5c, O }, { 0x0cdc, 0x0cdc, O }, { 0x1acf, 0x1af0, O },
	{ 0x1c89, 0x1c8a, L }, { 0x208f, 0x208f, O }, { 0x209d, 0x209f, O },
	{ 0xa7cb, 0xa7cd, L }, { 0xa7ce, 0xa7cf, O }, { 0xa7d2, 0xa7d2, O },
	{ 0xa7d4, 0xa7d4, O }, { 0xa7da, 0xa7dc, L }, { 0xa7dd, 0xa7f1, O },
	{ 0xab6c, 0xab6d, O }, { 0x105c0, 0x105f3, L },
	{ 0x107bb, 0x107bf, O }, { 0x10940, 0x10959, O },
	{ 0x10d40, 0x10d49, N }, { 0x10d4a, 0x10d65, L },
	{ 0x10d69, 0x10d6d, O }, { 0x10d6f, 0x10d85, L },
	{ 0x10ec2, 0x10ec4, L }, { 0x10ec5, 0x10efc, O },
	{ 0x11380, 0x11389, L }, { 0x1138b, 0x1138b, L },
	{ 0x1138e, 0x1138e, L }, { 0x11390, 0x113b5, L },
	{ 0x113b7, 0x113b7, L }, { 0x113b8, 0x113d0, O },
	{ 0x113d1, 0x113d1, L }, { 0x113d2, 0x113d2, O },
	{ 0x113d3, 0x113d3, L }, { 0x113e1, 0x113e2, O },
	{ 0x116d0, 0x116e3, N }, { 0x11b0a, 0x11b67, O },
	{ 0x11bc0, 0x11be0, L }, { 0x11bf0, 0x11bf9, N },
	{ 0x11db0, 0x11df1, O }, { 0x11f5a, 0x11f5a, O },
	{ 0x1246f, 0x1246f, O }, { 0x12475, 0x1247f, O },
	{ 0x12550, 0x12686, O }, { 0x13460, 0x143fa, L },
	{ 0x16100, 0x1611d, L }, { 0x1611e, 0x1612f, O },
	{ 0x16130, 0x16139, N }, { 0x16d40, 0x16d6c, L },
	{ 0x16d70, 0x16d79, N }, { 0x16ea0, 0x16ed3, O },
	{ 0x16ff2, 0x16ff6, O }, { 0x187f8, 0x187ff, O },
	{ 0x18cd6, 0x18cda, O }, { 0x18cff, 0x18cff, L },
	{ 0x18d09, 0x191d2, O }, { 0x1b123, 0x1b128, O },
	{ 0x1b168, 0x1b168, O }, { 0x1ccf0, 0x1ccf9, N },
	{ 0x1d127, 0x1d128, O }, { 0x1d250, 0x1d281, O },
	{ 0x1d6a6, 0x1d6a6, O }, { 0x1df1f, 0x1df24, O },
	{ 0x1df2b, 0x1dfff, O }, { 0x1e5d0, 0x1e5ed, L },
	{ 0x1e5ee, 0x1e5ef, O }, { 0x1e5f0, 0x1e5f0, L },
	{ 0x1e5f1, 0x1e5fa, N }, { 0x1e6c0, 0x1e6ff, O },
	{ 0x2b73a, 0x2b73f, O }, { 0x2b81e, 0x2b81e, O },
	{ 0x2cea2, 0x2cead, O }, { 0x2ebf0, 0x2ee5d, L },
	{ 0x323b0, 0x33479, O }, { 0x3d000, 0x3fc3f, O },
};

/* Combining marks (and a composite) that came after Unicode 9 and up to 15.0:
 * for NFC, no marks yet. */
static const struct range marks[] = {
	{ 0x07fd, 0x07fd, O }, { 0x0898, 0x089f, O }, { 0x08ca, 0x08d3, O },
	{ 0x09fe, 0x09fe, O }, { 0x0c3c, 0x0c3c, O }, { 0x0d3b, 0x0d3c, O },
	{ 0x0eba, 0x0eba, O }, { 0x1715, 0x1715, O }, { 0x1abf, 0x1ace, O },
	{ 0x1df6, 0x1dfa, O }, { 0xa82c, 0xa82c, O }, { 0x10d24, 0x10d27, O },
	{ 0x10eab, 0x10eac, O }, { 0x10efd, 0x10eff, O },
	{ 0x10f46, 0x10f50, O }, { 0x10f82, 0x10f85, O },
	{ 0x11070, 0x11070, O }, { 0x1133b, 0x1133b, O },
	{ 0x1145e, 0x1145e, O }, { 0x11839, 0x1183a, O },
	{ 0x11930, 0x11930, O }, { 0x11935, 0x11935, O },
	{ 0x11938, 0x11938, O }, { 0x1193d, 0x1193e, O },
	{ 0x11943, 0x11943, O }, { 0x119e0, 0x119e0, O },
	{ 0x11a34, 0x11a34, O }, { 0x11a47, 0x11a47, O },
	{ 0x11a99, 0x11a99, O }, { 0x11d42, 0x11d42, O },
	{ 0x11d44, 0x11d45, O }, { 0x11d97, 0x11d97, O },
	{ 0x11f41, 0x11f42, O }, { 0x16ff0, 0x16ff1, O },
	{ 0x1e08f, 0x1e08f, O }, { 0x1e130, 0x1e136, O },
	{ 0x1e2ae, 0x1e2ae, O }, { 0x1e2ec, 0x1e2ef, O },
	{ 0x1e4ec, 0x1e4ef, O },
};

#undef L
#undef N
#undef O

/* Lower case that came after Unicode 15.0: first..last, plus what. */
static const struct {
	int32_t first, last, plus;
} lowers[] = {
	{ 0x1c89, 0x1c89, 1 }, { 0xa7cb, 0xa7cb, 0x264 - 0xa7cb },
	{ 0xa7cc, 0xa7cc, 1 }, { 0xa7ce, 0xa7ce, 1 }, { 0xa7d2, 0xa7d2, 1 },
	{ 0xa7d4, 0xa7d4, 1 }, { 0xa7da, 0xa7da, 1 },
	{ 0xa7dc, 0xa7dc, 0x19b - 0xa7dc }, { 0x10d50, 0x10d65, 0x20 },
	{ 0x16ea0, 0x16eb8, 0x1b },
};

static const struct range *
find(const struct range *v, size_t n, int32_t cp)
{
	size_t lo = 0, mid;

	while (n > lo) {
		mid = lo + (n - lo) / 2;
		if (cp > v[mid].last)
			lo = mid + 1;
		else if (cp < v[mid].first)
			n = mid;
		else
			return &v[mid];
	}
	return NULL;
}

static const struct range *
find_later(int32_t cp)
{
	return cp < later[0].first ? NULL :
	    find(later, RDL_NELEM(later), cp);
}

/* White_Space, letters (L*) and numbers (N*). */
enum rdl_bpe_class
rdl_bpe_unicode_class(int32_t cp)
{
	const struct range *r = find_later(cp);

	if (r != NULL)
		return r->class;
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
		return RDL_BPE_LETTER;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return RDL_BPE_NUMBER;
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return RDL_BPE_SPACE;
	default:
		return (cp >= 0x09 && cp <= 0x0d) || cp == 0x85 ?
		    RDL_BPE_SPACE : RDL_BPE_OTHER;
	}
}

bool
rdl_bpe_unicode_inert(int32_t cp)
{
	return find_later(cp) != NULL || (cp >= marks[0].first &&
	    find(marks, RDL_NELEM(marks), cp) != NULL);
}

/* Per code point, so that there is no final sigma. */
size_t
rdl_bpe_unicode_lower(int32_t cp, int32_t out[2])
{
	size_t i;

	out[0] = cp;
	if (cp == 0x130) {
		out[0] = 'i';
		out[1] = 0x307;
		return 2;
	}
	for (i = 0; i < RDL_NELEM(lowers); i++)
		if (cp >= lowers[i].first && cp <= lowers[i].last) {
			out[0] = cp + lowers[i].plus;
			return 1;
		}
	if (find_later(cp) == NULL)
		out[0] = utf8proc_tolower(cp);
	return 1;
}
