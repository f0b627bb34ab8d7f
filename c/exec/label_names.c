/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/label_names.h"

#include "base/slice.h"

static int wrong_type(namidb_error *err, const char *where,
                      const namidb_value *value)
{
    return ndb_raise(err, NDB_FAULT_ARGUMENT_TYPE,
                     "$(...) names labels or types by a String or a List of "
                     "them, not by %s%s",
                     where,
                     ndb_is_null(value) ? "null" : ndb_kind_name(value->kind));
}

int ndb_label_names(namidb_error *err, const namidb_value *value,
                    const namidb_value **names, uint32_t *count)
{
    *names = value;
    *count = 1;
    if (value->kind == NAMIDB_STRING)
        return NAMIDB_OK;
    if (value->kind != NAMIDB_LIST)
        return wrong_type(err, "", value);
    *names = value->as.items;
    *count = value->size;
    for (uint32_t i = 0; i < value->size; i++)
        if (value->as.items[i].kind != NAMIDB_STRING)
            return wrong_type(err, "a List with ", &value->as.items[i]);
    return NAMIDB_OK;
}

static bool is_among(const namidb_value *name, const namidb_value *list)
{
    struct ndb_slice wanted = ndb_slice(name->as.bytes, name->size);

    for (uint32_t i = 0; i < list->size; i++)
        if (ndb_slice_equal(wanted, ndb_slice(list->as.items[i].as.bytes,
                                              list->as.items[i].size)))
            return true;
    return false;
}

/* Stops at the first name that decides. */
static int has(struct ndb_scalar *scalar, const namidb_value *args, bool is_any,
               namidb_value *out)
{
    const namidb_value *names;
    uint32_t count;
    int rc = ndb_label_names(scalar->err, &args[1], &names, &count);
    bool is_so = !is_any;

    if (rc < 0)
        return rc;
    *out = ndb_null();
    if (ndb_is_null(&args[0]))
        return NAMIDB_OK;
    for (uint32_t i = 0; i < count && is_so != is_any; i++)
        is_so = is_among(&names[i], &args[0]);
    *out = ndb_boolean(is_so);
    return NAMIDB_OK;
}

static int fn_has_all_names(struct ndb_scalar *scalar, const namidb_value *args,
                            uint32_t count, namidb_value *out)
{
    (void)count;
    return has(scalar, args, false, out);
}

static int fn_has_any_name(struct ndb_scalar *scalar, const namidb_value *args,
                           uint32_t count, namidb_value *out)
{
    (void)count;
    return has(scalar, args, true, out);
}

const struct ndb_function NDB_LABEL_FUNCTIONS[] = {
    { "hasallnames", 2, 2, true, fn_has_all_names },
    { "hasanyname", 2, 2, true, fn_has_any_name },
    { NULL, 0, 0, false, NULL },
};
