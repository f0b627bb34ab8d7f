/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs that are whole, and whose parts contradict one another: what a list or
 * an index says is there and is not. That is corrupt, and no node that somebody
 * deleted. fuzz_pack.c has many more of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "exec/plan.h"
#include "exec/scalar.h"
#include "format/index_key.h"
#include "format/manifest.h"
#include "format/pack.h"
#include "format/path.h"
#include "namidb.h"
#include "store/store.h"

static const char URI[] = "memory://forged";
static const char ULID[] = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

enum { OBJECT_BYTES_MAX = 1 << 20 };

#define THERE NAMIDB_ID(1, 1)
#define ABSENT NAMIDB_ID(2, 1)

static void put_object(const char *key, struct ndb_slice body)
{
    struct ndb_request request = {
        .op = NDB_PUT, .key = key, .body = body, .deadline_ns = INT64_MAX
    };
    struct ndb_store *store;

    assert_int_equal(ndb_store_open(&store, URI, NULL), 0);
    assert_int_equal(ndb_store_run(store, &request, 1, NULL), 0);
    ndb_request_release(&request);
    ndb_store_close(store);
}

/* Label A, type R, property i, and an index of A(i). */
static void put_manifest(uint64_t bytes, uint32_t directory_bytes)
{
    struct ndb_manifest_name label = { "A", 1 }, type = { "R", 1 },
                             property = { "i", 1 };
    struct ndb_manifest_table nodes = { 1, 3, 1 }, edges = { 1, 2, 1 };
    struct ndb_manifest_label count = { 1, 1 };
    namidb_schema_item index = {
        .number = 1, .target = 1, .prop_count = 1, .props = { 1 }, .name = "a"
    };
    struct ndb_manifest_pack pack = { .bytes = bytes,
                                      .rows = 4,
                                      .created_ms = 1,
                                      .directory_bytes = directory_bytes,
                                      .indexes = &(uint32_t){ 1 },
                                      .index_count = 1 };
    const struct ndb_manifest manifest = { .version = 1,
                                           .floor = 1,
                                           .names = { &label, &type,
                                                      &property },
                                           .name_count = { 1, 1, 1 },
                                           .node_tables = &nodes,
                                           .node_table_count = 1,
                                           .edge_tables = &edges,
                                           .edge_table_count = 1,
                                           .labels = &count,
                                           .label_count = 1,
                                           .schema = &index,
                                           .schema_count = 1,
                                           .schema_next = 2,
                                           .packs = &pack,
                                           .pack_count = 1 };
    struct ndb_buf object = NDB_BUF_INIT(OBJECT_BYTES_MAX);
    struct ndb_path path;

    (void)snprintf(pack.ulid, sizeof pack.ulid, "%s", ULID);
    assert_int_equal(ndb_manifest_encode(&object, &manifest), 0);
    put_object(ndb_path_manifest(&path, 1), ndb_buf_slice(&object));
    ndb_buf_release(&object);
}

/* A node with i = 1, an edge from it to one that is not there, and an index in
 * which that has i = 1, too. */
static void put_pack(void)
{
    const namidb_property props[] = { { 1, ndb_integer(1) } };
    const uint32_t label = 1;
    const namidb_node node = { .id = THERE,
                               .labels = &label,
                               .label_count = 1,
                               .props = props,
                               .prop_count = 1 };
    const struct ndb_pack_edge edge = { .owner = 1,
                                        .neighbour = ABSENT,
                                        .sequence = 1 };
    struct ndb_buf key = NDB_BUF_INIT(64);
    struct ndb_pack_summary summary;
    struct ndb_pack_writer *writer;
    struct ndb_slice object;
    struct ndb_path path;

    assert_int_equal(ndb_pack_writer_new(&writer), 0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_NODE, 0, 1), 0);
    assert_int_equal(ndb_pack_writer_node(writer, 1, &node), 0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_OUT, 1, 1), 0);
    assert_int_equal(ndb_pack_writer_edge(writer, &edge, NULL, 0), 0);
    assert_int_equal(ndb_index_key_value(&key, &props[0].value), 0);
    assert_int_equal(ndb_pack_writer_index_part(writer, 1), 0);
    for (uint64_t id = THERE; id <= ABSENT; id += ABSENT - THERE) {
        const struct ndb_index_entry entry = { .key = ndb_buf_slice(&key),
                                               .id = id };

        assert_int_equal(ndb_pack_writer_index(writer, &entry), 0);
    }
    assert_int_equal(ndb_pack_writer_finish(writer, &object, &summary), 0);
    put_object(ndb_path_pack(&path, ULID), object);
    put_manifest(object.bytes, summary.directory_bytes);
    ndb_pack_writer_free(writer);
    ndb_buf_release(&key);
}

/* MATCH (a:A) WHERE a.i = $p RETURN a.i AS x */
static const uint8_t BY_INDEX[] = {
    4,
    'A',
    'i',
    'p',
    'x', /* texts */
    3,
    2, /* slots, names */
    NAMIDB_LABEL,
    1,
    NAMIDB_PROPERTY,
    1,
    1,
    1,
    1,
    1,
    2, /* parameter, column */
    NDB_OP_PROJECT,
    1,
    2,
    NDB_EXPR_PROPERTY,
    1,
    NDB_EXPR_SLOT,
    1,
    NDB_OP_SEEK_INDEX,
    1,
    0,
    1,
    1,
    1,
    0,
    0,
    0,
    0,
    1,
    NDB_EXPR_PARAM,
    0,
    0,
    0,
    0,
    0, /* A(i), equal to the parameter */
    NDB_OP_ARGUMENT,
    0,
    0,
};

/* MATCH (a:A)-[]->(b) RETURN b.i AS x */
static const uint8_t BY_LIST[] = {
    4,
    'A',
    'i',
    'p',
    'x',
    5,
    2,
    NAMIDB_LABEL,
    1,
    NAMIDB_PROPERTY,
    1,
    1,
    1,
    1,
    1,
    4,
    NDB_OP_PROJECT,
    1,
    4,
    NDB_EXPR_PROPERTY,
    1,
    NDB_EXPR_SLOT,
    3,
    NDB_OP_EXPAND,
    1,
    2,
    3,
    0,
    0,
    4,
    0,
    NDB_OP_SCAN,
    1,
    1,
    0,
    0,
    NDB_OP_ARGUMENT,
    0,
    0,
};

/* What all rows of a plan end with. */
static int run(namidb *db, const uint8_t *bytes, size_t size,
               namidb_value parameter, namidb_error *err)
{
    namidb_query_options options;
    namidb_snapshot *snapshot;
    const namidb_value *row;
    namidb_query *query;
    namidb_plan *plan;
    int rc;

    namidb_query_options_init(&options);
    assert_int_equal(namidb_plan_new(&plan, bytes, size, NULL, 0, NULL), 0);
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    rc = namidb_query_open(&query, plan, snapshot, NULL, &parameter, &options,
                           err);
    while (rc == NAMIDB_OK)
        rc = namidb_query_next(query, &row, err);
    namidb_query_close(query);
    namidb_snapshot_close(snapshot);
    namidb_plan_free(plan);
    return rc;
}

static void test_forged__what_is_named_and_not_there_is_corrupt(void **state)
{
    namidb_options options;
    namidb_error err;
    namidb *db;

    (void)state;
    put_pack();
    namidb_options_init(&options);
    options.read_only = true;
    assert_int_equal(namidb_open(&db, URI, &options, NULL), 0);
    assert_int_equal(run(db, BY_INDEX, sizeof BY_INDEX, ndb_integer(1), &err),
                     NAMIDB_ECORRUPT);
    assert_non_null(strstr(err.message, "a node"));
    assert_int_equal(run(db, BY_INDEX, sizeof BY_INDEX, ndb_integer(2), &err),
                     NAMIDB_NONE);
    assert_int_equal(run(db, BY_LIST, sizeof BY_LIST, ndb_null(), &err),
                     NAMIDB_ECORRUPT);
    namidb_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forged__what_is_named_and_not_there_is_corrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
