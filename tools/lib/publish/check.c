/*
 * What trainers' loaders ask of a dataset, asked before they do.
 * Reads a dataset as it stands on disk.  Writes nothing, repairs nothing.
 */
#include "publish/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "record/json.h"
#include "publish/check_private.h"
#include "record/jsonl.h"
#include "vision/image.h"

void
rdl_check_fault(struct rdl_check *c, const char *what, const char *detail)
{
	if (c->faults++ < RDL_CHECK_SHOWN)
		c->say("%s: %llu: %s%s%s", c->where,
		    (unsigned long long)c->row, what,
		    detail[0] != '\0' ? ": " : "", detail);
}

void
rdl_check_bytes(struct rdl_check *c, const char *name, const void *p,
    size_t len)
{
	struct rdl_image_info info;
	struct rdl_err why = RDL_ERR_INIT;

	if (rdl_image_probe(p, len, &info, &why) < 0)
		rdl_check_fault(c, name, why.msg);
}

/* A picture that a row names, relative to the root; each is read once. */
static void
check_picture(struct rdl_check *c, yyjson_val *v)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_URL_MAX);
	struct rdl_buf bytes = RDL_BUF_INIT(RDL_IMAGE_MAX);
	struct rdl_err why = RDL_ERR_INIT;
	const char *name = yyjson_get_str(v);
	int made;

	if (name == NULL || name[0] == '\0') {
		rdl_check_fault(c, "an image that is no path", "");
		return;
	}
	(void)rdl_map_put(&c->pictures, name, yyjson_get_len(v), &made);
	if (!made)
		return;
	if (c->root != NULL && name[0] != '/')
		rdl_buf_addf(&path, "%s/", c->root);
	rdl_buf_adds(&path, name);
	if (rdl_file_read(path.p, &bytes, &why) < 0)
		rdl_check_fault(c, "image", why.msg);
	else
		rdl_check_bytes(c, name, bytes.p != NULL ? bytes.p : "",
		    bytes.len);
	rdl_buf_release(&bytes);
	rdl_buf_release(&path);
}

/* The pictures of "images" (a list) or "image" (a path or a list). */
static size_t
check_pictures(struct rdl_check *c, yyjson_val *row, const char *member,
    bool list)
{
	yyjson_val *v = yyjson_obj_get(row, member), *one;
	size_t i, max;

	if (!list && yyjson_is_str(v)) {
		check_picture(c, v);
		return 1;
	}
	if (!yyjson_is_arr(v)) {
		rdl_check_fault(c, member, "not a list of images");
		return 0;
	}
	yyjson_arr_foreach(v, i, max, one)
		check_picture(c, one);
	return yyjson_arr_size(v);
}

static bool
blank(yyjson_val *v)
{
	const char *p = yyjson_get_str(v);
	size_t i, len = yyjson_get_len(v);

	for (i = 0; p != NULL && i < len; i++)
		if (strchr(" \t\r\n", p[i]) == NULL)
			return false;
	return true;
}

static size_t
tags_in(yyjson_val *v)
{
	const char *p = yyjson_get_str(v);
	size_t n = 0;

	while (p != NULL && (p = strstr(p, "<image>")) != NULL) {
		n++;
		p += strlen("<image>");
	}
	return n;
}

/* Turns of {ROLE, TEXT} objects, the two roles in turn; the number of image
 * tags in them. */
static size_t
check_turns(struct rdl_check *c, yyjson_val *turns, const char *const keys[4],
    bool pair_sides)
{
	yyjson_val *turn, *role;
	size_t i, max, tags = 0;

	if (!yyjson_is_arr(turns) || yyjson_arr_size(turns) == 0 ||
	    (!pair_sides && yyjson_arr_size(turns) % 2 != 0)) {
		rdl_check_fault(c, "turns", "not a question and its answer");
		return 0;
	}
	yyjson_arr_foreach(turns, i, max, turn) {
		role = yyjson_obj_get(turn, keys[0]);
		if (!yyjson_equals_str(role, keys[2 + i % 2]))
			rdl_check_fault(c, "roles do not take turns", "");
		if (blank(yyjson_obj_get(turn, keys[1])))
			rdl_check_fault(c, "an empty turn", "");
		tags += tags_in(yyjson_obj_get(turn, keys[1]));
	}
	return tags;
}

/* A TRL message list: content is a list of parts; how many are images. */
static size_t
check_messages(struct rdl_check *c, yyjson_val *list, const char *first,
    struct rdl_buf *text)
{
	const char *roles[2] = { first, strcmp(first, "user") == 0 ?
	    "assistant" : "user" };
	yyjson_val *m, *parts, *part, *type;
	size_t i, j, max, jmax, images = 0;

	if (yyjson_arr_size(list) == 0)
		rdl_check_fault(c, "a list without messages", "");
	yyjson_arr_foreach(list, i, max, m) {
		if (!yyjson_equals_str(yyjson_obj_get(m, "role"),
		    roles[i % 2]))
			rdl_check_fault(c, "roles do not take turns", "");
		parts = yyjson_obj_get(m, "content");
		if (!yyjson_is_arr(parts))
			rdl_check_fault(c, "content is not a list of parts",
			    "");
		yyjson_arr_foreach(parts, j, jmax, part) {
			type = yyjson_obj_get(part, "type");
			if (yyjson_equals_str(type, "image")) {
				images++;
				continue;
			}
			if (blank(yyjson_obj_get(part, "text")))
				rdl_check_fault(c, "an empty text", "");
			else
				rdl_buf_adds(text, yyjson_get_str(
				    yyjson_obj_get(part, "text")));
		}
	}
	return images;
}

static void
check_tags(struct rdl_check *c, size_t tags, size_t images)
{
	if (tags != images)
		rdl_check_fault(c, "the number of image tags is not that of "
		    "images", "");
}

/* A pair whose sides are equal, or that another row has the other way. */
static void
check_sides(struct rdl_check *c, const struct rdl_buf *prompt,
    const struct rdl_buf *chosen, const struct rdl_buf *rejected)
{
	struct rdl_buf key = RDL_BUF_INIT(3 * RDL_LINE_MAX);
	struct rdl_hash h;

	if (chosen->len == rejected->len && chosen->len > 0 &&
	    memcmp(chosen->p, rejected->p, chosen->len) == 0)
		rdl_check_fault(c, "chosen and rejected are the same", "");
	rdl_buf_addf(&key, "%zu:%zu:", prompt->len, rejected->len);
	rdl_buf_add(&key, prompt->p, prompt->len);
	rdl_buf_add(&key, rejected->p, rejected->len);
	rdl_buf_add(&key, chosen->p, chosen->len);
	h = rdl_hash_of(key.p, key.len);
	if (rdl_map_get(&c->pairs, (const char *)h.b, sizeof(h.b)) != NULL)
		rdl_check_fault(c, "another row prefers the other side", "");
	rdl_buf_reset(&key);
	rdl_buf_addf(&key, "%zu:%zu:", prompt->len, chosen->len);
	rdl_buf_add(&key, prompt->p, prompt->len);
	rdl_buf_add(&key, chosen->p, chosen->len);
	rdl_buf_add(&key, rejected->p, rejected->len);
	h = rdl_hash_of(key.p, key.len);
	(void)rdl_map_put(&c->pairs, (const char *)h.b, sizeof(h.b), NULL);
	rdl_buf_release(&key);
}

/* The same question about another picture is another one. */
static void
add_names(struct rdl_buf *out, yyjson_val *images)
{
	yyjson_val *v;
	size_t i, max;

	yyjson_arr_foreach(images, i, max, v) {
		rdl_buf_addc(out, '\0');
		rdl_buf_add(out, yyjson_get_str(v), yyjson_get_len(v));
	}
}

static void
check_trl(struct rdl_check *c, yyjson_val *row, bool dpo)
{
	struct rdl_buf text[3] = { RDL_BUF_INIT(RDL_LINE_MAX),
		RDL_BUF_INIT(RDL_LINE_MAX), RDL_BUF_INIT(RDL_LINE_MAX) };
	size_t images = check_pictures(c, row, "images", true), i;

	if (dpo) {
		check_tags(c, check_messages(c, yyjson_obj_get(row, "prompt"),
		    "user", &text[0]), images);
		(void)check_messages(c, yyjson_obj_get(row, "chosen"),
		    "assistant", &text[1]);
		(void)check_messages(c, yyjson_obj_get(row, "rejected"),
		    "assistant", &text[2]);
		add_names(&text[0], yyjson_obj_get(row, "images"));
		check_sides(c, &text[0], &text[1], &text[2]);
	} else {
		check_tags(c, check_messages(c, yyjson_obj_get(row,
		    "messages"), "user", &text[0]), images);
	}
	for (i = 0; i < 3; i++)
		rdl_buf_release(&text[i]);
}

/* Two pictures, one of which won. */
static void
check_diffusion(struct rdl_check *c, yyjson_val *row)
{
	yyjson_val *label = yyjson_obj_get(row, "label_0");
	double won = yyjson_get_num(label);

	check_picture(c, yyjson_obj_get(row, "jpg_0_file_name"));
	check_picture(c, yyjson_obj_get(row, "jpg_1_file_name"));
	if (!yyjson_is_num(label) || (won > 0 && won < 1) || won < 0 ||
	    won > 1)
		rdl_check_fault(c, "label_0 is neither 0 nor 1", "");
	if (blank(yyjson_obj_get(row, "caption")))
		rdl_check_fault(c, "an empty caption", "");
}

void
rdl_check_row(struct rdl_check *c, yyjson_val *row)
{
	static const char *const human[] = { "from", "value", "human", "gpt" };
	static const char *const user[] = { "role", "content", "user",
		"assistant" };
	const char *f = c->format->name;
	yyjson_val *id = yyjson_obj_get(row, "id");
	int made = 0;

	if (yyjson_is_str(id))
		(void)rdl_map_put(&c->ids, yyjson_get_str(id),
		    yyjson_get_len(id), &made);
	if (!made)
		rdl_check_fault(c, "no id of its own", "");
	if (strcmp(f, "llava") == 0)
		check_tags(c, check_turns(c, yyjson_obj_get(row,
		    "conversations"), human, false),
		    check_pictures(c, row, "image", false));
	else if (strcmp(f, "sharegpt") == 0)
		check_tags(c, check_turns(c, yyjson_obj_get(row,
		    "conversations"), human, yyjson_obj_get(row, "chosen") !=
		    NULL), check_pictures(c, row, "images", true));
	else if (strcmp(f, "messages") == 0)
		check_tags(c, check_turns(c, yyjson_obj_get(row, "messages"),
		    user, false), check_pictures(c, row, "images", true));
	else if (strncmp(f, "trl-", 4) == 0)
		check_trl(c, row, strcmp(f, "trl-dpo") == 0);
	else if (yyjson_obj_get(row, "file_name") != NULL)
		check_picture(c, yyjson_obj_get(row, "file_name"));
	else if (strcmp(f, "diffusion-dpo") == 0)
		check_diffusion(c, row);
	else {
		check_picture(c, yyjson_obj_get(row, "chosen_file_name"));
		check_picture(c, yyjson_obj_get(row, "rejected_file_name"));
	}
}

static int
check_array(struct rdl_check *c, const char *path, struct rdl_err *err)
{
	yyjson_read_err why;
	yyjson_doc *doc = yyjson_read_file(path, 0, &rdl_json_alc, &why);
	yyjson_val *root = yyjson_doc_get_root(doc), *row;
	size_t i, max;

	if (doc == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "%s: byte %zu: %s", path,
		    why.pos, why.msg);
	if (!yyjson_is_arr(root))
		rdl_check_fault(c, "not a JSON array", "");
	yyjson_arr_foreach(root, i, max, row) {
		c->row = i + 1;
		rdl_check_row(c, row);
	}
	yyjson_doc_free(doc);
	return 0;
}

int
rdl_check_lines(struct rdl_check *c, const char *path, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	c->where = path;
	if (rdl_jsonl_open(&in, path, err) < 0)
		return -1;
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0) {
		c->row = in.lineno;
		rdl_check_row(c, rec.root);
	}
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int
rdl_check_dataset(const struct rdl_format *f, const char *path,
    const char *image_root, void (*say)(const char *fmt, ...),
    struct rdl_err *err)
{
	struct rdl_check c = { .format = f, .where = path, .root = image_root,
		.say = say, .ids = RDL_MAP_INIT, .pictures = RDL_MAP_INIT,
		.pairs = RDL_MAP_INIT };
	int rc;

	if (f->container == RDL_CONTAINER_ARRAY)
		rc = check_array(&c, path, err);
	else if (f->container == RDL_CONTAINER_LINES)
		rc = rdl_check_lines(&c, path, err);
	else if (f->container == RDL_CONTAINER_PARQUET && !is_folder(path))
		rc = rdl_check_parquet(&c, path, err);
	else
		rc = rdl_check_folder(&c, path, err);
	if (rc == 0 && c.faults > 0)
		rc = rdl_err_set(err, RDL_E_INPUT, "%s: %llu faults", path,
		    (unsigned long long)c.faults);
	rdl_map_release(&c.ids);
	rdl_map_release(&c.pictures);
	rdl_map_release(&c.pairs);
	return rc;
}
