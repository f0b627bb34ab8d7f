/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db_internal.h - the handle, for the engine files that share its lock.
 *
 * One lock guards everything below it that changes. No request is sent and no
 * thread is joined with it held. `view` is replaced, never changed.
 */
#ifndef NDB_ENGINE_DB_INTERNAL_H
#define NDB_ENGINE_DB_INTERNAL_H

#include <stdatomic.h>

#include "base/ids.h"
#include "engine/alive.h"
#include "engine/db.h"
#include "engine/log.h"
#include "engine/replay.h"
#include "engine/schema.h"
#include "engine/writer.h"
#include "sys/thread.h"

/* The store's time within which a writer must have proved its place. */
#define NDB_PROOF_MS INT64_C(60000)
/* By the host's clock a LIST goes beside the PUT somewhat earlier. */
#define NDB_PROOF_HINT_MS INT64_C(45000)
/* A reader that has not looked for so long lists again. */
#define NDB_RELIST_MS INT64_C(600000)
/* Frozen memtables that may wait for their flush before commits slow down. */
#define NDB_FROZEN_MAX 2

/* A batch on its way to a slot. */
struct namidb_ticket {
    atomic_uint refs;
    struct namidb *db; /* referenced */
    struct namidb_ticket *next;
    struct ndb_buf payload;
    uint32_t record_count;
    uint64_t version;
    struct ndb_memtable *memtable;                 /* that its changes are in */
    uint32_t names_logged[NAMIDB_NAME_KIND_COUNT]; /* with it */
    bool has_schema; /* declares or drops something */

    /* Under the handle's lock. */
    bool is_done;
    bool is_given_up; /* its caller was told `unknown` */
    int rc;
    namidb_error err;
};

/* A memtable that takes no more changes and waits for its pack. */
struct ndb_frozen {
    struct ndb_memtable *memtable;
    uint64_t version; /* last one in it */
    /* Known when `version` is acknowledged; floor 0 until then. */
    uint64_t floor; /* first slot behind it */
    struct ndb_place place;
    uint32_t names[NAMIDB_NAME_KIND_COUNT]; /* durable below the floor */
};

enum ndb_writer_state {
    NDB_WRITER_NONE, /* a reader */
    NDB_WRITER_OK,
    NDB_WRITER_FENCED,
    NDB_WRITER_UNKNOWN, /* `doubt` may be committed */
};

/* The slot whose owner is not known. */
struct ndb_doubt {
    struct ndb_buf object;
    uint64_t number;
    struct ndb_hash128 hash;
    uint64_t version;
    uint32_t names[NAMIDB_NAME_KIND_COUNT];
};

struct ndb_writer {
    enum ndb_writer_state state;
    namidb_error err; /* why it is fenced or unknown */

    /* The turn. */
    bool is_taken;
    bool is_turn_dead; /* what the turn builds on was rolled back */
    pthread_t owner;
    struct ndb_cond turn_free;
    struct ndb_ids undo;    /* (lane, sequence) pairs of this turn */
    struct ndb_alive alive; /* of whoever has the turn, without the lock */

    /* What transactions write is noted for these. */
    struct namidb_survey *surveys;
    atomic_uint survey_count;
    uint64_t rollbacks; /* of submitted batches, so far */

    uint64_t submitted_version; /* highest given to a turn */
    uint64_t enqueued_version;  /* highest that is in the queue or beyond */
    uint64_t *next_sequence[2]; /* by is_edge, then table */
    uint32_t names_submitted[NAMIDB_NAME_KIND_COUNT];
    uint32_t names_durable[NAMIDB_NAME_KIND_COUNT];

    /* The commit thread's. */
    bool has_thread;
    pthread_t thread;
    struct ndb_cond work; /* the queue, or stopping */
    struct ndb_cond done; /* some ticket is done */
    struct namidb_ticket *first, *last;
    uint32_t given_up; /* tickets under way of which nobody waits any more */
    struct ndb_doubt doubt;
    int64_t proof_date_ms; /* the store's */
    int64_t proof_ns;      /* the host's */

    /* The flush thread's. */
    bool has_flush_thread;
    pthread_t flush_thread;
    struct ndb_cond flush_work; /* something to flush, or stopping */
    struct ndb_cond flush_done; /* some frozen memtable is gone */
    struct ndb_frozen frozen[NDB_FROZEN_MAX]; /* oldest first */
    uint32_t frozen_count;
    uint64_t rotations;       /* memtables frozen so far */
    uint64_t rotation_wanted; /* freeze until there were so many */
    int64_t oldest_ns;        /* when the active memtable got its first row;
                                 0: empty */
    /* The build thread's. */
    bool has_build_thread;
    pthread_t build_thread;
    struct ndb_cond build_work; /* a declaration, another view, or stopping */
    struct ndb_cond build_done; /* it looked, or built something */
    bool is_build_wanted;       /* look for packs without entries */
    bool is_build_looking;      /* it does, or builds */
    uint32_t building;          /* number of an index; 0: none */
    uint64_t built_rows, rows_to_build;
    uint64_t build_failures;
    namidb_error build_err; /* of the last one that failed */
    bool is_editing;
    struct ndb_cond edit_done;

    uint64_t flush_failures;
    namidb_error flush_err;  /* of the last one that failed */
    int64_t flush_failed_ns; /* when; 0: it did not, or one is asked for */
    int64_t flush_pause_ms;  /* from then until the next try */
};

struct namidb {
    /* Constant after open. */
    atomic_uint refs;
    uint64_t fork_count;
    namidb_options options;
    struct ndb_store *store; /* counting */
    struct ndb_segment_cache *cache;
    struct ndb_dict *dict;
    struct ndb_nonce nonce;
    char author[33];
    bool is_writer;

    atomic_bool is_put_canceled; /* that of a pack: the handle is closing */
    pthread_mutex_t lock;
    /* Under lock. */
    bool is_closed;
    bool is_stopping;
    struct ndb_view *view;
    uint64_t visible_version; /* acknowledged, or replayed */
    struct ndb_place place;
    int64_t refreshed_ns;
    uint64_t commits, flushes;
    bool is_refreshing; /* one at a time */
    struct ndb_cond refresh_done;
    struct ndb_writer writer;
};

/* open.c: lists, reads and replays; fills view, place, visible_version. A
 * handle that has a view gets a new one. *listed is the highest slot seen and
 * the modification time of it. */
struct ndb_listed_log {
    uint64_t newest;   /* slot number; 0: none */
    int64_t newest_ms; /* when it was written */
    int64_t date_ms;   /* the store's clock at the LIST */
    int64_t listed_ns; /* the host's */
};
int ndb_load(struct namidb *db, int64_t deadline_ns,
             struct ndb_listed_log *listed, namidb_error *err);
/* Defines the names of a manifest. */
int ndb_take_names(struct namidb *db, const struct ndb_manifest *body,
                   namidb_error *err);
/* Reads slots from place->next on until one is absent. */
int ndb_read_forward(struct namidb *db, struct ndb_place *place,
                     struct ndb_memtable *memtable, int64_t deadline_ns,
                     bool *is_changed, namidb_error *err);

/* newest.c: the newest manifest; version 0: there is none. */
struct ndb_newest {
    uint64_t version;
    uint64_t bytes; /* of its object */
};
/* The LIST that ndb_newest_read is given, answered. */
struct ndb_request ndb_newest_request(int64_t deadline_ns);
int ndb_newest_read(struct namidb *db, const struct ndb_request *list,
                    struct ndb_newest *out, namidb_error *err);

/* fence.c */
int ndb_take_over(struct namidb *db, const struct ndb_listed_log *listed,
                  int64_t deadline_ns, namidb_error *err);

/* commit.c: the commit thread. */
void *ndb_commit_run(void *context);
/* Settles a slot whose owner is not known; the caller has the turn. */
int ndb_writer_resolve(struct namidb *db, int64_t deadline_ns,
                       namidb_error *err);
/* The writer is fenced: everything that waits fails. Under lock. */
void ndb_writer_fail_all(struct namidb *db, int rc, const namidb_error *err);

/* writer.c */
int ndb_writer_start(struct namidb *db, namidb_error *err);
void ndb_writer_stop(struct namidb *db);
void ndb_writer_release(struct namidb *db);

/* rotate.c: when the active memtable is frozen. All under lock. */
/* Freezes it if a reason is there, nobody has the turn and there is room.
 * NAMIDB_OK or NAMIDB_ENOMEM (nothing changed). */
int ndb_rotate_if_due(struct namidb *db);
/* When its age will be a reason; NDB_NEVER: it will not. */
int64_t ndb_rotate_at_ns(const struct namidb *db);
/* The frozen memtables that are wholly acknowledged get their floor. */
void ndb_note_frozen(struct namidb *db);

/* flush.c: the flush thread. */
void *ndb_flush_run(void *context);
/* A write waits for a flush: should the last one have failed, the next is tried
 * within a second of that. Under lock. */
void ndb_flush_hurry(struct namidb *db);

/* pack_put.c: gives a pack its name and creates it; fills all of *pack but
 * `indexes` and `is_index`. Its directory is a view into the object. It has the
 * handle's timeout and what the bytes take on a slow uplink. */
int ndb_pack_put(struct namidb *db, struct ndb_slice object,
                 const struct ndb_pack_summary *summary,
                 struct ndb_manifest_pack *pack, namidb_error *err);
/* Nobody names the pack, and nobody ever will. Best effort. */
void ndb_pack_remove(struct namidb *db, const struct ndb_manifest_pack *pack,
                     int64_t deadline_ns);
bool ndb_db_is_stopping(struct namidb *db);

/* publish.c: a manifest edit: a flush, or the entries of an index for packs
 * that had none. */
struct ndb_edit {
    const struct ndb_manifest_pack *pack; /* to add; NULL: none */
    int64_t created_ms;

    /* A flush. */
    uint64_t old_floor;     /* what it needs: the floor is still this */
    struct ndb_place place; /* next is the new floor */
    uint32_t names[NAMIDB_NAME_KIND_COUNT];
    const struct ndb_stat_deltas *deltas;
    struct ndb_property_stats properties; /* of the pack; its writer's */
    struct ndb_degree_stats degrees;      /* likewise */
    const struct ndb_schema *schema;      /* all declarations below the floor */

    /* An index: its number, or 0. What it needs: the packs are still there.
     * They stand in this order; the pack goes above the first. */
    uint32_t index;
    const struct ndb_manifest_pack *covered;
    uint32_t covered_count;
};

/* publish_index.c: what an edit does to schema, coverage and packs. */
int ndb_edit_schema(const struct ndb_edit *edit, namidb_arena *arena,
                    struct ndb_manifest *body);
int ndb_edit_cover(const struct ndb_edit *edit, namidb_arena *arena,
                   struct ndb_manifest *body);
/* Whether an index edit is still to be made and can be, and whether it was. */
bool ndb_edit_can_cover(const struct ndb_edit *edit,
                        const struct ndb_manifest *body);
bool ndb_edit_has_covered(const struct ndb_edit *edit,
                          const struct ndb_manifest *body);

/* One edit of this handle at a time, from its publication until reads see it.
 */
void ndb_edit_begin(struct namidb *db);
void ndb_edit_end(struct namidb *db);

/* index_build.c: the build thread. */
void *ndb_index_build_run(void *context);
/* There may be something to build. Under lock. */
static inline void ndb_index_build_wake(struct namidb *db)
{
    db->writer.is_build_wanted = true;
    ndb_cond_signal(&db->writer.build_work);
}
/* *out is the manifest that has the edit; NAMIDB_NONE: what it needs is gone,
 * and *out is the newest manifest. */
int ndb_publish(struct namidb *db, const struct ndb_edit *edit,
                int64_t deadline_ns, struct ndb_version **out,
                namidb_error *err);

/* Reads a manifest; NAMIDB_NONE: there is none of that version. */
int ndb_manifest_read(struct namidb *db, uint64_t version, int64_t deadline_ns,
                      struct ndb_version **out, namidb_error *err);

/* A view of memtables (newest first, referenced by it) above the packs of a
 * manifest, sharing what the handle's view has open. */
int ndb_view_build(struct namidb *db, struct ndb_version *manifest,
                   struct ndb_memtable *const *memtables, uint32_t count,
                   int64_t deadline_ns, struct ndb_view **out,
                   namidb_error *err);

/* The manifest of a view; 0 values when there is none. */
static inline uint64_t ndb_floor_of(const struct ndb_version *manifest)
{
    return manifest != NULL ? manifest->body.floor : 1;
}
static inline uint64_t ndb_version_of(const struct ndb_version *manifest)
{
    return manifest != NULL ? manifest->body.version : 0;
}

#endif
