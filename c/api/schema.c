/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "engine/index_run.h"
#include "engine/schema.h"
#include "engine/survey.h"
#include "engine/tx.h"

/* Whether its index has entries for all packs. */
static int find_state(const namidb_snapshot *snapshot, namidb_schema_item *item,
                      namidb_error *err)
{
    struct ndb_view *below;
    uint32_t above, building, percent;
    int rc;

    item->is_online = true;
    item->percent = 100;
    if (!ndb_rule_has_index(item->rule))
        return NAMIDB_OK;
    rc = ndb_index_uncovered(snapshot->at.view, item, &below, &above);
    if (rc < 0)
        return ndb_fail_memory(err);
    if (rc == NAMIDB_NONE)
        return NAMIDB_OK;
    ndb_view_unref(below);
    ndb_db_build_progress(snapshot->db, &building, &percent);
    item->is_online = false;
    item->percent = building == item->number ? percent : 0;
    return NAMIDB_OK;
}

int namidb_schema(namidb_snapshot *snapshot, namidb_schema_item *items,
                  size_t max, size_t *count, namidb_error *err)
{
    struct ndb_schema schema = NDB_SCHEMA_INIT;
    int rc = ndb_api_check(snapshot, err);

    *count = 0;
    if (rc < 0)
        return rc;
    if (ndb_schema_read(&snapshot->at, &schema) < 0)
        return ndb_fail_memory(err);
    *count = schema.count;
    for (size_t i = 0; i < schema.count && i < max && rc >= 0; i++) {
        items[i] = schema.items[i];
        rc = find_state(snapshot, &items[i], err);
    }
    ndb_schema_release(&schema);
    return rc;
}

uint64_t namidb_schema_stamp(const namidb_snapshot *snapshot)
{
    return ndb_schema_stamp(&snapshot->at);
}

int namidb_survey_open(namidb_survey **survey, namidb *db,
                       const namidb_schema_item *item, int64_t timeout_ms,
                       namidb_error *err)
{
    int rc = ndb_db_check(db, err);

    *survey = NULL;
    return rc < 0 ? rc : ndb_survey_open(survey, db, item, timeout_ms, err);
}

void namidb_survey_close(namidb_survey *survey)
{
    ndb_survey_close(survey);
}

int namidb_schema_create(namidb_tx *tx, namidb_schema_item *item,
                         namidb_survey *survey, namidb_error *err)
{
    int rc = ndb_db_check(tx->db, err);

    return rc < 0 ? rc : ndb_tx_declare(tx, item, survey, err);
}

int namidb_schema_drop(namidb_tx *tx, const char *name, namidb_error *err)
{
    int rc = ndb_db_check(tx->db, err);

    return rc < 0 ? rc : ndb_tx_drop(tx, name, err);
}

int namidb_indexes_wait(namidb *db, int64_t timeout_ms, namidb_error *err)
{
    int rc = ndb_db_check(db, err);

    return rc < 0
               ? rc
               : ndb_db_await_indexes(db, ndb_db_deadline(db, timeout_ms), err);
}
