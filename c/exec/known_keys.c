/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/known_keys.h"

#include "base/limits.h"
#include "format/value.h"

enum { AHEAD_KEYS = 64, CAPACITY_MIN = 1 << 12 };

/* How a key stands in the buffer; its text follows. */
struct entry {
    uint64_t id;
    uint32_t table;
    uint16_t text_bytes;
    uint8_t kind;
};
_Static_assert(sizeof(struct entry) == 16, "texts begin at a multiple of 8");
_Static_assert(NDB_KEY_BYTES_MAX <= UINT16_MAX, "the length of a key's text");

void ndb_known_keys_release(struct ndb_known_keys *known)
{
    ndb_table_release(&known->places);
    ndb_free(known->bytes);
    *known = NDB_KNOWN_KEYS_INIT;
}

size_t ndb_known_keys_bytes(const struct ndb_known_keys *known)
{
    return known->capacity +
           known->places.capacity * sizeof *known->places.slots;
}

static uint64_t hash_of(uint32_t table, const namidb_value *key)
{
    return (ndb_key_hash(key) ^ ndb_hash_integer(table + 1)) | 1;
}

/* The bytes that tell a key from others of its kind. */
static struct ndb_slice text_of(const namidb_value *key)
{
    return key->kind == NAMIDB_INT
               ? ndb_slice(&key->as.integer, sizeof key->as.integer)
               : ndb_slice(key->as.bytes, key->size);
}

/* --------------------------------------------------------------- finding -- */

static const struct entry *entry_at(const struct ndb_known_keys *known,
                                    uint32_t place)
{
    return (const struct entry *)(const void *)(known->bytes +
                                                (size_t)place * 8);
}

static bool is_same(const struct entry *entry, uint32_t table,
                    const namidb_value *key)
{
    return entry->table == table && entry->kind == key->kind &&
           ndb_slice_equal(ndb_slice(entry + 1, entry->text_bytes),
                           text_of(key));
}

/* Where a key is remembered is two steps away, each anywhere in memory: each is
 * taken for all keys before the next. */
static void find_some(const struct ndb_known_keys *known, uint32_t table,
                      namidb_values keys, size_t count, uint64_t *ids)
{
    uint64_t hashes[AHEAD_KEYS];
    uint32_t places[AHEAD_KEYS];

    for (size_t i = 0; i < count; i++) {
        const namidb_value *key = &keys.items[i * keys.stride];

        hashes[i] = ndb_key_check(key, NULL) >= 0 ? hash_of(table, key) : 0;
        ndb_table_prefetch(&known->places, hashes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        places[i] = hashes[i] != 0 ? ndb_table_find(&known->places, hashes[i])
                                   : NDB_TABLE_NONE;
        if (places[i] != NDB_TABLE_NONE)
            ndb_prefetch(entry_at(known, places[i]));
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = 0;
        if (places[i] != NDB_TABLE_NONE &&
            is_same(entry_at(known, places[i]), table,
                    &keys.items[i * keys.stride]))
            ids[i] = entry_at(known, places[i])->id;
    }
}

void ndb_known_keys_find(const struct ndb_known_keys *known, uint32_t table,
                         namidb_values keys, size_t count, uint64_t *ids)
{
    for (size_t begin = 0; begin < count; begin += AHEAD_KEYS) {
        size_t left = count - begin;

        find_some(
            known, table,
            (namidb_values){ keys.items + begin * keys.stride, keys.stride },
            left < AHEAD_KEYS ? left : AHEAD_KEYS, ids + begin);
    }
}

/* ---------------------------------------------------------------- adding -- */

/* The bytes that it would hold with room for one more entry. */
static size_t bytes_with(const struct ndb_known_keys *known, size_t capacity)
{
    size_t slots = known->places.capacity;

    if (!ndb_table_has_room(&known->places, 1))
        slots = slots * 2 + 16;
    return capacity + slots * sizeof *known->places.slots;
}

/* Room for an entry; false: there is no memory, or not so much. */
static bool make_room(struct ndb_known_keys *known, size_t bytes,
                      size_t bytes_max)
{
    size_t capacity = known->capacity;
    uint8_t *grown;

    if (known->used + bytes > capacity)
        capacity = capacity * 2 + CAPACITY_MIN;
    if (bytes_with(known, capacity) > bytes_max) {
        ndb_known_keys_release(known);
        capacity = CAPACITY_MIN;
        if (bytes_with(known, capacity) > bytes_max)
            return false;
    }
    if (ndb_table_reserve(&known->places, 1) < 0)
        return false;
    if (capacity == known->capacity)
        return true;
    grown = ndb_realloc(known->bytes, capacity, 1);
    if (grown == NULL)
        return false;
    known->bytes = grown;
    known->capacity = capacity;
    return true;
}

static void add(struct ndb_known_keys *known, const struct ndb_key_probe *found,
                uint64_t hash, size_t bytes_max)
{
    struct ndb_slice text = text_of(&found->key);
    size_t bytes = sizeof(struct entry) + (text.bytes + 7) / 8 * 8;
    struct entry entry = { found->id, found->table, (uint16_t)text.bytes,
                           (uint8_t)found->key.kind };
    uint8_t *at;

    if (ndb_table_find(&known->places, hash) != NDB_TABLE_NONE ||
        !make_room(known, bytes, bytes_max))
        return;
    at = known->bytes + known->used;
    memcpy(at, &entry, sizeof entry);
    memcpy(at + sizeof entry, text.data, text.bytes);
    (void)ndb_table_add(&known->places, hash, (uint32_t)(known->used / 8));
    known->used += bytes;
}

/* At most AHEAD_KEYS. */
static void add_some(struct ndb_known_keys *known,
                     const struct ndb_key_probe *found, size_t count,
                     size_t bytes_max)
{
    uint64_t hashes[AHEAD_KEYS];

    for (size_t i = 0; i < count; i++) {
        if (found[i].id == 0)
            continue;
        hashes[i] = hash_of(found[i].table, &found[i].key);
        ndb_table_prefetch(&known->places, hashes[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (found[i].id != 0)
            add(known, &found[i], hashes[i], bytes_max);
}

void ndb_known_keys_add(struct ndb_known_keys *known,
                        const struct ndb_key_probe *found, size_t count,
                        size_t bytes_max)
{
    for (size_t begin = 0; begin < count; begin += AHEAD_KEYS) {
        size_t left = count - begin;

        add_some(known, found + begin, left < AHEAD_KEYS ? left : AHEAD_KEYS,
                 bytes_max);
    }
}
