/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id_map.h - from ids of rows to 32-bit numbers, for ids that come in runs.
 *
 * Sequences are handed out one after another, so numbers are kept in pages of
 * neighbouring ids of a table, and a hash table finds the page. A run of new
 * ids costs four bytes each and touches memory in order; an id far from all
 * others costs a page. Nothing is ever removed, as in table.h. Not thread safe.
 */
#ifndef NDB_BASE_ID_MAP_H
#define NDB_BASE_ID_MAP_H

#include "base/table.h"

enum { NDB_ID_PAGE_BITS = 4 };

/* Numbers of ids whose sequences differ in the low bits only; NDB_TABLE_NONE:
 * no such id. */
struct ndb_id_page {
    uint32_t numbers[1 << NDB_ID_PAGE_BITS];
};

struct ndb_id_map {
    struct ndb_table page_numbers; /* key of a page -> pages */
    struct ndb_id_page *pages;
    uint32_t page_count, page_capacity;
    /* What ndb_id_map_place found last: in a run the next id is there, too. */
    uint64_t last_key;
    uint32_t last_page;
};

#define NDB_ID_MAP_INIT                                                        \
    ((struct ndb_id_map){ NDB_TABLE_INIT, NULL, 0, 0, 0, 0 })

void ndb_id_map_release(struct ndb_id_map *map);
size_t ndb_id_map_bytes(const struct ndb_id_map *map);

/* Where the number of an id is written, NDB_TABLE_NONE for a new one; NULL: no
 * memory. It stays where it is until the next call. */
uint32_t *ndb_id_map_place(struct ndb_id_map *map, uint64_t id);

/* Of the page that an id is in; never 0. */
static inline uint64_t ndb_id_page_key(uint64_t id)
{
    return NAMIDB_ID((NAMIDB_ID_SEQUENCE(id) >> NDB_ID_PAGE_BITS) + 1,
                     NAMIDB_ID_TABLE(id));
}

static inline uint32_t ndb_id_page_at(uint64_t id)
{
    return NAMIDB_ID_SEQUENCE(id) & ((1 << NDB_ID_PAGE_BITS) - 1);
}

/* NDB_TABLE_NONE: no such id. */
static inline uint32_t ndb_id_map_find(const struct ndb_id_map *map,
                                       uint64_t id)
{
    uint32_t page = ndb_table_find(&map->page_numbers, ndb_id_page_key(id));

    return page != NDB_TABLE_NONE ? map->pages[page].numbers[ndb_id_page_at(id)]
                                  : NDB_TABLE_NONE;
}

/* Begins to load the number of an id that will be looked up soon. The slot of
 * its page is read for that: ndb_table_prefetch asks for it. */
static inline void ndb_id_map_prefetch(const struct ndb_id_map *map,
                                       uint64_t id)
{
    uint32_t page = ndb_table_find(&map->page_numbers, ndb_id_page_key(id));

    if (page != NDB_TABLE_NONE)
        ndb_prefetch(&map->pages[page].numbers[ndb_id_page_at(id)]);
}

#endif
