/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/seek_ranges.h"

#include <stdlib.h>

#include "base/limits.h"
#include "format/index_key.h"

enum { KEY_BYTES_MAX = 64 << 20, CAPACITY_FIRST = 4 };

/* What the property behind the equal ones is asked for. */
struct bounds {
    const namidb_value *low, *high; /* NULL: all of the other's kind; both: all
                                       that begin with what is equal */
    bool is_low_open, is_high_open;
    bool is_prefix; /* what begins with `low`, a string */
    bool is_point;  /* it is the last property, and equals both */
};

/* The place of one more range; NULL: no memory. */
static struct ndb_index_range *place(struct ndb_seek_ranges *ranges)
{
    uint32_t capacity = ranges->capacity * 2 + CAPACITY_FIRST;
    struct ndb_index_range *items;
    uint32_t *rows;

    if (ranges->count < ranges->capacity)
        return &ranges->items[ranges->count];
    items = ndb_arena_array(ranges->arena, capacity, sizeof *items);
    rows = ndb_arena_array(ranges->arena, capacity, sizeof *rows);
    if (items == NULL || rows == NULL)
        return NULL;
    if (ranges->count != 0) {
        memcpy(items, ranges->items, ranges->count * sizeof *items);
        memcpy(rows, ranges->rows, ranges->count * sizeof *rows);
    }
    ranges->items = items;
    ranges->rows = rows;
    ranges->capacity = capacity;
    return &items[ranges->count];
}

/* A key as an end of a range: cut off as keys in the index are. `is_behind`:
 * the first key behind all that begin with it, or that may stand for it; no
 * data: there is none. */
static int cut_end(const struct ndb_seek_ranges *ranges, struct ndb_buf *key,
                   bool is_behind, struct ndb_slice *out)
{
    if (key->bytes > NDB_INDEX_KEY_BYTES_MAX)
        key->bytes = NDB_INDEX_KEY_BYTES_MAX;
    *out = ndb_slice(NULL, 0);
    if (is_behind && !ndb_index_key_successor(key, 0))
        return NAMIDB_OK;
    *out = ndb_slice(ndb_arena_copy(ranges->arena, key->data, key->bytes),
                     key->bytes);
    return out->data != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

/* The low or the high end, in `key`: behind `start`, the bound, or the kind of
 * the other one. NAMIDB_NONE: nothing stored is like it. */
static int make_end(const struct ndb_seek_ranges *ranges, struct ndb_buf *key,
                    struct ndb_slice start, const struct bounds *bounds,
                    bool is_high, struct ndb_slice *out)
{
    const namidb_value *bound = is_high ? bounds->high : bounds->low;
    const namidb_value *other = is_high ? bounds->low : bounds->high;
    bool is_cut;
    int rc;

    key->bytes = 0;
    rc = ndb_buf_append(key, start.data, start.bytes);
    if (rc == NAMIDB_OK && bounds->is_prefix)
        rc = ndb_index_key_prefix(key, bounds->low);
    else if (rc == NAMIDB_OK && bound != NULL)
        rc = ndb_index_key_value(key, bound);
    else if (rc == NAMIDB_OK && other != NULL)
        rc = ndb_index_key_rank(key, other);
    if (rc != NAMIDB_OK)
        return rc;
    is_cut = key->bytes > NDB_INDEX_KEY_BYTES_MAX;
    return cut_end(ranges, key,
                   is_high ? !bounds->is_high_open || is_cut
                           : bounds->is_low_open && !is_cut,
                   out);
}

static int add_range(struct ndb_seek_ranges *ranges, uint32_t row,
                     struct ndb_slice start, const struct bounds *bounds)
{
    struct ndb_buf key = NDB_BUF_INIT(KEY_BYTES_MAX);
    struct ndb_index_range *range = place(ranges);
    int rc = range != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;

    if (rc == NAMIDB_OK)
        rc = make_end(ranges, &key, start, bounds, false, &range->low);
    if (rc == NAMIDB_OK)
        rc = make_end(ranges, &key, start, bounds, true, &range->high);
    ndb_buf_release(&key);
    if (rc == NAMIDB_OK) {
        range->is_point = bounds->is_point;
        ranges->rows[ranges->count++] = row;
    }
    return rc < 0 ? NAMIDB_ENOMEM : NAMIDB_OK;
}

static int by_low(const void *a, const void *b)
{
    const struct ndb_index_range *x = a, *y = b;

    return ndb_slice_compare(x->low, y->low);
}

/* A range for each item of a list, apart from one another. */
static int add_items(struct ndb_seek_ranges *ranges, uint32_t row,
                     struct ndb_slice start, const namidb_value *list,
                     bool is_last)
{
    uint32_t begin = ranges->count, kept = begin;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < list->size && rc >= 0; i++) {
        const struct bounds same = { .low = &list->as.items[i],
                                     .high = &list->as.items[i],
                                     .is_point = is_last };

        rc = add_range(ranges, row, start, &same);
    }
    if (rc < 0 || ranges->count == begin)
        return rc;
    qsort(ranges->items + begin, ranges->count - begin, sizeof *ranges->items,
          by_low);
    for (uint32_t i = begin + 1; i < ranges->count; i++)
        if (ndb_slice_compare(ranges->items[i].low, ranges->items[kept].high) >=
            0)
            ranges->items[++kept] = ranges->items[i];
    ranges->count = kept + 1;
    return NAMIDB_OK;
}

/* What `rest` asks of the property behind the equal ones. */
static int add_rest(struct ndb_seek_ranges *ranges, const struct ndb_seek *seek,
                    uint32_t row, struct ndb_slice start,
                    const namidb_value *rest)
{
    struct bounds bounds = {
        .is_low_open = seek->low == NDB_SEEK_EXCLUSIVE,
        .is_high_open = seek->high == NDB_SEEK_EXCLUSIVE,
        .is_prefix = seek->more == NDB_SEEK_PREFIX,
        .is_point = seek->equal == seek->props.count,
    };

    if (seek->more == NDB_SEEK_ITEMS)
        return rest->kind == NAMIDB_LIST
                   ? add_items(ranges, row, start, rest,
                               seek->equal + 1 == seek->props.count)
                   : NAMIDB_OK;
    if (bounds.is_prefix && rest->kind != NAMIDB_STRING)
        return NAMIDB_OK;
    if (seek->low != NDB_SEEK_NO_END || bounds.is_prefix)
        bounds.low = rest;
    if (seek->high != NDB_SEEK_NO_END)
        bounds.high = rest + (seek->low != NDB_SEEK_NO_END);
    return add_range(ranges, row, start, &bounds);
}

static void reverse(struct ndb_index_range *items, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        struct ndb_index_range item = items[i];

        items[i] = items[count - 1 - i];
        items[count - 1 - i] = item;
    }
}

int ndb_seek_ranges_add(struct ndb_seek_ranges *ranges,
                        const struct ndb_seek *seek, uint32_t row,
                        const namidb_value *values)
{
    struct ndb_buf start = NDB_BUF_INIT(KEY_BYTES_MAX);
    uint32_t begin = ranges->count;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < seek->equal && rc == NAMIDB_OK; i++)
        rc = ndb_index_key_value(&start, &values[i]);
    if (rc == NAMIDB_OK)
        rc = add_rest(ranges, seek, row, ndb_buf_slice(&start),
                      values + seek->equal);
    ndb_buf_release(&start);
    if (rc == NAMIDB_OK && seek->order == NDB_SEEK_DESCENDING)
        reverse(ranges->items + begin, ranges->count - begin);
    return rc < 0 ? NAMIDB_ENOMEM : NAMIDB_OK;
}
