/*
 * The dialect of AUTOMATIC1111's stable-diffusion-webui (--api), which forks of
 * it and sd-server of stable-diffusion.cpp speak too: one image a request.
 * Writes the body of POST /sdapi/v1/txt2img and reads its reply.  No chat.
 */
#include <string.h>

#include "core/num.h"
#include "record/json.h"
#include "model/dialect_impl.h"

static int
url(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	if (r->op != RDL_OP_IMAGE)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s draws images and does nothing else", r->model->name);
	rdl_buf_adds(out, r->model->base_url);
	rdl_buf_adds(out, "/sdapi/v1/txt2img");
	return rdl_dialect_write_end(out, err);
}

static void
headers(const struct rdl_model *m, struct rdl_buf *out)
{
	rdl_dialect_write_headers(m, "Authorization: Bearer ", NULL, out);
}

/* "WxH" as two members. */
static int
size(const char *text, struct rdl_buf *out, struct rdl_err *err)
{
	int64_t w, h;

	if (rdl_num_pair(text, 'x', 1, &w, &h, err) < 0)
		return rdl_err_prefix(err, "size");
	rdl_dialect_write_int(out, ",\"width\":", w);
	rdl_dialect_write_int(out, ",\"height\":", h);
	return 0;
}

/* The checkpoint is named only when the user did: without it the one that is
 * loaded draws. */
static int
body(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_model *m = r->model;

	if (r->prompt == NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "an image was asked for without a prompt");
	rdl_dialect_write_string(out, "{\"prompt\":", r->prompt);
	rdl_buf_adds(out, ",\"batch_size\":1,\"n_iter\":1,"
	    "\"send_images\":true,\"save_images\":false");
	if (r->size != NULL && size(r->size, out, err) < 0)
		return -1;
	if (r->steps > 0)
		rdl_dialect_write_int(out, ",\"steps\":", r->steps);
	if (!m->quirks.no_seed)
		rdl_dialect_write_int(out, ",\"seed\":", r->sampling.seed);
	if (strcmp(m->remote, RDL_A1111_LOADED) != 0) {
		rdl_dialect_write_string(out, ",\"override_settings\":"
		    "{\"sd_model_checkpoint\":", m->remote);
		rdl_buf_addc(out, '}');
	}
	rdl_buf_addc(out, '}');
	return rdl_dialect_write_end(out, err);
}

/* "info" is JSON in a string, or empty. */
static void
read_info(yyjson_val *v, struct rdl_arena *arena, struct rdl_reply *out)
{
	yyjson_doc *doc = NULL;
	yyjson_val *info;

	if (yyjson_is_str(v) && yyjson_get_len(v) > 0)
		doc = rdl_json_read(yyjson_get_str(v), yyjson_get_len(v), 0);
	info = yyjson_is_obj(v) ? v : yyjson_doc_get_root(doc);
	if (yyjson_is_uint(yyjson_obj_get(info, "seed")) &&
	    yyjson_get_uint(yyjson_obj_get(info, "seed")) < INT64_C(1) << 53)
		out->seed = yyjson_get_sint(yyjson_obj_get(info, "seed"));
	out->resolved = rdl_dialect_read_str(yyjson_obj_get(info,
	    "sd_model_name"), arena);
	yyjson_doc_free(doc);
}

static int
read(const struct rdl_request *r, const char *text, size_t len,
    struct rdl_arena *arena, struct rdl_reply *out, struct rdl_err *err)
{
	yyjson_doc *doc = rdl_dialect_read_parse(text, len, err);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const unsigned char **image;
	size_t *image_len;
	int rc;

	(void)r;
	rdl_dialect_read_start(out);
	if (doc == NULL)
		return -1;
	image = rdl_arena_alloc(arena, sizeof(*image));
	image_len = rdl_arena_alloc(arena, sizeof(*image_len));
	rc = rdl_dialect_read_image(yyjson_arr_get_first(yyjson_obj_get(root,
	    "images")), arena, image, image_len, err);
	if (rc == 0) {
		out->finish = RDL_FINISH_STOP;
		out->images = image;
		out->image_lens = image_len;
		out->nimages = 1;
		read_info(yyjson_obj_get(root, "info"), arena, out);
	}
	yyjson_doc_free(doc);
	return rc;
}

const struct rdl_dialect rdl_dialect_a1111 = {
	"a1111", url, headers, body, read
};
