/* SPDX-License-Identifier: Apache-2.0 */
/* Packs that are sealed as they should be and hold what they should not: rows
 * that contradict one another, ids of tables and nodes that are not there,
 * directories that say something else, payloads with a byte changed. A graph
 * of two of them is opened, read in all ways and by the plans in the folder
 * NAMIDB_FUZZ_PLANS (spec/property/plans.lua writes some), first without memory
 * from some allocation on. What is read is something, or corrupt. */
#include <dirent.h>
#include <stdio.h>

#include "base/error.h"
#include "format/manifest.h"
#include "fuzz/forged_pack.h"
#include "store/store.h"

enum { PACKS = 2, PLANS_MAX = 512, ROWS_MAX = 128, PARAMS_MAX = 64 };

#define URI "memory://fuzz-pack"

/* ------------------------------------------------------------ the bucket -- */

static void put_object(const char *key, struct ndb_slice body)
{
    static struct ndb_store *store;
    struct ndb_request request = {
        .op = NDB_PUT, .key = key, .body = body, .deadline_ns = INT64_MAX
    };
    namidb_error err;

    if (store == NULL)
        FUZZ_CHECK(ndb_store_open(&store, URI, &err) >= 0);
    FUZZ_CHECK(ndb_store_run(store, &request, 1, &err) >= 0);
    ndb_request_release(&request);
}

static void put_manifest(const struct sealed *packs, const char *const *ulids)
{
    static struct ndb_manifest_name labels[] = { { "A", 1 },
                                                 { "B", 1 },
                                                 { "C", 1 } };
    static struct ndb_manifest_name types[] = { { "R", 1 }, { "S", 1 } };
    static struct ndb_manifest_name props[] = { { "i", 1 },
                                                { "s", 1 },
                                                { "f", 1 } };
    static struct ndb_manifest_table nodes[] = { { 0, 30, 9 },
                                                 { 1, 30, 9 },
                                                 { 2, 30, 9 } };
    static struct ndb_manifest_table edges[] = { { 1, 400, 9 }, { 2, 400, 9 } };
    static struct ndb_manifest_label counts[] = { { 1, 9 }, { 2, 9 } };
    static namidb_schema_item schema[] = {
        { .number = 1,
          .target = 1,
          .prop_count = 1,
          .props = { 1 },
          .name = "a" },
        { .number = 2,
          .is_edge = true,
          .target = 1,
          .prop_count = 1,
          .props = { 1 },
          .name = "r" },
    };
    static uint32_t covered[] = { 1, 2 };
    struct ndb_manifest_pack entries[PACKS] = { { .ulid = "" } };
    const struct ndb_manifest manifest = {
        .version = 1,
        .floor = 1,
        .created_ms = 1,
        .names = { labels, types, props },
        .name_count = { 3, 2, 3 },
        .node_tables = nodes,
        .node_table_count = TABLES,
        .edge_tables = edges,
        .edge_table_count = TYPES,
        .labels = counts,
        .label_count = 2,
        .schema = schema,
        .schema_count = 2,
        .schema_next = 3,
        .packs = entries,
        .pack_count = PACKS,
    };
    struct ndb_buf object = NDB_BUF_INIT(OBJECT_BYTES_MAX);
    struct ndb_path path;

    for (int i = 0; i < PACKS; i++) {
        const struct sealed *pack = &packs[i];

        memcpy(entries[i].ulid, ulids[i], NDB_ULID_CHARS + 1);
        entries[i].bytes = pack->object.bytes;
        entries[i].rows = pack->rows;
        entries[i].tombstones = pack->tombstones;
        entries[i].created_ms = 1;
        entries[i].directory_bytes = pack->directory_bytes;
        entries[i].indexes = covered;
        entries[i].index_count = 2;
    }
    FUZZ_CHECK(ndb_manifest_encode(&object, &manifest) >= 0);
    put_object(ndb_path_manifest(&path, 1), ndb_buf_slice(&object));
    ndb_buf_release(&object);
}

/* --------------------------------------------------------------- reading -- */

static uint64_t seen; /* so that nothing is optimised away */

/* What a read may say. */
static bool is_answer(int rc, const namidb_error *err)
{
    if (rc < 0 && rc != NAMIDB_ECORRUPT)
        fprintf(stderr, "%s: %s\n", namidb_status_name(rc), err->message);
    return rc >= 0 || rc == NAMIDB_ECORRUPT;
}

static void read_cursor(namidb_cursor *cursor, int rc, namidb_error *err)
{
    const namidb_node *node;
    const namidb_edge *edge;

    FUZZ_CHECK(is_answer(rc, err));
    for (int i = 0; rc == NAMIDB_OK && i < 4096; i++) {
        rc = namidb_cursor_next(cursor, &node, &edge, err);
        FUZZ_CHECK(is_answer(rc, err));
        seen += rc == NAMIDB_OK;
    }
    namidb_cursor_close(cursor);
}

static void read_around(namidb_snapshot *snapshot, uint64_t id)
{
    for (uint32_t type = 0; type <= TYPES; type++)
        for (int way = NAMIDB_OUT; way <= NAMIDB_BOTH; way++) {
            enum namidb_direction direction = (enum namidb_direction)way;
            namidb_cursor *cursor = NULL;
            uint64_t degree = 0;
            namidb_error err;
            int rc;

            FUZZ_CHECK(is_answer(
                namidb_degree(snapshot, id, type, direction, &degree, &err),
                &err));
            seen += degree;
            rc = namidb_expand(&cursor, snapshot, id, type, direction,
                               type != 1, &err);
            read_cursor(cursor, rc, &err);
        }
}

static void read_scans(namidb_snapshot *snapshot)
{
    for (uint32_t of = 0; of <= TABLES; of++) {
        namidb_cursor *cursor = NULL;
        namidb_error err;
        int rc = namidb_scan_nodes(&cursor, snapshot, of, &err);

        read_cursor(cursor, rc, &err);
        cursor = NULL;
        if (of <= TYPES) {
            rc = namidb_scan_edges(&cursor, snapshot, of, &err);
            read_cursor(cursor, rc, &err);
        }
    }
}

static void read_rows(namidb_snapshot *snapshot, namidb_arena *arena)
{
    namidb_error err;
    namidb_node node;
    namidb_edge edge;

    for (uint64_t i = 0; i < 2 * SEQUENCES + 2; i++) {
        const uint64_t node_id = NAMIDB_ID(i / 2 + 1, i % TABLES);
        const uint64_t edge_id = NAMIDB_ID(i + 1, i % TYPES + 1);

        FUZZ_CHECK(is_answer(
            namidb_nodes_get(snapshot, &node_id, 1, arena, &node, &err), &err));
        FUZZ_CHECK(is_answer(
            namidb_edges_get(snapshot, &edge_id, 1, arena, &edge, &err), &err));
        FUZZ_CHECK(is_answer(
            namidb_node_by_key(snapshot, (uint32_t)(i % TABLES),
                               ndb_integer((int64_t)i), arena, &node, &err),
            &err));
        if (i % 3 == 0)
            read_around(snapshot, node_id);
    }
}

/* ----------------------------------------------------------------- plans -- */

static namidb_plan *plans[PLANS_MAX];
static size_t plan_count;

static void read_plan(const char *name)
{
    static const namidb_value CONSTANTS[PARAMS_MAX];
    static uint8_t bytes[1 << 16];
    char path[4096];
    namidb_error err;
    FILE *file;
    size_t size;

    (void)snprintf(path, sizeof path, "%s/%s", getenv("NAMIDB_FUZZ_PLANS"),
                   name);
    file = fopen(path, "rb");
    if (file == NULL)
        return;
    size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    if (plan_count < PLANS_MAX &&
        namidb_plan_new(&plans[plan_count], bytes, size, CONSTANTS, PARAMS_MAX,
                        &err) >= 0) {
        if (namidb_plan_is_writing(plans[plan_count]) ||
            namidb_plan_param_count(plans[plan_count]) > PARAMS_MAX)
            namidb_plan_free(plans[plan_count]);
        else
            plan_count++;
    }
}

static void read_plans(void)
{
    const char *folder = getenv("NAMIDB_FUZZ_PLANS");
    DIR *dir = folder != NULL ? opendir(folder) : NULL;
    struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL)
        read_plan(entry->d_name);
    (void)closedir(dir);
    fprintf(stderr, "%zu plans\n", plan_count);
}

/* What the last row of a plan ends with. */
static int run_plan(namidb_plan *plan, namidb_snapshot *snapshot)
{
    static const namidb_value PARAMS[PARAMS_MAX];
    namidb_query_options options;
    namidb_query *query = NULL;
    const namidb_value *row;
    namidb_error err;
    int rc;

    namidb_query_options_init(&options);
    options.timeout_ms = 200;
    options.max_memory = UINT64_C(16) << 20;
    rc =
        namidb_query_open(&query, plan, snapshot, NULL, PARAMS, &options, &err);
    for (int i = 0; rc == NAMIDB_OK && i < ROWS_MAX; i++)
        rc = namidb_query_next(query, &row, &err);
    if (rc == NAMIDB_EIO || rc == NAMIDB_ENOTFOUND) {
        fprintf(stderr, "%s: %s\n", namidb_status_name(rc), err.message);
        abort();
    }
    namidb_query_close(query);
    return rc;
}

/* Without memory from some allocation on, and then with it: what was not
 * corrupt then is not before. */
static void run_twice(namidb_plan *plan, namidb_snapshot *snapshot,
                      uint64_t fail_from)
{
    int without, with;

    ndb_mem_fail_from(fail_from);
    without = run_plan(plan, snapshot);
    ndb_mem_fail_from(0);
    with = run_plan(plan, snapshot);
    FUZZ_CHECK(with == NAMIDB_ECORRUPT || with == NAMIDB_ETIMEOUT ||
               without != NAMIDB_ECORRUPT);
}

/* ------------------------------------------------------------- the whole -- */

static void read_all(struct input *input)
{
    uint64_t hash = ndb_hash64(ndb_slice(input->data, input->bytes));
    namidb_snapshot *snapshot = NULL;
    namidb_arena *arena = namidb_arena_new();
    namidb_options options;
    namidb_error err;
    namidb *db = NULL;
    int rc;

    namidb_options_init(&options);
    options.read_only = true;
    options.cache_bytes = 1 << 20;
    rc = namidb_open(&db, URI, &options, &err);
    FUZZ_CHECK(is_answer(rc, &err));
    if (rc >= 0) {
        FUZZ_CHECK(namidb_snapshot_open(&snapshot, db, &err) >= 0);
        for (int i = take(input) % 8; i >= 0 && plan_count > 0; i--)
            run_twice(
                plans[(take(input) | (size_t)take(input) << 8) % plan_count],
                snapshot, hash >> i * 8 & 0xff);
        read_scans(snapshot);
        read_rows(snapshot, arena);
        namidb_snapshot_close(snapshot);
    }
    namidb_close(db);
    namidb_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ULIDS[PACKS] = { "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                                              "01ARZ3NDEKTSV4RRFFQ69G5FAW" };
    static bool is_begun;
    struct input input = { data, size, 0 };
    struct sealed packs[PACKS];
    struct ndb_path path;
    bool is_done = true;

    if (!is_begun)
        read_plans();
    is_begun = true;
    for (int i = 0; i < PACKS; i++) {
        packs[i] = (struct sealed){ .object = NDB_BUF_INIT(OBJECT_BYTES_MAX) };
        is_done = make_pack(&input, 1 + 6 * (uint64_t)i, &packs[i]) && is_done;
        put_object(ndb_path_pack(&path, ULIDS[i]),
                   ndb_buf_slice(&packs[i].object));
    }
    put_manifest(packs, ULIDS);
    if (is_done)
        read_all(&input);
    for (int i = 0; i < PACKS; i++)
        ndb_buf_release(&packs[i].object);
    return 0;
}
