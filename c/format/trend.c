/* SPDX-License-Identifier: Apache-2.0 */
#include "format/trend.h"

#include <stdlib.h>

enum {
    PAIRS_MAX = 128,
    PAIRS_MIN = 8,
    /* One slope in so many lies within an eighth of the median. Of random
     * points about none does: their median is near 0. */
    NEAR_SHARE = 4,
};

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Slopes between neighbouring points, evenly spread; how many. */
static size_t take_slopes(const uint64_t *x, const uint64_t *y, size_t count,
                          double slopes[PAIRS_MAX])
{
    size_t step = count / PAIRS_MAX + 1;
    size_t taken = 0;

    for (size_t i = 1; i < count && taken < PAIRS_MAX; i += step) {
        double width = (double)(int64_t)(x[i] - x[i - 1]);

        if (x[i] != x[i - 1])
            slopes[taken++] = (double)(int64_t)(y[i] - y[i - 1]) / width;
    }
    return taken;
}

/* The slope that a good part of them is near, 0: there is none. */
static double common_slope(double *slopes, size_t count)
{
    size_t near = 0;
    double median;

    if (count < PAIRS_MIN)
        return 0;
    qsort(slopes, count, sizeof *slopes, ascending);
    median = slopes[count / 2];
    for (size_t i = 0; i < count; i++)
        near += slopes[i] >= median * 0.875 && slopes[i] <= median * 1.125;
    return median > 0 && near >= count / NEAR_SHARE ? median : 0;
}

void ndb_trend_fit(const uint64_t *x, const uint64_t *y, size_t count,
                   struct ndb_trend *trend)
{
    const double one = 1 << NDB_TREND_BITS;
    double slopes[PAIRS_MAX];
    double slope = common_slope(slopes, take_slopes(x, y, count, slopes));
    int64_t lowest = INT64_MAX;

    *trend = (struct ndb_trend){ 0, 0 };
    if (slope < 1 / one || slope > one)
        return;
    trend->slope = (uint64_t)(slope * one + 0.5);
    for (size_t i = 0; i < count; i++) {
        int64_t above = (int64_t)(y[i] - ndb_trend_at(trend, x[i]));

        lowest = above < lowest ? above : lowest;
    }
    trend->base = (uint64_t)lowest;
}
