/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - a run of a plan, from its first chunk to its last.
 */
#ifndef NDB_EXEC_QUERY_H
#define NDB_EXEC_QUERY_H

#include "exec/op.h"

struct ndb_query {
    struct ndb_run run;
    struct ndb_plan *plan; /* referenced */
    namidb_host host;
    bool is_canceled;         /* atomic */
    uint64_t rows_left;       /* UINT64_MAX: no bound */
    namidb_arena arena;       /* of the rows that were given */
    const namidb_value *rows; /* of the chunk that is being given */
    uint32_t row_count, row_at;
    bool is_done;
    struct ndb_profile profile;
    struct ndb_frame frame; /* the root's: one empty row */
};

/* Params are copied. `tx` NULL: read only, then a plan that writes is
 * NAMIDB_EINVAL. The snapshot is the transaction's if there is one; its view
 * must outlive the query. */
int ndb_query_open(struct ndb_query *query, struct ndb_plan *plan,
                   const struct ndb_snapshot *snapshot, struct namidb_tx *tx,
                   const namidb_value *params,
                   const namidb_query_options *options, namidb_error *err);
/* See namidb_query_next. */
int ndb_query_next(struct ndb_query *query, const namidb_value **row,
                   namidb_error *err);
/* Zeroed is allowed; may be called twice. */
void ndb_query_close(struct ndb_query *query);

size_t ndb_query_profile(const struct ndb_query *query,
                         namidb_query_step *steps, size_t max);

#endif
