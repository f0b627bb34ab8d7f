/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.h - openCypher's four notions of how two values stand.
 *
 *   equality       =, <>, IN: three-valued, null inside lists and maps spreads
 *   comparability  <, <=, >, >=: three-valued, unlike kinds give unknown
 *   orderability   ORDER BY, min, max: total, all kinds, null last
 *   equivalence    DISTINCT, grouping: null is null, NaN is NaN, 1 is 1.0
 *
 * Integers and floats compare by their exact values, not by conversion.
 */
#ifndef NDB_EXEC_COMPARE_H
#define NDB_EXEC_COMPARE_H

#include "exec/scalar.h"

enum ndb_truth { NDB_FALSE = 0, NDB_TRUE = 1, NDB_UNKNOWN = 2 };

enum ndb_truth ndb_equal(const namidb_value *a, const namidb_value *b);

/* *order: < 0, 0, > 0. false: not comparable (null, unlike kinds, nodes). NaN
 * against a number sets *is_nan: every comparison with it is false. */
bool ndb_comparable(const namidb_value *a, const namidb_value *b, int *order,
                    bool *is_nan);

/* Ascending: map, node, edge, list, path, point, datetime, local datetime,
 * date, time, local time, duration, string, bytes, boolean, number (NaN
 * largest), vector, null. */
int ndb_order(const namidb_value *a, const namidb_value *b);

bool ndb_equivalent(const namidb_value *a, const namidb_value *b);
/* Equivalent values have equal hashes. */
uint64_t ndb_value_hash(const namidb_value *value, uint64_t seed);

#endif
