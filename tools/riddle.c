/*
 * riddle: run a tool, list the tools, show a manual page.
 * Reads the folder of tools beside it (../libexec/riddle, or $RIDDLE_LIBEXEC)
 * and the pages in ../share/man.  A tool takes the place of this process.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cli.h"
#include "core/mem.h"
#include "core/near.h"
#include "core/tool.h"

/* The order in which data run through the tools; others follow by name. */
static const char *const pipe_order[] = {
	"taxonomy-expand", "image-ingest", "clip-embed", "clip-filter",
	"task-filter", "qa-generate", "qa-judge", "vote", "select", "export",
	"instruction-generate", "contrast-generate", "image-generate",
	"preference-pair", "cross-pair", "ask", "validate", "dedupe",
	"ledger", "report", "review", "doctor", "model-stub"
};

static const struct rdl_opt no_options[] = { { .type = RDL_OPT_END } };

static const struct rdl_cli cli = {
	.name = "riddle",
	.args = "[TOOL [ARG ...] | help [PAGE] | completion-data]",
	.brief = "run a tool of riddle; alone, list the tools",
	.opts = no_options,
};

/* Where things are, and which tools there are. */
struct house {
	struct rdl_buf libexec, man;	/* folders */
	char **tools;			/* owned, in the order of pipes */
	size_t ntools;
};

/* Names are file names of one folder: nothing that leads out of it. */
static bool
is_name(const char *s)
{
	return s[0] != '\0' && strlen(s) <= RDL_NEAR_MAX &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* The folders, from where this executable is: PREFIX/bin/riddle. */
static int
find_house(struct house *h, struct rdl_err *err)
{
	const char *libexec = getenv("RIDDLE_LIBEXEC");
	char exe[PATH_MAX], *slash;
	ssize_t n;
	int i;

	if ((n = readlink("/proc/self/exe", exe, sizeof(exe) - 1)) < 0)
		return rdl_err_sys(err, RDL_E_IO, "/proc/self/exe");
	exe[n] = '\0';
	for (i = 0; i < 2; i++)
		if ((slash = strrchr(exe, '/')) != NULL)
			*slash = '\0';
	rdl_buf_addf(&h->man, "%s/share/man", exe);
	if (libexec != NULL && libexec[0] != '\0')
		rdl_buf_adds(&h->libexec, libexec);
	else
		rdl_buf_addf(&h->libexec, "%s/libexec/riddle", exe);
	if (rdl_buf_full(&h->man) || rdl_buf_full(&h->libexec))
		return rdl_err_set(err, RDL_E_IO,
		    "the path of riddle is too long");
	return 0;
}

static size_t
rank(const char *name)
{
	size_t i;

	for (i = 0; i < RDL_NELEM(pipe_order); i++)
		if (strcmp(pipe_order[i], name) == 0)
			break;
	return i;
}

static int
by_rank(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t i = rank(x), j = rank(y);

	return i != j ? (i < j ? -1 : 1) : strcmp(x, y);
}

static int
find_tools(struct house *h, struct rdl_err *err)
{
	struct dirent *e;
	DIR *d;

	if ((d = opendir(h->libexec.p)) == NULL)
		return rdl_err_sys(err, RDL_E_IO, "%s", h->libexec.p);
	while ((e = readdir(d)) != NULL) {
		if (!is_name(e->d_name))
			continue;
		h->tools = rdl_mem_realloc(h->tools, h->ntools + 1,
		    sizeof(*h->tools));
		h->tools[h->ntools++] = rdl_mem_strdup(e->d_name);
	}
	(void)closedir(d);
	if (h->ntools > 0)
		qsort(h->tools, h->ntools, sizeof(*h->tools), by_rank);
	return 0;
}

static void
house_release(struct house *h)
{
	size_t i;

	for (i = 0; i < h->ntools; i++)
		free(h->tools[i]);
	free(h->tools);
	rdl_buf_release(&h->libexec);
	rdl_buf_release(&h->man);
}

/* In a child: become the tool with one option, its stdout at fd. */
RDL_NORETURN static void
child(const char *path, const char *name, const char *option, int fd)
{
	if (dup2(fd, STDOUT_FILENO) >= 0)
		(void)execl(path, name, option, (char *)NULL);
	_exit(127);
}

/* Run a tool with one option and add the start of what it prints to out. */
static void
capture(const struct house *h, const char *name, const char *option,
    struct rdl_buf *out)
{
	struct rdl_buf path = RDL_BUF_INIT(PATH_MAX);
	char part[1024];
	int fd[2];
	ssize_t n;
	pid_t pid;

	rdl_buf_addf(&path, "%s/%s", h->libexec.p, name);
	if (rdl_buf_full(&path) || pipe(fd) < 0)
		goto out;
	if ((pid = fork()) == 0)
		child(path.p, name, option, fd[1]);
	(void)close(fd[1]);
	while ((n = read(fd[0], part, sizeof(part))) > 0 ||
	    (n < 0 && errno == EINTR))
		if (n > 0)
			rdl_buf_add(out, part, (size_t)n);
	(void)close(fd[0]);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
out:
	rdl_buf_release(&path);
}

/* Print a name, fill, and what the tool does: the 2nd line of its --help. */
static void
print_brief(const struct house *h, const char *name, const char *fill)
{
	struct rdl_buf text = RDL_BUF_INIT(64 * RDL_KIB);
	const char *line = "";

	capture(h, name, "--help", &text);
	if (text.len > 0 && (line = strchr(text.p, '\n')) != NULL)
		line++;
	else
		line = "";
	printf("%s%s%.*s\n", name, fill, (int)strcspn(line, "\n"), line);
	rdl_buf_release(&text);
}

static int
list(struct house *h, struct rdl_err *err)
{
	char fill[32];
	size_t i, n;

	if (find_tools(h, err) < 0)
		return rdl_tool_fail(err);
	printf("usage: %s %s\n\n", cli.name, cli.args);
	for (i = 0; i < h->ntools; i++) {
		n = strlen(h->tools[i]);
		(void)snprintf(fill, sizeof(fill), "%*s",
		    n < 20 ? (int)(22 - n) : 2, "");
		printf("  ");
		print_brief(h, h->tools[i], fill);
	}
	printf("\n'riddle TOOL --help' lists the options of a tool, "
	    "'riddle help TOOL' is its manual.\n");
	return rdl_tool_stdio_close();
}

/* For shells: names with briefs, then the options of each tool. */
static int
completion_data(struct house *h, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	size_t i;

	if (find_tools(h, err) < 0)
		return rdl_tool_fail(err);
	for (i = 0; i < h->ntools; i++)
		print_brief(h, h->tools[i], "\t");
	for (i = 0; i < h->ntools; i++) {
		rdl_buf_reset(&text);
		capture(h, h->tools[i], "--completion-data", &text);
		printf("\n%s\n%.*s", h->tools[i], (int)text.len,
		    text.len > 0 ? text.p : "");
	}
	rdl_buf_release(&text);
	return rdl_tool_stdio_close();
}

/* What was meant by a name that is not there; "" if nothing is near. */
static const char *
nearest(const struct house *h, const char *name)
{
	const char *found = "";
	size_t best = 4, d, i;

	for (i = 0; i < h->ntools; i++) {
		d = rdl_near_distance(name, strlen(name), h->tools[i],
		    strlen(h->tools[i]));
		if (d < best) {
			best = d;
			found = h->tools[i];
		}
	}
	return found;
}

static int
unknown(struct house *h, const char *what, const char *name,
    struct rdl_err *err)
{
	const char *like;

	if (find_tools(h, err) < 0)
		return rdl_tool_fail(err);
	like = nearest(h, name);
	if (like[0] != '\0')
		rdl_warn("no %s '%s'; did you mean '%s'?", what, name, like);
	else
		rdl_warn("no %s '%s'; 'riddle' lists the tools", what, name);
	return RDL_EXIT_USAGE;
}

/* Become the tool; returns only when it cannot be run. */
static int
run(struct house *h, char *argv[], struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(PATH_MAX);
	int failed = ENOENT;

	if (is_name(argv[0])) {
		rdl_buf_addf(&path, "%s/%s", h->libexec.p, argv[0]);
		if (!rdl_buf_full(&path)) {
			(void)execv(path.p, argv);
			failed = errno;
		}
	}
	rdl_buf_release(&path);
	if (failed == ENOENT)
		return unknown(h, "tool", argv[0], err);
	errno = failed;
	(void)rdl_err_sys(err, RDL_E_IO, "%s", argv[0]);
	return rdl_tool_fail(err);
}

/* Find a page by the name of a tool or by its own: 1, or 0. */
static int
find_page(const struct house *h, const char *name, struct rdl_buf *path)
{
	static const char *const forms[][2] = { { "man1/riddle-", ".1" },
		{ "man7/riddle-", ".7" }, { "man1/", ".1" },
		{ "man7/", ".7" } };
	size_t i;

	for (i = 0; i < RDL_NELEM(forms); i++) {
		rdl_buf_reset(path);
		rdl_buf_addf(path, "%s/%s%s%s", h->man.p, forms[i][0], name,
		    forms[i][1]);
		if (!rdl_buf_full(path) && access(path->p, R_OK) == 0)
			return 1;
	}
	return 0;
}

/* Show a page: by man(1) on a terminal, else rendered as plain text, or as it
 * is where there is no mandoc. */
static int
help(struct house *h, const char *name, struct rdl_err *err)
{
	/* mandoc overstrikes bold letters for a pager; a pipe wants none. */
	static const char plain[] = "command -v mandoc >/dev/null || "
	    "exec cat \"$1\"; mandoc -Tascii \"$1\" | "
	    "sed \"s/.$(printf '\\010')//g\"";
	struct rdl_buf path = RDL_BUF_INIT(PATH_MAX);

	if (!is_name(name) || !find_page(h, name, &path)) {
		rdl_buf_release(&path);
		return unknown(h, "manual page", name, err);
	}
	if (isatty(STDOUT_FILENO))
		(void)execlp("man", "man", "-l", path.p, (char *)NULL);
	(void)execlp("sh", "sh", "-c", plain, "sh", path.p, (char *)NULL);
	(void)rdl_err_sys(err, RDL_E_IO, "cannot show %s", path.p);
	rdl_buf_release(&path);
	return rdl_tool_fail(err);
}

static int
dispatch(struct house *h, int argc, char *argv[], struct rdl_err *err)
{
	struct rdl_strs none = { NULL, 0 };
	int status = RDL_EXIT_USAGE;

	if (argc > 1 && argv[1][0] == '-') {
		if (rdl_cli_parse(&cli, NULL, &none, argc, argv, &status) == 0)
			rdl_warn("'%s' needs a tool behind it", argv[1]);
		rdl_strs_release(&none);
		return status;
	}
	if (argc < 2)
		return list(h, err);
	if (strcmp(argv[1], "completion-data") == 0)
		return completion_data(h, err);
	if (strcmp(argv[1], "help") != 0)
		return run(h, argv + 1, err);
	return argc > 2 ? help(h, argv[2], err) : list(h, err);
}

/*
 * A tool must get signals as this process got them, so nothing is changed
 * unless this process goes on to write something itself.
 */
int
main(int argc, char *argv[])
{
	struct house h = { RDL_BUF_INIT(PATH_MAX), RDL_BUF_INIT(PATH_MAX),
		NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int status;

	if (find_house(&h, &err) < 0)
		status = rdl_tool_fail(&err);
	else
		status = dispatch(&h, argc, argv, &err);
	house_release(&h);
	return rdl_tool_exit(status);
}
