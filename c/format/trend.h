/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trend.h - a straight line near which the edges of a segment lie.
 *
 * Who loads edges mostly has them in some order: then an edge's sequence grows
 * with its source, or its target. In the lists of the other end, where edges
 * stand in no order of theirs, neighbours and sequences look random, but what
 * is left of a sequence above a line through its neighbour is small. A line is
 * exact: all is modulo 2^64, so that any line undoes itself.
 */
#ifndef NDB_FORMAT_TREND_H
#define NDB_FORMAT_TREND_H

#include <stddef.h>
#include <stdint.h>

enum { NDB_TREND_BITS = 20 }; /* of a slope behind the point */

struct ndb_trend {
    uint64_t slope; /* 0: no line */
    uint64_t base;
};

/* The height of the line at `x`. */
static inline uint64_t ndb_trend_at(const struct ndb_trend *trend, uint64_t x)
{
    return trend->base + (trend->slope * x >> NDB_TREND_BITS);
}

/*
 * The line that a good part of the points (x[i], y[i]) lie on or near; its
 * slope is 0 when there is none. Slope: the median of those between points that
 * stand side by side, at most some hundred pairs of them (after Theil 1950 and
 * Sen 1968, who take all pairs). Base: as high as no point is below the line.
 */
void ndb_trend_fit(const uint64_t *x, const uint64_t *y, size_t count,
                   struct ndb_trend *trend);

#endif
