/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which manifest is the newest, by a LIST of one key. Objects that are none may
 * lie before it ("manifest/" itself is what consoles make of a folder): then
 * the listing goes on behind them.
 */
#include "engine/db_internal.h"

#include "format/path.h"

/* The first manifest in a listing; false: there is none. */
static bool find(const struct ndb_listing *listing, struct ndb_newest *out)
{
    for (size_t i = 0; i < listing->count; i++) {
        if (!ndb_path_number(listing->items[i].key, NDB_PATH_MANIFEST,
                             &out->version))
            continue;
        out->bytes = listing->items[i].bytes;
        return true;
    }
    *out = (struct ndb_newest){ .version = 0 };
    return false;
}

struct ndb_request ndb_newest_request(int64_t deadline_ns)
{
    return (struct ndb_request){ .op = NDB_LIST,
                                 .key = NDB_PATH_MANIFEST,
                                 .limit = 1,
                                 .deadline_ns = deadline_ns };
}

int ndb_newest_read(struct namidb *db, const struct ndb_request *list,
                    struct ndb_newest *out, namidb_error *err)
{
    struct ndb_request page = { .op = NDB_LIST,
                                .key = NDB_PATH_MANIFEST,
                                .deadline_ns = list->deadline_ns };
    struct ndb_listing last = { NULL, 0, false }; /* holds page.after */
    const struct ndb_listing *listing = &list->listing;
    int rc = NAMIDB_OK;

    while (!find(listing, out) && listing->is_truncated &&
           listing->count != 0 && rc >= 0) {
        page.after = listing->items[listing->count - 1].key;
        rc = ndb_store_run(db->store, &page, 1, err);
        ndb_listing_release(&last);
        last = page.listing;
        listing = &last;
    }
    ndb_listing_release(&last);
    return rc;
}
