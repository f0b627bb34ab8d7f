/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constraint_text.h - what a broken constraint says: its name, the node or edge
 * and what it is of, and the values, of which long ones are cut.
 *
 *   constraint mail: node 17 and node 23 have the same mail: 'a@b.c' (:Person)
 */
#ifndef NDB_ENGINE_CONSTRAINT_TEXT_H
#define NDB_ENGINE_CONSTRAINT_TEXT_H

#include "engine/view.h"
#include "namidb_schema.h"

struct ndb_constraint_row {
    uint64_t id;
    const namidb_property *props; /* ascending by name */
    uint32_t count;
};

/* All return NAMIDB_ECONSTRAINT. */
int ndb_constraint_fail_absent(const struct ndb_snapshot *snapshot,
                               const namidb_schema_item *item,
                               const struct ndb_constraint_row *row,
                               namidb_error *err);
int ndb_constraint_fail_type(const struct ndb_snapshot *snapshot,
                             const namidb_schema_item *item,
                             const struct ndb_constraint_row *row,
                             namidb_error *err);
/* `other` is the id of who has the row's values already. */
int ndb_constraint_fail_same(const struct ndb_snapshot *snapshot,
                             const namidb_schema_item *item,
                             const struct ndb_constraint_row *row,
                             uint64_t other, namidb_error *err);

#endif
