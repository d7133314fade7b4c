/*
 * API keys, from the environment or a file that only its owner can read.
 * Reads both.  A key is never put into a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "model/config_impl.h"

#define KEY_MAX 8192

/* Take the key in p without the white space around it.  Anything but visible
 * ASCII would end the header it is sent in, or forge another. */
static int
take(struct rdl_model *m, const char *from, const char *p, size_t len,
    struct rdl_err *err)
{
	static const char blanks[] = " \t\r\n";
	size_t i;

	while (len > 0 && strchr(blanks, p[len - 1]) != NULL &&
	    p[len - 1] != '\0')
		len--;
	while (len > 0 && strchr(blanks, *p) != NULL && *p != '\0') {
		p++;
		len--;
	}
	if (len == 0)
		return rdl_err_set(err, RDL_E_USAGE, "%s: the key is empty",
		    from);
	for (i = 0; i < len; i++)
		if (p[i] <= 0x20 || p[i] >= 0x7f)
			return rdl_err_set(err, RDL_E_USAGE, "%s: the key has "
			    "a blank, a control character or a letter that is "
			    "not ASCII in it", from);
	m->key = rdl_mem_dup(p, len);
	m->key_from = rdl_mem_strdup(from);
	return 0;
}

/* Read at most KEY_MAX bytes; -1 on error, also when there are more. */
static ssize_t
read_all(int fd, char buf[KEY_MAX + 1])
{
	size_t len = 0;
	ssize_t n;

	while (len <= KEY_MAX) {
		n = read(fd, buf + len, KEY_MAX + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
	}
	errno = EFBIG;
	return -1;
}

static int
read_file(const char *path, struct rdl_model *m, struct rdl_err *err)
{
	char buf[KEY_MAX + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc = -1;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return rdl_err_sys(err, RDL_E_USAGE, "key_file %s", path);
	if (fstat(fd, &st) < 0)
		(void)rdl_err_sys(err, RDL_E_USAGE, "key_file %s", path);
	else if (!S_ISREG(st.st_mode))
		(void)rdl_err_set(err, RDL_E_USAGE,
		    "key_file %s: not a regular file", path);
	else if ((st.st_mode & 077) != 0)
		(void)rdl_err_set(err, RDL_E_USAGE, "key_file %s: others may "
		    "read it (mode %04o); run: chmod 600 %s", path,
		    (unsigned int)st.st_mode & 07777, path);
	else if ((n = read_all(fd, buf)) < 0)
		(void)rdl_err_sys(err, RDL_E_USAGE, "key_file %s", path);
	else
		rc = take(m, path, buf, (size_t)n, err);
	explicit_bzero(buf, sizeof(buf));
	(void)close(fd);
	return rc;
}

int
rdl_config_key_fetch(const struct rdl_config_key *from, bool need_key,
    struct rdl_model *m, struct rdl_err *err)
{
	const char *v;

	if (from->file != NULL) {
		if (!need_key && access(from->file, F_OK) < 0)
			return 0;
		return read_file(from->file, m, err);
	}
	if (from->env == NULL)
		return 0;
	v = rdl_config_name_env(from->env);
	if (v != NULL)
		return take(m, from->env, v, strlen(v), err);
	if (!need_key || !from->required)
		return 0;
	return rdl_err_set(err, RDL_E_USAGE, "%s: the environment has no key "
	    "for it: set %s", m->name, from->env);
}

void
rdl_config_key_release(struct rdl_config_key *key)
{
	free(key->env);
	free(key->file);
	*key = (struct rdl_config_key){ NULL, NULL, false };
}
