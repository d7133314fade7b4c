/*
 * The card of a dataset: README.md as the Hugging Face hub reads it.
 * Says how many rows of which tasks, licences and sources there are, and the
 * funnel that led to them.  Makes up nothing: what is unknown is said to be.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "publish/croissant.h"
#include "publish/sink_private.h"
#include "record/jsonl.h"

/* The hub's size classes. */
static const char *
size_class(uint64_t n)
{
	static const struct {
		uint64_t below;
		const char *name;
	} classes[] = {
		{ 1000, "n<1K" }, { 10000, "1K<n<10K" },
		{ 100000, "10K<n<100K" }, { 1000000, "100K<n<1M" },
		{ 10000000, "1M<n<10M" }, { UINT64_MAX, "10M<n<100M" }
	};
	size_t i = 0;

	while (n >= classes[i].below)
		i++;
	return classes[i].name;
}

static void
front_matter(const struct rdl_sink *k, struct rdl_buf *out)
{
	enum rdl_container c = k->o->format->container;
	const char *before = c == RDL_CONTAINER_TAR ? "" : "data/";
	const char *behind = c == RDL_CONTAINER_TAR ? "-*.tar" :
	    c == RDL_CONTAINER_PARQUET ? "-*.parquet" : "/**";
	size_t i;

	rdl_buf_adds(out, "---\npretty_name: ");
	rdl_buf_addjson(out, k->o->name, strlen(k->o->name));
	rdl_buf_addf(out, "\nlicense: %s\ntask_categories:\n"
	    "- %s\nsize_categories:\n- %s\n"
	    "configs:\n- config_name: default\n%s  data_files:\n",
	    k->o->licence != NULL ? k->o->licence : "unknown",
	    k->o->format->qa ? "visual-question-answering" : "text-to-image",
	    size_class(k->samples),
	    c == RDL_CONTAINER_FOLDER ? "  drop_labels: true\n" : "");
	for (i = 0; i < k->nsplits; i++) {
		const char *name = k->splits[i].name;

		rdl_buf_addf(out, "  - split: %s\n    path: %s%s%s\n", name,
		    before, name, behind);
	}
	rdl_buf_adds(out, "---\n\n");
}

static int
by_count(const void *a, const void *b)
{
	const struct rdl_map_entry *x = *(const struct rdl_map_entry *const *)a;
	const struct rdl_map_entry *y = *(const struct rdl_map_entry *const *)b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return strcmp(x->key, y->key);
}

/* Text for a cell of a Markdown table: no bars, no line ends, no marks. */
static void
cell(struct rdl_buf *out, const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (strchr("|<>`*_[]\\", p[i]) != NULL && p[i] != '\0')
			rdl_buf_addf(out, "\\%c", p[i]);
		else
			rdl_buf_addc(out, (unsigned char)p[i] < ' ' ? ' ' :
			    p[i]);
}

static void
counts(const char *title, const struct rdl_map *m, struct rdl_buf *out)
{
	const struct rdl_map_entry **e;
	size_t i;

	e = rdl_mem_calloc(m->count + 1, sizeof(*e));
	for (i = 0; i < m->count; i++)
		e[i] = &m->entries[i];
	qsort(e, m->count, sizeof(*e), by_count);
	rdl_buf_addf(out, "\n| %s | rows |\n|---|---:|\n", title);
	for (i = 0; i < m->count; i++) {
		rdl_buf_adds(out, "| ");
		cell(out, e[i]->key, e[i]->len);
		rdl_buf_addf(out, " | %llu |\n",
		    (unsigned long long)e[i]->value);
	}
	free(e);
}

/* The lines of `riddle ledger funnel --json` as a table. */
static int
funnel(const struct rdl_sink *k, struct rdl_buf *out, struct rdl_err *err)
{
	static const char *const columns[] = { "tool", "records_in", "passed",
		"dropped", "failed", "records_out" };
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	const char *json;
	size_t i, len;
	int rc;

	if (k->o->funnel == NULL)
		return 0;
	if (rdl_jsonl_open(&in, k->o->funnel, err) < 0)
		return -1;
	rdl_buf_adds(out, "\n## How it was made\n\n"
	    "| step | in | passed | dropped | failed | out |\n"
	    "|---|---:|---:|---:|---:|---:|\n");
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0) {
		for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
			rdl_buf_adds(out, "| ");
			if (i == 0 && (json = rdl_rec_str(&rec, "tool",
			    &len)) != NULL)
				cell(out, json, len);
			else if (i > 0 && rdl_rec_span(&rec, columns[i],
			    &json, &len) > 0)
				cell(out, json, len);
			rdl_buf_addc(out, ' ');
		}
		rdl_buf_adds(out, "|\n");
	}
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

int
rdl_card_write(struct rdl_sink *k, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	size_t i;
	int rc = -1;

	front_matter(k, &text);
	rdl_buf_adds(&text, "# ");
	cell(&text, k->o->name, strlen(k->o->name));
	rdl_buf_addf(&text, "\n\n%llu rows, written by riddle-export.",
	    (unsigned long long)k->samples);
	rdl_buf_adds(&text, " The questions, answers and preferences come "
	    "from models;\nthe ledger of the run says which, and why each row "
	    "is here.\n\n| split | rows |\n|---|---:|\n");
	for (i = 0; i < k->nsplits; i++)
		rdl_buf_addf(&text, "| %s | %llu |\n", k->splits[i].name,
		    (unsigned long long)k->splits[i].samples);
	counts("first level of the task", &k->tasks, &text);
	counts("licence of the picture", &k->licences, &text);
	counts("source of the picture", &k->sources, &text);
	if (funnel(k, &text, err) < 0)
		goto out;
	if (rdl_sink_path(k, "README.md", err) < 0 ||
	    rdl_place_write(k->name.p, text.p, text.len, err) < 0)
		goto out;
	(void)rdl_map_put(&k->files, "README.md", 9, NULL);
	rc = rdl_croissant_write(k, err);
out:
	rdl_buf_release(&text);
	return rc;
}
