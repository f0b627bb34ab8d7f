/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - the regular expressions of =~: Perl's, by PCRE2.
 *
 * A pattern must match the whole text. Both are UTF-8. How long a match may
 * look is bounded, so that no pattern holds a query up: NDB_FAULT_TOO_LARGE.
 * One thread at a time may use a compiled pattern.
 */
#ifndef NDB_EXEC_REGEX_H
#define NDB_EXEC_REGEX_H

#include "base/slice.h"
#include "exec/fault.h"

struct ndb_regex;

/* A pattern that is none is NDB_FAULT_ARGUMENT_VALUE; the message says what is
 * wrong and where. On failure *regex is NULL. */
int ndb_regex_compile(struct ndb_regex **regex, struct ndb_slice pattern,
                      namidb_error *err);
int ndb_regex_match(struct ndb_regex *regex, struct ndb_slice text,
                    bool *is_match, namidb_error *err);
/* NULL is allowed. */
void ndb_regex_free(struct ndb_regex *regex);

#endif
