/*
 * The life of a request on its connection: collect, plan, wait, send.
 * The callbacks of libmicrohttpd; cls is a struct rdl_serve for all of them.
 */
#ifndef RDL_STUB_SERVE_H
#define RDL_STUB_SERVE_H

#include <microhttpd.h>

#include "stub/batches.h"
#include "stub/journal.h"
#include "stub/plan.h"
#include "stub/sleeper.h"

struct rdl_serve {
	struct rdl_plan_rules rules;
	struct rdl_journal journal;
	struct rdl_batches batches;
	struct rdl_sleeper *sleeper;	/* its wake is rdl_serve_wake */
	uint64_t quit_after;	/* answers; 0 for no end */
	int quit_fd;		/* gets one byte then */
};

enum MHD_Result rdl_serve_request(void *cls, struct MHD_Connection *c,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_len, void **request);

void rdl_serve_over(void *cls, struct MHD_Connection *c, void **request,
    enum MHD_RequestTerminationCode why);

void rdl_serve_connection(void *cls, struct MHD_Connection *c, void **mine,
    enum MHD_ConnectionNotificationCode what);

/* A request's time has come; called on the sleeper's thread. */
void rdl_serve_wake(void *request);

#endif
