/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word_set.h - integers, numbered in the order in which they came.
 *
 * Where they lie close together, a table by word: a look is one read at a
 * place that is known. Elsewhere open addressing, the word in its slot. Which
 * of the two is settled anew as words come. Memory is an arena's.
 */
#ifndef NDB_EXEC_WORD_SET_H
#define NDB_EXEC_WORD_SET_H

#include <stdint.h>

#include "base/arena.h"

struct ndb_word_slot {
    int64_t word;
    uint32_t number; /* + 1; 0: free */
};

struct ndb_word_set {
    namidb_arena *arena;
    int64_t *words; /* by number */
    uint32_t count, capacity;
    int64_t low, high; /* the least and the largest */

    /* One of the two, of `size`; 0: none yet. */
    uint32_t *direct;            /* number + 1 of word base + place; 0: none */
    struct ndb_word_slot *slots; /* a power of two */
    uint32_t size;
    int64_t base;
};

/* Finds or adds `count` words, in their order. NAMIDB_OK, or NAMIDB_ENOMEM:
 * some of them may have been added. */
int ndb_word_set_add(struct ndb_word_set *set, const int64_t *words,
                     uint32_t count, uint32_t *numbers);

/* Their numbers; UINT32_MAX: it is not there. */
void ndb_word_set_find(const struct ndb_word_set *set, const int64_t *words,
                       uint32_t count, uint32_t *numbers);

#endif
