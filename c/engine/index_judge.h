/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index_judge.h - which entries of an index count.
 *
 * An entry of a pack is as new as the pack's rows; one of a memtable as old as
 * any, so what the memtable says of the row itself decides. Where a pack above
 * may know the row, it must be looked at: for all of a chunk at once.
 */
#ifndef NDB_ENGINE_INDEX_JUDGE_H
#define NDB_ENGINE_INDEX_JUDGE_H

#include "engine/index_source.h"

enum ndb_index_verdict {
    NDB_INDEX_COUNTS,
    NDB_INDEX_COUNTS_NOT,
    NDB_INDEX_MUST_LOOK
};

/* Judges by what memtables and directories say. Fails when a row does not
 * decode, or without memory. */
int ndb_index_judge(struct ndb_index_scan *scan,
                    const struct ndb_index_source *source,
                    const struct ndb_index_entry *entry,
                    enum ndb_index_verdict *verdict);

/* Reads the rows that must be looked at, in one round, and drops the entries
 * that do not count. `must_look`: one for each entry; its memory is used. */
int ndb_index_settle(struct ndb_index_scan *scan, struct ndb_index_found *found,
                     bool *must_look, namidb_error *err);

#endif
