/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - how a failure gets its text.
 *
 * Whoever knows the name of the thing writes the message: pure code returns a
 * bare status, the caller that knows the object's key calls ndb_fail. Upper
 * layers may prefix once and never replace.
 */
#ifndef NDB_BASE_ERROR_H
#define NDB_BASE_ERROR_H

#include "namidb.h"

/*
 * Fills *err (NULL is allowed) and returns `code`, so that a failing function
 * can end with it. Clears line, column, object and fault. `retryable` follows
 * from the code: io, busy, timeout, conflict.
 */
int ndb_fail(namidb_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, and names the object: its key is also put before the message. */
int ndb_fail_object(namidb_error *err, int code, const char *object,
                    const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Makes *err (NULL is allowed) one of another code, with the same text; returns
 * `code`. */
int ndb_recode(namidb_error *err, int code);

/* Fills *err with "out of memory" and returns NAMIDB_ENOMEM. */
int ndb_fail_memory(namidb_error *err);

/* Puts "<text>: " before the message of *err. */
void ndb_prefix(namidb_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
