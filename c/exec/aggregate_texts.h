/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate_texts.h - a column of texts into one aggregate. Those with a
 * dictionary are compared, or copied, once for each in the dictionary; of
 * others mostly the first bytes say that a text is not the best.
 */
#ifndef NDB_EXEC_AGGREGATE_TEXTS_H
#define NDB_EXEC_AGGREGATE_TEXTS_H

#include "exec/aggregate_groups.h"

/* More texts are not worth to be sorted for one chunk. */
enum { NDB_TEXTS_SORTED_MAX = 256 };

/* min, max, collect. *is_taken stays false for other aggregates, for many
 * groups and for many texts: then the rows go one by one. column->groups may be
 * NULL for collect: all rows are of one. */
int ndb_group_texts_add(const struct ndb_group_column *column,
                        enum ndb_aggregate_kind kind, bool *is_taken);

/* min or max of a column of values, all of whose rows are known, if they are
 * texts or null throughout: else *is_taken stays false. */
int ndb_aggregate_add_texts(struct ndb_aggregate *self,
                            const struct ndb_chunk *chunk,
                            const struct ndb_vector *values,
                            namidb_arena *arena, struct ndb_scalar *scalar,
                            bool *is_taken);

#endif
