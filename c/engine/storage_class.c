/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packs of a cold namespace move into another storage class: the store
 * copies each onto itself, so no byte of it comes here and its name stays. A
 * LIST tells the classes, which makes a move that was broken off cheap to take
 * up again. Log and manifest stay where they are.
 */
#include "engine/db_internal.h"

#include <stdio.h>
#include <string.h>

#include "store/s3_uri.h"

static const char FOLDER[] = "pack/";

/* Before anything is sent, also when there is no pack. */
static int check_move(struct namidb *db, const char *storage_class,
                      namidb_error *err)
{
    struct ndb_store_facts facts;

    if (!db->is_writer)
        return ndb_fail(err, NAMIDB_EINVAL, "the handle is read-only");
    ndb_store_tell(db->store, &facts);
    if (strcmp(facts.place.kind, "s3") != 0)
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "%s:// has no storage classes", facts.place.kind);
    if (ndb_s3_storage_class(storage_class) == NULL)
        return ndb_s3_refuse_class(storage_class, err);
    return NAMIDB_OK;
}

static int list_packs(struct namidb *db, const char *last, int64_t deadline_ns,
                      struct ndb_request *list, namidb_error *err)
{
    char after[sizeof FOLDER + sizeof((namidb_class_move *)0)->last];

    (void)snprintf(after, sizeof after, "%s%s", FOLDER, last);
    *list = (struct ndb_request){ .op = NDB_LIST,
                                  .key = FOLDER,
                                  .after = after,
                                  .limit = NAMIDB_CLASS_STEP,
                                  .deadline_ns = deadline_ns };
    return ndb_store_run(db->store, list, 1, err);
}

/* Copies what has another class, all at once. */
static int copy_packs(struct namidb *db, const struct ndb_listing *listing,
                      const char *storage_class, int64_t deadline_ns,
                      namidb_class_move *move, namidb_error *err)
{
    struct ndb_request copies[NAMIDB_CLASS_STEP];
    size_t count = 0;
    int rc;

    for (size_t i = 0; i < listing->count; i++) {
        const struct ndb_listed *pack = &listing->items[i];

        if (strcmp(pack->storage_class, storage_class) == 0)
            continue;
        copies[count++] = (struct ndb_request){ .op = NDB_SET_CLASS,
                                                .key = pack->key,
                                                .storage_class = storage_class,
                                                .deadline_ns = deadline_ns };
        move->bytes += pack->bytes;
    }
    move->moved += count;
    rc = ndb_store_run(db->store, copies, count, err);
    for (size_t i = 0; i < count; i++)
        ndb_request_release(&copies[i]);
    return rc;
}

int ndb_db_move_class(struct namidb *db, const char *storage_class,
                      int64_t deadline_ns, namidb_class_move *move,
                      namidb_error *err)
{
    namidb_class_move next = *move;
    struct ndb_request list = { .op = NDB_LIST };
    const struct ndb_listing *listing = &list.listing;
    int rc = check_move(db, storage_class, err);

    if (rc < 0)
        return rc;
    rc = list_packs(db, move->last, deadline_ns, &list, err);
    if (rc >= 0)
        rc = copy_packs(db, listing, storage_class, deadline_ns, &next, err);
    if (rc >= 0) {
        next.packs += listing->count;
        next.is_done = listing->count == 0 || !listing->is_truncated;
        if (listing->count != 0)
            (void)snprintf(next.last, sizeof next.last, "%s",
                           listing->items[listing->count - 1].key +
                               strlen(FOLDER));
        *move = next;
    }
    ndb_request_release(&list);
    return rc < 0 ? rc : NAMIDB_OK;
}
