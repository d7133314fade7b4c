/*
 * The command line of a tool from one table.
 * Reads argv; writes --help and its kin to stdout, usage errors to stderr.
 */
#include "core/cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/near.h"
#include "core/tool.h"

/* One option found in a table, and the struct it writes to. */
struct found {
	const struct rdl_opt *opt;
	char *base;
};

void
rdl_strs_release(struct rdl_strs *s)
{
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

void
rdl_strs_add(struct rdl_strs *s, const char *str)
{
	s->v = rdl_mem_realloc(s->v, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = str;
}

/* Find the option of that name (len bytes) or, if name is NULL, letter. */
static struct found
find(const struct rdl_opt *table, char *base, const char *name, size_t len,
    char letter)
{
	struct found f = { NULL, NULL };

	for (; table->type != RDL_OPT_END && f.opt == NULL; table++) {
		if (table->type == RDL_OPT_GROUP)
			f = find(table->group, base + table->off, name, len,
			    letter);
		else if (name != NULL ? strlen(table->name) == len &&
		    memcmp(table->name, name, len) == 0 :
		    table->letter == letter) {
			f.opt = table;
			f.base = base + table->off;
		}
	}
	return f;
}

static int
parse_enum(const struct rdl_opt *o, int *to, const char *value,
    struct rdl_err *err)
{
	size_t len = 0;
	int i;

	for (i = 0; o->choices[i] != NULL; i++)
		if (strcmp(o->choices[i], value) == 0) {
			*to = i;
			return 0;
		}
	(void)rdl_err_set(err, RDL_E_USAGE, "'%s' is not one of", value);
	for (i = 0; o->choices[i] != NULL; i++) {
		len = strlen(err->msg);
		(void)snprintf(err->msg + len, sizeof(err->msg) - len, "%s %s",
		    i > 0 ? "," : "", o->choices[i]);
	}
	return -1;
}

static int
store(const struct found *f, const char *value, struct rdl_err *err)
{
	const struct rdl_opt *o = f->opt;
	void *to = f->base;

	switch (o->type) {
	case RDL_OPT_FLAG:
		*(bool *)to = true;
		return 0;
	case RDL_OPT_STR:
		*(const char **)to = value;
		return 0;
	case RDL_OPT_LIST:
		rdl_strs_add(to, value);
		return 0;
	case RDL_OPT_INT:
		return rdl_num_int(value, (int64_t)o->lo, (int64_t)o->hi, to,
		    err);
	case RDL_OPT_REAL:
		return rdl_num_real(value, o->lo, o->hi, to, err);
	case RDL_OPT_USD:
		return rdl_num_usd(value, to, err);
	case RDL_OPT_SHARE:
		return rdl_num_share(value, to, err);
	case RDL_OPT_ENUM:
		return parse_enum(o, to, value, err);
	case RDL_OPT_END:
	case RDL_OPT_GROUP:
		break;
	}
	return rdl_err_set(err, RDL_E_USAGE, "option of unknown type");
}

/* The default of an option as text, or "" if there is none to show. */
static void
show_default(char *out, size_t size, const struct rdl_opt *o, const char *from)
{
	const char *s;

	out[0] = '\0';
	switch (o->type) {
	case RDL_OPT_STR:
		if ((s = *(const char *const *)(const void *)from) != NULL)
			(void)snprintf(out, size, " (default %s)", s);
		break;
	case RDL_OPT_INT:
		if (*(const int64_t *)(const void *)from >= 0)
			(void)snprintf(out, size, " (default %lld)", (long long)
			    *(const int64_t *)(const void *)from);
		break;
	case RDL_OPT_REAL:
		if (*(const double *)(const void *)from >= 0)
			(void)snprintf(out, size, " (default %g)",
			    *(const double *)(const void *)from);
		break;
	case RDL_OPT_ENUM:
		if (*(const int *)(const void *)from >= 0)
			(void)snprintf(out, size, " (default %s)",
			    o->choices[*(const int *)(const void *)from]);
		break;
	case RDL_OPT_SHARE: {
		const struct rdl_share *v = (const void *)from;

		if (v->value >= 0)
			(void)snprintf(out, size, " (default %g%s)", v->value,
			    v->percent ? "%" : "");
		break;
	}
	default:
		break;
	}
}

/* Print text at a column of 26, wrapped before column 80. */
static void
print_wrapped(const char *text)
{
	size_t col = 26, n;

	while (*text != '\0') {
		n = strcspn(text, " ");
		if (col > 26 && col + 1 + n > 79) {
			printf("\n%26s", "");
			col = 26;
		} else if (col > 26) {
			putchar(' ');
			col++;
		}
		printf("%.*s", (int)n, text);
		col += n;
		text += n + strspn(text + n, " ");
	}
	putchar('\n');
}

static void
help_option(const struct rdl_opt *o, const char *from)
{
	char left[64], def[160], text[512];
	int n;

	n = snprintf(left, sizeof(left), "  --%s%s%s", o->name,
	    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
	if (o->letter != 0 && n > 0 && (size_t)n < sizeof(left))
		(void)snprintf(left + n, sizeof(left) - (size_t)n, ", -%c",
		    o->letter);
	printf("%-24s  ", left);
	if (strlen(left) > 24)
		printf("\n%26s", "");
	show_default(def, sizeof(def), o, from);
	(void)snprintf(text, sizeof(text), "%s%s", o->help, def);
	print_wrapped(text);
}

/* A table's own options, then its groups under their headings. */
static void
help_table(const struct rdl_opt *all, const char *base)
{
	const struct rdl_opt *o;

	for (o = all; o->type != RDL_OPT_END; o++)
		if (o->type != RDL_OPT_GROUP)
			help_option(o, base + o->off);
	for (o = all; o->type != RDL_OPT_END; o++)
		if (o->type == RDL_OPT_GROUP) {
			printf("%s%s:\n", o > all ? "\n" : "", o->help);
			help_table(o->group, base + o->off);
		}
}

static void
help(const struct rdl_cli *cli, const char *opts)
{
	printf("usage: %s %s\n%s.\n\n", cli->name, cli->args, cli->brief);
	help_table(cli->opts, opts);
	printf("\nmore:\n  --help                  show this\n"
	    "  --version               show the version\n");
}

/* Lines "--name<tab>ARG<tab>help" for shells; a flag has no ARG, choices
 * stand as a|b|c. */
static void
completion(const struct rdl_opt *o)
{
	int i;

	for (; o->type != RDL_OPT_END; o++) {
		if (o->type == RDL_OPT_GROUP) {
			completion(o->group);
			continue;
		}
		printf("--%s\t", o->name);
		if (o->type == RDL_OPT_ENUM)
			for (i = 0; o->choices[i] != NULL; i++)
				printf("%s%s", i > 0 ? "|" : "", o->choices[i]);
		else
			printf("%s", o->arg != NULL ? o->arg : "");
		printf("\t%s\n", o->help);
	}
}

/* The option whose name is nearest to name; *best is its distance. */
static const char *
nearest(const struct rdl_opt *o, const char *name, size_t len, size_t *best)
{
	const char *found = NULL, *sub;
	size_t d;

	for (; o->type != RDL_OPT_END; o++) {
		if (o->type == RDL_OPT_GROUP) {
			sub = nearest(o->group, name, len, best);
			if (sub != NULL)
				found = sub;
			continue;
		}
		d = rdl_near_distance(name, len, o->name,
		    strlen(o->name));
		if (d < *best) {
			*best = d;
			found = o->name;
		}
	}
	return found;
}

static int
unknown(const struct rdl_cli *cli, const char *name, size_t len,
    struct rdl_err *err)
{
	size_t best = 3;
	const char *like = nearest(cli->opts, name, len, &best);

	if (like != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "unknown option --%.*s; did you mean --%s?", (int)len,
		    name, like);
	return rdl_err_set(err, RDL_E_USAGE,
	    "unknown option --%.*s; see --help", (int)len, name);
}

/* Parse argv[*i], an option, and its value, which may be argv[*i + 1]. */
static int
parse_option(const struct rdl_cli *cli, void *opts, int argc, char *argv[],
    int *i, struct rdl_err *err)
{
	const char *arg = argv[*i], *value = NULL;
	struct found f;
	size_t len;

	if (arg[1] == '-') {
		len = strcspn(arg + 2, "=");
		if (arg[2 + len] == '=')
			value = arg + 2 + len + 1;
		f = find(cli->opts, opts, arg + 2, len, 0);
		if (f.opt == NULL)
			return unknown(cli, arg + 2, len, err);
	} else {
		f = find(cli->opts, opts, NULL, 0, arg[1]);
		if (f.opt == NULL)
			return rdl_err_set(err, RDL_E_USAGE,
			    "unknown option -%c; see --help", arg[1]);
		if (arg[2] != '\0')
			value = arg + 2;
	}
	if (f.opt->type == RDL_OPT_FLAG && value != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "option --%s takes no value", f.opt->name);
	if (f.opt->type != RDL_OPT_FLAG && value == NULL) {
		if (*i + 1 >= argc)
			return rdl_err_set(err, RDL_E_USAGE,
			    "option --%s needs a value", f.opt->name);
		value = argv[++*i];
	}
	if (store(&f, value, err) < 0)
		return rdl_err_prefix(err, "option --%s", f.opt->name);
	return 0;
}

/* Handle the options that every tool has; 1 if there was one. */
static int
common(const struct rdl_cli *cli, const void *opts, const char *arg)
{
	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
		help(cli, opts);
	else if (strcmp(arg, "--version") == 0)
		printf("%s %s\n", cli->name, RDL_VERSION);
	else if (strcmp(arg, "--completion-data") == 0)
		completion(cli->opts);
	else
		return 0;
	return 1;
}

int
rdl_cli_parse(const struct rdl_cli *cli, void *opts, struct rdl_strs *operands,
    int argc, char *argv[], int *status)
{
	struct rdl_err err = RDL_ERR_INIT;
	bool ended = false;
	int i;

	for (i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (ended || arg[0] != '-' || arg[1] == '\0')
			rdl_strs_add(operands, arg);
		else if (strcmp(arg, "--") == 0)
			ended = true;
		else if (common(cli, opts, arg)) {
			*status = rdl_tool_stdio_close();
			return 1;
		} else if (parse_option(cli, opts, argc, argv, &i, &err) < 0)
			goto usage;
	}
	if (operands->n <= cli->max_operands)
		return 0;
	(void)rdl_err_set(&err, RDL_E_USAGE, "unexpected operand '%s'",
	    operands->v[cli->max_operands]);
usage:
	rdl_warn("%s", err.msg);
	*status = RDL_EXIT_USAGE;
	return 1;
}
