/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - columns of decoded groups as vectors.
 *
 * Numbers are views: nothing is copied, and they live as long as the segment is
 * pinned, which is as long as the scan's chunk. Strings are values that look
 * into the segment.
 */
#ifndef NDB_EXEC_COLUMNS_H
#define NDB_EXEC_COLUMNS_H

#include "exec/eval.h"

/* A property of the nodes of a ROWS vector; number 0: nothing has it. */
int ndb_columns_property(struct ndb_eval *eval, const struct ndb_vector *rows,
                         const struct ndb_chunk *chunk, uint32_t number,
                         struct ndb_vector *out);

/* Their keys. */
int ndb_columns_key(struct ndb_eval *eval, const struct ndb_vector *rows,
                    const struct ndb_chunk *chunk, struct ndb_vector *out);

#endif
