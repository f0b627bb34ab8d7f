/* SPDX-License-Identifier: Apache-2.0 */
#include "format/zone.h"

#include "base/error.h"
#include "base/limits.h"
#include "format/pack_internal.h"
#include "format/value.h"

enum { FLAG_RANGE = 1 };

/* --------------------------------------------------------------- compare -- */

/* Values of one class compare with one another. */
enum class {
    CLASS_NONE,
    CLASS_BOOL,
    CLASS_NUMBER,
    CLASS_TEXT,
    CLASS_DATE,
    CLASS_LOCAL_TIME
};

static enum class class_of(const namidb_value *value) {
    switch ((enum namidb_kind)value->kind){
        case NAMIDB_BOOL : return CLASS_BOOL;
        case NAMIDB_INT : case NAMIDB_FLOAT : return CLASS_NUMBER;
        case NAMIDB_STRING : return CLASS_TEXT;
        case NAMIDB_DATE : return CLASS_DATE;
        case NAMIDB_LOCAL_TIME : return CLASS_LOCAL_TIME;
        default : return CLASS_NONE;
    }
}

static bool is_nan(const namidb_value *value)
{
    return value->kind == NAMIDB_FLOAT && value->as.number != value->as.number;
}

static double number_of(const namidb_value *value)
{
    return value->kind == NAMIDB_INT ? (double)value->as.integer
                                     : value->as.number;
}

static int compare_text(const namidb_value *a, const namidb_value *b)
{
    uint32_t bytes = a->size < b->size ? a->size : b->size;
    int order = bytes != 0 ? memcmp(a->as.bytes, b->as.bytes, bytes) : 0;

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* < 0, 0, > 0, of two values of one class. An integer and a float compare as
 * doubles, which keeps the order but may call two equal that are not: then
 * *is_sure is false. */
static int compare(const namidb_value *a, const namidb_value *b, bool *is_sure)
{
    double x, y;

    *is_sure = true;
    if (a->kind == NAMIDB_STRING)
        return compare_text(a, b);
    if (a->kind == NAMIDB_BOOL)
        return (int)a->as.boolean - (int)b->as.boolean;
    if (a->kind == b->kind && a->kind != NAMIDB_FLOAT)
        return (a->as.integer > b->as.integer) -
               (a->as.integer < b->as.integer);
    x = number_of(a);
    y = number_of(b);
    *is_sure = a->kind == b->kind || x != y;
    return (x > y) - (x < y);
}

/* a < b, a <= b: false only when that is certain. */
static bool may_be_less(const namidb_value *a, const namidb_value *b)
{
    bool is_sure;
    int order = compare(a, b, &is_sure);

    return order < 0 || !is_sure;
}

static bool may_be_less_or_equal(const namidb_value *a, const namidb_value *b)
{
    bool is_sure;

    return compare(a, b, &is_sure) <= 0;
}

/* ----------------------------------------------------------------- match -- */

static bool range_may_match(const struct ndb_zone *zone,
                            enum ndb_zone_want want, const namidb_value *value)
{
    if (class_of(value) != class_of(&zone->min) || is_nan(value))
        return false;
    switch (want) {
    case NDB_ZONE_EQUAL:
        return may_be_less_or_equal(&zone->min, value) &&
               may_be_less_or_equal(value, &zone->max);
    case NDB_ZONE_LESS:
        return may_be_less(&zone->min, value);
    case NDB_ZONE_LESS_EQUAL:
        return may_be_less_or_equal(&zone->min, value);
    case NDB_ZONE_GREATER:
        return may_be_less(value, &zone->max);
    default:
        return may_be_less_or_equal(value, &zone->max);
    }
}

static bool in_may_match(const struct ndb_zone *zone, const namidb_value *list)
{
    if (list->kind != NAMIDB_LIST)
        return true; /* a fault of the query */
    for (uint32_t i = 0; i < list->size; i++)
        if (range_may_match(zone, NDB_ZONE_EQUAL, &list->as.items[i]))
            return true;
    return false;
}

static const struct ndb_zone *find_zone(const struct ndb_zone_group *group,
                                        uint32_t name)
{
    for (uint32_t i = 0; i < group->zone_count; i++)
        if (group->zones[i].name == name)
            return &group->zones[i];
    return NULL;
}

bool ndb_zone_may_match(const struct ndb_zone_group *group,
                        const struct ndb_zone_test *test)
{
    const struct ndb_zone *zone = find_zone(group, test->name);

    if (test->want == NDB_ZONE_NULL)
        return zone == NULL || zone->null_count != 0;
    if (zone == NULL)
        return test->want == NDB_ZONE_IN && test->value.kind != NAMIDB_LIST;
    if (test->want == NDB_ZONE_NOT_NULL || !zone->has_range)
        return true;
    if (test->want == NDB_ZONE_IN)
        return in_may_match(zone, &test->value);
    return range_may_match(zone, test->want, &test->value);
}

/* -------------------------------------------------------------- encoding -- */

static void find_range(const struct ndb_batch_column *column,
                       struct ndb_zone *zone)
{
    bool is_sure;

    for (uint32_t i = 0; i < column->count; i++) {
        const namidb_value *value = &column->values[i];

        if (class_of(value) == CLASS_NONE ||
            (zone->has_range && class_of(value) != class_of(&zone->min))) {
            zone->has_range = false;
            return;
        }
        if (is_nan(value))
            continue;
        if (!zone->has_range) {
            zone->min = zone->max = *value;
            zone->has_range = true;
            continue;
        }
        /* Integers among floats would need the exact order. */
        if (value->kind != zone->min.kind) {
            zone->has_range = false;
            return;
        }
        if (compare(value, &zone->min, &is_sure) < 0)
            zone->min = *value;
        if (compare(value, &zone->max, &is_sure) > 0)
            zone->max = *value;
    }
}

/* A text that is above all that begin as a long one does; its last byte is
 * never the highest, which UTF-8 does not have. */
static void cut_texts(struct ndb_zone *zone, char room[NDB_ZONE_TEXT_BYTES])
{
    if (!zone->has_range || zone->min.kind != NAMIDB_STRING)
        return;
    if (zone->min.size > NDB_ZONE_TEXT_BYTES)
        zone->min.size = NDB_ZONE_TEXT_BYTES;
    if (zone->max.size <= NDB_ZONE_TEXT_BYTES)
        return;
    memcpy(room, zone->max.as.bytes, NDB_ZONE_TEXT_BYTES);
    room[NDB_ZONE_TEXT_BYTES - 1] =
        (char)((uint8_t)room[NDB_ZONE_TEXT_BYTES - 1] + 1);
    zone->max.as.bytes = room;
    zone->max.size = NDB_ZONE_TEXT_BYTES;
}

/* A cut text need not be UTF-8: both ends are stored as bytes. */
static int put_end(struct ndb_buf *out, namidb_value value)
{
    if (value.kind == NAMIDB_STRING)
        value.kind = NAMIDB_BYTES;
    return ndb_value_encode(out, &value);
}

static int put_zone(struct ndb_buf *out, const struct ndb_batch_column *column,
                    uint32_t row_count, uint32_t last_name)
{
    struct ndb_zone zone = { .has_range = false };
    char room[NDB_ZONE_TEXT_BYTES];
    int rc = ndb_buf_varint(out, column->name - last_name);

    find_range(column, &zone);
    cut_texts(&zone, room);
    if (rc >= 0)
        rc = ndb_buf_varint(out, row_count - column->count);
    if (rc >= 0)
        rc = ndb_buf_u8(out, zone.has_range ? FLAG_RANGE : 0);
    if (rc >= 0 && zone.has_range)
        rc = put_end(out, zone.min);
    if (rc >= 0 && zone.has_range)
        rc = put_end(out, zone.max);
    return rc;
}

int ndb_zone_group_encode(const struct ndb_batch_columns *columns,
                          uint32_t row_count, struct ndb_buf *out)
{
    uint32_t last_name = 0;
    int rc = ndb_buf_varint(out, row_count);

    if (rc >= 0)
        rc = ndb_buf_varint(out, columns->count);
    for (uint32_t i = 0; i < columns->count && rc >= 0; i++) {
        rc = put_zone(out, &columns->items[i], row_count, last_name);
        last_name = columns->items[i].name;
    }
    return rc;
}

int ndb_zones_encode(struct ndb_slice groups, uint32_t count,
                     struct ndb_buf *out)
{
    struct ndb_buf raw = NDB_BUF_INIT(NDB_SEGMENT_BYTES_MAX);
    int rc = ndb_buf_varint(&raw, count);

    if (rc >= 0)
        rc = ndb_buf_append(&raw, groups.data, groups.bytes);
    if (rc >= 0)
        rc = ndb_stream_put(out, ndb_buf_slice(&raw));
    ndb_buf_release(&raw);
    return rc;
}

/* -------------------------------------------------------------- decoding -- */

static void get_end(struct ndb_source *source, struct ndb_reader *reader,
                    namidb_value *out)
{
    int rc = ndb_value_decode(reader, source->arena, out);

    if (rc == NAMIDB_ENOMEM)
        source->has_no_memory = true;
    if (rc < 0)
        ndb_reader_fail(reader);
    else if (out->kind == NAMIDB_BYTES)
        out->kind = NAMIDB_STRING;
    else if (out->kind == NAMIDB_STRING)
        ndb_reader_fail(reader);
}

static void get_zone(struct ndb_source *source, struct ndb_reader *reader,
                     uint32_t row_count, uint32_t last_name,
                     struct ndb_zone *zone)
{
    uint32_t gap =
        (uint32_t)ndb_reader_varint_max(reader, NDB_PROPERTY_COUNT_MAX);
    uint8_t flags;
    bool is_sure;

    zone->name = last_name + gap;
    zone->null_count = (uint32_t)ndb_reader_varint_max(reader, row_count);
    flags = ndb_reader_u8(reader);
    zone->has_range = flags == FLAG_RANGE;
    if (gap == 0 || zone->name > NDB_PROPERTY_COUNT_MAX ||
        zone->null_count == row_count || flags > FLAG_RANGE)
        ndb_reader_fail(reader);
    if (!zone->has_range || reader->is_failed)
        return;
    get_end(source, reader, &zone->min);
    get_end(source, reader, &zone->max);
    if (!reader->is_failed &&
        (zone->min.kind != zone->max.kind ||
         class_of(&zone->min) == CLASS_NONE || is_nan(&zone->min) ||
         is_nan(&zone->max) || compare(&zone->min, &zone->max, &is_sure) > 0))
        ndb_reader_fail(reader);
}

static void get_group(struct ndb_source *source, struct ndb_reader *reader,
                      struct ndb_zone_group *group)
{
    struct ndb_zone *zones;

    group->row_count =
        (uint32_t)ndb_reader_varint_max(reader, NDB_GROUP_ROWS_MAX);
    group->zone_count =
        (uint32_t)ndb_reader_varint_max(reader, NDB_PROPERTY_COUNT_MAX);
    if (group->row_count == 0 ||
        group->zone_count > ndb_reader_left(reader) / 3)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return;
    zones = ndb_source_take(source, group->zone_count, sizeof *zones);
    for (uint32_t i = 0;
         i < group->zone_count && zones != NULL && !reader->is_failed; i++)
        get_zone(source, reader, group->row_count,
                 i == 0 ? 0 : zones[i - 1].name, &zones[i]);
    group->zones = zones;
}

const struct ndb_zone_group *ndb_zones_decode(struct ndb_source *source,
                                              uint32_t *count)
{
    struct ndb_slice bytes = ndb_stream_get_any(source, NDB_SEGMENT_BYTES_MAX);
    struct ndb_zone_group *groups;
    struct ndb_reader reader;

    if (source->reader.is_failed)
        return NULL;
    reader = ndb_reader(bytes);
    *count = (uint32_t)ndb_reader_varint_max(&reader, NDB_PACK_SEGMENTS_MAX);
    if (*count == 0 || *count > ndb_reader_left(&reader) / 2)
        ndb_reader_fail(&reader);
    groups = reader.is_failed ? NULL
                              : ndb_source_take(source, *count, sizeof *groups);
    for (uint32_t i = 0; groups != NULL && i < *count && !reader.is_failed; i++)
        get_group(source, &reader, &groups[i]);
    if (!ndb_reader_is_done(&reader))
        ndb_reader_fail(&source->reader);
    return groups;
}
