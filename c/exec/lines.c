/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/lines.h"

#include "base/error.h"
#include "base/mem.h"
#include "exec/known_keys.h"
#include "exec/line_cells.h"
#include "format/value.h"

enum {
    BATCH_ROWS = 1024, /* parsed, and whose ends are looked up, together */
    KNOWN_SHARE = 4,   /* of the bytes for caches: known keys have one in 4 */
};

struct ndb_lines {
    bool is_edge, is_merge;
    uint32_t label; /* type of edges */
    struct ndb_line_format format;
    namidb_lines_column *columns; /* of the format */
    namidb_column *props;         /* those that are properties */
    size_t prop_count;
    uint32_t end_labels[2];  /* of edges: from, to */
    uint32_t key_columns[2]; /* of edges: from, to; of nodes: the key */
    bool has_key;            /* nodes */

    struct ndb_known_keys known; /* of ends */
    namidb_arena members;

    /* Of a batch. */
    namidb_value *cells;          /* column_count per row */
    namidb_arena texts;           /* of cells that are no views */
    const char *ends[BATCH_ROWS]; /* behind each row */
    uint64_t ids[2][BATCH_ROWS];  /* of edges: from, to; 0: no such node */
    struct ndb_key_probe *probes;
    uint64_t **probe_places; /* in ids */
};

/* What each column is for. */
static void read_roles(struct ndb_lines *lines)
{
    for (uint32_t i = 0; i < lines->format.column_count; i++) {
        const namidb_lines_column *column = &lines->columns[i];

        if (column->role == NAMIDB_LINES_TO)
            lines->key_columns[1] = i;
        else if (column->role != NAMIDB_LINES_NONE)
            lines->key_columns[0] = i;
        lines->has_key |= column->role == NAMIDB_LINES_KEY;
        if (column->name != 0)
            lines->props[lines->prop_count++] = (namidb_column){
                column->name, { lines->cells + i, lines->format.column_count }
            };
    }
}

/* Columns of the caller's, with members of our own. NAMIDB_OK, NAMIDB_ENOMEM.
 */
static int copy_columns(struct ndb_lines *lines, const namidb_lines_spec *spec)
{
    if (spec->column_count != 0)
        memcpy(lines->columns, spec->columns,
               spec->column_count * sizeof *lines->columns);
    for (uint32_t i = 0; i < spec->column_count; i++) {
        namidb_lines_column *column = &lines->columns[i];

        if (spec->separator != '\0')
            continue;
        column->member = ndb_arena_copy(&lines->members, column->member,
                                        column->member_bytes);
        if (column->member == NULL)
            return NAMIDB_ENOMEM;
    }
    lines->format =
        (struct ndb_line_format){ spec->separator, spec->is_merge,
                                  lines->columns, spec->column_count };
    return NAMIDB_OK;
}

int ndb_lines_new(struct ndb_lines **out, const namidb_lines_spec *spec,
                  namidb_error *err)
{
    struct ndb_lines *lines = ndb_calloc(1, sizeof *lines);
    size_t width = spec->column_count;

    *out = NULL;
    if (lines == NULL)
        return ndb_fail_memory(err);
    if (spec->separator == '\0' && width > NDB_LINE_COLUMNS_MAX) {
        ndb_free(lines);
        return ndb_fail(err, NAMIDB_ELIMIT, "more than %d columns",
                        NDB_LINE_COLUMNS_MAX);
    }
    lines->is_edge = spec->is_edge;
    lines->is_merge = spec->is_merge;
    lines->label = spec->label;
    lines->end_labels[0] = spec->from_label;
    lines->end_labels[1] = spec->to_label;
    lines->columns = ndb_calloc(width, sizeof *lines->columns);
    lines->cells = ndb_calloc(width * BATCH_ROWS, sizeof *lines->cells);
    lines->props = ndb_calloc(width, sizeof *lines->props);
    lines->probes = ndb_calloc(2 * BATCH_ROWS, sizeof *lines->probes);
    lines->probe_places =
        ndb_calloc(2 * BATCH_ROWS, sizeof *lines->probe_places);
    if (lines->columns == NULL || lines->cells == NULL ||
        lines->props == NULL || lines->probes == NULL ||
        lines->probe_places == NULL || copy_columns(lines, spec) < 0) {
        ndb_lines_free(lines);
        return ndb_fail_memory(err);
    }
    read_roles(lines);
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
    ndb_known_keys_release(&lines->known);
    ndb_arena_release(&lines->members);
    ndb_arena_release(&lines->texts);
    ndb_free(lines);
}

static size_t parse_lines(struct ndb_lines *lines, struct ndb_slice text,
                          size_t rows_max)
{
    const char *(*parse)(const struct ndb_line_format *, const char *,
                         const char *, namidb_arena *, namidb_value *) =
        lines->format.separator == '\0' ? ndb_json_line_parse : ndb_line_parse;
    const char *at = (const char *)text.data, *end = at + text.bytes;
    size_t rows = 0;

    ndb_arena_reset(&lines->texts);
    if (rows_max > BATCH_ROWS)
        rows_max = BATCH_ROWS;
    while (rows < rows_max) {
        at = parse(&lines->format, at, end, &lines->texts,
                   lines->cells + rows * lines->format.column_count);
        if (at == NULL)
            break;
        lines->ends[rows++] = at;
    }
    return rows;
}

/* ------------------------------------------------------------------ keys -- */

static namidb_values end_keys(const struct ndb_lines *lines, uint32_t side)
{
    return (namidb_values){ lines->cells + lines->key_columns[side],
                            lines->format.column_count };
}

/* Finds the ends at both sides of all rows. Those that are not known are looked
 * up together; filters save a look into each pack that lacks a key. */
static int find_ends(struct ndb_lines *lines, struct namidb_tx *tx, size_t rows)
{
    size_t known_bytes_max = ndb_db_cache_bytes(tx->db) / KNOWN_SHARE;
    size_t count = 0;
    int rc = NAMIDB_OK;

    for (uint32_t side = 0; side < 2; side++) {
        namidb_values keys = end_keys(lines, side);

        ndb_known_keys_find(&lines->known, lines->end_labels[side], keys, rows,
                            lines->ids[side]);
        for (size_t row = 0; row < rows; row++) {
            const namidb_value *key = &keys.items[row * keys.stride];

            if (lines->ids[side][row] != 0 || ndb_key_check(key, NULL) < 0)
                continue;
            lines->probes[count] =
                (struct ndb_key_probe){ .table = lines->end_labels[side],
                                        .key = *key };
            lines->probe_places[count++] = &lines->ids[side][row];
        }
    }
    if (count != 0)
        rc = ndb_read_keys(&tx->snapshot, lines->probes, count, true, NULL);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        *lines->probe_places[i] = lines->probes[i].id;
    ndb_known_keys_add(&lines->known, lines->probes, count, known_bytes_max);
    return NAMIDB_OK;
}

/* ------------------------------------------------------------------ rows -- */

static int write_nodes(const struct ndb_lines *lines, struct namidb_tx *tx,
                       size_t count, size_t *bad_row)
{
    const namidb_value *keys =
        lines->has_key ? lines->cells + lines->key_columns[0] : NULL;
    const namidb_node_rows rows = {
        .count = count,
        .label = lines->label,
        .keys = { keys, lines->format.column_count },
        .is_merge = lines->is_merge,
        .props = { lines->props, lines->prop_count },
    };

    return ndb_tx_put_nodes(tx, &rows, NULL, bad_row, NULL);
}

static int write_edges(const struct ndb_lines *lines, struct namidb_tx *tx,
                       size_t count, size_t *bad_row)
{
    const namidb_edge_rows rows = {
        .count = count,
        .type = lines->label,
        .from = lines->ids[0],
        .to = lines->ids[1],
        .props = { lines->props, lines->prop_count },
    };

    return ndb_tx_put_edges(tx, &rows, NULL, bad_row, NULL);
}

/* How many of the rows are in the batch now: those before the first bad one. */
static size_t put_rows(const struct ndb_lines *lines, struct namidb_tx *tx,
                       size_t rows)
{
    size_t bad_row = rows;
    int rc;

    do {
        rows = bad_row;
        rc = lines->is_edge ? write_edges(lines, tx, rows, &bad_row)
                            : write_nodes(lines, tx, rows, &bad_row);
    } while (rc < 0 && bad_row != 0);
    return rc < 0 ? 0 : rows;
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
