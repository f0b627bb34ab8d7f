/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors hand out rows one by one and read them in chunks, which grow: a
 * caller that stops early reads little, one that goes on waits rarely.
 */
#include "api/api.h"

enum { CHUNK_MIN = 16, CHUNK_MAX = 2048 };

/* Up to so many edges are read when a node is expanded, if that is cheap. */
enum { EAGER_MAX = 64 };

/* The offsets of a node without edges. */
static uint32_t NO_HOPS[2];

struct namidb_cursor {
    struct namidb *db;      /* referenced */
    struct ndb_snapshot at; /* its view referenced */

    /* A scan, or the edges at `owner`. */
    struct ndb_scan *scan;
    bool is_edges;
    bool with_nodes;
    uint64_t owner;
    uint32_t type;
    enum namidb_direction direction; /* of `hops` */
    bool has_more_hops;              /* IN comes after OUT */
    struct ndb_hops hops;
    uint32_t hop_at;
    namidb_arena hop_arena;

    /* The chunk, in its arena. */
    namidb_arena arena;
    size_t chunk; /* rows wanted next time */
    size_t next, count;
    namidb_node *nodes;
    namidb_edge *edges;
};

/* What a spare's arenas may hold. */
enum { SPARE_BYTES_MAX = 64 << 10 };

/* One that was closed, with its memory, for the next: mostly a walk over the
 * few edges of a node is over before another begins. Atomic; NULL: none. */
static struct namidb_cursor *spare;

static int cursor_new(namidb_cursor **out, namidb_snapshot *snapshot,
                      namidb_error *err)
{
    int rc = ndb_api_check(snapshot, err);
    namidb_cursor *cursor;

    *out = NULL;
    if (rc < 0)
        return rc;
    cursor = __atomic_exchange_n(&spare, NULL, __ATOMIC_ACQUIRE);
    if (cursor == NULL)
        cursor = ndb_calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return ndb_fail_memory(err);
    cursor->db = ndb_db_ref(snapshot->db);
    cursor->at = snapshot->at;
    (void)ndb_view_ref(cursor->at.view);
    cursor->chunk = CHUNK_MIN;
    *out = cursor;
    return NAMIDB_OK;
}

static void destroy(struct namidb_cursor *cursor)
{
    if (cursor == NULL)
        return;
    ndb_arena_release(&cursor->arena);
    ndb_arena_release(&cursor->hop_arena);
    ndb_free(cursor);
}

/* Makes it the spare, and frees the one that was. */
static void give_back(struct namidb_cursor *cursor)
{
    ndb_arena_reset(&cursor->arena);
    ndb_arena_reset(&cursor->hop_arena);
    *cursor = (struct namidb_cursor){ .arena = cursor->arena,
                                      .hop_arena = cursor->hop_arena };
    destroy(__atomic_exchange_n(&spare, cursor, __ATOMIC_ACQ_REL));
}

void namidb_cursor_close(namidb_cursor *cursor)
{
    if (cursor == NULL || ndb_db_check_process(cursor->db, NULL) < 0)
        return;
    ndb_scan_close(cursor->scan);
    ndb_view_unref(cursor->at.view);
    ndb_db_unref(cursor->db);
    if (cursor->arena.bytes + cursor->hop_arena.bytes <= SPARE_BYTES_MAX)
        give_back(cursor);
    else
        destroy(cursor);
}

/* Hands the cursor over, or frees it. */
static int opened(namidb_cursor **out, namidb_cursor *cursor, int rc)
{
    if (rc < 0)
        namidb_cursor_close(cursor);
    else
        *out = cursor;
    return rc;
}

int namidb_scan_nodes(namidb_cursor **out, namidb_snapshot *snapshot,
                      uint32_t label, namidb_error *err)
{
    namidb_cursor *cursor;
    int rc = cursor_new(&cursor, snapshot, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    cursor->with_nodes = true;
    rc = ndb_scan_nodes_open(&cursor->scan, &cursor->at, label, err);
    return opened(out, cursor, rc);
}

int namidb_scan_edges(namidb_cursor **out, namidb_snapshot *snapshot,
                      uint32_t type, namidb_error *err)
{
    namidb_cursor *cursor;
    int rc = cursor_new(&cursor, snapshot, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    cursor->is_edges = true;
    rc = ndb_scan_edges_open(&cursor->scan, &cursor->at, type, err);
    return opened(out, cursor, rc);
}

static int read_hops(namidb_cursor *cursor, namidb_error *err)
{
    struct ndb_hop_kind kind = { cursor->type, cursor->direction, true };

    ndb_arena_reset(&cursor->hop_arena);
    cursor->hop_at = 0;
    return ndb_read_hops(&cursor->at, &cursor->owner, 1, &kind,
                         &cursor->hop_arena, &cursor->hops, err);
}

static int read_nodes_of(namidb_cursor *cursor, const uint64_t *ids,
                         size_t count, namidb_error *err)
{
    cursor->nodes =
        ndb_arena_array(&cursor->arena, count, sizeof *cursor->nodes);
    if (cursor->nodes == NULL)
        return ndb_fail_memory(err);
    return ndb_read_nodes(&cursor->at, ids, count, &cursor->arena,
                          cursor->nodes, err);
}

/* The edges that leave, whole, as the first chunk; NAMIDB_NONE: they are to be
 * read the long way. */
static int read_out(namidb_cursor *cursor, namidb_error *err)
{
    uint64_t *ids;
    int rc =
        cursor->direction == NAMIDB_OUT
            ? ndb_read_out(&cursor->at, cursor->owner, cursor->type, EAGER_MAX,
                           &cursor->arena, &cursor->edges, &cursor->count, err)
            : NAMIDB_NONE;

    if (rc != NAMIDB_OK)
        return rc;
    cursor->hops.offsets = NO_HOPS;
    if (!cursor->with_nodes)
        return NAMIDB_OK;
    ids = ndb_arena_array(&cursor->arena, cursor->count, sizeof *ids);
    if (ids == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < cursor->count; i++)
        ids[i] = cursor->edges[i].to;
    return read_nodes_of(cursor, ids, cursor->count, err);
}

int namidb_expand(namidb_cursor **out, namidb_snapshot *snapshot, uint64_t id,
                  uint32_t type, enum namidb_direction direction,
                  bool with_nodes, namidb_error *err)
{
    namidb_cursor *cursor;
    int rc = cursor_new(&cursor, snapshot, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    cursor->is_edges = true;
    cursor->with_nodes = with_nodes;
    cursor->owner = id;
    cursor->type = type;
    cursor->direction = direction == NAMIDB_IN ? NAMIDB_IN : NAMIDB_OUT;
    cursor->has_more_hops = direction == NAMIDB_BOTH;
    rc = read_out(cursor, err);
    return opened(out, cursor, rc == NAMIDB_NONE ? read_hops(cursor, err) : rc);
}

/* ----------------------------------------------------------------- chunks --
 */

static int read_neighbours(namidb_cursor *cursor, size_t count,
                           namidb_error *err)
{
    return ndb_read_nodes(&cursor->at, cursor->hops.neighbours + cursor->hop_at,
                          count, &cursor->arena, cursor->nodes, err);
}

static int read_edges(namidb_cursor *cursor, size_t count, namidb_error *err)
{
    const uint64_t *neighbours = cursor->hops.neighbours + cursor->hop_at;
    const uint64_t *edges = cursor->hops.edges + cursor->hop_at;
    bool is_out = cursor->direction == NAMIDB_OUT;
    struct ndb_edge_probe *probes =
        ndb_arena_array(&cursor->arena, count, sizeof *probes);

    if (probes == NULL)
        return ndb_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        probes[i] = (struct ndb_edge_probe){
            .id = edges[i],
            .from = is_out ? cursor->owner : neighbours[i],
            .to = is_out ? neighbours[i] : cursor->owner,
        };
    return ndb_read_edges(&cursor->at, probes, count, &cursor->arena,
                          cursor->edges, err);
}

static int next_hops(namidb_cursor *cursor, namidb_error *err)
{
    size_t left;
    int rc = NAMIDB_OK;

    while (cursor->hop_at == cursor->hops.offsets[1]) {
        if (!cursor->has_more_hops)
            return NAMIDB_NONE;
        cursor->has_more_hops = false;
        cursor->direction = NAMIDB_IN;
        rc = read_hops(cursor, err);
        if (rc < 0)
            return rc;
    }
    left = cursor->hops.offsets[1] - cursor->hop_at;
    if (left > cursor->chunk)
        left = cursor->chunk;
    rc = read_edges(cursor, left, err);
    if (rc >= 0 && cursor->with_nodes)
        rc = read_neighbours(cursor, left, err);
    if (rc < 0)
        return rc;
    cursor->hop_at += (uint32_t)left;
    cursor->count = left;
    return NAMIDB_OK;
}

/* Room for the next chunk. */
static int make_room(namidb_cursor *cursor, namidb_error *err)
{
    cursor->next = 0;
    cursor->count = 0;
    ndb_arena_reset(&cursor->arena);
    if (cursor->with_nodes)
        cursor->nodes = ndb_arena_array(&cursor->arena, cursor->chunk,
                                        sizeof *cursor->nodes);
    if (cursor->is_edges)
        cursor->edges = ndb_arena_array(&cursor->arena, cursor->chunk,
                                        sizeof *cursor->edges);
    if ((cursor->with_nodes && cursor->nodes == NULL) ||
        (cursor->is_edges && cursor->edges == NULL))
        return ndb_fail_memory(err);
    return NAMIDB_OK;
}

static int next_chunk(namidb_cursor *cursor, namidb_error *err)
{
    int rc = make_room(cursor, err);

    if (rc < 0)
        return rc;
    if (cursor->scan != NULL)
        rc = ndb_scan_next(cursor->scan, cursor->chunk, &cursor->arena,
                           cursor->nodes, cursor->edges, &cursor->count, err);
    else
        rc = next_hops(cursor, err);
    if (cursor->chunk < CHUNK_MAX)
        cursor->chunk *= 2;
    return rc;
}

/* Sees to it that there is a row to give. */
static int fill(namidb_cursor *cursor, namidb_error *err)
{
    int rc;

    if (cursor->next != cursor->count)
        return NAMIDB_OK;
    rc = ndb_db_check_process(cursor->db, err);
    return rc < 0 ? rc : next_chunk(cursor, err);
}

int namidb_cursor_chunk(namidb_cursor *cursor, const namidb_node **nodes,
                        const namidb_edge **edges, size_t *count,
                        namidb_error *err)
{
    int rc = fill(cursor, err);

    *count = 0;
    if (rc != NAMIDB_OK)
        return rc;
    *nodes = cursor->with_nodes ? &cursor->nodes[cursor->next] : NULL;
    *edges = cursor->is_edges ? &cursor->edges[cursor->next] : NULL;
    *count = cursor->count - cursor->next;
    cursor->next = cursor->count;
    return NAMIDB_OK;
}

bool namidb_cursor_has_more(const namidb_cursor *cursor)
{
    return cursor->next != cursor->count || cursor->scan != NULL ||
           cursor->has_more_hops || cursor->hop_at != cursor->hops.offsets[1];
}

int namidb_cursor_next(namidb_cursor *cursor, const namidb_node **node,
                       const namidb_edge **edge, namidb_error *err)
{
    int rc = fill(cursor, err);

    if (rc != NAMIDB_OK)
        return rc;
    *node = cursor->with_nodes ? &cursor->nodes[cursor->next] : NULL;
    *edge = cursor->is_edges ? &cursor->edges[cursor->next] : NULL;
    cursor->next++;
    return NAMIDB_OK;
}
