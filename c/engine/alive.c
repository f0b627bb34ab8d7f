/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/alive.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

enum { TABLES = NAMIDB_TABLE_MAX + 1, WORDS_MIN = 128 };

void ndb_alive_release(struct ndb_alive *alive)
{
    for (uint32_t i = 0; alive->tables != NULL && i < TABLES; i++)
        ndb_free(alive->tables[i].bits);
    ndb_free(alive->tables);
    *alive = NDB_ALIVE_INIT;
}

/* Room for word `word` of a table; false: there is none. */
static bool grow(struct ndb_alive *alive, struct ndb_alive_table *table,
                 uint64_t word)
{
    uint64_t wanted = word + word / 2 + WORDS_MIN;
    uint64_t *bits;

    if (wanted - table->word_count >
        NDB_ALIVE_BYTES_MAX / 8 - alive->word_count)
        return false;
    bits = ndb_realloc(table->bits, wanted, sizeof *bits);
    if (bits == NULL)
        return false;
    memset(bits + table->word_count, 0,
           (wanted - table->word_count) * sizeof *bits);
    alive->word_count += wanted - table->word_count;
    table->bits = bits;
    table->word_count = wanted;
    return true;
}

void ndb_alive_note(struct ndb_alive *alive, uint64_t id)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);
    struct ndb_alive_table *table;

    if (alive->tables == NULL)
        alive->tables = ndb_calloc(TABLES, sizeof *alive->tables);
    if (alive->tables == NULL)
        return;
    table = &alive->tables[NAMIDB_ID_TABLE(id)];
    if (sequence / 64 < table->word_count || grow(alive, table, sequence / 64))
        table->bits[sequence / 64] |= UINT64_C(1) << sequence % 64;
}

void ndb_alive_forget(struct ndb_alive *alive, uint64_t id)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);

    if (ndb_alive_has(alive, id))
        alive->tables[NAMIDB_ID_TABLE(id)].bits[sequence / 64] &=
            ~(UINT64_C(1) << sequence % 64);
}
