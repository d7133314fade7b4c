/*
 * What the parts of a report share.  A part appends its section to the page,
 * or nothing if it has nothing to show.
 */
#ifndef RDL_PUBLISH_REPORT_PRIVATE_H
#define RDL_PUBLISH_REPORT_PRIVATE_H

#include <stdbool.h>

#include "core/map.h"
#include "publish/report.h"
#include "publish/report_plot.h"
#include "publish/report_tree.h"
#include "record/rec.h"
#include "vision/pool.h"

#define RDL_REPORT_TEXT 600	/* bytes shown of one text */

/* Texts chosen by chance: those of the lowest ranks, lowest first. */
struct rdl_report_pick {
	uint64_t rank;
	char *text;
	size_t len;
};
struct rdl_report_picks {
	struct rdl_report_pick *v;
	size_t n, max;
};

void rdl_report_picks_init(struct rdl_report_picks *p, size_t max);
void rdl_report_picks_release(struct rdl_report_picks *p);

/* Add a text if its rank is among the max lowest.  Of several with one rank
 * the first is kept, or all if same says so, which count as one. */
void rdl_report_picks_offer(struct rdl_report_picks *p, uint64_t rank,
    const char *text, size_t len, bool same);

/* What is counted of the records of one dataset. */
struct rdl_report_rows {
	uint64_t rows;
	struct rdl_report_tree tree;	/* by task */
	struct rdl_map images;		/* hashes of their ids */
	struct rdl_map ids;		/* hashes, only where keep_ids */
	bool keep_ids;
	struct rdl_map judges;		/* index into the sums */
	struct rdl_report_sum {
		uint64_t n;
		double sum;
	} *sums;
	struct rdl_report_bins margins;	/* of preferences */
	bool wide;			/* some are beyond [-1, 1] */
};

/* A step of a funnel. */
struct rdl_report_step {
	char tool[48];
	char *rules;		/* "extra 12, pair 5", or NULL; as HTML */
	double in, passed, dropped, failed, out;
};
struct rdl_report_steps {
	struct rdl_report_step *v;
	size_t n;
};

/* What the calls of a tool to a model took. */
struct rdl_report_cost {
	char *tool, *model;
	double calls, tokens_in, tokens_out, usd, unpriced;
};
struct rdl_report_call {
	int64_t answered_ms;
	double tokens, usd;
};
struct rdl_report_costs {
	struct rdl_map map;		/* tool and model, to the index */
	struct rdl_report_cost *v;
	size_t n;
	struct rdl_report_call *calls;	/* 24 bytes each */
	size_t ncalls, room;
};

/* Pictures, decoded once each, all at once. */
struct rdl_report_picture {
	char *html;		/* base64 of a PNG or JPEG file, or NULL */
	size_t len;
	bool jpeg;
};
struct rdl_report_pictures {
	struct rdl_map uris;	/* index into v */
	struct rdl_report_picture *v;
	size_t shown;		/* bytes that stand in the page */
	uint64_t left_out;	/* pictures, for their bytes */
};

struct rdl_report {
	const struct rdl_report_opts *o;
	struct rdl_ledger *ledger;	/* borrowed, or NULL */
	struct rdl_report_rows rows;
	struct rdl_report_picks cards, sheet, pairs;
	struct rdl_report_pictures pictures;
	struct rdl_report_steps steps;
	struct rdl_report_costs costs;
	struct rdl_buf nav;		/* links to the sections */
};

/* report.c: begin a section. */
void rdl_report_section(struct rdl_report *r, const char *id,
    const char *title, struct rdl_buf *out);

/* report_rows.c */
void rdl_report_rows_release(struct rdl_report_rows *w);
int rdl_report_rows_add(struct rdl_report_rows *w, const struct rdl_rec *rec,
    struct rdl_id *id, struct rdl_err *err) RDL_MUST_CHECK;
/* The address of the record's picture and what names it, or NULL. */
yyjson_val *rdl_report_rows_uri(const struct rdl_rec *rec);
/* Of a number of JSON: rounded, and in the range of the type. */
int64_t rdl_report_rows_int(double d);

/* report_picture.c: ask for a picture; get all; append an <img>, or an empty
 * square when it could not be had.  alt may be NULL. */
void rdl_report_picture_want(struct rdl_report *r, yyjson_val *uri);
int rdl_report_picture_get(struct rdl_report *r, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_report_picture_img(struct rdl_report *r, yyjson_val *uri,
    const char *alt, struct rdl_buf *out);
void rdl_report_picture_release(struct rdl_report_pictures *p);

/* report_cards.c: rows as cards, the contact sheet, what was lost. */
void rdl_report_cards(struct rdl_report *r, struct rdl_buf *out);
void rdl_report_cards_want(struct rdl_report *r);
void rdl_report_cards_sheet(struct rdl_report *r, struct rdl_buf *out);
int rdl_report_cards_lost(struct rdl_report *r, bool want,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/* report_pairs.c: which rows of a group belong together, and the sheet. */
void rdl_report_pairs_offer(struct rdl_report *r, const struct rdl_rec *rec,
    const struct rdl_id *id);
int rdl_report_pairs_contrasts(struct rdl_report *r, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_report_pairs_want(struct rdl_report *r);
void rdl_report_pairs(struct rdl_report *r, struct rdl_buf *out);

/* report_funnel.c.  path: lines of JSON, or NULL: ask the ledger. */
int rdl_report_funnel_load(struct rdl_report_steps *s, const char *path,
    struct rdl_ledger *ledger, const char *runs, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_report_funnel_release(struct rdl_report_steps *s);
void rdl_report_funnel(struct rdl_report *r, struct rdl_buf *out);

/* report_scores.c: cosines of matches by rank, margins. */
int rdl_report_scores(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* report_judges.c: how far judges agree.  The text of load is JSON, or empty
 * if nothing is known. */
int rdl_report_judges_load(const char *path, struct rdl_ledger *ledger,
    const char *runs, struct rdl_buf *text, struct rdl_err *err)
    RDL_MUST_CHECK;
int rdl_report_judges(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* report_ledger.c: what runs noted; how the taxonomy grew; costs.  runs is a
 * text as of --runs. */
int rdl_report_ledger_runs(const char *runs, struct rdl_buf *json,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_report_ledger_note(struct rdl_ledger *ledger, const char *runs,
    const char *name, struct rdl_buf *text, struct rdl_err *err)
    RDL_MUST_CHECK;
int rdl_report_ledger_costs(struct rdl_report_costs *c,
    struct rdl_ledger *ledger, const char *runs, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_report_ledger_costs_release(struct rdl_report_costs *c);
int rdl_report_ledger_growth(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_report_ledger(struct rdl_report *r, struct rdl_buf *out);

/* report_compare.c: this dataset beside the other, and pieces of its tables:
 * the head; two bars of a whole, 0 is the larger one; two numbers and their
 * difference. */
int rdl_report_compare(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_report_compare_head(struct rdl_buf *out, const char *title,
    const char *first, const char *more);
void rdl_report_compare_bars(struct rdl_buf *out, double a, double b,
    double whole);
void rdl_report_compare_three(struct rdl_buf *out, double a, double b);

/* report_compare_tasks.c */
void rdl_report_compare_tasks(const struct rdl_report_tree *a,
    const struct rdl_report_tree *b, struct rdl_buf *out);

#endif
