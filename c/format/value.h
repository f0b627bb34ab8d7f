/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - values and rows as bytes, in the log, in the memtable and in tagged
 * columns.
 *
 *   value := kind u8, payload
 *            bool: u8; int, date, times: zigzag varint (+ offset zigzag varint,
 *            + nanoseconds varint); float: f64; string, bytes: varint, bytes;
 *            point: srid varint, f64 x dimensions; list: varint, values;
 *            vector: varint, f32s; ...
 *   props := count varint, (name delta varint, value)*     names ascending
 *   node row := key value, label count varint, label delta varint*, props
 *
 * Decoding yields views into the input for strings; arrays, lists and vectors
 * are built in the arena. Every size is bounded by limits.h.
 */
#ifndef NDB_FORMAT_VALUE_H
#define NDB_FORMAT_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "namidb.h"

/*
 * Checks that a value may be stored: kind (no map; a list holds scalars of any
 * stored kind or lists, no null), sizes, depth, UTF-8, ranges of temporal
 * fields, point dimensions. NAMIDB_OK, NAMIDB_EINVAL or NAMIDB_ELIMIT with a
 * text that says what is wrong, without naming the property.
 */
int ndb_value_check(const namidb_value *value, namidb_error *err);

/* A key is a string of 1 .. NDB_KEY_BYTES_MAX bytes or an integer. */
int ndb_key_check(const namidb_value *key, namidb_error *err);

/* Appends; NAMIDB_OK, NAMIDB_ENOMEM or NAMIDB_ELIMIT. The value was checked. */
int ndb_value_encode(struct ndb_buf *buf, const namidb_value *value);
/* NAMIDB_OK, NAMIDB_ECORRUPT or NAMIDB_ENOMEM. */
int ndb_value_decode(struct ndb_reader *reader, namidb_arena *arena,
                     namidb_value *value);

/* Copies what a value points to into the arena. */
int ndb_value_copy(namidb_arena *arena, const namidb_value *from,
                   namidb_value *to);

/* Same kind and same bytes (1 and 1.0 differ, NaN equals itself). */
bool ndb_value_same(const namidb_value *a, const namidb_value *b);

/*
 * The hash of a key part: of XXH3 of the encoded key the upper bits, the others
 * 0. Who finds a hash compares keys, so few keys having the same is enough
 * (beside 100 million others one in 10,000 meets another), and random bits are
 * what takes most of a key part.
 */
enum { NDB_KEY_HASH_BITS = 40 };
uint64_t ndb_key_hash(const namidb_value *key);

/* `props` ascending by name. */
int ndb_props_encode(struct ndb_buf *buf, const namidb_property *props,
                     size_t count);
int ndb_props_decode(struct ndb_reader *reader, namidb_arena *arena,
                     const namidb_property **props, uint32_t *count);

/* All of a node but its id. */
int ndb_row_encode(struct ndb_buf *buf, const namidb_node *node);
/* The whole of `row` must be one row. Sets all but out->id. */
int ndb_row_decode(struct ndb_slice row, namidb_arena *arena, namidb_node *out);
/* Whether a row's labels hold one, without decoding the rest of it. NAMIDB_OK
 * or NAMIDB_ECORRUPT. */
int ndb_row_has_label(struct ndb_slice row, uint32_t label, bool *has_label);

#endif
