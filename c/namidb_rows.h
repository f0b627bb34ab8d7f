/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb_rows.h - bulk writes: many nodes or edges of one kind at once, their
 * properties as columns.
 *
 * For programs that have data already. A call does what as many calls of
 * namidb_put_node, namidb_create_node or namidb_put_edge would do, in the same
 * order, for a fraction of the time; like each of those it counts as a whole or
 * not at all. Pointers and errors are as in namidb.h.
 */
#ifndef NAMIDB_ROWS_H
#define NAMIDB_ROWS_H

#include "namidb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One value for each row: `values[row * stride]`. */
typedef struct namidb_values {
    const namidb_value *items;
    size_t stride; /* values from one row's to the next one's; at least 1 */
} namidb_values;

/* A property of many rows; null: the row has none. */
typedef struct namidb_column {
    uint32_t name; /* each at most once */
    namidb_values values;
} namidb_column;

typedef struct namidb_columns {
    const namidb_column *items;
    size_t count;
} namidb_columns;

typedef struct namidb_node_rows {
    size_t count;
    uint32_t label;
    namidb_values keys; /* items NULL: nodes without a key */
    bool is_merge;      /* as of namidb_put_node */
    namidb_columns props;
} namidb_node_rows;

typedef struct namidb_edge_rows {
    size_t count;
    uint32_t type;
    const uint64_t *from, *to; /* nodes; one for each row */
    namidb_columns props;
} namidb_edge_rows;

/*
 * Writes the rows. `ids` (room for one of each row, or NULL) are those of the
 * nodes or edges. A key that comes twice is one node, which the later row
 * writes again. On failure nothing was written, and *bad_row is the first row
 * that could not be; 0 when it is no row's fault. Errors are those of the calls
 * for one row.
 */
NAMIDB_API int namidb_put_nodes(namidb_tx *tx, const namidb_node_rows *rows,
                                uint64_t *ids, size_t *bad_row,
                                namidb_error *err);
NAMIDB_API int namidb_put_edges(namidb_tx *tx, const namidb_edge_rows *rows,
                                uint64_t *ids, size_t *bad_row,
                                namidb_error *err);

#ifdef __cplusplus
}
#endif

#endif
