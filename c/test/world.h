/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - a namespace under test, through the public API, beside a model of
 * what it must hold.
 *
 * The model is flat arrays that are copied as a whole: a transaction works on a
 * copy, which becomes the model when the commit is acknowledged. The store is
 * that of place.h below a faulty one, so any request may be made to fail.
 */
#ifndef NDB_TEST_WORLD_H
#define NDB_TEST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rand.h"
#include "engine/db.h"
#include "namidb.h"
#include "place.h"
#include "store/wrappers.h"

enum { WORLD_NODES = 128, WORLD_EDGES = 512, WORLD_LABELS = 3 };

/* "L0" .., "T0" .. */
extern const char *const WORLD_LABEL[WORLD_LABELS];
extern const char *const WORLD_TYPE[2];

/* For a property "n" that is not there. */
#define WORLD_ABSENT INT64_MIN

struct world_node {
    uint64_t id;    /* 0: not alive */
    uint8_t label;  /* of its key; an index of WORLD_LABEL */
    uint8_t labels; /* bits */
    bool has_key;
    int64_t n;    /* property "n"; WORLD_ABSENT: none */
    char text[8]; /* property "text"; "": absent */
};

struct world_edge {
    uint64_t id;  /* 0: not alive */
    uint8_t type; /* an index of WORLD_TYPE */
    uint64_t from, to;
    int64_t w; /* property "w" */
};

/* What a namespace holds. nodes[i] has the key world_key(i). */
struct world_graph {
    struct world_node nodes[WORLD_NODES];
    struct world_edge edges[WORLD_EDGES];
    uint32_t edge_count; /* used ones */
};

struct world {
    uint64_t seed; /* printed when a check fails */
    struct ndb_rand rand;
    char uri[PLACE_URI_BYTES];
    namidb_options options;
    struct ndb_fault_plan plan; /* of the next store that is opened */
    struct world_graph graph;
};

/* "k<index>". */
namidb_value world_key(uint32_t index, char text[16]);

/* An empty bucket of its own. */
void world_begin(struct world *world, uint64_t seed);
void world_end(struct world *world);

/* Opens a handle; *faulty (NULL is allowed) is the wrapper in its store, alive
 * as long as the handle. */
int world_open(struct world *world, namidb **db, struct ndb_store **faulty,
               namidb_error *err);
/* The same, which must succeed; a reader when asked. */
namidb *world_must_open(struct world *world, bool read_only);

/* `count` random changes to the transaction and to *graph alike. The result of
 * each is checked; any failure but those that belong to it is returned. */
int world_change(struct world *world, namidb_tx *tx, struct world_graph *graph,
                 uint32_t count, namidb_error *err);
/* The same as one transaction; *after is what the graph is if it commits. */
int world_try(struct world *world, namidb *db, uint32_t count,
              struct world_graph *after, namidb_error *err);
/* The model follows when it commits. */
int world_commit(struct world *world, namidb *db, uint32_t count,
                 namidb_error *err);

/* Whether the namespace is the graph: every read there is, both ways round.
 * The first says so, the second fails the test. */
bool world_is(struct world *world, namidb_snapshot *snapshot, namidb *db,
              const struct world_graph *graph);
void world_check(struct world *world, namidb *db);
void world_check_snapshot(struct world *world, namidb *db,
                          namidb_snapshot *snapshot,
                          const struct world_graph *graph);

#define world_assert(world, condition)                                         \
    world_assert_at(world, (condition), #condition, __FILE__, __LINE__)
void world_assert_at(const struct world *world, bool holds, const char *text,
                     const char *file, int line);
/* rc >= 0, or the error's text is printed. */
#define world_ok(world, rc, err)                                               \
    world_ok_at(world, (rc), &(err), #rc, __FILE__, __LINE__)
void world_ok_at(const struct world *world, int rc, const namidb_error *err,
                 const char *text, const char *file, int line);

#endif
