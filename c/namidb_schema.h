/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb_schema.h - the part of namidb.h that is about indexes and constraints.
 *
 * Included by namidb.h, whose rules hold here as well.
 */
#ifndef NAMIDB_SCHEMA_H
#define NAMIDB_SCHEMA_H

#include "namidb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of values that have no parts, and what openCypher calls their types. */
#define NAMIDB_TYPES(X)                                                        \
    X(NAMIDB_BOOL, "BOOLEAN")                                                  \
    X(NAMIDB_STRING, "STRING")                                                 \
    X(NAMIDB_INT, "INTEGER")                                                   \
    X(NAMIDB_FLOAT, "FLOAT")                                                   \
    X(NAMIDB_DATE, "DATE")                                                     \
    X(NAMIDB_LOCAL_TIME, "LOCAL TIME")                                         \
    X(NAMIDB_TIME, "ZONED TIME")                                               \
    X(NAMIDB_LOCAL_DATETIME, "LOCAL DATETIME")                                 \
    X(NAMIDB_DATETIME, "ZONED DATETIME")                                       \
    X(NAMIDB_DURATION, "DURATION")                                             \
    X(NAMIDB_POINT, "POINT")                                                   \
    X(NAMIDB_BYTES, "BYTES")                                                   \
    X(NAMIDB_VECTOR, "VECTOR")

/* What a declaration asks for. All but NOT_NULL and TYPE have an index. */
enum namidb_rule {
    NAMIDB_RULE_INDEX,
    NAMIDB_RULE_UNIQUE,   /* no two have equal values; absent is no value */
    NAMIDB_RULE_KEY,      /* the same, and all of them are there */
    NAMIDB_RULE_NOT_NULL, /* the property is there */
    NAMIDB_RULE_TYPE,     /* the property, if there, is of these kinds */
    NAMIDB_RULE_COUNT
};

#define NAMIDB_SCHEMA_PROPS_MAX 16
#define NAMIDB_SCHEMA_NAME_BYTES 256

/* An index or a constraint of the nodes of a label, or the edges of a type. */
typedef struct namidb_schema_item {
    uint32_t number; /* never used again */
    uint32_t rule;   /* enum namidb_rule */
    bool is_edge;
    uint32_t target; /* number of the label or type */
    uint32_t prop_count;
    uint32_t props[NAMIDB_SCHEMA_PROPS_MAX]; /* in the order declared */
    /* TYPE: bits 1 << enum namidb_kind; of a list's items, 0: any. */
    uint32_t kinds, item_kinds;
    char name[NAMIDB_SCHEMA_NAME_BYTES];

    /* When listed: */
    bool is_online;   /* false: the index is being built */
    uint32_t percent; /* of it; 0 when another handle builds it */
} namidb_schema_item;

/* How many there are, and the first `max` of them by number. */
NAMIDB_API int namidb_schema(namidb_snapshot *snapshot,
                             namidb_schema_item *items, size_t max,
                             size_t *count, namidb_error *err);

/* A number that is another when they, or their states, may be. Below 2^53. */
NAMIDB_API uint64_t namidb_schema_stamp(const namidb_snapshot *snapshot);

/* As namidb_query_open, of what is acknowledged now, of which no snapshot is
 * made. `stamp`: of the schema that the plan was made for; NAMIDB_NONE, and no
 * query, when it is another. */
NAMIDB_API int namidb_query_open_now(namidb_query **query, namidb_plan *plan,
                                     namidb *db, uint64_t stamp,
                                     const namidb_value *params,
                                     const namidb_query_options *options,
                                     namidb_error *err);

/*
 * Looks whether what is there obeys a constraint that is to be declared, while
 * transactions go on: it has the turn for a moment only. item->number does not
 * count. NAMIDB_ECONSTRAINT names what does not obey it. NAMIDB_ETIMEOUT after
 * `timeout_ms` (< 0: no bound), NAMIDB_ECANCELED when the handle is closed
 * meanwhile, and as namidb_tx_begin. Closing the
 * survey is safe before and after the handle is closed.
 */
typedef struct namidb_survey namidb_survey;

NAMIDB_API int namidb_survey_open(namidb_survey **survey, namidb *db,
                                  const namidb_schema_item *item,
                                  int64_t timeout_ms, namidb_error *err);
NAMIDB_API void namidb_survey_close(namidb_survey *survey);

/*
 * Declares an index or a constraint; item->number is set. What is there already
 * must obey it: NAMIDB_ECONSTRAINT names what does not, or what has its name.
 * With a survey of the same item, once, what was written since is looked at;
 * without one (NULL) everything is, while others wait for their turn. An index
 * over rows in packs is built in the background, by the writer, after the
 * commit; constraints hold at once.
 */
NAMIDB_API int namidb_schema_create(namidb_tx *tx, namidb_schema_item *item,
                                    namidb_survey *survey, namidb_error *err);
/* Waits until every index is online. NAMIDB_ETIMEOUT: one is being built; what
 * the last try failed with, if it did. Writers only. */
NAMIDB_API int namidb_indexes_wait(namidb *db, int64_t timeout_ms,
                                   namidb_error *err);
/* NAMIDB_ENOTFOUND: there is none of that name. */
NAMIDB_API int namidb_schema_drop(namidb_tx *tx, const char *name,
                                  namidb_error *err);

#ifdef __cplusplus
}
#endif

#endif
