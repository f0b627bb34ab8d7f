/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tzif.h - a zone of the tz database: which offset from UTC held when.
 *
 * Bytes are those of a TZif file (RFC 8536) of version 2 or later: a header and
 * a block of 32-bit times, which is skipped, then the same with 64-bit times,
 * then a footer with a POSIX TZ rule for all that comes after the last
 * transition. Leap seconds are refused: they would shift every time.
 */
#ifndef NDB_FORMAT_TZIF_H
#define NDB_FORMAT_TZIF_H

#include "base/slice.h"
#include "namidb.h"

#define NDB_TZIF_BYTES_MAX (64u << 10)

enum ndb_tz_day_kind {
    NDB_TZ_WEEKDAY,    /* Mm.w.d */
    NDB_TZ_JULIAN,     /* Jn: from 1, February 29 is never counted */
    NDB_TZ_DAY_OF_YEAR /* n: from 0, February 29 is counted */
};

/* When, in a year, one of the two offsets of a rule begins. */
struct ndb_tz_start {
    enum ndb_tz_day_kind kind;
    int month, week, day; /* day alone unless WEEKDAY; Sunday is 0 */
    int32_t seconds;      /* of local time, from that midnight */
};

struct ndb_tz_rule {
    int32_t standard, summer; /* offsets */
    bool has_summer;
    struct ndb_tz_start to_summer, to_standard;
};

struct ndb_tzif {
    int64_t *times;   /* ascending, seconds since 1970 UTC */
    int32_t *offsets; /* from times[i] on */
    uint32_t count;
    int32_t first; /* offset before times[0] */
    bool has_rule; /* false: the last offset goes on */
    struct ndb_tz_rule rule;
};

/* NAMIDB_ECORRUPT or NAMIDB_ENOMEM; *tzif is then empty. */
int ndb_tzif_decode(struct ndb_slice bytes, struct ndb_tzif *tzif);
void ndb_tzif_release(struct ndb_tzif *tzif);

/* The offset from UTC at a moment, in seconds. */
int32_t ndb_tzif_offset(const struct ndb_tzif *tzif, int64_t seconds);

/* The offset that a rule gives at a moment. Years beyond the calendar's are
 * the caller's to refuse. tz_rule.c */
int32_t ndb_tz_rule_offset(const struct ndb_tz_rule *rule, int64_t seconds);

/* NAMIDB_ECORRUPT unless all of `text` is a rule. */
int ndb_tz_rule_parse(struct ndb_slice text, struct ndb_tz_rule *rule);

#endif
