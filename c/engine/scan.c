/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "engine/scan_source.h"

enum { LOOK_ROWS = 1024 };

int ndb_scan_new(struct ndb_scan **out, const struct ndb_snapshot *snapshot,
                 bool is_edges, uint32_t wanted, namidb_error *err)
{
    size_t layers = snapshot->view->layer_count;
    struct ndb_scan *scan = ndb_calloc(1, sizeof *scan);

    *out = NULL;
    if (scan == NULL)
        return ndb_fail_memory(err);
    scan->is_edges = is_edges;
    scan->wanted = wanted;
    scan->snapshot = *snapshot;
    ndb_view_ref(snapshot->view);
    scan->sources = ndb_calloc(layers, sizeof *scan->sources);
    scan->ids = ndb_calloc(layers, sizeof *scan->ids);
    scan->lists = ndb_calloc(layers, sizeof *scan->lists);
    scan->round = ndb_calloc(layers, NDB_SCAN_WINDOW_MAX * sizeof *scan->round);
    if (scan->sources == NULL || scan->ids == NULL || scan->lists == NULL ||
        scan->round == NULL) {
        ndb_scan_close(scan);
        return ndb_fail_memory(err);
    }
    *out = scan;
    return NAMIDB_OK;
}

void ndb_scan_close(struct ndb_scan *scan)
{
    if (scan == NULL)
        return;
    ndb_scan_source_reset(scan);
    for (uint32_t i = 0; i < scan->snapshot.view->layer_count; i++) {
        if (scan->ids != NULL)
            ndb_ids_release(&scan->ids[i]);
        if (scan->lists != NULL)
            ndb_memtable_edges_release(&scan->lists[i]);
    }
    ndb_free(scan->sources);
    ndb_free(scan->ids);
    ndb_free(scan->lists);
    ndb_free(scan->round);
    ndb_ids_release(&scan->types);
    ndb_ids_release(&scan->tables);
    ndb_view_unref(scan->snapshot.view);
    ndb_free(scan);
}

/* Takes a run of rows of one source, or one row that several have. */
static int take(struct ndb_scan *scan, size_t max, namidb_arena *arena,
                namidb_node *nodes, namidb_edge *edges, size_t *count,
                namidb_error *err)
{
    struct ndb_scan_source *source;
    struct ndb_scan_key limit;
    int rc = ndb_scan_source_pick(scan, &source, &limit, err);

    if (rc != NAMIDB_OK)
        return rc;
    if (scan->is_edges)
        return ndb_scan_edges_take(scan, source, &limit, max, arena, edges,
                                   count, err);
    return ndb_scan_nodes_take(scan, source, &limit, max, arena, nodes, count,
                               err);
}

/* A failure after some rows waits for the next call, which meets it again: no
 * row is lost to it. */
int ndb_scan_next(struct ndb_scan *scan, size_t max, namidb_arena *arena,
                  namidb_node *nodes, namidb_edge *edges, size_t *count,
                  namidb_error *err)
{
    int rc = NAMIDB_OK;

    *count = 0;
    while (*count < max && rc == NAMIDB_OK) {
        rc = take(scan, max, arena, nodes, edges, count, err);
        if (rc != NAMIDB_NONE)
            continue;
        rc = scan->is_edges ? ndb_scan_edges_table(scan, err)
                            : ndb_scan_nodes_table(scan, err);
    }
    return *count > 0 ? NAMIDB_OK : rc;
}

/* The next rows of a scan, in the arena, for `look`. NAMIDB_NONE: none are
 * left, *is_over, or it was ended. */
static int look_on(struct ndb_scan *scan, namidb_arena *arena,
                   ndb_scan_look *look, void *context, bool *is_over,
                   namidb_error *err)
{
    namidb_node *nodes;
    namidb_edge *edges;
    size_t count;
    int rc;

    ndb_arena_reset(arena);
    nodes = ndb_arena_array(arena, LOOK_ROWS, sizeof *nodes);
    edges = ndb_arena_array(arena, LOOK_ROWS, sizeof *edges);
    if (nodes == NULL || edges == NULL)
        return ndb_fail_memory(err);
    rc = ndb_scan_next(scan, LOOK_ROWS, arena, nodes, edges, &count, err);
    *is_over = rc == NAMIDB_NONE;
    return rc == NAMIDB_OK ? look(context, nodes, edges, count, err) : rc;
}

int ndb_scan_each(const struct ndb_snapshot *snapshot, bool is_edges,
                  uint32_t target, ndb_scan_look *look, void *context,
                  namidb_error *err)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_scan *scan = NULL;
    bool is_over = false;
    int rc = is_edges ? ndb_scan_edges_open(&scan, snapshot, target, err)
                      : ndb_scan_nodes_open(&scan, snapshot, target, err);

    while (rc == NAMIDB_OK)
        rc = look_on(scan, &arena, look, context, &is_over, err);
    ndb_scan_close(scan);
    ndb_arena_release(&arena);
    return is_over ? NAMIDB_OK : rc;
}
