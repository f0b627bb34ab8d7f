/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_tests.h - what a filter above a scan tells it: comparisons of its nodes'
 * properties with values that are known when the run begins. The filter still
 * tests each row.
 */
#ifndef NDB_EXEC_SCAN_TESTS_H
#define NDB_EXEC_SCAN_TESTS_H

#include "engine/scan_zones.h"
#include "exec/op.h"

/* The conjuncts of a condition on the node in `slot` that zones can decide,
 * appended to `tests` (room for ndb_scan_tests_max); returns how many there are
 * then. */
uint32_t ndb_scan_tests_add(struct ndb_run *run, const struct ndb_expr *expr,
                            uint32_t slot, struct ndb_zone_test *tests,
                            uint32_t count);

/* How many a condition can have. */
uint32_t ndb_scan_tests_max(const struct ndb_expr *expr);

#endif
