/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checksum is verified first, so what is parsed was written by us; all of
 * it is checked nevertheless, because a bug that wrote nonsense must not become
 * wrong rows.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "format/manifest.h"
#include "format/manifest_text.h"
#include "format/number.h"
#include "format/schema.h"

struct decoder {
    namidb_arena *arena;
    const cJSON *at; /* next member of the object */
    int rc;
};

static void fail(struct decoder *decoder, int rc)
{
    if (decoder->rc >= 0)
        decoder->rc = rc;
}

static void *take(struct decoder *decoder, size_t count, size_t size)
{
    void *memory = ndb_arena_array(decoder->arena, count, size);

    if (memory == NULL)
        fail(decoder, NAMIDB_ENOMEM);
    else
        memset(memory, 0, count * size);
    return memory;
}

/* The next member, which must have that name: members have one order. */
static const cJSON *member(struct decoder *decoder, const char *name)
{
    const cJSON *item = decoder->at;

    if (item == NULL || strcmp(item->string, name) != 0) {
        fail(decoder, NAMIDB_ECORRUPT);
        return NULL;
    }
    decoder->at = item->next;
    return item;
}

static uint64_t whole(struct decoder *decoder, const cJSON *item, uint64_t max)
{
    double number = cJSON_IsNumber(item) ? item->valuedouble : -1;

    if (!(number >= 0) || number > (double)max || floor(number) != number) {
        fail(decoder, NAMIDB_ECORRUPT);
        return 0;
    }
    return (uint64_t)number;
}

static uint64_t whole_member(struct decoder *decoder, const char *name,
                             uint64_t max)
{
    return whole(decoder, member(decoder, name), max);
}

#define EXACT_MAX (UINT64_C(1) << 53)

static const char *text(struct decoder *decoder, const cJSON *item,
                        size_t bytes_max)
{
    if (!cJSON_IsString(item) || strlen(item->valuestring) > bytes_max) {
        fail(decoder, NAMIDB_ECORRUPT);
        return "";
    }
    return item->valuestring;
}

static uint32_t array_size(struct decoder *decoder, const cJSON *array,
                           uint32_t max)
{
    int count;

    if (!cJSON_IsArray(array)) {
        fail(decoder, NAMIDB_ECORRUPT);
        return 0;
    }
    count = cJSON_GetArraySize(array);
    if ((uint32_t)count > max) {
        fail(decoder, NAMIDB_ECORRUPT);
        return 0;
    }
    return (uint32_t)count;
}

static struct ndb_slice base64(struct decoder *decoder, const cJSON *item,
                               size_t bytes_max)
{
    const char *encoded = text(decoder, item, bytes_max * 2 + 4);
    size_t bytes = strlen(encoded);
    uint8_t *data = take(decoder, bytes, 1);

    if (data == NULL ||
        !ndb_base64_decode(ndb_slice(encoded, bytes), data, &bytes)) {
        fail(decoder, NAMIDB_ECORRUPT);
        return ndb_slice(NULL, 0);
    }
    return ndb_slice(data, bytes);
}

static void read_names(struct decoder *decoder, int kind,
                       struct ndb_manifest *out)
{
    static const uint32_t max[NAMIDB_NAME_KIND_COUNT] = {
        NDB_LABEL_COUNT_MAX, NDB_TYPE_COUNT_MAX, NDB_PROPERTY_COUNT_MAX
    };
    const cJSON *array = member(decoder, NDB_MANIFEST_NAMES[kind]);
    uint32_t count = array_size(decoder, array, max[kind]);
    struct ndb_manifest_name *names = take(decoder, count, sizeof *names);
    const cJSON *item;
    uint32_t i = 0;

    if (decoder->rc < 0)
        return;
    cJSON_ArrayForEach(item, array)
    {
        const char *name = text(decoder, item, NDB_NAME_BYTES_MAX);

        names[i].bytes = (uint32_t)strlen(name);
        names[i].text =
            ndb_arena_copy(decoder->arena, name, names[i].bytes + 1);
        if (names[i].text == NULL)
            fail(decoder, NAMIDB_ENOMEM);
        if (names[i].bytes == 0 ||
            !ndb_utf8_is_valid(ndb_slice(name, names[i].bytes)))
            fail(decoder, NAMIDB_ECORRUPT);
        i++;
    }
    out->names[kind] = names;
    out->name_count[kind] = count;
}

/* Item `index` of a short array. */
static const cJSON *field(struct decoder *decoder, const cJSON *array,
                          int count, int index)
{
    if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) != count) {
        fail(decoder, NAMIDB_ECORRUPT);
        return NULL;
    }
    return cJSON_GetArrayItem(array, index);
}

static struct ndb_manifest_table *read_tables(struct decoder *decoder,
                                              const char *name, uint32_t *count)
{
    const cJSON *array = member(decoder, name);
    struct ndb_manifest_table *tables;
    const cJSON *item;
    uint32_t i = 0;

    *count = array_size(decoder, array, NAMIDB_TABLE_MAX + 1);
    tables = take(decoder, *count, sizeof *tables);
    if (decoder->rc < 0)
        return NULL;
    cJSON_ArrayForEach(item, array)
    {
        struct ndb_manifest_table *table = &tables[i];

        table->table = (uint32_t)whole(decoder, field(decoder, item, 3, 0),
                                       NAMIDB_TABLE_MAX);
        table->next_sequence =
            whole(decoder, field(decoder, item, 3, 1), NAMIDB_SEQUENCE_MAX + 1);
        table->count =
            whole(decoder, field(decoder, item, 3, 2), NAMIDB_SEQUENCE_MAX);
        if (table->next_sequence == 0 ||
            (i != 0 && table->table <= tables[i - 1].table))
            fail(decoder, NAMIDB_ECORRUPT);
        i++;
    }
    return tables;
}

static void read_labels(struct decoder *decoder, struct ndb_manifest *out)
{
    const cJSON *array = member(decoder, "label_counts");
    uint32_t count = array_size(decoder, array, NDB_LABEL_COUNT_MAX);
    const cJSON *item;
    uint32_t i = 0;

    out->labels = take(decoder, count, sizeof *out->labels);
    out->label_count = count;
    if (decoder->rc < 0)
        return;
    cJSON_ArrayForEach(item, array)
    {
        struct ndb_manifest_label *label = &out->labels[i];

        label->label = (uint32_t)whole(decoder, field(decoder, item, 2, 0),
                                       NDB_LABEL_COUNT_MAX);
        label->count = whole(decoder, field(decoder, item, 2, 1), EXACT_MAX);
        if (i != 0 && label->label <= out->labels[i - 1].label)
            fail(decoder, NAMIDB_ECORRUPT);
        i++;
    }
}

static void read_sketch(struct decoder *decoder, const cJSON *item,
                        uint8_t *out)
{
    struct ndb_slice sketch = base64(decoder, item, NDB_SKETCH_BYTES);

    if (decoder->rc >= 0 && sketch.bytes != NDB_SKETCH_BYTES)
        fail(decoder, NAMIDB_ECORRUPT);
    if (decoder->rc < 0)
        return;
    memcpy(out, sketch.data, sketch.bytes);
    for (uint32_t i = 0; i < NDB_SKETCH_BYTES; i++)
        if (out[i] > NDB_SKETCH_REGISTER_MAX)
            fail(decoder, NAMIDB_ECORRUPT);
}

/* [] or [kind, min, max]. */
static void read_range(struct decoder *decoder, const cJSON *array,
                       struct ndb_property_stat *stat)
{
    const cJSON *min, *max;

    if (array_size(decoder, array, 3) == 0)
        return;
    stat->range_kind = (uint8_t)whole(decoder, field(decoder, array, 3, 0),
                                      NAMIDB_KIND_COUNT - 1);
    min = field(decoder, array, 3, 1);
    max = field(decoder, array, 3, 2);
    if (!cJSON_IsNumber(min) || !cJSON_IsNumber(max) ||
        !(min->valuedouble <= max->valuedouble) ||
        !isfinite(min->valuedouble) || !isfinite(max->valuedouble) ||
        stat->range_kind == NAMIDB_NULL) {
        fail(decoder, NAMIDB_ECORRUPT);
        return;
    }
    stat->min = min->valuedouble;
    stat->max = max->valuedouble;
}

static void read_property(struct decoder *decoder, const cJSON *array,
                          uint32_t name_max, struct ndb_property_stat *stat)
{
    stat->is_edge = whole(decoder, field(decoder, array, 6, 0), 1) == 1;
    stat->table =
        (uint32_t)whole(decoder, field(decoder, array, 6, 1), NAMIDB_TABLE_MAX);
    stat->name =
        (uint32_t)whole(decoder, field(decoder, array, 6, 2), name_max);
    stat->values = whole(decoder, field(decoder, array, 6, 3), EXACT_MAX);
    read_sketch(decoder, field(decoder, array, 6, 4), stat->sketch);
    read_range(decoder, field(decoder, array, 6, 5), stat);
    if (stat->name == 0 || stat->values == 0)
        fail(decoder, NAMIDB_ECORRUPT);
}

static void read_properties(struct decoder *decoder, struct ndb_manifest *out)
{
    const cJSON *array = member(decoder, "property_stats");
    struct ndb_property_stats *stats = &out->properties;
    const cJSON *item;
    uint32_t i = 0;

    stats->count = array_size(decoder, array, NDB_PROPERTY_STATS_MAX);
    stats->capacity = stats->count;
    stats->items = take(decoder, stats->count, sizeof *stats->items);
    if (decoder->rc < 0)
        return;
    cJSON_ArrayForEach(item, array)
    {
        read_property(decoder, item, out->name_count[NAMIDB_PROPERTY],
                      &stats->items[i]);
        if (i != 0 && ndb_property_stat_compare(&stats->items[i - 1],
                                                &stats->items[i]) >= 0)
            fail(decoder, NAMIDB_ECORRUPT);
        i++;
    }
}

/* [id, edges, ...], most edges first. */
static void read_hubs(struct decoder *decoder, const cJSON *array,
                      struct ndb_degree_stat *stat)
{
    uint32_t count = array_size(decoder, array, 2 * NDB_DEGREE_HUBS_MAX);

    stat->hub_count = count / 2;
    for (uint32_t i = 0; i < stat->hub_count && decoder->rc >= 0; i++) {
        struct ndb_degree_hub *hub = &stat->hubs[i];

        hub->id = whole(decoder, field(decoder, array, (int)count, (int)i * 2),
                        EXACT_MAX);
        hub->edges =
            whole(decoder, field(decoder, array, (int)count, (int)i * 2 + 1),
                  EXACT_MAX);
        if (i != 0 && hub->edges > stat->hubs[i - 1].edges)
            fail(decoder, NAMIDB_ECORRUPT);
    }
    if (count % 2 != 0)
        fail(decoder, NAMIDB_ECORRUPT);
}

static void read_degree(struct decoder *decoder, const cJSON *array,
                        struct ndb_degree_stat *stat)
{
    const cJSON *squares = field(decoder, array, 6, 3);

    stat->is_in = whole(decoder, field(decoder, array, 6, 0), 1) == 1;
    stat->type =
        (uint32_t)whole(decoder, field(decoder, array, 6, 1), NAMIDB_TABLE_MAX);
    stat->edges = whole(decoder, field(decoder, array, 6, 2), EXACT_MAX);
    read_sketch(decoder, field(decoder, array, 6, 4), stat->sketch);
    read_hubs(decoder, field(decoder, array, 6, 5), stat);
    if (!cJSON_IsNumber(squares) || !isfinite(squares->valuedouble) ||
        !(squares->valuedouble >= (double)stat->edges) || stat->edges == 0 ||
        stat->type == 0) {
        fail(decoder, NAMIDB_ECORRUPT);
        return;
    }
    stat->squares = squares->valuedouble;
}

static void read_degrees(struct decoder *decoder, struct ndb_manifest *out)
{
    const cJSON *array = member(decoder, "degree_stats");
    struct ndb_degree_stats *stats = &out->degrees;
    const cJSON *item;
    uint32_t i = 0;

    stats->count = array_size(decoder, array, NDB_DEGREE_STATS_MAX);
    stats->capacity = stats->count;
    stats->items = take(decoder, stats->count, sizeof *stats->items);
    if (decoder->rc < 0)
        return;
    cJSON_ArrayForEach(item, array)
    {
        read_degree(decoder, item, &stats->items[i]);
        if (i != 0 && ndb_degree_stat_compare(&stats->items[i - 1],
                                              &stats->items[i]) >= 0)
            fail(decoder, NAMIDB_ECORRUPT);
        i++;
    }
}

/* Numbers from 1, at most `max` of them. */
static uint32_t *read_numbers(struct decoder *decoder, const cJSON *array,
                              uint32_t max, uint32_t *count)
{
    uint32_t *numbers;
    const cJSON *item;
    uint32_t i = 0;

    *count = array_size(decoder, array, max);
    numbers = take(decoder, *count, sizeof *numbers);
    if (decoder->rc < 0)
        return NULL;
    cJSON_ArrayForEach(item, array)
    {
        numbers[i] = (uint32_t)whole(decoder, item, NDB_SCHEMA_NUMBER_MAX);
        if (numbers[i] == 0)
            fail(decoder, NAMIDB_ECORRUPT);
        i++;
    }
    return numbers;
}

static void read_item(struct decoder *decoder, const cJSON *array,
                      namidb_schema_item *item)
{
    const char *name;
    uint32_t *props;

    item->number = (uint32_t)whole(decoder, field(decoder, array, 8, 0),
                                   NDB_SCHEMA_NUMBER_MAX);
    item->rule = (uint32_t)whole(decoder, field(decoder, array, 8, 1),
                                 NAMIDB_RULE_COUNT);
    item->is_edge = whole(decoder, field(decoder, array, 8, 2), 1) == 1;
    item->target = (uint32_t)whole(decoder, field(decoder, array, 8, 3),
                                   NDB_LABEL_COUNT_MAX);
    props = read_numbers(decoder, field(decoder, array, 8, 4),
                         NAMIDB_SCHEMA_PROPS_MAX, &item->prop_count);
    item->kinds =
        (uint32_t)whole(decoder, field(decoder, array, 8, 5), UINT32_MAX);
    item->item_kinds =
        (uint32_t)whole(decoder, field(decoder, array, 8, 6), UINT32_MAX);
    name = text(decoder, field(decoder, array, 8, 7), sizeof item->name - 1);
    if (decoder->rc < 0)
        return;
    memcpy(item->props, props, item->prop_count * sizeof *props);
    memcpy(item->name, name, strlen(name));
    if (!ndb_schema_item_is_valid(item))
        fail(decoder, NAMIDB_ECORRUPT);
}

static void read_schema(struct decoder *decoder, struct ndb_manifest *out)
{
    const cJSON *array;
    const cJSON *item;
    uint32_t i = 0;

    out->schema_next = (uint32_t)whole_member(decoder, "schema_next",
                                              NDB_SCHEMA_NUMBER_MAX + 1);
    array = member(decoder, "schema");
    out->schema_count = array_size(decoder, array, NDB_SCHEMA_ITEMS_MAX);
    out->schema = take(decoder, out->schema_count, sizeof *out->schema);
    if (decoder->rc < 0)
        return;
    cJSON_ArrayForEach(item, array)
    {
        read_item(decoder, item, &out->schema[i]);
        if (out->schema[i].number <= (i != 0 ? out->schema[i - 1].number : 0) ||
            out->schema[i].number >= out->schema_next)
            fail(decoder, NAMIDB_ECORRUPT);
        i++;
    }
}

static void read_pack(struct decoder *decoder, const cJSON *object,
                      struct ndb_manifest_pack *pack)
{
    struct decoder inner = { decoder->arena, object->child, NAMIDB_OK };
    const char *ulid;

    if (!cJSON_IsObject(object)) {
        fail(decoder, NAMIDB_ECORRUPT);
        return;
    }
    ulid = text(&inner, member(&inner, "ulid"), NDB_ULID_CHARS);
    if (!ndb_ulid_is_valid(ulid))
        fail(&inner, NAMIDB_ECORRUPT);
    (void)snprintf(pack->ulid, sizeof pack->ulid, "%s", ulid);
    pack->bytes = whole_member(&inner, "bytes", NDB_PACK_BYTES_MAX);
    pack->level = (uint32_t)whole_member(&inner, "level", 64);
    pack->rows = whole_member(&inner, "rows", EXACT_MAX);
    pack->tombstones = whole_member(&inner, "tombstones", EXACT_MAX);
    pack->created_ms = (int64_t)whole_member(&inner, "created_ms", EXACT_MAX);
    pack->directory_bytes = (uint32_t)whole_member(
        &inner, "directory_bytes", NDB_PACK_DIRECTORY_BYTES_MAX);
    pack->directory = base64(&inner, member(&inner, "directory"),
                             NDB_PACK_DIRECTORY_INLINE_MAX);
    pack->is_index = whole_member(&inner, "is_index", 1) == 1;
    pack->indexes = read_numbers(&inner, member(&inner, "indexes"),
                                 NDB_SCHEMA_ITEMS_MAX, &pack->index_count);
    if (inner.at != NULL || pack->directory_bytes > pack->bytes ||
        (pack->directory.bytes != 0 &&
         pack->directory.bytes != pack->directory_bytes))
        fail(&inner, NAMIDB_ECORRUPT);
    if (inner.rc < 0)
        fail(decoder, inner.rc);
}

static void read_packs(struct decoder *decoder, struct ndb_manifest *out)
{
    const cJSON *array = member(decoder, "packs");
    const cJSON *item;
    uint32_t i = 0;

    out->pack_count = array_size(decoder, array, NDB_MANIFEST_PACKS_MAX);
    out->packs = take(decoder, out->pack_count, sizeof *out->packs);
    if (decoder->rc < 0)
        return;
    cJSON_ArrayForEach(item, array)
    {
        read_pack(decoder, item, &out->packs[i++]);
    }
}

static bool parse_hash(const char *hex, struct ndb_hash128 *hash)
{
    return strlen(hex) == 32 && strspn(hex, "0123456789abcdef") == 32 &&
           sscanf(hex, "%16" SCNx64 "%16" SCNx64, &hash->high, &hash->low) == 2;
}

static void read_head(struct decoder *decoder, struct ndb_manifest *out)
{
    const char *string;

    out->version = whole_member(decoder, "version", EXACT_MAX);
    out->floor = whole_member(decoder, "floor", EXACT_MAX);
    out->epoch = whole_member(decoder, "epoch", EXACT_MAX);
    string = text(decoder, member(decoder, "chain"), 32);
    if (!parse_hash(string, &out->chain) || out->floor == 0 ||
        out->epoch >= out->floor)
        fail(decoder, NAMIDB_ECORRUPT);
    out->created_ms = (int64_t)whole_member(decoder, "created_ms", EXACT_MAX);
    string = text(decoder, member(decoder, "author"), sizeof out->author - 1);
    (void)snprintf(out->author, sizeof out->author, "%s", string);
    string = text(decoder, member(decoder, "probed"), sizeof out->probed - 1);
    (void)snprintf(out->probed, sizeof out->probed, "%s", string);
}

static int read_body(const cJSON *object, uint64_t version, namidb_arena *arena,
                     struct ndb_manifest *out)
{
    struct decoder decoder = { arena, object->child, NAMIDB_OK };

    if (!cJSON_IsObject(object))
        return NAMIDB_ECORRUPT;
    if (whole_member(&decoder, "format", 1000) != NDB_FORMAT)
        return decoder.rc < 0 ? decoder.rc : NAMIDB_EUNSUPPORTED;
    read_head(&decoder, out);
    for (int kind = 0; kind < NAMIDB_NAME_KIND_COUNT; kind++)
        read_names(&decoder, kind, out);
    out->node_tables =
        read_tables(&decoder, "node_tables", &out->node_table_count);
    out->edge_tables =
        read_tables(&decoder, "edge_tables", &out->edge_table_count);
    read_labels(&decoder, out);
    read_properties(&decoder, out);
    read_degrees(&decoder, out);
    read_schema(&decoder, out);
    read_packs(&decoder, out);
    (void)member(&decoder, "pad");
    (void)member(&decoder, "checksum");
    if (decoder.at != NULL || out->version != version)
        fail(&decoder, NAMIDB_ECORRUPT);
    return decoder.rc;
}

/* The last line is the checksum of what stands before it, to the letter. */
static bool has_checksum(struct ndb_slice object)
{
    char expected[NDB_MANIFEST_CHECKSUM_BYTES + 1];
    struct ndb_slice body;
    struct ndb_hash128 hash;

    if (object.bytes <= NDB_MANIFEST_CHECKSUM_BYTES ||
        object.bytes > NDB_MANIFEST_BYTES_MAX)
        return false;
    body = ndb_slice(object.data, object.bytes - NDB_MANIFEST_CHECKSUM_BYTES);
    hash = ndb_hash128(body);
    (void)snprintf(expected, sizeof expected,
                   "\"checksum\":\"%016" PRIx64 "%016" PRIx64 "\"}\n",
                   hash.high, hash.low);
    return memcmp(expected, body.data + body.bytes,
                  NDB_MANIFEST_CHECKSUM_BYTES) == 0;
}

/* Whether there was memory for what cJSON makes of an object: items for its
 * members and values, and their texts. */
static bool has_memory(struct ndb_slice object)
{
    size_t items = 1;
    void *block;

    for (size_t i = 0; i < object.bytes; i++)
        items += memchr(",:[{", object.data[i], 4) != NULL;
    block = ndb_alloc(items * 2 * sizeof(cJSON) + object.bytes);
    ndb_free(block);
    return block != NULL;
}

int ndb_manifest_decode(struct ndb_slice object, uint64_t version,
                        namidb_arena *arena, struct ndb_manifest *out)
{
    cJSON *parsed;
    int rc;

    memset(out, 0, sizeof *out);
    if (!has_checksum(object))
        return NAMIDB_ECORRUPT;
    parsed = cJSON_ParseWithLength((const char *)object.data, object.bytes);
    if (parsed == NULL) /* cJSON does not say why */
        return has_memory(object) ? NAMIDB_ECORRUPT : NAMIDB_ENOMEM;
    rc = read_body(parsed, version, arena, out);
    cJSON_Delete(parsed);
    return rc;
}
