/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places.h - which layers may know rows of a table: found once for a batch, so
 * that each of its rows asks only those.
 */
#ifndef NDB_ENGINE_PLACES_H
#define NDB_ENGINE_PLACES_H

#include "cache/fold.h"
#include "engine/gather.h"

/* A memtable, or a part of a pack. */
struct ndb_place {
    struct ndb_memtable *memtable; /* NULL: see part */
    uint32_t layer;                /* in the gather */
    const struct ndb_cache_pack *pack;
    const struct ndb_part *part;
    uint32_t near;        /* its segment that was found last */
    uint32_t before;      /* segments of the places before it */
    uint64_t first, span; /* its sequences are first .. first + span; of a
                             memtable, any */
};

struct ndb_place_list {
    uint32_t table;
    uint32_t count;
    uint32_t packs_begin;    /* items from here on are packs alone */
    struct ndb_place *items; /* newest first */
    struct ndb_fold **folds; /* of items[i], a pack, and all behind it, or NULL,
                                for i below folds_end: others are not looked
                                for yet. NULL: nobody asked, see hop_fold.h */
    uint32_t folds_end;
    const struct ndb_fold_source *sources; /* items from packs_begin on */
    struct ndb_fold *numbers; /* of all packs, or NULL, as far as: */
    bool has_numbers;         /* somebody asked, see degrees.c */
};

/* Batches are mostly of one table, sometimes of two that alternate. */
enum { NDB_PLACE_LISTS = 4 };

struct ndb_places {
    struct ndb_gather *gather;
    enum ndb_part_kind kind; /* NODE, OUT, IN */
    uint32_t type;           /* of OUT and IN; not 0 */
    struct ndb_place_list *last;
    struct ndb_place_list lists[NDB_PLACE_LISTS];
    uint32_t list_count, next; /* next: the one to go when all are taken */
};

static inline void ndb_places_init(struct ndb_places *places,
                                   struct ndb_gather *gather,
                                   enum ndb_part_kind kind, uint32_t type)
{
    places->gather = gather;
    places->kind = kind;
    places->type = type;
    places->last = NULL;
    places->list_count = places->next = 0;
}

/* The layers that may know rows of `table` (edges of the type at nodes of it).
 * NULL: no memory. */
struct ndb_place_list *ndb_places_find(struct ndb_places *places,
                                       uint32_t table);

/* The parts of packs in a list, newest first, in the gather's scratch. NULL: no
 * memory. */
struct ndb_fold_source *ndb_places_sources(const struct ndb_places *places,
                                           const struct ndb_place_list *list);

static inline struct ndb_place_list *ndb_places_of(struct ndb_places *places,
                                                   uint32_t table)
{
    if (places->last != NULL && places->last->table == table)
        return places->last;
    return ndb_places_find(places, table);
}

/* The first place from `i` on that may have a sequence; list->count: none. */
static inline uint32_t ndb_places_with(const struct ndb_place_list *list,
                                       uint32_t i, uint64_t sequence)
{
    while (i < list->count &&
           sequence - list->items[i].first > list->items[i].span)
        i++;
    return i;
}

#endif
