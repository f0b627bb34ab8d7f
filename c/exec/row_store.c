/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/row_store.h"

#include "exec/value_copy.h"

static int grow(struct ndb_row_store *store)
{
    uint32_t capacity = store->capacity * 2 + 64;
    namidb_value **rows = ndb_arena_array(store->arena, capacity, sizeof *rows);

    if (rows == NULL || capacity < store->capacity)
        return NAMIDB_ENOMEM;
    if (store->count != 0)
        memcpy(rows, store->rows, store->count * sizeof *rows);
    store->rows = rows;
    store->capacity = capacity;
    return NAMIDB_OK;
}

int ndb_row_store_add(struct ndb_row_store *store,
                      const struct ndb_chunk *chunk, uint32_t position)
{
    uint32_t width = store->slots.count;
    namidb_value *row =
        ndb_row_room_next(&store->room, store->arena, store->count, width);

    if (row == NULL || (store->count == store->capacity && grow(store) < 0))
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < width; i++) {
        namidb_value value =
            ndb_vector_get(&chunk->columns[store->slots.items[i]], position);

        if (ndb_query_value_copy(store->arena, &value, &row[i]) < 0)
            return NAMIDB_ENOMEM;
    }
    ndb_row_room_take(&store->room, width);
    store->rows[store->count++] = row;
    return NAMIDB_OK;
}

int ndb_row_store_add_all(struct ndb_row_store *store,
                          const struct ndb_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++)
        if (ndb_row_store_add(store, chunk, ndb_chunk_row(chunk, i)) < 0)
            return NAMIDB_ENOMEM;
    return NAMIDB_OK;
}

/* Column `index` of some rows, as nodes. False: not all of them are. */
static bool emit_nodes(const struct ndb_row_store *store, uint32_t index,
                       uint32_t begin, uint32_t count, uint64_t *ids)
{
    for (uint32_t i = 0; i < count; i++) {
        const namidb_value *value = &store->rows[begin + i][index];

        if (value->kind != NAMIDB_NODE)
            return false;
        ids[i] = value->as.id;
    }
    return true;
}

int ndb_row_store_emit(const struct ndb_row_store *store, uint32_t begin,
                       uint32_t count, struct ndb_op *op)
{
    memset(op->chunk.columns, 0,
           op->run->plan->slot_count * sizeof *op->chunk.columns);
    for (uint32_t i = 0; i < store->slots.count; i++) {
        struct ndb_vector *out = &op->chunk.columns[store->slots.items[i]];

        if (!ndb_vector_values(out, &op->arena, count))
            return NAMIDB_ENOMEM;
        /* Ids are smaller than values: they may lie in their place. */
        if (emit_nodes(store, i, begin, count, out->as.ids)) {
            out->form = NDB_FORM_NODES;
            continue;
        }
        for (uint32_t j = 0; j < count; j++)
            out->as.values[j] = store->rows[begin + j][i];
    }
    op->chunk.extent = op->chunk.count = count;
    op->chunk.rows = NULL;
    return NAMIDB_OK;
}

int ndb_row_store_give(const struct ndb_row_store *store, uint32_t end,
                       uint32_t *given, struct ndb_op *op)
{
    uint32_t begin = *given, left = end - begin;

    if (left == 0)
        return NAMIDB_NONE;
    if (left > NDB_CHUNK_ROWS_MAX)
        left = NDB_CHUNK_ROWS_MAX;
    *given += left;
    return ndb_row_store_emit(store, begin, left, op);
}
