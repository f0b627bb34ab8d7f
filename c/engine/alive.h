/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alive.h - nodes that are known to be alive: what a writer need not look up
 * again for each edge that begins or ends there.
 *
 * A bit per node of a table. Only what a pack says is noted, because that can
 * not be rolled back, and a node is forgotten when a transaction deletes it,
 * whether that one is committed or not: another writer cannot delete anything
 * before this one is fenced, and from then on it commits nothing. Best effort:
 * what there is no room for is looked up again.
 *
 * Whoever has the turn may use it.
 */
#ifndef NDB_ENGINE_ALIVE_H
#define NDB_ENGINE_ALIVE_H

#include "namidb.h"

struct ndb_alive_table {
    uint64_t *bits; /* by sequence */
    size_t word_count;
};

struct ndb_alive {
    struct ndb_alive_table *tables; /* all there can be; NULL: none yet */
    size_t word_count;              /* of all of them */
};

#define NDB_ALIVE_INIT ((struct ndb_alive){ NULL, 0 })

void ndb_alive_release(struct ndb_alive *alive);
void ndb_alive_note(struct ndb_alive *alive, uint64_t id);
void ndb_alive_forget(struct ndb_alive *alive, uint64_t id);

static inline bool ndb_alive_has(const struct ndb_alive *alive, uint64_t id)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);
    const struct ndb_alive_table *table;

    if (alive->tables == NULL)
        return false;
    table = &alive->tables[NAMIDB_ID_TABLE(id)];
    return sequence / 64 < table->word_count &&
           (table->bits[sequence / 64] >> sequence % 64 & 1) != 0;
}

#endif
