/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefetch.h - asking memory for rows before they are read.
 *
 * In a graph larger than the processor's caches a row costs one miss per
 * column, and one more for each string, one after another. Reads of several
 * rows ask for all of them first, a step at a time, so that misses overlap:
 * ten nodes then cost little more than two.
 */
#ifndef NDB_ENGINE_PREFETCH_H
#define NDB_ENGINE_PREFETCH_H

#include "base/prefetch.h"
#include "format/segment.h"

/* Rows that are in flight together. */
enum { NDB_PREFETCH_ROWS = 16 };

/* Step one: where the value is, or what tells where. NULL: not decoded. */
static inline void ndb_prefetch_column(const struct ndb_column *column,
                                       uint32_t row)
{
    if (column == NULL || column->as.bits == NULL)
        return;
    switch ((enum ndb_column_kind)column->storage) {
    case NDB_COLUMN_BOOL:
        ndb_prefetch(column->as.bits + row / 64);
        break;
    case NDB_COLUMN_INT:
        ndb_prefetch((const uint8_t *)column->as.items +
                     (size_t)column->width * row);
        break;
    case NDB_COLUMN_FLOAT:
        ndb_prefetch(column->as.numbers + row);
        break;
    case NDB_COLUMN_STRING:
    case NDB_COLUMN_TAGGED:
        if (column->codes != NULL)
            ndb_prefetch((const uint8_t *)column->codes +
                         (size_t)column->width * row);
        else
            ndb_prefetch(column->as.offsets + row);
        break;
    case NDB_COLUMN_CODED: /* STRING, once decoded */
        break;
    }
}

/* A column from its first row on, as far as it takes until it is seen that its
 * lines are read one after another. */
static inline void ndb_prefetch_whole(const struct ndb_column *column)
{
    enum { LINE_BYTES = 64, LINES = 8 };
    const uint8_t *items =
        column->codes != NULL ? column->codes : column->as.items;

    for (uint32_t i = 0; i < LINES; i++)
        ndb_prefetch(items + (size_t)i * LINE_BYTES);
}

/* Step two: the bytes of a string, whose place has come by now. */
static inline void ndb_prefetch_bytes(const struct ndb_column *column,
                                      uint32_t row)
{
    if (column != NULL && column->storage >= NDB_COLUMN_STRING &&
        column->as.offsets != NULL && column->bytes != NULL)
        ndb_prefetch(column->bytes +
                     column->as.offsets[ndb_column_text(column, row)]);
}

static inline void ndb_prefetch_row(const struct ndb_node_group *group,
                                    uint32_t row)
{
    if (group->key.count != 0)
        ndb_prefetch_column(ndb_columns_peek(&group->key, 0), row);
    for (uint32_t i = 0; i < group->columns.count; i++)
        ndb_prefetch_column(ndb_columns_peek(&group->columns, i), row);
}

static inline void ndb_prefetch_row_bytes(const struct ndb_node_group *group,
                                          uint32_t row)
{
    if (group->key.count != 0)
        ndb_prefetch_bytes(ndb_columns_peek(&group->key, 0), row);
    for (uint32_t i = 0; i < group->columns.count; i++)
        ndb_prefetch_bytes(ndb_columns_peek(&group->columns, i), row);
}

/* The list itself, if it is packed, as far as a line of memory goes. */
static inline void ndb_prefetch_list(const struct ndb_edge_segment *segment,
                                     uint32_t begin)
{
    const struct ndb_edge_lists *lists = ndb_edge_lists_peek(segment);

    if (lists == NULL)
        return;
    ndb_packed_prefetch(&lists->neighbours, begin);
    ndb_packed_prefetch(&lists->sequences, begin);
}

#endif
