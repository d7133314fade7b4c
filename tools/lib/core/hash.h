/*
 * SHA-256 (FIPS 180-4) by OpenSSL, and the 128-bit prefix that names things.
 */
#ifndef RDL_CORE_HASH_H
#define RDL_CORE_HASH_H

#include <stddef.h>

#define RDL_SHA256_LEN 32
#define RDL_HASH_LEN 16

struct rdl_sha256 {
	unsigned char b[RDL_SHA256_LEN];
};

/* The first 128 bits of a SHA-256: enough to name, not to sign. */
struct rdl_hash {
	unsigned char b[RDL_HASH_LEN];
};

/* SHA-256 of len bytes. */
struct rdl_sha256 rdl_hash_sha256(const void *p, size_t len);

/* Its first 128 bits. */
struct rdl_hash rdl_hash_of(const void *p, size_t len);

/* An incremental SHA-256, for data that do not fit into memory. */
struct rdl_hasher;
struct rdl_hasher *rdl_hasher_new(void);
void rdl_hasher_add(struct rdl_hasher *h, const void *p, size_t len);
/* The digest of all that was added; the hasher starts again. */
struct rdl_sha256 rdl_hasher_end(struct rdl_hasher *h);
void rdl_hasher_free(struct rdl_hasher *h);

/* Lower-case hexadecimal of len bytes and a NUL into out (2 * len + 1). */
void rdl_hash_hex(char *out, const void *p, size_t len);

/* Exactly 2 * len lower-case hexadecimal digits to bytes: 0, or -1. */
int rdl_hash_unhex(void *out, const char *hex, size_t len);

#endif
