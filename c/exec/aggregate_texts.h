/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate_texts.h - a column of texts with a dictionary into one aggregate of
 * groups: the texts are compared, or copied, once for each in the dictionary.
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

#endif
