/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <xxhash.h>

uint64_t ndb_hash64(struct ndb_slice bytes)
{
    return XXH3_64bits(bytes.data, bytes.bytes);
}

struct ndb_hash128 ndb_hash128(struct ndb_slice bytes)
{
    XXH128_hash_t hash = XXH3_128bits(bytes.data, bytes.bytes);

    return (struct ndb_hash128){ hash.low64, hash.high64 };
}
