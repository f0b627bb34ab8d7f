/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/list.h"

#include "exec/function.h"
#include "exec/text.h"

const namidb_value *ndb_map_get(const namidb_value *map, struct ndb_slice key)
{
    const namidb_entry *entries = map->as.entries;
    size_t low = 0, high = map->size;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = ndb_slice_compare(ndb_text_of(&entries[middle].key), key);

        if (order == 0)
            return &entries[middle].value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int map_at(struct ndb_scalar *scalar, const namidb_value *map,
                  const namidb_value *key, namidb_value *out)
{
    const namidb_value *found;

    if (key->kind != NAMIDB_STRING)
        return ndb_raise(scalar->err, NDB_FAULT_MAP_KEY,
                         "a map is read by a String, not by %s",
                         ndb_kind_name(key->kind));
    found = ndb_map_get(map, ndb_text_of(key));
    *out = found != NULL ? *found : ndb_null();
    return NAMIDB_OK;
}

static bool is_among(struct ndb_slice key, const char *const *names)
{
    for (; *names != NULL; names++)
        if (ndb_slice_equal(key, ndb_slice_text(*names)))
            return true;
    return false;
}

int ndb_map_check_keys(struct ndb_scalar *scalar, const namidb_value *map,
                       const char *const *names, const char *what)
{
    for (uint32_t i = 0; i < map->size; i++) {
        struct ndb_slice key = ndb_text_of(&map->as.entries[i].key);

        if (!is_among(key, names))
            return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                             "%s has no field %.*s", what,
                             (int)(key.bytes < 64 ? key.bytes : 64),
                             (const char *)key.data);
    }
    return NAMIDB_OK;
}

static int bad_index(struct ndb_scalar *scalar, const namidb_value *index)
{
    return ndb_raise(scalar->err, NDB_FAULT_LIST_INDEX,
                     "a list is read by an Integer, not by %s",
                     ndb_kind_name(index->kind));
}

int ndb_list_at(struct ndb_scalar *scalar, const namidb_value *container,
                const namidb_value *index, namidb_value *out)
{
    int64_t at;

    if (ndb_is_null(container) || ndb_is_null(index)) {
        *out = ndb_null();
        return NAMIDB_OK;
    }
    if (container->kind == NAMIDB_MAP)
        return map_at(scalar, container, index, out);
    if (container->kind != NAMIDB_LIST && container->kind != NAMIDB_VECTOR)
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "%s has no items to read by [ ]",
                         ndb_kind_name(container->kind));
    if (index->kind != NAMIDB_INT)
        return bad_index(scalar, index);
    at = index->as.integer;
    if (at < 0)
        at += container->size;
    if (at < 0 || at >= (int64_t)container->size)
        *out = ndb_null();
    else if (container->kind == NAMIDB_LIST)
        *out = container->as.items[at];
    else
        *out = ndb_float((double)container->as.floats[at]);
    return NAMIDB_OK;
}

/* A bound of a slice as a position in the list. */
static int bound(struct ndb_scalar *scalar, const namidb_value *value,
                 int64_t size, int64_t *at)
{
    if (value == NULL)
        return NAMIDB_OK;
    if (value->kind != NAMIDB_INT)
        return bad_index(scalar, value);
    *at = value->as.integer;
    if (*at < 0)
        *at += size;
    if (*at < 0)
        *at = 0;
    if (*at > size)
        *at = size;
    return NAMIDB_OK;
}

static int slice_vector(struct ndb_scalar *scalar, const namidb_value *vector,
                        int64_t first, int64_t last, namidb_value *out)
{
    namidb_value *items;
    int rc = ndb_function_items(scalar, (size_t)(last - first), &items);

    if (rc < 0)
        return rc;
    for (int64_t i = first; i < last; i++)
        items[i - first] = ndb_float((double)vector->as.floats[i]);
    *out = ndb_list(items, (size_t)(last - first));
    return NAMIDB_OK;
}

int ndb_list_slice(struct ndb_scalar *scalar, const namidb_value *list,
                   const namidb_value *from, const namidb_value *to,
                   namidb_value *out)
{
    int64_t first = 0, last = list->size;
    int rc;

    if (ndb_is_null(list) || (from != NULL && ndb_is_null(from)) ||
        (to != NULL && ndb_is_null(to))) {
        *out = ndb_null();
        return NAMIDB_OK;
    }
    if (list->kind != NAMIDB_LIST && list->kind != NAMIDB_VECTOR)
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "%s has no items to read by [ .. ]",
                         ndb_kind_name(list->kind));
    rc = bound(scalar, from, list->size, &first);
    if (rc == NAMIDB_OK)
        rc = bound(scalar, to, list->size, &last);
    if (rc < 0)
        return rc;
    if (last < first)
        last = first;
    if (list->kind == NAMIDB_VECTOR)
        return slice_vector(scalar, list, first, last, out);
    *out = ndb_list(list->size != 0 ? list->as.items + first : NULL,
                    (size_t)(last - first));
    return NAMIDB_OK;
}

int ndb_in_check(struct ndb_scalar *scalar, const namidb_value *list)
{
    if (ndb_is_null(list) || list->kind == NAMIDB_LIST ||
        list->kind == NAMIDB_VECTOR)
        return NAMIDB_OK;
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "IN: expected List, got %s", ndb_kind_name(list->kind));
}

int ndb_in(struct ndb_scalar *scalar, const namidb_value *item,
           const namidb_value *list, enum ndb_truth *out)
{
    int rc = ndb_in_check(scalar, list);

    *out = NDB_UNKNOWN;
    if (rc < 0 || ndb_is_null(list))
        return rc;
    if (list->kind == NAMIDB_VECTOR) {
        *out = ndb_is_null(item) && list->size != 0 ? NDB_UNKNOWN : NDB_FALSE;
        for (uint32_t i = 0; i < list->size && *out == NDB_FALSE; i++) {
            namidb_value number = ndb_float((double)list->as.floats[i]);

            *out = ndb_equal(item, &number);
        }
        return NAMIDB_OK;
    }
    *out = NDB_FALSE;
    for (uint32_t i = 0; i < list->size; i++) {
        enum ndb_truth truth = ndb_equal(item, &list->as.items[i]);

        if (truth == NDB_TRUE) {
            *out = NDB_TRUE;
            break;
        }
        if (truth == NDB_UNKNOWN)
            *out = NDB_UNKNOWN;
    }
    return NAMIDB_OK;
}
