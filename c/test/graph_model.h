/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_model.h - a naive graph, and the same graph in layers.
 *
 * Every change goes to two places: flat arrays that are searched from end to
 * end (the model), and a memtable. A memtable is kept as a layer or made into a
 * pack in a memory store, and the next changes go to a new one. So whatever is
 * read through the layers can be compared with the model.
 *
 * Nodes have property 1 (an integer), 2 (a string, unless empty) and 3 (a list,
 * on each third); edges have property 1.
 */
#ifndef NDB_TEST_GRAPH_MODEL_H
#define NDB_TEST_GRAPH_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/rand.h"
#include "engine/edge_list.h"
#include "engine/read.h"
#include "store/wrappers.h"

enum {
    MODEL_TABLES = 4, /* 0 .. 3 */
    MODEL_TYPES = 4,  /* 1 .. 3 */
    MODEL_LABELS_MAX = 6,
    MODEL_LAYERS_MAX = 16,
    MODEL_HIGH_LABEL = 9000 /* too high to be a table */
};

struct model_node {
    uint64_t id;
    bool is_alive;
    char key_text[16];
    namidb_value key;
    uint32_t labels[MODEL_LABELS_MAX];
    uint32_t label_count;
    int64_t number;
    char text[16];
};

struct model_edge {
    uint64_t id, from, to;
    bool is_alive;
    int64_t weight;
};

/* Of a manifest: its labels and types have names, whatever their number. */
#define MODEL_NAMES                                                            \
    {                                                                          \
        NDB_LABEL_COUNT_MAX, NDB_TYPE_COUNT_MAX, 0                             \
    }

struct model {
    uint64_t seed; /* printed when a check fails */
    struct ndb_rand rand;

    struct model_node *nodes;
    size_t node_count, node_capacity;
    struct model_edge *edges;
    size_t edge_count, edge_capacity;
    uint64_t node_sequence[MODEL_TABLES]; /* last one used */
    uint64_t edge_sequence[MODEL_TYPES];

    /* What changes go into, and the layers below it, newest first. */
    struct ndb_memtable *memtable;
    uint64_t version;
    struct ndb_memtable *below[MODEL_LAYERS_MAX]; /* NULL: a pack */
    uint32_t below_count;
    struct ndb_manifest_pack packs[MODEL_LAYERS_MAX]; /* newest first */
    uint32_t pack_count;
    namidb_arena arena; /* directories */

    struct ndb_store *store;  /* counting, over */
    struct ndb_store *faulty; /* over memory; well-behaved by default */
    struct ndb_segment_cache *cache;
};

void model_open(struct model *model, uint64_t seed, uint64_t cache_bytes);
void model_close(struct model *model);

/* Changes. Indexes are of nodes and edges. */
size_t model_add_node(struct model *model, uint32_t table, const char *key);
/* So many nodes without a key. */
void model_add_nodes(struct model *model, uint32_t table, int count);
void model_set_node(struct model *model, size_t index);
void model_delete_node(struct model *model, size_t index); /* and its edges */
size_t model_add_edge(struct model *model, uint32_t type, size_t from,
                      size_t to);
void model_set_edge(struct model *model, size_t index);
void model_delete_edge(struct model *model, size_t index);
/* So many changes of all kinds, by chance. */
void model_change(struct model *model, size_t count);

/* Makes the memtable a layer below a new one. */
void model_keep_memtable(struct model *model);
void model_make_pack(struct model *model, bool is_inline);
/* A graph in 1 to 6 layers of both kinds. */
void model_random(struct model *model, uint64_t seed);

/* What the layers show now. Close it before the model. */
void model_snapshot(struct model *model, struct ndb_snapshot *out);
void model_snapshot_close(struct ndb_snapshot *snapshot);
/* The same with a new, cold cache. */
void model_forget(struct model *model);
uint64_t model_gets(struct model *model);

/* Calls `check` with a random graph and its snapshot for each seed, 1 .. seeds;
 * the seed is the model's. */
typedef void model_check(const struct model *model,
                         const struct ndb_snapshot *snapshot);
void model_check_seeds(uint64_t seeds, model_check *check);

/* The edges at a node as they should be read. Freed by the caller. */
struct ndb_hop_edge *model_hop(const struct model *model, uint64_t id,
                               uint32_t type, enum namidb_direction direction,
                               size_t *count);
bool model_has_label(const struct model_node *node, uint32_t label);

/* The id of each node, living or not. Freed by the caller. */
uint64_t *model_ids(const struct model *model);
/* Living nodes with a label (0: all), by table, then id. Freed by the caller.
 */
const struct model_node **model_living(const struct model *model,
                                       uint32_t label, size_t *count);

/* Each fails the test, with the seed, when the two differ. */
void model_check_node(const struct model *model, const struct model_node *want,
                      const namidb_node *got);
void model_check_edge(const struct model *model, const struct model_edge *want,
                      const namidb_edge *got);
#define model_assert(model, condition)                                         \
    model_assert_at(model, (condition), #condition, __FILE__, __LINE__)
void model_assert_at(const struct model *model, bool holds, const char *text,
                     const char *file, int line);

#endif
