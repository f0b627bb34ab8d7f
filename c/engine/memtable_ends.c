/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of the edges of each node. They are anywhere in memory, most of
 * what an edge cost that was written, and nobody asks for them while a load
 * goes on: so edges wait in the journal until somebody does.
 */
#include "engine/memtable_internal.h"

/* Changes that are looked at, and whose slots are begun to be loaded, before
 * the first of them is linked. */
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

/* The entry of an edge that a change made and that waits; NULL: none. */
static struct ndb_edge_entry *waiting_edge(struct ndb_memtable *m,
                                           const struct ndb_change *change)
{
    return change->kind == NDB_CHANGE_EDGE &&
                   !m->edges[change->number].is_at_ends
               ? &m->edges[change->number]
               : NULL;
}

static int link_ends_block(struct ndb_memtable *m, const struct ndb_change *at,
                           size_t count)
{
    int rc = ndb_table_reserve(&m->ends, 2 * count);

    for (size_t i = 0; i < count && rc >= 0; i++) {
        const struct ndb_edge_entry *entry = waiting_edge(m, &at[i]);

        if (entry == NULL)
            continue;
        ndb_table_prefetch(&m->ends, entry->from);
        ndb_table_prefetch(&m->ends, entry->to);
    }
    for (size_t i = 0; i < count && rc >= 0; i++)
        if (waiting_edge(m, &at[i]) != NULL)
            link_ends(m, at[i].number);
    return rc;
}

int ndb_memtable_link_ends(struct ndb_memtable *m)
{
    int rc = NAMIDB_OK;

    (void)pthread_rwlock_wrlock(&m->lock);
    while (m->ends_at < m->journal_count && rc >= 0) {
        size_t count = m->journal_count - m->ends_at;

        if (count > ENDS_BLOCK)
            count = ENDS_BLOCK;
        rc = link_ends_block(m, m->journal + m->ends_at, count);
        if (rc >= 0)
            m->ends_at += count;
    }
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
