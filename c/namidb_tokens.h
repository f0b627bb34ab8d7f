/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb_tokens.h - the words and signs of a statement.
 *
 * For a program that parses statements. Nothing here allocates: a token looks
 * into the text.
 */
#ifndef NAMIDB_TOKENS_H
#define NAMIDB_TOKENS_H

#include "namidb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Keywords, in order. They are names, too, where the grammar has no use for
 * them. */
#define NAMIDB_KEYWORD_MAP(X)                                                  \
    X(ALL)                                                                     \
    X(AND)                                                                     \
    X(ANY)                                                                     \
    X(AS)                                                                      \
    X(ASC)                                                                     \
    X(ASCENDING)                                                               \
    X(ASSERT)                                                                  \
    X(BY)                                                                      \
    X(CALL)                                                                    \
    X(CASE)                                                                    \
    X(COLLECT)                                                                 \
    X(CONSTRAINT)                                                              \
    X(CONSTRAINTS)                                                             \
    X(CONTAINS)                                                                \
    X(COUNT)                                                                   \
    X(CREATE)                                                                  \
    X(CSV)                                                                     \
    X(DELETE)                                                                  \
    X(DESC)                                                                    \
    X(DESCENDING)                                                              \
    X(DETACH)                                                                  \
    X(DISTINCT)                                                                \
    X(DROP)                                                                    \
    X(EACH)                                                                    \
    X(ELSE)                                                                    \
    X(END)                                                                     \
    X(ENDS)                                                                    \
    X(EXISTS)                                                                  \
    X(EXPLAIN)                                                                 \
    X(FALSE)                                                                   \
    X(FIELDTERMINATOR)                                                         \
    X(FOR)                                                                     \
    X(FOREACH)                                                                 \
    X(FROM)                                                                    \
    X(HEADERS)                                                                 \
    X(IF)                                                                      \
    X(IN)                                                                      \
    X(INDEX)                                                                   \
    X(INDEXES)                                                                 \
    X(IS)                                                                      \
    X(KEY)                                                                     \
    X(LIMIT)                                                                   \
    X(LOAD)                                                                    \
    X(MATCH)                                                                   \
    X(MERGE)                                                                   \
    X(NODE)                                                                    \
    X(NONE)                                                                    \
    X(NOT)                                                                     \
    X(NULL)                                                                    \
    X(ON)                                                                      \
    X(OPTIONAL)                                                                \
    X(OR)                                                                      \
    X(ORDER)                                                                   \
    X(PROFILE)                                                                 \
    X(REDUCE)                                                                  \
    X(RELATIONSHIP)                                                            \
    X(REMOVE)                                                                  \
    X(REQUIRE)                                                                 \
    X(RETURN)                                                                  \
    X(SET)                                                                     \
    X(SHOW)                                                                    \
    X(SINGLE)                                                                  \
    X(SKIP)                                                                    \
    X(STARTS)                                                                  \
    X(THEN)                                                                    \
    X(TRUE)                                                                    \
    X(TYPED)                                                                   \
    X(UNION)                                                                   \
    X(UNIQUE)                                                                  \
    X(UNWIND)                                                                  \
    X(USING)                                                                   \
    X(WHEN)                                                                    \
    X(WHERE)                                                                   \
    X(WITH)                                                                    \
    X(XOR)                                                                     \
    X(YIELD)

/* A sign of one byte is that byte. */
enum namidb_token_kind {
    NAMIDB_TOKEN_NAME = 128,
    NAMIDB_TOKEN_QUOTED,    /* a name in backticks */
    NAMIDB_TOKEN_PARAMETER, /* $name, and $`name` */
    NAMIDB_TOKEN_STRING,
    NAMIDB_TOKEN_INTEGER,
    NAMIDB_TOKEN_FLOAT,
    NAMIDB_TOKEN_NUMBER,   /* digits that run into letters */
    NAMIDB_TOKEN_END,      /* behind the text */
    NAMIDB_TOKEN_UNEQUAL,  /* <> */
    NAMIDB_TOKEN_AT_MOST,  /* <= */
    NAMIDB_TOKEN_AT_LEAST, /* >= */
    NAMIDB_TOKEN_MATCHES,  /* =~ */
    NAMIDB_TOKEN_ADDED,    /* += */
    NAMIDB_TOKEN_RANGE,    /* .. */
    NAMIDB_TOKEN_DIFFERS,  /* != */
    NAMIDB_TOKEN_JOINED,   /* || */
    NAMIDB_TOKEN_TYPED,    /* :: */
#define NAMIDB_X(word) NAMIDB_KEYWORD_##word,
    NAMIDB_KEYWORD_MAP(NAMIDB_X)
#undef NAMIDB_X
        NAMIDB_TOKEN_KINDS
};

typedef struct namidb_token {
    uint8_t kind;      /* enum namidb_token_kind, or a byte */
    bool is_escaped;   /* its value is not as it stands in the text */
    size_t begin, end; /* of the token, in bytes */
    const char *value; /* the name or text of a word, a literal's digits, what
                          is between quotes; of a dash or arrow head that is
                          not ASCII its bytes; else NULL */
    size_t value_bytes;
} namidb_token;

/* What is wrong with a text, by names that callers make sentences of. */
#define NAMIDB_TOKEN_FAULT_MAP(X)                                              \
    X(CHARACTER, "character") /* has no place here: `code` */                  \
    X(BYTES, "bytes")         /* are not UTF-8 */                              \
    X(STRING, "string")       /* has no end */                                 \
    X(QUOTED, "quoted")       /* name has no end */                            \
    X(COMMENT, "comment")     /* has no end */                                 \
    X(ESCAPE, "escape")       /* there is no such */                           \
    X(DIGITS, "digits")       /* of \u are wanted here: `code` of them */      \
    X(UNICODE, "unicode")     /* \u is no character */                         \
    X(PARAMETER, "parameter") /* has no name */

enum namidb_token_fault {
#define NAMIDB_X(name, word) NAMIDB_TOKEN_FAULT_##name,
    NAMIDB_TOKEN_FAULT_MAP(NAMIDB_X)
#undef NAMIDB_X
};

typedef struct namidb_lexer {
    const char *text;
    size_t bytes;
    size_t at; /* of the next token, or spaces before it; begins with 0 */
    enum namidb_token_fault fault; /* and what is about it, after a failure */
    size_t fault_at;
    uint32_t code;
} namidb_lexer;

/* The next token; NAMIDB_TOKEN_END at the end of the text. NAMIDB_EINVAL: the
 * text is wrong. */
NAMIDB_API int namidb_lexer_next(namidb_lexer *lexer, namidb_token *token);

/* Writes the value of a token that is escaped, of value_bytes at most; returns
 * how many. */
NAMIDB_API size_t namidb_token_value(const namidb_token *token, char *out);

/* The name of a kind, as "name", "<>" or "MATCH"; NULL: there is none. */
NAMIDB_API const char *namidb_token_name(uint32_t kind);

/* The name of a fault. */
NAMIDB_API const char *namidb_token_fault_name(enum namidb_token_fault fault);

#ifdef __cplusplus
}
#endif

#endif
