/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rand.h"
#include "store/store.h"
#include "store/store_memory.h"
#include "sys/clock.h"

static const char *given(void)
{
    const char *uri = getenv("NAMIDB_TEST_URI");

    return uri != NULL && uri[0] != '\0' ? uri : NULL;
}

bool place_is_remote(void)
{
    return given() != NULL;
}

void place_new(char uri[PLACE_URI_BYTES])
{
    const char *base = given();
    uint64_t random;
    size_t bytes;

    ndb_rand_bytes(&random, sizeof random);
    if (base == NULL) {
        (void)snprintf(uri, PLACE_URI_BYTES, "memory://test-%016" PRIx64,
                       random);
        return;
    }
    bytes = strcspn(base, "?");
    (void)snprintf(uri, PLACE_URI_BYTES, "%.*s/test-%016" PRIx64 "%s",
                   (int)bytes, base, random, base + bytes);
}

/* One page; false when there are no more. */
static bool clear_page(struct ndb_store *store)
{
    struct ndb_request list = { .op = NDB_LIST,
                                .key = "",
                                .deadline_ns = ndb_deadline_after(60000) };
    struct ndb_request delete = { .op = NDB_DELETE_MANY,
                                  .deadline_ns = ndb_deadline_after(60000) };
    const char *keys[1000];
    namidb_error err = { .code = 0 };
    int rc = ndb_store_run(store, &list, 1, &err);
    bool has_more = rc >= 0 && list.listing.is_truncated;

    if (rc >= 0) {
        for (size_t i = 0; i < list.listing.count; i++)
            keys[i] = list.listing.items[i].key;
        delete.keys = keys;
        delete.key_count = list.listing.count;
        rc = ndb_store_run(store, &delete, 1, &err);
    }
    if (rc < 0)
        (void)fprintf(stderr, "# objects are left: %s\n", err.message);
    ndb_request_release(&list);
    return has_more && rc >= 0;
}

void place_clear(const char *uri)
{
    struct ndb_store *store;
    namidb_uri parsed;

    if (namidb_parse_uri(uri, &parsed, NULL) < 0)
        abort();
    if (strcmp(parsed.scheme, "memory") == 0) {
        ndb_memory_clear(parsed.bucket);
        return;
    }
    if (ndb_store_open(&store, uri, NULL) < 0)
        abort();
    while (clear_page(store))
        ;
    ndb_store_close(store);
}
