/*
 * Values as JSON Schema compares them: members of an object have no order.
 * Reads values only.  Numbers stand in schema_number.c.
 */
#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "record/schema_impl.h"

/* Objects of more members than this are compared through a map. */
#define SMALL_OBJECT 16

static bool
equal_arrays(yyjson_val *a, yyjson_val *b)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(a);
	yyjson_arr_iter jt = yyjson_arr_iter_with(b);
	yyjson_val *x;

	if (yyjson_arr_size(a) != yyjson_arr_size(b))
		return false;
	while ((x = yyjson_arr_iter_next(&it)) != NULL)
		if (!rdl_schema_equal(x, yyjson_arr_iter_next(&jt)))
			return false;
	return true;
}

static void
index_members(struct rdl_map *m, yyjson_val *obj)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(obj);
	struct rdl_map_entry *e;
	yyjson_val *key;
	int made;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		e = rdl_map_put(m, yyjson_get_str(key), yyjson_get_len(key),
		    &made);
		if (made)
			e->value = (uintptr_t)yyjson_obj_iter_get_val(key);
	}
}

static bool
equal_big_objects(yyjson_val *a, yyjson_val *b)
{
	struct rdl_map x = RDL_MAP_INIT, y = RDL_MAP_INIT;
	const struct rdl_map_entry *e;
	bool equal;
	size_t i;

	index_members(&x, a);
	index_members(&y, b);
	equal = x.count == y.count;
	for (i = 0; i < x.count && equal; i++) {
		e = rdl_map_get(&y, x.entries[i].key, x.entries[i].len);
		equal = e != NULL && rdl_schema_equal(
		    (yyjson_val *)(uintptr_t)x.entries[i].value,
		    (yyjson_val *)(uintptr_t)e->value);
	}
	rdl_map_release(&x);
	rdl_map_release(&y);
	return equal;
}

static bool
equal_objects(yyjson_val *a, yyjson_val *b)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(a);
	yyjson_val *key, *other;

	if (yyjson_obj_size(a) != yyjson_obj_size(b))
		return false;
	if (yyjson_obj_size(a) > SMALL_OBJECT)
		return equal_big_objects(a, b);
	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		other = yyjson_obj_getn(b, yyjson_get_str(key),
		    yyjson_get_len(key));
		if (other == NULL || !rdl_schema_equal(
		    yyjson_obj_iter_get_val(key), other))
			return false;
	}
	/* A name that comes twice in a could hide one that only b has. */
	it = yyjson_obj_iter_with(b);
	while ((key = yyjson_obj_iter_next(&it)) != NULL)
		if (yyjson_obj_getn(a, yyjson_get_str(key),
		    yyjson_get_len(key)) == NULL)
			return false;
	return true;
}

bool
rdl_schema_equal(yyjson_val *a, yyjson_val *b)
{
	if (rdl_schema_is_number(a) && rdl_schema_is_number(b))
		return rdl_schema_compare(a, b) == 0;
	if (yyjson_get_type(a) != yyjson_get_type(b))
		return false;
	if (yyjson_is_str(a))
		return yyjson_get_len(a) == yyjson_get_len(b) &&
		    memcmp(yyjson_get_str(a), yyjson_get_str(b),
		    yyjson_get_len(a)) == 0;
	if (yyjson_is_arr(a))
		return equal_arrays(a, b);
	if (yyjson_is_obj(a))
		return equal_objects(a, b);
	return yyjson_get_tag(a) == yyjson_get_tag(b);
}

/* A 64-bit finalizer (murmur3's), to spread what is added up below. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

static uint64_t
hash_text(const char *p, size_t len)
{
	struct rdl_hash name;
	uint64_t h;

	name = rdl_hash_of(p, len);
	memcpy(&h, name.b, sizeof(h));
	return h;
}

/* By the double nearest to it; all that are beyond 2^63 share one hash. */
static uint64_t
hash_number(yyjson_val *v)
{
	double d = yyjson_is_raw(v) ? INFINITY : yyjson_get_num(v);
	uint64_t h = 1;

	if (fabs(d) < 9223372036854775808.0) {
		d += 0.0;	/* -0 to 0 */
		memcpy(&h, &d, sizeof(h));
	}
	return mix(h);
}

uint64_t
rdl_schema_hash(yyjson_val *v)
{
	yyjson_arr_iter at;
	yyjson_obj_iter it;
	yyjson_val *x;
	uint64_t h = yyjson_get_type(v);

	if (rdl_schema_is_number(v))
		return hash_number(v);
	if (yyjson_is_str(v))
		return hash_text(yyjson_get_str(v), yyjson_get_len(v));
	if (yyjson_is_arr(v)) {
		at = yyjson_arr_iter_with(v);
		while ((x = yyjson_arr_iter_next(&at)) != NULL)
			h = mix(h + rdl_schema_hash(x));
		return h;
	}
	if (yyjson_is_obj(v)) {
		it = yyjson_obj_iter_with(v);
		while ((x = yyjson_obj_iter_next(&it)) != NULL)
			h += mix(rdl_schema_hash(x) + 3 *
			    rdl_schema_hash(yyjson_obj_iter_get_val(x)));
		return h;
	}
	return mix(yyjson_get_tag(v));
}

static bool
deeper_than(yyjson_val *v, size_t levels)
{
	yyjson_arr_iter at;
	yyjson_obj_iter it;
	yyjson_val *x;

	if (!yyjson_is_ctn(v))
		return false;
	if (levels == 0)
		return true;
	if (yyjson_is_arr(v)) {
		at = yyjson_arr_iter_with(v);
		while ((x = yyjson_arr_iter_next(&at)) != NULL)
			if (deeper_than(x, levels - 1))
				return true;
		return false;
	}
	it = yyjson_obj_iter_with(v);
	while ((x = yyjson_obj_iter_next(&it)) != NULL)
		if (deeper_than(yyjson_obj_iter_get_val(x), levels - 1))
			return true;
	return false;
}

bool
rdl_schema_too_deep(yyjson_val *v)
{
	return deeper_than(v, RDL_DEPTH_MAX);
}
