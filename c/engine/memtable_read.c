/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a memtable.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/prefetch.h"
#include "engine/edge_order.h"
#include "engine/memtable_internal.h"

/* Of a flush, for an edge that came in a block. */
enum { HELD_EDGE_BYTES = 24 };

size_t ndb_memtable_bytes(struct ndb_memtable *m)
{
    size_t bytes;

    (void)pthread_rwlock_rdlock(&m->lock);
    /* Of edges in blocks a flush takes about as much again. */
    bytes = m->arena.bytes + m->held_edges * HELD_EDGE_BYTES +
            m->node_capacity * sizeof *m->nodes +
            m->edge_capacity * sizeof *m->edges +
            m->journal_capacity * sizeof *m->journal +
            ndb_id_map_bytes(&m->node_numbers) +
            ndb_id_map_bytes(&m->edge_numbers) +
            (m->ends.capacity + m->key_numbers.capacity) *
                sizeof(struct ndb_table_slot);
    (void)pthread_rwlock_unlock(&m->lock);
    return bytes;
}

/* What a snapshot sees was journaled before there was the snapshot: so a reader
 * that finds nothing here has nothing to see, and needs no lock. */
bool ndb_memtable_is_empty(struct ndb_memtable *m)
{
    return __atomic_load_n(&m->journal_count, __ATOMIC_ACQUIRE) == 0;
}

int ndb_memtable_node(struct ndb_memtable *m, uint64_t id, uint64_t version,
                      struct ndb_slice *row)
{
    const struct ndb_image *image = NULL;
    uint32_t number;

    (void)pthread_rwlock_rdlock(&m->lock);
    number = ndb_id_map_find(&m->node_numbers, id);
    if (number != NDB_TABLE_NONE)
        image = ndb_image_at(m->nodes[number].newest, version);
    (void)pthread_rwlock_unlock(&m->lock);
    if (image == NULL)
        return NAMIDB_NONE;
    *row = image->row;
    return NAMIDB_OK;
}

enum { AHEAD_NODES = 32 };

/* A row is four steps away, each anywhere in memory: each is taken for all
 * nodes before the next, so that their cache misses overlap. */
static void find_nodes(const struct ndb_memtable *m, const uint64_t *ids,
                       size_t count, uint64_t version,
                       struct ndb_memtable_row *rows)
{
    const struct ndb_table *pages = &m->node_numbers.page_numbers;
    uint32_t numbers[AHEAD_NODES];

    for (size_t i = 0; i < count; i++)
        ndb_table_prefetch(pages, ndb_id_page_key(ids[i]));
    for (size_t i = 0; i < count; i++)
        ndb_id_map_prefetch(&m->node_numbers, ids[i]);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = ndb_id_map_find(&m->node_numbers, ids[i]);
        if (numbers[i] != NDB_TABLE_NONE)
            ndb_prefetch(&m->nodes[numbers[i]].newest);
    }
    for (size_t i = 0; i < count; i++)
        if (numbers[i] != NDB_TABLE_NONE)
            ndb_prefetch(m->nodes[numbers[i]].newest);
    for (size_t i = 0; i < count; i++) {
        const struct ndb_image *image = NULL;

        if (numbers[i] != NDB_TABLE_NONE && !rows[i].is_known)
            image = ndb_image_at(m->nodes[numbers[i]].newest, version);
        if (image != NULL)
            rows[i] = (struct ndb_memtable_row){ true, image->row };
    }
}

void ndb_memtable_nodes(struct ndb_memtable *m, const uint64_t *ids,
                        size_t count, uint64_t version,
                        struct ndb_memtable_row *rows)
{
    (void)pthread_rwlock_rdlock(&m->lock);
    for (size_t i = 0; i < count && m->node_count != 0; i += AHEAD_NODES) {
        size_t left = count - i;

        find_nodes(m, ids + i, left < AHEAD_NODES ? left : AHEAD_NODES, version,
                   rows + i);
    }
    (void)pthread_rwlock_unlock(&m->lock);
}

static struct ndb_memtable_edge edge_of(const struct ndb_edge_entry *entry,
                                        const struct ndb_image *image)
{
    return (struct ndb_memtable_edge){ entry->id, entry->from, entry->to,
                                       image->row.data == NULL, image->row };
}

int ndb_memtable_edge(struct ndb_memtable *m, uint64_t id, uint64_t version,
                      struct ndb_memtable_edge *edge)
{
    int rc = ndb_memtable_lock_made(m);
    uint32_t number = NDB_TABLE_NONE;

    if (rc >= 0) {
        rc = NAMIDB_NONE;
        number = ndb_id_map_find(&m->edge_numbers, id);
    }
    if (number != NDB_TABLE_NONE) {
        const struct ndb_image *image =
            ndb_image_at(m->edges[number].newest, version);

        if (image != NULL) {
            *edge = edge_of(&m->edges[number], image);
            rc = NAMIDB_OK;
        }
    }
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

void ndb_memtable_edges_release(struct ndb_memtable_edges *edges)
{
    ndb_free(edges->items);
    *edges = NDB_MEMTABLE_EDGES_INIT;
}

/* Adds what `version` sees of an entry, if it sees any of it. */
static int add_edge(struct ndb_memtable_edges *out,
                    const struct ndb_edge_entry *entry, uint64_t version)
{
    const struct ndb_image *image = ndb_image_at(entry->newest, version);

    if (image == NULL)
        return NAMIDB_OK;
    if (out->count == out->capacity) {
        size_t capacity = out->capacity == 0 ? 16 : out->capacity * 2;
        struct ndb_memtable_edge *items =
            ndb_realloc(out->items, capacity, sizeof *items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        out->items = items;
        out->capacity = capacity;
    }
    out->items[out->count++] = edge_of(entry, image);
    return NAMIDB_OK;
}

/* Locks for reading with all edges at their ends that whoever asks may see:
 * what is written from now on is not for its eyes. */
static int lock_with_ends(struct ndb_memtable *m)
{
    int rc = NAMIDB_OK;

    (void)pthread_rwlock_rdlock(&m->lock);
    if (m->ends_at == m->journal_count)
        return NAMIDB_OK;
    (void)pthread_rwlock_unlock(&m->lock);
    rc = ndb_memtable_link_ends(m);
    (void)pthread_rwlock_rdlock(&m->lock);
    return rc;
}

int ndb_memtable_edges_at(struct ndb_memtable *m, uint64_t id, uint32_t type,
                          enum namidb_direction direction, uint64_t version,
                          struct ndb_memtable_edges *out)
{
    const struct ndb_table_slot *ends;
    uint32_t at = NDB_NO_ENTRY;
    int rc = lock_with_ends(m);

    ends = rc >= 0 ? ndb_table_slot(&m->ends, id) : NULL;
    if (ends != NULL)
        at = direction == NAMIDB_OUT ? ends->number : ends->second;
    while (at != NDB_NO_ENTRY && rc >= 0) {
        const struct ndb_edge_entry *entry = &m->edges[at];

        if (type == NAMIDB_ANY || NAMIDB_ID_TABLE(entry->id) == type)
            rc = add_edge(out, entry, version);
        at = direction == NAMIDB_OUT ? entry->next_out : entry->next_in;
    }
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

int ndb_memtable_edges_sort(struct ndb_memtable_edges *edges)
{
    size_t count = edges->count;
    uint64_t *ends = ndb_realloc(NULL, count, 2 * sizeof *ends);
    struct ndb_memtable_edge *sorted = ndb_calloc(count, sizeof *sorted);
    struct ndb_edge_order order = NDB_EDGE_ORDER_INIT;
    int rc = ends == NULL || sorted == NULL ? NAMIDB_ENOMEM : NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++) {
        ends[i] = edges->items[i].from;
        ends[count + i] = edges->items[i].to;
    }
    if (rc >= 0)
        rc = ndb_edge_order_make(&order, ends, ends + count, count);
    if (rc >= 0) {
        for (size_t i = 0; i < count; i++)
            sorted[i] = edges->items[ndb_edge_order_at(&order, i).index];
        ndb_free(edges->items);
        *edges = (struct ndb_memtable_edges){ sorted, count, count };
        sorted = NULL; /* it is theirs */
    }
    ndb_edge_order_release(&order);
    ndb_free(sorted);
    ndb_free(ends);
    return rc;
}

static int by_id(const void *a, const void *b)
{
    uint64_t left = ((const struct ndb_memtable_edge *)a)->id;
    uint64_t right = ((const struct ndb_memtable_edge *)b)->id;

    return (left > right) - (left < right);
}

/* Entries come newest first, and ids grow with time. */
static void turn_round(struct ndb_memtable_edge *edges, size_t count)
{
    for (size_t low = 0, high = count; low + 1 < high; low++) {
        struct ndb_memtable_edge edge = edges[low];

        edges[low] = edges[--high];
        edges[high] = edge;
    }
}

/* Mostly they are sorted. */
static void sort_by_id(struct ndb_memtable_edge *edges, size_t count)
{
    bool is_sorted = true;

    for (size_t i = 1; i < count; i++)
        is_sorted &= edges[i - 1].id < edges[i].id;
    if (!is_sorted)
        qsort(edges, count, sizeof *edges, by_id);
}

/* First entry of a lane. */
static uint32_t lane_head(const struct ndb_lane *lane)
{
    return lane == NULL ? NDB_NO_ENTRY : lane->head;
}

/* Room for so many more. */
static int reserve_edges(struct ndb_memtable_edges *edges, size_t count)
{
    size_t capacity = edges->count + count;
    struct ndb_memtable_edge *items;

    if (capacity <= edges->capacity)
        return NAMIDB_OK;
    items = ndb_realloc(edges->items, capacity, sizeof *items);
    if (items == NULL)
        return NAMIDB_ENOMEM;
    edges->items = items;
    edges->capacity = capacity;
    return NAMIDB_OK;
}

int ndb_memtable_edges_of(struct ndb_memtable *m, uint32_t type,
                          uint64_t version, struct ndb_memtable_edges *out)
{
    const struct ndb_lane *lane;
    size_t start = out->count;
    int rc = NAMIDB_OK;

    (void)pthread_rwlock_rdlock(&m->lock);
    lane = ndb_lane_find(m, type, true);
    if (lane != NULL)
        rc = reserve_edges(out, (size_t)lane->count + lane->held);
    for (uint32_t at = lane_head(lane); at != NDB_NO_ENTRY && rc >= 0;
         at = m->edges[at].next_in_lane)
        rc = add_edge(out, &m->edges[at], version);
    if (out->count > start)
        turn_round(out->items + start, out->count - start);
    if (rc >= 0)
        ndb_memtable_held_edges_of(m, type, version, out);
    (void)pthread_rwlock_unlock(&m->lock);
    if (out->count > start)
        sort_by_id(out->items + start, out->count - start);
    return rc;
}

static int compare_ids(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* Ascending from `start` on. Entries come newest first, and ids grow with time:
 * mostly turning them round is enough. */
static void sort_ids(struct ndb_ids *ids, size_t start)
{
    bool is_sorted = true;

    if (ids->count - start < 2)
        return;
    for (size_t low = start, high = ids->count - 1; low < high; low++, high--) {
        uint64_t id = ids->items[low];

        ids->items[low] = ids->items[high];
        ids->items[high] = id;
    }
    for (size_t i = start + 1; i < ids->count; i++)
        is_sorted &= ids->items[i - 1] < ids->items[i];
    if (!is_sorted)
        qsort(ids->items + start, ids->count - start, sizeof *ids->items,
              compare_ids);
}

int ndb_memtable_nodes_of(struct ndb_memtable *m, uint32_t table,
                          uint64_t version, struct ndb_ids *out)
{
    size_t start = out->count;
    int rc = NAMIDB_OK;

    (void)pthread_rwlock_rdlock(&m->lock);
    for (uint32_t at = lane_head(ndb_lane_find(m, table, false));
         at != NDB_NO_ENTRY && rc >= 0; at = m->nodes[at].next_in_lane)
        if (ndb_image_at(m->nodes[at].newest, version) != NULL)
            rc = ndb_ids_add(out, m->nodes[at].id);
    (void)pthread_rwlock_unlock(&m->lock);
    sort_ids(out, start);
    return rc;
}

int ndb_memtable_key(struct ndb_memtable *m, uint32_t table, uint64_t key_hash,
                     uint64_t version, struct ndb_ids *out)
{
    int rc = NAMIDB_OK;

    (void)pthread_rwlock_rdlock(&m->lock);
    for (uint32_t at =
             ndb_table_find(&m->key_numbers, ndb_lane_key(table, key_hash));
         at != NDB_NO_ENTRY && rc >= 0; at = m->nodes[at].next_key) {
        const struct ndb_image *image =
            ndb_image_at(m->nodes[at].newest, version);

        if (image != NULL && image->row.data != NULL &&
            NAMIDB_ID_TABLE(m->nodes[at].id) == table)
            rc = ndb_ids_add(out, m->nodes[at].id);
    }
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

void ndb_memtable_prefetch_keys(struct ndb_memtable *m, uint32_t table,
                                const uint64_t *key_hashes, size_t count)
{
    (void)pthread_rwlock_rdlock(&m->lock);
    for (size_t i = 0; i < count; i++)
        ndb_table_prefetch(&m->key_numbers, ndb_lane_key(table, key_hashes[i]));
    (void)pthread_rwlock_unlock(&m->lock);
}

int ndb_memtable_tables(struct ndb_memtable *m, bool is_edges, uint64_t version,
                        struct ndb_ids *out)
{
    size_t start = out->count;
    int rc = NAMIDB_OK;

    (void)pthread_rwlock_rdlock(&m->lock);
    for (uint32_t i = 0; i < m->lane_count && rc >= 0; i++) {
        const struct ndb_lane *lane = &m->lanes[i];

        if (lane->is_edge == is_edges && !ndb_lane_is_empty(lane) &&
            lane->first_version <= version)
            rc = ndb_ids_add(out, lane->number);
    }
    (void)pthread_rwlock_unlock(&m->lock);
    sort_ids(out, start);
    return rc;
}

bool ndb_memtable_has(struct ndb_memtable *m, uint32_t number, bool is_edge,
                      uint64_t version)
{
    uint32_t lane;
    bool has;

    if (ndb_memtable_is_empty(m))
        return false;
    (void)pthread_rwlock_rdlock(&m->lock);
    lane = ndb_table_find(&m->lane_numbers, ndb_lane_number(number, is_edge));
    has = lane != NDB_TABLE_NONE && m->lanes[lane].first_version <= version;
    (void)pthread_rwlock_unlock(&m->lock);
    return has;
}

uint32_t ndb_memtable_next_type(struct ndb_memtable *m, uint64_t version,
                                uint32_t *lane)
{
    uint32_t type = 0;

    (void)pthread_rwlock_rdlock(&m->lock);
    while (type == 0 && *lane < m->lane_count) {
        const struct ndb_lane *at = &m->lanes[(*lane)++];

        if (at->is_edge && at->first_version <= version)
            type = at->number;
    }
    (void)pthread_rwlock_unlock(&m->lock);
    return type;
}

bool ndb_memtable_has_label(struct ndb_memtable *m, uint32_t label,
                            uint64_t version)
{
    bool has = false;

    if (ndb_memtable_is_empty(m))
        return false;
    (void)pthread_rwlock_rdlock(&m->lock);
    for (uint32_t i = 0; i < m->foreign_count; i++)
        has |= m->foreign[i].label == label && m->foreign[i].version <= version;
    (void)pthread_rwlock_unlock(&m->lock);
    return has;
}
