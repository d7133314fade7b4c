/*
 * The template of a prompt file, compiled: a subset of Handlebars.
 * Reads the source; writes a tree whose text borrows from it.  Knows nothing
 * of rows: see prompt_render.c.
 */
#include <string.h>

#include "record/prompt_impl.h"

struct block {
	struct node *node;
	struct node **tail;	/* of the list that holds the block */
	bool has_else;
};

struct parser {
	struct rdl_prompt *p;
	const char *start, *end;	/* the template */
	const char *at;			/* what is before is done */
	size_t line;			/* at "at" */
	struct node **tail;		/* where the next node goes */
	struct block open[64];
	size_t depth;
	struct rdl_err *err;
};

static int
wrong(struct parser *r, const char *what, struct segment s)
{
	size_t i, n = s.len < 64 ? s.len : 64;
	char shown[65];

	for (i = 0; i < n; i++)
		shown[i] = (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i];
	shown[n] = '\0';
	return rdl_err_set(r->err, RDL_E_USAGE, "%s:%zu: {{%s}}: %s",
	    r->p->name, r->line, shown, what);
}

static bool
is(struct segment s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

static struct node *
add_node(struct parser *r, enum op op)
{
	struct node *n = rdl_arena_alloc(&r->p->arena, sizeof(*n));

	n->op = op;
	n->line = r->line;
	*r->tail = n;
	r->tail = &n->next;
	return n;
}

static void
add_text(struct parser *r, const char *from, const char *to)
{
	if (to > from)
		add_node(r, OP_TEXT)->text =
		    (struct segment){ from, (size_t)(to - from) };
}

/* Move on to p, counting lines. */
static void
move_to(struct parser *r, const char *p)
{
	for (; r->at < p; r->at++)
		r->line += *r->at == '\n';
}

static int
parse_special(struct parser *r, struct segment s, struct path *path)
{
	path->root = is(s, "@index") ? PATH_INDEX : is(s, "@first") ?
	    PATH_FIRST : is(s, "@last") ? PATH_LAST : PATH_HERE;
	return path->root != PATH_HERE ? 0 : wrong(r,
	    "of names with @ there are @index, @first and @last", s);
}

static bool
is_name(struct segment s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' ||
		    strchr("!\"#%&'()*+,./;<=>@[\\]^`{|}~", s.p[i]) != NULL)
			return false;
	return s.len > 0;
}

/* field, a.b.c, this, this.a, ../a, @index */
static int
parse_path(struct parser *r, struct segment s, struct path *path)
{
	struct segment word;
	size_t max = 1, i;
	const char *dot;

	path->text = s;
	if (s.len > 0 && s.p[0] == '@')
		return parse_special(r, s, path);
	while (s.len >= 2 && memcmp(s.p, "..", 2) == 0 &&
	    (s.len == 2 || s.p[2] == '/')) {
		path->up++;
		s.p += s.len == 2 ? 2 : 3;
		s.len -= s.len == 2 ? 2 : 3;
	}
	if (is(s, "this") || is(s, ".") || (path->up > 0 && s.len == 0))
		return 0;
	if (s.len > 5 && memcmp(s.p, "this.", 5) == 0) {
		s.p += 5;
		s.len -= 5;
	}
	for (i = 0; i < s.len; i++)
		max += s.p[i] == '.';
	path->v = rdl_arena_alloc(&r->p->arena, max * sizeof(*path->v));
	for (; path->n < max; s.p += word.len + 1, s.len -= word.len + 1) {
		dot = s.len > 0 ? memchr(s.p, '.', s.len) : NULL;
		word.p = s.p;
		word.len = dot != NULL ? (size_t)(dot - s.p) : s.len;
		if (!is_name(word))
			return wrong(r, "not the name of a field",
			    path->text);
		path->v[path->n++] = word;
		if (dot == NULL)
			break;
	}
	return 0;
}

/* What is left of s must be one path. */
static int
parse_operand(struct parser *r, const struct tag *t, struct segment s,
    struct path *path)
{
	struct segment word, more;

	if (!rdl_prompt_tag_word(&s, &word) || rdl_prompt_tag_word(&s, &more))
		return wrong(r, "one field is wanted", t->inner);
	return parse_path(r, word, path);
}

/* {{role "system"}}; s is what follows "role". */
static int
parse_role(struct parser *r, const struct tag *t, struct segment s)
{
	static const struct {
		const char *name;
		enum rdl_role role;
	} roles[] = {
		{ "system", RDL_ROLE_SYSTEM }, { "user", RDL_ROLE_USER },
		{ "model", RDL_ROLE_MODEL }, { "assistant", RDL_ROLE_MODEL }
	};
	struct segment word, more;
	size_t i;

	if (!rdl_prompt_tag_word(&s, &word) || rdl_prompt_tag_word(&s,
	    &more) || word.len < 2 ||
	    (word.p[0] != '"' && word.p[0] != '\'') ||
	    word.p[word.len - 1] != word.p[0])
		return wrong(r, "a role in quotes is wanted", t->inner);
	word.p++;
	word.len -= 2;
	for (i = 0; i < RDL_NELEM(roles); i++)
		if (is(word, roles[i].name)) {
			add_node(r, OP_ROLE)->role = roles[i].role;
			return 0;
		}
	return wrong(r, "the roles are system, user and model", t->inner);
}

/* {{media url=a.b caption=c}}; s is what follows "media". */
static int
parse_media(struct parser *r, const struct tag *t, struct segment s)
{
	struct node *n = add_node(r, OP_MEDIA);
	struct segment word, value;
	bool url = false;
	const char *eq;

	while (rdl_prompt_tag_word(&s, &word)) {
		eq = memchr(word.p, '=', word.len);
		if (eq == NULL)
			return wrong(r, "url=FIELD and caption=FIELD are "
			    "wanted", t->inner);
		value = (struct segment){ eq + 1,
		    word.len - (size_t)(eq + 1 - word.p) };
		word.len = (size_t)(eq - word.p);
		if (is(word, "url") && !url) {
			url = true;
			if (parse_path(r, value, &n->path) < 0)
				return -1;
		} else if (is(word, "caption") && !n->captioned) {
			n->captioned = true;
			if (parse_path(r, value, &n->caption) < 0)
				return -1;
		} else
			return wrong(r, "url=FIELD and caption=FIELD are "
			    "wanted", t->inner);
	}
	return url ? 0 : wrong(r, "url=FIELD is missing", t->inner);
}

/* {{#if x}} and its kin. */
static int
open_block(struct parser *r, const struct tag *t)
{
	struct segment s = t->inner, word;
	struct node *n;
	enum op op;

	s.p++;
	s.len--;
	if (!rdl_prompt_tag_word(&s, &word) || (!is(word, "if") && !is(word,
	    "unless") &&
	    !is(word, "each")))
		return wrong(r, "the blocks are #if, #unless and #each",
		    t->inner);
	op = is(word, "if") ? OP_IF : is(word, "unless") ? OP_UNLESS : OP_EACH;
	if (r->depth == RDL_NELEM(r->open))
		return wrong(r, "blocks are nested too deeply", t->inner);
	n = add_node(r, op);
	if (parse_operand(r, t, s, &n->path) < 0)
		return -1;
	r->open[r->depth++] = (struct block){ n, r->tail, false };
	r->tail = &n->body;
	return 0;
}

static int
close_block(struct parser *r, const struct tag *t)
{
	static const char *const names[] = { [OP_IF] = "if",
		[OP_UNLESS] = "unless", [OP_EACH] = "each" };
	struct segment s = t->inner, word, more;
	struct block *b;

	s.p++;
	s.len--;
	if (!rdl_prompt_tag_word(&s, &word) || rdl_prompt_tag_word(&s, &more))
		return wrong(r, "one name is wanted", t->inner);
	if (r->depth == 0)
		return wrong(r, "no block is open", t->inner);
	b = &r->open[r->depth - 1];
	if (!is(word, names[b->node->op]))
		return wrong(r, b->node->op == OP_IF ? "#if is open" :
		    b->node->op == OP_EACH ? "#each is open" :
		    "#unless is open", t->inner);
	r->tail = b->tail;
	r->depth--;
	return 0;
}

static int
turn_block(struct parser *r, const struct tag *t)
{
	struct block *b;

	if (!is(t->inner, "else"))
		return wrong(r, "write {{else}} and another block inside",
		    t->inner);
	if (r->depth == 0)
		return wrong(r, "no block is open", t->inner);
	b = &r->open[r->depth - 1];
	if (b->has_else)
		return wrong(r, "the block has an {{else}} already",
		    t->inner);
	b->has_else = true;
	r->tail = &b->node->otherwise;
	return 0;
}

/* {{field}}, {{json field}}, {{media ...}} */
static int
parse_value(struct parser *r, const struct tag *t, struct segment word,
    struct segment rest)
{
	struct segment more = rest, ignored;

	if (is(word, "json"))
		return parse_operand(r, t, rest,
		    &add_node(r, OP_JSON)->path);
	if (is(word, "media"))
		return parse_media(r, t, rest);
	if (is(word, "history") || is(word, "section"))
		return wrong(r, "not supported", t->inner);
	if (rdl_prompt_tag_word(&more, &ignored))
		return wrong(r, "there is no such helper; there are json, "
		    "media and role", t->inner);
	return parse_path(r, word, &add_node(r, OP_VALUE)->path);
}

/* Add what the tag stands for. */
static int
parse_tag(struct parser *r, const struct tag *t)
{
	struct segment rest = t->inner, word;

	if (t->comment)
		return 0;
	if (!rdl_prompt_tag_word(&rest, &word))
		return wrong(r, "the tag is empty", t->inner);
	if (strchr("~>^&*", word.p[0]) != NULL ||
	    word.p[word.len - 1] == '~')
		return wrong(r, "not in riddle's subset of Handlebars",
		    t->inner);
	if (t->triple)
		return parse_value(r, t, word, rest);
	if (word.p[0] == '#')
		return open_block(r, t);
	if (word.p[0] == '/')
		return close_block(r, t);
	if (is(word, "else"))
		return turn_block(r, t);
	if (is(word, "role"))
		return parse_role(r, t, rest);
	return parse_value(r, t, word, rest);
}

/*
 * Text up to the next tag, and that tag.  \{{ is two braces as text, and \\{{
 * a backslash and then a tag, as in Handlebars.
 */
static int
parse_piece(struct parser *r)
{
	const char *text = r->at, *open, *from, *to;
	struct tag t;

	open = rdl_prompt_tag_find(r->at, r->end, "{{");
	if (open == NULL) {
		add_text(r, text, r->end);
		move_to(r, r->end);
		return 0;
	}
	if (open > text && open[-1] == '\\' && !(open > text + 1 &&
	    open[-2] == '\\')) {
		add_text(r, text, open - 1);
		add_text(r, open, open + 2);
		move_to(r, open + 2);
		return 0;
	}
	move_to(r, open);
	if (rdl_prompt_tag_read(&t, open, r->end, r->p->name, r->line,
	    r->err) < 0)
		return -1;
	from = open - (open > text && open[-1] == '\\');
	to = t.end;
	if (rdl_prompt_tag_is_structure(&t) && !rdl_prompt_tag_alone(&t,
	    r->start, r->end,
	    &from, &to) &&
	    rdl_prompt_tag_is_role(&t))
		while (to < r->end && strchr(" \t", *to) != NULL)
			to++;
	add_text(r, text, from > text ? from : text);
	if (parse_tag(r, &t) < 0)
		return -1;
	move_to(r, to);
	return 0;
}

int
rdl_prompt_template(struct rdl_prompt *p, const char *text, size_t len,
    size_t line, struct rdl_err *err)
{
	struct parser r = { .p = p, .start = text, .end = text + len,
	    .at = text, .line = line, .tail = &p->template, .err = err };

	while (r.at < r.end)
		if (parse_piece(&r) < 0)
			return -1;
	if (r.depth > 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s:%zu: the block {{#%s}} is not closed", p->name,
		    r.open[r.depth - 1].node->line,
		    r.open[r.depth - 1].node->op == OP_EACH ? "each" :
		    r.open[r.depth - 1].node->op == OP_IF ? "if" : "unless");
	return 0;
}
