/* SPDX-License-Identifier: Apache-2.0 */
#include "format/degree_stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "namidb.h"

int ndb_degree_stat_compare(const struct ndb_degree_stat *a,
                            const struct ndb_degree_stat *b)
{
    if (a->is_in != b->is_in)
        return a->is_in ? 1 : -1;
    return (a->type > b->type) - (a->type < b->type);
}

uint64_t ndb_degree_stat_nodes(const struct ndb_degree_stat *stat)
{
    double nodes = ndb_sketch_estimate(stat->sketch);

    if (nodes > (double)stat->edges)
        return stat->edges;
    return nodes < 1 ? 1 : (uint64_t)(nodes + 0.5);
}

/* ------------------------------------------------------------- counting -- */

/* Takes in a node that is not among the hubs, if it is one. */
static void add_hub(struct ndb_degree_stat *line, struct ndb_degree_hub hub)
{
    uint32_t at = line->hub_count;

    if (hub.edges < NDB_DEGREE_HUB_EDGES_MIN)
        return;
    if (at == NDB_DEGREE_HUBS_MAX && line->hubs[--at].edges >= hub.edges)
        return;
    while (at > 0 && line->hubs[at - 1].edges < hub.edges) {
        line->hubs[at] = line->hubs[at - 1];
        at--;
    }
    line->hubs[at] = hub;
    if (line->hub_count < NDB_DEGREE_HUBS_MAX)
        line->hub_count++;
}

void ndb_degree_stats_finish(struct ndb_degree_stats *stats)
{
    const struct ndb_degree_hub list = stats->list;
    struct ndb_degree_stat *line;

    if (list.edges == 0)
        return;
    line = &stats->items[stats->count - 1];
    line->edges += list.edges;
    line->squares += (double)list.edges * (double)list.edges;
    ndb_sketch_add(line->sketch, ndb_hash_integer(list.id));
    add_hub(line, list);
    stats->list.edges = 0;
}

/* Begins a line if that is another than the last one. */
static int begin_line(struct ndb_degree_stats *stats, bool is_in, uint32_t type)
{
    const struct ndb_degree_stat line = { .is_in = is_in, .type = type };

    if (stats->count != 0 &&
        ndb_degree_stat_compare(&stats->items[stats->count - 1], &line) == 0)
        return NAMIDB_OK;
    ndb_degree_stats_finish(stats);
    if (stats->count == stats->capacity) {
        uint32_t capacity = stats->capacity * 2 + 8;
        struct ndb_degree_stat *items =
            ndb_realloc(stats->items, capacity, sizeof *items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        stats->items = items;
        stats->capacity = capacity;
    }
    stats->items[stats->count++] = line;
    return NAMIDB_OK;
}

/* How many of the edges `begin` to `end` are not among the deleted ones from
 * number *gone on, which goes past those. */
static uint64_t count_left(size_t begin, size_t end,
                           const struct ndb_ids *deleted, size_t *gone)
{
    uint64_t left = end - begin;

    for (; *gone < deleted->count && deleted->items[*gone] < end; ++*gone)
        left--;
    return left;
}

int ndb_degree_stats_add(struct ndb_degree_stats *stats, bool is_in,
                         uint32_t type, uint32_t table,
                         const struct ndb_ids *owners,
                         const struct ndb_ids *deleted)
{
    size_t gone = 0;
    int rc = begin_line(stats, is_in, type);

    for (size_t begin = 0, end; begin < owners->count && rc >= 0; begin = end) {
        uint64_t owner = owners->items[begin], edges;
        uint64_t id = NAMIDB_ID(owner, table);

        end = begin + 1;
        while (end < owners->count && owners->items[end] == owner)
            end++;
        edges = count_left(begin, end, deleted, &gone);
        if (edges != 0 && id != stats->list.id)
            ndb_degree_stats_finish(stats);
        if (edges != 0)
            stats->list.id = id;
        stats->list.edges += edges;
    }
    return rc;
}

void ndb_degree_stats_release(struct ndb_degree_stats *stats)
{
    ndb_free(stats->items);
    *stats = (struct ndb_degree_stats){ .items = NULL };
}

/* ---------------------------------------------------------------- merge -- */

static struct ndb_degree_hub *find_hub(struct ndb_degree_stat *line,
                                       uint64_t id)
{
    for (uint32_t i = 0; i < line->hub_count; i++)
        if (line->hubs[i].id == id)
            return &line->hubs[i];
    return NULL;
}

static void add_line(struct ndb_degree_stat *line,
                     const struct ndb_degree_stat *other)
{
    struct ndb_degree_stat sum = *line;

    sum.edges += other->edges;
    sum.squares += other->squares;
    ndb_sketch_merge(sum.sketch, other->sketch);
    sum.hub_count = 0;
    for (uint32_t i = 0; i < other->hub_count; i++) {
        const struct ndb_degree_hub *hub = &other->hubs[i];
        struct ndb_degree_hub *same = find_hub(line, hub->id);

        if (same == NULL) {
            add_hub(&sum, *hub);
            continue;
        }
        sum.squares += 2 * (double)same->edges * (double)hub->edges;
        same->edges += hub->edges;
    }
    for (uint32_t i = 0; i < line->hub_count; i++)
        add_hub(&sum, line->hubs[i]);
    *line = sum;
}

/* Most edges first; of equally many the older type. */
static int compare_edges(const void *a, const void *b)
{
    const struct ndb_degree_stat *x = a, *y = b;

    if (x->edges != y->edges)
        return x->edges > y->edges ? -1 : 1;
    return ndb_degree_stat_compare(x, y);
}

static int compare_lines(const void *a, const void *b)
{
    return ndb_degree_stat_compare(a, b);
}

static void keep_largest(struct ndb_degree_stats *stats)
{
    if (stats->count <= NDB_DEGREE_STATS_MAX)
        return;
    qsort(stats->items, stats->count, sizeof *stats->items, compare_edges);
    stats->count = NDB_DEGREE_STATS_MAX;
    qsort(stats->items, stats->count, sizeof *stats->items, compare_lines);
}

int ndb_degree_stats_merge(const struct ndb_degree_stats *a,
                           const struct ndb_degree_stats *b,
                           namidb_arena *arena, struct ndb_degree_stats *out)
{
    uint32_t capacity = a->count + b->count, count = 0, i = 0, j = 0;
    struct ndb_degree_stat *items =
        ndb_arena_array(arena, capacity, sizeof *items);

    if (items == NULL)
        return NAMIDB_ENOMEM;
    while (i < a->count || j < b->count) {
        int order = i == a->count ? 1
                    : j == b->count
                        ? -1
                        : ndb_degree_stat_compare(&a->items[i], &b->items[j]);

        items[count] = order <= 0 ? a->items[i++] : b->items[j++];
        if (order == 0)
            add_line(&items[count], &b->items[j++]);
        if (items[count].edges != 0)
            count++;
    }
    *out = (struct ndb_degree_stats){ items, count, capacity, { 0, 0 } };
    keep_largest(out);
    return NAMIDB_OK;
}
