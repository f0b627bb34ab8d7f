/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/pack_build.h"
#include "format/value.h"
#include "sys/clock.h"

void model_assert_at(const struct model *model, bool holds, const char *text,
                     const char *file, int line)
{
    if (!holds)
        print_error("seed %" PRIu64 ": ", model->seed);
    _assert_true(holds, text, file, line);
}

/* ------------------------------------------------------------- lifecycle -- */

static void open_cache(struct model *model, uint64_t bytes)
{
    assert_int_equal(ndb_segment_cache_new(&model->cache, model->store, bytes),
                     0);
}

void model_open(struct model *model, uint64_t seed, uint64_t cache_bytes)
{
    static uint64_t opened;
    struct ndb_store *inside;
    char uri[64];

    memset(model, 0, sizeof *model);
    model->seed = seed;
    model->rand.state = seed;
    model->arena = NDB_ARENA_INIT;
    snprintf(uri, sizeof uri, "memory://model-%" PRIu64 "?ns=graph", ++opened);
    assert_int_equal(ndb_store_open(&inside, uri, NULL), 0);
    assert_int_equal(ndb_faulty_open(&model->faulty, inside, NULL), 0);
    assert_int_equal(ndb_counting_open(&model->store, model->faulty, NULL), 0);
    open_cache(model, cache_bytes);
    assert_int_equal(ndb_memtable_new(&model->memtable), 0);
}

void model_close(struct model *model)
{
    ndb_memtable_unref(model->memtable);
    for (uint32_t i = 0; i < model->below_count; i++)
        ndb_memtable_unref(model->below[i]);
    ndb_segment_cache_free(model->cache);
    ndb_store_close(model->store);
    ndb_arena_release(&model->arena);
    ndb_free(model->nodes);
    ndb_free(model->edges);
}

void model_forget(struct model *model)
{
    ndb_segment_cache_free(model->cache);
    open_cache(model, 64 << 20);
}

uint64_t model_gets(struct model *model)
{
    struct ndb_store_counts counts;

    ndb_counting_read(model->store, &counts);
    return counts.requests[NDB_GET];
}

/* --------------------------------------------------------------- changes -- */

static void apply(struct model *model, const struct ndb_record *record)
{
    assert_int_equal(
        ndb_memtable_apply(model->memtable, ++model->version, record, 1), 0);
}

static uint32_t node_props(const struct model_node *node,
                           namidb_property props[3], namidb_value items[2])
{
    uint32_t count = 0;

    props[count++] =
        (namidb_property){ 1,
                           { .kind = NAMIDB_INT, .as.integer = node->number } };
    if (node->text[0] != '\0')
        props[count++] =
            (namidb_property){ 2,
                               { .kind = NAMIDB_STRING,
                                 .size = (uint32_t)strlen(node->text),
                                 .as.bytes = node->text } };
    if (node->number % 3 == 0) {
        items[0] =
            (namidb_value){ .kind = NAMIDB_INT, .as.integer = node->number };
        items[1] = (namidb_value){ .kind = NAMIDB_BOOL, .as.boolean = true };
        props[count++] = (namidb_property){
            3, { .kind = NAMIDB_LIST, .size = 2, .as.items = items }
        };
    }
    return count;
}

static void record_node(struct model *model, const struct model_node *node,
                        bool is_new)
{
    struct ndb_buf row = NDB_BUF_INIT(1 << 20);
    namidb_property props[3];
    namidb_value items[2];
    namidb_node image = { .id = node->id,
                          .key = node->key,
                          .labels = node->labels,
                          .label_count = node->label_count,
                          .props = props };
    struct ndb_record record = { .id = node->id, .is_new = is_new };

    record.kind = node->is_alive ? NDB_RECORD_NODE : NDB_RECORD_NODE_DELETE;
    if (node->is_alive)
        image.prop_count = node_props(node, props, items);
    assert_int_equal(ndb_row_encode(&row, &image), 0);
    record.row = ndb_buf_slice(&row);
    apply(model, &record);
    ndb_buf_release(&row);
}

static void record_edge(struct model *model, const struct model_edge *edge,
                        bool is_new)
{
    struct ndb_buf row = NDB_BUF_INIT(1 << 20);
    namidb_property prop = {
        1, { .kind = NAMIDB_INT, .as.integer = edge->weight }
    };
    struct ndb_record record = { .kind = NDB_RECORD_EDGE,
                                 .id = edge->id,
                                 .from = edge->from,
                                 .to = edge->to,
                                 .is_new = is_new };

    assert_int_equal(ndb_props_encode(&row, &prop, 1), 0);
    if (edge->is_alive)
        record.row = ndb_buf_slice(&row);
    else
        record.kind = NDB_RECORD_EDGE_DELETE;
    apply(model, &record);
    ndb_buf_release(&row);
}

static void draw_props(struct model *model, struct model_node *node)
{
    node->number = (int64_t)ndb_rand_below(&model->rand, 1000);
    node->text[0] = '\0';
    if (ndb_rand_below(&model->rand, 2) != 0)
        snprintf(node->text, sizeof node->text, "t%" PRIu64,
                 ndb_rand_below(&model->rand, 100));
}

/* A set of labels, ascending; the table's own is mostly in it. */
static void draw_labels(struct model *model, struct model_node *node,
                        bool is_new)
{
    static const uint32_t CHOICE[] = { 1, 2, 3, 5, 77, MODEL_HIGH_LABEL };
    uint32_t table = NAMIDB_ID_TABLE(node->id);

    node->label_count = 0;
    for (size_t i = 0; i < MODEL_LABELS_MAX; i++) {
        bool is_in = ndb_rand_below(&model->rand, 5) == 0;

        if (CHOICE[i] == table)
            is_in = is_new || ndb_rand_below(&model->rand, 8) != 0;
        if (is_in)
            node->labels[node->label_count++] = CHOICE[i];
    }
}

size_t model_add_node(struct model *model, uint32_t table, const char *key)
{
    struct model_node *node;

    if (model->node_count == model->node_capacity) {
        model->node_capacity = model->node_capacity * 2 + 64;
        model->nodes = ndb_realloc(model->nodes, model->node_capacity,
                                   sizeof *model->nodes);
        assert_non_null(model->nodes);
        for (size_t i = 0; i < model->node_count; i++)
            if (model->nodes[i].key.kind == NAMIDB_STRING)
                model->nodes[i].key.as.bytes = model->nodes[i].key_text;
    }
    node = &model->nodes[model->node_count];
    memset(node, 0, sizeof *node);
    node->id = NAMIDB_ID(++model->node_sequence[table], table);
    node->is_alive = true;
    if (key != NULL) {
        snprintf(node->key_text, sizeof node->key_text, "%s", key);
        if (key[0] == '#')
            node->key = (namidb_value){ .kind = NAMIDB_INT,
                                        .as.integer = atoi(key + 1) };
        else
            node->key = (namidb_value){ .kind = NAMIDB_STRING,
                                        .size = (uint32_t)strlen(key),
                                        .as.bytes = node->key_text };
    }
    draw_labels(model, node, true);
    draw_props(model, node);
    record_node(model, node, true);
    return model->node_count++;
}

void model_add_nodes(struct model *model, uint32_t table, int count)
{
    for (int i = 0; i < count; i++)
        model_add_node(model, table, NULL);
}

void model_set_node(struct model *model, size_t index)
{
    draw_props(model, &model->nodes[index]);
    if (ndb_rand_below(&model->rand, 2) != 0)
        draw_labels(model, &model->nodes[index], false);
    record_node(model, &model->nodes[index], false);
}

void model_delete_node(struct model *model, size_t index)
{
    uint64_t id = model->nodes[index].id;

    for (size_t i = 0; i < model->edge_count; i++)
        if (model->edges[i].is_alive &&
            (model->edges[i].from == id || model->edges[i].to == id))
            model_delete_edge(model, i);
    model->nodes[index].is_alive = false;
    record_node(model, &model->nodes[index], false);
}

size_t model_add_edge(struct model *model, uint32_t type, size_t from,
                      size_t to)
{
    struct model_edge *edge;

    if (model->edge_count == model->edge_capacity) {
        model->edge_capacity = model->edge_capacity * 2 + 64;
        model->edges = ndb_realloc(model->edges, model->edge_capacity,
                                   sizeof *model->edges);
        assert_non_null(model->edges);
    }
    edge = &model->edges[model->edge_count];
    edge->id = NAMIDB_ID(++model->edge_sequence[type], type);
    edge->from = model->nodes[from].id;
    edge->to = model->nodes[to].id;
    edge->is_alive = true;
    edge->weight = (int64_t)ndb_rand_below(&model->rand, 1000);
    record_edge(model, edge, true);
    return model->edge_count++;
}

void model_set_edge(struct model *model, size_t index)
{
    model->edges[index].weight = (int64_t)ndb_rand_below(&model->rand, 1000);
    record_edge(model, &model->edges[index], false);
}

void model_delete_edge(struct model *model, size_t index)
{
    model->edges[index].is_alive = false;
    record_edge(model, &model->edges[index], false);
}

/* A living node or edge, or -1 after some tries. */
static int64_t draw_node(struct model *model)
{
    for (int tries = 0; tries < 20 && model->node_count > 0; tries++) {
        size_t i = ndb_rand_below(&model->rand, model->node_count);

        if (model->nodes[i].is_alive)
            return (int64_t)i;
    }
    return -1;
}

static int64_t draw_edge(struct model *model)
{
    for (int tries = 0; tries < 20 && model->edge_count > 0; tries++) {
        size_t i = ndb_rand_below(&model->rand, model->edge_count);

        if (model->edges[i].is_alive)
            return (int64_t)i;
    }
    return -1;
}

static bool is_key_free(const struct model *model, uint32_t table,
                        const char *key)
{
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i].is_alive &&
            NAMIDB_ID_TABLE(model->nodes[i].id) == table &&
            strcmp(model->nodes[i].key_text, key) == 0)
            return false;
    return true;
}

/* Few keys, so that they come back after a deletion. */
static void draw_new_node(struct model *model)
{
    uint32_t table = (uint32_t)ndb_rand_below(&model->rand, MODEL_TABLES);
    uint64_t number = ndb_rand_below(&model->rand, 40);
    char key[16];

    snprintf(key, sizeof key, number % 2 != 0 ? "k%" PRIu64 : "#%" PRIu64,
             number);
    if (table == 0 || number > 30 || !is_key_free(model, table, key))
        model_add_node(model, table, NULL);
    else
        model_add_node(model, table, key);
}

void model_change(struct model *model, size_t count)
{
    while (count-- > 0) {
        uint64_t what = ndb_rand_below(&model->rand, 100);
        int64_t node = draw_node(model), other = draw_node(model);
        int64_t edge = draw_edge(model);

        if (what < 25 || node < 0 || other < 0)
            draw_new_node(model);
        else if (what < 35)
            model_set_node(model, (size_t)node);
        else if (what < 42)
            model_delete_node(model, (size_t)node);
        else if (what < 80 || edge < 0)
            model_add_edge(model, 1 + (uint32_t)ndb_rand_below(&model->rand, 3),
                           (size_t)node, (size_t)other);
        else if (what < 88)
            model_set_edge(model, (size_t)edge);
        else
            model_delete_edge(model, (size_t)edge);
    }
}

/* ---------------------------------------------------------------- layers -- */

static void put_below(struct model *model, struct ndb_memtable *memtable)
{
    assert_true(model->below_count < MODEL_LAYERS_MAX);
    memmove(model->below + 1, model->below,
            model->below_count * sizeof *model->below);
    model->below[0] = memtable;
    model->below_count++;
    assert_int_equal(ndb_memtable_new(&model->memtable), 0);
}

void model_keep_memtable(struct model *model)
{
    put_below(model, model->memtable);
}

static void store_object(struct model *model, const char *ulid,
                         struct ndb_slice body)
{
    struct ndb_path path;
    struct ndb_request request = { .op = NDB_PUT_IF_ABSENT,
                                   .key = ndb_path_pack(&path, ulid),
                                   .body = body,
                                   .deadline_ns = NDB_NEVER };

    assert_int_equal(ndb_store_run(model->store, &request, 1, NULL), 0);
    assert_int_equal(request.status, 0);
    ndb_request_release(&request);
}

void model_make_pack(struct model *model, bool is_inline)
{
    struct ndb_pack_writer *writer;
    struct ndb_pack_summary summary;
    struct ndb_slice object;
    struct ndb_manifest_pack entry = { .level = 0 };
    uint8_t random[10] = { 0 };
    int rc;

    assert_int_equal(ndb_pack_writer_new(&writer), 0);
    rc = ndb_pack_build(writer, model->memtable, model->version, NULL,
                        model->below_count == 0, NULL);
    assert_true(rc >= 0);
    if (rc == NAMIDB_NONE) {
        ndb_pack_writer_free(writer);
        return;
    }
    assert_int_equal(ndb_pack_writer_finish(writer, &object, &summary), 0);
    random[0] = (uint8_t)model->pack_count;
    ndb_ulid_make(entry.ulid, 1700000000000, random);
    store_object(model, entry.ulid, object);
    entry.bytes = object.bytes;
    entry.directory_bytes = summary.directory_bytes;
    if (is_inline) {
        size_t at = object.bytes - summary.directory_bytes;

        entry.directory.bytes = summary.directory_bytes;
        entry.directory.data = ndb_arena_copy(&model->arena, object.data + at,
                                              summary.directory_bytes);
    }
    ndb_pack_writer_free(writer);
    memmove(model->packs + 1, model->packs,
            model->pack_count * sizeof *model->packs);
    model->packs[0] = entry;
    model->pack_count++;
    ndb_memtable_unref(model->memtable);
    put_below(model, NULL);
}

void model_random(struct model *model, uint64_t seed)
{
    uint64_t layers;

    model_open(model, seed, 64 << 20);
    layers = ndb_rand_below(&model->rand, 6);
    for (uint64_t i = 0; i < layers; i++) {
        model_change(model, ndb_rand_below(&model->rand, 120));
        if (ndb_rand_below(&model->rand, 3) == 0)
            model_keep_memtable(model);
        else
            model_make_pack(model, ndb_rand_below(&model->rand, 2) != 0);
    }
    model_change(model, ndb_rand_below(&model->rand, 60));
}

void model_snapshot(struct model *model, struct ndb_snapshot *out)
{
    struct ndb_manifest manifest = { .packs = model->packs,
                                     .pack_count = model->pack_count,
                                     .name_count = MODEL_NAMES };
    struct ndb_pack *packs[MODEL_LAYERS_MAX] = { NULL };
    struct ndb_layer layers[MODEL_LAYERS_MAX + 1] = { { NULL, NULL } };
    uint32_t pack = 0;

    assert_int_equal(ndb_packs_open(packs, &manifest, NULL, 0, model->store,
                                    model->cache, NDB_NEVER, NULL),
                     0);
    layers[0].memtable = model->memtable;
    for (uint32_t i = 0; i < model->below_count; i++) {
        layers[i + 1].memtable = model->below[i];
        if (model->below[i] == NULL)
            layers[i + 1].pack = packs[pack++];
    }
    assert_int_equal(ndb_view_new(&out->view, NULL, layers,
                                  model->below_count + 1, model->cache, NULL),
                     0);
    out->version = model->version;
    out->timeout_ms = -1;
    for (uint32_t i = 0; i < model->pack_count; i++)
        ndb_pack_unref(packs[i]);
}

void model_snapshot_close(struct ndb_snapshot *snapshot)
{
    ndb_view_unref(snapshot->view);
}

void model_check_seeds(uint64_t seeds, model_check *check)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct model model;
        struct ndb_snapshot snapshot;

        model_random(&model, seed);
        model_snapshot(&model, &snapshot);
        check(&model, &snapshot);
        model_snapshot_close(&snapshot);
        model_close(&model);
    }
}

uint64_t *model_ids(const struct model *model)
{
    uint64_t *ids = ndb_calloc(model->node_count, sizeof *ids);

    for (size_t i = 0; i < model->node_count; i++)
        ids[i] = model->nodes[i].id;
    return ids;
}

/* ---------------------------------------------------------------- checks -- */

static int by_hop_order(const void *a, const void *b)
{
    const struct ndb_hop_edge *left = a, *right = b;
    uint32_t left_type = NAMIDB_ID_TABLE(left->edge);
    uint32_t right_type = NAMIDB_ID_TABLE(right->edge);

    if (left_type != right_type)
        return left_type < right_type ? -1 : 1;
    if (left->neighbour != right->neighbour)
        return left->neighbour < right->neighbour ? -1 : 1;
    return (left->edge > right->edge) - (left->edge < right->edge);
}

struct ndb_hop_edge *model_hop(const struct model *model, uint64_t id,
                               uint32_t type, enum namidb_direction direction,
                               size_t *count)
{
    struct ndb_hop_edge *edges = ndb_calloc(model->edge_count, sizeof *edges);

    assert_non_null(edges);
    *count = 0;
    for (size_t i = 0; i < model->edge_count; i++) {
        const struct model_edge *edge = &model->edges[i];
        bool is_out = direction == NAMIDB_OUT;

        if (!edge->is_alive || (is_out ? edge->from : edge->to) != id ||
            (type != 0 && NAMIDB_ID_TABLE(edge->id) != type))
            continue;
        edges[*count].neighbour = is_out ? edge->to : edge->from;
        edges[(*count)++].edge = edge->id;
    }
    qsort(edges, *count, sizeof *edges, by_hop_order);
    return edges;
}

bool model_has_label(const struct model_node *node, uint32_t label)
{
    for (uint32_t i = 0; i < node->label_count; i++)
        if (node->labels[i] == label)
            return true;
    return label == 0;
}

static int by_table_then_id(const void *a, const void *b)
{
    const struct model_node *left = *(const struct model_node *const *)a;
    const struct model_node *right = *(const struct model_node *const *)b;
    uint32_t left_table = NAMIDB_ID_TABLE(left->id);
    uint32_t right_table = NAMIDB_ID_TABLE(right->id);

    if (left_table != right_table)
        return left_table < right_table ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

const struct model_node **model_living(const struct model *model,
                                       uint32_t label, size_t *count)
{
    const struct model_node **nodes =
        ndb_calloc(model->node_count, sizeof *nodes);

    *count = 0;
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i].is_alive &&
            model_has_label(&model->nodes[i], label))
            nodes[(*count)++] = &model->nodes[i];
    qsort(nodes, *count, sizeof *nodes, by_table_then_id);
    return nodes;
}

void model_check_node(const struct model *model, const struct model_node *want,
                      const namidb_node *got)
{
    namidb_property props[3];
    namidb_value items[2];
    uint32_t count;

    if (!want->is_alive) {
        model_assert(model, got->id == 0);
        return;
    }
    model_assert(model, got->id == want->id);
    model_assert(model, ndb_value_same(&got->key, &want->key));
    model_assert(model, got->label_count == want->label_count);
    for (uint32_t i = 0; i < want->label_count; i++)
        model_assert(model, got->labels[i] == want->labels[i]);
    count = node_props(want, props, items);
    model_assert(model, got->prop_count == count);
    for (uint32_t i = 0; i < count; i++) {
        model_assert(model, got->props[i].name == props[i].name);
        model_assert(model,
                     ndb_value_same(&got->props[i].value, &props[i].value));
    }
}

void model_check_edge(const struct model *model, const struct model_edge *want,
                      const namidb_edge *got)
{
    if (!want->is_alive) {
        model_assert(model, got->id == 0);
        return;
    }
    model_assert(model, got->id == want->id);
    model_assert(model, got->from == want->from);
    model_assert(model, got->to == want->to);
    model_assert(model, got->type == NAMIDB_ID_TABLE(want->id));
    model_assert(model, got->prop_count == 1 && got->props[0].name == 1);
    model_assert(model, got->props[0].value.kind == NAMIDB_INT);
    model_assert(model, got->props[0].value.as.integer == want->weight);
}
