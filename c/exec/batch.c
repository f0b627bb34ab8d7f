/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/batch.h"

#include "base/mem.h"
#include "exec/value_copy.h"

enum { ROWS_FIRST = 64 };

struct namidb_batch *ndb_batch_new(size_t bytes_max)
{
    struct namidb_batch *batch = ndb_calloc(1, sizeof *batch);

    if (batch == NULL)
        return NULL;
    batch->arena = NDB_ARENA_INIT;
    batch->arena.budget = &batch->budget;
    batch->budget.bytes_max = bytes_max;
    batch->value = (namidb_value){ .kind = NAMIDB_LIST };
    return batch;
}

static int grow(struct namidb_batch *batch)
{
    uint32_t capacity = batch->capacity * 2 + ROWS_FIRST;
    namidb_value *rows = ndb_arena_array(&batch->arena, capacity, sizeof *rows);

    if (rows == NULL)
        return NAMIDB_ENOMEM;
    if (batch->count != 0)
        memcpy(rows, batch->rows, batch->count * sizeof *rows);
    batch->rows = rows;
    batch->capacity = capacity;
    return NAMIDB_OK;
}

int ndb_batch_add(struct namidb_batch *batch, const struct ndb_plan *plan,
                  const struct ndb_chunk *chunk, uint32_t position)
{
    namidb_value *cells =
        ndb_arena_array(&batch->arena, plan->column_count, sizeof *cells);
    int rc = cells != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;

    if (rc >= 0 && batch->count == batch->capacity)
        rc = grow(batch);
    for (uint32_t i = 0; i < plan->column_count && rc >= 0; i++) {
        namidb_value value =
            ndb_vector_get(&chunk->columns[plan->columns[i].slot], position);

        rc = ndb_query_value_copy(&batch->arena, &value, &cells[i]);
    }
    if (rc < 0)
        return NAMIDB_ENOMEM;
    batch->rows[batch->count++] = (namidb_value){
        .kind = NAMIDB_LIST,
        .size = plan->column_count,
        .as.items = cells,
    };
    batch->value.size = batch->count;
    batch->value.as.items = batch->rows;
    return NAMIDB_OK;
}

const namidb_value *namidb_batch_value(const namidb_batch *batch)
{
    return &batch->value;
}

void namidb_batch_free(namidb_batch *batch)
{
    if (batch == NULL)
        return;
    ndb_arena_release(&batch->arena);
    ndb_free(batch);
}
