/*
 * The header of a safetensors file.
 * Reads the mapped file; adds its tensors to the table when every check holds:
 * lengths, types, shapes, products, and that they tile the rest of the file.
 */
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "core/mem.h"
#include "record/json.h"
#include "vision/tensors_impl.h"

/* The types of safetensors' README and the bits of an element. */
static const struct type {
	const char *name;
	unsigned bits;
	enum rdl_dtype dtype;
} types[] = {
	{ "F32", 32, RDL_DTYPE_F32 },
	{ "F16", 16, RDL_DTYPE_F16 },
	{ "BF16", 16, RDL_DTYPE_BF16 },
	{ "I64", 64, RDL_DTYPE_OTHER },
	{ "F64", 64, RDL_DTYPE_OTHER },
	{ "U64", 64, RDL_DTYPE_OTHER },
	{ "C64", 64, RDL_DTYPE_OTHER },
	{ "I32", 32, RDL_DTYPE_OTHER },
	{ "U32", 32, RDL_DTYPE_OTHER },
	{ "I16", 16, RDL_DTYPE_OTHER },
	{ "U16", 16, RDL_DTYPE_OTHER },
	{ "I8", 8, RDL_DTYPE_OTHER },
	{ "U8", 8, RDL_DTYPE_OTHER },
	{ "BOOL", 8, RDL_DTYPE_OTHER },
	{ "F8_E4M3", 8, RDL_DTYPE_OTHER },
	{ "F8_E5M2", 8, RDL_DTYPE_OTHER },
	{ "F8_E8M0", 8, RDL_DTYPE_OTHER },
	{ "F8_E4M3FNUZ", 8, RDL_DTYPE_OTHER },
	{ "F8_E5M2FNUZ", 8, RDL_DTYPE_OTHER },
	{ "F6_E2M3", 6, RDL_DTYPE_OTHER },
	{ "F6_E3M2", 6, RDL_DTYPE_OTHER },
	{ "F4", 4, RDL_DTYPE_OTHER },
};

static int
read_dtype(yyjson_val *v, struct rdl_tensor *t, unsigned *bits,
    struct rdl_err *err)
{
	size_t i;

	for (i = 0; i < RDL_NELEM(types); i++)
		if (yyjson_equals_str(v, types[i].name)) {
			t->dtype = (int)types[i].dtype;
			*bits = types[i].bits;
			return 0;
		}
	if (!yyjson_is_str(v))
		return rdl_err_set(err, RDL_E_INPUT, "has no dtype");
	return rdl_err_set(err, RDL_E_INPUT, "unknown dtype \"%.40s\"",
	    yyjson_get_str(v));
}

/* The shape, and the bytes it stands for. */
static int
read_shape(yyjson_val *v, unsigned bits, struct rdl_tensor *t,
    struct rdl_err *err)
{
	size_t i, max, n = bits;
	yyjson_val *side;

	if (!yyjson_is_arr(v))
		return rdl_err_set(err, RDL_E_INPUT, "has no shape");
	if (yyjson_arr_size(v) > RDL_TENSOR_DIMS)
		return rdl_err_set(err, RDL_E_INPUT,
		    "has %zu dimensions, at most %d are read",
		    yyjson_arr_size(v), RDL_TENSOR_DIMS);
	yyjson_arr_foreach(v, i, max, side) {
		if (!yyjson_is_uint(side))
			return rdl_err_set(err, RDL_E_INPUT,
			    "shape[%zu] is not a size", i);
		t->shape[i] = (size_t)yyjson_get_uint(side);
		if (t->shape[i] != yyjson_get_uint(side) ||
		    (t->shape[i] != 0 && n > SIZE_MAX / t->shape[i]))
			return rdl_err_set(err, RDL_E_INPUT,
			    "its shape is too large");
		n *= t->shape[i];
	}
	if (n % 8 != 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "its shape does not end at a whole byte");
	t->ndim = yyjson_arr_size(v);
	t->size = n / 8;
	return 0;
}

/* data_offsets: [begin, end), behind the header, of exactly its size. */
static int
read_offsets(yyjson_val *v, size_t room, struct rdl_tensors_item *item,
    struct rdl_err *err)
{
	yyjson_val *b = yyjson_arr_get(v, 0), *e = yyjson_arr_get(v, 1);

	if (yyjson_arr_size(v) != 2 || !yyjson_is_uint(b) ||
	    !yyjson_is_uint(e))
		return rdl_err_set(err, RDL_E_INPUT,
		    "data_offsets is not [begin, end]");
	if (yyjson_get_uint(b) > yyjson_get_uint(e) ||
	    yyjson_get_uint(e) > room)
		return rdl_err_set(err, RDL_E_INPUT,
		    "data_offsets [%llu, %llu] lie outside the %zu bytes of "
		    "data", (unsigned long long)yyjson_get_uint(b),
		    (unsigned long long)yyjson_get_uint(e), room);
	item->begin = (size_t)yyjson_get_uint(b);
	item->end = (size_t)yyjson_get_uint(e);
	if (item->end - item->begin != item->tensor.size)
		return rdl_err_set(err, RDL_E_INPUT,
		    "has %zu bytes, its shape needs %zu",
		    item->end - item->begin, item->tensor.size);
	return 0;
}

/* One entry.  A key that stands there twice would mean two things. */
static int
read_entry(yyjson_val *entry, size_t room, struct rdl_tensors_item *item,
    struct rdl_err *err)
{
	static const char *const keys[] = { "dtype", "shape", "data_offsets" };
	yyjson_val *found[RDL_NELEM(keys)] = { NULL }, *key, *v;
	size_t i, k, max;
	unsigned bits = 0;

	if (!yyjson_is_obj(entry))
		return rdl_err_set(err, RDL_E_INPUT, "is not an object");
	yyjson_obj_foreach(entry, i, max, key, v)
		for (k = 0; k < RDL_NELEM(keys); k++) {
			if (!yyjson_equals_str(key, keys[k]))
				continue;
			if (found[k] != NULL)
				return rdl_err_set(err, RDL_E_INPUT,
				    "has %s twice", keys[k]);
			found[k] = v;
		}
	if (read_dtype(found[0], &item->tensor, &bits, err) < 0 ||
	    read_shape(found[1], bits, &item->tensor, err) < 0 ||
	    read_offsets(found[2], room, item, err) < 0)
		return -1;
	return 0;
}

static int
check_metadata(yyjson_val *meta, struct rdl_err *err)
{
	size_t i, max;
	yyjson_val *key, *v;

	if (!yyjson_is_obj(meta))
		return rdl_err_set(err, RDL_E_INPUT, "is not an object");
	yyjson_obj_foreach(meta, i, max, key, v)
		if (!yyjson_is_str(v))
			return rdl_err_set(err, RDL_E_INPUT,
			    "\"%.80s\" is not a string", yyjson_get_str(key));
	return 0;
}

/* Add one member of the header to t. */
static int
add_member(struct rdl_tensors *t, size_t file, yyjson_val *key, yyjson_val *v,
    size_t room, struct rdl_err *err)
{
	struct rdl_tensors_item item = { .file = file };
	struct rdl_map_entry *e;
	int made;

	if (yyjson_equals_str(key, "__metadata__"))
		return check_metadata(v, err);
	if (read_entry(v, room, &item, err) < 0)
		return -1;
	e = rdl_map_put(&t->names, yyjson_get_str(key), yyjson_get_len(key),
	    &made);
	if (!made)
		return rdl_err_set(err, RDL_E_INPUT, "is there twice");
	if (t->nitems == t->room) {
		t->room = t->room > 0 ? 2 * t->room : 256;
		t->items = rdl_mem_realloc(t->items, t->room,
		    sizeof(*t->items));
	}
	e->value = t->nitems;
	t->items[t->nitems++] = item;
	return 0;
}

struct span {
	size_t begin, end;
};

static int
compare_spans(const void *pa, const void *pb)
{
	const struct span *a = pa, *b = pb;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return (a->end > b->end) - (a->end < b->end);
}

/* The tensors from the one numbered first must cover room bytes, each once. */
static int
check_tiling(const struct rdl_tensors *t, size_t first, size_t room,
    struct rdl_err *err)
{
	size_t i, n = t->nitems - first, at = 0;
	struct span *spans = rdl_mem_calloc(n, sizeof(*spans));
	int rc = 0;

	for (i = 0; i < n; i++) {
		spans[i].begin = t->items[first + i].begin;
		spans[i].end = t->items[first + i].end;
	}
	qsort(spans, n, sizeof(*spans), compare_spans);
	for (i = 0; i < n && spans[i].begin == at; i++)
		at = spans[i].end;
	if (i < n)
		rc = rdl_err_set(err, RDL_E_INPUT,
		    "tensors %s at byte %zu of the data",
		    spans[i].begin < at ? "overlap" : "leave a hole",
		    spans[i].begin < at ? spans[i].begin : at);
	else if (at != room)
		rc = rdl_err_set(err, RDL_E_INPUT,
		    "%zu bytes behind the last tensor", room - at);
	free(spans);
	return rc;
}

/* The length of the JSON text that stands behind it, or 0. */
static size_t
header_size(const struct rdl_tensors_file *f, struct rdl_err *err)
{
	static const char lfs[] = "version https://git-lfs";
	uint64_t n = 0;
	unsigned i;

	if (f->size >= sizeof(lfs) - 1 &&
	    memcmp(f->map, lfs, sizeof(lfs) - 1) == 0) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "a pointer of git-lfs, not the file (git lfs pull)");
		return 0;
	}
	if (f->size < 8) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "%zu bytes are no safetensors file", f->size);
		return 0;
	}
	for (i = 0; i < 8; i++)
		n |= (uint64_t)f->map[i] << 8 * i;
	if (n < 2 || n > RDL_TENSORS_HEADER_MAX) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "no safetensors file: a header of %llu bytes",
		    (unsigned long long)n);
		return 0;
	}
	if (n > f->size - 8) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "cut short: %zu bytes, the header alone has %llu",
		    f->size, (unsigned long long)n);
		return 0;
	}
	return (size_t)n;
}

/* Point the tensors from first on at their bytes. */
static void
place(struct rdl_tensors *t, size_t first, const unsigned char *data)
{
	size_t i;

	for (i = first; i < t->nitems; i++)
		t->items[i].tensor.data = data + t->items[i].begin;
}

int
rdl_tensors_header_read(struct rdl_tensors *t, size_t file,
    struct rdl_err *err)
{
	const struct rdl_tensors_file *f = &t->files[file];
	size_t i, max, room, first = t->nitems, n = header_size(f, err);
	yyjson_doc *doc;
	yyjson_read_err at;
	yyjson_val *key, *v, *root;
	int rc = -1;

	if (n == 0)
		return -1;
	if (f->map[8] != '{')
		return rdl_err_set(err, RDL_E_INPUT,
		    "no safetensors file: its header is not JSON");
	doc = yyjson_read_opts((char *)(uintptr_t)f->map + 8, n, 0,
	    &rdl_json_alc, &at);
	if (doc == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "byte %zu: %s",
		    8 + at.pos, at.msg);
	root = yyjson_doc_get_root(doc);
	room = f->size - 8 - n;
	yyjson_obj_foreach(root, i, max, key, v)
		if (add_member(t, file, key, v, room, err) < 0) {
			(void)rdl_err_prefix(err, "tensor \"%.80s\"",
			    yyjson_get_str(key));
			goto out;
		}
	if (check_tiling(t, first, room, err) < 0)
		goto out;
	place(t, first, f->map + 8 + n);
	rc = 0;
out:
	yyjson_doc_free(doc);
	return rc;
}
