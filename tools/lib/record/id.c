/*
 * What a record is called: kind, colon, 32 hexadecimal digits.
 * Reads the schemas built into the library; keeps those it used for the life
 * of the process.  Does not check a record against its schema.
 */
#include "record/id.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/mem.h"
#include "record/canon.h"
#include "record/json.h"

#define HEX_LEN (2 * RDL_HASH_LEN)
/* "1e20" becomes 21 digits: the form can be longer than the line. */
#define TEXT_MAX (8 * RDL_LINE_MAX)

/* One member of the object that is hashed. */
struct field {
	const char *name;	/* its path in the record */
	size_t len;
	yyjson_val *value;	/* NULL: to be found by the path */
	bool fold;
};

/* The identity of a kind that has a schema. */
struct kind {
	char name[RDL_KIND_LEN];
	yyjson_doc *schema;
	yyjson_val *identity;	/* in schema; NULL for all members */
	struct kind *next;
};

/* True if p[0..len) is the name of a kind: [a-z][a-z0-9-]{0,22}. */
static bool
is_kind(const char *p, size_t len)
{
	size_t i;

	if (len == 0 || len >= RDL_KIND_LEN || p[0] < 'a' || p[0] > 'z')
		return false;
	for (i = 1; i < len; i++)
		if (!((p[i] >= 'a' && p[i] <= 'z') ||
		    (p[i] >= '0' && p[i] <= '9') || p[i] == '-'))
			return false;
	return true;
}

int
rdl_id_parse(const char *text, size_t len, struct rdl_id *id)
{
	char hex[HEX_LEN + 1];
	size_t kind_len = len > HEX_LEN ? len - HEX_LEN - 1 : 0;

	memset(id, 0, sizeof(*id));
	if (is_kind(text, kind_len) && text[kind_len] == ':') {
		memcpy(hex, text + kind_len + 1, HEX_LEN);
		hex[HEX_LEN] = '\0';
		if (rdl_hash_unhex(id->hash.b, hex, RDL_HASH_LEN) == 0) {
			memcpy(id->kind, text, kind_len);
			return 1;
		}
	}
	id->hash = rdl_hash_of(text, len);
	return 0;
}

void
rdl_id_format(const struct rdl_id *id, char out[RDL_ID_TEXT])
{
	char hex[HEX_LEN + 1];

	rdl_hash_hex(hex, id->hash.b, RDL_HASH_LEN);
	(void)snprintf(out, RDL_ID_TEXT, "%s:%s", id->kind, hex);
}

static int
no_field(const struct field *f, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_INPUT, "the record has no \"%.*s\", "
	    "which its id is made of", (int)f->len, f->name);
}

static int
put_value(yyjson_val *v, bool fold, struct rdl_buf *out, struct rdl_err *err)
{
	return rdl_canon_identity(v, fold, out, err);
}

/* Append what path finds in v: one value, or an array of them where the path
 * has a star. */
static int
put_path(const struct field *f, yyjson_val *v, const char *path,
    struct rdl_buf *out, struct rdl_err *err)
{
	size_t len = strcspn(path, "/"), i, n;
	const char *rest = path[len] == '/' ? path + len + 1 : NULL;
	yyjson_val *element;

	if (len != 1 || path[0] != '*') {
		v = yyjson_obj_getn(v, path, len);
		if (v == NULL)
			return no_field(f, err);
		return rest != NULL ? put_path(f, v, rest, out, err) :
		    put_value(v, f->fold, out, err);
	}
	if (!yyjson_is_arr(v))
		return no_field(f, err);
	rdl_buf_addc(out, '[');
	yyjson_arr_foreach(v, i, n, element) {
		if (i > 0)
			rdl_buf_addc(out, ',');
		if ((rest != NULL ? put_path(f, element, rest, out, err) :
		    put_value(element, f->fold, out, err)) < 0)
			return -1;
	}
	rdl_buf_addc(out, ']');
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct field *fa = a, *fb = b;

	return rdl_canon_order(fa->name, fa->len, fb->name, fb->len);
}

static int
put_fields(struct field *fields, size_t n, yyjson_val *root,
    struct rdl_buf *out, struct rdl_err *err)
{
	const struct field *f;
	int rc;

	qsort(fields, n, sizeof(*fields), by_name);
	rdl_buf_addc(out, '{');
	for (f = fields; f < fields + n; f++) {
		if (f > fields)
			rdl_buf_addc(out, ',');
		rdl_buf_addjson(out, f->name, f->len);
		rdl_buf_addc(out, ':');
		rc = f->value != NULL ? put_value(f->value, f->fold, out, err) :
		    put_path(f, root, f->name, out, err);
		if (rc < 0)
			return rdl_err_prefix(err, "no id");
	}
	rdl_buf_addc(out, '}');
	if (rdl_buf_full(out))
		return rdl_err_set(err, RDL_E_INPUT, "no id: the text to hash "
		    "is longer than %zu bytes", out->max);
	return 0;
}

/* Would put_path() find something? */
static bool
has_path(yyjson_val *v, const char *path)
{
	size_t len = strcspn(path, "/"), i, n;
	const char *rest = path[len] == '/' ? path + len + 1 : NULL;
	yyjson_val *element;

	if (len != 1 || path[0] != '*') {
		v = yyjson_obj_getn(v, path, len);
		return v != NULL && (rest == NULL || has_path(v, rest));
	}
	if (!yyjson_is_arr(v))
		return false;
	yyjson_arr_foreach(v, i, n, element)
		if (rest != NULL && !has_path(element, rest))
			return false;
	return true;
}

/* The first of these paths that root has; without one the first of all, or
 * NULL if the field is optional. */
static yyjson_val *
choose_path(yyjson_val *field, yyjson_val *paths, yyjson_val *root)
{
	yyjson_val *path;
	size_t i, n;

	yyjson_arr_foreach(paths, i, n, path)
		if (yyjson_is_str(path) && has_path(root,
		    yyjson_get_str(path)))
			return path;
	return yyjson_get_bool(yyjson_obj_get(field, "optional")) ? NULL :
	    yyjson_arr_get_first(paths);
}

/* An element of x-identity, see rdl_id_compute(): 1; 0 if it is optional and
 * root has nothing of it. */
static int
read_field(struct field *f, yyjson_val *v, yyjson_val *root,
    struct rdl_err *err)
{
	yyjson_val *path = yyjson_is_obj(v) ? yyjson_obj_get(v, "field") : v;

	if (yyjson_arr_size(path) > 0) {
		path = choose_path(v, path, root);
		if (path == NULL)
			return 0;
	}
	f->name = yyjson_get_str(path);
	if (f->name == NULL)
		return rdl_err_set(err, RDL_E_USAGE, "x-identity: an element "
		    "is neither a path nor an object with a \"field\"");
	f->len = yyjson_get_len(path);
	f->fold = yyjson_get_bool(yyjson_obj_get(v, "fold"));
	return 1;
}

static bool
is_label(yyjson_val *key)
{
	return yyjson_equals_str(key, "id") || yyjson_equals_str(key, "kind") ||
	    yyjson_equals_str(key, "from");
}

int
rdl_id_text(yyjson_val *root, yyjson_val *identity, struct rdl_buf *out,
    struct rdl_err *err)
{
	size_t i, max, n = 0;
	struct field *fields;
	yyjson_val *key, *v;
	int rc = 0, got;

	if (identity != NULL && yyjson_arr_size(identity) == 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "x-identity is not an array of fields");
	fields = rdl_mem_calloc(identity != NULL ? yyjson_arr_size(identity) :
	    yyjson_obj_size(root), sizeof(*fields));
	if (identity != NULL) {
		yyjson_arr_foreach(identity, i, max, v) {
			if (rc < 0)
				break;
			got = read_field(&fields[n], v, root, err);
			if (got < 0)
				rc = -1;
			else
				n += (size_t)got;
		}
	} else {
		yyjson_obj_foreach(root, i, max, key, v)
			if (!is_label(key))
				fields[n++] = (struct field){
				    yyjson_get_str(key), yyjson_get_len(key),
				    v, false };
	}
	if (rc == 0)
		rc = put_fields(fields, n, root, out, err);
	free(fields);
	return rc;
}

/* The identity that the schema of a kind gives, *identity NULL for all
 * members.  Schemas are kept; kinds without one are not, since input may name
 * any number of them. */
static int
kind_identity(const char *name, yyjson_val **identity, struct rdl_err *err)
{
	static struct kind *kinds;
	char path[sizeof("schemas/.json") + RDL_KIND_LEN];
	const struct rdl_embed *file;
	yyjson_doc *doc;
	struct kind *k;

	*identity = NULL;
	for (k = kinds; k != NULL; k = k->next)
		if (strcmp(k->name, name) == 0) {
			*identity = k->identity;
			return 0;
		}
	(void)snprintf(path, sizeof(path), "schemas/%s.json", name);
	file = rdl_embed_find(path);
	if (file == NULL)
		return 0;
	doc = rdl_json_read(file->text, file->len, 0);
	if (doc == NULL)
		return rdl_err_set(err, RDL_E_USAGE, "%s: not JSON", path);
	k = rdl_mem_calloc(1, sizeof(*k));
	memcpy(k->name, name, strlen(name));
	k->schema = doc;
	k->identity = yyjson_obj_get(yyjson_doc_get_root(doc), "x-identity");
	k->next = kinds;
	kinds = k;
	*identity = k->identity;
	return 0;
}

static int
record_kind(const struct rdl_rec *rec, char out[RDL_KIND_LEN],
    struct rdl_err *err)
{
	yyjson_val *v = rdl_rec_get(rec, "kind");
	const char *kind = v == NULL ? "row" : yyjson_get_str(v);
	size_t len = v == NULL ? strlen("row") : yyjson_get_len(v);

	if (kind == NULL || !is_kind(kind, len))
		return rdl_err_set(err, RDL_E_INPUT, "\"kind\" is not the name "
		    "of a kind: a lower-case letter and up to %d more, digits "
		    "or hyphens", RDL_KIND_LEN - 2);
	memset(out, 0, RDL_KIND_LEN);
	memcpy(out, kind, len);
	return 0;
}

int
rdl_id_compute(const struct rdl_rec *rec, struct rdl_id *id,
    struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(TEXT_MAX);
	yyjson_val *identity;
	int rc = -1;

	memset(id, 0, sizeof(*id));
	if (record_kind(rec, id->kind, err) < 0 ||
	    kind_identity(id->kind, &identity, err) < 0)
		goto out;
	/* Room for most, so that the buffer need not grow step by step. */
	if (rdl_buf_reserve(&text, 2 * RDL_KIB) == NULL ||
	    rdl_id_text(rec->root, identity, &text, err) < 0)
		goto out;
	id->hash = rdl_hash_of(text.p, text.len);
	rc = 0;
out:
	rdl_buf_release(&text);
	return rc;
}

int
rdl_id_of(const struct rdl_rec *rec, struct rdl_id *id, struct rdl_err *err)
{
	yyjson_val *v = rdl_rec_get(rec, "id");

	if (v == NULL)
		return rdl_id_compute(rec, id, err);
	if (!yyjson_is_str(v) || yyjson_get_len(v) == 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "\"id\" is not a string, or is empty");
	if (yyjson_get_len(v) >= RDL_ID_MAX)
		return rdl_err_set(err, RDL_E_INPUT,
		    "\"id\" is longer than %d bytes", RDL_ID_MAX - 1);
	(void)rdl_id_parse(yyjson_get_str(v), yyjson_get_len(v), id);
	return 1;
}
