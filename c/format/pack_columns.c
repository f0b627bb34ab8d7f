/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of a batch: gathered by row, written by column.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/floats.h"
#include "format/pack_internal.h"
#include "format/stream.h"
#include "format/value.h"

static size_t payload_bytes(const namidb_value *value)
{
    switch ((enum namidb_kind)value->kind) {
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return value->size + 2u;
    case NAMIDB_VECTOR:
        return value->size * sizeof(float);
    case NAMIDB_LIST:
        return value->size * 8u;
    default:
        return 8;
    }
}

int ndb_batch_column_add(struct ndb_batch_column *column, uint32_t row,
                         const namidb_value *value, namidb_arena *arena,
                         size_t *bytes)
{
    if (column->count == column->capacity) {
        uint32_t capacity = column->capacity == 0 ? 64 : column->capacity * 2;
        uint32_t *rows = ndb_realloc(column->rows, capacity, sizeof *rows);
        namidb_value *values;

        if (rows == NULL)
            return NAMIDB_ENOMEM;
        column->rows = rows;
        values = ndb_realloc(column->values, capacity, sizeof *values);
        if (values == NULL)
            return NAMIDB_ENOMEM;
        column->values = values;
        column->capacity = capacity;
    }
    if (ndb_value_copy(arena, value, &column->values[column->count]) < 0)
        return NAMIDB_ENOMEM;
    column->rows[column->count++] = row;
    *bytes += payload_bytes(value);
    return NAMIDB_OK;
}

void ndb_batch_column_release(struct ndb_batch_column *column)
{
    ndb_free(column->rows);
    ndb_free(column->values);
    *column = (struct ndb_batch_column){ .rows = NULL };
}

void ndb_batch_columns_release(struct ndb_batch_columns *columns)
{
    for (uint32_t i = 0; i < columns->count; i++)
        ndb_batch_column_release(&columns->items[i]);
    ndb_free(columns->items);
    ndb_table_release(&columns->numbers);
    *columns = (struct ndb_batch_columns){ .items = NULL };
}

/* The column of a name, made when it is new; NULL: no memory. */
static struct ndb_batch_column *column_of(struct ndb_batch_columns *columns,
                                          uint32_t name)
{
    uint32_t number = ndb_table_find(&columns->numbers, (uint64_t)name + 1);

    if (number != NDB_TABLE_NONE)
        return &columns->items[number];
    if (columns->count == columns->capacity) {
        uint32_t capacity = columns->capacity == 0 ? 8 : columns->capacity * 2;
        struct ndb_batch_column *items =
            ndb_realloc(columns->items, capacity, sizeof *items);

        if (items == NULL)
            return NULL;
        columns->items = items;
        columns->capacity = capacity;
    }
    if (ndb_table_reserve(&columns->numbers, 1) < 0)
        return NULL;
    (void)ndb_table_add(&columns->numbers, (uint64_t)name + 1, columns->count);
    columns->items[columns->count] = (struct ndb_batch_column){ .name = name };
    return &columns->items[columns->count++];
}

int ndb_batch_columns_add(struct ndb_batch_columns *columns, uint32_t row,
                          const namidb_property *props, uint32_t count,
                          namidb_arena *arena, size_t *bytes)
{
    for (uint32_t i = 0; i < count; i++) {
        /* Most rows have what the first one had. */
        struct ndb_batch_column *column =
            i < columns->count && columns->items[i].name == props[i].name
                ? &columns->items[i]
                : column_of(columns, props[i].name);

        if (column == NULL || ndb_batch_column_add(column, row, &props[i].value,
                                                   arena, bytes) < 0)
            return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}

/* ------------------------------------------------------------- encoding -- */

static enum ndb_column_kind storage_of(const struct ndb_batch_column *column)
{
    uint32_t kind = column->count != 0 ? column->values[0].kind : NAMIDB_NULL;

    for (uint32_t i = 1; i < column->count; i++)
        if (column->values[i].kind != kind)
            return NDB_COLUMN_TAGGED;
    switch ((enum namidb_kind)kind) {
    case NAMIDB_BOOL:
        return NDB_COLUMN_BOOL;
    case NAMIDB_INT:
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
        return NDB_COLUMN_INT;
    case NAMIDB_FLOAT:
        return NDB_COLUMN_FLOAT;
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return NDB_COLUMN_STRING;
    default:
        return NDB_COLUMN_TAGGED;
    }
}

/* Bit i of the bytes is set for each of `rows`. */
static int put_bits(struct ndb_buf *out, const uint32_t *rows, uint32_t count,
                    uint32_t row_count)
{
    size_t bytes = (row_count + 7) / 8;
    uint8_t *bits = ndb_calloc(bytes, 1);
    int rc;

    if (bits == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        bits[rows[i] / 8] |= (uint8_t)(1u << (rows[i] % 8));
    rc = ndb_stream_put(out, ndb_slice(bits, bytes));
    ndb_free(bits);
    return rc;
}

static int put_bools(struct ndb_buf *out, const struct ndb_batch_column *column,
                     uint32_t row_count)
{
    uint32_t *rows = ndb_realloc(NULL, column->count, sizeof *rows);
    uint32_t count = 0;
    int rc;

    if (rows == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < column->count; i++)
        if (column->values[i].as.boolean)
            rows[count++] = column->rows[i];
    rc = put_bits(out, rows, count, row_count);
    ndb_free(rows);
    return rc;
}

static uint64_t number_of(const namidb_value *value)
{
    uint64_t bits;

    if (value->kind != NAMIDB_FLOAT)
        return (uint64_t)value->as.integer;
    memcpy(&bits, &value->as.number, sizeof bits);
    return bits;
}

/* One number per row; a row without a value repeats the one before it. The sign
 * bit of integers is turned over, so that small negative numbers are near small
 * ones. */
static int put_numbers(struct ndb_buf *out,
                       const struct ndb_batch_column *column,
                       uint32_t row_count, bool are_floats)
{
    const uint64_t flip = are_floats ? 0 : UINT64_C(1) << 63;
    uint64_t *numbers = ndb_realloc(NULL, row_count, sizeof *numbers);
    uint32_t row = 0;
    int rc;

    if (numbers == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < column->count; i++) {
        uint64_t number = number_of(&column->values[i]) ^ flip;
        uint32_t end = i + 1 < column->count ? column->rows[i + 1] : row_count;

        while (row < end)
            numbers[row++] = number;
    }
    rc = are_floats ? ndb_floats_put(out, numbers, row_count)
                    : ndb_ints_put(out, numbers, row_count);
    ndb_free(numbers);
    return rc;
}

/* Texts that repeat, each once: codes[i] is the number of the i-th value's. */
struct dictionary {
    uint32_t *codes;
    uint32_t *firsts; /* by number: a value with that text */
    uint32_t count;   /* 0: they do not repeat enough */
};

/* A text must come four times on average to be worth it. */
static int make_dictionary(const struct ndb_batch_column *column,
                           struct dictionary *out)
{
    struct ndb_table numbers = NDB_TABLE_INIT;
    uint32_t limit = column->count / 4;
    int rc = NAMIDB_OK;

    out->codes = ndb_realloc(NULL, column->count, sizeof *out->codes);
    out->firsts = ndb_realloc(NULL, limit + 1, sizeof *out->firsts);
    if (out->codes == NULL || out->firsts == NULL)
        rc = NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < column->count && rc >= 0; i++) {
        const namidb_value *value = &column->values[i], *first;
        struct ndb_slice text = ndb_slice(value->as.bytes, value->size);
        uint64_t hash = ndb_hash64(text) | 1;
        uint32_t number = ndb_table_find(&numbers, hash);

        if (number == NDB_TABLE_NONE && out->count < limit) {
            rc = ndb_table_reserve(&numbers, 1);
            if (rc < 0)
                break;
            number = out->count++;
            (void)ndb_table_add(&numbers, hash, number);
            out->firsts[number] = i;
        }
        if (number != NDB_TABLE_NONE) {
            first = &column->values[out->firsts[number]];
            out->codes[i] = number;
        }
        /* Two texts of one hash, as good as never. */
        if (number == NDB_TABLE_NONE ||
            !ndb_slice_equal(ndb_slice(first->as.bytes, first->size), text)) {
            out->count = 0;
            break;
        }
    }
    ndb_table_release(&numbers);
    return rc;
}

static void dictionary_release(struct dictionary *dictionary)
{
    ndb_free(dictionary->codes);
    ndb_free(dictionary->firsts);
}

/* A row without a value has code 0. */
static int put_coded(struct ndb_buf *out, const struct ndb_batch_column *column,
                     uint32_t row_count, const struct dictionary *dictionary)
{
    uint64_t *numbers = ndb_calloc(row_count, sizeof *numbers);
    struct ndb_buf bytes = NDB_BUF_INIT(NDB_SEGMENT_BYTES_MAX);
    int rc = numbers == NULL ? NAMIDB_ENOMEM : NAMIDB_OK;

    for (uint32_t i = 0; i < column->count && rc >= 0; i++)
        numbers[column->rows[i]] = dictionary->codes[i];
    if (rc >= 0)
        rc = ndb_ints_put(out, numbers, row_count);
    if (rc >= 0)
        rc = ndb_buf_varint(out, dictionary->count);
    for (uint32_t i = 0; i < dictionary->count && rc >= 0; i++) {
        const namidb_value *text = &column->values[dictionary->firsts[i]];

        numbers[i] = text->size;
        rc = ndb_buf_append(&bytes, text->as.bytes, text->size);
    }
    if (rc >= 0)
        rc = ndb_ints_put(out, numbers, dictionary->count);
    if (rc >= 0)
        rc = ndb_stream_put(out, ndb_buf_slice(&bytes));
    ndb_free(numbers);
    ndb_buf_release(&bytes);
    return rc;
}

/* Lengths per row, then the bytes of all rows. */
static int put_texts(struct ndb_buf *out, const struct ndb_batch_column *column,
                     uint32_t row_count, bool is_tagged)
{
    uint64_t *lengths = ndb_calloc(row_count, sizeof *lengths);
    struct ndb_buf bytes = NDB_BUF_INIT(NDB_SEGMENT_BYTES_MAX);
    int rc = lengths == NULL ? NAMIDB_ENOMEM : NAMIDB_OK;

    for (uint32_t i = 0; i < column->count && rc >= 0; i++) {
        const namidb_value *value = &column->values[i];
        size_t before = bytes.bytes;

        rc = is_tagged ? ndb_value_encode(&bytes, value)
                       : ndb_buf_append(&bytes, value->as.bytes, value->size);
        lengths[column->rows[i]] = bytes.bytes - before;
    }
    if (rc >= 0)
        rc = ndb_ints_put(out, lengths, row_count);
    if (rc >= 0)
        rc = ndb_stream_put(out, ndb_buf_slice(&bytes));
    ndb_free(lengths);
    ndb_buf_release(&bytes);
    return rc;
}

static int put_head(struct ndb_buf *out, const struct ndb_batch_column *column,
                    uint32_t row_count, enum ndb_column_kind storage)
{
    uint32_t kind = column->count != 0 ? column->values[0].kind : NAMIDB_NULL;
    uint32_t null_count = row_count - column->count;
    int rc = ndb_buf_varint(out, column->name);

    if (rc >= 0)
        rc = ndb_buf_u8(out, (uint8_t)storage);
    if (rc >= 0)
        rc = ndb_buf_u8(out, storage == NDB_COLUMN_TAGGED ? 0 : (uint8_t)kind);
    if (rc >= 0)
        rc = ndb_buf_varint(out, null_count);
    if (rc >= 0 && null_count != 0)
        rc = put_bits(out, column->rows, column->count, row_count);
    return rc;
}

static int put_strings(struct ndb_buf *out,
                       const struct ndb_batch_column *column,
                       uint32_t row_count)
{
    struct dictionary dictionary = { NULL, NULL, 0 };
    bool is_coded;
    int rc = make_dictionary(column, &dictionary);

    is_coded = dictionary.count != 0;
    if (rc >= 0)
        rc = put_head(out, column, row_count,
                      is_coded ? NDB_COLUMN_CODED : NDB_COLUMN_STRING);
    if (rc >= 0)
        rc = is_coded ? put_coded(out, column, row_count, &dictionary)
                      : put_texts(out, column, row_count, false);
    dictionary_release(&dictionary);
    return rc;
}

static int put_column(struct ndb_buf *out,
                      const struct ndb_batch_column *column, uint32_t row_count)
{
    enum ndb_column_kind storage = storage_of(column);
    int rc;

    if (storage == NDB_COLUMN_STRING)
        return put_strings(out, column, row_count);
    rc = put_head(out, column, row_count, storage);
    if (rc < 0)
        return rc;
    switch (storage) {
    case NDB_COLUMN_BOOL:
        return put_bools(out, column, row_count);
    case NDB_COLUMN_INT:
    case NDB_COLUMN_FLOAT:
        return put_numbers(out, column, row_count, storage == NDB_COLUMN_FLOAT);
    default:
        return put_texts(out, column, row_count, true);
    }
}

int ndb_batch_column_encode(struct ndb_batch_column *column, uint32_t row_count,
                            struct ndb_buf *out)
{
    size_t start = out->bytes;
    int rc = ndb_buf_u32(out, 0);

    if (rc >= 0)
        rc = put_column(out, column, row_count);
    if (rc >= 0)
        ndb_u32_encode(out->data + start,
                       (uint32_t)(out->bytes - start - sizeof(uint32_t)));
    return rc;
}

static int compare_columns(const void *left, const void *right)
{
    const struct ndb_batch_column *a = left;
    const struct ndb_batch_column *b = right;

    return (a->name > b->name) - (a->name < b->name);
}

void ndb_batch_columns_sort(struct ndb_batch_columns *columns)
{
    if (columns->count > 1)
        qsort(columns->items, columns->count, sizeof *columns->items,
              compare_columns);
}

int ndb_batch_columns_encode(struct ndb_batch_columns *columns,
                             uint32_t row_count, struct ndb_buf *out)
{
    int rc = ndb_buf_varint(out, columns->count);

    ndb_batch_columns_sort(columns);
    for (uint32_t i = 0; i < columns->count && rc >= 0; i++)
        rc = ndb_batch_column_encode(&columns->items[i], row_count, out);
    ndb_batch_columns_release(columns);
    return rc;
}
