/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_cells.h - a line of separated text as values, when it is plain: whole,
 * with as many cells as there are columns, each of which converts; quotes are
 * closed in the line, around whole cells. Pure.
 */
#ifndef NDB_EXEC_LINE_CELLS_H
#define NDB_EXEC_LINE_CELLS_H

#include "base/arena.h"
#include "namidb_lines.h"

struct ndb_line_format {
    char separator;
    const namidb_lines_column *columns;
    uint32_t column_count;
};

/* cells[i] is the value of column i, null where the cell is empty; texts are
 * views, or, where a quote is doubled, of the arena. Where the next line
 * begins, or NULL: this one is not plain, or there was no memory. */
const char *ndb_line_parse(const struct ndb_line_format *format, const char *at,
                           const char *end, namidb_arena *texts,
                           namidb_value *cells);

#endif
