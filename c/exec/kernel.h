/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.h - loops over columns of plain numbers, which the compiler turns into
 * vector instructions (see the Makefile).
 *
 * They work on every position of a chunk, rows or not: that is cheaper than to
 * pick. None of them can fail: where a value may not be touched they say so,
 * and the caller goes row by row.
 */
#ifndef NDB_EXEC_KERNEL_H
#define NDB_EXEC_KERNEL_H

#include "exec/chunk.h"

static inline bool ndb_is_ints(const struct ndb_vector *vector)
{
    return vector->form == NDB_FORM_INTS || vector->form == NDB_FORM_NARROW;
}

/* kernel_compare.c: truths of comparing a vector of ints, floats or truths,
 * that is no constant, with a value: EQ NE LT LE GT GE. false: not of kinds
 * that are done here. */
bool ndb_kernel_compare_value(enum ndb_expr_kind kind,
                              const struct ndb_vector *vector,
                              const namidb_value *value, uint32_t extent,
                              uint8_t *truths);
/* Of two vectors of ints, two of floats, or two of nodes, none a constant;
 * `wide` is room for 2 * extent integers. */
bool ndb_kernel_compare_vectors(enum ndb_expr_kind kind,
                                const struct ndb_vector *a,
                                const struct ndb_vector *b, uint32_t extent,
                                int64_t *wide, uint8_t *truths);

/* kernel_numbers.c: integers of any form in 64 bits; `room` is for `extent` of
 * them, and is used unless they are that already. */
const int64_t *ndb_kernel_widen(const struct ndb_vector *vector,
                                uint32_t extent, int64_t *room);

/* 1 where a bit is 0, and 0 where it is 1: of bits `first` and on. */
void ndb_kernel_zeros(const uint64_t *bits, uint32_t first, uint32_t extent,
                      uint8_t *out);

/* Those of `rows` (NULL: 0 .. count - 1) for which the truth is true; how many.
 * There is room for `count`. */
uint32_t ndb_kernel_pick_true(const uint8_t *truths, const uint16_t *rows,
                              uint32_t count, uint16_t *picked);

/* Numbers that stand as the integers or floats of every position do in ORDER
 * BY: where a's is less than b's, a comes first. Those of some values that
 * differ are equal. Ranks of integers and of floats do not compare. */
void ndb_kernel_ranks(const struct ndb_vector *vector, bool is_descending,
                      uint32_t extent, int64_t *ranks);

/* kernel_masked.c. 1 at each position that is a row and no null, 0 at others;
 * `mask` has room for all. How many are 1. */
uint32_t ndb_kernel_mask(const struct ndb_chunk *chunk, const uint8_t *nulls,
                         uint8_t *mask);

/* The mask of what is true; how many that is. */
uint32_t ndb_kernel_mask_true(const uint8_t *truths, uint32_t extent,
                              uint8_t *mask);

/* Of the values where the mask is 1, which are `count`, of NDB_CHUNK_ROWS_MAX
 * positions at most. false: they are too large to be added up without care. */
bool ndb_kernel_sum_ints(const struct ndb_vector *vector, const uint8_t *mask,
                         uint32_t extent, uint32_t count, int64_t *sum);
double ndb_kernel_sum_floats(const double *values, const uint8_t *mask,
                             uint32_t extent);

/* The least or the largest of them, one at least, as ORDER BY has it; of equal
 * floats the first. */
int64_t ndb_kernel_best_ints(const struct ndb_vector *vector,
                             const uint8_t *mask, uint32_t extent, bool is_min);
double ndb_kernel_best_float(const double *values, const uint8_t *mask,
                             uint32_t extent, bool is_min);

/* kernel_arithmetic.c: a + b, a - b, a * b of every position. false: some
 * result is not within the Integers. */
bool ndb_kernel_ints(enum ndb_expr_kind kind, const int64_t *a,
                     const int64_t *b, uint32_t extent, int64_t *out);
/* kernel_narrow.c: the same of NARROW vectors, or of one and a constant; *out
 * is another, in `room` for `extent` items. Multiples only by a constant.
 * false: not of such, or the result may be too large for what is done here. */
bool ndb_kernel_narrow(enum ndb_expr_kind kind, const struct ndb_vector *a,
                       const struct ndb_vector *b, uint32_t extent,
                       uint32_t *room, struct ndb_vector *out);
/* The same of floats, and a / b. */
void ndb_kernel_floats(enum ndb_expr_kind kind, const double *a,
                       const double *b, uint32_t extent, double *out);

#endif
