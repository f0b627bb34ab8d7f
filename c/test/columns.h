/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - columns of any plain kind, with what is hard about their values:
 * for tests of loops over whole columns.
 */
#ifndef NDB_TEST_COLUMNS_H
#define NDB_TEST_COLUMNS_H

#include "base/rand.h"
#include "exec/chunk.h"

enum { COLUMN_EXTENT = 70 };

#define PICK(rand, array)                                                      \
    ((array)[ndb_rand_below(rand, sizeof(array) / sizeof *(array))])

struct column {
    struct ndb_vector vector;
    uint8_t nulls[COLUMN_EXTENT];
    uint64_t items[COLUMN_EXTENT];
};

/* Integers of any form, floats or truths; often with nulls. */
void column_fill(struct column *column, struct ndb_rand *rand);

/* Integers of NDB_FORM_NARROW, without nulls. */
void column_fill_narrow(struct column *column, struct ndb_rand *rand);

/* An integer that is close to some limit. */
int64_t column_int(struct ndb_rand *rand);

/* A float that is large, small, none at all, or has a sign that is not seen. */
double column_float(struct ndb_rand *rand);

/* Some positions, ascending, in `rows`, which has room for all; NULL: all. */
const uint16_t *column_rows(struct ndb_rand *rand, uint16_t *rows,
                            uint32_t *count);

#endif
