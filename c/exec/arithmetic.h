/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arithmetic.h - + - * / % ^ and the unary minus, over all kinds that have
 * them: numbers (integers are checked: overflow and division by zero are
 * faults), strings and lists (+), temporal values and durations, points not.
 * Null in, null out. Unlike kinds are NDB_FAULT_ARGUMENT_TYPE.
 */
#ifndef NDB_EXEC_ARITHMETIC_H
#define NDB_EXEC_ARITHMETIC_H

#include "exec/scalar.h"

int ndb_add(struct ndb_scalar *scalar, const namidb_value *a,
            const namidb_value *b, namidb_value *out);
int ndb_subtract(struct ndb_scalar *scalar, const namidb_value *a,
                 const namidb_value *b, namidb_value *out);
int ndb_multiply(struct ndb_scalar *scalar, const namidb_value *a,
                 const namidb_value *b, namidb_value *out);
int ndb_divide(struct ndb_scalar *scalar, const namidb_value *a,
               const namidb_value *b, namidb_value *out);
int ndb_modulo(struct ndb_scalar *scalar, const namidb_value *a,
               const namidb_value *b, namidb_value *out);
int ndb_power(struct ndb_scalar *scalar, const namidb_value *a,
              const namidb_value *b, namidb_value *out);
int ndb_negate(struct ndb_scalar *scalar, const namidb_value *a,
               namidb_value *out);

#endif
