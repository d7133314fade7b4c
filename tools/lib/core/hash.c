/*
 * SHA-256 by OpenSSL's own functions for it, which allocate nothing.  Those of
 * EVP read a configuration and crash inside libcrypto when memory runs out on
 * the way (3.0), and take longer for a record than its hash does.
 */
#include "core/hash.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct rdl_hasher {
	SHA256_CTX ctx;
};

struct rdl_hasher *
rdl_hasher_new(void)
{
	struct rdl_hasher *h = rdl_mem_calloc(1, sizeof(*h));

	(void)SHA256_Init(&h->ctx);
	return h;
}

void
rdl_hasher_add(struct rdl_hasher *h, const void *p, size_t len)
{
	(void)SHA256_Update(&h->ctx, p, len);
}

struct rdl_sha256
rdl_hasher_end(struct rdl_hasher *h)
{
	struct rdl_sha256 out;

	(void)SHA256_Final(out.b, &h->ctx);
	(void)SHA256_Init(&h->ctx);
	return out;
}

void
rdl_hasher_free(struct rdl_hasher *h)
{
	free(h);
}

struct rdl_sha256
rdl_hash_sha256(const void *p, size_t len)
{
	struct rdl_hasher h;

	(void)SHA256_Init(&h.ctx);
	rdl_hasher_add(&h, p, len);
	return rdl_hasher_end(&h);
}

struct rdl_hash
rdl_hash_of(const void *p, size_t len)
{
	struct rdl_sha256 full = rdl_hash_sha256(p, len);
	struct rdl_hash out;

	memcpy(out.b, full.b, sizeof(out.b));
	return out;
}

void
rdl_hash_hex(char *out, const void *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *s = p;
	size_t i;

	for (i = 0; i < len; i++) {
		*out++ = digits[s[i] >> 4];
		*out++ = digits[s[i] & 15];
	}
	*out = '\0';
}

/* The value of a lower-case hexadecimal digit, plus one; 0 for others. */
static const unsigned char nibble[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
	['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16
};

int
rdl_hash_unhex(void *out, const char *hex, size_t len)
{
	const unsigned char *s = (const unsigned char *)hex;
	unsigned char *to = out;
	unsigned int hi, lo, bad = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		hi = nibble[s[2 * i]];
		lo = nibble[s[2 * i + 1]];
		bad |= (hi == 0) | (lo == 0);
		to[i] = (unsigned char)((hi - 1) << 4 | ((lo - 1) & 15));
	}
	return bad ? -1 : 0;
}
