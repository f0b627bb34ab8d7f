/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.h - reading the graph through the layers of a snapshot.
 *
 * Everything is a batch: what a call needs from the store it asks for at once,
 * so that a call costs at most the rounds that its comment names, and none when
 * the segments are cached. Newest wins per id; edges are merged per owner by
 * edge id. Rows are copied into the caller's arena; no segment stays pinned
 * after a call.
 */
#ifndef NDB_ENGINE_READ_H
#define NDB_ENGINE_READ_H

#include "engine/view.h"

/* out[i].id is 0 when ids[i] is absent. 1 round. */
int ndb_read_nodes(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, namidb_arena *arena, namidb_node *out,
                   namidb_error *err);

/* Whether each node exists; is_packed (NULL: not wanted), of those that do,
 * whether it is a pack that says so. 1 round. */
int ndb_read_alive(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, bool *is_alive, bool *is_packed,
                   namidb_error *err);

/* Fetches what is not cached of these nodes, so that they can be read without
 * the store, as long as the cache has room for them. 1 round. */
int ndb_read_ahead(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, namidb_error *err);

/* One property of many nodes: integers while all are. */
struct ndb_property_column {
    int64_t *integers;
    namidb_value *values; /* NULL: see integers; null where there is none */
    size_t absent;        /* the first of the ids that is no node; SIZE_MAX */
};

/* The property `name` (0: one that nobody has) of each of ids, without their
 * rows. All memory is the arena's. 1 round. */
int ndb_read_property(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                      size_t count, uint32_t name, namidb_arena *arena,
                      struct ndb_property_column *out, namidb_error *err);

struct ndb_label_probe {
    const uint32_t *labels; /* 0: one that nobody has */
    uint32_t count;
    bool are_there; /* the snapshot has all the nodes */
};

/* Whether each of ids has all of the labels. *absent as above. 1 round; none
 * where nodes are there, and their tables tell. */
int ndb_read_labels(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                    size_t count, const struct ndb_label_probe *probe,
                    bool *has, size_t *absent, namidb_error *err);

struct ndb_key_probe {
    uint32_t table;
    namidb_value key;
    uint64_t id; /* result; 0: none */
};

/* Resolves keys to ids. `use_filters` looks at filters first: cheaper when most
 * keys are new. Keys are verified against the rows. 2 rounds (+ 1 for filters
 * not cached yet). */
int ndb_read_keys(const struct ndb_snapshot *snapshot,
                  struct ndb_key_probe *probes, size_t count, bool use_filters,
                  namidb_error *err);

/* See namidb_node_by_key. */
int ndb_read_node_by_key(const struct ndb_snapshot *snapshot, uint32_t label,
                         namidb_value key, namidb_arena *arena,
                         namidb_node *out, namidb_error *err);

/* Which edges of a node. */
struct ndb_hop_kind {
    uint32_t type;                   /* 0: all */
    enum namidb_direction direction; /* OUT or IN */
    bool with_edges;                 /* their ids are wanted, too */
};

/* The edges at some nodes. */
struct ndb_hops {
    uint32_t *offsets;    /* count + 1 */
    uint64_t *neighbours; /* of node i: offsets[i] .. offsets[i + 1], by (type,
                             neighbour, edge) */
    uint64_t *edges;      /* their ids, likewise; NULL: not wanted */
};

/* The edges at each of ids. All memory is the arena's. A node that is absent
 * has none. 1 round. */
int ndb_read_hops(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                  size_t count, const struct ndb_hop_kind *kind,
                  namidb_arena *arena, struct ndb_hops *out, namidb_error *err);

/* The edges of `type` that leave a node, with their properties, if there are no
 * more than `max` and all that knows of them is packs that are cached; else
 * NAMIDB_NONE. By (target, edge). No round. */
int ndb_read_out(const struct ndb_snapshot *snapshot, uint64_t id,
                 uint32_t type, size_t max, namidb_arena *arena,
                 namidb_edge **edges, size_t *count, namidb_error *err);

/* How many edges each of ids has. 1 round. */
int ndb_read_degrees(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, const struct ndb_hop_kind *kind,
                     uint64_t *degrees, namidb_error *err);

/* How many of them lead from the node to itself: the same loops OUT and IN. */
int ndb_read_loops(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, const struct ndb_hop_kind *kind,
                   uint64_t *loops, namidb_error *err);

/* An edge by id, and what is known of its ends (a hop knows both). */
struct ndb_edge_probe {
    uint64_t id;
    uint64_t from; /* 0: find it first, one more round */
    uint64_t to;   /* 0: the source's whole list is searched */
};

/* out[i].id is 0 when absent. 1 round, 2 with unknown sources. */
int ndb_read_edges(const struct ndb_snapshot *snapshot,
                   const struct ndb_edge_probe *probes, size_t count,
                   namidb_arena *arena, namidb_edge *out, namidb_error *err);

/* One property of many edges, as ndb_read_property. Rounds as above. */
int ndb_read_edge_property(const struct ndb_snapshot *snapshot,
                           const struct ndb_edge_probe *probes, size_t count,
                           uint32_t name, namidb_arena *arena,
                           struct ndb_property_column *out, namidb_error *err);

/* Adds the node tables that may have nodes with a label (NAMIDB_ANY: all): its
 * own and those whose nodes carry it, too; each once, ascending. NAMIDB_OK or
 * NAMIDB_ENOMEM. */
int ndb_label_tables(const struct ndb_snapshot *snapshot, uint32_t label,
                     struct ndb_ids *out);

/* Scans, in chunks. */
struct ndb_scan;

/* Nodes with `label` (0: all), by table, then id. */
int ndb_scan_nodes_open(struct ndb_scan **scan,
                        const struct ndb_snapshot *snapshot, uint32_t label,
                        namidb_error *err);
/* Edges of `type` (0: all), by type, then source table, source, target, id. */
int ndb_scan_edges_open(struct ndb_scan **scan,
                        const struct ndb_snapshot *snapshot, uint32_t type,
                        namidb_error *err);

/* The next rows, at most `max`, 0 at the end; `nodes` or `edges` by kind. Rows
 * live in `arena`. Returns NAMIDB_OK or NAMIDB_NONE at the end. */
int ndb_scan_next(struct ndb_scan *scan, size_t max, namidb_arena *arena,
                  namidb_node *nodes, namidb_edge *edges, size_t *count,
                  namidb_error *err);
void ndb_scan_close(struct ndb_scan *scan);

/* Looks at some rows of a scan, `nodes` or `edges` by kind. NAMIDB_NONE ends
 * it. */
typedef int ndb_scan_look(void *context, const namidb_node *nodes,
                          const namidb_edge *edges, size_t count,
                          namidb_error *err);

/* Gives all that such a scan has to `look`, never no rows. `target` is the
 * label or the type. NAMIDB_NONE: it was ended. */
int ndb_scan_each(const struct ndb_snapshot *snapshot, bool is_edges,
                  uint32_t target, ndb_scan_look *look, void *context,
                  namidb_error *err);

#endif
