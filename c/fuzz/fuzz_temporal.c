/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of dates, times and durations: the text of what one gives, gives the
 * same. */
#include "fuzz/fuzz.h"

#include "exec/parts.h"

static int parse(struct ndb_scalar *scalar, uint32_t kind,
                 struct ndb_slice text, namidb_value *out)
{
    struct ndb_parts parts = { .day = 0 };
    int rc;

    if (kind == NAMIDB_DURATION)
        return ndb_duration_parse(scalar, text, out);
    rc = ndb_parts_parse(scalar, kind, text, &parts);
    return rc < 0 ? rc : ndb_parts_make(scalar, kind, &parts, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_error err = { .code = 0 };
    struct ndb_scalar scalar = { .arena = &arena, .err = &err };
    char text[NDB_TEMPORAL_TEXT_BYTES];
    namidb_value value, again;
    uint32_t kind;

    if (size == 0)
        return 0;
    kind = NAMIDB_DATE + data[0] % (NAMIDB_DURATION - NAMIDB_DATE + 1);
    if (parse(&scalar, kind, ndb_slice(data + 1, size - 1), &value) >= 0) {
        size_t bytes = ndb_temporal_format(&value, text);

        FUZZ_CHECK(bytes < sizeof text && text[bytes] == '\0');
        FUZZ_CHECK(parse(&scalar, kind, ndb_slice(text, bytes), &again) >= 0);
        FUZZ_CHECK(ndb_temporal_equal(&value, &again));
    }
    ndb_arena_release(&arena);
    return 0;
}
