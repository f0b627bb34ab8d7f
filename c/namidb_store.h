/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb_store.h - the part of namidb.h that is about stores: the URIs that
 * name them, what a handle has asked of its own, and where that is.
 *
 * Included by namidb.h, whose rules hold here as well.
 */
#ifndef NAMIDB_STORE_H
#define NAMIDB_STORE_H

#include "namidb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- uris -- */

typedef struct namidb_uri_param {
    char name[32];
    char value[1024];
} namidb_uri_param;

/* A store's URI, taken apart and decoded. */
typedef struct namidb_uri {
    char scheme[8];     /* "memory", "file", "s3" */
    char bucket[256];   /* s3: the bucket; memory: its name; file: "" */
    char path[2048];    /* file: the folder; s3: the prefix, no slash around */
    char ns[129];       /* namespace; "default" when not given */
    size_t param_count; /* as written, ns included */
    namidb_uri_param params[24];
} namidb_uri;

/* NAMIDB_EINVAL (the text names the part) or NAMIDB_ELIMIT. */
NAMIDB_API int namidb_parse_uri(const char *text, namidb_uri *uri,
                                namidb_error *err);

/* Whether URIs of `scheme` ("s3") have a parameter of that name. */
NAMIDB_API bool namidb_is_uri_param(const char *scheme, const char *name);

/* ---------------------------------------------------------- statistics -- */

/* Requests by kind and bytes moved, since open. */
typedef struct namidb_request_stats {
    uint64_t get, put, put_if_absent, del, list; /* requests, each part too */
    uint64_t bytes_read, bytes_written;          /* bodies */
    uint64_t copied;    /* packs that were moved into another class */
    uint64_t rounds;    /* submissions: what goes out together counts once */
    uint64_t hedged;    /* GETs sent a second time because they were late */
    uint64_t retried;   /* requests sent again after a failure */
    uint64_t ambiguous; /* writes that nobody knows to be applied or not */
    uint64_t uploads;   /* packs that went up in parts */
    uint64_t aborts_refused; /* uploads that failed and were left behind */
} namidb_request_stats;

#define NAMIDB_WARNINGS_MAX 4

/* Where a store is and who we are there; "" where a kind of store has none. No
 * secret. */
typedef struct namidb_place {
    char kind[8];          /* "memory", "file", "s3" */
    bool is_far;           /* requests take a network's round trip */
    char endpoint[256];    /* "host:port"; AWS': by region */
    char bucket[128];      /* or the access point */
    char region[64];       /* as told, or as a server said since */
    char credentials[160]; /* their source: "environment", "profile prod" */
    uint32_t warning_count;
    const char *warnings[NAMIDB_WARNINGS_MAX]; /* constant texts */
} namidb_place;

typedef struct namidb_stats {
    namidb_request_stats requests;
    namidb_place place;
    uint64_t manifest_version; /* that reads see */
    uint64_t floor;            /* first slot that the manifest lacks */
    uint64_t slot;             /* last slot that reads see */
    uint64_t epoch;            /* of the writer in charge */
    uint64_t memtable_bytes;
    uint64_t pack_count, pack_bytes;
    uint64_t node_count, edge_count; /* live */
    uint64_t commits;                /* acknowledged by this handle */
    uint64_t flushes;
    bool is_writer, is_fenced, is_unknown;
} namidb_stats;

typedef struct namidb_cache_stats {
    uint64_t hits, misses, evictions; /* segments */
    uint64_t bytes, bytes_max;        /* held now, budget */
    uint64_t requests, bytes_fetched; /* that misses cost */
    /* Nodes whose edges in several packs were found in one list, and those that
     * were not; lists evicted, in blocks; their part of `bytes`. */
    uint64_t fold_hits, fold_misses, fold_evictions, fold_bytes;
} namidb_cache_stats;

NAMIDB_API int namidb_get_stats(namidb *db, namidb_stats *out,
                                namidb_error *err);
NAMIDB_API int namidb_get_cache_stats(namidb *db, namidb_cache_stats *out,
                                      namidb_error *err);

/* ------------------------------------------------------- storage class -- */

/* How far the packs of a namespace have come on their way into another class.
 * All zeroes before the first step. */
typedef struct namidb_class_move {
    char last[32];         /* the last pack that was looked at */
    uint64_t packs;        /* looked at */
    uint64_t moved, bytes; /* of those, moved now, not earlier */
    bool is_done;
} namidb_class_move;

#define NAMIDB_CLASS_STEP 8

/*
 * Moves the next NAMIDB_CLASS_STEP packs into a storage class of S3's, by
 * copying them onto themselves within the store; those that a LIST says are in
 * it already are left alone. 1 LIST and as many copies as are needed, in 2
 * rounds. *move is as it was after a failure: the same call tries the step
 * again, and a new move begins at the first pack and skips what was moved.
 *
 * NAMIDB_EINVAL (no such class, a handle that only reads), NAMIDB_EUNSUPPORTED
 * (the store has no classes; a pack is archived, and must be restored first).
 * What is written later has the class of the URI.
 */
NAMIDB_API int namidb_move_class(namidb *db, const char *storage_class,
                                 int64_t timeout_ms, namidb_class_move *move,
                                 namidb_error *err);

#ifdef __cplusplus
}
#endif

#endif
