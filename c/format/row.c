/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: properties, and all of a node but its id.
 */
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "format/value.h"

int ndb_props_encode(struct ndb_buf *buf, const namidb_property *props,
                     size_t count)
{
    size_t old_bytes = buf->bytes;
    uint32_t last = 0;
    int rc = ndb_buf_varint(buf, count);

    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = ndb_buf_varint(buf, props[i].name - last);
        last = props[i].name;
        if (rc >= 0)
            rc = ndb_value_encode(buf, &props[i].value);
    }
    if (rc < 0)
        buf->bytes = old_bytes;
    return rc;
}

int ndb_props_decode(struct ndb_reader *reader, namidb_arena *arena,
                     const namidb_property **props, uint32_t *count)
{
    uint64_t wanted = ndb_reader_varint_max(reader, NDB_ROW_PROPS_MAX);
    namidb_property *items;
    uint64_t name = 0;

    *props = NULL;
    *count = 0;
    if (reader->is_failed || wanted > ndb_reader_left(reader) / 2)
        return NAMIDB_ECORRUPT;
    if (wanted == 0)
        return NAMIDB_OK;
    items = ndb_arena_array(arena, wanted, sizeof *items);
    if (items == NULL)
        return NAMIDB_ENOMEM;
    for (uint64_t i = 0; i < wanted; i++) {
        uint64_t delta = ndb_reader_varint(reader);
        int rc = ndb_value_decode(reader, arena, &items[i].value);

        if (rc < 0)
            return rc;
        if (delta == 0 || delta > NDB_PROPERTY_COUNT_MAX - name ||
            items[i].value.kind == NAMIDB_NULL)
            return NAMIDB_ECORRUPT;
        name += delta;
        items[i].name = (uint32_t)name;
    }
    *props = items;
    *count = (uint32_t)wanted;
    return NAMIDB_OK;
}

int ndb_row_encode(struct ndb_buf *buf, const namidb_node *node)
{
    size_t old_bytes = buf->bytes;
    uint32_t last = 0;
    int rc = ndb_value_encode(buf, &node->key);

    if (rc >= 0)
        rc = ndb_buf_varint(buf, node->label_count);
    for (uint32_t i = 0; i < node->label_count && rc >= 0; i++) {
        rc = ndb_buf_varint(buf, node->labels[i] - last);
        last = node->labels[i];
    }
    if (rc >= 0)
        rc = ndb_props_encode(buf, node->props, node->prop_count);
    if (rc < 0)
        buf->bytes = old_bytes;
    return rc;
}

static int decode_labels(struct ndb_reader *reader, namidb_arena *arena,
                         namidb_node *out)
{
    uint64_t count = ndb_reader_varint_max(reader, NDB_ROW_LABELS_MAX);
    uint64_t label = 0;
    uint32_t *labels;

    if (reader->is_failed)
        return NAMIDB_ECORRUPT;
    labels = ndb_arena_array(arena, count, sizeof *labels);
    if (labels == NULL)
        return NAMIDB_ENOMEM;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t delta = ndb_reader_varint(reader);

        if (delta == 0 || delta > NDB_LABEL_COUNT_MAX - label)
            return NAMIDB_ECORRUPT;
        label += delta;
        labels[i] = (uint32_t)label;
    }
    out->labels = labels;
    out->label_count = (uint32_t)count;
    return reader->is_failed ? NAMIDB_ECORRUPT : NAMIDB_OK;
}

int ndb_row_decode(struct ndb_slice row, namidb_arena *arena, namidb_node *out)
{
    struct ndb_reader reader = ndb_reader(row);
    int rc = ndb_value_decode(&reader, arena, &out->key);

    if (rc >= 0 && out->key.kind != NAMIDB_NULL &&
        ndb_key_check(&out->key, NULL) < 0)
        return NAMIDB_ECORRUPT;
    if (rc >= 0)
        rc = decode_labels(&reader, arena, out);
    if (rc >= 0)
        rc = ndb_props_decode(&reader, arena, &out->props, &out->prop_count);
    if (rc >= 0 && !ndb_reader_is_done(&reader))
        return NAMIDB_ECORRUPT;
    return rc;
}

int ndb_row_has_label(struct ndb_slice row, uint32_t label, bool *has_label)
{
    struct ndb_reader reader = ndb_reader(row);
    namidb_arena arena = NDB_ARENA_INIT; /* a key needs none of it */
    namidb_value key;
    uint64_t count, at = 0;
    int rc = ndb_value_decode(&reader, &arena, &key);

    ndb_arena_release(&arena);
    *has_label = false;
    if (rc < 0)
        return NAMIDB_ECORRUPT;
    count = ndb_reader_varint_max(&reader, NDB_ROW_LABELS_MAX);
    for (uint64_t i = 0; i < count; i++) {
        at += ndb_reader_varint_max(&reader, NDB_LABEL_COUNT_MAX);
        *has_label = *has_label || at == label;
    }
    return reader.is_failed ? NAMIDB_ECORRUPT : NAMIDB_OK;
}

uint64_t ndb_key_hash(const namidb_value *key)
{
    uint8_t data[16 + NDB_KEY_BYTES_MAX];
    uint8_t *at = data;

    /* The bytes of ndb_value_encode, without a buffer to grow. */
    *at++ = (uint8_t)key->kind;
    if (key->kind == NAMIDB_INT) {
        at = ndb_varint_encode(at, ndb_zigzag(key->as.integer));
    } else {
        at = ndb_varint_encode(at, key->size);
        memcpy(at, key->as.bytes, key->size);
        at += key->size;
    }
    return ndb_hash64(ndb_slice(data, (size_t)(at - data))) >>
           (64 - NDB_KEY_HASH_BITS) << (64 - NDB_KEY_HASH_BITS);
}

/* ------------------------------------------------------ copy, comparison -- */

static int copy_items(namidb_arena *arena, const namidb_value *from,
                      namidb_value *to)
{
    namidb_value *items = ndb_arena_array(arena, from->size, sizeof *items);

    if (items == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < from->size; i++) {
        int rc = ndb_value_copy(arena, &from->as.items[i], &items[i]);

        if (rc < 0)
            return rc;
    }
    to->as.items = items;
    return NAMIDB_OK;
}

static int copy_datetime(namidb_arena *arena, const namidb_value *from,
                         namidb_value *to)
{
    namidb_datetime *copy =
        ndb_arena_copy(arena, from->as.datetime, sizeof *copy);

    if (copy == NULL)
        return NAMIDB_ENOMEM;
    copy->zone = ndb_arena_copy(arena, copy->zone, copy->zone_bytes);
    to->as.datetime = copy;
    return copy->zone != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

int ndb_value_copy(namidb_arena *arena, const namidb_value *from,
                   namidb_value *to)
{
    const void *copy;

    *to = *from;
    switch ((enum namidb_kind)from->kind) {
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        copy = ndb_arena_copy(arena, from->as.bytes, from->size);
        to->as.bytes = copy;
        break;
    case NAMIDB_VECTOR:
        copy =
            ndb_arena_copy(arena, from->as.floats, from->size * sizeof(float));
        to->as.floats = copy;
        break;
    case NAMIDB_DURATION:
        copy =
            ndb_arena_copy(arena, from->as.duration, sizeof *from->as.duration);
        to->as.duration = copy;
        break;
    case NAMIDB_POINT:
        copy = ndb_arena_copy(arena, from->as.point, sizeof *from->as.point);
        to->as.point = copy;
        break;
    case NAMIDB_DATETIME:
        return copy_datetime(arena, from, to);
    case NAMIDB_LIST:
        return copy_items(arena, from, to);
    default:
        return NAMIDB_OK;
    }
    return copy != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

static bool same_f64(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_datetime(const namidb_datetime *a, const namidb_datetime *b)
{
    return a->seconds == b->seconds && a->nanoseconds == b->nanoseconds &&
           a->offset == b->offset &&
           ndb_slice_equal(ndb_slice(a->zone, a->zone_bytes),
                           ndb_slice(b->zone, b->zone_bytes));
}

static bool same_duration(const namidb_duration *a, const namidb_duration *b)
{
    return a->months == b->months && a->days == b->days &&
           a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

static bool same_point(const namidb_point *a, const namidb_point *b)
{
    return a->srid == b->srid && a->dimensions == b->dimensions &&
           same_f64(a->x, b->x) && same_f64(a->y, b->y) &&
           (a->dimensions == 2 || same_f64(a->z, b->z));
}

bool ndb_value_same(const namidb_value *a, const namidb_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch ((enum namidb_kind)a->kind) {
    case NAMIDB_BOOL:
        return a->as.boolean == b->as.boolean;
    case NAMIDB_INT:
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
        return a->as.integer == b->as.integer;
    case NAMIDB_TIME:
    case NAMIDB_LOCAL_DATETIME:
        return a->as.integer == b->as.integer && a->size == b->size;
    case NAMIDB_FLOAT:
        return same_f64(a->as.number, b->as.number);
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return ndb_slice_equal(ndb_slice(a->as.bytes, a->size),
                               ndb_slice(b->as.bytes, b->size));
    case NAMIDB_DATETIME:
        return same_datetime(a->as.datetime, b->as.datetime);
    case NAMIDB_DURATION:
        return same_duration(a->as.duration, b->as.duration);
    case NAMIDB_POINT:
        return same_point(a->as.point, b->as.point);
    case NAMIDB_VECTOR:
        return a->size == b->size &&
               memcmp(a->as.floats, b->as.floats, a->size * sizeof(float)) == 0;
    case NAMIDB_LIST:
        for (uint32_t i = 0; a->size == b->size && i < a->size; i++)
            if (!ndb_value_same(&a->as.items[i], &b->as.items[i]))
                return false;
        return a->size == b->size;
    default:
        return a->kind == NAMIDB_NULL;
    }
}
