/*
 * One sample as JSON text, in each format that trainers read.
 * Reads a sample, appends to a buffer.  Opens no file, checks no picture.
 */
#include "publish/item.h"

#include <string.h>

#include "publish/pair.h"

static void
add(struct rdl_buf *out, struct rdl_sample_text t)
{
	rdl_buf_addjson(out, t.p != NULL ? t.p : "", t.len);
}

static void
adds(struct rdl_buf *out, const char *s)
{
	rdl_buf_addjson(out, s, strlen(s));
}

/* "<image>\n" for each picture, then the text, as one JSON string. */
static void
add_tagged(struct rdl_buf *out, const struct rdl_sample *s)
{
	struct rdl_buf t = RDL_BUF_INIT(RDL_LINE_MAX);
	size_t i;

	for (i = 0; i < s->nimages; i++)
		rdl_buf_adds(&t, "<image>\n");
	rdl_buf_add(&t, s->prompt.p, s->prompt.len);
	rdl_buf_addjson(out, t.p, t.len);
	if (rdl_buf_full(&t))
		out->full = true;
	rdl_buf_release(&t);
}

/* ["path", ...]: a list also where there is one picture or none. */
static void
add_paths(struct rdl_buf *out, const struct rdl_sample *s,
    const char *const *paths)
{
	size_t i;

	rdl_buf_addc(out, '[');
	for (i = 0; i < s->nimages; i++) {
		rdl_buf_adds(out, i > 0 ? "," : "");
		adds(out, paths[i]);
	}
	rdl_buf_addc(out, ']');
}

static void
add_task(struct rdl_buf *out, const struct rdl_sample *s, const char *name)
{
	if (s->task.len == 0)
		return;
	rdl_buf_addf(out, ",\"%s\":", name);
	rdl_buf_addjson(out, s->task.p, s->task.len);
}

static void
llava(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	rdl_buf_addf(out, "{\"id\":\"%s\",\"image\":", s->key);
	if (s->nimages == 1)
		adds(out, paths[0]);
	else
		add_paths(out, s, paths);
	add_task(out, s, "task_type");
	rdl_buf_adds(out, ",\"conversations\":[{\"from\":\"human\",\"value\":");
	add_tagged(out, s);
	rdl_buf_adds(out, "},{\"from\":\"gpt\",\"value\":");
	add(out, s->answer);
	rdl_buf_adds(out, "}]}");
}

static void
sharegpt(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	rdl_buf_addf(out, "{\"id\":\"%s\"", s->key);
	add_task(out, s, "task_type");
	rdl_buf_adds(out, ",\"conversations\":[{\"from\":\"human\",\"value\":");
	add_tagged(out, s);
	if (s->preference) {
		rdl_buf_adds(out, "}],\"chosen\":{\"from\":\"gpt\",\"value\":");
		add(out, s->chosen);
		rdl_buf_adds(out,
		    "},\"rejected\":{\"from\":\"gpt\",\"value\":");
		add(out, s->rejected);
		rdl_buf_adds(out, "},\"images\":");
	} else {
		rdl_buf_adds(out, "},{\"from\":\"gpt\",\"value\":");
		add(out, s->answer);
		rdl_buf_adds(out, "}],\"images\":");
	}
	add_paths(out, s, paths);
	rdl_buf_addc(out, '}');
}

/* {"role":ROLE,"content":[{"type":"image"}...,{"type":"text","text":...}]};
 * content is a list in every message, so that Arrow sees one type. */
static void
add_message(struct rdl_buf *out, const char *role, size_t nimages,
    struct rdl_sample_text text)
{
	size_t i;

	rdl_buf_addf(out, "{\"role\":\"%s\",\"content\":[", role);
	for (i = 0; i < nimages; i++)
		rdl_buf_adds(out, "{\"type\":\"image\",\"text\":null},");
	rdl_buf_adds(out, "{\"type\":\"text\",\"text\":");
	add(out, text);
	rdl_buf_adds(out, "}]}");
}

static void
trl_sft(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	rdl_buf_adds(out, "{\"images\":");
	add_paths(out, s, paths);
	rdl_buf_adds(out, ",\"messages\":[");
	add_message(out, "user", s->nimages, s->prompt);
	rdl_buf_addc(out, ',');
	add_message(out, "assistant", 0, s->answer);
	rdl_buf_addf(out, "],\"id\":\"%s\"}", s->key);
}

static void
trl_dpo(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	rdl_buf_adds(out, "{\"images\":");
	add_paths(out, s, paths);
	rdl_buf_adds(out, ",\"prompt\":[");
	add_message(out, "user", s->nimages, s->prompt);
	rdl_buf_adds(out, "],\"chosen\":[");
	add_message(out, "assistant", 0, s->chosen);
	rdl_buf_adds(out, "],\"rejected\":[");
	add_message(out, "assistant", 0, s->rejected);
	rdl_buf_addf(out, "],\"id\":\"%s\"}", s->key);
}

/* OpenAI's chat form, the picture tags in the text. */
static void
messages(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	rdl_buf_addf(out, "{\"id\":\"%s\"", s->key);
	add_task(out, s, "task_type");
	rdl_buf_adds(out, ",\"messages\":[{\"role\":\"user\",\"content\":");
	add_tagged(out, s);
	rdl_buf_adds(out, "},{\"role\":\"assistant\",\"content\":");
	add(out, s->answer);
	rdl_buf_adds(out, "}],\"images\":");
	add_paths(out, s, paths);
	rdl_buf_addc(out, '}');
}

/* A flat row: the columns of a folder's metadata.jsonl, and a shard's .json.
 * Every row has every column, so that no loader guesses a type. */
static void
flat(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	if (s->of_images)
		rdl_buf_adds(out, "{\"chosen_file_name\":");
	else
		rdl_buf_adds(out, "{\"file_name\":");
	adds(out, s->nimages > 0 ? paths[0] : "");
	if (s->of_images) {
		rdl_buf_adds(out, ",\"rejected_file_name\":");
		adds(out, paths[1]);
	}
	rdl_buf_addf(out, ",\"id\":\"%s\",\"task\":", s->key);
	rdl_buf_addjson(out, s->task.len > 0 ? s->task.p : "", s->task.len);
	rdl_buf_adds(out, s->preference ? ",\"prompt\":" : ",\"question\":");
	add(out, s->prompt);
	if (!s->preference) {
		rdl_buf_adds(out, ",\"answer\":");
		add(out, s->answer);
	} else if (!s->of_images) {
		rdl_buf_adds(out, ",\"chosen\":");
		add(out, s->chosen);
		rdl_buf_adds(out, ",\"rejected\":");
		add(out, s->rejected);
	}
	if (s->nimages > 0) {
		rdl_buf_adds(out, ",\"licence\":");
		add(out, s->images[0].licence);
		rdl_buf_adds(out, ",\"source\":");
		add(out, s->images[0].source);
	}
	rdl_buf_addc(out, '}');
}

/* Columns as Pick-a-Pic has them, which trainers of Diffusion-DPO read, the
 * sides in the order of rdl_pair_at(). */
static void
diffusion(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	size_t i, at;

	for (i = 0; i < 2; i++) {
		at = rdl_pair_at(s, i);
		rdl_buf_addf(out, "%s\"jpg_%zu\":", i == 0 ? "{" : ",", i);
		adds(out, paths[at]);
		rdl_buf_addf(out, ",\"label_%zu\":%s,\"image_%zu_uid\":", i,
		    at == 0 ? "1.0" : "0.0", i);
		add(out, s->images[at].sha256);
	}
	rdl_buf_adds(out, ",\"best_image_uid\":");
	add(out, s->images[0].sha256);
	rdl_buf_adds(out, ",\"are_different\":true,\"has_label\":true,"
	    "\"caption\":");
	add(out, s->prompt);
	rdl_buf_addf(out, ",\"id\":\"%s\"}", s->key);
}

/* A row of a table: as TRL has it in lines, or as Diffusion-DPO does; and its
 * task. */
static void
table(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	if (s->of_images)
		diffusion(s, paths, out);
	else if (s->preference)
		trl_dpo(s, paths, out);
	else
		trl_sft(s, paths, out);
	if (rdl_buf_full(out))
		return;
	out->p[--out->len] = '\0';
	add_task(out, s, "task_type");
	rdl_buf_addc(out, '}');
}

const struct rdl_format rdl_item_formats[] = {
	{ "llava", RDL_CONTAINER_ARRAY, true, false, false, llava },
	{ "sharegpt", RDL_CONTAINER_ARRAY, true, true, false, sharegpt },
	{ "messages", RDL_CONTAINER_LINES, true, false, false, messages },
	{ "trl-sft", RDL_CONTAINER_LINES, true, false, false, trl_sft },
	{ "trl-dpo", RDL_CONTAINER_LINES, false, true, false, trl_dpo },
	{ "webdataset", RDL_CONTAINER_TAR, true, true, true, flat },
	{ "hf", RDL_CONTAINER_FOLDER, true, true, true, flat },
	{ "parquet", RDL_CONTAINER_PARQUET, true, true, true, table },
	{ "diffusion-dpo", RDL_CONTAINER_FOLDER, false, false, true,
	    rdl_pair_row },
	{ "diffusion-dpo-tar", RDL_CONTAINER_TAR, false, false, true,
	    rdl_pair_tar },
	{ NULL, 0, false, false, false, NULL }
};

int
rdl_item_fits(const struct rdl_format *f, const struct rdl_sample *s,
    struct rdl_err *err)
{
	bool fits = f->qa;
	const char *what = "a question with its answer";

	if (s->preference) {
		fits = s->of_images ? f->image_pairs : f->text_pairs;
		what = s->of_images ? "a pair of pictures" : "a pair of texts";
	}
	if (!fits)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the format %s cannot hold %s", f->name, what);
	if ((f->container == RDL_CONTAINER_TAR ||
	    f->container == RDL_CONTAINER_FOLDER) && s->nimages == 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the format %s wants a picture in every row", f->name);
	return 0;
}
