/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a query asks of many nodes at once is mostly one property, or whether
 * they have a label. Then no row is put together: each node is found in its
 * group and the one value is taken.
 *
 * Nodes are found in blocks: first where each of a block is, then, when their
 * values have come nearer (prefetch.h), the values.
 */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "engine/label_judge.h"
#include "engine/node_place.h"
#include "engine/places.h"
#include "engine/prefetch.h"
#include "engine/property_column.h"
#include "format/value.h"

/* Where the newest image of a node is: in a group, or a memtable's bytes; in
 * neither when there is no such node. */
struct spot {
    const struct ndb_node_group *group;
    uint32_t row;
    const struct ndb_cache_pack *pack; /* the group's */
    const struct ndb_column *column;   /* the property's; NULL: none */
    struct ndb_slice bytes;
};

/* A dense group without tombstones that was met: what a node of it needs is
 * here side by side, where the group has it in lines of its own. */
struct known_group {
    const struct ndb_part *part; /* NULL: none yet */
    uint64_t first;
    const struct ndb_node_group *group;
    const struct ndb_column *column; /* see spot */
    uint32_t row_count;
};

/* Where a group is kept, a guess at its number says: mostly it is right, and
 * then each group has a place of its own. */
enum {
    KNOWN_MAX = 512,
    NODES_A_KNOWN = 2, /* fewer nodes do not pay for a place */
};

struct look {
    struct ndb_gather *gather; /* warm */
    struct ndb_places places;
    size_t count; /* of the nodes in all */
    namidb_arena *arena;
    namidb_error *err;
    uint32_t name; /* of the property; 0: none */
    struct known_group *known;
    uint32_t known_mask; /* how many there are, less one */
};

/* The status of pure code that looked at a node's group. */
static int fail(struct look *look, const struct spot *spot, int rc)
{
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(look->err);
    return ndb_fail_object(look->err, rc, spot->pack->path,
                           "a value does not decode");
}

static inline struct known_group *
known_at(const struct look *look, const struct ndb_place *place, uint32_t index)
{
    return &look->known[(place->before + index) & look->known_mask];
}

/* A node of a group that is known; false: it is of none. */
static inline bool take_known_group(const struct known_group *known,
                                    const struct ndb_place *place,
                                    uint64_t sequence, struct spot *spot)
{
    if (known->part != place->part ||
        sequence - known->first >= known->row_count)
        return false;
    spot->pack = place->pack;
    spot->group = known->group;
    spot->row = (uint32_t)(sequence - known->first);
    spot->column = known->column;
    return true;
}

static void know_group(struct known_group *known, const struct ndb_place *place,
                       const struct spot *spot)
{
    if (spot->group->is_dense && spot->group->deleted == NULL)
        *known =
            (struct known_group){ place->part, spot->group->first, spot->group,
                                  spot->column, spot->group->row_count };
}

/* The row of a node in a pack, and its column. NAMIDB_OK, NAMIDB_NONE: the pack
 * does not know it, NDB_GATHER_COLD, or a failure. spot->group stays NULL when
 * it was deleted. */
static int find_in_pack(struct look *look, const struct ndb_place *place,
                        uint64_t sequence, struct spot *spot)
{
    uint32_t count, index = ndb_part_find(place->part, sequence, &count);
    struct known_group *known = known_at(look, place, index);
    const struct ndb_segment *segment;
    int64_t row;
    int rc = NAMIDB_OK;

    if (count == 0)
        return NAMIDB_NONE;
    look->gather->hits++;
    if (take_known_group(known, place, sequence, spot))
        return NAMIDB_OK;
    segment = ndb_segment_cache_look(place->pack, place->part, index);
    if (segment == NULL)
        return NDB_GATHER_COLD;
    row = ndb_node_group_row(&segment->as.node, sequence);
    if (row < 0)
        return NAMIDB_NONE;
    spot->row = (uint32_t)row;
    spot->pack = place->pack;
    if (ndb_bit(segment->as.node.deleted, spot->row))
        return NAMIDB_OK;
    spot->group = &segment->as.node;
    spot->column = NULL;
    if (look->name != 0)
        rc = ndb_columns_find(&spot->group->columns, look->name, &spot->column);
    if (rc < 0)
        return fail(look, spot, rc);
    know_group(known, place, spot);
    return NAMIDB_OK;
}

/* The same, wherever it is. */
static inline int find_in_place(struct look *look,
                                const struct ndb_place *place, uint64_t id,
                                struct spot *spot)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);
    uint32_t guess;

    if (place->memtable != NULL)
        return ndb_memtable_node(place->memtable, id,
                                 look->gather->snapshot->version, &spot->bytes);
    guess = ndb_part_guess(place->part, sequence);
    if (!take_known_group(known_at(look, place, guess), place, sequence, spot))
        return find_in_pack(look, place, sequence, spot);
    look->gather->hits++;
    return NAMIDB_OK;
}

/* NAMIDB_OK, NDB_GATHER_COLD or a failure. */
static inline int find(struct look *look, uint64_t id, struct spot *spot)
{
    const struct ndb_place_list *list =
        ndb_places_of(&look->places, NAMIDB_ID_TABLE(id));
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);
    int rc = NAMIDB_NONE;

    if (list == NULL)
        return ndb_fail_memory(look->err);
    spot->group = NULL;
    spot->bytes.data = NULL;
    for (uint32_t i = ndb_places_with(list, 0, sequence);
         i < list->count && rc == NAMIDB_NONE;
         i = ndb_places_with(list, i + 1, sequence))
        rc = find_in_place(look, &list->items[i], id, spot);
    return rc < 0 ? rc : NAMIDB_OK;
}

static bool is_absent(const struct spot *spot)
{
    return spot->group == NULL && spot->bytes.data == NULL;
}

/* Finds a block of nodes. */
static int find_block(struct look *look, const uint64_t *ids, size_t count,
                      struct spot *spots)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = find(look, ids[i], &spots[i]);
        if (rc >= 0 && spots[i].group != NULL)
            ndb_prefetch_column(spots[i].column, spots[i].row);
    }
    return rc;
}

/* As many places for groups as the nodes make use of. */
static void know_none(struct look *look)
{
    uint32_t count = 1;

    while (count < KNOWN_MAX && count * NODES_A_KNOWN < look->count)
        count *= 2;
    look->known_mask = count - 1;
    for (uint32_t i = 0; i < count; i++)
        look->known[i].part = NULL;
}

/* Takes `count` nodes, the first of which is that of ids[index]. */
typedef int take_nodes(struct look *look, void *context, size_t index,
                       const struct spot *spots, size_t count);

/* Calls `take` for a block of nodes after the other, within a section. */
static int look_at(struct look *look, const uint64_t *ids, take_nodes *take,
                   void *context)
{
    struct spot spots[NDB_PREFETCH_ROWS];
    struct known_group known[KNOWN_MAX];
    int rc = NAMIDB_OK;

    look->known = known;
    know_none(look);
    ndb_places_init(&look->places, look->gather, NDB_PART_NODE, 0);
    for (size_t i = 0; i < look->count && rc >= 0; i += NDB_PREFETCH_ROWS) {
        size_t left = look->count - i;

        left = left < NDB_PREFETCH_ROWS ? left : NDB_PREFETCH_ROWS;
        rc = find_block(look, ids + i, left, spots);
        if (rc >= 0)
            rc = take(look, context, i, spots, left);
    }
    return rc;
}

static int look_warm(struct look *look, const struct ndb_snapshot *snapshot,
                     const uint64_t *ids, take_nodes *take, void *context)
{
    struct ndb_gather gather;
    int rc = ndb_gather_init(&gather, snapshot, NDB_GATHER_WARM);

    look->gather = &gather;
    if (rc < 0)
        rc = ndb_fail_memory(look->err);
    else
        rc = look_at(look, ids, take, context);
    gather.is_cold = rc == NDB_GATHER_COLD;
    ndb_gather_release(&gather);
    return rc;
}

/* Everything that the nodes need is fetched and pinned. To be released. */
static int fetch_all(struct ndb_gather *gather,
                     const struct ndb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, namidb_error *err)
{
    struct ndb_refs refs = NDB_REFS_INIT;
    struct ndb_node_place place;
    int rc = ndb_gather_init(gather, snapshot, NDB_GATHER_PINNED);

    for (size_t i = 0; i < count && rc >= 0; i++) {
        refs.count = 0;
        rc = ndb_node_place_plan(gather, ids[i], &place, &refs);
    }
    return rc < 0 ? ndb_fail_memory(err) : ndb_gather_fetch(gather, err);
}

/* So it is there when it is looked at. */
static int look_cold(struct look *look, const struct ndb_snapshot *snapshot,
                     const uint64_t *ids, take_nodes *take, void *context)
{
    struct ndb_gather gather;
    int rc = fetch_all(&gather, snapshot, ids, look->count, look->err);

    if (rc >= 0)
        rc = look_warm(look, snapshot, ids, take, context);
    ndb_gather_release(&gather);
    return rc;
}

static int look(struct look *look, const struct ndb_snapshot *snapshot,
                const uint64_t *ids, take_nodes *take, void *context)
{
    int rc = look_warm(look, snapshot, ids, take, context);

    return rc != NDB_GATHER_COLD
               ? rc
               : look_cold(look, snapshot, ids, take, context);
}

int ndb_read_ahead(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, namidb_error *err)
{
    struct ndb_gather gather;
    int rc = fetch_all(&gather, snapshot, ids, count, err);

    ndb_gather_release(&gather);
    return rc;
}

/* -------------------------------------------------------------- property -- */

/* The property of a node that a memtable has. */
static int take_known(struct look *look, struct ndb_slice row,
                      namidb_value *out)
{
    struct ndb_arena_mark mark = ndb_arena_mark(&look->gather->scratch);
    namidb_node node;
    int rc = ndb_row_decode(row, &look->gather->scratch, &node);

    *out = (namidb_value){ .kind = NAMIDB_NULL };
    for (uint32_t i = 0; rc >= 0 && i < node.prop_count; i++)
        if (node.props[i].name == look->name)
            rc = ndb_value_copy(look->arena, &node.props[i].value, out);
    ndb_arena_rewind(&look->gather->scratch, &mark);
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(look->err);
    return rc < 0 ? ndb_fail(look->err, rc, "log: a row does not decode") : rc;
}

static inline int take_property(struct look *look,
                                struct ndb_property_taker *taker, size_t index,
                                const struct spot *spot)
{
    namidb_value value;
    int rc;

    if (is_absent(spot)) {
        ndb_property_absent(taker, index);
        return NAMIDB_OK;
    }
    if (spot->group == NULL) {
        rc = take_known(look, spot->bytes, &value);
        return rc < 0 || ndb_property_put(taker, index, &value) >= 0
                   ? rc
                   : ndb_fail_memory(look->err);
    }
    rc = ndb_property_take(taker, index, spot->column, spot->row);
    return rc < 0 ? fail(look, spot, rc) : rc;
}

static int take_properties(struct look *look, void *context, size_t index,
                           const struct spot *spots, size_t count)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = take_property(look, context, index + i, &spots[i]);
    return rc;
}

int ndb_read_property(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                      size_t count, uint32_t name, namidb_arena *arena,
                      struct ndb_property_column *out, namidb_error *err)
{
    struct look at = {
        .count = count, .arena = arena, .err = err, .name = name
    };
    struct ndb_property_taker taker;

    if (ndb_property_begin(&taker, out, count, arena) < 0)
        return ndb_fail_memory(err);
    return look(&at, snapshot, ids, take_properties, &taker);
}

/* ---------------------------------------------------------------- labels -- */

struct labels {
    const uint32_t *wanted;
    uint32_t count;
    bool *has;
    size_t absent;
};

static bool has_all(const struct labels *labels, const uint32_t *of,
                    uint32_t count)
{
    for (uint32_t i = 0; i < labels->count; i++) {
        bool has = false;

        for (uint32_t j = 0; j < count && !has; j++)
            has = of[j] == labels->wanted[i];
        if (!has || labels->wanted[i] == 0)
            return false;
    }
    return true;
}

static int take_known_labels(struct look *look, struct ndb_slice row,
                             const struct labels *labels, bool *has)
{
    struct ndb_arena_mark mark = ndb_arena_mark(&look->gather->scratch);
    namidb_node node;
    int rc = ndb_row_decode(row, &look->gather->scratch, &node);

    if (rc >= 0)
        *has = has_all(labels, node.labels, node.label_count);
    ndb_arena_rewind(&look->gather->scratch, &mark);
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(look->err);
    return rc < 0 ? ndb_fail(look->err, rc, "log: a row does not decode") : rc;
}

static int take_label(struct look *look, struct labels *labels, size_t index,
                      const struct spot *spot)
{
    const struct ndb_node_group *group = spot->group;
    uint32_t set;

    labels->has[index] = false;
    if (is_absent(spot)) {
        labels->absent = labels->absent < index ? labels->absent : index;
        return NAMIDB_OK;
    }
    if (group == NULL)
        return take_known_labels(look, spot->bytes, labels,
                                 &labels->has[index]);
    set = group->label_of != NULL ? group->label_of[spot->row] : 0;
    labels->has[index] =
        has_all(labels, group->label_sets[set], group->label_counts[set]);
    return NAMIDB_OK;
}

static int take_labels(struct look *look, void *context, size_t index,
                       const struct spot *spots, size_t count)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = take_label(look, context, index + i, &spots[i]);
    return rc;
}

int ndb_read_labels(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                    size_t count, const struct ndb_label_probe *probe,
                    bool *has, size_t *absent, namidb_error *err)
{
    struct look at = { .count = count, .err = err };
    struct labels labels = { probe->labels, probe->count, has, SIZE_MAX };
    int rc = NAMIDB_NONE;

    if (probe->are_there)
        rc = ndb_judge_labels(snapshot, ids, count, probe, has, err);
    if (rc == NAMIDB_NONE)
        rc = look(&at, snapshot, ids, take_labels, &labels);
    *absent = labels.absent;
    return rc;
}
