/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb.h - a property graph whose only durable state is a set of objects in
 * a bucket, as C sees it.
 *
 * A `namidb` is a handle on one namespace: one graph under `<prefix>/<ns>/` of
 * a store. At most one handle anywhere may commit (the writer); any number may
 * read. Reading goes through a snapshot, writing through a transaction.
 *
 * What holds for every function here:
 *
 *   - `< 0` failed and `err` is filled, `0` done, `> 0` done and there was
 *     nothing (NAMIDB_NONE). `err` may be NULL and means something only after
 *     a failure.
 *   - Any thread may call, except that a transaction, a cursor and an arena
 *     belong to one thread at a time.
 *   - A handle belongs to the process that opened it. After fork(2) the child
 *     gets NAMIDB_EINVAL from every function that takes it; its close does
 *     nothing.
 *   - Children keep their parents alive: closing a handle while a snapshot of
 *     it is open is allowed, and the snapshot goes on.
 *   - close functions accept NULL, cannot fail and block until what they
 *     started has ended.
 *   - Times are milliseconds unless the name says otherwise; sizes are bytes;
 *     text is UTF-8, never NUL terminated unless the type is `char[]`.
 *   - Values returned are views. They live as long as the arena or cursor that
 *     they were read into is neither reset, advanced nor freed.
 *
 * These headers include nothing of ours, so every layer may use their
 * vocabulary (statuses, errors, values). namidb_store.h, namidb_schema.h and
 * namidb_statistics.h come with this one.
 */
#ifndef NAMIDB_H
#define NAMIDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NAMIDB_VERSION "0.1.0"
#define NAMIDB_API __attribute__((visibility("default")))

/* Chosen by what the caller does next. The names are the codes Lua shows. */
#define NAMIDB_STATUS_MAP(X)                                                   \
    X(OK, 0, "ok")                    /* done                              */  \
    X(NONE, 1, "none")                /* nothing there, or nothing more    */  \
    X(EINVAL, -1, "invalid")          /* fix the call                      */  \
    X(ENOMEM, -2, "no_memory")        /* free memory, then retry           */  \
    X(EIO, -3, "io")                  /* the store did not answer; retry   */  \
    X(EAUTH, -4, "auth")              /* fix credentials or permissions    */  \
    X(ECONFLICT, -5, "conflict")      /* lost a race; redo                 */  \
    X(EFENCED, -6, "fenced")          /* another writer took over; reopen  */  \
    X(ECORRUPT, -7, "corrupt")        /* stop; stored bytes are wrong      */  \
    X(ELIMIT, -8, "limit")            /* a documented bound was reached    */  \
    X(ECANCELED, -9, "canceled")      /* the caller said so                */  \
    X(ETIMEOUT, -10, "timeout")       /* the deadline passed; not applied  */  \
    X(EUNKNOWN, -11, "unknown")       /* a commit's outcome is not known   */  \
    X(EBUSY, -12, "busy")             /* too much under way; wait          */  \
    X(ENOTFOUND, -13, "not_found")    /* what the call names is absent     */  \
    X(ECONSTRAINT, -14, "constraint") /* the graph forbids it              */  \
    X(EUNSUPPORTED, -15, "unsupported") /* this store or build cannot      */  \
    X(ESYNTAX, -16, "syntax")           /* fix the text                      */

enum namidb_status {
#define NAMIDB_X(name, value, text) NAMIDB_##name = (value),
    NAMIDB_STATUS_MAP(NAMIDB_X)
#undef NAMIDB_X
};

/* The short name of a status ("fenced"); "invalid" for a number that is none.
 * The text is constant. */
NAMIDB_API const char *namidb_status_name(int status);

#define NAMIDB_MESSAGE_BYTES 512
#define NAMIDB_OBJECT_BYTES 128
#define NAMIDB_DEPTH_MAX 128 /* lists and maps inside one another */

/* Filled by a failing call. Plain data: copy it as you like. */
typedef struct namidb_error {
    int code;                         /* NAMIDB_E..., 0 before any failure */
    bool retryable;                   /* the same call may succeed later */
    uint64_t line;                    /* of input text, from 1; 0: none */
    uint64_t column;                  /* in bytes, from 1; 0: none */
    char object[NAMIDB_OBJECT_BYTES]; /* the key concerned; "" if none */
    char message[NAMIDB_MESSAGE_BYTES];
    const char *fault; /* a query's: "TypeError.InvalidArgumentType", constant;
                          NULL: none */
    uint32_t place;    /* a query's: which of the plan's expressions it was, in
                          their order, from 1; 0: not known */
} namidb_error;

/*
 * Values.
 *
 * 16 bytes, tagged. What does not fit inline is a pointer into memory that
 * somebody else owns; a value owns nothing.
 */
enum namidb_kind {
    NAMIDB_NULL,
    NAMIDB_BOOL,       /* as.boolean */
    NAMIDB_INT,        /* as.integer */
    NAMIDB_FLOAT,      /* as.number */
    NAMIDB_STRING,     /* as.bytes, size bytes of UTF-8 */
    NAMIDB_BYTES,      /* as.bytes, size */
    NAMIDB_DATE,       /* as.integer: days since 1970-01-01 */
    NAMIDB_LOCAL_TIME, /* as.integer: nanoseconds since midnight */
    NAMIDB_TIME,       /* the same; size: offset from UTC, seconds (int32) */
    NAMIDB_LOCAL_DATETIME, /* as.integer: seconds since 1970; size: ns */
    NAMIDB_DATETIME,       /* as.datetime */
    NAMIDB_DURATION,       /* as.duration */
    NAMIDB_POINT,          /* as.point */
    NAMIDB_LIST,           /* as.items, size values */
    NAMIDB_VECTOR,         /* as.floats, size numbers */
    /* Query values only: */
    NAMIDB_MAP,  /* as.entries, size; keys ascending by bytes, none twice */
    NAMIDB_NODE, /* as.node in a result, as.id inside a query */
    NAMIDB_EDGE, /* as.edge; inside a query it has no properties */
    NAMIDB_PATH, /* as.path */
    NAMIDB_KIND_COUNT
};

typedef struct namidb_datetime {
    int64_t seconds;     /* since 1970-01-01T00:00:00Z */
    int32_t nanoseconds; /* 0 .. 999,999,999 */
    int32_t offset;      /* of local time from UTC, seconds */
    uint32_t zone_bytes; /* length of the zone's name; 0: offset only */
    const char *zone;    /* "Europe/Stockholm" */
} namidb_datetime;

typedef struct namidb_duration {
    int64_t months;
    int64_t days;
    int64_t seconds;
    int32_t nanoseconds; /* 0 .. 999,999,999; the sign is that of seconds */
} namidb_duration;

typedef struct namidb_point {
    uint32_t srid;       /* 7203, 9157 cartesian 2-D, 3-D; 4326, 4979 WGS-84 */
    uint32_t dimensions; /* 2 or 3 */
    double x, y, z;
} namidb_point;

struct namidb_entry;
struct namidb_node;
struct namidb_edge;
struct namidb_path;

typedef struct namidb_value {
    uint32_t kind; /* enum namidb_kind */
    uint32_t size;
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *bytes;
        const namidb_datetime *datetime;
        const namidb_duration *duration;
        const namidb_point *point;
        const struct namidb_value *items;
        const float *floats;
        const struct namidb_entry *entries;
        uint64_t id;
        const struct namidb_node *node;
        const struct namidb_edge *edge;
        const struct namidb_path *path;
    } as;
} namidb_value;

/* One entry of a map. */
typedef struct namidb_entry {
    namidb_value key; /* NAMIDB_STRING */
    namidb_value value;
} namidb_entry;

/* A property. Names are numbers of the dictionary: see namidb_name. */
typedef struct namidb_property {
    uint32_t name;
    namidb_value value; /* never NAMIDB_NULL when read: null is absent */
} namidb_property;

/*
 * Ids: `sequence << 13 | table`, below 2^53, never 0. A node's table is the
 * number of the first label it was created with (0: none); an edge's table is
 * the number of its type. Node ids and edge ids are two spaces.
 */
#define NAMIDB_TABLE_BITS 13
#define NAMIDB_TABLE_MAX ((1u << NAMIDB_TABLE_BITS) - 1)
#define NAMIDB_SEQUENCE_MAX ((UINT64_C(1) << 40) - 1)
#define NAMIDB_ID(sequence, table)                                             \
    ((uint64_t)(sequence) << NAMIDB_TABLE_BITS | (uint64_t)(table))
#define NAMIDB_ID_TABLE(id) ((uint32_t)((id)&NAMIDB_TABLE_MAX))
#define NAMIDB_ID_SEQUENCE(id) ((uint64_t)(id) >> NAMIDB_TABLE_BITS)

typedef struct namidb_node {
    uint64_t id;
    namidb_value key;       /* NAMIDB_STRING, NAMIDB_INT or NAMIDB_NULL */
    const uint32_t *labels; /* numbers, ascending */
    uint32_t label_count;
    uint32_t prop_count;
    const namidb_property *props; /* by name number, ascending */
} namidb_node;

typedef struct namidb_edge {
    uint64_t id;
    uint64_t from;
    uint64_t to;
    uint32_t type; /* number */
    uint32_t prop_count;
    const namidb_property *props; /* by name number, ascending */
} namidb_edge;

/* A walk: edge i joins nodes i and i + 1, in either direction. */
typedef struct namidb_path {
    uint32_t edge_count;
    const namidb_value *nodes; /* edge_count + 1 */
    const namidb_value *edges;
} namidb_path;

/* What a name names. */
enum namidb_name_kind {
    NAMIDB_LABEL,
    NAMIDB_TYPE,
    NAMIDB_PROPERTY,
    NAMIDB_NAME_KIND_COUNT
};

/* Numbers start at 1. 0 means "no label", "any type", "no such property". */
#define NAMIDB_ANY 0u

enum namidb_direction { NAMIDB_OUT, NAMIDB_IN, NAMIDB_BOTH };

/* ------------------------------------------------------------- handles -- */

typedef struct namidb namidb;
typedef struct namidb_snapshot namidb_snapshot;
typedef struct namidb_tx namidb_tx;
typedef struct namidb_ticket namidb_ticket;
typedef struct namidb_cursor namidb_cursor;
typedef struct namidb_arena namidb_arena;

/* How to open. Fill by namidb_options_init, then change what you mean to. */
typedef struct namidb_options {
    bool read_only;          /* false */
    bool create;             /* true: an absent namespace is created */
    int64_t takeover_ms;     /* -1: always take over; 0: never; else only when
                                the other writer's newest slot is older */
    int64_t timeout_ms;      /* 30,000: deadline of a call without its own */
    uint64_t cache_bytes;    /* 256 MiB: everything cached in memory */
    uint64_t memtable_bytes; /* 64 MiB: flush when reached; max 1 GiB */
    uint64_t flush_slots;    /* 256: flush after so many slots; 0: never */
    int64_t flush_age_ms;    /* 300,000: flush when older; 0: never */
} namidb_options;

NAMIDB_API void namidb_options_init(namidb_options *options);

/*
 * Opens the namespace that `uri` names ("memory://name?ns=", "file:///abs?ns=",
 * "file://./rel?ns=", "s3://bucket/prefix?ns=&region=...").
 *
 * A reader sends two LIST, then one GET of the manifest and one of each slot
 * above its floor, in 2 rounds, and never a PUT. A writer sends the same and
 * one PUT: its fence. NAMIDB_ENOTFOUND: absent, and not to be created.
 * NAMIDB_ECONFLICT: another writer is alive and `takeover_ms` says to leave it
 * alone. The caller owns *db; on failure it is NULL.
 */
NAMIDB_API int namidb_open(namidb **db, const char *uri,
                           const namidb_options *options, namidb_error *err);

/* Waits for commits in flight, then drops a flush in the background, half sent
 * as it may be, and frees the handle. Nothing is lost: the log has it all. */
NAMIDB_API void namidb_close(namidb *db);

/* Reads what others committed since the last look: GET of the next slot and of
 * the next manifest, 1 round. *is_changed tells whether there was anything.
 * Readers only: a writer knows (returns NAMIDB_OK, false). */
NAMIDB_API int namidb_refresh(namidb *db, int64_t timeout_ms, bool *is_changed,
                              namidb_error *err);

/* Writes what was acknowledged before the call into one pack and a manifest:
 * 2 PUT. Returns when the manifest is durable; nothing to flush sends nothing.
 * NAMIDB_ETIMEOUT: it goes on (a pack has 1 s more for each 128 KiB). */
NAMIDB_API int namidb_flush(namidb *db, int64_t timeout_ms, namidb_error *err);

/* ---------------------------------------------------------- dictionary -- */

/* The name with that number, or NULL. Lives as long as the handle. */
NAMIDB_API const char *namidb_name(namidb *db, enum namidb_name_kind kind,
                                   uint32_t number, size_t *bytes);

/* The number of a name; 0 when nothing has that name yet. */
NAMIDB_API uint32_t namidb_number(namidb *db, enum namidb_name_kind kind,
                                  const char *name, size_t bytes);

/* ------------------------------------------------------------- reading -- */

/* Memory that rows are read into. */
NAMIDB_API namidb_arena *namidb_arena_new(void); /* NULL: no memory */
NAMIDB_API void namidb_arena_reset(namidb_arena *arena);
NAMIDB_API void namidb_arena_free(namidb_arena *arena);

/* Copies a value and what it points to. NAMIDB_OK, NAMIDB_ENOMEM, or
 * NAMIDB_ELIMIT when lists and maps are nested too deeply. */
NAMIDB_API int namidb_value_copy(namidb_arena *arena, const namidb_value *from,
                                 namidb_value *to);

/* Whether a value may be a property, and its zone is one of the tz database.
 * NAMIDB_OK, NAMIDB_EINVAL or NAMIDB_ELIMIT. */
NAMIDB_API int namidb_value_check(const namidb_value *value, namidb_error *err);

/* The offset from UTC, in seconds, that a zone has at a local time (seconds
 * since 1970). Of a time that comes twice it is the first one, or `preferred`
 * if that is one of the two; in a gap the one before it. NAMIDB_OK, or
 * NAMIDB_EINVAL: there is no such zone. */
NAMIDB_API int namidb_zone_offset(const char *zone, size_t bytes, int64_t local,
                                  int32_t preferred, int32_t *offset,
                                  namidb_error *err);

/* What the handle sees now; it never changes. Sends nothing. */
NAMIDB_API int namidb_snapshot_open(namidb_snapshot **snapshot, namidb *db,
                                    namidb_error *err);
NAMIDB_API void namidb_snapshot_close(namidb_snapshot *snapshot);

/* What the transaction sees: everything submitted before it and its own writes.
 * Valid until the transaction ends; close it before. */
NAMIDB_API int namidb_tx_snapshot(namidb_snapshot **snapshot, namidb_tx *tx,
                                  namidb_error *err);

/*
 * Reads nodes by id, many at once: out[i] is the node ids[i], or has id 0 when
 * there is none. Rows live in `arena`. At most one round per call, nothing when
 * the segments are cached.
 */
NAMIDB_API int namidb_nodes_get(namidb_snapshot *snapshot, const uint64_t *ids,
                                size_t count, namidb_arena *arena,
                                namidb_node *out, namidb_error *err);

/* Finds the node of `label` (number) with `key` (string or integer) and reads
 * it. NAMIDB_NONE: there is none. 2 rounds cold. */
NAMIDB_API int namidb_node_by_key(namidb_snapshot *snapshot, uint32_t label,
                                  namidb_value key, namidb_arena *arena,
                                  namidb_node *out, namidb_error *err);

/* Reads edges by id, as namidb_nodes_get. 2 rounds cold. */
NAMIDB_API int namidb_edges_get(namidb_snapshot *snapshot, const uint64_t *ids,
                                size_t count, namidb_arena *arena,
                                namidb_edge *out, namidb_error *err);

/* Number of edges of `type` (0: all) at a node; a loop counts twice in BOTH.
 * 0 for a node that is not there. */
NAMIDB_API int namidb_degree(namidb_snapshot *snapshot, uint64_t id,
                             uint32_t type, enum namidb_direction direction,
                             uint64_t *degree, namidb_error *err);

/* A number that differs between snapshots which may show different graphs
 * (those of transactions: before their own changes). */
NAMIDB_API uint64_t namidb_snapshot_stamp(const namidb_snapshot *snapshot);

/* Cursors. Each keeps its snapshot alive. Order: nodes by table, then id; edges
 * of a scan by type, then source; edges of a hop by type, then neighbour;
 * BOTH yields OUT, then IN, so a loop shows up twice. */

/* All nodes that have `label` (0: all nodes). */
NAMIDB_API int namidb_scan_nodes(namidb_cursor **cursor,
                                 namidb_snapshot *snapshot, uint32_t label,
                                 namidb_error *err);
/* All edges of `type` (0: all). */
NAMIDB_API int namidb_scan_edges(namidb_cursor **cursor,
                                 namidb_snapshot *snapshot, uint32_t type,
                                 namidb_error *err);
/* The edges at a node. `with_nodes` reads the neighbours too, in batches. */
NAMIDB_API int namidb_expand(namidb_cursor **cursor, namidb_snapshot *snapshot,
                             uint64_t id, uint32_t type,
                             enum namidb_direction direction, bool with_nodes,
                             namidb_error *err);

/* The next row; NAMIDB_NONE at the end. *node is what the scan found or the
 * neighbour, *edge the edge; the pointer of the kind that a cursor does not
 * yield is set to NULL. Both live until the next call. */
NAMIDB_API int namidb_cursor_next(namidb_cursor *cursor,
                                  const namidb_node **node,
                                  const namidb_edge **edge, namidb_error *err);
/* False: it gives no more rows, which takes no reading to know. */
NAMIDB_API bool namidb_cursor_has_more(const namidb_cursor *cursor);
/* The next rows, as many as are there without waiting, at least one; the array
 * of the kind that a cursor does not yield is NULL. A neighbour that is not
 * there has id 0. Both live until the next call. */
NAMIDB_API int namidb_cursor_chunk(namidb_cursor *cursor,
                                   const namidb_node **nodes,
                                   const namidb_edge **edges, size_t *count,
                                   namidb_error *err);
NAMIDB_API void namidb_cursor_close(namidb_cursor *cursor);

/* ------------------------------------------------------------- queries -- */

/*
 * A query is a plan, as the planner in Lua encodes it (c/exec/plan.h), run over
 * a snapshot or inside a transaction.
 */
typedef struct ndb_plan namidb_plan;
typedef struct namidb_query namidb_query;

/* Decodes and checks a plan; `constants` are copied. Any number of queries may
 * share it, on any thread. NAMIDB_EINVAL: these bytes are no plan. */
NAMIDB_API int namidb_plan_new(namidb_plan **plan, const void *bytes,
                               size_t size, const namidb_value *constants,
                               size_t constant_count, namidb_error *err);
/* NULL is allowed; queries under way go on. */
NAMIDB_API void namidb_plan_free(namidb_plan *plan);

NAMIDB_API size_t namidb_plan_column_count(const namidb_plan *plan);
/* The name of a column, in the order of a row's values. */
NAMIDB_API const char *namidb_plan_column(const namidb_plan *plan, size_t index,
                                          size_t *bytes);
NAMIDB_API size_t namidb_plan_param_count(const namidb_plan *plan);
NAMIDB_API const char *namidb_plan_param(const namidb_plan *plan, size_t index,
                                         size_t *bytes);
/* The codes that a plan is made of: family ("op", "expr", ...) and name of code
 * number `index` of all; false beyond the last. */
NAMIDB_API bool namidb_plan_code(size_t index, const char **family,
                                 const char **name, uint32_t *code);
/* Whether it changes the graph, and so needs a transaction. */
NAMIDB_API bool namidb_plan_is_writing(const namidb_plan *plan);
/* Whether it calls functions or procedures of the host. */
NAMIDB_API bool namidb_plan_has_host(const namidb_plan *plan);

/* A call of the host, on the thread that pulls. */
typedef struct namidb_host_call {
    const char *name;
    size_t name_bytes;
    const namidb_value *args;
    size_t count;
    /* Of a procedure: the place in the query that calls it; NULL: a function.
     * Each place has one call under way, and a new one ends the one before. */
    const void *caller;
    bool is_more; /* the next rows of that place's call; no arguments */
} namidb_host_call;

/* Functions and procedures of the caller. */
typedef struct namidb_host {
    void *context;
    /* A function: *out is one value. A procedure: *out is a list of rows, each
     * a list of values in the order of its columns; NAMIDB_OK: ask for more,
     * NAMIDB_NONE: these were the last ones. What they point to is the arena's.
     * A failure fills *err. */
    int (*call)(void *context, const namidb_host_call *call,
                namidb_arena *arena, namidb_value *out, namidb_error *err);
} namidb_host;

typedef struct namidb_query_options {
    int64_t timeout_ms;  /* 30,000: NAMIDB_ETIMEOUT when it took longer */
    uint64_t max_rows;   /* 0: no bound; NAMIDB_ELIMIT beyond */
    uint64_t max_memory; /* 1 GiB; NAMIDB_ELIMIT beyond */
    bool is_profiled;    /* count rows and time of each operator */
    namidb_host host;    /* call NULL: none */
} namidb_query_options;

NAMIDB_API void namidb_query_options_init(namidb_query_options *options);

/*
 * Begins a query. One of `snapshot` and `tx` is NULL; it must stay open until
 * the query is closed. `params` are in the order of the plan's and are copied.
 * Nothing is read yet.
 */
NAMIDB_API int namidb_query_open(namidb_query **query, namidb_plan *plan,
                                 namidb_snapshot *snapshot, namidb_tx *tx,
                                 const namidb_value *params,
                                 const namidb_query_options *options,
                                 namidb_error *err);

/* The next row: a value per column, nodes and edges with labels and properties.
 * It lives until the next call. NAMIDB_NONE at the end. After a failure there
 * is nothing more.
 *
 * A query that writes changes all or nothing: when it fails, or is closed
 * before its end, what its transaction did since it was opened is taken back,
 * and the transaction may go on. */
NAMIDB_API int namidb_query_next(namidb_query *query, const namidb_value **row,
                                 namidb_error *err);

/* The same for as many rows as there are at hand: *rows are *count times the
 * values of a row, one behind the other. */
NAMIDB_API int namidb_query_chunk(namidb_query *query,
                                  const namidb_value **rows, size_t *count,
                                  namidb_error *err);

/* From any thread: the query fails with NAMIDB_ECANCELED at its next chunk. */
NAMIDB_API void namidb_query_cancel(namidb_query *query);

/* What an operator did. Time, requests and bytes are its own and those of the
 * operators below it; requests are the handle's, whoever sent them. */
typedef struct namidb_query_step {
    uint64_t rows, chunks;
    int64_t elapsed_ns;
    uint64_t requests; /* GETs and LISTs */
    uint64_t bytes;    /* that they gave */
} namidb_query_step;

/* Of a profiled query: steps[i] is operator i, in the order in which the plan
 * has them; the last one is the whole query, with its rows made into values.
 * Returns how many there are. */
NAMIDB_API size_t namidb_query_profile(namidb_query *query,
                                       namidb_query_step *steps, size_t max);

NAMIDB_API void namidb_query_close(namidb_query *query);

/* ------------------------------------------------------------- writing -- */

/*
 * Begins a transaction. One at a time per handle: waits for another thread's up
 * to `timeout_ms` (< 0: the handle's), then NAMIDB_EBUSY. NAMIDB_EINVAL on a
 * reader, NAMIDB_EFENCED or NAMIDB_EUNKNOWN when the writer has lost its place.
 *
 * A failing call below (except commit) changes nothing in the transaction: it
 * may go on.
 */
NAMIDB_API int namidb_tx_begin(namidb_tx **tx, namidb *db, int64_t timeout_ms,
                               namidb_error *err);

/* The number of a name, making it when it is new. Made names are written with
 * the batch that first needs them. */
NAMIDB_API int namidb_tx_number(namidb_tx *tx, enum namidb_name_kind kind,
                                const char *name, size_t bytes,
                                uint32_t *number, namidb_error *err);

/* Properties passed in: any order, no name twice; NAMIDB_NULL drops one. */
typedef struct namidb_props {
    const namidb_property *items;
    size_t count;
} namidb_props;

/* Upserts the node of `label` with `key` (string or integer). `is_merge`: old
 * properties that are not named stay; otherwise `props` replace all of them.
 * Labels that it had stay. *id is its id. */
NAMIDB_API int namidb_put_node(namidb_tx *tx, uint32_t label, namidb_value key,
                               namidb_props props, bool is_merge, uint64_t *id,
                               namidb_error *err);

/* Creates a node without a key. labels[0] gives its table. */
NAMIDB_API int namidb_create_node(namidb_tx *tx, const uint32_t *labels,
                                  size_t label_count, namidb_props props,
                                  uint64_t *id, namidb_error *err);

/* Sets (null removes) properties. NAMIDB_ENOTFOUND: no such node or edge. */
NAMIDB_API int namidb_set_node(namidb_tx *tx, uint64_t id, namidb_props props,
                               namidb_error *err);
NAMIDB_API int namidb_set_edge(namidb_tx *tx, uint64_t id, namidb_props props,
                               namidb_error *err);

NAMIDB_API int namidb_add_label(namidb_tx *tx, uint64_t id, uint32_t label,
                                namidb_error *err);
NAMIDB_API int namidb_remove_label(namidb_tx *tx, uint64_t id, uint32_t label,
                                   namidb_error *err);

/* Deletes a node. It must have no edges (NAMIDB_ECONSTRAINT), unless
 * `is_detach`: then they go with it. NAMIDB_NONE: there was none. */
NAMIDB_API int namidb_delete_node(namidb_tx *tx, uint64_t id, bool is_detach,
                                  namidb_error *err);

/* Creates an edge: always a new one. Both nodes must exist. */
NAMIDB_API int namidb_put_edge(namidb_tx *tx, uint32_t type, uint64_t from,
                               uint64_t to, namidb_props props, uint64_t *id,
                               namidb_error *err);
NAMIDB_API int namidb_delete_edge(namidb_tx *tx, uint64_t id,
                                  namidb_error *err);

/*
 * Submits the batch and ends the transaction, whatever is returned: tx is gone.
 * With `ticket` NULL it waits up to `timeout_ms` (< 0: the handle's); otherwise
 * it returns at once and the caller owns *ticket. An empty batch sends nothing.
 *
 * NAMIDB_EUNKNOWN: the deadline passed, or the answer was lost, and the store
 * would not say; the handle refuses writes until it knows. NAMIDB_EFENCED:
 * another writer took over, the batch is not committed.
 */
NAMIDB_API int namidb_tx_commit(namidb_tx *tx, int64_t timeout_ms,
                                namidb_ticket **ticket, namidb_error *err);

/* Drops the batch and ends the transaction. NULL is allowed. */
NAMIDB_API void namidb_tx_abort(namidb_tx *tx);

/* Waits for a commit. NAMIDB_ETIMEOUT: still under way, ask again; the other
 * results are those of namidb_tx_commit and stay the same when asked again. */
NAMIDB_API int namidb_ticket_wait(namidb_ticket *ticket, int64_t timeout_ms,
                                  namidb_error *err);
/* Forgets the ticket; the commit goes on. NULL is allowed. */
NAMIDB_API void namidb_ticket_free(namidb_ticket *ticket);

#ifdef __cplusplus
}
#endif

#include "namidb_schema.h"
#include "namidb_statistics.h"
#include "namidb_store.h"

#endif
