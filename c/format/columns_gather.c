/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First the segments that rows are from are listed, of which there are few;
 * then their columns, by name; then each column is made: its values are taken
 * as 64 bits each, and put down in as many as they need.
 */
#include "format/columns_gather.h"

#include <string.h>

#include "base/error.h"

enum { SOURCES_MAX = 256, NAMES_MAX = 64 };

struct gather {
    const struct ndb_column_row *rows;
    uint32_t count;
    const struct ndb_columns *sources[SOURCES_MAX];
    uint32_t source_count;
    uint8_t *source_of; /* of each row */
    struct ndb_stored_column names[NAMES_MAX];
    uint32_t name_count;
    const struct ndb_column *columns[SOURCES_MAX]; /* of one name */
    uint64_t *values;                              /* likewise, of each row */
    uint64_t *present;                             /* bits, likewise */
    uint64_t min, max; /* of values, as integers plus 2^63 */
    uint32_t null_count;
    namidb_arena *arena; /* of what is made */
};

#define SIGN (UINT64_C(1) << 63)

/* ---------------------------------------------------------------- listing --
 */

static int list_sources(struct gather *gather)
{
    for (uint32_t i = 0; i < gather->count; i++) {
        const struct ndb_columns *columns = gather->rows[i].columns;
        uint32_t at = 0;

        while (at < gather->source_count && gather->sources[at] != columns)
            at++;
        if (at == SOURCES_MAX)
            return NAMIDB_NONE;
        if (at == gather->source_count)
            gather->sources[gather->source_count++] = columns;
        gather->source_of[i] = (uint8_t)at;
    }
    return NAMIDB_OK;
}

static bool is_narrow(const struct ndb_stored_column *column)
{
    return column->storage == NDB_COLUMN_BOOL ||
           column->storage == NDB_COLUMN_INT ||
           column->storage == NDB_COLUMN_FLOAT;
}

static int add_name(struct gather *gather,
                    const struct ndb_stored_column *column)
{
    uint32_t at = 0;

    if (!is_narrow(column))
        return NAMIDB_NONE;
    while (at < gather->name_count && gather->names[at].name < column->name)
        at++;
    if (at < gather->name_count && gather->names[at].name == column->name)
        return gather->names[at].storage == column->storage &&
                       gather->names[at].kind == column->kind
                   ? NAMIDB_OK
                   : NAMIDB_NONE;
    if (gather->name_count == NAMES_MAX)
        return NAMIDB_NONE;
    memmove(&gather->names[at + 1], &gather->names[at],
            (gather->name_count - at) * sizeof gather->names[0]);
    gather->name_count++;
    gather->names[at] = (struct ndb_stored_column){ .name = column->name,
                                                    .storage = column->storage,
                                                    .kind = column->kind };
    return NAMIDB_OK;
}

static int list_names(struct gather *gather)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < gather->source_count; i++)
        for (uint32_t j = 0; j < gather->sources[i]->count && rc == NAMIDB_OK;
             j++)
            rc = add_name(gather, &gather->sources[i]->items[j]);
    return rc;
}

/* ----------------------------------------------------------------- values --
 */

static uint64_t value_of(const struct ndb_column *column, uint32_t row)
{
    uint64_t value;

    if (column->storage == NDB_COLUMN_BOOL)
        return ndb_bit(column->as.bits, row);
    if (column->storage == NDB_COLUMN_INT)
        return (uint64_t)ndb_column_integer(column, row);
    memcpy(&value, &column->as.numbers[row], sizeof value);
    return value;
}

/* The values of one name. */
static int take_values(struct gather *gather, uint32_t name)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < gather->source_count && rc >= 0; i++)
        rc = ndb_columns_find(gather->sources[i], name, &gather->columns[i]);
    if (rc < 0)
        return rc;
    memset(gather->present, 0,
           (gather->count + 63) / 64 * sizeof *gather->present);
    gather->min = UINT64_MAX;
    gather->max = 0;
    gather->null_count = 0;
    for (uint32_t i = 0; i < gather->count; i++) {
        const struct ndb_column *column = gather->columns[gather->source_of[i]];
        uint32_t row = gather->rows[i].row;
        uint64_t value, number;

        if (column == NULL ||
            (column->null_count != 0 && !ndb_bit(column->present, row))) {
            gather->null_count++;
            continue;
        }
        gather->present[i / 64] |= UINT64_C(1) << (i % 64);
        value = value_of(column, row);
        number = value + SIGN;
        gather->min = number < gather->min ? number : gather->min;
        gather->max = number > gather->max ? number : gather->max;
        gather->values[i] = value;
    }
    return NAMIDB_OK;
}

static bool is_present(const struct gather *gather, uint32_t row)
{
    return ndb_bit(gather->present, row);
}

/* ----------------------------------------------------------------- making --
 */

static int make_bits(struct gather *gather, struct ndb_column *out)
{
    size_t words = (gather->count + 63) / 64;
    uint64_t *bits = ndb_arena_array(gather->arena, words, sizeof *bits);

    if (bits == NULL)
        return NAMIDB_ENOMEM;
    memset(bits, 0, words * sizeof *bits);
    for (uint32_t i = 0; i < gather->count; i++)
        if (is_present(gather, i))
            bits[i / 64] |= gather->values[i] << (i % 64);
    out->as.bits = bits;
    return NAMIDB_OK;
}

static int make_floats(struct gather *gather, struct ndb_column *out)
{
    double *numbers =
        ndb_arena_array(gather->arena, gather->count, sizeof *numbers);

    if (numbers == NULL)
        return NAMIDB_ENOMEM;
    memset(numbers, 0, gather->count * sizeof *numbers);
    for (uint32_t i = 0; i < gather->count; i++)
        if (is_present(gather, i))
            memcpy(&numbers[i], &gather->values[i], sizeof *numbers);
    out->as.numbers = numbers;
    return NAMIDB_OK;
}

static void put_item(void *items, uint8_t width, uint32_t at, uint64_t item)
{
    if (width == 1)
        ((uint8_t *)items)[at] = (uint8_t)item;
    else if (width == 2)
        ((uint16_t *)items)[at] = (uint16_t)item;
    else if (width == 4)
        ((uint32_t *)items)[at] = (uint32_t)item;
    else
        ((uint64_t *)items)[at] = item;
}

/* What is 8 bytes wide has no base. */
static int make_integers(struct gather *gather, struct ndb_column *out)
{
    uint64_t range = gather->max - gather->min;
    uint8_t width = range <= UINT8_MAX    ? 1
                    : range <= UINT16_MAX ? 2
                    : range <= UINT32_MAX ? 4
                                          : 8;
    uint64_t base = width == 8 ? 0 : gather->min + SIGN;
    void *items = ndb_arena_array(gather->arena, gather->count, width);

    if (items == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < gather->count; i++)
        put_item(items, width, i,
                 is_present(gather, i) ? gather->values[i] - base : 0);
    out->width = width;
    out->base = (int64_t)base;
    out->as.items = items;
    return NAMIDB_OK;
}

static int make_column(struct gather *gather, struct ndb_stored_column *stored)
{
    struct ndb_column *column = ndb_arena_alloc(gather->arena, sizeof *column);

    if (column == NULL)
        return NAMIDB_ENOMEM;
    *column = (struct ndb_column){ .name = stored->name,
                                   .storage = stored->storage,
                                   .kind = stored->kind,
                                   .null_count = gather->null_count };
    stored->null_count = gather->null_count;
    if (gather->null_count != 0) {
        column->present =
            ndb_arena_copy(gather->arena, gather->present,
                           (gather->count + 63) / 64 * sizeof *gather->present);
        if (column->present == NULL)
            return NAMIDB_ENOMEM;
    }
    atomic_init(&stored->decoded, column);
    if (column->storage == NDB_COLUMN_BOOL)
        return make_bits(gather, column);
    if (column->storage == NDB_COLUMN_INT)
        return make_integers(gather, column);
    return make_floats(gather, column);
}

/* A column that none of the rows has a value of is left out. */
static int make_columns(struct gather *gather, struct ndb_columns *out)
{
    struct ndb_stored_column *items =
        ndb_arena_array(gather->arena, gather->name_count, sizeof *items);
    int rc = items != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;

    *out = (struct ndb_columns){ .row_count = gather->count, .items = items };
    for (uint32_t i = 0; i < gather->name_count && rc >= 0; i++) {
        rc = take_values(gather, gather->names[i].name);
        if (rc < 0 || gather->null_count == gather->count)
            continue;
        items[out->count] = gather->names[i];
        rc = make_column(gather, &items[out->count]);
        out->count++;
    }
    return rc;
}

int ndb_columns_gather(const struct ndb_column_row *rows, uint32_t count,
                       namidb_arena *arena, struct ndb_columns *out)
{
    namidb_arena scratch = NDB_ARENA_INIT;
    struct gather *gather = ndb_arena_alloc(&scratch, sizeof *gather);
    int rc = NAMIDB_ENOMEM;

    if (gather == NULL)
        goto out;
    gather->rows = rows;
    gather->count = count;
    gather->source_count = gather->name_count = 0;
    gather->arena = arena;
    gather->source_of = ndb_arena_alloc(&scratch, count);
    gather->values = ndb_arena_array(&scratch, count, sizeof *gather->values);
    gather->present =
        ndb_arena_array(&scratch, (count + 63) / 64, sizeof *gather->present);
    if (gather->source_of == NULL || gather->values == NULL ||
        gather->present == NULL)
        goto out;
    rc = list_sources(gather);
    if (rc == NAMIDB_OK)
        rc = list_names(gather);
    if (rc == NAMIDB_OK)
        rc = make_columns(gather, out);

out:
    ndb_arena_release(&scratch);
    return rc;
}
