/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate_internal.h - between aggregate.c and aggregate_sum.c.
 */
#ifndef NDB_EXEC_AGGREGATE_INTERNAL_H
#define NDB_EXEC_AGGREGATE_INTERNAL_H

#include "exec/aggregate.h"

/* aggregate_sum.c: sum and avg. Values are no nulls. */
int ndb_aggregate_sum_value(struct ndb_aggregate *self,
                            const namidb_value *value,
                            struct ndb_scalar *scalar);
int ndb_aggregate_sum_finish(const struct ndb_aggregate *self,
                             namidb_arena *arena, struct ndb_scalar *scalar,
                             namidb_value *out);

#endif
