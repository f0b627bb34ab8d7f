/* SPDX-License-Identifier: Apache-2.0 */
/*
 * radix.h - sorting rows by numbers.
 *
 * A stable sort of (key, value) pairs by key, least significant digit first.
 * Digits that are the same in all keys are skipped, so that dense sequences
 * cost two passes and not six.
 */
#ifndef NDB_BASE_RADIX_H
#define NDB_BASE_RADIX_H

#include <stddef.h>
#include <stdint.h>

struct ndb_radix_item {
    uint64_t key;
    uint64_t value;
};

/* Sorts `items`; `spare` has room for as many. */
void ndb_radix_sort(struct ndb_radix_item *items, struct ndb_radix_item *spare,
                    size_t count);

/* A row under two numbers. */
struct ndb_radix_pair {
    uint64_t high, low;
    uint64_t value;
};

/* Sorts by (high, low), stable as well. A number that ascends as it comes costs
 * no pass. */
void ndb_radix_sort_pairs(struct ndb_radix_pair *pairs,
                          struct ndb_radix_pair *spare, size_t count);

/* Sorts words by `bits` of their bits from `shift` on, stable as well; returns
 * which of the two arrays has them then. */
uint64_t *ndb_radix_sort_words(uint64_t *words, uint64_t *spare, size_t count,
                               unsigned shift, unsigned bits);

#endif
