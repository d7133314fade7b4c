/*
 * Base64 read strictly.
 * Reads and writes only the memory it is given.
 */
#include "model/base64.h"

#include <stdint.h>

/* The value of a digit plus one; 0 for a byte that is none. */
static const unsigned char value[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63, ['/'] = 64,
};

/* Four digits as 24 bits, or -1. */
static int32_t
group(const unsigned char *s)
{
	unsigned int a = value[s[0]], b = value[s[1]], c = value[s[2]],
	    d = value[s[3]];

	if (a == 0 || b == 0 || c == 0 || d == 0)
		return -1;
	return (int32_t)((a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 |
	    (d - 1));
}

/* The last group, which may be padded: its bytes, 0 if it is wrong. */
static size_t
last(unsigned char *out, const unsigned char *s)
{
	unsigned char full[4] = { s[0], s[1], s[2], s[3] };
	size_t n = 3;
	int32_t v;

	if (full[3] == '=') {
		full[3] = 'A';
		n = 2;
		if (full[2] == '=') {
			full[2] = 'A';
			n = 1;
		}
	}
	v = group(full);
	if (v < 0 || (n == 2 && (v & 0xff) != 0) ||
	    (n == 1 && (v & 0xffff) != 0))
		return 0;
	out[0] = (unsigned char)(v >> 16);
	if (n > 1)
		out[1] = (unsigned char)(v >> 8);
	if (n > 2)
		out[2] = (unsigned char)v;
	return n;
}

int
rdl_base64_decode(unsigned char *out, size_t *n, const char *p, size_t len)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t i, tail;
	int32_t v;

	*n = 0;
	if (len % 4 != 0)
		return -1;
	if (len == 0)
		return 0;
	for (i = 0; i < len - 4; i += 4) {
		if ((v = group(s + i)) < 0)
			return -1;
		out[*n] = (unsigned char)(v >> 16);
		out[*n + 1] = (unsigned char)(v >> 8);
		out[*n + 2] = (unsigned char)v;
		*n += 3;
	}
	/* The bound counts three bytes for every group, so there is room. */
	tail = last(out + *n, s + i);
	*n += tail;
	return tail > 0 ? 0 : -1;
}
