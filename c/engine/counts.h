/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counts.h - how many nodes have a label and how many edges a type, as a
 * snapshot sees it: from the manifest's statistics and those of the memtables
 * above it, without a look at any row. And, for the planner, from which nodes
 * to which edges go: of that the directories of the packs know. And what values
 * properties have, of which only the manifest knows.
 */
#ifndef NDB_ENGINE_COUNTS_H
#define NDB_ENGINE_COUNTS_H

#include "engine/view.h"

/* Fills counts[number - 1] for every number up to `max`; NAMIDB_LABEL or
 * NAMIDB_TYPE. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_counts(const struct ndb_snapshot *snapshot, enum namidb_name_kind kind,
               uint64_t *counts, size_t max);

/* See namidb_hop_counts; *nodes is exact, the hops are not where a pack says
 * that an edge of another one is gone. */
int ndb_hop_counts(const struct ndb_snapshot *snapshot, namidb_arena *arena,
                   namidb_hop_count **out, size_t *count, uint64_t *nodes);

/* See namidb_property_counts. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_property_counts(const struct ndb_snapshot *snapshot,
                        namidb_arena *arena, namidb_property_count **out,
                        size_t *count);

/* See namidb_degree_counts. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_degree_counts(const struct ndb_snapshot *snapshot, namidb_arena *arena,
                      namidb_degree_count **out, size_t *count);

/* See namidb_segment_counts. */
void ndb_segment_counts(const struct ndb_snapshot *snapshot,
                        enum namidb_segments of, uint32_t number,
                        uint64_t *segments, uint64_t *missing);

#endif
