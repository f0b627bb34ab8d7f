/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_index.h - indexes over the graph of world.h, checked against its model.
 */
#ifndef NDB_TEST_WORLD_INDEX_H
#define NDB_TEST_WORLD_INDEX_H

#include "world.h"

/* (:L0 n), (:L1 text), (:L0 text, n), [:T0 w] */
enum { WORLD_INDEXES = 4 };

/* Declares one in the transaction; drops it. The result is returned. */
int world_declare(namidb_tx *tx, uint32_t which, namidb_error *err);
int world_drop(namidb_tx *tx, uint32_t which, namidb_error *err);
/* The same as a transaction of its own. */
int world_declare_one(struct world *world, namidb *db, uint32_t which,
                      namidb_error *err);
int world_drop_one(struct world *world, namidb *db, uint32_t which,
                   namidb_error *err);

/* Which are declared, as bits; which of those are online. */
uint32_t world_declared(struct world *world, namidb_snapshot *snapshot,
                        uint32_t *online);

/* Each index gives what the model holds, in order: all of it and ranges,
 * upwards and downwards. `declared`: those that must be there. */
void world_check_indexes(struct world *world, namidb *db,
                         namidb_snapshot *snapshot,
                         const struct world_graph *graph, uint32_t declared);

#endif
