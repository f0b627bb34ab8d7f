/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

const char *namidb_name(namidb *db, enum namidb_name_kind kind, uint32_t number,
                        size_t *bytes)
{
    if (ndb_db_check_process(db, NULL) < 0)
        return NULL;
    return ndb_dict_name(ndb_db_dict(db), kind, number, bytes);
}

uint32_t namidb_number(namidb *db, enum namidb_name_kind kind, const char *name,
                       size_t bytes)
{
    if (ndb_db_check_process(db, NULL) < 0)
        return 0;
    return ndb_dict_find(ndb_db_dict(db), kind, ndb_slice(name, bytes));
}

void namidb_options_init(namidb_options *options)
{
    *options = (namidb_options){
        .create = true,
        .takeover_ms = -1,
        .timeout_ms = 30000,
        .cache_bytes = UINT64_C(256) << 20,
        .memtable_bytes = UINT64_C(64) << 20,
        .flush_slots = 256,
        .flush_age_ms = 300000,
    };
}

int namidb_open(namidb **db, const char *uri, const namidb_options *options,
                namidb_error *err)
{
    namidb_options defaults;
    struct ndb_store *store;
    int rc;

    *db = NULL;
    if (options == NULL) {
        namidb_options_init(&defaults);
        options = &defaults;
    }
    rc = ndb_store_open(&store, uri, err);
    return rc < 0 ? rc : ndb_db_open(db, store, options, err);
}

void namidb_close(namidb *db)
{
    ndb_db_close(db);
}

int namidb_refresh(namidb *db, int64_t timeout_ms, bool *is_changed,
                   namidb_error *err)
{
    bool ignored;
    int rc = ndb_db_check(db, err);

    if (rc < 0)
        return rc;
    return ndb_db_refresh(db, ndb_db_deadline(db, timeout_ms),
                          is_changed != NULL ? is_changed : &ignored, err);
}

int namidb_flush(namidb *db, int64_t timeout_ms, namidb_error *err)
{
    int rc = ndb_db_check(db, err);

    return rc < 0 ? rc : ndb_db_flush(db, ndb_db_deadline(db, timeout_ms), err);
}

int namidb_move_class(namidb *db, const char *storage_class, int64_t timeout_ms,
                      namidb_class_move *move, namidb_error *err)
{
    int rc = ndb_db_check(db, err);

    return rc < 0
               ? rc
               : ndb_db_move_class(db, storage_class,
                                   ndb_db_deadline(db, timeout_ms), move, err);
}

int namidb_get_stats(namidb *db, namidb_stats *out, namidb_error *err)
{
    int rc = ndb_db_check(db, err);

    return rc < 0 ? rc : ndb_db_stats(db, out, err);
}

int namidb_get_cache_stats(namidb *db, namidb_cache_stats *out,
                           namidb_error *err)
{
    int rc = ndb_db_check(db, err);

    if (rc < 0)
        return rc;
    ndb_db_cache_stats(db, out);
    return NAMIDB_OK;
}
