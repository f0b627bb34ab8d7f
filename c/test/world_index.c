/* SPDX-License-Identifier: Apache-2.0 */
#include "world_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "engine/index_scan.h"
#include "engine/schema.h"

static const struct {
    const char *name, *target, *props[2];
    bool is_edge;
    int label; /* of nodes */
} INDEXES[WORLD_INDEXES] = {
    { "by_n", "L0", { "n", NULL }, false, 0 },
    { "by_text", "L1", { "text", NULL }, false, 1 },
    { "by_both", "L0", { "text", "n" }, false, 0 },
    { "by_w", "T0", { "w", NULL }, true, -1 },
};

static uint32_t name_number(namidb_tx *tx, enum namidb_name_kind kind,
                            const char *name)
{
    uint32_t number = 0;

    (void)namidb_tx_number(tx, kind, name, strlen(name), &number, NULL);
    return number;
}

int world_declare(namidb_tx *tx, uint32_t which, namidb_error *err)
{
    namidb_schema_item item = { .is_edge = INDEXES[which].is_edge };

    (void)snprintf(item.name, sizeof item.name, "%s", INDEXES[which].name);
    item.target = name_number(tx, item.is_edge ? NAMIDB_TYPE : NAMIDB_LABEL,
                              INDEXES[which].target);
    while (item.prop_count < 2 &&
           INDEXES[which].props[item.prop_count] != NULL) {
        item.props[item.prop_count] = name_number(
            tx, NAMIDB_PROPERTY, INDEXES[which].props[item.prop_count]);
        item.prop_count++;
    }
    return namidb_schema_create(tx, &item, NULL, err);
}

int world_drop(namidb_tx *tx, uint32_t which, namidb_error *err)
{
    return namidb_schema_drop(tx, INDEXES[which].name, err);
}

static int run_one(namidb *db, uint32_t which,
                   int change(namidb_tx *, uint32_t, namidb_error *),
                   namidb_error *err)
{
    namidb_tx *tx;
    int rc = namidb_tx_begin(&tx, db, -1, err);

    if (rc < 0)
        return rc;
    rc = change(tx, which, err);
    if (rc < 0) {
        namidb_tx_abort(tx);
        return rc;
    }
    return namidb_tx_commit(tx, -1, NULL, err);
}

int world_declare_one(struct world *world, namidb *db, uint32_t which,
                      namidb_error *err)
{
    (void)world;
    return run_one(db, which, world_declare, err);
}

int world_drop_one(struct world *world, namidb *db, uint32_t which,
                   namidb_error *err)
{
    (void)world;
    return run_one(db, which, world_drop, err);
}

static uint32_t which_of(const struct world *world, const char *name)
{
    uint32_t which = 0;

    while (which < WORLD_INDEXES && strcmp(INDEXES[which].name, name) != 0)
        which++;
    world_assert(world, which < WORLD_INDEXES);
    return which;
}

uint32_t world_declared(struct world *world, namidb_snapshot *snapshot,
                        uint32_t *online)
{
    namidb_schema_item items[WORLD_INDEXES];
    uint32_t declared = 0;
    namidb_error err;
    size_t count;

    *online = 0;
    world_ok(world, namidb_schema(snapshot, items, WORLD_INDEXES, &count, &err),
             err);
    world_assert(world, count <= WORLD_INDEXES);
    for (size_t i = 0; i < count; i++) {
        uint32_t bit = 1u << which_of(world, items[i].name);

        declared |= bit;
        *online |= items[i].is_online ? bit : 0;
    }
    return declared;
}

/* -------------------------------------------------------------- the model --
 */

/* Entries that should be there, in order. */
struct expected {
    struct ndb_index_run run;
    uint32_t names[3]; /* of n, text, w */
};

static int compare_names(const void *a, const void *b)
{
    const namidb_property *x = a, *y = b;

    return (x->name > y->name) - (x->name < y->name);
}

static void expect_nodes(struct expected *expected,
                         const struct world_graph *graph, uint32_t which)
{
    for (uint32_t i = 0; i < WORLD_NODES; i++) {
        const struct world_node *from = &graph->nodes[i];
        namidb_property props[2];
        namidb_node node = { .id = from->id,
                             .labels = &expected->run.item.target,
                             .label_count = 1,
                             .props = props };

        if (from->id == 0 || (from->labels >> INDEXES[which].label & 1) == 0)
            continue;
        if (from->n != WORLD_ABSENT)
            props[node.prop_count++] =
                (namidb_property){ expected->names[0],
                                   { .kind = NAMIDB_INT,
                                     .as.integer = from->n } };
        if (from->text[0] != '\0')
            props[node.prop_count++] =
                (namidb_property){ expected->names[1],
                                   { .kind = NAMIDB_STRING,
                                     .size = (uint32_t)strlen(from->text),
                                     .as.bytes = from->text } };
        qsort(props, node.prop_count, sizeof *props, compare_names);
        assert_int_equal(ndb_index_run_node(&expected->run, &node), 0);
    }
}

static void expect_edges(struct expected *expected,
                         const struct world_graph *graph)
{
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct world_edge *from = &graph->edges[i];
        const namidb_property prop = {
            expected->names[2], { .kind = NAMIDB_INT, .as.integer = from->w }
        };
        const namidb_edge edge = { .id = from->id,
                                   .from = from->from,
                                   .to = from->to,
                                   .prop_count = 1,
                                   .props = &prop };

        if (from->id != 0)
            assert_int_equal(ndb_index_run_edge(&expected->run, &edge), 0);
    }
}

/* What of an entry is in a range; ends are entries' keys, or none. */
static bool is_in(const struct ndb_index_entry *entry,
                  const struct ndb_index_range *range)
{
    return ndb_slice_compare(entry->key, range->low) >= 0 &&
           (range->high.data == NULL ||
            ndb_slice_compare(entry->key, range->high) < 0);
}

static void check_entry(struct world *world, const struct ndb_index_entry *want,
                        const struct ndb_index_entry *got)
{
    world_assert(world, got->id == want->id);
    world_assert(world, ndb_slice_equal(got->key, want->key));
    world_assert(world, got->from == want->from && got->to == want->to);
}

/* Where we are in what should be found: range by range, each up or down. */
struct walk {
    const struct expected *expected;
    const struct ndb_index_search *search;
    uint32_t range;
    size_t passed; /* entries of this range that were looked at */
};

/* The next entry that should be found; NULL: that was all. */
static const struct ndb_index_entry *next_wanted(struct walk *walk)
{
    const struct ndb_index_run *run = &walk->expected->run;

    for (; walk->range < walk->search->range_count; walk->range++) {
        while (walk->passed < run->count) {
            size_t at = walk->passed++;
            const struct ndb_index_entry *entry =
                &run->items[walk->search->is_descending ? run->count - 1 - at
                                                        : at];

            if (is_in(entry, &walk->search->ranges[walk->range]))
                return entry;
        }
        walk->passed = 0;
    }
    return NULL;
}

static void check_scan(struct world *world, const struct expected *expected,
                       const struct ndb_snapshot *snapshot,
                       const struct ndb_index_range *ranges,
                       uint32_t range_count, bool is_descending)
{
    size_t max = 1 + (size_t)ndb_rand_below(&world->rand, 40);
    const struct ndb_index_search search = { .item = &expected->run.item,
                                             .ranges = ranges,
                                             .range_count = range_count,
                                             .is_descending = is_descending };
    struct walk walk = { expected, &search, 0, 0 };
    struct ndb_index_found got = { .count = 1 };
    struct ndb_index_scan *scan;
    namidb_error err;

    world_ok(world, ndb_index_scan_open(&scan, snapshot, &search, &err), err);
    while (got.count != 0) {
        world_ok(world, ndb_index_scan_next(scan, max, &got, &err), err);
        world_assert(world, got.count <= max);
        for (size_t i = 0; i < got.count; i++) {
            const struct ndb_index_entry *want = next_wanted(&walk);

            world_assert(world, want != NULL);
            world_assert(world, got.ranges[i] == walk.range);
            check_entry(world, want, &got.entries[i]);
        }
    }
    world_assert(world, next_wanted(&walk) == NULL);
    ndb_index_scan_close(scan);
}

static void check_index(struct world *world, const struct expected *expected,
                        const struct ndb_snapshot *snapshot)
{
    struct ndb_index_range ranges[5] = { { .is_point = false } };
    const struct ndb_index_entry *items = expected->run.items;
    uint32_t count = 1;

    check_scan(world, expected, snapshot, ranges, 0, false);
    check_scan(world, expected, snapshot, ranges, 1, false);
    check_scan(world, expected, snapshot, ranges, 1, true);
    for (; count < 5 && expected->run.count != 0; count++) {
        size_t low = (size_t)ndb_rand_below(&world->rand, expected->run.count);
        size_t high = (size_t)ndb_rand_below(&world->rand, expected->run.count);

        ranges[count].low = items[low].key;
        ranges[count].high =
            count % 2 == 0 ? items[high].key : ndb_slice(NULL, 0);
        check_scan(world, expected, snapshot, &ranges[count], 1, count >= 3);
    }
    check_scan(world, expected, snapshot, ranges + 1, count - 1, false);
    check_scan(world, expected, snapshot, ranges, count, true);
}

void world_check_indexes(struct world *world, namidb *db,
                         namidb_snapshot *snapshot,
                         const struct world_graph *graph, uint32_t declared)
{
    namidb_schema_item items[WORLD_INDEXES];
    uint32_t found = 0;
    namidb_error err;
    size_t count;

    world_ok(world, namidb_schema(snapshot, items, WORLD_INDEXES, &count, &err),
             err);
    for (size_t i = 0; i < count; i++) {
        uint32_t which = which_of(world, items[i].name);
        struct expected expected;

        ndb_index_run_init(&expected.run, &items[i]);
        expected.names[0] = namidb_number(db, NAMIDB_PROPERTY, "n", 1);
        expected.names[1] = namidb_number(db, NAMIDB_PROPERTY, "text", 4);
        expected.names[2] = namidb_number(db, NAMIDB_PROPERTY, "w", 1);
        if (items[i].is_edge)
            expect_edges(&expected, graph);
        else
            expect_nodes(&expected, graph, which);
        ndb_index_run_sort(&expected.run);
        check_index(world, &expected, &snapshot->at);
        ndb_index_run_release(&expected.run);
        found |= 1u << which;
    }
    world_assert(world, found == declared);
}
