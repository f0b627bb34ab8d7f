/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bucket to a view: two rounds.
 *
 * Round 1 lists the newest manifest and the newest page of the log. Round 2
 * gets that manifest, every listed slot at or above its floor, and the slot
 * behind the newest one, because no LIST may be trusted to be the end. Which
 * slots lie above the floor is known before the manifest is read: its size
 * tells (manifest.h). A floor more than a page back takes one round more for
 * each 1,024 slots below: they have no gaps, so nothing needs to be listed.
 * When the guess was wrong otherwise (a LIST that was older than the other),
 * one more round gets the rest.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "format/path.h"
#include "sys/clock.h"

enum {
    LOAD_TRIES = 5,   /* objects may be collected while we read */
    FORWARD_MAX = 32, /* slots asked for at once, looking forward */
    /* The same, where they must be there. A guess that is too high is so by a
     * multiple of this. */
    BELOW_MAX = NDB_MANIFEST_SIZE_MODULUS,
};

/* What is known while loading. */
struct loading {
    struct namidb *db;
    int64_t deadline_ns;
    namidb_error *err;
    struct ndb_newest newest; /* manifest listed */
    struct ndb_ids slots;     /* listed, newest first */
    struct ndb_listed_log *listed;

    struct ndb_version *manifest;
    struct ndb_memtable *memtable;
    struct ndb_place place;
};

/* -------------------------------------------------------------- round 1 -- */

static int take_listings(struct loading *loading,
                         const struct ndb_request lists[2])
{
    const struct ndb_listing *log = &lists[1].listing;
    int rc =
        ndb_newest_read(loading->db, &lists[0], &loading->newest, loading->err);

    if (rc < 0)
        return rc;
    loading->slots.count = 0;
    *loading->listed = (struct ndb_listed_log){
        .date_ms = lists[0].date_ms < lists[1].date_ms ? lists[0].date_ms
                                                       : lists[1].date_ms,
        .listed_ns = ndb_clock_ns(),
    };
    for (size_t i = 0; i < log->count; i++) {
        uint64_t number;

        if (!ndb_path_number(log->items[i].key, NDB_PATH_LOG, &number))
            continue; /* not ours */
        if (loading->listed->newest == 0) {
            loading->listed->newest = number;
            loading->listed->newest_ms = log->items[i].modified_ms;
        }
        if (ndb_ids_add(&loading->slots, number) < 0)
            return ndb_fail_memory(loading->err);
    }
    return NAMIDB_OK;
}

static int list_all(struct loading *loading)
{
    struct ndb_request lists[2] = {
        ndb_newest_request(loading->deadline_ns),
        { .op = NDB_LIST,
          .key = NDB_PATH_LOG,
          .deadline_ns = loading->deadline_ns },
    };
    int rc = ndb_store_run(loading->db->store, lists, 2, loading->err);

    if (rc >= 0)
        rc = take_listings(loading, lists);
    ndb_request_release(&lists[0]);
    ndb_request_release(&lists[1]);
    return rc;
}

/* -------------------------------------------------------------- round 2 -- */

/* The floor that the manifest's size tells: the highest number up to newest + 1
 * that fits. */
static uint64_t guess_floor(const struct loading *loading)
{
    uint64_t highest = loading->listed->newest + 1;
    uint64_t excess;

    if (loading->newest.version == 0)
        return 1;
    excess = (highest - loading->newest.bytes) % NDB_MANIFEST_SIZE_MODULUS;
    return excess < highest ? highest - excess : 1;
}

/* Objects of slots, as they were read; data NULL: absent. */
struct slot_objects {
    struct ndb_request *requests; /* [count]; status says whether it is there */
    struct ndb_path *paths;
    uint64_t *numbers;
    size_t count;
};

static void objects_release(struct slot_objects *objects)
{
    for (size_t i = 0; i < objects->count && objects->requests != NULL; i++)
        ndb_request_release(&objects->requests[i]);
    ndb_free(objects->requests);
    ndb_free(objects->paths);
    ndb_free(objects->numbers);
    *objects = (struct slot_objects){ .count = 0 };
}

static int objects_new(struct slot_objects *objects, size_t count)
{
    objects->requests = ndb_calloc(count, sizeof *objects->requests);
    objects->paths = ndb_calloc(count, sizeof *objects->paths);
    objects->numbers = ndb_calloc(count, sizeof *objects->numbers);
    if (objects->requests == NULL || objects->paths == NULL ||
        objects->numbers == NULL)
        return NAMIDB_ENOMEM;
    return NAMIDB_OK;
}

static void want_slot(struct slot_objects *objects, uint64_t number,
                      int64_t deadline_ns)
{
    size_t at = objects->count++;

    objects->numbers[at] = number;
    objects->requests[at] = (struct ndb_request){
        .op = NDB_GET,
        .key = ndb_path_slot(&objects->paths[at], number),
        .length_max = NDB_SLOT_BYTES_MAX,
        .deadline_ns = deadline_ns,
    };
}

/* The object of a slot; NULL: it was not there, or nobody asked. */
static const struct ndb_request *object_of(const struct slot_objects *objects,
                                           uint64_t number)
{
    for (size_t i = 0; i < objects->count; i++)
        if (objects->numbers[i] == number &&
            objects->requests[i].status == NAMIDB_OK)
            return &objects->requests[i];
    return NULL;
}

/* Slots that were listed at `floor` or above, and the one behind the newest;
 * the manifest's request comes last, when there is a manifest. */
static int plan_reads(struct loading *loading, uint64_t floor,
                      struct slot_objects *objects, struct ndb_path *manifest)
{
    int rc = objects_new(objects, loading->slots.count + 2);

    if (rc < 0)
        return ndb_fail_memory(loading->err);
    for (size_t i = 0; i < loading->slots.count; i++)
        if (loading->slots.items[i] >= floor)
            want_slot(objects, loading->slots.items[i], loading->deadline_ns);
    want_slot(objects, loading->listed->newest + 1, loading->deadline_ns);
    if (loading->newest.version != 0)
        objects->requests[objects->count] = (struct ndb_request){
            .op = NDB_GET,
            .key = ndb_path_manifest(manifest, loading->newest.version),
            .length_max = NDB_MANIFEST_BYTES_MAX,
            .deadline_ns = loading->deadline_ns,
        };
    return NAMIDB_OK;
}

static int read_all(struct loading *loading, uint64_t floor,
                    struct slot_objects *objects)
{
    struct ndb_path path;
    struct ndb_request *manifest;
    int rc = plan_reads(loading, floor, objects, &path);

    if (rc < 0)
        return rc;
    manifest = &objects->requests[objects->count];
    rc = ndb_store_run(loading->db->store, objects->requests,
                       objects->count + (loading->newest.version != 0),
                       loading->err);
    if (rc >= 0 && loading->newest.version != 0)
        rc = manifest->status == NAMIDB_NONE
                 ? NAMIDB_NONE /* collected meanwhile */
                 : ndb_version_decode(&loading->manifest,
                                      ndb_buf_slice(&manifest->out),
                                      loading->newest.version, loading->err);
    ndb_request_release(manifest);
    return rc;
}

/* Takes in what was read, up to the first slot that is not there. */
static int replay(struct loading *loading, const struct slot_objects *objects)
{
    const struct ndb_request *object;
    int rc = NAMIDB_OK;

    while (rc >= 0 &&
           (object = object_of(objects, loading->place.next)) != NULL)
        rc =
            ndb_replay_slot(&loading->place, ndb_buf_slice(&object->out),
                            loading->memtable, loading->db->dict, loading->err);
    return rc;
}

/* Nothing is at loading->place, and a batch is above: a batch is created only
 * when all below it is there, so something was taken away. A fence proves
 * nothing: it is created ahead of a gap that its writer has yet to fill. */
static int check_gap(const struct loading *loading,
                     const struct slot_objects *objects)
{
    uint64_t next = loading->place.next;

    for (size_t i = 0; i < objects->count; i++) {
        const struct ndb_request *request = &objects->requests[i];
        struct ndb_buf payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
        struct ndb_hash128 hash;
        struct ndb_path path;
        struct ndb_slot slot;
        int rc;

        if (objects->numbers[i] <= next || request->status != NAMIDB_OK)
            continue;
        rc = ndb_slot_decode(ndb_buf_slice(&request->out), objects->numbers[i],
                             &slot, &payload, &hash);
        ndb_buf_release(&payload);
        if (rc == NAMIDB_ENOMEM)
            return ndb_fail_memory(loading->err);
        if (rc >= 0 && slot.kind == NDB_SLOT_BATCH)
            return ndb_fail_object(loading->err, NAMIDB_ECORRUPT,
                                   ndb_path_slot(&path, next),
                                   "is gone, and slot %zu is above it",
                                   (size_t)objects->numbers[i]);
    }
    return NAMIDB_OK;
}

static void start_at_floor(struct loading *loading)
{
    const struct ndb_version *manifest = loading->manifest;

    loading->place = (struct ndb_place){ .next = 1 };
    if (manifest == NULL)
        return;
    loading->place.next = manifest->body.floor;
    loading->place.epoch = manifest->body.epoch;
    loading->place.chain = manifest->body.chain;
}

/* --------------------------------------------------------- looking forward --
 */

/* Asks for `count` slots from place->next on and takes in those that follow.
 * NAMIDB_NONE: the log ended before the last of them. */
static int read_some(struct namidb *db, struct ndb_place *place,
                     struct ndb_memtable *memtable, size_t count,
                     int64_t deadline_ns, namidb_error *err)
{
    struct slot_objects objects = { .count = 0 };
    uint64_t first = place->next;
    int rc = objects_new(&objects, count);

    if (rc < 0) {
        objects_release(&objects);
        return ndb_fail_memory(err);
    }
    for (size_t i = 0; i < count; i++)
        want_slot(&objects, first + i, deadline_ns);
    rc = ndb_store_run(db->store, objects.requests, count, err);
    for (size_t i = 0; i < count && rc == NAMIDB_OK; i++) {
        if (objects.requests[i].status == NAMIDB_NONE)
            rc = NAMIDB_NONE;
        else
            rc = ndb_replay_slot(place, ndb_buf_slice(&objects.requests[i].out),
                                 memtable, db->dict, err);
    }
    objects_release(&objects);
    return rc;
}

int ndb_read_forward(struct namidb *db, struct ndb_place *place,
                     struct ndb_memtable *memtable, int64_t deadline_ns,
                     bool *is_changed, namidb_error *err)
{
    uint64_t first = place->next;
    size_t count = 1;
    int rc = NAMIDB_OK;

    while (rc == NAMIDB_OK) {
        rc = read_some(db, place, memtable, count, deadline_ns, err);
        if (count < FORWARD_MAX)
            count *= 2;
    }
    if (place->next != first)
        *is_changed = true;
    return rc < 0 ? rc : NAMIDB_OK;
}

/* The slots from the floor up to those that were read already. */
static int read_below(struct loading *loading,
                      const struct slot_objects *objects)
{
    struct ndb_place *place = &loading->place;
    uint64_t lowest = loading->listed->newest + 1;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < objects->count; i++)
        if (objects->numbers[i] < lowest)
            lowest = objects->numbers[i];
    while (rc == NAMIDB_OK && place->next < lowest) {
        uint64_t count = lowest - place->next;

        rc = read_some(loading->db, place, loading->memtable,
                       count < BELOW_MAX ? (size_t)count : BELOW_MAX,
                       loading->deadline_ns, loading->err);
    }
    return rc < 0 ? rc : NAMIDB_OK; /* a gap is looked at in the end */
}

/* ----------------------------------------------------------------- views -- */

static void packs_unref(struct ndb_pack **packs, uint32_t count)
{
    for (uint32_t i = 0; i < count && packs != NULL; i++)
        ndb_pack_unref(packs[i]);
    ndb_free(packs);
}

/* The packs that the handle's view has open, referenced. */
static int open_packs(struct namidb *db, struct ndb_pack ***packs,
                      uint32_t *count)
{
    struct ndb_view *view;

    *packs = NULL;
    *count = 0;
    (void)pthread_mutex_lock(&db->lock);
    view = db->view != NULL ? ndb_view_ref(db->view) : NULL;
    (void)pthread_mutex_unlock(&db->lock);
    if (view == NULL)
        return NAMIDB_OK;
    *packs = ndb_calloc(view->layer_count, sizeof(struct ndb_pack *));
    for (uint32_t i = 0; i < view->layer_count && *packs != NULL; i++)
        if (view->layers[i].pack != NULL)
            (*packs)[(*count)++] = ndb_pack_ref(view->layers[i].pack);
    ndb_view_unref(view);
    return *packs != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

int ndb_view_build(struct namidb *db, struct ndb_version *manifest,
                   struct ndb_memtable *const *memtables, uint32_t count,
                   int64_t deadline_ns, struct ndb_view **out,
                   namidb_error *err)
{
    uint32_t pack_count = manifest != NULL ? manifest->body.pack_count : 0;
    struct ndb_pack **packs = ndb_calloc(pack_count, sizeof(struct ndb_pack *));
    struct ndb_layer *layers =
        ndb_calloc((size_t)count + pack_count, sizeof *layers);
    struct ndb_pack **old = NULL;
    uint32_t old_count = 0;
    int rc = packs == NULL || layers == NULL ? NAMIDB_ENOMEM
                                             : open_packs(db, &old, &old_count);

    *out = NULL;
    if (rc < 0)
        (void)ndb_fail_memory(err);
    else if (manifest != NULL)
        rc = ndb_packs_open(packs, &manifest->body, old, old_count, db->store,
                            db->cache, deadline_ns, err);
    if (rc >= 0) {
        for (uint32_t i = 0; i < count; i++)
            layers[i].memtable = memtables[i];
        for (uint32_t i = 0; i < pack_count; i++)
            layers[count + i].pack = packs[i];
        rc = ndb_view_new(out, manifest, layers, count + pack_count, db->cache,
                          db->dict);
        if (rc < 0)
            (void)ndb_fail_memory(err);
        packs_unref(packs, pack_count);
    } else {
        ndb_free(packs);
    }
    packs_unref(old, old_count);
    ndb_free(layers);
    return rc;
}

/* -------------------------------------------------------------------- all --
 */

int ndb_take_names(struct namidb *db, const struct ndb_manifest *body,
                   namidb_error *err)
{
    struct ndb_path path;
    int rc = ndb_dict_load(db->dict, body);

    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    if (rc < 0)
        return ndb_fail_object(err, NAMIDB_ECORRUPT,
                               ndb_path_manifest(&path, body->version),
                               "its names are not those of the log");
    return NAMIDB_OK;
}

/* Everything that there is, into memtable and place. NAMIDB_NONE: objects went
 * away while we read; start over. */
static int load_once(struct loading *loading)
{
    struct slot_objects objects = { .count = 0 };
    bool is_changed;
    uint64_t floor;
    int rc = list_all(loading);

    if (rc < 0)
        return rc;
    floor = guess_floor(loading);
    rc = read_all(loading, floor, &objects);
    if (rc == NAMIDB_OK && loading->manifest != NULL)
        rc =
            ndb_take_names(loading->db, &loading->manifest->body, loading->err);
    if (rc == NAMIDB_OK) {
        start_at_floor(loading);
        rc = read_below(loading, &objects);
    }
    if (rc == NAMIDB_OK)
        rc = replay(loading, &objects);
    /* Ended before the slot behind the newest: the guess was wrong, or there is
     * a gap, or the log went on. */
    if (rc == NAMIDB_OK && loading->place.next != loading->listed->newest + 1)
        rc = ndb_read_forward(loading->db, &loading->place, loading->memtable,
                              loading->deadline_ns, &is_changed, loading->err);
    if (rc == NAMIDB_OK)
        rc = check_gap(loading, &objects);
    objects_release(&objects);
    return rc;
}

static void loading_reset(struct loading *loading)
{
    ndb_version_unref(loading->manifest);
    ndb_memtable_unref(loading->memtable);
    ndb_ids_release(&loading->slots);
    loading->manifest = NULL;
    loading->memtable = NULL;
}

static int adopt(struct loading *loading)
{
    struct namidb *db = loading->db;
    struct ndb_view *view;
    struct ndb_view *old;
    int rc = ndb_view_build(db, loading->manifest, &loading->memtable, 1,
                            loading->deadline_ns, &view, loading->err);

    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&db->lock);
    old = db->view;
    db->view = view;
    db->place = loading->place;
    db->visible_version = loading->place.next - 1;
    db->refreshed_ns = ndb_clock_ns();
    (void)pthread_mutex_unlock(&db->lock);
    ndb_view_unref(old);
    return NAMIDB_OK;
}

int ndb_load(struct namidb *db, int64_t deadline_ns,
             struct ndb_listed_log *listed, namidb_error *err)
{
    struct loading loading = {
        .db = db, .deadline_ns = deadline_ns, .err = err, .listed = listed
    };
    int rc = NAMIDB_NONE;

    for (int i = 0; i < LOAD_TRIES && rc == NAMIDB_NONE; i++) {
        loading_reset(&loading);
        rc = ndb_memtable_new(&loading.memtable);
        if (rc < 0)
            (void)ndb_fail_memory(err);
        else
            rc = load_once(&loading);
    }
    if (rc == NAMIDB_NONE)
        rc = ndb_fail(err, NAMIDB_EIO,
                      "manifests vanish faster than they can be read");
    if (rc >= 0)
        rc = adopt(&loading);
    loading_reset(&loading);
    return rc;
}
