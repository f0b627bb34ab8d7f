/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/column_words.h"

#include "exec/kernel.h"

static int64_t word_of_node(uint64_t id)
{
    const namidb_value node = ndb_node(id);

    return ndb_word_of(NAMIDB_NODE, &node);
}

static const int64_t *words_of_ids(const struct ndb_vector *column,
                                   const struct ndb_chunk *chunk, int64_t *room)
{
    const uint64_t *ids = column->as.ids;
    bool has_null = false;

    for (uint32_t i = 0; chunk->rows == NULL && i < chunk->count; i++) {
        has_null |= ids[i] == 0;
        room[i] = word_of_node(ids[i]);
    }
    for (uint32_t i = 0; chunk->rows != NULL && i < chunk->count; i++) {
        has_null |= ids[chunk->rows[i]] == 0;
        room[i] = word_of_node(ids[chunk->rows[i]]);
    }
    return has_null ? NULL : room;
}

static const int64_t *words_of_ints(const struct ndb_vector *column,
                                    const struct ndb_chunk *chunk,
                                    int64_t *room)
{
    if (column->nulls != NULL)
        return NULL;
    if (chunk->rows == NULL)
        return ndb_kernel_widen(column, chunk->count, room);
    if (column->form == NDB_FORM_INTS)
        for (uint32_t i = 0; i < chunk->count; i++)
            room[i] = column->as.ints[chunk->rows[i]];
    else
        for (uint32_t i = 0; i < chunk->count; i++)
            room[i] = ndb_vector_narrow(column, chunk->rows[i]);
    return room;
}

const int64_t *ndb_column_words(const struct ndb_vector *column,
                                const struct ndb_chunk *chunk, int64_t *room,
                                enum namidb_kind *kind)
{
    if (column->is_constant)
        return NULL;
    *kind = NAMIDB_INT;
    if (ndb_is_ints(column))
        return words_of_ints(column, chunk, room);
    *kind = NAMIDB_NODE;
    if (column->form == NDB_FORM_NODES)
        return words_of_ids(column, chunk, room);
    if (column->form != NDB_FORM_ROWS)
        return NULL;
    for (uint32_t i = 0; i < chunk->count; i++)
        room[i] =
            word_of_node(ndb_vector_row_id(column, ndb_chunk_row(chunk, i)));
    return room;
}
