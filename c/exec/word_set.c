/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/word_set.h"

#include <string.h>

#include "base/hash.h"
#include "base/prefetch.h"
#include "namidb.h"

enum {
    DIRECT_MIN = 1024, /* places of the first table */
    /* Places that a table by word may have for each word: as much memory as
     * the slots that it would need. */
    DIRECT_PER_WORD = 4,
    SLOTS_MIN = 64,
    BLOCK_WORDS = 64,
    /* Smaller tables are near enough. */
    PREFETCH_MIN = 1 << 14
};

/* Less one, so that all of 64 bits fit. */
static uint64_t span_of(int64_t low, int64_t high)
{
    return (uint64_t)high - (uint64_t)low;
}

static bool is_direct_worth(uint64_t span, uint32_t count)
{
    return span < DIRECT_MIN || span / DIRECT_PER_WORD < count;
}

/* ---------------------------------------------------------------- tables -- */

static uint32_t place_of(const struct ndb_word_set *set, int64_t word)
{
    return (uint32_t)((uint64_t)word - (uint64_t)set->base);
}

static bool is_within(const struct ndb_word_set *set, int64_t word)
{
    return span_of(set->base, word) < set->size;
}

static struct ndb_word_slot *slot_of(const struct ndb_word_set *set,
                                     int64_t word)
{
    uint32_t mask = set->size - 1;
    uint32_t at = (uint32_t)ndb_hash_integer((uint64_t)word) & mask;

    while (set->slots[at].number != 0 && set->slots[at].word != word)
        at = (at + 1) & mask;
    return &set->slots[at];
}

static int64_t less(int64_t word, uint64_t span)
{
    return span_of(INT64_MIN, word) < span ? INT64_MIN
                                           : (int64_t)((uint64_t)word - span);
}

static int64_t more(int64_t word, uint64_t span)
{
    return span_of(word, INT64_MAX) < span ? INT64_MAX
                                           : (int64_t)((uint64_t)word + span);
}

/* A table by word: what it had before, and as far again where it did not
 * reach. */
static int make_direct(struct ndb_word_set *set, int64_t low, int64_t high)
{
    bool is_first = set->direct == NULL;
    uint64_t span = span_of(low, high), size;
    int64_t begin = is_first ? low : set->base;
    int64_t end = is_first ? low : more(set->base, set->size - 1);
    uint32_t *direct;

    span = span < DIRECT_MIN ? DIRECT_MIN : span;
    if (low < begin)
        begin = less(low, span);
    if (high > end || is_first)
        end = more(high, span);
    size = span_of(begin, end) + 1;
    if (size > UINT32_MAX)
        return NAMIDB_ENOMEM;
    direct = ndb_arena_array(set->arena, (size_t)size, sizeof *direct);
    if (direct == NULL)
        return NAMIDB_ENOMEM;
    memset(direct, 0, (size_t)size * sizeof *direct);
    set->direct = direct;
    set->slots = NULL;
    set->size = (uint32_t)size;
    set->base = begin;
    for (uint32_t i = 0; i < set->count; i++)
        direct[place_of(set, set->words[i])] = i + 1;
    return NAMIDB_OK;
}

/* Slots of which `count` words take no more than half. */
static int make_slots(struct ndb_word_set *set, uint32_t count)
{
    uint32_t size = SLOTS_MIN;
    struct ndb_word_slot *slots;

    while (size / 2 < count && size != 0)
        size *= 2;
    slots = ndb_arena_array(set->arena, size, sizeof *slots);
    if (size == 0 || slots == NULL)
        return NAMIDB_ENOMEM;
    memset(slots, 0, size * sizeof *slots);
    set->direct = NULL;
    set->slots = slots;
    set->size = size;
    for (uint32_t i = 0; i < set->count; i++)
        *slot_of(set, set->words[i]) =
            (struct ndb_word_slot){ set->words[i], i + 1 };
    return NAMIDB_OK;
}

static int grow_words(struct ndb_word_set *set, uint32_t more)
{
    int64_t *words = ndb_arena_grow(set->arena, set->words, &set->capacity,
                                    set->count, more, sizeof *words);

    if (words == NULL)
        return NAMIDB_ENOMEM;
    set->words = words;
    return NAMIDB_OK;
}

/* Room for a block. */
static int reserve(struct ndb_word_set *set, const int64_t *words,
                   uint32_t count)
{
    int64_t low = set->count == 0 ? words[0] : set->low;
    int64_t high = set->count == 0 ? words[0] : set->high;
    uint32_t after = set->count + count;
    int rc = grow_words(set, count);

    for (uint32_t i = 0; i < count; i++) {
        low = words[i] < low ? words[i] : low;
        high = words[i] > high ? words[i] : high;
    }
    if (rc < 0)
        return rc;
    if (set->direct != NULL) {
        if (!is_within(set, low) || !is_within(set, high))
            rc = is_direct_worth(span_of(low, high), after)
                     ? make_direct(set, low, high)
                     : make_slots(set, after);
    } else if (set->size / 4 * 3 < after) {
        rc = is_direct_worth(span_of(low, high), after)
                 ? make_direct(set, low, high)
                 : make_slots(set, after);
    }
    if (rc < 0)
        return rc;
    set->low = low;
    set->high = high;
    return NAMIDB_OK;
}

/* Asks for the places of a block. */
static void look_ahead(const struct ndb_word_set *set, const int64_t *words,
                       uint32_t count)
{
    if (set->size < PREFETCH_MIN)
        return;
    for (uint32_t i = 0; set->direct != NULL && i < count; i++)
        if (is_within(set, words[i]))
            ndb_prefetch(&set->direct[place_of(set, words[i])]);
    for (uint32_t i = 0; set->direct == NULL && i < count; i++)
        ndb_prefetch(&set->slots[ndb_hash_integer((uint64_t)words[i]) &
                                 (set->size - 1)]);
}

/* ------------------------------------------------------------ operations -- */

static void add_direct(struct ndb_word_set *set, const int64_t *words,
                       uint32_t count, uint32_t *numbers)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *number = &set->direct[place_of(set, words[i])];

        if (*number == 0) {
            set->words[set->count++] = words[i];
            *number = set->count;
        }
        numbers[i] = *number - 1;
    }
}

static void add_slots(struct ndb_word_set *set, const int64_t *words,
                      uint32_t count, uint32_t *numbers)
{
    for (uint32_t i = 0; i < count; i++) {
        struct ndb_word_slot *slot = slot_of(set, words[i]);

        if (slot->number == 0) {
            set->words[set->count++] = words[i];
            *slot = (struct ndb_word_slot){ words[i], set->count };
        }
        numbers[i] = slot->number - 1;
    }
}

int ndb_word_set_add(struct ndb_word_set *set, const int64_t *words,
                     uint32_t count, uint32_t *numbers)
{
    for (uint32_t at = 0; at < count; at += BLOCK_WORDS) {
        uint32_t left = count - at < BLOCK_WORDS ? count - at : BLOCK_WORDS;

        if (reserve(set, words + at, left) < 0)
            return NAMIDB_ENOMEM;
        look_ahead(set, words + at, left);
        if (set->direct != NULL)
            add_direct(set, words + at, left, numbers + at);
        else
            add_slots(set, words + at, left, numbers + at);
    }
    return NAMIDB_OK;
}

void ndb_word_set_find(const struct ndb_word_set *set, const int64_t *words,
                       uint32_t count, uint32_t *numbers)
{
    for (uint32_t at = 0; at < count; at++) {
        if (at % BLOCK_WORDS == 0)
            look_ahead(set, words + at,
                       count - at < BLOCK_WORDS ? count - at : BLOCK_WORDS);
        numbers[at] = UINT32_MAX; /* free slots say the same */
        if (set->direct != NULL && is_within(set, words[at]))
            numbers[at] = set->direct[place_of(set, words[at])] - 1;
        else if (set->slots != NULL)
            numbers[at] = slot_of(set, words[at])->number - 1;
    }
}
