/*
 * Base URLs of model servers: checked, and brought into one spelling.
 * Reads and writes only memory.  A URL that is refused is not repeated in the
 * message, since it may hold a password.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/num.h"
#include "model/config_impl.h"

struct parts {
	bool https;
	const char *host;
	size_t host_len;
	const char *port;
	size_t port_len;
	const char *path;	/* "" or from its slash on */
	size_t path_len;
};

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static bool
only(const char *p, size_t len, const char *more)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_alnum(p[i]) && (p[i] == '\0' ||
		    strchr(more, p[i]) == NULL))
			return false;
	return true;
}

static const char *
split_scheme(const char *url, size_t *len, bool *https)
{
	static const char plain[] = "http://", tls[] = "https://";

	*https = *len > 8 && strncasecmp(url, tls, 8) == 0;
	if (!*https && (*len <= 7 || strncasecmp(url, plain, 7) != 0))
		return NULL;
	*len -= *https ? 8 : 7;
	return url + (*https ? 8 : 7);
}

/* host, host:port, [v6], [v6]:port */
static const char *
split_authority(struct parts *u, const char *p, size_t len)
{
	const char *end = p + len, *colon;

	u->host = p;
	if (*p == '[') {
		colon = memchr(p, ']', len);
		if (colon == NULL || strspn(p + 1, "0123456789abcdefABCDEF:.")
		    != (size_t)(colon - p - 1))
			return "its host is not an IPv6 address";
		colon++;
	} else {
		colon = memchr(p, ':', len);
		if (colon == NULL)
			colon = end;
		if (!only(p, (size_t)(colon - p), "-._"))
			return "its host has characters that no host has";
	}
	u->host_len = (size_t)(colon - p);
	if (u->host_len == 0)
		return "it has no host";
	u->port = colon < end ? colon + 1 : end;
	u->port_len = (size_t)(end - u->port);
	if (colon < end && (*colon != ':' || u->port_len == 0 ||
	    u->port_len > 5))
		return "its port is not a number";
	return NULL;
}

static const char *
check_port(struct parts *u)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	char text[6] = "";
	int64_t port;

	if (u->port_len == 0)
		return NULL;
	memcpy(text, u->port, u->port_len);
	if (*text == '+' || rdl_num_int(text, 1, 65535, &port, &ignored) < 0)
		return "its port is not a number of 1..65535";
	if (port == (u->https ? 443 : 80))
		u->port_len = 0;
	return NULL;
}

static const char *
check_path(struct parts *u)
{
	const char *p = u->path, *end = p + u->path_len, *next;

	if (!only(p, u->path_len, "/-._~%:@+,=!$&'()*"))
		return "its path has characters that must be written as %xx";
	for (; p < end; p = next) {
		next = memchr(p + 1, '/', (size_t)(end - p - 1));
		if (next == NULL)
			next = end;
		if ((next - p == 2 && p[1] == '.') ||
		    (next - p == 3 && p[1] == '.' && p[2] == '.'))
			return "its path has a . or .. in it";
	}
	while (u->path_len > 0 && u->path[u->path_len - 1] == '/')
		u->path_len--;
	return NULL;
}

/* NULL, or what is wrong with the URL. */
static const char *
split(struct parts *u, const char *url, size_t len)
{
	const char *p, *slash, *why;

	if (len >= RDL_URL_MAX)
		return "it is too long";
	if ((p = split_scheme(url, &len, &u->https)) == NULL)
		return "it does not begin with http:// or https:// and a host";
	if (memchr(p, '?', len) != NULL)
		return "a query is not allowed in it";
	slash = memchr(p, '/', len);
	u->path = slash != NULL ? slash : p + len;
	u->path_len = (size_t)(p + len - u->path);
	if (memchr(p, '@', (size_t)(u->path - p)) != NULL)
		return "a user name or password is not allowed in it; "
		    "models.json has key_env and key_file for keys";
	if ((why = split_authority(u, p, (size_t)(u->path - p))) != NULL ||
	    (why = check_port(u)) != NULL)
		return why;
	return check_path(u);
}

char *
rdl_config_url_check(const char *url, size_t len, const char *what,
    struct rdl_err *err)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_URL_MAX);
	struct parts u;
	const char *why = split(&u, url, len);
	size_t i;

	if (why != NULL) {
		(void)rdl_err_set(err, RDL_E_USAGE, "%s: not a usable URL: %s",
		    what, why);
		return NULL;
	}
	rdl_buf_adds(&out, u.https ? "https://" : "http://");
	for (i = 0; i < u.host_len; i++)
		rdl_buf_addc(&out, u.host[i] >= 'A' && u.host[i] <= 'Z' ?
		    (char)(u.host[i] - 'A' + 'a') : u.host[i]);
	if (u.port_len > 0) {
		rdl_buf_addc(&out, ':');
		rdl_buf_add(&out, u.port, u.port_len);
	}
	rdl_buf_add(&out, u.path, u.path_len);
	return rdl_buf_detach(&out, NULL);
}

/* Bytes up to the path. */
static size_t
origin_len(const char *url)
{
	const char *host = strstr(url, "://");

	return host == NULL ? 0 : (size_t)(host + 3 - url) +
	    strcspn(host + 3, "/");
}

bool
rdl_config_url_same_origin(const char *a, const char *b)
{
	size_t n = origin_len(a);

	return n > 0 && n == origin_len(b) && memcmp(a, b, n) == 0;
}

const char *
rdl_config_url_host(const char *url, size_t *len)
{
	const char *host = strstr(url, "://");

	host = host == NULL ? url : host + 3;
	*len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	return host;
}
