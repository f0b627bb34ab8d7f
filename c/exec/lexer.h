/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lexer.h - a statement's text, token by token.
 *
 * Strings are checked to be UTF-8, and their escapes to be right, when they are
 * read. Words are keywords in any case; letters beyond ASCII are those of
 * unicode.h.
 */
#ifndef NDB_EXEC_LEXER_H
#define NDB_EXEC_LEXER_H

#include "namidb_tokens.h"

/* See namidb_tokens.h. */
int ndb_lexer_next(namidb_lexer *lexer, namidb_token *token);
size_t ndb_lexer_value(const namidb_token *token, char *out);
const char *ndb_lexer_kind_name(uint32_t kind);

#endif
