/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handle's life: from a store to something that reads and writes, and back.
 */
#include "engine/db.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "engine/db_internal.h"
#include "store/wrappers.h"
#include "store/probe.h"
#include "sys/clock.h"

#define MEMTABLE_BYTES_MIN (UINT64_C(64) << 10)
#define MEMTABLE_BYTES_MAX (UINT64_C(1) << 30)
/* Beyond a century a duration is "never" and would overflow nanoseconds. */
#define DURATION_MS_MAX INT64_C(3155760000000)

/* ---------------------------------------------------------------- options --
 */

static int check_options(const namidb_options *options, namidb_error *err)
{
    if (options->timeout_ms <= 0 || options->timeout_ms > DURATION_MS_MAX)
        return ndb_fail(err, NAMIDB_EINVAL, "timeout: more than 0 is wanted");
    if (options->takeover_ms < -1 || options->takeover_ms > DURATION_MS_MAX)
        return ndb_fail(err, NAMIDB_EINVAL, "takeover: 0 or more is wanted");
    if (options->flush_age_ms < 0 || options->flush_age_ms > DURATION_MS_MAX)
        return ndb_fail(err, NAMIDB_EINVAL, "flush_age: 0 or more is wanted");
    if (options->memtable_bytes < MEMTABLE_BYTES_MIN ||
        options->memtable_bytes > MEMTABLE_BYTES_MAX)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "memtable_bytes: 64 KiB to 1 GiB is wanted");
    if (options->cache_bytes < NDB_CACHE_BYTES_MIN)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "cache_bytes: at least 1 MiB is wanted");
    return NAMIDB_OK;
}

/* ------------------------------------------------------------------- open --
 */

static void name_author(struct namidb *db)
{
    ndb_rand_bytes(db->nonce.bytes, sizeof db->nonce.bytes);
    for (size_t i = 0; i < sizeof db->nonce.bytes; i++)
        (void)snprintf(db->author + 2 * i, 3, "%02x", db->nonce.bytes[i]);
}

static void init_locks(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;

    (void)pthread_mutex_init(&db->lock, NULL);
    ndb_cond_init(&db->refresh_done);
    ndb_cond_init(&writer->turn_free);
    ndb_cond_init(&writer->work);
    ndb_cond_init(&writer->done);
    ndb_cond_init(&writer->flush_work);
    ndb_cond_init(&writer->flush_done);
    ndb_cond_init(&writer->build_work);
    ndb_cond_init(&writer->build_done);
    ndb_cond_init(&writer->edit_done);
}

static void release_locks(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;

    ndb_cond_release(&writer->turn_free);
    ndb_cond_release(&writer->work);
    ndb_cond_release(&writer->done);
    ndb_cond_release(&writer->flush_work);
    ndb_cond_release(&writer->flush_done);
    ndb_cond_release(&writer->build_work);
    ndb_cond_release(&writer->build_done);
    ndb_cond_release(&writer->edit_done);
    ndb_cond_release(&db->refresh_done);
    (void)pthread_mutex_destroy(&db->lock);
}

static void db_free(struct namidb *db)
{
    ndb_writer_release(db);
    ndb_view_unref(db->view);
    ndb_segment_cache_free(db->cache);
    ndb_dict_free(db->dict);
    ndb_store_close(db->store);
    release_locks(db);
    ndb_free(db);
}

/* Everything that needs no request. Takes the store. */
static int db_new(struct namidb **out, struct ndb_store *store,
                  const namidb_options *options, namidb_error *err)
{
    struct namidb *db = ndb_calloc(1, sizeof *db);
    int rc;

    *out = NULL;
    if (db == NULL) {
        ndb_store_close(store);
        return ndb_fail_memory(err);
    }
    atomic_init(&db->refs, 1);
    db->fork_count = ndb_fork_watch();
    db->options = *options;
    db->is_writer = !options->read_only;
    init_locks(db);
    name_author(db);
    rc = ndb_counting_open(&db->store, store, err);
    if (rc >= 0 && (ndb_dict_new(&db->dict) < 0 ||
                    ndb_segment_cache_new(&db->cache, db->store,
                                          options->cache_bytes) < 0))
        rc = ndb_fail_memory(err);
    if (rc < 0)
        db_free(db);
    else
        *out = db;
    return rc;
}

static bool is_absent(const struct namidb *db,
                      const struct ndb_listed_log *listed)
{
    return db->view->manifest == NULL && db->place.next == 1 &&
           listed->newest == 0;
}

/* A namespace is created only where conditional writes are proved; one that
 * came from another host, when it is written to for the first time there. */
static bool must_probe(const struct namidb *db,
                       const struct ndb_listed_log *listed)
{
    const struct ndb_version *manifest = db->view->manifest;

    if (db->store->probe_host[0] == '\0')
        return false;
    return manifest != NULL
               ? strcmp(manifest->body.probed, db->store->probe_host) != 0
               : is_absent(db, listed);
}

static int start(struct namidb *db, namidb_error *err)
{
    struct ndb_listed_log listed;
    int64_t deadline_ns = ndb_db_deadline(db, -1);
    int rc = ndb_load(db, deadline_ns, &listed, err);

    if (rc < 0)
        return rc;
    if (is_absent(db, &listed) && (!db->is_writer || !db->options.create))
        return ndb_fail(err, NAMIDB_ENOTFOUND, "there is no namespace");
    if (!db->is_writer)
        return NAMIDB_OK;
    if (must_probe(db, &listed))
        rc = ndb_store_probe(db->store, deadline_ns, err);
    if (rc < 0)
        return rc;
    rc = ndb_take_over(db, &listed, deadline_ns, err);
    return rc < 0 ? rc : ndb_writer_start(db, err);
}

int ndb_db_open(struct namidb **out, struct ndb_store *store,
                const namidb_options *options, namidb_error *err)
{
    struct namidb *db;
    int rc = check_options(options, err);

    *out = NULL;
    if (rc < 0) {
        ndb_store_close(store);
        return rc;
    }
    rc = db_new(&db, store, options, err);
    if (rc < 0)
        return rc;
    rc = start(db, err);
    if (rc < 0) {
        ndb_prefix(err, "%s", db->store->name);
        ndb_db_close(db);
        return rc;
    }
    *out = db;
    return NAMIDB_OK;
}

/* ------------------------------------------------------------------ close --
 */

void ndb_db_close(struct namidb *db)
{
    if (db == NULL || ndb_db_check_process(db, NULL) < 0)
        return;
    if (db->is_writer)
        ndb_writer_stop(db);
    (void)pthread_mutex_lock(&db->lock);
    db->is_closed = true;
    (void)pthread_mutex_unlock(&db->lock);
    ndb_db_unref(db);
}

struct namidb *ndb_db_ref(struct namidb *db)
{
    atomic_fetch_add(&db->refs, 1);
    return db;
}

void ndb_db_unref(struct namidb *db)
{
    if (db != NULL && atomic_fetch_sub(&db->refs, 1) == 1)
        db_free(db);
}

int ndb_db_check_process(const struct namidb *db, namidb_error *err)
{
    if (db->fork_count != ndb_fork_count())
        return ndb_fail(err, NAMIDB_EINVAL,
                        "the handle belongs to the process that opened it; "
                        "open one after fork");
    return NAMIDB_OK;
}

static int closed(namidb_error *err)
{
    return ndb_fail(err, NAMIDB_EINVAL, "the handle is closed");
}

int ndb_db_check(struct namidb *db, namidb_error *err)
{
    bool is_closed;
    int rc = ndb_db_check_process(db, err);

    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&db->lock);
    is_closed = db->is_closed;
    (void)pthread_mutex_unlock(&db->lock);
    return is_closed ? closed(err) : NAMIDB_OK;
}

/* ------------------------------------------------------------------ looks --
 */

/* With the lock held. */
static void take_snapshot(struct namidb *db, struct ndb_snapshot *out)
{
    out->view = ndb_view_ref(db->view);
    out->version = db->visible_version;
    out->timeout_ms = db->options.timeout_ms;
}

void ndb_db_snapshot(struct namidb *db, struct ndb_snapshot *out)
{
    (void)pthread_mutex_lock(&db->lock);
    take_snapshot(db, out);
    (void)pthread_mutex_unlock(&db->lock);
}

int ndb_db_look(struct namidb *db, struct ndb_snapshot *out, namidb_error *err)
{
    bool is_closed;
    int rc = ndb_db_check_process(db, err);

    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&db->lock);
    is_closed = db->is_closed;
    if (!is_closed)
        take_snapshot(db, out);
    (void)pthread_mutex_unlock(&db->lock);
    return is_closed ? closed(err) : NAMIDB_OK;
}

struct ndb_dict *ndb_db_dict(struct namidb *db)
{
    return db->dict;
}

int64_t ndb_db_timeout_ms(const struct namidb *db)
{
    return db->options.timeout_ms;
}

uint64_t ndb_db_cache_bytes(const struct namidb *db)
{
    return db->options.cache_bytes;
}

int64_t ndb_db_deadline(const struct namidb *db, int64_t timeout_ms)
{
    return ndb_deadline_after(timeout_ms < 0 ? db->options.timeout_ms
                                             : timeout_ms);
}

static void store_stats(struct namidb *db, namidb_stats *out)
{
    struct ndb_store_counts counts;
    struct ndb_store_facts facts;

    ndb_counting_read(db->store, &counts);
    ndb_store_tell(db->store, &facts);
    out->place = facts.place;
    out->requests = (namidb_request_stats){
        .get = counts.requests[NDB_GET],
        .put = counts.requests[NDB_PUT],
        .put_if_absent =
            counts.requests[NDB_PUT_IF_ABSENT] + facts.upload_requests,
        .del = counts.requests[NDB_DELETE] + counts.requests[NDB_DELETE_MANY],
        .list = counts.requests[NDB_LIST] + facts.list_pages,
        .copied = counts.requests[NDB_SET_CLASS],
        .bytes_read = counts.bytes_read,
        .bytes_written = counts.bytes_written,
        .rounds = counts.rounds,
        .hedged = facts.hedged,
        .retried = facts.retried,
        .ambiguous = counts.ambiguous,
        .uploads = facts.uploads,
        .aborts_refused = facts.aborts_refused,
    };
}

void ndb_db_meter(struct namidb *db, struct ndb_meter *out)
{
    struct ndb_store_counts counts;

    ndb_counting_read(db->store, &counts);
    out->requests = counts.requests[NDB_GET] + counts.requests[NDB_LIST];
    out->bytes = counts.bytes_read;
}

static void manifest_stats(const struct ndb_version *version, namidb_stats *out)
{
    const struct ndb_manifest *body;

    out->manifest_version = ndb_version_of(version);
    out->floor = ndb_floor_of(version);
    if (version == NULL)
        return;
    body = &version->body;
    out->pack_count = body->pack_count;
    for (uint32_t i = 0; i < body->pack_count; i++)
        out->pack_bytes += body->packs[i].bytes;
    for (uint32_t i = 0; i < body->node_table_count; i++)
        out->node_count += body->node_tables[i].count;
    for (uint32_t i = 0; i < body->edge_table_count; i++)
        out->edge_count += body->edge_tables[i].count;
}

/* What lies above the manifest, up to what is visible. */
static int memtable_stats(const struct ndb_view *view, uint64_t version,
                          namidb_stats *out)
{
    struct ndb_stat_deltas deltas = NDB_STAT_DELTAS_INIT;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < view->layer_count && rc >= 0; i++) {
        struct ndb_memtable *memtable = view->layers[i].memtable;

        if (memtable == NULL)
            continue;
        out->memtable_bytes += ndb_memtable_bytes(memtable);
        rc = ndb_memtable_stats(memtable, version, &deltas);
    }
    for (size_t i = 0; i < deltas.count && rc >= 0; i++) {
        if (deltas.items[i].kind == NDB_STAT_NODE_TABLE)
            out->node_count += (uint64_t)deltas.items[i].count;
        else if (deltas.items[i].kind == NDB_STAT_EDGE_TABLE)
            out->edge_count += (uint64_t)deltas.items[i].count;
    }
    ndb_stat_deltas_release(&deltas);
    return rc;
}

int ndb_db_stats(struct namidb *db, namidb_stats *out, namidb_error *err)
{
    struct ndb_view *view;
    uint64_t version;
    int rc;

    *out = (namidb_stats){ .commits = 0 };
    store_stats(db, out);
    (void)pthread_mutex_lock(&db->lock);
    view = ndb_view_ref(db->view);
    version = db->visible_version;
    out->slot = db->place.next - 1;
    out->epoch = db->place.epoch;
    out->commits = db->commits;
    out->flushes = db->flushes;
    out->is_writer = db->is_writer;
    out->is_fenced = db->writer.state == NDB_WRITER_FENCED;
    out->is_unknown = db->writer.state == NDB_WRITER_UNKNOWN;
    (void)pthread_mutex_unlock(&db->lock);
    manifest_stats(view->manifest, out);
    rc = memtable_stats(view, version, out);
    ndb_view_unref(view);
    return rc < 0 ? ndb_fail_memory(err) : NAMIDB_OK;
}

void ndb_db_cache_stats(struct namidb *db, namidb_cache_stats *out)
{
    ndb_segment_cache_stats(db->cache, out);
}
