/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_place.h - where the newest image of a node is.
 *
 * The first layer from the top that knows a node decides. Packs can only be
 * asked after their segments were fetched, so finding takes two steps: plan
 * (memtables answered, segments wanted), and, after ndb_gather_fetch, find.
 */
#ifndef NDB_ENGINE_NODE_PLACE_H
#define NDB_ENGINE_NODE_PLACE_H

#include "engine/gather.h"

struct ndb_node_place {
    uint32_t first_ref, ref_count; /* segments of packs, newest first */
    bool is_known;                 /* to a memtable below those packs */
    struct ndb_slice row;          /* there; data NULL: deleted */
};

/* One of the two. */
struct ndb_node_image {
    const struct ndb_node_group *group; /* NULL: in a memtable */
    uint32_t row;                       /* in the group */
    struct ndb_ref ref;                 /* whose segment the group is */
    struct ndb_slice bytes;             /* in a memtable: encoded */
};

int ndb_node_place_plan(struct ndb_gather *gather, uint64_t id,
                        struct ndb_node_place *place, struct ndb_refs *refs);
/* The same for many nodes. */
int ndb_node_places_plan(struct ndb_gather *gather, const uint64_t *ids,
                         size_t count, struct ndb_node_place *places,
                         struct ndb_refs *refs);

/* NAMIDB_OK, or NAMIDB_NONE: absent or deleted. */
int ndb_node_place_find(const struct ndb_gather *gather, uint64_t id,
                        const struct ndb_node_place *place,
                        const struct ndb_refs *refs,
                        struct ndb_node_image *image);

/* Reads an image that was found; all memory is the arena's. */
int ndb_node_image_read(const struct ndb_gather *gather, uint64_t id,
                        const struct ndb_node_image *image, namidb_arena *arena,
                        namidb_node *out, namidb_error *err);
/* Reads the image of a node as a memtable has it; all memory is the arena's. */
int ndb_node_row_read(struct ndb_slice row, uint64_t id, namidb_arena *arena,
                      namidb_node *out, namidb_error *err);

#endif
