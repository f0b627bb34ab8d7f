/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_coded.h - what an expression is of texts that have a dictionary: found
 * once for each text that is met, not for each row.
 */
#ifndef NDB_EXEC_EVAL_CODED_H
#define NDB_EXEC_EVAL_CODED_H

#include "exec/eval.h"

/* What it is of one value. NAMIDB_OK, or a failure with run->err filled. */
typedef int ndb_coded_call(void *context, const namidb_value *value,
                           namidb_value *out);

/* Which of the operands differs between rows, if that is one alone, and of
 * texts that repeat in the chunk; `count`: it is not so. */
uint32_t ndb_coded_operand(const struct ndb_vector *operands, uint32_t count,
                           const struct ndb_chunk *chunk);

/*
 * Fills *out at the rows of the chunk from the texts there. Only what some row
 * has is evaluated, null included: what no row has must not raise. Results that
 * are all texts have the codes of `texts` again, those that are all integers,
 * floats or truths are plain numbers.
 */
int ndb_coded_eval(struct ndb_eval *eval, const struct ndb_vector *texts,
                   const struct ndb_chunk *chunk, ndb_coded_call *call,
                   void *context, struct ndb_vector *out);

#endif
