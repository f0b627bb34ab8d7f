/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index_order.h"

#include <stdlib.h>

#include "base/error.h"
#include "format/index_key.h"

enum { KEY_SCRATCH_MAX = 64 << 20, READ_MAX = 256 };

/* An entry and the whole key of its row. */
struct item {
    struct ndb_index_entry entry, whole;
};

static int by_whole_key(const void *a, const void *b)
{
    return ndb_index_entry_compare(&((const struct item *)a)->whole,
                                   &((const struct item *)b)->whole);
}

static int add_whole(struct ndb_index_scan *scan, struct item *item,
                     const namidb_property *props, uint32_t count)
{
    struct ndb_buf key = NDB_BUF_INIT(KEY_SCRATCH_MAX);
    int rc = ndb_index_key_row_whole(&key, &scan->item, props, count);

    item->whole = item->entry;
    if (rc == NAMIDB_OK) {
        item->whole.key.bytes = key.bytes;
        item->whole.key.data =
            ndb_arena_copy(&scan->arena, key.data, key.bytes);
        rc = item->whole.key.data != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
    }
    ndb_buf_release(&key);
    return rc < 0 ? NAMIDB_ENOMEM : NAMIDB_OK;
}

static int add_nodes(struct ndb_index_scan *scan, struct item *items,
                     size_t count, namidb_arena *arena, namidb_error *err)
{
    namidb_node nodes[READ_MAX];
    uint64_t ids[READ_MAX] = { 0 };
    int rc;

    for (size_t i = 0; i < count; i++)
        ids[i] = items[i].entry.id;
    rc = ndb_read_nodes(&scan->snapshot, ids, count, arena, nodes, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        if (add_whole(scan, &items[i], nodes[i].props, nodes[i].prop_count) < 0)
            rc = ndb_fail_memory(err);
    return rc;
}

static int add_edges(struct ndb_index_scan *scan, struct item *items,
                     size_t count, namidb_arena *arena, namidb_error *err)
{
    struct ndb_edge_probe probes[READ_MAX] = { { 0 } };
    namidb_edge edges[READ_MAX];
    int rc;

    for (size_t i = 0; i < count; i++)
        probes[i] = (struct ndb_edge_probe){ .id = items[i].entry.id,
                                             .from = items[i].entry.from,
                                             .to = items[i].entry.to };
    rc = ndb_read_edges(&scan->snapshot, probes, count, arena, edges, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        if (add_whole(scan, &items[i], edges[i].props, edges[i].prop_count) < 0)
            rc = ndb_fail_memory(err);
    return rc;
}

int ndb_index_order(struct ndb_index_scan *scan,
                    struct ndb_index_entry *entries, size_t count,
                    namidb_error *err)
{
    struct item *items = ndb_arena_array(&scan->arena, count, sizeof *items);
    namidb_arena rows = NDB_ARENA_INIT; /* only their keys are kept */
    int rc = NAMIDB_OK;

    if (items == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        items[i].entry = entries[i];
    for (size_t i = 0; i < count && rc >= 0; i += READ_MAX) {
        size_t step = count - i < READ_MAX ? count - i : READ_MAX;

        ndb_arena_reset(&rows);
        rc = scan->item.is_edge ? add_edges(scan, items + i, step, &rows, err)
                                : add_nodes(scan, items + i, step, &rows, err);
    }
    ndb_arena_release(&rows);
    if (rc < 0)
        return rc;
    qsort(items, count, sizeof *items, by_whole_key);
    for (size_t i = 0; i < count; i++)
        entries[scan->is_descending ? count - 1 - i : i] = items[i].entry;
    return NAMIDB_OK;
}
