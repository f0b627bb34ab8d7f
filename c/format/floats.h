/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floats.h - columns of f64 as integers, where they are fractions of few
 * digits.
 *
 *   floats := scale u8, digits ints, exception count varint, and unless that is
 *             0 their rows ints (ascending), their bits ints
 *           | PLAIN u8, bits ints
 *
 * A price or a coordinate has few digits, but as a double it has 52 bits that
 * look random. Float i is digits i / divisor; the divisor is a power of ten, or
 * of two. Division is rounded correctly and both are exact, so that is the
 * double next to the fraction, which is what whoever read its text has: all of
 * up to 15 digits. What a column has besides (NaN, -0.0, results of a
 * calculation) are exceptions; more than one in 8 and it is PLAIN, as it is
 * when that takes fewer bits. The sign bits of digits and of PLAIN bits are
 * turned over, as integers' are.
 *
 * After ALP (Afroozeh, Kuffo, Boncz: "ALP: Adaptive Lossless floating-Point
 * Compression", 2023), which multiplies by two powers where this divides by
 * one: a column is decoded once here and stays so.
 */
#ifndef NDB_FORMAT_FLOATS_H
#define NDB_FORMAT_FLOATS_H

#include "format/stream.h"

/* Appends doubles, given by their bits; NAMIDB_OK, NAMIDB_ENOMEM,
 * NAMIDB_ELIMIT. */
int ndb_floats_put(struct ndb_buf *out, const uint64_t *bits, size_t count);

/* `count` doubles, the arena's; NULL: the source is failed. */
const double *ndb_floats_get(struct ndb_source *source, size_t count);

#endif
