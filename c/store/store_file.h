/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_file.h - objects as files below a folder.
 *
 * Create-if-absent is: write a temporary file in the object's own folder, fsync
 * it, link(2) it to its name (which fails when there is one, and is atomic on
 * every local file system and on NFS), fsync the folder, unlink the temporary
 * name. Put is the same with rename(2). So an object is whole and durable or
 * not there, whoever dies and whenever. Failing before link or rename is
 * definite; failing after it (the folder cannot be synced), or in it for a
 * reason that a file server may give after it was done, is ambiguous.
 *
 * Temporary names begin with ".tmp-" and are never listed. Writing makes the
 * folders that it needs; reading makes nothing, and an absent folder is an
 * empty store. GET, LIST and DELETE run inside submit; PUTs on threads of the
 * store's pool. The store's clock is the host's wall clock, which stamps the
 * files, too.
 */
#ifndef NDB_STORE_STORE_FILE_H
#define NDB_STORE_STORE_FILE_H

#include "store/store.h"

/* Opens the folder `root`. Touches nothing. */
int ndb_file_store_open(struct ndb_store **store, const char *root,
                        namidb_error *err);

#endif
