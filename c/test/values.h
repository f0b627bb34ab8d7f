/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - query values from text and back, so that tests are tables.
 *
 *   null true -1 1.5 NaN Infinity -Infinity 'text' [1, 'a'] {a: 1, b: null}
 *   n7 (node 7), e7 (edge 7), p(n1 e2 n3), v[1, 2] (vector), @5 (date),
 *   P(months, days, seconds), pt(srid, x, y), x'text' (bytes)
 *
 * Maps are written with their keys ascending.
 */
#ifndef NDB_TEST_VALUES_H
#define NDB_TEST_VALUES_H

#include "base/rand.h"
#include "exec/scalar.h"

/* Memory is the arena's; a text that is no value aborts. */
namidb_value values_parse(namidb_arena *arena, const char *text);
/* The arena's, with a NUL. */
const char *values_print(namidb_arena *arena, const namidb_value *value);
/* Any value, at most `depth` levels deep; often one that was made before. */
namidb_value values_random(namidb_arena *arena, struct ndb_rand *rand,
                           int depth);

/* What functions get: an arena of the test's, a fixed moment. */
struct values {
    namidb_arena arena;
    uint64_t random;
    namidb_error err;
    struct ndb_scalar scalar;
};

void values_init(struct values *values);
void values_release(struct values *values);

/* The function of a family's table; aborts when there is none. */
const struct ndb_function *values_function(const struct ndb_function *family,
                                           const char *name);
/* Calls it with the items of a list, as the evaluator does: a null in, a null
 * out. Returns the printed result, or the fault's text. */
const char *values_call(struct values *values,
                        const struct ndb_function *function, const char *list);

#endif
