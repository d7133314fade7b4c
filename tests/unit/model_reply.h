/*
 * For the tests of replies: read a body, and look at what became of it.
 */
#ifndef RDL_TESTS_MODEL_REPLY_H
#define RDL_TESTS_MODEL_REPLY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "model/config.h"
#include "model/dialect.h"

/* 1.5 and -2 as little-endian floats: 0000c03f 000000c0. */
#define B64_VECTOR "AADAPwAAAMA="

static struct rdl_arena arena = RDL_ARENA_INIT;
static struct rdl_reply reply;
static struct rdl_err err = RDL_ERR_INIT;

/* Read a body of exactly len bytes, so that ASan sees a byte too many. */
static int
read_len(const struct rdl_dialect *d, enum rdl_op op, size_t ninputs,
    const char *body, size_t len)
{
	struct rdl_request r = { .op = op, .ninputs = ninputs };
	char *copy = malloc(len > 0 ? len : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, body, len);
	rdl_arena_reset(&arena);
	rdl_err_clear(&err);
	rc = d->read(&r, copy, len, &arena, &reply, &err);
	free(copy);	/* the reply borrows nothing from it */
	if (rc < 0)
		assert_int_equal(err.cls, RDL_E_REMOTE);
	return rc;
}

static void
takes(const struct rdl_dialect *d, enum rdl_op op, size_t ninputs,
    const char *body)
{
	if (read_len(d, op, ninputs, body, strlen(body)) < 0)
		fail_msg("%s: %s", body, err.msg);
}

static void
refuses(const struct rdl_dialect *d, enum rdl_op op, size_t ninputs,
    const char *body, const char *why)
{
	assert_int_equal(read_len(d, op, ninputs, body, strlen(body)), -1);
	if (strstr(err.msg, why) == NULL)
		fail_msg("'%s' is not in: %s", why, err.msg);
}

static void
assert_tokens(int64_t in, int64_t cached, int64_t out, int64_t reasoning)
{
	assert_true(reply.tokens_in == in);
	assert_true(reply.tokens_cached == cached);
	assert_true(reply.tokens_out == out);
	assert_true(reply.tokens_reasoning == reasoning);
}

static int
teardown(void **state)
{
	(void)state;
	rdl_arena_release(&arena);
	return 0;
}

#endif
