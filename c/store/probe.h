/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - whether a store keeps the one promise that commits rest on: of
 * several conditional puts of one key, exactly one takes effect.
 *
 * A store that ignores the condition, or looks first and writes then, would
 * lose commits in silence. Asked once, before a namespace is created there.
 */
#ifndef NDB_STORE_PROBE_H
#define NDB_STORE_PROBE_H

#include "store/store.h"

/*
 * Creates an object twice, then has eight creates race for each of twelve keys,
 * and removes what it made: 98 PUT, 13 GET and 13 DELETE in 19 rounds, some
 * 0.06 cents. One round of four races missed versitygw 1.7, which looks first
 * and writes then, once in ten times; three rounds refused it 100 times of 100.
 * NAMIDB_EUNSUPPORTED: not to be trusted, and why; other failures are the
 * store's.
 */
int ndb_store_probe(struct ndb_store *store, int64_t deadline_ns,
                    namidb_error *err);

#endif
