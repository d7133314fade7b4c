/*
 * The tokenizer's files.
 * Reads tokenizer.json, or vocab.json and merges.txt (with the flag in
 * special_tokens_map.json).  What they must hold, bpe_build.c.
 */
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "record/json.h"
#include "vision/bpe_build.h"

/* A file that is being read. */
struct part {
	struct rdl_buf path;
	struct rdl_buf text;
	yyjson_doc *doc;
};

#define PART_INIT { RDL_BUF_INIT(64 * RDL_KIB), RDL_BUF_INIT(RDL_FILE_MAX), \
	NULL }

static void
release(struct part *p)
{
	yyjson_doc_free(p->doc);
	rdl_buf_release(&p->text);
	rdl_buf_release(&p->path);
}

static int
set_path(struct part *p, const char *dir, const char *name,
    struct rdl_err *err)
{
	rdl_buf_addf(&p->path, "%s/%s", dir, name);
	if (rdl_buf_full(&p->path))
		return rdl_err_set(err, RDL_E_INPUT, "%.80s: path too long",
		    dir);
	return 0;
}

/* Whether dir has a file of that name. */
static bool
has(const char *dir, const char *name)
{
	struct part p = PART_INIT;
	struct rdl_err ignored = RDL_ERR_INIT;
	struct stat st;
	bool found;

	found = set_path(&p, dir, name, &ignored) == 0 &&
	    stat(p.path.p, &st) == 0 && S_ISREG(st.st_mode);
	release(&p);
	return found;
}

static int
read_json(struct part *p, const char *dir, const char *name,
    struct rdl_err *err)
{
	yyjson_read_err at;

	if (set_path(p, dir, name, err) < 0 ||
	    rdl_file_read(p->path.p, &p->text, err) < 0)
		return -1;
	p->doc = yyjson_read_opts(p->text.p, p->text.len, 0, &rdl_json_alc,
	    &at);
	if (p->doc == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "%s: byte %zu: %s",
		    p->path.p, at.pos, at.msg);
	return 0;
}

static bool
is(yyjson_val *obj, const char *key, const char *value)
{
	return yyjson_equals_str(yyjson_obj_get(obj, key), value);
}

/* Whether a normalizer, alone or in a sequence, makes lower case. */
static bool
lowers_case(yyjson_val *normalizer)
{
	yyjson_val *list = yyjson_obj_get(normalizer, "normalizers");
	size_t i;

	if (is(normalizer, "type", "Lowercase"))
		return true;
	for (i = 0; i < yyjson_arr_size(list); i++)
		if (is(yyjson_arr_get(list, i), "type", "Lowercase"))
			return true;
	return false;
}

/* Tokenizers of another make are told from CLIP's by what they say first. */
static int
check_make(yyjson_val *root, struct rdl_err *err)
{
	yyjson_val *model = yyjson_obj_get(root, "model");
	const char *type = yyjson_get_str(yyjson_obj_get(model, "type"));

	if (!yyjson_is_obj(model))
		return rdl_err_set(err, RDL_E_INPUT, "has no model");
	if (type != NULL && strcmp(type, "BPE") != 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "not CLIP's tokenizer: its model is %.40s, not BPE", type);
	if (!is(model, "end_of_word_suffix", "</w>"))
		return rdl_err_set(err, RDL_E_INPUT,
		    "not CLIP's tokenizer: words do not end in </w>");
	if (!lowers_case(yyjson_obj_get(root, "normalizer")))
		return rdl_err_set(err, RDL_E_INPUT,
		    "not CLIP's tokenizer: it keeps upper case");
	return 0;
}

static int
take_one(struct rdl_bpe_build *l, yyjson_val *root, struct rdl_err *err)
{
	yyjson_val *model = yyjson_obj_get(root, "model");
	yyjson_val *added = yyjson_obj_get(root, "added_tokens"), *v;
	size_t i, max;

	if (check_make(root, err) < 0 ||
	    rdl_bpe_build_vocab(l, yyjson_obj_get(model, "vocab"), err) < 0 ||
	    rdl_bpe_build_merges_json(l, yyjson_obj_get(model, "merges"),
	    err) < 0)
		return -1;
	if (!yyjson_is_arr(added))
		return rdl_bpe_build_finish(l, false, err);
	yyjson_arr_foreach(added, i, max, v)
		if (rdl_bpe_build_mark(l, v, err) < 0)
			return -1;
	return rdl_bpe_build_finish(l, false, err);
}

/* tokenizer.json. */
static int
load_one(struct rdl_bpe_build *l, const char *dir, struct rdl_err *err)
{
	struct part p = PART_INIT;
	int rc = read_json(&p, dir, "tokenizer.json", err);

	if (rc == 0) {
		rc = take_one(l, yyjson_doc_get_root(p.doc), err);
		if (rc < 0)
			(void)rdl_err_prefix(err, "%s", p.path.p);
	}
	release(&p);
	return rc;
}

/* Whether special_tokens_map.json, if it is there, wants the start mark to be
 * looked for in normalised text.  (The end mark never is.) */
static int
start_flag(const char *dir, bool *normal, struct rdl_err *err)
{
	struct part p = PART_INIT;
	yyjson_val *bos;
	int rc = 0;

	*normal = false;
	if (has(dir, "special_tokens_map.json")) {
		rc = read_json(&p, dir, "special_tokens_map.json", err);
		bos = yyjson_obj_get(yyjson_doc_get_root(p.doc), "bos_token");
		*normal = yyjson_is_true(yyjson_obj_get(bos, "normalized"));
	}
	release(&p);
	return rc;
}

/* vocab.json and merges.txt. */
static int
load_two(struct rdl_bpe_build *l, const char *dir, struct rdl_err *err)
{
	struct part vocab = PART_INIT, merges = PART_INIT;
	bool start_normal;
	int rc = -1;

	if (read_json(&vocab, dir, "vocab.json", err) < 0 ||
	    set_path(&merges, dir, "merges.txt", err) < 0 ||
	    rdl_file_read(merges.path.p, &merges.text, err) < 0 ||
	    start_flag(dir, &start_normal, err) < 0)
		goto out;
	if (rdl_bpe_build_vocab(l, yyjson_doc_get_root(vocab.doc), err) < 0)
		(void)rdl_err_prefix(err, "%s", vocab.path.p);
	else if (rdl_bpe_build_merges_text(l, merges.text.p, merges.text.len,
	    err) < 0)
		(void)rdl_err_prefix(err, "%s", merges.path.p);
	else if (rdl_bpe_build_finish(l, start_normal, err) < 0)
		(void)rdl_err_prefix(err, "%s", vocab.path.p);
	else
		rc = 0;
out:
	release(&vocab);
	release(&merges);
	return rc;
}

int
rdl_bpe_load(struct rdl_bpe *b, const char *dir, struct rdl_err *err)
{
	struct rdl_bpe_build l;
	int rc;

	rdl_bpe_build_init(&l, b);
	if (has(dir, "tokenizer.json"))
		rc = load_one(&l, dir, err);
	else if (has(dir, "vocab.json"))
		rc = load_two(&l, dir, err);
	else
		rc = rdl_err_set(err, RDL_E_INPUT, "%s: has neither "
		    "tokenizer.json nor vocab.json and merges.txt", dir);
	rdl_bpe_build_release(&l);
	return rc;
}
