/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mergemaps(map, ...): all entries, later maps over earlier ones. What a map
 * projection with .* becomes; null is no entries. mapof(key, value): a map of
 * one entry, for SET n[key] = value.
 */
#include "exec/function.h"

#include "base/slice.h"

static int compare_keys(const namidb_entry *a, const namidb_entry *b)
{
    return ndb_slice_compare(ndb_slice(a->key.as.bytes, a->key.size),
                             ndb_slice(b->key.as.bytes, b->key.size));
}

/* Both are in the order of their keys. */
static int merge(struct ndb_scalar *scalar, const namidb_value *a,
                 const namidb_value *b, namidb_value *out)
{
    namidb_entry *entries = ndb_arena_array(
        scalar->arena, (size_t)a->size + b->size, sizeof *entries);
    uint32_t i = 0, j = 0, count = 0;

    if (entries == NULL)
        return NAMIDB_ENOMEM;
    while (i < a->size || j < b->size) {
        int order = i == a->size ? 1
                    : j == b->size
                        ? -1
                        : compare_keys(&a->as.entries[i], &b->as.entries[j]);

        entries[count++] = order < 0 ? a->as.entries[i] : b->as.entries[j];
        i += order <= 0;
        j += order >= 0;
    }
    *out = (namidb_value){ .kind = NAMIDB_MAP,
                           .size = count,
                           .as.entries = entries };
    return NAMIDB_OK;
}

static int fn_merge_maps(struct ndb_scalar *scalar, const namidb_value *args,
                         uint32_t count, namidb_value *out)
{
    namidb_value merged = { .kind = NAMIDB_MAP };
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        namidb_value before = merged;

        if (ndb_is_null(&args[i]))
            continue;
        if (args[i].kind != NAMIDB_MAP)
            return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                             "a value of type %s among maps",
                             ndb_kind_name(args[i].kind));
        rc = merge(scalar, &before, &args[i], &merged);
    }
    *out = merged;
    return rc;
}

static int fn_map_of(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    namidb_entry *entry;

    (void)count;
    if (args[0].kind != NAMIDB_STRING)
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "a property's name is a String, not a value of type "
                         "%s",
                         ndb_kind_name(args[0].kind));
    entry = ndb_arena_array(scalar->arena, 1, sizeof *entry);
    if (entry == NULL)
        return NAMIDB_ENOMEM;
    *entry = (namidb_entry){ .key = args[0], .value = args[1] };
    *out = (namidb_value){ .kind = NAMIDB_MAP, .size = 1, .as.entries = entry };
    return NAMIDB_OK;
}

const struct ndb_function NDB_MAP_FUNCTIONS[] = {
    { "mergemaps", 1, UINT8_MAX, true, fn_merge_maps },
    { "mapof", 2, 2, true, fn_map_of },
    { NULL, 0, 0, false, NULL },
};
