/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ids.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

size_t ndb_ids_sort(uint64_t *items, size_t count)
{
    size_t kept = 0;

    if (count < 2)
        return count;
    qsort(items, count, sizeof *items, compare);
    for (size_t i = 1; i < count; i++)
        if (items[i] != items[kept])
            items[++kept] = items[i];
    return kept + 1;
}
