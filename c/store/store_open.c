/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a URI to the store that it names: the only place that knows all kinds.
 */
#include <stdio.h>

#include "store/store.h"
#include "store/store_file.h"
#include "store/store_memory.h"
#include "store/store_s3.h"
#include "store/uri.h"

int ndb_store_open(struct ndb_store **store, const char *text,
                   namidb_error *err)
{
    namidb_uri uri;
    char folder[sizeof uri.path + sizeof uri.ns + 2];
    int rc = namidb_parse_uri(text, &uri, err);

    *store = NULL;
    if (rc < 0)
        return rc;
    if (strcmp(uri.scheme, "memory") == 0) {
        (void)snprintf(folder, sizeof folder, "%s/", uri.ns);
        return ndb_memory_open(store, uri.bucket, folder, err);
    }
    if (strcmp(uri.scheme, "file") == 0) {
        size_t bytes = strlen(uri.path);

        while (bytes > 1 && uri.path[bytes - 1] == '/')
            bytes--;
        (void)snprintf(folder, sizeof folder, "%.*s/%s", (int)bytes, uri.path,
                       uri.ns);
        return ndb_file_store_open(store, folder, err);
    }
    return ndb_s3_store_open(store, &uri, err);
}
