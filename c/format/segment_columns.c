/* SPDX-License-Identifier: Apache-2.0 */
#include "format/segment_columns.h"

#include "base/error.h"
#include "base/kept.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/floats.h"
#include "format/value.h"

/* A decoded column and the memory that it has to itself. */
struct decoded {
    struct ndb_column column;
    namidb_arena arena;
};

/* Arrays are mostly larger and get blocks of their own size. */
enum { ARENA_BLOCK_BYTES = 256 };

/* In ndb_column_store.bytes: nobody counts them any more. */
#define CLOSED (~(SIZE_MAX >> 1))

/* ---------------------------------------------------------------- values -- */

const uint64_t *ndb_bits_get(struct ndb_source *source, uint32_t row_count)
{
    size_t bytes = ((size_t)row_count + 7) / 8;
    uint64_t *words =
        ndb_source_take(source, (row_count + 63) / 64, sizeof *words);
    const uint8_t *stream = ndb_stream_get(source, bytes);

    if (words == NULL || stream == NULL)
        return NULL;
    for (size_t i = 0; i < bytes; i++)
        words[i / 8] |= (uint64_t)stream[i] << (8 * (i % 8));
    if (row_count % 64 != 0 && words[row_count / 64] >> (row_count % 64) != 0)
        ndb_reader_fail(&source->reader);
    return words;
}

const uint32_t *ndb_sums_get(struct ndb_source *source, uint32_t count,
                             uint64_t max, uint64_t *sum)
{
    uint32_t *offsets =
        ndb_source_take(source, (size_t)count + 1, sizeof *offsets);

    *sum = 0;
    if (offsets == NULL)
        return NULL;
    ndb_ints_get_into(source, offsets + 1, count);
    if (source->reader.is_failed)
        return NULL;
    for (uint32_t i = 1; i <= count && *sum <= max; i++) {
        *sum += offsets[i];
        offsets[i] = (uint32_t)*sum;
    }
    return offsets;
}

static uint32_t count_bits(const uint64_t *words, uint32_t row_count)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < (row_count + 63) / 64; i++)
        count += (uint32_t)__builtin_popcountll(words[i]);
    return count;
}

/* The writer turned the sign bit over, which is adding it. */
static void get_integers(struct ndb_source *source, struct ndb_column *column,
                         uint32_t row_count)
{
    const uint64_t sign = UINT64_C(1) << 63;
    struct ndb_narrow narrow = ndb_ints_get_narrow(source, row_count);
    uint64_t *wide = narrow.width == 8 ? narrow.items : NULL;

    for (uint32_t i = 0; wide != NULL && i < row_count; i++)
        wide[i] += sign;
    column->as.items = narrow.items;
    column->width = narrow.width;
    column->base = wide != NULL ? 0 : (int64_t)(narrow.base + sign);
}

/* Whether all dates, or times, are what ndb_value_check lets through. */
static bool are_in_range(const struct ndb_column *column, uint32_t row_count)
{
    namidb_value low = { .kind = column->kind, .as.integer = INT64_MAX };
    namidb_value high = { .kind = column->kind, .as.integer = INT64_MIN };

    for (uint32_t row = 0; row < row_count; row++) {
        int64_t number = ndb_column_integer(column, row);

        if (column->present != NULL && !ndb_bit(column->present, row))
            continue;
        if (number < low.as.integer)
            low.as.integer = number;
        if (number > high.as.integer)
            high.as.integer = number;
    }
    return ndb_value_check(&low, NULL) >= 0 &&
           ndb_value_check(&high, NULL) >= 0;
}

static void get_texts(struct ndb_source *source, struct ndb_column *column,
                      uint32_t row_count)
{
    uint64_t total;
    const uint32_t *offsets =
        ndb_sums_get(source, row_count, NDB_SEGMENT_BYTES_MAX, &total);
    struct ndb_slice bytes = ndb_stream_get_any(source, NDB_SEGMENT_BYTES_MAX);

    if (total != bytes.bytes)
        ndb_reader_fail(&source->reader);
    if (source->reader.is_failed)
        return;
    column->as.offsets = offsets;
    column->bytes = bytes.data;
}

/* Texts that repeat: codes, then each text once. */
static void get_coded(struct ndb_source *source, struct ndb_column *column,
                      uint32_t row_count)
{
    struct ndb_narrow codes = ndb_ints_get_narrow(source, row_count);

    column->text_count =
        (uint32_t)ndb_reader_varint_max(&source->reader, row_count);
    if (codes.base != 0 || codes.width > 2 || column->text_count == 0)
        ndb_reader_fail(&source->reader);
    if (source->reader.is_failed)
        return;
    column->storage = NDB_COLUMN_STRING;
    column->codes = codes.items;
    column->width = codes.width;
    get_texts(source, column, column->text_count);
    for (uint32_t i = 0; i < row_count && !source->reader.is_failed; i++)
        if (ndb_column_text(column, i) >= column->text_count)
            ndb_reader_fail(&source->reader);
}

static void get_values(struct ndb_source *source, struct ndb_column *column,
                       uint32_t row_count)
{
    if (column->null_count != 0) {
        column->present = ndb_bits_get(source, row_count);
        if (source->reader.is_failed)
            return;
        if (count_bits(column->present, row_count) !=
            row_count - column->null_count)
            ndb_reader_fail(&source->reader);
    }
    if (column->storage == NDB_COLUMN_BOOL)
        column->as.bits = ndb_bits_get(source, row_count);
    else if (column->storage == NDB_COLUMN_INT)
        get_integers(source, column, row_count);
    else if (column->storage == NDB_COLUMN_FLOAT)
        column->as.numbers = ndb_floats_get(source, row_count);
    else if (column->storage == NDB_COLUMN_CODED)
        get_coded(source, column, row_count);
    else
        get_texts(source, column, row_count);
    if (!ndb_reader_is_done(&source->reader))
        ndb_reader_fail(&source->reader);
    if (!source->reader.is_failed && column->storage == NDB_COLUMN_INT &&
        column->kind != NAMIDB_INT && !are_in_range(column, row_count))
        ndb_reader_fail(&source->reader);
}

/* --------------------------------------------------------------- opening -- */

static bool is_kind_of(const struct ndb_stored_column *column)
{
    switch (column->storage) {
    case NDB_COLUMN_BOOL:
        return column->kind == NAMIDB_BOOL;
    case NDB_COLUMN_INT:
        return column->kind == NAMIDB_INT || column->kind == NAMIDB_DATE ||
               column->kind == NAMIDB_LOCAL_TIME;
    case NDB_COLUMN_FLOAT:
        return column->kind == NAMIDB_FLOAT;
    case NDB_COLUMN_STRING:
    case NDB_COLUMN_CODED:
        return column->kind == NAMIDB_STRING || column->kind == NAMIDB_BYTES;
    default:
        return column->storage == NDB_COLUMN_TAGGED && column->kind == 0;
    }
}

static void open_column(struct ndb_source *source, const uint8_t *first,
                        uint32_t row_count, struct ndb_stored_column *column)
{
    struct ndb_reader *reader = &source->reader;
    uint32_t bytes = ndb_reader_u32(reader);
    struct ndb_reader own = ndb_reader(ndb_reader_bytes(reader, bytes));

    if (reader->is_failed)
        return;
    column->name =
        (uint32_t)ndb_reader_varint_max(&own, NDB_PROPERTY_COUNT_MAX);
    column->storage = ndb_reader_u8(&own);
    column->kind = ndb_reader_u8(&own);
    column->null_count = (uint32_t)ndb_reader_varint_max(&own, row_count);
    if (own.is_failed || !is_kind_of(column) || column->null_count == row_count)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return;
    column->offset = (uint32_t)(own.at - first);
    column->bytes = (uint32_t)ndb_reader_left(&own);
}

static void open_all(struct ndb_source *source, const uint8_t *first,
                     struct ndb_columns *columns)
{
    struct ndb_reader *reader = &source->reader;
    struct ndb_stored_column *items;

    columns->count =
        (uint32_t)ndb_reader_varint_max(reader, NDB_PROPERTY_COUNT_MAX);
    if (columns->count > ndb_reader_left(reader) / 8)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return;
    items = ndb_source_take(source, columns->count, sizeof *items);
    columns->items = items;
    for (uint32_t i = 0; i < columns->count && !reader->is_failed; i++) {
        open_column(source, first, columns->row_count, &items[i]);
        if (items[i].name == 0 ||
            (i != 0 && items[i].name <= items[i - 1].name))
            ndb_reader_fail(reader);
    }
}

static void open_key(struct ndb_source *source, const uint8_t *first,
                     struct ndb_columns *key)
{
    key->items = ndb_source_take(source, 1, sizeof *key->items);
    if (key->items == NULL)
        return;
    key->count = 1;
    open_column(source, first, key->row_count, key->items);
    if (key->items->name != 0)
        ndb_reader_fail(&source->reader);
}

void ndb_columns_open(struct ndb_source *source, struct ndb_column_store *store,
                      struct ndb_columns *key, struct ndb_columns *columns)
{
    const uint8_t *first = source->reader.at;
    uint32_t count;
    uint8_t *stored;

    columns->store = store;
    if (key != NULL) {
        key->store = store;
        open_key(source, first, key);
    }
    if (!source->reader.is_failed)
        open_all(source, first, columns);
    count = columns->count + (key != NULL);
    if (source->reader.is_failed || count == 0)
        return;
    store->stored_bytes = (size_t)(source->reader.at - first);
    stored = ndb_alloc(store->stored_bytes);
    if (stored == NULL) {
        source->has_no_memory = true;
        ndb_reader_fail(&source->reader);
        return;
    }
    memcpy(stored, first, store->stored_bytes);
    atomic_init(&store->stored, stored);
    atomic_init(&store->left, count);
    ndb_column_store_add(store, (int64_t)store->stored_bytes);
}

static void free_decoded(const struct ndb_column *column)
{
    struct decoded *decoded = (struct decoded *)(uintptr_t)column;

    ndb_arena_release(&decoded->arena);
    ndb_kept_free(decoded, sizeof *decoded);
}

void ndb_columns_release(const struct ndb_columns *columns)
{
    if (columns->store == NULL)
        return;
    for (uint32_t i = 0; columns->items != NULL && i < columns->count; i++) {
        const struct ndb_column *column = ndb_columns_peek(columns, i);

        if (column != NULL)
            free_decoded(column);
    }
}

void ndb_column_store_release(struct ndb_column_store *store)
{
    ndb_free(atomic_load(&store->stored));
}

/* -------------------------------------------------------------- counting -- */

/* What is taken away was added before, so CLOSED stays. */
void ndb_column_store_add(struct ndb_column_store *store, int64_t change)
{
    size_t before = atomic_fetch_add(&store->bytes, (size_t)change);

    if ((before & CLOSED) == 0 && store->account != NULL)
        atomic_fetch_add(store->account, change);
}

void ndb_column_store_count(struct ndb_column_store *store,
                            atomic_int_fast64_t *account)
{
    store->account = account;
    atomic_fetch_add(account, (int64_t)atomic_load(&store->bytes));
}

void ndb_column_store_discount(struct ndb_column_store *store)
{
    size_t bytes = atomic_fetch_or(&store->bytes, CLOSED);

    atomic_fetch_sub(store->account, (int64_t)(bytes & ~CLOSED));
}

/* -------------------------------------------------------------- decoding -- */

static int decode(const struct ndb_columns *columns,
                  const struct ndb_stored_column *from, struct decoded **out)
{
    struct decoded *decoded = ndb_kept_calloc(sizeof *decoded);
    struct ndb_source source;
    int rc;

    *out = decoded;
    if (decoded == NULL)
        return NAMIDB_ENOMEM;
    decoded->arena.block_bytes = ARENA_BLOCK_BYTES;
    decoded->arena.is_kept = true;
    decoded->column = (struct ndb_column){ .name = from->name,
                                           .storage = from->storage,
                                           .kind = from->kind,
                                           .null_count = from->null_count };
    source = (struct ndb_source){
        ndb_reader(ndb_slice(
            atomic_load(&columns->store->stored) + from->offset, from->bytes)),
        &decoded->arena, false
    };
    get_values(&source, &decoded->column, columns->row_count);
    rc = ndb_source_status(&source);
    if (rc < 0) {
        free_decoded(&decoded->column);
        *out = NULL;
    }
    return rc;
}

/* Of several threads that decode one column at a time one publishes what it
 * made, and the others take that. */
static int publish(const struct ndb_columns *columns,
                   struct ndb_stored_column *item)
{
    const struct ndb_column *none = NULL;
    struct decoded *decoded;
    int rc = decode(columns, item, &decoded);

    if (rc < 0)
        return rc;
    if (!atomic_compare_exchange_strong(&item->decoded, &none,
                                        &decoded->column)) {
        free_decoded(&decoded->column);
        return NAMIDB_OK;
    }
    ndb_column_store_add(columns->store,
                         (int64_t)(sizeof *decoded + decoded->arena.bytes));
    atomic_fetch_sub(&columns->store->left, 1);
    return NAMIDB_OK;
}

static void drop_stored(struct ndb_column_store *store)
{
    uint8_t *stored = atomic_exchange(&store->stored, NULL);

    if (stored == NULL)
        return;
    ndb_free(stored);
    ndb_column_store_add(store, -(int64_t)store->stored_bytes);
}

int ndb_columns_decode(const struct ndb_columns *columns, uint32_t index,
                       const struct ndb_column **out)
{
    struct ndb_column_store *store = columns->store;
    struct ndb_stored_column *item = &columns->items[index];
    int rc = NAMIDB_OK;

    atomic_fetch_add(&store->readers, 1);
    if (atomic_load(&item->decoded) == NULL)
        rc = publish(columns, item);
    *out = atomic_load(&item->decoded);
    /* Nobody reads what columns are made of once the last is there and there is
     * no reader: in this order, because a reader may have come, and gone on
     * reading, before it was. */
    if (atomic_fetch_sub(&store->readers, 1) == 1 &&
        atomic_load(&store->left) == 0 && atomic_load(&store->readers) == 0)
        drop_stored(store);
    return rc;
}
