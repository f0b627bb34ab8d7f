/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/aggregate_column.h"

#include <string.h>

#include "exec/kernel.h"

/* The kinds, and numbers, for which one by one is good enough. */
static int add_each(struct ndb_aggregate *self,
                    const struct ndb_aggregate_column *column)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; rc >= 0 && i < column->extent; i++) {
        namidb_value value;

        if (column->mask[i] == 0)
            continue;
        value = ndb_vector_get(column->values, i);
        rc = ndb_aggregate_add(self, column->arena, &value, column->scalar);
    }
    return rc;
}

static int add_sum(struct ndb_aggregate *self,
                   const struct ndb_aggregate_column *column)
{
    const struct ndb_vector *values = column->values;
    int64_t sum;

    if (values->form == NDB_FORM_FLOATS)
        return ndb_aggregate_add_float_total(
            self,
            ndb_kernel_sum_floats(values->as.floats, column->mask,
                                  column->extent),
            column->count, column->scalar);
    if (!ndb_kernel_sum_ints(values, column->mask, column->extent,
                             column->count, &sum))
        return add_each(self, column);
    return ndb_aggregate_add_int_total(self, sum, column->count,
                                       column->scalar);
}

/* The best of the column goes on alone; the others are only counted. */
static int add_best(struct ndb_aggregate *self,
                    const struct ndb_aggregate_column *column)
{
    const struct ndb_vector *values = column->values;
    bool is_min = self->kind == NDB_AGGREGATE_MIN;
    namidb_value best =
        values->form == NDB_FORM_FLOATS
            ? ndb_float(ndb_kernel_best_float(values->as.floats, column->mask,
                                              column->extent, is_min))
            : ndb_integer(ndb_kernel_best_ints(values, column->mask,
                                               column->extent, is_min));
    int rc = ndb_aggregate_add(self, column->arena, &best, column->scalar);

    if (rc >= 0)
        self->count += column->count - 1;
    return rc;
}

int ndb_aggregate_add_column(struct ndb_aggregate *self,
                             const struct ndb_aggregate_column *column)
{
    if (column->count == 0)
        return NAMIDB_OK;
    switch (self->kind) {
    case NDB_AGGREGATE_COUNT:
        ndb_aggregate_add_rows(self, column->count);
        return NAMIDB_OK;
    case NDB_AGGREGATE_SUM:
    case NDB_AGGREGATE_AVG:
        return add_sum(self, column);
    case NDB_AGGREGATE_MIN:
    case NDB_AGGREGATE_MAX:
        return add_best(self, column);
    default:
        return add_each(self, column);
    }
}

/* For the least and the greatest it is enough to look at each text once. */
int ndb_aggregate_add_codes(struct ndb_aggregate *self,
                            const struct ndb_aggregate_column *column)
{
    const struct ndb_vector *texts = column->values;
    uint8_t is_there[NDB_CHUNK_ROWS_MAX];
    int rc = NAMIDB_OK;

    if (self->kind == NDB_AGGREGATE_COUNT) {
        ndb_aggregate_add_rows(self, column->count);
        return NAMIDB_OK;
    }
    memset(is_there, 0, texts->text_count);
    for (uint32_t i = 0; i < column->extent; i++)
        if (column->mask[i] != 0)
            is_there[ndb_vector_code(texts, i)] = 1;
    for (uint32_t code = 0; code < texts->text_count && rc >= 0; code++)
        if (is_there[code] != 0)
            rc = ndb_aggregate_add(self, column->arena,
                                   &texts->with.dictionary[code],
                                   column->scalar);
    return rc;
}
