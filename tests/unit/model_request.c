/*
 * Requests: their canonical form, what is part of their identity and what is
 * not, and their size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "model/request.h"
#include "record/canon.h"

/* A model and a request that sets every field, to be changed one by one. */
struct sample {
	struct rdl_model model, other;
	struct rdl_piece system[1], user[2];
	struct rdl_turn turns[2];
	const char *stop[2];
	const char *inputs[2];
	struct rdl_request r;
};

static void
sample_init(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	s->model.name = (char *)"judge";
	s->model.remote = (char *)"vlm-1";
	s->model.base_url = (char *)"http://127.0.0.1:8080/v1";
	s->model.endpoint = (char *)"http://127.0.0.1:8080/v1";
	s->other = s->model;
	s->system[0] = (struct rdl_piece){ .text = "You judge.", .len = 10 };
	s->user[0] = (struct rdl_piece){ .text = "Which?", .len = 6 };
	s->user[1] = (struct rdl_piece){ .uri = "a.png",
	    .media_type = "image/png", .bytes = 9 };
	memset(s->user[1].image.b, 0xab, sizeof(s->user[1].image.b));
	s->turns[0] = (struct rdl_turn){ RDL_ROLE_SYSTEM, s->system, 1 };
	s->turns[1] = (struct rdl_turn){ RDL_ROLE_USER, s->user, 2 };
	s->stop[0] = "END";
	s->stop[1] = "###";
	s->inputs[0] = "red";
	s->inputs[1] = "blue";
	s->r = (struct rdl_request){
		.op = RDL_OP_CHAT, .model = &s->model,
		.sampling = { 0.5, 0.9, 40, 256, 7, s->stop, 1 },
		.turns = s->turns, .nturns = 2,
		.json = true, .schema = "{}", .schema_len = 2,
		.inputs = s->inputs, .ninputs = 1,
		.prompt = "a fox", .size = "512x512",
		.rollout = 3, .attempt = 1,
	};
	memset(s->r.prompt_digest.b, 0xcd, sizeof(s->r.prompt_digest.b));
}

static char *
canon(const struct rdl_request *r)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_request_canon(r, &out, &err), 0);
	return rdl_buf_detach(&out, NULL);
}

static void
test_canon_is_as_documented(void **state)
{
	struct sample s;
	char *c;

	(void)state;
	sample_init(&s);
	c = canon(&s.r);
	assert_string_equal(c,
	    "{\"attempt\":1,\"endpoint\":\"http://127.0.0.1:8080/v1\","
	    "\"json\":true,\"max_tokens\":256,\"messages\":["
	    "{\"content\":\"You judge.\",\"role\":\"system\"},"
	    "{\"content\":[{\"text\":\"Which?\"},{\"image\":\"sha256:"
	    "abababababababababababababababab"
	    "abababababababababababababababab\","
	    "\"media_type\":\"image/png\"}],\"role\":\"user\"}],"
	    "\"model\":\"vlm-1\",\"op\":\"chat\",\"prompt_sha256\":\""
	    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\",\"rollout\":3,"
	    /* printf '{}' | sha256sum */
	    "\"schema_sha256\":\"44136fa355b3678a1146ad16f7e8649e"
	    "94fb4fc21fe77e8310c060f61caaff8a\",\"seed\":7,"
	    "\"stop\":[\"END\"],\"temperature\":0.5,\"top_k\":40,"
	    "\"top_p\":0.9,\"v\":1}");
	free(c);
	/* What is not set is not there. */
	s.r = (struct rdl_request){ .op = RDL_OP_CHAT, .model = &s.model,
	    .sampling = RDL_SAMPLING_INIT };
	c = canon(&s.r);
	assert_string_equal(c, "{\"endpoint\":\"http://127.0.0.1:8080/v1\","
	    "\"messages\":[],\"model\":\"vlm-1\",\"op\":\"chat\",\"v\":1}");
	free(c);
}

/* RFC 8785 of its own parse is the same bytes. */
static void
assert_is_rfc8785(const struct rdl_request *r)
{
	struct rdl_buf ours = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf theirs = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	yyjson_doc *doc;

	assert_int_equal(rdl_request_canon(r, &ours, &err), 0);
	doc = yyjson_read(ours.p, ours.len, YYJSON_READ_NOFLAG);
	assert_non_null(doc);
	assert_int_equal(rdl_canon(yyjson_doc_get_root(doc), &theirs, &err),
	    0);
	assert_int_equal(ours.len, theirs.len);
	assert_memory_equal(ours.p, theirs.p, ours.len);
	yyjson_doc_free(doc);
	rdl_buf_release(&ours);
	rdl_buf_release(&theirs);
}

static void
test_canon_is_rfc8785(void **state)
{
	static const char odd[] = "\"\\/\b\f\n\r\t\x01\x1f\x7f\0\xc3\xa9"
	    "\xe2\x82\xac\xf0\x9f\x98\x82\xe2\x80\xa8<script>";
	static const double numbers[] = { 0, -0.0, 1, 0.1, 1e-7, 1e21,
		0.30000000000000004, 2.5 };
	struct sample s;
	size_t i, op;

	(void)state;
	for (op = RDL_OP_CHAT; op <= RDL_OP_IMAGE; op++) {
		sample_init(&s);
		s.r.op = (enum rdl_op)op;
		s.user[0].text = odd;
		s.user[0].len = sizeof(odd) - 1;
		s.inputs[0] = s.r.prompt = odd;
		s.r.ninputs = 2;
		s.r.sampling.nstop = 2;
		assert_is_rfc8785(&s.r);
		s.r.ninputs = 0;
		s.r.rollout = s.r.attempt = 0;
		assert_is_rfc8785(&s.r);
		for (i = 0; i < RDL_NELEM(numbers); i++) {
			s.r.sampling.temperature = numbers[i];
			assert_is_rfc8785(&s.r);
		}
		s.r.sampling.seed = INT64_C(1) << 53;
		assert_is_rfc8785(&s.r);
	}
}

/* Each changes one thing that is part of the identity. */
static void c_endpoint(struct sample *s)
{ s->model.endpoint = (char *)"http://127.0.0.1:8081/v1"; }
static void c_remote(struct sample *s) { s->model.remote = (char *)"vlm-2"; }
static void c_temp(struct sample *s) { s->r.sampling.temperature = 0.6; }
static void c_temp_unset(struct sample *s)
{ s->r.sampling.temperature = NAN; }
static void c_top_p(struct sample *s) { s->r.sampling.top_p = 1; }
static void c_top_p_unset(struct sample *s) { s->r.sampling.top_p = NAN; }
static void c_top_k(struct sample *s) { s->r.sampling.top_k = 41; }
static void c_top_k_unset(struct sample *s) { s->r.sampling.top_k = -1; }
static void c_max(struct sample *s) { s->r.sampling.max_tokens = 257; }
static void c_max_unset(struct sample *s) { s->r.sampling.max_tokens = -1; }
static void c_seed(struct sample *s) { s->r.sampling.seed = 8; }
static void c_seed_0(struct sample *s) { s->r.sampling.seed = 0; }
static void c_seed_unset(struct sample *s) { s->r.sampling.seed = -1; }
static void c_stop(struct sample *s) { s->stop[0] = "STOP"; }
static void c_stop_more(struct sample *s) { s->r.sampling.nstop = 2; }
static void c_stop_none(struct sample *s) { s->r.sampling.nstop = 0; }
static void c_role(struct sample *s) { s->turns[1].role = RDL_ROLE_MODEL; }
static void c_role_0(struct sample *s) { s->turns[0].role = RDL_ROLE_USER; }
static void c_turns(struct sample *s) { s->r.nturns = 1; }
static void c_pieces(struct sample *s) { s->turns[1].npieces = 1; }
static void c_text(struct sample *s) { s->user[0].text = "Whose?"; }
static void c_len(struct sample *s) { s->user[0].len = 5; }
static void c_system(struct sample *s) { s->system[0].text = "You Judge."; }
static void c_image(struct sample *s) { s->user[1].image.b[31] ^= 1; }
static void c_type(struct sample *s) { s->user[1].media_type = "image/gif"; }
static void c_json(struct sample *s) { s->r.json = false; }
static void c_schema(struct sample *s) { s->r.schema = "[]"; }
static void c_schema_none(struct sample *s) { s->r.schema = NULL; }
static void c_digest(struct sample *s) { s->r.prompt_digest.b[0] ^= 1; }
static void c_digest_none(struct sample *s)
{ memset(&s->r.prompt_digest, 0, sizeof(s->r.prompt_digest)); }
static void c_rollout(struct sample *s) { s->r.rollout = 4; }
static void c_rollout_0(struct sample *s) { s->r.rollout = 0; }
static void c_attempt(struct sample *s) { s->r.attempt = 2; }
static void c_attempt_0(struct sample *s) { s->r.attempt = 0; }
static void c_op_embed(struct sample *s) { s->r.op = RDL_OP_EMBED; }
static void c_inputs(struct sample *s)
{ s->r.op = RDL_OP_EMBED; s->inputs[0] = "green"; }
static void c_inputs_2(struct sample *s)
{ s->r.op = RDL_OP_EMBED; s->r.ninputs = 2; }
static void c_op_image(struct sample *s) { s->r.op = RDL_OP_IMAGE; }
static void c_prompt(struct sample *s)
{ s->r.op = RDL_OP_IMAGE; s->r.prompt = "a dog"; }
static void c_size(struct sample *s)
{ s->r.op = RDL_OP_IMAGE; s->r.size = "256x256"; }
static void c_size_none(struct sample *s)
{ s->r.op = RDL_OP_IMAGE; s->r.size = NULL; }
static void c_nothing(struct sample *s) { (void)s; }

static void
test_canon_every_field_counts(void **state)
{
	static void (*const changes[])(struct sample *) = {
		c_nothing, c_endpoint, c_remote, c_temp, c_temp_unset,
		c_top_p, c_top_p_unset, c_top_k, c_top_k_unset, c_max,
		c_max_unset, c_seed, c_seed_0, c_seed_unset, c_stop,
		c_stop_more, c_stop_none, c_role, c_role_0, c_turns,
		c_pieces, c_text, c_len, c_system, c_image, c_type, c_json,
		c_schema, c_schema_none, c_digest, c_digest_none, c_rollout,
		c_rollout_0, c_attempt, c_attempt_0, c_op_embed, c_inputs,
		c_inputs_2, c_op_image, c_prompt, c_size, c_size_none,
	};
	char *seen[RDL_NELEM(changes)];
	struct sample s;
	size_t i, j;

	(void)state;
	for (i = 0; i < RDL_NELEM(changes); i++) {
		sample_init(&s);
		changes[i](&s);
		seen[i] = canon(&s.r);
		for (j = 0; j < i; j++)
			if (strcmp(seen[i], seen[j]) == 0)
				fail_msg("changes %zu and %zu: %s", i, j,
				    seen[i]);
	}
	for (i = 0; i < RDL_NELEM(changes); i++)
		free(seen[i]);
}

static void
test_canon_leaves_out_what_is_no_identity(void **state)
{
	struct sample s;
	char *before, *after;

	(void)state;
	sample_init(&s);
	before = canon(&s.r);
	s.model.name = (char *)"another-alias";
	s.model.base_url = (char *)"http://moved:9000/v1";
	s.model.key = (char *)"sk-secret";
	s.model.quirks.no_seed = true;
	s.model.price.in = 5;
	s.model.timeout_ms = 1;
	s.user[1].uri = "elsewhere/a.png";
	s.user[1].bytes = 10;
	after = canon(&s.r);
	assert_string_equal(before, after);
	assert_null(strstr(after, "secret"));
	free(before);
	free(after);
}

/* The digest of a schema is remembered by content, never by address. */
static void
test_canon_schema_is_not_known_by_address(void **state)
{
	char schema[] = "{\"type\":\"object\"}";
	struct sample s;
	char *a, *b;

	(void)state;
	sample_init(&s);
	s.r.schema = schema;
	s.r.schema_len = sizeof(schema) - 1;
	a = canon(&s.r);
	memcpy(schema, "{\"type\":\"number\"}", sizeof(schema));
	b = canon(&s.r);
	assert_string_not_equal(a, b);
	free(a);
	free(b);
}

static void
refuse_canon(const struct rdl_request *r, size_t max, const char *why)
{
	struct rdl_buf out = RDL_BUF_INIT(max);
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_request_canon(r, &out, &err), -1);
	assert_non_null(strstr(err.msg, why));
	rdl_buf_release(&out);
}

static void
test_canon_refuses(void **state)
{
	struct sample s;

	(void)state;
	sample_init(&s);
	refuse_canon(&s.r, 40, "larger than 40 bytes");
	refuse_canon(&s.r, 0, "larger than 0 bytes");
	s.r.sampling.temperature = (double)INFINITY;
	refuse_canon(&s.r, 4096, "infinite");
	sample_init(&s);
	s.r.sampling.seed = (INT64_C(1) << 53) + 1;
	refuse_canon(&s.r, 4096, "too large");
	sample_init(&s);
	s.user[0].text = "a\xff" "bcde";
	refuse_canon(&s.r, 4096, "not UTF-8");
	s.user[0].text = "\xed\xa0\x80xyz";	/* a surrogate */
	refuse_canon(&s.r, 4096, "not UTF-8");
	sample_init(&s);
	s.r.op = RDL_OP_IMAGE;
	s.r.prompt = NULL;
	refuse_canon(&s.r, 4096, "without a prompt");
}

static void
test_tokens(void **state)
{
	struct sample s;

	(void)state;
	sample_init(&s);
	/* 16 bytes of text, one image, two turns */
	assert_int_equal(rdl_request_tokens(&s.r), 4 + 765 + 8);
	s.r.op = RDL_OP_EMBED;
	s.r.ninputs = 2;
	assert_int_equal(rdl_request_tokens(&s.r), 2);
	s.r.op = RDL_OP_IMAGE;
	assert_int_equal(rdl_request_tokens(&s.r), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canon_is_as_documented),
		cmocka_unit_test(test_canon_is_rfc8785),
		cmocka_unit_test(test_canon_every_field_counts),
		cmocka_unit_test(test_canon_leaves_out_what_is_no_identity),
		cmocka_unit_test(test_canon_schema_is_not_known_by_address),
		cmocka_unit_test(test_canon_refuses),
		cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
