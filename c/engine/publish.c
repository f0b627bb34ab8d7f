/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest decides between edits of the tree. An edit says what it needs
 * and is applied anew on top of a version that somebody else created first.
 */
#include "engine/db_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "format/path.h"
#include "sys/backoff.h"

/* -------------------------------------------- a new body from an old one -- */

static int copy_names(struct namidb *db, const struct ndb_edit *edit,
                      namidb_arena *arena, struct ndb_manifest *body)
{
    for (int kind = 0; kind < NAMIDB_NAME_KIND_COUNT; kind++) {
        uint32_t count = edit->names[kind];
        struct ndb_manifest_name *names;

        if (count < body->name_count[kind])
            count = body->name_count[kind];
        names = ndb_arena_array(arena, count, sizeof *names);
        if (names == NULL)
            return NAMIDB_ENOMEM;
        for (uint32_t i = 0; i < count; i++) {
            size_t bytes = 0;

            names[i].text = ndb_dict_name(db->dict, (enum namidb_name_kind)kind,
                                          i + 1, &bytes);
            names[i].bytes = (uint32_t)bytes;
        }
        body->names[kind] = names;
        body->name_count[kind] = count;
    }
    return NAMIDB_OK;
}

static uint64_t plus(uint64_t count, int64_t delta)
{
    return delta < 0 && (uint64_t)-delta > count ? 0 : count + (uint64_t)delta;
}

/* Tables with the deltas of one kind added; both are ascending. */
static int merge_tables(const struct ndb_stat_deltas *deltas, int kind,
                        namidb_arena *arena, struct ndb_manifest_table **tables,
                        uint32_t *table_count)
{
    struct ndb_manifest_table *merged =
        ndb_arena_array(arena, *table_count + deltas->count, sizeof *merged);
    uint32_t count = 0;
    uint32_t old = 0;

    if (merged == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < deltas->count; i++) {
        const struct ndb_stat_delta *delta = &deltas->items[i];
        struct ndb_manifest_table *table;

        if ((int)delta->kind != kind)
            continue;
        while (old < *table_count && (*tables)[old].table < delta->number)
            merged[count++] = (*tables)[old++];
        table = &merged[count++];
        *table = (struct ndb_manifest_table){ delta->number, 1, 0 };
        if (old < *table_count && (*tables)[old].table == delta->number)
            *table = (*tables)[old++];
        table->count = plus(table->count, delta->count);
        if (table->next_sequence <= delta->sequence_max)
            table->next_sequence = delta->sequence_max + 1;
    }
    while (old < *table_count)
        merged[count++] = (*tables)[old++];
    *tables = merged;
    *table_count = count;
    return NAMIDB_OK;
}

static int merge_labels(const struct ndb_stat_deltas *deltas,
                        namidb_arena *arena, struct ndb_manifest *body)
{
    struct ndb_manifest_label *merged = ndb_arena_array(
        arena, body->label_count + deltas->count, sizeof *merged);
    uint32_t count = 0;
    uint32_t old = 0;

    if (merged == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < deltas->count; i++) {
        const struct ndb_stat_delta *delta = &deltas->items[i];
        uint64_t before = 0;

        if (delta->kind != NDB_STAT_LABEL)
            continue;
        while (old < body->label_count &&
               body->labels[old].label < delta->number)
            merged[count++] = body->labels[old++];
        if (old < body->label_count && body->labels[old].label == delta->number)
            before = body->labels[old++].count;
        merged[count++] =
            (struct ndb_manifest_label){ delta->number,
                                         plus(before, delta->count) };
    }
    while (old < body->label_count)
        merged[count++] = body->labels[old++];
    body->labels = merged;
    body->label_count = count;
    return NAMIDB_OK;
}

static int add_pack(const struct ndb_manifest_pack *pack, namidb_arena *arena,
                    struct ndb_manifest *body)
{
    struct ndb_manifest_pack *packs;

    if (pack == NULL)
        return NAMIDB_OK;
    if (body->pack_count == NDB_MANIFEST_PACKS_MAX)
        return NAMIDB_ELIMIT;
    packs = ndb_arena_array(arena, body->pack_count + 1, sizeof *packs);
    if (packs == NULL)
        return NAMIDB_ENOMEM;
    packs[0] = *pack;
    if (body->pack_count != 0)
        memcpy(packs + 1, body->packs, body->pack_count * sizeof *packs);
    body->packs = packs;
    body->pack_count++;
    return NAMIDB_OK;
}

static int apply_flush(struct namidb *db, const struct ndb_edit *edit,
                       namidb_arena *arena, struct ndb_manifest *body)
{
    int rc = copy_names(db, edit, arena, body);

    body->floor = edit->place.next;
    body->epoch = edit->place.epoch;
    body->chain = edit->place.chain;
    if (rc >= 0)
        rc = merge_tables(edit->deltas, NDB_STAT_NODE_TABLE, arena,
                          &body->node_tables, &body->node_table_count);
    if (rc >= 0)
        rc = merge_tables(edit->deltas, NDB_STAT_EDGE_TABLE, arena,
                          &body->edge_tables, &body->edge_table_count);
    if (rc >= 0)
        rc = merge_labels(edit->deltas, arena, body);
    if (rc >= 0)
        rc = ndb_property_stats_merge(&body->properties, &edit->properties,
                                      arena, &body->properties);
    if (rc >= 0)
        rc = ndb_degree_stats_merge(&body->degrees, &edit->degrees, arena,
                                    &body->degrees);
    if (rc >= 0)
        rc = ndb_edit_schema(edit, arena, body);
    return rc < 0 ? rc : add_pack(edit->pack, arena, body);
}

/* `body` becomes the edit on top of `base` (NULL: of nothing). */
static int apply(struct namidb *db, const struct ndb_edit *edit,
                 const struct ndb_version *base, namidb_arena *arena,
                 struct ndb_manifest *body)
{
    *body = (struct ndb_manifest){ .version = 0, .schema_next = 1 };
    if (base != NULL)
        *body = base->body;
    body->version++;
    body->created_ms = edit->created_ms;
    (void)snprintf(body->author, sizeof body->author, "%s", db->author);
    if (db->store->probe_host[0] != '\0')
        (void)snprintf(body->probed, sizeof body->probed, "%s",
                       db->store->probe_host);
    return edit->index != 0 ? ndb_edit_cover(edit, arena, body)
                            : apply_flush(db, edit, arena, body);
}

/* ----------------------------------------------------------- publishing -- */

int ndb_manifest_read(struct namidb *db, uint64_t version, int64_t deadline_ns,
                      struct ndb_version **out, namidb_error *err)
{
    struct ndb_path path;
    struct ndb_request get = { .op = NDB_GET,
                               .key = ndb_path_manifest(&path, version),
                               .length_max = NDB_MANIFEST_BYTES_MAX,
                               .deadline_ns = deadline_ns };
    int rc = ndb_store_run(db->store, &get, 1, err);

    *out = NULL;
    if (rc >= 0 && get.status == NAMIDB_NONE)
        rc = NAMIDB_NONE;
    else if (rc >= 0)
        rc = ndb_version_decode(out, ndb_buf_slice(&get.out), version, err);
    ndb_request_release(&get);
    return rc;
}

/* Whether a manifest is the very edit. The author is not enough: an earlier try
 * of ours, given up as lost, may have arrived late. */
static bool is_edit(const struct namidb *db, const struct ndb_edit *edit,
                    const struct ndb_manifest *body)
{
    if (strcmp(body->author, db->author) != 0)
        return false;
    if (edit->index != 0)
        return ndb_edit_has_covered(edit, body);
    return body->floor == edit->place.next &&
           (edit->pack == NULL ||
            (body->pack_count != 0 &&
             strcmp(body->packs[0].ulid, edit->pack->ulid) == 0));
}

/* One try. NAMIDB_NONE: its answer was lost, and the version is not there. One
 * that was there and is gone must not be made again. */
static int try_create(struct namidb *db, const struct ndb_edit *edit,
                      struct ndb_slice object, uint64_t version,
                      int64_t deadline_ns, struct ndb_version **out,
                      namidb_error *err)
{
    struct ndb_path path;
    struct ndb_request put = { .op = NDB_PUT_IF_ABSENT,
                               .key = ndb_path_manifest(&path, version),
                               .body = object,
                               .deadline_ns = deadline_ns };
    int rc = ndb_store_run(db->store, &put, 1, err);
    bool is_there = put.status == NAMIDB_ECONFLICT;

    ndb_request_release(&put);
    if (rc < 0 && !put.is_ambiguous)
        return rc;
    if (rc >= 0 && !is_there)
        return ndb_version_decode(out, object, version, err);
    rc = ndb_manifest_read(db, version, deadline_ns, out, err);
    if (rc == NAMIDB_NONE && is_there)
        return ndb_fail_object(err, NAMIDB_EIO, path.text,
                               "was there, and is not");
    if (rc != NAMIDB_OK)
        return rc;
    return is_edit(db, edit, &(*out)->body) ? NAMIDB_OK : NAMIDB_ECONFLICT;
}

/* Creates one version. NAMIDB_ECONFLICT: somebody else has it, and *out is
 * theirs. After a lost answer, or a conflict that may be with ourselves, the
 * version itself says whose it is; while there is none, the same bytes are sent
 * again: a try that arrives late is as good as the one that follows it. */
static int create(struct namidb *db, const struct ndb_edit *edit,
                  struct ndb_slice object, uint64_t version,
                  int64_t deadline_ns, struct ndb_version **out,
                  namidb_error *err)
{
    struct ndb_backoff backoff = NDB_BACKOFF_INIT;
    struct ndb_path path;
    int rc = try_create(db, edit, object, version, deadline_ns, out, err);

    while (rc == NAMIDB_NONE && ndb_backoff_pause(&backoff, deadline_ns))
        rc = try_create(db, edit, object, version, deadline_ns, out, err);
    if (rc != NAMIDB_NONE)
        return rc;
    (void)ndb_path_manifest(&path, version);
    return ndb_fail_object(err, NAMIDB_EIO, path.text,
                           "the answer to its creation was lost");
}

/* The newest manifest from `version` on, which exists: *base is replaced. */
static int catch_up(struct namidb *db, struct ndb_version **base,
                    int64_t deadline_ns, namidb_error *err)
{
    for (;;) {
        struct ndb_version *next;
        int rc = ndb_manifest_read(db, (*base)->body.version + 1, deadline_ns,
                                   &next, err);

        if (rc != NAMIDB_OK)
            return rc < 0 ? rc : NAMIDB_OK;
        ndb_version_unref(*base);
        *base = next;
    }
}

static int publish_on(struct namidb *db, const struct ndb_edit *edit,
                      const struct ndb_version *base, int64_t deadline_ns,
                      struct ndb_version **out, namidb_error *err)
{
    struct ndb_buf object = NDB_BUF_INIT(NDB_MANIFEST_BYTES_MAX);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_manifest body;
    int rc = apply(db, edit, base, &arena, &body);

    *out = NULL;
    if (rc >= 0)
        rc = ndb_manifest_encode(&object, &body);
    if (rc == NAMIDB_ELIMIT)
        (void)ndb_fail(err, rc, "manifest %zu would be too large",
                       (size_t)body.version);
    else if (rc < 0)
        (void)ndb_fail_memory(err);
    else
        rc = create(db, edit, ndb_buf_slice(&object), body.version, deadline_ns,
                    out, err);
    ndb_buf_release(&object);
    ndb_arena_release(&arena);
    return rc;
}

/* Whether what the edit needs is there. */
static bool holds(const struct ndb_edit *edit, const struct ndb_version *base)
{
    if (edit->index != 0)
        return base != NULL && ndb_edit_can_cover(edit, &base->body);
    return ndb_floor_of(base) == edit->old_floor &&
           edit->place.next > edit->old_floor;
}

int ndb_publish(struct namidb *db, const struct ndb_edit *edit,
                int64_t deadline_ns, struct ndb_version **out,
                namidb_error *err)
{
    struct ndb_version *base = NULL;
    int rc = NAMIDB_ECONFLICT;

    *out = NULL;
    (void)pthread_mutex_lock(&db->lock);
    if (db->view->manifest != NULL)
        base = ndb_version_ref(db->view->manifest);
    (void)pthread_mutex_unlock(&db->lock);
    while (rc == NAMIDB_ECONFLICT) {
        struct ndb_version *made;

        if (!holds(edit, base)) {
            *out = base;
            return NAMIDB_NONE;
        }
        rc = publish_on(db, edit, base, deadline_ns, &made, err);
        if (made != NULL) {
            ndb_version_unref(base);
            base = made;
        }
        if (rc == NAMIDB_ECONFLICT) {
            int caught_up = catch_up(db, &base, deadline_ns, err);

            if (caught_up < 0)
                rc = caught_up;
        }
    }
    if (rc == NAMIDB_OK)
        *out = base;
    else
        ndb_version_unref(base);
    return rc;
}
