/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sketch.h - about how many different things there were, in 64 bytes.
 *
 * A HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) of 64 registers, with
 * its linear counting for few. Its standard error is 13%; two of them merge
 * without loss.
 */
#ifndef NDB_FORMAT_SKETCH_H
#define NDB_FORMAT_SKETCH_H

#include <stdint.h>

#define NDB_SKETCH_BYTES 64u
/* A register is the place of the first set bit of the 58 that remain of a hash,
 * from 1; 59 when there is none. */
#define NDB_SKETCH_REGISTER_MAX 59u

/* `hash` has 64 good bits. */
void ndb_sketch_add(uint8_t *sketch, uint64_t hash);
/* What both have seen. */
void ndb_sketch_merge(uint8_t *sketch, const uint8_t *other);
double ndb_sketch_estimate(const uint8_t *sketch);

#endif
