/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack on its way into the store, before any manifest names it.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/rand.h"
#include "format/path.h"
#include "sys/backoff.h"
#include "sys/clock.h"

bool ndb_db_is_stopping(struct namidb *db)
{
    bool is_it;

    (void)pthread_mutex_lock(&db->lock);
    is_it = db->is_stopping;
    (void)pthread_mutex_unlock(&db->lock);
    return is_it;
}

/* Also of an uplink that is slow: it has the time that the pack takes there. */
static int64_t deadline_of(const struct namidb *db, struct ndb_slice object)
{
    uint64_t sending_ms =
        (uint64_t)object.bytes * 1000 / NDB_UPLINK_BYTES_PER_SECOND_MIN;

    return ndb_deadline_after(db->options.timeout_ms + (int64_t)sending_ms);
}

enum { TAIL_BYTES = 4096 }; /* they have the checksum of the directory */

/* "Is there already" is mostly an earlier try of ours whose answer was lost:
 * the name is new. But a manifest is about to rely on it, so its end is looked
 * at. NAMIDB_NONE: there is no such object. */
static int check_there(struct namidb *db, const char *key,
                       struct ndb_slice object, namidb_error *err)
{
    size_t bytes = object.bytes < TAIL_BYTES ? object.bytes : TAIL_BYTES;
    struct ndb_slice tail =
        ndb_slice(object.data + object.bytes - bytes, bytes);
    struct ndb_request get = {
        .op = NDB_GET,
        .key = key,
        .offset = object.bytes - bytes,
        .length = bytes,
        .deadline_ns = ndb_deadline_after(db->options.timeout_ms),
        .is_canceled = &db->is_put_canceled,
    };
    int rc = ndb_store_run(db->store, &get, 1, err);

    if (rc >= 0 && get.status == NAMIDB_NONE)
        rc = NAMIDB_NONE;
    else if (rc >= 0 && (get.object_bytes != object.bytes ||
                         !ndb_slice_equal(ndb_buf_slice(&get.out), tail)))
        rc = ndb_fail_object(err, NAMIDB_EIO, key,
                             "another object has this name");
    ndb_request_release(&get);
    return rc;
}

/* A try begins within the handle's timeout, so that a server that is dead is
 * found out soon. */
static int create(struct namidb *db, const char *key, struct ndb_slice object,
                  int64_t *date_ms, namidb_error *err)
{
    int64_t last_begin_ns = ndb_deadline_after(db->options.timeout_ms);
    struct ndb_backoff backoff = NDB_BACKOFF_INIT;
    bool can_repeat = true;
    int rc = NAMIDB_EIO;

    while (rc < 0 && can_repeat) {
        struct ndb_request put = { .op = NDB_PUT_IF_ABSENT,
                                   .key = key,
                                   .body = object,
                                   .deadline_ns = deadline_of(db, object),
                                   .is_canceled = &db->is_put_canceled };

        rc = ndb_store_run(db->store, &put, 1, err);
        *date_ms = put.date_ms;
        can_repeat = put.is_ambiguous;
        if (put.status == NAMIDB_ECONFLICT)
            rc = check_there(db, key, object, err);
        if (rc == NAMIDB_NONE) {
            rc = ndb_fail_object(err, NAMIDB_EIO, key,
                                 "was said to be there, and is not");
            can_repeat = true;
        }
        can_repeat = rc < 0 && can_repeat && !ndb_db_is_stopping(db) &&
                     ndb_backoff_pause(&backoff, last_begin_ns);
        ndb_request_release(&put);
    }
    return rc;
}

int ndb_pack_put(struct namidb *db, struct ndb_slice object,
                 const struct ndb_pack_summary *summary,
                 struct ndb_manifest_pack *pack, namidb_error *err)
{
    struct ndb_path path;
    uint8_t random[10];
    int rc;

    if (ndb_db_is_stopping(db))
        return ndb_fail(err, NAMIDB_ECANCELED, "the handle is closing");
    ndb_rand_bytes(random, sizeof random);
    ndb_ulid_make(pack->ulid, ndb_clock_wall_ms(), random);
    rc = create(db, ndb_path_pack(&path, pack->ulid), object, &pack->created_ms,
                err);
    if (rc < 0)
        return rc;
    pack->bytes = object.bytes;
    pack->rows = summary->rows;
    pack->tombstones = summary->tombstones;
    pack->directory_bytes = summary->directory_bytes;
    if (summary->directory_bytes <= NDB_PACK_DIRECTORY_INLINE_MAX)
        pack->directory =
            ndb_slice(object.data + object.bytes - summary->directory_bytes,
                      summary->directory_bytes);
    return NAMIDB_OK;
}

void ndb_pack_remove(struct namidb *db, const struct ndb_manifest_pack *pack,
                     int64_t deadline_ns)
{
    struct ndb_path path;
    struct ndb_request del = { .op = NDB_DELETE,
                               .key = ndb_path_pack(&path, pack->ulid),
                               .deadline_ns = deadline_ns };

    (void)ndb_store_run(db->store, &del, 1, NULL);
    ndb_request_release(&del);
}
