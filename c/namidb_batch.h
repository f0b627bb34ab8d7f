/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb_batch.h - rows that one query gives and another goes on with.
 *
 * For a program that writes in several transactions what it reads in one pass.
 * Pointers and errors are as in namidb.h.
 */
#ifndef NAMIDB_BATCH_H
#define NAMIDB_BATCH_H

#include "namidb.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct namidb_batch namidb_batch;

/* The next rows, `max` at most, for a parameter of another query: a list with a
 * list of a value per column for each row, empty at the end. Nodes and edges
 * stand for themselves there; nothing is read of them. The timeout is that of
 * this call. Not for a query of which rows were asked for otherwise. */
NAMIDB_API int namidb_query_take(namidb_query *query, size_t max,
                                 int64_t timeout_ms, namidb_batch **batch,
                                 namidb_error *err);
NAMIDB_API const namidb_value *namidb_batch_value(const namidb_batch *batch);
/* NULL is allowed. */
NAMIDB_API void namidb_batch_free(namidb_batch *batch);

#ifdef __cplusplus
}
#endif

#endif
