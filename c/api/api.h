/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - what stands behind the opaque types of namidb.h that only read.
 */
#ifndef NDB_API_API_H
#define NDB_API_API_H

#include <stdatomic.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/db.h"
#include "engine/read.h"

struct namidb_snapshot {
    struct namidb *db; /* referenced */
    struct ndb_snapshot at;
};

/* Whether a snapshot may be used in this process. */
static inline int ndb_api_check(const namidb_snapshot *snapshot,
                                namidb_error *err)
{
    return ndb_db_check_process(snapshot->db, err);
}

#endif
