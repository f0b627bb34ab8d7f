/* SPDX-License-Identifier: Apache-2.0 */
/* Every read there is of a namespace, beside the model. */
#include "world.h"

#include <string.h>

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
        return integer == WORLD_ABSENT;
    return value->kind == NAMIDB_INT && value->as.integer == integer;
}

static bool is_node(struct check *check, uint32_t index,
                    const namidb_node *node)
{
    const struct world_node *want = &check->graph->nodes[index];
    uint8_t labels = 0;
    char text[16];

    (void)world_key(index, text);
    for (uint32_t i = 0; i < node->label_count; i++)
        for (int j = 0; j < WORLD_LABELS; j++)
            if (node->labels[i] == known(check, NAMIDB_LABEL, WORLD_LABEL[j]))
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
           edge->type == known(check, NAMIDB_TYPE, WORLD_TYPE[want->type]) &&
           has_int(prop(edge->props, edge->prop_count,
                        known(check, NAMIDB_PROPERTY, "w")),
                   want->w);
}

/* An edge of the graph, as it is there. */
static bool is_some_edge(struct check *check, const namidb_edge *edge)
{
    uint32_t i = 0;

    while (i < check->graph->edge_count &&
           check->graph->edges[i].id != edge->id)
        i++;
    return i < check->graph->edge_count &&
           is_edge(check, &check->graph->edges[i], edge);
}

static void check_scan_nodes(struct check *check, uint32_t which)
{
    uint32_t label = which == WORLD_LABELS
                         ? NAMIDB_ANY
                         : known(check, NAMIDB_LABEL, WORLD_LABEL[which]);
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
        expect(check, is_some_edge(check, edge), "a scanned edge");
        found++;
    }
    need(check, rc, &err);
    expect(check, found == wanted, "the number of scanned edges");
    namidb_cursor_close(cursor);
}

static void check_node(struct check *check, uint32_t index)
{
    const struct world_node *want = &check->graph->nodes[index];
    uint32_t label = known(check, NAMIDB_LABEL, WORLD_LABEL[want->label]);
    namidb_arena *arena = namidb_arena_new();
    namidb_node node;
    namidb_error err;
    char text[16];
    int rc;

    if (want->has_key && label != 0) {
        rc = namidb_node_by_key(check->snapshot, label, world_key(index, text),
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
        type < 0 ? NAMIDB_ANY : known(check, NAMIDB_TYPE, WORLD_TYPE[type]);
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
        expect(check,
               is_some_edge(check, edge) &&
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
