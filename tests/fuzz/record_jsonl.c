/*
 * Fuzzes record/jsonl.h: any bytes as a stream.  Reading ends, with the end or
 * an error; a stream that was read to its end ended with a newline.
 */
#define _GNU_SOURCE	/* memfd_create(2) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/jsonl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	uint64_t last = 0;
	char path[64];
	int fd, rc = -1;

	if ((fd = memfd_create("fuzz", 0)) < 0 ||
	    write(fd, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (rdl_jsonl_open(&in, path, &err) == 0) {
		while ((rc = rdl_jsonl_next(&in, &rec, &err)) > 0) {
			if (in.lineno <= last || rec.root == NULL)
				abort();
			last = in.lineno;
		}
		if (rc == 0 && size > 0 && data[size - 1] != '\n')
			abort();
	}
	if (rc < 0 && err.msg[0] == '\0')
		abort();
	rdl_jsonl_close(&in);
	rdl_rec_release(&rec);
	(void)close(fd);
	return 0;
}
