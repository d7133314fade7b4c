/*
 * Matrix products by oneDNN, loaded at run time.
 * Reads the shared library.  Starts no thread and does not choose when oneDNN
 * is worth it: vision/gemm.c does.
 */
#include "vision/dnnl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <oneapi/dnnl/dnnl.h>

#include "core/mem.h"
#include "vision/kernel.h"

#if DNNL_VERSION_MAJOR == 2
#define LIBRARY "libdnnl.so.2"
#elif DNNL_VERSION_MAJOR == 3
#define LIBRARY "libdnnl.so.3"
#else
#error "oneDNN 2 or 3 is wanted"
#endif

/* The functions in use, with the types of the header at hand. */
#define COMMON(M) \
	M(engine_create) M(stream_create) M(stream_wait) M(stream_destroy) \
	M(primitive_attr_create) M(primitive_attr_destroy) \
	M(primitive_attr_set_scratchpad_mode) \
	M(primitive_attr_set_post_ops) M(post_ops_create) \
	M(post_ops_destroy) M(post_ops_append_eltwise) \
	M(post_ops_append_sum) M(primitive_desc_query_md) \
	M(primitive_desc_query) M(primitive_desc_destroy) \
	M(primitive_create) M(primitive_destroy) M(primitive_execute) \
	M(primitive_get_primitive_desc) M(reorder_primitive_desc_create) \
	M(memory_desc_get_size) M(memory_create) M(memory_destroy)
#if DNNL_VERSION_MAJOR == 2
#define ALL(M) COMMON(M) M(memory_desc_init_by_tag) \
	M(memory_desc_init_by_strides) M(matmul_desc_init) \
	M(primitive_desc_create)
#else
#define ALL(M) COMMON(M) M(memory_desc_create_with_tag) \
	M(memory_desc_create_with_strides) M(memory_desc_destroy) \
	M(matmul_primitive_desc_create)
#endif

#define MEMBER(name) __typeof__(dnnl_##name) *name;
static struct {
	ALL(MEMBER)
} lib;

#define SYMBOL(name) { "dnnl_" #name, (char *)&lib.name - (char *)&lib },

static dnnl_engine_t engine;
static void (*set_threads)(int n);
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static bool loaded;

/* A description of memory: a struct in version 2, an object in version 3. */
#if DNNL_VERSION_MAJOR == 2
typedef dnnl_memory_desc_t md_own;
typedef const dnnl_memory_desc_t *md_ref;
#define REF(md) (&(md))
#else
typedef dnnl_memory_desc_t md_own;
typedef const_dnnl_memory_desc_t md_ref;
#define REF(md) (md)
#endif

struct rdl_dnnl {
	struct rdl_dnnl_shape shape;
	dnnl_primitive_t prim;
	md_ref x, w, y, bias, scratch;	/* of the primitive's description */
	const char *impl;
};

static int
refused(struct rdl_err *err, const char *what, dnnl_status_t status)
{
	return rdl_err_set(err, RDL_E_IO, "oneDNN cannot %s: %s", what,
	    status == dnnl_unimplemented ? "this CPU has no kernel for it" :
	    status == dnnl_out_of_memory ? "no memory" : "it failed");
}

static int
load(struct rdl_err *err)
{
	const struct {
		const char *name;
		ptrdiff_t off;
	} symbols[] = { ALL(SYMBOL) };
	void *so, *sym;
	size_t i;

	so = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (so == NULL)
		return rdl_err_set(err, RDL_E_IO, "cannot load oneDNN: %s",
		    dlerror());
	for (i = 0; i < RDL_NELEM(symbols); i++) {
		sym = dlsym(so, symbols[i].name);
		if (sym == NULL)
			return rdl_err_set(err, RDL_E_IO,
			    "%s has no %s: it is too old", LIBRARY,
			    symbols[i].name);
		/* C has no cast from an object's address to a function's. */
		memcpy((char *)&lib + symbols[i].off, &sym, sizeof(sym));
	}
	/* Of the OpenMP runtime that oneDNN brought along, if any. */
	sym = dlsym(so, "omp_set_num_threads");
	memcpy(&set_threads, &sym, sizeof(sym));
	if (lib.engine_create(&engine, dnnl_cpu, 0) != dnnl_success)
		return rdl_err_set(err, RDL_E_IO, "oneDNN does not start");
	loaded = true;
	return 0;
}

int
rdl_dnnl_load(struct rdl_err *err)
{
	int rc = 0;

	(void)pthread_mutex_lock(&loading);
	if (!loaded)
		rc = load(err);
	(void)pthread_mutex_unlock(&loading);
	return rc;
}

void
rdl_dnnl_thread(void)
{
	if (set_threads != NULL)
		set_threads(1);
}

static dnnl_data_type_t
type_of(int type)
{
	switch (type) {
	case RDL_DNNL_BF16:
		return dnnl_bf16;
	case RDL_DNNL_U8:
		return dnnl_u8;
	case RDL_DNNL_S8:
		return dnnl_s8;
	case RDL_DNNL_S32:
		return dnnl_s32;
	default:
		return dnnl_f32;
	}
}

/* rows x cols with the given strides, or in a layout of oneDNN's choice (both
 * strides 0). */
static int
describe(md_own *md, size_t rows, size_t cols, size_t row_stride,
    size_t col_stride, int type)
{
	dnnl_dims_t dims, strides;
	dnnl_status_t rc;
	bool any = row_stride == 0;

	memset(dims, 0, sizeof(dims));
	memset(strides, 0, sizeof(strides));
	dims[0] = (dnnl_dim_t)rows;
	dims[1] = (dnnl_dim_t)cols;
	strides[0] = (dnnl_dim_t)row_stride;
	strides[1] = (dnnl_dim_t)col_stride;
#if DNNL_VERSION_MAJOR == 2
	rc = any ? lib.memory_desc_init_by_tag(md, 2, dims, type_of(type),
	    dnnl_format_tag_any) : lib.memory_desc_init_by_strides(md, 2, dims,
	    type_of(type), strides);
#else
	rc = any ? lib.memory_desc_create_with_tag(md, 2, dims, type_of(type),
	    dnnl_format_tag_any) : lib.memory_desc_create_with_strides(md, 2,
	    dims, type_of(type), strides);
#endif
	return rc == dnnl_success ? 0 : -1;
}

static void
forget(md_own *md)
{
#if DNNL_VERSION_MAJOR == 2
	(void)md;
#else
	if (*md != NULL)
		lib.memory_desc_destroy(*md);
#endif
}

/* quick_gelu is oneDNN's swish with alpha 1.702. */
static dnnl_status_t
append_act(dnnl_post_ops_t ops, int act)
{
	dnnl_alg_kind_t alg = act == RDL_ACT_GELU ? dnnl_eltwise_gelu_erf :
	    dnnl_eltwise_swish;

	if (act == RDL_ACT_NONE)
		return dnnl_success;
#if DNNL_VERSION_MAJOR == 2
	return lib.post_ops_append_eltwise(ops, 1.0f, alg, 1.702f, 0.0f);
#else
	return lib.post_ops_append_eltwise(ops, alg, 1.702f, 0.0f);
#endif
}

static dnnl_status_t
append_sum(dnnl_post_ops_t ops, bool add)
{
	if (!add)
		return dnnl_success;
#if DNNL_VERSION_MAJOR == 2
	return lib.post_ops_append_sum(ops, 1.0f);
#else
	return lib.post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
#endif
}

/* Activation, sum, and scratch from the caller: oneDNN's own belongs to the
 * thread that made the product. */
static dnnl_status_t
attributes(dnnl_primitive_attr_t *attr, const struct rdl_dnnl_shape *s)
{
	dnnl_post_ops_t ops = NULL;
	dnnl_status_t rc;

	rc = lib.primitive_attr_create(attr);
	if (rc != dnnl_success)
		return rc;
	rc = lib.primitive_attr_set_scratchpad_mode(*attr,
	    dnnl_scratchpad_mode_user);
	if (rc == dnnl_success)
		rc = lib.post_ops_create(&ops);
	if (rc == dnnl_success)
		rc = append_act(ops, s->act);
	if (rc == dnnl_success)
		rc = append_sum(ops, s->add);
	if (rc == dnnl_success)
		rc = lib.primitive_attr_set_post_ops(*attr, ops);
	if (ops != NULL)
		lib.post_ops_destroy(ops);
	return rc;
}

static dnnl_status_t
make(dnnl_primitive_desc_t *pd, md_ref x, md_ref w, md_ref bias, md_ref y,
    dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR == 2
	dnnl_matmul_desc_t op;
	dnnl_status_t rc;

	rc = lib.matmul_desc_init(&op, x, w, bias, y);
	if (rc != dnnl_success)
		return rc;
	return lib.primitive_desc_create(pd, &op, attr, engine, NULL);
#else
	return lib.matmul_primitive_desc_create(pd, engine, x, w, bias, y,
	    attr);
#endif
}

/* What the primitive made of the descriptions, as long as it lives. */
static void
look_up(struct rdl_dnnl *d)
{
	const_dnnl_primitive_desc_t pd;

	if (lib.primitive_get_primitive_desc(d->prim, &pd) != dnnl_success)
		return;
	d->x = lib.primitive_desc_query_md(pd, dnnl_query_src_md, 0);
	d->w = lib.primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
	if (d->shape.bias)
		d->bias = lib.primitive_desc_query_md(pd,
		    dnnl_query_weights_md, 1);
	d->y = lib.primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
	d->scratch = lib.primitive_desc_query_md(pd,
	    dnnl_query_scratchpad_md, 0);
	if (lib.primitive_desc_query(pd, dnnl_query_impl_info_str, 0,
	    &d->impl) != dnnl_success)
		d->impl = "?";
}

static dnnl_status_t
prepare(struct rdl_dnnl *d, const struct rdl_dnnl *like)
{
	const struct rdl_dnnl_shape *s = &d->shape;
	dnnl_primitive_attr_t attr = NULL;
	dnnl_primitive_desc_t pd = NULL;
	md_own x, w, y, bias;
	dnnl_status_t rc = dnnl_out_of_memory;

	memset(&x, 0, sizeof(x));
	memset(&w, 0, sizeof(w));
	memset(&y, 0, sizeof(y));
	memset(&bias, 0, sizeof(bias));
	if (describe(&x, s->m, s->k, s->k, 1, s->x) == 0 &&
	    describe(&w, s->k, s->n, 0, 0, s->w) == 0 &&
	    describe(&y, s->m, s->n, s->n, 1, s->y) == 0 &&
	    describe(&bias, 1, s->n, s->n, 1, RDL_DNNL_F32) == 0)
		rc = attributes(&attr, s);
	if (rc == dnnl_success)
		rc = make(&pd, REF(x), like != NULL ? like->w : REF(w),
		    s->bias ? REF(bias) : NULL, REF(y), attr);
	if (rc == dnnl_success)
		rc = lib.primitive_create(&d->prim, pd);
	if (rc == dnnl_success)
		look_up(d);
	if (pd != NULL)
		lib.primitive_desc_destroy(pd);
	if (attr != NULL)
		lib.primitive_attr_destroy(attr);
	forget(&x);
	forget(&w);
	forget(&y);
	forget(&bias);
	return rc;
}

struct rdl_dnnl *
rdl_dnnl_new(const struct rdl_dnnl_shape *s, const struct rdl_dnnl *like,
    struct rdl_err *err)
{
	struct rdl_dnnl *d;
	dnnl_status_t rc;

	if (rdl_dnnl_load(err) < 0)
		return NULL;
	rdl_dnnl_thread();
	d = rdl_mem_calloc(1, sizeof(*d));
	d->shape = *s;
	rc = prepare(d, like);
	if (rc != dnnl_success) {
		(void)refused(err, "multiply matrices in this precision", rc);
		rdl_dnnl_free(d);
		return NULL;
	}
	return d;
}

void
rdl_dnnl_free(struct rdl_dnnl *d)
{
	if (d == NULL)
		return;
	if (d->prim != NULL)
		lib.primitive_destroy(d->prim);
	free(d);
}

const char *
rdl_dnnl_impl(const struct rdl_dnnl *d)
{
	return d->impl;
}

size_t
rdl_dnnl_weights_size(const struct rdl_dnnl *d)
{
	return lib.memory_desc_get_size(d->w);
}

size_t
rdl_dnnl_scratch_size(const struct rdl_dnnl *d)
{
	return lib.memory_desc_get_size(d->scratch);
}

/* One argument of a primitive: memory that stays the caller's. */
static dnnl_status_t
argue(dnnl_exec_arg_t *args, int *n, int which, md_ref md, const void *p)
{
	void *handle;
	dnnl_status_t rc;

	/* oneDNN takes all memory as writable; it writes to y and scratch. */
	memcpy(&handle, &p, sizeof(handle));
	args[*n].arg = which;
	rc = lib.memory_create(&args[*n].memory, md, engine, handle);
	if (rc == dnnl_success)
		(*n)++;
	return rc;
}

static dnnl_status_t
execute(dnnl_primitive_t prim, dnnl_exec_arg_t *args, int n)
{
	dnnl_stream_t stream;
	dnnl_status_t rc;

	rc = lib.stream_create(&stream, engine, dnnl_stream_default_flags);
	if (rc != dnnl_success)
		return rc;
	rc = lib.primitive_execute(prim, stream, n, args);
	if (rc == dnnl_success)
		rc = lib.stream_wait(stream);
	lib.stream_destroy(stream);
	return rc;
}

int
rdl_dnnl_pack(const struct rdl_dnnl *d, int from, const void *w, void *packed,
    struct rdl_err *err)
{
	dnnl_primitive_desc_t pd = NULL;
	dnnl_primitive_t prim = NULL;
	dnnl_exec_arg_t args[2];
	dnnl_status_t rc = dnnl_out_of_memory;
	md_own file;
	int n = 0;

	memset(&file, 0, sizeof(file));
	if (describe(&file, d->shape.k, d->shape.n, 1, d->shape.k, from) == 0)
		rc = lib.reorder_primitive_desc_create(&pd, REF(file), engine,
		    d->w, engine, NULL);
	if (rc == dnnl_success)
		rc = lib.primitive_create(&prim, pd);
	if (rc == dnnl_success)
		rc = argue(args, &n, DNNL_ARG_FROM, REF(file), w);
	if (rc == dnnl_success)
		rc = argue(args, &n, DNNL_ARG_TO, d->w, packed);
	if (rc == dnnl_success)
		rc = execute(prim, args, n);
	while (n > 0)
		lib.memory_destroy(args[--n].memory);
	if (prim != NULL)
		lib.primitive_destroy(prim);
	if (pd != NULL)
		lib.primitive_desc_destroy(pd);
	forget(&file);
	return rc == dnnl_success ? 0 : refused(err, "pack weights", rc);
}

int
rdl_dnnl_run(const struct rdl_dnnl *d, const void *x, const void *packed,
    const float *bias, void *y, void *scratch, struct rdl_err *err)
{
	dnnl_exec_arg_t args[5];
	dnnl_status_t rc;
	int n = 0;

	rc = argue(args, &n, DNNL_ARG_SRC, d->x, x);
	if (rc == dnnl_success)
		rc = argue(args, &n, DNNL_ARG_WEIGHTS, d->w, packed);
	if (rc == dnnl_success && d->shape.bias)
		rc = argue(args, &n, DNNL_ARG_BIAS, d->bias, bias);
	if (rc == dnnl_success)
		rc = argue(args, &n, DNNL_ARG_DST, d->y, y);
	if (rc == dnnl_success)
		rc = argue(args, &n, DNNL_ARG_SCRATCHPAD, d->scratch, scratch);
	if (rc == dnnl_success)
		rc = execute(d->prim, args, n);
	while (n > 0)
		lib.memory_destroy(args[--n].memory);
	return rc == dnnl_success ? 0 : refused(err, "multiply", rc);
}
