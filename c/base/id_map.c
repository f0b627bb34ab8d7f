/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id_map.h"

#include <string.h>

void ndb_id_map_release(struct ndb_id_map *map)
{
    ndb_table_release(&map->page_numbers);
    ndb_free(map->pages);
    *map = NDB_ID_MAP_INIT;
}

size_t ndb_id_map_bytes(const struct ndb_id_map *map)
{
    return map->page_numbers.capacity * sizeof *map->page_numbers.slots +
           map->page_capacity * sizeof *map->pages;
}

/* The number of a new page whose ids have no numbers; NDB_TABLE_NONE: no
 * memory. */
static uint32_t add_page(struct ndb_id_map *map, uint64_t key)
{
    if (map->page_count == map->page_capacity) {
        uint32_t capacity =
            map->page_capacity == 0 ? 4 : map->page_capacity * 2;
        struct ndb_id_page *pages =
            map->page_count < NDB_TABLE_NONE / 2
                ? ndb_realloc(map->pages, capacity, sizeof *pages)
                : NULL;

        if (pages == NULL)
            return NDB_TABLE_NONE;
        map->pages = pages;
        map->page_capacity = capacity;
    }
    if (ndb_table_reserve(&map->page_numbers, 1) < 0)
        return NDB_TABLE_NONE;
    memset(&map->pages[map->page_count], 0xff, sizeof *map->pages);
    (void)ndb_table_add(&map->page_numbers, key, map->page_count);
    return map->page_count++;
}

uint32_t *ndb_id_map_place(struct ndb_id_map *map, uint64_t id)
{
    uint64_t key = ndb_id_page_key(id);

    if (key != map->last_key) {
        uint32_t page = ndb_table_find(&map->page_numbers, key);

        if (page == NDB_TABLE_NONE)
            page = add_page(map, key);
        if (page == NDB_TABLE_NONE)
            return NULL;
        map->last_key = key;
        map->last_page = page;
    }
    return &map->pages[map->last_page].numbers[ndb_id_page_at(id)];
}
