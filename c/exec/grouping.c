/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/column_words.h"
#include "exec/grouping_internal.h"
#include "exec/kernel.h"

enum {
    /* Fewer rows do not repay the caches of each column. */
    PARTS_ROWS_MIN = 32,
    /* Rows that are looked up together. */
    BLOCK_ROWS = 64
};

_Static_assert(NDB_GROUPING_SLOTS >= 256, "an item of one byte is a slot");

int ndb_grouping_init(struct ndb_grouping *grouping, namidb_arena *arena,
                      const struct ndb_slots *slots)
{
    *grouping = (struct ndb_grouping){
        .keys = ndb_value_set_of(arena, slots->count),
        .slots = slots,
        .key = ndb_arena_array(arena, slots->count, sizeof *grouping->key),
    };
    if (grouping->key == NULL)
        return NAMIDB_ENOMEM;
    if (slots->count != 0)
        memset(grouping->key, 0, slots->count * sizeof *grouping->key);
    return NAMIDB_OK;
}

static int find_key(struct ndb_grouping *grouping, uint32_t *group)
{
    bool is_new;

    return ndb_value_set_add(&grouping->keys, grouping->key, group, &is_new);
}

int ndb_grouping_find_row(struct ndb_grouping *grouping,
                          const struct ndb_chunk *chunk, uint32_t at,
                          uint32_t *group)
{
    for (uint32_t i = 0; i < grouping->slots->count; i++)
        grouping->key[i] =
            ndb_vector_get(&chunk->columns[grouping->slots->items[i]], at);
    return find_key(grouping, group);
}

/* Empties the cache, unless it is of what the column holds. */
static int prepare_cache(struct ndb_grouping *grouping,
                         const struct ndb_vector *column)
{
    enum ndb_grouping_use use = column->form == NDB_FORM_CODED
                                    ? NDB_GROUPING_CODES
                                    : NDB_GROUPING_ITEMS;
    int64_t base = use == NDB_GROUPING_ITEMS ? column->with.base : 0;
    namidb_arena *arena = grouping->keys.arena;

    if (grouping->numbers == NULL) {
        grouping->numbers = ndb_arena_array(arena, NDB_GROUPING_SLOTS,
                                            sizeof *grouping->numbers);
        if (grouping->numbers == NULL)
            return NAMIDB_ENOMEM;
    } else if (grouping->use == use && grouping->base == base) {
        return NAMIDB_OK;
    }
    memset(grouping->numbers, 0,
           NDB_GROUPING_SLOTS * sizeof *grouping->numbers);
    grouping->use = use;
    grouping->base = base;
    return NAMIDB_OK;
}

/* The group of a row whose item, or code, was not met before. */
static int meet_item(struct ndb_grouping *grouping,
                     const struct ndb_vector *column, uint32_t at,
                     uint32_t item)
{
    uint32_t group;

    grouping->key[grouping->varying] = ndb_vector_get(column, at);
    if (find_key(grouping, &group) < 0)
        return NAMIDB_ENOMEM;
    grouping->numbers[item] = group + 1;
    return NAMIDB_OK;
}

/* The same for columns of bytes, unless it was. */
static inline int find_byte(struct ndb_grouping *grouping,
                            const struct ndb_vector *column, uint32_t at,
                            uint8_t item, uint32_t *group)
{
    if (grouping->numbers[item] == 0 &&
        meet_item(grouping, column, at, item) < 0)
        return NAMIDB_ENOMEM;
    *group = grouping->numbers[item] - 1;
    return NAMIDB_OK;
}

/* Small integers, or the codes of few texts. */
static int find_bytes(struct ndb_grouping *grouping,
                      const struct ndb_vector *column,
                      const struct ndb_chunk *chunk, uint32_t *groups)
{
    const uint8_t *items = column->as.items;
    const uint16_t *rows = chunk->rows;
    uint32_t count = chunk->count;

    for (uint32_t i = 0; rows == NULL && i < count; i++)
        if (find_byte(grouping, column, i, items[i], &groups[i]) < 0)
            return NAMIDB_ENOMEM;
    for (uint32_t i = 0; rows != NULL && i < count; i++)
        if (find_byte(grouping, column, rows[i], items[rows[i]], &groups[i]) <
            0)
            return NAMIDB_ENOMEM;
    return NAMIDB_OK;
}

static int make_block(struct ndb_grouping *grouping)
{
    if (grouping->block == NULL)
        grouping->block = ndb_arena_array(
            grouping->keys.arena, (size_t)grouping->slots->count * BLOCK_ROWS,
            sizeof *grouping->block);
    return grouping->block != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

/* All rows as words. NAMIDB_NONE: they are none. */
static int find_words(struct ndb_grouping *grouping,
                      const struct ndb_vector *column,
                      const struct ndb_chunk *chunk, uint32_t *groups)
{
    enum namidb_kind kind;
    const int64_t *words;

    if (grouping->words == NULL)
        grouping->words = ndb_arena_array(
            grouping->keys.arena, NDB_CHUNK_ROWS_MAX, sizeof *grouping->words);
    if (grouping->words == NULL)
        return NAMIDB_ENOMEM;
    words = ndb_column_words(column, chunk, grouping->words, &kind);
    if (words == NULL || !ndb_value_set_takes(&grouping->keys, kind))
        return NAMIDB_NONE;
    return ndb_value_set_add_words(&grouping->keys, kind, words, chunk->count,
                                   groups);
}

/* All rows as values. */
static int find_rows(struct ndb_grouping *grouping,
                     const struct ndb_chunk *chunk, uint32_t *groups)
{
    uint32_t width = grouping->slots->count;

    if (make_block(grouping) < 0)
        return NAMIDB_ENOMEM;
    for (uint32_t at = 0; at < chunk->count; at += BLOCK_ROWS) {
        uint32_t left = chunk->count - at;
        uint32_t count = left < BLOCK_ROWS ? left : BLOCK_ROWS;

        for (uint32_t i = 0; i < width; i++) {
            const struct ndb_vector *column =
                &chunk->columns[grouping->slots->items[i]];

            for (uint32_t j = 0; j < count; j++)
                grouping->block[(size_t)j * width + i] =
                    ndb_vector_get(column, ndb_chunk_row(chunk, at + j));
        }
        if (ndb_value_set_add_all(&grouping->keys, grouping->block, count,
                                  groups + at) < 0)
            return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}

static bool is_text_of(const struct ndb_grouping *grouping, uint32_t group,
                       const namidb_value *text)
{
    const namidb_value key =
        ndb_value_set_get(&grouping->keys, group, grouping->varying);

    return key.kind == text->kind && key.size == text->size &&
           (key.size == 0 ||
            memcmp(key.as.bytes, text->as.bytes, key.size) == 0);
}

/* Keeps of the cache what is true of another dictionary, too: mostly all of
 * it, and to compare two texts is much less than to look one up. */
static void check_codes(struct ndb_grouping *grouping,
                        const struct ndb_vector *column)
{
    for (uint32_t code = 0; code < column->text_count; code++) {
        uint32_t number = grouping->numbers[code];

        if (number != 0 &&
            !is_text_of(grouping, number - 1, &column->with.dictionary[code]))
            grouping->numbers[code] = 0;
    }
}

static int find_coded(struct ndb_grouping *grouping,
                      const struct ndb_vector *column,
                      const struct ndb_chunk *chunk, uint32_t *groups)
{
    if (prepare_cache(grouping, column) < 0)
        return NAMIDB_ENOMEM;
    check_codes(grouping, column);
    if (column->width == 1)
        return find_bytes(grouping, column, chunk, groups);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        uint32_t code = ndb_vector_code(column, at);

        if (grouping->numbers[code] == 0 &&
            meet_item(grouping, column, at, code) < 0)
            return NAMIDB_ENOMEM;
        groups[i] = grouping->numbers[code] - 1;
    }
    return NAMIDB_OK;
}

/* Whether a constant is the one that the cache was filled beside. What it
 * points to may be gone by the next chunk, so only plain ones are known again.
 */
static bool is_same_constant(const namidb_value *old, const namidb_value *new)
{
    if (new->kind == NAMIDB_NULL)
        return old->kind == new->kind;
    if (new->kind != NAMIDB_INT &&new->kind != NAMIDB_BOOL)
        return false;
    return old->kind == new->kind &&ndb_equivalent(old, new);
}

/* The one column that is no constant; NULL: there are more, or none. Sets the
 * rest of the key, and empties the cache when that is another. */
static const struct ndb_vector *only_column(struct ndb_grouping *grouping,
                                            const struct ndb_chunk *chunk)
{
    const struct ndb_vector *found = NULL;
    bool is_known = !grouping->is_stale;

    grouping->is_stale = true;
    for (uint32_t i = 0; i < grouping->slots->count; i++) {
        const struct ndb_vector *column =
            &chunk->columns[grouping->slots->items[i]];
        namidb_value value;

        if (!column->is_constant && column->form != NDB_FORM_NONE) {
            if (found != NULL)
                return NULL;
            found = column;
            is_known = is_known && grouping->varying == i;
            grouping->varying = i;
            continue;
        }
        value = ndb_vector_get(column, 0);
        is_known = is_known && is_same_constant(&grouping->key[i], &value);
        grouping->key[i] = value;
    }
    if (!is_known && grouping->numbers != NULL)
        memset(grouping->numbers, 0,
               NDB_GROUPING_SLOTS * sizeof *grouping->numbers);
    grouping->is_stale = false;
    return found;
}

int ndb_grouping_find(struct ndb_grouping *grouping,
                      const struct ndb_chunk *chunk, uint32_t *groups)
{
    const struct ndb_vector *column = only_column(grouping, chunk);
    int rc;

    if (column != NULL && column->form == NDB_FORM_NARROW &&
        column->width == 1 && column->nulls == NULL)
        return prepare_cache(grouping, column) < 0
                   ? NAMIDB_ENOMEM
                   : find_bytes(grouping, column, chunk, groups);
    if (column != NULL && column->form == NDB_FORM_CODED &&
        column->nulls == NULL && column->text_count <= NDB_GROUPING_SLOTS)
        return find_coded(grouping, column, chunk, groups);
    grouping->is_stale = true;
    if (column != NULL && grouping->slots->count == 1) {
        rc = find_words(grouping, column, chunk, groups);
        if (rc != NAMIDB_NONE)
            return rc;
    }
    if (grouping->slots->count > 1 && !grouping->is_wide &&
        chunk->count >= PARTS_ROWS_MIN) {
        rc = ndb_grouping_find_parts(grouping, chunk, groups);
        if (rc != NAMIDB_NONE)
            return rc;
        grouping->is_wide = true;
    }
    return find_rows(grouping, chunk, groups);
}
