/*
 * How models are named: SERVICE/NAME and URL#NAME.
 * Reads the environment.  models.json is config_file.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/near.h"
#include "core/utf8.h"
#include "model/config_impl.h"
#include "model/dialect.h"

/* Longer names are refused before anything else looks at them. */
#define NAME_MAX_LEN 1024

#define A1111 "a1111/"

struct service {
	const char *prefix;	/* "openai/" */
	const struct rdl_dialect *dialect;
	const char *base_env, *base, *key_env;
	const char *like;	/* how its models' names begin */
};

static const struct service services[] = {
	{ "openai/", &rdl_dialect_openai, "OPENAI_BASE_URL",
	    "https://api.openai.com/v1", "OPENAI_API_KEY", "gpt-" },
	{ "anthropic/", &rdl_dialect_anthropic, "ANTHROPIC_BASE_URL",
	    "https://api.anthropic.com", "ANTHROPIC_API_KEY", "claude-" },
	{ "gemini/", &rdl_dialect_gemini, "GEMINI_BASE_URL",
	    "https://generativelanguage.googleapis.com/v1beta",
	    "GEMINI_API_KEY", "gemini-" },
	{ "ollama/", &rdl_dialect_openai, "OLLAMA_HOST",
	    "http://127.0.0.1:11434", NULL, NULL },
};

const char *
rdl_config_name_env(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && *v != '\0' ? v : NULL;
}

bool
rdl_config_name_is_clean(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return rdl_utf8_valid(s, len) == len;
}

static const struct service *
find_service(const char *name)
{
	size_t i;

	for (i = 0; i < RDL_NELEM(services); i++)
		if (strncmp(name, services[i].prefix,
		    strlen(services[i].prefix)) == 0)
			return &services[i];
	return NULL;
}

static bool
is_url(const char *name)
{
	return strncasecmp(name, "http://", 7) == 0 ||
	    strncasecmp(name, "https://", 8) == 0;
}

static bool
is_a1111(const char *name)
{
	return strncmp(name, A1111, sizeof(A1111) - 1) == 0;
}

bool
rdl_config_name_is_full(const char *name)
{
	return is_url(name) || is_a1111(name) || find_service(name) != NULL;
}

/*
 * $OLLAMA_HOST as Ollama reads it: scheme, host and port may each be missing;
 * the port is then 11434, or with a scheme that scheme's.  The address that a
 * server listens on, 0.0.0.0, is reached at 127.0.0.1.
 */
static char *
ollama_base(const char *host, struct rdl_err *err)
{
	struct rdl_buf url = RDL_BUF_INIT(RDL_URL_MAX);
	const char *bracket = strrchr(host, ']');
	bool scheme = strstr(host, "://") != NULL;
	bool port = scheme || strchr(bracket != NULL ? bracket : host, ':') !=
	    NULL;
	char *out = NULL;

	if (scheme) {
		size_t n = (size_t)(strstr(host, "://") + 3 - host);

		rdl_buf_add(&url, host, n);
		host += n;
	} else
		rdl_buf_adds(&url, "http://");
	if (strncmp(host, "0.0.0.0", 7) == 0) {
		rdl_buf_adds(&url, "127.0.0.1");
		host += 7;
	} else if (*host == ':')
		rdl_buf_adds(&url, "127.0.0.1");
	rdl_buf_adds(&url, host);
	while (url.len > 0 && url.p[url.len - 1] == '/')
		url.len--;
	if (!port)
		rdl_buf_adds(&url, ":11434");
	rdl_buf_adds(&url, "/v1");
	if (rdl_buf_full(&url))
		(void)rdl_err_set(err, RDL_E_USAGE, "$OLLAMA_HOST is too long");
	else
		out = rdl_config_url_check(url.p, url.len, "$OLLAMA_HOST",
		    err);
	rdl_buf_release(&url);
	return out;
}

/* OpenAI itself, and Azure's form of it, want max_completion_tokens; other
 * servers of the dialect know max_tokens, and not all of them the other. */
static bool
wants_max_tokens(const char *base_url)
{
	static const char azure[] = ".openai.azure.com";
	const size_t n = sizeof(azure) - 1;
	size_t len;
	const char *host = rdl_config_url_host(base_url, &len);

	return !(len == 14 && memcmp(host, "api.openai.com", 14) == 0) &&
	    !(len > n && memcmp(host + len - n, azure, n) == 0);
}

static int
read_service(const struct service *s, const char *name, struct rdl_model *m,
    struct rdl_config_key *key, struct rdl_err *err)
{
	const char *base = rdl_config_name_env(s->base_env);
	char what[32];

	(void)snprintf(what, sizeof(what), "$%s", s->base_env);
	m->dialect = s->dialect;
	m->remote = rdl_mem_strdup(name + strlen(s->prefix));
	/* With a base URL of one's own the server may want no key. */
	key->required = base == NULL;
	if (base == NULL)
		base = s->base;
	if (s->key_env == NULL)
		m->base_url = ollama_base(base, err);
	else {
		m->base_url = rdl_config_url_check(base, strlen(base), what,
		    err);
		key->env = rdl_mem_strdup(s->key_env);
	}
	return m->base_url == NULL ? -1 : 0;
}

/* $OPENAI_API_KEY is sent to the server it is for, and to no other. */
static bool
is_openai_base(const char *base_url)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	const char *env = rdl_config_name_env("OPENAI_BASE_URL");
	char *other;
	bool same;

	if (env == NULL)
		return false;
	other = rdl_config_url_check(env, strlen(env), "$OPENAI_BASE_URL",
	    &ignored);
	same = other != NULL && rdl_config_url_same_origin(base_url, other);
	free(other);
	return same;
}

/* The URL of a server, and the checkpoint that is to draw. */
static int
read_a1111(const char *name, struct rdl_model *m, struct rdl_err *err)
{
	size_t len = strcspn(name, "#");

	m->dialect = &rdl_dialect_a1111;
	m->base_url = rdl_config_url_check(name, len, "the model's name",
	    err);
	if (m->base_url == NULL)
		return -1;
	m->remote = rdl_mem_strdup(name[len] == '#' ? name + len + 1 :
	    RDL_A1111_LOADED);
	return 0;
}

static int
read_url(const char *name, struct rdl_model *m, struct rdl_config_key *key,
    struct rdl_err *err)
{
	size_t len = strcspn(name, "#");

	m->base_url = rdl_config_url_check(name, len, "the model's name",
	    err);
	if (m->base_url == NULL)
		return -1;
	if (name[len] != '#' || name[len + 1] == '\0')
		return rdl_err_set(err, RDL_E_USAGE, "%s: the name of the "
		    "model is missing: write %s#NAME", m->base_url,
		    m->base_url);
	m->remote = rdl_mem_strdup(name + len + 1);
	m->dialect = &rdl_dialect_openai;
	if (is_openai_base(m->base_url))
		key->env = rdl_mem_strdup("OPENAI_API_KEY");
	return 0;
}

int
rdl_config_name_read(const char *name, struct rdl_model *m,
    struct rdl_config_key *key, struct rdl_err *err)
{
	const struct service *s = find_service(name);
	int rc;

	if (strlen(name) > NAME_MAX_LEN ||
	    !rdl_config_name_is_clean(name, strlen(name)))
		return rdl_err_set(err, RDL_E_USAGE, "the model's name is too "
		    "long, has control characters or is not UTF-8");
	if (is_a1111(name))
		rc = read_a1111(name + sizeof(A1111) - 1, m, err);
	else
		rc = s != NULL ? read_service(s, name, m, key, err) :
		    read_url(name, m, key, err);
	if (rc < 0)
		return -1;
	if (*m->remote == '\0')
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s: the name of the model is missing", name);
	m->name = rdl_mem_strdup(name);
	m->endpoint = rdl_mem_strdup(m->base_url);
	m->quirks.max_tokens_old = m->dialect == &rdl_dialect_openai &&
	    wants_max_tokens(m->base_url);
	return 0;
}

/* Put the nearest name into best, if it is near enough to be meant. */
static void
nearest(const char *name, yyjson_val *models, struct rdl_buf *best)
{
	const char *slash = strchr(name, '/'), *c;
	size_t i, n, d, least = 4, len = strlen(name);
	yyjson_val *k, *v;

	for (i = 0; i < RDL_NELEM(services); i++) {
		if (services[i].like != NULL && strncmp(name, services[i].like,
		    strlen(services[i].like)) == 0)
			rdl_buf_addf(best, "%s%s", services[i].prefix, name);
		c = services[i].prefix;
		if (slash == NULL || (d = rdl_near_distance(name,
		    (size_t)(slash - name), c, strlen(c) - 1)) >= least)
			continue;
		least = d;
		rdl_buf_reset(best);
		rdl_buf_addf(best, "%s%s", c, slash + 1);
	}
	if (!yyjson_is_obj(models))
		return;
	yyjson_obj_foreach(models, i, n, k, v) {
		d = rdl_near_distance(name, len, yyjson_get_str(k),
		    yyjson_get_len(k));
		if (d >= least)
			continue;
		least = d;
		rdl_buf_reset(best);
		rdl_buf_adds(best, yyjson_get_str(k));
	}
}

int
rdl_config_name_unknown(const char *name, yyjson_val *models,
    const char *path, struct rdl_err *err)
{
	struct rdl_buf best = RDL_BUF_INIT(2 * NAME_MAX_LEN);

	if (strlen(name) > NAME_MAX_LEN ||
	    !rdl_config_name_is_clean(name, strlen(name)))
		return rdl_err_set(err, RDL_E_USAGE, "the model's name is too "
		    "long, has control characters or is not UTF-8");
	nearest(name, models, &best);
	if (best.len > 0)
		(void)rdl_err_set(err, RDL_E_USAGE,
		    "unknown model '%s'; did you mean '%s'?", name, best.p);
	else
		(void)rdl_err_set(err, RDL_E_USAGE, "unknown model '%s': it "
		    "is neither openai/NAME, anthropic/NAME, gemini/NAME, "
		    "ollama/NAME, a1111/URL, a URL#NAME nor in %s", name,
		    path != NULL ? path : "a models.json (there is none)");
	rdl_buf_release(&best);
	return -1;
}
