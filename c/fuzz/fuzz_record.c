/* SPDX-License-Identifier: Apache-2.0 */
/* Records: each that decodes encodes to the very bytes that it was read from.
 */
#include "fuzz/fuzz.h"

#include "base/arena.h"
#include "base/limits.h"
#include "format/edge_block.h"
#include "format/record.h"
#include "format/schema.h"

static void check_item(struct ndb_slice row)
{
    struct ndb_buf again = NDB_BUF_INIT(1024);
    namidb_schema_item item;

    if (ndb_schema_item_decode(row, &item) < 0)
        return;
    FUZZ_CHECK(ndb_schema_item_encode(&again, &item) >= 0);
    FUZZ_CHECK(ndb_slice_equal(ndb_buf_slice(&again), row));
    ndb_buf_release(&again);
}

/* Edges that decode are the same when they are written and read again. */
static void check_edges(const struct ndb_record *record)
{
    struct ndb_buf bytes = NDB_BUF_INIT(NDB_EDGE_BLOCK_BYTES_MAX + (1u << 20));
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_edge_block edges, again;

    if (ndb_edge_block_decode(record->row, record->id, record->number, &arena,
                              &edges) >= 0) {
        FUZZ_CHECK(ndb_edge_block_encode(&bytes, &edges) >= 0);
        FUZZ_CHECK(ndb_edge_block_decode(ndb_buf_slice(&bytes), record->id,
                                         record->number, &arena, &again) >= 0);
        for (uint32_t i = 0; i < edges.count; i++)
            FUZZ_CHECK(edges.from[i] == again.from[i] &&
                       edges.to[i] == again.to[i] &&
                       ndb_slice_equal(ndb_edge_block_row(&edges, i),
                                       ndb_edge_block_row(&again, i)));
    }
    ndb_arena_release(&arena);
    ndb_buf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ndb_reader reader = ndb_reader(ndb_slice(data, size));
    struct ndb_record record;
    const uint8_t *at = reader.at;

    while (ndb_record_next(&reader, &record) == NAMIDB_OK) {
        struct ndb_buf again = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);

        FUZZ_CHECK(ndb_record_encode(&again, &record) >= 0);
        FUZZ_CHECK(again.bytes == (size_t)(reader.at - at) &&
                   memcmp(again.data, at, again.bytes) == 0);
        ndb_buf_release(&again);
        if (record.kind == NDB_RECORD_SCHEMA)
            check_item(record.row);
        if (record.kind == NDB_RECORD_EDGES)
            check_edges(&record);
        at = reader.at;
    }
    return 0;
}
