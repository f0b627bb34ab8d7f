/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <math.h>
#include <string.h>

enum { EXTENT = COLUMN_EXTENT };

static const int64_t BASES[] = { 0,
                                 1,
                                 -1,
                                 -100,
                                 30,
                                 INT64_MIN,
                                 INT64_MAX - 300,
                                 INT64_MAX - 70000,
                                 INT64_C(1) << 53 };

static const double FLOATS[] = { 0.0,     -0.0,   1.0,      -1.0,      2.5,
                                 1e300,   NAN,    INFINITY, -INFINITY, 0x1p63,
                                 -0x1p63, 0x1p53, 30.0,     29.5 };

void column_fill_narrow(struct column *column, struct ndb_rand *rand)
{
    static const uint8_t WIDTHS[] = { 1, 2, 4 };
    uint8_t width = PICK(rand, WIDTHS);
    int64_t base = PICK(rand, BASES);
    uint64_t max = width == 4 ? UINT32_MAX : (UINT64_C(1) << 8 * width) - 1;
    uint8_t *bytes = (uint8_t *)column->items;

    if (max > (uint64_t)INT64_MAX - (uint64_t)base && base > 0)
        max = (uint64_t)INT64_MAX - (uint64_t)base;
    column->vector = (struct ndb_vector){ .form = NDB_FORM_NARROW,
                                          .width = width,
                                          .with.base = base,
                                          .as.items = column->items };
    for (size_t i = 0; i < EXTENT; i++) {
        uint64_t item = ndb_rand_below(rand, 3) == 0
                            ? ndb_rand_below(rand, 4)
                            : ndb_rand_below(rand, max + 1);

        if (item > max)
            item = max;
        memcpy(bytes + i * width, &item, width);
    }
}

int64_t column_int(struct ndb_rand *rand)
{
    uint64_t small = ndb_rand_below(rand, 5);

    return (int64_t)((uint64_t)PICK(rand, BASES) + small - 2);
}

double column_float(struct ndb_rand *rand)
{
    return PICK(rand, FLOATS);
}

void column_fill(struct column *column, struct ndb_rand *rand)
{
    uint64_t form = ndb_rand_below(rand, 4);

    if (form == 0) {
        column_fill_narrow(column, rand);
    } else if (form == 1) {
        column->vector = (struct ndb_vector){ .form = NDB_FORM_INTS };
        column->vector.as.ints = (int64_t *)column->items;
        for (size_t i = 0; i < EXTENT; i++)
            column->vector.as.ints[i] = column_int(rand);
    } else if (form == 2) {
        column->vector = (struct ndb_vector){ .form = NDB_FORM_FLOATS };
        column->vector.as.floats = (double *)column->items;
        for (size_t i = 0; i < EXTENT; i++)
            column->vector.as.floats[i] = column_float(rand);
    } else {
        column->vector = (struct ndb_vector){ .form = NDB_FORM_TRUTHS };
        column->vector.as.truths = (uint8_t *)column->items;
        for (size_t i = 0; i < EXTENT; i++)
            column->vector.as.truths[i] = (uint8_t)ndb_rand_below(rand, 3);
        return;
    }
    if (ndb_rand_below(rand, 2) == 0)
        return;
    for (size_t i = 0; i < EXTENT; i++)
        column->nulls[i] = ndb_rand_below(rand, 3) == 0;
    column->vector.nulls = column->nulls;
}

const uint16_t *column_rows(struct ndb_rand *rand, uint16_t *rows,
                            uint32_t *count)
{
    *count = EXTENT;
    if (ndb_rand_below(rand, 3) == 0)
        return NULL;
    *count = 0;
    for (uint16_t i = 0; i < EXTENT; i++)
        if (ndb_rand_below(rand, 2) == 0)
            rows[(*count)++] = i;
    return rows;
}
