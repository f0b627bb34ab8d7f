/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb_lift.h - the literals of a statement as parameters.
 *
 * For a program that keeps plans by text. Pointers and errors are as in
 * namidb.h.
 */
#ifndef NAMIDB_LIFT_H
#define NAMIDB_LIFT_H

#include "namidb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A statement whose literals were lifted out. */
typedef struct namidb_lifted {
    const char *key; /* the text, with parameters `~1`, `~2` ... instead */
    size_t key_bytes;
    const namidb_value *values; /* of parameter i + 1; strings look into the
                                   text */
    size_t count;
} namidb_lifted;

/* Lifts literals, so that texts that differ only in them have one key and one
 * plan. NAMIDB_OK, or NAMIDB_NONE: the text is its own key. Memory is the
 * arena's. */
NAMIDB_API int namidb_lift(namidb_arena *arena, const char *text, size_t bytes,
                           namidb_lifted *out);

#ifdef __cplusplus
}
#endif

#endif
