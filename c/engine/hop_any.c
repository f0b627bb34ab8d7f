/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/hop_any.h"

#include <string.h>

#include "base/error.h"
#include "engine/degrees.h"

/* Types of edges that some layer may know at the nodes of a batch, ascending.
 */
struct types {
    uint32_t count;
    uint16_t items[NAMIDB_TABLE_MAX + 1];
};

static void add_type(struct types *types, uint32_t type)
{
    uint32_t at = types->count;

    while (at > 0 && types->items[at - 1] > type)
        at--;
    if (at > 0 && types->items[at - 1] == type)
        return;
    memmove(types->items + at + 1, types->items + at,
            (types->count - at) * sizeof *types->items);
    types->items[at] = (uint16_t)type;
    types->count++;
}

/* The table that all ids are of, or NAMIDB_TABLE_MAX + 1. */
static uint32_t only_table(const uint64_t *ids, size_t count)
{
    uint32_t table = NAMIDB_ID_TABLE(ids[0]);

    for (size_t i = 1; i < count; i++)
        if (NAMIDB_ID_TABLE(ids[i]) != table)
            return NAMIDB_TABLE_MAX + 1;
    return table;
}

static void add_types_of_pack(const struct ndb_pack *pack,
                              enum ndb_part_kind kind, uint32_t table,
                              struct types *types)
{
    uint32_t count;
    const struct ndb_part *parts =
        ndb_directory_kind(ndb_pack_directory(pack), kind, &count);

    for (uint32_t i = 0; i < count; i++)
        if (table > NAMIDB_TABLE_MAX || parts[i].table == table)
            add_type(types, parts[i].type);
}

static void add_types_of_memtable(struct ndb_memtable *memtable,
                                  uint64_t version, struct types *types)
{
    uint32_t lane = 0, type;

    while ((type = ndb_memtable_next_type(memtable, version, &lane)) != 0)
        add_type(types, type);
}

static void find_types(const struct ndb_hop_batch *batch, struct types *types)
{
    const struct ndb_snapshot *snapshot = batch->snapshot;
    enum ndb_part_kind kind =
        batch->kind.direction == NAMIDB_OUT ? NDB_PART_OUT : NDB_PART_IN;
    uint32_t table;

    types->count = 0;
    if (batch->count == 0)
        return;
    table = only_table(batch->ids, batch->count);
    for (uint32_t i = 0; i < snapshot->view->layer_count; i++) {
        const struct ndb_layer *layer = &snapshot->view->layers[i];

        if (layer->memtable != NULL)
            add_types_of_memtable(layer->memtable, snapshot->version, types);
        else
            add_types_of_pack(layer->pack, kind, table, types);
    }
}

/* Room for the edges of `parts` together. NAMIDB_OK or a failure. */
static int allocate(const struct ndb_hops *parts, uint32_t part_count,
                    size_t count, bool with_edges, namidb_arena *arena,
                    struct ndb_hops *out, namidb_error *err)
{
    uint64_t edges = 0;

    for (uint32_t i = 0; i < part_count; i++)
        edges += parts[i].offsets[count];
    return ndb_hops_allocate(count, edges, with_edges, arena, out, err);
}

/* The edges of each node, type after type. */
static void interleave(const struct ndb_hops *parts, uint32_t part_count,
                       size_t count, struct ndb_hops *out)
{
    uint32_t taken = 0;

    for (size_t i = 0; i < count; i++) {
        out->offsets[i] = taken;
        for (uint32_t k = 0; k < part_count; k++) {
            uint32_t begin = parts[k].offsets[i];
            uint32_t some = parts[k].offsets[i + 1] - begin;

            if (some == 0)
                continue;
            memcpy(out->neighbours + taken, parts[k].neighbours + begin,
                   some * sizeof *out->neighbours);
            if (out->edges != NULL)
                memcpy(out->edges + taken, parts[k].edges + begin,
                       some * sizeof *out->edges);
            taken += some;
        }
    }
    out->offsets[count] = taken;
}

/* Hops along several types, or none. */
static int read_types(const struct ndb_hop_batch *batch,
                      const struct types *types, namidb_arena *arena,
                      struct ndb_hops *out)
{
    struct ndb_hop_batch one = *batch;
    namidb_arena scratch = NDB_ARENA_INIT;
    struct ndb_hops *parts =
        ndb_arena_array(&scratch, types->count, sizeof *parts);
    int rc = parts != NULL ? NAMIDB_OK : ndb_fail_memory(batch->err);

    for (uint32_t i = 0; i < types->count && rc == NAMIDB_OK; i++) {
        one.kind.type = types->items[i];
        rc = ndb_hop_spans_read(&one, &scratch, &parts[i]);
    }
    if (rc == NAMIDB_OK)
        rc = allocate(parts, types->count, batch->count, batch->kind.with_edges,
                      arena, out, batch->err);
    if (rc == NAMIDB_OK)
        interleave(parts, types->count, batch->count, out);
    ndb_arena_release(&scratch);
    return rc;
}

int ndb_hop_any_read(const struct ndb_hop_batch *batch, namidb_arena *arena,
                     struct ndb_hops *out)
{
    struct ndb_hop_batch one = *batch;
    struct types types;

    find_types(batch, &types);
    if (types.count != 1)
        return read_types(batch, &types, arena, out);
    one.kind.type = types.items[0];
    return ndb_hop_spans_read(&one, arena, out);
}

int ndb_hop_any_degrees(const struct ndb_hop_batch *batch, enum ndb_fold_of of,
                        uint64_t *counts)
{
    struct ndb_hop_batch one = *batch;
    struct types types;
    int rc = NAMIDB_OK;

    find_types(batch, &types);
    for (uint32_t i = 0; i < types.count && rc == NAMIDB_OK; i++) {
        one.kind.type = types.items[i];
        rc = ndb_degrees_add(&one, of, counts);
    }
    return rc;
}
