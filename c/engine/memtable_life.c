/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memtable's beginning and end.
 */
#include "base/mem.h"
#include "engine/memtable_internal.h"

int ndb_memtable_new(struct ndb_memtable **memtable)
{
    *memtable = ndb_calloc(1, sizeof **memtable);
    if (*memtable == NULL)
        return NAMIDB_ENOMEM;
    atomic_init(&(*memtable)->refs, 1);
    (void)pthread_rwlock_init(&(*memtable)->lock, NULL);
    (void)pthread_mutex_init(&(*memtable)->stats_lock, NULL);
    return NAMIDB_OK;
}

struct ndb_memtable *ndb_memtable_ref(struct ndb_memtable *memtable)
{
    atomic_fetch_add(&memtable->refs, 1);
    return memtable;
}

void ndb_memtable_unref(struct ndb_memtable *memtable)
{
    if (memtable == NULL || atomic_fetch_sub(&memtable->refs, 1) != 1)
        return;
    ndb_arena_release(&memtable->arena);
    ndb_free(memtable->nodes);
    ndb_free(memtable->edges);
    ndb_free(memtable->blocks);
    ndb_free(memtable->lanes);
    ndb_free(memtable->journal);
    ndb_free(memtable->foreign);
    ndb_stat_deltas_release(&memtable->stats);
    ndb_stat_deltas_release(&memtable->hop_stats);
    ndb_free(memtable->schema);
    ndb_memtable_index_free(memtable);
    ndb_id_map_release(&memtable->node_numbers);
    ndb_id_map_release(&memtable->edge_numbers);
    ndb_table_release(&memtable->ends);
    ndb_table_release(&memtable->key_numbers);
    ndb_table_release(&memtable->lane_numbers);
    (void)pthread_rwlock_destroy(&memtable->lock);
    (void)pthread_mutex_destroy(&memtable->stats_lock);
    ndb_free(memtable);
}
