/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index_key.h - values as bytes that memcmp puts into openCypher's order.
 *
 * Every index - in memory, in a pack - is sorted by these keys, so equality,
 * ranges, prefixes and the beginnings of composite keys are all one thing: a
 * range of bytes. Values that are equal have equal keys (1 and 1.0); keys stand
 * as ORDER BY has the values, kinds among each other too. Numbers are big
 * endian; "ordered" flips the sign bit (a float: all bits, when negative).
 *
 *   key    := value *                  one per property
 *   value  := kind's rank u8, then
 *     list          value *, 0
 *     point         srid u32, ordered f64 x dimensions
 *     datetime      ordered seconds, u32 nanoseconds, ordered i32 offset, text
 *     local dt      ordered seconds, u32 nanoseconds
 *     date          ordered i64
 *     time          ordered i64 nanoseconds in UTC, ordered i32 offset
 *     local time    ordered i64
 *     duration      ordered 128-bit seconds (a month is 2,629,746), u32
 *                   nanoseconds, ordered i64 months, days, seconds
 *     string, bytes text
 *     boolean       u8
 *     number        ordered f64 at or below it, u16 what an integer is above
 *                   it; NaN is all ones
 *     vector        (1, ordered f32) *, 0
 *   text   := its bytes, 0 as 0 255; then 0 1
 *
 * No key is the beginning of another, so a key's successor - the first bytes
 * behind all that begin with it - ends the range of what equals it. A key is
 * cut off at NDB_INDEX_KEY_BYTES_MAX: then it stands for more than one value,
 * and ranges are wider, never narrower, than they should be.
 */
#ifndef NDB_FORMAT_INDEX_KEY_H
#define NDB_FORMAT_INDEX_KEY_H

#include "base/buf.h"
#include "namidb.h"

/* Appends the whole key of a value. NAMIDB_OK; NAMIDB_NONE: no stored value is
 * like this one (null, map, node, ...); NAMIDB_ENOMEM or NAMIDB_ELIMIT. On
 * anything but NAMIDB_OK the buffer is as it was. */
int ndb_index_key_value(struct ndb_buf *buf, const namidb_value *value);

/* Appends the key of a row: `props` ascending by name, as rows have them.
 * NAMIDB_NONE: a property is absent, so the row is not in the index. */
int ndb_index_key_row(struct ndb_buf *buf, const namidb_schema_item *item,
                      const namidb_property *props, uint32_t count);

/* The same without being cut off, to order those that are. */
int ndb_index_key_row_whole(struct ndb_buf *buf, const namidb_schema_item *item,
                            const namidb_property *props, uint32_t count);

/* Appends the rank of a value: what every value of its kind begins with.
 * NAMIDB_NONE as above. */
int ndb_index_key_rank(struct ndb_buf *buf, const namidb_value *value);

/* Appends the beginning of all strings that begin with this one. */
int ndb_index_key_prefix(struct ndb_buf *buf, const namidb_value *string);

/* The first bytes behind all that begin with buf's bytes from `start` on, in
 * their place. false: there are none. */
bool ndb_index_key_successor(struct ndb_buf *buf, size_t start);

#endif
