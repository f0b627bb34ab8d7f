/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unicode.h - what the characters beyond ASCII are to the query language:
 * letters of names, spaces, or the dashes and arrow heads that look like
 * ASCII's.
 *
 * Names may hold whatever is not known to be a space, punctuation or a symbol:
 * blocks are listed, not characters.
 */
#ifndef NDB_EXEC_UNICODE_H
#define NDB_EXEC_UNICODE_H

#include "base/slice.h"

enum ndb_unicode_class {
    NDB_UNICODE_OTHER, /* no place outside of strings */
    NDB_UNICODE_LETTER,
    NDB_UNICODE_SPACE,
    NDB_UNICODE_DASH,
    NDB_UNICODE_LESS,
    NDB_UNICODE_GREATER,
};

/* Of a code point from 0x80 on. */
enum ndb_unicode_class ndb_unicode_class(uint32_t point);

#endif
