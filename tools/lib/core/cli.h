/*
 * The command line of a tool from one table.
 * The same table drives the parser, --help, the completion data and the check
 * of the manual page (tests/contract.sh).  Options may stand before or behind
 * operands, as --name VALUE, --name=VALUE or -n VALUE; -- ends them.
 */
#ifndef RDL_CORE_CLI_H
#define RDL_CORE_CLI_H

#include <stddef.h>

#include "core/err.h"
#include "core/num.h"

enum rdl_opt_type {
	RDL_OPT_END = 0,
	RDL_OPT_GROUP,	/* another table, at offset off; help is its heading */
	RDL_OPT_FLAG,	/* bool: present sets true */
	RDL_OPT_STR,	/* const char *: points into argv */
	RDL_OPT_LIST,	/* struct rdl_strs: may be repeated */
	RDL_OPT_INT,	/* int64_t in lo..hi */
	RDL_OPT_REAL,	/* double in lo..hi */
	RDL_OPT_USD,	/* int64_t, 1e-12 dollars */
	RDL_OPT_SHARE,	/* struct rdl_share: N or P%; below 0: no default */
	RDL_OPT_ENUM	/* int: index into choices; -1 is no default */
};

struct rdl_opt {
	enum rdl_opt_type type;
	const char *name;	/* without the dashes; NULL for a group */
	char letter;		/* short form, or 0 */
	size_t off;		/* offset into the struct of options */
	const char *arg;	/* name of the value in help, or NULL */
	const char *help;	/* one line, lower case; the default is added */
	double lo, hi;		/* bounds of INT and REAL, both ends allowed */
	const char *const *choices;	/* of ENUM, NULL-terminated */
	const struct rdl_opt *group;	/* of GROUP */
};

/* A growing list of strings that are borrowed from argv. */
struct rdl_strs {
	const char **v;
	size_t n;
};

/* What a tool is, for its user. */
struct rdl_cli {
	const char *name;	/* "riddle-ask" */
	const char *args;	/* behind "usage: NAME ", as in the SYNOPSIS */
	const char *brief;	/* one line: what it does */
	const struct rdl_opt *opts;
	size_t max_operands;
};

/*
 * Parse argv into the struct at opts, which holds the defaults, and the
 * operands into *operands.  Handles --help, --version and --completion-data.
 * Returns 0 to go on; 1 when the tool is done, with *status its exit status:
 * the message, if any, has been printed.
 */
int rdl_cli_parse(const struct rdl_cli *cli, void *opts,
    struct rdl_strs *operands, int argc, char *argv[], int *status)
    RDL_MUST_CHECK;

/* Free the list (not its strings). */
void rdl_strs_release(struct rdl_strs *s);
void rdl_strs_add(struct rdl_strs *s, const char *str);

#endif
