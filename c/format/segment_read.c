/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in decoded segments.
 */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "format/segment.h"
#include "format/value.h"

/* Ascending numbers: an array, or packed. */
struct run {
    const uint64_t *items; /* NULL: see packed */
    const struct ndb_packed *packed;
};

static inline uint64_t number_at(struct run run, uint32_t index)
{
    return run.items != NULL ? run.items[index]
                             : ndb_packed_at(run.packed, index);
}

/* First index from `low` on of a number that is not below `wanted`; of `count`.
 */
static uint32_t lower_bound(struct run run, uint32_t low, uint32_t count,
                            uint64_t wanted)
{
    while (count != 0) {
        uint32_t half = count / 2;
        bool is_below = number_at(run, low + half) < wanted;

        low = is_below ? low + half + 1 : low;
        count = is_below ? count - half - 1 : half;
    }
    return low;
}

/* The same where items are spread about evenly, as ids and hashes are: from
 * where `wanted` would be if they were quite, in growing steps until it lies
 * between two, then by bisection. */
static uint32_t lower_bound_near(struct run run, uint32_t count,
                                 uint64_t wanted)
{
    uint32_t low, high, step = 4;
    uint64_t first, last;

    if (count < 16)
        return lower_bound(run, 0, count, wanted);
    first = number_at(run, 0);
    last = number_at(run, count - 1);
    if (wanted <= first || wanted > last)
        return wanted <= first ? 0 : count;
    low = (uint32_t)((double)(wanted - first) / (double)(last - first) *
                     (count - 1));
    low = low < count ? low : count - 1;
    high = low;
    if (number_at(run, low) < wanted) {
        for (high = ++low; high < count && number_at(run, high) < wanted;
             step *= 2) {
            low = high + 1;
            high = low + step;
        }
        high = high < count ? high : count;
    } else {
        for (; low > 0 && number_at(run, low - 1) >= wanted; step *= 2) {
            high = low - 1;
            low = high > step ? high - step : 0;
        }
    }
    return lower_bound(run, low, high - low, wanted);
}

/* Index of a sequence among `count` from `first` on, or -1. */
static int64_t index_dense(uint64_t first, uint32_t count, uint64_t wanted)
{
    return wanted >= first && wanted - first < count ? (int64_t)(wanted - first)
                                                     : -1;
}

static int64_t index_listed(struct run run, uint32_t count, uint64_t wanted)
{
    uint32_t at = lower_bound_near(run, count, wanted);

    return at < count && number_at(run, at) == wanted ? (int64_t)at : -1;
}

int64_t ndb_node_group_row(const struct ndb_node_group *group,
                           uint64_t sequence)
{
    if (group->is_dense)
        return index_dense(group->first, group->row_count, sequence);
    return index_listed((struct run){ group->sequences, NULL },
                        group->row_count, sequence);
}

/* How many owners are before `at`, which counts from the first one. */
static uint32_t rank_marked(const struct ndb_edge_segment *segment, uint64_t at)
{
    const struct ndb_owner_word *word;

    if (at / 64 >= segment->word_count)
        return segment->owner_count;
    word = &segment->words[at / 64];
    return word->before + (uint32_t)__builtin_popcountll(
                              word->bits & ((UINT64_C(1) << at % 64) - 1));
}

static int64_t index_marked(const struct ndb_edge_segment *segment,
                            uint64_t owner)
{
    uint64_t at = owner - segment->first;

    if (owner < segment->first || at / 64 >= segment->word_count ||
        (segment->words[at / 64].bits >> at % 64 & 1) == 0)
        return -1;
    return rank_marked(segment, at);
}

int64_t ndb_edge_segment_owner(const struct ndb_edge_segment *segment,
                               uint64_t owner)
{
    if (segment->is_dense)
        return index_dense(segment->first, segment->owner_count, owner);
    if (segment->words != NULL)
        return index_marked(segment, owner);
    return index_listed((struct run){ NULL, &segment->owners },
                        segment->owner_count, owner);
}

uint32_t ndb_edge_segment_from(const struct ndb_edge_segment *segment,
                               uint64_t owner)
{
    uint64_t at = owner > segment->first ? owner - segment->first : 0;

    if (segment->is_dense)
        return at < segment->owner_count ? (uint32_t)at : segment->owner_count;
    if (segment->words != NULL)
        return rank_marked(segment, at);
    return lower_bound_near((struct run){ NULL, &segment->owners },
                            segment->owner_count, owner);
}

/* The owner whose bit has so many before it. */
static uint64_t owner_marked(const struct ndb_edge_segment *segment,
                             uint32_t owner)
{
    uint32_t low = 0, high = segment->word_count;
    uint64_t bits;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (segment->words[middle].before <= owner)
            low = middle;
        else
            high = middle;
    }
    bits = segment->words[low].bits;
    for (uint32_t i = segment->words[low].before; i < owner; i++)
        bits &= bits - 1;
    return segment->first + (uint64_t)low * 64 +
           (uint64_t)__builtin_ctzll(bits);
}

uint64_t ndb_edge_owner(const struct ndb_edge_segment *segment, uint32_t owner)
{
    if (segment->is_dense)
        return segment->first + owner;
    return segment->words != NULL ? owner_marked(segment, owner)
                                  : ndb_packed_at(&segment->owners, owner);
}

uint64_t ndb_edge_owner_after(const struct ndb_edge_segment *segment,
                              uint32_t owner, uint64_t before)
{
    uint64_t at = before - segment->first + 1, word = at / 64, bits;

    if (segment->words == NULL)
        return ndb_edge_owner(segment, owner);
    bits = segment->words[word].bits >> at % 64;
    if (bits != 0)
        return segment->first + at + (uint64_t)__builtin_ctzll(bits);
    do {
        bits = segment->words[++word].bits;
    } while (bits == 0);
    return segment->first + word * 64 + (uint64_t)__builtin_ctzll(bits);
}

int ndb_pair_segment_divide(struct ndb_pair_segment *segment,
                            namidb_arena *arena)
{
    uint64_t first = segment->keys[0];
    uint64_t span = segment->keys[segment->count - 1] - first;
    uint32_t *starts;
    uint32_t bucket = 0;

    segment->shift = 0;
    while (segment->shift < 63 && span >> segment->shift >= segment->count / 4)
        segment->shift++;
    segment->bucket_count = (uint32_t)(span >> segment->shift) + 1;
    starts = ndb_arena_array(arena, segment->bucket_count + 1, sizeof *starts);
    if (starts == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < segment->count; i++)
        while (bucket <= (segment->keys[i] - first) >> segment->shift)
            starts[bucket++] = i;
    starts[bucket] = segment->count;
    segment->starts = starts;
    return NAMIDB_OK;
}

/* Where in a segment with buckets the keys of that bucket are. */
static uint32_t bucket_begin(const struct ndb_pair_segment *segment,
                             uint64_t key, uint32_t *count)
{
    uint64_t bucket;
    uint32_t begin;

    *count = 0;
    if (key < segment->keys[0])
        return 0;
    bucket = (key - segment->keys[0]) >> segment->shift;
    if (bucket >= segment->bucket_count)
        return segment->count;
    begin = segment->starts[bucket];
    *count = segment->starts[bucket + 1] - begin;
    return begin;
}

uint32_t ndb_pair_segment_find(const struct ndb_pair_segment *segment,
                               uint64_t key, uint32_t *count)
{
    struct run run = { segment->keys, NULL };
    uint32_t at;

    if (segment->starts != NULL) {
        at = bucket_begin(segment, key, count);
        at = lower_bound(run, at, *count, key);
    } else {
        at = lower_bound_near(run, segment->count, key);
    }
    *count = 0;
    while (at + *count < segment->count && segment->keys[at + *count] == key)
        (*count)++;
    return at;
}

void ndb_pair_segment_prefetch(const struct ndb_pair_segment *segment,
                               uint64_t key)
{
    uint32_t begin, count;

    if (segment->starts == NULL)
        return;
    begin = bucket_begin(segment, key, &count);
    if (count == 0)
        return;
    ndb_prefetch(&segment->keys[begin]);
    ndb_prefetch(&segment->values[begin]);
}

static int tagged_value(const struct ndb_column *column, uint32_t row,
                        namidb_arena *arena, namidb_value *out)
{
    struct ndb_reader reader = ndb_reader(
        ndb_slice(column->bytes + column->as.offsets[row],
                  column->as.offsets[row + 1] - column->as.offsets[row]));
    int rc = ndb_value_decode(&reader, arena, out);

    if (rc >= 0 && (!ndb_reader_is_done(&reader) || out->kind == NAMIDB_NULL))
        return NAMIDB_ECORRUPT;
    return rc;
}

int ndb_columns_find(const struct ndb_columns *columns, uint32_t name,
                     const struct ndb_column **out)
{
    *out = NULL;
    for (uint32_t i = 0; i < columns->count; i++)
        if (columns->items[i].name == name)
            return ndb_columns_get(columns, i, out);
    return NAMIDB_OK;
}

int ndb_column_value(const struct ndb_column *column, uint32_t row,
                     namidb_arena *arena, namidb_value *out)
{
    *out = (namidb_value){ .kind = NAMIDB_NULL };
    if (column->null_count != 0 && !ndb_bit(column->present, row))
        return NAMIDB_OK;
    out->kind = column->kind;
    switch (column->storage) {
    case NDB_COLUMN_BOOL:
        out->as.boolean = ndb_bit(column->as.bits, row);
        return NAMIDB_OK;
    case NDB_COLUMN_INT:
        out->as.integer = ndb_column_integer(column, row);
        return NAMIDB_OK;
    case NDB_COLUMN_FLOAT:
        out->as.number = column->as.numbers[row];
        return NAMIDB_OK;
    case NDB_COLUMN_STRING:
        row = ndb_column_text(column, row);
        out->size = column->as.offsets[row + 1] - column->as.offsets[row];
        out->as.bytes = (const char *)column->bytes + column->as.offsets[row];
        return NAMIDB_OK;
    default:
        return tagged_value(column, row, arena, out);
    }
}

/* A value of a column that does not look into the segment any more. */
static int value_copy(const struct ndb_column *column, uint32_t row,
                      namidb_arena *arena, namidb_value *out)
{
    namidb_value view;
    int rc = ndb_column_value(column, row, arena, &view);

    if (rc < 0)
        return rc;
    if (column->storage == NDB_COLUMN_STRING ||
        column->storage == NDB_COLUMN_TAGGED)
        return ndb_value_copy(arena, &view, out);
    *out = view;
    return NAMIDB_OK;
}

/* The value of a row in column `index`. */
static int copy_at(const struct ndb_columns *columns, uint32_t index,
                   uint32_t row, namidb_arena *arena, namidb_value *out)
{
    const struct ndb_column *column;
    int rc = ndb_columns_get(columns, index, &column);

    return rc < 0 ? rc : value_copy(column, row, arena, out);
}

int ndb_columns_props(const struct ndb_columns *columns, uint32_t row,
                      namidb_arena *arena, const namidb_property **props,
                      uint32_t *count)
{
    namidb_property *items;

    *props = NULL;
    *count = 0;
    if (columns->count == 0)
        return NAMIDB_OK;
    items = ndb_arena_array(arena, columns->count, sizeof *items);
    if (items == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < columns->count; i++) {
        int rc = copy_at(columns, i, row, arena, &items[*count].value);

        if (rc < 0)
            return rc;
        if (items[*count].value.kind != NAMIDB_NULL)
            items[(*count)++].name = columns->items[i].name;
    }
    *props = items;
    return NAMIDB_OK;
}

void ndb_node_group_prefetch_key(const struct ndb_node_group *group,
                                 uint32_t row, bool is_place_known)
{
    const struct ndb_column *column =
        group->key.count != 0 ? ndb_columns_peek(&group->key, 0) : NULL;

    if (column == NULL)
        return;
    if (column->storage == NDB_COLUMN_INT && !is_place_known)
        ndb_prefetch((const uint8_t *)column->as.items + row * column->width);
    if (column->storage != NDB_COLUMN_STRING || column->codes != NULL)
        return;
    if (!is_place_known)
        ndb_prefetch(&column->as.offsets[row]);
    else
        ndb_prefetch(column->bytes + column->as.offsets[row]);
}

int ndb_node_group_key(const struct ndb_node_group *group, uint32_t row,
                       namidb_arena *arena, namidb_value *out)
{
    const struct ndb_column *column;
    int rc;

    *out = (namidb_value){ .kind = NAMIDB_NULL };
    if (group->key.count == 0)
        return NAMIDB_OK;
    rc = ndb_columns_get(&group->key, 0, &column);
    return rc < 0 ? rc : ndb_column_value(column, row, arena, out);
}

int ndb_node_group_read(const struct ndb_node_group *group, uint32_t table,
                        uint32_t row, namidb_arena *arena, namidb_node *out)
{
    uint64_t sequence =
        group->is_dense ? group->first + row : group->sequences[row];
    uint32_t set = group->label_of != NULL ? group->label_of[row] : 0;
    uint32_t *labels;
    int rc;

    if (ndb_bit(group->deleted, row))
        return NAMIDB_NONE;
    out->id = NAMIDB_ID(sequence, table);
    out->label_count = group->label_counts[set];
    labels = ndb_arena_copy(arena, group->label_sets[set],
                            out->label_count * sizeof *labels);
    if (labels == NULL)
        return NAMIDB_ENOMEM;
    out->labels = labels;
    out->key = (namidb_value){ .kind = NAMIDB_NULL };
    rc = group->key.count == 0 ? NAMIDB_OK
                               : copy_at(&group->key, 0, row, arena, &out->key);
    if (rc < 0)
        return rc;
    return ndb_columns_props(&group->columns, row, arena, &out->props,
                             &out->prop_count);
}
