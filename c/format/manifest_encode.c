/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/manifest.h"
#include "format/manifest_text.h"
#include "format/number.h"

/* Output that remembers its first failure, so that it is looked at once. */
struct writer {
    struct ndb_buf *out;
    int rc;
};

static void put_bytes(struct writer *writer, const void *data, size_t bytes)
{
    if (writer->rc >= 0)
        writer->rc = ndb_buf_append(writer->out, data, bytes);
}

static void put(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For texts of known, small size. */
static void put(struct writer *writer, const char *format, ...)
{
    char text[512];
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_bytes(writer, text, (size_t)bytes);
}

static void put_string(struct writer *writer, const char *text, size_t bytes)
{
    size_t start = 0;

    put_bytes(writer, "\"", 1);
    for (size_t i = 0; i <= bytes; i++) {
        bool is_plain = i < bytes && (unsigned char)text[i] >= 0x20 &&
                        text[i] != '"' && text[i] != '\\';

        if (is_plain)
            continue;
        put_bytes(writer, text + start, i - start);
        start = i + 1;
        if (i < bytes)
            put(writer, "\\u%04x", (unsigned char)text[i]);
    }
    put_bytes(writer, "\"", 1);
}

static void put_base64(struct writer *writer, struct ndb_slice bytes)
{
    put_bytes(writer, "\"", 1);
    if (writer->rc >= 0)
        writer->rc = ndb_base64_encode(writer->out, bytes);
    put_bytes(writer, "\"", 1);
}

static const char *separator(uint32_t index)
{
    return index == 0 ? "" : ",";
}

static void put_names(struct writer *writer, const struct ndb_manifest *body)
{
    for (int kind = 0; kind < NAMIDB_NAME_KIND_COUNT; kind++) {
        put(writer, "\"%s\":[", NDB_MANIFEST_NAMES[kind]);
        for (uint32_t i = 0; i < body->name_count[kind]; i++) {
            const struct ndb_manifest_name *name = &body->names[kind][i];

            put(writer, "%s", separator(i));
            put_string(writer, name->text, name->bytes);
        }
        put(writer, "],\n");
    }
}

static void put_tables(struct writer *writer, const char *name,
                       const struct ndb_manifest_table *tables, uint32_t count)
{
    put(writer, "\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++)
        put(writer, "%s[%" PRIu32 ",%" PRIu64 ",%" PRIu64 "]", separator(i),
            tables[i].table, tables[i].next_sequence, tables[i].count);
    put(writer, "],\n");
}

static void put_labels(struct writer *writer, const struct ndb_manifest *body)
{
    put(writer, "\"label_counts\":[");
    for (uint32_t i = 0; i < body->label_count; i++)
        put(writer, "%s[%" PRIu32 ",%" PRIu64 "]", separator(i),
            body->labels[i].label, body->labels[i].count);
    put(writer, "],\n");
}

static void put_properties(struct writer *writer,
                           const struct ndb_manifest *body)
{
    put(writer, "\"property_stats\":[");
    for (uint32_t i = 0; i < body->properties.count; i++) {
        const struct ndb_property_stat *stat = &body->properties.items[i];

        put(writer, "%s\n[%d,%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",",
            separator(i), stat->is_edge, stat->table, stat->name, stat->values);
        put_base64(writer, ndb_slice(stat->sketch, sizeof stat->sketch));
        put(writer, ",[");
        if (stat->range_kind != NAMIDB_NULL)
            put(writer, "%d,%.17g,%.17g", stat->range_kind, stat->min,
                stat->max);
        put(writer, "]]");
    }
    put(writer, "],\n");
}

static void put_degrees(struct writer *writer, const struct ndb_manifest *body)
{
    put(writer, "\"degree_stats\":[");
    for (uint32_t i = 0; i < body->degrees.count; i++) {
        const struct ndb_degree_stat *stat = &body->degrees.items[i];

        put(writer, "%s\n[%d,%" PRIu32 ",%" PRIu64 ",%.17g,", separator(i),
            stat->is_in, stat->type, stat->edges, stat->squares);
        put_base64(writer, ndb_slice(stat->sketch, sizeof stat->sketch));
        put(writer, ",[");
        for (uint32_t j = 0; j < stat->hub_count; j++)
            put(writer, "%s%" PRIu64 ",%" PRIu64, separator(j),
                stat->hubs[j].id, stat->hubs[j].edges);
        put(writer, "]]");
    }
    put(writer, "],\n");
}

static void put_numbers(struct writer *writer, const uint32_t *numbers,
                        uint32_t count)
{
    put(writer, "[");
    for (uint32_t i = 0; i < count; i++)
        put(writer, "%s%" PRIu32, separator(i), numbers[i]);
    put(writer, "]");
}

static void put_schema(struct writer *writer, const struct ndb_manifest *body)
{
    /* A manifest that was never decoded has no number yet. */
    put(writer, "\"schema_next\":%" PRIu32 ",\n\"schema\":[",
        body->schema_next != 0 ? body->schema_next : 1);
    for (uint32_t i = 0; i < body->schema_count; i++) {
        const namidb_schema_item *item = &body->schema[i];

        put(writer, "%s\n[%" PRIu32 ",%" PRIu32 ",%d,%" PRIu32 ",",
            separator(i), item->number, item->rule, item->is_edge,
            item->target);
        put_numbers(writer, item->props, item->prop_count);
        put(writer, ",%" PRIu32 ",%" PRIu32 ",", item->kinds, item->item_kinds);
        put_string(writer, item->name, strlen(item->name));
        put(writer, "]");
    }
    put(writer, "],\n");
}

static void put_packs(struct writer *writer, const struct ndb_manifest *body)
{
    put(writer, "\"packs\":[");
    for (uint32_t i = 0; i < body->pack_count; i++) {
        const struct ndb_manifest_pack *pack = &body->packs[i];

        put(writer,
            "%s\n{\"ulid\":\"%s\",\"bytes\":%" PRIu64 ",\"level\":%" PRIu32
            ",\"rows\":%" PRIu64 ",\"tombstones\":%" PRIu64
            ",\"created_ms\":%" PRId64 ",\"directory_bytes\":%" PRIu32
            ",\"directory\":",
            separator(i), pack->ulid, pack->bytes, pack->level, pack->rows,
            pack->tombstones, pack->created_ms, pack->directory_bytes);
        put_base64(writer, pack->directory);
        put(writer, ",\"is_index\":%d,\"indexes\":", pack->is_index);
        put_numbers(writer, pack->indexes, pack->index_count);
        put(writer, "}");
    }
    put(writer, "],\n");
}

/* Blanks until the whole object, checksum line included, has the size that
 * tells the floor. */
static void put_padding(struct writer *writer, size_t start, uint64_t floor)
{
    size_t bytes;

    put(writer, "\"pad\":\"");
    bytes = writer->out->bytes - start + sizeof "\",\n" - 1 +
            NDB_MANIFEST_CHECKSUM_BYTES;
    while (writer->rc >= 0 && bytes % NDB_MANIFEST_SIZE_MODULUS !=
                                  floor % NDB_MANIFEST_SIZE_MODULUS) {
        put_bytes(writer, " ", 1);
        bytes++;
    }
    put(writer, "\",\n");
}

int ndb_manifest_encode(struct ndb_buf *out, const struct ndb_manifest *body)
{
    struct writer writer = { out, NAMIDB_OK };
    size_t start = out->bytes;
    struct ndb_hash128 hash;

    put(&writer,
        "{\"format\":%d,\n\"version\":%" PRIu64 ",\n\"floor\":%" PRIu64
        ",\n\"epoch\":%" PRIu64 ",\n\"chain\":\"%016" PRIx64 "%016" PRIx64
        "\",\n\"created_ms\":%" PRId64 ",\n\"author\":\"%s\",\n\"probed\":",
        NDB_FORMAT, body->version, body->floor, body->epoch, body->chain.high,
        body->chain.low, body->created_ms, body->author);
    put_string(&writer, body->probed, strlen(body->probed));
    put(&writer, ",\n");
    put_names(&writer, body);
    put_tables(&writer, "node_tables", body->node_tables,
               body->node_table_count);
    put_tables(&writer, "edge_tables", body->edge_tables,
               body->edge_table_count);
    put_labels(&writer, body);
    put_properties(&writer, body);
    put_degrees(&writer, body);
    put_schema(&writer, body);
    put_packs(&writer, body);
    put_padding(&writer, start, body->floor);
    if (writer.rc >= 0) {
        hash = ndb_hash128(ndb_slice(out->data + start, out->bytes - start));
        put(&writer, "\"checksum\":\"%016" PRIx64 "%016" PRIx64 "\"}\n",
            hash.high, hash.low);
    }
    if (writer.rc < 0)
        out->bytes = start;
    return writer.rc;
}
