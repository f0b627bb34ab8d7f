/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/survey.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "engine/db_internal.h"
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
    const struct ndb_index_entry *items[64];
    size_t count;
};

static int add_suspect(struct suspects *suspects,
                       const namidb_schema_item *item,
                       const struct ndb_index_entry *entry, namidb_error *err)
{
    size_t max = sizeof suspects->items / sizeof *suspects->items;

    if (suspects->count == max)
        return ndb_fail(err, NAMIDB_ELIMIT,
                        "constraint %s: more than %zu values are the same in "
                        "their first %u bytes",
                        item->name, max, NDB_INDEX_KEY_BYTES_MAX);
    suspects->items[suspects->count++] = entry;
    return NAMIDB_OK;
}

static int check_entry(const struct ndb_snapshot *snapshot,
                       const namidb_schema_item *item,
                       struct suspects *suspects,
                       const struct ndb_index_entry *entry, namidb_error *err)
{
    bool is_same = suspects->count != 0 &&
                   ndb_slice_equal(suspects->items[0]->key, entry->key);
    int rc = NAMIDB_OK;

    for (size_t i = 0; is_same && i < suspects->count && rc >= 0; i++)
        rc = ndb_constraint_differ(snapshot, item, suspects->items[i], entry,
                                   err);
    if (rc < 0)
        return rc;
    if (!is_same || entry->key.bytes < NDB_INDEX_KEY_BYTES_MAX)
        suspects->count = 0;
    return add_suspect(suspects, item, entry, err);
}

/* Whether no two rows of a run, which is sorted, have equal values. */
static int check_run(const struct ndb_snapshot *snapshot,
                     const struct ndb_index_run *run, namidb_error *err)
{
    struct suspects suspects = { .count = 0 };
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < run->count && rc >= 0; i++)
        rc = check_entry(snapshot, &run->item, &suspects, &run->items[i], err);
    return rc;
}

static int check_chunks(const struct ndb_snapshot *snapshot,
                        const namidb_schema_item *item, struct ndb_scan *scan,
                        struct watch *watch, namidb_error *err)
{
    namidb_arena arena = NDB_ARENA_INIT;
    size_t count = 1;
    int rc = NAMIDB_OK;

    while (rc == NAMIDB_OK && count != 0) {
        namidb_node *nodes;
        namidb_edge *edges;

        rc = ndb_scan_chunk(scan, CHUNK_ROWS, &arena, &nodes, &edges, &count,
                            err);
        for (size_t i = 0; i < count && rc >= 0; i++)
            rc = item->is_edge ? ndb_constraint_row(snapshot, item, edges[i].id,
                                                    edges[i].props,
                                                    edges[i].prop_count, err)
                               : ndb_constraint_row(snapshot, item, nodes[i].id,
                                                    nodes[i].props,
                                                    nodes[i].prop_count, err);
        if (rc >= 0)
            rc = keep_on(watch, 0);
    }
    ndb_arena_release(&arena);
    return rc;
}

/* Looks at each row by itself. NAMIDB_NONE: it was ended. */
static int check_rows(const struct ndb_snapshot *snapshot,
                      const namidb_schema_item *item, struct watch *watch,
                      namidb_error *err)
{
    struct ndb_scan *scan = NULL;
    int rc = item->is_edge
                 ? ndb_scan_edges_open(&scan, snapshot, item->target, err)
                 : ndb_scan_nodes_open(&scan, snapshot, item->target, err);

    if (rc >= 0)
        rc = check_chunks(snapshot, item, scan, watch, err);
    ndb_scan_close(scan);
    return rc;
}

/* Looks through all that a snapshot sees, and fills the run with its keys if
 * they have to be unique. */
static int check_all(const struct ndb_snapshot *snapshot,
                     struct ndb_index_run *run, struct watch *watch,
                     namidb_error *err)
{
    const namidb_schema_item *item = &run->item;
    int rc = NAMIDB_OK;

    if (ndb_rule_is_unique(item->rule))
        rc = ndb_index_run_scan(run, snapshot, keep_on, watch, err);
    if (rc == NAMIDB_OK)
        rc = check_run(snapshot, run, err);
    if (rc == NAMIDB_OK && item->rule != NAMIDB_RULE_INDEX &&
        item->rule != NAMIDB_RULE_UNIQUE)
        rc = check_rows(snapshot, item, watch, err);
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
            record->kind == NDB_RECORD_EDGE_DELETE) &&
           NAMIDB_ID_TABLE(record->id) == item->target;
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
            if (is_about(&survey->item, &records[i]) &&
                ndb_ids_add(&survey->noted, records[i].id) < 0)
                survey->is_blind = true;
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
    ndb_index_run_init(&survey->run, &survey->item);
    rc = ndb_turn_begin(db, ndb_db_deadline(db, timeout_ms), &turn, err);
    if (rc >= 0) {
        begin_noting(survey);
        survey->at =
            (struct ndb_snapshot){ ndb_view_ref(turn.view), turn.version - 1,
                                   ndb_db_timeout_ms(db) };
        ndb_turn_abort(db, &turn);
        rc = check_all(&survey->at, &survey->run, &watch, err);
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
    ndb_index_run_release(&survey->run);
    ndb_ids_release(&survey->noted);
    ndb_view_unref(survey->at.view);
    ndb_db_unref(survey->db);
    ndb_free(survey);
}

/* -------------------------------------------------------- what came since --
 */

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static bool is_noted(const struct ndb_ids *noted, uint64_t id)
{
    return bsearch(&id, noted->items, noted->count, sizeof id, by_id) != NULL;
}

/* Sorts the ids; none twice. */
static void make_unique(struct ndb_ids *ids)
{
    size_t kept = 0;

    if (ids->count != 0)
        qsort(ids->items, ids->count, sizeof *ids->items, by_id);
    for (size_t i = 0; i < ids->count; i++)
        if (kept == 0 || ids->items[kept - 1] != ids->items[i])
            ids->items[kept++] = ids->items[i];
    ids->count = kept;
}

/* Looks at some rows by themselves, and adds their keys. */
static int take_nodes(struct ndb_index_run *run, const struct ndb_snapshot *now,
                      const uint64_t *ids, size_t count, namidb_arena *arena,
                      namidb_error *err)
{
    namidb_node nodes[READ_MAX];
    int rc = ndb_read_nodes(now, ids, count, arena, nodes, err);

    for (size_t i = 0; i < count && rc >= 0; i++) {
        const namidb_node *node = &nodes[i];

        if (node->id == 0 ||
            !ndb_schema_has_node(&run->item, node->labels, node->label_count))
            continue;
        rc = ndb_constraint_row(now, &run->item, node->id, node->props,
                                node->prop_count, err);
        if (rc >= 0 && ndb_index_run_node(run, node) < 0)
            rc = ndb_fail_memory(err);
    }
    return rc;
}

static int take_edges(struct ndb_index_run *run, const struct ndb_snapshot *now,
                      const uint64_t *ids, size_t count, namidb_arena *arena,
                      namidb_error *err)
{
    struct ndb_edge_probe probes[READ_MAX] = { { 0 } };
    namidb_edge edges[READ_MAX];
    int rc;

    for (size_t i = 0; i < count; i++)
        probes[i] = (struct ndb_edge_probe){ .id = ids[i] };
    rc = ndb_read_edges(now, probes, count, arena, edges, err);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        if (edges[i].id == 0)
            continue;
        rc = ndb_constraint_row(now, &run->item, edges[i].id, edges[i].props,
                                edges[i].prop_count, err);
        if (rc >= 0 && ndb_index_run_edge(run, &edges[i]) < 0)
            rc = ndb_fail_memory(err);
    }
    return rc;
}

/* The keys of what was noted, sorted; each row obeys the item by itself. */
static int take_noted(struct ndb_index_run *run, const struct ndb_snapshot *now,
                      const struct ndb_ids *noted, namidb_error *err)
{
    namidb_arena arena = NDB_ARENA_INIT;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < noted->count && rc >= 0; i += READ_MAX) {
        size_t left = noted->count - i;
        size_t count = left < READ_MAX ? left : READ_MAX;

        ndb_arena_reset(&arena);
        rc = run->item.is_edge
                 ? take_edges(run, now, noted->items + i, count, &arena, err)
                 : take_nodes(run, now, noted->items + i, count, &arena, err);
    }
    ndb_arena_release(&arena);
    ndb_index_run_sort(run);
    return rc;
}

/* First item of a run whose key is not below this one. */
static size_t lower_bound(const struct ndb_index_run *run, struct ndb_slice key)
{
    size_t low = 0, high = run->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ndb_slice_compare(run->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether no row that was not noted has the values of one that was. */
static int check_beside(const struct namidb_survey *survey,
                        const struct ndb_snapshot *now,
                        const struct ndb_index_run *fresh, namidb_error *err)
{
    const struct ndb_index_run *run = &survey->run;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < fresh->count && rc >= 0; i++) {
        const struct ndb_index_entry *entry = &fresh->items[i];

        for (size_t at = lower_bound(run, entry->key);
             rc >= 0 && at < run->count &&
             ndb_slice_equal(run->items[at].key, entry->key);
             at++)
            if (!is_noted(&survey->noted, run->items[at].id))
                rc = ndb_constraint_differ(now, &fresh->item, &run->items[at],
                                           entry, err);
    }
    return rc;
}

static int check_noted(struct namidb_survey *survey,
                       const struct ndb_snapshot *now,
                       const namidb_schema_item *item, namidb_error *err)
{
    struct ndb_index_run fresh;
    int rc;

    ndb_index_run_init(&fresh, item);
    make_unique(&survey->noted);
    rc = take_noted(&fresh, now, &survey->noted, err);
    if (rc >= 0 && ndb_rule_is_unique(item->rule))
        rc = check_run(now, &fresh, err);
    if (rc >= 0 && ndb_rule_is_unique(item->rule))
        rc = check_beside(survey, now, &fresh, err);
    ndb_index_run_release(&fresh);
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
    struct ndb_index_run run;
    int rc;

    if (item->rule == NAMIDB_RULE_INDEX)
        return NAMIDB_OK;
    if (survey != NULL && survey->is_noting && is_same(&survey->item, item) &&
        is_sound(survey))
        return check_noted(survey, now, item, err);
    ndb_index_run_init(&run, item);
    rc = check_all(now, &run, &watch, err);
    ndb_index_run_release(&run);
    return rc;
}
