/* SPDX-License-Identifier: Apache-2.0 */
/*
 * property_column.h - one property of many rows, as it is read row after row:
 * integers until one is something else.
 */
#ifndef NDB_ENGINE_PROPERTY_COLUMN_H
#define NDB_ENGINE_PROPERTY_COLUMN_H

#include "engine/read.h"
#include "format/segment.h"

struct ndb_property_taker {
    struct ndb_property_column *out;
    size_t count;
    namidb_arena *arena;
};

/* NAMIDB_OK or NAMIDB_ENOMEM, as all that follow. */
int ndb_property_begin(struct ndb_property_taker *taker,
                       struct ndb_property_column *out, size_t count,
                       namidb_arena *arena);
/* The row `index` is not there. */
void ndb_property_absent(struct ndb_property_taker *taker, size_t index);
/* Its value; what it points to is the arena's. */
int ndb_property_put(struct ndb_property_taker *taker, size_t index,
                     const namidb_value *value);
/* That of an edge that was read whole; id 0: it is not there. */
int ndb_property_pick(struct ndb_property_taker *taker, size_t index,
                      const namidb_edge *edge, uint32_t name);
/* Does the work of the next for what is no plain integer. */
int ndb_property_take_any(struct ndb_property_taker *taker, size_t index,
                          const struct ndb_column *column, uint32_t row);

/* The value of a row of a column; NULL: there is none. Or NAMIDB_ECORRUPT. */
static inline int ndb_property_take(struct ndb_property_taker *taker,
                                    size_t index,
                                    const struct ndb_column *column,
                                    uint32_t row)
{
    if (column == NULL || taker->out->values != NULL ||
        column->kind != NAMIDB_INT || column->storage != NDB_COLUMN_INT ||
        column->null_count != 0)
        return ndb_property_take_any(taker, index, column, row);
    taker->out->integers[index] = ndb_column_integer(column, row);
    return NAMIDB_OK;
}

#endif
