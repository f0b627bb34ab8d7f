/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index_scan.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/index_source.h"
#include "engine/node_place.h"
#include "engine/schema.h"
#include "format/value.h"

enum { KEY_SCRATCH_MAX = 64 << 20 };

/* ------------------------------------------------------------ kept runs -- */

/* What stands in for the packs of a view that an index does not cover. */
struct ndb_view_run {
    struct ndb_view_run *next;
    struct ndb_index_run run;
    uint32_t above;
};

void ndb_view_runs_free(struct ndb_view_run *runs)
{
    while (runs != NULL) {
        struct ndb_view_run *next = runs->next;

        ndb_index_run_release(&runs->run);
        ndb_free(runs);
        runs = next;
    }
}

static int make_run(const struct ndb_snapshot *snapshot,
                    const namidb_schema_item *item, struct ndb_view *below,
                    struct ndb_view_run **out, namidb_error *err)
{
    struct ndb_snapshot at = { below, snapshot->version, snapshot->timeout_ms };
    struct ndb_view_run *made = ndb_calloc(1, sizeof *made);
    int rc;

    *out = NULL;
    if (made == NULL)
        return ndb_fail_memory(err);
    ndb_index_run_init(&made->run, item);
    rc = ndb_index_run_scan(&made->run, &at, NULL, NULL, err);
    if (rc < 0)
        ndb_view_runs_free(made);
    else
        *out = made;
    return rc;
}

/* The run of an item, made when it is first asked for; NAMIDB_NONE: every pack
 * is covered. Others wait for it meanwhile: they want the same. */
static int get_run(const struct ndb_snapshot *snapshot,
                   const namidb_schema_item *item,
                   const struct ndb_view_run **out, namidb_error *err)
{
    struct ndb_view *view = snapshot->view, *below;
    struct ndb_view_run *run;
    uint32_t above;
    int rc = ndb_index_uncovered(view, item, &below, &above);

    *out = NULL;
    if (rc < 0)
        return ndb_fail_memory(err);
    if (rc == NAMIDB_NONE)
        return rc;
    (void)pthread_mutex_lock(&view->runs_lock);
    run = view->runs;
    while (run != NULL && (run->run.item.number != item->number ||
                           !ndb_schema_is_like(&run->run.item, item)))
        run = run->next;
    if (run == NULL) {
        rc = make_run(snapshot, item, below, &run, err);
        if (rc >= 0) {
            run->above = above;
            run->next = view->runs;
            view->runs = run;
        }
    }
    (void)pthread_mutex_unlock(&view->runs_lock);
    ndb_view_unref(below);
    *out = run;
    return rc < 0 ? rc : NAMIDB_OK;
}

/* --------------------------------------------------------------- opening -- */

static struct ndb_index_source *add_source(struct ndb_index_scan *scan,
                                           uint32_t layer)
{
    struct ndb_index_source *source = &scan->sources[scan->source_count++];

    source->layer = layer;
    return source;
}

static void add_layer(struct ndb_index_scan *scan, uint32_t at)
{
    const struct ndb_layer *layer = &scan->snapshot.view->layers[at];
    struct ndb_index_source *source;
    const struct ndb_part *part;

    if (layer->memtable != NULL) {
        source = add_source(scan, at);
        source->memtable = layer->memtable;
        source->is_waiting = true;
        return;
    }
    if (scan->item.number == 0)
        return;
    part =
        ndb_directory_index(ndb_pack_directory(layer->pack), scan->item.number);
    if (part == NULL)
        return;
    source = add_source(scan, at);
    source->pack = layer->pack;
    source->part = part;
    ndb_index_source_part(scan, source);
}

static int copy_range(struct ndb_index_scan *scan,
                      const struct ndb_index_range *range)
{
    scan->range = *range;
    if (range->low.data != NULL)
        scan->range.low.data =
            ndb_arena_copy(&scan->held, range->low.data, range->low.bytes);
    if (range->high.data != NULL)
        scan->range.high.data =
            ndb_arena_copy(&scan->held, range->high.data, range->high.bytes);
    return (range->low.data != NULL && scan->range.low.data == NULL) ||
                   (range->high.data != NULL && scan->range.high.data == NULL)
               ? NAMIDB_ENOMEM
               : NAMIDB_OK;
}

static int add_sources(struct ndb_index_scan *scan, namidb_error *err)
{
    const struct ndb_view *view = scan->snapshot.view;
    const struct ndb_view_run *run;
    struct ndb_index_source *source;
    int rc;

    scan->sources = ndb_calloc(view->layer_count + 1, sizeof *scan->sources);
    scan->round = ndb_calloc((view->layer_count + 1) * NDB_INDEX_WINDOW_MAX,
                             sizeof *scan->round);
    if (scan->sources == NULL || scan->round == NULL)
        return ndb_fail_memory(err);
    for (uint32_t i = 0; i < view->layer_count; i++)
        add_layer(scan, i);
    rc = get_run(&scan->snapshot, &scan->item, &run, err);
    if (rc != NAMIDB_OK)
        return rc < 0 ? rc : NAMIDB_OK;
    source = add_source(scan, run->above);
    source->run = &run->run;
    ndb_index_source_run(scan, source);
    return NAMIDB_OK;
}

int ndb_index_scan_open(struct ndb_index_scan **out,
                        const struct ndb_snapshot *snapshot,
                        const namidb_schema_item *item,
                        const struct ndb_index_range *range, bool is_descending,
                        namidb_error *err)
{
    struct ndb_index_scan *scan = ndb_calloc(1, sizeof *scan);
    int rc;

    *out = NULL;
    if (scan == NULL)
        return ndb_fail_memory(err);
    scan->snapshot = *snapshot;
    (void)ndb_view_ref(scan->snapshot.view);
    scan->item = *item;
    scan->is_descending = is_descending;
    scan->last = NDB_BUF_INIT(NDB_INDEX_KEY_BYTES_MAX);
    scan->key = NDB_BUF_INIT(KEY_SCRATCH_MAX);
    scan->arena = scan->held = NDB_ARENA_INIT;
    rc = copy_range(scan, range) < 0 ? ndb_fail_memory(err)
                                     : add_sources(scan, err);
    if (rc < 0)
        ndb_index_scan_close(scan);
    else
        *out = scan;
    return rc;
}

void ndb_index_scan_close(struct ndb_index_scan *scan)
{
    if (scan == NULL)
        return;
    for (uint32_t i = 0; i < scan->source_count; i++)
        ndb_index_source_release(scan, &scan->sources[i]);
    ndb_free(scan->sources);
    ndb_free(scan->round);
    ndb_buf_release(&scan->last);
    ndb_buf_release(&scan->key);
    ndb_arena_release(&scan->arena);
    ndb_arena_release(&scan->held);
    ndb_view_unref(scan->snapshot.view);
    ndb_free(scan);
}

/* -------------------------------------------------------------- verdicts -- */

enum verdict { COUNTS, COUNTS_NOT, MUST_LOOK };

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
                     enum verdict *verdict)
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
    *verdict = rc == NAMIDB_OK ? COUNTS : COUNTS_NOT;
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

/* An entry of a pack is as new as the pack's rows; one of a memtable as old as
 * any, so what the memtable says of the row itself decides. */
static int judge(struct ndb_index_scan *scan,
                 const struct ndb_index_source *source,
                 const struct ndb_index_entry *entry, enum verdict *verdict)
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
            *verdict = MUST_LOOK;
            return NAMIDB_OK;
        }
    }
    *verdict = source->memtable != NULL ? COUNTS_NOT : COUNTS;
    return NAMIDB_OK;
}

/* ------------------------------------------------------------ a chunk -- */

/* The source whose entry is next; NULL: all are done. */
static struct ndb_index_source *pick(struct ndb_index_scan *scan)
{
    struct ndb_index_source *best = NULL;

    for (uint32_t i = 0; i < scan->source_count; i++) {
        struct ndb_index_source *source = &scan->sources[i];
        int order;

        if (source->is_done)
            continue;
        if (best == NULL) {
            best = source;
            continue;
        }
        order = ndb_index_entry_compare(&source->at, &best->at);
        if (scan->is_descending ? order > 0 : order < 0)
            best = source;
    }
    return best;
}

/* Whether the entry is the one that was found last, from another layer. */
static bool is_again(const struct ndb_index_scan *scan,
                     const struct ndb_index_entry *entry)
{
    return entry->id == scan->last_id &&
           ndb_slice_equal(entry->key, ndb_buf_slice(&scan->last));
}

static int keep(struct ndb_index_scan *scan,
                const struct ndb_index_entry *entry,
                struct ndb_index_entry *out)
{
    *out = *entry;
    out->key.data =
        ndb_arena_copy(&scan->arena, entry->key.data, entry->key.bytes);
    scan->last.bytes = 0;
    scan->last_id = entry->id;
    if (out->key.data == NULL)
        return NAMIDB_ENOMEM;
    return ndb_buf_append(&scan->last, entry->key.data, entry->key.bytes);
}

/* Up to `max` entries that count or may count; must_look[i] tells which. */
static int collect(struct ndb_index_scan *scan, size_t max,
                   struct ndb_index_entry *out, bool *must_look, size_t *count,
                   namidb_error *err)
{
    int rc = ndb_index_source_fill(scan, err);

    while (rc >= 0 && *count < max) {
        struct ndb_index_source *source = pick(scan);
        enum verdict verdict;

        if (source == NULL)
            break;
        rc = judge(scan, source, &source->at, &verdict);
        if (rc >= 0 && verdict != COUNTS_NOT && !is_again(scan, &source->at)) {
            must_look[*count] = verdict == MUST_LOOK;
            rc = keep(scan, &source->at, &out[*count]);
            (*count)++;
        }
        if (rc == NAMIDB_ENOMEM || rc == NAMIDB_ELIMIT)
            return ndb_fail_memory(err);
        if (rc < 0)
            return ndb_fail(err, rc, "log: a row does not decode");
        ndb_index_source_step(scan, source);
        if (source->is_waiting)
            rc = ndb_index_source_fill(scan, err);
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

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

/* Reads the rows that must be looked at, and drops the entries that do not
 * count. */
static int settle(struct ndb_index_scan *scan, struct ndb_index_entry *entries,
                  bool *must_look, size_t *count, namidb_error *err)
{
    uint32_t *which = ndb_arena_array(&scan->arena, *count, sizeof *which);
    size_t look_count = 0, kept = 0;
    int rc = NAMIDB_OK;

    if (which == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < *count; i++) {
        if (must_look[i])
            which[look_count++] = (uint32_t)i;
        must_look[i] = false; /* from here on: to be dropped */
    }
    if (look_count != 0)
        rc = scan->item.is_edge ? look_at_edges(scan, entries, which,
                                                look_count, must_look, err)
                                : look_at_nodes(scan, entries, which,
                                                look_count, must_look, err);
    for (size_t i = 0; i < *count; i++)
        if (!must_look[i])
            entries[kept++] = entries[i];
    *count = kept;
    return rc;
}

int ndb_index_scan_next(struct ndb_index_scan *scan, size_t max,
                        struct ndb_index_entry *out, size_t *count,
                        namidb_error *err)
{
    int rc = NAMIDB_OK;
    size_t found = 1;

    *count = 0;
    ndb_arena_reset(&scan->arena);
    while (rc >= 0 && *count == 0 && found != 0) {
        bool *must_look = ndb_arena_alloc(&scan->arena, max);

        if (must_look == NULL)
            return ndb_fail_memory(err);
        found = 0;
        rc = collect(scan, max, out, must_look, &found, err);
        *count = found;
        if (rc >= 0 && found != 0)
            rc = settle(scan, out, must_look, count, err);
    }
    return rc < 0 ? rc : NAMIDB_OK;
}
