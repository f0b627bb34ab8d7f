/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of the edges of each node. They are anywhere in memory, most of
 * what an edge cost that was written, and nobody asks for them while a load
 * goes on: so edges wait in the journal until somebody does.
 */
#include "engine/memtable_internal.h"

/* Edges that are looked at, and whose slots are begun to be loaded, before the
 * first of them is linked. */
enum { ENDS_BLOCK = 32 };

/* The ends of a node, made when it has none. Room was reserved. */
static struct ndb_table_slot *ends_of(struct ndb_memtable *m, uint64_t id)
{
    struct ndb_table_slot *ends = ndb_table_slot(&m->ends, id);

    if (ends == NULL) {
        ends = ndb_table_add(&m->ends, id, NDB_NO_ENTRY);
        ends->second = NDB_NO_ENTRY;
    }
    return ends;
}

static void link_ends(struct ndb_memtable *m, uint32_t number)
{
    struct ndb_edge_entry *entry = &m->edges[number];
    struct ndb_table_slot *ends = ends_of(m, entry->from);

    entry->next_out = ends->number;
    ends->number = number;
    ends = ends_of(m, entry->to);
    entry->next_in = ends->second;
    ends->second = number;
    entry->is_at_ends = true;
}

/* Edges that are looked at together. */
struct waiting {
    uint32_t numbers[ENDS_BLOCK];
    size_t count;
};

static int link_waiting(struct ndb_memtable *m, struct waiting *waiting)
{
    int rc = ndb_table_reserve(&m->ends, 2 * waiting->count);

    for (size_t i = 0; i < waiting->count && rc >= 0; i++) {
        const struct ndb_edge_entry *entry = &m->edges[waiting->numbers[i]];

        ndb_table_prefetch(&m->ends, entry->from);
        ndb_table_prefetch(&m->ends, entry->to);
    }
    for (size_t i = 0; i < waiting->count && rc >= 0; i++)
        if (!m->edges[waiting->numbers[i]].is_at_ends)
            link_ends(m, waiting->numbers[i]);
    waiting->count = 0;
    return rc;
}

static int link_number(struct ndb_memtable *m, struct waiting *waiting,
                       uint32_t number)
{
    if (m->edges[number].is_at_ends)
        return NAMIDB_OK;
    waiting->numbers[waiting->count++] = number;
    return waiting->count == ENDS_BLOCK ? link_waiting(m, waiting) : NAMIDB_OK;
}

/* All edges have entries. */
static int link_block(struct ndb_memtable *m, struct waiting *waiting,
                      const struct ndb_edge_block *edges)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < edges->count && rc >= 0; i++)
        rc = link_number(
            m, waiting,
            ndb_id_map_find(&m->edge_numbers, ndb_edge_block_id(edges, i)));
    return rc;
}

/* Links the edges of the changes from m->ends_at on. A failure leaves those
 * that wait for the next time, which begins where this one did. */
static int link_changes(struct ndb_memtable *m)
{
    struct waiting waiting = { .count = 0 };
    int rc = NAMIDB_OK;

    for (size_t i = m->ends_at; i < m->journal_count && rc >= 0; i++) {
        const struct ndb_change *change = &m->journal[i];

        if (change->kind == NDB_CHANGE_EDGE)
            rc = link_number(m, &waiting, change->number);
        else if (change->kind == NDB_CHANGE_EDGES)
            rc = link_block(m, &waiting, &m->blocks[change->number].edges);
    }
    if (rc >= 0)
        rc = link_waiting(m, &waiting);
    if (rc >= 0)
        m->ends_at = m->journal_count;
    return rc;
}

int ndb_memtable_link_ends(struct ndb_memtable *m)
{
    int rc;

    (void)pthread_rwlock_wrlock(&m->lock);
    rc = ndb_memtable_make_entries(m);
    if (rc >= 0)
        rc = link_changes(m);
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

/* Edges leave the lists in the opposite order to that in which they came: each
 * is the newest. */
void ndb_memtable_unlink_ends(struct ndb_memtable *m,
                              struct ndb_edge_entry *entry)
{
    if (!entry->is_at_ends)
        return;
    ndb_table_slot(&m->ends, entry->from)->number = entry->next_out;
    ndb_table_slot(&m->ends, entry->to)->second = entry->next_in;
    entry->is_at_ends = false;
}
