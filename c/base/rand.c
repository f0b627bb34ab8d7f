/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"

#define STEP UINT64_C(0x9e3779b97f4a7c15)

void ndb_rand_bytes(void *out, size_t bytes)
{
    uint8_t *at = out;

    while (bytes != 0) {
        ssize_t got = getrandom(at, bytes, 0);

        if (got < 0) {
            if (errno == EINTR)
                continue;
            abort(); /* a kernel without getrandom cannot run this */
        }
        at += got;
        bytes -= (size_t)got;
    }
}

uint64_t ndb_rand_next(struct ndb_rand *rand)
{
    rand->state += STEP;
    return ndb_hash_integer(rand->state);
}

uint64_t ndb_rand_below(struct ndb_rand *rand, uint64_t bound)
{
    /* Modulo bias is below bound / 2^64: nothing here can tell. */
    return ndb_rand_next(rand) % bound;
}
