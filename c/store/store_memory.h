/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_memory.h - objects in memory, shared by name within the process.
 *
 * A bucket lives from its first use to the end of the process, so that a
 * namespace can be closed and opened again. Requests complete inside submit.
 * The store's clock is the host's wall clock.
 */
#ifndef NDB_STORE_STORE_MEMORY_H
#define NDB_STORE_STORE_MEMORY_H

#include "store/store.h"

/* Opens the folder `prefix` ("" or ending in '/') of bucket `name`. */
int ndb_memory_open(struct ndb_store **store, const char *name,
                    const char *prefix, namidb_error *err);

/* Tests: forgets all objects of a bucket. */
void ndb_memory_clear(const char *name);

#endif
