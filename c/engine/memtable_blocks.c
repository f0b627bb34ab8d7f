/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges that came as a block. An entry with its image, its place in the map of
 * ids and its line of the journal cost five times what a block has of an edge,
 * and nobody looks at single edges while a load goes on. So a block is held as
 * it came, and one line of the journal is all of it: what a flush, a scan and
 * the statistics want of its edges is there already. Entries are made of all
 * blocks when somebody asks for an edge, or for those at a node, or changes
 * one; from then on nothing tells them from others.
 *
 * Entries are made in the order of the journal: before a single edge gets one,
 * all blocks have theirs.
 */
#include "base/mem.h"
#include "engine/memtable_internal.h"

static int reserve_block(struct ndb_memtable *m, uint32_t type)
{
    int rc = ndb_memtable_grow((void **)&m->blocks, m->block_count,
                               &m->block_capacity, sizeof *m->blocks);

    if (rc >= 0)
        rc = ndb_lane_reserve(m, type, true);
    return rc < 0 ? rc : ndb_memtable_reserve_journal(m, 1);
}

/* Takes in a block whose memory is the arena's. Room was reserved. An index
 * follows every change. */
static int hold(struct ndb_memtable *m, uint64_t version,
                const struct ndb_edge_block *edges)
{
    m->blocks[m->block_count] =
        (struct ndb_held_block){ .version = version, .edges = *edges };
    m->held_edges += edges->count;
    ndb_lane_hold(m, NAMIDB_ID_TABLE(edges->first_id), version, edges->count);
    ndb_memtable_journal(m, version, NDB_CHANGE_EDGES, m->block_count++, 1);
    return m->indexes != NULL ? ndb_memtable_make_entries(m) : NAMIDB_OK;
}

static int copy_block(struct ndb_memtable *m, const struct ndb_edge_block *from,
                      struct ndb_edge_block *to)
{
    *to = *from;
    to->from =
        ndb_arena_copy(&m->arena, from->from, from->count * sizeof *from->from);
    to->to =
        ndb_arena_copy(&m->arena, from->to, from->count * sizeof *from->to);
    to->rows =
        ndb_arena_copy(&m->arena, from->rows, ndb_edge_block_rows_bytes(from));
    if (from->row_starts != NULL)
        to->row_starts =
            ndb_arena_copy(&m->arena, from->row_starts,
                           (from->count + 1) * sizeof *from->row_starts);
    return to->from == NULL || to->to == NULL || to->rows == NULL ||
                   (from->row_starts != NULL && to->row_starts == NULL)
               ? NAMIDB_ENOMEM
               : NAMIDB_OK;
}

int ndb_memtable_copy_block(struct ndb_memtable *m, uint64_t version,
                            const struct ndb_edge_block *edges)
{
    struct ndb_edge_block copy;
    int rc = reserve_block(m, NAMIDB_ID_TABLE(edges->first_id));

    if (rc >= 0)
        rc = copy_block(m, edges, &copy);
    return rc < 0 ? rc : hold(m, version, &copy);
}

int ndb_memtable_apply_edges(struct ndb_memtable *m, uint64_t version,
                             const struct ndb_edge_block *edges)
{
    int rc;

    (void)pthread_rwlock_wrlock(&m->lock);
    rc = ndb_memtable_copy_block(m, version, edges);
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

int ndb_memtable_apply_block(struct ndb_memtable *m, uint64_t version,
                             const struct ndb_record *record)
{
    struct ndb_edge_block edges;
    int rc = reserve_block(m, NAMIDB_ID_TABLE(record->id));

    if (rc >= 0)
        rc = ndb_edge_block_decode(record->row, record->id, record->number,
                                   &m->arena, &edges);
    return rc < 0 ? rc : hold(m, version, &edges);
}

/* --------------------------------------------------------------- entries -- */

static int make_entry(struct ndb_memtable *m, struct ndb_held_block *block)
{
    const struct ndb_edge_block *edges = &block->edges;
    uint32_t at = block->made;
    const struct ndb_record edge = {
        .kind = NDB_RECORD_EDGE,
        .id = ndb_edge_block_id(edges, at),
        .from = edges->from[at],
        .to = edges->to[at],
        .row = ndb_edge_block_row(edges, at),
    };
    struct ndb_image *image = ndb_arena_alloc(&m->arena, sizeof *image);
    uint32_t number;
    int rc = ndb_memtable_index_record(m, &edge);

    if (image == NULL)
        return NAMIDB_ENOMEM;
    *image = (struct ndb_image){ NULL, block->version, edge.row };
    if (rc >= 0)
        rc = ndb_memtable_add_edge(m, &edge, image, &number);
    if (rc < 0)
        return rc;
    block->made++;
    m->held_edges--;
    ndb_lane_let_go(m, NAMIDB_ID_TABLE(edge.id), 1);
    return NAMIDB_OK;
}

int ndb_memtable_make_entries(struct ndb_memtable *m)
{
    int rc = NAMIDB_OK;

    if (m->made_blocks == m->block_count)
        return NAMIDB_OK;
    rc = ndb_memtable_reserve_edges(m, m->held_edges);
    while (m->made_blocks < m->block_count && rc >= 0) {
        struct ndb_held_block *block = &m->blocks[m->made_blocks];

        while (block->made < block->edges.count && rc >= 0)
            rc = make_entry(m, block);
        if (rc >= 0)
            m->made_blocks++;
    }
    return rc;
}

int ndb_memtable_lock_made(struct ndb_memtable *m)
{
    int rc;

    (void)pthread_rwlock_rdlock(&m->lock);
    if (m->made_blocks == m->block_count)
        return NAMIDB_OK;
    (void)pthread_rwlock_unlock(&m->lock);
    (void)pthread_rwlock_wrlock(&m->lock);
    rc = ndb_memtable_make_entries(m);
    (void)pthread_rwlock_unlock(&m->lock);
    (void)pthread_rwlock_rdlock(&m->lock);
    return rc;
}

void ndb_memtable_take_back_block(struct ndb_memtable *m)
{
    struct ndb_held_block *block = &m->blocks[--m->block_count];
    uint32_t held = block->edges.count - block->made;

    while (block->made != 0)
        ndb_memtable_take_back_edge(
            m,
            ndb_id_map_find(&m->edge_numbers,
                            ndb_edge_block_id(&block->edges, --block->made)));
    m->held_edges -= held;
    ndb_lane_let_go(m, NAMIDB_ID_TABLE(block->edges.first_id), held);
    if (m->made_blocks > m->block_count)
        m->made_blocks = m->block_count;
}

/* --------------------------------------------------------------- reading -- */

static struct ndb_memtable_edge edge_of(const struct ndb_edge_block *edges,
                                        uint32_t at)
{
    return (struct ndb_memtable_edge){ ndb_edge_block_id(edges, at),
                                       edges->from[at], edges->to[at], false,
                                       ndb_edge_block_row(edges, at) };
}

void ndb_memtable_held_edges_of(const struct ndb_memtable *m, uint32_t type,
                                uint64_t version,
                                struct ndb_memtable_edges *out)
{
    for (uint32_t i = m->made_blocks; i < m->block_count; i++) {
        const struct ndb_held_block *block = &m->blocks[i];

        if (NAMIDB_ID_TABLE(block->edges.first_id) != type ||
            block->version > version)
            continue;
        for (uint32_t at = block->made; at < block->edges.count; at++)
            out->items[out->count++] = edge_of(&block->edges, at);
    }
}
