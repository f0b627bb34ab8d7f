/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_groups.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/scan_source.h"
#include "format/value.h"

#define GROUP_WORDS (NDB_GROUP_ROWS_MAX / 64)

/* Crossed out rows of a source: a bit for each row of each segment of its
 * window, or for each node of a memtable. */
struct shadow {
    uint64_t *bits; /* NULL: none yet */
    size_t words;
    uint32_t window_end; /* next_segment of the window that it is of */
};

struct ndb_group_scan {
    struct ndb_scan *scan;
    struct ndb_zone_tests tests;
    namidb_arena arena;     /* of the table: segments to leave out */
    struct shadow *shadows; /* of scan->sources */
    /* Given and not passed yet, so that its segment stays. */
    struct ndb_scan_source *given;
    uint32_t given_rows;
    struct ndb_groups_ahead ahead; /* of its group */
};

int ndb_group_scan_open(struct ndb_group_scan **out,
                        const struct ndb_snapshot *snapshot, uint32_t label,
                        struct ndb_zone_tests tests, namidb_error *err)
{
    struct ndb_group_scan *scan = ndb_calloc(1, sizeof *scan);
    int rc;

    *out = NULL;
    if (scan == NULL)
        return ndb_fail_memory(err);
    scan->tests = tests;
    rc = ndb_scan_nodes_open(&scan->scan, snapshot, label, err);
    scan->shadows =
        ndb_calloc(snapshot->view->layer_count, sizeof *scan->shadows);
    if (rc >= 0 && scan->shadows == NULL)
        rc = ndb_fail_memory(err);
    if (rc < 0) {
        ndb_group_scan_close(scan);
        return rc;
    }
    *out = scan;
    return NAMIDB_OK;
}

void ndb_group_scan_close(struct ndb_group_scan *scan)
{
    if (scan == NULL)
        return;
    for (uint32_t i = 0;
         scan->shadows != NULL && i < scan->scan->snapshot.view->layer_count;
         i++)
        ndb_free(scan->shadows[i].bits);
    ndb_free(scan->shadows);
    ndb_arena_release(&scan->arena);
    ndb_scan_close(scan->scan);
    ndb_free(scan);
}

/* --------------------------------------------------------------- shadows -- */

/* Where a row's bit is: its segment's place in the window, and the row. */
struct place {
    uint32_t segment;
    size_t row;
};

static const struct ndb_node_group *
group_of(const struct ndb_scan_source *source, uint32_t segment)
{
    return &source->window[segment].segment->as.node;
}

static size_t bit_of(struct place place)
{
    return (size_t)place.segment * NDB_GROUP_ROWS_MAX + place.row;
}

/* A shadow is of one window: what was crossed out in the last one is over. */
static bool is_of_window(const struct shadow *shadow,
                         const struct ndb_scan_source *source)
{
    return source->memtable != NULL ||
           shadow->window_end == source->next_segment;
}

static int cross_out(struct shadow *shadow,
                     const struct ndb_scan_source *source, struct place place)
{
    size_t words = source->memtable != NULL ? (source->count + 63) / 64
                                            : NDB_SCAN_WINDOW_MAX * GROUP_WORDS;
    size_t bit = bit_of(place);

    if (shadow->words < words) {
        uint64_t *bits = ndb_realloc(shadow->bits, words, sizeof *bits);

        if (bits == NULL)
            return NAMIDB_ENOMEM;
        memset(bits + shadow->words, 0, (words - shadow->words) * sizeof *bits);
        shadow->bits = bits;
        shadow->words = words;
    }
    if (!is_of_window(shadow, source)) {
        memset(shadow->bits, 0, shadow->words * sizeof *shadow->bits);
        shadow->window_end = source->next_segment;
    }
    shadow->bits[bit / 64] |= UINT64_C(1) << (bit % 64);
    return NAMIDB_OK;
}

static bool is_crossed_out(const struct shadow *shadow,
                           const struct ndb_scan_source *source,
                           struct place place)
{
    size_t bit = bit_of(place);

    return shadow->words != 0 && is_of_window(shadow, source) &&
           (shadow->bits[bit / 64] >> (bit % 64) & 1) != 0;
}

static void forget_shadows(struct ndb_group_scan *scan)
{
    for (uint32_t i = 0; i < scan->scan->source_count; i++) {
        struct shadow *shadow = &scan->shadows[i];

        if (shadow->words != 0)
            memset(shadow->bits, 0, shadow->words * sizeof *shadow->bits);
        shadow->window_end = 0;
    }
}

/* ------------------------------------------------------------------ rows -- */

static uint64_t sequence_of(const struct ndb_node_group *group, uint32_t row)
{
    return group->is_dense ? group->first + row : group->sequences[row];
}

/* The place of the row after `place`; false: there is none in the window. */
static bool next_place(const struct ndb_scan_source *source,
                       struct place *place, uint64_t *sequence)
{
    if (source->memtable != NULL) {
        if (place->row >= source->count)
            return false;
        *sequence = NAMIDB_ID_SEQUENCE(source->ids[place->row]);
        return true;
    }
    while (place->segment < source->window_count &&
           place->row >= group_of(source, place->segment)->row_count) {
        place->segment++;
        place->row = 0;
    }
    if (place->segment >= source->window_count)
        return false;
    *sequence =
        sequence_of(group_of(source, place->segment), (uint32_t)place->row);
    return true;
}

static struct place current(const struct ndb_scan_source *source)
{
    if (source->memtable != NULL)
        return (struct place){ 0, source->index };
    return (struct place){ source->window_at, source->row };
}

/* The sequence of a row that many behind the current one. */
static uint64_t sequence_at(const struct ndb_scan_source *source,
                            uint32_t ahead)
{
    struct place place = current(source);
    uint64_t sequence = 0;

    place.row += ahead;
    (void)next_place(source, &place, &sequence);
    return sequence;
}

/* The row of the stretch [first, first + extent) of a source that has a
 * sequence; false: none. */
static bool find_row(const struct ndb_scan_source *source, uint32_t extent,
                     uint64_t sequence, struct place *out)
{
    size_t low = source->index, high = source->index + extent;
    int64_t row;

    *out = current(source);
    if (source->memtable == NULL) {
        row = ndb_node_group_row(group_of(source, source->window_at), sequence);
        out->row = (size_t)row;
        return row >= source->row && row < source->row + (int64_t)extent;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (NAMIDB_ID_SEQUENCE(source->ids[middle]) < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    out->row = low;
    return low < source->index + extent &&
           NAMIDB_ID_SEQUENCE(source->ids[low]) == sequence;
}

/* What one other source means for the stretch of `given`: of two rows with one
 * id the older is crossed out. */
static int shade(struct ndb_group_scan *scan, uint32_t given_index,
                 uint32_t other_index, uint32_t extent, uint64_t last)
{
    struct ndb_scan_source *given = &scan->scan->sources[given_index];
    struct ndb_scan_source *other = &scan->scan->sources[other_index];
    struct place place = current(other), found;
    uint64_t sequence;
    int rc = NAMIDB_OK;

    if (other->is_done || !other->is_exact)
        return NAMIDB_OK;
    for (; rc >= 0 && next_place(other, &place, &sequence) && sequence <= last;
         place.row++) {
        if (!find_row(given, extent, sequence, &found))
            continue;
        rc = other_index < given_index
                 ? cross_out(&scan->shadows[given_index], given, found)
                 : cross_out(&scan->shadows[other_index], other, place);
    }
    return rc;
}

/* How many rows from the current one on may be given: of one group, below all
 * that others have not fetched. */
static uint32_t extent_of(const struct ndb_group_scan *scan,
                          const struct ndb_scan_source *source, uint32_t max)
{
    uint64_t bound = UINT64_MAX;
    uint32_t extent = 0;
    size_t left =
        source->memtable != NULL
            ? source->count - source->index
            : group_of(source, source->window_at)->row_count - source->row;

    for (uint32_t i = 0; i < scan->scan->source_count; i++) {
        const struct ndb_scan_source *other = &scan->scan->sources[i];

        if (other == source || other->memtable != NULL ||
            other->next_segment == other->part->segment_count)
            continue;
        if (other->part->segments[other->next_segment].first < bound)
            bound = other->part->segments[other->next_segment].first;
    }
    if (left > max)
        left = max;
    if (sequence_at(source, (uint32_t)left - 1) < bound)
        return (uint32_t)left;
    while (sequence_at(source, extent) < bound)
        extent++;
    return extent;
}

/* --------------------------------------------------------------- giving -- */

static bool has_label(const uint32_t *labels, uint32_t count, uint32_t label)
{
    for (uint32_t i = 0; i < count; i++)
        if (labels[i] == label)
            return true;
    return false;
}

bool ndb_group_row_matches(const struct ndb_node_group *group, uint32_t row,
                           uint32_t label)
{
    uint32_t set = group->label_of != NULL ? group->label_of[row] : 0;

    return !ndb_bit(group->deleted, row) &&
           (label == NAMIDB_ANY ||
            has_label(group->label_sets[set], group->label_counts[set], label));
}

/* Nothing to look at row by row: all of them count. */
static bool all_match(const struct ndb_node_group *group, uint32_t label)
{
    return group->deleted == NULL && group->label_of == NULL &&
           (label == NAMIDB_ANY ||
            has_label(group->label_sets[0], group->label_counts[0], label));
}

static void look_ahead(struct ndb_groups_ahead *ahead,
                       const struct ndb_scan_source *source)
{
    for (uint32_t i = 0; i < NDB_GROUPS_AHEAD; i++) {
        uint32_t at = source->window_at + 1 + i;

        ahead->items[i] =
            at < source->window_count ? group_of(source, at) : NULL;
    }
}

static int give_group(struct ndb_group_scan *scan, uint32_t index,
                      uint32_t extent, namidb_arena *arena,
                      struct ndb_stretch *out)
{
    const struct ndb_scan_source *source = &scan->scan->sources[index];
    const struct shadow *shadow = &scan->shadows[index];
    bool is_shaded = shadow->words != 0 && is_of_window(shadow, source);
    struct place place = current(source);
    uint32_t label = scan->scan->wanted;
    uint16_t *rows;

    look_ahead(&scan->ahead, source);
    out->ahead = &scan->ahead;
    out->group = group_of(source, source->window_at);
    out->first = source->row;
    out->extent = out->count = extent;
    if (!is_shaded && all_match(out->group, label))
        return NAMIDB_OK;
    rows = ndb_arena_array(arena, extent, sizeof *rows);
    if (rows == NULL)
        return NAMIDB_ENOMEM;
    out->count = 0;
    for (uint32_t i = 0; i < extent; i++, place.row++)
        if (ndb_group_row_matches(out->group, (uint32_t)place.row, label) &&
            !(is_shaded && is_crossed_out(shadow, source, place)))
            rows[out->count++] = (uint16_t)i;
    out->rows = out->count == extent ? NULL : rows;
    return NAMIDB_OK;
}

/* Whether a node of a memtable counts: NAMIDB_OK, NAMIDB_NONE, a failure. */
static int node_matches(const struct ndb_group_scan *scan,
                        const struct ndb_scan_source *source, uint64_t id,
                        namidb_error *err)
{
    struct ndb_slice row;
    bool is_there = true;
    int rc = ndb_memtable_node(source->memtable, id,
                               scan->scan->snapshot.version, &row);

    if (rc != NAMIDB_OK || row.data == NULL)
        return NAMIDB_NONE;
    if (scan->scan->wanted != NAMIDB_ANY &&
        ndb_row_has_label(row, scan->scan->wanted, &is_there) < 0)
        return ndb_fail(err, NAMIDB_ECORRUPT,
                        "the row of node %llu does not decode",
                        (unsigned long long)id);
    return is_there ? NAMIDB_OK : NAMIDB_NONE;
}

static int give_nodes(const struct ndb_group_scan *scan, uint32_t index,
                      uint32_t extent, namidb_arena *arena,
                      struct ndb_stretch *out, namidb_error *err)
{
    const struct ndb_scan_source *source = &scan->scan->sources[index];
    struct place place = current(source);
    uint64_t *ids = ndb_arena_array(arena, extent, sizeof *ids);

    if (ids == NULL)
        return ndb_fail_memory(err);
    out->ids = ids;
    for (uint32_t i = 0; i < extent; i++, place.row++) {
        uint64_t id = source->ids[place.row];
        int rc;

        if (is_crossed_out(&scan->shadows[index], source, place))
            continue;
        rc = node_matches(scan, source, id, err);
        if (rc < 0)
            return rc;
        if (rc == NAMIDB_OK)
            ids[out->count++] = id;
    }
    out->extent = out->count;
    return NAMIDB_OK;
}

/* The rows that were given last are dealt with. */
static void pass_given(struct ndb_group_scan *scan)
{
    struct ndb_scan_source *source = scan->given;

    if (source == NULL)
        return;
    scan->given = NULL;
    if (source->memtable != NULL)
        source->index += scan->given_rows - 1;
    else
        source->row += scan->given_rows - 1;
    ndb_scan_source_next(scan->scan, source);
}

static int give(struct ndb_group_scan *scan, struct ndb_scan_source *source,
                uint32_t max, namidb_arena *arena, struct ndb_stretch *out,
                namidb_error *err)
{
    uint32_t index = (uint32_t)(source - scan->scan->sources);
    uint32_t extent = extent_of(scan, source, max);
    uint64_t last = sequence_at(source, extent - 1);
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < scan->scan->source_count && rc >= 0; i++)
        if (i != index)
            rc = shade(scan, index, i, extent, last);
    if (rc < 0)
        return ndb_fail_memory(err);
    out->table = (uint32_t)scan->scan->tables.items[scan->scan->table_at - 1];
    if (source->memtable != NULL)
        rc = give_nodes(scan, index, extent, arena, out, err);
    else if (give_group(scan, index, extent, arena, out) < 0)
        rc = ndb_fail_memory(err);
    if (rc < 0)
        return rc;
    scan->given = source;
    scan->given_rows = extent;
    return NAMIDB_OK;
}

/* The sources of the next table. */
static int begin_table(struct ndb_group_scan *scan, namidb_error *err)
{
    int rc;

    forget_shadows(scan);
    rc = ndb_scan_nodes_table(scan->scan, err);
    if (rc != NAMIDB_OK || scan->tests.count == 0)
        return rc;
    ndb_arena_reset(&scan->arena);
    return ndb_scan_zones_apply(scan->scan, &scan->tests, &scan->arena, err);
}

int ndb_group_scan_next(struct ndb_group_scan *scan, uint32_t max,
                        namidb_arena *arena, struct ndb_stretch *out,
                        namidb_error *err)
{
    struct ndb_scan_source *source;
    struct ndb_scan_key limit;
    int rc;

    pass_given(scan);
    *out = (struct ndb_stretch){ .group = NULL };
    while ((rc = ndb_scan_source_pick(scan->scan, &source, &limit, err)) ==
           NAMIDB_NONE) {
        rc = begin_table(scan, err);
        if (rc != NAMIDB_OK)
            return rc;
    }
    return rc < 0 ? rc : give(scan, source, max, arena, out, err);
}
