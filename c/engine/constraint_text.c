/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/constraint_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum { SHOWN_BYTES = 64 };

struct text {
    size_t bytes;
    char chars[NAMIDB_MESSAGE_BYTES];
};

static void put(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What there is no room for is left out. */
static void put(struct text *text, const char *format, ...)
{
    size_t room = sizeof text->chars - text->bytes;
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(text->chars + text->bytes, room, format, args);
    va_end(args);
    if (bytes > 0)
        text->bytes += (size_t)bytes < room ? (size_t)bytes : room - 1;
}

/* Up to SHOWN_BYTES of it, in whole characters. */
static void put_string(struct text *text, const namidb_value *value)
{
    uint32_t bytes = value->size < SHOWN_BYTES ? value->size : SHOWN_BYTES;

    while (bytes < value->size && bytes > 0 &&
           ((uint8_t)value->as.bytes[bytes] & 0xC0) == 0x80)
        bytes--;
    put(text, "'");
    for (uint32_t i = 0; i < bytes; i++) {
        char c = value->as.bytes[i];

        put(text, "%c", (uint8_t)c < 0x20 || c == 0x7F ? ' ' : c);
    }
    put(text, bytes < value->size ? "'... (%u bytes)" : "'", value->size);
}

/* Those whose text takes a calendar or a list are named by their kind. */
static void put_value(struct text *text, const namidb_value *value)
{
    static const char *const KINDS[NAMIDB_KIND_COUNT] = {
        [NAMIDB_BYTES] = "bytes",
        [NAMIDB_DATE] = "a date",
        [NAMIDB_LOCAL_TIME] = "a local time",
        [NAMIDB_TIME] = "a time",
        [NAMIDB_LOCAL_DATETIME] = "a local datetime",
        [NAMIDB_DATETIME] = "a datetime",
        [NAMIDB_DURATION] = "a duration",
        [NAMIDB_POINT] = "a point",
        [NAMIDB_LIST] = "a list",
        [NAMIDB_VECTOR] = "a vector",
    };

    if (value->kind == NAMIDB_STRING)
        put_string(text, value);
    else if (value->kind == NAMIDB_INT)
        put(text, "%" PRId64, value->as.integer);
    else if (value->kind == NAMIDB_FLOAT)
        put(text, "%.15g", value->as.number);
    else if (value->kind == NAMIDB_BOOL)
        put(text, "%s", value->as.boolean ? "true" : "false");
    else
        put(text, "%s", KINDS[value->kind]);
}

static const char *entity_of(const namidb_schema_item *item)
{
    return item->is_edge ? "edge" : "node";
}

/* "email", or "(first, last)". */
static void put_names(struct text *text, const struct ndb_snapshot *snapshot,
                      const namidb_schema_item *item)
{
    for (uint32_t i = 0; i < item->prop_count; i++)
        put(text, "%s%s", i != 0 ? ", " : (item->prop_count > 1 ? "(" : ""),
            ndb_dict_name(snapshot->view->dict, NAMIDB_PROPERTY, item->props[i],
                          NULL));
    put(text, "%s", item->prop_count > 1 ? ")" : "");
}

static void put_values(struct text *text, const namidb_schema_item *item,
                       const struct ndb_constraint_row *row)
{
    const char *before = ": ";

    for (uint32_t i = 0; i < item->prop_count; i++)
        for (uint32_t j = 0; j < row->count; j++)
            if (row->props[j].name == item->props[i]) {
                put(text, "%s", before);
                put_value(text, &row->props[j].value);
                before = ", ";
            }
}

static int fail(const struct text *text, const struct ndb_snapshot *snapshot,
                const namidb_schema_item *item, namidb_error *err)
{
    enum namidb_name_kind kind = item->is_edge ? NAMIDB_TYPE : NAMIDB_LABEL;

    return ndb_fail(
        err, NAMIDB_ECONSTRAINT, "constraint %s: %s (:%s)", item->name,
        text->chars,
        ndb_dict_name(snapshot->view->dict, kind, item->target, NULL));
}

int ndb_constraint_fail_absent(const struct ndb_snapshot *snapshot,
                               const namidb_schema_item *item,
                               const struct ndb_constraint_row *row,
                               namidb_error *err)
{
    struct text text = { .bytes = 0 };

    put_names(&text, snapshot, item);
    put(&text, " of %s %" PRIu64 " is absent", entity_of(item), row->id);
    return fail(&text, snapshot, item, err);
}

int ndb_constraint_fail_type(const struct ndb_snapshot *snapshot,
                             const namidb_schema_item *item,
                             const struct ndb_constraint_row *row,
                             namidb_error *err)
{
    struct text text = { .bytes = 0 };

    put_names(&text, snapshot, item);
    put(&text, " of %s %" PRIu64 " is of another type", entity_of(item),
        row->id);
    put_values(&text, item, row);
    return fail(&text, snapshot, item, err);
}

int ndb_constraint_fail_same(const struct ndb_snapshot *snapshot,
                             const namidb_schema_item *item,
                             const struct ndb_constraint_row *row,
                             uint64_t other, namidb_error *err)
{
    struct text text = { .bytes = 0 };

    put(&text, "%s %" PRIu64 " and %s %" PRIu64 " have the same ",
        entity_of(item), other, entity_of(item), row->id);
    put_names(&text, snapshot, item);
    put_values(&text, item, row);
    return fail(&text, snapshot, item, err);
}
