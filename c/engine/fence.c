/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Becoming the writer.
 *
 * A fence is created right behind the newest slot. If somebody was faster, the
 * next try is further ahead (2, 4, 8 ... 64 slots): one at a time would lose
 * for ever against a writer that commits without a pause. Then every slot
 * between the known end of the log and the own fence is filled with a fence,
 * all at once; each is then ours, or somebody's batch to read. Until that is
 * done nothing above the gap is committed, and readers stop below it.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "format/path.h"
#include "sys/clock.h"

enum { AHEAD_MAX = 64, TRIES_MAX = 64 };

/* Creates a fence; *owner tells whose the slot is. */
static int create_fence(struct namidb *db, uint64_t number, int64_t deadline_ns,
                        struct ndb_slot_create *create, namidb_error *err)
{
    struct ndb_buf object = NDB_BUF_INIT(NDB_SLOT_BYTES_MAX);
    struct ndb_hash128 hash;
    int rc = ndb_fence_encode(&object, number, &db->nonce, &hash);

    *create = (struct ndb_slot_create){ .number = number,
                                        .deadline_ns = deadline_ns };
    if (rc < 0) {
        rc = ndb_fail_memory(err);
    } else {
        create->object = ndb_buf_slice(&object);
        rc = ndb_slot_create(db->store, create, err);
    }
    ndb_buf_release(&object);
    return rc;
}

/* The own fence, above everything that is known. */
static int place_fence(struct namidb *db, uint64_t newest, int64_t deadline_ns,
                       uint64_t *number, int64_t *date_ms, namidb_error *err)
{
    uint64_t ahead = 1;

    for (int i = 0; i < TRIES_MAX; i++) {
        struct ndb_slot_create create;
        int rc = create_fence(db, newest + ahead, deadline_ns, &create, err);

        if (rc < 0)
            return rc;
        ndb_slot_create_release(&create);
        if (create.owner == NDB_SLOT_MINE) {
            *number = newest + ahead;
            *date_ms = create.date_ms;
            return NAMIDB_OK;
        }
        newest += ahead;
        if (ahead < AHEAD_MAX)
            ahead *= 2;
    }
    return ndb_fail(err, NAMIDB_ECONFLICT,
                    "another writer is faster: no fence after %d tries",
                    TRIES_MAX);
}

/* One PUT per slot of the gap, all in one round; each is settled after that. */
static int fill_gap(struct namidb *db, uint64_t first, uint64_t end,
                    int64_t deadline_ns, namidb_error *err)
{
    size_t count = (size_t)(end - first);
    struct ndb_request *puts = ndb_calloc(count, sizeof *puts);
    struct ndb_path *paths = ndb_calloc(count, sizeof *paths);
    struct ndb_buf *objects = ndb_calloc(count, sizeof *objects);
    int rc = puts == NULL || paths == NULL || objects == NULL ? NAMIDB_ENOMEM
                                                              : NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++) {
        struct ndb_hash128 hash;

        objects[i] = NDB_BUF_INIT(NDB_SLOT_BYTES_MAX);
        rc = ndb_fence_encode(&objects[i], first + i, &db->nonce, &hash);
        puts[i] = (struct ndb_request){
            .op = NDB_PUT_IF_ABSENT,
            .key = ndb_path_slot(&paths[i], first + i),
            .body = ndb_buf_slice(&objects[i]),
            .deadline_ns = deadline_ns,
        };
    }
    if (rc < 0)
        (void)ndb_fail_memory(err);
    else
        (void)ndb_store_run(db->store, puts, count, NULL);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        struct ndb_slot_create create = { .number = first + i,
                                          .object = ndb_buf_slice(&objects[i]),
                                          .deadline_ns = deadline_ns };

        rc = ndb_slot_settle(db->store, &create, &puts[i], err);
        ndb_slot_create_release(&create);
    }
    for (size_t i = 0; i < count && objects != NULL; i++)
        ndb_buf_release(&objects[i]);
    ndb_free(puts);
    ndb_free(paths);
    ndb_free(objects);
    return rc;
}

/* Reads the gap and the own fence; there is nothing missing any more. */
static int read_up_to(struct namidb *db, uint64_t fence, int64_t deadline_ns,
                      namidb_error *err)
{
    struct ndb_place place = db->place;
    bool is_changed;
    int rc = ndb_read_forward(db, &place, db->view->layers[0].memtable,
                              deadline_ns, &is_changed, err);

    if (rc < 0)
        return rc;
    if (place.next <= fence)
        return ndb_fail(err, NAMIDB_ECORRUPT,
                        "the log ends at slot %zu, below our fence %zu",
                        (size_t)place.next - 1, (size_t)fence);
    if (place.next != fence + 1 || place.epoch != fence)
        return ndb_fail(err, NAMIDB_EFENCED,
                        "another writer took over at slot %zu",
                        (size_t)place.next - 1);
    db->place = place;
    db->visible_version = fence;
    return NAMIDB_OK;
}

/* When nothing lies between the known end and the fence, it need not be read:
 * its bytes are ours. */
static int take_in_fence(struct namidb *db, uint64_t fence, namidb_error *err)
{
    struct ndb_buf object = NDB_BUF_INIT(NDB_SLOT_BYTES_MAX);
    struct ndb_hash128 hash;
    int rc = ndb_fence_encode(&object, fence, &db->nonce, &hash);

    if (rc < 0)
        rc = ndb_fail_memory(err);
    else
        rc = ndb_replay_slot(&db->place, ndb_buf_slice(&object),
                             db->view->layers[0].memtable, db->dict, err);
    if (rc >= 0)
        db->visible_version = fence;
    ndb_buf_release(&object);
    return rc;
}

static int check_takeover(const struct namidb *db,
                          const struct ndb_listed_log *listed,
                          namidb_error *err)
{
    int64_t age_ms = listed->date_ms - listed->newest_ms;

    if (db->options.takeover_ms < 0 || listed->newest == 0)
        return NAMIDB_OK;
    if (db->options.takeover_ms != 0 && age_ms >= db->options.takeover_ms)
        return NAMIDB_OK;
    return ndb_fail(err, NAMIDB_ECONFLICT,
                    "another writer was at work %lld ms ago (slot %zu), and "
                    "takeover says to leave it alone",
                    (long long)age_ms, (size_t)listed->newest);
}

/* A fence counts only when its writer knew its place shortly before: a manifest
 * above it would mean that the slot had been there, and was deleted. */
static int prove_fence(const struct ndb_listed_log *listed, int64_t date_ms,
                       namidb_error *err)
{
    if (date_ms != 0 && listed->date_ms != 0 &&
        date_ms - listed->date_ms <= NDB_PROOF_MS)
        return NAMIDB_OK;
    return ndb_fail(err, NAMIDB_ETIMEOUT,
                    "taking over lasted longer than %lld s; open again",
                    (long long)(NDB_PROOF_MS / 1000));
}

int ndb_take_over(struct namidb *db, const struct ndb_listed_log *listed,
                  int64_t deadline_ns, namidb_error *err)
{
    uint64_t newest = listed->newest;
    uint64_t fence = 0;
    int64_t date_ms = 0;
    int rc = check_takeover(db, listed, err);

    if (rc < 0)
        return rc;
    if (db->place.next - 1 > newest)
        newest = db->place.next - 1;
    rc = place_fence(db, newest, deadline_ns, &fence, &date_ms, err);
    if (rc >= 0)
        rc = prove_fence(listed, date_ms, err);
    if (rc >= 0 && fence == db->place.next) {
        rc = take_in_fence(db, fence, err);
    } else if (rc >= 0) {
        rc = fill_gap(db, db->place.next, fence, deadline_ns, err);
        if (rc >= 0)
            rc = read_up_to(db, fence, deadline_ns, err);
    }
    if (rc < 0)
        return rc;
    db->writer.proof_date_ms = date_ms;
    db->writer.proof_ns = listed->listed_ns;
    return NAMIDB_OK;
}
