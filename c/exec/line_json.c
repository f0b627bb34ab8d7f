/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "exec/line_cells.h"
#include "exec/number_text.h"
#include "exec/scalar.h"

/* An integer of so many digits is one for every interpreter. */
enum { PLAIN_DIGITS_MAX = 15 };

/* What is left of the line. */
struct cursor {
    const char *at, *stop;
    namidb_arena *texts;
};

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at != cursor->stop &&
           (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r'))
        cursor->at++;
}

/* Steps over a character that must come next, blanks around it allowed. */
static bool take(struct cursor *cursor, char character)
{
    skip_blanks(cursor);
    if (cursor->at == cursor->stop || *cursor->at != character)
        return false;
    cursor->at++;
    skip_blanks(cursor);
    return true;
}

static bool is_next(const struct cursor *cursor, char character)
{
    return cursor->at != cursor->stop && *cursor->at == character;
}

/* --------------------------------------------------------------- strings -- */

/* What an escape of one character means; 0: it is another one. */
static char unescaped(char escape)
{
    static const char ESCAPES[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

    for (size_t i = 0; ESCAPES[i] != '\0'; i += 2)
        if (ESCAPES[i] == escape)
            return ESCAPES[i + 1];
    return '\0';
}

static bool unescape(struct ndb_slice *text, namidb_arena *texts)
{
    char *copy = ndb_arena_alloc(texts, text->bytes);
    size_t bytes = 0;

    if (copy == NULL)
        return false;
    for (size_t i = 0; i < text->bytes; i++) {
        char character = (char)text->data[i];

        if (character == '\\')
            character = unescaped((char)text->data[++i]);
        if (character == '\0')
            return false;
        copy[bytes++] = character;
    }
    *text = ndb_slice(copy, bytes);
    return true;
}

/* The string that begins at the cursor. */
static bool take_string(struct cursor *cursor, struct ndb_slice *text)
{
    const char *begin = cursor->at + 1, *at = begin;
    bool has_escapes = false;

    if (!is_next(cursor, '"'))
        return false;
    for (; at != cursor->stop && *at != '"'; at++) {
        if ((unsigned char)*at < ' ' || *at == 127)
            return false;
        if (*at != '\\')
            continue;
        has_escapes = true;
        if (++at == cursor->stop)
            return false;
    }
    if (at == cursor->stop)
        return false;
    *text = ndb_slice(begin, (size_t)(at - begin));
    cursor->at = at + 1;
    return !has_escapes || unescape(text, cursor->texts);
}

/* --------------------------------------------------------------- numbers -- */

static size_t take_digits(struct cursor *cursor)
{
    const char *begin = cursor->at;

    while (cursor->at != cursor->stop && *cursor->at >= '0' &&
           *cursor->at <= '9')
        cursor->at++;
    return (size_t)(cursor->at - begin);
}

/* Behind the digits of a whole number: a point or an exponent. False: what
 * stands there is neither that nor nothing. */
static bool take_fraction(struct cursor *cursor, bool *is_float)
{
    *is_float = is_next(cursor, '.');
    if (*is_float) {
        cursor->at++;
        if (take_digits(cursor) == 0)
            return false;
    }
    if (!is_next(cursor, 'e') && !is_next(cursor, 'E'))
        return true;
    *is_float = true;
    cursor->at++;
    if (is_next(cursor, '+') || is_next(cursor, '-'))
        cursor->at++;
    return take_digits(cursor) != 0;
}

/* LuaJIT has no floats that are whole numbers, and no integer -0. */
static bool take_number(struct cursor *cursor, namidb_value *out)
{
    const char *begin = cursor->at;
    bool is_negative = *begin == '-', is_float;
    struct ndb_slice text;
    size_t digits;

    cursor->at += is_negative;
    if (is_next(cursor, '0') && cursor->at + 1 != cursor->stop &&
        cursor->at[1] >= '0' && cursor->at[1] <= '9')
        return false;
    digits = take_digits(cursor);
    if (digits == 0 || !take_fraction(cursor, &is_float))
        return false;
    text = ndb_slice(begin, (size_t)(cursor->at - begin));
    if (is_float) {
        out->kind = NAMIDB_FLOAT;
        return ndb_number_parse(text, &out->as.number) &&
               isfinite(out->as.number) &&
               out->as.number != floor(out->as.number);
    }
    out->kind = NAMIDB_INT;
    return digits <= PLAIN_DIGITS_MAX &&
           ndb_number_parse_integer(text, &out->as.integer) &&
           !(is_negative && out->as.integer == 0);
}

/* ---------------------------------------------------------------- values -- */

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t bytes = strlen(word);

    if ((size_t)(cursor->stop - cursor->at) < bytes ||
        memcmp(cursor->at, word, bytes) != 0)
        return false;
    cursor->at += bytes;
    return true;
}

/* An empty text is one, other than a field of CSV, unless the column is to hold
 * something else. */
static bool take_text(struct cursor *cursor, uint32_t kind, namidb_value *out)
{
    struct ndb_slice text;

    if (!take_string(cursor, &text))
        return false;
    if (text.bytes == 0 && kind == NAMIDB_STRING) {
        *out = ndb_string("", 0);
        return true;
    }
    return ndb_cell_convert(kind, text, out);
}

static bool take_value(struct cursor *cursor,
                       const struct ndb_line_format *format, uint32_t column,
                       namidb_value *out)
{
    *out = ndb_null();
    if (cursor->at == cursor->stop)
        return false;
    switch (*cursor->at) {
    case '"':
        return take_text(cursor, format->columns[column].kind, out);
    case 'n':
        return !format->is_merge && take_word(cursor, "null");
    case 't':
        *out = ndb_boolean(true);
        return take_word(cursor, "true");
    case 'f':
        *out = ndb_boolean(false);
        return take_word(cursor, "false");
    default:
        return take_number(cursor, out);
    }
}

/* The column of a member: mostly the one behind the last. */
static bool find_column(const struct ndb_line_format *format,
                        struct ndb_slice member, uint32_t *column)
{
    for (uint32_t i = 0; i < format->column_count; i++) {
        uint32_t at = (*column + i) % format->column_count;
        const namidb_lines_column *item = &format->columns[at];

        if (ndb_slice_equal(ndb_slice(item->member, item->member_bytes),
                            member)) {
            *column = at;
            return true;
        }
    }
    return false;
}

static bool take_member(struct cursor *cursor,
                        const struct ndb_line_format *format, uint32_t *column,
                        uint64_t *seen, namidb_value *cells)
{
    struct ndb_slice member;

    if (!take_string(cursor, &member) || !take(cursor, ':') ||
        !find_column(format, member, column) ||
        (seen[*column / 64] >> *column % 64 & 1) != 0)
        return false;
    seen[*column / 64] |= UINT64_C(1) << *column % 64;
    return take_value(cursor, format, *column, &cells[*column]);
}

const char *ndb_json_line_parse(const struct ndb_line_format *format,
                                const char *at, const char *end,
                                namidb_arena *texts, namidb_value *cells)
{
    const char *line_end =
        at == end ? NULL : memchr(at, '\n', (size_t)(end - at));
    struct cursor cursor = { at, line_end, texts };
    uint64_t seen[(NDB_LINE_COLUMNS_MAX + 63) / 64] = { 0 };
    uint32_t column = 0;

    if (line_end == NULL || !take(&cursor, '{'))
        return NULL;
    for (uint32_t i = 0; i < format->column_count; i++)
        cells[i] = ndb_null();
    if (!is_next(&cursor, '}'))
        do {
            if (!take_member(&cursor, format, &column, seen, cells))
                return NULL;
            column++;
        } while (take(&cursor, ','));
    return take(&cursor, '}') && cursor.at == cursor.stop ? line_end + 1 : NULL;
}
