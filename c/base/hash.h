/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - xxHash's XXH3, the one hash of the database.
 *
 * 128 bits where bytes from a store are verified or chained, 64 bits for tables
 * in memory and key parts. The 128 bits are written low half first, little
 * endian.
 */
#ifndef NDB_BASE_HASH_H
#define NDB_BASE_HASH_H

#include "base/slice.h"

struct ndb_hash128 {
    uint64_t low, high;
};

uint64_t ndb_hash64(struct ndb_slice bytes);
struct ndb_hash128 ndb_hash128(struct ndb_slice bytes);

static inline bool ndb_hash128_equal(struct ndb_hash128 a, struct ndb_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

/* A bijection that spreads integers over all bits (the finaliser of
 * SplitMix64); for tables in memory keyed by ids. */
static inline uint64_t ndb_hash_integer(uint64_t value)
{
    value ^= value >> 30;
    value *= UINT64_C(0xbf58476d1ce4e5b9);
    value ^= value >> 27;
    value *= UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

#endif
