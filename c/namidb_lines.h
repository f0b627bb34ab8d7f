/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb_lines.h - bulk loads: rows of separated text, or of JSON, into a
 * graph.
 *
 * For a program that reads CSV itself and knows what to say about a bad row: it
 * hands over text, gets back how far the rows were plain, and takes the next
 * one by hand. Pointers and errors are as in namidb.h; `lines` belong to one
 * thread at a time, and to one graph.
 */
#ifndef NAMIDB_LINES_H
#define NAMIDB_LINES_H

#include "namidb.h"

/* What a column is, beside a property. */
enum namidb_lines_role {
    NAMIDB_LINES_NONE,
    NAMIDB_LINES_KEY,  /* of the node */
    NAMIDB_LINES_FROM, /* key of the node that the edge comes from */
    NAMIDB_LINES_TO    /* and goes to */
};

typedef struct namidb_lines_column {
    uint32_t kind; /* NAMIDB_STRING, NAMIDB_INT, NAMIDB_FLOAT, NAMIDB_BOOL: what
                      a text becomes; other values of JSON stay what they are */
    enum namidb_lines_role role;
    uint32_t name;      /* of the property; 0: it is none */
    const char *member; /* of JSON: its name in the object */
    size_t member_bytes;
} namidb_lines_column;

typedef struct namidb_lines_spec {
    bool is_edge;
    bool is_merge;                 /* nodes with a key: as namidb_put_node */
    char separator;                /* 0: each line is a JSON object */
    uint32_t label;                /* of nodes; the type of edges */
    uint32_t from_label, to_label; /* of the ends of edges */
    const namidb_lines_column *columns;
    uint32_t column_count;
} namidb_lines_spec;

/* Rows of text on their way into one graph; remembers the ids of keys, in up to
 * a quarter of the handle's cache_bytes beside them. */
typedef struct ndb_lines namidb_lines;

NAMIDB_API int namidb_lines_new(namidb_lines **lines,
                                const namidb_lines_spec *spec,
                                namidb_error *err);
NAMIDB_API void namidb_lines_free(namidb_lines *lines);

/*
 * Writes rows, at most `rows_max`, as long as they are plain: whole lines with
 * as many cells as there are columns, which convert, and whose keys are there;
 * quotes are as in RFC 4180, but without line ends in them. An empty cell is
 * absent. Of JSON: objects with no other members than the columns, in which an
 * empty text is absent where the column's kind is not NAMIDB_STRING. Stops
 * before the first row that is not, or that could not be written for whatever
 * reason: the caller looks at that one himself. *rows is how many were written,
 * *used the bytes that they took. Cannot fail.
 */
NAMIDB_API void namidb_lines_put(namidb_lines *lines, namidb_tx *tx,
                                 const char *text, size_t bytes,
                                 size_t rows_max, size_t *rows, size_t *used);

#endif
