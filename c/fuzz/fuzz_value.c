/* SPDX-License-Identifier: Apache-2.0 */
/* Values and rows: what decodes may be stored, and encodes to what decodes to
 * the same. */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "format/value.h"

static void try_value(struct ndb_slice input)
{
    struct ndb_reader reader = ndb_reader(input);
    struct ndb_buf again = NDB_BUF_INIT(NDB_ROW_BYTES_MAX);
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_value value;
    namidb_value copy;

    if (ndb_value_decode(&reader, &arena, &value) >= 0) {
        struct ndb_reader second;

        FUZZ_CHECK(ndb_value_encode(&again, &value) >= 0);
        second = ndb_reader(ndb_buf_slice(&again));
        FUZZ_CHECK(ndb_value_decode(&second, &arena, &copy) >= 0);
        FUZZ_CHECK(ndb_value_same(&value, &copy));
        FUZZ_CHECK(ndb_value_copy(&arena, &value, &copy) >= 0);
        FUZZ_CHECK(ndb_value_same(&value, &copy));
    }
    ndb_buf_release(&again);
    ndb_arena_release(&arena);
}

static void try_row(struct ndb_slice input)
{
    struct ndb_buf again = NDB_BUF_INIT(NDB_ROW_BYTES_MAX);
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node node;

    if (ndb_row_decode(input, &arena, &node) >= 0) {
        namidb_node copy;

        FUZZ_CHECK(ndb_row_encode(&again, &node) >= 0);
        FUZZ_CHECK(ndb_row_decode(ndb_buf_slice(&again), &arena, &copy) >= 0);
        FUZZ_CHECK(copy.prop_count == node.prop_count &&
                   copy.label_count == node.label_count &&
                   ndb_value_same(&copy.key, &node.key));
    }
    ndb_buf_release(&again);
    ndb_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] & 1)
        try_row(ndb_slice(data + 1, size - 1));
    else
        try_value(ndb_slice(data + 1, size - 1));
    return 0;
}
