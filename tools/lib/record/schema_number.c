/*
 * Numbers as JSON Schema compares them: 1.0 is 1, and is an integer.
 * Reads values only.  Numbers that no machine type holds are compared by
 * their digits, so that none is lost.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "record/json.h"
#include "record/schema_impl.h"

/* A number as it is written: digits times 10^exp.  No zero stands at either
 * end of the digits; the number zero has none. */
struct decimal {
	bool negative;
	char *digits;	/* owned */
	size_t n;
	int64_t exp;
};

/* Add the exponent in p[0..len) to d, bounded far beyond any use. */
static void
add_exponent(struct decimal *d, const char *p, size_t len)
{
	bool negative = len > 0 && *p == '-';
	int64_t e = 0;
	size_t i;

	for (i = len > 0 && (*p == '-' || *p == '+') ? 1 : 0; i < len; i++)
		if (e < INT64_C(1000000000000))
			e = e * 10 + (p[i] - '0');
	d->exp += negative ? -e : e;
}

/* Read a JSON number. */
static void
decimal_of_text(struct decimal *d, const char *p, size_t len)
{
	bool fraction = false;
	size_t i;

	*d = (struct decimal){ .negative = len > 0 && *p == '-' };
	d->digits = rdl_mem_calloc(len + 1, 1);
	for (i = d->negative ? 1 : 0; i < len; i++) {
		if (p[i] == 'e' || p[i] == 'E') {
			add_exponent(d, p + i + 1, len - i - 1);
			break;
		}
		if (p[i] == '.') {
			fraction = true;
			continue;
		}
		if (d->n > 0 || p[i] != '0')
			d->digits[d->n++] = p[i];
		d->exp -= fraction;
	}
	while (d->n > 0 && d->digits[d->n - 1] == '0') {
		d->n--;
		d->exp++;
	}
	if (d->n == 0)
		d->negative = false;
}

static void
decimal_of(struct decimal *d, yyjson_val *v)
{
	char *text = NULL;
	size_t len;

	if (yyjson_is_raw(v)) {
		decimal_of_text(d, yyjson_get_raw(v), yyjson_get_len(v));
		return;
	}
	/* The shortest digits that give the same double again. */
	text = rdl_json_val_write(v, YYJSON_WRITE_NOFLAG, &len);
	if (text == NULL)
		decimal_of_text(d, "0", 1);
	else
		decimal_of_text(d, text, len);
	free(text);
}

static int
compare_decimals(const struct decimal *a, const struct decimal *b)
{
	int sign = a->negative ? -1 : 1, c;
	int64_t atop = a->exp + (int64_t)a->n, btop = b->exp + (int64_t)b->n;

	if (a->n == 0 || b->n == 0)
		return a->n > 0 ? sign : b->n == 0 ? 0 : b->negative ? 1 : -1;
	if (a->negative != b->negative)
		return sign;
	if (atop != btop)
		return atop < btop ? -sign : sign;
	c = memcmp(a->digits, b->digits, a->n < b->n ? a->n : b->n);
	if (c == 0)
		c = a->n < b->n ? -1 : a->n > b->n;
	return c < 0 ? -sign : c > 0 ? sign : 0;
}

static int
compare_written(yyjson_val *a, yyjson_val *b)
{
	struct decimal x, y;
	int c;

	decimal_of(&x, a);
	decimal_of(&y, b);
	c = compare_decimals(&x, &y);
	free(x.digits);
	free(y.digits);
	return c;
}

/* Sign and magnitude of an integer. */
static bool
is_negative(yyjson_val *v)
{
	return yyjson_is_sint(v) && yyjson_get_sint(v) < 0;
}

static uint64_t
magnitude(yyjson_val *v)
{
	return is_negative(v) ? -(uint64_t)yyjson_get_sint(v) :
	    yyjson_get_uint(v);
}

static int
compare_magnitude(uint64_t m, double d)
{
	uint64_t whole;

	if (d < 0)
		return 1;
	if (d >= 18446744073709551616.0)
		return -1;
	whole = (uint64_t)d;
	if (m != whole)
		return m < whole ? -1 : 1;
	return (double)whole < d ? -1 : 0;
}

static int
compare_integer(yyjson_val *i, double d)
{
	return is_negative(i) ? -compare_magnitude(magnitude(i), -d) :
	    compare_magnitude(magnitude(i), d);
}

static int
compare_integers(yyjson_val *a, yyjson_val *b)
{
	uint64_t x = magnitude(a), y = magnitude(b);

	if (is_negative(a) != is_negative(b))
		return is_negative(a) ? -1 : 1;
	if (x == y)
		return 0;
	return (x < y) == is_negative(a) ? 1 : -1;
}

int
rdl_schema_compare(yyjson_val *a, yyjson_val *b)
{
	double x, y;

	if (yyjson_is_raw(a) || yyjson_is_raw(b))
		return compare_written(a, b);
	if (yyjson_is_int(a) && yyjson_is_int(b))
		return compare_integers(a, b);
	if (yyjson_is_int(a))
		return compare_integer(a, yyjson_get_real(b));
	if (yyjson_is_int(b))
		return -compare_integer(b, yyjson_get_real(a));
	x = yyjson_get_real(a);
	y = yyjson_get_real(b);
	return x < y ? -1 : x > y;
}

bool
rdl_schema_is_number(yyjson_val *v)
{
	return yyjson_is_num(v) || yyjson_is_raw(v);
}

bool
rdl_schema_is_integer(yyjson_val *v)
{
	struct decimal d;
	bool whole;

	if (yyjson_is_real(v))
		return yyjson_get_real(v) == floor(yyjson_get_real(v));
	if (!yyjson_is_raw(v))
		return yyjson_is_int(v);
	decimal_of(&d, v);
	whole = d.exp >= 0;
	free(d.digits);
	return whole;
}

/* The digits as a number under 2^60, or 0 if they are none. */
static uint64_t
small_mantissa(const struct decimal *d)
{
	uint64_t m = 0;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (m >= (UINT64_C(1) << 60) / 10 - 1)
			return 0;
		m = m * 10 + (uint64_t)(d->digits[i] - '0');
	}
	return m;
}

bool
rdl_schema_is_divisor(yyjson_val *m)
{
	struct decimal d;
	bool ok;

	decimal_of(&d, m);
	ok = !d.negative && small_mantissa(&d) > 0;
	free(d.digits);
	return ok;
}

/*
 * v = a 10^i and m = b 10^k in digits without zeros at the end.  If i < k, v
 * would have to be divisible by 10 more often than it is.  Else b must divide
 * a 10^(i - k), reckoned modulo b < 2^60; since b has at most 60 factors of 2
 * or 5, more than 64 tens change nothing.
 */
bool
rdl_schema_is_multiple(yyjson_val *v, yyjson_val *m)
{
	struct decimal a, b;
	uint64_t mod, r = 0;
	int64_t tens;
	size_t i;

	decimal_of(&a, v);
	decimal_of(&b, m);
	mod = small_mantissa(&b);
	tens = a.exp - b.exp;
	for (i = 0; i < a.n; i++)
		r = (r * 10 + (uint64_t)(a.digits[i] - '0')) % mod;
	for (i = 0; i < 64 && (int64_t)i < tens; i++)
		r = r * 10 % mod;
	if (a.n > 0 && tens < 0)
		r = 1;
	free(a.digits);
	free(b.digits);
	return r == 0;
}
