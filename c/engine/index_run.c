/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index_run.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/schema.h"

enum { KEY_SCRATCH_MAX = 64 << 20 };

void ndb_index_run_init(struct ndb_index_run *run,
                        const namidb_schema_item *item)
{
    *run = (struct ndb_index_run){ .item = *item,
                                   .arena = NDB_ARENA_INIT,
                                   .key = NDB_BUF_INIT(KEY_SCRATCH_MAX) };
}

void ndb_index_run_release(struct ndb_index_run *run)
{
    ndb_free(run->items);
    ndb_arena_release(&run->arena);
    ndb_buf_release(&run->key);
    run->items = NULL;
    run->count = run->capacity = 0;
}

static int add(struct ndb_index_run *run, struct ndb_index_entry *entry,
               const namidb_property *props, uint32_t count)
{
    int rc;

    run->key.bytes = 0;
    rc = ndb_index_key_row(&run->key, &run->item, props, count);
    if (rc != NAMIDB_OK)
        return rc < 0 ? NAMIDB_ENOMEM : NAMIDB_OK;
    if (run->count == run->capacity) {
        size_t capacity = run->capacity * 2 + 64;
        struct ndb_index_entry *items =
            ndb_realloc(run->items, capacity, sizeof *items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        run->items = items;
        run->capacity = capacity;
    }
    entry->key.bytes = run->key.bytes;
    entry->key.data =
        ndb_arena_copy(&run->arena, run->key.data, run->key.bytes);
    if (entry->key.data == NULL)
        return NAMIDB_ENOMEM;
    run->items[run->count++] = *entry;
    return NAMIDB_OK;
}

int ndb_index_run_node(struct ndb_index_run *run, const namidb_node *node)
{
    struct ndb_index_entry entry = { .id = node->id };

    if (!ndb_schema_has_node(&run->item, node->labels, node->label_count))
        return NAMIDB_OK;
    return add(run, &entry, node->props, node->prop_count);
}

int ndb_index_run_edge(struct ndb_index_run *run, const namidb_edge *edge)
{
    struct ndb_index_entry entry = { .id = edge->id,
                                     .from = edge->from,
                                     .to = edge->to };

    if (!run->item.is_edge || run->item.target != NAMIDB_ID_TABLE(edge->id))
        return NAMIDB_OK;
    return add(run, &entry, edge->props, edge->prop_count);
}

static int by_key(const void *a, const void *b)
{
    return ndb_index_entry_compare(a, b);
}

void ndb_index_run_sort(struct ndb_index_run *run)
{
    if (run->count > 1)
        qsort(run->items, run->count, sizeof *run->items, by_key);
}

int ndb_index_run_write(const struct ndb_index_run *run,
                        struct ndb_pack_writer *writer)
{
    int rc = run->count == 0
                 ? NAMIDB_OK
                 : ndb_pack_writer_index_part(writer, run->item.number);

    for (size_t i = 0; i < run->count && rc >= 0; i++)
        rc = ndb_pack_writer_index(writer, &run->items[i]);
    return rc;
}

/* What takes the rows of a scan into a run. */
struct taker {
    struct ndb_index_run *run;
    ndb_index_progress *progress;
    void *context; /* of progress */
    uint64_t rows; /* so far */
};

static int take_rows(void *context, const namidb_node *nodes,
                     const namidb_edge *edges, size_t count, namidb_error *err)
{
    struct taker *taker = context;
    struct ndb_index_run *run = taker->run;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = run->item.is_edge ? ndb_index_run_edge(run, &edges[i])
                               : ndb_index_run_node(run, &nodes[i]);
    if (rc < 0)
        return ndb_fail_memory(err);
    taker->rows += count;
    return taker->progress == NULL
               ? NAMIDB_OK
               : taker->progress(taker->context, taker->rows);
}

int ndb_index_run_scan(struct ndb_index_run *run,
                       const struct ndb_snapshot *snapshot,
                       ndb_index_progress *progress, void *context,
                       namidb_error *err)
{
    struct taker taker = { run, progress, context, 0 };
    int rc = ndb_scan_each(snapshot, run->item.is_edge, run->item.target,
                           take_rows, &taker, err);

    if (rc >= 0)
        ndb_index_run_sort(run);
    return rc;
}

int ndb_index_uncovered(struct ndb_view *view, const namidb_schema_item *item,
                        struct ndb_view **out, uint32_t *above)
{
    uint32_t at = 0;

    while (at < view->layer_count && (view->layers[at].pack == NULL ||
                                      !ndb_schema_is_uncovered(view, at, item)))
        at++;
    *out = NULL;
    *above = at;
    if (at == view->layer_count)
        return NAMIDB_NONE;
    return ndb_view_new(out, view->manifest, view->layers + at,
                        view->layer_count - at, view->cache, view->dict);
}
