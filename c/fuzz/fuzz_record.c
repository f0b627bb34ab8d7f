/* SPDX-License-Identifier: Apache-2.0 */
/* Records: each that decodes encodes to the very bytes that it was read from.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
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
        at = reader.at;
    }
    return 0;
}
