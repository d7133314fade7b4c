/*
 * A folder and those below it, names in order of their bytes.
 * Reads directories; opens no file.  Memory: the names of one folder a level.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mem.h"
#include "vision/walk_private.h"

/* One folder on the way down. */
struct level {
	size_t path_len;	/* of its path, a slash at its end */
	char **names;
	size_t n, next;
};

struct rdl_walk_folder {
	struct rdl_buf path;	/* of the entry last given */
	struct level *levels;
	size_t depth;
};

static int
by_bytes(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void
pop(struct rdl_walk_folder *f)
{
	struct level *l = &f->levels[--f->depth];
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
}

/* Read the names of an open folder: 0, or -1 with errno set. */
static int
read_names(DIR *d, struct level *l)
{
	struct dirent *e;
	size_t room = 0;

	while (errno = 0, (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		if (l->n == room) {
			room = room < 16 ? 16 : room * 2;
			l->names = rdl_mem_realloc(l->names, room,
			    sizeof(*l->names));
		}
		l->names[l->n++] = rdl_mem_strdup(e->d_name);
	}
	if (errno != 0)
		return -1;
	if (l->n > 0)
		qsort(l->names, l->n, sizeof(*l->names), by_bytes);
	return 0;
}

/* Go down into the folder that f->path names. */
static int
push(struct rdl_walk_folder *f, struct rdl_err *err)
{
	struct level *l;
	DIR *d = opendir(f->path.p);
	int rc;

	if (d == NULL)
		return rdl_err_sys(err, RDL_E_IO, "cannot be read");
	f->levels = rdl_mem_realloc(f->levels, f->depth + 1,
	    sizeof(*f->levels));
	l = &f->levels[f->depth++];
	memset(l, 0, sizeof(*l));
	rc = read_names(d, l);
	if (rc < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "cannot be read");
		pop(f);
	} else if (f->path.p[f->path.len - 1] != '/')
		rdl_buf_addc(&f->path, '/');
	l->path_len = f->path.len;
	(void)closedir(d);
	return rc;
}

struct rdl_walk_folder *
rdl_walk_folder_open(const char *path, struct rdl_err *err)
{
	struct rdl_walk_folder *f = rdl_mem_calloc(1, sizeof(*f));

	rdl_buf_init(&f->path, RDL_MIB);
	rdl_buf_adds(&f->path, path);
	if (push(f, err) < 0) {
		rdl_walk_folder_close(f);
		return NULL;
	}
	return f;
}

void
rdl_walk_folder_close(struct rdl_walk_folder *f)
{
	if (f == NULL)
		return;
	while (f->depth > 0)
		pop(f);
	free(f->levels);
	rdl_buf_release(&f->path);
	free(f);
}

static void
lose(struct rdl_walk_item *item, struct rdl_err *why, const char *text)
{
	(void)rdl_err_set(why, RDL_E_INPUT, "%s", text);
	rdl_walk_file_lose(item, false, "not-a-file", why);
}

/* Look at the entry that f->path names.  1: it is to be given out; 0: it is
 * not, or it is a folder that was gone into. */
static int
look(struct rdl_walk_folder *f, struct rdl_walk_item *item,
    struct rdl_err *why)
{
	struct stat st;
	bool link;

	if (lstat(f->path.p, &st) < 0)
		return 1;	/* gone: opening it will say so */
	link = S_ISLNK(st.st_mode);
	if (link && stat(f->path.p, &st) < 0)
		return 1;
	if (!S_ISDIR(st.st_mode)) {
		if (!S_ISREG(st.st_mode))
			lose(item, why, "not a regular file");
		return 1;
	}
	if (link) {
		lose(item, why, "a link to a folder, which is not followed");
		return 1;
	}
	/* Its name promises an image: say that it is none, and go in. */
	if (rdl_walk_name_is_image(f->path.p))
		lose(item, why, "a folder");
	if (push(f, why) < 0)
		rdl_walk_file_lose(item, true, "read", why);
	return item->rule != NULL;
}

int
rdl_walk_folder_next(struct rdl_walk_folder *f, struct rdl_buf *path,
    struct rdl_walk_item *item, struct rdl_err *why)
{
	struct level *l;
	size_t len;

	while (f->depth > 0) {
		l = &f->levels[f->depth - 1];
		f->path.len = l->path_len;
		if (l->next == l->n) {
			pop(f);
			continue;
		}
		rdl_buf_adds(&f->path, l->names[l->next++]);
		len = f->path.len;
		if (look(f, item, why) == 0)
			continue;
		rdl_buf_reset(path);
		rdl_buf_add(path, f->path.p, len);
		return 1;
	}
	return 0;
}
