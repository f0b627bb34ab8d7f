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

int ndb_counts(const struct ndb_snapshot *snapshot, enum namidb_name_kind kind,
               uint64_t *counts, size_t max)
{
    const struct ndb_view *view = snapshot->view;
    struct ndb_stat_deltas deltas = NDB_STAT_DELTAS_INIT;
    int wanted = kind == NAMIDB_LABEL ? NDB_STAT_LABEL : NDB_STAT_EDGE_TABLE;
    int rc = NAMIDB_OK;

    memset(counts, 0, max * sizeof *counts);
    if (view->manifest != NULL)
        add_manifest(&view->manifest->body, kind, counts, max);
    for (uint32_t i = 0; i < view->layer_count && rc >= 0; i++)
        if (view->layers[i].memtable != NULL)
            rc = ndb_memtable_stats(view->layers[i].memtable, snapshot->version,
                                    &deltas);
    for (size_t i = 0; i < deltas.count && rc >= 0; i++)
        if ((int)deltas.items[i].kind == wanted)
            add(counts, max, deltas.items[i].number, deltas.items[i].count);
    ndb_stat_deltas_release(&deltas);
    return rc;
}
