/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many edges of one call. They are new, so they go on as blocks of thousands:
 * one record, one line of the memtable's journal. Where there is a schema each
 * must see the one before it, and is written by itself.
 */
#include "base/error.h"
#include "base/limits.h"
#include "engine/tx.h"
#include "format/value.h"

/* Rows that become a block; their properties gather in tx->row. */
struct block {
    const namidb_edge_rows *rows;
    struct ndb_tx_rows *columns;
    size_t first;     /* row */
    uint32_t count;   /* rows that were added */
    uint32_t *starts; /* of their properties, and the end; scratch memory */
    bool is_even;     /* all have as many bytes */
};

/* Checks the ends of a row: is_alive[0] and is_alive[1] are theirs. */
static int check_row(const namidb_edge_rows *rows, size_t row,
                     const bool *is_alive, namidb_error *err)
{
    if (!is_alive[0])
        return ndb_tx_fail_end(rows->from[row], true, err);
    return is_alive[1] ? NAMIDB_OK : ndb_tx_fail_end(rows->to[row], false, err);
}

/* Whether the ends of rows are there, two for each. */
static int look_at_ends(struct namidb_tx *tx, const namidb_edge_rows *rows,
                        size_t first, size_t count, bool *is_alive,
                        namidb_error *err)
{
    uint64_t ends[2 * NDB_TX_BLOCK_ROWS];

    for (size_t i = 0; i < count; i++) {
        ends[2 * i] = rows->from[first + i];
        ends[2 * i + 1] = rows->to[first + i];
    }
    return ndb_tx_ends_alive(tx, ends, 2 * count, is_alive, err);
}

/* ---------------------------------------------------------------- blocks -- */

/* Adds the next row; its ends are there. */
static int add_row(struct namidb_tx *tx, struct block *block, namidb_error *err)
{
    size_t begin = tx->row.bytes;
    namidb_props props;
    int rc = ndb_tx_rows_props(tx, block->columns, block->first + block->count,
                               &props, err);

    if (rc < 0)
        return rc;
    rc = ndb_props_encode(&tx->row, props.items, props.count);
    rc = ndb_tx_row_end(tx, begin, rc, "an edge", err);
    block->is_even &= tx->row.bytes - begin == block->starts[1];
    block->starts[++block->count] = (uint32_t)tx->row.bytes;
    if (block->count == 1)
        block->is_even = true;
    return rc;
}

/* Adds at most NDB_TX_BLOCK_ROWS rows; *row is the bad one. */
static int add_rows(struct namidb_tx *tx, struct block *block, size_t *row,
                    namidb_error *err)
{
    bool is_alive[2 * NDB_TX_BLOCK_ROWS];
    size_t at = block->first + block->count;
    size_t count = block->rows->count - at;
    int rc;

    if (count > NDB_TX_BLOCK_ROWS)
        count = NDB_TX_BLOCK_ROWS;
    rc = look_at_ends(tx, block->rows, at, count, is_alive, err);
    for (size_t i = 0;
         i < count && rc >= 0 && tx->row.bytes <= NDB_TX_BLOCK_BYTES; i++) {
        *row = at + i;
        rc = check_row(block->rows, at + i, &is_alive[2 * i], err);
        if (rc >= 0)
            rc = add_row(tx, block, err);
    }
    return rc;
}

static int write_block(struct namidb_tx *tx, const struct block *block,
                       uint64_t *ids, namidb_error *err)
{
    struct ndb_edge_block edges = {
        .count = block->count,
        .from = block->rows->from + block->first,
        .to = block->rows->to + block->first,
        .rows = tx->row.data,
        .row_bytes = block->is_even ? block->starts[1] : 0,
        .row_starts = block->is_even ? NULL : block->starts,
    };
    int rc = ndb_turn_next_ids(tx->db, true, block->rows->type, edges.count,
                               &edges.first_id, err);

    for (uint32_t i = 0; i < edges.count && rc >= 0 && ids != NULL; i++)
        ids[block->first + i] = ndb_edge_block_id(&edges, i);
    return rc < 0 ? rc : ndb_tx_write_edges(tx, &edges, err);
}

static bool is_full(const struct namidb_tx *tx, const struct block *block)
{
    return block->first + block->count == block->rows->count ||
           block->count + NDB_TX_BLOCK_ROWS > NDB_EDGE_BLOCK_EDGES_MAX ||
           tx->row.bytes > NDB_TX_BLOCK_BYTES;
}

/* *row is the bad one. */
static int put_blocks(struct namidb_tx *tx, struct ndb_tx_rows *columns,
                      const namidb_edge_rows *rows, uint64_t *ids, size_t *row,
                      namidb_error *err)
{
    struct block block = { .rows = rows, .columns = columns };
    int rc = NAMIDB_OK;

    block.starts = ndb_arena_array(&tx->scratch, NDB_EDGE_BLOCK_EDGES_MAX + 1,
                                   sizeof *block.starts);
    if (block.starts == NULL)
        return ndb_fail_memory(err);
    while (block.first < rows->count && rc >= 0) {
        block.count = 0;
        block.starts[0] = block.starts[1] = 0;
        tx->row.bytes = 0;
        do
            rc = add_rows(tx, &block, row, err);
        while (rc >= 0 && !is_full(tx, &block));
        if (rc < 0)
            return rc;
        *row = block.first;
        rc = write_block(tx, &block, ids, err);
        block.first += block.count;
    }
    return rc;
}

/* ------------------------------------------------------------ row by row -- */

static int put_row(struct namidb_tx *tx, const struct ndb_tx_rows *columns,
                   const namidb_edge_rows *rows, size_t row, uint64_t *ids,
                   namidb_error *err)
{
    namidb_edge edge = { .from = rows->from[row],
                         .to = rows->to[row],
                         .type = rows->type };
    bool is_alive[2];
    namidb_props props;
    int rc = look_at_ends(tx, rows, row, 1, is_alive, err);

    if (rc >= 0)
        rc = check_row(rows, row, is_alive, err);
    if (rc >= 0)
        rc = ndb_tx_rows_props(tx, columns, row, &props, err);
    if (rc >= 0)
        rc = ndb_turn_next_ids(tx->db, true, rows->type, 1, &edge.id, err);
    if (rc < 0)
        return rc;
    edge.props = props.items;
    edge.prop_count = (uint32_t)props.count;
    if (ids != NULL)
        ids[row] = edge.id;
    return ndb_tx_write_edge(tx, &edge, true, err);
}

static int put_edges(struct namidb_tx *tx, const namidb_edge_rows *rows,
                     uint64_t *ids, size_t *bad_row, namidb_error *err)
{
    struct ndb_tx_rows columns;
    int rc = ndb_tx_use_name(tx, NAMIDB_TYPE, rows->type, err);

    if (rc >= 0)
        rc = ndb_tx_rows_begin(tx, rows->props, &columns, err);
    if (rc >= 0 && columns.block_max > 1)
        return put_blocks(tx, &columns, rows, ids, bad_row, err);
    for (size_t i = 0; i < rows->count && rc >= 0; i++) {
        *bad_row = i;
        rc = put_row(tx, &columns, rows, i, ids, err);
    }
    return rc;
}

int ndb_tx_put_edges(struct namidb_tx *tx, const namidb_edge_rows *rows,
                     uint64_t *ids, size_t *bad_row, namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = ndb_tx_enter(tx, &mark, err);

    *bad_row = 0;
    if (rc < 0)
        return rc;
    rc = put_edges(tx, rows, ids, bad_row, err);
    return ndb_tx_leave(tx, &mark, rc);
}
