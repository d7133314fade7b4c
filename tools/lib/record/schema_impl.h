/*
 * What the schema*.c files share: the compiled form of a schema.
 * Nobody else includes this.
 */
#ifndef RDL_RECORD_SCHEMA_IMPL_H
#define RDL_RECORD_SCHEMA_IMPL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "record/schema.h"

/* Applications of schemas to one record that may be nested in each other.  A
 * level of the record may take several, for references and combinations. */
#define RDL_SCHEMA_STEPS_MAX (4 * RDL_DEPTH_MAX)

/* Types of JSON as bits, for "type". */
enum {
	TYPE_NULL = 1, TYPE_BOOLEAN = 2, TYPE_INTEGER = 4, TYPE_NUMBER = 8,
	TYPE_STRING = 16, TYPE_ARRAY = 32, TYPE_OBJECT = 64
};

struct list {
	struct node **v;
	size_t n;
};

struct regex {
	pcre2_code *code;	/* NULL if there is no pattern */
	const char *text;	/* for messages; borrowed of the document */
};

/* A smallest and a largest count, as of minItems and maxItems. */
struct range {
	uint64_t lo, hi;
};

/* One (sub)schema.  Values are borrowed of the schema's document; what does
 * not stand in the schema is NULL or 0. */
struct node {
	struct node *next;	/* all nodes, newest first */
	const char *where;		/* JSON pointer into the schema */
	bool never;			/* the schema "false" */
	unsigned types;			/* bits of TYPE_*; 0 is any */
	yyjson_val *choices;		/* of enum, an array */
	yyjson_val *constant;

	yyjson_val *minimum, *maximum;
	yyjson_val *above, *below;	/* exclusiveMinimum, -Maximum */
	yyjson_val *multiple;

	struct range chars;
	struct regex pattern;

	struct range elements;
	struct range matches;	/* of contains */
	bool unique;
	struct list prefix;
	struct node *items, *contains;

	struct range members;
	struct rdl_map properties;	/* name to struct node * */
	struct regex *name_patterns;	/* patternProperties */
	struct list by_pattern;	/* and their schemas */
	struct node *additional, *names;
	yyjson_val *required;		/* array of strings */
	yyjson_val *dependent;		/* object of arrays of strings */

	struct list all_of, any_of, one_of;
	struct node *negated;	/* not */
	struct node *condition, *if_true, *if_false;
	struct node *ref;

	/* Longest chain of schemas that apply to the same value, from here; 0
	 * until known, SIZE_MAX while being measured. */
	size_t height;
};

struct rdl_schema {
	char *name;
	yyjson_doc *doc;
	struct rdl_arena arena;
	struct rdl_map nodes;		/* yyjson_val * to its node */
	struct node *all;
	struct node *root;
};

/* schema_compile.c: fill s->root from s->doc. */
int rdl_schema_compile_doc(struct rdl_schema *s, struct rdl_err *err)
    RDL_MUST_CHECK;

struct compiler {
	struct rdl_schema *s;
	struct rdl_buf path;	/* JSON pointer of what is being compiled */
	size_t depth;
	struct rdl_err *err;
};

/* One keyword: writes what its value v says to the field of n. */
struct keyword {
	const char *name;
	int (*compile)(struct compiler *c, struct node *n,
	    yyjson_val *v, void *field);
	size_t off;		/* of the field in struct node */
};

/* schema_keyword.c: all of them; the last has name NULL. */
extern const struct keyword rdl_schema_keywords[];

/* The rest of schema_compile.c.  The node of the schema v: made when first
 * asked for, so that references, and circles of them, share it. */
struct node *rdl_schema_compile_node(struct compiler *c,
    yyjson_val *v) RDL_MUST_CHECK;
/* Report what is wrong at the current path.  Returns -1. */
int rdl_schema_wrong(struct compiler *c, const char *what);
/* Add a name, or an index, to the path.  Returns the length to go back to. */
size_t rdl_schema_enter(struct compiler *c, const char *name,
    size_t len);
size_t rdl_schema_enter_index(struct compiler *c, size_t index);
void rdl_schema_leave(struct compiler *c, size_t before);

/* schema_regex.c: compile a pattern; what is wrong goes into err. */
int rdl_schema_regex_compile(struct regex *re, yyjson_val *v,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_schema_regex_release(struct regex *re);
/* 1 if the text has a match, 0 if not, -1 if the search was given up. */
int rdl_schema_regex_match(const struct regex *re, const char *p,
    size_t len) RDL_MUST_CHECK;

/* schema_number.c: numbers of any size. */
bool rdl_schema_is_number(yyjson_val *v);
bool rdl_schema_is_integer(yyjson_val *v);
/* Below, equal to, above zero: a < b, a == b, a > b; both are numbers. */
int rdl_schema_compare(yyjson_val *a, yyjson_val *b);
/* True if v is a multiple of m, exactly, as both are written. */
bool rdl_schema_is_multiple(yyjson_val *v, yyjson_val *m);
/* True if m can be the value of multipleOf: positive, digits under 2^60. */
bool rdl_schema_is_divisor(yyjson_val *m);
/* schema_value.c: equality of values. */
bool rdl_schema_equal(yyjson_val *a, yyjson_val *b);
/* Equal values have equal hashes. */
uint64_t rdl_schema_hash(yyjson_val *v);
/* True if v nests deeper than RDL_DEPTH_MAX. */
bool rdl_schema_too_deep(yyjson_val *v);

/* Where a value stands: a list on the stack, from it up to the record. */
struct place {
	const struct place *up;	/* NULL for the record itself */
	const char *name;	/* of the member, or NULL in an array */
	size_t len;
	size_t index;		/* in the array */
	size_t depth;
};

struct walk {
	struct rdl_err *err;	/* the reason last found */
	size_t depth;		/* how deep its value stands */
	size_t steps;		/* schemas being applied, one in another */
	unsigned quiet;		/* above 0: nobody will read the reason */
	bool fault;		/* could not be checked: never valid, and err
				 * keeps that reason */
};

/* schema_report.c: in fmt, %v stands for a value, %s for a string, %u for a
 * size_t.  All return false. */
bool rdl_schema_unfit(struct walk *c,
    const struct place *at, const char *fmt, ...);
bool rdl_schema_wrong_type(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c);
/* The value cannot be judged: it is not valid, whatever "not" makes of it. */
bool rdl_schema_fault(struct walk *c,
    const struct place *at, const char *why);
/* Append the value in a few words: itself if it is short, else its type. */
void rdl_schema_show(struct rdl_buf *out, yyjson_val *v);

#endif
