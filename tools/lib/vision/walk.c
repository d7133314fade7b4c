/*
 * From what a user names to image files.
 * Reads lists, folders, shards and files.  Asks no server, decodes nothing.
 */
#include "vision/walk.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "record/jsonl.h"
#include "vision/walk_private.h"

#define CAPTION_MAX RDL_MIB

struct rdl_walk {
	struct rdl_walk_opts opts;
	const struct rdl_strs *paths, *lists;
	size_t next_path, next_list;
	struct rdl_jsonl list;		/* being read, or closed */
	struct rdl_walk_folder *folder;	/* being walked, or NULL */
	struct rdl_walk_shard *shard;	/* being read, or NULL */
	struct rdl_buf path;		/* of the item */
	struct rdl_buf shard_path;
	struct rdl_buf file, caption;
	struct rdl_err why;
	uint64_t passed_over;
	char *first_passed;
};

struct rdl_walk *
rdl_walk_new(const struct rdl_strs *paths, const struct rdl_strs *lists,
    const struct rdl_walk_opts *opts)
{
	struct rdl_walk *w = rdl_mem_calloc(1, sizeof(*w));

	w->opts = *opts;
	w->paths = paths;
	w->lists = lists;
	w->list = (struct rdl_jsonl)RDL_JSONL_INIT;
	rdl_buf_init(&w->path, RDL_LINE_MAX);
	rdl_buf_init(&w->shard_path, RDL_LINE_MAX);
	rdl_buf_init(&w->file, RDL_IMAGE_MAX + 65 * RDL_KIB);
	rdl_buf_init(&w->caption, CAPTION_MAX);
	return w;
}

void
rdl_walk_free(struct rdl_walk *w)
{
	if (w == NULL)
		return;
	rdl_jsonl_close(&w->list);
	rdl_walk_folder_close(w->folder);
	rdl_walk_shard_close(w->shard);
	rdl_buf_release(&w->path);
	rdl_buf_release(&w->shard_path);
	rdl_buf_release(&w->file);
	rdl_buf_release(&w->caption);
	free(w->first_passed);
	free(w);
}

uint64_t
rdl_walk_passed_over(const struct rdl_walk *w, const char **first)
{
	*first = w->first_passed;
	return w->passed_over;
}

bool
rdl_walk_ready(struct rdl_walk *w)
{
	return w->shard != NULL || w->folder != NULL || w->list.fd < 0 ||
	    rdl_jsonl_ready(&w->list);
}

static void
pass_over(void *ctx, const char *path)
{
	struct rdl_walk *w = ctx;

	if (w->passed_over++ == 0)
		w->first_passed = rdl_mem_strdup(path);
}

/* -- What is named ----------------------------------------------------------*/

/* The next line of the list into w->path: 1, 0 at its end. */
static int
next_line(struct rdl_walk *w, struct rdl_err *err)
{
	const char *line;
	size_t len;
	int rc = rdl_jsonl_line(&w->list, &line, &len, err);

	if (rc <= 0) {
		rdl_jsonl_close(&w->list);
		return rc;
	}
	if (memchr(line, '\0', len) != NULL)
		return rdl_err_set(err, RDL_E_INPUT, "%s:%llu: a NUL byte",
		    w->list.name, (unsigned long long)w->list.lineno);
	rdl_buf_reset(&w->path);
	rdl_buf_add(&w->path, line, len);
	return 1;
}

/* The next path, from the command line or a list, into w->path. */
static int
next_named(struct rdl_walk *w, struct rdl_err *err)
{
	const char *path;
	int rc;

	for (;;) {
		if (w->list.fd >= 0 && (rc = next_line(w, err)) != 0)
			return rc;
		if (w->next_path < w->paths->n) {
			path = w->paths->v[w->next_path++];
			if (strcmp(path, "-") != 0) {
				rdl_buf_reset(&w->path);
				rdl_buf_adds(&w->path, path);
				return 1;
			}
		} else if (w->next_list < w->lists->n)
			path = w->lists->v[w->next_list++];
		else
			return 0;
		if (rdl_jsonl_open(&w->list, path, err) < 0)
			return -1;
	}
}

/* "ftp://host/x": an address, by its form. */
static bool
is_address(const char *path)
{
	size_t n = 0;

	while (isalnum((unsigned char)path[n]) || path[n] == '+' ||
	    path[n] == '-' || path[n] == '.')
		n++;
	return n > 1 && strncmp(path + n, "://", 3) == 0;
}

static int
lose(struct rdl_walk *w, struct rdl_walk_item *item, const char *rule,
    const char *text)
{
	(void)rdl_err_set(&w->why, RDL_E_INPUT, "%s", text);
	rdl_walk_file_lose(item, true, rule, &w->why);
	return 1;
}

static int
visit_address(struct rdl_walk *w, struct rdl_walk_item *item)
{
	const char *path = w->path.p, *host = strstr(path, "://") + 3;

	if (!rdl_walk_is_url(path))
		return lose(w, item, "address",
		    "only http and https addresses are known");
	/* It would stand in every record. */
	if (memchr(host, '@', strcspn(host, "/?#")) != NULL)
		return lose(w, item, "address",
		    "an address with a user or password in it");
	if (!w->opts.members)
		return lose(w, item, "store", "an address needs --store DIR, "
		    "so that later tools find the image");
	item->kind = RDL_WALK_URL;
	return 1;
}

/* -- Files ------------------------------------------------------------------*/

/* NAME.txt beside NAME.jpg, if it is there: 0, or -1 if it is there and cannot
 * be read. */
static int
read_caption(struct rdl_walk *w, struct rdl_walk_item *item)
{
	const char *slash = strrchr(w->path.p, '/');
	const char *dot = strrchr(slash != NULL ? slash : w->path.p, '.');
	size_t len = dot != NULL ? (size_t)(dot - w->path.p) : w->path.len;
	struct rdl_buf name = RDL_BUF_INIT(RDL_LINE_MAX + 4);
	struct rdl_walk_item lost = { 0 };
	bool there;
	int fd, rc = 0;

	rdl_buf_reset(&w->caption);
	rdl_buf_add(&name, w->path.p, len);
	rdl_buf_adds(&name, ".txt");
	there = access(name.p, F_OK) == 0;
	if (there) {
		fd = rdl_walk_file_open(name.p, &lost, &w->why);
		rc = fd < 0 ? -1 : rdl_walk_file_read(fd, &w->caption, &lost,
		    &w->why) - 1;
		if (fd >= 0)
			(void)close(fd);
	}
	rdl_buf_release(&name);
	if (rc == 0 && !rdl_buf_full(&w->caption)) {
		item->caption = there ? w->caption.p : NULL;
		item->caption_len = w->caption.len;
		return 0;
	}
	if (rc == 0)
		(void)rdl_err_set(&w->why, RDL_E_INPUT, "more than %zu bytes",
		    CAPTION_MAX);
	(void)rdl_err_prefix(&w->why, "its caption");
	rdl_walk_file_lose(item, true, "caption", &w->why);
	return -1;
}

/* A file that was found, not named, and has no image's name: is it one by its
 * first bytes?  1, 0, or -1 if it cannot be read. */
static int
looks_like_image(struct rdl_walk *w, int fd, struct rdl_walk_item *item)
{
	char head[RDL_WALK_HEAD];
	ssize_t n;

	do
		n = pread(fd, head, sizeof(head), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		(void)rdl_err_sys(&w->why, RDL_E_IO, "cannot be read");
		rdl_walk_file_lose(item, true, "read", &w->why);
		return -1;
	}
	return rdl_walk_name_is_magic(head, (size_t)n);
}

/* Returns 1 with an item, 0 if it is passed over. */
static int
visit_file(struct rdl_walk *w, bool found, struct rdl_walk_item *item)
{
	int fd, image = 1;

	if (found && w->opts.captions &&
	    rdl_walk_name_ends(w->path.p, ".txt"))
		return 0;
	fd = rdl_walk_file_open(w->path.p, item, &w->why);
	if (fd < 0)
		return 1;
	if (found && !rdl_walk_name_is_image(w->path.p))
		image = looks_like_image(w, fd, item);
	rdl_buf_reset(&w->file);
	if (image > 0 &&
	    rdl_walk_file_read(fd, &w->file, item, &w->why) == 1 &&
	    (!w->opts.captions || read_caption(w, item) == 0)) {
		item->kind = RDL_WALK_FILE;
		item->file = w->file.p;
		item->len = w->file.len;
	}
	(void)close(fd);
	if (image == 0)
		pass_over(w, w->path.p);
	return image != 0;
}

static int
visit_shard(struct rdl_walk *w, struct rdl_walk_item *item)
{
	if (!w->opts.members)
		return lose(w, item, "store", "a shard needs --store DIR, so "
		    "that later tools find its images");
	rdl_buf_reset(&w->shard_path);
	rdl_buf_add(&w->shard_path, w->path.p, w->path.len);
	w->shard = rdl_walk_shard_open(w->shard_path.p, w->opts.captions,
	    item, &w->why);
	return w->shard == NULL;
}

static int
visit_named(struct rdl_walk *w, struct rdl_walk_item *item)
{
	struct stat st;

	if (is_address(w->path.p))
		return visit_address(w, item);
	if (stat(w->path.p, &st) == 0 && S_ISDIR(st.st_mode)) {
		w->folder = rdl_walk_folder_open(w->path.p, &w->why);
		if (w->folder == NULL)
			rdl_walk_file_lose(item, true, "read", &w->why);
		return w->folder == NULL;
	}
	return rdl_walk_is_shard(w->path.p) ? visit_shard(w, item) :
	    visit_file(w, false, item);
}

/* The next entry of the folder: 1 with an item, 0 without. */
static int
visit_found(struct rdl_walk *w, struct rdl_walk_item *item)
{
	if (rdl_walk_folder_next(w->folder, &w->path, item, &w->why) == 0) {
		rdl_walk_folder_close(w->folder);
		w->folder = NULL;
		return 0;
	}
	if (item->rule != NULL)
		return 1;
	return rdl_walk_is_shard(w->path.p) ? visit_shard(w, item) :
	    visit_file(w, true, item);
}

int
rdl_walk_next(struct rdl_walk *w, struct rdl_walk_item *item,
    struct rdl_err *err)
{
	int rc;

	for (;;) {
		memset(item, 0, sizeof(*item));
		rdl_err_clear(&w->why);
		if (w->shard != NULL) {
			if (rdl_walk_shard_next(w->shard, item, pass_over, w))
				return 1;
			rdl_walk_shard_close(w->shard);
			w->shard = NULL;
			continue;
		}
		if (w->folder != NULL)
			rc = visit_found(w, item);
		else if ((rc = next_named(w, err)) > 0)
			rc = visit_named(w, item);
		else
			return rc;
		item->path = w->path.p;
		if (rc > 0)
			return 1;
	}
}
