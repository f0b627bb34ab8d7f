/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index_judge.h"

#include "base/error.h"
#include "engine/node_place.h"
#include "engine/schema.h"
#include "format/index_key.h"
#include "format/value.h"

/* -------------------------------------------------------------- verdicts -- */

/* Whether properties give that very key. NAMIDB_OK, NAMIDB_NONE, a failure. */
static int has_key(struct ndb_index_scan *scan, struct ndb_slice key,
                   const namidb_property *props, uint32_t count)
{
    int rc;

    scan->key.bytes = 0;
    rc = ndb_index_key_row(&scan->key, &scan->item, props, count);
    if (rc != NAMIDB_OK)
        return rc;
    return ndb_slice_equal(ndb_buf_slice(&scan->key), key) ? NAMIDB_OK
                                                           : NAMIDB_NONE;
}

static int node_has_key(struct ndb_index_scan *scan, struct ndb_slice key,
                        const namidb_node *node)
{
    if (node->id == 0 ||
        !ndb_schema_has_node(&scan->item, node->labels, node->label_count))
        return NAMIDB_NONE;
    return has_key(scan, key, node->props, node->prop_count);
}

/* Judges by the image that a memtable has; no data: deleted. */
static int judge_row(struct ndb_index_scan *scan,
                     const struct ndb_index_entry *entry, struct ndb_slice row,
                     enum ndb_index_verdict *verdict)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node node = { .id = entry->id };
    int rc = NAMIDB_NONE;

    if (row.data != NULL && !scan->item.is_edge) {
        rc = ndb_row_decode(row, &arena, &node);
        node.id = entry->id;
        if (rc >= 0)
            rc = node_has_key(scan, entry->key, &node);
    } else if (row.data != NULL) {
        struct ndb_reader reader = ndb_reader(row);

        rc = row.bytes == 0 ? NAMIDB_OK
                            : ndb_props_decode(&reader, &arena, &node.props,
                                               &node.prop_count);
        if (rc >= 0)
            rc = has_key(scan, entry->key, node.props, node.prop_count);
    }
    *verdict = rc == NAMIDB_OK ? NDB_INDEX_COUNTS : NDB_INDEX_COUNTS_NOT;
    ndb_arena_release(&arena);
    return rc < 0 ? rc : NAMIDB_OK;
}

/* What a memtable knows of an entry's row: NAMIDB_OK or NAMIDB_NONE. */
static int ask_memtable(const struct ndb_index_scan *scan,
                        struct ndb_memtable *memtable,
                        const struct ndb_index_entry *entry,
                        struct ndb_slice *row)
{
    uint64_t version = scan->snapshot.version;
    struct ndb_memtable_edge edge;
    int rc;

    if (!scan->item.is_edge)
        return ndb_memtable_node(memtable, entry->id, version, row);
    rc = ndb_memtable_edge(memtable, entry->id, version, &edge);
    if (rc == NAMIDB_OK)
        *row = edge.is_deleted ? ndb_slice(NULL, 0) : edge.props;
    return rc;
}

/* Whether a pack may know the row, as far as its directory says. */
static bool may_know(const struct ndb_index_scan *scan, struct ndb_pack *pack,
                     const struct ndb_index_entry *entry)
{
    const struct ndb_directory *directory = ndb_pack_directory(pack);
    uint64_t owner = scan->item.is_edge ? entry->from : entry->id;
    const struct ndb_part *part =
        scan->item.is_edge
            ? ndb_directory_find(directory, NDB_PART_OUT, scan->item.target,
                                 NAMIDB_ID_TABLE(owner))
            : ndb_directory_find(directory, NDB_PART_NODE, 0,
                                 NAMIDB_ID_TABLE(owner));
    uint32_t count = 0;

    if (part != NULL)
        (void)ndb_part_find(part, NAMIDB_ID_SEQUENCE(owner), &count);
    return count != 0;
}

int ndb_index_judge(struct ndb_index_scan *scan,
                    const struct ndb_index_source *source,
                    const struct ndb_index_entry *entry,
                    enum ndb_index_verdict *verdict)
{
    const struct ndb_layer *layers = scan->snapshot.view->layers;
    uint32_t end = source->layer + (source->memtable != NULL);

    for (uint32_t i = 0; i < end; i++) {
        struct ndb_slice row;

        if (layers[i].memtable != NULL) {
            if (ask_memtable(scan, layers[i].memtable, entry, &row) ==
                NAMIDB_OK)
                return judge_row(scan, entry, row, verdict);
        } else if (may_know(scan, layers[i].pack, entry)) {
            *verdict = NDB_INDEX_MUST_LOOK;
            return NAMIDB_OK;
        }
    }
    *verdict =
        source->memtable != NULL ? NDB_INDEX_COUNTS_NOT : NDB_INDEX_COUNTS;
    return NAMIDB_OK;
}

/* --------------------------------------------------------------- looking -- */

static int look_at_nodes(struct ndb_index_scan *scan,
                         const struct ndb_index_entry *entries,
                         const uint32_t *which, size_t count, bool *drop,
                         namidb_error *err)
{
    uint64_t *ids = ndb_arena_array(&scan->arena, count, sizeof *ids);
    namidb_node *nodes = ndb_arena_array(&scan->arena, count, sizeof *nodes);
    int rc;

    if (ids == NULL || nodes == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        ids[i] = entries[which[i]].id;
    rc = ndb_read_nodes(&scan->snapshot, ids, count, &scan->arena, nodes, err);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = node_has_key(scan, entries[which[i]].key, &nodes[i]);
        drop[which[i]] = rc == NAMIDB_NONE;
        if (rc < 0)
            rc = ndb_fail_memory(err);
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

static int look_at_edges(struct ndb_index_scan *scan,
                         const struct ndb_index_entry *entries,
                         const uint32_t *which, size_t count, bool *drop,
                         namidb_error *err)
{
    struct ndb_edge_probe *probes =
        ndb_arena_array(&scan->arena, count, sizeof *probes);
    namidb_edge *edges = ndb_arena_array(&scan->arena, count, sizeof *edges);
    int rc;

    if (probes == NULL || edges == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        probes[i] = (struct ndb_edge_probe){ .id = entries[which[i]].id,
                                             .from = entries[which[i]].from,
                                             .to = entries[which[i]].to };
    rc = ndb_read_edges(&scan->snapshot, probes, count, &scan->arena, edges,
                        err);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = edges[i].id == 0 ? NAMIDB_NONE
                              : has_key(scan, entries[which[i]].key,
                                        edges[i].props, edges[i].prop_count);
        drop[which[i]] = rc == NAMIDB_NONE;
        if (rc < 0)
            rc = ndb_fail_memory(err);
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_index_settle(struct ndb_index_scan *scan, struct ndb_index_found *found,
                     bool *must_look, namidb_error *err)
{
    uint32_t *which =
        ndb_arena_array(&scan->arena, found->count, sizeof *which);
    struct ndb_index_entry *entries = found->entries;
    size_t look_count = 0, kept = 0;
    int rc = NAMIDB_OK;

    if (which == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < found->count; i++) {
        if (must_look[i])
            which[look_count++] = (uint32_t)i;
        must_look[i] = false; /* from here on: to be dropped */
    }
    if (look_count != 0)
        rc = scan->item.is_edge ? look_at_edges(scan, entries, which,
                                                look_count, must_look, err)
                                : look_at_nodes(scan, entries, which,
                                                look_count, must_look, err);
    for (size_t i = 0; i < found->count; i++)
        if (!must_look[i]) {
            entries[kept] = entries[i];
            found->ranges[kept++] = found->ranges[i];
        }
    found->count = kept;
    return rc;
}
