/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lift.h - literals of a statement become parameters.
 *
 * A program that pastes values into its statements sends a new text each time.
 * So that it does not pay for parsing and planning each time, a plan is kept by
 * the text with its literals lifted out: WHERE n.x = 5 is WHERE n.x = $`~1`,
 * and 5 is its value.
 *
 * Only where a literal stands as a whole for a value and for nothing else:
 * right of a comparison, in a map of properties, in a list behind IN. Never in
 * what gives a column its name (RETURN, WITH), never where it is a part of the
 * plan (LIMIT, the bounds of a path), and never when the text is not plainly
 * understood: then it stays as it is. What a sub-query's count is compared with
 * stays, too: whether there is any is found in another way than how many.
 */
#ifndef NDB_EXEC_LIFT_H
#define NDB_EXEC_LIFT_H

#include "base/arena.h"
#include "base/slice.h"
#include "namidb_lift.h"

/* Longer texts are left alone. */
#define NDB_LIFT_BYTES_MAX (16u << 10)
#define NDB_LIFT_VALUES_MAX 64u
#define NDB_LIFT_LIST_MAX 1000u

/* See namidb_lift. */
int ndb_lift(namidb_arena *arena, struct ndb_slice text, namidb_lifted *out);

#endif
