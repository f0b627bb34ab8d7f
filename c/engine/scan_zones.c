/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_zones.h"

#include "base/error.h"
#include "sys/clock.h"

/* The zones of a source's part; NULL: it has none. */
static const struct ndb_part *zones_of(const struct ndb_scan_source *source)
{
    if (source->memtable != NULL)
        return NULL;
    return ndb_directory_find(ndb_pack_directory(source->pack), NDB_PART_ZONE,
                              0, source->part->table);
}

static bool may_match(const struct ndb_zone_group *group,
                      const struct ndb_zone_tests *tests)
{
    for (uint32_t i = 0; i < tests->count; i++)
        if (!ndb_zone_may_match(group, &tests->items[i]))
            return false;
    return true;
}

/* Whether a source has rows from `first` to `last`, as far as is known. */
static bool may_have(const struct ndb_scan_source *source, uint64_t first,
                     uint64_t last)
{
    size_t low = 0, high = source->count;
    uint32_t count, index;

    if (source->memtable == NULL) {
        index = ndb_part_find(source->part, first, &count);
        return index < source->part->segment_count &&
               source->part->segments[index].first <= last;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (NAMIDB_ID_SEQUENCE(source->ids[middle]) < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low < source->count && NAMIDB_ID_SEQUENCE(source->ids[low]) <= last;
}

/* A newer row that is not wanted still hides an older one that is. */
static bool may_hide(const struct ndb_scan *scan, uint32_t index,
                     const struct ndb_segment_entry *segment)
{
    for (uint32_t i = index + 1; i < scan->source_count; i++)
        if (may_have(&scan->sources[i], segment->first, segment->last))
            return true;
    return false;
}

static int mark(struct ndb_scan *scan, uint32_t index,
                const struct ndb_zone_segment *zones,
                const struct ndb_zone_tests *tests, namidb_arena *arena)
{
    struct ndb_scan_source *source = &scan->sources[index];
    uint32_t count = source->part->segment_count;
    uint64_t *skip = ndb_arena_array(arena, (count + 63) / 64, sizeof *skip);

    if (skip == NULL)
        return NAMIDB_ENOMEM;
    memset(skip, 0, (count + 63) / 64 * sizeof *skip);
    for (uint32_t i = 0; i < count; i++)
        if (!may_match(&zones->groups[i], tests) &&
            !may_hide(scan, index, &source->part->segments[i]))
            skip[i / 64] |= UINT64_C(1) << (i % 64);
    ndb_scan_source_skip(scan, source, skip);
    return NAMIDB_OK;
}

/* Asks for the zones of all sources; *count is how many have some. */
static int fetch(struct ndb_scan *scan, struct ndb_segment_want *wants,
                 uint32_t *count, namidb_error *err)
{
    *count = 0;
    for (uint32_t i = 0; i < scan->source_count; i++) {
        const struct ndb_part *part = zones_of(&scan->sources[i]);

        if (part != NULL)
            wants[(*count)++] = (struct ndb_segment_want){
                .pack = ndb_pack_cached(scan->sources[i].pack), .part = part
            };
    }
    if (*count == 0)
        return NAMIDB_OK;
    return ndb_segment_cache_get(scan->snapshot.view->cache, wants, *count,
                                 ndb_deadline_after(scan->snapshot.timeout_ms),
                                 err);
}

int ndb_scan_zones_apply(struct ndb_scan *scan,
                         const struct ndb_zone_tests *tests,
                         namidb_arena *arena, namidb_error *err)
{
    struct ndb_segment_want *wants =
        ndb_arena_array(arena, scan->source_count, sizeof *wants);
    uint32_t count = 0, at = 0;
    int rc;

    if (wants == NULL)
        return ndb_fail_memory(err);
    rc = fetch(scan, wants, &count, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < scan->source_count && rc >= 0; i++) {
        const struct ndb_zone_segment *zones;

        if (zones_of(&scan->sources[i]) == NULL)
            continue;
        zones = &wants[at++].segment->as.zone;
        if (zones->group_count != scan->sources[i].part->segment_count)
            rc = ndb_fail_object(err, NAMIDB_ECORRUPT,
                                 ndb_pack_cached(scan->sources[i].pack)->path,
                                 "zones of %u groups, expected %u",
                                 zones->group_count,
                                 scan->sources[i].part->segment_count);
        else if (mark(scan, i, zones, tests, arena) < 0)
            rc = ndb_fail_memory(err);
    }
    ndb_segment_cache_unpin(scan->snapshot.view->cache, wants, count);
    return rc < 0 ? rc : NAMIDB_OK;
}
