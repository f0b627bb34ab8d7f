/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picked.h - the rows of a chunk that have something to read, and what was read
 * of them put where they are.
 */
#ifndef NDB_EXEC_PICKED_H
#define NDB_EXEC_PICKED_H

#include "engine/read.h"
#include "exec/eval.h"

struct ndb_picked {
    const uint32_t *positions; /* of each; NULL: they are 0, 1, 2 ... */
    uint32_t count;
    bool has_null; /* some row has nothing */
};

/* *out, whose is_constant is set, becomes what was read; a row that has nothing
 * is null. */
int ndb_picked_spread(struct ndb_eval *eval, const struct ndb_picked *picked,
                      const struct ndb_property_column *column, uint32_t extent,
                      struct ndb_vector *out);

#endif
