/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - where a test keeps its namespace.
 *
 * In memory; or, when NAMIDB_TEST_URI names a store ("s3://bucket/prefix?..."),
 * under a random prefix of it. So the same tests run on any bucket.
 */
#ifndef NDB_TEST_PLACE_H
#define NDB_TEST_PLACE_H

#include <stdbool.h>

enum { PLACE_URI_BYTES = 2048 };

/* The URI of an empty namespace that nobody else has. */
void place_new(char uri[PLACE_URI_BYTES]);
/* Removes all objects of it. */
void place_clear(const char *uri);
/* True when a request costs a round trip. */
bool place_is_remote(void);

#endif
