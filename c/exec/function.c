/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/function.h"

#include <string.h>

#include "exec/label_names.h"

static const struct ndb_function *const FAMILIES[] = {
    NDB_STRING_FUNCTIONS,  NDB_LIST_FUNCTIONS, NDB_MATH_FUNCTIONS,
    NDB_CONVERT_FUNCTIONS, NDB_PATH_FUNCTIONS, NDB_TEMPORAL_FUNCTIONS,
    NDB_POINT_FUNCTIONS,   NDB_MAP_FUNCTIONS,  NDB_TYPE_FUNCTIONS,
    NDB_LABEL_FUNCTIONS,
};

/* Asked once per call in a plan that is decoded, never per row: a walk over
 * the names needs no index that somebody would have to build first. */
const struct ndb_function *ndb_function_find(const char *name, size_t bytes)
{
    for (size_t i = 0; i < sizeof FAMILIES / sizeof *FAMILIES; i++)
        for (const struct ndb_function *at = FAMILIES[i]; at->name != NULL;
             at++)
            if (strlen(at->name) == bytes && memcmp(at->name, name, bytes) == 0)
                return at;
    return NULL;
}

bool ndb_function_reads_clock(const struct ndb_function *function)
{
    const struct ndb_function *at = NDB_TEMPORAL_FUNCTIONS;

    while (at->name != NULL && at != function)
        at++;
    return at->name != NULL || strcmp(function->name, "timestamp") == 0;
}
