/*
 * The members of a tar file, by libarchive: images with their captions, and
 * what is wrong with the others.  Reads the file; a member's name is a word in
 * messages and never a path.
 *
 * Captions make members wait for those of the same key (WebDataset): a group
 * is held until the key changes.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "core/mem.h"
#include "vision/walk_private.h"

#define BLOCK (256 * RDL_KIB)
#define GROUP_MAX 16		/* images of one key that are held */
#define CAPTION_MAX RDL_MIB

/* An image or a loss that waits for the end of its group. */
struct member {
	struct rdl_buf path, file;
	const char *rule;	/* lost, or NULL */
	bool failed;
	struct rdl_err why;
};

struct rdl_walk_shard {
	struct archive *a;
	int fd;
	const char *path;
	bool captions;
	struct archive_entry *entry;	/* read, and not yet taken, or NULL */
	bool ended;
	struct member group[GROUP_MAX];
	size_t n, next;
	struct rdl_buf key, caption;
	bool has_caption;
};

static int
allow_formats(struct archive *a)
{
	/* A filter that would run another program answers ARCHIVE_WARN. */
	return archive_read_support_format_tar(a) == ARCHIVE_OK &&
	    archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
	    archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
	    archive_read_support_filter_xz(a) == ARCHIVE_OK &&
	    archive_read_support_filter_zstd(a) == ARCHIVE_OK;
}

static int
shard_error(struct archive *a, struct rdl_err *why)
{
	const char *text = archive_error_string(a);

	return rdl_err_set(why, RDL_E_INPUT, "a damaged shard: %s",
	    text != NULL ? text : "unknown error");
}

static struct rdl_walk_shard *
new_shard(const char *path, int fd, bool captions)
{
	struct rdl_walk_shard *s = rdl_mem_calloc(1, sizeof(*s));
	size_t i;

	s->path = path;
	s->fd = fd;
	s->captions = captions;
	rdl_buf_init(&s->key, RDL_MIB);
	rdl_buf_init(&s->caption, CAPTION_MAX);
	for (i = 0; i < GROUP_MAX; i++) {
		rdl_buf_init(&s->group[i].path, RDL_MIB);
		rdl_buf_init(&s->group[i].file, RDL_IMAGE_MAX);
	}
	return s;
}

struct rdl_walk_shard *
rdl_walk_shard_open(const char *path, bool captions,
    struct rdl_walk_item *item, struct rdl_err *why)
{
	struct rdl_walk_shard *s;
	int fd = rdl_walk_file_open(path, item, why);

	if (fd < 0)
		return NULL;
	s = new_shard(path, fd, captions);
	s->a = archive_read_new();
	if (s->a == NULL)
		rdl_mem_exhausted(0);
	if (allow_formats(s->a) &&
	    archive_read_open_fd(s->a, fd, BLOCK) == ARCHIVE_OK)
		return s;
	(void)shard_error(s->a, why);
	rdl_walk_file_lose(item, true, "shard", why);
	rdl_walk_shard_close(s);
	return NULL;
}

void
rdl_walk_shard_close(struct rdl_walk_shard *s)
{
	size_t i;

	if (s == NULL)
		return;
	(void)archive_read_free(s->a);
	(void)close(s->fd);
	for (i = 0; i < GROUP_MAX; i++) {
		rdl_buf_release(&s->group[i].path);
		rdl_buf_release(&s->group[i].file);
	}
	rdl_buf_release(&s->key);
	rdl_buf_release(&s->caption);
	free(s);
}

/* A name in UTF-8 if the header says so, else its bytes. */
static const char *
entry_name(struct archive_entry *e)
{
	const char *name = archive_entry_pathname_utf8(e);

	if (name == NULL)
		name = archive_entry_pathname(e);
	return name != NULL ? name : "?";
}

/* WebDataset's key: the name up to the first dot behind its last slash. */
static size_t
key_length(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t folder = slash != NULL ? (size_t)(slash - name) + 1 : 0;

	return folder + strcspn(name + folder, ".");
}

static bool
same_key(const struct rdl_walk_shard *s, const char *name)
{
	size_t len = key_length(name);

	return len == s->key.len && memcmp(name, s->key.p, len) == 0;
}

static struct member *
add_member(struct rdl_walk_shard *s, const char *name)
{
	struct member *m = &s->group[s->n++];

	rdl_buf_reset(&m->path);
	rdl_buf_reset(&m->file);
	rdl_buf_addf(&m->path, "%s:%s", s->path, name);
	m->rule = NULL;
	m->failed = true;
	rdl_err_clear(&m->why);
	return m;
}

/* The shard itself, or the member being read, cannot be read: its end. */
static void
end_damaged(struct rdl_walk_shard *s, struct member *m)
{
	if (m == NULL) {
		m = add_member(s, "");
		m->path.p[--m->path.len] = '\0';	/* no colon */
	}
	m->rule = "shard";
	(void)shard_error(s->a, &m->why);
	s->ended = true;
}

/* Append the data of the entry, at most as much as fits: 1, 0 if it is too
 * long, -1 if the shard is damaged. */
static int
read_data(struct rdl_walk_shard *s, struct rdl_buf *out, size_t most)
{
	la_ssize_t n;
	size_t room;
	char *to;

	while (most > 0) {
		room = out->max - out->len;
		if (room > most)
			room = most;
		if (room > BLOCK)
			room = BLOCK;
		/* When it is full, one byte more tells whether it fitted. */
		to = room > 0 ? rdl_buf_reserve(out, room) : (char *)&room;
		n = archive_read_data(s->a, to, room > 0 ? room : 1);
		if (n <= 0)
			return n < 0 ? -1 : 1;
		if (room == 0)
			return 0;
		out->len += (size_t)n;
		most -= (size_t)n;
	}
	return 1;
}

static void
take_caption(struct rdl_walk_shard *s, const char *name)
{
	struct member *m;
	int rc;

	rdl_buf_reset(&s->caption);
	rc = read_data(s, &s->caption, SIZE_MAX);
	s->has_caption = rc > 0;
	if (rc > 0)
		return;
	m = add_member(s, name);
	m->rule = "caption";
	(void)rdl_err_set(&m->why, RDL_E_INPUT, "more than %zu bytes",
	    CAPTION_MAX);
	if (rc < 0)
		end_damaged(s, m);
}

/* Read an image; false if it is none. */
static bool
take_image(struct rdl_walk_shard *s, const char *name)
{
	struct member *m = add_member(s, name);
	int rc = read_data(s, &m->file, RDL_WALK_HEAD);

	if (rc > 0 && !rdl_walk_name_is_image(name) &&
	    !rdl_walk_name_is_magic(m->file.p != NULL ? m->file.p : "",
	    m->file.len)) {
		s->n--;
		return false;
	}
	if (rc > 0)
		rc = read_data(s, &m->file, SIZE_MAX);
	if (rc < 0)
		end_damaged(s, m);
	else if (rc == 0) {
		m->rule = "bytes";
		(void)rdl_err_set(&m->why, RDL_E_INPUT, "more than %zu bytes",
		    RDL_IMAGE_MAX);
	}
	return true;
}

/* A link, a FIFO, a device: only a folder is nothing to speak of. */
static void
take_other(struct rdl_walk_shard *s, const char *name)
{
	struct member *m;

	if (archive_entry_hardlink(s->entry) == NULL &&
	    archive_entry_filetype(s->entry) == AE_IFDIR)
		return;
	m = add_member(s, name);
	m->rule = "not-a-file";
	m->failed = false;
	(void)rdl_err_set(&m->why, RDL_E_INPUT,
	    "a member that is not a regular file");
}

/* Take the entry into the group.  False if it was a regular file that is no
 * image. */
static bool
take_entry(struct rdl_walk_shard *s, const char *name)
{
	if (archive_entry_hardlink(s->entry) != NULL ||
	    archive_entry_filetype(s->entry) != AE_IFREG)
		take_other(s, name);
	else if (s->captions && rdl_walk_name_ends(name, ".txt"))
		take_caption(s, name);
	else
		return take_image(s, name);
	return true;
}

/* Read the next header unless one waits: 1, 0 when the shard has ended. */
static int
next_entry(struct rdl_walk_shard *s)
{
	int rc = ARCHIVE_OK;

	while (!s->ended && s->entry == NULL) {
		rc = archive_read_next_header(s->a, &s->entry);
		if (rc == ARCHIVE_RETRY)
			s->entry = NULL;
		else if (rc == ARCHIVE_EOF)
			s->ended = true;
		else if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			end_damaged(s, NULL);
	}
	return !s->ended;
}

/* Fill the group: with all entries of one key if there are captions, else with
 * one member. */
static void
fill(struct rdl_walk_shard *s, void (*skipped)(void *ctx, const char *path),
    void *ctx)
{
	const char *name;
	bool first = true;

	s->n = s->next = 0;
	s->has_caption = false;
	while (s->n + 1 < GROUP_MAX && next_entry(s)) {
		name = entry_name(s->entry);
		if (first) {
			rdl_buf_reset(&s->key);
			rdl_buf_add(&s->key, name, key_length(name));
		} else if (!same_key(s, name))
			break;
		first = false;
		if (!take_entry(s, name))
			skipped(ctx, name);
		s->entry = NULL;
		if (!s->captions)
			break;
	}
}

int
rdl_walk_shard_next(struct rdl_walk_shard *s, struct rdl_walk_item *item,
    void (*skipped)(void *ctx, const char *path), void *ctx)
{
	struct member *m;

	while (s->next == s->n) {
		if (s->ended)
			return 0;
		fill(s, skipped, ctx);
	}
	m = &s->group[s->next++];
	item->kind = RDL_WALK_FILE;
	item->path = m->path.p;
	item->member = true;
	item->file = m->file.p != NULL ? m->file.p : "";
	item->len = m->file.len;
	if (m->rule != NULL)
		rdl_walk_file_lose(item, m->failed, m->rule, &m->why);
	else if (s->has_caption) {
		item->caption = s->caption.p != NULL ? s->caption.p : "";
		item->caption_len = s->caption.len;
	}
	return 1;
}
