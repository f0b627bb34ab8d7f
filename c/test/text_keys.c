/* SPDX-License-Identifier: Apache-2.0 */
#include "text_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static namidb_value key_of(const char *text)
{
    return (namidb_value){ .kind = NAMIDB_STRING,
                           .size = (uint32_t)strlen(text),
                           .as.bytes = text };
}

int text_key_put(namidb_tx *tx, char label, const char *text, namidb_error *err)
{
    uint32_t number;
    uint64_t id;
    int rc = namidb_tx_number(tx, NAMIDB_LABEL, &label, 1, &number, err);

    return rc < 0 ? rc
                  : namidb_put_node(tx, number, key_of(text),
                                    (namidb_props){ NULL, 0 }, false, &id, err);
}

bool text_key_is_there(namidb_snapshot *snapshot, namidb *db, char label,
                       const char *text)
{
    namidb_arena *arena = namidb_arena_new();
    namidb_node node;
    namidb_error err;
    int rc =
        namidb_node_by_key(snapshot, namidb_number(db, NAMIDB_LABEL, &label, 1),
                           key_of(text), arena, &node, &err);

    namidb_arena_free(arena);
    assert_true(rc >= 0);
    return rc == NAMIDB_OK;
}
