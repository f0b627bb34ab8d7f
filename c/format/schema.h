/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - an index or a constraint, as the log has it.
 *
 *   item := rule u8, is_edge u8, target varint, count varint, property varint
 * *, kinds varint, item kinds varint, name string
 *
 * Its number stands beside it, in the record.
 */
#ifndef NDB_FORMAT_SCHEMA_H
#define NDB_FORMAT_SCHEMA_H

#include "base/buf.h"
#include "namidb.h"

/* Whether every rule of an item holds: bounds, no property twice, one property
 * where a rule takes one, kinds only where they belong, a name. */
bool ndb_schema_item_is_valid(const namidb_schema_item *item);

/* Appends; NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ELIMIT. The item is valid. */
int ndb_schema_item_encode(struct ndb_buf *buf, const namidb_schema_item *item);
/* The whole of `bytes`; NAMIDB_OK or NAMIDB_ECORRUPT. Leaves the number 0. */
int ndb_schema_item_decode(struct ndb_slice bytes, namidb_schema_item *item);

static inline bool ndb_rule_has_index(uint32_t rule)
{
    return rule <= NAMIDB_RULE_KEY;
}
static inline bool ndb_rule_is_unique(uint32_t rule)
{
    return rule == NAMIDB_RULE_UNIQUE || rule == NAMIDB_RULE_KEY;
}

#endif
