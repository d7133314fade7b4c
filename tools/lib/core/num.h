/*
 * Numbers from text, with bounds, in one place.
 * The whole text must be the number: no blanks, no trailing bytes.  Reads in
 * the C locale whatever the environment says.
 */
#ifndef RDL_CORE_NUM_H
#define RDL_CORE_NUM_H

#include <stdint.h>

#include "core/err.h"

/* Money is kept in millionths of a millionth of a dollar, so that a price of
 * 0.0375 dollars a million tokens is the whole number 37,500 a token. */
#define RDL_PUSD INT64_C(1000000000000)

/* A decimal integer in lo..hi.  On error err says what was wrong with it. */
int rdl_num_int(const char *s, int64_t lo, int64_t hi, int64_t *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Two whole numbers around a mark, "3/8" or "1=500": a from 1, b from lo. */
int rdl_num_pair(const char *s, char mark, int64_t lo, int64_t *a,
    int64_t *b, struct rdl_err *err) RDL_MUST_CHECK;

/* A finite decimal number in lo..hi. */
int rdl_num_real(const char *s, double lo, double hi, double *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* An amount in dollars, "0.25", to 1e-12 dollars, not negative, exactly:
 * more than twelve decimals are refused. */
int rdl_num_usd(const char *s, int64_t *pusd, struct rdl_err *err)
    RDL_MUST_CHECK;

/* dollars (a JSON number) to 1e-12 dollars, rounded to the nearest. */
int64_t rdl_num_pusd(double usd);

/*
 * A duration as Go prints it ("1m30.5s", "12ms", "6m0s") or a plain number of
 * seconds ("20", "0.5"), to milliseconds, rounded up.
 * OpenAI's x-ratelimit-reset-* headers are of this form.
 */
int rdl_num_duration(const char *s, int64_t *ms, struct rdl_err *err)
    RDL_MUST_CHECK;

/* A count or a share of all: "20" or "5%" (0..100). */
struct rdl_share {
	double value;
	int percent;	/* 1 if value is in per cent */
};

int rdl_num_share(const char *s, struct rdl_share *out, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
