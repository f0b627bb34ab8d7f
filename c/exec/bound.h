/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound.h - the number behind SKIP and LIMIT.
 */
#ifndef NDB_EXEC_BOUND_H
#define NDB_EXEC_BOUND_H

#include "exec/eval.h"

/* Evaluates an expression that reads no row. Anything but an integer of 0 or
 * more is a fault; `what` is its name in the message. */
int ndb_bound_eval(struct ndb_op *op, const struct ndb_expr *expr,
                   const char *what, uint64_t *out);

#endif
