/* SPDX-License-Identifier: Apache-2.0 */
/* Records: each that decodes encodes to the very bytes that it was read from.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "format/record.h"

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
        at = reader.at;
    }
    return 0;
}
