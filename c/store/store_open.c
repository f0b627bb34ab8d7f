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

static int open_memory(struct ndb_store **store, const namidb_uri *uri,
                       namidb_error *err)
{
    char folder[sizeof uri->ns + 2];

    (void)snprintf(folder, sizeof folder, "%s/", uri->ns);
    return ndb_memory_open(store, uri->bucket, folder, err);
}

static int open_folder(struct ndb_store **store, const namidb_uri *uri,
                       namidb_error *err)
{
    char folder[sizeof uri->path + sizeof uri->ns + 2];
    size_t bytes = strlen(uri->path);

    while (bytes > 1 && uri->path[bytes - 1] == '/')
        bytes--;
    (void)snprintf(folder, sizeof folder, "%.*s/%s", (int)bytes, uri->path,
                   uri->ns);
    return ndb_file_store_open(store, folder, err);
}

int ndb_store_open(struct ndb_store **store, const char *text,
                   namidb_error *err)
{
    namidb_uri uri;
    bool is_far = false;
    int rc = namidb_parse_uri(text, &uri, err);

    *store = NULL;
    if (rc < 0)
        return rc;
    if (strcmp(uri.scheme, "s3") == 0)
        return ndb_s3_store_open(store, &uri, err);
    rc = ndb_uri_switch(&uri, "far", "false", "true", &is_far, err);
    if (rc < 0)
        return rc;
    rc = strcmp(uri.scheme, "memory") == 0 ? open_memory(store, &uri, err)
                                           : open_folder(store, &uri, err);
    if (rc >= 0)
        (*store)->is_far = is_far;
    return rc;
}
