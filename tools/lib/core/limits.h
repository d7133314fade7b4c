/*
 * Every maximum of riddle, so that a reader finds them all in one place.
 * A buffer that would grow past its maximum reports an error; nothing is cut
 * in silence.
 */
#ifndef RDL_CORE_LIMITS_H
#define RDL_CORE_LIMITS_H

#include <stddef.h>

#define RDL_KIB ((size_t)1024)
#define RDL_MIB (1024 * RDL_KIB)

#define RDL_LINE_MAX	(16 * RDL_MIB)	/* one record, without its newline */
#define RDL_DEPTH_MAX	1024		/* nesting of JSON, where we recurse */
#define RDL_FILE_MAX	(64 * RDL_MIB)	/* a file read whole: prompt, schema */
#define RDL_IMAGE_MAX	(50 * RDL_MIB)	/* one image for a model, not base64 */
#define RDL_BODY_MAX	(256 * RDL_MIB)	/* one request body on the wire */
#define RDL_REPLY_MAX	(64 * RDL_MIB)	/* one reply body, images in it too */
#define RDL_HEADER_MAX	(64 * RDL_KIB)	/* all headers of one reply */
#define RDL_URL_MAX	8192		/* one URL, NUL included */
#define RDL_ID_MAX	512		/* an id as text, NUL included */
#define RDL_ERR_MAX	1024		/* one error message, NUL included */
#define RDL_INFLIGHT_MAX 4096		/* calls in flight in one process */

#endif
