/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/lines.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/table.h"
#include "exec/line_cells.h"
#include "format/value.h"

/* Rows that are parsed, and whose ends are looked up, together. */
enum { BATCH_ROWS = 1024 };

/* A key that was found. */
struct known_key {
    uint32_t table;
    namidb_value key;
    uint64_t id;
};

struct ndb_lines {
    bool is_edge, is_merge;
    uint32_t label; /* type of edges */
    uint32_t from_label, to_label;
    struct ndb_line_format format;
    namidb_lines_column *columns; /* of the format */

    struct ndb_table numbers; /* hash of (table, key) -> known */
    struct known_key *known;
    uint32_t known_count, known_capacity;
    namidb_arena keys; /* their texts */

    /* Of a batch. */
    namidb_value *cells;          /* column_count per row */
    const char *ends[BATCH_ROWS]; /* behind each row */
    uint64_t ids[2 * BATCH_ROWS]; /* of edges: from, to */
    struct ndb_key_probe *probes;
    uint32_t *probe_places; /* in ids */
    namidb_property *props;
};

int ndb_lines_new(struct ndb_lines **out, const namidb_lines_spec *spec,
                  namidb_error *err)
{
    struct ndb_lines *lines = ndb_calloc(1, sizeof *lines);
    size_t width = spec->column_count;

    *out = NULL;
    if (lines == NULL)
        return ndb_fail_memory(err);
    lines->is_edge = spec->is_edge;
    lines->is_merge = spec->is_merge;
    lines->label = spec->label;
    lines->from_label = spec->from_label;
    lines->to_label = spec->to_label;
    lines->columns = ndb_calloc(width, sizeof *lines->columns);
    lines->cells = ndb_calloc(width * BATCH_ROWS, sizeof *lines->cells);
    lines->props = ndb_calloc(width, sizeof *lines->props);
    lines->probes = ndb_calloc(2 * BATCH_ROWS, sizeof *lines->probes);
    lines->probe_places =
        ndb_calloc(2 * BATCH_ROWS, sizeof *lines->probe_places);
    if (lines->columns == NULL || lines->cells == NULL ||
        lines->props == NULL || lines->probes == NULL ||
        lines->probe_places == NULL) {
        ndb_lines_free(lines);
        return ndb_fail_memory(err);
    }
    if (width != 0)
        memcpy(lines->columns, spec->columns, width * sizeof *lines->columns);
    lines->format = (struct ndb_line_format){ spec->separator, lines->columns,
                                              spec->column_count };
    *out = lines;
    return NAMIDB_OK;
}

void ndb_lines_free(struct ndb_lines *lines)
{
    if (lines == NULL)
        return;
    ndb_free(lines->columns);
    ndb_free(lines->cells);
    ndb_free(lines->props);
    ndb_free(lines->probes);
    ndb_free(lines->probe_places);
    ndb_free(lines->known);
    ndb_table_release(&lines->numbers);
    ndb_arena_release(&lines->keys);
    ndb_free(lines);
}

static size_t parse_lines(struct ndb_lines *lines, struct ndb_slice text,
                          size_t rows_max)
{
    const char *at = (const char *)text.data, *end = at + text.bytes;
    size_t rows = 0;

    if (rows_max > BATCH_ROWS)
        rows_max = BATCH_ROWS;
    while (rows < rows_max) {
        at = ndb_line_parse(&lines->format, at, end,
                            lines->cells + rows * lines->format.column_count);
        if (at == NULL)
            break;
        lines->ends[rows++] = at;
    }
    return rows;
}

/* ------------------------------------------------------------------ keys -- */

static uint64_t hash_of(uint32_t table, const namidb_value *key)
{
    return (ndb_key_hash(key) ^ ndb_hash_integer(table + 1)) | 1;
}

static bool is_same_key(const namidb_value *a, const namidb_value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == NAMIDB_INT)
        return a->as.integer == b->as.integer;
    return ndb_slice_equal(ndb_slice(a->as.bytes, a->size),
                           ndb_slice(b->as.bytes, b->size));
}

/* 0: not known. */
static uint64_t known_id(const struct ndb_lines *lines, uint32_t table,
                         const namidb_value *key)
{
    uint32_t number = ndb_table_find(&lines->numbers, hash_of(table, key));
    const struct known_key *known;

    if (number == NDB_TABLE_NONE)
        return 0;
    known = &lines->known[number];
    return known->table == table && is_same_key(&known->key, key) ? known->id
                                                                  : 0;
}

/* Remembers a key; without memory, or for a second one of its hash, it is just
 * looked up again. */
static void learn(struct ndb_lines *lines, const struct ndb_key_probe *probe)
{
    uint64_t hash = hash_of(probe->table, &probe->key);
    struct known_key *known;

    if (ndb_table_find(&lines->numbers, hash) != NDB_TABLE_NONE ||
        ndb_table_reserve(&lines->numbers, 1) < 0)
        return;
    if (lines->known_count == lines->known_capacity) {
        uint32_t capacity = lines->known_capacity * 2 + 1024;

        known = ndb_realloc(lines->known, capacity, sizeof *known);
        if (known == NULL)
            return;
        lines->known = known;
        lines->known_capacity = capacity;
    }
    known = &lines->known[lines->known_count];
    *known = (struct known_key){ .table = probe->table, .id = probe->id };
    if (ndb_value_copy(&lines->keys, &probe->key, &known->key) < 0)
        return;
    (void)ndb_table_add(&lines->numbers, hash, lines->known_count++);
}

/* The id of one end of a row, or a probe for it. */
static void want_end(struct ndb_lines *lines, uint32_t place, uint32_t table,
                     const namidb_value *key, size_t *probe_count)
{
    lines->ids[place] = 0;
    if (key->kind == NAMIDB_NULL || ndb_key_check(key, NULL) < 0)
        return;
    lines->ids[place] = known_id(lines, table, key);
    if (lines->ids[place] != 0)
        return;
    lines->probes[*probe_count] =
        (struct ndb_key_probe){ .table = table, .key = *key };
    lines->probe_places[(*probe_count)++] = place;
}

/* The ids of both ends of all rows; 0: no such node, or no key. */
static int find_ends(struct ndb_lines *lines, struct namidb_tx *tx, size_t rows)
{
    size_t probe_count = 0;
    int rc = NAMIDB_OK;

    for (uint32_t row = 0; row < rows; row++) {
        const namidb_value *cells =
            lines->cells + (size_t)row * lines->format.column_count;

        for (uint32_t i = 0; i < lines->format.column_count; i++) {
            if (lines->columns[i].role == NAMIDB_LINES_FROM)
                want_end(lines, 2 * row, lines->from_label, &cells[i],
                         &probe_count);
            if (lines->columns[i].role == NAMIDB_LINES_TO)
                want_end(lines, 2 * row + 1, lines->to_label, &cells[i],
                         &probe_count);
        }
    }
    if (probe_count != 0)
        rc = ndb_read_keys(&tx->snapshot, lines->probes, probe_count, false,
                           NULL);
    for (size_t i = 0; i < probe_count && rc >= 0; i++) {
        lines->ids[lines->probe_places[i]] = lines->probes[i].id;
        if (lines->probes[i].id != 0)
            learn(lines, &lines->probes[i]);
    }
    return rc;
}

/* ------------------------------------------------------------------ rows -- */

static namidb_props props_of(struct ndb_lines *lines, const namidb_value *cells)
{
    size_t count = 0;

    for (uint32_t i = 0; i < lines->format.column_count; i++)
        if (lines->columns[i].name != 0 && cells[i].kind != NAMIDB_NULL)
            lines->props[count++] =
                (namidb_property){ lines->columns[i].name, cells[i] };
    return (namidb_props){ lines->props, count };
}

static int put_node(struct ndb_lines *lines, struct namidb_tx *tx,
                    const namidb_value *cells)
{
    namidb_props props = props_of(lines, cells);
    uint64_t id;

    for (uint32_t i = 0; i < lines->format.column_count; i++) {
        if (lines->columns[i].role != NAMIDB_LINES_KEY)
            continue;
        if (cells[i].kind == NAMIDB_NULL)
            return NAMIDB_EINVAL;
        return ndb_tx_put_node(tx, lines->label, cells[i], props,
                               lines->is_merge, &id, NULL);
    }
    return ndb_tx_create_node(tx, &lines->label, 1, props, &id, NULL);
}

/* How many of the rows are in the batch now. */
static size_t put_rows(struct ndb_lines *lines, struct namidb_tx *tx,
                       size_t rows)
{
    for (size_t row = 0; row < rows; row++) {
        const namidb_value *cells =
            lines->cells + row * lines->format.column_count;
        const uint64_t *ends = lines->ids + 2 * row;
        uint64_t id;
        int rc;

        if (!lines->is_edge)
            rc = put_node(lines, tx, cells);
        else if (ends[0] == 0 || ends[1] == 0)
            rc = NAMIDB_ENOTFOUND;
        else
            rc = ndb_tx_put_edge(tx, lines->label, ends[0], ends[1],
                                 props_of(lines, cells), &id, NULL);
        if (rc < 0)
            return row;
    }
    return rows;
}

void ndb_lines_put(struct ndb_lines *lines, struct namidb_tx *tx,
                   struct ndb_slice text, size_t rows_max, size_t *rows,
                   size_t *used)
{
    const char *begin = (const char *)text.data;

    *rows = *used = 0;
    while (*rows < rows_max) {
        struct ndb_slice rest = ndb_slice(begin + *used, text.bytes - *used);
        size_t parsed = parse_lines(lines, rest, rows_max - *rows), done;

        if (parsed == 0 || (lines->is_edge && find_ends(lines, tx, parsed) < 0))
            break;
        done = put_rows(lines, tx, parsed);
        if (done == 0)
            break;
        *rows += done;
        *used = (size_t)(lines->ends[done - 1] - begin);
        if (done < parsed)
            break;
    }
}
