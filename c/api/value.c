/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb.h: values that come from outside.
 */
#include "exec/zone.h"
#include "namidb.h"

int namidb_value_check(const namidb_value *value, namidb_error *err)
{
    return ndb_zone_check_value(value, err);
}

int namidb_zone_offset(const char *name, size_t bytes, int64_t local,
                       int32_t preferred, int32_t *offset, namidb_error *err)
{
    const struct ndb_zone *zone;
    int rc = ndb_zone_find(ndb_slice(name, bytes), &zone, err);

    if (rc >= 0)
        *offset = ndb_zone_offset_local(zone, local, preferred);
    return rc;
}
