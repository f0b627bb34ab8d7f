/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/bound.h"

int ndb_bound_eval(struct ndb_op *op, const struct ndb_expr *expr,
                   const char *what, uint64_t *out)
{
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    namidb_value value;
    int rc = ndb_eval_once(&eval, expr, &value);

    if (rc < 0)
        return rc;
    if (value.kind != NAMIDB_INT)
        return ndb_raise(op->run->err, NDB_FAULT_BOUND_TYPE,
                         "%s needs an integer, not a value of type %s", what,
                         ndb_kind_name(value.kind));
    if (value.as.integer < 0)
        return ndb_raise(op->run->err, NDB_FAULT_NEGATIVE,
                         "%s cannot be negative: %lld", what,
                         (long long)value.as.integer);
    *out = (uint64_t)value.as.integer;
    return NAMIDB_OK;
}
