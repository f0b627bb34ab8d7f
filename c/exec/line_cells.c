/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/line_cells.h"

#include <math.h>
#include <string.h>

#include "exec/number_text.h"
#include "exec/scalar.h"

/* An integer of so many digits is one for every interpreter. */
enum { PLAIN_DIGITS_MAX = 15 };

static bool is_plain_integer(struct ndb_slice text)
{
    size_t sign = text.data[0] == '-' || text.data[0] == '+';

    return text.bytes > sign && text.bytes - sign <= PLAIN_DIGITS_MAX;
}

bool ndb_cell_convert(uint32_t kind, struct ndb_slice text, namidb_value *out)
{
    *out = ndb_null();
    if (text.bytes == 0)
        return true;
    out->kind = kind;
    switch (kind) {
    case NAMIDB_STRING:
        *out = ndb_string((const char *)text.data, text.bytes);
        return text.bytes <= UINT32_MAX;
    case NAMIDB_INT:
        return is_plain_integer(text) &&
               ndb_number_parse_integer(text, &out->as.integer);
    case NAMIDB_FLOAT:
        return ndb_number_parse(text, &out->as.number) &&
               isfinite(out->as.number);
    default:
        out->as.boolean = ndb_slice_equal(text, ndb_slice_text("true")) ||
                          ndb_slice_equal(text, ndb_slice_text("1"));
        return out->as.boolean ||
               ndb_slice_equal(text, ndb_slice_text("false")) ||
               ndb_slice_equal(text, ndb_slice_text("0"));
    }
}

/* A text with its doubled quotes made single. */
static bool unquote(struct ndb_slice *text, namidb_arena *texts)
{
    char *copy = ndb_arena_alloc(texts, text->bytes);
    size_t bytes = 0;

    if (copy == NULL)
        return false;
    for (size_t i = 0; i < text->bytes; i++) {
        copy[bytes++] = (char)text->data[i];
        if (text->data[i] == '"')
            i++;
    }
    *text = ndb_slice(copy, bytes);
    return true;
}

/* The cell in quotes that begins at `at`. Where it ends, behind the quote, or
 * NULL: it is not closed. */
static const char *quoted_cell(const char *at, const char *stop,
                               namidb_arena *texts, struct ndb_slice *text)
{
    const char *begin = ++at;
    bool has_doubled = false;

    for (;;) {
        at = memchr(at, '"', (size_t)(stop - at));
        if (at == NULL)
            return NULL;
        if (at + 1 == stop || at[1] != '"')
            break;
        has_doubled = true;
        at += 2;
    }
    *text = ndb_slice(begin, (size_t)(at - begin));
    return !has_doubled || unquote(text, texts) ? at + 1 : NULL;
}

/* The cell that begins at `at`. Where it ends, or NULL: it is not plain. */
static const char *next_cell(const char *at, const char *stop, char separator,
                             bool has_quotes, namidb_arena *texts,
                             struct ndb_slice *text)
{
    const char *cell_end;

    if (has_quotes && at != stop && *at == '"') {
        cell_end = quoted_cell(at, stop, texts, text);
        return cell_end == NULL || cell_end == stop || *cell_end == separator
                   ? cell_end
                   : NULL;
    }
    cell_end = memchr(at, separator, (size_t)(stop - at));
    if (cell_end == NULL)
        cell_end = stop;
    *text = ndb_slice(at, (size_t)(cell_end - at));
    return has_quotes && memchr(at, '"', text->bytes) != NULL ? NULL : cell_end;
}

const char *ndb_line_parse(const struct ndb_line_format *format, const char *at,
                           const char *end, namidb_arena *texts,
                           namidb_value *cells)
{
    const char *line_end, *stop;
    bool has_quotes;

    /* A line that is empty is no row: one cell could not be told from it. */
    if (at == end || *at == '\n' || *at == '\r')
        return NULL;
    stop = line_end = memchr(at, '\n', (size_t)(end - at));
    if (line_end == NULL)
        return NULL;
    has_quotes = memchr(at, '"', (size_t)(line_end - at)) != NULL;
    if (stop > at && stop[-1] == '\r')
        stop--;
    for (uint32_t i = 0; i < format->column_count; i++) {
        struct ndb_slice text;
        const char *cell_end =
            next_cell(at, stop, format->separator, has_quotes, texts, &text);
        bool is_last = i == format->column_count - 1;

        if (cell_end == NULL || (cell_end == stop) != is_last ||
            !ndb_cell_convert(format->columns[i].kind, text, &cells[i]))
            return NULL;
        at = cell_end + 1;
    }
    return line_end + 1;
}
