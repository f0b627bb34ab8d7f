/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rand.h - randomness behind a seam.
 *
 * ndb_rand_bytes is the kernel's, for nonces and object names. struct ndb_rand
 * is SplitMix64 (Steele, Lea, Flood 2014), for jitter and for tests that print
 * their seed.
 */
#ifndef NDB_BASE_RAND_H
#define NDB_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Fills `out` from the kernel. */
void ndb_rand_bytes(void *out, size_t bytes);

struct ndb_rand {
    uint64_t state;
};

uint64_t ndb_rand_next(struct ndb_rand *rand);
/* 0 .. bound - 1; bound > 0. */
uint64_t ndb_rand_below(struct ndb_rand *rand, uint64_t bound);

#endif
