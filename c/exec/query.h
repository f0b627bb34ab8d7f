/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - a run of a plan, from its first chunk to its last.
 *
 * Making operators and their memory costs more than a small query. So a query
 * that is closed goes back to its plan, operators, arenas and all, and the next
 * run of the plan starts over with it: in the steady state a run allocates
 * nothing. A plan keeps one of them, and only a small one; whoever else runs
 * the plan at the same time makes its own.
 */
#ifndef NDB_EXEC_QUERY_H
#define NDB_EXEC_QUERY_H

#include "exec/op.h"
#include "namidb_batch.h"

/* The public opaque type is this struct. */
struct namidb_query {
    struct ndb_run run;
    struct ndb_plan *plan; /* referenced, but while it is the plan's spare */
    struct namidb *db;     /* referenced while it runs */
    struct ndb_view *view; /* likewise */
    struct ndb_statement statement; /* of a query that writes */
    namidb_host host;
    bool is_canceled;         /* atomic */
    uint64_t rows_left;       /* UINT64_MAX: no bound */
    namidb_arena params;      /* of run.params */
    namidb_arena arena;       /* of the rows that were given */
    const namidb_value *rows; /* of the chunk that is being given */
    uint32_t row_count, row_at;
    bool is_done;
    struct ndb_profile profile;
    uint64_t names_of;      /* the dictionary that run.numbers are of */
    struct ndb_frame frame; /* the root's: one empty row */
};

/* Params are copied. `tx` NULL: read only, then a plan that writes is
 * NAMIDB_EINVAL. `at` is what is read, the transaction's if there is one. The
 * query takes over the caller's reference of its view, also when it fails, and
 * takes one of the database. */
int ndb_query_open(struct namidb_query **query, struct ndb_plan *plan,
                   struct namidb *db, const struct ndb_snapshot *at,
                   struct namidb_tx *tx, const namidb_value *params,
                   const namidb_query_options *options, namidb_error *err);
/* See namidb_query_next. */
int ndb_query_next(struct namidb_query *query, const namidb_value **row,
                   namidb_error *err);
/* See namidb_query_chunk. */
int ndb_query_chunk(struct namidb_query *query, const namidb_value **rows,
                    size_t *count, namidb_error *err);
/* See namidb_query_take. */
int ndb_query_take(struct namidb_query *query, size_t max, int64_t timeout_ms,
                   struct namidb_batch **batch, namidb_error *err);
/* NULL is allowed. */
void ndb_query_close(struct namidb_query *query);

/* Frees the spare of a plan that goes, if it has one. */
void ndb_query_drop_spare(struct ndb_plan *plan);

size_t ndb_query_profile(const struct namidb_query *query,
                         namidb_query_step *steps, size_t max);

#endif
