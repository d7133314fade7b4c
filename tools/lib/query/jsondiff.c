/*
 * Where two JSON values differ.
 * Walks two parsed values side by side.
 * Arrays are compared index by index; nothing is aligned.
 */
#include "query/jsondiff.h"

#include <string.h>

#include "core/limits.h"

struct walk {
	struct rdl_buf path;
	rdl_jsondiff_fn fn;
	void *ctx;
	size_t depth;
};

static int walk(struct walk *w, yyjson_val *left, yyjson_val *right,
    struct rdl_err *err);

/* Walk on below name; the path is as before afterwards. */
static int
step(struct walk *w, const char *name, size_t len, yyjson_val *left,
    yyjson_val *right, struct rdl_err *err)
{
	size_t before = w->path.len;
	int rc;

	if (before > 0)
		rdl_buf_addc(&w->path, '/');
	rdl_buf_add(&w->path, name, len);
	w->depth++;
	rc = walk(w, left, right, err);
	w->depth--;
	w->path.len = before;
	if (w->path.p != NULL)
		w->path.p[before] = '\0';
	return rc;
}

static int
walk_objects(struct walk *w, yyjson_val *left, yyjson_val *right,
    struct rdl_err *err)
{
	yyjson_obj_iter it;
	yyjson_val *key;
	int rc = 0;

	yyjson_obj_iter_init(left, &it);
	while (rc == 0 && (key = yyjson_obj_iter_next(&it)) != NULL)
		rc = step(w, yyjson_get_str(key), yyjson_get_len(key),
		    yyjson_obj_iter_get_val(key), yyjson_obj_getn(right,
		    yyjson_get_str(key), yyjson_get_len(key)), err);
	yyjson_obj_iter_init(right, &it);
	while (rc == 0 && (key = yyjson_obj_iter_next(&it)) != NULL)
		if (yyjson_obj_getn(left, yyjson_get_str(key),
		    yyjson_get_len(key)) == NULL)
			rc = step(w, yyjson_get_str(key), yyjson_get_len(key),
			    NULL, yyjson_obj_iter_get_val(key), err);
	return rc;
}

static int
walk_arrays(struct walk *w, yyjson_val *left, yyjson_val *right,
    struct rdl_err *err)
{
	struct rdl_buf index = RDL_BUF_INIT(32);
	yyjson_arr_iter l, r;
	yyjson_val *a, *b;
	uint64_t i;
	int rc = 0;

	yyjson_arr_iter_init(left, &l);
	yyjson_arr_iter_init(right, &r);
	for (i = 0; rc == 0; i++) {
		a = yyjson_arr_iter_next(&l);
		b = yyjson_arr_iter_next(&r);
		if (a == NULL && b == NULL)
			break;
		rdl_buf_reset(&index);
		rdl_buf_addu(&index, i);
		rc = step(w, index.p, index.len, a, b, err);
	}
	rdl_buf_release(&index);
	return rc;
}

static int
walk(struct walk *w, yyjson_val *left, yyjson_val *right,
    struct rdl_err *err)
{
	bool objects = yyjson_is_obj(left) && yyjson_is_obj(right),
	    arrays = yyjson_is_arr(left) && yyjson_is_arr(right);

	if (objects && w->depth < RDL_DEPTH_MAX)
		return walk_objects(w, left, right, err);
	if (arrays && w->depth < RDL_DEPTH_MAX)
		return walk_arrays(w, left, right, err);
	/* yyjson_equals() recurses into what it compares: not here. */
	if (!objects && !arrays && left != NULL && right != NULL &&
	    yyjson_equals(left, right))
		return 0;
	return w->fn(w->path.p != NULL ? w->path.p : "", left, right,
	    w->ctx, err);
}

int
rdl_jsondiff(const char *path, yyjson_val *left, yyjson_val *right,
    rdl_jsondiff_fn fn, void *ctx, struct rdl_err *err)
{
	struct walk w = { RDL_BUF_INIT(SIZE_MAX / 2), fn, ctx, 0 };
	int rc;

	rdl_buf_adds(&w.path, path);
	rc = walk(&w, left, right, err);
	rdl_buf_release(&w.path);
	return rc;
}
