/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/counts.h"

static void add(uint64_t *counts, size_t max, uint32_t number, int64_t count)
{
    if (number >= 1 && number <= max)
        counts[number - 1] += (uint64_t)count;
}

static void add_manifest(const struct ndb_manifest *manifest,
                         enum namidb_name_kind kind, uint64_t *counts,
                         size_t max)
{
    for (uint32_t i = 0; kind == NAMIDB_LABEL && i < manifest->label_count; i++)
        add(counts, max, manifest->labels[i].label,
            (int64_t)manifest->labels[i].count);
    for (uint32_t i = 0; kind == NAMIDB_TYPE && i < manifest->edge_table_count;
         i++)
        add(counts, max, manifest->edge_tables[i].table,
            (int64_t)manifest->edge_tables[i].count);
}

/* What all memtables of a view add. */
static int add_memtables(const struct ndb_snapshot *snapshot,
                         struct ndb_stat_deltas *deltas,
                         struct ndb_stat_deltas *hops)
{
    const struct ndb_view *view = snapshot->view;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < view->layer_count && rc >= 0; i++)
        if (view->layers[i].memtable != NULL)
            rc = ndb_memtable_hop_stats(view->layers[i].memtable,
                                        snapshot->version, deltas, hops);
    return rc;
}

int ndb_counts(const struct ndb_snapshot *snapshot, enum namidb_name_kind kind,
               uint64_t *counts, size_t max)
{
    const struct ndb_view *view = snapshot->view;
    struct ndb_stat_deltas deltas = NDB_STAT_DELTAS_INIT;
    struct ndb_stat_deltas hops = NDB_STAT_DELTAS_INIT;
    int wanted = kind == NAMIDB_LABEL ? NDB_STAT_LABEL : NDB_STAT_EDGE_TABLE;
    int rc;

    memset(counts, 0, max * sizeof *counts);
    if (view->manifest != NULL)
        add_manifest(&view->manifest->body, kind, counts, max);
    rc = add_memtables(snapshot, &deltas, &hops);
    for (size_t i = 0; i < deltas.count && rc >= 0; i++)
        if ((int)deltas.items[i].kind == wanted)
            add(counts, max, deltas.items[i].number, deltas.items[i].count);
    ndb_stat_deltas_release(&hops);
    ndb_stat_deltas_release(&deltas);
    return rc;
}

/* The edges that a pack has at the nodes of each table, less those that it
 * says are gone. */
static int add_pack(const struct ndb_directory *directory,
                    struct ndb_stat_deltas *deltas)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < directory->part_count && rc >= 0; i++) {
        const struct ndb_part *part = &directory->parts[i];
        struct ndb_stat_delta delta = {
            part->kind == NDB_PART_OUT ? NDB_STAT_OUT : NDB_STAT_IN,
            NDB_STAT_HOP(part->type, part->table),
            (int64_t)part->rows - 2 * (int64_t)part->tombstones, 0
        };

        if (part->kind == NDB_PART_OUT || part->kind == NDB_PART_IN)
            rc = ndb_stat_deltas_add(deltas, &delta);
    }
    return rc;
}

static int write_hops(const struct ndb_stat_deltas *deltas, namidb_arena *arena,
                      namidb_hop_count **out, size_t *count)
{
    namidb_hop_count *items =
        ndb_arena_alloc(arena, (deltas->count + 1) * sizeof *items);

    if (items == NULL)
        return NAMIDB_ENOMEM;
    *out = items;
    for (size_t i = 0; i < deltas->count; i++) {
        const struct ndb_stat_delta *delta = &deltas->items[i];
        bool is_in = delta->kind == NDB_STAT_IN;

        if ((is_in || delta->kind == NDB_STAT_OUT) && delta->count > 0)
            items[(*count)++] = (namidb_hop_count){
                .type = NDB_STAT_HOP_TYPE(delta->number),
                .label = NDB_STAT_HOP_TABLE(delta->number),
                .direction = is_in ? NAMIDB_IN : NAMIDB_OUT,
                .edges = (uint64_t)delta->count,
            };
    }
    return NAMIDB_OK;
}

static int64_t nodes_of(const struct ndb_view *view,
                        const struct ndb_stat_deltas *deltas)
{
    const struct ndb_version *manifest = view->manifest;
    int64_t count = 0;

    for (size_t i = 0; i < deltas->count; i++)
        if (deltas->items[i].kind == NDB_STAT_NODE_TABLE)
            count += deltas->items[i].count;
    for (uint32_t i = 0;
         manifest != NULL && i < manifest->body.node_table_count; i++)
        count += (int64_t)manifest->body.node_tables[i].count;
    return count;
}

int ndb_hop_counts(const struct ndb_snapshot *snapshot, namidb_arena *arena,
                   namidb_hop_count **out, size_t *count, uint64_t *nodes)
{
    const struct ndb_view *view = snapshot->view;
    struct ndb_stat_deltas deltas = NDB_STAT_DELTAS_INIT;
    struct ndb_stat_deltas hops = NDB_STAT_DELTAS_INIT;
    int rc = add_memtables(snapshot, &deltas, &hops);

    *count = 0;
    for (uint32_t i = 0; i < view->layer_count && rc >= 0; i++)
        if (view->layers[i].pack != NULL)
            rc = add_pack(ndb_pack_directory(view->layers[i].pack), &hops);
    if (rc >= 0)
        rc = write_hops(&hops, arena, out, count);
    *nodes = (uint64_t)nodes_of(view, &deltas);
    ndb_stat_deltas_release(&deltas);
    ndb_stat_deltas_release(&hops);
    return rc;
}

int ndb_property_counts(const struct ndb_snapshot *snapshot,
                        namidb_arena *arena, namidb_property_count **out,
                        size_t *count)
{
    static const struct ndb_property_stats none;
    const struct ndb_version *manifest = snapshot->view->manifest;
    const struct ndb_property_stats *stats =
        manifest != NULL ? &manifest->body.properties : &none;

    *count = stats->count;
    *out = ndb_arena_alloc(arena, (stats->count + 1) * sizeof **out);
    if (*out == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < stats->count; i++) {
        const struct ndb_property_stat *stat = &stats->items[i];

        (*out)[i] = (namidb_property_count){
            .is_edge = stat->is_edge,
            .table = stat->table,
            .property = stat->name,
            .values = stat->values,
            .distinct = ndb_property_stat_distinct(stat),
            .range_kind = stat->range_kind,
            .min = stat->min,
            .max = stat->max,
        };
    }
    return NAMIDB_OK;
}

int ndb_degree_counts(const struct ndb_snapshot *snapshot, namidb_arena *arena,
                      namidb_degree_count **out, size_t *count)
{
    static const struct ndb_degree_stats none;
    const struct ndb_version *manifest = snapshot->view->manifest;
    const struct ndb_degree_stats *stats =
        manifest != NULL ? &manifest->body.degrees : &none;

    *count = stats->count;
    *out = ndb_arena_alloc(arena, (stats->count + 1) * sizeof **out);
    if (*out == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < stats->count; i++) {
        const struct ndb_degree_stat *stat = &stats->items[i];

        (*out)[i] = (namidb_degree_count){
            .type = stat->type,
            .direction = stat->is_in ? NAMIDB_IN : NAMIDB_OUT,
            .nodes = ndb_degree_stat_nodes(stat),
            .at_an_edge = stat->squares / (double)stat->edges,
            .most = stat->hub_count != 0 ? stat->hubs[0].edges : 0,
        };
    }
    return NAMIDB_OK;
}

static bool lists_label(const struct ndb_part *part, uint32_t label)
{
    for (uint32_t i = 0; i < part->label_count; i++)
        if (part->labels[i] == label)
            return true;
    return false;
}

static bool is_of(const struct ndb_part *part, enum namidb_segments of,
                  uint32_t number)
{
    if (number == 0)
        return true;
    if (of != NAMIDB_SEGMENTS_NODE)
        return part->type == number;
    return part->table == number || lists_label(part, number);
}

void ndb_segment_counts(const struct ndb_snapshot *snapshot,
                        enum namidb_segments of, uint32_t number,
                        uint64_t *segments, uint64_t *missing)
{
    static const enum ndb_part_kind KINDS[] = { NDB_PART_NODE, NDB_PART_OUT,
                                                NDB_PART_IN };
    const struct ndb_view *view = snapshot->view;
    struct ndb_cache_need need = { 0, 0 };

    for (uint32_t i = 0; i < view->layer_count; i++) {
        const struct ndb_pack *pack = view->layers[i].pack;
        const struct ndb_part *parts;
        uint32_t count = 0;

        if (pack == NULL)
            continue;
        parts = ndb_directory_kind(ndb_pack_directory(pack), KINDS[of], &count);
        for (uint32_t j = 0; j < count; j++)
            if (is_of(&parts[j], of, number))
                ndb_segment_cache_need(view->cache, ndb_pack_cached(pack),
                                       &parts[j], &need);
    }
    *segments = need.segments;
    *missing = need.missing;
}
