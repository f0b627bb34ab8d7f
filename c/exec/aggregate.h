/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate.h - one aggregate over one group: what has been seen of it.
 *
 * A state is plain memory: init it, add values, finish it; nothing to release.
 * What it has to keep (texts, lists, what collect() gathers) is copied into the
 * arena of the call, which must be the same one all along and live until the
 * result is used. Nulls are skipped. DISTINCT is the caller's: it adds each
 * value once.
 */
#ifndef NDB_EXEC_AGGREGATE_H
#define NDB_EXEC_AGGREGATE_H

#include "exec/plan.h"
#include "exec/scalar.h"

struct ndb_aggregate_block;

/* A sum of integers, 128 bits: only a result that does not fit is a fault. */
struct ndb_aggregate_wide {
    uint64_t low;
    int64_t high;
};

struct ndb_aggregate {
    enum ndb_aggregate_kind kind;
    bool has_floats;    /* sum, avg */
    bool has_durations; /* the same; no numbers then */
    uint64_t count;     /* values that were no nulls; rows of count(*) */
    union {
        struct {
            struct ndb_aggregate_wide integers;
            double floats;
        } sum;
        namidb_duration duration; /* sum, avg */
        struct {
            namidb_value value;
            size_t capacity; /* of the text's copy */
        } best;              /* min, max */
        struct {
            double mean, squares; /* sum of squared distances from the mean */
        } spread;                 /* stDev */
        struct {
            struct ndb_aggregate_block *first, *last;
            double percentile;
        } items; /* collect, percentiles */
    } as;
};

void ndb_aggregate_init(struct ndb_aggregate *self,
                        enum ndb_aggregate_kind kind);

/* The second argument of a percentile; what the last call said counts.
 * NDB_FAULT_OUT_OF_RANGE beyond 0 .. 1. */
int ndb_aggregate_percentile(struct ndb_aggregate *self,
                             const namidb_value *percentile,
                             struct ndb_scalar *scalar);

int ndb_aggregate_add(struct ndb_aggregate *self, namidb_arena *arena,
                      const namidb_value *value, struct ndb_scalar *scalar);
/* collect(): a value that is the arena's already. */
int ndb_aggregate_collect(struct ndb_aggregate *self, namidb_arena *arena,
                          const namidb_value *kept, struct ndb_scalar *scalar);
/* count(*): so many rows. */
void ndb_aggregate_add_rows(struct ndb_aggregate *self, uint64_t rows);
/* sum, avg: the sum of `count` values, none of them null, that somebody else
 * has added up. NDB_FAULT_ARGUMENT_TYPE when durations were added before. */
int ndb_aggregate_add_int_total(struct ndb_aggregate *self, int64_t total,
                                uint64_t count, struct ndb_scalar *scalar);
int ndb_aggregate_add_float_total(struct ndb_aggregate *self, double total,
                                  uint64_t count, struct ndb_scalar *scalar);

/* Of no values: 0 for counts, sum and deviations, [] for collect, else null.
 * NDB_FAULT_OVERFLOW when a sum is not within the Integers. */
int ndb_aggregate_finish(struct ndb_aggregate *self, namidb_arena *arena,
                         struct ndb_scalar *scalar, namidb_value *out);

#endif
