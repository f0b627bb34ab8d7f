/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/value_set.h"

#include <string.h>

#include "base/prefetch.h"
#include "exec/value_copy.h"

enum { SLOTS_MIN = 16 };

static uint64_t hash_row(const namidb_value *row, uint32_t width)
{
    uint64_t hash = 0;

    for (uint32_t i = 0; i < width; i++)
        hash = ndb_value_hash(&row[i], hash);
    return hash;
}

static uint32_t hash_of(const struct ndb_value_set *set,
                        const namidb_value *row)
{
    return (uint32_t)hash_row(row, set->width);
}

static bool is_same(const struct ndb_value_set *set, uint32_t number,
                    const namidb_value *row)
{
    for (uint32_t i = 0; i < set->width; i++)
        if (!ndb_equivalent(&set->rows[number][i], &row[i]))
            return false;
    return true;
}

/* ----------------------------------------------------------------- words -- */

/* Whether values of a kind are words while all are. */
static bool is_word_kind(uint32_t kind)
{
    return kind == NAMIDB_INT || kind == NAMIDB_NODE;
}

/* The number of a value among words; a float may be one of the integers. */
static uint32_t find_word(const struct ndb_value_set *set,
                          const namidb_value *value)
{
    int64_t word = 0;
    uint32_t number;

    if (value->kind == (uint32_t)set->words_kind) {
        word = ndb_word_of(set->words_kind, value);
    } else if (value->kind == NAMIDB_FLOAT && set->words_kind == NAMIDB_INT &&
               value->as.number >= -0x1p63 && value->as.number < 0x1p63) {
        word = (int64_t)value->as.number;
        if ((double)word != value->as.number)
            return UINT32_MAX;
    } else {
        return UINT32_MAX;
    }
    ndb_word_set_find(&set->words, &word, 1, &number);
    return number;
}

int ndb_value_set_add_words(struct ndb_value_set *set, enum namidb_kind kind,
                            const int64_t *words, uint32_t count,
                            uint32_t *numbers)
{
    int rc;

    set->words_kind = kind;
    set->words.arena = set->arena;
    rc = ndb_word_set_add(&set->words, words, count, numbers);
    set->count = set->words.count;
    return rc;
}

void ndb_value_set_find_words(const struct ndb_value_set *set,
                              const int64_t *words, uint32_t count,
                              uint32_t *numbers)
{
    ndb_word_set_find(&set->words, words, count, numbers);
}

static namidb_value value_of(enum namidb_kind kind, int64_t word)
{
    uint64_t bits = (uint64_t)word;

    if (kind == NAMIDB_INT)
        return ndb_integer(word);
    return ndb_node(bits << NAMIDB_TABLE_BITS |
                    bits >> (64 - NAMIDB_TABLE_BITS));
}

namidb_value ndb_value_set_get(const struct ndb_value_set *set, uint32_t number,
                               uint32_t index)
{
    if (set->words_kind != NAMIDB_NULL)
        return value_of(set->words_kind, set->words.words[number]);
    return set->rows[number][index];
}

/* ------------------------------------------------------------------ rows -- */

/* The slot where the row is or belongs. */
static struct ndb_value_slot *locate(const struct ndb_value_set *set,
                                     uint32_t hash, const namidb_value *row)
{
    uint32_t mask = set->slot_count - 1, at = hash & mask;

    for (;; at = (at + 1) & mask) {
        struct ndb_value_slot *slot = &set->slots[at];

        if (slot->number == 0 ||
            (slot->hash == hash && is_same(set, slot->number - 1, row)))
            return slot;
    }
}

/* From slot to slot: what stood side by side goes to two places, each in its
 * order. */
static int grow_slots(struct ndb_value_set *set)
{
    uint32_t count = set->slot_count == 0 ? SLOTS_MIN : set->slot_count * 2;
    struct ndb_value_slot *slots =
        ndb_arena_array(set->arena, count, sizeof *slots);

    if (slots == NULL || count == 0)
        return NAMIDB_ENOMEM;
    memset(slots, 0, count * sizeof *slots);
    for (uint32_t i = 0; i < set->slot_count; i++) {
        uint32_t at = set->slots[i].hash & (count - 1);

        if (set->slots[i].number == 0)
            continue;
        while (slots[at].number != 0)
            at = (at + 1) & (count - 1);
        slots[at] = set->slots[i];
    }
    set->slots = slots;
    set->slot_count = count;
    return NAMIDB_OK;
}

static int grow_rows(struct ndb_value_set *set)
{
    uint32_t capacity = set->capacity * 2 + SLOTS_MIN;
    namidb_value **rows = ndb_arena_array(set->arena, capacity, sizeof *rows);

    if (rows == NULL || capacity < set->capacity)
        return NAMIDB_ENOMEM;
    if (set->count != 0)
        memcpy(rows, set->rows, set->count * sizeof *rows);
    set->rows = rows;
    set->capacity = capacity;
    return NAMIDB_OK;
}

static uint32_t find_hashed(const struct ndb_value_set *set,
                            const namidb_value *row, uint32_t hash)
{
    if (set->slot_count == 0)
        return UINT32_MAX;
    return locate(set, hash, row)->number - 1; /* free: UINT32_MAX */
}

uint32_t ndb_value_set_find(const struct ndb_value_set *set,
                            const namidb_value *row)
{
    if (set->words_kind != NAMIDB_NULL)
        return find_word(set, row);
    return find_hashed(set, row, hash_of(set, row));
}

/* Room for one more. */
static int reserve(struct ndb_value_set *set)
{
    /* At most three of four slots are taken. */
    if (set->count >= set->slot_count / 4 * 3 && grow_slots(set) < 0)
        return NAMIDB_ENOMEM;
    return set->count == set->capacity ? grow_rows(set) : NAMIDB_OK;
}

static int add_hashed(struct ndb_value_set *set, const namidb_value *row,
                      uint32_t hash, uint32_t *number)
{
    struct ndb_value_slot *slot;
    namidb_value *copy;

    if (reserve(set) < 0)
        return NAMIDB_ENOMEM;
    slot = locate(set, hash, row);
    *number = slot->number - 1;
    if (slot->number != 0)
        return NAMIDB_OK;
    copy = ndb_row_room_next(&set->room, set->arena, set->count, set->width);
    if (copy == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < set->width; i++)
        if (ndb_query_value_copy(set->arena, &row[i], &copy[i]) < 0)
            return NAMIDB_ENOMEM;
    ndb_row_room_take(&set->room, set->width);
    *number = set->count++;
    set->rows[*number] = copy;
    *slot = (struct ndb_value_slot){ *number + 1, hash };
    return NAMIDB_OK;
}

/* Words become rows. */
static int leave_words(struct ndb_value_set *set)
{
    struct ndb_word_set words = set->words;
    enum namidb_kind kind = set->words_kind;
    uint32_t number;

    set->words_kind = NAMIDB_NULL;
    set->words = (struct ndb_word_set){ 0 };
    set->count = 0;
    for (uint32_t i = 0; i < words.count; i++) {
        namidb_value value = value_of(kind, words.words[i]);

        if (add_hashed(set, &value, hash_of(set, &value), &number) < 0)
            return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}

/* NAMIDB_NONE: rows are values, now if they were not. */
static int add_word(struct ndb_value_set *set, const namidb_value *row,
                    uint32_t *number)
{
    int64_t word;

    if (set->width == 1 && is_word_kind(row->kind) &&
        ndb_value_set_takes(set, (enum namidb_kind)row->kind)) {
        word = ndb_word_of((enum namidb_kind)row->kind, row);
        return ndb_value_set_add_words(set, (enum namidb_kind)row->kind, &word,
                                       1, number);
    }
    if (set->words_kind != NAMIDB_NULL && leave_words(set) < 0)
        return NAMIDB_ENOMEM;
    return NAMIDB_NONE;
}

int ndb_value_set_add(struct ndb_value_set *set, const namidb_value *row,
                      uint32_t *number, bool *is_new)
{
    uint32_t count = set->count;
    int rc = add_word(set, row, number);

    if (rc == NAMIDB_NONE)
        rc = add_hashed(set, row, hash_of(set, row), number);

    *is_new = set->count != count;
    return rc;
}

/* ----------------------------------------------------------- many at once --
 *
 * Three reads for a row, each of where the one before points to: the slot, the
 * place of the row, its values. Those of a block are made side by side.
 */

enum { BLOCK_ROWS = 64 };

/* Hashes of a block; asks for their slots. */
static void hash_block(const struct ndb_value_set *set,
                       const namidb_value *rows, uint32_t count,
                       uint32_t *hashes)
{
    for (uint32_t i = 0; i < count; i++) {
        hashes[i] = hash_of(set, rows + (size_t)i * set->width);
        if (set->slot_count != 0)
            ndb_prefetch(set->slots + (hashes[i] & (set->slot_count - 1)));
    }
}

/* Asks for the rows at their slots, as far as they may be meant. */
static void follow_block(const struct ndb_value_set *set,
                         const uint32_t *hashes, uint32_t count)
{
    uint32_t numbers[BLOCK_ROWS], found = 0;

    if (set->slot_count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct ndb_value_slot *slot =
            &set->slots[hashes[i] & (set->slot_count - 1)];

        if (slot->number == 0 || slot->hash != hashes[i])
            continue;
        numbers[found++] = slot->number - 1;
        ndb_prefetch(set->rows + slot->number - 1);
    }
    for (uint32_t i = 0; i < found; i++)
        ndb_prefetch(set->rows[numbers[i]]);
}

void ndb_value_set_find_all(const struct ndb_value_set *set,
                            const namidb_value *rows, uint32_t count,
                            uint32_t *numbers)
{
    uint32_t hashes[BLOCK_ROWS];

    for (uint32_t i = 0; set->words_kind != NAMIDB_NULL && i < count; i++)
        numbers[i] = find_word(set, rows + i);
    if (set->words_kind != NAMIDB_NULL)
        return;
    for (uint32_t at = 0; at < count; at += BLOCK_ROWS) {
        const namidb_value *block = rows + (size_t)at * set->width;
        uint32_t left = count - at < BLOCK_ROWS ? count - at : BLOCK_ROWS;

        hash_block(set, block, left, hashes);
        follow_block(set, hashes, left);
        for (uint32_t i = 0; i < left; i++)
            numbers[at + i] =
                find_hashed(set, block + (size_t)i * set->width, hashes[i]);
    }
}

int ndb_value_set_add_all(struct ndb_value_set *set, const namidb_value *rows,
                          uint32_t count, uint32_t *numbers)
{
    uint32_t hashes[BLOCK_ROWS], at = 0;
    int rc = NAMIDB_OK;

    for (; at < count && (set->words_kind != NAMIDB_NULL || set->count == 0);
         at++) {
        rc = add_word(set, rows + (size_t)at * set->width, &numbers[at]);
        if (rc < 0)
            return rc;
        if (rc == NAMIDB_NONE)
            break;
    }
    for (; at < count; at += BLOCK_ROWS) {
        const namidb_value *block = rows + (size_t)at * set->width;
        uint32_t left = count - at < BLOCK_ROWS ? count - at : BLOCK_ROWS;

        hash_block(set, block, left, hashes);
        follow_block(set, hashes, left);
        for (uint32_t i = 0; i < left && rc >= 0; i++)
            rc = add_hashed(set, block + (size_t)i * set->width, hashes[i],
                            &numbers[at + i]);
        if (rc < 0)
            return rc;
    }
    return NAMIDB_OK;
}
