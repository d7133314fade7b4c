/*
 * Fuzzes vision/tensors.h: the bytes are model.safetensors.  What is taken
 * must be readable in every byte, and each tensor as long as its shape.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vision/tensors.h"
#include "vision/tensors_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64], path[128];

static void
clean_up(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
use(const struct rdl_tensors_item *item)
{
	const struct rdl_tensor *t = &item->tensor;
	static const size_t width[] = { 0, 4, 2, 2 };
	size_t i, n = 1;
	float *out;

	must(item->end - item->begin == t->size);
	for (i = 0; i < t->ndim; i++)
		n *= t->shape[i];
	if (t->dtype == RDL_DTYPE_OTHER)
		return;
	must(n * width[t->dtype] == t->size);
	out = malloc(n * sizeof(*out) + 1);
	must(out != NULL);
	rdl_tensors_f32(t, 0, n, out);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tensors *t;
	struct rdl_hash digest;
	size_t i;
	int fd;

	if (dir[0] == '\0') {
		(void)snprintf(dir, sizeof(dir), "/tmp/riddle-fuzz-XXXXXX");
		must(mkdtemp(dir) != NULL);
		(void)snprintf(path, sizeof(path), "%s/model.safetensors",
		    dir);
		(void)atexit(clean_up);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
	t = rdl_tensors_open(dir, &err);
	if (t == NULL) {
		must(err.msg[0] != '\0');
		return 0;
	}
	for (i = 0; i < t->nitems; i++)
		use(&t->items[i]);
	must(rdl_tensors_digest(t, &digest, &err) == 0);
	rdl_tensors_close(t);
	return 0;
}
