/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.h - expressions over chunks.
 *
 * Every expression is evaluated for all rows of a chunk at once: one walk over
 * the tree per chunk, loops inside its nodes. What belongs to the graph is read
 * in batches, so that a chunk costs a round and not one per row.
 */
#ifndef NDB_EXEC_EVAL_H
#define NDB_EXEC_EVAL_H

#include "exec/op.h"

struct ndb_eval {
    struct ndb_run *run;
    struct ndb_frame *frame; /* of the operator, for sub-plans */
    namidb_arena *arena;     /* of results */
    struct ndb_scalar scalar;

    /* The rows that were read last: see rows.c. */
    namidb_arena *memo;
    const void *memo_of; /* the vector's data; NULL: none */
    uint32_t memo_extent;
    const namidb_node **memo_nodes;
};

/* For one chunk: results live in `arena`, what is read of the graph until the
 * next evaluation of the same operator. */
struct ndb_eval ndb_eval_of(struct ndb_op *op, namidb_arena *arena);

/* The value at each row of the chunk; other positions of *out are undefined.
 * NAMIDB_OK, or a failure with run->err filled. */
int ndb_eval(struct ndb_eval *eval, const struct ndb_expr *expr,
             const struct ndb_chunk *chunk, struct ndb_vector *out);

/* An expression that reads no row: the value. */
int ndb_eval_once(struct ndb_eval *eval, const struct ndb_expr *expr,
                  namidb_value *out);

/* The truth of each row. A value that is no boolean is a fault. */
int ndb_eval_truths(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_chunk *chunk, struct ndb_vector *out);

/* Between the files of the evaluator: one function per kind of expression. */
typedef int ndb_eval_kind(struct ndb_eval *eval, const struct ndb_expr *expr,
                          const struct ndb_chunk *chunk,
                          struct ndb_vector *out);

ndb_eval_kind ndb_eval_and_or; /* eval_logic.c */
ndb_eval_kind ndb_eval_xor;
ndb_eval_kind ndb_eval_not;
ndb_eval_kind ndb_eval_case;
ndb_eval_kind ndb_eval_let;
ndb_eval_kind ndb_eval_in;      /* eval_in.c */
ndb_eval_kind ndb_eval_compare; /* eval_compare.c */
ndb_eval_kind ndb_eval_text;
ndb_eval_kind ndb_eval_regex;
ndb_eval_kind ndb_eval_is_null;
ndb_eval_kind ndb_eval_arithmetic; /* eval_arithmetic.c */
ndb_eval_kind ndb_eval_negate;
ndb_eval_kind ndb_eval_list; /* eval_list.c */
ndb_eval_kind ndb_eval_map;
ndb_eval_kind ndb_eval_index;
ndb_eval_kind ndb_eval_slice;
ndb_eval_kind ndb_eval_for_each; /* eval_loop.c */
ndb_eval_kind ndb_eval_quantifier;
ndb_eval_kind ndb_eval_reduce;
ndb_eval_kind ndb_eval_property; /* eval_graph.c */
ndb_eval_kind ndb_eval_labels;
ndb_eval_kind ndb_eval_graph_call;
ndb_eval_kind ndb_eval_path; /* eval_path.c */
ndb_eval_kind ndb_eval_differ;
ndb_eval_kind ndb_eval_degree; /* eval_counts.c */
ndb_eval_kind ndb_eval_counted;
ndb_eval_kind ndb_eval_subplan; /* eval_subplan.c */

int ndb_eval_no_memory(struct ndb_eval *eval);

/* eval_compare.c: both operands, and room in *out for truths. */
int ndb_eval_pair(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector pair[2],
                  struct ndb_vector *out);

/* Memory for `count` values of a result. NULL: *rc is the failure. */
static inline namidb_value *ndb_eval_array(struct ndb_eval *eval, size_t count)
{
    return ndb_arena_array(eval->arena, count, sizeof(namidb_value));
}

/* Evaluates `count` arguments; *out is the arena's. */
int ndb_eval_args(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector **out);

/* A chunk of one row that stands for `position` of another, with room for more
 * slots: every column is a constant. For loops over lists. */
int ndb_eval_row_chunk(struct ndb_eval *eval, const struct ndb_chunk *chunk,
                       uint32_t position, struct ndb_chunk *out);

#endif
