/*
 * riddle-doctor: what this machine has that riddle needs, and what it lacks.
 * Asks the libraries, the CPU, the decoders' sandbox, the disk, the ledger,
 * and, of the models it is given, the servers for their list of models.
 * It makes no call that costs, prints no key and changes nothing.
 */
#include <archive.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <png.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <webp/decode.h>
#include <yyjson.h>

#include "core/cli.h"
#include "core/tool.h"
#include "ledger/ledger.h"
#include "model/config.h"
#include "model/curl.h"
#include "model/probe.h"
#include "query/table.h"
#include "vision/dnnl.h"
#include "vision/kernel.h"
#include "vision/pool.h"

#define DISK_LOW (UINT64_C(2) << 30)	/* bytes */

struct opts {
	const char *ledger, *models;
	bool json;
	double timeout_s;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "ledger", .arg = "FILE",
	    .off = offsetof(struct opts, ledger),
	    .help = "the ledger (default $RIDDLE_LEDGER, else riddle.db)" },
	{ .type = RDL_OPT_STR, .name = "models", .arg = "FILE",
	    .off = offsetof(struct opts, models),
	    .help = "models.json (default $RIDDLE_MODELS, else models.json "
	    "if there is one)" },
	{ .type = RDL_OPT_REAL, .name = "timeout", .arg = "S",
	    .off = offsetof(struct opts, timeout_s), .lo = 0.1, .hi = 600,
	    .help = "seconds to wait for each server" },
	{ .type = RDL_OPT_FLAG, .name = "json", .letter = 'j',
	    .off = offsetof(struct opts, json),
	    .help = "print JSON lines" },
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-doctor", "[options] [MODEL ...]",
	"check libraries, CPU, sandbox, disk, ledger, keys and model servers",
	options, SIZE_MAX
};

enum level { OK, NOTE, BAD };

struct doctor {
	const struct opts *o;
	struct rdl_out out;
	struct rdl_table table;
	unsigned bad;
	int rc;
	struct rdl_err err;	/* of writing */
};

/* One line of the findings. */
RDL_PRINTF(4, 5) static void
say(struct doctor *d, const char *what, enum level level,
    const char *fmt, ...)
{
	static const char *const levels[] = { "ok", "note", "bad" };
	char text[RDL_ERR_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->bad += level == BAD;
	if (d->rc < 0)
		return;
	rdl_table_str(&d->table, 0, what);
	rdl_table_str(&d->table, 1, levels[level]);
	rdl_table_str(&d->table, 2, text);
	d->rc = rdl_table_row(&d->table, &d->err);
}

static void
libraries(struct doctor *d)
{
	struct rdl_err err = RDL_ERR_INIT;
	int webp = WebPGetDecoderVersion();

	say(d, "riddle", OK, "%s", RDL_VERSION);
	say(d, "yyjson", OK, "%u.%u.%u", yyjson_version() >> 16,
	    yyjson_version() >> 8 & 255, yyjson_version() & 255);
	say(d, "OpenSSL", OK, "%s", OpenSSL_version(OPENSSL_VERSION_STRING));
	say(d, "libpng", OK, "%s", png_get_libpng_ver(NULL));
	say(d, "libwebp", OK, "%d.%d.%d", webp >> 16, webp >> 8 & 255,
	    webp & 255);
	say(d, "libarchive", OK, "%s", archive_version_string());
	if (rdl_curl_load(&err) != NULL)
		say(d, "libcurl", OK, "is there, and loaded when a server is "
		    "asked");
	else
		say(d, "libcurl", BAD, "%s", err.msg);
	rdl_err_clear(&err);
	if (rdl_dnnl_load(&err) == 0)
		say(d, "oneDNN", OK, "is there, and loaded when CLIP runs");
	else
		say(d, "oneDNN", NOTE, "%s: CLIP runs in f32 only", err.msg);
}

static void
processor(struct doctor *d)
{
	const struct rdl_kernel_cpu *c = rdl_kernel_cpu();

	say(d, "processors", OK, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	say(d, "CPU", c->avx2_fma ? OK : NOTE, "%s%s%s%s%s%s; CLIP runs by "
	    "the set \"%s\"", c->avx2_fma ? "AVX2" : "no AVX2",
	    c->avx512 ? ", AVX-512" : "", c->vnni ? ", VNNI" : "",
	    c->avx_vnni ? ", AVX-VNNI" : "", c->bf16 ? ", bfloat16" : "",
	    c->amx ? ", AMX" : "", rdl_kernel_best()->name);
}

/* A picture of two pixels through a child that may do nothing else. */
static void
sandbox(struct doctor *d)
{
	static const char picture[] = "P6 2 1 255\n\1\2\3\4\5\6";
	struct rdl_pool_opts o = { .workers = 1,
		.image = RDL_IMAGE_OPTS_DEFAULT };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool_result r;
	struct rdl_pool *p = rdl_pool_new(&o, &err);

	if (p == NULL || rdl_pool_submit(p, 1, picture, sizeof(picture) - 1,
	    &err) < 0 || rdl_pool_take(p, &r, &err) < 1)
		say(d, "sandbox", BAD, "%s; images can be decoded only with "
		    "--unsafe-decode", err.msg);
	else if (!r.ok)
		say(d, "sandbox", BAD, "%s: %s", r.rule, r.why);
	else
		say(d, "sandbox", OK, "images are decoded in confined "
		    "children");
	rdl_pool_free(p);
}

static void
disk(struct doctor *d, const char *what, const char *folder)
{
	struct statvfs s;
	uint64_t left;

	if (statvfs(folder, &s) < 0) {
		say(d, what, BAD, "%s: %s", folder, strerror(errno));
		return;
	}
	left = (uint64_t)s.f_bavail * s.f_frsize;
	if (access(folder, W_OK) < 0)
		say(d, what, BAD, "%s: %s", folder, strerror(errno));
	else
		say(d, what, left < DISK_LOW ? NOTE : OK, "%s: %.1f GiB free",
		    folder, (double)left / 1073741824.0);
}

static void
ledger(struct doctor *d)
{
	static const char sql[] = "SELECT sqlite_version(), "
	    "(SELECT count(*) FROM run), (SELECT count(*) FROM call), "
	    "(SELECT quick_check FROM pragma_quick_check(1))";
	struct rdl_err err = RDL_ERR_INIT;
	const char *path = d->o->ledger;
	struct rdl_ledger *l = NULL;
	struct rdl_stmt *s;
	size_t len;

	if (path == NULL)
		path = getenv("RIDDLE_LEDGER");
	if (path == NULL || path[0] == '\0')
		path = "riddle.db";
	if (strcmp(path, "none") == 0) {
		say(d, "ledger", NOTE, "none: nothing is kept");
		return;
	}
	if (access(path, F_OK) < 0) {
		say(d, "ledger", OK, "%s: not there yet", path);
		return;
	}
	if (rdl_ledger_open(&l, path, false, &err) < 0 ||
	    (s = rdl_db_prepare(rdl_ledger_db(l), sql, &err)) == NULL ||
	    rdl_stmt_step(s, &err) < 1)
		say(d, "ledger", BAD, "%s", err.msg);
	else {
		say(d, "SQLite", OK, "%s", rdl_stmt_get_text(s, 0, &len));
		say(d, "ledger", strcmp(rdl_stmt_get_text(s, 3, &len),
		    "ok") == 0 ? OK : BAD, "%s: %lld runs, %lld calls; %s",
		    path, (long long)rdl_stmt_get_int(s, 1),
		    (long long)rdl_stmt_get_int(s, 2),
		    rdl_stmt_get_text(s, 3, &len));
		rdl_stmt_reset(s);
	}
	rdl_err_clear(&err);
	if (rdl_ledger_close(l, &err) < 0)
		say(d, "ledger", BAD, "%s", err.msg);
}

static void
keys(struct doctor *d)
{
	static const char *const names[] = { "OPENAI_API_KEY",
		"ANTHROPIC_API_KEY", "GEMINI_API_KEY" };
	const char *key;
	size_t i;

	for (i = 0; i < RDL_NELEM(names); i++) {
		key = getenv(names[i]);
		if (key == NULL || key[0] == '\0')
			say(d, names[i], OK, "not set");
		else if (key[strcspn(key, " \t\r\n\"'")] != '\0')
			say(d, names[i], BAD, "set, with a blank, a line end "
			    "or a quote in it");
		else
			say(d, names[i], OK, "set");
	}
}

/* What the server said to a request for its list of models. */
static void
ask_server(struct doctor *d, const char *name, const struct rdl_model *m)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_probe p;
	int ms;

	if (rdl_probe(m, (int64_t)(d->o->timeout_s * 1000), &p, &err) < 0) {
		say(d, name, BAD, "%s", err.msg);
		return;
	}
	ms = (int)p.latency_ms;
	if (p.status == 0)
		say(d, name, BAD, "%s: %s", m->base_url, p.error);
	else if (p.status == 401 || p.status == 403)
		say(d, name, BAD, "%s refuses the key (HTTP %d); %s%s",
		    m->base_url, p.status, m->key_from != NULL ?
		    "it is from " : "none is set", m->key_from != NULL ?
		    m->key_from : "");
	else if (p.status == 404)
		say(d, name, NOTE, "%s answers in %d ms, but has no list of "
		    "models", m->base_url, ms);
	else if (p.status != 200)
		say(d, name, BAD, "%s: HTTP %d", m->base_url, p.status);
	else if (!p.listed)
		say(d, name, NOTE, "%s answers in %d ms; its list of models "
		    "does not name %s", m->base_url, ms, m->remote);
	else
		say(d, name, OK, "%s answers in %d ms", m->base_url, ms);
}

static void
servers(struct doctor *d, const struct rdl_strs *names)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_model *m;
	size_t i;

	for (i = 0; i < names->n && !rdl_tool_stopped(); i++) {
		rdl_err_clear(&err);
		m = rdl_model_resolve(names->v[i], d->o->models, true, &err);
		if (m == NULL)
			say(d, names->v[i], BAD, "%s", err.msg);
		else
			ask_server(d, names->v[i], m);
		rdl_model_free(m);
	}
}

static int
examine(struct doctor *d, const struct rdl_strs *names)
{
	const char *tmp = getenv("TMPDIR");
	int status;

	rdl_out_stdout(&d->out);
	rdl_table_init(&d->table, &d->out, d->o->json ? RDL_TABLE_JSON :
	    RDL_TABLE_ROWS, 0, NULL);
	rdl_table_columns(&d->table, "check level finding");
	sandbox(d);	/* before there are threads */
	libraries(d);
	processor(d);
	disk(d, "this folder", ".");
	disk(d, "temporary files", tmp != NULL && tmp[0] != '\0' ? tmp :
	    "/tmp");
	ledger(d);
	keys(d);
	servers(d, names);
	if (d->rc == 0)
		d->rc = rdl_table_end(&d->table, &d->err);
	if (d->rc == 0)
		d->rc = rdl_out_close(&d->out, &d->err);
	else
		rdl_out_abandon(&d->out);
	rdl_table_release(&d->table);
	status = d->rc < 0 ? rdl_tool_fail(&d->err) : RDL_EXIT_OK;
	if (status == RDL_EXIT_OK && rdl_tool_stopped())
		status = RDL_EXIT_STOPPED;
	if (status == RDL_EXIT_OK && d->bad > 0)
		status = RDL_EXIT_FAIL;
	return status;
}

int
main(int argc, char *argv[])
{
	struct opts o = { .timeout_s = 10 };
	struct doctor d = { .o = &o, .err = RDL_ERR_INIT };
	struct rdl_strs names = { NULL, 0 };
	int status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &names, argc, argv, &status) == 0)
		status = examine(&d, &names);
	rdl_strs_release(&names);
	return rdl_tool_exit(status);
}
