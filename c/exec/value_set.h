/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_set.h - rows of values, found by what they are equivalent to: groups,
 * DISTINCT, the build side of a join.
 *
 * Open addressing; entries are numbered in the order in which they came. What
 * an entry hashes to stands in its slot, so that one that is not meant is
 * passed over where it is. Memory is an arena's, values are copied into it.
 *
 * Rows of one value are words (word_set.h) as long as all are integers, or all
 * are nodes; with the first that is not they become rows of values.
 */
#ifndef NDB_EXEC_VALUE_SET_H
#define NDB_EXEC_VALUE_SET_H

#include "exec/compare.h"
#include "exec/row_room.h"
#include "exec/word_set.h"

struct ndb_value_slot {
    uint32_t number; /* + 1; 0: free */
    uint32_t hash;   /* the lower half; the slot is found by it */
};

struct ndb_value_set {
    namidb_arena *arena;
    uint32_t width;              /* values in a row */
    enum namidb_kind words_kind; /* INT, NODE: rows are words; NULL: not */
    struct ndb_word_set words;
    namidb_value **rows; /* by number */
    uint32_t count, capacity;
    struct ndb_row_room room;
    struct ndb_value_slot *slots;
    uint32_t slot_count; /* a power of two; 0: none yet */
};

/* Zeroed is empty as well, once arena and width are set. */
static inline struct ndb_value_set ndb_value_set_of(namidb_arena *arena,
                                                    uint32_t width)
{
    return (struct ndb_value_set){ .arena = arena, .width = width };
}

/* A value as a word; nodes of one table lie close together. */
static inline int64_t ndb_word_of(enum namidb_kind kind,
                                  const namidb_value *value)
{
    uint64_t id = value->as.id;

    if (kind == NAMIDB_INT)
        return value->as.integer;
    return (int64_t)(id >> NAMIDB_TABLE_BITS | id << (64 - NAMIDB_TABLE_BITS));
}

/* Value `index` of a row. */
namidb_value ndb_value_set_get(const struct ndb_value_set *set, uint32_t number,
                               uint32_t index);

/* Whether words of a kind may be looked for, and added. */
static inline bool ndb_value_set_takes(const struct ndb_value_set *set,
                                       enum namidb_kind kind)
{
    return set->width == 1 && (set->words_kind == kind || set->count == 0);
}

/* As ndb_value_set_add_all, where they are taken. */
int ndb_value_set_add_words(struct ndb_value_set *set, enum namidb_kind kind,
                            const int64_t *words, uint32_t count,
                            uint32_t *numbers);
/* As ndb_value_set_find_all, where they are taken. */
void ndb_value_set_find_words(const struct ndb_value_set *set,
                              const int64_t *words, uint32_t count,
                              uint32_t *numbers);

/* The number of the row; UINT32_MAX: it is not there. */
uint32_t ndb_value_set_find(const struct ndb_value_set *set,
                            const namidb_value *row);

/* The same of `count` rows, one after the other in `rows`: what they are
 * compared with is asked for ahead. */
void ndb_value_set_find_all(const struct ndb_value_set *set,
                            const namidb_value *rows, uint32_t count,
                            uint32_t *numbers);

/* Finds or adds, in their order. NAMIDB_OK, or NAMIDB_ENOMEM: some of the rows
 * may have been added. */
int ndb_value_set_add_all(struct ndb_value_set *set, const namidb_value *rows,
                          uint32_t count, uint32_t *numbers);

/* Finds or adds. NAMIDB_OK, or NAMIDB_ENOMEM. */
int ndb_value_set_add(struct ndb_value_set *set, const namidb_value *row,
                      uint32_t *number, bool *is_new);

#endif
