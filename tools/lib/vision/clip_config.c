/*
 * The configuration of a CLIP model, as Hugging Face and OpenCLIP write it.
 * Reads config.json and preprocessor_config.json, or open_clip_config.json.
 * What this code does not compute is refused, never passed over.
 */
#include "vision/clip_impl.h"

#include <math.h>
#include <string.h>

#include <yyjson.h>

#include "core/file.h"
#include "record/json.h"

/* An object of a configuration file, and how to name it. */
struct section {
	const char *path;	/* of the file */
	const char *name;	/* "vision_config", or "" for the whole */
	yyjson_val *obj;	/* may be NULL: all defaults */
};

static int
wrong(const struct section *s, const char *key, const char *what,
    struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_INPUT, "%s: %s%s%s %s", s->path, s->name,
	    *s->name != '\0' ? "." : "", key, what);
}

static yyjson_doc *
read_json(const char *path, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	yyjson_read_err why;
	yyjson_doc *doc = NULL;

	if (rdl_file_read(path, &text, err) < 0)
		goto out;
	doc = yyjson_read_opts(text.p, text.len, 0, &rdl_json_alc, &why);
	if (doc == NULL) {
		(void)rdl_err_set(err, RDL_E_INPUT, "%s: %s at byte %zu", path,
		    why.msg, why.pos);
	} else if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
		(void)rdl_err_set(err, RDL_E_INPUT, "%s: not an object", path);
		yyjson_doc_free(doc);
		doc = NULL;
	}
out:
	rdl_buf_release(&text);
	return doc;
}

/* A whole number in 1..hi; absent: as it was. */
static int
get_size(const struct section *s, const char *key, size_t hi, size_t *out,
    struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(s->obj, key);

	if (v == NULL || yyjson_is_null(v))
		return 0;
	if (!yyjson_is_uint(v) || yyjson_get_uint(v) < 1 ||
	    yyjson_get_uint(v) > hi)
		return wrong(s, key, "is not a whole number in its bounds",
		    err);
	*out = (size_t)yyjson_get_uint(v);
	return 0;
}

static int
get_real(const struct section *s, const char *key, double *out,
    struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(s->obj, key);

	if (v == NULL || yyjson_is_null(v))
		return 0;
	if (!yyjson_is_num(v))
		return wrong(s, key, "is not a number", err);
	*out = yyjson_get_num(v);
	return 0;
}

/* [r, g, b] or one number for all. */
static int
get_rgb(const struct section *s, const char *key, double out[3],
    struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(s->obj, key), *e;
	size_t i;

	if (v == NULL || yyjson_is_null(v))
		return 0;
	for (i = 0; i < 3; i++) {
		e = yyjson_is_arr(v) && yyjson_arr_size(v) == 3 ?
		    yyjson_arr_get(v, i) : v;
		if (!yyjson_is_num(e))
			return wrong(s, key, "is not three numbers", err);
		out[i] = yyjson_get_num(e);
	}
	return 0;
}

static bool
get_true(const struct section *s, const char *key, bool otherwise)
{
	yyjson_val *v = yyjson_obj_get(s->obj, key);

	return yyjson_is_bool(v) ? yyjson_get_bool(v) : otherwise;
}

/* The key must be absent, null, false, or the text like (unless NULL). */
static int
only(const struct section *s, const char *key, const char *like,
    struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(s->obj, key);

	if (v == NULL || yyjson_is_null(v) || yyjson_is_false(v) ||
	    (like != NULL && yyjson_equals_str(v, like)))
		return 0;
	return wrong(s, key, "asks for a network that is not supported", err);
}

static int
get_act(const struct section *s, int *act, struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(s->obj, "hidden_act");

	if (v == NULL || yyjson_equals_str(v, "quick_gelu"))
		*act = RDL_ACT_QUICK_GELU;
	else if (yyjson_equals_str(v, "gelu"))
		*act = RDL_ACT_GELU;
	else
		return wrong(s, "hidden_act", "is neither quick_gelu nor gelu",
		    err);
	return 0;
}

static int
hf_tower(const struct section *s, struct rdl_clip_tower_config *t,
    struct rdl_err *err)
{
	double eps = 1e-5;

	if (get_size(s, "hidden_size", 16384, &t->width, err) < 0 ||
	    get_size(s, "intermediate_size", 65536, &t->mlp, err) < 0 ||
	    get_size(s, "num_hidden_layers", 256, &t->layers, err) < 0 ||
	    get_size(s, "num_attention_heads", 1024, &t->heads, err) < 0 ||
	    get_real(s, "layer_norm_eps", &eps, err) < 0 ||
	    get_act(s, &t->act, err) < 0)
		return -1;
	t->eps = (float)eps;
	return 0;
}

/* The id that is pooled.  An eos_token_id of 2 is what old files say; they
 * mean the highest id. */
static int
hf_end(const struct section *s, struct rdl_clip_config *c, struct rdl_err *err)
{
	size_t end = 2;

	if (get_size(s, "eos_token_id", INT32_MAX, &end, err) < 0)
		return -1;
	c->end = end == 2 ? -1 : (int32_t)end;
	return 0;
}

/* Hugging Face's defaults are those of ViT-B/32. */
static int
hf_config(const char *path, yyjson_val *root, struct rdl_clip_config *c,
    size_t *image, struct rdl_err *err)
{
	struct section all = { path, "", root };
	struct section v = { path, "vision_config",
		yyjson_obj_get(root, "vision_config") };
	struct section t = { path, "text_config",
		yyjson_obj_get(root, "text_config") };
	size_t channels = 3;

	c->vision = (struct rdl_clip_tower_config){ 768, 12, 12, 3072, 0, 0,
		0 };
	c->text = (struct rdl_clip_tower_config){ 512, 12, 8, 2048, 77, 0, 0 };
	c->dim = 512;
	c->patch = 32;
	c->vocab = 49408;
	*image = 224;
	if (only(&all, "model_type", "clip", err) < 0 ||
	    hf_tower(&v, &c->vision, err) < 0 ||
	    hf_tower(&t, &c->text, err) < 0 || hf_end(&t, c, err) < 0 ||
	    get_size(&all, "projection_dim", 16384, &c->dim, err) < 0 ||
	    get_size(&v, "image_size", 4096, image, err) < 0 ||
	    get_size(&v, "patch_size", 1024, &c->patch, err) < 0 ||
	    get_size(&v, "num_channels", 1024, &channels, err) < 0 ||
	    get_size(&t, "max_position_embeddings", 256, &c->text.tokens,
	    err) < 0 ||
	    get_size(&t, "vocab_size", 10000000, &c->vocab, err) < 0)
		return -1;
	if (channels != 3)
		return wrong(&v, "num_channels", "is not 3", err);
	return 0;
}

/* A side of "size" or "crop_size": a number, {"shortest_edge"} or
 * {"height", "width"}; *square says which. */
static int
hf_side(const struct section *s, const char *key, size_t *out, bool *square,
    struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(s->obj, key);
	struct section in = { s->path, key, v };
	size_t width;

	*square = false;
	if (v == NULL || !yyjson_is_obj(v))
		return get_size(s, key, 4096, out, err);
	if (yyjson_obj_get(v, "shortest_edge") != NULL)
		return get_size(&in, "shortest_edge", 4096, out, err);
	*square = true;
	if (get_size(&in, "height", 4096, out, err) < 0)
		return -1;
	width = *out;
	if (get_size(&in, "width", 4096, &width, err) < 0)
		return -1;
	return width == *out ? 0 : wrong(s, key, "is not a square", err);
}

static int
hf_resample(const struct section *s, struct rdl_crop *crop,
    struct rdl_err *err)
{
	size_t resample = 3;

	if (get_size(s, "resample", 5, &resample, err) < 0)
		return -1;
	if (resample != 2 && resample != 3)
		return wrong(s, "resample", "is neither 2 (bilinear) nor 3 "
		    "(bicubic)", err);
	crop->filter = resample == 3 ? RDL_RESIZE_BICUBIC :
	    RDL_RESIZE_BILINEAR;
	return 0;
}

static int
hf_preprocessor(const char *path, yyjson_val *root, struct rdl_clip_config *c,
    size_t image, struct rdl_err *err)
{
	struct section s = { path, "", root };
	size_t size = image, crop = image;
	double scale = 1.0 / 255;
	bool square, unused;

	if (hf_side(&s, "size", &size, &square, err) < 0 ||
	    hf_side(&s, "crop_size", &crop, &unused, err) < 0 ||
	    hf_resample(&s, &c->crop, err) < 0 ||
	    get_real(&s, "rescale_factor", &scale, err) < 0 ||
	    get_rgb(&s, "image_mean", c->mean, err) < 0 ||
	    get_rgb(&s, "image_std", c->std, err) < 0)
		return -1;
	c->crop.squash = square && !get_true(&s, "do_center_crop", true);
	if (size != image || (!c->crop.squash && crop != image))
		return wrong(&s, "size", "is another than the model's "
		    "image_size", err);
	if (fabs(scale * 255 - 1) > 1e-3)
		return wrong(&s, "rescale_factor", "is not 1/255", err);
	if (!get_true(&s, "do_resize", true) ||
	    !get_true(&s, "do_rescale", true))
		return wrong(&s, "do_resize", "or do_rescale is off", err);
	if (!get_true(&s, "do_normalize", true)) {
		memset(c->mean, 0, sizeof(c->mean));
		c->std[0] = c->std[1] = c->std[2] = 1.0;
	}
	return 0;
}

/* width / head_width heads, mlp_ratio times the width inside. */
static int
oc_tower(const struct section *s, bool image,
    struct rdl_clip_tower_config *t, struct rdl_err *err)
{
	size_t head = 64;
	double ratio = 4.0;

	if (get_size(s, "width", 16384, &t->width, err) < 0 ||
	    get_size(s, "layers", 256, &t->layers, err) < 0 ||
	    get_size(s, "heads", 1024, &t->heads, err) < 0 ||
	    get_size(s, "head_width", 1024, &head, err) < 0 ||
	    get_real(s, "mlp_ratio", &ratio, err) < 0 ||
	    only(s, "ls_init_value", NULL, err) < 0 ||
	    only(s, "pool_type", image ? "tok" : "argmax", err) < 0 ||
	    only(s, "no_ln_pre", NULL, err) < 0 ||
	    only(s, "timm_model_name", NULL, err) < 0 ||
	    only(s, "hf_model_name", NULL, err) < 0 ||
	    only(s, "attentional_pool", NULL, err) < 0 ||
	    only(s, "final_ln_after_pool", NULL, err) < 0 ||
	    only(s, "no_causal_mask", NULL, err) < 0 ||
	    only(s, "embed_cls", NULL, err) < 0 ||
	    only(s, "proj_bias", NULL, err) < 0 ||
	    only(s, "act_kwargs", NULL, err) < 0 ||
	    only(s, "norm_kwargs", NULL, err) < 0)
		return -1;
	if (ratio < 0.1 || ratio > 64)
		return wrong(s, "mlp_ratio", "is out of bounds", err);
	if (image)
		t->heads = t->width / head;
	t->mlp = (size_t)((double)t->width * ratio);
	t->eps = 1e-5f;
	return 0;
}

static int
oc_preprocess(const struct section *s, struct rdl_clip_config *c,
    struct rdl_err *err)
{
	yyjson_val *filter = yyjson_obj_get(s->obj, "interpolation");
	yyjson_val *mode = yyjson_obj_get(s->obj, "resize_mode");

	if (get_rgb(s, "mean", c->mean, err) < 0 ||
	    get_rgb(s, "std", c->std, err) < 0)
		return -1;
	if (yyjson_equals_str(filter, "bilinear"))
		c->crop.filter = RDL_RESIZE_BILINEAR;
	else if (filter != NULL && !yyjson_equals_str(filter, "bicubic"))
		return wrong(s, "interpolation", "is neither bicubic nor "
		    "bilinear", err);
	c->crop.squash = yyjson_equals_str(mode, "squash");
	if (mode != NULL && !c->crop.squash &&
	    !yyjson_equals_str(mode, "shortest"))
		return wrong(s, "resize_mode", "is neither shortest nor "
		    "squash", err);
	return 0;
}

static int
oc_config(const char *path, yyjson_val *root, struct rdl_clip_config *c,
    size_t *image, struct rdl_err *err)
{
	struct section m = { path, "model_cfg",
		yyjson_obj_get(root, "model_cfg") };
	struct section v = { path, "model_cfg.vision_cfg",
		yyjson_obj_get(m.obj, "vision_cfg") };
	struct section t = { path, "model_cfg.text_cfg",
		yyjson_obj_get(m.obj, "text_cfg") };
	struct section p = { path, "preprocess_cfg",
		yyjson_obj_get(root, "preprocess_cfg") };

	if (!yyjson_is_obj(v.obj) || !yyjson_is_obj(t.obj))
		return wrong(&m, "vision_cfg or text_cfg", "is missing", err);
	c->vision = (struct rdl_clip_tower_config){ 768, 12, 12, 0, 0, 0, 0 };
	c->text = (struct rdl_clip_tower_config){ 512, 12, 8, 0, 77, 0, 0 };
	c->dim = 512;
	c->patch = 16;
	c->vocab = 49408;
	c->end = -1;
	c->crop.half_even = true;
	*image = 224;
	if (oc_tower(&v, true, &c->vision, err) < 0 ||
	    oc_tower(&t, false, &c->text, err) < 0 ||
	    oc_preprocess(&p, c, err) < 0 ||
	    get_size(&m, "embed_dim", 16384, &c->dim, err) < 0 ||
	    get_size(&v, "image_size", 4096, image, err) < 0 ||
	    get_size(&v, "patch_size", 1024, &c->patch, err) < 0 ||
	    get_size(&t, "context_length", 256, &c->text.tokens, err) < 0 ||
	    get_size(&t, "vocab_size", 10000000, &c->vocab, err) < 0)
		return -1;
	c->vision.act = c->text.act = get_true(&m, "quick_gelu", false) ?
	    RDL_ACT_QUICK_GELU : RDL_ACT_GELU;
	return 0;
}

static int
check(const char *dir, struct rdl_clip_config *c, size_t image,
    struct rdl_err *err)
{
	const struct rdl_clip_tower_config *t[] = { &c->vision, &c->text };
	size_t i, side = image / c->patch;

	c->crop.size = (uint32_t)image;
	if (side == 0 || side > 128)
		return rdl_err_set(err, RDL_E_INPUT, "%s: patches of %zu do "
		    "not suit images of %zu", dir, c->patch, image);
	c->vision.tokens = side * side + 1;
	for (i = 0; i < 2; i++)
		if (t[i]->heads == 0 || t[i]->width % t[i]->heads != 0 ||
		    !(t[i]->eps > 0))
			return rdl_err_set(err, RDL_E_INPUT, "%s: width %zu "
			    "and %zu heads do not go together", dir,
			    t[i]->width, t[i]->heads);
	for (i = 0; i < 3; i++)
		if (!(c->std[i] > 0) || !isfinite(c->mean[i]))
			return rdl_err_set(err, RDL_E_INPUT, "%s: the mean or "
			    "deviation of pixels is out of bounds", dir);
	return 0;
}

static int
read_hf(const char *dir, struct rdl_clip_config *c, struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_URL_MAX);
	yyjson_doc *doc = NULL, *pre = NULL;
	size_t image;
	int rc = -1;

	rdl_buf_addf(&path, "%s/config.json", dir);
	doc = read_json(path.p, err);
	if (doc == NULL || hf_config(path.p, yyjson_doc_get_root(doc), c,
	    &image, err) < 0)
		goto out;
	rdl_buf_reset(&path);
	rdl_buf_addf(&path, "%s/preprocessor_config.json", dir);
	pre = read_json(path.p, err);
	if (pre == NULL || hf_preprocessor(path.p, yyjson_doc_get_root(pre), c,
	    image, err) < 0)
		goto out;
	rc = check(dir, c, image, err);
out:
	yyjson_doc_free(pre);
	yyjson_doc_free(doc);
	rdl_buf_release(&path);
	return rc;
}

static int
read_oc(const char *dir, struct rdl_clip_config *c, struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_URL_MAX);
	yyjson_doc *doc;
	size_t image;
	int rc = -1;

	rdl_buf_addf(&path, "%s/open_clip_config.json", dir);
	doc = read_json(path.p, err);
	if (doc != NULL && oc_config(path.p, yyjson_doc_get_root(doc), c,
	    &image, err) == 0)
		rc = check(dir, c, image, err);
	yyjson_doc_free(doc);
	rdl_buf_release(&path);
	return rc;
}

int
rdl_clip_config_read(const char *dir, int layout, struct rdl_clip_config *c,
    struct rdl_err *err)
{
	static const double mean[3] = { 0.48145466, 0.4578275, 0.40821073 };
	static const double std[3] = { 0.26862954, 0.26130258, 0.27577711 };

	memset(c, 0, sizeof(*c));
	c->layout = layout;
	memcpy(c->mean, mean, sizeof(mean));
	memcpy(c->std, std, sizeof(std));
	return layout == RDL_CLIP_HF ? read_hf(dir, c, err) :
	    read_oc(dir, c, err);
}

static void
describe_tower(const struct rdl_clip_tower_config *t, struct rdl_buf *out)
{
	rdl_buf_addf(out, " %zu %zu %zu %zu %zu %.9g %d", t->width, t->layers,
	    t->heads, t->mlp, t->tokens, (double)t->eps, t->act);
}

void
rdl_clip_config_describe(const struct rdl_clip_config *c, struct rdl_buf *out)
{
	size_t i;

	describe_tower(&c->vision, out);
	describe_tower(&c->text, out);
	rdl_buf_addf(out, " %zu %zu %zu %d %u %d %d %d", c->dim, c->patch,
	    c->vocab, (int)c->end, (unsigned)c->crop.size, c->crop.filter,
	    (int)c->crop.squash, (int)c->crop.half_even);
	for (i = 0; i < 3; i++)
		rdl_buf_addf(out, " %.17g %.17g", c->mean[i], c->std[i]);
}
