/*
 * What the files behind tensors.h share: an open file, its header's reader.
 */
#ifndef RDL_VISION_TENSORS_IMPL_H
#define RDL_VISION_TENSORS_IMPL_H

#include "core/map.h"
#include "vision/tensors.h"

/* A header longer than this is refused, as the reference reader does. */
#define RDL_TENSORS_HEADER_MAX 100000000

/* One .safetensors file. */
struct rdl_tensors_file {
	char *name;		/* without its folder; owned */
	int fd;			/* -1 once closed */
	const unsigned char *map;	/* the whole file */
	size_t size;
};

/* A tensor and where it is from. */
struct rdl_tensors_item {
	struct rdl_tensor tensor;
	size_t file;		/* index into files */
	size_t begin, end;	/* in bytes behind the file's header */
};

struct rdl_tensors {
	struct rdl_tensors_file *files;	/* sorted by name */
	size_t nfiles;
	struct rdl_tensors_item *items;
	size_t nitems;
	size_t room;		/* items allocated */
	struct rdl_map names;	/* to an index into items */
};

/*
 * Read the header of files[file], which is mapped, and add its tensors to t.
 * Every byte behind the header must belong to exactly one tensor.
 */
int rdl_tensors_header_read(struct rdl_tensors *t, size_t file,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
