/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rand.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"

#define STEP UINT64_C(0x9e3779b97f4a7c15)

static atomic_bool is_seeded;
static atomic_uint_fast64_t seeded_state;

static void seeded_bytes(uint8_t *out, size_t bytes)
{
    while (bytes != 0) {
        uint64_t word =
            ndb_hash_integer(atomic_fetch_add(&seeded_state, STEP) + STEP);
        size_t part = bytes < sizeof word ? bytes : sizeof word;

        memcpy(out, &word, part);
        out += part;
        bytes -= part;
    }
}

void ndb_rand_bytes(void *out, size_t bytes)
{
    uint8_t *at = out;

    if (atomic_load(&is_seeded)) {
        seeded_bytes(at, bytes);
        return;
    }
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

void ndb_rand_seed(uint64_t seed)
{
    atomic_store(&seeded_state, seed);
    atomic_store(&is_seeded, seed != 0);
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
