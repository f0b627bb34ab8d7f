/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of an index, for each row of the child. What is asked for is a few
 * ranges of keys, in ascending order and apart from one another, so nodes come
 * in the index's order and none twice. Which index it is, if any, is the
 * snapshot's: one that was dropped meanwhile is searched all the same, only
 * that more is read.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "engine/index_scan.h"
#include "engine/schema.h"
#include "exec/eval.h"

enum { KEY_BYTES_MAX = 64 << 20 };

struct seek_state {
    struct ndb_cursor_row row;
    bool is_resolved;
    namidb_schema_item item;        /* number 0: not declared; target 0: no such
                                       label or property */
    struct ndb_index_range *ranges; /* op->kept's memory */
    uint32_t range_at, range_count;
    struct ndb_index_scan *scan; /* of range_at; NULL: none */
    uint32_t rows;               /* of the next chunk */
};

static void seek_close(struct ndb_op *op)
{
    struct seek_state *state = op->state;

    ndb_index_scan_close(state->scan);
    state->scan = NULL;
}

static void seek_rewind(struct ndb_op *op)
{
    struct seek_state *state = op->state;

    seek_close(op);
    state->row = (struct ndb_cursor_row){ 0 };
    state->range_at = state->range_count = 0;
    state->rows = 0;
}

/* Which index it is, once for each run. */
static int resolve(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    struct ndb_schema schema = NDB_SCHEMA_INIT;
    const namidb_schema_item *found;
    namidb_schema_item *item = &state->item;

    if (state->is_resolved)
        return NAMIDB_OK;
    item->target = ndb_run_number(op->run, op->plan->name);
    item->prop_count = op->plan->types.count;
    for (uint32_t i = 0; i < item->prop_count; i++) {
        item->props[i] = ndb_run_number(op->run, op->plan->types.items[i]);
        if (item->props[i] == 0)
            item->target = 0;
    }
    if (ndb_schema_read(&op->run->snapshot, &schema) < 0)
        return NAMIDB_ENOMEM;
    found = ndb_schema_index(&schema, item);
    item->number = found != NULL ? found->number : 0;
    ndb_schema_release(&schema);
    state->is_resolved = true;
    return NAMIDB_OK;
}

/* ---------------------------------------------------------------- ranges -- */

/* A key as an end of a range: cut off as keys in the index are. `is_behind`:
 * the first key behind all that begin with it, or that may stand for it. */
static int make_end(struct ndb_op *op, struct ndb_buf *key, bool is_behind,
                    struct ndb_slice *out)
{
    bool is_cut = key->bytes > NDB_INDEX_KEY_BYTES_MAX;

    if (is_cut)
        key->bytes = NDB_INDEX_KEY_BYTES_MAX;
    if (is_behind && !ndb_index_key_successor(key, 0))
        return NAMIDB_NONE;
    out->bytes = key->bytes;
    out->data = ndb_arena_copy(&op->kept, key->data, key->bytes);
    return out->data != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

/* One range: what begins with `start`, then from `low`, to `high` (NULL: all of
 * the kind of the other; both NULL: all). NAMIDB_NONE: nothing can match. */
static int add_range(struct ndb_op *op, struct ndb_slice start,
                     const namidb_value *low, const namidb_value *high,
                     bool is_prefix)
{
    struct seek_state *state = op->state;
    struct ndb_index_range *range = &state->ranges[state->range_count];
    bool is_low_open = low != NULL && op->plan->sub == NDB_SEEK_EXCLUSIVE;
    bool is_high_open =
        high != NULL && op->plan->direction == NDB_SEEK_EXCLUSIVE;
    struct ndb_buf key = NDB_BUF_INIT(KEY_BYTES_MAX);
    int rc = ndb_buf_append(&key, start.data, start.bytes);

    if (rc >= 0 && is_prefix)
        rc = ndb_index_key_prefix(&key, low);
    else if (rc >= 0 && low != NULL)
        rc = ndb_index_key_value(&key, low);
    else if (rc >= 0 && high != NULL)
        rc = ndb_index_key_rank(&key, high);
    if (rc == NAMIDB_OK)
        rc = make_end(op, &key,
                      is_low_open && key.bytes <= NDB_INDEX_KEY_BYTES_MAX,
                      &range->low);
    if (rc == NAMIDB_OK && !is_prefix && high != low) {
        key.bytes = 0;
        rc = ndb_buf_append(&key, start.data, start.bytes);
        if (rc >= 0)
            rc = high != NULL ? ndb_index_key_value(&key, high)
                              : ndb_index_key_rank(&key, low);
    }
    if (rc == NAMIDB_OK && is_low_open && high == low)
        rc = NAMIDB_NONE;
    if (rc == NAMIDB_OK)
        rc = make_end(op, &key,
                      !is_high_open || key.bytes > NDB_INDEX_KEY_BYTES_MAX,
                      &range->high);
    ndb_buf_release(&key);
    state->range_count += rc == NAMIDB_OK;
    return rc;
}

static int by_low(const void *a, const void *b)
{
    const struct ndb_index_range *x = a, *y = b;

    return ndb_slice_compare(x->low, y->low);
}

/* A range for each item of a list, apart from one another. */
static int add_items(struct ndb_op *op, struct ndb_slice start,
                     const namidb_value *list)
{
    struct seek_state *state = op->state;
    uint32_t kept = 0;
    int rc = NAMIDB_OK;

    if (list->kind != NAMIDB_LIST)
        return NAMIDB_NONE;
    state->ranges =
        ndb_arena_array(&op->kept, list->size + 1, sizeof *state->ranges);
    if (state->ranges == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < list->size && rc >= 0; i++)
        rc =
            add_range(op, start, &list->as.items[i], &list->as.items[i], false);
    if (rc < 0 || state->range_count == 0)
        return rc;
    qsort(state->ranges, state->range_count, sizeof *state->ranges, by_low);
    for (uint32_t i = 1; i < state->range_count; i++)
        if (ndb_slice_compare(state->ranges[i].low, state->ranges[kept].high) >=
            0)
            state->ranges[++kept] = state->ranges[i];
    state->range_count = kept + 1;
    return NAMIDB_OK;
}

/* The ranges that the values ask for. */
static int add_ranges(struct ndb_op *op, const namidb_value *values)
{
    const struct ndb_plan_op *plan = op->plan;
    const namidb_value *rest = values + plan->min;
    struct ndb_buf start = NDB_BUF_INIT(KEY_BYTES_MAX);
    struct seek_state *state = op->state;
    int rc = NAMIDB_OK;

    state->ranges = ndb_arena_array(&op->kept, 1, sizeof *state->ranges);
    if (state->ranges == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < plan->min && rc == NAMIDB_OK; i++)
        rc = ndb_index_key_value(&start, &values[i]);
    if (rc == NAMIDB_OK && plan->flags == NDB_SEEK_ITEMS)
        rc = add_items(op, ndb_buf_slice(&start), rest);
    else if (rc == NAMIDB_OK && plan->flags == NDB_SEEK_PREFIX)
        rc = rest->kind == NAMIDB_STRING
                 ? add_range(op, ndb_buf_slice(&start), rest, NULL, true)
                 : NAMIDB_NONE;
    else if (rc == NAMIDB_OK)
        rc = add_range(op, ndb_buf_slice(&start), plan->sub != 0 ? rest : NULL,
                       plan->direction != 0 ? rest + (plan->sub != 0) : NULL,
                       false);
    ndb_buf_release(&start);
    return rc < 0 ? NAMIDB_ENOMEM : NAMIDB_OK;
}

/* The ranges of the child's next row. */
static int next_row(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->kept);
    struct ndb_chunk one;
    namidb_value *values;
    int rc = ndb_op_next_row(op, &state->row);

    if (rc != NAMIDB_OK)
        return rc;
    ndb_arena_reset(&op->kept);
    state->range_at = state->range_count = 0;
    rc = resolve(op);
    if (rc < 0 || state->item.target == 0)
        return rc < 0 ? rc : NAMIDB_NONE;
    values = ndb_arena_array(&op->kept, op->plan->count + 1, sizeof *values);
    if (values == NULL)
        return NAMIDB_ENOMEM;
    rc =
        ndb_eval_row_chunk(&eval, &op->child->chunk, state->row.position, &one);
    for (uint32_t i = 0; i < op->plan->count && rc >= 0; i++) {
        struct ndb_vector vector;

        rc = ndb_eval(&eval, op->plan->exprs[i], &one, &vector);
        if (rc >= 0)
            values[i] = ndb_vector_get(&vector, 0);
    }
    return rc < 0 ? rc : add_ranges(op, values);
}

/* ------------------------------------------------------------------ rows -- */

static int emit(struct ndb_op *op, const struct ndb_index_entry *entries,
                size_t count)
{
    struct seek_state *state = op->state;
    uint64_t *ids = ndb_arena_array(&op->arena, count, sizeof *ids);

    if (ids == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        ids[i] = entries[i].id;
    ndb_op_repeat(op, &op->child->chunk, state->row.position, (uint32_t)count);
    op->chunk.columns[op->plan->slot] =
        (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = ids };
    return NAMIDB_OK;
}

/* Opens the search that is next: of a range, or of another row. */
static int open_next(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    int rc = NAMIDB_OK;

    while (rc == NAMIDB_OK && state->range_at == state->range_count)
        rc = next_row(op);
    if (rc != NAMIDB_OK)
        return rc;
    return ndb_index_scan_open(&state->scan, &op->run->snapshot, &state->item,
                               &state->ranges[state->range_at++], false,
                               op->run->err);
}

static int seek_next(struct ndb_op *op)
{
    struct seek_state *state = op->state;

    if (state->rows == 0)
        state->rows = NDB_CHUNK_ROWS_FIRST;
    for (;;) {
        struct ndb_index_entry *entries;
        size_t count;
        int rc = state->scan == NULL ? open_next(op) : NAMIDB_OK;

        if (rc != NAMIDB_OK)
            return rc;
        entries = ndb_arena_array(&op->arena, state->rows, sizeof *entries);
        if (entries == NULL)
            return NAMIDB_ENOMEM;
        rc = ndb_index_scan_next(state->scan, state->rows, entries, &count,
                                 op->run->err);
        if (rc < 0)
            return rc;
        if (count != 0) {
            if (state->rows < NDB_CHUNK_ROWS_MAX)
                state->rows *= 2;
            return emit(op, entries, count);
        }
        seek_close(op);
    }
}

const struct ndb_op_class ndb_op_seek_index = {
    .state_bytes = sizeof(struct seek_state),
    .rewind = seek_rewind,
    .next = seek_next,
    .close = seek_close,
};
