/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the changes of a memtable add to the statistics.
 *
 * The journal has it, change by change; what its first changes add up to is
 * kept, so that asking again costs only what came since. A rollback below that
 * point forgets it.
 */
#include "base/mem.h"
#include "engine/memtable_internal.h"

void ndb_stat_deltas_release(struct ndb_stat_deltas *deltas)
{
    ndb_free(deltas->items);
    *deltas = NDB_STAT_DELTAS_INIT;
}

/* Index of the first line that is not below (kind, number). */
static size_t find_line(const struct ndb_stat_deltas *deltas, int kind,
                        uint32_t number)
{
    size_t low = 0;
    size_t high = deltas->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct ndb_stat_delta *line = &deltas->items[middle];

        if ((int)line->kind < kind ||
            ((int)line->kind == kind && line->number < number))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int ndb_stat_deltas_add(struct ndb_stat_deltas *deltas,
                        const struct ndb_stat_delta *delta)
{
    size_t at = find_line(deltas, (int)delta->kind, delta->number);
    struct ndb_stat_delta *line;

    if (at < deltas->count && deltas->items[at].kind == delta->kind &&
        deltas->items[at].number == delta->number) {
        line = &deltas->items[at];
        line->count += delta->count;
        if (line->sequence_max < delta->sequence_max)
            line->sequence_max = delta->sequence_max;
        return NAMIDB_OK;
    }
    if (deltas->count == deltas->capacity) {
        size_t capacity = deltas->capacity == 0 ? 16 : deltas->capacity * 2;
        struct ndb_stat_delta *items =
            ndb_realloc(deltas->items, capacity, sizeof *items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        deltas->items = items;
        deltas->capacity = capacity;
    }
    memmove(&deltas->items[at + 1], &deltas->items[at],
            (deltas->count - at) * sizeof *deltas->items);
    deltas->items[at] = *delta;
    deltas->count++;
    return NAMIDB_OK;
}

/* The changes of one kind of row that follow one another in the journal. */
struct run {
    struct ndb_stat_delta rows;
    bool is_edge;
    uint32_t from_table, to_table; /* of edges */
};

static struct run edge_run(uint64_t id, uint64_t from, uint64_t to, int delta)
{
    return (struct run){ .rows = { NDB_STAT_EDGE_TABLE, NAMIDB_ID_TABLE(id),
                                   delta, NAMIDB_ID_SEQUENCE(id) },
                         .is_edge = true,
                         .from_table = NAMIDB_ID_TABLE(from),
                         .to_table = NAMIDB_ID_TABLE(to) };
}

/* Of a change to a single row. */
static struct run run_of(const struct ndb_memtable *m,
                         const struct ndb_change *change)
{
    struct run run = { .rows = { NDB_STAT_LABEL, change->number, change->delta,
                                 0 } };
    const struct ndb_edge_entry *edge;
    uint64_t id;

    if (change->kind == NDB_CHANGE_LABEL)
        return run;
    if (change->kind == NDB_CHANGE_EDGE) {
        edge = &m->edges[change->number];
        return edge_run(edge->id, edge->from, edge->to, change->delta);
    }
    id = m->nodes[change->number].id;
    run.rows.kind = NDB_STAT_NODE_TABLE;
    run.rows.number = NAMIDB_ID_TABLE(id);
    run.rows.sequence_max = NAMIDB_ID_SEQUENCE(id);
    return run;
}

static bool is_same_run(const struct run *a, const struct run *b)
{
    return a->rows.kind == b->rows.kind && a->rows.number == b->rows.number &&
           a->from_table == b->from_table && a->to_table == b->to_table;
}

/* An edge counts at both of its ends, too. */
static int add_run(const struct run *run, struct ndb_stat_deltas *out,
                   struct ndb_stat_deltas *hops)
{
    uint32_t type = run->rows.number;
    struct ndb_stat_delta delta = { NDB_STAT_OUT,
                                    NDB_STAT_HOP(type, run->from_table),
                                    run->rows.count, 0 };
    int rc = ndb_stat_deltas_add(out, &run->rows);

    if (rc < 0 || !run->is_edge)
        return rc;
    rc = ndb_stat_deltas_add(hops, &delta);
    delta.kind = NDB_STAT_IN;
    delta.number = NDB_STAT_HOP(type, run->to_table);
    return rc < 0 ? rc : ndb_stat_deltas_add(hops, &delta);
}

/* What is added up, and the run that is not over. */
struct sum {
    struct ndb_stat_deltas *out, *hops;
    struct run run;
    bool has_run;
};

static int add_to_sum(struct sum *sum, const struct run *next)
{
    int rc = NAMIDB_OK;

    if (sum->has_run && is_same_run(&sum->run, next)) {
        sum->run.rows.count += next->rows.count;
        if (sum->run.rows.sequence_max < next->rows.sequence_max)
            sum->run.rows.sequence_max = next->rows.sequence_max;
        return NAMIDB_OK;
    }
    if (sum->has_run)
        rc = add_run(&sum->run, sum->out, sum->hops);
    sum->run = *next;
    sum->has_run = true;
    return rc;
}

static int add_block(struct sum *sum, const struct ndb_edge_block *edges)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < edges->count && rc >= 0; i++) {
        struct run next = edge_run(ndb_edge_block_id(edges, i), edges->from[i],
                                   edges->to[i], 1);

        rc = add_to_sum(sum, &next);
    }
    return rc;
}

/* Adds the changes from number `*at` up to `version`. */
static int add_changes(const struct ndb_memtable *m, uint64_t version,
                       struct ndb_stat_deltas *out,
                       struct ndb_stat_deltas *hops, size_t *at)
{
    struct sum sum = { .out = out, .hops = hops };
    int rc = NAMIDB_OK;

    for (; *at < m->journal_count && m->journal[*at].version <= version &&
           rc >= 0;
         (*at)++) {
        const struct ndb_change *change = &m->journal[*at];
        struct run next;

        if (change->kind == NDB_CHANGE_SCHEMA)
            continue;
        if (change->kind == NDB_CHANGE_EDGES) {
            rc = add_block(&sum, &m->blocks[change->number].edges);
            continue;
        }
        next = run_of(m, change);
        rc = add_to_sum(&sum, &next);
    }
    return rc >= 0 && sum.has_run ? add_run(&sum.run, out, hops) : rc;
}

void ndb_memtable_forget_stats(struct ndb_memtable *m)
{
    m->stats_at = 0;
    m->stats.count = 0;
    m->hop_stats.count = 0;
}

static int copy_stats(const struct ndb_stat_deltas *from,
                      struct ndb_stat_deltas *out)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < from->count && rc >= 0; i++)
        rc = ndb_stat_deltas_add(out, &from->items[i]);
    return rc;
}

/* Under the lock. */
static int read_stats(struct ndb_memtable *m, uint64_t version,
                      struct ndb_stat_deltas *out, struct ndb_stat_deltas *hops)
{
    size_t at = 0;
    int rc;

    if (m->stats_at != 0 && m->journal[m->stats_at - 1].version > version)
        return add_changes(m, version, out, hops, &at);
    rc = add_changes(m, version, &m->stats, &m->hop_stats, &m->stats_at);
    if (rc < 0) {
        ndb_memtable_forget_stats(m);
        return rc;
    }
    rc = copy_stats(&m->stats, out);
    return rc < 0 ? rc : copy_stats(&m->hop_stats, hops);
}

int ndb_memtable_hop_stats(struct ndb_memtable *m, uint64_t version,
                           struct ndb_stat_deltas *out,
                           struct ndb_stat_deltas *hops)
{
    int rc;

    (void)pthread_rwlock_rdlock(&m->lock);
    (void)pthread_mutex_lock(&m->stats_lock);
    rc = read_stats(m, version, out, hops);
    (void)pthread_mutex_unlock(&m->stats_lock);
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

int ndb_memtable_stats(struct ndb_memtable *m, uint64_t version,
                       struct ndb_stat_deltas *out)
{
    struct ndb_stat_deltas hops = NDB_STAT_DELTAS_INIT;
    int rc = ndb_memtable_hop_stats(m, version, out, &hops);

    ndb_stat_deltas_release(&hops);
    return rc;
}
