/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_read.h - what the two halves of the decoder of plans share.
 */
#ifndef NDB_EXEC_PLAN_READ_H
#define NDB_EXEC_PLAN_READ_H

#include "base/buf.h"
#include "exec/plan.h"

struct ndb_plan_reader {
    struct ndb_reader bytes;
    struct ndb_reader texts; /* what is left of them */
    struct ndb_plan *plan;
    const namidb_value *constants; /* of the plan's arena */
    uint32_t constant_count;
    uint32_t depth;
    uint32_t expr_count;
    bool has_no_memory;
    const char *wrong;  /* the first thing that is, constant text */
    const char *beyond; /* the bound that it is beyond, likewise */
};

/* Notes what is wrong, once, and fails the reader. */
void ndb_plan_wrong(struct ndb_plan_reader *reader, const char *what);

/* The same of what is right, but beyond a bound: NAMIDB_ELIMIT. */
void ndb_plan_beyond(struct ndb_plan_reader *reader, const char *what);

/* After a failure these give 0, NULL or nothing. */
uint32_t ndb_plan_uint(struct ndb_plan_reader *reader);
uint32_t ndb_plan_slot(struct ndb_plan_reader *reader);
uint32_t ndb_plan_name_of(struct ndb_plan_reader *reader,
                          enum namidb_name_kind kind);
bool ndb_plan_flag(struct ndb_plan_reader *reader);
uint8_t ndb_plan_code(struct ndb_plan_reader *reader, uint32_t count);
struct ndb_slice ndb_plan_text(struct ndb_plan_reader *reader);
struct ndb_slots ndb_plan_slots(struct ndb_plan_reader *reader);
struct ndb_names ndb_plan_names(struct ndb_plan_reader *reader,
                                enum namidb_name_kind kind);
/* Zeroed memory for a list whose `count` was read; each item takes a byte of
 * the input at least. */
void *ndb_plan_array(struct ndb_plan_reader *reader, uint32_t count,
                     size_t size);

const struct ndb_expr *ndb_plan_expr(struct ndb_plan_reader *reader);
const struct ndb_expr **ndb_plan_exprs(struct ndb_plan_reader *reader,
                                       uint32_t *count);
/* NULL: not given. */
const struct ndb_expr *ndb_plan_expr_optional(struct ndb_plan_reader *reader);

const struct ndb_plan_op *ndb_plan_op(struct ndb_plan_reader *reader);

#endif
