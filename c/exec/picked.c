/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/picked.h"

static namidb_value value_of(const struct ndb_property_column *column,
                             uint32_t index)
{
    return column->values != NULL ? column->values[index]
                                  : ndb_integer(column->integers[index]);
}

/* Rows that have nothing are null: the vector has to be one of values. */
static int spread_values(struct ndb_eval *eval, const struct ndb_picked *picked,
                         const struct ndb_property_column *column,
                         uint32_t extent, struct ndb_vector *out)
{
    bool is_constant = out->is_constant;

    if (!ndb_vector_values(out, eval->arena, extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = is_constant;
    for (uint32_t i = 0; i < extent && picked->has_null; i++)
        out->as.values[i] = ndb_null();
    for (uint32_t i = 0; i < picked->count; i++)
        out->as.values[picked->positions[i]] = value_of(column, i);
    return NAMIDB_OK;
}

static int spread_integers(struct ndb_eval *eval,
                           const struct ndb_picked *picked,
                           const struct ndb_property_column *column,
                           uint32_t extent, struct ndb_vector *out)
{
    int64_t *spread = ndb_arena_array(eval->arena, extent, sizeof *spread);

    if (spread == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < picked->count; i++)
        spread[picked->positions[i]] = column->integers[i];
    out->form = NDB_FORM_INTS;
    out->as.ints = spread;
    return NAMIDB_OK;
}

static bool are_floats(const struct ndb_property_column *column, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (column->values[i].kind != NAMIDB_FLOAT)
            return false;
    return count != 0;
}

/* Floats, where all values are: they lie in the place of the values. */
static void take_floats(const struct ndb_property_column *column,
                        uint32_t count, struct ndb_vector *out)
{
    double *floats = (double *)(void *)column->values;

    for (uint32_t i = 0; i < count; i++) {
        double number = column->values[i].as.number;

        memcpy(&floats[i], &number, sizeof number);
    }
    out->form = NDB_FORM_FLOATS;
    out->as.floats = floats;
}

int ndb_picked_spread(struct ndb_eval *eval, const struct ndb_picked *picked,
                      const struct ndb_property_column *column, uint32_t extent,
                      struct ndb_vector *out)
{
    if (picked->positions != NULL)
        return column->values != NULL || picked->has_null
                   ? spread_values(eval, picked, column, extent, out)
                   : spread_integers(eval, picked, column, extent, out);
    if (column->values != NULL && are_floats(column, picked->count)) {
        take_floats(column, picked->count, out);
    } else if (column->values != NULL) {
        out->form = NDB_FORM_VALUES;
        out->as.values = column->values;
    } else {
        out->form = NDB_FORM_INTS;
        out->as.ints = column->integers;
    }
    return NAMIDB_OK;
}
