/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fn_string.c - functions of strings. Positions and lengths are in code points.
 * What is part of an argument is a view of it, without a copy.
 */
#include "exec/function.h"
#include "exec/text.h"

static int want_string(struct ndb_scalar *scalar, const char *function,
                       const namidb_value *value, struct ndb_slice *text)
{
    *text = ndb_text_of(value);
    return value->kind == NAMIDB_STRING
               ? NAMIDB_OK
               : ndb_function_type(scalar, function, "String", value);
}

/* A number of code points. */
static int want_count(struct ndb_scalar *scalar, const char *function,
                      const namidb_value *value, size_t *count)
{
    int64_t integer;
    int rc = ndb_function_integer(scalar, function, value, &integer);

    *count = (size_t)integer;
    if (rc == NAMIDB_OK && integer < 0)
        return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                         "%s(): %lld is negative", function,
                         (long long)integer);
    return rc;
}

static void set_view(struct ndb_slice text, namidb_value *out)
{
    *out = ndb_string((const char *)text.data, text.bytes);
}

typedef size_t case_map(uint32_t point, uint32_t out[NDB_TEXT_CASE_MAX]);

/* The text in another case, into `copy` unless that is NULL; its bytes. */
static size_t map_case(struct ndb_slice text, case_map *map, char *copy)
{
    const char *from = (const char *)text.data;
    size_t written = 0, step;

    for (size_t at = 0; at < text.bytes; at += step) {
        uint32_t point = ndb_text_decode(from + at, text.bytes - at, &step);
        uint32_t points[NDB_TEXT_CASE_MAX];
        size_t count = 1;
        char room[4];

        /* A byte that is no UTF-8 stays one. */
        if (step == 1 && point >= 0x80) {
            if (copy != NULL)
                copy[written] = (char)point;
            written++;
            continue;
        }
        count = map(point, points);
        for (size_t i = 0; i < count; i++)
            written += ndb_text_encode(points[i],
                                       copy != NULL ? copy + written : room);
    }
    return written;
}

/* Whatever the case, ASCII is of as many bytes. */
static bool is_ascii(struct ndb_slice text)
{
    uint8_t all = 0;

    for (size_t i = 0; i < text.bytes; i++)
        all |= text.data[i];
    return all < 0x80;
}

static int change_case(struct ndb_scalar *scalar, const char *function,
                       case_map *map, const namidb_value *arg,
                       namidb_value *out)
{
    struct ndb_slice text;
    size_t bytes;
    char *copy;
    int rc = want_string(scalar, function, arg, &text);

    if (rc < 0)
        return rc;
    bytes = is_ascii(text) ? text.bytes : map_case(text, map, NULL);
    rc = ndb_function_text(scalar, bytes, &copy);
    if (rc == NAMIDB_OK)
        *out = ndb_string(copy, map_case(text, map, copy));
    return rc;
}

static int call_upper(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    (void)count;
    return change_case(scalar, "toUpper", ndb_text_upper, args, out);
}

static int call_lower(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    (void)count;
    return change_case(scalar, "toLower", ndb_text_lower, args, out);
}

/* trim(text [, characters]) */
static int trim(struct ndb_scalar *scalar, const char *function,
                const namidb_value *args, uint32_t count, bool left, bool right,
                namidb_value *out)
{
    struct ndb_slice text, set;
    int rc = want_string(scalar, function, &args[0], &text);

    if (rc == NAMIDB_OK && count > 1)
        rc = want_string(scalar, function, &args[1], &set);
    if (rc == NAMIDB_OK)
        set_view(ndb_text_trim(text, count > 1 ? &set : NULL, left, right),
                 out);
    return rc;
}

static int call_trim(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    return trim(scalar, "trim", args, count, true, true, out);
}

static int call_left_trim(struct ndb_scalar *scalar, const namidb_value *args,
                          uint32_t count, namidb_value *out)
{
    return trim(scalar, "lTrim", args, count, true, false, out);
}

static int call_right_trim(struct ndb_scalar *scalar, const namidb_value *args,
                           uint32_t count, namidb_value *out)
{
    return trim(scalar, "rTrim", args, count, false, true, out);
}

static int call_char_length(struct ndb_scalar *scalar, const namidb_value *args,
                            uint32_t count, namidb_value *out)
{
    struct ndb_slice text;
    int rc = want_string(scalar, "char_length", args, &text);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = ndb_integer((int64_t)ndb_text_count(text));
    return rc;
}

/* How often `part` is in `text`, without overlaps; `part` is not empty. */
static size_t count_parts(struct ndb_slice text, struct ndb_slice part)
{
    size_t count = 0;

    for (size_t at = ndb_text_find(text, part, 0); at != SIZE_MAX;
         at = ndb_text_find(text, part, at + part.bytes))
        count++;
    return count;
}

static void append(char *to, size_t *at, const uint8_t *from, size_t bytes)
{
    if (bytes != 0)
        memcpy(to + *at, from, bytes);
    *at += bytes;
}

/* An empty text to look for is nowhere: the string stays. */
static int call_replace(struct ndb_scalar *scalar, const namidb_value *args,
                        uint32_t count, namidb_value *out)
{
    struct ndb_slice text, part = { NULL, 0 }, by = { NULL, 0 };
    size_t found, bytes, from = 0, at = 0, next;
    char *copy;
    int rc = want_string(scalar, "replace", &args[0], &text);

    (void)count;
    if (rc == NAMIDB_OK)
        rc = want_string(scalar, "replace", &args[1], &part);
    if (rc == NAMIDB_OK)
        rc = want_string(scalar, "replace", &args[2], &by);
    if (rc < 0)
        return rc;
    found = part.bytes == 0 ? 0 : count_parts(text, part);
    if (found == 0) {
        *out = args[0];
        return NAMIDB_OK;
    }
    bytes = text.bytes - found * part.bytes;
    if (__builtin_mul_overflow(found, by.bytes, &found) ||
        __builtin_add_overflow(bytes, found, &bytes))
        bytes = SIZE_MAX;
    rc = ndb_function_text(scalar, bytes, &copy);
    if (rc < 0)
        return rc;
    while ((next = ndb_text_find(text, part, from)) != SIZE_MAX) {
        append(copy, &at, text.data + from, next - from);
        append(copy, &at, by.data, by.bytes);
        from = next + part.bytes;
    }
    append(copy, &at, text.data + from, text.bytes - from);
    *out = ndb_string(copy, at);
    return NAMIDB_OK;
}

static int split_points(struct ndb_scalar *scalar, struct ndb_slice text,
                        namidb_value *out)
{
    const char *bytes = (const char *)text.data;
    size_t count = ndb_text_count(text), at = 0;
    namidb_value *items;
    int rc = ndb_function_items(scalar, count, &items);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        size_t step = ndb_text_step(bytes + at, text.bytes - at);

        items[i] = ndb_string(bytes + at, step);
        at += step;
    }
    *out = ndb_list(items, count);
    return NAMIDB_OK;
}

/* By an empty delimiter: into single code points. */
static int call_split(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    struct ndb_slice text, by = { NULL, 0 };
    namidb_value *items;
    size_t parts, from = 0;
    int rc = want_string(scalar, "split", &args[0], &text);

    (void)count;
    if (rc == NAMIDB_OK)
        rc = want_string(scalar, "split", &args[1], &by);
    if (rc < 0)
        return rc;
    if (by.bytes == 0 && text.bytes != 0)
        return split_points(scalar, text, out);
    parts = 1 + (by.bytes == 0 ? 0 : count_parts(text, by));
    rc = ndb_function_items(scalar, parts, &items);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < parts; i++) {
        size_t next =
            i + 1 < parts ? ndb_text_find(text, by, from) : text.bytes;

        set_view(ndb_slice(text.data + from, next - from), &items[i]);
        from = next + by.bytes;
    }
    *out = ndb_list(items, parts);
    return NAMIDB_OK;
}

/* substring(text, start [, length]); what lies beyond the end is not there. */
static int call_substring(struct ndb_scalar *scalar, const namidb_value *args,
                          uint32_t count, namidb_value *out)
{
    struct ndb_slice text;
    size_t start = 0, length = SIZE_MAX;
    int rc = want_string(scalar, "substring", &args[0], &text);

    if (rc == NAMIDB_OK)
        rc = want_count(scalar, "substring", &args[1], &start);
    if (rc == NAMIDB_OK && count > 2)
        rc = want_count(scalar, "substring", &args[2], &length);
    if (rc < 0)
        return rc;
    start = ndb_text_offset(text, start);
    text = ndb_slice(text.data + start, text.bytes - start);
    text.bytes = ndb_text_offset(text, length);
    set_view(text, out);
    return NAMIDB_OK;
}

static int call_left(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    struct ndb_slice text;
    size_t length = 0;
    int rc = want_string(scalar, "left", &args[0], &text);

    (void)count;
    if (rc == NAMIDB_OK)
        rc = want_count(scalar, "left", &args[1], &length);
    if (rc < 0)
        return rc;
    text.bytes = ndb_text_offset(text, length);
    set_view(text, out);
    return NAMIDB_OK;
}

static int call_right(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    struct ndb_slice text;
    size_t length = 0, points, skip;
    int rc = want_string(scalar, "right", &args[0], &text);

    (void)count;
    if (rc == NAMIDB_OK)
        rc = want_count(scalar, "right", &args[1], &length);
    if (rc < 0)
        return rc;
    points = ndb_text_count(text);
    skip = ndb_text_offset(text, points > length ? points - length : 0);
    set_view(ndb_slice(text.data + skip, text.bytes - skip), out);
    return NAMIDB_OK;
}

const struct ndb_function NDB_STRING_FUNCTIONS[] = {
    { "toupper", 1, 1, false, call_upper },
    { "upper", 1, 1, false, call_upper },
    { "tolower", 1, 1, false, call_lower },
    { "lower", 1, 1, false, call_lower },
    { "trim", 1, 2, false, call_trim },
    { "btrim", 1, 2, false, call_trim },
    { "ltrim", 1, 2, false, call_left_trim },
    { "rtrim", 1, 2, false, call_right_trim },
    { "char_length", 1, 1, false, call_char_length },
    { "character_length", 1, 1, false, call_char_length },
    { "replace", 3, 3, false, call_replace },
    { "split", 2, 2, false, call_split },
    { "substring", 2, 3, false, call_substring },
    { "left", 2, 2, false, call_left },
    { "right", 2, 2, false, call_right },
    { NULL, 0, 0, false, NULL },
};
