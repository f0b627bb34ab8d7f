/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/survey.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/db_internal.h"
#include "engine/index_scan.h"
#include "engine/pack_run.h"
#include "engine/tx.h"
#include "sys/clock.h"

enum { CHUNK_ROWS = 1024, READ_MAX = 256 };

/* ------------------------------------------------------------ all there is --
 */

/* What may end a look: NAMIDB_NONE. */
struct watch {
    struct namidb *db; /* NULL: nothing */
    int64_t deadline_ns;
};

static int keep_on(void *context, uint64_t rows)
{
    const struct watch *watch = context;

    (void)rows;
    return watch->db != NULL && (ndb_db_is_stopping(watch->db) ||
                                 ndb_clock_ns() >= watch->deadline_ns)
               ? NAMIDB_NONE
               : NAMIDB_OK;
}

static int say_why(const struct watch *watch, namidb_error *err)
{
    return ndb_db_is_stopping(watch->db)
               ? ndb_fail(err, NAMIDB_ECANCELED, "the handle is closing")
               : ndb_fail(err, NAMIDB_ETIMEOUT,
                          "what is there was not looked through in time");
}

/* Entries that may be equal to the next one: the last, and of keys that were
 * cut off all that have the same beginning. */
struct suspects {
    struct ndb_index_entry items[64];
    size_t count;
    namidb_arena arena; /* of their keys */
};

static int add_suspect(struct suspects *suspects,
                       const namidb_schema_item *item,
                       const struct ndb_index_entry *entry, namidb_error *err)
{
    struct ndb_index_entry *added = &suspects->items[suspects->count];
    size_t max = sizeof suspects->items / sizeof *suspects->items;

    if (suspects->count == max)
        return ndb_fail(err, NAMIDB_ELIMIT,
                        "constraint %s: more than %zu values are the same in "
                        "their first %u bytes",
                        item->name, max, NDB_INDEX_KEY_BYTES_MAX);
    *added = *entry;
    added->key.data =
        ndb_arena_copy(&suspects->arena, entry->key.data, entry->key.bytes);
    if (added->key.data == NULL)
        return ndb_fail_memory(err);
    suspects->count++;
    return NAMIDB_OK;
}

static int check_entry(const struct ndb_snapshot *snapshot,
                       const namidb_schema_item *item,
                       struct suspects *suspects,
                       const struct ndb_index_entry *entry, namidb_error *err)
{
    bool is_same = suspects->count != 0 &&
                   ndb_slice_equal(suspects->items[0].key, entry->key);
    int rc = NAMIDB_OK;

    for (size_t i = 0; is_same && i < suspects->count && rc >= 0; i++)
        rc = ndb_constraint_differ(snapshot, item, &suspects->items[i], entry,
                                   err);
    if (rc < 0)
        return rc;
    if (!is_same || entry->key.bytes < NDB_INDEX_KEY_BYTES_MAX) {
        suspects->count = 0;
        ndb_arena_reset(&suspects->arena);
    }
    return add_suspect(suspects, item, entry, err);
}

/* Reads every pack that the index to be does not cover. NAMIDB_NONE: it was
 * ended. */
static int make_runs(const struct ndb_snapshot *snapshot,
                     const namidb_schema_item *item, struct watch *watch,
                     namidb_error *err)
{
    const struct ndb_view *view = snapshot->view;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < view->layer_count && rc >= 0; i++) {
        struct ndb_pack_run *run;

        if (view->layers[i].pack == NULL)
            continue;
        rc = ndb_pack_run_get(snapshot, i, item, keep_on, watch, &run, err);
        ndb_pack_run_unref(run);
        if (rc == NAMIDB_NONE && keep_on(watch, 0) != NAMIDB_OK)
            return NAMIDB_NONE;
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

static void drop_runs(const struct ndb_view *view,
                      const namidb_schema_item *item)
{
    for (uint32_t i = 0; i < view->layer_count; i++)
        if (view->layers[i].pack != NULL)
            ndb_pack_run_drop(view->layers[i].pack, item);
}

/* Whether no two rows have equal values: by the order of the index to be.
 * NAMIDB_NONE: it was ended. */
static int check_order(const struct ndb_snapshot *snapshot,
                       const namidb_schema_item *item, struct watch *watch,
                       namidb_error *err)
{
    const struct ndb_index_range all = { .is_point = false };
    const struct ndb_index_search search = { .item = item,
                                             .ranges = &all,
                                             .range_count = 1 };
    struct suspects suspects = { .count = 0, .arena = NDB_ARENA_INIT };
    struct ndb_index_found found = { .count = 1 };
    struct ndb_index_scan *scan;
    int rc = ndb_index_scan_open(&scan, snapshot, &search, err);

    while (rc == NAMIDB_OK && found.count != 0) {
        rc = ndb_index_scan_next(scan, CHUNK_ROWS, &found, err);
        for (size_t i = 0; rc >= 0 && i < found.count; i++)
            rc = check_entry(snapshot, item, &suspects, &found.entries[i], err);
        if (rc >= 0)
            rc = keep_on(watch, 0);
    }
    ndb_index_scan_close(scan);
    ndb_arena_release(&suspects.arena);
    return rc;
}

/* What looks at each row by itself. */
struct row_check {
    const struct ndb_snapshot *snapshot;
    const namidb_schema_item *item;
    struct watch *watch;
};

static int check_rows(void *context, const namidb_node *nodes,
                      const namidb_edge *edges, size_t count, namidb_error *err)
{
    const struct row_check *check = context;
    const namidb_schema_item *item = check->item;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = item->is_edge
                 ? ndb_constraint_row(check->snapshot, item, edges[i].id,
                                      edges[i].props, edges[i].prop_count, err)
                 : ndb_constraint_row(check->snapshot, item, nodes[i].id,
                                      nodes[i].props, nodes[i].prop_count, err);
    return rc < 0 ? rc : keep_on(check->watch, 0);
}

/* Looks through all that a snapshot sees. */
static int check_all(const struct ndb_snapshot *snapshot,
                     const namidb_schema_item *item, struct watch *watch,
                     namidb_error *err)
{
    struct row_check check = { snapshot, item, watch };
    int rc = NAMIDB_OK;

    if (ndb_rule_is_unique(item->rule))
        rc = make_runs(snapshot, item, watch, err);
    if (rc == NAMIDB_OK && ndb_rule_is_unique(item->rule))
        rc = check_order(snapshot, item, watch, err);
    if (rc == NAMIDB_OK && item->rule != NAMIDB_RULE_INDEX &&
        item->rule != NAMIDB_RULE_UNIQUE)
        rc = ndb_scan_each(snapshot, item->is_edge, item->target, check_rows,
                           &check, err);
    return rc == NAMIDB_NONE ? say_why(watch, err) : rc;
}

/* ----------------------------------------------------------------- noting --
 */

/* Whether a record may be about a row of the item. */
static bool is_about(const namidb_schema_item *item,
                     const struct ndb_record *record)
{
    if (!item->is_edge)
        return record->kind == NDB_RECORD_NODE ||
               record->kind == NDB_RECORD_NODE_DELETE;
    return (record->kind == NDB_RECORD_EDGE ||
            record->kind == NDB_RECORD_EDGES ||
            record->kind == NDB_RECORD_EDGE_DELETE) &&
           NAMIDB_ID_TABLE(record->id) == item->target;
}

/* Under lock. */
static void note(struct namidb_survey *survey, const struct ndb_record *record)
{
    uint32_t count = record->kind == NDB_RECORD_EDGES ? record->number : 1;

    for (uint32_t i = 0; i < count; i++)
        if (ndb_ids_add(&survey->noted,
                        record->id + NAMIDB_ID((uint64_t)i, 0)) < 0)
            survey->is_blind = true;
}

void ndb_survey_note(struct namidb *db, const struct ndb_record *records,
                     size_t count)
{
    if (atomic_load(&db->writer.survey_count) == 0)
        return;
    (void)pthread_mutex_lock(&db->lock);
    for (struct namidb_survey *survey = db->writer.surveys; survey != NULL;
         survey = survey->in_writer)
        for (size_t i = 0; i < count; i++)
            if (is_about(&survey->item, &records[i]))
                note(survey, &records[i]);
    (void)pthread_mutex_unlock(&db->lock);
}

static void begin_noting(struct namidb_survey *survey)
{
    struct ndb_writer *writer = &survey->db->writer;

    (void)pthread_mutex_lock(&survey->db->lock);
    survey->rollbacks = writer->rollbacks;
    survey->in_writer = writer->surveys;
    writer->surveys = survey;
    survey->is_noting = true;
    atomic_fetch_add(&writer->survey_count, 1);
    (void)pthread_mutex_unlock(&survey->db->lock);
}

static void end_noting(struct namidb_survey *survey)
{
    struct ndb_writer *writer = &survey->db->writer;
    struct namidb_survey **link = &writer->surveys;

    (void)pthread_mutex_lock(&survey->db->lock);
    while (survey->is_noting && *link != survey)
        link = &(*link)->in_writer;
    if (survey->is_noting) {
        *link = survey->in_writer;
        atomic_fetch_sub(&writer->survey_count, 1);
    }
    survey->is_noting = false;
    (void)pthread_mutex_unlock(&survey->db->lock);
}

int ndb_survey_open(struct namidb_survey **out, struct namidb *db,
                    const namidb_schema_item *item, int64_t timeout_ms,
                    namidb_error *err)
{
    struct namidb_survey *survey = ndb_calloc(1, sizeof *survey);
    struct watch watch = { db, timeout_ms < 0
                                   ? NDB_NEVER
                                   : ndb_deadline_after(timeout_ms) };
    struct ndb_turn turn;
    int rc;

    *out = NULL;
    if (survey == NULL)
        return ndb_fail_memory(err);
    survey->db = ndb_db_ref(db);
    survey->item = *item;
    survey->item.number = 0;
    rc = ndb_turn_begin(db, ndb_db_deadline(db, timeout_ms), &turn, err);
    if (rc >= 0) {
        begin_noting(survey);
        survey->at =
            (struct ndb_snapshot){ ndb_view_ref(turn.view), turn.version - 1,
                                   ndb_db_timeout_ms(db) };
        ndb_turn_abort(db, &turn);
        rc = check_all(&survey->at, &survey->item, &watch, err);
    }
    if (rc < 0)
        ndb_survey_close(survey);
    else
        *out = survey;
    return rc;
}

void ndb_survey_close(struct namidb_survey *survey)
{
    if (survey == NULL)
        return;
    end_noting(survey);
    if (!survey->is_over && survey->at.view != NULL)
        drop_runs(survey->at.view, &survey->item);
    ndb_ids_release(&survey->noted);
    ndb_view_unref(survey->at.view);
    ndb_db_unref(survey->db);
    ndb_free(survey);
}

/* -------------------------------------------------------- what came since --
 */

static int check_row(const struct ndb_snapshot *now,
                     const namidb_schema_item *item, uint64_t id,
                     const namidb_property *props, uint32_t count,
                     namidb_error *err)
{
    int rc = ndb_constraint_row(now, item, id, props, count, err);

    if (rc >= 0 && ndb_rule_is_unique(item->rule))
        rc = ndb_constraint_is_free(now, item, id, props, count, err);
    return rc;
}

static int check_nodes(const struct ndb_snapshot *now,
                       const namidb_schema_item *item, const uint64_t *ids,
                       size_t count, namidb_arena *arena, namidb_error *err)
{
    namidb_node nodes[READ_MAX];
    int rc = ndb_read_nodes(now, ids, count, arena, nodes, err);

    for (size_t i = 0; i < count && rc >= 0; i++)
        if (nodes[i].id != 0 &&
            ndb_schema_has_node(item, nodes[i].labels, nodes[i].label_count))
            rc = check_row(now, item, nodes[i].id, nodes[i].props,
                           nodes[i].prop_count, err);
    return rc;
}

static int check_edges(const struct ndb_snapshot *now,
                       const namidb_schema_item *item, const uint64_t *ids,
                       size_t count, namidb_arena *arena, namidb_error *err)
{
    struct ndb_edge_probe probes[READ_MAX] = { { 0 } };
    namidb_edge edges[READ_MAX];
    int rc;

    for (size_t i = 0; i < count; i++)
        probes[i].id = ids[i];
    rc = ndb_read_edges(now, probes, count, arena, edges, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        if (edges[i].id != 0)
            rc = check_row(now, item, edges[i].id, edges[i].props,
                           edges[i].prop_count, err);
    return rc;
}

/* Whether what was noted obeys the item as it is now. */
static int check_noted(struct ndb_ids *noted, const struct ndb_snapshot *now,
                       const namidb_schema_item *item, namidb_error *err)
{
    namidb_arena arena = NDB_ARENA_INIT;
    int rc = NAMIDB_OK;

    ndb_ids_unique(noted);
    for (size_t i = 0; i < noted->count && rc >= 0; i += READ_MAX) {
        size_t left = noted->count - i;
        size_t count = left < READ_MAX ? left : READ_MAX;

        ndb_arena_reset(&arena);
        rc = item->is_edge
                 ? check_edges(now, item, noted->items + i, count, &arena, err)
                 : check_nodes(now, item, noted->items + i, count, &arena, err);
    }
    ndb_arena_release(&arena);
    return rc;
}

/* Whether the survey has seen all but what it noted. From here on it notes
 * nothing more. */
static bool is_sound(struct namidb_survey *survey)
{
    bool is_it;

    end_noting(survey);
    (void)pthread_mutex_lock(&survey->db->lock);
    is_it =
        !survey->is_blind && survey->rollbacks == survey->db->writer.rollbacks;
    (void)pthread_mutex_unlock(&survey->db->lock);
    return is_it;
}

static bool is_same(const namidb_schema_item *a, const namidb_schema_item *b)
{
    return ndb_schema_is_like(a, b) && a->rule == b->rule &&
           a->kinds == b->kinds && a->item_kinds == b->item_kinds;
}

int ndb_survey_finish(struct namidb_survey *survey,
                      const struct ndb_snapshot *now,
                      const namidb_schema_item *item, namidb_error *err)
{
    struct watch watch = { NULL, 0 };
    int rc;

    if (item->rule == NAMIDB_RULE_INDEX)
        return NAMIDB_OK;
    if (survey != NULL && survey->is_noting && is_same(&survey->item, item) &&
        is_sound(survey)) {
        rc = check_noted(&survey->noted, now, item, err);
        survey->is_over = rc >= 0;
        return rc;
    }
    rc = check_all(now, item, &watch, err);
    if (rc < 0)
        drop_runs(now->view, item);
    return rc;
}
