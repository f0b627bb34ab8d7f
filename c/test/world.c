/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABSENT INT64_MIN

static const char *const LABELS[WORLD_LABELS] = { "L0", "L1", "L2" };
static const char *const TYPES[2] = { "T0", "T1" };

/* ----------------------------------------------------------------- checks --
 */

void world_assert_at(const struct world *world, bool holds, const char *text,
                     const char *file, int line)
{
    if (holds)
        return;
    print_error("seed %llu\n", (unsigned long long)world->seed);
    _assert_true(0, text, file, line);
}

void world_ok_at(const struct world *world, int rc, const namidb_error *err,
                 const char *text, const char *file, int line)
{
    if (rc < 0)
        print_error("%s: %s\n", namidb_status_name(rc), err->message);
    world_assert_at(world, rc >= 0, text, file, line);
}

/* ---------------------------------------------------------------- opening --
 */

void world_begin(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    world->seed = seed;
    world->rand.state = seed;
    place_new(world->uri);
    namidb_options_init(&world->options);
    world->options.flush_age_ms = 0;
    for (int i = 0; i < WORLD_NODES; i++) {
        world->graph.nodes[i].label = (uint8_t)(i % WORLD_LABELS);
        world->graph.nodes[i].has_key = i % 8 != 7;
    }
}

void world_end(struct world *world)
{
    place_clear(world->uri);
}

int world_open(struct world *world, namidb **db, struct ndb_store **faulty,
               namidb_error *err)
{
    struct ndb_store *inside;
    struct ndb_store *wrapped;
    int rc = ndb_store_open(&inside, world->uri, err);

    *db = NULL;
    if (rc >= 0)
        rc = ndb_faulty_open(&wrapped, inside, err);
    if (rc < 0)
        return rc;
    ndb_faulty_plan(wrapped, &world->plan);
    if (faulty != NULL)
        *faulty = wrapped;
    return ndb_db_open(db, wrapped, &world->options, err);
}

namidb *world_must_open(struct world *world, bool read_only)
{
    namidb_error err = { .code = 0 };
    namidb *db;

    world->options.read_only = read_only;
    world_ok(world, world_open(world, &db, NULL, &err), err);
    world->options.read_only = false;
    return db;
}

/* ---------------------------------------------------------------- changes --
 */

static uint32_t number(namidb_tx *tx, enum namidb_name_kind kind,
                       const char *name)
{
    uint32_t result = 0;

    (void)namidb_tx_number(tx, kind, name, strlen(name), &result, NULL);
    return result;
}

static namidb_value text_value(const char *text)
{
    return (namidb_value){ .kind = NAMIDB_STRING,
                           .size = (uint32_t)strlen(text),
                           .as.bytes = text };
}

static namidb_value key_value(uint32_t index, char text[16])
{
    (void)snprintf(text, 16, "k%u", index);
    return text_value(text);
}

static namidb_value int_value(int64_t integer)
{
    return (namidb_value){ .kind = NAMIDB_INT, .as.integer = integer };
}

/* What a change gives a node: "n" or nothing, "text" or nothing. */
struct given {
    int64_t n;
    char text[8];
    namidb_property items[2];
    namidb_props props;
};

static void give(struct world *world, namidb_tx *tx, struct given *given)
{
    uint64_t random = ndb_rand_next(&world->rand);

    given->n = random % 5 == 0 ? ABSENT : (int64_t)(random % 1000);
    given->text[0] = '\0';
    if (random % 3 == 0)
        (void)snprintf(given->text, sizeof given->text, "t%u",
                       (unsigned)(random % 97));
    given->items[0].name = number(tx, NAMIDB_PROPERTY, "text");
    given->items[0].value = given->text[0] == '\0'
                                ? (namidb_value){ .kind = NAMIDB_NULL }
                                : text_value(given->text);
    given->items[1].name = number(tx, NAMIDB_PROPERTY, "n");
    given->items[1].value = given->n == ABSENT
                                ? (namidb_value){ .kind = NAMIDB_NULL }
                                : int_value(given->n);
    given->props = (namidb_props){ given->items, 2 };
}

static void take(struct world_node *node, const struct given *given)
{
    node->n = given->n;
    memcpy(node->text, given->text, sizeof node->text);
}

static int put(struct world *world, namidb_tx *tx, struct world_graph *graph,
               uint32_t index, namidb_error *err)
{
    struct world_node *node = &graph->nodes[index];
    struct given given;
    char text[16];
    uint64_t id = 0;
    uint32_t label = number(tx, NAMIDB_LABEL, LABELS[node->label]);
    int rc;

    give(world, tx, &given);
    if (node->has_key)
        rc = namidb_put_node(tx, label, key_value(index, text), given.props,
                             false, &id, err);
    else if (node->id == 0)
        rc = namidb_create_node(tx, &label, 1, given.props, &id, err);
    else
        rc = namidb_set_node(tx, id = node->id, given.props, err);
    if (rc < 0)
        return rc;
    world_assert(world, node->id == 0 || node->id == id);
    if (node->id == 0)
        node->labels = (uint8_t)(1u << node->label);
    node->id = id;
    take(node, &given);
    return NAMIDB_OK;
}

static int set_label(struct world *world, namidb_tx *tx,
                     struct world_graph *graph, uint32_t index,
                     namidb_error *err)
{
    struct world_node *node = &graph->nodes[index];
    uint32_t which = (uint32_t)ndb_rand_below(&world->rand, WORLD_LABELS);
    uint32_t label = number(tx, NAMIDB_LABEL, LABELS[which]);
    bool has_it = node->labels >> which & 1;
    int rc;

    if (node->id == 0)
        return NAMIDB_OK;
    rc = has_it ? namidb_remove_label(tx, node->id, label, err)
                : namidb_add_label(tx, node->id, label, err);
    if (has_it && node->has_key && which == node->label &&
        rc == NAMIDB_ECONSTRAINT)
        return NAMIDB_OK;
    if (rc >= 0)
        node->labels = (uint8_t)(node->labels ^ 1u << which);
    return rc;
}

static bool has_edges(const struct world_graph *graph, uint64_t id)
{
    for (uint32_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].id != 0 &&
            (graph->edges[i].from == id || graph->edges[i].to == id))
            return true;
    return false;
}

static int delete_node(struct world *world, namidb_tx *tx,
                       struct world_graph *graph, uint32_t index,
                       namidb_error *err)
{
    struct world_node *node = &graph->nodes[index];
    bool is_detach = ndb_rand_below(&world->rand, 2) != 0;
    int rc;

    if (node->id == 0)
        return NAMIDB_OK;
    rc = namidb_delete_node(tx, node->id, is_detach, err);
    if (!is_detach && has_edges(graph, node->id) && rc == NAMIDB_ECONSTRAINT)
        return NAMIDB_OK;
    if (rc < 0)
        return rc;
    world_assert(world, is_detach || !has_edges(graph, node->id));
    for (uint32_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].from == node->id || graph->edges[i].to == node->id)
            graph->edges[i].id = 0;
    node->id = 0;
    return NAMIDB_OK;
}

static int add_edge(struct world *world, namidb_tx *tx,
                    struct world_graph *graph, namidb_error *err)
{
    struct world_node *from =
        &graph->nodes[ndb_rand_below(&world->rand, WORLD_NODES)];
    struct world_node *to =
        &graph->nodes[ndb_rand_below(&world->rand, WORLD_NODES)];
    struct world_edge *edge = &graph->edges[graph->edge_count];
    uint8_t type = (uint8_t)ndb_rand_below(&world->rand, 2);
    int64_t w = (int64_t)ndb_rand_below(&world->rand, 100);
    namidb_property item = { number(tx, NAMIDB_PROPERTY, "w"), int_value(w) };
    uint64_t id;
    int rc;

    if (graph->edge_count == WORLD_EDGES)
        return NAMIDB_OK;
    rc = namidb_put_edge(tx, number(tx, NAMIDB_TYPE, TYPES[type]), from->id,
                         to->id, (namidb_props){ &item, 1 }, &id, err);
    if ((from->id == 0 || to->id == 0) && rc == NAMIDB_ENOTFOUND)
        return NAMIDB_OK;
    if (rc < 0)
        return rc;
    *edge = (struct world_edge){ id, type, from->id, to->id, w };
    graph->edge_count++;
    return NAMIDB_OK;
}

static int change_edge(struct world *world, namidb_tx *tx,
                       struct world_graph *graph, namidb_error *err)
{
    struct world_edge *edge;
    int64_t w = (int64_t)ndb_rand_below(&world->rand, 100);
    namidb_property item = { number(tx, NAMIDB_PROPERTY, "w"), int_value(w) };
    int rc;

    if (graph->edge_count == 0)
        return NAMIDB_OK;
    edge = &graph->edges[ndb_rand_below(&world->rand, graph->edge_count)];
    if (edge->id == 0)
        return NAMIDB_OK;
    if (w % 2 == 0) {
        rc = namidb_set_edge(tx, edge->id, (namidb_props){ &item, 1 }, err);
        if (rc >= 0)
            edge->w = w;
    } else {
        rc = namidb_delete_edge(tx, edge->id, err);
        if (rc >= 0)
            edge->id = 0;
    }
    return rc;
}

int world_change(struct world *world, namidb_tx *tx, struct world_graph *graph,
                 uint32_t count, namidb_error *err)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t index = (uint32_t)ndb_rand_below(&world->rand, WORLD_NODES);

        switch (ndb_rand_below(&world->rand, 10)) {
        case 0:
            rc = delete_node(world, tx, graph, index, err);
            break;
        case 1:
            rc = set_label(world, tx, graph, index, err);
            break;
        case 2:
            rc = change_edge(world, tx, graph, err);
            break;
        case 3:
        case 4:
        case 5:
            rc = put(world, tx, graph, index, err);
            break;
        default:
            rc = add_edge(world, tx, graph, err);
        }
    }
    return rc;
}

int world_try(struct world *world, namidb *db, uint32_t count,
              struct world_graph *after, namidb_error *err)
{
    namidb_tx *tx;
    int rc = namidb_tx_begin(&tx, db, -1, err);

    *after = world->graph;
    if (rc < 0)
        return rc;
    rc = world_change(world, tx, after, count, err);
    if (rc >= 0)
        return namidb_tx_commit(tx, -1, NULL, err);
    namidb_tx_abort(tx);
    return rc;
}

int world_commit(struct world *world, namidb *db, uint32_t count,
                 namidb_error *err)
{
    struct world_graph *after = malloc(sizeof *after);
    int rc = world_try(world, db, count, after, err);

    if (rc >= 0)
        world->graph = *after;
    free(after);
    return rc;
}

/* ---------------------------------------------------------------- reading --
 */

struct check {
    struct world *world;
    namidb_snapshot *snapshot;
    namidb *db;
    const struct world_graph *graph;
    bool is_quiet;
    bool holds;
};

static void expect(struct check *check, bool holds, const char *what)
{
    if (!holds && check->holds && !check->is_quiet)
        print_error("differs: %s\n", what);
    if (!holds)
        check->holds = false;
}

/* A status that only a failing store explains ends the check. */
static void need(struct check *check, int rc, const namidb_error *err)
{
    if (rc < 0)
        print_error("%s: %s\n", namidb_status_name(rc), err->message);
    world_assert(check->world, rc >= 0);
}

static uint32_t known(struct check *check, enum namidb_name_kind kind,
                      const char *name)
{
    return namidb_number(check->db, kind, name, strlen(name));
}

static const namidb_value *prop(const namidb_property *props, uint32_t count,
                                uint32_t name)
{
    for (uint32_t i = 0; i < count; i++)
        if (props[i].name == name)
            return &props[i].value;
    return NULL;
}

static bool has_text(const namidb_value *value, const char *text)
{
    if (value == NULL)
        return text[0] == '\0';
    return value->kind == NAMIDB_STRING && value->size == strlen(text) &&
           memcmp(value->as.bytes, text, value->size) == 0;
}

static bool has_int(const namidb_value *value, int64_t integer)
{
    if (value == NULL)
        return integer == ABSENT;
    return value->kind == NAMIDB_INT && value->as.integer == integer;
}

static bool is_node(struct check *check, uint32_t index,
                    const namidb_node *node)
{
    const struct world_node *want = &check->graph->nodes[index];
    uint8_t labels = 0;
    char text[16];

    (void)key_value(index, text);
    for (uint32_t i = 0; i < node->label_count; i++)
        for (int j = 0; j < WORLD_LABELS; j++)
            if (node->labels[i] == known(check, NAMIDB_LABEL, LABELS[j]))
                labels = (uint8_t)(labels | 1u << j);
    return node->id == want->id && labels == want->labels &&
           (want->has_key ? has_text(&node->key, text)
                          : node->key.kind == NAMIDB_NULL) &&
           has_int(prop(node->props, node->prop_count,
                        known(check, NAMIDB_PROPERTY, "n")),
                   want->n) &&
           has_text(prop(node->props, node->prop_count,
                         known(check, NAMIDB_PROPERTY, "text")),
                    want->text);
}

static bool is_edge(struct check *check, const struct world_edge *want,
                    const namidb_edge *edge)
{
    return edge->id == want->id && edge->from == want->from &&
           edge->to == want->to &&
           edge->type == known(check, NAMIDB_TYPE, TYPES[want->type]) &&
           has_int(prop(edge->props, edge->prop_count,
                        known(check, NAMIDB_PROPERTY, "w")),
                   want->w);
}

static void check_scan_nodes(struct check *check, uint32_t which)
{
    uint32_t label = which == WORLD_LABELS
                         ? NAMIDB_ANY
                         : known(check, NAMIDB_LABEL, LABELS[which]);
    const namidb_node *node;
    const namidb_edge *edge;
    namidb_cursor *cursor;
    namidb_error err;
    uint32_t found = 0;
    uint32_t wanted = 0;
    int rc;

    if (label == NAMIDB_ANY && which != WORLD_LABELS)
        return; /* nothing ever had it */
    for (int i = 0; i < WORLD_NODES; i++)
        wanted += check->graph->nodes[i].id != 0 &&
                  (which == WORLD_LABELS ||
                   check->graph->nodes[i].labels >> which & 1);
    need(check, namidb_scan_nodes(&cursor, check->snapshot, label, &err), &err);
    while ((rc = namidb_cursor_next(cursor, &node, &edge, &err)) == NAMIDB_OK) {
        uint32_t i = 0;

        while (i < WORLD_NODES && check->graph->nodes[i].id != node->id)
            i++;
        expect(check, i < WORLD_NODES && is_node(check, i, node),
               "a scanned node");
        found++;
    }
    need(check, rc, &err);
    expect(check, found == wanted, "the number of scanned nodes");
    namidb_cursor_close(cursor);
}

static void check_scan_edges(struct check *check)
{
    const namidb_node *node;
    const namidb_edge *edge;
    namidb_cursor *cursor;
    namidb_error err;
    uint32_t found = 0;
    uint32_t wanted = 0;
    int rc;

    for (uint32_t i = 0; i < check->graph->edge_count; i++)
        wanted += check->graph->edges[i].id != 0;
    need(check, namidb_scan_edges(&cursor, check->snapshot, NAMIDB_ANY, &err),
         &err);
    while ((rc = namidb_cursor_next(cursor, &node, &edge, &err)) == NAMIDB_OK) {
        uint32_t i = 0;

        while (i < check->graph->edge_count &&
               check->graph->edges[i].id != edge->id)
            i++;
        expect(check,
               i < check->graph->edge_count &&
                   is_edge(check, &check->graph->edges[i], edge),
               "a scanned edge");
        found++;
    }
    need(check, rc, &err);
    expect(check, found == wanted, "the number of scanned edges");
    namidb_cursor_close(cursor);
}

static void check_node(struct check *check, uint32_t index)
{
    const struct world_node *want = &check->graph->nodes[index];
    uint32_t label = known(check, NAMIDB_LABEL, LABELS[want->label]);
    namidb_arena *arena = namidb_arena_new();
    namidb_node node;
    namidb_error err;
    char text[16];
    int rc;

    if (want->has_key && label != 0) {
        rc = namidb_node_by_key(check->snapshot, label, key_value(index, text),
                                arena, &node, &err);
        need(check, rc, &err);
        expect(check,
               want->id == 0 ? rc == NAMIDB_NONE
                             : rc == NAMIDB_OK && is_node(check, index, &node),
               "a node by key");
    }
    if (want->id != 0) {
        rc =
            namidb_nodes_get(check->snapshot, &want->id, 1, arena, &node, &err);
        need(check, rc, &err);
        expect(check, is_node(check, index, &node), "a node by id");
    }
    namidb_arena_free(arena);
}

/* The edges at a node in one direction, as the model has them. */
static uint32_t degree_of(const struct world_graph *graph, uint64_t id,
                          bool is_out, int type)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < graph->edge_count; i++)
        count += graph->edges[i].id != 0 &&
                 (type < 0 || graph->edges[i].type == type) &&
                 (is_out ? graph->edges[i].from : graph->edges[i].to) == id;
    return count;
}

static void check_hop(struct check *check, uint64_t id, bool is_out, int type)
{
    uint32_t wanted = degree_of(check->graph, id, is_out, type);
    uint32_t number_of_type =
        type < 0 ? NAMIDB_ANY : known(check, NAMIDB_TYPE, TYPES[type]);
    enum namidb_direction direction = is_out ? NAMIDB_OUT : NAMIDB_IN;
    const namidb_node *node;
    const namidb_edge *edge;
    namidb_cursor *cursor;
    namidb_error err;
    uint64_t degree;
    uint32_t found = 0;
    int rc;

    if (type >= 0 && number_of_type == 0)
        return;
    need(check,
         namidb_expand(&cursor, check->snapshot, id, number_of_type, direction,
                       true, &err),
         &err);
    while ((rc = namidb_cursor_next(cursor, &node, &edge, &err)) == NAMIDB_OK) {
        uint32_t i = 0;

        while (i < check->graph->edge_count &&
               check->graph->edges[i].id != edge->id)
            i++;
        expect(check,
               i < check->graph->edge_count &&
                   is_edge(check, &check->graph->edges[i], edge) &&
                   (is_out ? edge->from : edge->to) == id &&
                   node->id == (is_out ? edge->to : edge->from),
               "an edge of a hop");
        found++;
    }
    need(check, rc, &err);
    namidb_cursor_close(cursor);
    expect(check, found == wanted, "the number of edges of a hop");
    need(check,
         namidb_degree(check->snapshot, id, number_of_type, direction, &degree,
                       &err),
         &err);
    expect(check, degree == wanted, "a degree");
}

static void check_edges(struct check *check)
{
    namidb_arena *arena = namidb_arena_new();
    namidb_edge edge;
    namidb_error err;

    for (uint32_t i = 0; i < check->graph->edge_count; i++) {
        const struct world_edge *want = &check->graph->edges[i];

        if (want->id == 0)
            continue;
        need(
            check,
            namidb_edges_get(check->snapshot, &want->id, 1, arena, &edge, &err),
            &err);
        expect(check, is_edge(check, want, &edge), "an edge by id");
    }
    namidb_arena_free(arena);
}

static void compare(struct check *check)
{
    for (uint32_t i = 0; i <= WORLD_LABELS; i++)
        check_scan_nodes(check, i);
    check_scan_edges(check);
    for (uint32_t i = 0; i < WORLD_NODES && check->holds; i++) {
        uint64_t id = check->graph->nodes[i].id;

        check_node(check, i);
        for (int type = -1; type < 2 && id != 0; type++) {
            check_hop(check, id, true, type);
            check_hop(check, id, false, type);
        }
    }
    check_edges(check);
}

bool world_is(struct world *world, namidb_snapshot *snapshot, namidb *db,
              const struct world_graph *graph)
{
    struct check check = { world, snapshot, db, graph, true, true };

    compare(&check);
    return check.holds;
}

void world_check_snapshot(struct world *world, namidb *db,
                          namidb_snapshot *snapshot,
                          const struct world_graph *graph)
{
    struct check check = { world, snapshot, db, graph, false, true };

    compare(&check);
    world_assert(world, check.holds);
}

static void check_counts(struct world *world, namidb *db)
{
    uint64_t nodes = 0;
    uint64_t edges = 0;
    namidb_stats stats;
    namidb_error err;

    for (int i = 0; i < WORLD_NODES; i++)
        nodes += world->graph.nodes[i].id != 0;
    for (uint32_t i = 0; i < world->graph.edge_count; i++)
        edges += world->graph.edges[i].id != 0;
    world_ok(world, namidb_get_stats(db, &stats, &err), err);
    world_assert(world, stats.node_count == nodes);
    world_assert(world, stats.edge_count == edges);
}

void world_check(struct world *world, namidb *db)
{
    namidb_snapshot *snapshot;
    namidb_error err;

    world_ok(world, namidb_snapshot_open(&snapshot, db, &err), err);
    world_check_snapshot(world, db, snapshot, &world->graph);
    namidb_snapshot_close(snapshot);
    check_counts(world, db);
}
