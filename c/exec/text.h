/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - strings as queries see them: sequences of code points.
 *
 * Bytes that are no UTF-8 are taken one by one, so nothing here fails or reads
 * past an end on them. Letters change case by Unicode's full mapping, whatever
 * the locale: of a few, as of sharp s, several become of one.
 */
#ifndef NDB_EXEC_TEXT_H
#define NDB_EXEC_TEXT_H

#include <string.h>

#include "base/slice.h"
#include "exec/compare.h"

/* Bytes of the code point at `at`, 1 .. 4; `left` is not 0. */
size_t ndb_text_step(const char *at, size_t left);
/* The code point there; *step as above. A byte that begins none is itself. */
uint32_t ndb_text_decode(const char *at, size_t left, size_t *step);
/* Returns the bytes written. */
size_t ndb_text_encode(uint32_t point, char out[4]);

size_t ndb_text_count(struct ndb_slice text);
/* Where the code point `index` begins; the end when there are fewer. */
size_t ndb_text_offset(struct ndb_slice text, size_t index);
/* Where `part` begins at or after `from`; SIZE_MAX: nowhere. */
size_t ndb_text_find(struct ndb_slice text, struct ndb_slice part, size_t from);
bool ndb_text_is_space(uint32_t point);
/* Without what is at either end of the code points of `set`, which may be in
 * any order; of none: of white space. */
struct ndb_slice ndb_text_trim(struct ndb_slice text,
                               const struct ndb_slice *set, bool left,
                               bool right);

#define NDB_TEXT_CASE_MAX 3
/* The code points that one becomes; returns how many, 1 ..
 * NDB_TEXT_CASE_MAX. */
size_t ndb_text_upper(uint32_t point, uint32_t out[NDB_TEXT_CASE_MAX]);
size_t ndb_text_lower(uint32_t point, uint32_t out[NDB_TEXT_CASE_MAX]);

/* Unknown unless both are strings. */
enum ndb_truth ndb_starts_with(const namidb_value *text,
                               const namidb_value *part);
enum ndb_truth ndb_ends_with(const namidb_value *text,
                             const namidb_value *part);
enum ndb_truth ndb_contains(const namidb_value *text, const namidb_value *part);

/* The bytes of a string value. */
static inline struct ndb_slice ndb_text_of(const namidb_value *value)
{
    return ndb_slice(value->as.bytes, value->size);
}

/* The eight bytes at `from` as a number, zeros behind the end: of two texts
 * that are the same before, the one with the lower number comes first. */
static inline uint64_t ndb_text_word(struct ndb_slice text, size_t from)
{
    size_t left = text.bytes > from ? text.bytes - from : 0;
    uint64_t word = 0;

    if (left >= sizeof word)
        memcpy(&word, text.data + from, sizeof word);
    else if (text.bytes >= sizeof word && left != 0)
        memcpy(&word, text.data + text.bytes - sizeof word, sizeof word);
    else if (left != 0)
        memcpy(&word, text.data + from, left);
    word = __builtin_bswap64(word);
    return left < sizeof word && text.bytes >= sizeof word && left != 0
               ? word << 8 * (sizeof word - left)
               : word;
}

#endif
