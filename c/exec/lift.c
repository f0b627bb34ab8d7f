/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the text: tokens, a stack of the brackets that are open, and
 * whether what is read gives columns their names.
 */
#include "exec/lift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

enum { DEPTH_MAX = 64, TOKEN_BYTES_MAX = 16, INTEGER_DIGITS_MAX = 18 };

/* A token is its first byte; words are 'w', comparisons '=', other values 'v'.
 */
struct token {
    char kind;
    const char *begin, *end;
};

struct lift {
    namidb_arena *arena;
    const char *at, *end; /* of the text */
    const char *copied;   /* what is before it is in the key */
    struct token last[3]; /* the newest first; kind 0: none */
    char open[DEPTH_MAX]; /* brackets */
    int depth;
    int named_depth; /* where RETURN or WITH stands; -1: nothing named */
    bool is_set;     /* inside SET */
    bool is_odd;     /* something is not plainly understood */
    char *key;
    size_t key_bytes;
    namidb_value *values;
    uint32_t count;
};

static bool is_word(const struct token *token, const char *word)
{
    size_t bytes = (size_t)(token->end - token->begin);

    /* The first letter, of either case, tells most words apart. */
    return token->kind == 'w' && ((token->begin[0] ^ word[0]) & ~0x20) == 0 &&
           bytes == strlen(word) && strncasecmp(token->begin, word, bytes) == 0;
}

static bool is_one_of(const struct token *token, const char *const *words)
{
    for (; *words != NULL; words++)
        if (is_word(token, *words))
            return true;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The byte `ahead` of `at`, 0 beyond the end. */
static char peek(const struct lift *lift, const char *at, size_t ahead)
{
    return (size_t)(lift->end - at) > ahead ? at[ahead] : 0;
}

/* -------------------------------------------------------------- reading -- */

static const char *skip_comment(struct lift *lift, const char *at)
{
    if (at[1] == '/') {
        while (at < lift->end && *at != '\n')
            at++;
        return at;
    }
    for (at += 2; at < lift->end; at++)
        if (*at == '*' && peek(lift, at, 1) == '/')
            return at + 2;
    lift->is_odd = true;
    return at;
}

/* Behind spaces and comments. */
static const char *skip(struct lift *lift, const char *at)
{
    while (at < lift->end) {
        char c = *at;

        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            at++;
        else if (c == '/' &&
                 (peek(lift, at, 1) == '/' || peek(lift, at, 1) == '*'))
            at = skip_comment(lift, at);
        else
            break;
    }
    return at;
}

/* Behind what is between two quotes. *is_plain: no byte of it is special. */
static const char *skip_quoted(struct lift *lift, const char *at,
                               bool *is_plain)
{
    char quote = *at++;

    *is_plain = true;
    for (; at < lift->end && *at != quote; at++) {
        if (*at == '\\' && quote != '`') {
            *is_plain = false;
            at++;
        } else if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *is_plain = false;
        }
    }
    if (at >= lift->end) {
        lift->is_odd = true;
        return lift->end;
    }
    at++;
    if (at < lift->end && *at == quote) /* doubled: no end, or no good */
        *is_plain = false;
    return at;
}

static const char *skip_word(const struct lift *lift, const char *at)
{
    while (at < lift->end && (is_letter(*at) || is_digit(*at)))
        at++;
    return at;
}

static struct token read_token(struct lift *lift, const char *at)
{
    struct token token = { *at, at, at + 1 };
    bool is_plain;

    if (*at == '\0') {
        token.kind = 'v';
        lift->is_odd = true;
    } else if (is_letter(*at)) {
        token.kind = 'w';
        token.end = skip_word(lift, at);
    } else if (is_digit(*at)) {
        token.kind = 'v';
        token.end = skip_word(lift, at);
    } else if (*at == '\'' || *at == '"' || *at == '`') {
        token.kind = 'v';
        token.end = skip_quoted(lift, at, &is_plain);
    } else if (*at == '<' || *at == '>' || *at == '=') {
        char next = peek(lift, at, 1);

        /* <- and -> are arrows, =~ is no comparison of values. */
        if (next == '=' || (*at == '<' && next == '>'))
            token.end++;
        token.kind = '=';
        if ((*at == '<' && next == '-') || (*at == '=' && next == '~') ||
            (*at == '>' && lift->last[0].kind == '-'))
            token.kind = '~';
    } else if ((unsigned char)*at >= 0x80) {
        lift->is_odd = true;
    }
    return token;
}

/* ------------------------------------------------------------- literals -- */

/* Reads a number; NULL: it is none that is lifted. */
static const char *read_number(const struct lift *lift, const char *at,
                               namidb_value *out)
{
    char text[64];
    const char *begin = at;
    bool is_float = false;
    size_t bytes;

    at += *at == '-';
    if (at >= lift->end || !is_digit(*at) ||
        (*at == '0' && is_digit(peek(lift, at, 1))))
        return NULL;
    while (at < lift->end && is_digit(*at))
        at++;
    if (peek(lift, at, 0) == '.' && is_digit(peek(lift, at, 1))) {
        is_float = true;
        for (at++; at < lift->end && is_digit(*at);)
            at++;
    }
    bytes = (size_t)(at - begin);
    if (bytes >= sizeof text || (!is_float && bytes > INTEGER_DIGITS_MAX) ||
        (at < lift->end && (is_letter(*at) || *at == '.')))
        return NULL;
    memcpy(text, begin, bytes);
    text[bytes] = '\0';
    if (is_float)
        *out = (namidb_value){ .kind = NAMIDB_FLOAT,
                               .as.number = strtod(text, NULL) };
    else
        *out = (namidb_value){ .kind = NAMIDB_INT,
                               .as.integer = strtoll(text, NULL, 10) };
    return at;
}

static const char *read_string(struct lift *lift, const char *at,
                               namidb_value *out)
{
    bool is_plain;
    const char *after = skip_quoted(lift, at, &is_plain);
    size_t bytes = (size_t)(after - at) - 2;

    if (lift->is_odd || !is_plain ||
        !ndb_utf8_is_valid(ndb_slice(at + 1, bytes)))
        return NULL;
    *out = (namidb_value){ .kind = NAMIDB_STRING,
                           .size = (uint32_t)bytes,
                           .as.bytes = at + 1 };
    return after;
}

static const char *read_literal(struct lift *lift, const char *at,
                                namidb_value *out)
{
    if (at >= lift->end)
        return NULL;
    if (*at == '\'' || *at == '"')
        return read_string(lift, at, out);
    if (is_digit(*at) || *at == '-')
        return read_number(lift, at, out);
    return NULL;
}

/* A list of literals. */
static const char *read_list(struct lift *lift, const char *at,
                             namidb_value *out)
{
    namidb_value *items = NULL;
    uint32_t count = 0, capacity = 0;

    do {
        if (count == capacity) {
            namidb_value *grown;

            capacity = capacity * 2 + 8;
            grown = ndb_arena_array(lift->arena, capacity, sizeof *grown);
            if (grown == NULL || count >= NDB_LIFT_LIST_MAX)
                return NULL;
            if (count != 0)
                memcpy(grown, items, count * sizeof *grown);
            items = grown;
        }
        at = read_literal(lift, skip(lift, at + 1), &items[count]);
        if (at == NULL)
            return NULL;
        count++;
        at = skip(lift, at);
    } while (at < lift->end && *at == ',');
    if (at >= lift->end || *at != ']')
        return NULL;
    *out =
        (namidb_value){ .kind = NAMIDB_LIST, .size = count, .as.items = items };
    return at + 1;
}

/* Whether what stands at `at` ends the expression that a literal is. */
static bool ends_operand(struct lift *lift, const char *at)
{
    static const char *const WORDS[] = {
        "AND",   "OR",     "XOR",   "RETURN", "WITH",    "MATCH",  "OPTIONAL",
        "SET",   "CREATE", "MERGE", "DELETE", "DETACH",  "REMOVE", "UNWIND",
        "WHERE", "ORDER",  "SKIP",  "LIMIT",  "UNION",   "CALL",   "ON",
        "THEN",  "ELSE",   "END",   "WHEN",   "FOREACH", NULL
    };
    struct token token;

    at = skip(lift, at);
    if (at >= lift->end || strchr(")}],|;", *at) != NULL)
        return true;
    token = read_token(lift, at);
    return is_one_of(&token, WORDS);
}

/* Whether a value, and nothing else, may stand here. */
static bool may_lift(const struct lift *lift)
{
    const struct token *last = lift->last;

    if (lift->named_depth >= 0 || lift->count == NDB_LIFT_VALUES_MAX)
        return false;
    if (last[0].kind == '=') {
        /* COUNT { } > 0 is a question of its own. */
        if (last[1].kind == '}')
            return false;
        /* SET n = 5 is refused, SET n.x = 5 is not. */
        return !lift->is_set || last[1].kind == ']' ||
               (last[2].kind == '.' && last[1].kind == 'w');
    }
    return last[0].kind == ':' && lift->depth > 0 &&
           lift->open[lift->depth - 1] == '{' &&
           (last[1].kind == 'w' || last[1].kind == 'v') &&
           (last[2].kind == '{' || last[2].kind == ',');
}

/* -------------------------------------------------------------- the key -- */

static void append(struct lift *lift, const char *text, size_t bytes)
{
    memcpy(lift->key + lift->key_bytes, text, bytes);
    lift->key_bytes += bytes;
}

/* What was read up to `begin` goes into the key, then a parameter for what is
 * from there to `after`. */
static void put(struct lift *lift, const char *begin, const char *after,
                const namidb_value *value)
{
    char name[TOKEN_BYTES_MAX] = "$`~";
    size_t bytes = 3;

    lift->values[lift->count++] = *value;
    if (lift->count >= 10)
        name[bytes++] = (char)('0' + lift->count / 10);
    name[bytes++] = (char)('0' + lift->count % 10);
    name[bytes++] = '`';
    append(lift, lift->copied, (size_t)(begin - lift->copied));
    append(lift, name, bytes);
    lift->copied = lift->at = after;
    lift->last[2] = lift->last[1];
    lift->last[1] = lift->last[0];
    lift->last[0] = (struct token){ 'v', begin, after };
}

/* Lifts what is at `at`, if it can be. */
static bool try_lift(struct lift *lift)
{
    bool is_list = *lift->at == '[' && is_word(&lift->last[0], "IN") &&
                   lift->named_depth < 0 && lift->count < NDB_LIFT_VALUES_MAX;
    namidb_value value;
    const char *after;

    if (!is_list && !may_lift(lift))
        return false;
    after = is_list ? read_list(lift, lift->at, &value)
                    : read_literal(lift, lift->at, &value);
    if (after == NULL || !ends_operand(lift, after))
        return false;
    put(lift, lift->at, after, &value);
    return true;
}

/* --------------------------------------------------------------- clauses -- */

/* Words that end what RETURN or WITH names. */
static const char *const CLAUSES[] = { "WHERE",  "MATCH",  "OPTIONAL", "CREATE",
                                       "MERGE",  "SET",    "DELETE",   "DETACH",
                                       "REMOVE", "UNWIND", "FOREACH",  "UNION",
                                       "CALL",   NULL };

static void take_word(struct lift *lift, const struct token *word)
{
    static const char *const BEFORE_WITH[] = { "STARTS", "ENDS", NULL };
    char before = lift->last[0].kind;

    if (before == '.' || before == ':' || before == '|' || before == '$')
        return; /* a name */
    if (lift->named_depth < 0 &&
        (is_word(word, "RETURN") ||
         (is_word(word, "WITH") && !is_one_of(&lift->last[0], BEFORE_WITH)))) {
        lift->named_depth = lift->depth;
    } else if (is_one_of(word, CLAUSES) &&
               (lift->named_depth < 0 || lift->named_depth == lift->depth)) {
        lift->named_depth = -1;
        lift->is_set = is_word(word, "SET");
    }
}

static void take_bracket(struct lift *lift, char bracket)
{
    if (strchr("([{", bracket) != NULL) {
        if (lift->depth == DEPTH_MAX)
            lift->is_odd = true;
        else
            lift->open[lift->depth++] = bracket;
        return;
    }
    if (lift->depth == 0) {
        lift->is_odd = true;
        return;
    }
    lift->depth--;
    if (lift->depth < lift->named_depth) {
        lift->named_depth = -1;
        lift->is_set = false;
    }
}

static void take(struct lift *lift, const struct token *token)
{
    if (token->kind == 'w')
        take_word(lift, token);
    else if (strchr("([{)]}", token->kind) != NULL)
        take_bracket(lift, token->kind);
    else if (token->kind == '$' && peek(lift, token->begin, 1) == '`')
        lift->is_odd = true; /* might be named as ours are */
    lift->last[2] = lift->last[1];
    lift->last[1] = lift->last[0];
    lift->last[0] = *token;
    lift->at = token->end;
}

/* Statements about the schema, or whose text is wanted. */
static bool is_left_alone(struct lift *lift)
{
    static const char *const FIRST[] = { "EXPLAIN", "PROFILE", "SHOW", "DROP",
                                         "LOAD",    "ALTER",   NULL };
    const char *at = skip(lift, lift->at);
    struct token token;

    if (at >= lift->end)
        return true;
    token = read_token(lift, at);
    if (is_one_of(&token, FIRST))
        return true;
    if (!is_word(&token, "CREATE"))
        return false;
    at = skip(lift, token.end);
    return at < lift->end && is_letter(*at);
}

static int allocate(struct lift *lift, size_t bytes)
{
    /* A literal is a byte at least, its name 6. */
    lift->key = ndb_arena_alloc(lift->arena,
                                bytes + NDB_LIFT_VALUES_MAX * TOKEN_BYTES_MAX);
    lift->values =
        ndb_arena_array(lift->arena, NDB_LIFT_VALUES_MAX, sizeof *lift->values);
    return lift->key == NULL || lift->values == NULL ? NAMIDB_ENOMEM
                                                     : NAMIDB_OK;
}

int ndb_lift(namidb_arena *arena, struct ndb_slice text, namidb_lifted *out)
{
    struct lift lift = { .arena = arena,
                         .at = (const char *)text.data,
                         .copied = (const char *)text.data,
                         .named_depth = -1 };

    lift.end = lift.at + text.bytes;
    *out = (namidb_lifted){ .count = 0 };
    if (text.bytes > NDB_LIFT_BYTES_MAX || text.bytes == 0 ||
        is_left_alone(&lift))
        return NAMIDB_NONE;
    if (allocate(&lift, text.bytes) < 0)
        return NAMIDB_ENOMEM;
    while (!lift.is_odd) {
        struct token token;

        lift.at = skip(&lift, lift.at);
        if (lift.at >= lift.end)
            break;
        if (try_lift(&lift))
            continue;
        token = read_token(&lift, lift.at);
        take(&lift, &token);
    }
    if (lift.is_odd || lift.count == 0)
        return NAMIDB_NONE;
    append(&lift, lift.copied, (size_t)(lift.end - lift.copied));
    *out = (namidb_lifted){ lift.key, lift.key_bytes, lift.values, lift.count };
    return NAMIDB_OK;
}
