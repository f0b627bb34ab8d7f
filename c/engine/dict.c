/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/dict.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/utf8.h"

struct name {
    const char *text;
    uint32_t bytes;
    uint32_t next; /* with the same hash; 0: none */
};

struct names {
    struct name *items; /* items[number - 1] */
    uint32_t count, capacity;
    struct ndb_table numbers; /* hash of the text -> newest number */
};

struct ndb_dict {
    uint64_t serial; /* constant */
    pthread_rwlock_t lock;
    namidb_arena arena; /* of texts; they never move */
    struct names kinds[NAMIDB_NAME_KIND_COUNT];
};

static const uint32_t COUNT_MAX[NAMIDB_NAME_KIND_COUNT] = {
    [NAMIDB_LABEL] = NDB_LABEL_COUNT_MAX,
    [NAMIDB_TYPE] = NDB_TYPE_COUNT_MAX,
    [NAMIDB_PROPERTY] = NDB_PROPERTY_COUNT_MAX,
};
static const char *const KIND_TEXT[NAMIDB_NAME_KIND_COUNT] = {
    [NAMIDB_LABEL] = "label",
    [NAMIDB_TYPE] = "type",
    [NAMIDB_PROPERTY] = "property",
};

int ndb_dict_new(struct ndb_dict **dict)
{
    static uint64_t serials; /* atomic */

    *dict = ndb_calloc(1, sizeof **dict);
    if (*dict == NULL)
        return NAMIDB_ENOMEM;
    (*dict)->serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
    (void)pthread_rwlock_init(&(*dict)->lock, NULL);
    return NAMIDB_OK;
}

uint64_t ndb_dict_serial(const struct ndb_dict *dict)
{
    return dict->serial;
}

void ndb_dict_free(struct ndb_dict *dict)
{
    if (dict == NULL)
        return;
    for (int kind = 0; kind < NAMIDB_NAME_KIND_COUNT; kind++) {
        ndb_free(dict->kinds[kind].items);
        ndb_table_release(&dict->kinds[kind].numbers);
    }
    ndb_arena_release(&dict->arena);
    (void)pthread_rwlock_destroy(&dict->lock);
    ndb_free(dict);
}

/* A table's key is never 0. */
static uint64_t hash_of(struct ndb_slice name)
{
    return ndb_hash64(name) | 1;
}

static uint32_t find(const struct names *names, struct ndb_slice name)
{
    uint32_t number = ndb_table_find(&names->numbers, hash_of(name));

    if (number == NDB_TABLE_NONE)
        return 0;
    while (number != 0) {
        const struct name *item = &names->items[number - 1];

        if (ndb_slice_equal(ndb_slice(item->text, item->bytes), name))
            break;
        number = item->next;
    }
    return number;
}

static int append(struct ndb_dict *dict, struct names *names,
                  struct ndb_slice name)
{
    uint64_t hash = hash_of(name);
    uint32_t older = ndb_table_find(&names->numbers, hash);
    char *text;

    if (names->count == names->capacity) {
        uint32_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        struct name *items = ndb_realloc(names->items, capacity, sizeof *items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        names->items = items;
        names->capacity = capacity;
    }
    text = ndb_arena_alloc(&dict->arena, name.bytes + 1);
    if (text == NULL || ndb_table_reserve(&names->numbers, 1) < 0)
        return NAMIDB_ENOMEM;
    memcpy(text, name.data, name.bytes);
    text[name.bytes] = '\0';
    names->items[names->count++] =
        (struct name){ text, (uint32_t)name.bytes,
                       older == NDB_TABLE_NONE ? 0 : older };
    if (older == NDB_TABLE_NONE)
        (void)ndb_table_add(&names->numbers, hash, names->count);
    else
        ndb_table_slot(&names->numbers, hash)->number = names->count;
    return NAMIDB_OK;
}

uint32_t ndb_dict_find(struct ndb_dict *dict, enum namidb_name_kind kind,
                       struct ndb_slice name)
{
    uint32_t number;

    (void)pthread_rwlock_rdlock(&dict->lock);
    number = find(&dict->kinds[kind], name);
    (void)pthread_rwlock_unlock(&dict->lock);
    return number;
}

const char *ndb_dict_name(struct ndb_dict *dict, enum namidb_name_kind kind,
                          uint32_t number, size_t *bytes)
{
    const struct names *names = &dict->kinds[kind];
    const char *text = NULL;

    (void)pthread_rwlock_rdlock(&dict->lock);
    if (number != 0 && number <= names->count) {
        text = names->items[number - 1].text;
        if (bytes != NULL)
            *bytes = names->items[number - 1].bytes;
    }
    (void)pthread_rwlock_unlock(&dict->lock);
    return text;
}

uint32_t ndb_dict_count(struct ndb_dict *dict, enum namidb_name_kind kind)
{
    uint32_t count;

    (void)pthread_rwlock_rdlock(&dict->lock);
    count = dict->kinds[kind].count;
    (void)pthread_rwlock_unlock(&dict->lock);
    return count;
}

/* Names are C strings in many places: a NUL may not stand in one. */
static bool is_name(struct ndb_slice name)
{
    return name.bytes != 0 && memchr(name.data, 0, name.bytes) == NULL &&
           ndb_utf8_is_valid(name);
}

int ndb_dict_add(struct ndb_dict *dict, enum namidb_name_kind kind,
                 struct ndb_slice name, uint32_t *number, namidb_error *err)
{
    struct names *names = &dict->kinds[kind];
    int rc = NAMIDB_OK;

    if (name.bytes > NDB_NAME_BYTES_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "%s name longer than %u bytes",
                        KIND_TEXT[kind], NDB_NAME_BYTES_MAX);
    if (!is_name(name))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "%s name is empty, not UTF-8, or holds a NUL",
                        KIND_TEXT[kind]);
    (void)pthread_rwlock_wrlock(&dict->lock);
    *number = find(names, name);
    if (*number == 0 && names->count == COUNT_MAX[kind])
        rc = ndb_fail(err, NAMIDB_ELIMIT, "more than %u different %s names",
                      COUNT_MAX[kind], KIND_TEXT[kind]);
    else if (*number == 0 && append(dict, names, name) < 0)
        rc = ndb_fail_memory(err);
    else if (*number == 0)
        *number = names->count;
    (void)pthread_rwlock_unlock(&dict->lock);
    return rc;
}

int ndb_dict_define(struct ndb_dict *dict, enum namidb_name_kind kind,
                    uint32_t number, struct ndb_slice name)
{
    struct names *names = &dict->kinds[kind];
    uint32_t known;
    int rc = NAMIDB_OK;

    if (name.bytes > NDB_NAME_BYTES_MAX || !is_name(name))
        return NAMIDB_ECORRUPT;
    (void)pthread_rwlock_wrlock(&dict->lock);
    known = find(names, name);
    if (known != 0)
        rc = known == number ? NAMIDB_OK : NAMIDB_ECORRUPT;
    else if (number != names->count + 1 || number > COUNT_MAX[kind])
        rc = NAMIDB_ECORRUPT;
    else
        rc = append(dict, names, name);
    (void)pthread_rwlock_unlock(&dict->lock);
    return rc;
}

int ndb_dict_load(struct ndb_dict *dict, const struct ndb_manifest *manifest)
{
    for (int kind = 0; kind < NAMIDB_NAME_KIND_COUNT; kind++) {
        for (uint32_t i = 0; i < manifest->name_count[kind]; i++) {
            const struct ndb_manifest_name *name = &manifest->names[kind][i];
            int rc = ndb_dict_define(dict, (enum namidb_name_kind)kind, i + 1,
                                     ndb_slice(name->text, name->bytes));

            if (rc < 0)
                return rc;
        }
    }
    return NAMIDB_OK;
}
