/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/property_column.h"

#include "format/value.h"

int ndb_property_begin(struct ndb_property_taker *taker,
                       struct ndb_property_column *out, size_t count,
                       namidb_arena *arena)
{
    *taker = (struct ndb_property_taker){ out, count, arena };
    out->absent = SIZE_MAX;
    out->values = NULL;
    out->integers = ndb_arena_array(arena, count, sizeof *out->integers);
    return out->integers != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

void ndb_property_absent(struct ndb_property_taker *taker, size_t index)
{
    struct ndb_property_column *out = taker->out;

    out->absent = out->absent < index ? out->absent : index;
    out->integers[index] = 0;
    if (out->values != NULL)
        out->values[index] = (namidb_value){ .kind = NAMIDB_NULL };
}

/* From here on values may be of any kind. */
static int turn_to_values(struct ndb_property_taker *taker, size_t index)
{
    namidb_value *values =
        ndb_arena_array(taker->arena, taker->count, sizeof *values);

    if (values == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < index; i++)
        values[i] = (namidb_value){ .kind = NAMIDB_INT,
                                    .as.integer = taker->out->integers[i] };
    taker->out->values = values;
    return NAMIDB_OK;
}

int ndb_property_put(struct ndb_property_taker *taker, size_t index,
                     const namidb_value *value)
{
    struct ndb_property_column *out = taker->out;

    if (value->kind != NAMIDB_INT && out->values == NULL &&
        turn_to_values(taker, index) < 0)
        return NAMIDB_ENOMEM;
    if (out->values != NULL)
        out->values[index] = *value;
    else
        out->integers[index] = value->as.integer;
    return NAMIDB_OK;
}

int ndb_property_pick(struct ndb_property_taker *taker, size_t index,
                      const namidb_edge *edge, uint32_t name)
{
    namidb_value value = { .kind = NAMIDB_NULL };

    if (edge->id == 0) {
        ndb_property_absent(taker, index);
        return NAMIDB_OK;
    }
    for (uint32_t i = 0; i < edge->prop_count; i++)
        if (edge->props[i].name == name)
            value = edge->props[i].value;
    return ndb_property_put(taker, index, &value);
}

int ndb_property_take_any(struct ndb_property_taker *taker, size_t index,
                          const struct ndb_column *column, uint32_t row)
{
    namidb_value view = { .kind = NAMIDB_NULL };
    int rc = NAMIDB_OK;

    if (column != NULL)
        rc = ndb_column_value(column, row, taker->arena, &view);
    if (rc >= 0 && column != NULL &&
        (column->storage == NDB_COLUMN_STRING ||
         column->storage == NDB_COLUMN_TAGGED)) {
        namidb_value copy;

        rc = ndb_value_copy(taker->arena, &view, &copy);
        view = copy;
    }
    return rc < 0 ? rc : ndb_property_put(taker, index, &view);
}
