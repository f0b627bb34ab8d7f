/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_cells.h - a line of separated text, or of JSON, as values, when it is
 * plain. Pure.
 *
 * Text: whole, with as many cells as there are columns, each of which converts;
 * quotes are closed in the line, around whole cells.
 * JSON: an object of members that are columns, in any order, none twice, some
 * absent; values are strings without \u, numbers that are the same to every
 * interpreter, booleans, nulls.
 */
#ifndef NDB_EXEC_LINE_CELLS_H
#define NDB_EXEC_LINE_CELLS_H

#include "base/arena.h"
#include "base/slice.h"
#include "namidb_lines.h"

enum { NDB_LINE_COLUMNS_MAX = 256 }; /* of JSON */

struct ndb_line_format {
    char separator; /* 0: JSON */
    bool is_merge;  /* a null of JSON takes away a property */
    const namidb_lines_column *columns;
    uint32_t column_count;
};

/* cells[i] is the value of column i, null where the cell is empty; texts are
 * views, or, where a quote is doubled, of the arena. Where the next line
 * begins, or NULL: this one is not plain, or there was no memory. */
const char *ndb_line_parse(const struct ndb_line_format *format, const char *at,
                           const char *end, namidb_arena *texts,
                           namidb_value *cells);

/* The same for JSON; null where a member is absent. */
const char *ndb_json_line_parse(const struct ndb_line_format *format,
                                const char *at, const char *end,
                                namidb_arena *texts, namidb_value *cells);

/* A text as a value of a kind, null when it is empty. False: it does not
 * convert, or not in the same way for every interpreter. */
bool ndb_cell_convert(uint32_t kind, struct ndb_slice text, namidb_value *out);

#endif
