/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the active memtable is frozen: it is large, it is old, many slots lie
 * above the floor, or somebody asked. Always between two transactions, so that
 * everything of a batch is in one memtable, and groups never mix memtables: so
 * the floor that a flush makes lies between two slots.
 */
#include "engine/db_internal.h"

#include "base/mem.h"
#include "sys/clock.h"

/* Slots that only the active memtable holds, as far as is known. */
static uint64_t active_slots(const struct namidb *db)
{
    const struct ndb_writer *writer = &db->writer;
    uint64_t floor = ndb_floor_of(db->view->manifest);

    if (writer->frozen_count != 0) {
        floor = writer->frozen[writer->frozen_count - 1].floor;
        if (floor == 0)
            return 0;
    }
    return db->place.next > floor ? db->place.next - floor : 0;
}

int64_t ndb_rotate_at_ns(const struct namidb *db)
{
    if (db->options.flush_age_ms == 0 || db->writer.oldest_ns == 0)
        return NDB_NEVER;
    return db->writer.oldest_ns + db->options.flush_age_ms * NDB_NS_PER_MS;
}

static bool is_due(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;
    struct ndb_memtable *active = db->view->layers[0].memtable;

    if (writer->rotation_wanted > writer->rotations)
        return true;
    if (db->options.flush_slots != 0 &&
        active_slots(db) >= db->options.flush_slots)
        return true;
    if (ndb_memtable_is_empty(active)) {
        writer->oldest_ns = 0; /* all that was in it was rolled back */
        return false;
    }
    return ndb_memtable_bytes(active) >= db->options.memtable_bytes ||
           ndb_clock_ns() >= ndb_rotate_at_ns(db);
}

/* A view with a fresh memtable on top. */
static int view_on_top(struct namidb *db, struct ndb_view **out)
{
    const struct ndb_view *old = db->view;
    struct ndb_layer *layers =
        ndb_calloc((size_t)old->layer_count + 1, sizeof *layers);
    int rc = NAMIDB_ENOMEM;

    if (layers != NULL && ndb_memtable_new(&layers[0].memtable) >= 0) {
        memcpy(layers + 1, old->layers, old->layer_count * sizeof *layers);
        rc = ndb_view_new(out, old->manifest, layers, old->layer_count + 1,
                          db->cache, db->dict);
        ndb_memtable_unref(layers[0].memtable);
    }
    ndb_free(layers);
    return rc;
}

int ndb_rotate_if_due(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;
    struct ndb_view *view;
    int rc;

    /* A fenced writer's log is another's to flush. */
    if (writer->is_taken || writer->frozen_count == NDB_FROZEN_MAX ||
        writer->state == NDB_WRITER_FENCED || !is_due(db))
        return NAMIDB_OK;
    rc = view_on_top(db, &view);
    if (rc < 0)
        return rc;
    writer->frozen[writer->frozen_count++] = (struct ndb_frozen){
        .memtable = ndb_memtable_ref(db->view->layers[0].memtable),
        .version = writer->enqueued_version,
    };
    writer->rotations++;
    writer->oldest_ns = 0;
    ndb_view_unref(db->view);
    db->view = view;
    ndb_note_frozen(db);
    ndb_cond_signal(&writer->flush_work);
    return NAMIDB_OK;
}

void ndb_note_frozen(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;

    for (uint32_t i = 0; i < writer->frozen_count; i++) {
        struct ndb_frozen *frozen = &writer->frozen[i];

        if (frozen->floor != 0 || frozen->version > db->visible_version)
            continue;
        frozen->floor = db->place.next;
        frozen->place = db->place;
        memcpy(frozen->names, writer->names_durable, sizeof frozen->names);
        ndb_cond_signal(&writer->flush_work);
    }
}
