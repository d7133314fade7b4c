/*
 * Numbers from text, with bounds.
 * The only file that may call strtod() or strtoll().
 */
#include "core/num.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* True if s can start a decimal number: strtod() would also take blanks,
 * "inf", "nan" and hexadecimal. */
static int
starts_decimal(const char *s)
{
	if (*s == '-' || *s == '+')
		s++;
	if (*s == '.')
		s++;
	return *s >= '0' && *s <= '9' && strpbrk(s, "xXnN") == NULL;
}

int
rdl_num_int(const char *s, int64_t lo, int64_t hi, int64_t *out,
    struct rdl_err *err)
{
	long long v;
	char *end;

	if (!starts_decimal(s) || *s == '.')
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s' is not a whole number", s);
	errno = 0;
	v = strtoll(s, &end, 10);
	if (*end != '\0')
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s' is not a whole number", s);
	if (errno == ERANGE || v < lo || v > hi)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s is out of range %lld..%lld", s, (long long)lo,
		    (long long)hi);
	*out = v;
	return 0;
}

int
rdl_num_pair(const char *s, char mark, int64_t lo, int64_t *a, int64_t *b,
    struct rdl_err *err)
{
	const char *m = strchr(s, mark);
	char first[24];

	if (m == NULL || (size_t)(m - s) >= sizeof(first))
		return rdl_err_set(err, RDL_E_USAGE,
		    "%.40s: not of the form NUMBER%cNUMBER", s, mark);
	memcpy(first, s, (size_t)(m - s));
	first[m - s] = '\0';
	if (rdl_num_int(first, 1, INT64_MAX, a, err) < 0)
		return -1;
	return rdl_num_int(m + 1, lo, INT64_MAX, b, err);
}

int
rdl_num_real(const char *s, double lo, double hi, double *out,
    struct rdl_err *err)
{
	double v;
	char *end;

	if (!starts_decimal(s))
		return rdl_err_set(err, RDL_E_USAGE, "'%s' is not a number",
		    s);
	errno = 0;
	v = strtod(s, &end);
	if (*end != '\0')
		return rdl_err_set(err, RDL_E_USAGE, "'%s' is not a number",
		    s);
	if (!isfinite(v) || v < lo || v > hi)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s is out of range %g..%g", s, lo, hi);
	*out = v;
	return 0;
}

int
rdl_num_usd(const char *s, int64_t *pusd, struct rdl_err *err)
{
	const char *p = s;
	int64_t v = 0;
	int decimals = -1;

	for (; *p != '\0'; p++) {
		if (*p == '.' && decimals < 0) {
			decimals = 0;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		if (decimals >= 12 || v > (INT64_MAX - 9) / 10)
			return rdl_err_set(err, RDL_E_USAGE,
			    "'%s' has too many digits for dollars", s);
		v = v * 10 + (*p - '0');
		if (decimals >= 0)
			decimals++;
	}
	if (*p != '\0' || p == s || strcmp(s, ".") == 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s' is not an amount in dollars", s);
	for (decimals = decimals < 0 ? 0 : decimals; decimals < 12;
	    decimals++) {
		if (v > INT64_MAX / 10)
			return rdl_err_set(err, RDL_E_USAGE,
			    "%s dollars is too much", s);
		v *= 10;
	}
	*pusd = v;
	return 0;
}

int64_t
rdl_num_pusd(double usd)
{
	double v = usd * (double)RDL_PUSD;

	return v >= 9e18 ? INT64_MAX : v <= -9e18 ? INT64_MIN : llround(v);
}

/* Milliseconds in the unit at *s, which is moved behind it; 0 if unknown. */
static double
unit_ms(const char **s)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {
		{ "ms", 1 }, { "us", 1e-3 }, { "\xc2\xb5s", 1e-3 },
		{ "ns", 1e-6 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 },
	};
	size_t i, n;

	for (i = 0; i < RDL_NELEM(units); i++) {
		n = strlen(units[i].name);
		if (strncmp(*s, units[i].name, n) == 0) {
			*s += n;
			return units[i].ms;
		}
	}
	return 0;
}

int
rdl_num_duration(const char *s, int64_t *ms, struct rdl_err *err)
{
	const char *p = s;
	double sum = 0, v, unit;
	char *end;

	do {
		if (*p < '0' || *p > '9' || !starts_decimal(p))
			goto bad;
		v = strtod(p, &end);
		p = end;
		if (*p == '\0' && sum == 0) {
			sum = v * 1e3;
			break;
		}
		if ((unit = unit_ms(&p)) == 0)
			goto bad;
		sum += v * unit;
	} while (*p != '\0');
	if (!(sum >= 0 && sum < 9e15))
		goto bad;
	*ms = (int64_t)ceil(sum);
	return 0;
bad:
	return rdl_err_set(err, RDL_E_INPUT, "'%s' is not a duration", s);
}

int
rdl_num_share(const char *s, struct rdl_share *out, struct rdl_err *err)
{
	size_t len = strlen(s);
	char tmp[32];

	out->percent = len > 1 && s[len - 1] == '%';
	if (!out->percent) {
		int64_t n;

		if (rdl_num_int(s, 0, INT64_MAX / 2, &n, err) < 0)
			return rdl_err_set(err, RDL_E_USAGE,
			    "'%s' is neither a count nor a percentage", s);
		out->value = (double)n;
		return 0;
	}
	if (len >= sizeof(tmp))
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s' is not a percentage", s);
	memcpy(tmp, s, len - 1);
	tmp[len - 1] = '\0';
	return rdl_num_real(tmp, 0, 100, &out->value, err);
}
