/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_keys.h - nodes that are nothing but a label and a text for a key.
 */
#ifndef NDB_TEST_TEXT_KEYS_H
#define NDB_TEST_TEXT_KEYS_H

#include "namidb.h"

/* As namidb_put_node; `label` is one letter. */
int text_key_put(namidb_tx *tx, char label, const char *text,
                 namidb_error *err);
bool text_key_is_there(namidb_snapshot *snapshot, namidb *db, char label,
                       const char *text);

#endif
