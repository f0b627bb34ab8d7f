/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is lifted is bounded, and what is left has nothing more to lift but what
 * did not fit.
 */
#include "exec/lift.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_lifted lifted, again;
    int rc = ndb_lift(&arena, ndb_slice(data, size), &lifted);

    FUZZ_CHECK(rc == NAMIDB_OK || rc == NAMIDB_NONE);
    if (rc == NAMIDB_OK) {
        FUZZ_CHECK(lifted.count > 0 && lifted.count <= NDB_LIFT_VALUES_MAX);
        FUZZ_CHECK(lifted.key_bytes <= size + 8 * (size_t)lifted.count);
        /* The key names parameters as only we do: it is left alone. */
        FUZZ_CHECK(ndb_lift(&arena, ndb_slice(lifted.key, lifted.key_bytes),
                            &again) == NAMIDB_NONE);
    }
    ndb_arena_release(&arena);
    return 0;
}
