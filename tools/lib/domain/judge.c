/*
 * Judges: what they are asked, what their replies mean, where scores stand.
 * Works on parsed records and buffers.  Asks nobody and decides nothing.
 */
#include "domain/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "record/json.h"
#include "domain/labels.h"

#define SCALE_MAX INT64_C(1000000000)

int
rdl_judge_scale(const char *text, struct rdl_scale *scale,
    struct rdl_err *err)
{
	const char *dots = strstr(text, "..");
	size_t n = dots != NULL ? (size_t)(dots - text) : 0;
	struct rdl_scale s;
	char low[16];

	if (dots == NULL || n == 0 || n >= sizeof(low))
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s: a scale is written LOW..HIGH", text);
	memcpy(low, text, n);
	low[n] = '\0';
	if (rdl_num_int(low, -SCALE_MAX, SCALE_MAX, &s.lo, err) < 0 ||
	    rdl_num_int(dots + 2, -SCALE_MAX, SCALE_MAX, &s.hi, err) < 0) {
		err->cls = RDL_E_USAGE;
		return rdl_err_prefix(err, "scale %s", text);
	}
	if (s.lo >= s.hi)
		return rdl_err_set(err, RDL_E_USAGE,
		    "scale %s: the lowest score is not below the highest",
		    text);
	*scale = s;
	return 0;
}

/* Is "score" among the names of an array? */
static bool
requires_score(yyjson_mut_val *required)
{
	yyjson_mut_val *v;
	size_t i, max;

	yyjson_mut_arr_foreach(required, i, max, v)
		if (yyjson_mut_equals_str(v, "score"))
			return true;
	return false;
}

/* The member of an object, made as an empty object or array when missing. */
static yyjson_mut_val *
member(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *name, bool list)
{
	yyjson_mut_val *v = yyjson_mut_obj_get(obj, name);

	if (v != NULL)
		return v;
	v = list ? yyjson_mut_arr(doc) : yyjson_mut_obj(doc);
	(void)yyjson_mut_obj_add_val(doc, obj, name, v);
	return v;
}

static int
constrain(yyjson_mut_doc *doc, const struct rdl_scale *scale)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *score, *names;
	yyjson_mut_val *type = yyjson_mut_obj_get(root, "type");

	if (!yyjson_mut_is_obj(root) ||
	    (type != NULL && !yyjson_mut_equals_str(type, "object")))
		return -1;
	if (type == NULL)
		(void)yyjson_mut_obj_add_str(doc, root, "type", "object");
	score = yyjson_mut_obj_get(root, "properties");
	if (score != NULL && yyjson_mut_obj_get(score, "score") == NULL)
		return -1;
	score = member(doc, root, "properties", false);
	score = member(doc, score, "score", false);
	names = member(doc, root, "required", true);
	if (!yyjson_mut_is_obj(score) || !yyjson_mut_is_arr(names))
		return -1;
	(void)yyjson_mut_obj_remove_key(score, "type");
	(void)yyjson_mut_obj_remove_key(score, "minimum");
	(void)yyjson_mut_obj_remove_key(score, "maximum");
	(void)yyjson_mut_obj_add_str(doc, score, "type", "integer");
	(void)yyjson_mut_obj_add_sint(doc, score, "minimum", scale->lo);
	(void)yyjson_mut_obj_add_sint(doc, score, "maximum", scale->hi);
	if (!requires_score(names))
		(void)yyjson_mut_arr_add_str(doc, names, "score");
	return 0;
}

int
rdl_judge_schema(const char *schema, size_t len,
    const struct rdl_scale *scale, struct rdl_buf *out, struct rdl_err *err)
{
	yyjson_doc *in = NULL;
	yyjson_mut_doc *doc;
	char *text = NULL;
	size_t n;
	int rc = -1;

	if (schema == NULL) {
		schema = "{}";
		len = 2;
	}
	in = rdl_json_read(schema, len, 0);
	doc = in != NULL ? yyjson_doc_mut_copy(in, &rdl_json_alc) : NULL;
	if (doc == NULL || constrain(doc, scale) < 0) {
		(void)rdl_err_set(err, RDL_E_USAGE, "the reply of a judge is "
		    "an object, and its schema has no member \"score\"");
		goto out;
	}
	text = rdl_json_mut_write(doc, 0, &n);
	if (text != NULL)
		rdl_buf_add(out, text, n);
	rc = text == NULL || rdl_buf_full(out) ? rdl_err_set(err,
	    RDL_E_USAGE, "the schema of the reply is too long") : 0;
out:
	free(text);
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(in);
	return rc;
}

static int
want_text(const struct rdl_rec *rec, const char *name, struct rdl_err *err)
{
	size_t len = 0;

	if (rdl_rec_str(rec, name, &len) == NULL || len == 0)
		return rdl_err_set(err, RDL_E_INPUT, "no \"%s\"", name);
	return 0;
}

static int
is_qa(const struct rdl_rec *rec, const struct rdl_judge *j,
    struct rdl_err *err)
{
	yyjson_val *scores = rdl_rec_get(rec, "scores"), *s;
	size_t i, max;

	if (!yyjson_equals_str(rdl_rec_get(rec, "kind"), "qa"))
		return rdl_err_set(err, RDL_E_INPUT, "not a qa record");
	if (want_text(rec, "question", err) < 0 ||
	    want_text(rec, "answer", err) < 0)
		return -1;
	if (scores != NULL && !yyjson_is_arr(scores))
		return rdl_err_set(err, RDL_E_INPUT,
		    "\"scores\" is not a list");
	yyjson_arr_foreach(scores, i, max, s)
		if (yyjson_equals_str(yyjson_obj_get(s, "judge"), j->name))
			return rdl_err_set(err, RDL_E_INPUT,
			    "\"%s\" has judged this record before; --judge "
			    "gives another name", j->name);
	return 0;
}

int
rdl_judge_view(const struct rdl_rec *rec, const struct rdl_judge *j,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf joined = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf label = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf scale = RDL_BUF_INIT(256);
	struct rdl_edit edits[4];
	size_t n = 0;
	int rc = -1;

	if (is_qa(rec, j, err) < 0)
		goto out;
	if (rdl_labels_join(rdl_rec_at(rec->root, "task/path"), &joined) < 0) {
		(void)rdl_err_set(err, RDL_E_INPUT, "no task with a path");
		goto out;
	}
	rdl_buf_addjson(&label, joined.p, joined.len);
	rdl_buf_addf(&scale, "{\"low\":%lld,\"high\":%lld,\"binary\":%s}",
	    (long long)j->scale.lo, (long long)j->scale.hi,
	    j->scale.hi - j->scale.lo == 1 ? "true" : "false");
	edits[n++] = (struct rdl_edit){ "scores", NULL, 0 };
	if (!j->sees_answer)
		edits[n++] = (struct rdl_edit){ "answer", NULL, 0 };
	edits[n++] = (struct rdl_edit){ "label", label.p, label.len };
	edits[n++] = (struct rdl_edit){ "scale", scale.p, scale.len };
	rdl_rec_edit(rec, edits, n, out);
	rc = rdl_buf_full(out) ? rdl_err_set(err, RDL_E_INPUT,
	    "the record is too long") : 0;
out:
	rdl_buf_release(&joined);
	rdl_buf_release(&label);
	rdl_buf_release(&scale);
	return rc;
}

int
rdl_judge_read(yyjson_val *reply, const struct rdl_scale *scale,
    int64_t *score, const char **reason, size_t *reason_len,
    struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(reply, "score");
	yyjson_val *why = yyjson_obj_get(reply, "reason");
	double x;

	if (!yyjson_is_num(v))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the reply has no number as its score");
	x = yyjson_get_num(v);
	if (floor(x) < x || x < (double)scale->lo || x > (double)scale->hi)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the score %g is not a whole number from %lld to %lld", x,
		    (long long)scale->lo, (long long)scale->hi);
	*score = (int64_t)x;
	*reason = yyjson_get_str(why);
	*reason_len = yyjson_get_len(why);
	return 0;
}

/* The elements of the array json[0..len) as they stand, without brackets and
 * the blanks inside them. */
static void
inside(const char **json, size_t *len)
{
	const char *p = *json + 1;
	size_t n = *len - 2;

	while (n > 0 && strchr(" \t\r\n", p[n - 1]) != NULL)
		n--;
	if (strspn(p, " \t\r\n") >= n)
		n = 0;
	*json = p;
	*len = n;
}

void
rdl_judge_append(const struct rdl_rec *rec, const struct rdl_judge *j,
    int64_t score, const char *reason, size_t reason_len,
    const struct rdl_hash *call, struct rdl_buf *out)
{
	const char *json;
	size_t len;

	rdl_buf_addc(out, '[');
	if (rdl_rec_span(rec, "scores", &json, &len) > 0 && len >= 2) {
		inside(&json, &len);
		rdl_buf_add(out, json, len);
		if (len > 0)
			rdl_buf_addc(out, ',');
	}
	rdl_buf_adds(out, "{\"judge\":");
	rdl_buf_addjson(out, j->name, strlen(j->name));
	rdl_buf_adds(out, ",\"model\":");
	rdl_buf_addjson(out, j->model, strlen(j->model));
	rdl_buf_addf(out, ",\"score\":%lld,\"scale\":[%lld,%lld]",
	    (long long)score, (long long)j->scale.lo,
	    (long long)j->scale.hi);
	if (reason != NULL) {
		rdl_buf_adds(out, ",\"reason\":");
		rdl_buf_addjson(out, reason, reason_len);
	}
	rdl_buf_addf(out, ",\"saw_answer\":%s,\"call\":\"",
	    j->sees_answer ? "true" : "false");
	rdl_buf_addhex(out, call->b, sizeof(call->b));
	rdl_buf_adds(out, "\"}]");
}
