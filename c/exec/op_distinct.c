/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each combination of some slots once: the first row that has it.
 */
#include "exec/grouping.h"
#include "exec/op.h"

static void distinct_rewind(struct ndb_op *op)
{
    memset(op->state, 0, sizeof(struct ndb_grouping));
}

/* Groups are numbered in the order in which they appear. */
static int pick_new(struct ndb_op *op, const struct ndb_chunk *chunk,
                    uint16_t *rows, uint32_t *count)
{
    struct ndb_grouping *seen = op->state;
    uint32_t *groups =
        ndb_arena_array(&op->arena, chunk->count, sizeof *groups);
    uint32_t next = seen->keys.count;

    *count = 0;
    if (groups == NULL ||
        (seen->slots == NULL &&
         ndb_grouping_init(seen, &op->kept, &op->plan->slots) < 0) ||
        ndb_grouping_find(seen, chunk, groups) < 0)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < chunk->count; i++) {
        if (groups[i] < next)
            continue;
        rows[(*count)++] = (uint16_t)ndb_chunk_row(chunk, i);
        next++;
    }
    return NAMIDB_OK;
}

static int distinct_next(struct ndb_op *op)
{
    for (;;) {
        const struct ndb_chunk *chunk = &op->child->chunk;
        uint16_t *rows;
        uint32_t count;
        int rc = ndb_op_next(op->child);

        if (rc != NAMIDB_OK)
            return rc;
        ndb_arena_reset(&op->arena);
        rows = ndb_arena_array(&op->arena, chunk->count, sizeof *rows);
        if (rows == NULL)
            return NAMIDB_ENOMEM;
        rc = pick_new(op, chunk, rows, &count);
        if (rc < 0)
            return rc;
        if (count == 0)
            continue;
        ndb_op_pass(op, chunk);
        op->chunk.rows = rows;
        op->chunk.count = count;
        return NAMIDB_OK;
    }
}

const struct ndb_op_class ndb_op_distinct = {
    .state_bytes = sizeof(struct ndb_grouping),
    .rewind = distinct_rewind,
    .next = distinct_next,
};
