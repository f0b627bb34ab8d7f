/* SPDX-License-Identifier: Apache-2.0 */
/*
 * column_words.h - the rows of a column as the words of a value set.
 */
#ifndef NDB_EXEC_COLUMN_WORDS_H
#define NDB_EXEC_COLUMN_WORDS_H

#include "exec/chunk.h"
#include "exec/value_set.h"

/* The words of the chunk's rows, *kind what they are: perhaps the column as it
 * is, else in `room`, for all of the rows. NULL: it has nulls, or holds what is
 * no words; it is a constant, or of no form. */
const int64_t *ndb_column_words(const struct ndb_vector *column,
                                const struct ndb_chunk *chunk, int64_t *room,
                                enum namidb_kind *kind);

#endif
