/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each combination of some slots once: the first row that has it.
 */
#include "exec/op.h"
#include "exec/value_set.h"

static void distinct_rewind(struct ndb_op *op)
{
    struct ndb_value_set *seen = op->state;

    *seen = ndb_value_set_of(&op->kept, op->plan->slots.count);
}

static int distinct_open(struct ndb_op *op)
{
    distinct_rewind(op);
    return NAMIDB_OK;
}

static int pick_new(struct ndb_op *op, const struct ndb_chunk *chunk,
                    uint16_t *rows, uint32_t *count)
{
    struct ndb_value_set *seen = op->state;
    namidb_value *key = ndb_arena_array(&op->arena, seen->width, sizeof *key);

    *count = 0;
    if (key == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i), number;
        bool is_new;

        for (uint32_t j = 0; j < seen->width; j++)
            key[j] =
                ndb_vector_get(&chunk->columns[op->plan->slots.items[j]], at);
        if (ndb_value_set_add(seen, key, &number, &is_new) < 0)
            return NAMIDB_ENOMEM;
        if (is_new)
            rows[(*count)++] = (uint16_t)at;
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
    .state_bytes = sizeof(struct ndb_value_set),
    .open = distinct_open,
    .rewind = distinct_rewind,
    .next = distinct_next,
};
