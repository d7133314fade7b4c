/*
 * UTF-8: validity, and the folded form by which riddle compares names.
 * Unicode data by utf8proc.
 */
#ifndef RDL_CORE_UTF8_H
#define RDL_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/* Bytes of the longest valid prefix (RFC 3629: no surrogates, no overlong
 * forms); equal to len if all is valid. */
size_t rdl_utf8_valid(const char *p, size_t len);

/*
 * Append the folded form of valid UTF-8 to out: NFC and full case folding
 * (Unicode NFKC is not applied), every run of white space or control characters
 * one blank, none at the ends.  "  Straße\tOCR " becomes "strasse ocr".
 * Folding is idempotent.  Returns -1 if p is not valid UTF-8.
 */
int rdl_utf8_fold(struct rdl_buf *out, const char *p, size_t len)
    RDL_MUST_CHECK;

/* The same without folding case: the form in which a name is shown. */
int rdl_utf8_squeeze(struct rdl_buf *out, const char *p, size_t len)
    RDL_MUST_CHECK;

#endif
