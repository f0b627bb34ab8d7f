/* SPDX-License-Identifier: Apache-2.0 */
#include "format/schema.h"

#include "base/limits.h"
#include "base/utf8.h"

/* Kinds that a property can have. */
#define KINDS_MAX (1u << NAMIDB_MAP)

static bool are_properties_valid(const namidb_schema_item *item)
{
    bool takes_one = item->rule >= NAMIDB_RULE_NOT_NULL;

    if (item->prop_count == 0 || item->prop_count > NAMIDB_SCHEMA_PROPS_MAX ||
        (takes_one && item->prop_count != 1))
        return false;
    for (uint32_t i = 0; i < item->prop_count; i++) {
        if (item->props[i] == 0 || item->props[i] > NDB_PROPERTY_COUNT_MAX)
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (item->props[j] == item->props[i])
                return false;
    }
    return true;
}

bool ndb_schema_item_is_valid(const namidb_schema_item *item)
{
    const char *end = memchr(item->name, 0, sizeof item->name);
    uint32_t max = item->is_edge ? NDB_TYPE_COUNT_MAX : NDB_LABEL_COUNT_MAX;
    uint32_t has_kinds = item->rule == NAMIDB_RULE_TYPE;

    if (item->rule >= NAMIDB_RULE_COUNT || item->target == 0 ||
        item->target > max || end == NULL || end == item->name)
        return false;
    if (!ndb_utf8_is_valid(ndb_slice(item->name, (size_t)(end - item->name))))
        return false;
    if (item->kinds >= KINDS_MAX || item->item_kinds >= KINDS_MAX ||
        (item->kinds != 0) != has_kinds ||
        (item->item_kinds != 0 && (item->kinds & 1u << NAMIDB_LIST) == 0))
        return false;
    return are_properties_valid(item);
}

int ndb_schema_item_encode(struct ndb_buf *buf, const namidb_schema_item *item)
{
    size_t start = buf->bytes;
    int rc = ndb_buf_u8(buf, (uint8_t)item->rule);

    if (rc >= 0)
        rc = ndb_buf_u8(buf, item->is_edge);
    if (rc >= 0)
        rc = ndb_buf_varint(buf, item->target);
    if (rc >= 0)
        rc = ndb_buf_varint(buf, item->prop_count);
    for (uint32_t i = 0; i < item->prop_count && rc >= 0; i++)
        rc = ndb_buf_varint(buf, item->props[i]);
    if (rc >= 0)
        rc = ndb_buf_varint(buf, item->kinds);
    if (rc >= 0)
        rc = ndb_buf_varint(buf, item->item_kinds);
    if (rc >= 0)
        rc = ndb_buf_string(buf, item->name, strlen(item->name));
    if (rc < 0)
        buf->bytes = start;
    return rc;
}

int ndb_schema_item_decode(struct ndb_slice bytes, namidb_schema_item *item)
{
    struct ndb_reader reader = ndb_reader(bytes);
    struct ndb_slice name;
    uint8_t is_edge;

    *item = (namidb_schema_item){ .rule = ndb_reader_u8(&reader) };
    is_edge = ndb_reader_u8(&reader);
    item->is_edge = is_edge == 1;
    item->target =
        (uint32_t)ndb_reader_varint_max(&reader, NDB_LABEL_COUNT_MAX);
    item->prop_count =
        (uint32_t)ndb_reader_varint_max(&reader, NAMIDB_SCHEMA_PROPS_MAX);
    for (uint32_t i = 0; i < item->prop_count; i++)
        item->props[i] =
            (uint32_t)ndb_reader_varint_max(&reader, NDB_PROPERTY_COUNT_MAX);
    item->kinds = (uint32_t)ndb_reader_varint_max(&reader, KINDS_MAX);
    item->item_kinds = (uint32_t)ndb_reader_varint_max(&reader, KINDS_MAX);
    name = ndb_reader_string(&reader, sizeof item->name - 1);
    if (!ndb_reader_is_done(&reader) || is_edge > 1 ||
        memchr(name.data, 0, name.bytes) != NULL)
        return NAMIDB_ECORRUPT;
    memcpy(item->name, name.data, name.bytes);
    return ndb_schema_item_is_valid(item) ? NAMIDB_OK : NAMIDB_ECORRUPT;
}
