/*
 * What a model that names tasks would answer.
 * Reads the text of one message; writes a JSON object.
 * Keeps no state between requests: the message tells all that is known.
 */
#include "stub/growth.h"

#include <string.h>

#include "core/map.h"
#include "core/utf8.h"
#include "stub/word.h"

#define NAME_MAX_BYTES 4096

struct names {
	struct rdl_map known;	/* folded */
	struct rdl_buf folded;
	size_t nknown;
};

/* Put the folded form of a name into n->folded; -1 if it has none. */
static int
fold(struct names *n, const char *p, size_t len)
{
	rdl_buf_reset(&n->folded);
	if (len > NAME_MAX_BYTES || rdl_utf8_fold(&n->folded, p, len) < 0 ||
	    n->folded.len == 0)
		return -1;
	return 0;
}

static void
read_line(struct names *n, const char *p, size_t len, int *found,
    uint64_t *parent, uint64_t seed)
{
	int made;

	while (len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	if (len > 7 && !*found && memcmp(p, "Parent:", 7) == 0 &&
	    fold(n, p + 7, len - 7) == 0) {
		*found = 1;
		*parent = rdl_word_hash(seed, n->folded.p, n->folded.len);
	} else if (len > 2 && p[0] == '-' && p[1] == ' ' &&
	    fold(n, p + 2, len - 2) == 0) {
		(void)rdl_map_put(&n->known, n->folded.p, n->folded.len,
		    &made);
		n->nknown += made ? 1 : 0;
	}
}

/* Append want names that are not known.  The tries are bounded: the lists
 * hold 32,768 names, and somebody may ask for more. */
static void
add_names(struct rdl_buf *out, struct names *n, uint64_t parent, size_t want)
{
	size_t i, added = 0;
	int made;

	for (i = 0; added < want && i < 50 * want + 1000; i++) {
		rdl_buf_reset(&n->folded);
		rdl_word_name(&n->folded, rdl_word_mix(parent, i, 0));
		(void)rdl_map_put(&n->known, n->folded.p, n->folded.len,
		    &made);
		if (!made)
			continue;
		rdl_buf_adds(out, added++ > 0 ? ", " : "");
		rdl_buf_addjson(out, n->folded.p, n->folded.len);
	}
}

int
rdl_growth_answer(struct rdl_buf *out, const char *msg, size_t len,
    uint64_t seed, size_t children)
{
	struct names n = { RDL_MAP_INIT, RDL_BUF_INIT(4 * NAME_MAX_BYTES), 0 };
	const char *end = msg + len, *eol;
	uint64_t parent = 0;
	int found = 0;

	for (; msg < end; msg = eol + 1) {
		eol = memchr(msg, '\n', (size_t)(end - msg));
		if (eol == NULL)
			eol = end;
		read_line(&n, msg, (size_t)(eol - msg), &found, &parent, seed);
	}
	if (found) {
		rdl_buf_adds(out, "{\"tasks\": [");
		if (n.nknown < children)
			add_names(out, &n, parent,
			    (children - n.nknown + 1) / 2);
		rdl_buf_adds(out, "]}");
	}
	rdl_map_release(&n.known);
	rdl_buf_release(&n.folded);
	return found;
}
