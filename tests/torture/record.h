/*
 * What record.c writes and replay.c reads: one of these for each change of a
 * file, then name_len bytes of the file's name, then for a write len bytes.
 */
#ifndef RDL_TORTURE_RECORD_H
#define RDL_TORTURE_RECORD_H

#include <stdint.h>

enum op { OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_UNLINK };

struct change {
	uint32_t op, name_len;
	uint64_t at;		/* offset, or the new size */
	uint64_t len;
};

#endif
