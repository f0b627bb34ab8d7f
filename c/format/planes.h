/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planes.h - numbers in planes (stream.h), put together: byte k of number i is
 * planes[k][i].
 *
 * All numbers of a column, or of a part's keys, go through here when they are
 * first asked for, so these are loops that become vector instructions: where
 * memory begins that is written, nothing is that is read.
 */
#ifndef NDB_FORMAT_PLANES_H
#define NDB_FORMAT_PLANES_H

#include <stddef.h>
#include <stdint.h>

/* Two planes. */
void ndb_planes_join_halves(const uint8_t *const planes[2], size_t count,
                            uint16_t *out);
/* Up to four. */
void ndb_planes_join_words(const uint8_t *const *planes, unsigned width,
                           size_t count, uint32_t *out);
/* Up to eight, and `plus` is added to each number, modulo 2^64. */
void ndb_planes_join(const uint8_t *const *planes, unsigned width, size_t count,
                     uint64_t plus, uint64_t *out);

/* A plane of numbers that have 1 to 7 bits each, one behind another, the lowest
 * first: a byte for each. What is read of `from` is whole words, which begin
 * with those bits. */
void ndb_planes_spread(const uint8_t *from, unsigned bits, size_t count,
                       uint8_t *out);

#endif
