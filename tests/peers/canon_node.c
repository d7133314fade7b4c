/*
 * Driver of canon_node.sh: doubles as bits, in hexadecimal, one a line on
 * stdin; on stdout each as rdl_canon_number() prints it.
 * Does not check anything itself.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/canon.h"

int
main(void)
{
	struct rdl_buf out = RDL_BUF_INIT(64);
	uint64_t bits;
	double d;

	while (scanf("%" SCNx64, &bits) == 1) {
		memcpy(&d, &bits, sizeof(d));
		rdl_buf_reset(&out);
		rdl_canon_number(d, &out);
		if (puts(out.p) == EOF)
			return 1;
	}
	rdl_buf_release(&out);
	return fflush(stdout) != 0 || ferror(stdin);
}
