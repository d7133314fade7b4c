/*
 * For the tests of CLIP: the demo model's tensors under other names or with
 * faults, written as a model folder of its own; its golden values and images.
 */
#ifndef RDL_TESTS_CLIP_MODEL_H
#define RDL_TESTS_CLIP_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <yyjson.h>

#include "core/file.h"
#include "core/mem.h"
#include "vision/clip.h"
#include "vision/tensors.h"

#define DEMO "samples/demo-clip"
#define DEMO_SIDE 96
#define DEMO_DIM 128
#define DEMO_ITEMS 60

struct golden {
	struct rdl_tokens tokens[DEMO_ITEMS];
	const struct rdl_tokens *texts[DEMO_ITEMS];
	float text_want[DEMO_ITEMS][DEMO_DIM];
	uint8_t pixels[DEMO_ITEMS][DEMO_SIDE * DEMO_SIDE * 3];
	const uint8_t *squares[DEMO_ITEMS];
	float image_want[DEMO_ITEMS][DEMO_DIM];
	size_t ntexts, nimages;
};

static struct golden *golden;

static void
golden_embedding(yyjson_val *rec, float *out)
{
	yyjson_val *e = yyjson_obj_get(rec, "embedding");
	size_t i;

	assert_int_equal(yyjson_arr_size(e), DEMO_DIM);
	for (i = 0; i < DEMO_DIM; i++)
		out[i] = (float)yyjson_get_num(yyjson_arr_get(e, i));
}

static void
golden_text(struct golden *g, yyjson_val *rec)
{
	struct rdl_tokens *t = &g->tokens[g->ntexts];
	yyjson_val *ids = yyjson_obj_get(rec, "ids");

	for (t->n = 0; t->n < yyjson_arr_size(ids); t->n++)
		t->ids[t->n] = yyjson_get_int(yyjson_arr_get(ids, t->n));
	golden_embedding(rec, g->text_want[g->ntexts]);
	g->texts[g->ntexts++] = t;
}

static void
golden_image(struct golden *g, yyjson_val *rec)
{
	struct rdl_image_opts opts = RDL_IMAGE_OPTS_DEFAULT;
	struct rdl_crop crop = { DEMO_SIDE, RDL_RESIZE_BICUBIC, false, false };
	struct rdl_buf file = RDL_BUF_INIT(RDL_IMAGE_MAX);
	struct rdl_image im = RDL_IMAGE_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_image_info info;
	char path[256];

	(void)snprintf(path, sizeof(path), DEMO "/%s",
	    yyjson_get_str(yyjson_obj_get(rec, "file")));
	if (rdl_file_read(path, &file, &err) < 0 ||
	    rdl_image_decode(file.p, file.len, &opts, &info, &im, &err) < 0 ||
	    rdl_crop_square(&im, &crop, g->pixels[g->nimages], &err) < 0)
		fail_msg("%s: %s", path, err.msg);
	golden_embedding(rec, g->image_want[g->nimages]);
	g->squares[g->nimages] = g->pixels[g->nimages];
	g->nimages++;
	rdl_image_release(&im);
	rdl_buf_release(&file);
}

static int
golden_load(void **state)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	char *line, *end;
	yyjson_doc *doc;

	(void)state;
	golden = rdl_mem_calloc(1, sizeof(*golden));
	assert_int_equal(rdl_file_read(DEMO "/golden.jsonl", &text, &err), 0);
	for (line = text.p; line < text.p + text.len; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		doc = yyjson_read(line, (size_t)(end - line), 0);
		assert_non_null(doc);
		if (yyjson_obj_get(yyjson_doc_get_root(doc), "ids") != NULL)
			golden_text(golden, yyjson_doc_get_root(doc));
		else
			golden_image(golden, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
	}
	assert_int_equal(golden->ntexts, DEMO_ITEMS);
	assert_int_equal(golden->nimages, DEMO_ITEMS);
	rdl_buf_release(&text);
	return 0;
}

static int
golden_free(void **state)
{
	(void)state;
	free(golden);
	return 0;
}

/* -- Models made from the demo's tensors ----------------------------------- */

/* Tensors in writing: names, f32 data, all on the heap. */
struct made {
	struct {
		char name[96];
		size_t ndim, shape[4], n;
		float *data;
	} t[160];
	size_t n;
};

static void
made_add(struct made *m, const char *name, const size_t *shape, size_t ndim,
    float *data)
{
	size_t i, n = 1;

	assert_true(m->n < 160 && ndim <= 4);
	(void)snprintf(m->t[m->n].name, sizeof(m->t[m->n].name), "%s", name);
	for (i = 0; i < ndim; i++) {
		m->t[m->n].shape[i] = shape[i];
		n *= shape[i];
	}
	m->t[m->n].ndim = ndim;
	m->t[m->n].n = n;
	m->t[m->n].data = data;
	m->n++;
}

static void
made_release(struct made *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		free(m->t[i].data);
	m->n = 0;
}

/* All of a demo tensor as f32, on the heap. */
static float *
demo_values(const struct rdl_tensors *demo, const char *name,
    const struct rdl_tensor **t)
{
	float *v;
	size_t i, n = 1;

	*t = rdl_tensors_find(demo, name);
	if (*t == NULL)
		fail_msg("the demo has no %s", name);
	for (i = 0; i < (*t)->ndim; i++)
		n *= (*t)->shape[i];
	v = rdl_mem_calloc(n, sizeof(*v));
	rdl_tensors_f32(*t, 0, n, v);
	return v;
}

/* A demo tensor under a name; turned: its transpose. */
static void
made_copy(struct made *m, const struct rdl_tensors *demo, const char *from,
    const char *to, bool turned)
{
	const struct rdl_tensor *t;
	float *v = demo_values(demo, from, &t), *w;
	size_t i, j, rows, cols, back[2];

	if (!turned) {
		made_add(m, to, t->shape, t->ndim, v);
		return;
	}
	rows = t->shape[0];
	cols = t->shape[1];
	w = rdl_mem_calloc(rows * cols, sizeof(*w));
	for (i = 0; i < rows; i++)
		for (j = 0; j < cols; j++)
			w[j * rows + i] = v[i * cols + j];
	back[0] = cols;
	back[1] = rows;
	made_add(m, to, back, 2, w);
	free(v);
}

static void
made_write(const struct made *m, const char *path)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_buf head = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i, d, at = 0, bytes;
	uint64_t len;

	for (i = 0; i < m->n; i++) {
		rdl_buf_addf(&head, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[",
		    i > 0 ? "," : "{", m->t[i].name);
		for (d = 0; d < m->t[i].ndim; d++)
			rdl_buf_addf(&head, "%s%zu", d > 0 ? "," : "",
			    m->t[i].shape[d]);
		bytes = m->t[i].n * sizeof(float);
		rdl_buf_addf(&head, "],\"data_offsets\":[%zu,%zu]}", at,
		    at + bytes);
		at += bytes;
	}
	rdl_buf_addc(&head, '}');
	while (head.len % 8 != 0)
		rdl_buf_addc(&head, ' ');
	len = head.len;
	rdl_buf_add(&out, &len, sizeof(len));
	rdl_buf_add(&out, head.p, head.len);
	for (i = 0; i < m->n; i++)
		rdl_buf_add(&out, m->t[i].data, m->t[i].n * sizeof(float));
	assert_false(rdl_buf_full(&out));
	assert_int_equal(rdl_file_write(path, out.p, out.len, &err), 0);
	rdl_buf_release(&out);
	rdl_buf_release(&head);
}

/* The names of a tower's tensors in both layouts, %zu is the block. */
static const char *const tower_names[][2] = {
	{ "layer_norm1.weight", "ln_1.weight" },
	{ "layer_norm1.bias", "ln_1.bias" },
	{ "layer_norm2.weight", "ln_2.weight" },
	{ "layer_norm2.bias", "ln_2.bias" },
	{ "self_attn.out_proj.weight", "attn.out_proj.weight" },
	{ "self_attn.out_proj.bias", "attn.out_proj.bias" },
	{ "mlp.fc1.weight", "mlp.c_fc.weight" },
	{ "mlp.fc1.bias", "mlp.c_fc.bias" },
	{ "mlp.fc2.weight", "mlp.c_proj.weight" },
	{ "mlp.fc2.bias", "mlp.c_proj.bias" },
};

static const char *const other_names[][2] = {
	{ "logit_scale", "logit_scale" },
	{ "vision_model.embeddings.class_embedding",
	    "visual.class_embedding" },
	{ "vision_model.embeddings.patch_embedding.weight",
	    "visual.conv1.weight" },
	{ "vision_model.embeddings.position_embedding.weight",
	    "visual.positional_embedding" },
	{ "vision_model.pre_layrnorm.weight", "visual.ln_pre.weight" },
	{ "vision_model.pre_layrnorm.bias", "visual.ln_pre.bias" },
	{ "vision_model.post_layernorm.weight", "visual.ln_post.weight" },
	{ "vision_model.post_layernorm.bias", "visual.ln_post.bias" },
	{ "text_model.embeddings.token_embedding.weight",
	    "token_embedding.weight" },
	{ "text_model.embeddings.position_embedding.weight",
	    "positional_embedding" },
	{ "text_model.final_layer_norm.weight", "ln_final.weight" },
	{ "text_model.final_layer_norm.bias", "ln_final.bias" },
	{ "visual_projection.weight", "visual.proj" },
	{ "text_projection.weight", "text_projection" },
};

/* Queries, keys and values in one tensor: in_proj_weight or _bias. */
static void
made_qkv(struct made *m, const struct rdl_tensors *demo, const char *from,
    const char *to, const char *what)
{
	static const char part[3] = { 'q', 'k', 'v' };
	const struct rdl_tensor *t;
	size_t i, n, shape[2];
	float *v, *all = NULL;
	char name[200];

	for (i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%sself_attn.%c_proj.%s",
		    from, part[i], what);
		v = demo_values(demo, name, &t);
		n = t->shape[0] * (t->ndim == 2 ? t->shape[1] : 1);
		if (all == NULL)
			all = rdl_mem_calloc(3 * n, sizeof(*all));
		memcpy(all + i * n, v, n * sizeof(*v));
		shape[0] = 3 * t->shape[0];
		shape[1] = t->shape[t->ndim - 1];
		free(v);
	}
	(void)snprintf(name, sizeof(name), "%sattn.in_proj_%s", to, what);
	made_add(m, name, shape, t->ndim, all);
}

static void
made_blocks(struct made *m, const struct rdl_tensors *demo, const char *from,
    const char *to, size_t layers)
{
	char a[100], b[100], x[200], y[200];
	size_t i, p;

	for (i = 0; i < layers; i++) {
		(void)snprintf(a, sizeof(a), "%s.encoder.layers.%zu.", from,
		    i);
		(void)snprintf(b, sizeof(b), "%stransformer.resblocks.%zu.",
		    to, i);
		for (p = 0; p < RDL_NELEM(tower_names); p++) {
			(void)snprintf(x, sizeof(x), "%s%s", a,
			    tower_names[p][0]);
			(void)snprintf(y, sizeof(y), "%s%s", b,
			    tower_names[p][1]);
			made_copy(m, demo, x, y, false);
		}
		made_qkv(m, demo, a, b, "weight");
		made_qkv(m, demo, a, b, "bias");
	}
}

/* The demo in OpenCLIP's layout; text_prefix is "" or "text.". */
static void
made_openclip(struct made *m, const struct rdl_tensors *demo,
    const char *text_prefix)
{
	char name[200];
	bool text;
	size_t i;

	m->n = 0;
	for (i = 0; i < RDL_NELEM(other_names); i++) {
		text = strncmp(other_names[i][0], "text", 4) == 0;
		(void)snprintf(name, sizeof(name), "%s%s",
		    text ? text_prefix : "", other_names[i][1]);
		made_copy(m, demo, other_names[i][0], name,
		    strstr(other_names[i][0], "projection") != NULL);
	}
	made_blocks(m, demo, "vision_model", "visual.", 4);
	made_blocks(m, demo, "text_model", text_prefix, 3);
}

static void
write_text(const char *dir, const char *name, const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(rdl_file_write(path, text, strlen(text), &err), 0);
}

/* Copy a file of the demo, with from (if not NULL) replaced by to once. */
static void
copy_file(const char *dir, const char *name, const char *from, const char *to)
{
	struct rdl_buf file = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_buf out = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	char path[200], *at;

	(void)snprintf(path, sizeof(path), DEMO "/%s", name);
	assert_int_equal(rdl_file_read(path, &file, &err), 0);
	if (from != NULL) {
		at = strstr(file.p, from);
		assert_non_null(at);
		rdl_buf_add(&out, file.p, (size_t)(at - file.p));
		rdl_buf_adds(&out, to);
		at += strlen(from);
		rdl_buf_add(&out, at, file.len - (size_t)(at - file.p));
	} else {
		rdl_buf_add(&out, file.p, file.len);
	}
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(rdl_file_write(path, out.p, out.len, &err), 0);
	rdl_buf_release(&file);
	rdl_buf_release(&out);
}

static void
remove_model(const char *dir)
{
	static const char *const names[] = { "config.json",
		"preprocessor_config.json", "model.safetensors",
		"open_clip_config.json", "open_clip_model.safetensors" };
	char path[200];
	size_t i;

	for (i = 0; i < RDL_NELEM(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

#endif
