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

/* false: the slow way has to look at it. */
static bool convert(uint32_t kind, struct ndb_slice text, namidb_value *out)
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

const char *ndb_line_parse(const struct ndb_line_format *format, const char *at,
                           const char *end, namidb_value *cells)
{
    const char *line_end, *stop;

    /* A line that is empty is no row: one cell could not be told from it. */
    if (at == end || *at == '\n' || *at == '\r')
        return NULL;
    stop = line_end = memchr(at, '\n', (size_t)(end - at));
    if (line_end == NULL || memchr(at, '"', (size_t)(line_end - at)) != NULL)
        return NULL;
    if (stop > at && stop[-1] == '\r')
        stop--;
    for (uint32_t i = 0; i < format->column_count; i++) {
        const char *cell_end =
            memchr(at, format->separator, (size_t)(stop - at));
        bool is_last = i == format->column_count - 1;

        if ((cell_end == NULL) != is_last)
            return NULL;
        if (is_last)
            cell_end = stop;
        if (!convert(format->columns[i].kind,
                     ndb_slice(at, (size_t)(cell_end - at)), &cells[i]))
            return NULL;
        at = cell_end + 1;
    }
    return line_end + 1;
}
