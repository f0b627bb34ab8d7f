/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sketch.h"

#include <math.h>

void ndb_sketch_add(uint8_t *sketch, uint64_t hash)
{
    uint64_t rest = hash >> 6;
    unsigned place = rest == 0 ? NDB_SKETCH_REGISTER_MAX
                               : (unsigned)__builtin_ctzll(rest) + 1;
    uint8_t *cell = &sketch[hash % NDB_SKETCH_BYTES];

    if (*cell < place)
        *cell = (uint8_t)place;
}

void ndb_sketch_merge(uint8_t *sketch, const uint8_t *other)
{
    for (unsigned i = 0; i < NDB_SKETCH_BYTES; i++)
        if (sketch[i] < other[i])
            sketch[i] = other[i];
}

double ndb_sketch_estimate(const uint8_t *sketch)
{
    const double m = NDB_SKETCH_BYTES;
    double sum = 0, estimate;
    unsigned zeros = 0;

    for (unsigned i = 0; i < NDB_SKETCH_BYTES; i++) {
        sum += ldexp(1, -(int)sketch[i]);
        zeros += sketch[i] == 0;
    }
    estimate = 0.709 * m * m / sum;
    if (estimate <= 2.5 * m && zeros != 0)
        estimate = m * log(m / zeros);
    return estimate;
}
