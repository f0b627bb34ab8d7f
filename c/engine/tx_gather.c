/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges that a program puts one by one, one after another, go on together, as
 * those of one call do (tx_edge_rows.c). Each is checked when it is put, and so
 * that nothing but memory can be missing later.
 *
 * They are written by the next operation that is no such edge, at the end, or
 * when there are enough; where that fails for want of memory they are still
 * there for the one after it. Who reads the transaction beside its operations
 * would not see them, so from then on none is gathered.
 */
#include <assert.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/tx.h"
#include "format/value.h"

enum {
    FEW_EDGES = 16, /* are records of their own: they will be asked for */
    CAPACITY_MIN = FEW_EDGES,
    /* Of the batch, at most: of an edge besides its row, and of all. */
    EDGE_BYTES = 40,
    BLOCK_BYTES = 1 << 16,
};

void ndb_tx_gather_release(struct ndb_tx_gather *gather)
{
    ndb_free(gather->from);
    ndb_free(gather->to);
    ndb_free(gather->starts);
    ndb_buf_release(&gather->rows);
}

/* Whether an edge of a type needs a new block. */
static bool is_full(const struct ndb_tx_gather *gather, uint32_t type)
{
    return type != gather->type || gather->count == NDB_EDGE_BLOCK_EDGES_MAX ||
           gather->rows.bytes > NDB_TX_BLOCK_BYTES;
}

/* --------------------------------------------------------------- settling --
 */

static struct ndb_edge_block block_of(const struct ndb_tx_gather *gather)
{
    const uint32_t *starts = gather->starts;
    struct ndb_edge_block block = {
        .first_id = gather->first_id,
        .count = gather->count,
        .from = gather->from,
        .to = gather->to,
        .rows = gather->rows.data,
        .row_bytes = starts[1],
    };

    for (uint32_t i = 1; i < gather->count; i++)
        if (starts[i + 1] - starts[i] != starts[1]) {
            block.row_bytes = 0;
            block.row_starts = starts;
            break;
        }
    return block;
}

static int write_few(struct namidb_tx *tx, const struct ndb_edge_block *block,
                     namidb_error *err)
{
    struct ndb_record records[FEW_EDGES];

    for (uint32_t i = 0; i < block->count; i++)
        records[i] = (struct ndb_record){ .kind = NDB_RECORD_EDGE,
                                          .id = ndb_edge_block_id(block, i),
                                          .from = block->from[i],
                                          .to = block->to[i],
                                          .is_new = true,
                                          .row = ndb_edge_block_row(block, i) };
    return ndb_tx_write(tx, records, block->count, err);
}

int ndb_tx_settle(struct namidb_tx *tx, namidb_error *err)
{
    struct ndb_tx_gather *gather = &tx->gather;
    struct ndb_edge_block block;
    struct ndb_tx_mark mark;
    int rc;

    if (gather->count == 0)
        return NAMIDB_OK;
    ndb_tx_mark_set(tx, &mark);
    block = block_of(gather);
    rc = block.count <= FEW_EDGES ? write_few(tx, &block, err)
                                  : ndb_tx_write_edges(tx, &block, err);
    rc = ndb_tx_leave(tx, &mark, rc);
    if (rc < 0)
        return rc;
    gather->count = 0;
    gather->rows.bytes = 0;
    return NAMIDB_OK;
}

int ndb_tx_show(struct namidb_tx *tx, namidb_error *err)
{
    int rc = ndb_tx_settle(tx, err);

    tx->gather.is_off |= rc >= 0;
    return rc;
}

/* -------------------------------------------------------------- gathering --
 */

/* Whether the batch certainly has room for what is gathered and a row. */
static bool has_room(const struct namidb_tx *tx, size_t row_bytes)
{
    const struct ndb_tx_gather *gather = &tx->gather;
    size_t bytes = tx->payload.bytes + gather->rows.bytes + row_bytes +
                   (gather->count + 1) * (size_t)EDGE_BYTES + BLOCK_BYTES;

    return bytes <= NDB_BATCH_BYTES_MAX &&
           gather->count < NDB_BATCH_RECORDS_MAX - tx->change_count;
}

/* Room for one more edge. */
static int reserve(struct ndb_tx_gather *gather)
{
    uint32_t capacity = gather->capacity * 2;
    uint64_t *from, *to;
    uint32_t *starts;

    if (gather->count < gather->capacity)
        return NAMIDB_OK;
    if (capacity == 0)
        capacity = CAPACITY_MIN;
    /* What grew before a failure may stay. */
    from = ndb_realloc(gather->from, capacity, sizeof *from);
    gather->from = from != NULL ? from : gather->from;
    to = ndb_realloc(gather->to, capacity, sizeof *to);
    gather->to = to != NULL ? to : gather->to;
    starts = ndb_realloc(gather->starts, capacity + 1, sizeof *starts);
    gather->starts = starts != NULL ? starts : gather->starts;
    if (from == NULL || to == NULL || starts == NULL)
        return NAMIDB_ENOMEM;
    gather->capacity = capacity;
    gather->starts[0] = 0;
    return NAMIDB_OK;
}

/* Takes in an edge whose row is in tx->row. */
static int add(struct namidb_tx *tx, namidb_edge *edge, namidb_error *err)
{
    struct ndb_tx_gather *gather = &tx->gather;
    int rc;

    if (reserve(gather) < 0 ||
        ndb_buf_reserve(&gather->rows, tx->row.bytes) < 0)
        return ndb_fail_memory(err);
    rc = ndb_turn_next_ids(tx->db, true, edge->type, 1, &edge->id, err);
    if (rc < 0)
        return rc;
    if (gather->count == 0) {
        gather->type = edge->type;
        gather->first_id = edge->id;
    }
    assert(edge->id ==
           gather->first_id + NAMIDB_ID((uint64_t)gather->count, 0));
    (void)ndb_buf_append(&gather->rows, tx->row.data, tx->row.bytes);
    gather->from[gather->count] = edge->from;
    gather->to[gather->count] = edge->to;
    gather->starts[++gather->count] = (uint32_t)gather->rows.bytes;
    return NAMIDB_OK;
}

/* Whether an edge may wait: NAMIDB_OK or NAMIDB_NONE. */
static int may_wait(struct namidb_tx *tx, namidb_error *err)
{
    const struct ndb_schema *schema;
    int rc;

    if (tx->gather.is_off || tx->statements != NULL)
        return NAMIDB_NONE;
    rc = ndb_turn_check(tx->db, err);
    if (rc >= 0)
        rc = ndb_tx_schema(tx, &schema, err);
    if (rc < 0)
        return rc;
    return schema->count == 0 ? NAMIDB_OK : NAMIDB_NONE;
}

/* Its row to tx->row. */
static int encode(struct namidb_tx *tx, const namidb_edge *edge,
                  namidb_error *err)
{
    int rc;

    tx->row.bytes = 0;
    rc = ndb_props_encode(&tx->row, edge->props, edge->prop_count);
    return ndb_tx_row_end(tx, 0, rc, "an edge", err);
}

int ndb_tx_gather_edge(struct namidb_tx *tx, namidb_edge *edge,
                       namidb_props props, namidb_error *err)
{
    struct ndb_tx_mark mark;
    int rc = may_wait(tx, err);

    if (rc != NAMIDB_OK)
        return rc;
    if (is_full(&tx->gather, edge->type))
        rc = ndb_tx_settle(tx, err);
    if (rc < 0)
        return rc;
    ndb_arena_reset(&tx->scratch);
    ndb_tx_mark_batch(tx, &mark);
    rc = ndb_tx_prepare_edge(tx, edge, props, err);
    if (rc >= 0)
        rc = encode(tx, edge, err);
    if (rc >= 0)
        rc = has_room(tx, tx->row.bytes) ? add(tx, edge, err) : NAMIDB_NONE;
    if (rc != NAMIDB_OK)
        ndb_tx_restore_batch(tx, &mark);
    return rc;
}
