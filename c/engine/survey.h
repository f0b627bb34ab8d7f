/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey.h - whether what is there obeys a constraint that is to be declared.
 *
 * Looking through a large graph takes longer than others should wait for their
 * turn, so it is done without one. A survey has the turn for a moment: from
 * then on whatever is written is noted by its id, and what the turn saw is
 * looked through afterwards, while transactions come and go. The one that
 * declares the constraint has the turn again and looks at the rows that were
 * noted: by themselves, and for others of the same values by the index to be,
 * whose entries over packs the survey has made (pack_run.h). If nothing is
 * declared they go with the survey.
 *
 * What a turn sees may be rolled back when a commit fails. Then, and when there
 * was no memory for a note, all is looked through with the turn held.
 */
#ifndef NDB_ENGINE_SURVEY_H
#define NDB_ENGINE_SURVEY_H

#include "engine/db.h"
#include "engine/index_run.h"
#include "format/record.h"

struct namidb_survey {
    struct namidb *db; /* referenced */
    namidb_schema_item item;
    struct ndb_snapshot at; /* what is looked through; its view is referenced */
    bool is_over;           /* and what came since obeys the item, too */

    /* Under the handle's lock. */
    bool is_noting;
    bool is_blind; /* something was not noted */
    struct ndb_ids noted;
    uint64_t rollbacks;              /* that there had been when it began */
    struct namidb_survey *in_writer; /* writer.surveys */
};

/* namidb_survey_open, _close. */
int ndb_survey_open(struct namidb_survey **survey, struct namidb *db,
                    const namidb_schema_item *item, int64_t timeout_ms,
                    namidb_error *err);
/* NULL is allowed. */
void ndb_survey_close(struct namidb_survey *survey);

/* Notes what a turn writes. Called with the turn held. */
void ndb_survey_note(struct namidb *db, const struct ndb_record *records,
                     size_t count);

/* Whether all that a transaction sees obeys the item: what the survey (NULL:
 * there is none, or it is about another item) did not see is looked at.
 * NAMIDB_ECONSTRAINT. */
int ndb_survey_finish(struct namidb_survey *survey,
                      const struct ndb_snapshot *now,
                      const namidb_schema_item *item, namidb_error *err);

#endif
