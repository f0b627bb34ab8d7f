/* SPDX-License-Identifier: Apache-2.0 */
#include "format/record.h"

#include "base/limits.h"

/* Which fields a kind has, in the order in which they are written. */
enum field {
    HAS_NAME_KIND = 1 << 0,
    HAS_ID = 1 << 1,
    HAS_ENDS = 1 << 2, /* from, to */
    HAS_NUMBER = 1 << 3,
    HAS_NEW = 1 << 4,
    HAS_TEXT = 1 << 5,
    HAS_ROW = 1 << 6,
};

static const unsigned FIELDS[NDB_RECORD_KIND_COUNT] = {
    [NDB_RECORD_NAME] = HAS_NAME_KIND | HAS_NUMBER | HAS_TEXT,
    [NDB_RECORD_NODE] = HAS_ID | HAS_NEW | HAS_ROW,
    [NDB_RECORD_NODE_DELETE] = HAS_ID | HAS_ROW,
    [NDB_RECORD_EDGE] = HAS_ID | HAS_ENDS | HAS_NEW | HAS_ROW,
    [NDB_RECORD_EDGE_DELETE] = HAS_ID | HAS_ENDS,
    [NDB_RECORD_LABEL] = HAS_ID | HAS_NUMBER | HAS_NEW,
    [NDB_RECORD_SCHEMA] = HAS_NUMBER | HAS_NEW | HAS_ROW,
    [NDB_RECORD_EDGES] = HAS_ID | HAS_NUMBER | HAS_ROW,
};

enum { FIXED_BYTES_MAX = 64 }; /* all but text and row */

int ndb_record_encode(struct ndb_buf *buf, const struct ndb_record *record)
{
    unsigned fields = FIELDS[record->kind];
    size_t old_bytes = buf->bytes;
    uint8_t *at;
    int rc = ndb_buf_reserve(buf, FIXED_BYTES_MAX + record->text.bytes +
                                      record->row.bytes);

    if (rc < 0)
        return rc;
    at = buf->data + buf->bytes;
    *at++ = (uint8_t)record->kind;
    if (fields & HAS_NAME_KIND)
        *at++ = (uint8_t)record->name_kind;
    if (fields & HAS_ID)
        at = ndb_varint_encode(at, record->id);
    if (fields & HAS_ENDS) {
        at = ndb_varint_encode(at, record->from);
        at = ndb_varint_encode(at, record->to);
    }
    if (fields & HAS_NUMBER)
        at = ndb_varint_encode(at, record->number);
    if (fields & HAS_NEW)
        *at++ = record->is_new;
    buf->bytes = (size_t)(at - buf->data);
    if (fields & HAS_TEXT)
        rc = ndb_buf_string(buf, record->text.data, record->text.bytes);
    if (rc >= 0 && fields & HAS_ROW)
        rc = ndb_buf_string(buf, record->row.data, record->row.bytes);
    if (rc < 0)
        buf->bytes = old_bytes;
    return rc;
}

static bool read_bool(struct ndb_reader *reader)
{
    uint8_t byte = ndb_reader_u8(reader);

    if (byte > 1)
        ndb_reader_fail(reader);
    return byte == 1;
}

static uint64_t read_id(struct ndb_reader *reader)
{
    uint64_t id = ndb_reader_varint_max(
        reader, NAMIDB_ID(NAMIDB_SEQUENCE_MAX, NAMIDB_TABLE_MAX));

    if (NAMIDB_ID_SEQUENCE(id) == 0)
        ndb_reader_fail(reader);
    return id;
}

static const uint32_t NUMBER_MAX[NAMIDB_NAME_KIND_COUNT] = {
    [NAMIDB_LABEL] = NDB_LABEL_COUNT_MAX,
    [NAMIDB_TYPE] = NDB_TYPE_COUNT_MAX,
    [NAMIDB_PROPERTY] = NDB_PROPERTY_COUNT_MAX,
};

static void read_fields(struct ndb_reader *reader, struct ndb_record *record)
{
    unsigned fields = FIELDS[record->kind];

    record->name_kind = NAMIDB_LABEL;
    if (fields & HAS_NAME_KIND)
        record->name_kind = ndb_reader_u8(reader);
    if (record->name_kind >= NAMIDB_NAME_KIND_COUNT) {
        ndb_reader_fail(reader);
        return;
    }
    if (fields & HAS_ID)
        record->id = read_id(reader);
    if (fields & HAS_ENDS) {
        record->from = read_id(reader);
        record->to = read_id(reader);
    }
    /* An edge's table is its type: there is no type 0. */
    if ((fields & HAS_ENDS || record->kind == NDB_RECORD_EDGES) &&
        NAMIDB_ID_TABLE(record->id) == 0)
        ndb_reader_fail(reader);
    if (fields & HAS_NUMBER) {
        record->number = (uint32_t)ndb_reader_varint_max(
            reader, NUMBER_MAX[record->name_kind]);
        if (record->number == 0)
            ndb_reader_fail(reader);
    }
    if (fields & HAS_NEW)
        record->is_new = read_bool(reader);
    if (fields & HAS_TEXT)
        record->text = ndb_reader_string(reader, NDB_NAME_BYTES_MAX);
    if (fields & HAS_ROW)
        record->row = ndb_reader_string(reader, record->kind == NDB_RECORD_EDGES
                                                    ? NDB_EDGE_BLOCK_BYTES_MAX
                                                    : NDB_ROW_BYTES_MAX);
}

int ndb_record_next(struct ndb_reader *reader, struct ndb_record *record)
{
    uint8_t kind;

    if (ndb_reader_is_done(reader))
        return NAMIDB_NONE;
    kind = ndb_reader_u8(reader);
    if (kind == 0 || kind >= NDB_RECORD_KIND_COUNT)
        return NAMIDB_ECORRUPT;
    *record = (struct ndb_record){ .kind = kind };
    read_fields(reader, record);
    return reader->is_failed ? NAMIDB_ECORRUPT : NAMIDB_OK;
}
