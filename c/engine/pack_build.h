/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_build.h - rows of memtables as a pack. Pure: no I/O.
 */
#ifndef NDB_ENGINE_PACK_BUILD_H
#define NDB_ENGINE_PACK_BUILD_H

#include "engine/memtable.h"
#include "engine/schema.h"
#include "format/pack.h"

/*
 * Writes everything that `memtable` knows up to `version` into `writer`: node,
 * out, in, edge id and key parts, and a part for each index of `schema` that
 * has entries. `is_bottom`: no pack lies below, so tombstones are left out.
 * NAMIDB_OK; NAMIDB_NONE: there was nothing to write.
 */
int ndb_pack_build(struct ndb_pack_writer *writer,
                   struct ndb_memtable *memtable, uint64_t version,
                   const struct ndb_schema *schema, bool is_bottom,
                   namidb_error *err);

#endif
