/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What constraints ask of a row, by itself and beside another one.
 */
#include <math.h>

#include "base/error.h"
#include "base/limits.h"
#include "engine/constraint_text.h"
#include "engine/index_scan.h"
#include "engine/tx.h"

enum { OTHERS_MAX = 4, KEY_SCRATCH_MAX = 64 << 20 };

static const namidb_value *find(const namidb_property *props, uint32_t count,
                                uint32_t name)
{
    for (uint32_t i = 0; i < count; i++)
        if (props[i].name == name)
            return &props[i].value;
    return NULL;
}

int ndb_constraint_has(const namidb_schema_item *item,
                       const namidb_property *props, uint32_t count)
{
    for (uint32_t i = 0; i < item->prop_count; i++)
        if (find(props, count, item->props[i]) == NULL)
            return NAMIDB_NONE;
    return NAMIDB_OK;
}

int ndb_constraint_fits(const namidb_schema_item *item,
                        const namidb_property *props, uint32_t count)
{
    const namidb_value *value = find(props, count, item->props[0]);

    if (value == NULL)
        return NAMIDB_OK;
    if ((item->kinds >> value->kind & 1) == 0)
        return NAMIDB_NONE;
    for (uint32_t i = 0;
         value->kind == NAMIDB_LIST && item->item_kinds != 0 && i < value->size;
         i++)
        if ((item->item_kinds >> value->as.items[i].kind & 1) == 0)
            return NAMIDB_NONE;
    return NAMIDB_OK;
}

int ndb_constraint_row(const struct ndb_snapshot *snapshot,
                       const namidb_schema_item *item, uint64_t id,
                       const namidb_property *props, uint32_t count,
                       namidb_error *err)
{
    const struct ndb_constraint_row row = { id, props, count };

    if (item->rule == NAMIDB_RULE_TYPE)
        return ndb_constraint_fits(item, props, count) == NAMIDB_OK
                   ? NAMIDB_OK
                   : ndb_constraint_fail_type(snapshot, item, &row, err);
    if (item->rule != NAMIDB_RULE_NOT_NULL && item->rule != NAMIDB_RULE_KEY)
        return NAMIDB_OK;
    return ndb_constraint_has(item, props, count) == NAMIDB_OK
               ? NAMIDB_OK
               : ndb_constraint_fail_absent(snapshot, item, &row, err);
}

/* ------------------------------------------------------------- uniqueness --
 */

/* NaN equals nothing. */
static bool has_nan(const namidb_schema_item *item,
                    const namidb_property *props, uint32_t count)
{
    for (uint32_t i = 0; i < item->prop_count; i++) {
        const namidb_value *value = find(props, count, item->props[i]);

        if (value != NULL && value->kind == NAMIDB_FLOAT &&
            isnan(value->as.number))
            return true;
    }
    return false;
}

/* The properties of a row, by its entry in an index. */
static int read_props(const struct ndb_snapshot *snapshot,
                      const namidb_schema_item *item,
                      const struct ndb_index_entry *entry, namidb_arena *arena,
                      const namidb_property **props, uint32_t *count,
                      namidb_error *err)
{
    const struct ndb_edge_probe probe = { entry->id, entry->from, entry->to };
    namidb_node node;
    namidb_edge edge;
    int rc = item->is_edge
                 ? ndb_read_edges(snapshot, &probe, 1, arena, &edge, err)
                 : ndb_read_nodes(snapshot, &entry->id, 1, arena, &node, err);

    if (rc < 0)
        return rc;
    *props = item->is_edge ? edge.props : node.props;
    *count = item->is_edge ? edge.prop_count : node.prop_count;
    return NAMIDB_OK;
}

/* Whether a row has a key, of which an index may have only the beginning. */
static int has_whole_key(const struct ndb_snapshot *snapshot,
                         const namidb_schema_item *item,
                         const struct ndb_index_entry *entry,
                         struct ndb_slice key, namidb_error *err)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_buf other = NDB_BUF_INIT(KEY_SCRATCH_MAX);
    const namidb_property *props;
    uint32_t count;
    int rc;

    if (key.bytes <= NDB_INDEX_KEY_BYTES_MAX)
        return NAMIDB_OK;
    rc = read_props(snapshot, item, entry, &arena, &props, &count, err);
    if (rc >= 0) {
        rc = ndb_index_key_row_whole(&other, item, props, count);
        if (rc < 0)
            rc = ndb_fail_memory(err);
        else if (rc == NAMIDB_OK &&
                 !ndb_slice_equal(ndb_buf_slice(&other), key))
            rc = NAMIDB_NONE;
    }
    ndb_buf_release(&other);
    ndb_arena_release(&arena);
    return rc;
}

/* Whether an entry that a scan over one key finds is another row's. */
static int find_other(const struct ndb_snapshot *snapshot,
                      const namidb_schema_item *item,
                      const struct ndb_constraint_row *row,
                      struct ndb_slice key, struct ndb_index_scan *scan,
                      namidb_error *err)
{
    struct ndb_index_found found;
    int rc;

    do {
        rc = ndb_index_scan_next(scan, OTHERS_MAX, &found, err);
        for (size_t i = 0; rc >= 0 && i < found.count; i++) {
            uint64_t other = found.entries[i].id;

            if (other == row->id)
                continue;
            rc = has_whole_key(snapshot, item, &found.entries[i], key, err);
            if (rc == NAMIDB_OK)
                return ndb_constraint_fail_same(snapshot, item, row, other,
                                                err);
        }
    } while (rc >= 0 && found.count != 0);
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_constraint_is_free(const struct ndb_snapshot *snapshot,
                           const namidb_schema_item *item, uint64_t id,
                           const namidb_property *props, uint32_t count,
                           namidb_error *err)
{
    struct ndb_buf key = NDB_BUF_INIT(KEY_SCRATCH_MAX);
    struct ndb_buf high = NDB_BUF_INIT(NDB_INDEX_KEY_BYTES_MAX);
    const struct ndb_constraint_row row = { id, props, count };
    struct ndb_index_scan *scan = NULL;
    struct ndb_index_range range = { .is_point = true };
    const struct ndb_index_search search = {
        .item = item, .ranges = &range, .range_count = 1, .use_filters = true
    };
    int rc = has_nan(item, props, count)
                 ? NAMIDB_NONE
                 : ndb_index_key_row_whole(&key, item, props, count);

    if (rc == NAMIDB_OK) {
        range.low = ndb_buf_slice(&key);
        if (range.low.bytes > NDB_INDEX_KEY_BYTES_MAX)
            range.low.bytes = NDB_INDEX_KEY_BYTES_MAX;
        rc = ndb_buf_append(&high, range.low.data, range.low.bytes);
    }
    if (rc < 0)
        rc = ndb_fail_memory(err);
    if (rc == NAMIDB_OK) {
        (void)ndb_index_key_successor(&high, 0); /* a rank is below 255 */
        range.high = ndb_buf_slice(&high);
        rc = ndb_index_scan_open(&scan, snapshot, &search, err);
    }
    if (rc == NAMIDB_OK)
        rc = find_other(snapshot, item, &row, ndb_buf_slice(&key), scan, err);
    ndb_index_scan_close(scan);
    ndb_buf_release(&key);
    ndb_buf_release(&high);
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_constraint_differ(const struct ndb_snapshot *snapshot,
                          const namidb_schema_item *item,
                          const struct ndb_index_entry *a,
                          const struct ndb_index_entry *b, namidb_error *err)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_buf key = NDB_BUF_INIT(KEY_SCRATCH_MAX);
    const namidb_property *props;
    uint32_t count;
    int rc = read_props(snapshot, item, a, &arena, &props, &count, err);

    if (rc >= 0 && !has_nan(item, props, count)) {
        rc = ndb_index_key_row_whole(&key, item, props, count);
        if (rc < 0)
            rc = ndb_fail_memory(err);
        if (rc == NAMIDB_OK)
            rc = has_whole_key(snapshot, item, b, ndb_buf_slice(&key), err);
        if (rc == NAMIDB_OK)
            rc = ndb_constraint_fail_same(
                snapshot, item,
                &(struct ndb_constraint_row){ b->id, props, count }, a->id,
                err);
    }
    ndb_buf_release(&key);
    ndb_arena_release(&arena);
    return rc < 0 ? rc : NAMIDB_OK;
}
