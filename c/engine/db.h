/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.h - a handle on a namespace, below the public API.
 *
 * Counted: a snapshot or ticket keeps it alive after ndb_db_close, which stops
 * the threads. `struct namidb` is defined in db_internal.h, for engine files
 * that share its lock; everybody else calls functions.
 */
#ifndef NDB_ENGINE_DB_H
#define NDB_ENGINE_DB_H

#include "engine/view.h"
#include "store/store.h"

struct namidb;

/* Takes ownership of the store, also on failure (then closes it). The store is
 * wrapped by ndb_counting inside. */
int ndb_db_open(struct namidb **db, struct ndb_store *store,
                const namidb_options *options, namidb_error *err);
/* Ends commits in flight and the background flush, then drops the caller's
 * reference. NULL is allowed. */
void ndb_db_close(struct namidb *db);
struct namidb *ndb_db_ref(struct namidb *db);
void ndb_db_unref(struct namidb *db);

/* NAMIDB_EINVAL with a text when the handle belongs to another process (fork):
 * then not even its locks may be touched. */
int ndb_db_check_process(const struct namidb *db, namidb_error *err);
/* The same, and NAMIDB_EINVAL when it is closed. One of the two comes first in
 * every API function. */
int ndb_db_check(struct namidb *db, namidb_error *err);

/* What is acknowledged now. The caller owns a reference of out->view. */
void ndb_db_snapshot(struct namidb *db, struct ndb_snapshot *out);
/* The same with ndb_db_check before it, in one step. */
int ndb_db_look(struct namidb *db, struct ndb_snapshot *out, namidb_error *err);
struct ndb_dict *ndb_db_dict(struct namidb *db);
int64_t ndb_db_timeout_ms(const struct namidb *db);
uint64_t ndb_db_cache_bytes(const struct namidb *db);
/* timeout_ms < 0: the handle's. A deadline of sys/clock.h. */
int64_t ndb_db_deadline(const struct namidb *db, int64_t timeout_ms);

int ndb_db_refresh(struct namidb *db, int64_t deadline_ns, bool *is_changed,
                   namidb_error *err);
int ndb_db_flush(struct namidb *db, int64_t deadline_ns, namidb_error *err);
int ndb_db_move_class(struct namidb *db, const char *storage_class,
                      int64_t deadline_ns, namidb_class_move *move,
                      namidb_error *err);
/* What reading has cost so far: GETs and LISTs of the handle, bytes that they
 * gave. */
struct ndb_meter {
    uint64_t requests, bytes;
};
void ndb_db_meter(struct namidb *db, struct ndb_meter *out);

/* Waits until every index has entries for every pack; see
 * namidb_indexes_wait. */
int ndb_db_await_indexes(struct namidb *db, int64_t deadline_ns,
                         namidb_error *err);
/* The index under way (0: none) and how much of it is read. */
void ndb_db_build_progress(struct namidb *db, uint32_t *number,
                           uint32_t *percent);
/* NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_db_stats(struct namidb *db, namidb_stats *out, namidb_error *err);
void ndb_db_cache_stats(struct namidb *db, namidb_cache_stats *out);

#endif
