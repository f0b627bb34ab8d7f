/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - files and folders, with the system's words in the errors.
 *
 * EACCES, EPERM and EROFS are NAMIDB_EAUTH (somebody must change permissions),
 * everything else is NAMIDB_EIO.
 */
#ifndef NDB_SYS_FILE_H
#define NDB_SYS_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Fails with "<path>: <what>: <the system's text>". */
int ndb_file_fail(namidb_error *err, const char *path, const char *what,
                  int system_error);

/* Writes all bytes to `path`, which must not exist, and syncs them. On failure
 * nothing is left. */
int ndb_file_write_new(const char *path, struct ndb_slice bytes,
                       namidb_error *err);

/* Makes a folder and those above it, each synced into its parent. */
int ndb_folder_make(const char *path, namidb_error *err);

/* Makes the names in a folder durable. */
int ndb_folder_sync(const char *path, namidb_error *err);

/* Tests: the k-th write, sync or link from now on fails with `system_error`
 * (ENOSPC and the like); 0 switches it off. */
void ndb_file_fail_at(unsigned k, int system_error);
/* For file stores: consumes one step of that plan; the error, or 0. */
int ndb_file_fault(void);

#endif
