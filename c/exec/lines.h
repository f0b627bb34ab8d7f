/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines.h - rows of separated text, or of JSON, into nodes and edges, as long
 * as they are plain.
 *
 * A load has a slow way for every row (lua/namidb/load.lua), which knows what
 * to say about a bad one. This is the fast way for the others: it stops before
 * the first row that it would have to think about, and the slow way takes that
 * one. So a row that is refused here costs time and nothing else.
 *
 * Ends of edges are looked up a batch at a time, and their ids remembered.
 */
#ifndef NDB_EXEC_LINES_H
#define NDB_EXEC_LINES_H

#include "engine/tx.h"
#include "namidb_lines.h"

struct ndb_lines;

/* Copies what `spec` holds. */
int ndb_lines_new(struct ndb_lines **lines, const namidb_lines_spec *spec,
                  namidb_error *err);
void ndb_lines_free(struct ndb_lines *lines);

/* See namidb_lines_put. */
void ndb_lines_put(struct ndb_lines *lines, struct namidb_tx *tx,
                   struct ndb_slice text, size_t rows_max, size_t *rows,
                   size_t *used);

#endif
