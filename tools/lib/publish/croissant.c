/*
 * croissant.json: which files a dataset has, and which fields its rows.
 * Writes a FileObject with its digest for each table of rows and each shard.
 * Pictures are part of a FileSet, not listed one by one.
 */
#include "publish/pair.h"
#include "publish/croissant.h"

#include <string.h>

/* Croissant 1.0's context, as its specification prints it. */
static const char context[] =
    "{\"@language\":\"en\",\"@vocab\":\"https://schema.org/\","
    "\"citeAs\":\"cr:citeAs\",\"column\":\"cr:column\","
    "\"conformsTo\":\"dct:conformsTo\","
    "\"cr\":\"http://mlcommons.org/croissant/\","
    "\"rai\":\"http://mlcommons.org/croissant/RAI/\","
    "\"data\":{\"@id\":\"cr:data\",\"@type\":\"@json\"},"
    "\"dataType\":{\"@id\":\"cr:dataType\",\"@type\":\"@vocab\"},"
    "\"dct\":\"http://purl.org/dc/terms/\","
    "\"examples\":{\"@id\":\"cr:examples\",\"@type\":\"@json\"},"
    "\"extract\":\"cr:extract\",\"field\":\"cr:field\","
    "\"fileProperty\":\"cr:fileProperty\",\"fileObject\":\"cr:fileObject\","
    "\"fileSet\":\"cr:fileSet\",\"format\":\"cr:format\","
    "\"includes\":\"cr:includes\",\"isLiveDataset\":\"cr:isLiveDataset\","
    "\"jsonPath\":\"cr:jsonPath\",\"key\":\"cr:key\",\"md5\":\"cr:md5\","
    "\"parentField\":\"cr:parentField\",\"path\":\"cr:path\","
    "\"recordSet\":\"cr:recordSet\",\"references\":\"cr:references\","
    "\"regex\":\"cr:regex\",\"repeated\":\"cr:repeated\","
    "\"replace\":\"cr:replace\",\"sc\":\"https://schema.org/\","
    "\"separator\":\"cr:separator\",\"source\":\"cr:source\","
    "\"subField\":\"cr:subField\",\"transform\":\"cr:transform\"}";

static int
file_object(struct rdl_sink *k, const char *rel, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_sha256 digest;
	uint64_t bytes;
	const char *type = strstr(rel, ".tar") != NULL ? "x-tar" :
	    strstr(rel, ".parquet") != NULL ? "x-parquet" : "jsonlines";

	if (rdl_sink_path(k, rel, err) < 0 ||
	    rdl_place_digest(k->name.p, &digest, &bytes, err) < 0)
		return -1;
	rdl_buf_addf(out, "%s\n{\"@type\":\"cr:FileObject\",\"@id\":\"%s\","
	    "\"name\":\"%s\",\"contentUrl\":\"%s\",\"contentSize\":\"%llu B\","
	    "\"encodingFormat\":\"application/%s\",\"sha256\":\"",
	    out->p[out->len - 1] == '[' ? "" : ",", rel, rel, rel,
	    (unsigned long long)bytes,
	    type);
	rdl_buf_addhex(out, digest.b, sizeof(digest.b));
	rdl_buf_adds(out, "\"}");
	return 0;
}

/* The fields of a split's table; only texts, which every format has. */
static void
record_set(const struct rdl_sink *k, const struct rdl_split *p,
    struct rdl_buf *out)
{
	static const char *const qa[] = { "id", "task", "question", "answer",
		"file_name", NULL };
	static const char *const pair[] = { "id", "task", "prompt", NULL };
	static const char *const pick[] = { "id", "task", "caption", NULL };
	const char *const *f = k->o->format->item == rdl_pair_row ? pick :
	    k->o->format->qa && !k->pairs ? qa : pair;
	const char *comma = "";

	rdl_buf_addf(out, "%s\n{\"@type\":\"cr:RecordSet\",\"@id\":\"%s\","
	    "\"name\":\"%s\",\"field\":[",
	    out->p[out->len - 1] == '[' ? "" : ",", p->name, p->name);
	for (; *f != NULL; f++, comma = ",")
		rdl_buf_addf(out, "%s\n{\"@type\":\"cr:Field\",\"@id\":"
		    "\"%s/%s\",\"name\":\"%s\",\"dataType\":\"sc:Text\","
		    "\"source\":{\"fileObject\":{\"@id\":"
		    "\"data/%s/metadata.jsonl\"},\"extract\":{\"column\":"
		    "\"%s\"}}}", comma, p->name, *f, *f, p->name, *f);
	rdl_buf_adds(out, "]}");
}

int
rdl_croissant_write(struct rdl_sink *k, struct rdl_err *err)
{
	struct rdl_buf t = RDL_BUF_INIT(RDL_FILE_MAX);
	bool lines = k->o->format->container == RDL_CONTAINER_FOLDER;
	size_t i;
	int rc = -1;

	rdl_buf_addf(&t, "{\"@context\":%s,\n\"@type\":\"sc:Dataset\","
	    "\"conformsTo\":\"http://mlcommons.org/croissant/1.0\",\n"
	    "\"name\":", context);
	rdl_buf_addjson(&t, k->o->name, strlen(k->o->name));
	rdl_buf_addf(&t, ",\n\"description\":\"%llu rows about pictures, "
	    "written by riddle-export.\",\n\"version\":\"1.0.0\",\n",
	    (unsigned long long)k->samples);
	if (k->o->licence != NULL) {
		rdl_buf_adds(&t, "\"license\":");
		rdl_buf_addjson(&t, k->o->licence, strlen(k->o->licence));
		rdl_buf_adds(&t, ",\n");
	}
	rdl_buf_adds(&t, "\"distribution\":[");
	for (i = 0; i < k->files.count; i++)
		if (strstr(k->files.entries[i].key, ".tar") != NULL ||
		    strstr(k->files.entries[i].key, ".parquet") != NULL ||
		    strstr(k->files.entries[i].key, ".jsonl") != NULL)
			if (file_object(k, k->files.entries[i].key, &t,
			    err) < 0)
				goto out;
	rdl_buf_adds(&t, "],\n\"recordSet\":[");
	for (i = 0; lines && i < k->nsplits; i++)
		if (k->splits[i].samples > 0)
			record_set(k, &k->splits[i], &t);
	rdl_buf_adds(&t, "]}\n");
	if (rdl_sink_path(k, "croissant.json", err) < 0)
		goto out;
	rc = rdl_place_write(k->name.p, t.p, t.len, err);
	(void)rdl_map_put(&k->files, "croissant.json", 14, NULL);
out:
	rdl_buf_release(&t);
	return rc;
}
