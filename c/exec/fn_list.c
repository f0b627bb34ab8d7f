/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fn_list.c - functions of lists and maps, and those that strings share with
 * them.
 */
#include "exec/function.h"

#include "exec/arithmetic.h"
#include "exec/compare.h"
#include "exec/text.h"

static int want_list(struct ndb_scalar *scalar, const char *function,
                     const namidb_value *value)
{
    if (value->kind == NAMIDB_LIST)
        return NAMIDB_OK;
    return ndb_function_type(scalar, function, "List", value);
}

/* Items of first, first + step, ... that do not pass `last`. Counted unsigned:
 * the distance between two integers may be 2^64 - 1. */
static uint64_t range_count(int64_t first, int64_t last, int64_t step)
{
    uint64_t distance, stride;

    if (step > 0 ? first > last : first < last)
        return 0;
    distance = step > 0 ? (uint64_t)last - (uint64_t)first
                        : (uint64_t)first - (uint64_t)last;
    stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    distance /= stride;
    return distance < UINT64_MAX ? distance + 1 : distance;
}

static int call_range(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    int64_t step = 1;
    uint64_t number;
    namidb_value *items;
    int rc;

    for (uint32_t i = 0; i < count; i++)
        if (args[i].kind != NAMIDB_INT)
            return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT,
                             "range(): expected Integer, got %s",
                             ndb_kind_name(args[i].kind));
    if (count > 2)
        step = args[2].as.integer;
    if (step == 0)
        return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                         "range(): a step of 0");
    number = range_count(args[0].as.integer, args[1].as.integer, step);
    rc = ndb_function_items(scalar, number, &items);
    if (rc < 0)
        return rc;
    for (uint64_t i = 0; i < number; i++)
        items[i] = ndb_integer(
            (int64_t)((uint64_t)args[0].as.integer + i * (uint64_t)step));
    *out = ndb_list(items, number);
    return NAMIDB_OK;
}

static int call_head(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    int rc = want_list(scalar, "head", args);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = args->size != 0 ? args->as.items[0] : ndb_null();
    return rc;
}

static int call_last(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    int rc = want_list(scalar, "last", args);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = args->size != 0 ? args->as.items[args->size - 1] : ndb_null();
    return rc;
}

static int call_tail(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    int rc = want_list(scalar, "tail", args);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = args->size != 0 ? ndb_list(args->as.items + 1, args->size - 1)
                               : *args;
    return rc;
}

static int call_size(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    (void)count;
    switch (args->kind) {
    case NAMIDB_STRING:
        *out = ndb_integer((int64_t)ndb_text_count(ndb_text_of(args)));
        return NAMIDB_OK;
    case NAMIDB_BYTES:
    case NAMIDB_LIST:
    case NAMIDB_VECTOR:
        *out = ndb_integer(args->size);
        return NAMIDB_OK;
    default:
        return ndb_function_type(scalar, "size", "List or String", args);
    }
}

static int call_is_empty(struct ndb_scalar *scalar, const namidb_value *args,
                         uint32_t count, namidb_value *out)
{
    (void)count;
    if (args->kind != NAMIDB_STRING && args->kind != NAMIDB_BYTES &&
        args->kind != NAMIDB_LIST && args->kind != NAMIDB_VECTOR &&
        args->kind != NAMIDB_MAP)
        return ndb_function_type(scalar, "isEmpty", "List, Map or String",
                                 args);
    *out = ndb_boolean(args->size == 0);
    return NAMIDB_OK;
}

static int reverse_string(struct ndb_scalar *scalar, struct ndb_slice text,
                          namidb_value *out)
{
    const char *from = (const char *)text.data;
    size_t to = text.bytes, step;
    char *copy;
    int rc = ndb_function_text(scalar, text.bytes, &copy);

    if (rc < 0)
        return rc;
    for (size_t at = 0; at < text.bytes; at += step) {
        step = ndb_text_step(from + at, text.bytes - at);
        to -= step;
        memcpy(copy + to, from + at, step);
    }
    *out = ndb_string(copy, text.bytes);
    return NAMIDB_OK;
}

static int call_reverse(struct ndb_scalar *scalar, const namidb_value *args,
                        uint32_t count, namidb_value *out)
{
    namidb_value *items;
    int rc;

    (void)count;
    if (args->kind == NAMIDB_STRING)
        return reverse_string(scalar, ndb_text_of(args), out);
    if (args->kind != NAMIDB_LIST)
        return ndb_function_type(scalar, "reverse", "List or String", args);
    rc = ndb_function_items(scalar, args->size, &items);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < args->size; i++)
        items[i] = args->as.items[args->size - 1 - i];
    *out = ndb_list(items, args->size);
    return NAMIDB_OK;
}

static int call_coalesce(struct ndb_scalar *scalar, const namidb_value *args,
                         uint32_t count, namidb_value *out)
{
    (void)scalar;
    *out = ndb_null();
    for (uint32_t i = 0; i < count && ndb_is_null(out); i++)
        *out = args[i];
    return NAMIDB_OK;
}

static int call_null_if(struct ndb_scalar *scalar, const namidb_value *args,
                        uint32_t count, namidb_value *out)
{
    (void)scalar;
    (void)count;
    *out = ndb_equal(&args[0], &args[1]) == NDB_TRUE ? ndb_null() : args[0];
    return NAMIDB_OK;
}

static int call_keys(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    namidb_value *items;
    int rc;

    (void)count;
    if (args->kind != NAMIDB_MAP)
        return ndb_function_type(scalar, "keys", "Map, Node or Relationship",
                                 args);
    rc = ndb_function_items(scalar, args->size, &items);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < args->size; i++)
        items[i] = args->as.entries[i].key;
    *out = ndb_list(items, args->size);
    return NAMIDB_OK;
}

/* a || b: two strings or two lists, and nothing else. */
static int call_concat(struct ndb_scalar *scalar, const namidb_value *args,
                       uint32_t count, namidb_value *out)
{
    (void)count;
    if (args[0].kind != args[1].kind ||
        (args[0].kind != NAMIDB_STRING && args[0].kind != NAMIDB_LIST))
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "|| joins two Strings or two Lists, not %s and %s",
                         ndb_kind_name(args[0].kind),
                         ndb_kind_name(args[1].kind));
    return ndb_add(scalar, &args[0], &args[1], out);
}

const struct ndb_function NDB_LIST_FUNCTIONS[] = {
    { "range", 2, 3, false, call_range },
    { "head", 1, 1, false, call_head },
    { "last", 1, 1, false, call_last },
    { "tail", 1, 1, false, call_tail },
    { "size", 1, 1, false, call_size },
    { "isempty", 1, 1, false, call_is_empty },
    { "reverse", 1, 1, false, call_reverse },
    { "coalesce", 1, UINT8_MAX, true, call_coalesce },
    { "nullif", 2, 2, true, call_null_if },
    { "keys", 1, 1, false, call_keys },
    { "concat", 2, 2, false, call_concat },
    { NULL, 0, 0, false, NULL },
};
