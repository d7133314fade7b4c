/*
 * libcurl, loaded when the first request is made.  Linked in the usual way it
 * costs each start 5 ms for some thirty shared libraries, and most starts
 * (--help, a run answered by the ledger) ask nothing of a server.
 */
#ifndef RDL_MODEL_CURL_H
#define RDL_MODEL_CURL_H

#include <time.h>

#include <curl/curl.h>

#include "core/err.h"

/* The functions of libcurl that riddle uses, under their own names. */
struct rdl_curl {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *easy);
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
	const char *(*easy_strerror)(CURLcode code);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *multi);
	CURLMcode (*multi_setopt)(CURLM *multi, CURLMoption option, ...);
	CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_socket_action)(CURLM *multi, curl_socket_t s,
	    int events, int *running);
	CURLMcode (*multi_assign)(CURLM *multi, curl_socket_t s, void *mine);
	CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
	const char *(*multi_strerror)(CURLMcode code);
	struct curl_slist *(*slist_append)(struct curl_slist *list,
	    const char *text);
	void (*slist_free_all)(struct curl_slist *list);
	time_t (*getdate)(const char *text, const time_t *unused);
};

/* The library, loaded and initialised once for the process; never unloaded.
 * NULL, with RDL_E_IO, when it is not installed or too old. */
const struct rdl_curl *rdl_curl_load(struct rdl_err *err) RDL_MUST_CHECK;

#endif
