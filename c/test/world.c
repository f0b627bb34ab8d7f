/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "namidb_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const WORLD_LABEL[WORLD_LABELS] = { "L0", "L1", "L2" };
const char *const WORLD_TYPE[2] = { "T0", "T1" };

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

namidb_value world_key(uint32_t index, char text[16])
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

    given->n = random % 5 == 0 ? WORLD_ABSENT : (int64_t)(random % 1000);
    given->text[0] = '\0';
    if (random % 3 == 0)
        (void)snprintf(given->text, sizeof given->text, "t%u",
                       (unsigned)(random % 97));
    given->items[0].name = number(tx, NAMIDB_PROPERTY, "text");
    given->items[0].value = given->text[0] == '\0'
                                ? (namidb_value){ .kind = NAMIDB_NULL }
                                : text_value(given->text);
    given->items[1].name = number(tx, NAMIDB_PROPERTY, "n");
    given->items[1].value = given->n == WORLD_ABSENT
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
    uint32_t label = number(tx, NAMIDB_LABEL, WORLD_LABEL[node->label]);
    int rc;

    give(world, tx, &given);
    if (node->has_key)
        rc = namidb_put_node(tx, label, world_key(index, text), given.props,
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
    uint32_t label = number(tx, NAMIDB_LABEL, WORLD_LABEL[which]);
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
    rc =
        namidb_put_edge(tx, number(tx, NAMIDB_TYPE, WORLD_TYPE[type]), from->id,
                        to->id, (namidb_props){ &item, 1 }, &id, err);
    if ((from->id == 0 || to->id == 0) && rc == NAMIDB_ENOTFOUND)
        return NAMIDB_OK;
    if (rc < 0)
        return rc;
    *edge = (struct world_edge){ id, type, from->id, to->id, w };
    graph->edge_count++;
    return NAMIDB_OK;
}

/* The id of a node that is alive, if there is any, but now and then of any; 0:
 * it is not. */
static uint64_t pick_node(struct world *world, const struct world_graph *graph)
{
    uint64_t first = ndb_rand_below(&world->rand, WORLD_NODES);
    uint64_t at = first;

    if (ndb_rand_below(&world->rand, 20) == 0)
        return graph->nodes[first].id;
    while (graph->nodes[at].id == 0 && (at + 1) % WORLD_NODES != first)
        at = (at + 1) % WORLD_NODES;
    return graph->nodes[at].id;
}

/* Some edges of one call, which one end that is absent spoils for all. */
static int add_edges(struct world *world, namidb_tx *tx,
                     struct world_graph *graph, namidb_error *err)
{
    enum { ROWS_MAX = 6 };
    uint64_t from[ROWS_MAX], to[ROWS_MAX], ids[ROWS_MAX];
    namidb_value values[ROWS_MAX];
    namidb_column column = { number(tx, NAMIDB_PROPERTY, "w"), { values, 1 } };
    uint8_t type = (uint8_t)ndb_rand_below(&world->rand, 2);
    const namidb_edge_rows rows = {
        .count = 1 + ndb_rand_below(&world->rand, ROWS_MAX),
        .type = number(tx, NAMIDB_TYPE, WORLD_TYPE[type]),
        .from = from,
        .to = to,
        .props = { &column, 1 },
    };
    size_t first_bad = rows.count, bad_row;
    int rc;

    if (graph->edge_count + rows.count > WORLD_EDGES)
        return NAMIDB_OK;
    for (size_t i = 0; i < rows.count; i++) {
        from[i] = pick_node(world, graph);
        to[i] = pick_node(world, graph);
        values[i] = int_value((int64_t)ndb_rand_below(&world->rand, 1000));
        if (first_bad == rows.count && (from[i] == 0 || to[i] == 0))
            first_bad = i;
    }
    rc = namidb_put_edges(tx, &rows, ids, &bad_row, err);
    if (rc == NAMIDB_ENOTFOUND) {
        world_assert(world, bad_row == first_bad);
        return NAMIDB_OK;
    }
    if (rc < 0)
        return rc;
    world_assert(world, first_bad == rows.count);
    for (size_t i = 0; i < rows.count; i++)
        graph->edges[graph->edge_count++] =
            (struct world_edge){ ids[i], type, from[i], to[i],
                                 values[i].as.integer };
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
        case 6:
        case 7:
            rc = add_edges(world, tx, graph, err);
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
