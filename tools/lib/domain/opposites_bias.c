/*
 * How often each dimension is drawn, and how long its sides are.
 * Reads the option, counts, writes JSON and a line for people.  Judges no
 * length: what is too much is the user's to say.
 */
#include <inttypes.h>
#include <string.h>

#include "core/num.h"
#include "domain/opposites.h"
#include "record/canon.h"

#define WEIGHT_MAX 1000000

const char *const rdl_dimension_names[RDL_DIMENSIONS] = {
	"content", "counterfactual", "aesthetics"
};

/* One "NAME=WEIGHT" of len bytes. */
static int
read_weight(const char *p, size_t len, struct rdl_opposites_quota *q,
    bool seen[RDL_DIMENSIONS], struct rdl_err *err)
{
	const char *eq = memchr(p, '=', len);
	size_t n = eq != NULL ? (size_t)(eq - p) : len;
	char digits[16] = "1";
	int64_t weight;
	int d;

	for (d = 0; d < RDL_DIMENSIONS; d++)
		if (strlen(rdl_dimension_names[d]) == n &&
		    memcmp(rdl_dimension_names[d], p, n) == 0)
			break;
	if (d == RDL_DIMENSIONS || seen[d])
		return rdl_err_set(err, RDL_E_USAGE, "\"%.*s\" is %s", (int)n,
		    p, d < RDL_DIMENSIONS ? "named twice" : "neither content, "
		    "counterfactual nor aesthetics");
	seen[d] = true;
	if (eq != NULL) {
		if (len - n - 1 >= sizeof(digits))
			return rdl_err_set(err, RDL_E_USAGE,
			    "a weight is too large");
		memcpy(digits, eq + 1, len - n - 1);
		digits[len - n - 1] = '\0';
	}
	if (rdl_num_int(digits, 0, WEIGHT_MAX, &weight, err) < 0) {
		err->cls = RDL_E_USAGE;
		return rdl_err_prefix(err, "%s", rdl_dimension_names[d]);
	}
	q->weight[d] = (uint64_t)weight;
	return 0;
}

int
rdl_opposites_quota(const char *text, struct rdl_opposites_quota *q,
    struct rdl_err *err)
{
	bool seen[RDL_DIMENSIONS] = { false };
	uint64_t sum = 0;
	size_t len;
	int d;

	memset(q, 0, sizeof(*q));
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (len > 64)
			return rdl_err_set(err, RDL_E_USAGE,
			    "a dimension is written NAME=WEIGHT");
		if (read_weight(text, len, q, seen, err) < 0)
			return -1;
		if (text[len] == '\0')
			break;
	}
	for (d = 0; d < RDL_DIMENSIONS; d++)
		sum += q->weight[d];
	if (sum == 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "every dimension has weight 0");
	return 0;
}

void
rdl_opposites_count(struct rdl_opposites_bias *b,
    const struct rdl_opposites *o, enum rdl_dimension d, bool swapped)
{
	size_t i;

	b->n[d]++;
	for (i = 0; i < 2; i++) {
		b->side[d][i] += o->v[i].words;
		b->given[d][swapped ? 1 - i : i] += o->v[i].words;
	}
}

static double
mean(uint64_t sum, uint64_t n)
{
	return n > 0 ? (double)sum / (double)n : 0;
}

static double
gap(const uint64_t sum[2], uint64_t n)
{
	return mean(sum[0], n) - mean(sum[1], n);
}

/* The members for n contrasts. */
static void
add_means(struct rdl_buf *out, uint64_t n, const uint64_t side[2],
    const uint64_t given[2])
{
	rdl_buf_addf(out, "\"contrasts\":%" PRIu64 ",\"mean_words\":[", n);
	rdl_canon_number(mean(side[0], n), out);
	rdl_buf_addc(out, ',');
	rdl_canon_number(mean(side[1], n), out);
	rdl_buf_adds(out, "],\"difference\":");
	rdl_canon_number(gap(side, n), out);
	rdl_buf_adds(out, ",\"difference_as_given\":");
	rdl_canon_number(gap(given, n), out);
}

/* The sums over all dimensions. */
static uint64_t
total(const struct rdl_opposites_bias *b, uint64_t side[2], uint64_t given[2])
{
	uint64_t n = 0;
	size_t d, i;

	side[0] = side[1] = given[0] = given[1] = 0;
	for (d = 0; d < RDL_DIMENSIONS; d++) {
		n += b->n[d];
		for (i = 0; i < 2; i++) {
			side[i] += b->side[d][i];
			given[i] += b->given[d][i];
		}
	}
	return n;
}

void
rdl_opposites_bias_json(const struct rdl_opposites_bias *b,
    struct rdl_buf *out)
{
	uint64_t side[2], given[2], n = total(b, side, given);
	size_t d;

	rdl_buf_addc(out, '{');
	add_means(out, n, side, given);
	rdl_buf_adds(out, ",\"dimensions\":{");
	for (d = 0; d < RDL_DIMENSIONS; d++) {
		rdl_buf_addf(out, "%s\"%s\":{", d > 0 ? "," : "",
		    rdl_dimension_names[d]);
		add_means(out, b->n[d], b->side[d], b->given[d]);
		rdl_buf_addc(out, '}');
	}
	rdl_buf_adds(out, "}}");
}

void
rdl_opposites_bias_text(const struct rdl_opposites_bias *b,
    struct rdl_buf *out)
{
	uint64_t side[2], given[2], n = total(b, side, given);
	size_t d;

	if (n == 0)
		return;
	rdl_buf_addf(out, "%" PRIu64 " contrast%s (", n, n == 1 ? "" : "s");
	for (d = 0; d < RDL_DIMENSIONS; d++)
		rdl_buf_addf(out, "%s%s %" PRIu64, d > 0 ? ", " : "",
		    rdl_dimension_names[d], b->n[d]);
	rdl_buf_addf(out, "); words of side 1 less those of side 2: %+.2f on "
	    "average, %+.2f before they were shuffled", gap(side, n),
	    gap(given, n));
}
