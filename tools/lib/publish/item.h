/*
 * The formats of datasets: how one sample is written in each.
 * Sources: LLaVA docs/Finetune_Custom_Data.md; LLaMA-Factory data/README.md
 * (sharegpt); TRL docs dataset_formats.md; Hugging Face datasets, ImageFolder.
 */
#ifndef RDL_PUBLISH_ITEM_H
#define RDL_PUBLISH_ITEM_H

#include "publish/sample.h"

enum rdl_container {
	RDL_CONTAINER_ARRAY,	/* a file, one JSON array */
	RDL_CONTAINER_LINES,	/* a file, one JSON object a line */
	RDL_CONTAINER_TAR,	/* a folder of tar shards with the pictures */
	RDL_CONTAINER_FOLDER,	/* a folder with the pictures beside the rows */
	RDL_CONTAINER_PARQUET	/* a file, or a folder of files by split, with
				 * the pictures in them */
};

struct rdl_format {
	const char *name;	/* as --format takes it */
	enum rdl_container container;
	bool qa, text_pairs, image_pairs;	/* what it can hold */
	/* Append the sample as one JSON object; paths are the names of its
	 * images in the dataset. */
	void (*item)(const struct rdl_sample *s, const char *const *paths,
	    struct rdl_buf *out);
};

/* All formats; the last has no name. */
extern const struct rdl_format rdl_item_formats[];

/* Can the format hold such a sample?  RDL_E_INPUT says why not. */
int rdl_item_fits(const struct rdl_format *f, const struct rdl_sample *s,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
