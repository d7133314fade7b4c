/*
 * CLIP: the demo model's golden values in every precision, the same bits
 * whatever the neighbours and threads, both layouts, and models that lie.
 */
#include "clip_model.h"

#include <dirent.h>
#include <math.h>

#include "vision/dnnl.h"
#include "vision/kernel.h"

static struct rdl_clip *
open_as(const char *dir, int precision, unsigned threads)
{
	const struct rdl_clip_opts o = { precision, threads };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_clip *c = rdl_clip_open(dir, &o, &err);

	if (c == NULL)
		fail_msg("%s: %s", dir, err.msg);
	return c;
}

/* Can this CPU, with what is installed, compute in that precision? */
static bool
can(int precision)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (precision == RDL_PRECISION_BF16)
		return rdl_kernel_fp16() != NULL ||
		    (rdl_kernel_cpu()->avx512 && rdl_dnnl_load(&err) == 0);
	if (precision == RDL_PRECISION_INT8)
		return rdl_kernel_best()->tile8 != NULL;
	return true;
}

static float *
embed_texts(struct rdl_clip *c)
{
	float *out = rdl_mem_calloc(DEMO_ITEMS * DEMO_DIM, sizeof(*out));
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_clip_texts(c, golden->texts, DEMO_ITEMS, out, &err) < 0)
		fail_msg("%s", err.msg);
	return out;
}

static float *
embed_images(struct rdl_clip *c)
{
	float *out = rdl_mem_calloc(DEMO_ITEMS * DEMO_DIM, sizeof(*out));
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_clip_images(c, golden->squares, DEMO_ITEMS, out, &err) < 0)
		fail_msg("%s", err.msg);
	return out;
}

static double
least_cosine(const float *a, float (*want)[DEMO_DIM])
{
	double least = 1, s, n;
	size_t i, j;

	for (i = 0; i < DEMO_ITEMS; i++) {
		s = n = 0;
		for (j = 0; j < DEMO_DIM; j++) {
			s += (double)a[i * DEMO_DIM + j] * (double)want[i][j];
			n += (double)a[i * DEMO_DIM + j] *
			    (double)a[i * DEMO_DIM + j];
		}
		assert_true(fabs(n - 1) < 1e-6);
		least = s < least ? s : least;
	}
	return least;
}

static void
check_golden(int precision, double bound)
{
	struct rdl_clip *c;
	float *texts, *images;

	if (!can(precision))
		skip();
	c = open_as(DEMO, precision, 2);
	assert_int_equal(rdl_clip_info(c)->precision, precision);
	texts = embed_texts(c);
	images = embed_images(c);
	assert_true(least_cosine(texts, golden->text_want) >= bound);
	assert_true(least_cosine(images, golden->image_want) >= bound);
	free(texts);
	free(images);
	rdl_clip_free(c);
}

static void
test_f32_is_golden(void **state)
{
	(void)state;
	check_golden(RDL_PRECISION_F32, 0.999999);
}

static void
test_reference_is_golden(void **state)
{
	(void)state;
	check_golden(RDL_PRECISION_REFERENCE, 0.999999);
}

static void
test_bf16_is_near(void **state)
{
	(void)state;
	check_golden(RDL_PRECISION_BF16, 0.999);
}

static void
test_int8_is_near(void **state)
{
	(void)state;
	check_golden(RDL_PRECISION_INT8, 0.995);
}

/* The reference gives these bits on every machine and with every compiler. */
static void
test_reference_bits(void **state)
{
	struct rdl_clip *c = open_as(DEMO, RDL_PRECISION_REFERENCE, 2);
	float *texts = embed_texts(c), *images = embed_images(c);
	struct rdl_hash t, i;
	char hex[33];

	(void)state;
	t = rdl_hash_of(texts, DEMO_ITEMS * DEMO_DIM * sizeof(float));
	i = rdl_hash_of(images, DEMO_ITEMS * DEMO_DIM * sizeof(float));
	rdl_hash_hex(hex, t.b, sizeof(t.b));
	assert_string_equal(hex, "203c67d5965bd82d72c190847968ead8");
	rdl_hash_hex(hex, i.b, sizeof(i.b));
	assert_string_equal(hex, "773c3331306776d64e3750661202daaf");
	free(texts);
	free(images);
	rdl_clip_free(c);
}

/* One by one, backwards, and in uneven calls: all the same bits. */
static void
check_alone(struct rdl_clip *c, const float *texts, const float *images)
{
	const uint8_t *squares[DEMO_ITEMS];
	const struct rdl_tokens *back[DEMO_ITEMS];
	struct rdl_err err = RDL_ERR_INIT;
	float *out = rdl_mem_calloc(DEMO_ITEMS * DEMO_DIM, sizeof(*out));
	const size_t row = DEMO_DIM * sizeof(*out);
	size_t i, n;

	for (i = 0; i < DEMO_ITEMS; i++) {
		squares[i] = golden->squares[DEMO_ITEMS - 1 - i];
		back[i] = golden->texts[DEMO_ITEMS - 1 - i];
	}
	assert_int_equal(rdl_clip_images(c, squares, DEMO_ITEMS, out, &err),
	    0);
	for (i = 0; i < DEMO_ITEMS; i++)
		assert_memory_equal(out + i * DEMO_DIM,
		    images + (DEMO_ITEMS - 1 - i) * DEMO_DIM, row);
	assert_int_equal(rdl_clip_texts(c, back, DEMO_ITEMS, out, &err), 0);
	for (i = 0; i < DEMO_ITEMS; i++)
		assert_memory_equal(out + i * DEMO_DIM,
		    texts + (DEMO_ITEMS - 1 - i) * DEMO_DIM, row);
	for (i = 0; i < DEMO_ITEMS; i += n) {
		n = i % 7 + 1 < DEMO_ITEMS - i ? i % 7 + 1 : DEMO_ITEMS - i;
		assert_int_equal(rdl_clip_images(c, golden->squares + i, n,
		    out, &err), 0);
		assert_memory_equal(out, images + i * DEMO_DIM, n * row);
		assert_int_equal(rdl_clip_texts(c, golden->texts + i, n, out,
		    &err), 0);
		assert_memory_equal(out, texts + i * DEMO_DIM, n * row);
	}
	free(out);
}

static void
test_no_vector_depends_on_neighbours_or_threads(void **state)
{
	static const int precisions[] = { RDL_PRECISION_F32,
		RDL_PRECISION_BF16, RDL_PRECISION_INT8,
		RDL_PRECISION_REFERENCE };
	float *texts, *images, *other;
	struct rdl_clip *c;
	unsigned threads;
	size_t p;

	(void)state;
	for (p = 0; p < RDL_NELEM(precisions); p++) {
		if (!can(precisions[p]))
			continue;
		c = open_as(DEMO, precisions[p], 1);
		texts = embed_texts(c);
		images = embed_images(c);
		check_alone(c, texts, images);
		rdl_clip_free(c);
		for (threads = 2; threads < 4; threads++) {
			c = open_as(DEMO, precisions[p], threads);
			other = embed_texts(c);
			assert_memory_equal(other, texts,
			    DEMO_ITEMS * DEMO_DIM * sizeof(float));
			free(other);
			other = embed_images(c);
			assert_memory_equal(other, images,
			    DEMO_ITEMS * DEMO_DIM * sizeof(float));
			free(other);
			rdl_clip_free(c);
		}
		free(texts);
		free(images);
	}
}

static void
test_info_and_keys(void **state)
{
	struct rdl_clip *f32 = open_as(DEMO, RDL_PRECISION_F32, 1);
	struct rdl_clip *same = open_as(DEMO, RDL_PRECISION_F32, 2);
	struct rdl_clip *ref = open_as(DEMO, RDL_PRECISION_REFERENCE, 1);
	struct rdl_clip *automatic = open_as(DEMO, RDL_PRECISION_AUTO, 0);
	const struct rdl_clip_info *i = rdl_clip_info(f32);

	(void)state;
	assert_int_equal(i->dim, DEMO_DIM);
	assert_int_equal(i->context, 77);
	assert_int_equal(i->vocab, 4096);
	assert_int_equal(i->crop.size, DEMO_SIDE);
	assert_false(i->crop.half_even || i->crop.squash);
	assert_string_equal(i->name, "ViT-small/16 192x4 128x3");
	assert_true(i->logit_scale > 1 && i->logit_scale < 101);
	assert_true(rdl_clip_batch(same) >= 2);
	assert_memory_equal(&i->key, &rdl_clip_info(same)->key,
	    sizeof(i->key));
	assert_memory_not_equal(&i->key, &rdl_clip_info(ref)->key,
	    sizeof(i->key));
	assert_int_not_equal(rdl_clip_info(automatic)->precision,
	    RDL_PRECISION_AUTO);
	rdl_clip_free(f32);
	rdl_clip_free(same);
	rdl_clip_free(ref);
	rdl_clip_free(automatic);
}

static const char openclip_config[] =
    "{\"model_cfg\": {\"embed_dim\": 128, \"quick_gelu\": true,"
    "\"vision_cfg\": {\"image_size\": 96, \"layers\": 4, \"width\": 192,"
    "\"patch_size\": 16}, \"text_cfg\": {\"context_length\": 77,"
    "\"vocab_size\": 4096, \"width\": 128, \"heads\": 2, \"layers\": 3}},"
    "\"preprocess_cfg\": {\"mean\": [0.48145466, 0.4578275, 0.40821073],"
    "\"std\": [0.26862954, 0.26130258, 0.27577711],"
    "\"interpolation\": \"bicubic\", \"resize_mode\": \"shortest\"}}";

static void
check_openclip(const char *prefix)
{
	struct made *m = rdl_mem_calloc(1, sizeof(*m));
	char dir[] = "/tmp/vision_clip.XXXXXX", path[64];
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tensors *demo = rdl_tensors_open(DEMO, &err);
	struct rdl_clip *hf = open_as(DEMO, RDL_PRECISION_F32, 2), *oc;
	float *a, *b;

	assert_non_null(demo);
	assert_non_null(mkdtemp(dir));
	made_openclip(m, demo, prefix);
	(void)snprintf(path, sizeof(path), "%s/open_clip_model.safetensors",
	    dir);
	made_write(m, path);
	made_release(m);
	free(m);
	write_text(dir, "open_clip_config.json", openclip_config);
	oc = open_as(dir, RDL_PRECISION_F32, 2);
	assert_true(rdl_clip_info(oc)->crop.half_even);
	a = embed_texts(hf);
	b = embed_texts(oc);
	assert_memory_equal(a, b, DEMO_ITEMS * DEMO_DIM * sizeof(float));
	free(a);
	free(b);
	a = embed_images(hf);
	b = embed_images(oc);
	assert_memory_equal(a, b, DEMO_ITEMS * DEMO_DIM * sizeof(float));
	free(a);
	free(b);
	rdl_clip_free(oc);
	rdl_clip_free(hf);
	rdl_tensors_close(demo);
	remove_model(dir);
}

static void
test_openclip_layout_gives_the_same_bits(void **state)
{
	(void)state;
	check_openclip("");
	check_openclip("text.");
}

/* A wrong activation gives plausible vectors: it must be seen. */
static void
test_activation_is_read(void **state)
{
	char dir[] = "/tmp/vision_clip.XXXXXX";
	struct rdl_clip *c;
	float *v;

	(void)state;
	assert_non_null(mkdtemp(dir));
	copy_file(dir, "model.safetensors", NULL, NULL);
	copy_file(dir, "preprocessor_config.json", NULL, NULL);
	copy_file(dir, "config.json", "quick_gelu", "gelu");
	c = open_as(dir, RDL_PRECISION_F32, 1);
	v = embed_texts(c);
	assert_true(least_cosine(v, golden->text_want) < 0.999999);
	assert_true(least_cosine(v, golden->text_want) > 0.5);
	free(v);
	rdl_clip_free(c);
	remove_model(dir);
}

/* A demo with one file changed, and what must be said: at opening, or when
 * the tower is loaded. */
static void
refuse(const char *file, const char *from, const char *to, const char *why)
{
	static const char *const files[] = { "config.json",
		"preprocessor_config.json", "model.safetensors" };
	const struct rdl_clip_opts o = { RDL_PRECISION_F32, 2 };
	char dir[] = "/tmp/vision_clip.XXXXXX";
	struct rdl_err err = RDL_ERR_INIT;
	float out[DEMO_DIM];
	struct rdl_clip *c;
	bool mine;
	size_t i;

	assert_non_null(mkdtemp(dir));
	for (i = 0; i < RDL_NELEM(files); i++) {
		mine = strcmp(file, files[i]) == 0;
		if (!mine || from != NULL)
			copy_file(dir, files[i], mine ? from : NULL, to);
	}
	c = rdl_clip_open(dir, &o, &err);
	if (c != NULL) {
		assert_true(rdl_clip_images(c, golden->squares, 1, out,
		    &err) < 0 || rdl_clip_texts(c, golden->texts, 1, out,
		    &err) < 0);
		/* The same again: nothing is half loaded. */
		rdl_clip_free(c);
	}
	if (strstr(err.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
	remove_model(dir);
}

/* The decoders are forked behind it: vision/pool.h. */
static void
test_opening_starts_no_thread(void **state)
{
	struct rdl_clip *c = open_as(DEMO, RDL_PRECISION_F32, 4);
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	int n = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	assert_int_equal(n, 1);
	rdl_clip_free(c);
}

static void
test_wrong_configurations_are_refused(void **state)
{
	const char *c = "config.json", *p = "preprocessor_config.json";

	(void)state;
	refuse(c, NULL, NULL, "config.json");
	refuse(c, "{", "[", "config.json");
	refuse(c, "\"clip\"", "\"siglip\"", "model_type");
	refuse(c, "\"quick_gelu\"", "\"swish\"", "text_config.hidden_act");
	refuse(c, "\"hidden_size\": 192", "\"hidden_size\": -1",
	    "vision_config.hidden_size");
	refuse(c, "\"hidden_size\": 192", "\"hidden_size\": 193", "heads");
	refuse(c, "\"hidden_size\": 192", "\"hidden_size\": 384",
	    "vision_model.");
	refuse(c, "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 5",
	    "vision_model.encoder.layers.4.layer_norm1.weight is missing");
	refuse(c, "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 4.5",
	    "num_hidden_layers");
	refuse(c, "\"vocab_size\": 4096", "\"vocab_size\": 4097",
	    "token_embedding.weight is [4096, 128]");
	refuse(c, "\"patch_size\": 16", "\"patch_size\": 97", "patches");
	refuse(c, "\"patch_size\": 16", "\"patch_size\": 0", "patch_size");
	refuse(c, "\"num_channels\": 3", "\"num_channels\": 4",
	    "num_channels");
	refuse(p, NULL, NULL, "preprocessor_config.json");
	refuse(p, "96", "112", "image_size");
	refuse(p, "\"resample\": 3", "\"resample\": 0", "resample");
	refuse(p, "0.26862954", "0", "deviation");
	refuse(p, "0.48145466", "\"x\"", "image_mean");
}

static void
test_wrong_weights_are_refused(void **state)
{
	const char *m = "model.safetensors";

	(void)state;
	refuse(m, NULL, NULL, "safetensors");
	refuse("config.json", "\"projection_dim\": 128,\n \"logit",
	    "\"projection_dim\": 64,\n \"logit",
	    "projection.weight is [128, ");
}

/* One value that is no number, in a tensor of its own. */
static void
test_weights_that_are_no_numbers_are_refused(void **state)
{
	static const char *const names[] = { "visual.conv1.weight",
		"transformer.resblocks.1.mlp.c_fc.weight",
		"token_embedding.weight" };
	const struct rdl_clip_opts o = { RDL_PRECISION_F32, 1 };
	struct made *m = rdl_mem_calloc(1, sizeof(*m));
	char dir[] = "/tmp/vision_clip.XXXXXX", path[64];
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tensors *demo = rdl_tensors_open(DEMO, &err);
	float out[DEMO_ITEMS * DEMO_DIM];
	struct rdl_clip *c;
	size_t i, t;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/open_clip_model.safetensors",
	    dir);
	write_text(dir, "open_clip_config.json", openclip_config);
	for (i = 0; i < RDL_NELEM(names); i++) {
		made_openclip(m, demo, "");
		for (t = 0; strcmp(m->t[t].name, names[i]) != 0; t++)
			assert_true(t < m->n);
		m->t[t].data[(size_t)golden->tokens[0].ids[1] * 128 %
		    m->t[t].n] = NAN;
		made_write(m, path);
		made_release(m);
		rdl_err_clear(&err);
		c = rdl_clip_open(dir, &o, &err);
		assert_non_null(c);
		assert_true(rdl_clip_images(c, golden->squares, 1, out,
		    &err) < 0 || rdl_clip_texts(c, golden->texts, DEMO_ITEMS,
		    out, &err) < 0);
		assert_int_equal(err.cls, RDL_E_INPUT);
		assert_non_null(strstr(err.msg, "not finite"));
		if (i < 2)
			assert_non_null(strstr(err.msg, names[i]));
		rdl_clip_free(c);
	}
	free(m);
	rdl_tensors_close(demo);
	remove_model(dir);
}

static void
refuse_text(struct rdl_clip *c, const int32_t *ids, size_t n, const char *why)
{
	struct rdl_err err = RDL_ERR_INIT;
	const struct rdl_tokens *list[2];
	static struct rdl_tokens t;
	float out[2 * DEMO_DIM];

	memcpy(t.ids, ids, (n < 256 ? n : 256) * sizeof(*ids));
	t.n = n;
	list[0] = golden->texts[0];
	list[1] = &t;
	assert_int_equal(rdl_clip_texts(c, list, 2, out, &err), -1);
	assert_int_equal(err.cls, RDL_E_INPUT);
	if (strstr(err.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
}

static void
test_texts_of_another_tokenizer_are_refused(void **state)
{
	struct rdl_clip *c = open_as(DEMO, RDL_PRECISION_F32, 2);
	static const int32_t high[] = { 4094, 4096, 4095 };
	static const int32_t low[] = { 4094, -1, 4095 };
	static const int32_t endless[] = { 4094, 320 };
	static const int32_t far[256] = { 0 };
	float none[1];
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	refuse_text(c, high, 3, "4096");
	refuse_text(c, low, 3, "-1");
	refuse_text(c, endless, 2, "end mark");
	refuse_text(c, far, 0, "0 tokens");
	refuse_text(c, far, 78, "78 tokens");
	refuse_text(c, far, 100000, "100000 tokens");
	assert_int_equal(rdl_clip_texts(c, NULL, 0, none, &err), 0);
	assert_int_equal(rdl_clip_images(c, NULL, 0, none, &err), 0);
	rdl_clip_free(c);
}

/* What stands behind the first end mark changes nothing, bit for bit. */
static void
test_what_follows_the_end_does_not_matter(void **state)
{
	struct rdl_clip *c = open_as(DEMO, RDL_PRECISION_F32, 1);
	struct rdl_tokens longer = *golden->texts[0];
	const struct rdl_tokens *list[2] = { golden->texts[0], &longer };
	struct rdl_err err = RDL_ERR_INIT;
	float out[2 * DEMO_DIM];

	(void)state;
	while (longer.n < 77) {
		longer.ids[longer.n] = 4095 - (int32_t)(longer.n % 3);
		longer.n++;
	}
	assert_int_equal(rdl_clip_texts(c, list, 2, out, &err), 0);
	assert_memory_equal(out, out + DEMO_DIM, DEMO_DIM * sizeof(float));
	rdl_clip_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opening_starts_no_thread),
		cmocka_unit_test(test_f32_is_golden),
		cmocka_unit_test(test_reference_is_golden),
		cmocka_unit_test(test_bf16_is_near),
		cmocka_unit_test(test_int8_is_near),
		cmocka_unit_test(test_reference_bits),
		cmocka_unit_test(
		    test_no_vector_depends_on_neighbours_or_threads),
		cmocka_unit_test(test_info_and_keys),
		cmocka_unit_test(test_openclip_layout_gives_the_same_bits),
		cmocka_unit_test(test_activation_is_read),
		cmocka_unit_test(test_wrong_configurations_are_refused),
		cmocka_unit_test(test_wrong_weights_are_refused),
		cmocka_unit_test(test_weights_that_are_no_numbers_are_refused),
		cmocka_unit_test(test_texts_of_another_tokenizer_are_refused),
		cmocka_unit_test(test_what_follows_the_end_does_not_matter),
	};

	return cmocka_run_group_tests(tests, golden_load, golden_free);
}
