/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns_gather.h - columns of rows that stand in several segments, as the
 * columns of one.
 */
#ifndef NDB_FORMAT_COLUMNS_GATHER_H
#define NDB_FORMAT_COLUMNS_GATHER_H

#include "format/segment.h"

struct ndb_column_row {
    const struct ndb_columns *columns;
    uint32_t row;
};

/* Only of numbers, dates and truths, each column of one kind wherever rows are
 * from: NAMIDB_NONE of others. All memory is the arena's, also that of *out,
 * which is decoded. Else NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ECORRUPT. */
int ndb_columns_gather(const struct ndb_column_row *rows, uint32_t count,
                       namidb_arena *arena, struct ndb_columns *out);

#endif
