/*
 * Task records and the nodes of a tree.
 * Reads records, writes record text; does no I/O.
 */
#include "domain/taxon.h"

#include <stdio.h>

int
rdl_taxon_record(const struct rdl_taxon *n, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_rec rec = RDL_REC_INIT;
	char text[RDL_ID_TEXT];
	int rc = -1;

	rdl_buf_adds(&line, "{\"kind\":\"task\",\"path\":");
	rdl_taxonomy_path_json(n, &line);
	rdl_buf_addc(&line, '}');
	if (rdl_rec_parse(&rec, line.p, line.len, err) == 0 &&
	    rdl_id_compute(&rec, id, err) == 0) {
		rdl_id_format(id, text);
		rdl_buf_addf(out, "{\"kind\":\"task\",\"id\":\"%s\","
		    "\"path\":", text);
		rdl_taxonomy_path_json(n, out);
		rdl_buf_addf(out, ",\"level\":%zu", n->level);
		rc = 0;
	}
	rdl_rec_release(&rec);
	rdl_buf_release(&line);
	return rc;
}

struct rdl_taxon *
rdl_taxon_plant(struct rdl_taxonomy *t, const struct rdl_rec *rec,
    void (*seen)(struct rdl_taxon *n, void *ctx), void *ctx,
    struct rdl_err *err)
{
	struct rdl_taxon *n = rdl_taxonomy_root(t);
	yyjson_val *path = rdl_rec_get(rec, "path"), *name;
	yyjson_arr_iter it;

	if (!yyjson_is_arr(path) || yyjson_arr_size(path) == 0) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "a task needs \"path\", a list of names");
		return NULL;
	}
	yyjson_arr_iter_init(path, &it);
	while (n != NULL && (name = yyjson_arr_iter_next(&it)) != NULL) {
		if (!yyjson_is_str(name)) {
			(void)rdl_err_set(err, RDL_E_INPUT,
			    "\"path\" holds something that is no string");
			return NULL;
		}
		n = rdl_taxonomy_child(t, n, yyjson_get_str(name),
		    yyjson_get_len(name), NULL, err);
		if (n != NULL && seen != NULL)
			seen(n, ctx);
	}
	return n;
}

int
rdl_taxon_complete(const struct rdl_rec *rec, const struct rdl_taxon *n,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf record = RDL_BUF_INIT(RDL_LINE_MAX);
	char id[RDL_ID_TEXT], quoted[RDL_ID_TEXT + 2], level[24];
	struct rdl_edit edits[3];
	struct rdl_id computed;
	size_t k = 0;
	int rc;

	rc = rdl_taxon_record(n, &computed, &record, err);
	rdl_buf_release(&record);
	if (rc < 0)
		return -1;
	rdl_id_format(&computed, id);
	if (rdl_rec_get(rec, "kind") == NULL)
		edits[k++] = (struct rdl_edit){ "kind", "\"task\"", 6 };
	if (rdl_rec_get(rec, "id") == NULL)
		edits[k++] = (struct rdl_edit){ "id", quoted,
			(size_t)snprintf(quoted, sizeof(quoted), "\"%s\"",
			id) };
	if (rdl_rec_get(rec, "level") == NULL)
		edits[k++] = (struct rdl_edit){ "level", level,
			(size_t)snprintf(level, sizeof(level), "%zu",
			n->level) };
	rdl_rec_edit(rec, edits, k, out);
	return 0;
}
