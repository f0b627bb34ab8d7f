/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/lexer.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "exec/text.h"
#include "exec/unicode.h"

static const char *const NAMES[] = { "name",
                                     "quoted",
                                     "parameter",
                                     "string",
                                     "integer",
                                     "float",
                                     "number",
                                     "end",
                                     "<>",
                                     "<=",
                                     ">=",
                                     "=~",
                                     "+=",
                                     "..",
                                     "!=",
                                     "||",
                                     "::",
#define NDB_X(word) #word,
                                     NAMIDB_KEYWORD_MAP(NDB_X)
#undef NDB_X
};

enum {
    FIRST = NAMIDB_TOKEN_NAME,
    KEYWORD_FIRST = NAMIDB_TOKEN_TYPED + 1,
    KEYWORD_BYTES_MAX = 15
};

_Static_assert(sizeof NAMES / sizeof *NAMES == NAMIDB_TOKEN_KINDS - FIRST,
               "a name for each kind");

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_word(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || is_digit(c) || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 28 && c <= 31);
}

static bool is_wide(char c)
{
    return (uint8_t)c >= 0x80;
}

/* The byte at `at`, 0 beyond the end; none of what is looked for is 0. */
static char peek(const namidb_lexer *lexer, size_t at)
{
    return at < lexer->bytes ? lexer->text[at] : 0;
}

static int fail(namidb_lexer *lexer, enum namidb_token_fault fault, size_t at,
                uint32_t code)
{
    lexer->fault = fault;
    lexer->fault_at = at;
    lexer->code = code;
    return NAMIDB_EINVAL;
}

/* Bytes of the character beyond ASCII at `at`, 0: it is none. */
static size_t wide_bytes(const namidb_lexer *lexer, size_t at, uint32_t *point)
{
    const char *text = lexer->text + at;
    size_t left = lexer->bytes - at, step;

    if (ndb_utf8_sequence((const uint8_t *)text, left) == 0)
        return 0;
    *point = ndb_text_decode(text, left, &step);
    return step;
}

/* The end of the name that may begin at `at`; `at` if none does. */
static size_t name_end(const namidb_lexer *lexer, size_t at)
{
    uint32_t point;

    for (;;) {
        size_t bytes;

        while (at < lexer->bytes && is_word(lexer->text[at]))
            at++;
        if (!is_wide(peek(lexer, at)))
            return at;
        bytes = wide_bytes(lexer, at, &point);
        if (bytes == 0 || ndb_unicode_class(point) != NDB_UNICODE_LETTER)
            return at;
        at += bytes;
    }
}

/* --------------------------------------------------------------- spaces -- */

static int skip_comment(namidb_lexer *lexer)
{
    const char *text = lexer->text;
    size_t at = lexer->at + 2;

    if (text[lexer->at + 1] == '/') {
        while (at < lexer->bytes && text[at] != '\n' && text[at] != '\r')
            at++;
        lexer->at = at < lexer->bytes ? at + 1 : at;
        return NAMIDB_OK;
    }
    for (; at + 1 < lexer->bytes; at++)
        if (text[at] == '*' && text[at + 1] == '/') {
            lexer->at = at + 2;
            return NAMIDB_OK;
        }
    return fail(lexer, NAMIDB_TOKEN_FAULT_COMMENT, lexer->at, 0);
}

/* Steps over spaces and comments. */
static int skip(namidb_lexer *lexer)
{
    for (;;) {
        char c = peek(lexer, lexer->at), next = peek(lexer, lexer->at + 1);

        if (is_space(c)) {
            lexer->at++;
        } else if (c == '/' && (next == '/' || next == '*')) {
            int rc = skip_comment(lexer);

            if (rc < 0)
                return rc;
        } else if (is_wide(c)) {
            uint32_t point;
            size_t bytes = wide_bytes(lexer, lexer->at, &point);

            if (bytes == 0 || ndb_unicode_class(point) != NDB_UNICODE_SPACE)
                return NAMIDB_OK;
            lexer->at += bytes;
        } else {
            return NAMIDB_OK;
        }
    }
}

/* -------------------------------------------------------------- strings -- */

static uint32_t hex(const char *digits, size_t count)
{
    uint32_t value = 0;

    for (size_t i = 0; i < count; i++) {
        char c = digits[i];

        value = value << 4 |
                (uint32_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static bool are_hex(const char *text, size_t left, size_t count)
{
    if (left < count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_hex(text[i]))
            return false;
    return true;
}

/* The character of a \u or \U whose digits are right, with the second half of
 * a pair; `left` bytes from the backslash on. Returns the bytes. */
static size_t unicode_escape(const char *at, size_t left, uint32_t *point)
{
    size_t count = at[1] == 'u' ? 4 : 8, bytes = 2 + count;

    *point = hex(at + 2, count);
    if (*point >= 0xd800 && *point < 0xdc00 && left >= bytes + 6 &&
        at[bytes] == '\\' && at[bytes + 1] == 'u' &&
        are_hex(at + bytes + 2, 4, 4)) {
        uint32_t low = hex(at + bytes + 2, 4);

        if (low >= 0xdc00 && low < 0xe000) {
            *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
            bytes += 6;
        }
    }
    return bytes;
}

static const char ESCAPES[] = "bfnrt'\"\\`/";
static const char ESCAPED[] = "\b\f\n\r\t'\"\\`/";

/* Checks the escape at `at`; *bytes: what it takes. */
static int check_escape(namidb_lexer *lexer, size_t at, size_t *bytes)
{
    size_t left = lexer->bytes - at;
    char letter = peek(lexer, at + 1);
    uint32_t point;

    *bytes = 2;
    if (letter == 'u' || letter == 'U') {
        size_t count = letter == 'u' ? 4 : 8;

        if (!are_hex(lexer->text + at + 2, left - 2, count))
            return fail(lexer, NAMIDB_TOKEN_FAULT_DIGITS, at, (uint32_t)count);
        *bytes = unicode_escape(lexer->text + at, left, &point);
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return fail(lexer, NAMIDB_TOKEN_FAULT_UNICODE, at, 0);
        return NAMIDB_OK;
    }
    if (letter == 0 || strchr(ESCAPES, letter) == NULL)
        return fail(lexer, NAMIDB_TOKEN_FAULT_ESCAPE, at, 0);
    return NAMIDB_OK;
}

/* Whether what is between two places is UTF-8; where it is not is the fault. */
static int check_utf8(namidb_lexer *lexer, size_t at, size_t end)
{
    struct ndb_slice part = ndb_slice(lexer->text + at, end - at);
    uint32_t point;

    if (ndb_utf8_is_valid(part))
        return NAMIDB_OK;
    while (at < end) {
        size_t bytes =
            is_wide(lexer->text[at]) ? wide_bytes(lexer, at, &point) : 1;

        if (bytes == 0)
            return fail(lexer, NAMIDB_TOKEN_FAULT_BYTES, at, 0);
        at += bytes;
    }
    return NAMIDB_OK;
}

static int read_string(namidb_lexer *lexer, namidb_token *token)
{
    size_t at = lexer->at + 1;
    char quote = lexer->text[lexer->at];

    while (at < lexer->bytes && lexer->text[at] != quote) {
        size_t bytes = 1;

        if (lexer->text[at] == '\\') {
            int rc = check_escape(lexer, at, &bytes);

            if (rc < 0)
                return rc;
            token->is_escaped = true;
        }
        at += bytes;
    }
    if (at >= lexer->bytes)
        return fail(lexer, NAMIDB_TOKEN_FAULT_STRING, lexer->at, 0);
    token->kind = NAMIDB_TOKEN_STRING;
    token->value = lexer->text + lexer->at + 1;
    token->value_bytes = at - lexer->at - 1;
    token->end = at + 1;
    return check_utf8(lexer, lexer->at, at);
}

/* A name in backticks, where two of them are one, that begins at `at`. */
static int read_quoted(namidb_lexer *lexer, size_t at, namidb_token *token)
{
    size_t end = at + 1;

    for (;; end += 2) {
        while (end < lexer->bytes && lexer->text[end] != '`')
            end++;
        if (end >= lexer->bytes)
            return fail(lexer, NAMIDB_TOKEN_FAULT_QUOTED, at, 0);
        if (peek(lexer, end + 1) != '`')
            break;
        token->is_escaped = true;
    }
    token->value = lexer->text + at + 1;
    token->value_bytes = end - at - 1;
    token->end = end + 1;
    return NAMIDB_OK;
}

static size_t without_doubles(const namidb_token *token, char *out)
{
    size_t bytes = 0;

    for (size_t i = 0; i < token->value_bytes; i++) {
        out[bytes++] = token->value[i];
        i += token->value[i] == '`'; /* the other one */
    }
    return bytes;
}

size_t ndb_lexer_value(const namidb_token *token, char *out)
{
    const char *at = token->value, *end = at + token->value_bytes;
    char *to = out;

    if (token->kind != NAMIDB_TOKEN_STRING)
        return without_doubles(token, out);
    while (at < end) {
        uint32_t point;

        if (*at != '\\') {
            *to++ = *at++;
        } else if (at[1] == 'u' || at[1] == 'U') {
            at += unicode_escape(at, (size_t)(end - at), &point);
            to += ndb_text_encode(point, to);
        } else {
            *to++ = ESCAPED[strchr(ESCAPES, at[1]) - ESCAPES];
            at += 2;
        }
    }
    return (size_t)(to - out);
}

/* -------------------------------------------------------------- numbers -- */

/* The end of 0x1F or 0o17 at `at`; `at`: it is none. */
static size_t prefixed_end(const namidb_lexer *lexer, size_t at)
{
    char base = (char)(peek(lexer, at + 1) | 0x20);
    size_t end = at + 2;

    if (lexer->text[at] != '0' || (base != 'x' && base != 'o'))
        return at;
    while (end < lexer->bytes &&
           (base == 'x' ? is_hex(lexer->text[end])
                        : lexer->text[end] >= '0' && lexer->text[end] <= '7'))
        end++;
    return end;
}

static size_t digits_end(const namidb_lexer *lexer, size_t at)
{
    while (at < lexer->bytes && is_digit(lexer->text[at]))
        at++;
    return at;
}

/* The end of the decimal number at `at`. */
static size_t decimal_end(const namidb_lexer *lexer, size_t at, bool *is_float)
{
    size_t exponent;

    at = digits_end(lexer, at);
    if (peek(lexer, at) == '.' && is_digit(peek(lexer, at + 1))) {
        at = digits_end(lexer, at + 1);
        *is_float = true;
    }
    if ((peek(lexer, at) | 0x20) != 'e')
        return at;
    exponent = at + 1;
    exponent += peek(lexer, exponent) == '+' || peek(lexer, exponent) == '-';
    if (!is_digit(peek(lexer, exponent)))
        return at;
    *is_float = true;
    return digits_end(lexer, exponent);
}

static void read_number(namidb_lexer *lexer, namidb_token *token)
{
    size_t at = lexer->at, end = prefixed_end(lexer, at), word;
    bool is_float = false, is_wrong = end == at + 2;

    if (end == at)
        end = decimal_end(lexer, at, &is_float);
    word = name_end(lexer, end);
    token->kind = is_wrong || word > end ? NAMIDB_TOKEN_NUMBER
                  : is_float             ? NAMIDB_TOKEN_FLOAT
                                         : NAMIDB_TOKEN_INTEGER;
    token->end = word;
    token->value = lexer->text + at;
    token->value_bytes = word - at;
}

/* ---------------------------------------------------------------- words -- */

/* Where the keywords begin with each letter, and after the last. */
static const uint8_t KEYWORDS_OF[] = {
#define NDB_AT(word) NAMIDB_KEYWORD_##word - KEYWORD_FIRST
    ['A' - 'A'] = NDB_AT(ALL),
    ['B' - 'A'] = NDB_AT(BY),
    ['C' - 'A'] = NDB_AT(CALL),
    ['D' - 'A'] = NDB_AT(DELETE),
    ['E' - 'A'] = NDB_AT(EACH),
    ['F' - 'A'] = NDB_AT(FALSE),
    ['G' - 'A'] = NDB_AT(HEADERS),
    ['H' - 'A'] = NDB_AT(HEADERS),
    ['I' - 'A'] = NDB_AT(IF),
    ['J' - 'A'] = NDB_AT(KEY),
    ['K' - 'A'] = NDB_AT(KEY),
    ['L' - 'A'] = NDB_AT(LIMIT),
    ['M' - 'A'] = NDB_AT(MATCH),
    ['N' - 'A'] = NDB_AT(NODE),
    ['O' - 'A'] = NDB_AT(ON),
    ['P' - 'A'] = NDB_AT(PROFILE),
    ['Q' - 'A'] = NDB_AT(REDUCE),
    ['R' - 'A'] = NDB_AT(REDUCE),
    ['S' - 'A'] = NDB_AT(SET),
    ['T' - 'A'] = NDB_AT(THEN),
    ['U' - 'A'] = NDB_AT(UNION),
    ['V' - 'A'] = NDB_AT(WHEN),
    ['W' - 'A'] = NDB_AT(WHEN),
    ['X' - 'A'] = NDB_AT(XOR),
    ['Y' - 'A'] = NDB_AT(YIELD),
    ['Z' - 'A'] = NDB_AT(YIELD) + 1,
    NDB_AT(YIELD) + 1,
#undef NDB_AT
};

/* The keyword that a word of ASCII is, or NAMIDB_TOKEN_NAME. */
static uint8_t keyword(const char *word, size_t bytes)
{
    unsigned letter = (unsigned)((word[0] & ~0x20) - 'A');

    if (bytes > KEYWORD_BYTES_MAX || letter > 'Z' - 'A')
        return NAMIDB_TOKEN_NAME;
    for (unsigned i = KEYWORDS_OF[letter]; i < KEYWORDS_OF[letter + 1]; i++) {
        const char *name = NAMES[KEYWORD_FIRST - FIRST + i];

        if (strncasecmp(word, name, bytes) == 0 && name[bytes] == '\0')
            return (uint8_t)(KEYWORD_FIRST + i);
    }
    return NAMIDB_TOKEN_NAME;
}

static void read_word(namidb_lexer *lexer, namidb_token *token)
{
    size_t at = lexer->at, end = at;

    while (end < lexer->bytes && is_word(lexer->text[end]))
        end++;
    token->end = is_wide(peek(lexer, end)) ? name_end(lexer, end) : end;
    token->value = lexer->text + at;
    token->value_bytes = token->end - at;
    token->kind = token->end > end ? NAMIDB_TOKEN_NAME
                                   : keyword(token->value, token->value_bytes);
}

static int read_parameter(namidb_lexer *lexer, namidb_token *token)
{
    size_t at = lexer->at + 1;

    token->kind = NAMIDB_TOKEN_PARAMETER;
    if (peek(lexer, at) == '`')
        return read_quoted(lexer, at, token);
    if (peek(lexer, at) == '(') { /* $(...) */
        token->kind = '$';
        token->end = at;
        return NAMIDB_OK;
    }
    token->end = name_end(lexer, at);
    if (token->end == at)
        return fail(lexer, NAMIDB_TOKEN_FAULT_PARAMETER, lexer->at, 0);
    token->value = lexer->text + at;
    token->value_bytes = token->end - at;
    return NAMIDB_OK;
}

/* ---------------------------------------------------------------- signs -- */

/* A name, or a dash or an arrow head, that begins beyond ASCII. */
static int read_wide(namidb_lexer *lexer, namidb_token *token)
{
    uint32_t point;
    size_t at = lexer->at, bytes = wide_bytes(lexer, at, &point);

    if (bytes == 0)
        return fail(lexer, NAMIDB_TOKEN_FAULT_BYTES, at, 0);
    token->end = at + bytes;
    switch (ndb_unicode_class(point)) {
    case NDB_UNICODE_LETTER:
        token->kind = NAMIDB_TOKEN_NAME;
        token->end = name_end(lexer, at);
        break;
    case NDB_UNICODE_DASH:
        token->kind = '-';
        break;
    case NDB_UNICODE_LESS:
        token->kind = '<';
        break;
    case NDB_UNICODE_GREATER:
        token->kind = '>';
        break;
    default:
        return fail(lexer, NAMIDB_TOKEN_FAULT_CHARACTER, at, point);
    }
    token->value = lexer->text + at;
    token->value_bytes = token->end - at;
    return NAMIDB_OK;
}

static int read_sign(namidb_lexer *lexer, namidb_token *token)
{
    char c = lexer->text[lexer->at], pair[3] = { c, 0, 0 };

    pair[1] = peek(lexer, lexer->at + 1);
    for (unsigned kind = NAMIDB_TOKEN_UNEQUAL;
         kind <= NAMIDB_TOKEN_TYPED && strchr(">=~.|:", pair[1]) != NULL;
         kind++)
        if (strcmp(NAMES[kind - FIRST], pair) == 0) {
            token->kind = (uint8_t)kind;
            token->end = lexer->at + 2;
            return NAMIDB_OK;
        }
    if (c == '\0' || strchr("-(){}[],.:;|=<>+*/%^&!", c) == NULL)
        return fail(lexer, NAMIDB_TOKEN_FAULT_CHARACTER, lexer->at, (uint8_t)c);
    token->kind = (uint8_t)c;
    token->end = lexer->at + 1;
    return NAMIDB_OK;
}

static int read_token(namidb_lexer *lexer, namidb_token *token)
{
    char c = lexer->text[lexer->at];

    if (is_wide(c))
        return read_wide(lexer, token);
    if (is_digit(c) || (c == '.' && is_digit(peek(lexer, lexer->at + 1)))) {
        /* After a name .5 is a property that begins with a digit, which the
         * parser refuses. */
        read_number(lexer, token);
        return NAMIDB_OK;
    }
    if (is_word(c)) {
        read_word(lexer, token);
        return NAMIDB_OK;
    }
    if (c == '\'' || c == '"')
        return read_string(lexer, token);
    if (c == '`') {
        token->kind = NAMIDB_TOKEN_QUOTED;
        return read_quoted(lexer, lexer->at, token);
    }
    return c == '$' ? read_parameter(lexer, token) : read_sign(lexer, token);
}

int ndb_lexer_next(namidb_lexer *lexer, namidb_token *token)
{
    int rc = skip(lexer);

    if (rc < 0)
        return rc;
    *token = (namidb_token){ .kind = NAMIDB_TOKEN_END,
                             .begin = lexer->at,
                             .end = lexer->at };
    if (lexer->at >= lexer->bytes)
        return NAMIDB_OK;
    rc = read_token(lexer, token);
    lexer->at = token->end;
    return rc;
}

const char *ndb_lexer_kind_name(uint32_t kind)
{
    return kind >= FIRST && kind < NAMIDB_TOKEN_KINDS ? NAMES[kind - FIRST]
                                                      : NULL;
}
