/*
 * Finds libcurl at run time and its functions by name.
 * Reads the shared library.  Makes no request.
 */
#include "model/curl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SYMBOL(member) { "curl_" #member, offsetof(struct rdl_curl, member) }

static const struct {
	const char *name;
	size_t off;
} symbols[] = {
	SYMBOL(global_init),
	SYMBOL(easy_init),
	SYMBOL(easy_cleanup),
	SYMBOL(easy_setopt),
	SYMBOL(easy_getinfo),
	SYMBOL(easy_strerror),
	SYMBOL(multi_init),
	SYMBOL(multi_cleanup),
	SYMBOL(multi_setopt),
	SYMBOL(multi_add_handle),
	SYMBOL(multi_remove_handle),
	SYMBOL(multi_socket_action),
	SYMBOL(multi_assign),
	SYMBOL(multi_info_read),
	SYMBOL(multi_strerror),
	SYMBOL(slist_append),
	SYMBOL(slist_free_all),
	SYMBOL(getdate),
};

static struct rdl_curl curl;
static bool loaded;

static int
load(struct rdl_err *err)
{
	void *lib, *sym;
	size_t i;

	lib = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (lib == NULL)
		return rdl_err_set(err, RDL_E_IO,
		    "cannot load libcurl, which asks the model server: %s",
		    dlerror());
	for (i = 0; i < RDL_NELEM(symbols); i++) {
		sym = dlsym(lib, symbols[i].name);
		if (sym == NULL)
			return rdl_err_set(err, RDL_E_IO,
			    "libcurl has no %s: it is too old",
			    symbols[i].name);
		/* POSIX lets an object pointer hold a function's address; C
		 * has no cast for it. */
		memcpy((char *)&curl + symbols[i].off, &sym, sizeof(sym));
	}
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return rdl_err_set(err, RDL_E_IO, "libcurl does not start");
	loaded = true;
	return 0;
}

const struct rdl_curl *
rdl_curl_load(struct rdl_err *err)
{
	if (!loaded && load(err) < 0)
		return NULL;
	return &curl;
}
