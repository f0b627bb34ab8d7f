/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the host's clocks, behind a seam.
 *
 * Deadlines are nanoseconds of the monotonic clock; NDB_NEVER is none. What
 * decides between writers is the store's clock, never this one.
 */
#ifndef NDB_SYS_CLOCK_H
#define NDB_SYS_CLOCK_H

#include <stdint.h>

#define NDB_NEVER INT64_MAX
#define NDB_NS_PER_MS INT64_C(1000000)

int64_t ndb_clock_ns(void);      /* monotonic */
int64_t ndb_clock_wall_ms(void); /* since 1970, UTC */

/* Now + `ms`, saturating; `ms` < 0 is NDB_NEVER. */
int64_t ndb_deadline_after(int64_t ms);

/* Tests: both clocks jump ahead by `ns`, for good. */
void ndb_clock_advance(int64_t ns);

#endif
