/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_calls.h - requests to a store, one at a time.
 */
#ifndef NDB_TEST_STORE_CALLS_H
#define NDB_TEST_STORE_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/store.h"

/* With a deadline of 30 s. */
struct ndb_request store_request(enum ndb_store_op op, const char *key);
/* Runs one; the caller releases it. */
int store_run(struct ndb_store *store, struct ndb_request *request);
/* A request with a body, or one that needs none; its status. */
int store_put(struct ndb_store *store, enum ndb_store_op op, const char *key,
              const char *text);
/* Whether the object is just that; NULL: it is absent. */
bool store_holds(struct ndb_store *store, const char *key, const char *text);

/* With all that is in it. */
void store_remove_folder(const char *folder);

#endif
