/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memtable's rows by table or type, newest first.
 */
#include "engine/memtable_internal.h"

/* The lane that was changed last, if it is that of a table or type: most
 * changes are in the lane of the change before. */
static struct ndb_lane *last_lane(struct ndb_memtable *m, uint32_t number,
                                  bool is_edge)
{
    struct ndb_lane *lane;

    if (m->lane_count == 0)
        return NULL;
    lane = &m->lanes[m->last_lane];
    return lane->number == number && lane->is_edge == is_edge ? lane : NULL;
}

int ndb_lane_reserve(struct ndb_memtable *m, uint32_t number, bool is_edge)
{
    int rc;

    if (last_lane(m, number, is_edge) != NULL)
        return NAMIDB_OK;
    rc = ndb_memtable_grow((void **)&m->lanes, m->lane_count, &m->lane_capacity,
                           sizeof *m->lanes);
    return rc < 0 ? rc : ndb_table_reserve(&m->lane_numbers, 1);
}

/* The lane of a table or type, made when there is none. Room was reserved. */
static struct ndb_lane *lane_of(struct ndb_memtable *m, uint32_t number,
                                bool is_edge)
{
    uint64_t key = ndb_lane_number(number, is_edge);
    struct ndb_lane *lane = last_lane(m, number, is_edge);

    if (lane != NULL)
        return lane;
    m->last_lane = ndb_table_find(&m->lane_numbers, key);
    if (m->last_lane == NDB_TABLE_NONE) {
        m->last_lane = m->lane_count++;
        m->lanes[m->last_lane] = (struct ndb_lane){ .number = number,
                                                    .head = NDB_NO_ENTRY,
                                                    .is_edge = is_edge };
        (void)ndb_table_add(&m->lane_numbers, key, m->last_lane);
    }
    return &m->lanes[m->last_lane];
}

const struct ndb_lane *ndb_lane_find(const struct ndb_memtable *m,
                                     uint32_t number, bool is_edge)
{
    uint32_t lane =
        ndb_table_find(&m->lane_numbers, ndb_lane_number(number, is_edge));

    return lane == NDB_TABLE_NONE ? NULL : &m->lanes[lane];
}

uint32_t ndb_lane_push(struct ndb_memtable *m, uint32_t number, bool is_edge,
                       uint64_t version, uint32_t entry)
{
    struct ndb_lane *lane = lane_of(m, number, is_edge);
    uint32_t next = lane->head;

    if (ndb_lane_is_empty(lane))
        lane->first_version = version;
    lane->head = entry;
    lane->count++;
    return next;
}

void ndb_lane_pop(struct ndb_memtable *m, uint32_t number, bool is_edge,
                  uint32_t next)
{
    struct ndb_lane *lane = lane_of(m, number, is_edge);

    lane->head = next;
    lane->count--;
}

void ndb_lane_hold(struct ndb_memtable *m, uint32_t type, uint64_t version,
                   uint32_t count)
{
    struct ndb_lane *lane = lane_of(m, type, true);

    if (ndb_lane_is_empty(lane))
        lane->first_version = version;
    lane->held += count;
}

void ndb_lane_let_go(struct ndb_memtable *m, uint32_t type, uint32_t count)
{
    lane_of(m, type, true)->held -= count;
}
