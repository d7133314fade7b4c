/*
 * Words and names out of a hash.
 * Reads its word lists; writes to the buffer it is given.
 * Knows no grammar and no language but these words.
 */
#include "stub/word.h"

#include <xxhash.h>

#include "core/compiler.h"
#include "core/rng.h"

static const char *const words[] = {
	"amber", "anchor", "arch", "autumn", "basket", "beacon", "birch",
	"bottle", "bridge", "bright", "canal", "candle", "carpet", "cedar",
	"chalk", "circle", "cliff", "cloud", "copper", "corner", "cotton",
	"crane", "curtain", "distant", "door", "dusk", "early", "east",
	"engine", "fence", "ferry", "field", "floor", "forest", "fountain",
	"garden", "glass", "grain", "gravel", "green", "harbour", "hill",
	"horizon", "island", "kettle", "ladder", "lamp", "lantern", "large",
	"leaf", "light", "linen", "low", "maple", "market", "marble",
	"meadow", "metal", "mirror", "morning", "narrow", "north", "oak",
	"open", "orange", "orchard", "paint", "paper", "path", "pebble",
	"pillar", "plain", "plate", "pond", "quiet", "rail", "rain", "red",
	"ribbon", "river", "road", "roof", "round", "sail", "sand", "shadow",
	"shelf", "shore", "silver", "slate", "slope", "small", "snow",
	"south", "square", "stair", "station", "steel", "stone", "storm",
	"street", "summer", "table", "tall", "thread", "timber", "tower",
	"train", "valley", "velvet", "violet", "wagon", "wall", "warm",
	"water", "west", "wheel", "white", "wide", "willow", "window",
	"winter", "wire", "wooden", "wool", "yard", "yellow", "young",
};

static const char *const acts[32] = {
	"aligning", "captioning", "checking", "classifying", "comparing",
	"completing", "correcting", "counting", "dating", "describing",
	"detecting", "estimating", "explaining", "finding", "grouping",
	"identifying", "inferring", "judging", "listing", "locating",
	"matching", "measuring", "naming", "ordering", "predicting",
	"reading", "recognising", "relating", "segmenting", "summarising",
	"tracing", "translating",
};

static const char *const kinds[32] = {
	"aerial", "ancient", "blurred", "broken", "coloured", "crowded",
	"curved", "distant", "drawn", "faded", "folded", "framed",
	"handwritten", "hidden", "indoor", "labelled", "large", "layered",
	"medical", "mirrored", "moving", "nested", "outdoor", "partial",
	"printed", "repeated", "rotated", "scanned", "similar", "small",
	"stacked", "underwater",
};

static const char *const things[32] = {
	"animals", "bar charts", "books", "buildings", "cells", "charts",
	"diagrams", "documents", "faces", "flags", "food items", "formulas",
	"fractures", "gestures", "instruments", "landmarks", "leaves",
	"letters", "machines", "maps", "numbers", "objects", "paintings",
	"plants", "receipts", "road signs", "shapes", "street signs",
	"tables", "tools", "vehicles", "words",
};

uint64_t
rdl_word_mix(uint64_t seed, uint64_t a, uint64_t b)
{
	struct rdl_rng r = { seed };

	r.state = rdl_rng_next(&r) ^ a;
	r.state = rdl_rng_next(&r) ^ b;
	return rdl_rng_next(&r);
}

uint64_t
rdl_word_hash(uint64_t seed, const char *p, size_t len)
{
	return XXH3_64bits_withSeed(p, len, seed);
}

void
rdl_word_text(struct rdl_buf *out, uint64_t h, size_t n)
{
	struct rdl_rng r = { h };
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0)
			rdl_buf_addc(out, ' ');
		rdl_buf_adds(out,
		    words[rdl_rng_below(&r, RDL_NELEM(words))]);
	}
}

void
rdl_word_sentence(struct rdl_buf *out, uint64_t h)
{
	struct rdl_rng r = { h };
	size_t n = (size_t)(8 + rdl_rng_below(&r, 17));

	rdl_word_text(out, rdl_rng_next(&r), n);
	rdl_buf_addc(out, '.');
}

void
rdl_word_name(struct rdl_buf *out, uint64_t h)
{
	rdl_buf_addf(out, "%s %s %s", acts[h & 31], kinds[h >> 5 & 31],
	    things[h >> 10 & 31]);
}
