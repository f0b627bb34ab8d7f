/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/chunk.h"

static size_t item_bytes(const struct ndb_vector *vector)
{
    switch (vector->form) {
    case NDB_FORM_VALUES:
        return sizeof(namidb_value);
    case NDB_FORM_INTS:
    case NDB_FORM_FLOATS:
    case NDB_FORM_NODES:
        return 8;
    case NDB_FORM_TRUTHS:
        return 1;
    case NDB_FORM_EDGES:
        return sizeof(namidb_edge);
    case NDB_FORM_NARROW:
    case NDB_FORM_CODED:
        return vector->width;
    case NDB_FORM_ROWS: /* `first` counts */
    case NDB_FORM_NONE:
        break;
    }
    return 0;
}

struct ndb_vector ndb_vector_item(const struct ndb_vector *vector,
                                  uint32_t position)
{
    struct ndb_vector item = *vector;

    item.is_constant = true;
    if (vector->is_constant || vector->form == NDB_FORM_NONE)
        return item;
    if (vector->form == NDB_FORM_ROWS) {
        item.first += position;
        return item;
    }
    item.as.values =
        (namidb_value *)(void *)((char *)(void *)vector->as.values +
                                 position * item_bytes(vector));
    if (vector->nulls != NULL)
        item.nulls = vector->nulls + position;
    return item;
}

/* Integers, floats, ids. */
static void gather_words(const void *from, const uint32_t *positions,
                         uint32_t count, void *to)
{
    for (uint32_t i = 0; i < count; i++)
        memcpy((char *)to + 8 * (size_t)i,
               (const char *)from + 8 * (size_t)positions[i], 8);
}

static void gather_values(const namidb_value *from, const uint32_t *positions,
                          uint32_t count, namidb_value *to)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = from[positions[i]];
}

static void gather_edges(const namidb_edge *from, const uint32_t *positions,
                         uint32_t count, namidb_edge *to)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = from[positions[i]];
}

static void gather_narrow(const struct ndb_vector *from,
                          const uint32_t *positions, uint32_t count,
                          int64_t *to)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = ndb_vector_narrow(from, positions[i]);
}

static void gather_rows(const struct ndb_vector *from,
                        const uint32_t *positions, uint32_t count, uint64_t *to)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = ndb_vector_row_id(from, positions[i]);
}

static void gather_texts(const struct ndb_vector *from,
                         const uint32_t *positions, uint32_t count,
                         namidb_value *to)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = ndb_vector_get(from, positions[i]);
}

static uint8_t *gather_bytes(const uint8_t *from, const uint32_t *positions,
                             uint32_t count, namidb_arena *arena)
{
    uint8_t *to = ndb_arena_alloc(arena, count);

    for (uint32_t i = 0; to != NULL && i < count; i++)
        to[i] = from[positions[i]];
    return to;
}

/* Of an item of the result. */
static size_t gathered_bytes(const struct ndb_vector *from)
{
    if (from->form == NDB_FORM_CODED)
        return sizeof(namidb_value);
    return from->form == NDB_FORM_NARROW || from->form == NDB_FORM_ROWS
               ? 8
               : item_bytes(from);
}

/* What is not in a segment stays in its form. */
static void gather_items(const struct ndb_vector *from,
                         const uint32_t *positions, uint32_t count, void *data,
                         struct ndb_vector *out)
{
    out->as.ids = data;
    if (from->form == NDB_FORM_VALUES)
        gather_values(from->as.values, positions, count, data);
    else if (from->form == NDB_FORM_EDGES)
        gather_edges(from->as.edges, positions, count, data);
    else if (from->form == NDB_FORM_NARROW) {
        gather_narrow(from, positions, count, data);
        out->form = NDB_FORM_INTS;
    } else if (from->form == NDB_FORM_CODED) {
        gather_texts(from, positions, count, data);
        out->form = NDB_FORM_VALUES;
        out->nulls = NULL;
    } else if (from->form == NDB_FORM_ROWS) {
        gather_rows(from, positions, count, data);
        out->form = NDB_FORM_NODES;
    } else
        gather_words(from->as.ids, positions, count, data);
}

int ndb_vector_gather(const struct ndb_vector *from, const uint32_t *positions,
                      uint32_t count, namidb_arena *arena,
                      struct ndb_vector *out)
{
    void *data;

    *out = *from;
    if (from->is_constant || from->form == NDB_FORM_NONE)
        return NAMIDB_OK;
    if (from->form == NDB_FORM_TRUTHS) {
        out->as.truths = gather_bytes(from->as.truths, positions, count, arena);
        return out->as.truths != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
    }
    data = ndb_arena_array(arena, count, gathered_bytes(from));
    if (data == NULL)
        return NAMIDB_ENOMEM;
    gather_items(from, positions, count, data, out);
    if (out->nulls == NULL)
        return NAMIDB_OK;
    out->nulls = gather_bytes(from->nulls, positions, count, arena);
    return out->nulls != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

int ndb_chunk_gather(const struct ndb_chunk *from, const struct ndb_slots *live,
                     const uint32_t *positions, uint32_t count,
                     uint32_t slot_count, namidb_arena *arena,
                     struct ndb_chunk *out)
{
    memset(out->columns, 0, slot_count * sizeof *out->columns);
    out->extent = count;
    out->count = count;
    out->rows = NULL;
    for (uint32_t i = 0; i < live->count; i++) {
        uint32_t slot = live->items[i];

        if (ndb_vector_gather(&from->columns[slot], positions, count, arena,
                              &out->columns[slot]) < 0)
            return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}
